"""Masks: `nick!user@host` with `*` for any text and `?` for one character.

A mask comes from a client and is tried against everyone, so its time must not
explode: each piece between two stars is found at its leftmost place once and
never tried again (an atomic group; RFC 2812, 2.5 knows no other wildcards).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from xchat.irc.names import BadName, fold_text, visible

_PIECES = {"?": "."}


@dataclass(frozen=True, slots=True)
class Mask:
    """A compiled mask; `text` is what it was made from."""

    text: str
    pattern: re.Pattern[str]

    def matches(self, hostmask: str) -> bool:
        """Say whether all of `nick!user@host` matches, its case and width folded."""
        return self.pattern.fullmatch(fold_text(hostmask)) is not None


def complete(mask: str) -> str:
    """Return `mask` as `nick!user@host`, `*` standing for each part left out.

    A lone text is a nick, but with a `.` or `:`, which no nick has, a host.
    Raises BadName for a mask that is empty, or that cannot be shown or sent.
    """
    if not mask or " " in mask or visible(mask) != mask:
        raise BadName("A mask cannot be empty, nor hold spaces or characters that hide")
    nick_and_user, at, host = mask.rpartition("@")
    if not at:
        nick_and_user, host = mask, ""
    nick, bang, user = nick_and_user.partition("!")
    if at and not bang:
        nick, user = "", nick_and_user
    if not at and not bang and any(sign in mask for sign in ".:"):
        nick, host = "", mask
    return f"{nick or '*'}!{user or '*'}@{host or '*'}"


@lru_cache(maxsize=4096)
def compile_mask(mask: str) -> Mask:
    """Return the mask ready to be matched; `*` and `?` are special, nothing else is."""
    first, *rest = (_piece(piece) for piece in fold_text(mask).split("*"))
    if not rest:
        return Mask(mask, re.compile(first, re.DOTALL))
    *middle, last = rest
    found = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return Mask(mask, re.compile(f"{first}{found}.*{last}", re.DOTALL))


def _piece(piece: str) -> str:
    return "".join(_PIECES.get(char) or re.escape(char) for char in piece)
