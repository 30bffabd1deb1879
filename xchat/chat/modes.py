"""The modes of channels and users, one row each; ISUPPORT and the rules read this table.

Document: modern.ircdocs.horse, Channel Modes; CHANMODES types A (a list), B
(always an argument), C (an argument to set), D (none).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from xchat.irc import names


class Rank(IntEnum):
    """How high somebody stands in a channel, whatever else they are there."""

    NONE = 0
    VOICE = 1
    HALFOP = 2
    OPERATOR = 3
    ADMIN = 4
    FOUNDER = 5


class Role(NamedTuple):
    """A standing in a channel: mode letter, prefix shown before a nick, and bit.

    `given_by` is the rank it takes to give or to take it.
    """

    letter: str
    prefix: str
    bit: int
    rank: Rank
    given_by: Rank
    about: str


ROLES = (
    Role(
        "q",
        "~",
        1 << 4,
        Rank.FOUNDER,
        Rank.FOUNDER,
        "founder: all there is to do, and to make others so",
    ),
    Role("a", "&", 1 << 3, Rank.ADMIN, Rank.FOUNDER, "administrator: stands above operators"),
    Role(
        "o",
        "@",
        1 << 1,
        Rank.OPERATOR,
        Rank.OPERATOR,
        "operator: all modes, and the roles up to this one",
    ),
    Role(
        "h",
        "%",
        1 << 2,
        Rank.HALFOP,
        Rank.OPERATOR,
        "halfop: bans, kicks, invites, gives voice, sets the topic",
    ),
    Role("v", "+", 1 << 0, Rank.VOICE, Rank.HALFOP, "voice: speaks where others are silenced"),
)
"""The highest first. The bits are kept with the members, and so in no order."""
ROLE_OF = {role.letter: role for role in ROLES}
FOUNDER, OPERATOR, VOICE = (ROLE_OF[letter].bit for letter in "qov")
RANK_OF_PREFIX = {role.prefix: role.rank for role in ROLES}

PREFIXES = "".join(role.prefix for role in ROLES)

KICKS = SETS_TOPIC = INVITES = HEARS_ALL = SEES_ALL = Rank.HALFOP
"""The rank it takes to remove those below, to set a topic under +t, to invite under +i, and to
hear under +U what those say who have no role, and to see them under +u."""


class ChannelMode(NamedTuple):
    """A mode of a channel that is not a role: its letter and its CHANMODES type.

    `set_by` is the rank it takes to set or to unset it.
    """

    letter: str
    kind: str
    about: str
    set_by: Rank = Rank.OPERATOR


CHANNEL_MODES = (
    ChannelMode("I", "A", "masks that enter in spite of +i"),
    ChannelMode("b", "A", "masks that may neither enter nor speak", Rank.HALFOP),
    ChannelMode("e", "A", "masks that no ban stops"),
    ChannelMode("k", "B", "a key that JOIN must give"),
    ChannelMode("l", "C", "how many may be in it"),
    ChannelMode("C", "D", "no CTCP but actions"),
    ChannelMode("E", "D", "members speak as characters: NPC, NPCA, SCENE"),
    ChannelMode("M", "D", "only those who are logged in, or have a role, speak"),
    ChannelMode("R", "D", "only those who are logged in enter"),
    ChannelMode("U", "D", "what those without a role say is heard by halfops and above alone"),
    ChannelMode("i", "D", "by invitation only"),
    ChannelMode("m", "D", "only those with a role speak"),
    ChannelMode("n", "D", "nothing is said from outside"),
    ChannelMode("s", "D", "secret: it is not there for those outside"),
    ChannelMode("t", "D", "only halfops and above set the topic"),
    ChannelMode("u", "D", "those without a role are seen by halfops and above alone"),
)
MODE_OF = {mode.letter: mode for mode in CHANNEL_MODES}
DEFAULT_FLAGS = "nt"

INVISIBLE, OPER, WALLOPS, BOT, LOGGED_IN_ONLY, NO_CTCP = "iowBRT"
USER_MODES = {
    BOT: "a bot",
    LOGGED_IN_ONLY: "hears only those who are logged in, and whom ACCEPT names",
    NO_CTCP: "hears no CTCP but actions",
    INVISIBLE: "not found by masks",
    OPER: "an operator of the server: OPER gives it",
    WALLOPS: "hears WALLOPS",
}
"""What a mode of a user says of them, by its letter."""


@lru_cache(maxsize=64)
def rank_of(roles: int) -> Rank:
    """Return the highest of somebody's roles."""
    return next((role.rank for role in ROLES if roles & role.bit), Rank.NONE)


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
    if letter in ROLE_OF:
        return True
    kind = MODE_OF[letter].kind if letter in MODE_OF else "D"
    return kind in "AB" or (kind == "C" and sign == "+")


def split_status(target: str) -> tuple[str, str]:
    """Return the prefix of those whom `@#a` or `@%#a` (STATUSMSG) is for, and the channel.

    Of several prefixes the lowest counts; a target without any has "".
    """
    if target[:1] not in PREFIXES:
        return "", target
    name = target.lstrip(PREFIXES)
    if not names.is_channel(name):
        return "", target
    given = target[: len(target) - len(name)]
    return min(given, key=RANK_OF_PREFIX.__getitem__, default=""), name


def chanmodes() -> str:
    """Return the value of CHANMODES, `Ibe,k,l,CEMRUimnstu`."""
    return ",".join(
        "".join(mode.letter for mode in CHANNEL_MODES if mode.kind == kind) for kind in "ABCD"
    )


def prefixes() -> str:
    """Return the value of PREFIX, `(qaohv)~&@%+`."""
    letters = "".join(role.letter for role in ROLES)
    return f"({letters}){PREFIXES}"


_ARGUMENTS = {"b": "mask", "e": "mask", "I": "mask", "k": "key", "l": "number"}


def mode_rows() -> list[tuple[str, str]]:
    """Return what HELP and README say of each role and mode: how it is set, and what it is."""
    roles = [(f"+{role.letter} nick", f"{role.prefix} {role.about}") for role in ROLES]
    modes = [
        (f"+{mode.letter} {_ARGUMENTS.get(mode.letter, '')}".strip(), mode.about)
        for mode in CHANNEL_MODES
    ]
    masks = [("m:mask", "as a ban: may enter and not speak"), ("a:name", "an account, in any list")]
    return [*roles, *modes, *masks]


def user_mode_rows() -> list[tuple[str, str]]:
    """Return what HELP and README say of each mode of a user."""
    return [(f"+{letter}", about) for letter, about in USER_MODES.items()]
