"""Whatever clients give and logs hold, every line that comes of it can be written out."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chat.pair import START_MS, OpenServer
from xchat.chat import effects, events
from xchat.chat.apply import apply
from xchat.chat.commands.table import COMMANDS
from xchat.chat.lines import Line, render
from xchat.chat.log import Entry
from xchat.chat.state import State
from xchat.irc.capabilities import EXTENDED_JOIN, MESSAGE_TAGS, SERVER_TIME
from xchat.irc.message import parse
from xchat.limits import LINE_BYTES_MAX

ALL = EXTENDED_JOIN | MESSAGE_TAGS | SERVER_TIME
UIDS = st.sampled_from(["1.1", "1.2"])
ODD = st.sampled_from(
    ["", " ", ":", ":x", "::", "a b", " x", "x" * 600, "ა" * 200, "𐐨" * 150, "אב", "x\r\ny", "\0"]
) | st.text(max_size=6)  # fmt: skip
SHORT = st.sampled_from(["u", "u v", "", ":", "x\r\ny", "ა" * 20])
NAMES = st.sampled_from(["#a", "#b", "#:", "# x", "#a:b", f"#{'𐐨' * 99}"])
CHANGES = st.builds(
    events.ModeChange,
    st.sampled_from("+-"),
    st.sampled_from("qaohvbeIklimnstuRMCU"),
    UIDS | ODD,
    st.sampled_from([0, 60]),
)
FIELDS: dict[str, st.SearchStrategy[object]] = {
    "uid": UIDS,
    "target": UIDS | NAMES,
    "channel": NAMES,
    "changes": st.lists(CHANGES, max_size=13).map(tuple),
    "founder": st.sampled_from(["", "1", "5", "gone"]),
    "due": st.just(10**9),
    "server": st.just("server"),
    "letter": st.sampled_from([*"qaohv", "", "x", "ab"]),
    "channels_max": st.sampled_from([0, 1, 20]),
    "ts": st.sampled_from([0, 1 << 50]),
    "device_is_away": st.booleans(),
    "stays": st.booleans(),
    "invites_max": st.sampled_from([0, 1, 60]),
    "entries_max": st.sampled_from([0, 2]),
    "command": st.sampled_from(["PRIVMSG", "NOTICE", "TAGMSG"]),
    "modes": st.sampled_from(["", "i"]),
    "voice": st.sampled_from(["", "mal/d", "*bilbo*", "=Scene="]) | SHORT,
    "node": st.just("n"),
    "accepted": st.booleans(),
    "tags": st.dictionaries(st.sampled_from(["+x", "+typing"]), ODD, max_size=2),
    "values": st.dictionaries(st.sampled_from(["a", "b"]), st.none() | ODD, max_size=2),
    "metadata": st.dictionaries(st.sampled_from(["a", "b"]), ODD, max_size=2),
    "user": SHORT,
    "host": SHORT,
    "nick": st.sampled_from(["ana", "ბეა", "𐐨" * 90, "x" * 200]) | st.text(max_size=6),
    "kind": st.sampled_from(["account", "mask", "address"]),
    "mask": st.sampled_from(["ana", "ana!*@*", "10.0.0.0/24"]) | ODD,
    "until": st.sampled_from([0, 1 << 70]),
    "bans_max": st.just(0),
    "sha256": st.sampled_from(["ab", "cd"]),
    "at": st.sampled_from([0, 1]),
    "uses": st.sampled_from([1, 2]),
    "key": st.sampled_from(["", "k1"]),
    "sids": st.just(("1.1",)),
    "event": st.deferred(lambda: st.one_of([of(kind) for kind in PLAIN])),
}
PLAIN: tuple[type[events.Event], ...] = tuple(
    kind for kind in events.Kept.__args__ if kind is not events.Administered
)
KINDS = (*events.Kept.__args__, events.TypingNotified, events.AwayChanged, events.WallopsSent)


def of(kind: type[events.Event]) -> st.SearchStrategy[events.Event]:
    """Return events of a kind, with odd things in their fields."""
    return st.builds(kind, **{name: FIELDS.get(name, ODD) for name in kind.__struct_fields__})


def lines_of(effect: effects.Effect) -> Iterator[Line]:
    """Yield what an effect has told, to whomever."""
    line = getattr(effect, "line", None)
    if line is not None:
        yield line


def check_written(data: bytes) -> None:
    """Hold a line to its form: one, no longer than it may be, and readable."""
    assert data.endswith(b"\r\n")
    assert not set(b"\r\n\0") & set(data[:-2])
    body = data.partition(b" ")[2] if data.startswith(b"@") else data
    assert len(body) <= LINE_BYTES_MAX
    assert parse(data[:-2]).source != ""


@given(st.lists(st.one_of([of(kind) for kind in KINDS]), max_size=30))
@settings(max_examples=300, deadline=None)
def test_every_line_that_an_event_comes_to(log: list[events.Event]) -> None:
    state = State()
    for uid, nick in (("1.1", "bea"), ("1.2", "gio")):
        known = events.UserRegistered(
            uid=uid, node="m", nick=nick, user="u", host="h", realname="r"
        )
        log = [known, events.ChannelJoined(uid=uid, channel="#a"), *log]
    for seq, event in enumerate(log, 1):
        for effect in apply(state, Entry(seq, START_MS, event), "log").effects:
            for line in lines_of(effect):
                for caps in (0, EXTENDED_JOIN, ALL):
                    told = render(line, caps)
                    for one in told.split(b"\r\n")[:-1]:
                        check_written(one + b"\r\n")
                    assert told.endswith(b"\r\n") or not told


WORDS = st.sampled_from(
    ["#a", "#b", "alice", "bob", "+b", "+bb-b", "+kl", "+o", "LATEST", "*", ":", ":x", ":a b", "::",
     ":!@", "x" * 120, "ა" * 90, "𐐨" * 40, "אב", "*!*@*", "a!:b@:c", "\u202e", "#𐐨:", "#a,#b,:c"]
)  # fmt: skip
LINES = st.builds(
    lambda command, words: " ".join((command, *words)),
    st.sampled_from(sorted(COMMANDS.keys() - {"QUIT"})),
    st.lists(WORDS, max_size=4),
)


def test_every_line_that_is_told(open_server: OpenServer) -> None:
    """No parameter of a client, wherever it is said back, ends a turn or breaks a line."""
    server = open_server()
    alice = server.client("alice", "message-tags", "server-time", "extended-join", "setname")
    bob = server.client("bob")
    alice.ask("JOIN #a")
    bob.ask("JOIN #a")

    @given(st.lists(LINES, max_size=6))
    @settings(max_examples=300, deadline=None)
    def holds(lines: list[str]) -> None:
        alice.send(*(line.encode()[:510].decode(errors="ignore") for line in lines))
        for client in (alice, bob):
            for data in client.read_raw():
                check_written(data)

    holds()
