"""Who judges: what lies there, what is shown, and whether it holds."""
