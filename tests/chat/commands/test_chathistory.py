"""CHATHISTORY (IRCv3 draft/chathistory), by msgid and by time."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server, plain
from xchat.irc.message import Message
from xchat.limits import HISTORY_ROWS_MAX

CAPS = (
    "batch",
    "draft/chathistory",
    "echo-message",
    "labeled-response",
    "message-tags",
    "server-time",
)


def history(client: Client, request: str) -> list[Message]:
    """Return what is in the one batch that answers a request."""
    start, *inside, end = client.read(f"CHATHISTORY {request}")
    reference = start.params[0].removeprefix("+")
    assert (start.command, *start.params[1:]) == ("BATCH", "chathistory", request.split()[1])
    assert (end.command, *end.params) == ("BATCH", f"-{reference}")
    assert {message.tags["batch"] for message in inside} <= {reference}
    return inside


def texts(messages: list[Message]) -> list[str]:
    """Return what the messages say."""
    return [message.params[1] for message in messages]


def as_told(message: Message) -> tuple[object, ...]:
    """Return a message without the tags that name a batch or a label."""
    tags = {key: value for key, value in message.tags.items() if key not in ("batch", "label")}
    return (message.source, message.command, message.params, tags)


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice", *CAPS)


@pytest.fixture
def said(server: Server, alice: Client) -> list[Message]:
    """Ten messages in #a, a quarter of a second apart, as they were echoed."""
    server.channel("#a", alice)
    echoes = []
    for number in range(10):
        server.pass_time(0.25)
        echoes += alice.read(f"PRIVMSG #a :message {number}")
    assert len({message.tags["msgid"] for message in echoes}) == 10
    assert len({message.tags["time"] for message in echoes}) == 10
    return echoes


# -- what is asked for ------------------------------------------------------------------------


def test_messages_are_replayed_as_they_were_told(alice: Client, said: list[Message]) -> None:
    """The msgid tag MUST be the msgid tag as originally sent by the IRC server; the server-time tag
    SHOULD be the time at which the message was received.
    """
    assert [*map(as_told, history(alice, "LATEST #a * 50"))] == [*map(as_told, said)]


def reference(kind: str, message: Message) -> str:
    """Return a message as a request refers to it."""
    return (
        f"msgid={message.tags['msgid']}" if kind == "msgid" else f"timestamp={message.tags['time']}"
    )


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
def test_latest(alice: Client, said: list[Message], kind: str) -> None:
    """Request up to limit number of the most recent messages that have been sent. If a timestamp or
    msgid is given, the returned messages are restricted to those sent after and excluding that.
    """
    fifth = reference(kind, said[4])
    assert texts(history(alice, "LATEST #a * 5")) == texts(said[-5:])
    assert texts(history(alice, "LATEST #a * 1")) == texts(said[-1:])
    assert texts(history(alice, f"LATEST #a {fifth} 50")) == texts(said[5:])
    assert texts(history(alice, f"LATEST #a {fifth} 2")) == texts(said[-2:])


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
def test_before(alice: Client, said: list[Message], kind: str) -> None:
    """Request up to limit number of messages before and excluding the given timestamp or msgid."""
    seventh = reference(kind, said[6])
    assert texts(history(alice, f"BEFORE #a {seventh} 50")) == texts(said[:6])
    assert texts(history(alice, f"BEFORE #a {seventh} 2")) == texts(said[4:6])
    assert texts(history(alice, f"BEFORE #a {reference(kind, said[0])} 5")) == []


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
def test_after(alice: Client, said: list[Message], kind: str) -> None:
    """Request up to limit number of messages after and excluding the given timestamp or msgid."""
    fourth = reference(kind, said[3])
    assert texts(history(alice, f"AFTER #a {fourth} 50")) == texts(said[4:])
    assert texts(history(alice, f"AFTER #a {fourth} 3")) == texts(said[4:7])
    assert texts(history(alice, f"AFTER #a {reference(kind, said[-1])} 5")) == []


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
def test_around(alice: Client, said: list[Message], kind: str) -> None:
    """Request a number of messages before and after the timestamp or msgid with the total number of
    returned messages not exceeding limit.
    """
    eighth = reference(kind, said[7])
    assert texts(history(alice, f"AROUND #a {eighth} 1")) == texts(said[7:8])
    assert texts(history(alice, f"AROUND #a {eighth} 3")) == texts(said[6:9])
    assert texts(history(alice, f"AROUND #a {eighth} 6")) == texts(said[4:])
    assert texts(history(alice, f"AROUND #a {eighth} 100")) == texts(said)
    assert texts(history(alice, f"AROUND #a {reference(kind, said[0])} 4")) == texts(said[:4])
    assert texts(history(alice, f"AROUND #a {eighth} 0")) == []


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
def test_between(alice: Client, said: list[Message], kind: str) -> None:
    """The returned messages MUST start from and exclude the first message selector, while finishing
    on and excluding the second - this may be forwards or backwards in time.
    """
    first, last = reference(kind, said[0]), reference(kind, said[-1])
    assert texts(history(alice, f"BETWEEN #a {first} {last} 50")) == texts(said[1:-1])
    assert texts(history(alice, f"BETWEEN #a {last} {first} 50")) == texts(said[1:-1])
    assert texts(history(alice, f"BETWEEN #a {first} {last} 3")) == texts(said[1:4])
    assert texts(history(alice, f"BETWEEN #a {last} {first} 3")) == texts(said[-4:-1])
    assert texts(history(alice, f"BETWEEN #a {first} {first} 9")) == []


