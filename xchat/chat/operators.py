"""What operators of the server may do: one row a privilege, and the roles that have them.

An operator is a user with mode o and a role, which they have by OPER or by their
account. The role stands in the log, what it allows stands here.
"""

from __future__ import annotations

from xchat.chat.entities import User
from xchat.chat.modes import OPER
from xchat.chat.refused import Ignored, Refused
from xchat.chat.state import State
from xchat.irc.numerics import ERR_NOPRIVILEGES, ERR_NOPRIVS

KILL = "kill"
REHASH = "rehash"
WALLOPS = "wallops"
SIGHT = "sight"
METADATA = "metadata"
REDACT = "redact"
ACCOUNTS = "accounts"
PRIVILEGES = {
    KILL: "part with a user",
    REHASH: "have the configuration read again",
    WALLOPS: "tell all operators something",
    SIGHT: "see who is invisible, and where users come from",
    METADATA: "change the metadata of others",
    REDACT: "redact what others said, in any channel",
    ACCOUNTS: "make accounts for others",
}
ADMIN, MODERATOR = "admin", "moderator"
ROLES = {
    ADMIN: frozenset(PRIVILEGES),
    MODERATOR: frozenset({KILL, WALLOPS, SIGHT, REDACT}),
}
"""The roles of operators; one that is not here allows nothing."""


def may(user: User, privilege: str) -> bool:
    """Say whether a user is an operator whose role has a privilege."""
    return OPER in user.modes and privilege in ROLES.get(user.role, ())


def need_privilege(state: State, uid: str, privilege: str) -> User:
    """Return the operator who acts; refuse who is none, and whose role does not allow it."""
    user = state.users.get(uid)
    if user is None:
        raise Ignored
    if OPER not in user.modes:
        raise Refused(ERR_NOPRIVILEGES)
    if not may(user, privilege):
        raise Refused(ERR_NOPRIVS, privilege)
    return user
