"""How a person is brought in: the link, and the protocol behind it."""
