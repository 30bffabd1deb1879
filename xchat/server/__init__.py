"""The server: sockets, TLS, the loop and the turn."""