def test_between_a_msgid_and_a_time(alice: Client, said: list[Message]) -> None:
    first, last = reference("msgid", said[2]), reference("timestamp", said[7])
    assert texts(history(alice, f"BETWEEN #a {first} {last} 50")) == texts(said[3:7])
    assert texts(history(alice, f"BETWEEN #a {last} {first} 2")) == texts(said[5:7])


# -- whose messages there are -----------------------------------------------------------------


def targets(client: Client, start: str, end: str, limit: int = 50) -> list[str]:
    """Return what CHATHISTORY TARGETS lists, each with its time."""
    begin, *inside, finish = client.read(
        f"CHATHISTORY TARGETS timestamp={start} timestamp={end} {limit}"
    )
    assert begin.params[1:] == ("draft/chathistory-targets",)
    assert finish.params == (begin.params[0].replace("+", "-"),)
    assert {message.command for message in inside} <= {"CHATHISTORY"}
    assert {message.params[0] for message in inside} <= {"TARGETS"}
    return [" ".join(message.params[1:]) for message in inside]


EVER = ("1970-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z")


def test_targets(server: Server, alice: Client, said: list[Message]) -> None:
    """CHATHISTORY TARGETS lists the channels the user has visible history in, along with users with
    which the user has exchanged direct messages, ordered by the time of the latest message.
    """
    bob = server.client("Bob", *CAPS)
    server.channel("#quiet", alice)
    server.channel("#other", bob)
    bob.ask("PRIVMSG #other :not hers")
    server.pass_time(1)
    (told,) = bob.read("PRIVMSG alice :hello")
    alice.read()
    channel, direct = f"#a {said[-1].tags['time']}", f"Bob {told.tags['time']}"
    assert targets(alice, *EVER) == [channel, direct]
    assert targets(alice, *EVER[::-1]) == [channel, direct]
    assert targets(alice, *EVER, 1) == [channel]
    assert targets(alice, *EVER[::-1], 1) == [direct]
    assert targets(alice, said[-1].tags["time"], EVER[1]) == [direct], "times are exclusive"
    assert targets(alice, EVER[0], told.tags["time"]) == [channel]
    assert [line.split()[0] for line in targets(bob, *EVER)] == ["#other", "alice"]
    alice.ask("PART #a")
    assert targets(alice, *EVER) == [direct]


def test_targets_without_batches(server: Server) -> None:
    bare = server.client("bare")
    server.channel("#a", bare)
    bare.ask("PRIVMSG #a :x")
    (line,) = bare.ask(f"CHATHISTORY TARGETS timestamp={EVER[0]} timestamp={EVER[1]} 5")
    assert line.startswith("CHATHISTORY TARGETS #a 2025-")


