"""Channel mode u, an auditorium: who has no role is seen by halfops and above alone."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server, commands


@pytest.fixture
def hall(server: Server) -> dict[str, Client]:
    """Alice runs the auditorium #a; bob and carl listen, dora has a voice."""
    people = {nick: server.client(nick) for nick in ("alice", "bob", "carl", "dora")}
    alice = people["alice"]
    alice.ask("JOIN #a", "MODE #a +u")
    for nick in ("bob", "carl", "dora"):
        people[nick].ask("JOIN #a")
    alice.ask("MODE #a +v dora")
    server.quiet()
    return people


def names(client: Client, command: str = "NAMES #a") -> set[str]:
    """Return who is in #a, as somebody is told."""
    rows = [line for line in client.ask(command) if line.startswith("353")]
    return {word for row in rows for word in row.partition("#a ")[2].removeprefix(":").split()}


def test_who_sees_whom(hall: dict[str, Client]) -> None:
    everybody = {"@alice", "bob", "carl", "+dora"}
    assert names(hall["alice"]) == everybody
    for nick in ("bob", "carl", "dora"):
        assert names(hall[nick]) == {"@alice", "+dora"}
    hall["alice"].ask("MODE #a +h bob")
    hall["bob"].heard()
    assert names(hall["bob"]) == everybody - {"bob"} | {"%bob"}
    found = [line.split()[6] for line in hall["carl"].ask("WHO #a") if line.startswith("352")]
    assert found == ["alice", "bob", "dora"]


def test_who_comes_is_seen_by_those_who_run_it(server: Server, hall: dict[str, Client]) -> None:
    eve = server.client("eve")
    assert names(eve, "JOIN #a") == {"@alice", "+dora", "eve"}, "and by themselves"
    assert hall["alice"].heard() == [":eve JOIN #a"]
    assert hall["bob"].heard() == hall["dora"].heard() == []


def test_who_goes_or_changes_likewise(server: Server, hall: dict[str, Client]) -> None:
    hall["bob"].ask("NICK bobby")
    assert hall["alice"].heard() == [":bob NICK bobby"]
    hall["bob"].ask("PART #a :bye")
    assert hall["alice"].heard() == [":bobby PART #a bye"]
    hall["carl"].drop("gone")
    assert hall["alice"].heard() == [":carl QUIT gone"]
    assert hall["dora"].heard() == []
    hall["dora"].ask("PART #a")
    server.client("eve").ask("JOIN #a")
    assert hall["alice"].heard() == [":dora PART #a", ":eve JOIN #a"]


def test_whoever_has_a_role_is_seen_by_all(hall: dict[str, Client]) -> None:
    hall["alice"].ask("MODE #a +v bob")
    told = [":alice MODE #a +v bob"]
    assert hall["bob"].heard() == hall["carl"].heard() == hall["dora"].heard() == told
    hall["bob"].ask("PART #a")
    assert hall["carl"].heard() == [":bob PART #a"]


def test_all_speak_and_are_heard(hall: dict[str, Client]) -> None:
    hall["bob"].ask("PRIVMSG #a :a question")
    for nick in ("alice", "carl", "dora"):
        assert hall[nick].heard() == [":bob PRIVMSG #a :a question"]


def test_who_meets_them_elsewhere_hears_of_them_once(
    server: Server, hall: dict[str, Client]
) -> None:
    server.channel("#b", hall["bob"], hall["carl"])
    hall["alice"].ask("JOIN #b")
    server.quiet()
    hall["bob"].ask("NICK bobby")
    assert hall["alice"].heard() == hall["carl"].heard() == [":bob NICK bobby"]
    assert hall["dora"].heard() == []


def test_history_tells_nobody_who_came_and_went(server: Server, hall: dict[str, Client]) -> None:
    caps = ("draft/chathistory", "draft/event-playback", "batch")
    server.client("eve").ask("JOIN #a", "PART #a")
    witness = server.client("fay", *caps)
    witness.ask("JOIN #a")
    told = [line for line in witness.read("CHATHISTORY LATEST #a * 50") if line.command != "BATCH"]
    assert "eve" not in {line.nick for line in told}
    assert commands(told).count("MODE") >= 1
    assert hall["alice"].nick == "alice"
