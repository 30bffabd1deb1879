"""The three commands as child processes: started, watched, ended, each with a limit."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

BIN = Path(sys.executable).parent
START_SECONDS_MAX = 15.0
STOP_SECONDS_MAX = 5.0
"""P11: out within 5 s of SIGTERM."""
WAIT_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.005

Event = dict[str, Any]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Pki:
    """What clients trust, and what the server shows."""

    ca: Path
    certificate: Path
    key: Path


def run(
    *argv: str | Path,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = WAIT_SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Run one of our commands (or any program) to its end and return what it said."""
    return subprocess.run(
        [located(argv[0]), *map(str, argv[1:])],
        input=stdin, capture_output=True, text=True, check=False,
        timeout=seconds, env=os.environ | dict(env or {}), cwd=cwd,
    )  # fmt: skip


def located(program: str | Path) -> str:
    """Return our own command from beside this Python, any other as it was named."""
    ours = BIN / program
    return str(ours if str(program).startswith("xchat-") else program)


def until(
    look: Callable[[], Found | None], purpose: str, *, seconds: float = WAIT_SECONDS
) -> Found:
    """Return what `look` finds as soon as it is not None; `TimeoutError` names the purpose."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(LOOK_EVERY_SECONDS)
    raise TimeoutError(f"{purpose}: not within {seconds} s")


@dataclass(slots=True)
class Program:
    """A running program whose input is ours and whose output goes to files."""

    folder: Path
    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def output(self) -> str:
        return (self.folder / f"{self.name}.out").read_text(errors="replace")

    @property
    def errors(self) -> str:
        return (self.folder / f"{self.name}.err").read_text(errors="replace")

    @property
    def running(self) -> subprocess.Popen[str]:
        assert self.process is not None, f"{self.name} was not started"
        return self.process

    def start(self) -> None:
        out, err = self.folder / f"{self.name}.out", self.folder / f"{self.name}.err"
        with out.open("w") as stdout, err.open("w") as stderr:
            self.process = subprocess.Popen(
                [located(self.argv[0]), *self.argv[1:]],
                stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, text=True,
                env=os.environ | dict(self.env), cwd=self.folder,
            )  # fmt: skip

    def type(self, *lines: str) -> None:
        """Write lines to its standard input."""
        assert self.running.stdin is not None
        for line in lines:
            self.running.stdin.write(line + "\n")
        self.running.stdin.flush()

    def wait_for(self, pattern: str, *, seconds: float = WAIT_SECONDS) -> re.Match[str]:
        """Return the match once its output holds `pattern`."""
        try:
            return until(lambda: re.search(pattern, self.output), pattern, seconds=seconds)
        except TimeoutError:
            raise TimeoutError(
                f"{self.name} did not say {pattern!r} in {seconds} s\n{self.output}\n{self.errors}"
            ) from None

    def wait(self, *, seconds: float = WAIT_SECONDS) -> int:
        """Return its exit status once it ended by itself."""
        return self.running.wait(seconds)

    def close(self) -> None:
        """End it, whatever it is doing, and leave no pipe open."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # what it did not read is gone with it
                self.process.stdin.close()


@dataclass(slots=True)
class Server:
    """A real `xchat-server` on loopback with a data folder of its own and a captured journal."""

    folder: Path
    pki: Pki
    settings: tuple[str, ...] = ()
    port: int = 0
    starts: int = 0
    program: Program | None = None

    @property
    def ca(self) -> Path:
        return self.pki.ca

    @property
    def pid(self) -> int:
        return self.running.running.pid

    @property
    def running(self) -> Program:
        assert self.program is not None, "the server was not started"
        return self.program

    @property
    def journal(self) -> list[Event]:
        """Every line of the journal so far that is complete."""
        whole, _, _ = self.running.errors.rpartition("\n")
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def argv(self) -> list[str]:
        """Return its command line; the port stays the same from the second start on."""
        settings = [word for setting in self.settings for word in ("--set", setting)]
        return [
            located("xchat-server"), "--host", "127.0.0.1", "--port", str(self.port),
            "--cert", str(self.pki.certificate), "--key", str(self.pki.key),
            "--data", str(self.folder / "data"), *settings,
        ]  # fmt: skip

    def start(self, *, prefix: Sequence[str] = ()) -> None:
        """Start it and return once it listens; fails with what it said if it does not."""
        self.starts += 1
        self.program = Program(self.folder, f"server-{self.starts}", [*prefix, *self.argv()])
        self.program.start()
        self.port = until(self.listening_port, "the server listens", seconds=START_SECONDS_MAX)

    def listening_port(self) -> int | None:
        if self.running.running.poll() is not None:
            raise AssertionError(f"the server ended at once: {self.running.errors}")
        events = [event for event in self.journal if event.get("event") == "listening"]
        return int(events[-1]["port"]) if events else None

    def stop(self) -> float:
        """Send SIGTERM; return the seconds it took to end, which it must with status 0."""
        start = time.monotonic()
        self.running.running.send_signal(signal.SIGTERM)
        status = self.running.wait(seconds=STOP_SECONDS_MAX + 1)
        took = time.monotonic() - start
        self.running.close()
        assert status == 0, f"SIGTERM ended it with {status}: {self.running.errors[-2000:]}"
        return took

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.running.close()

    def close(self) -> None:
        """End it cleanly where it still runs; leave nothing behind in any case."""
        if self.program is None:
            return
        try:
            if self.running.running.poll() is None:
                assert self.stop() <= STOP_SECONDS_MAX
        finally:
            self.running.close()
        assert "Traceback" not in self.running.errors, self.running.errors
