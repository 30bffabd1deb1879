"""What is kept of a password, and that nothing of it is ever seen."""

from __future__ import annotations

import traceback
from functools import partial
from timeit import timeit

import pytest

from xchat.chat import passwords
from xchat.chat.passwords import BadPassword, Cost

CHEAP = Cost(8, 1, 4096)


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("a\u00a0b\u3000c", "a b c"),
        ("Correct Horse", "Correct Horse"),
        ("ქართული 🔑", "ქართული 🔑"),
    ],
)
def test_prepared(typed: str, prepared: str) -> None:
    """Any instances of non-ASCII space MUST be mapped to SPACE (U+0020); Unicode Normalization Form
    C (NFC) MUST be applied to all strings (RFC 8265, 4.2.1)."""
    assert passwords.prepare(typed) == prepared


@pytest.mark.parametrize("typed", ["", "a\x00b", "a\nb", "\u0378", "x" * 1025, "\ud800"])
def test_refused_without_being_said(typed: str) -> None:
    """A zero-length password MUST be rejected; nothing of one is in what is said of it."""
    with pytest.raises(BadPassword) as refused:
        passwords.prepare(typed)
    words = "".join(traceback.format_exception(refused.value))
    assert not typed or typed not in words


def test_what_is_kept() -> None:
    made = passwords.make("sesame", CHEAP)
    assert made.password.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert made.scram.startswith("SCRAM-SHA-256$4096:")
    assert "sesame" not in f"{made.password}{made.scram}"
    assert repr(made) == "<credentials>"
    again = passwords.make("sesame", CHEAP)
    assert again.password != made.password
    assert again.scram != made.scram


def test_checked() -> None:
    made = passwords.make("sesame", CHEAP)
    assert passwords.check("sesame", made.password, made.scram, CHEAP) == (True, None)
    assert passwords.check("millet", made.password, made.scram, CHEAP) == (False, None)
    assert passwords.check("sesame", None, None, CHEAP) == (False, None)
    assert passwords.check("sesame", "no hash", None, CHEAP) == (False, None)


def test_no_account_takes_as_long_as_a_wrong_password() -> None:
    cost = Cost(1024, 10, 4096)
    made = passwords.make("sesame", cost)
    wrong, unknown = (
        min(
            timeit(partial(passwords.check, "millet", hashed, None, cost), number=1)
            for _ in "12345"
        )
        for hashed in (made.password, None)
    )
    assert wrong / 3 < unknown < wrong * 3


@pytest.mark.parametrize("cost", [Cost(16, 1, 4096), Cost(8, 2, 4096), Cost(8, 1, 5000)])
def test_renewed_where_the_cost_has_changed(cost: Cost) -> None:
    made = passwords.make("sesame", CHEAP)
    is_right, renewed = passwords.check("sesame", made.password, made.scram, cost)
    assert is_right
    assert renewed is not None
    assert passwords.check("sesame", renewed.password, renewed.scram, cost) == (True, None)
    assert passwords.check("millet", made.password, made.scram, cost) == (False, None)


def test_scram_keys_read_back() -> None:
    keys = passwords.scram_keys(passwords.make("sesame", CHEAP).scram)
    assert [len(keys.salt), len(keys.stored_key), len(keys.server_key)] == [16, 32, 32]
    assert keys.iterations == 4096
