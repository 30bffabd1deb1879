"""draft/multiline (IRCv3), and batches that a client opens (client-batch)."""

from __future__ import annotations

import pytest

from tests.chat.commands.test_chathistory import history
from tests.chat.pair import Client, Server
from xchat.irc.message import Message
from xchat.limits import MULTILINE_SECONDS_MAX, Limits

BASE = ("batch", "echo-message", "labeled-response", "message-tags", "server-time")
CAPS = (*BASE, "draft/chathistory", "draft/multiline")
BYTES, LINES = Limits().multiline_bytes_max, Limits().multiline_lines_max


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice", *CAPS)


@pytest.fixture
def bob(server: Server, alice: Client) -> Client:
    """Somebody who knows multiline, in #a with alice."""
    bob = server.client("bob", *CAPS)
    server.channel("#a", alice, bob)
    return bob


def batch(*lines: str, target: str = "#a", tags: str = "") -> list[str]:
    """Return the lines of a client that sends a batch; a line with + before it goes on."""
    inside = [
        f"@batch=1;draft/multiline-concat PRIVMSG {target} :{line[1:]}"
        if line.startswith("+")
        else f"@batch=1 PRIVMSG {target} :{line}"
        for line in lines
    ]
    return [f"{tags}BATCH +1 draft/multiline {target}", *inside, "BATCH -1"]


def as_told(messages: list[Message]) -> list[tuple[str, bool]]:
    """Return the lines of a batch as it was told, and whether each goes on."""
    start, *inside, end = messages
    reference = start.params[0].removeprefix("+")
    assert start.params[1] == "draft/multiline"
    assert (end.command, end.params) == ("BATCH", (f"-{reference}",))
    assert {message.tags["batch"] for message in inside} == {reference}
    assert {message.command for message in inside} == {"PRIVMSG"}
    assert all(message.params[0] == start.params[2] for message in inside)
    assert not any({"msgid", "time"} & message.tags.keys() for message in inside)
    return [(m.params[1], "draft/multiline-concat" in m.tags) for m in inside]


def test_the_capability_says_how_much(server: Server) -> None:
    """The capability MUST be advertised by servers with a REQUIRED value: max-bytes, max-lines."""
    listed = " ".join(server.connect().ask("CAP LS 302"))
    assert f"draft/multiline=max-bytes={BYTES},max-lines={LINES}" in listed


def test_a_batch_is_delivered_as_one(alice: Client, bob: Client) -> None:
    """Servers: delivering the batch to the intended recipients."""
    echo = alice.read(*batch("hello", "#how is ", "+everyone?", tags="@label=xyz "))
    assert echo[0].tags["label"] == "xyz"
    assert not any("label" in message.tags for message in echo[1:])
    lines = [("hello", False), ("#how is ", False), ("everyone?", True)]
    assert as_told(echo) == lines
    relay = bob.read()
    assert as_told(relay) == lines
    for name in ("msgid", "time"):
        assert relay[0].tags[name] == echo[0].tags[name]
    assert relay[0].source == alice.source


def test_who_does_not_know_it(server: Server, alice: Client, bob: Client) -> None:
    """When delivering multiline batches to clients that have not negotiated the multiline
    capability, servers MUST deliver the component messages without using a multiline BATCH, and
    MUST NOT send blank lines; tags MUST be included on the first, msgid on no other.
    """
    old = server.client("old", *BASE)
    server.channel("#a", old)
    (start, *_) = alice.read(*batch("", "how is ", "", "+x", "everyone?", tags="@+note=1 "))
    told = old.read()
    assert [message.params for message in told] == [
        ("#a", "how is "),
        ("#a", "x"),
        ("#a", "everyone?"),
    ]
    assert [message.tags.get("msgid") for message in told] == [start.tags["msgid"], None, None]
    assert {message.tags["time"] for message in told} == {start.tags["time"]}
    assert [message.tags["+note"] for message in told] == ["1"] * 3
    assert not any("draft/multiline-concat" in message.tags for message in told)


def test_who_knows_no_tags_at_all(server: Server, alice: Client, bob: Client) -> None:
    bare = server.client("bare")
    server.channel("#a", bare)
    alice.ask(*batch("one", "two"))
    assert bare.heard() == [":alice PRIVMSG #a one", ":alice PRIVMSG #a two"]


