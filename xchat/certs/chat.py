"""Ask the chat: accounts are its server's to keep, not the folder's of certificates.

Where a server runs it is asked over its socket; where none does, its store is opened. Where
neither is to be had, that is a note with the command to type, for the certificate is good
all the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from xchat.errors import XChatError
from xchat.pki.errors import Differs

if TYPE_CHECKING:
    from xchat.pki.wish import Note

ENSURE = "user ensure"


class Chat(msgspec.Struct, frozen=True):
    """Which chat: its data folder, its settings; both as `xchat-server` takes them."""

    data: str | None
    config: Path | None

    def command(self, *words: str) -> str:
        """Return an `xchat-admin` command for this chat, ready to type."""
        where = ["--data", self.data] if self.data else []
        where += ["--config", str(self.config)] if self.config else []
        return shlex.join(("xchat-admin", *where, *words))


def of_chat(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb `--data` and `--config`."""
    data = click.option(
        "--data", metavar="FOLDER", help="The server's data folder.  [as xchat-server's]"
    )
    config = click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE.toml",
        help="The server's settings, where it has any.",
    )
    return data(config(function))


def ensure_account(account: str, chat: Chat) -> tuple[Note, ...]:
    """Make an account if there is none; return a note where the chat is out of reach.

    Raises Differs where the chat does not let anybody be called so.
    """
    from xchat.pki.wish import Note

    try:
        _ask(chat, ENSURE, {"name": account})
    except ImportError:  # Windows: the server is for other systems
        what = "no server of ours runs on this system"
    except XChatError as error:
        if getattr(error, "code", None):
            raise Differs(error.what, mend=chat.command("user", "list")) from error
        what = error.what
    else:
        return ()
    text = f"whether the chat has the account {account} is not known: {what}"
    return (Note(text, chat.command(*ENSURE.split(), account)),)


def _ask(chat: Chat, verb: str, arguments: dict[str, object]) -> list[dict[str, Any]]:
    from xchat.admin.reach import do
    from xchat.chat.admin.table import VERBS
    from xchat.config import load

    config = load(chat.config, (), {"store.data": chat.data} if chat.data else {})
    return list(do(config, VERBS[verb], arguments))
