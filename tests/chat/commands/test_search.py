"""SEARCH (IRCv3 draft/search, soju.im/search): what is found, by whom, and in which scripts."""

from __future__ import annotations

import pytest

from tests.chat.commands.test_chathistory import as_told
from tests.chat.pair import Client, OpenServer, Server
from xchat.chat.retention import keeping
from xchat.config.settings import History
from xchat.irc.message import Message, escape_tag
from xchat.limits import HISTORY_ROWS_MAX

CAPS = ("batch", "draft/search", "echo-message", "message-tags", "server-time", "draft/multiline")


def found(client: Client, request: str, kind: str = "search") -> list[Message]:
    """Return what is in the one batch that answers a search."""
    start, *inside, end = client.read(f"SEARCH :{request}")
    assert (start.command, start.params[1:]) == ("BATCH", (kind,))
    reference = start.params[0].removeprefix("+")
    assert end.params == (f"-{reference}",)
    assert {message.tags["batch"] for message in inside} <= {reference}
    return inside


def texts(client: Client, request: str) -> list[str]:
    return [message.params[1] for message in found(client, request)]


@pytest.fixture
def alice(server: Server) -> Client:
    alice = server.client("alice", *CAPS)
    server.channel("#a", alice)
    return alice


def test_messages_as_they_were_told(server: Server, alice: Client) -> None:
    """The order SHOULD be ascending time order; the msgid tag MUST be as originally sent."""
    told = []
    for number in range(3):
        server.pass_time(1)
        told += alice.read(f"@+x=y PRIVMSG #a :fast {number}")
    alice.read("NOTICE #a :slow")
    assert [*map(as_told, found(alice, "text=fast"))] == [*map(as_told, told)]


def test_all_attributes_must_match(server: Server, alice: Client) -> None:
    """Messages matching all the specified attributes: in, from, text."""
    bob = server.client("Bob", *CAPS)
    server.channel("#a", bob)
    server.channel("#b", alice, bob)
    alice.ask("PRIVMSG #a :red apple", "PRIVMSG #b :green apple", "PRIVMSG bob :psst apple")
    bob.ask("PRIVMSG #a :red pear", "NOTICE #b :green pear")
    server.quiet()
    assert texts(alice, "text=apple") == ["red apple", "green apple", "psst apple"]
    assert texts(alice, "text=apple;in=#A") == ["red apple"]
    assert texts(alice, "in=bob") == ["psst apple"]
    assert texts(alice, "from=bob") == ["red pear", "green pear"]
    assert texts(alice, "from=BOB;in=#b") == ["green pear"]
    assert texts(alice, "text=red\\spear;from=bob") == ["red pear"]
    assert texts(alice, "text=pear;from=alice") == []


def test_between_times(server: Server, alice: Client) -> None:
    """after: sent at or after this time; before: sent at or before this time. If after is
    specified, messages SHOULD be searched from that time; otherwise from the before time.
    """
    told = []
    for number in range(6):
        server.pass_time(1)
        told += alice.read(f"PRIVMSG #a :word {number}")
    times = [message.tags["time"] for message in told]
    numbers = [f"word {number}" for number in range(6)]
    assert texts(alice, f"text=word;after={times[2]}") == numbers[2:]
    assert texts(alice, f"text=word;before={times[2]}") == numbers[:3]
    assert texts(alice, f"after={times[1]};before={times[3]}") == numbers[1:4]
    assert texts(alice, f"text=word;after={times[1]};limit=2") == numbers[1:3]
    assert texts(alice, f"text=word;before={times[4]};limit=2") == numbers[3:5]
    assert texts(alice, "text=word;limit=2") == numbers[4:]
    assert texts(alice, "text=word;before=2010-01-01T00:00:00.000Z;in=#a") == []
    assert texts(alice, "limit=0") == []


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("The quick brown fox", "QUICK fox"),
        ("The quick brown fox", "bro"),
        ("Ça déjà vu, naïve", "deja naive"),
        ("Straße nach Łódź", "strasse"),
        ("გამარჯობა მსოფლიო", "გამარ"),
        ("Привет, мир", "привет"),
        ("मेरा हिन्दी नाम", "हिन्दी"),
        ("שלום עולם", "שלום"),
        ("東京都庁に行きました", "京都庁"),
        ("東京都庁に行きました", "東京"),
        ("東京都庁に行きました", "都"),
        ("私はラーメンが好き", "ラーメン"),
        ("สวัสดีครับผมชื่อสมชาย", "ผมชื่อ"),
        ("서울에서 만나요", "서울"),
        ("ＡＢＣ full width", "abc"),
        ("party 🎉🎊 time", "🎉"),
        ("well-known foo_bar", "well-known foo_bar"),
        ("see https://example.org/path?x=1", "example.org/path"),
        ("mixed東京text", "東京 text"),
    ],
)
def test_in_every_script(alice: Client, said: str, asked: str) -> None:
    """By word where words are spaced, case and diacritics folded; by trigram where they are not."""
    alice.ask("PRIVMSG #a :nothing of that", "PRIVMSG #a :大阪 เมือง другое", f"PRIVMSG #a :{said}")
    expected = [] if said.startswith("Straße") else [said]  # ss is not ß: no language's rules
    assert texts(alice, f"text={escape_tag(asked)}") == expected


