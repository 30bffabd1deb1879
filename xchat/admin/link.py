"""To the running server: a request over its socket, and what it answers."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from xchat.admin.exits import NotAllowed, RefusedError
from xchat.errors import XChatError
from xchat.store.console_path import SOCKET_NAME, socket_address

ANSWER_SECONDS_MAX = 60.0
"""How long an answer may take: a busy machine hashes a password for some seconds."""


def connect(folder: Path) -> socket.socket | None:
    """Return a connection to the server that runs on a data folder; None where none listens.

    Raises NotAllowed where this user may not.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(ANSWER_SECONDS_MAX)
    try:
        with socket_address(folder) as address:
            sock.connect(address)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        sock.close()
        return None
    except PermissionError as error:
        sock.close()
        raise _not_allowed(folder) from error
    except OSError as error:
        sock.close()
        raise _broken(folder, error) from error
    return sock


def ask(
    sock: socket.socket, folder: Path, verb: str, arguments: Mapping[str, object]
) -> Iterator[dict[str, Any]]:
    """Ask for what a verb does; yield its rows, or its one answer. Raises RefusedError."""
    request = msgspec.json.encode({"verb": verb, "arguments": arguments}) + b"\n"
    try:
        sock.sendall(request)
        with sock.makefile("rb") as lines:
            yield from _answers(lines, folder)
    except OSError as error:
        raise _broken(folder, error) from error


def _answers(lines: IO[bytes], folder: Path) -> Iterator[dict[str, Any]]:
    for line in lines:
        message: dict[str, Any] = msgspec.json.decode(line)
        if "rows" in message:
            yield from message["rows"]
        elif "refused" in message:
            raise RefusedError(**message["refused"])
        else:
            if "answer" in message:
                yield message["answer"]
            return
    raise _broken(folder, ConnectionResetError("it ended before it had answered"))


def _broken(folder: Path, error: OSError) -> XChatError:
    return XChatError(
        f"{folder / SOCKET_NAME}: the server's answer broke off: {error.strerror or error}",
        mend="look whether it was done: xchat-admin audit; and at the server's own journal",
    )


def _not_allowed(folder: Path) -> NotAllowed:
    owner = _owner_of(folder)
    return NotAllowed(
        f"{folder}: the data of another user's server",
        mend=f"sudo -u {owner} {shlex.join(('xchat-admin', '--data', str(folder)))} ...",
    )


def _owner_of(folder: Path) -> str:
    import pwd

    try:
        return pwd.getpwuid(os.stat(folder).st_uid).pw_name  # noqa: PTH116 - follows no less
    except (OSError, KeyError):
        return "ITS_OWNER"