def test_blank_lines_are_kept(alice: Client, bob: Client) -> None:
    """Servers MUST NOT reject blank lines."""
    alice.read(*batch("", "one", "", ""))
    assert as_told(bob.read()) == [("", False), ("one", False), ("", False), ("", False)]


def test_tags_stand_on_the_batch(alice: Client, bob: Client) -> None:
    """All client-only tags associated with the message must be sent attached to the BATCH."""
    alice.read(*batch("one", "two", tags="@+draft/reply=abc;other=1 "))
    assert bob.read()[0].tags["+draft/reply"] == "abc"


def test_one_line_is_a_message_as_any(alice: Client, bob: Client) -> None:
    assert alice.ask(*batch("hello")) == [":alice PRIVMSG #a hello"]
    assert bob.heard() == [":alice PRIVMSG #a hello"]


def test_direct_messages(alice: Client, bob: Client) -> None:
    assert as_told(alice.read(*batch("one", "two", target="bob"))) == [
        ("one", False),
        ("two", False),
    ]
    assert as_told(bob.read()) == [("one", False), ("two", False)]


def test_what_cannot_be_sent_is_answered_as_ever(server: Server, alice: Client) -> None:
    server.channel("#b", server.client("carl"))
    (refused,) = alice.read(*batch("one", "two", target="#b", tags="@label=x "))
    assert (refused.command, refused.tags["label"]) == ("404", "x")
    assert alice.ask(*batch("one", "two", target="nobody"))[0].startswith("401 alice nobody ")


def test_history_tells_it_as_a_batch(server: Server, alice: Client, bob: Client) -> None:
    """In the chathistory batch it is a batch of its own."""
    echo = alice.read(*batch("one", "+two"))
    server.quiet()
    start, *inside, end = bob.read("CHATHISTORY LATEST #a * 1")
    outer = start.params[0].removeprefix("+")
    assert [inside[0].tags["batch"], inside[-1].tags["batch"]] == [outer, outer]
    assert end.params == (f"-{outer}",)
    assert as_told(inside) == as_told(echo)
    assert inside[0].tags["msgid"] == echo[0].tags["msgid"]


def test_history_for_who_does_not_know_it(server: Server, alice: Client, bob: Client) -> None:
    old = server.client("old", *BASE, "draft/chathistory")
    server.channel("#a", old)
    alice.read(*batch("one", "two"))
    old.read()
    assert [message.params[1] for message in history(old, "LATEST #a * 9")] == ["one", "two"]


# -- what is refused --------------------------------------------------------------------------


def refusals(client: Client, *lines: str) -> list[str]:
    """Send lines; return what was refused."""
    return [line.rpartition(" :")[0] for line in client.ask(*lines)]


START = "BATCH +1 draft/multiline #a"
HI = "@batch=1 PRIVMSG #a :hi"
INVALID = ["FAIL BATCH MULTILINE_INVALID"]


@pytest.mark.parametrize(
    "lines",
    [
        [START, "@batch=2 PRIVMSG #a :hi"],
        [START, "PRIVMSG #a :hi"],
        [START, HI, "@batch=1;draft/multiline-concat PRIVMSG #a :"],
        [START, "@batch=1;+x PRIVMSG #a :hi"],
        [START, "@batch=1 NOTICE #a :hi"],
        [START, "@batch=1;+x TAGMSG #a"],
        [START, "@batch=1 PRIVMSG #a"],
        [START, HI, "@batch=1 PRIVMSG #a :" + "x" * 480],
        [START, "BATCH -1"],
        [START, "@batch=1 PRIVMSG #a :", "@batch=1 PRIVMSG #a :", "BATCH -1"],
        [START, "BATCH +2 draft/multiline #a"],
        [START, "BATCH -2"],
        [START, "@batch=1 BATCH +2 draft/multiline #a"],
        ["BATCH -1"],
        ["BATCH +1"],
        ["BATCH + draft/multiline #a"],
        ["BATCH +1 netsplit #a"],
        ["BATCH +1 draft/multiline"],
        [HI],
    ],
)
def test_what_is_no_batch(alice: Client, bob: Client, lines: list[str]) -> None:
    """MULTILINE_INVALID: any other error. What was refused goes to nobody."""
    assert refusals(alice, *lines) == INVALID
    assert bob.heard() == []
    alice.ask("BATCH -1")
    assert alice.ask(*batch("again")) == [":alice PRIVMSG #a again"]