def test_times_between_messages_and_far_from_them(alice: Client, said: list[Message]) -> None:
    assert texts(history(alice, "AFTER #a timestamp=1970-01-01T00:00:00.000Z 50")) == texts(said)
    assert texts(history(alice, "BEFORE #a timestamp=9999-12-31T23:59:59.999Z 50")) == texts(said)
    assert texts(history(alice, "AFTER #a timestamp=9999-12-31T23:59:59.999Z 50")) == []
    just_after = said[3].tags["time"].replace("000Z", "001Z")
    assert just_after != said[3].tags["time"]
    assert texts(history(alice, f"AFTER #a timestamp={just_after} 50")) == texts(said[4:])
    assert texts(history(alice, f"BEFORE #a timestamp={just_after} 50")) == texts(said[:4])


def test_messages_of_one_moment_are_told_apart_by_msgid(server: Server, alice: Client) -> None:
    """This order determinately orders any two messages (even if they share a timestamp)."""
    server.channel("#a", alice)
    echoes = alice.read(*(f"PRIVMSG #a :{number}" for number in range(5)))
    assert len({message.tags["time"] for message in echoes}) == 1
    third = f"msgid={echoes[2].tags['msgid']}"
    assert texts(history(alice, f"AFTER #a {third} 9")) == ["3", "4"]
    assert texts(history(alice, f"BEFORE #a {third} 9")) == ["0", "1"]


def test_as_many_as_announced(server: Server, alice: Client) -> None:
    """An ISUPPORT token MUST be sent to the client to state the maximum number of messages a client
    can request in a single command.
    """
    server.channel("#a", alice)
    for _ in range(11):
        alice.ask(*(f"PRIVMSG #a :{number}" for number in range(10)))
    assert len(history(alice, "LATEST #a * 105")) == HISTORY_ROWS_MAX
    assert history(alice, "LATEST #a * 0") == []


def test_nothing_to_tell_is_an_empty_batch(server: Server, alice: Client) -> None:
    """If no content exists to return, an empty batch SHOULD be returned."""
    server.channel("#a", alice)
    server.client("bob")
    assert history(alice, "LATEST #a * 10") == history(alice, "LATEST bob * 10") == []


def test_only_messages_and_notices(server: Server, alice: Client) -> None:
    """If the client has not negotiated the event-playback capability, the server MUST NOT send any
    lines other than PRIVMSG and NOTICE in the reply batch.
    """
    server.channel("#a", alice)
    alice.ask("TOPIC #a :x", "@+x=y TAGMSG #a", "NOTICE #a :n", "MODE #a +i", "PRIVMSG #a :p")
    assert texts(history(alice, "LATEST #a * 10")) == ["n", "p"]


def test_client_only_tags_are_kept(server: Server, alice: Client) -> None:
    server.channel("#a", alice)
    alice.ask(r"@+draft/reply=abc;+x=a\sb PRIVMSG #a :hi")
    (message,) = history(alice, "LATEST #a * 10")
    assert (message.tags["+draft/reply"], message.tags["+x"]) == ("abc", "a b")


def test_a_client_without_the_capabilities_gets_plain_lines(server: Server) -> None:
    """Servers SHOULD NOT enforce that clients support all related capabilities."""
    bob = server.client("bob")
    server.channel("#a", bob)
    bob.ask("PRIVMSG #a :one", "PRIVMSG #a :two")
    bob.send("CHATHISTORY LATEST #a * 10")
    assert bob.read_raw() == [
        f":{bob.source} PRIVMSG #a :{word}\r\n".encode() for word in ("one", "two")
    ]


def test_what_was_just_said_is_there(server: Server, alice: Client) -> None:
    """A question waits for what was said before it, in one packet too."""
    server.channel("#a", alice)
    answers = alice.read("PRIVMSG #a :now", "CHATHISTORY LATEST #a * 10")
    assert [plain(message) for message in answers if message.command == "PRIVMSG"] == [
        ":alice PRIVMSG #a now"
    ] * 2


def test_history_is_there_after_a_restart(open_server: OpenServer) -> None:
    server = open_server()
    alice = server.client("alice", *CAPS)
    server.channel("#a", alice)
    before = alice.read("PRIVMSG #a :გამარჯობა 👋", "@+x PRIVMSG #a :two")
    again = open_server()
    alice = again.client("alice", *CAPS)
    again.channel("#a", alice)
    assert [*map(as_told, history(alice, "LATEST #a * 10"))] == [*map(as_told, before)]


