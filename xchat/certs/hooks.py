"""Run the command a person gave with `--exec`, after something was made."""

from __future__ import annotations

import shlex
import subprocess

from xchat.errors import UsageError, XChatError
from xchat.limits import HOOK_SECONDS_MAX

_MADE = "what was to be made is made"


def split(command: str) -> list[str]:
    """Return the words of a command; raise UsageError if they cannot be told apart."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--exec {command!r}: {error}", mend="Close what you quote") from error
    if not words:
        raise UsageError("--exec names no command", mend="Such as: --exec 'systemctl reload nginx'")
    return words


def run(words: list[str]) -> None:
    """Run a command, if it has words, without a shell or a terminal; raise XChatError."""
    if not words:
        return
    mend = f"Run it yourself: {shlex.join(words)}"
    try:
        done = subprocess.run(  # noqa: S603 - words of whoever runs us
            words, stdin=subprocess.DEVNULL, check=False, timeout=HOOK_SECONDS_MAX
        )
    except OSError as error:
        what = f"{words[0]} cannot be run: {error.strerror}; {_MADE}"
        raise XChatError(what, mend=mend) from error
    except subprocess.TimeoutExpired as error:
        what = f"{words[0]} did not end in {HOOK_SECONDS_MAX:.0f} seconds; {_MADE}"
        raise XChatError(what, mend=mend) from error
    if done.returncode:
        raise XChatError(f"{words[0]} ended with {done.returncode}; {_MADE}", mend=mend)
