"""Across connections: nothing said is lost, nothing is told twice, nothing is sent twice."""

from __future__ import annotations

import pytest

from tests.client.scripted import PLAIN, Script, label_of, of, one, page, said
from xchat.client.session.events import (
    Disconnected,
    GapFilled,
    GapLeft,
    Joined,
    MessageKept,
    MessageReceived,
    MessageRefused,
    MessageUncertain,
    NickChanged,
    Refused,
    Registered,
)
from xchat.limits.client import GHOST_SECONDS_MAX, RETRY_SECONDS_MAX


@pytest.fixture
def lobby() -> Script:
    """Somebody in #lobby who has heard one message, m1."""
    script = Script()
    script.register()
    script.enter()
    script.server(said(1, "one"))
    return script


def come_back(script: Script, nick: str = "ana") -> str:
    """Connect again and go into #lobby; return the line that asks for the gap."""
    script.lose()
    script.register(nick)
    assert "JOIN #lobby" in script.sent()
    script.server(f"@time=2026-01-01T11:00:00.000Z :{nick}!u@h JOIN #lobby")
    return script.sent()[-1]


def texts(script: Script) -> list[str]:
    """Return all that was told, in order."""
    return [event.text for event in of(MessageReceived, script.events)]


# -- trying again -----------------------------------------------------------------------------
def test_pauses_double_and_are_spread(lobby: Script) -> None:
    pauses = []
    for _ in range(9):
        retry_at = one(Disconnected, lobby.lose()).retry_at
        assert retry_at is not None
        assert lobby.session.deadline() == retry_at
        pauses.append(retry_at - lobby.now)
    assert pauses[:4] == [0.75, 1.5, 3, 6]
    assert pauses[-1] == RETRY_SECONDS_MAX * 0.75


def test_a_connection_that_lasted_starts_the_pauses_anew(lobby: Script) -> None:
    for _ in range(5):
        lobby.lose()
    lobby.register()
    lobby.pass_time(10)
    assert one(Disconnected, lobby.lose()).retry_at == lobby.now + 0.75


def test_a_first_connection_that_fails_is_not_tried_again() -> None:
    script = Script()
    assert one(Disconnected, script.lose()).retry_at is None


def test_the_servers_last_words_are_the_reason(lobby: Script) -> None:
    lobby.server("ERROR :The server is going down")
    assert one(Disconnected, lobby.lose()).reason == "The server is going down"


def test_comes_back_into_its_channels_with_their_keys(lobby: Script) -> None:
    lobby.session.join("#secret", key="word")
    lobby.session.join("#b")
    lobby.server(":ana!u@h JOIN #secret", ":ana!u@h JOIN #b")
    lobby.lose()
    told = one(Registered, lobby.register())
    assert told.again
    assert [line for line in lobby.sent() if "JOIN" in line] == [
        "JOIN #secret word",
        "JOIN #lobby,#b",
    ]


# -- the gap ----------------------------------------------------------------------------------
def test_fills_the_gap_page_by_page_and_holds_what_is_said_meanwhile(lobby: Script) -> None:
    asked = come_back(lobby)
    assert asked.endswith("CHATHISTORY AFTER #lobby msgid=m1 100")
    lobby.server(said(5, "five, live"))
    lobby.server(*page(said(2, "two"), said(3, "three"), label=label_of(asked)))
    assert lobby.sent()[-1].endswith("CHATHISTORY AFTER #lobby msgid=m3 100")
    lobby.server(*page(said(4, "four"), said(5, "five, live")), said(6, "six, live"))
    assert lobby.sent()[-1].endswith("CHATHISTORY AFTER #lobby msgid=m5 100")
    events = lobby.server(*page())
    assert one(GapFilled, events).count == 4
    assert texts(lobby) == ["one", "two", "three", "four", "five, live", "six, live"]


def test_a_gap_cut_short_is_filled_the_next_time(lobby: Script) -> None:
    come_back(lobby)
    lobby.server(*page(said(2, "two")), said(9, "nine, live and held"))
    asked = come_back(lobby)
    assert asked.endswith("AFTER #lobby msgid=m2 100")
    lobby.server(*page(said(3, "three"), said(9, "nine, live and held")))
    lobby.server(*page())
    assert texts(lobby) == ["one", "two", "three", "nine, live and held"]


