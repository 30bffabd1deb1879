"""What a name may be, and when two names are one.

Names fold by PRECIS, UsernameCaseMapped (RFC 8265, 3.3), announced as
CASEMAPPING=rfc8265. Names that fold alike are one name; names with a skeleton
in common (UTS #39, 4) are two that a person cannot tell apart. Nothing is a
name that `visible` would have to change.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from xchat.irc.display import clean_text, visible
from xchat.limits import CHANNEL_BYTES_MAX, NICK_BYTES_MAX, USER_BYTES_MAX

if TYPE_CHECKING:
    from precis_i18n.profile import Profile

__all__ = [
    "CHANNEL_PREFIX",
    "BadName",
    "check_channel",
    "check_nick",
    "clean_text",
    "clean_user",
    "fold",
    "fold_text",
    "is_channel",
    "skeleton",
    "skeletons",
    "visible",
]

CHANNEL_PREFIX = "#"

_NICK_FORBIDDEN = " ,*?!@.:#&/$"
_NICK_FIRST_FORBIDDEN = "~&@%+-="
_CHANNEL_FORBIDDEN = " ,:*?"
_USER_ASCII = "-._+[]{}\\`^|"
_USER_DEFAULT = "user"
_ASCII_NAME = re.compile("[!-~]+")
_WIDE = re.compile("[\uff01-\uffef]")
# A second dot on a dotted letter, and joiners: nobody sees them.
_UNSEEN = re.compile("(?<=[ij])\u0307|[\u200c\u200d]")

# What PRECIS calls a fault, in words.
_FAULTS = {
    "bidi_rule": "mixes writing directions",
    "spaces": "holds a space",
    "controls": "holds a control character",
    "empty": "is empty",
    "unassigned": "holds a character that Unicode does not know",
}


class BadName(ValueError):  # noqa: N818 - says what is wrong, as the tables of numerics do
    """A text that cannot be a name; `why` says the rule in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def is_channel(name: str) -> bool:
    """Say whether `name` is meant as a channel's."""
    return name.startswith(CHANNEL_PREFIX)


@lru_cache(maxsize=8192)
def fold(name: str) -> str:
    """Return the form by which a nick or a channel (its prefix kept) is known.

    Raises BadName for what PRECIS refuses.
    """
    if _ASCII_NAME.fullmatch(name):
        return name.lower()
    if is_channel(name):
        return CHANNEL_PREFIX + _enforce(name[1:])
    return _enforce(name)


def check_nick(nick: str, chars_max: int) -> str:
    """Return the folded form of a nick that may be taken; raise BadName with the rule."""
    _check(nick, chars_max, NICK_BYTES_MAX, _NICK_FORBIDDEN)
    if nick[0] in _NICK_FIRST_FORBIDDEN:
        raise BadName(f"A nick cannot start with {nick[0]}")
    if nick[0].isdecimal():
        raise BadName("A nick cannot start with a digit")
    return fold(nick)


def check_channel(name: str, chars_max: int) -> str:
    """Return the folded form of a channel's name; raise BadName with the rule."""
    if not is_channel(name):
        raise BadName(f"A channel's name starts with {CHANNEL_PREFIX}")
    if name == CHANNEL_PREFIX:
        raise BadName(f"A channel's name needs more than {CHANNEL_PREFIX}")
    _check(name, chars_max, CHANNEL_BYTES_MAX, _CHANNEL_FORBIDDEN)
    return fold(name)


def clean_user(name: str, chars_max: int) -> str:
    """Return a user name of at most `chars_max` characters made of what may stand; never empty.

    It leaves room within USER_BYTES_MAX for the mark before it.
    """
    kept = "".join(char for char in name if char in _USER_ASCII or _is_written(char))[:chars_max]
    kept = kept.encode()[: USER_BYTES_MAX - 1].decode(errors="ignore")
    if not _is_name(kept):
        kept = "".join(char for char in kept if char.isascii())
    return kept or _USER_DEFAULT[:chars_max]


def _is_name(text: str) -> bool:
    try:
        fold(text)
    except BadName:
        return False
    return visible(text) == text


