"""Metadata of users and channels (IRCv3 metadata): what there is, who wants it, how it is told."""