def test_a_gap_with_nothing_heard_before_starts_at_the_join() -> None:
    script = Script()
    script.register()
    script.enter()
    asked = come_back(script)
    assert asked.endswith("CHATHISTORY AFTER #lobby timestamp=2026-01-01T09:59:59.999Z 100")


def test_an_id_that_the_server_has_forgotten_is_replaced_by_the_time(lobby: Script) -> None:
    asked = come_back(lobby)
    label = label_of(asked)
    lobby.server(f"@label={label} FAIL CHATHISTORY INVALID_MSGREFTYPE AFTER #lobby :Unknown")
    assert lobby.sent()[-1].endswith("AFTER #lobby timestamp=2026-01-01T10:00:00.999Z 100")
    lobby.server(*page(said(1, "one"), said(2, "two")))
    lobby.server(*page())
    assert texts(lobby) == ["one", "two"]


def test_a_gap_that_cannot_be_filled_is_told(lobby: Script) -> None:
    come_back(lobby)
    lobby.server("FAIL CHATHISTORY MESSAGE_ERROR AFTER #lobby :Broken")
    events = lobby.server("FAIL CHATHISTORY MESSAGE_ERROR AFTER #lobby :Broken", said(7, "live"))
    assert one(GapLeft, events).words == "Broken"
    assert texts(lobby) == ["one", "live"]


def test_a_page_that_never_comes_does_not_hold_the_channel(lobby: Script) -> None:
    come_back(lobby)
    lobby.server(said(7, "live"))
    events = lobby.pass_time(20)
    assert "did not answer" in one(GapLeft, events).words
    assert texts(lobby) == ["one", "live"]


def test_a_server_without_history_leaves_the_gap_and_says_so() -> None:
    script = Script(caps=PLAIN)
    script.register()
    script.enter()
    script.lose()
    script.register()
    assert "no history" in one(GapLeft, script.enter()).words


# -- our own lines ----------------------------------------------------------------------------
def test_lines_typed_while_away_are_sent_once_after_the_gap(lobby: Script) -> None:
    lobby.lose()
    lobby.session.say("#lobby", "typed while away")
    lobby.register()
    lobby.sent()
    lobby.server(":ana!u@h JOIN #lobby")
    assert len(lobby.sent()) == 1
    lobby.server(*page())
    (sent,) = lobby.sent()
    assert sent.endswith("PRIVMSG #lobby :typed while away")
    lobby.server(said(2, "typed while away", nick="ana", more=f"label={label_of(sent)};"))
    assert lobby.session.idle


def test_a_line_never_echoed_is_found_in_the_history(lobby: Script) -> None:
    (line,) = lobby.session.say("#lobby", "was it kept?")
    come_back(lobby)
    lobby.server(*page(said(2, "was it kept?", nick="ana")))
    events = lobby.server(*page())
    assert one(MessageKept, lobby.events).line == line
    assert of(MessageReceived, events) == []
    assert lobby.sent()[-1:] != ["PRIVMSG"]
    assert lobby.session.idle
    assert texts(lobby) == ["one", "was it kept?"]


def test_a_line_that_the_history_does_not_have_is_sent_again_in_order(lobby: Script) -> None:
    lobby.session.say("#lobby", "first\nsecond")
    lobby.lose()
    lobby.session.say("#lobby", "third")
    lobby.register()
    lobby.server(":ana!u@h JOIN #lobby")
    lobby.sent()
    lobby.server(*page(said(2, "first", nick="ana")))
    lobby.sent()
    lobby.server(*page())
    assert [line.rpartition(" ")[2] for line in lobby.sent()] == ["second", "third"]


def test_equal_lines_are_counted_not_merged(lobby: Script) -> None:
    lobby.session.say("#lobby", "ha\nha\nha")
    come_back(lobby)
    lobby.server(*page(said(2, "ha", nick="ana"), said(3, "ha", nick="ana")))
    lobby.sent()
    lobby.server(*page())
    assert len(lobby.sent()) == 1
    assert len(of(MessageKept, lobby.events)) == 2


