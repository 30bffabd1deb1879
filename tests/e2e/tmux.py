"""A terminal of its own for a program: a tmux server per test, its keys and its screen."""

from __future__ import annotations

import os
import re
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WAIT_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.05
CONFIG = "set -g remain-on-exit on\nset -g status off\nset -g history-limit 2000\n"


@dataclass(slots=True)
class Terminal:
    """One tmux server with one pane; what runs there stays readable after it ended."""

    folder: Path
    columns: int = 120
    rows: int = 40
    name: str = field(default_factory=lambda: f"xchat-{uuid.uuid4().hex[:12]}")

    def run(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start `argv` in a new pane with an empty home, in UTF-8, and the given environment."""
        config = self.folder / "tmux.conf"
        config.write_text(CONFIG)
        given = {"HOME": str(self.folder), "LC_ALL": "C.UTF-8", "TERM": "screen-256color"}
        settings = [f"{key}={value}" for key, value in (given | dict(env or {})).items()]
        self.tmux(
            "-u", "-f", str(config), "new-session", "-d",
            "-x", str(self.columns), "-y", str(self.rows),
            "env", *settings, *argv,
        )  # fmt: skip

    def type(self, *lines: str) -> None:
        """Type each line and press Enter."""
        for line in lines:
            self.tmux("send-keys", "-l", "--", line)
            self.tmux("send-keys", "Enter")

    def screen(self) -> str:
        """Return the text on the screen and what scrolled off it."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-")

    def wait(self, pattern: str, *, seconds: float = WAIT_SECONDS) -> re.Match[str]:
        """Return the match once the screen shows `pattern`, or fail showing the screen."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if found := re.search(pattern, screen):
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {pattern!r} within {seconds} s on the screen:\n{screen}")
            time.sleep(LOOK_EVERY_SECONDS)

    def close(self) -> None:
        """Kill the tmux server and all that runs in it."""
        subprocess.run(["tmux", "-L", self.name, "kill-server"], check=False, capture_output=True)

    def tmux(self, *words: str) -> str:
        outside = {key: value for key, value in os.environ.items() if key != "TMUX"}
        done = subprocess.run(
            ["tmux", "-L", self.name, *words],
            check=False, capture_output=True, text=True, timeout=WAIT_SECONDS,
            env=outside | {"LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == 0, f"tmux {words[0]}: {done.stderr}"
        return done.stdout
