"""Commands keep their place among the lines that were typed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.scripted import PLAIN, Script, label_of, of, one, said
from tests.e2e.programs import Server, run
from xchat.client.leaving import Leaving
from xchat.client.session import Session
from xchat.client.session.events import (
    JoinRefused,
    MessageRefused,
    NamesListed,
    NickChanged,
    Parted,
    Refused,
    TopicChanged,
)
from xchat.errors import UsageError
from xchat.limits.client import FLYING_LINES_MAX, JOIN_SECONDS_MAX


@pytest.fixture
def lobby() -> Script:
    """Somebody in #lobby, with every capability."""
    script = Script()
    script.register()
    script.enter()
    return script


def bare(script: Script) -> list[str]:
    """Return what was written, without labels."""
    return [line.partition(" ")[2] if line[:1] == "@" else line for line in script.sent()]


# -- leaving what is being entered ------------------------------------------------------------
def test_a_part_waits_for_the_answer_to_the_join(lobby: Script) -> None:
    lobby.answers = False
    lobby.session.join("#gone")
    lobby.session.say("#gone", "in other")
    lobby.session.part("#gone")
    assert bare(lobby) == ["JOIN #gone"]
    lobby.answers = True
    lobby.server(":ana!u@h JOIN #gone")
    line, part = lobby.sent()
    assert (line.partition(" ")[2], part) == ("PRIVMSG #gone :in other", "PART #gone")
    more = f"label={label_of(line)};"
    echo = said(1, "in other", nick="ana", target="#gone", more=more)
    events = lobby.server(echo, ":ana!u@h PART #gone")
    assert one(Parted, events).channel == "#gone"
    assert of(MessageRefused, lobby.events) == []
    assert lobby.session.channels == ("#lobby",)
    assert lobby.session.idle


def test_a_part_of_a_channel_that_lets_us_not_in_is_not_sent(lobby: Script) -> None:
    lobby.session.join("#gone")
    lobby.session.say("#gone", "in other")
    lobby.session.part("#gone")
    lobby.sent()
    events = lobby.server(":s 473 ana #gone :No")
    assert one(JoinRefused, events).words == "No"
    assert one(MessageRefused, events).words == "No"
    assert lobby.sent() == []
    lobby.server()
    assert lobby.session.idle


def test_a_join_that_is_never_answered_is_left_in_the_end(lobby: Script) -> None:
    lobby.session.join("#gone")
    lobby.session.part("#gone")
    lobby.sent()
    lobby.server()
    assert lobby.session.deadline() == lobby.now + JOIN_SECONDS_MAX
    lobby.pass_time(JOIN_SECONDS_MAX)
    assert lobby.sent() == []
    lobby.server()
    assert lobby.session.idle


def test_a_channel_left_and_entered_again_is_entered(lobby: Script) -> None:
    lobby.session.part("#lobby", "tea")
    lobby.session.join("#lobby")
    lobby.session.say("#lobby", "back")
    assert lobby.session.channels == ("#lobby",)
    assert bare(lobby) == ["PART #lobby tea"]
    lobby.server(":ana!u@h PART #lobby :tea")
    assert bare(lobby) == ["JOIN #lobby"]
    lobby.server(":ana!u@h JOIN #lobby")
    assert bare(lobby) == ["PRIVMSG #lobby back"]
    assert of(MessageRefused, lobby.events) == []


def test_the_last_word_counts_however_often_it_changes(lobby: Script) -> None:
    for _ in range(2):
        lobby.session.part("#lobby")
        lobby.session.join("#lobby")
    seen = []
    for line in (":ana!u@h PART #lobby", ":ana!u@h JOIN #lobby") * 2:
        seen += lobby.sent()
        lobby.server(line)
    assert seen == ["PART #lobby", "JOIN #lobby"] * 2
    assert lobby.session.channels == ("#lobby",)


def test_a_channel_that_we_are_not_in_cannot_be_left(lobby: Script) -> None:
    with pytest.raises(UsageError, match="you are not in #other"):
        lobby.session.part("#other")


# -- after the lines, before the lines --------------------------------------------------------
def test_a_nick_changes_between_the_lines(lobby: Script) -> None:
    """`one`, `/nick later`, `two`: one is ana's, two is later's."""
    for number in range(FLYING_LINES_MAX):
        lobby.session.say("#lobby", f"line {number}")
    lobby.session.say("#lobby", "one")
    lobby.session.change_nick("later")
    lobby.session.say("#lobby", "two")
    first = lobby.sent()
    assert len(first) == FLYING_LINES_MAX
    lobby.server(said(1, "line 0", nick="ana", more=f"label={label_of(first[0])};"))
    assert bare(lobby) == ["PRIVMSG #lobby one", "NICK later"]
    lobby.server(said(2, "line 1", nick="ana", more=f"label={label_of(first[1])};"),
                 ":ana!u@h NICK later")  # fmt: skip
    assert one(NickChanged, lobby.events).own
    assert bare(lobby) == ["PRIVMSG #lobby two"]


