"""Events to changed state, rows and effects (chat/apply): pure, deterministic, checked twice."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from xchat.chat import apply as apply_package
from xchat.chat import effects, events
from xchat.chat.apply import RULES, apply, check
from xchat.chat.apply.step import Step, direct_target, make_msgid, seq_of
from xchat.chat.kept import state_of
from xchat.chat.log import Entry
from xchat.chat.refused import Ignored, Refused
from xchat.chat.state import State

LOG_ID = "c0ffee"
APPLY = apply_package.__name__


class World:
    """A state and the log it follows."""

    def __init__(self) -> None:
        self.state = State()
        self.seq = 0
        self.log: list[Entry] = []

    def apply(self, event: events.Event, *, kept: bool = True) -> Step:
        """Give an event its place and apply it."""
        self.seq += kept
        entry = Entry(self.seq if kept else 0, 1_000 * (len(self.log) + 1), event)
        self.log.append(entry)
        return apply(self.state, entry, LOG_ID)

    def user(self, uid: str) -> None:
        """Let a user in, whose nick is their uid."""
        self.apply(
            events.UserRegistered(uid=uid, node="n", nick=uid, user="u", host="h", realname="R")
        )

    def join(self, uid: str, channel: str = "#a") -> Step:
        return self.apply(events.ChannelJoined(uid=uid, channel=channel))

    def say(self, uid: str, target: str, text: str = "hi") -> Step:
        return self.apply(events.MessageSent(uid=uid, command="PRIVMSG", target=target, text=text))


@pytest.fixture
def world() -> World:
    """Alice, the operator, and bob in #a; carl is outside it."""
    world = World()
    for uid in ("alice", "bob", "carl"):
        world.user(uid)
    world.join("alice")
    world.join("bob")
    return world


def mode(uid: str, *changes: events.ModeChange) -> events.ModesChanged:
    return events.ModesChanged(uid=uid, channel="#a", changes=changes)


# -- the table --------------------------------------------------------------------------------


def test_every_event_has_its_rule() -> None:
    assert set(RULES) == set(events.Event.__subclasses__())


def modules() -> list[ModuleType]:
    found = [pkgutil.resolve_name(name) for name in sorted(sys.modules) if name.startswith(APPLY)]
    assert len(found) > 8
    return found


def test_nothing_in_it_asks_for_a_clock_or_for_chance() -> None:
    """`apply` is pure and deterministic: no clock, chance, node name or set order."""
    for module in modules():
        source = Path(inspect.getsourcefile(module) or "").read_text()
        imported = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not imported & {"time", "datetime", "random", "secrets", "os", "uuid"}


def test_the_same_log_makes_the_same_state_and_the_same_words(world: World) -> None:
    for event in (
        events.NickChanged(uid="bob", nick="ბობი"),
        mode("alice", events.ModeChange("+", "v", "bob"), events.ModeChange("+", "k", "key")),
        events.MessageSent(uid="bob", command="PRIVMSG", target="#a", text="hi"),
        events.TopicChanged(uid="alice", channel="#a", topic="t"),
        events.UserQuit(uid="alice", reason="x"),
    ):
        world.apply(event)
    one, other = State(), State()
    for entry in world.log:
        first, second = apply(one, entry, LOG_ID), apply(other, entry, LOG_ID)
        assert first.effects == second.effects
        assert first.history == second.history
        assert one.changes() == other.changes()


def test_the_rows_make_the_same_state_again(world: World) -> None:
    """From those rows `kept.state_of` builds the same state."""
    rows = dict(world.state.changes())
    again = state_of((key, value) for key, value in sorted(rows.items()) if value is not None)
    assert again.users == world.state.users
    assert again.channels == world.state.channels
    assert again.members == world.state.members
    assert again.nicks == world.state.nicks
    assert {uid: set(names) for uid, names in again.joined.items()} == {
        uid: set(names) for uid, names in world.state.joined.items()
    }


