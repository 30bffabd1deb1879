"""`xchat-certs renew --daemon`: look every hour, go on whatever is found, end on SIGTERM.

Nothing is asked of anybody: what cannot be done is said on standard error, each hour anew.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import click

from xchat.certs import say
from xchat.certs.command import NAME, as_error
from xchat.certs.renewing import Whose, renew_once
from xchat.errors import XChatError
from xchat.limits import RENEWAL_LOOK_SECONDS
from xchat.pki.disk.folder import Folder
from xchat.pki.renew import Renewed


def keep_renewing(folder: Folder, whose: Whose, after: Callable[[], None]) -> Renewed:
    """Renew what is due until SIGTERM or Ctrl-C; return what was made last.

    `whose` is as for `renew_once`. `after` is called when something was made; what it raises is
    said, and no more.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    _tell(f"looks after {folder.path}, and looks again every hour")
    last = Renewed(folder=str(folder.path), certificates=())
    while True:
        last = _look(folder, whose, after) or last
        if stopped.wait(RENEWAL_LOOK_SECONDS):
            return last


def _look(folder: Folder, whose: Whose, after: Callable[[], None]) -> Renewed | None:
    now = datetime.now(UTC)
    try:
        if done := renew_once(folder, now, when="due", whose=whose, after=after):
            _tell("\n".join(say.renewed(done, folder.command("status"))))
    except (XChatError, OSError) as error:
        _tell(str(as_error(error, folder.path)))
        return None
    return done if done and done.certificates else None


def _tell(what: str) -> None:
    click.echo(f"{NAME}: {what}", err=True)
