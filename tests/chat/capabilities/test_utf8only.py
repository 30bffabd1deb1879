"""UTF8ONLY (ircv3.net/specs/extensions/utf8-only)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server


def test_bytes_that_are_not_utf8_are_refused_never_mangled(server: Server) -> None:
    """FAIL PRIVMSG INVALID_UTF8: the client's message was rejected because it contained invalid
    UTF-8 data. FAIL is sent whatever the client negotiated: the specification names it.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert alice.ask(b"PRIVMSG #a :hi\xaa") == [
        "FAIL PRIVMSG INVALID_UTF8 :Message rejected: it is not valid UTF-8"
    ]
    assert bob.heard() == []


def test_the_refusal_has_the_label(server: Server) -> None:
    alice = server.client("alice", "batch", "labeled-response")
    (fail,) = alice.read(b"@label=xyz PRIVMSG #qux hi\xaa")
    assert (fail.command, fail.params[:2]) == ("FAIL", ("PRIVMSG", "INVALID_UTF8"))
    assert fail.tags == {"label": "xyz"}


@pytest.mark.parametrize("line", [b"\xaa\xbb hi", b"PRIV\xffMSG a :b", b"\xff"])
def test_a_command_that_cannot_be_read_is_a_star(server: Server, line: bytes) -> None:
    """If the server is unable to parse the sent command then it MAY send a FAIL command with no
    command name (i.e. *).
    """
    (fail,) = server.client("alice").ask(line)
    assert fail.startswith("FAIL * INVALID_UTF8 :")


@pytest.mark.parametrize("command", ["PRIVMSG #a", "NOTICE #a", "TOPIC #a", "PART #a", "QUIT"])
def test_nothing_that_is_not_utf8_is_relayed(server: Server, command: str) -> None:
    """Servers publishing this token MUST NOT relay content (such as PRIVMSG or NOTICE message data,
    channel topics, or realnames) containing non-UTF-8 data to clients.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    (fail,) = alice.ask(f"{command} :".encode() + b"\xff\xfe")
    assert fail.startswith(f"FAIL {command.split(maxsplit=1)[0]} INVALID_UTF8 :")
    assert bob.heard() == []


def test_a_real_name_that_is_not_utf8_registers_nobody(server: Server) -> None:
    """FAIL USER INVALID_UTF8."""
    client = server.connect()
    told = client.ask(b"USER u 0 * :\xff", "NICK ana")
    assert [line.split(" :")[0] for line in told] == ["FAIL USER INVALID_UTF8"]
    assert not client.session.registered


def test_what_is_cut_is_cut_between_characters(server: Server) -> None:
    """Implementations must ensure that if they truncate messages to meet a length limit, they do
    not do so in the middle of a UTF-8-encoded codepoint.
    """
    alice = server.client("alice")
    alice.ask("JOIN #a", "TOPIC #a :x" + "\u10d0" * 150)
    (topic, *_) = alice.read("TOPIC #a")
    assert set(topic.params[2]) == {"x", "\u10d0"}
    assert len(topic.params[2].encode()) > 380


def test_it_is_announced(server: Server) -> None:
    """The UTF8ONLY token that servers can include in their ISUPPORT (005) output."""
    assert " UTF8ONLY " in " ".join(server.client("alice").ask("VERSION"))
