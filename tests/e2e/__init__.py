"""The real programs, over real sockets and TLS, as people and other clients meet them."""
