"""The last resort: a fault of ours costs whoever met it the connection, and nobody else anything.

"No input stops it. Whatever bytes arrive, the server answers or hangs up, and goes on."
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from tests.server.house import House
from xchat.chat.apply import RULES, Rule
from xchat.chat.commands import table
from xchat.chat.events import MessageSent
from xchat.chat.fanout import Fanout

MakeHouse = Callable[..., House]
SECRET = "tell-nobody"


def break_down(*_args: Any, **_more: Any) -> NoReturn:
    raise ZeroDivisionError(SECRET)


def talk_on(house: House, *nicks: str) -> None:
    """Two who are new to it all can talk, and what they say is kept."""
    one, other = (house.join(nick, "#later") for nick in nicks)
    one.say("PRIVMSG #later :all is well")
    house.until(lambda: other.said("all is well"), "the message")
    other.say("CHATHISTORY LATEST #later * 5")
    house.until(lambda: other.count("all is well") == 2, "the history")


def test_a_handler_that_fails_costs_its_caller_the_connection(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    broken = table.COMMANDS["TIME"]._replace(handler=break_down)
    monkeypatch.setitem(table.COMMANDS, "TIME", broken)
    ana.say("TIME")
    ben.say("PING still-here")
    house.until(lambda: ana.said("ERROR") and ana.end, "ana's end")
    house.until(lambda: ben.said("still-here") and ben.said("QUIT"), "ben's PONG, and ana's QUIT")
    assert "fault of this server" in (ana.said("ERROR") or "")
    talk_on(house, "carl", "dora")


def test_an_event_that_cannot_be_applied_is_dropped(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    with monkeypatch.context() as broken:
        rules: dict[Any, Rule] = RULES
        broken.setitem(rules, MessageSent, Rule(RULES[MessageSent].check, break_down))
        ana.say("PRIVMSG #a :lost")
        house.until(lambda: ana.said("ERROR") and ana.end, "ana's end")
    house.until(lambda: ben.said("QUIT"), "ana's QUIT")
    assert ben.said("lost") is None
    talk_on(house, "carl", "dora")


def test_an_effect_that_fails_leaves_everyone_hearing_what_they_are_in(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    with monkeypatch.context() as broken:
        broken.setattr(Fanout, "leave", break_down)
        ben.say("PART #a")
        house.until(lambda: ben.end, "ben's end")
    carl = house.join("carl", "#a")
    carl.say("PRIVMSG #a :do you hear?")
    house.until(lambda: ana.said("do you hear?"), "the message")
    assert ben.said("do you hear?") is None
    talk_on(house, "dora", "ben")


def test_a_guest_whose_welcome_failed_leaves_no_ghost(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house()
    with monkeypatch.context() as broken:
        broken.setattr(Fanout, "welcome", break_down)
        eve = house.encrypt()
        eve.log_in("eve")
        house.until(lambda: eve.end, "the end")
    assert house.join("eve")


def test_the_journal_says_where_and_not_what(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house()
    ana = house.join("ana")
    broken = table.COMMANDS["TIME"]._replace(handler=break_down)
    monkeypatch.setitem(table.COMMANDS, "TIME", broken)
    ana.say("TIME")
    house.until(lambda: ana.end, "the end")
    (said,) = house.recorded("a fault of ours")
    assert said["fault"].startswith("ZeroDivisionError at test_fault.py:")
    assert SECRET not in str(house.journal)


def test_a_fault_that_is_met_again_and_again_is_recorded_once_in_a_while(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "answered, bounded, logged once, and nobody else notices" """
    house = make_house()
    broken = table.COMMANDS["TIME"]._replace(handler=break_down)
    monkeypatch.setitem(table.COMMANDS, "TIME", broken)
    for number in range(5):
        guest = house.join(f"guest{number}")
        guest.say("TIME")
        house.until(lambda guest=guest: guest.end, "the end")  # type: ignore[misc]
    assert len(house.recorded("a fault of ours")) == 1
