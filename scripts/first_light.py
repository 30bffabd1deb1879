"""First light: start the server, let two clients talk through it, and leave it to serve.

Run by `scripts/quickstart`, which has installed XChat and made the certificates. Every step is
waited for with a limit and none is slept through; the first that fails ends the run in words.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from xchat.store.folder import holder_of

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DATA = Path(".xchat")
JOURNAL = DATA / "journal.log"
CA = Path("certs/ca.pem")
INVITE = f".venv/bin/xchat-certs invite NAME --data {DATA}"

STEP_SECONDS_MAX = 15.0
"""How long a step may take: ten times what a slow machine needs."""
STOP_SECONDS_MAX = 6.0
LOOK_EVERY_SECONDS = 0.02

# Who says what, at what time: Latin, Georgian, emoji. The time tells this run's lines from those
# that an earlier one left in the channel's history.
CONVERSATION = (
    ("nino", "Hello, Anna! It is {time} and nobody else can read this."),
    ("anna", "გამარჯობა, ნინო! ახლა {time} საათია და ყველაფერი ინახება."),
    ("nino", "👋🏽 🇬🇪 👨‍👩‍👧 {time} ✅"),
    ("anna", "Latin, ქართული, 🎉: {time}, in one order for everyone."),
)


class StepFailedError(Exception):
    """A step that did not come to its end: what, and what its program said."""


class StoppedError(Exception):
    """Ctrl-C, or another request to end."""


def main() -> int:
    """Go through the steps; return 0 when all of them went well."""
    options = read_options()
    os.chdir(ROOT)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with serving(options) as server:
            talk(options.port)
            if not options.demo:
                stay(server, options.port)
    except StoppedError:
        print("\nThe server has ended. What was said is kept in .xchat/.")
    except StepFailedError as failed:
        print(failed, file=sys.stderr)
        return 1
    else:
        print("Done: the server has ended, and what was said is kept in .xchat/.")
    return 0


def read_options() -> argparse.Namespace:
    """Return what was asked for: `demo` and `port`."""
    parser = argparse.ArgumentParser(prog="quickstart")
    parser.add_argument("--demo", action="store_true", help="loopback only, and end by itself")
    parser.add_argument("--port", type=int, default=8080)
    return parser.parse_args()


def stop(_number: int, _frame: FrameType | None) -> None:
    """End at the first request, and let no second one disturb that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise StoppedError


# -- the server -----------------------------------------------------------------------------------


@contextmanager
def serving(options: argparse.Namespace) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server, accepting at the start of the block, and ended cleanly after it."""
    DATA.mkdir(mode=0o700, exist_ok=True)
    check_alone(options.port)
    hosts = ["--host", "127.0.0.1", "--host", "::1"] if options.demo else []
    argv = [
        str(BIN / "xchat-server"), "--data", str(DATA), "--port", str(options.port), *hosts,
    ]  # fmt: skip
    with JOURNAL.open("wb") as journal:
        server = subprocess.Popen(  # noqa: S603 - our own command and numbers
            argv, stdin=subprocess.DEVNULL, stdout=journal, stderr=journal, start_new_session=True
        )
    try:
        wait_until(lambda: accepts(server, options), "the server did not start to listen")
        yield server
    finally:
        end(server)


def check_alone(port: int) -> None:
    """Leave another run's server and its journal be; say how to join it."""
    pid = holder_of(DATA)
    if pid is not None:
        port = next((event["port"] for event in events("listening")), port)
        raise StepFailedError(
            f"quickstart: it runs already (pid {pid}); join it with\n  {join(port)}"
        )


def accepts(server: subprocess.Popen[bytes], options: argparse.Namespace) -> bool:
    """Tell whether the server, and not somebody else, takes connections."""
    if server.poll() is not None:
        said = in_our_words(spoken_words(), options)
        raise StepFailedError(said or f"the server ended with {server.returncode}")
    if who_may_join() is None:
        return False
    try:
        socket.create_connection(("127.0.0.1", options.port), timeout=1).close()
    except OSError:
        return False
    return True


def journal_lines() -> list[str]:
    """Return what the server has said so far, to people and to the journal."""
    return JOURNAL.read_text(errors="replace").splitlines() if JOURNAL.exists() else []


def spoken_words() -> str:
    """Return what the server said to people: what is not a line of its journal."""
    return "\n".join(line for line in journal_lines() if not line.startswith("{"))


def in_our_words(said: str, options: argparse.Namespace) -> str:
    """Return the server's words with the commands that help here: its own would serve elsewhere."""
    ours = "./scripts/quickstart --demo" if options.demo else "./scripts/quickstart"
    return said.replace("xchat-server: ", "quickstart: ").replace(
        "xchat-server --port", f"{ours} --port"
    )


