"""REDACT (IRCv3 draft/message-redaction): who may, who is told, and that nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chat.commands.operators import CONFIG, operator
from tests.chat.commands.test_chathistory import history, texts
from tests.chat.pair import Client, OpenServer, Server, plain
from xchat.irc.message import Message

CAPS = ("batch", "draft/chathistory", "draft/message-redaction", "echo-message", "message-tags")


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice", *CAPS)


@pytest.fixture
def bob(server: Server, alice: Client) -> Client:
    """Somebody without a role in #a, where alice is the operator."""
    bob = server.client("bob", *CAPS)
    server.channel("#a", alice, bob)
    return bob


def said(client: Client, line: str) -> str:
    """Say something; return its msgid."""
    (echo,) = client.read(line)
    return echo.tags["msgid"]


# -- who may, and who is told -----------------------------------------------------------------


def test_ones_own(server: Server, alice: Client, bob: Client) -> None:
    """If the client is authorised to delete the message, the server SHOULD forward this REDACT,
    with an appropriate prefix, to the target recipients that have negotiated the capability.
    """
    msgid = said(bob, "PRIVMSG #a :oops")
    server.quiet()
    assert bob.ask(f"REDACT #a {msgid} :wrong channel") == [
        f":bob REDACT #a {msgid} :wrong channel"
    ]
    assert alice.heard() == [f":bob REDACT #a {msgid} :wrong channel"]


def test_without_a_reason(server: Server, alice: Client, bob: Client) -> None:
    """REDACT <target> <msgid> [:reason]: clients SHOULD NOT provide a default reason."""
    msgid = said(bob, "NOTICE #A :oops")
    server.quiet()
    assert bob.ask(f"REDACT #A {msgid}") == [f":bob REDACT #a {msgid}"]
    assert alice.heard() == [f":bob REDACT #a {msgid}"]


def test_an_operator_of_the_channel(server: Server, alice: Client, bob: Client) -> None:
    """Such use cases might include: allowing channel moderators to delete unwelcome messages."""
    msgid = said(bob, "PRIVMSG #a :spam")
    assert alice.ask(f"REDACT #a {msgid} spam")[-1] == f":alice REDACT #a {msgid} spam"
    assert bob.heard() == [f":alice REDACT #a {msgid} spam"]
    assert texts(history(bob, "LATEST #a * 9")) == []


def test_nobody_else(server: Server, alice: Client, bob: Client) -> None:
    """FAIL REDACT REDACT_FORBIDDEN <target> <target-msgid>."""
    msgid = said(alice, "PRIVMSG #a :mine")
    server.quiet()
    assert bob.ask(f"REDACT #a {msgid}") == [
        f"FAIL REDACT REDACT_FORBIDDEN #a {msgid} :You are not authorised to delete this message"
    ]
    assert alice.heard() == []
    assert texts(history(bob, "LATEST #a * 9")) == ["mine"]


def test_an_operator_of_another_channel(server: Server, alice: Client, bob: Client) -> None:
    """A msgid is looked for in the target's history, and nowhere else."""
    msgid = said(alice, "PRIVMSG #a :mine")
    server.channel("#b", bob)
    assert bob.ask(f"REDACT #b {msgid}") == [
        f"FAIL REDACT UNKNOWN_MSGID #b {msgid} :This message does not exist or is too old"
    ]


def test_an_operator_of_the_server(open_server: OpenServer) -> None:
    """Allowing channel moderators or server admins to delete unwelcome messages from others."""
    server = open_server(config=CONFIG)
    alice, root = server.client("alice", *CAPS), server.client("root", *CAPS)
    server.channel("#a", alice)
    msgid = said(alice, "PRIVMSG #a :spam")
    assert root.ask(f"REDACT #a {msgid}")[0].startswith("FAIL REDACT INVALID_TARGET #a ")
    operator(root)
    told = f":root REDACT #a {msgid} spam"
    assert root.ask(f"REDACT #a {msgid} :spam") == [told]
    assert alice.heard() == [told]
    *_, recorded = server.store.audit(limit=10)
    assert (recorded.who, recorded.act) == (root.source, "REDACT")
    assert recorded.what == f"#a {msgid}"


def test_direct_messages(server: Server, alice: Client, bob: Client) -> None:
    msgid = said(alice, "PRIVMSG bob :psst")
    server.quiet()
    forbidden = f"FAIL REDACT REDACT_FORBIDDEN alice {msgid} "
    assert bob.ask(f"REDACT alice {msgid}")[0].startswith(forbidden)
    assert alice.ask(f"REDACT bob {msgid}") == [f":alice REDACT bob {msgid}"]
    assert bob.heard() == [f":alice REDACT bob {msgid}"]
    assert texts(history(bob, "LATEST alice * 9")) == []