# -- whose it is ------------------------------------------------------------------------------


def refused(target: str) -> list[str]:
    return [f"FAIL CHATHISTORY INVALID_TARGET LATEST {target} :Messages could not be retrieved"]


def test_a_channels_is_its_members(server: Server, alice: Client, said: list[Message]) -> None:
    """The server MUST NOT expose the existence of valid targets to unauthorized users."""
    bob = server.client("bob", *CAPS)
    assert bob.ask("CHATHISTORY LATEST #a * 10") == refused("#a")
    assert bob.ask("CHATHISTORY LATEST #nowhere * 10") == refused("#nowhere")
    server.channel("#a", bob)
    assert len(history(bob, "LATEST #a * 50")) == len(said)
    alice.ask("KICK #a bob")
    bob.read()
    assert bob.ask("CHATHISTORY LATEST #a * 10") == refused("#a")


def test_an_invite_only_channels_ends_with_it(server: Server, alice: Client) -> None:
    """Whoever takes its name afterwards reads nothing of it."""
    server.channel("#a", alice)
    alice.ask("MODE #a +i", "PRIVMSG #a :secret", "PART #a")
    bob = server.client("bob", *CAPS)
    server.channel("#a", bob)
    assert history(bob, "LATEST #a * 10") == []
    assert history(bob, "AFTER #a timestamp=1970-01-01T00:00:00.000Z 10") == []


def test_of_two_users(server: Server, alice: Client) -> None:
    """The server SHOULD include history sent between the current user and the target nickname,
    including outgoing messages.
    """
    bob, carl = server.client("Bob", *CAPS), server.client("carl", *CAPS)
    alice.ask("PRIVMSG bob :hello")
    bob.ask("PRIVMSG alice :hi yourself")
    alice.ask("PRIVMSG carl :elsewhere")
    bob.read()
    assert texts(history(alice, "LATEST bob * 9")) == ["hello", "hi yourself"]
    assert texts(history(bob, "LATEST ALICE * 9")) == ["hello", "hi yourself"]
    carl.read()
    assert texts(history(carl, "LATEST alice * 9")) == ["elsewhere"]
    assert history(carl, "LATEST bob * 9") == []


def test_with_oneself(alice: Client) -> None:
    echoes = alice.read("PRIVMSG alice :note")
    assert len(echoes) == 2, "the message and its echo"
    assert texts(history(alice, "LATEST alice * 9")) == ["note"]


def test_the_next_holder_of_a_nick_reads_nothing(server: Server, alice: Client) -> None:
    """Direct messages are kept for the two connections that they were between."""
    bob = server.client("bob", *CAPS)
    alice.ask("PRIVMSG bob :for your eyes")
    bob.drop()
    thief = server.client("bob", *CAPS)
    assert history(thief, "LATEST alice * 9") == []
    assert history(alice, "LATEST bob * 9") == []


def test_the_same_connection_takes_its_messages_to_another_nick(
    server: Server, alice: Client
) -> None:
    bob = server.client("bob", *CAPS)
    alice.ask("PRIVMSG bob :for you")
    bob.ask("NICK robert")
    server.client("bob")
    assert texts(history(bob, "LATEST alice * 9")) == ["for you"]
    assert texts(history(alice, "LATEST robert * 9")) == ["for you"]
    assert history(alice, "LATEST bob * 9") == []


def test_nobody_asks_about_others(server: Server, alice: Client) -> None:
    assert alice.ask("CHATHISTORY LATEST nobody * 10") == refused("nobody")


def test_a_message_id_of_elsewhere_finds_only_what_is_ones_own(
    server: Server, alice: Client, said: list[Message]
) -> None:
    """A msgid is a place in the log, never a key to another's history."""
    bob = server.client("bob", *CAPS)
    server.channel("#b", bob)
    assert history(bob, f"AFTER #b {reference('msgid', said[0])} 50") == []
    assert history(bob, f"BEFORE #b {reference('msgid', said[9])} 50") == []