# -- claims that no longer hold ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (events.NickChanged(uid="bob", nick="ALICE"), "433"),
        (
            events.UserRegistered(
                uid="x", node="n", nick="alice", user="u", host="h", realname="R"
            ),
            "433",
        ),
        (events.ChannelParted(uid="carl", channel="#a"), "442"),
        (events.ChannelParted(uid="carl", channel="#nowhere"), "403"),
        (events.UserKicked(uid="bob", channel="#a", target="alice", reason="x"), "482"),
        (events.UserKicked(uid="alice", channel="#a", target="carl", reason="x"), "441"),
        (events.UserKicked(uid="alice", channel="#a", target="gone", reason="x"), "401"),
        (events.TopicChanged(uid="bob", channel="#a", topic="x"), "482"),
        (events.TopicChanged(uid="carl", channel="#a", topic="x"), "442"),
        (mode("bob", events.ModeChange("+", "m")), "482"),
        (events.UserInvited(uid="carl", channel="#a", target="bob"), "442"),
        (events.UserInvited(uid="alice", channel="#a", target="bob"), "443"),
        (events.UserInvited(uid="alice", channel="#a", target="gone"), "401"),
        (events.MessageSent(uid="carl", command="PRIVMSG", target="#a", text="x"), "404"),
        (events.MessageSent(uid="carl", command="PRIVMSG", target="gone", text="x"), "401"),
        (events.TypingNotified(uid="carl", target="#nowhere", tags={}), "403"),
    ],
    ids=str,
)
def test_it_is_refused_at_once_and_at_its_place(
    world: World, event: events.Event, code: str
) -> None:
    """It re-checks what may have changed since; a claim that no longer holds changes nothing, and
    its one effect is the answer.
    """
    with pytest.raises(Refused) as refused:
        check(world.state, event)
    assert refused.value.numeric.code == code
    world.state.changes()
    step = world.apply(event)
    (answer,) = step.effects
    assert isinstance(answer, effects.Answer)
    assert answer.numeric.code == code
    assert (step.history, world.state.changes()) == ([], [])


@pytest.mark.parametrize(
    "event",
    [
        events.UserQuit(uid="gone", reason="x"),
        events.NickChanged(uid="gone", nick="x"),
        events.ChannelJoined(uid="gone", channel="#a"),
        events.ChannelJoined(uid="bob", channel="#A"),
        events.MessageSent(uid="gone", command="PRIVMSG", target="#a", text="x"),
        events.MessageSent(uid="carl", command="NOTICE", target="#a", text="x"),
        events.AwayChanged(uid="gone", message="x"),
        events.UserModesChanged(uid="gone", modes="i"),
        events.ChannelParted(uid="gone", channel="#a"),
        events.UserKicked(uid="gone", channel="#a", target="bob", reason="x"),
        events.TopicChanged(uid="gone", channel="#a", topic="x"),
        events.UserInvited(uid="gone", channel="#a", target="carl"),
        mode("gone", events.ModeChange("+", "m")),
        events.TypingNotified(uid="gone", target="#a", tags={}),
        events.RealnameChanged(uid="gone", realname="x"),
    ],
    ids=str,
)
def test_what_the_gone_ask_for_comes_to_nothing(world: World, event: events.Event) -> None:
    with pytest.raises(Ignored):
        check(world.state, event)
    world.state.changes()
    step = world.apply(event)
    assert (step.effects, step.history, world.state.changes()) == ([], [], [])


# -- messages ---------------------------------------------------------------------------------


def test_a_message_is_a_row_of_history_and_one_effect(world: World) -> None:
    step = world.say("bob", "#A", "hello")
    (row,) = step.history
    channel = world.state.channels["#a"]
    assert (row.target, row.seq, row.shown, row.text) == (channel.cid, world.seq, "#a", "hello")
    (effect,) = step.effects
    assert isinstance(effect, effects.ChannelMessage)
    assert effect.line.msgid == make_msgid(LOG_ID, world.seq)
    assert world.state.channels["#a"].spoken


def test_a_direct_message_belongs_to_two_connections(world: World) -> None:
    (one,) = world.say("alice", "carl").history
    (other,) = world.say("carl", "alice").history
    assert one.target == other.target == direct_target("carl", "alice")
    assert direct_target("a", "b") != direct_target("a", "c")


