"""The verbs, one module each, whose `command` is imported when it is asked for."""
