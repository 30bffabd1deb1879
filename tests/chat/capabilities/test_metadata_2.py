"""draft/metadata-2 (IRCv3): the older form, where news are METADATA lines."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server, commands

CAPS = ("draft/metadata-2", "batch")


def test_changes_are_told_in_metadata_lines(server: Server) -> None:
    """METADATA <Target> <Key> <Visibility> <Value>: `Visibility` is an asterisk for keys visible to
    everyone.
    """
    alice, bob = server.client("alice", *CAPS), server.client("bob", *CAPS)
    assert bob.ask("METADATA * SUB avatar") == ["770 bob avatar"]
    server.channel("#a", alice, bob)
    alice.ask("METADATA * SET avatar :x y", "METADATA #a SET avatar z", "METADATA * SET avatar")
    assert bob.heard() == [
        "METADATA alice avatar * :x y",
        "METADATA #a avatar * z",
        "METADATA alice avatar *",
    ]


def test_answers_are_numerics(server: Server) -> None:
    alice = server.client("alice", *CAPS)
    assert alice.ask("METADATA * SET avatar x") == ["761 alice alice avatar * x"]
    assert commands(alice.read("METADATA * GET avatar")) == ["BATCH", "761", "BATCH"]
    assert alice.ask("METADATA * SET avatar") == ["766 alice alice avatar :key not set"]


def test_who_joins_is_told_in_metadata_lines(server: Server) -> None:
    alice, bob = server.client("alice", *CAPS), server.client("bob", *CAPS)
    bob.ask("METADATA * SUB avatar")
    server.channel("#a", alice)
    alice.ask("METADATA * SET avatar x")
    assert "METADATA alice avatar * x" in bob.ask("JOIN #a")


def test_what_was_set_before_registration_is_told_in_the_burst(server: Server) -> None:
    early = server.connect()
    early.ask("CAP REQ :draft/metadata-2 batch", "METADATA * SET avatar x")
    told = early.ask("NICK foo", "USER foo 0 * :foo", "CAP END")
    assert "METADATA foo avatar * x" in told


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        (f"METADATA * SET a :{'v' * 400}", ("VALUE_INVALID",)),
        ("METADATA * SET $ x", ("KEY_INVALID", "$")),
        ("METADATA * SUB $", ("KEY_INVALID", "$")),
        ("METADATA nobody LIST", ("INVALID_TARGET", "nobody")),
    ],
)
def test_failures_have_the_names_of_then(
    server: Server, line: str, refused: tuple[str, ...]
) -> None:
    (fail,) = server.client("alice", *CAPS).read(line)
    assert fail.params[1:-1] == refused


def test_who_has_both_hears_the_newer(server: Server) -> None:
    alice = server.client("alice", *CAPS)
    bob = server.client("bob", *CAPS, "draft/metadata-3")
    bob.ask("METADATA * SUB avatar")
    server.channel("#a", alice, bob)
    alice.ask("METADATA * SET avatar x")
    assert bob.heard() == ["761 bob alice avatar * x"]