def events(name: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of the journal that record this event."""
    lines = (json.loads(line) for line in journal_lines() if line.endswith("}"))
    return (line for line in lines if line.get("event") == name)


def who_may_join() -> dict[str, str] | None:
    """Return the line of the journal that says who may join and how, once it is there."""
    return next(events("who may join"), None)


def join(port: int) -> str:
    """Return the command with which the next person joins, in this folder."""
    return f".venv/bin/xchat-client --ca {CA} YOU@localhost:{port} '#lobby'"


def end(server: subprocess.Popen[bytes]) -> None:
    """End the server as a service manager would; it has to end well, and in time."""
    if server.poll() is None:
        server.terminate()
    try:
        status = server.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        server.kill()
        raise StepFailedError(f"the server did not end within {STOP_SECONDS_MAX} s") from None
    if status != 0 and sys.exc_info()[0] in (None, StoppedError):
        raise StepFailedError(f"the server ended with {status}: see {JOURNAL}")


def wait_until(done: Callable[[], bool], otherwise: str) -> None:
    """Look until it is done; raises StepFailedError with `otherwise` when it takes too long."""
    deadline = time.monotonic() + STEP_SECONDS_MAX
    while not done():
        if time.monotonic() > deadline:
            raise StepFailedError(f"{otherwise} within {STEP_SECONDS_MAX:.0f} s: see {JOURNAL}")
        time.sleep(LOOK_EVERY_SECONDS)


# -- the conversation -----------------------------------------------------------------------------


@dataclass
class Person:
    """A client process in line mode: we type to it, and read what it shows."""

    nick: str
    process: subprocess.Popen[bytes]
    shown: bytes = b""
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    @classmethod
    def arrives(cls, nick: str, port: int) -> Person:
        """Start a client that joins #lobby, with pipes in place of a terminal."""
        argv = [str(BIN / "xchat-client"), "--ca", str(CA), f"{nick}@localhost:{port}", "#lobby"]
        process = subprocess.Popen(  # noqa: S603 - our own command and words
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        person = cls(nick, process)
        person.selector.register(process.stdout, selectors.EVENT_READ)
        return person

    def types(self, line: str) -> None:
        """Send a line as if it had been typed."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def waits_for(self, text: str) -> None:
        """Return once `text` was shown since the last wait; raises StepFailedError."""
        deadline = time.monotonic() + STEP_SECONDS_MAX
        while text.encode() not in self.shown:
            left = deadline - time.monotonic()
            if left <= 0 or not self.reads(left):
                raise StepFailedError(f"{self.nick} was not shown {text!r}, but:\n{self.said()}")
        self.shown = self.shown.partition(text.encode())[2]

    def said(self) -> str:
        """Return what the client has shown since the last wait."""
        return self.shown.decode(errors="replace").strip() or "nothing"

    def reads(self, seconds: float) -> bool:
        """Take in what the client shows next; False where it shows nothing more."""
        assert self.process.stdout is not None
        if not self.selector.select(seconds):
            return True
        data = self.process.stdout.read()
        self.shown += data or b""
        return bool(data)

    def leaves(self) -> None:
        """Say goodbye; the client has to end with status 0."""
        self.types("/quit")
        status = self.process.wait(STEP_SECONDS_MAX)
        if status != 0:
            raise StepFailedError(f"{self.nick}'s client ended with {status}:\n{self.said()}")

    def close(self) -> None:
        """Leave no process and no watch behind, however it went."""
        self.selector.close()
        self.process.kill()
        self.process.wait()


def talk(port: int) -> None:
    """Let two people meet in #lobby and say their lines; print each as the other was shown it."""
    with ExitStack() as stack:
        people = {}
        for nick, other in (("nino", None), ("anna", "nino")):
            people[nick] = Person.arrives(nick, port)
            stack.callback(people[nick].close)
            people[nick].waits_for(other or "#lobby")
        people["nino"].waits_for("anna")
        print(f"nino and anna are in #lobby; both verified localhost:{port} against {CA}:\n")
        for speaker, line in CONVERSATION:
            text = line.format(time=time.strftime("%H:%M:%S"))
            listener = people["anna" if speaker == "nino" else "nino"]
            people[speaker].types(text)
            listener.waits_for(text)
            print(f"    {speaker}: {text}", flush=True)
        print()
        for person in people.values():
            person.leaves()


# -- the rest of the day --------------------------------------------------------------------------


def stay(server: subprocess.Popen[bytes], port: int) -> None:
    """Say how the next person joins, and wait with the server until somebody ends it."""
    who, _, _its_own_option = (who_may_join() or {"who": ""})["who"].partition(";")
    print(
        f"The server goes on, and {who}.\n"
        "The next person, on another machine with XChat, joins by a link. In another terminal:\n\n"
        f"    {INVITE}\n\n"
        "and who sits at this one joins from this folder with\n\n"
        f"    {join(port)}\n\n"
        f"Ctrl-C ends it. Its journal is {JOURNAL}.",
        flush=True,
    )
    status = server.wait()
    raise StepFailedError(f"the server ended by itself with {status}: see {JOURNAL}")


if __name__ == "__main__":
    sys.exit(main())