def test_another_target(alice: Client, bob: Client) -> None:
    """MULTILINE_INVALID_TARGET <batch-target> <provided-target>."""
    assert refusals(alice, START, "@batch=1 PRIVMSG #b :hi") == [
        "FAIL BATCH MULTILINE_INVALID_TARGET #a #b"
    ]


def test_too_many_lines(alice: Client, bob: Client) -> None:
    """MULTILINE_MAX_LINES <limit>."""
    alice.read(*batch(*["hi"] * LINES))
    assert len(as_told(bob.read())) == LINES
    told = refusals(alice, *batch(*["hi"] * (LINES + 1)))
    assert told == [f"FAIL BATCH MULTILINE_MAX_LINES {LINES}"]
    assert bob.heard() == []


def test_too_many_bytes(alice: Client, bob: Client) -> None:
    """MULTILINE_MAX_BYTES <limit>: each line feed used to join contributes one byte."""
    full = ["x" * 409] * 9
    rest = BYTES - 9 * 410
    alice.read(*batch(*full, "x" * rest))
    assert len(as_told(bob.read())) == 10
    told = refusals(alice, *batch(*full, "x" * (rest + 1)))
    assert told == [f"FAIL BATCH MULTILINE_MAX_BYTES {BYTES}"]
    assert bob.heard() == []


def test_what_goes_on_has_no_line_feed(alice: Client, bob: Client) -> None:
    """That line's message is directly joined with the previous line's, with no separation."""
    whole, goes_on = divmod(BYTES, 400)
    alice.read(*batch("x" * goes_on, *[f"+{'x' * 400}"] * whole))
    assert sum(len(text) for text, _ in as_told(bob.read())) == BYTES


def test_what_was_refused_is_over(alice: Client, bob: Client) -> None:
    """All past and future messages in this batch will be ignored."""
    assert refusals(alice, START, "@batch=1;+x PRIVMSG #a :hi", HI, HI, "BATCH -1") == INVALID
    assert alice.ask(*batch("one")) == [":alice PRIVMSG #a one"]
    assert bob.heard() == [":alice PRIVMSG #a one"]


def test_a_batch_left_open(server: Server, alice: Client, bob: Client) -> None:
    """TIMEOUT <reference-tag>: the batch was left open for too long."""
    assert alice.ask(START, HI) == []
    server.pass_time(MULTILINE_SECONDS_MAX + 1)
    assert refusals(alice, HI) == ["FAIL BATCH TIMEOUT 1"]
    assert alice.ask("BATCH -1", "PRIVMSG #a :on") == [":alice PRIVMSG #a on"]


def test_other_commands_go_on(alice: Client, bob: Client) -> None:
    """A PONG in between is nobody's fault."""
    start, line, end = batch("one")
    assert alice.ask(start, "PING x", line, end) == ["PONG xchat.local x", ":alice PRIVMSG #a one"]


def test_without_the_capability(server: Server) -> None:
    old = server.client("old", *BASE)
    assert old.ask("BATCH +1 draft/multiline #a") == ["421 old BATCH :Unknown command"]


def test_each_line_costs_as_one(server: Server) -> None:
    """Clients might send an entire batched message all at once: flood control counts lines."""
    alice = server.client("alice", *CAPS, exempt=False)
    alice.ask("JOIN #a")
    server.pass_time(60)
    tokens = alice.session.tokens = float(server.hub.limits.flood_burst)
    alice.session.tokens_at = server.now
    alice.ask(*batch(*["x"] * 10))
    assert tokens - alice.session.tokens >= 10


def test_a_ctcp_cannot_hide_in_it(server: Server, alice: Client, bob: Client) -> None:
    """+C: whoever does not know multiline would take the second line for one."""
    alice.ask("MODE #a +C")
    assert "404" in alice.ask(*batch("one", "\x01VERSION\x01"))[-1]
