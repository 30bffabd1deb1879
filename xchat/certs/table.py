"""The table of verbs: to add one is a name here, a module in `verbs/`, and a test."""

from __future__ import annotations

VERBS = (
    "init",
    "status",
    "renew",
    "add-name",
    "invite",
    "device",
    "doctor",
    "verify",
    "show",
    "export",
    "rotate",
    "lock",
    "unlock",
    "trust",
)
"""In the order of the help. `add-name` is `verbs/add_name.py`; a module's `command` may be a group
of verbs (`device add`, `device list`)."""
