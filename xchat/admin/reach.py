"""Where a verb is done: by the server that runs, or, where none does, on the store itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from xchat.admin import alone, link
from xchat.admin.exits import NotAllowed, NotRunning
from xchat.chat.admin.table import Verb
from xchat.config import Config, data_folder
from xchat.store.folder import holder_of


def do(config: Config, verb: Verb, arguments: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a verb, or its one answer; raises XChatError."""
    folder = data_folder(config)
    sock = link.connect(folder)
    if sock is not None:
        with closing(sock):
            yield from link.ask(sock, folder, verb.name, arguments)
        return
    _need_free(folder)
    if not verb.alone:
        raise NotRunning(
            f"{folder}: no server runs on this data folder",
            mend=f"start it: {shlex.join(('xchat-server', '--data', str(folder)))}; "
            "or give the folder of the one that runs: --data FOLDER",
        )
    yield from alone.run(config, folder, verb.name, arguments)


def _need_free(folder: Path) -> None:
    """Refuse a folder that a server holds which does not listen, or that is another user's."""
    try:
        pid = holder_of(folder)
    except PermissionError as error:
        raise NotAllowed(
            f"{folder}: this user may not read it",
            mend=f"look whose it is: ls -ld {shlex.quote(str(folder))}",
        ) from error
    except NotADirectoryError:
        return  # said in words by who opens it
    if pid is not None:
        raise NotRunning(
            f"{folder}: pid {pid} holds the folder and answers no xchat-admin",
            mend="it starts, stops, or is older than this xchat-admin: try again in a moment",
        )