NOT_THERE = ("qui\\sfix", "uick", "都東", "京庁", '"', "*", "quick\\sOR\\sfox", "?!", "words:x")


@pytest.mark.parametrize("asked", [*NOT_THERE, "NEAR(quick\\sfox)", "-quick\\s^nope"])
def test_what_is_not_there(alice: Client, asked: str) -> None:
    """No syntax of the index is anybody's to use."""
    alice.ask("PRIVMSG #a :The quick brown fox", "PRIVMSG #a :東京都庁")
    assert texts(alice, f"text={asked}") == []


def test_in_several_lines(server: Server, alice: Client) -> None:
    """A word that goes on in the next line is one word."""
    alice.read(
        "BATCH +1 draft/multiline #a",
        "@batch=1 PRIVMSG #a :first",
        "@batch=1 PRIVMSG #a :unbe",
        "@batch=1;draft/multiline-concat PRIVMSG #a :lievable",
        "BATCH -1",
    )
    _, start, *_ = alice.read("SEARCH text=unbelievable")
    assert start.params[1] == "draft/multiline"


# -- who may ----------------------------------------------------------------------------------


def test_only_what_one_may_read(server: Server, alice: Client) -> None:
    bob, carl = server.client("bob", *CAPS), server.client("carl", *CAPS)
    alice.ask("PRIVMSG #a :secret one")
    bob.ask("PRIVMSG alice :secret two")
    assert texts(carl, "text=secret") == []
    bob.read()
    assert texts(bob, "text=secret") == ["secret two"]
    assert carl.ask("SEARCH text=secret;in=#a") == [
        "FAIL SEARCH INVALID_PARAMS in :Invalid parameters"
    ]
    server.channel("#a", carl)
    assert texts(carl, "text=secret") == ["secret one"]
    alice.ask("KICK #a carl")
    carl.read()
    assert texts(carl, "text=secret") == []


def test_what_was_redacted_is_not_found(server: Server) -> None:
    alice = server.client("alice", *CAPS, "draft/message-redaction")
    server.channel("#a", alice)
    told = alice.read(*(f"PRIVMSG #a :word {number}" for number in range(3)))
    assert len(texts(alice, "text=word")) == 3
    alice.ask(f"REDACT #a {told[1].tags['msgid']}")
    assert texts(alice, "text=word") == ["word 0", "word 2"]


def test_after_a_restart(open_server: OpenServer) -> None:
    server = open_server()
    alice = server.client("alice", *CAPS)
    server.channel("#a", alice)
    alice.ask("PRIVMSG #a :word one")
    assert texts(alice, "text=word") == ["word one"]
    alice.ask("PRIVMSG #a :word two")
    again = open_server()
    alice = again.client("alice", *CAPS)
    again.channel("#a", alice)
    assert texts(alice, "text=word") == ["word one", "word two"]


