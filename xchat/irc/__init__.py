"""The wire: IRC as bytes and values, with no socket, clock or disk.

Documents: the IRCv3 specifications, modern.ircdocs.horse, RFC 2812, RFC 1459.
"""
