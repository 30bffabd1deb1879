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

from xchat.errors import UsageError, XChatError
from xchat.pki.disk.folder import DEFAULT, Folder
from xchat.pki.errors import Differs

if TYPE_CHECKING:
    from xchat.pki.wish import Note

ENSURE = "user ensure"
_WORDS = ("BAD_ACCOUNT_NAME", "INVALID_ARGUMENTS")


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
        _do(chat, ENSURE, {"name": account})
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


def ask(
    chat: Chat, verb: str, arguments: dict[str, object], *, certs: Folder
) -> list[dict[str, Any]]:
    """Return what a verb of `xchat-admin` answers; `certs` is where no settings say otherwise.

    Raises UsageError for the words, Differs for what the chat does not allow, XChatError
    where it is out of reach.
    """
    from xchat.admin.exits import NotAllowed, NotRunning, RefusedError

    try:
        return _do(chat, verb, arguments, certs)
    except RefusedError as refused:
        kind = UsageError if refused.code in _WORDS else Differs
        raise kind(refused.what, mend=refused.mend) from refused
    except (NotRunning, NotAllowed) as error:  # their exit codes mean something else here
        raise XChatError(error.what, mend=error.mend) from error
    except ImportError as error:
        text = "no server of ours runs on this system"
        raise XChatError(text, mend="Invite where the server runs") from error


def _do(
    chat: Chat, verb: str, arguments: dict[str, object], certs: Folder | None = None
) -> list[dict[str, Any]]:
    from xchat.admin.reach import do
    from xchat.chat.admin.table import VERBS
    from xchat.config import load

    given = {"store.data": chat.data} if chat.data else {}
    if certs is not None and (chat.config is None or certs.path != DEFAULT):
        given |= {"tls.cert": str(certs.server), "tls.key": str(certs.server_key)}
    config = load(chat.config, (), given)
    return list(do(config, VERBS[verb], arguments))
