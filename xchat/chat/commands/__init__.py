"""One handler a command, grouped by what they are about."""
