"""The client and the real server: talk, scripts, and a server that is killed in between."""

from __future__ import annotations

import io
import json
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeServer
from tests.e2e.programs import Program, Server, run, until
from xchat.client.exits import Exit
from xchat.client.link import Link
from xchat.client.output import Output
from xchat.client.peer import Peer
from xchat.client.send import Send
from xchat.client.session import Identity, Session
from xchat.client.tls import make_context

MakeProgram = Callable[..., Program]
NAMES = ("time", "msgid", "nick", "target", "kind", "text")


def send(server: Server, nick: str, *text: str, stdin: str = "", target: str = "#lobby") -> int:
    """Send as `nick`; return the exit code."""
    address = f"{nick}@localhost:{server.port}"
    return run("xchat-client", "send", "--ca", server.ca, address, target, *text,
               stdin=stdin).returncode  # fmt: skip


def history(server: Server, count: int = 1000) -> list[dict[str, str]]:
    """Return what the server kept of #lobby, read by `tail`; the last line is `#end`."""
    address = f"localhost:{server.port}"
    assert send(server, "ender", "#end") == 0
    with_end = run("xchat-client", "tail", "--ca", server.ca, address, "#lobby", "--json",
                   "--history", "1000", "--count", str(count))  # fmt: skip
    assert with_end.returncode == 0, with_end.stderr
    return [json.loads(line) for line in with_end.stdout.splitlines()]


@pytest.fixture
def talker(server: Server, make_program: MakeProgram) -> Callable[[str], Program]:
    """Start line modes in #lobby, once they are in."""

    def make(nick: str, channel: str = "#lobby") -> Program:
        address = f"{nick}@localhost:{server.port}"
        program = make_program("xchat-client", "--ca", str(server.ca), address, channel)
        program.wait_for(f"in {channel} ")
        return program

    return make


# -- the line mode ----------------------------------------------------------------------------
def test_two_people_talk(talker: Callable[[str], Program]) -> None:
    """The first chat's words: joins, leaves and renames are announced, lines are `nick: text`."""
    ana = talker("ana")
    ana.wait_for("trusting .*ca.pem")
    ana.wait_for("verified: TLSv1.3")
    ana.wait_for("you joined #lobby")
    gio = talker("gio")
    gio.wait_for(r"in #lobby \(2\): .*ana")
    ana.wait_for(r"\d\d:\d\d gio joined #lobby")
    gio.type("გამარჯობა 👋", "/me waves", "//slash")
    ana.wait_for("gio: გამარჯობა 👋")
    ana.wait_for(r"\* gio waves")
    ana.wait_for("gio: /slash")
    gio.type("/nick giorgi", "/msg ana psst", "/exit so long")
    ana.wait_for("gio is giorgi now")
    ana.wait_for(r"\(private\) giorgi: psst")
    ana.wait_for(r"giorgi left \(.*so long\)")
    assert gio.wait() == 0
    ana.type("/quit")
    assert ana.wait() == 0


def test_what_is_typed_wrong_is_told_and_not_sent(talker: Callable[[str], Program]) -> None:
    ana, gio = talker("ana"), talker("gio")
    ana.type("/op gio", "/jion #other", "/upload me.txt", "/history many", "/msg", "sent after")
    gio.wait_for("ana: sent after")
    assert gio.output.count("ana: ") == 1
    ana.wait_for("/jion is no command, and was not sent\n  Did you mean /join")
    ana.wait_for("/op is no command, and was not sent\n  /help lists them")
    ana.wait_for("no files yet")
    ana.wait_for("not a number of messages")
    ana.wait_for("/msg needs more words\n  /msg NICK TEXT")
    ana.type("/part", "into nothing")
    ana.wait_for("not sent: you are in no channel\n  /join #lobby")
    ana.type("/exit")
    assert ana.wait() == Exit.USAGE.code  # it is a pipe that typed wrong


def test_help_lists_each_command(talker: Callable[[str], Program]) -> None:
    ana = talker("ana")
    ana.type("/help", "/help join")
    for name in ("join", "part", "msg", "me", "nick", "topic", "names", "whois", "history",
                 "exit", "quit", "help", "upload", "download"):  # fmt: skip
        ana.wait_for(rf"(?m)^  /{name} ")
    ana.wait_for(r"(?s)(  /join .*){2}")


def test_topics_names_and_whois_are_shown(talker: Callable[[str], Program]) -> None:
    ana, _ = talker("ana"), talker("gio")
    ana.type("/topic Tea at five", "/topic", "/names", "/whois gio")
    ana.wait_for("ana changed the topic of #lobby: Tea at five")
    ana.wait_for(r"(?m)^topic of #lobby: Tea at five")
    ana.wait_for(r"(?s)(in #lobby \(.*){2}")
    ana.wait_for("(?m)^gio is .*127.0.0.1")