# -- how it is answered -----------------------------------------------------------------------


def test_as_soju_calls_it(server: Server) -> None:
    """The soju.im/search capability, and batch type soju.im/search."""
    alice = server.client("alice", "batch", "soju.im/search")
    assert found(alice, "text=x", "soju.im/search") == []


def test_without_batches_and_with_a_label(server: Server, alice: Client) -> None:
    bare = server.client("bare", "draft/search")
    server.channel("#a", bare)
    alice.ask("PRIVMSG #a :one")
    bare.read()
    assert bare.ask("SEARCH text=one") == [":alice PRIVMSG #a one"]
    labelled = server.client("lab", "labeled-response", *CAPS)
    outer, inner, *_ = labelled.read("@label=x SEARCH text=nothing")
    assert (outer.tags["label"], outer.params[1]) == ("x", "labeled-response")
    assert inner.params[1] == "search"


def test_as_many_as_history_tells(server: Server, alice: Client) -> None:
    """A number representing an upper bound on the count of messages to return."""
    for _ in range(11):
        alice.ask(*(f"PRIVMSG #a :word {number}" for number in range(10)))
    assert len(texts(alice, "text=word;limit=1000")) == HISTORY_ROWS_MAX
    assert len(texts(alice, "text=word")) == HISTORY_ROWS_MAX


@pytest.mark.parametrize(
    ("request_", "attribute"),
    [
        ("limit=x", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("before=yesterday", "before"),
        ("after=", "after"),
        ("color=red", "color"),
        ("in=#nowhere", "in"),
        ("in=nobody", "in"),
        ("in=,", "in"),
    ],
)
def test_requests_that_are_none(alice: Client, request_: str, attribute: str) -> None:
    """If the selectors were invalid, the INVALID_PARAMS error code SHOULD be returned."""
    assert alice.ask(f"SEARCH {request_}") == [
        f"FAIL SEARCH INVALID_PARAMS {attribute} :Invalid parameters"
    ]


def test_who_has_not_asked_for_it(server: Server) -> None:
    """The search capability MUST be negotiated."""
    assert server.client("bob").ask("SEARCH text=x") == ["421 bob SEARCH :Unknown command"]


# -- the rules of history hold ----------------------------------------------------------------


def test_what_was_said_before_a_ban_ended_is_not_found(server: Server, alice: Client) -> None:
    """What may be read is one rule for all that tells the past."""
    bob = server.client("bob", *CAPS, "draft/chathistory")
    alice.ask("PRIVMSG #a :word one", "MODE #a +b bob!*@*", "PRIVMSG #a :word two")
    alice.ask("MODE #a -b bob!*@*", "PRIVMSG #a :word three")
    server.channel("#a", bob)
    assert texts(bob, "text=word") == texts(bob, "in=#a") == ["word three"]
    told = bob.read("CHATHISTORY LATEST #a * 50")[1:-1]
    assert [message.params[1] for message in told] == ["word three"]
    assert len(texts(alice, "text=word")) == 3


def test_what_a_later_life_of_a_name_hides(server: Server) -> None:
    alice, bob = server.client("alice", *CAPS), server.client("bob", *CAPS)
    server.channel("#b", alice)
    alice.ask("MODE #b +i", "PRIVMSG #b :word one", "PART #b")
    server.channel("#b", bob)
    bob.ask("PRIVMSG #b :word two")
    assert texts(bob, "text=word") == ["word two"]


def test_what_is_not_kept_any_longer_is_not_found(server: Server, alice: Client) -> None:
    """Retention takes it from the index as from history."""
    alice.ask(*(f"PRIVMSG #a :word {number}" for number in range(5)))
    assert len(texts(alice, "text=word")) == 5
    keep = keeping(server.hub.state, History(messages_max=2))
    for _ in server.store.retaining(keep):
        pass
    assert texts(alice, "text=word") == texts(alice, "in=#a") == ["word 3", "word 4"]
