"""The table of modes (chat/modes.py)."""

from __future__ import annotations

import pytest

from xchat.chat import modes
from xchat.chat.modes import OPERATOR, VOICE, prefix_of, takes_argument


def test_each_letter_has_one_meaning() -> None:
    letters = [mode.letter for mode in (*modes.CHANNEL_MODES, *modes.ROLES)]
    assert len(set(letters)) == len(letters)
    assert set(modes.DEFAULT_FLAGS) <= {m.letter for m in modes.CHANNEL_MODES if m.kind == "D"}


def test_what_isupport_says_of_them() -> None:
    """CHANMODES=A,B,C,D; PREFIX=(modes)prefixes, in descending order."""
    assert modes.chanmodes() == "Ibe,k,l,CEMRUimnstu"
    assert modes.prefixes() == "(qaohv)~&@%+"
    ranks = [role.rank for role in modes.ROLES]
    assert ranks == sorted(ranks, reverse=True)
    assert len({role.bit for role in modes.ROLES}) == len(ranks)


def test_the_bits_of_roles_are_kept_and_never_change() -> None:
    assert {role.letter: role.bit for role in modes.ROLES} == {
        "v": 1, "o": 2, "h": 4, "a": 8, "q": 16,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("roles", "highest", "every"),
    [
        (0, "", ""),
        (VOICE, "+", "+"),
        (OPERATOR, "@", "@"),
        (OPERATOR | VOICE, "@", "@+"),
        (31, "~", "~&@%+"),
    ],
)
def test_prefixes(roles: int, highest: str, every: str) -> None:
    assert prefix_of(roles) == highest
    assert prefix_of(roles, every=True) == every


@pytest.mark.parametrize(
    ("letter", "to_set", "to_unset"),
    [("b", True, True), ("k", True, True), ("l", True, False), ("o", True, True), ("v", True, True)]
    + [(letter, False, False) for letter in "imnstx"],
)
def test_arguments(letter: str, to_set: bool, to_unset: bool) -> None:
    """Type A and B always have one, type C only when it is set, type D never."""
    assert takes_argument("+", letter) is to_set
    assert takes_argument("-", letter) is to_unset
