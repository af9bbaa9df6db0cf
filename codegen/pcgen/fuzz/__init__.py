"""[D] For each accept table a fuzz harness, a dictionary and a corpus to begin with."""
