"""Masks: `nick!user@host` with `*` for any text and `?` for one character.

A mask comes from a client and is tried against everyone, so neither making nor
matching one may be slow, whatever it is made of. Goal: one pass over the text.
Plan: the set of all places in the mask that the text so far could have led to,
kept as the bits of one number (Baeza-Yates and Gonnet, 1992: Shift-And). Ways
rejected: backtracking, which takes years for `a*a*a*...b`; a regular
expression with atomic groups, which matches fast and takes 10 ms to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from xchat.irc.names import BadName, fold_text, visible

_WILDCARDS = "*?"


@dataclass(frozen=True, slots=True)
class Mask:
    """A mask made ready by `compile_mask`; `text` is what it was made from.

    A place is a bit: bit n means that n characters of the mask, stars not
    counted, are behind us. `stays` are the places before which a star stands.
    """

    text: str
    prefix: str
    suffix: str
    size: int
    stays: int
    steps: dict[str, int]
    any_step: int

    def matches(self, hostmask: str) -> bool:
        """Say whether all of `nick!user@host` matches, its case and width folded."""
        text = fold_text(hostmask)
        if not (text.startswith(self.prefix) and text.endswith(self.suffix)):
            return False  # what most masks come to, at once
        places, stays, step, any_step = 1, self.stays, self.steps.get, self.any_step
        for char in text:
            places = ((places & step(char, any_step)) << 1) | (places & stays)
        return bool(places >> self.size & 1)


def complete(mask: str) -> str:
    """Return `mask` as `nick!user@host`, `*` standing for each part left out.

    A lone text is a nick, but with a `.` or `:`, which no nick has, a host.
    Raises BadName for a mask that is empty, or that cannot be shown or sent.
    """
    if not mask or mask[0] == ":" or " " in mask or visible(mask) != mask:
        raise BadName("A mask cannot be empty, begin with :, nor hold spaces or what hides")
    nick_and_user, at, host = mask.rpartition("@")
    if not at:
        nick_and_user, host = mask, ""
    nick, bang, user = nick_and_user.partition("!")
    if at and not bang:
        nick, user = "", nick_and_user
    if not at and not bang and any(sign in mask for sign in ".:"):
        nick, host = "", mask
    return f"{nick or '*'}!{user or '*'}@{host or '*'}"


@lru_cache(maxsize=8192)
def compile_mask(mask: str) -> Mask:
    """Return the mask ready to be matched; `*` and `?` are special, nothing else is."""
    folded = fold_text(mask)
    stays, any_step, size = 0, 0, 0
    steps: dict[str, int] = {}
    for char in folded:
        if char == "*":
            stays |= 1 << size
            continue
        if char == "?":
            any_step |= 1 << size
        else:
            steps[char] = steps.get(char, 0) | 1 << size
        size += 1
    steps = {char: step | any_step for char, step in steps.items()}
    prefix, suffix = _literal(folded), _literal(folded[::-1])[::-1]
    return Mask(mask, prefix, suffix, size, stays, steps, any_step)


def _literal(folded: str) -> str:
    """Return what stands before the first wildcard."""
    ends = [place for sign in _WILDCARDS if (place := folded.find(sign)) >= 0]
    return folded[: min(ends)] if ends else folded