def test_a_pipe_is_read_to_its_end_and_all_of_it_is_kept(server: Server) -> None:
    lines = "".join(f"line {number}\n" for number in range(100))
    done = run("xchat-client", "--ca", server.ca, f"ana@localhost:{server.port}", "#lobby",
               stdin=lines)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.findall("ana: (.*)", done.stdout) == lines.splitlines()
    kept = [line["text"] for line in history(server, 101)]
    assert kept == [*lines.splitlines(), "#end"]


def test_a_file_as_input_works_too(server: Server, tmp_path: Path) -> None:
    """No selector takes a file: a thread reads it."""
    (tmp_path / "lines").write_text("from a file\n")
    command = f"xchat-client --ca {server.ca} ana@localhost:{server.port} '#lobby' < lines"
    done = run("sh", "-c", f'PATH="{Path(__import__("sys").executable).parent}:$PATH" {command}',
               cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ana: from a file" in done.stdout


def test_what_was_said_before_is_shown_on_joining(
    server: Server, talker: Callable[[str], Program]
) -> None:
    send(server, "gio", "said before")
    ana = talker("ana")
    ana.wait_for("gio: said before")
    ana.type("/history 1")
    ana.wait_for("-- the last of #lobby --\n20.* gio: said before\n-- end --")


def test_control_characters_are_shown_and_never_passed_on(
    server: Server, talker: Callable[[str], Program]
) -> None:
    ana = talker("ana")
    hostile = "\x1b]0;title\x07\x1b[2J \x9b31m \u202e \x02bold"
    assert send(server, "gio", hostile) == 0
    ana.wait_for("gio: .*bold")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", ana.output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_politely(talker: Callable[[str], Program], number: signal.Signals) -> None:
    ana, gio = talker("ana"), talker("gio")
    gio.running.send_signal(number)
    assert gio.wait() == 0
    ana.wait_for("gio left")


# -- scripts ----------------------------------------------------------------------------------
def test_send_ends_when_all_is_kept(server: Server) -> None:
    assert send(server, "ana", "one", "two") == 0
    assert send(server, "ana", stdin="three\n\nfour\n") == 0
    assert [line["text"] for line in history(server, 4)] == ["one two", "three", "four", "#end"]


def test_send_paces_itself_to_what_the_server_takes(make_server: MakeServer) -> None:
    """Flood limits slow it, and nothing is refused or lost for it."""
    server = make_server()
    lines = "".join(f"{number}\n" for number in range(26))
    assert send(server, "ana", stdin=lines) == 0
    assert [line["text"] for line in history(server, 27)] == [*lines.split(), "#end"]


def test_a_pipe_of_many_lines_arrives_whole(server: Server) -> None:
    lines = "".join(f"{number}\n" for number in range(900))
    assert send(server, "ana", stdin=lines) == 0
    assert [line["text"] for line in history(server, 901)] == [*lines.split(), "#end"]


def test_send_to_a_person_who_is_not_there_says_so(server: Server) -> None:
    done = run("xchat-client", "send", "--ca", server.ca, f"ana@localhost:{server.port}",
               "nobody", "hello?")  # fmt: skip
    assert done.returncode == Exit.LINE_REFUSED.code == 23
    assert "refused: No such nick" in done.stderr
    assert "a channel is written '#nobody'" in done.stderr
    assert "kept: 0 of 1 line\n" in done.stderr


def test_send_into_a_channel_that_is_none_says_so(server: Server) -> None:
    done = run("xchat-client", "send", "--ca", server.ca, f"ana@localhost:{server.port}",
               "#a*b", "x")  # fmt: skip
    assert done.returncode == Exit.LINE_REFUSED.code
    assert "cannot be joined" in done.stderr


def test_tail_follows_as_json(server: Server, make_program: MakeProgram) -> None:
    tail = make_program("xchat-client", "tail", "--ca", str(server.ca),
                        f"localhost:{server.port}", "#lobby", "--json", "--count", "2")  # fmt: skip
    until(lambda: any(it.get("event") == "joined" for it in server.journal) or None, "tail is in")
    ready = re.compile("one")
    while not ready.search(tail.output):
        send(server, "ana", "one")
    send(server, "ana", "\x1b[31mtwo\u202e")
    assert tail.wait() == 0
    first, second = map(json.loads, tail.output.splitlines())
    assert tuple(first) == NAMES
    assert (first["nick"], first["target"], first["kind"]) == ("ana", "#lobby", "message")
    assert second["msgid"] != first["msgid"]
    assert "\x1b" not in tail.output


def test_tail_ends_quietly_when_asked_or_when_nobody_reads(server: Server) -> None:
    for _ in range(3):
        send(server, "ana", "line")
    base = f"{Path(__import__('sys').executable).parent}/xchat-client tail --ca {server.ca}"
    piped = f"{base} localhost:{server.port} '#lobby' --history 3 --count 3 | head -n 1"
    done = run("bash", "-c", f"{piped}; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 0
    assert done.stdout.endswith("ana: line\n")
    assert "Traceback" not in done.stderr


def test_tail_ends_quietly_on_a_signal(server: Server, make_program: MakeProgram) -> None:
    tail = make_program("xchat-client", "tail", "--ca", str(server.ca),
                        f"localhost:{server.port}", "#lobby", "--history", "1")  # fmt: skip
    send(server, "ana", "line")
    tail.wait_for("ana: line")
    tail.running.send_signal(signal.SIGTERM)
    assert tail.wait() == 0
    assert tail.errors == ""


# -- the server goes away ---------------------------------------------------------------------
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.long)])
def test_nothing_is_lost_or_told_twice_over_kills(
    server: Server, talker: Callable[[str], Program], kills: int
) -> None:
    """Killed and restarted under traffic: no duplicate, no hole, each line sent once."""
    watcher = talker("watcher")
    writer = talker("writer")
    count = 20 * kills
    for number in range(count):
        writer.type(f"line {number}")
        if number % 20 == 10:
            server.kill()
            writer.type(f"line {number} while away")
            server.start()
        time.sleep(0.01)  # traffic at the pace of people, not a wait for anything
    writer.wait_for(f"writer: line {count - 1}\n", seconds=60)
    watcher.wait_for(f"writer: line {count - 1}\n", seconds=60)
    wanted = sorted(
        [f"line {number}" for number in range(count)]
        + [f"line {number} while away" for number in range(10, count, 20)]
    )
    kept = [line["text"] for line in history(server, len(wanted) + 1)]
    for told in (
        kept[:-1],
        re.findall("writer: (.*)", watcher.output),
        re.findall("writer: (.*)", writer.output),
    ):
        assert sorted(told) == wanted
        assert told == kept[:-1]
    assert writer.output.count("connected again") >= 1