# -- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ("", "INVALID_PARAMS * "),
        ("SIDEWAYS #a * 5", "INVALID_PARAMS SIDEWAYS "),
        ("LATEST", "INVALID_PARAMS LATEST "),
        ("LATEST #a", "INVALID_PARAMS LATEST "),
        ("LATEST #a *", "INVALID_PARAMS LATEST "),
        ("LATEST #a * x", "INVALID_PARAMS LATEST "),
        ("LATEST #a * -1", "INVALID_PARAMS LATEST "),
        ("LATEST #a * 9999999999", "INVALID_PARAMS LATEST "),
        ("BEFORE #a * 5", "INVALID_MSGREFTYPE BEFORE "),
        ("AFTER #a id=5 5", "INVALID_MSGREFTYPE AFTER "),
        ("AFTER #a msgid=nonsense 5", "INVALID_PARAMS AFTER "),
        ("AFTER #a msgid= 5", "INVALID_PARAMS AFTER "),
        ("AFTER #a timestamp=yesterday 5", "INVALID_PARAMS AFTER "),
        ("AFTER #a timestamp=2026-13-01T00:00:00.000Z 5", "INVALID_PARAMS AFTER "),
        ("AFTER #a timestamp=2026-02-30T00:00:00.000Z 5", "INVALID_PARAMS AFTER "),
        ("AFTER #a timestamp=2026-01-01T00:00:00Z 5", "INVALID_PARAMS AFTER "),
        ("AROUND #a * 5", "INVALID_MSGREFTYPE AROUND "),
        ("BETWEEN #a msgid=x 5", "INVALID_PARAMS BETWEEN "),
        ("BETWEEN #a timestamp=2026-01-01T00:00:00.000Z * 5", "INVALID_MSGREFTYPE BETWEEN "),
        ("TARGETS", "INVALID_PARAMS TARGETS "),
        ("TARGETS timestamp=2026-01-01T00:00:00.000Z 5", "INVALID_PARAMS TARGETS "),
        ("TARGETS * timestamp=2026-01-01T00:00:00.000Z 5", "INVALID_MSGREFTYPE TARGETS "),
        ("TARGETS msgid=1-1 timestamp=2026-01-01T00:00:00.000Z 5", "INVALID_MSGREFTYPE TARGETS "),
        ("TARGETS timestamp=x timestamp=2026-01-01T00:00:00.000Z 5", "INVALID_PARAMS TARGETS "),
    ],
)
def test_requests_that_are_none(alice: Client, server: Server, request_: str, code: str) -> None:
    """If the server receives a CHATHISTORY command with missing, unexpected or invalid parameters,
    the INVALID_PARAMS error code SHOULD be returned; FAIL comes whatever was negotiated.
    """
    bare = server.client("bare")
    server.channel("#a", alice, bare)
    for client in (alice, bare):
        (fail,) = client.ask(f"CHATHISTORY {request_}")
        assert fail.startswith(f"FAIL CHATHISTORY {code}")
    (fail,) = alice.ask(f"@label=x CHATHISTORY {request_}")
    assert fail.startswith(f"FAIL CHATHISTORY {code}")


# -- then as now ------------------------------------------------------------------------------


def test_who_was_banned_reads_on_from_where_that_ended(server: Server, alice: Client) -> None:
    """Secure identification MUST exist to ensure that users cannot obtain history they are not
    authorised to view: nobody reads what was said before a ban on them was lifted.
    """
    bob, carl = server.client("bob", *CAPS), server.client("carl", *CAPS)
    server.channel("#a", alice, bob, carl)
    alice.ask("PRIVMSG #a :before", "MODE #a +b bob!*@*", "KICK #a bob", "PRIVMSG #a :meanwhile")
    msgid = history(alice, "LATEST #a * 1")[0].tags["msgid"]
    alice.ask("MODE #a -b bob!*@*", "PRIVMSG #a :after")
    server.quiet()
    server.channel("#a", bob)
    for request in ("LATEST #a * 9", "AFTER #a timestamp=1970-01-01T00:00:00.000Z 9"):
        assert texts(history(bob, request)) == ["after"]
    assert history(bob, f"BEFORE #a msgid={msgid} 9") == []
    assert texts(history(bob, f"AROUND #a msgid={msgid} 9")) == ["after"]
    assert texts(history(carl, "LATEST #a * 9")) == ["before", "meanwhile", "after"]


