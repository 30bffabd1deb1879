"""What a key and a value may be, whose they are, and who may read and change them.

Document: IRCv3 metadata (draft/metadata-2, draft/metadata-3). The metadata of
a user who is logged in is their account's, and is there for every device and
after a restart; that of any other user ends with them, that of a channel with it.
"""

from __future__ import annotations

import re

from xchat.chat import operators
from xchat.chat.apply.sight import is_member, visible_channel
from xchat.chat.entities import Channel, User
from xchat.chat.modes import Rank, rank_of
from xchat.chat.refused import Failed
from xchat.chat.state import State
from xchat.irc import names
from xchat.limits import METADATA_KEY_BYTES_MAX

Target = User | Channel
_KEY = re.compile(rf"[a-z0-9_./-]{{1,{METADATA_KEY_BYTES_MAX}}}")


def check_key(key: str) -> str:
    """Return a key as it is kept; fail for what is none."""
    folded = key.lower()
    if not _KEY.fullmatch(folded):
        text = f"A key is of letters, digits and _ . / -, {METADATA_KEY_BYTES_MAX} at most"
        raise Failed("INVALID_KEY", key, text=text)
    return folded


def owner_of(target: Target) -> str:
    """Return under what the metadata of a user or a channel is kept."""
    return target.party if isinstance(target, User) else f"#{target.cid}"


def shown(target: Target) -> str:
    """Return what a target is called where its metadata is told."""
    return target.nick if isinstance(target, User) else target.name


def find(state: State, uid: str, name: str) -> Target:
    """Return the user or channel that a name means for a user; fail where there is none."""
    found: Target | None
    if name == "*":
        return state.users[uid]
    if names.is_channel(name):
        found = visible_channel(state, uid, name)
    else:
        found = state.user_by_nick(name)
    if found is None:
        raise Failed("INVALID_TARGET", name, text="There is no such user or channel")
    return found


def may_read(state: State, uid: str, target: Target) -> bool:
    """Say whether a user may read the metadata of a target: a channel's is for its members."""
    if isinstance(target, User) or is_member(state, uid, target):
        return True
    return operators.may(state.users[uid], operators.METADATA)


def check_may_change(state: State, uid: str, target: Target, key: str) -> None:
    """Fail for who may not change this: others but themselves, or a channel they do not run."""
    if operators.may(state.users[uid], operators.METADATA):
        return
    if isinstance(target, User):
        is_theirs = target.uid == uid
    else:
        roles = state.roles(names.fold(target.name), uid) or 0
        is_theirs = rank_of(roles) >= Rank.OPERATOR
    if not is_theirs:
        text = "You may change only your own metadata, and that of channels you run"
        raise Failed("KEY_NO_PERMISSION", shown(target), key, text=text)
