"""Two computers: each with a home, a name and, where we may make one, a network of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.programs import Program, located, run

NETWORK = "192.168.1"
"""A home's; nobody outside sees it."""
FIRST = 20
NAMED = 'hostname "$0" && exec "$@"'


@dataclass
class Machine:
    """A computer; `prefix` runs a program on it, `address` is where others reach it."""

    name: str
    home: Path
    closing: ExitStack
    address: str = "localhost"
    prefix: tuple[str, ...] = ()
    programs: list[Program] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local/share"),
        }

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = run(*self._line(words), stdin=stdin, env=self.environment, cwd=self.home)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def start(self, *words: str) -> Program:
        """Start a command that stays."""
        name = f"{Path(words[0]).name}-{len(self.programs)}"
        program = Program(self.home, name, self._line(words), self.environment)
        self.programs.append(program)
        self.closing.callback(program.close)
        program.start()
        return program

    def files(self) -> Iterator[bytes]:
        """Yield what every file on it holds."""
        return (path.read_bytes() for path in self.home.rglob("*") if path.is_file())

    def _line(self, words: tuple[str, ...]) -> list[str]:
        return [*self.prefix, located(words[0]), *words[1:]]


def one_machine(folder: Path, closing: ExitStack) -> list[Machine]:
    """Return two that are one: two homes, reached over loopback."""
    made = [Machine(name, folder / name, closing) for name in ("server", "laptop")]
    for each in made:
        each.home.mkdir()
    return made


@contextmanager
def two_machines(folder: Path, closing: ExitStack) -> Iterator[list[Machine]]:
    """Return two with a cable between them. Raises PermissionError where nobody lets us."""
    made = one_machine(folder, closing)
    spaces = [f"xchat-{os.getpid()}-{each.name}" for each in made]
    with ExitStack() as stack:
        for space in spaces:
            _ip("netns", "add", space)
            stack.callback(_ip, "netns", "delete", space)
        cable = ("type", "veth", "peer", "name", "cable", "netns", spaces[1])
        _ip("link", "add", "cable", "netns", spaces[0], *cable)
        for number, (each, space) in enumerate(zip(made, spaces, strict=True), FIRST):
            each.address = f"{NETWORK}.{number}"
            _ip("-n", space, "address", "add", f"{each.address}/24", "dev", "cable")
            for link in ("lo", "cable"):
                _ip("-n", space, "link", "set", link, "up")
            _ip("-n", space, "route", "add", "default", "via", f"{NETWORK}.254")
            each.prefix = ("ip", "netns", "exec", space, "unshare", "--uts", "sh", "-c", NAMED,
                           each.name)  # fmt: skip
        yield made


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PermissionError(done.stderr)
