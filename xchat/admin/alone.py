"""Where no server runs: the verb is done on the store itself, under the folder's lock.

By the same hub as in the server, so the same rules hold, and the same is recorded.
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from xchat.admin.exits import NotRunning, RefusedError
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.table import begin
from xchat.chat.hub import Hub
from xchat.config import Config
from xchat.pki.invite.inviting import Reached, make_link
from xchat.store.database import FILE_NAME
from xchat.store.folder import open_folder
from xchat.store.starting import now_ms, start_hub
from xchat.store.store import SqliteStore

MAKE_A_STORE = ("user add", "user ensure", "invite add")
"""The verbs for which a store is made where there is none: so accounts come before a start."""


def run(
    config: Config, folder: Path, verb: str, arguments: Mapping[str, object]
) -> Iterator[dict[str, Any]]:
    """Do what a verb does; yield its rows, or its one answer. Raises XChatError."""
    if verb not in MAKE_A_STORE and not (folder / FILE_NAME).exists():
        raise NotRunning(
            f"{folder}: no chat keeps its data there",
            mend="give its folder: --data FOLDER; or begin: xchat-admin user add NAME",
        )
    with ExitStack() as held:
        held.enter_context(closing(open_folder(folder)))
        store = held.enter_context(closing(SqliteStore(folder / FILE_NAME)))
        hub = start_hub(config, store, folder)
        hub.link = partial(make_link, _reached(config))
        operation = begin(hub, who_am_i(), verb, arguments)
        _settle(hub, operation)
        yield from _results(operation)
        store.tidy()


def _reached(config: Config) -> Reached:
    tls = config.tls
    ca = Path(tls.client_ca).expanduser() if tls.client_ca else None
    cert = Path(tls.cert).expanduser()
    return Reached(cert, tuple(config.listen.host), config.listen.port, ca)


def _settle(hub: Hub, operation: Operation) -> None:
    while not operation.is_settled:
        for job in hub.work.take():
            hub.work.done(job, job.run())
        hub.serve(time.monotonic(), now_ms())
        hub.settle()


def _results(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.refusal is not None:
        raise RefusedError(operation.refusal.code, operation.refusal.what)
    for row in operation.rows or ():
        yield msgspec.to_builtins(row)
    if operation.answer is not None:
        yield msgspec.to_builtins(operation.answer())


def who_am_i() -> str:
    """Return the name of this process's user."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"
