"""The rules of the chat, sans-I/O: commands, events, apply, fan-out."""
