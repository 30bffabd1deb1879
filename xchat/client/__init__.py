"""The client: a sans-I/O session, and what people see of it."""
