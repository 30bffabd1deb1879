"""The letters of names (CASEMAPPING; modern.ircdocs.horse, CASEMAPPING Parameter)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.chat.accounts import CONFIG
from tests.chat.pair import OpenServer, Server
from xchat.config.settings import Server as ServerSettings


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server(config=replace(CONFIG, server=ServerSettings(casemapping="ascii")))


def test_it_is_announced(server: Server) -> None:
    """`ascii`: Defines the characters a to z as lower-case, and the characters A to Z as upper-case
    only.
    """
    alice = server.client("alice")
    tokens = " ".join(alice.ask("VERSION")).split()
    assert "CASEMAPPING=ascii" in tokens
    bob = server.connect()
    assert bob.ask("NICK ALICE")[0].startswith("433 ")
    assert bob.ask("NICK alice[]", "USER bob 0 * :Bob")[0].startswith("001 alice[] ")
    assert server.connect().ask("NICK alice{}", "USER c 0 * :C")[0].startswith("001 alice{} ")


def test_other_letters_are_refused_in_words(server: Server) -> None:
    """ERR_ERRONEUSNICKNAME (432): the nickname contains characters which the server disallows."""
    why = "A name has no letters on this server but those of ASCII"
    assert server.connect().ask("NICK Işıl") == [f"432 * Işıl :{why}"]
    alice = server.client("alice")
    assert alice.ask("JOIN #ლობი") == [f"403 alice #ლობი :{why}"]
    alice.ask("JOIN #a")
    assert alice.ask("RENAME #a #ა") == [f"FAIL RENAME CANNOT_RENAME #a #ა :{why}"]
    (fail,) = alice.ask("REGISTER ნინო * hunter2hunter2")
    assert fail == f"FAIL REGISTER BAD_ACCOUNT_NAME ნინო :{why}"


def test_what_is_said_may_be_in_any_script(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("PRIVMSG #a :გამარჯობა")
    assert bob.heard() == [":alice PRIVMSG #a გამარჯობა"]