def test_from_another_device(server: Server) -> None:
    """Who wrote it is the account; the other devices are told as they are of messages."""
    account = server.account("alice")
    one, two = (server.client("alice", *CAPS, account=account) for _ in range(2))
    bob = server.client("bob", *CAPS)
    msgid = said(one, "PRIVMSG bob :psst")
    server.quiet()
    assert two.ask(f"REDACT bob {msgid}") == [f":alice REDACT bob {msgid}"]
    assert one.heard() == bob.heard() == [f":alice REDACT bob {msgid}"]


def test_not_by_the_next_holder_of_a_nick(server: Server, alice: Client, bob: Client) -> None:
    msgid = said(bob, "PRIVMSG #a :mine")
    bob.drop()
    thief = server.client("bob", *CAPS)
    server.channel("#a", thief)
    assert "REDACT_FORBIDDEN" in thief.ask(f"REDACT #a {msgid}")[0]


def test_only_who_knows_it_is_told(server: Server, alice: Client, bob: Client) -> None:
    """The server MUST not forward this REDACT to target recipients that have not negotiated it."""
    old = server.client("old", "message-tags", "echo-message")
    server.channel("#a", old)
    msgid = said(alice, "PRIVMSG #a :x")
    old.read()
    alice.ask(f"REDACT #a {msgid}")
    assert old.heard() == []
    assert old.ask(f"REDACT #a {msgid}") == ["421 old REDACT :Unknown command"]


def test_tags_alone(server: Server, alice: Client, bob: Client) -> None:
    """The message to be redacted MUST be a PRIVMSG, NOTICE, or TAGMSG."""
    msgid = said(bob, "@+draft/react=x;+draft/reply=y TAGMSG #a")
    assert bob.ask(f"REDACT #a {msgid}") == [f":bob REDACT #a {msgid}"]
    topic = alice.read("TOPIC #a :x")[-1].tags["msgid"]
    assert "UNKNOWN_MSGID" in alice.ask(f"REDACT #a {topic}")[0]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("", "461 alice REDACT "),
        ("#a", "461 alice REDACT "),
        ("#a nonsense", "FAIL REDACT UNKNOWN_MSGID #a nonsense "),
        ("#a 00000000-1", "FAIL REDACT UNKNOWN_MSGID #a 00000000-1 "),
        ("#nowhere x", "FAIL REDACT INVALID_TARGET #nowhere "),
        ("nobody x", "FAIL REDACT INVALID_TARGET nobody "),
        ("#a " + "x" * 400, "FAIL REDACT UNKNOWN_MSGID #a xxxxx"),
    ],
)
def test_what_is_refused(alice: Client, bob: Client, request_: str, answer: str) -> None:
    """FAIL REDACT UNKNOWN_MSGID <target> <msgid>, INVALID_TARGET <target>."""
    (line,) = alice.ask(f"REDACT {request_}")
    assert line.startswith(answer)


# -- nothing is left --------------------------------------------------------------------------


def test_history_excludes_it(alice: Client, bob: Client) -> None:
    """After a message is redacted, chathistory responses SHOULD exclude it entirely."""
    msgids = [said(alice, f"PRIVMSG #a :{number}") for number in range(3)]
    alice.ask(f"REDACT #a {msgids[1]}")
    assert texts(history(alice, "LATEST #a * 9")) == ["0", "2"]
    assert texts(history(alice, f"AFTER #a msgid={msgids[1]} 9")) == ["2"], "still a place"
    assert "UNKNOWN_MSGID" in alice.ask(f"REDACT #a {msgids[1]}")[0]


def test_who_was_away_is_told_by_history(server: Server, alice: Client, bob: Client) -> None:
    """Servers may send the REDACT command in a chathistory batch when it re-joins the channel."""
    again = server.client("again", *CAPS, "draft/event-playback")
    server.channel("#a", again)
    msgid = said(alice, "PRIVMSG #a :x")
    alice.ask(f"REDACT #a {msgid} :why")
    again.read()
    told: list[Message] = history(again, "LATEST #a * 1")
    assert [plain(message) for message in told] == [f":alice REDACT #a {msgid} why"]


def test_the_bytes_are_gone(open_server: OpenServer, folder: Path) -> None:
    """Redaction that really removes: from the log, the history and every file, for good."""
    server = open_server()
    alice = server.client("alice", *CAPS)
    server.channel("#a", alice)
    said(alice, "PRIVMSG #a :keepsake")
    secrets = [f"hush{number:04}hush" for number in range(40)]
    msgids = [said(alice, f"@+note={text} PRIVMSG #a :{text} {'x' * 300}") for text in secrets]
    server.store.tidy()
    for msgid in msgids:
        assert alice.ask(f"REDACT #a {msgid}")
    assert server.store.is_untidy
    assert server.store.tidy() is None
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"keepsake" in kept
    assert b"hush" not in kept
    again = open_server()
    alice = again.client("alice", *CAPS)
    again.channel("#a", alice)
    assert texts(history(alice, "LATEST #a * 99")) == ["keepsake"]