def fold_text(text: str) -> str:
    """Fold what need not be a name (a mask, a host mask), refusing nothing.

    A name folds as `fold` has it, but for the final sigma: case mapping writes
    it by its neighbours, and in a mask they are not those of the name.
    """
    if text.isascii():
        return text.lower()
    narrow = _WIDE.sub(lambda wide: _narrow(wide.group()), text)
    return unicodedata.normalize("NFC", narrow.lower().replace("ς", "σ"))


def skeleton(name: str) -> str:
    """Return what `name`, as it is written, looks like: alike names have one skeleton.

    UTS #39, 4: decomposed, each character replaced by its prototype, decomposed
    again; then lower case, since for us case tells no two names apart.
    """
    prototypes = _prototypes()
    text = _UNSEEN.sub("", unicodedata.normalize("NFD", name))
    text = "".join(prototypes.get(char, char) for char in text)
    return unicodedata.normalize("NFD", text.lower())


@lru_cache(maxsize=8192)
def skeletons(name: str) -> frozenset[str]:
    """Return what `name` looks like as written and as folded.

    Names whose sets meet are look-alikes: `Ηenry` (Greek Eta) looks like `Henry`
    as written, `ALICE` like Cyrillic `аlice` as folded. Raises BadName.
    """
    return frozenset((skeleton(name), skeleton(fold(name))))


def _check(name: str, chars_max: int, bytes_max: int, forbidden: str) -> None:
    if not name:
        raise BadName("A name cannot be empty")
    if len(name) > chars_max:
        raise BadName(f"A name has at most {chars_max} characters, this one has {len(name)}")
    size = len(name.encode(errors="replace"))
    if size > bytes_max:
        raise BadName(f"A name has at most {bytes_max} bytes, this one has {size}")
    if visible(name) != name:
        raise BadName("A name cannot hold characters that hide, or that control a terminal")
    for char in name:
        if char in forbidden:
            raise BadName(f"A name cannot hold {'a space' if char == ' ' else char}")


def _enforce(name: str) -> str:
    try:
        return _profile().enforce(name)
    except UnicodeEncodeError as error:
        fault = error.reason.rpartition("/")[2]
        char = name[error.start : error.end] if error.end - error.start == 1 else ""
        named = f"cannot hold {visible(char)}" if char else "is not made of letters and digits"
        raise BadName(f"A name {_FAULTS.get(fault, named)}") from error


@cache
def _profile() -> Profile:
    from precis_i18n import get_profile  # its tables cost 14 ms: not for `--help`

    return get_profile("UsernameCaseMapped")


@cache
def _prototypes() -> dict[str, str]:
    """Return the character that stands for each confusable one, read when first asked (20 ms).

    The data lists each pair both ways. A source has its prototype for its only
    partner; of two that have only each other either serves as prototype, but
    several characters together are never a source.
    """
    packed = (files("confusable_homoglyphs") / "confusables.json").read_bytes()
    # Right-to-left characters are wrapped in marks that order the original's comments.
    partners = {
        _unmarked(char): [_unmarked(pair["c"]) for pair in pairs]
        for char, pairs in json.loads(packed).items()
    }
    prototypes = {
        char: pairs[0]
        for char, pairs in partners.items()
        if len(char) == 1 and len(pairs) == 1 and _is_source(char, pairs[0], partners)
    }
    return {char: _final(prototype, prototypes) for char, prototype in prototypes.items()}


def _final(prototype: str, prototypes: dict[str, str]) -> str:
    """Return a prototype whose own parts have none: decomposing it may bring up some that do."""
    parts = unicodedata.normalize("NFD", prototype)
    final = "".join(prototypes.get(part, part) for part in parts)
    return final if final == prototype else _final(final, prototypes)


def _is_source(char: str, partner: str, partners: dict[str, list[str]]) -> bool:
    return len(partner) > 1 or len(partners[partner]) > 1 or partner < char


def _unmarked(text: str) -> str:
    return text.strip("\u200e")


def _narrow(wide: str) -> str:
    narrow = unicodedata.normalize("NFKC", wide)
    return narrow if len(narrow) == 1 else wide


def _is_written(char: str) -> bool:
    return char.isalnum() or (not char.isascii() and unicodedata.category(char)[0] == "M")