def test_tags_alone_are_kept_too(world: World) -> None:
    """Event-playback: "the server SHOULD send additional lines [...] but not limited to TAGMSG"."""
    react = {"+draft/react": "+1"}
    for target in ("#a", "carl"):
        event = events.MessageSent(
            uid="alice", command="TAGMSG", target=target, text=None, tags=react
        )
        step = world.apply(event)
        (row,) = step.history
        assert (row.command, row.text, row.tags) == ("TAGMSG", None, react)
        (effect,) = step.effects
        assert isinstance(effect, effects.ChannelMessage | effects.UserMessage)
        assert effect.line.msgid == make_msgid(LOG_ID, world.seq), "it can be referred to"


def test_text_that_was_erased_is_tolerated(world: World) -> None:
    """Text can be erased from the log as from the index, and `apply` tolerates the blank."""
    world.apply(events.TopicChanged(uid="alice", channel="#a", topic=None))
    assert world.state.channels["#a"].topic is None
    step = world.apply(events.MessageSent(uid="bob", command="PRIVMSG", target="#a", text=None))
    assert step.history == []
    assert step.effects == []
    assert world.state.channels["#a"].spoken, "the channel stays, as it did before"


def test_reasons_that_were_erased_are_tolerated(world: World) -> None:
    gone = [
        events.UserKicked(uid="alice", channel="#a", target="bob", reason="rude"),
        events.ChannelParted(uid="alice", channel="#a", reason="tired"),
        events.UserQuit(uid="alice", reason="home"),
    ]
    for event in gone:
        assert world.apply(event.blank()).is_applied
    assert "#a" not in world.state.channels


def test_what_is_not_kept_has_no_id(world: World) -> None:
    step = world.apply(
        events.TypingNotified(uid="bob", target="#a", tags={"+typing": "x"}), kept=False
    )
    (effect,) = step.effects
    assert isinstance(effect, effects.ChannelMessage)
    assert effect.line.msgid == ""
    assert step.history == []


# -- channels ---------------------------------------------------------------------------------


def test_a_second_life_of_a_name_is_another_channel(world: World) -> None:
    first = world.state.channels["#a"].cid
    world.apply(mode("alice", events.ModeChange("+", "i")))
    world.say("bob", "#a")
    for uid in ("alice", "bob"):
        world.apply(events.ChannelParted(uid=uid, channel="#a"))
    assert "#a" not in world.state.channels
    world.join("carl")
    assert world.state.channels["#a"].cid != first


def test_everyone_of_a_node_that_restarts_goes(world: World) -> None:
    world.apply(
        events.UserRegistered(uid="far", node="other", nick="far", user="u", host="h", realname="R")
    )
    world.join("far")
    step = world.apply(events.NodeStarted(node="n"))
    assert list(world.state.users) == ["far"]
    assert [effect.user.uid for effect in step.effects if isinstance(effect, effects.Gone)] == [
        "alice",
        "bob",
        "carl",
    ]


def test_modes_that_change_nothing_are_not_told(world: World) -> None:
    step = world.apply(mode("alice", events.ModeChange("+", "t"), events.ModeChange("-", "k")))
    assert step.effects == []


def test_a_role_for_who_has_left_meanwhile(world: World) -> None:
    step = world.apply(
        mode("alice", events.ModeChange("+", "v", "carl"), events.ModeChange("+", "v", "bob"))
    )
    (effect,) = step.effects
    assert isinstance(effect, effects.ToChannel)
    assert effect.line.params == ("#a", "+v", "bob")


# -- message ids ------------------------------------------------------------------------------


@pytest.mark.parametrize("seq", [1, 255, 1 << 40])
def test_a_msgid_names_its_place(seq: int) -> None:
    assert seq_of(LOG_ID, make_msgid(LOG_ID, seq)) == seq


@pytest.mark.parametrize(
    "msgid",
    ["", "-", "c0ffee", "c0ffee-", "c0ffee-xyz", "decaf-1", "c0ffee--1", "c0ffee-" + "f" * 16],
)
def test_what_is_no_msgid_of_ours(msgid: str) -> None:
    assert seq_of(LOG_ID, msgid) is None
