"""The modes of channels and users, one row each; ISUPPORT and the rules read this table.

Document: modern.ircdocs.horse, Channel Modes; CHANMODES types A (a list), B
(always an argument), C (an argument to set), D (none).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Role(NamedTuple):
    """A standing in a channel: mode letter, prefix shown before a nick, and bit."""

    letter: str
    prefix: str
    bit: int


ROLES = (Role("o", "@", 1 << 1), Role("v", "+", 1 << 0))
"""The highest first."""
OPERATOR, VOICE = (role.bit for role in ROLES)
ROLE_BITS = {role.letter: role.bit for role in ROLES}


class ChannelMode(NamedTuple):
    """A mode of a channel that is not a role: its letter and its CHANMODES type."""

    letter: str
    kind: str


CHANNEL_MODES = (
    ChannelMode("b", "A"),
    ChannelMode("k", "B"),
    ChannelMode("l", "C"),
    ChannelMode("i", "D"),
    ChannelMode("m", "D"),
    ChannelMode("n", "D"),
    ChannelMode("s", "D"),
    ChannelMode("t", "D"),
)
KIND_OF = {mode.letter: mode.kind for mode in CHANNEL_MODES}
DEFAULT_FLAGS = "nt"

INVISIBLE, OPER, WALLOPS, BOT, LOGGED_IN_ONLY = "iowBR"
USER_MODES = "BRiow"
"""B a bot, R hears only those who are logged in, i not found by masks, o an operator of the
server, w hears WALLOPS."""


def prefix_of(roles: int, *, every: bool = False) -> str:
    """Return `@`, `+` or nothing; with `every` (multi-prefix) all that apply, highest first."""
    prefixes = [role.prefix for role in ROLES if roles & role.bit]
    return "".join(prefixes) if every else "".join(prefixes[:1])


def signed_letters(text: str) -> Iterator[tuple[str, str]]:
    """Yield the sign and letter of each change in `+ab-c`; without a sign it is +."""
    sign = "+"
    for letter in text:
        if letter in "+-":
            sign = letter
        else:
            yield sign, letter


def takes_argument(sign: str, letter: str) -> bool:
    """Say whether a change of this mode comes with an argument."""
    kind = KIND_OF.get(letter, "B" if letter in ROLE_BITS else "D")
    return kind in "AB" or (kind == "C" and sign == "+")


def chanmodes() -> str:
    """Return the value of CHANMODES, `b,k,l,imnst`."""
    return ",".join(
        "".join(mode.letter for mode in CHANNEL_MODES if mode.kind == kind) for kind in "ABCD"
    )


def prefixes() -> str:
    """Return the value of PREFIX, `(ov)@+`."""
    letters = "".join(role.letter for role in ROLES)
    return f"({letters}){''.join(role.prefix for role in ROLES)}"
