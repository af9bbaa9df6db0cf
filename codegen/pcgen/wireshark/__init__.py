"""A dissector for Wireshark, in Lua: one file for all protocols."""