def test_a_server_whose_policy_is_against_us_says_so(make_server: MakeServer) -> None:
    server = make_server('access.policy="accounts"')
    done = run("xchat-client", "send", "--ca", server.ca, f"ana@localhost:{server.port}",
               "#lobby", "x")  # fmt: skip
    assert done.returncode == Exit.NOT_LET_IN.code == 22
    assert "account" in done.stderr


def test_a_taken_nick_is_refused_in_words(server: Server, talker: Callable[[str], Program]) -> None:
    talker("ana")
    done = run("xchat-client", "--ca", server.ca, f"ana@localhost:{server.port}", "#lobby")
    assert done.returncode == Exit.NICK_TAKEN.code
    assert "the nickname ana is in use" in done.stderr


def test_nothing_to_connect_to_without_a_terminal_is_an_error() -> None:
    done = run("xchat-client")
    assert done.returncode == Exit.USAGE.code
    assert "no server is named" in done.stderr


def test_help_and_version_answer_at_once() -> None:
    """At most 300 ms on a quiet machine; here ten times that."""
    for word in ("--help", "--version"):
        start = time.monotonic()
        assert run("xchat-client", word).returncode == 0
        assert time.monotonic() - start < 3


def test_a_link_may_be_driven_from_any_thread(server: Server) -> None:
    """Signals belong to the main thread: elsewhere they are left alone."""
    session = Session(Identity("ana"))
    context = make_context(server.ca)
    link = Link(session, Peer("localhost", server.port), lambda: context, server.ca)
    app = Send(session, link, Output(io.StringIO()), target="#lobby", text="from a thread")
    thread = threading.Thread(target=link.run, args=(app,))
    thread.start()
    thread.join(20)
    assert app.finished
    assert app.end is Exit.DONE


def test_renewed_files_count_from_the_next_connection_and_broken_ones_do_not(
    server: Server, tmp_path: Path
) -> None:
    """A certificate that was renewed is shown; while its file is broken, the one of before is."""
    ca = tmp_path / "ca.pem"
    ca.write_bytes(server.ca.read_bytes())
    link = Link(Session(Identity("ana")), Peer("localhost"), lambda: make_context(ca), ca)
    first = link._contexts.fresh()
    ca.write_bytes(server.ca.read_bytes() * 2)
    second = link._contexts.fresh()
    ca.write_text("torn")
    assert second is not first
    assert link._contexts.fresh() is second
    with link._signals:
        pass  # closed, as a run would