@pytest.mark.parametrize("caps", [PLAIN, "echo-message"])
def test_what_follows_a_nick_waits_for_its_answer(caps: str) -> None:
    """Else nobody could tell under which nick a line of ours was kept."""
    script = Script(caps=caps)
    script.register()
    script.enter()
    script.answers = False
    script.session.change_nick("later")
    script.session.say("#lobby", "two")
    assert script.sent() == ["NICK later"]
    script.answers = True
    script.server(":s 433 ana later :Nickname is already in use")
    assert script.sent()[0] == "PRIVMSG #lobby two"


def test_lines_leave_room_for_the_nick_that_is_asked_for(lobby: Script) -> None:
    longer = "a" * 30
    lobby.session.change_nick(longer)
    lobby.session.say("#lobby", "x" * 480)
    lobby.sent()
    lobby.server(f":ana!u@h NICK {longer}")
    for line in bare(lobby):
        assert len(f":{longer}!u@h {line}\r\n".encode()) <= 512


def test_topics_and_questions_wait_for_the_lines_of_their_channel(lobby: Script) -> None:
    for number in range(FLYING_LINES_MAX + 1):
        lobby.session.say("#lobby", f"{number}")
    lobby.session.change_topic("#lobby", "Tea")
    lobby.session.ask_history("#lobby", 1)
    first = lobby.sent()
    lobby.server(said(1, "0", nick="ana", more=f"label={label_of(first[0])};"))
    assert bare(lobby) == [f"PRIVMSG #lobby {FLYING_LINES_MAX}", "TOPIC #lobby Tea"]
    lobby.server(":ana!u@h TOPIC #lobby Tea")
    assert bare(lobby) == ["CHATHISTORY LATEST #lobby * 100"]


