"""Certificates: a small CA, made and kept.

`mint` makes them, as values; `disk` is the folder they lie in, changed whole or not at all; `judge`
tells whether they hold, and what is wrong; `device`, `invite` and `rotation` are what people do
with them; `trust` puts the root into other programs' stores. What stands beside those is a verb of
`xchat-certs`, or common to all.
"""
