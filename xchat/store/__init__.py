"""What is kept: the log, the history and the state, in one SQLite file."""
