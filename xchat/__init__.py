"""XChat: a private chat over verified TLS, and the small CA that makes it so."""

__version__ = "0.1.0"
