"""`xchat-certs`, the command line: above everything else, for some verbs ask the server too."""
