"""Events in words, and nothing in them that acts on a terminal."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.scripted import Script
from xchat.client.jsonl import to_json
from xchat.client.session import events
from xchat.client.session.events import Event, MessageReceived
from xchat.client.words import Words

ACTIVE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
SILENT = {events.NickRefused, events.EntryRefused, events.MessageKept}
"""What apps act on instead of showing it."""
KINDS = [kind for kind in vars(events).values()
         if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event]  # fmt: skip


def words() -> Words:
    """Return words for somebody in #lobby."""
    script = Script()
    script.register()
    made = Words(script.session)
    made.current = "#lobby"
    return made


def filled(kind: type[Event], text: str) -> Event:
    """Return an event of a kind with `text` wherever text from the network can be."""
    message = MessageReceived(nick=text, target=text, text=text, kind="message", buffer=text)
    values = {
        "str": text, "str | None": text, "int": 3, "bool": False, "float | None": 5.0,
        "Kind": "notice", "tuple[str, ...]": (text, text), "tuple[tuple[str, str], ...]":
        ((text, text),), "tuple[MessageReceived, ...]": (message,),
    }  # fmt: skip
    hints = {name: str(hint) for base in kind.__mro__ for name, hint in
             getattr(base, "__annotations__", {}).items()}  # fmt: skip
    made = {field.name: values[hints[field.name]] for field in msgspec.structs.fields(kind)}
    return kind(**made)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_event_has_words(kind: type[Event]) -> None:
    lines = words().of(filled(kind, "#other"))
    assert bool(lines) is (kind not in SILENT)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_no_field_of_any_event_acts_on_a_terminal(text: str) -> None:
    """C0, DEL, C1 and bidi controls of every field are shown, not obeyed."""
    for kind in KINDS:
        for line in words().of(filled(kind, f"#\x1b[2J\x9b\u202e{text}")):
            assert not ACTIVE.search(line), (kind, line)


def said(text: str, **more: object) -> MessageReceived:
    """Return a message of gio's."""
    values = {"nick": "gio", "target": "#lobby", "kind": "message", "buffer": "#lobby", **more}
    return MessageReceived(text=text, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (said("hello"), "gio: hello"),
        (said("waves", kind="action"), "* gio waves"),
        (said("hm", kind="notice"), "-gio- hm"),
        (said("hello", buffer="#other"), "#other gio: hello"),
        (said("psst", buffer="gio", target="ana"), "(private) gio: psst"),
        (said("psst", buffer="gio", nick="ana", own=True), "(to gio) ana: psst"),
        (said("\x02bold\x0f \x0304red"), "gio: bold red"),
    ],
)
def test_a_message_is_nick_colon_text(message: MessageReceived, line: str) -> None:
    (shown,) = words().of(message)
    assert re.fullmatch(r"\d\d:\d\d " + re.escape(line), shown)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            events.TopicChanged(channel="#x", topic="Tea", by="anna"),
            "anna changed the topic of #x: Tea",
        ),
        (events.TopicChanged(channel="#x", topic="", by="anna"), "anna took #x's topic away"),
        (events.TopicChanged(channel="#x", topic="Tea", by=None), "topic of #x: Tea"),
        (events.TopicChanged(channel="#x", topic="", by=None, asked=True), "#x has no topic"),
        (
            events.NamesListed(channel="#x", names=(), asked=True),
            "nobody is in #x that you may see",
        ),
        (events.ServerSaid(code="372", words="Welcome"), "-- Welcome"),
    ],
)
def test_what_happens_is_a_sentence(event: Event, line: str) -> None:
    (shown,) = words().of(event)
    assert re.sub(r"^\d\d:\d\d ", "", shown) == line


def test_another_day_is_announced_once() -> None:
    made = words()
    old = said("x", time="2020-01-02T12:00:00.000Z")
    assert made.of(old)[0] == "-- 2020-01-02 --"
    assert len(made.of(old)) == 1


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_is_the_message_and_nothing_that_acts(text: str) -> None:
    line = to_json(said(text, time="2026-01-01T00:00:00Z", msgid="m1"))
    assert json.loads(line) == {
        "time": "2026-01-01T00:00:00Z", "msgid": "m1", "nick": "gio", "target": "#lobby",
        "kind": "message", "text": text,
    }  # fmt: skip
    assert not ACTIVE.search(line)
