"""Lines for people and pipes: never a control sequence, never a half line.

What came from the network has passed `visible` before it gets here; here characters that
the terminal's encoding lacks are written as escapes, and a reader that is gone is noticed.
"""

from __future__ import annotations

import errno
import io
import os
from typing import TextIO

from xchat.client.exits import ClientError, Exit

_GONE = (errno.EPIPE, errno.EIO)
"""A pipe that is closed, a terminal that has hung up."""


class Output:
    """Collects lines; `flush` writes them together."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self.gone = False
        """Whether whoever read us has closed the pipe."""
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    def line(self, text: str) -> None:
        """Add a line."""
        self._lines.append(text)

    def flush(self) -> None:
        """Write what was added."""
        if not self._lines or self.gone:
            return
        text = "".join(f"{line}\n" for line in self._lines)
        self._lines.clear()
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            if error.errno not in _GONE:
                raise ClientError(
                    Exit.FAILED, f"the output cannot be written: {error.strerror}"
                ) from error
            self._give_up()

    def _give_up(self) -> None:
        """Let Python's own flush at the end find something that takes all."""
        self.gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
