"""What the administration does: decided like a command, kept like one, and recorded."""
