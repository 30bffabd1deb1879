"""`xchat-admin`: the operator's hand."""