def test_a_private_line_cut_off_is_uncertain_and_not_sent_again(lobby: Script) -> None:
    """Direct messages have no history: nobody can tell, so the person decides."""
    lobby.session.say("gio", "psst")
    uncertain = one(MessageUncertain, lobby.lose())
    assert (uncertain.target, uncertain.text) == ("gio", "psst")
    lobby.register()
    assert not any("psst" in line for line in lobby.sent())
    assert lobby.session.unsettled == 0


def test_where_the_channel_is_shut_to_us_the_waiting_lines_are_refused(lobby: Script) -> None:
    lobby.lose()
    lobby.session.say("#lobby", "too late")
    lobby.register()
    events = lobby.server(":s 474 ana #lobby :Cannot join channel (+b)")
    assert one(MessageRefused, events).text == "too late"


# -- our own ghost ----------------------------------------------------------------------------
def ghosted(script: Script) -> None:
    """Come back while the server still holds the old connection with our nick."""
    script.lose()
    script.negotiate()
    script.sent()
    script.server(":s 433 * ana :Nickname is already in use")
    assert script.sent() == ["NICK ana_"]
    script.welcome("ana_")
    script.sent()
    script.server("@time=2026-01-01T11:00:00.000Z :ana_!u@h JOIN #lobby")


def test_takes_another_nick_and_asks_for_its_own(lobby: Script) -> None:
    ghosted(lobby)
    lobby.server(*page())
    assert lobby.session.nick == "ana_"
    lobby.sent()
    lobby.pass_time(3)
    assert lobby.sent() == ["NICK ana"]
    assert of(Refused, lobby.server(":s 433 ana_ ana :Nickname is already in use")) == []
    lobby.pass_time(3)
    assert lobby.sent() == ["NICK ana"]
    lobby.pass_time(3)
    assert lobby.sent() == []


def test_takes_its_own_nick_back_when_the_ghost_goes(lobby: Script) -> None:
    ghosted(lobby)
    lobby.server(*page())
    lobby.sent()
    lobby.server(":ana!u@h QUIT :Ping timeout")
    assert lobby.sent() == ["NICK ana"]
    assert one(NickChanged, lobby.server(":ana_!u@h NICK :ana")).own
    assert lobby.session.nick == "ana"
    lobby.pass_time(60)
    assert "NICK ana" not in lobby.sent()


def test_lines_of_the_ghost_are_waited_for_before_they_are_sent_again(lobby: Script) -> None:
    """The old connection may yet deliver them: sent again at once, they would be said twice."""
    lobby.session.say("#lobby", "late\nlost")
    ghosted(lobby)
    lobby.session.say("#lobby", "new")
    lobby.server(*page())
    assert not any("PRIVMSG" in line for line in lobby.sent())
    assert one(MessageKept, lobby.server(said(2, "late", nick="ana"))).msgid == "m2"
    lobby.server(":ana!u@h QUIT :Ping timeout", ":ana_!u@h NICK :ana")
    assert lobby.sent()[-1].endswith("AFTER #lobby msgid=m2 100")
    lobby.server(*page())
    assert [line.rpartition(" ")[2] for line in lobby.sent()] == ["lost", "new"]
    assert texts(lobby) == ["one", "late"]


def test_a_ghost_is_not_waited_for_longer_than_it_can_live(lobby: Script) -> None:
    lobby.session.say("#lobby", "lost")
    ghosted(lobby)
    lobby.server(*page())
    lobby.sent()
    lobby.pass_time(GHOST_SECONDS_MAX)
    asked = next(line for line in lobby.sent() if "CHATHISTORY" in line)
    assert asked.endswith("AFTER #lobby msgid=m1 100")
    lobby.server(*page())
    assert any(line.endswith("PRIVMSG #lobby lost") for line in lobby.sent())


def test_someone_elses_nick_is_not_taken_for_a_join_of_ours(lobby: Script) -> None:
    ghosted(lobby)
    assert not one(Joined, lobby.server(":ana!other@else JOIN #lobby")).own
