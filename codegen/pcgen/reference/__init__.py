"""What people read: the protocol as one HTML page and as Markdown."""