class Slow:
    """A server that answers line by line, when it is told to; `got` is what it was sent."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._waiting: list[str] = []
        self.got: list[str] = []

    def answer(self) -> bool:
        """Answer the next line; return whether there was one."""
        session = self._script.session
        self._waiting += session.take().decode().split("\r\n")[:-1]
        if not self._waiting:
            return False
        line = self._waiting.pop(0)
        label = label_of(line)
        bare_line = line.partition(" ")[2] if label else line
        self.got += [] if bare_line.startswith("PING") else [bare_line]
        said_back = _answer(bare_line, session.nick)
        head = f"@label={label} " if label else ""
        session.feed(f"{head}{said_back}\r\n".encode(), self._script.now)
        return True


def _answer(line: str, nick: str) -> str:
    return f":s PONG s {line[5:]}" if line.startswith("PING") else f":{nick}!u@h {line}"


TYPED: dict[str, tuple[str, Callable[[Session, str], object]]] = {
    "say": ("PRIVMSG #lobby {}", lambda session, word: session.say("#lobby", word)),
    "nick": ("NICK {}", lambda session, word: session.change_nick(word)),
    "topic": ("TOPIC #lobby {}", lambda session, word: session.change_topic("#lobby", word)),
    "part": ("PART #lobby {}", lambda session, word: session.part("#lobby", word)),
    "join": ("JOIN #lobby", lambda session, _: session.join("#lobby")),
}
"""What is typed, to the line that the server should see, and the doing."""


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(list(TYPED))), st.randoms())
def test_what_is_typed_arrives_in_its_order(typed: list[str], chance: Random) -> None:
    """However slowly the server answers, and whatever is typed meanwhile."""
    script, wanted, inside = Script(), [], True
    script.register()
    script.enter()
    server = Slow(script)
    for number, what in enumerate(typed):
        if inside is (what == "join"):
            continue  # one cannot join twice, or speak outside
        inside = {"part": False, "join": True}.get(what, inside)
        line, do = TYPED[what]
        wanted.append(line.format(f"w{number}"))
        do(script.session, f"w{number}")
        while chance.random() < 0.5 and server.answer():
            pass
    while server.answer():
        pass
    assert server.got == wanted
    assert script.session.idle


# -- and the connection breaks ----------------------------------------------------------------
def test_what_is_wanted_all_the_same_is_asked_again(lobby: Script) -> None:
    lobby.session.change_nick("later")
    lobby.session.part("#lobby")
    lobby.lose()
    lobby.register()
    assert [line for line in lobby.sent() if "CAP" not in line] == [
        "NICK ana", "USER xchat 0 * XChat", "JOIN #lobby",
    ]  # fmt: skip
    lobby.server(":ana!u@h JOIN #lobby")
    assert "NICK later" in lobby.sent()
    lobby.server(":ana!u@h NICK later")
    assert lobby.sent() == ["PART #lobby"]


def test_what_was_asked_and_not_answered_is_told(lobby: Script) -> None:
    lobby.session.ask_names("#lobby")
    lobby.session.change_topic("#lobby", "Tea")
    refused = of(Refused, lobby.lose())
    assert [it.about for it in refused] == [("NAMES", "#lobby"), ("TOPIC", "#lobby", "Tea")]


def test_a_part_without_a_connection_waits_for_the_lines_before_it(lobby: Script) -> None:
    lobby.lose()
    lobby.session.say("#lobby", "last words")
    lobby.session.part("#lobby")
    lobby.register()
    lobby.sent()
    assert "#lobby" not in lobby.session.channels
    lobby.server("@time=2026-01-01T11:00:00.000Z :ana!u@h JOIN #lobby")
    asked = lobby.sent()[-1]
    lobby.server(f"@label={label_of(asked)} :s BATCH +b chathistory #lobby", ":s BATCH -b")
    assert bare(lobby) == ["PRIVMSG #lobby :last words", "PART #lobby"]


def test_a_part_without_a_connection_and_lines_is_done_at_once(lobby: Script) -> None:
    lobby.lose()
    lobby.session.part("#lobby")
    assert lobby.session.channels == ()
    lobby.register()
    assert "JOIN #lobby" not in lobby.sent()


def test_leaving_waits_as_long_as_commands_get_on(
    lobby: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe of commands is done to its end, however slow the server is."""
    clock = [0.0]
    monkeypatch.setattr("xchat.client.leaving.time", SimpleNamespace(monotonic=lambda: clock[0]))
    leaving = Leaving(lobby.session, patience=10)
    for number in range(3):
        lobby.session.change_topic("#lobby", f"{number}")
    leaving.begin()
    topics = []
    while not lobby.session.leaving:
        leaving.turn()
        topics += [line for line in lobby.sent() if line.startswith("TOPIC")]
        clock[0] += 8
        lobby.server()
    assert topics == ["TOPIC #lobby 0", "TOPIC #lobby 1", "TOPIC #lobby 2"]


# -- answers that say: nothing ----------------------------------------------------------------
def test_no_topic_is_an_answer_where_it_was_asked_for(lobby: Script) -> None:
    assert not one(TopicChanged, lobby.server(":s 331 ana #lobby :No topic is set")).asked
    lobby.session.ask_topic("#lobby")
    assert one(TopicChanged, lobby.server(":s 331 ana #lobby :No topic is set")).asked


def test_names_of_a_channel_that_we_are_not_in(lobby: Script) -> None:
    assert of(NamesListed, lobby.server(":s 366 ana #other :End")) == []
    lobby.session.ask_names("#other")
    events = lobby.server(":s 353 ana = #other :@gio eka!e@h", ":s 366 ana #other :End")
    assert one(NamesListed, events).names == ("@gio", "eka")
    lobby.session.ask_names("#other")
    assert one(NamesListed, lobby.server(":s 366 ana #other :End")).names == ()


# -- the whole of it --------------------------------------------------------------------------
def test_three_lines_in_one_write(server: Server) -> None:
    """`/join #gone`, `in other`, `/part`: the line is kept, and we are out of the channel."""
    typed = "/join #gone\nin other\n/part\none\n/nick later\ntwo\n/topic\n/names #nowhere\n"
    done = run("xchat-client", "--ca", server.ca, f"ana@localhost:{server.port}", "#lobby",
               stdin=f"{typed}/whois later\n")  # fmt: skip
    assert done.returncode == 0, done.stdout
    told = [line[6:] if line[2:3] == ":" else line for line in done.stdout.splitlines()]
    wanted = ["#gone ana: in other", "you left #gone", "ana: one", "you are later now",
              "later: two", "#lobby has no topic", "nobody is in #nowhere that you may see",
              "later is in @#lobby"]  # fmt: skip
    assert [line for line in told if line in wanted] == wanted, done.stdout
    assert "! " not in done.stdout