def test_who_stayed_through_a_ban_has_heard_it(server: Server, alice: Client) -> None:
    bob = server.client("bob", *CAPS)
    server.channel("#a", alice, bob)
    alice.ask("PRIVMSG #a :before", "MODE #a +b *!*@*", "PRIVMSG #a :meanwhile", "MODE #a -b *!*@*")
    server.quiet()
    assert texts(history(bob, "LATEST #a * 9")) == ["before", "meanwhile"]
    late = server.client("late", *CAPS)
    server.channel("#a", late)
    assert texts(history(late, "LATEST #a * 9")) == []


def test_a_lifted_ban_is_remembered_over_a_restart(open_server: OpenServer) -> None:
    server = open_server()
    alice = server.client("alice", *CAPS)
    server.channel("#a", alice)
    alice.ask("PRIVMSG #a :before", "MODE #a +b bob", "MODE #a -b bob")
    again = open_server()
    bob = again.client("bob", *CAPS)
    again.channel("#a", bob)
    assert texts(history(bob, "LATEST #a * 9")) == []


# -- where it ends ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "is_last"),
    [
        ("LATEST #a * 10", True),
        ("LATEST #a * 9", False),
        ("LATEST #a * 0", False),
        ("LATEST #a {4} 5", True),
        ("LATEST #a {4} 4", False),
        ("BEFORE #a {5} 5", True),
        ("BEFORE #a {5} 4", False),
        ("AFTER #a {5} 4", True),
        ("AFTER #a {5} 3", False),
        ("BETWEEN #a {2} {5} 2", True),
        ("BETWEEN #a {5} {2} 1", False),
        ("AROUND #a {5} 10", True),
        ("AROUND #a {5} 9", False),
        ("TARGETS timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 1", True),
        ("TARGETS timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 0", False),
    ],
)
def test_the_last_page_says_so(
    alice: Client, said: list[Message], request_: str, *, is_last: bool
) -> None:
    """The tag draft/chathistory-end on the start of a batch: what was asked for ends with it. So a
    client need not ask again where history ends at the edge of a page.
    """
    places = [reference("msgid", message) for message in said]
    start = alice.read(f"CHATHISTORY {request_.format(*places)}")[0]
    assert start.command == "BATCH"
    assert ("draft/chathistory-end" in start.tags) == is_last


def test_who_knows_no_tags_is_not_told_that_it_ends(
    server: Server, alice: Client, said: list[Message]
) -> None:
    bob = server.client("bob", "batch", "draft/chathistory")
    bob.ask("JOIN #a")
    assert not bob.read("CHATHISTORY LATEST #a * 50")[0].tags


def test_the_labelled_end_of_it(alice: Client, said: list[Message]) -> None:
    """One batch that is the whole answer to a labelled command has the label itself."""
    start, *_ = alice.read("@label=x CHATHISTORY LATEST #a * 50")
    assert start.params[1:] == ("chathistory", "#a")
    assert start.tags == {"label": "x", "draft/chathistory-end": ""}


# -- who it was -------------------------------------------------------------------------------


def test_it_tells_the_account_and_the_bot_of_then(open_server: OpenServer) -> None:
    """The lines SHOULD be as they were told: account-tag, and the tag bot, of that time."""
    server = open_server()
    ana = server.client("ana", "message-tags", account=server.account("Ana"))
    bob = server.client("bob", *CAPS, "account-tag")
    server.channel("#a", ana, bob)
    ana.ask("MODE ana +B", "PRIVMSG #a :beep", "PRIVMSG bob :boop", "MODE ana -B", "NICK eva")
    live = [message for message in bob.read() if message.command == "PRIVMSG"]
    assert {(message.tags["account"], message.tags["bot"]) for message in live} == {("Ana", "")}
    again = history(bob, "LATEST #a * 1") + history(bob, "LATEST Ana * 1")
    assert [*map(as_told, again)] == [*map(as_told, live)]
