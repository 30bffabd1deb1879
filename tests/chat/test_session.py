"""Requests: who speaks when, and what a label makes of what is said (chat/session.py)."""

from __future__ import annotations

import pytest

from xchat.chat.lines import Line
from xchat.chat.session import Request, Session, labelled
from xchat.irc.capabilities import BATCH, LABELED_RESPONSE
from xchat.irc.message import Message


@pytest.fixture
def session() -> Session:
    return Session("1.1", "127.0.0.1", 0.0)


def request(session: Session, label: str = "") -> Request:
    if label:
        session.caps |= BATCH | LABELED_RESPONSE
    return Request(session, Message("X", tags={"label": label}), "s")


def line(word: str) -> Line:
    return Line("s", word, ())


def told(session: Session) -> list[str]:
    text = b"".join(session.outbox).decode().split("\r\n")
    session.outbox.clear()
    return text[:-1]


def test_what_waits_for_nothing_is_said_at_once(session: Session) -> None:
    one = request(session)
    one.put(line("A"))
    assert told(session) == [":s A"]
    one.finish()
    assert session.open == []


def test_what_comes_later_waits_for_what_came_before(session: Session) -> None:
    first, second, third = (request(session) for _ in range(3))
    first.wait()
    first.finish()
    second.put(line("B"))
    second.finish()
    third.wait()
    third.finish()
    assert told(session) == []
    third.put(line("C"))
    third.settled()
    assert told(session) == [], "it is answered, but not the oldest"
    first.put(line("A"))
    assert told(session) == [":s A"], "the oldest speaks as it goes"
    first.settled()
    assert told(session) == [":s B", ":s C"]
    assert session.open == []


def test_one_of_several_events_settled_is_not_all(session: Session) -> None:
    first, second = request(session), request(session)
    first.wait()
    first.wait()
    first.finish()
    second.put(line("B"))
    second.finish()
    first.settled()
    assert told(session) == []
    first.settled()
    assert told(session) == [":s B"]


def test_the_next_oldest_says_what_it_has_and_goes_on(session: Session) -> None:
    first, second = request(session), request(session)
    for one in (first, second):
        one.wait()
        one.finish()
    second.put(line("B1"))
    first.settled()
    assert told(session) == [":s B1"]
    second.put(line("B2"))
    assert told(session) == [":s B2"]


def test_a_labelled_answer_is_collected_until_it_is_whole(session: Session) -> None:
    one = request(session, "l")
    one.wait()
    one.finish()
    one.put(line("A"))
    one.put(line("B"))
    assert told(session) == []
    one.settled()
    assert told(session) == [
        "@label=l :s BATCH +label labeled-response",
        "@batch=label :s A",
        "@batch=label :s B",
        ":s BATCH -label",
    ]


def test_a_stream_speaks_as_it_goes(session: Session) -> None:
    one = request(session, "l")
    one.begin_stream()
    one.put(line("A"))
    assert told(session) == ["@label=l :s BATCH +label labeled-response", "@batch=label :s A"]
    one.end_stream()
    assert told(session) == [":s BATCH -label"]


def test_labels_of_no_one_and_many_lines() -> None:
    assert labelled([], "x", "s") == [(Line("s", "ACK", ()), "label=x")]
    assert labelled([(line("A"), "")], "x", "s") == [(line("A"), "label=x")]
    assert [tag for _, tag in labelled([(line("A"), ""), (line("B"), "")], "a;b", "s")] == [
        r"label=a\:b",
        "batch=label",
        "batch=label",
        "",
    ]


def test_one_batch_takes_the_label_itself() -> None:
    batch = [
        (Line("s", "BATCH", ("+h", "chathistory", "#a")), ""),
        (line("A"), "batch=h"),
        (Line("s", "BATCH", ("-h",)), ""),
    ]
    assert [tag for _, tag in labelled(batch, "x", "s")] == ["label=x", "batch=h", ""]


def test_a_batch_among_other_lines_is_nested() -> None:
    batch = [
        (line("A"), ""),
        (Line("s", "BATCH", ("+h", "chathistory", "#a")), ""),
        (line("B"), "batch=h"),
        (Line("s", "BATCH", ("-h",)), ""),
    ]
    assert [tag for _, tag in labelled(batch, "x", "s")] == [
        "label=x",
        "batch=label",
        "batch=label",
        "batch=h",
        "batch=label",
        "",
    ]
