"""`xchat-certs init`: make what is missing, replace nothing unasked, say what differs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from xchat.errors import XChatError
from xchat.pki.compare import check_ca_same, check_same
from xchat.pki.disk import stage
from xchat.pki.disk.files import OWNERS_FOLDER, locked, make_folder
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Differs
from xchat.pki.issue import make_all, make_server
from xchat.pki.judge.examine import Standing, examine, is_empty
from xchat.pki.judge.problems import FATAL
from xchat.pki.wish import Note, Outcome, Wish, no_name

Replace = Literal["nothing", "all"]

OURS_AT_FIRST = {"README.md", ".gitignore"}
"""What a checkout's `certs/` holds before anything is made there."""


def init(path: Path, wish: Wish, now: datetime, *, replace: Replace = "nothing") -> Outcome:
    """Make a chat's certificates at `path`, or see that they are there as wished.

    Finishes first what a killed command began. Raises Differs, Expired, Locked
    or UsageError, and has then changed nothing.
    """
    if not (path.exists() or wish.detects or wish.names):
        raise no_name()
    folder = _open(path)
    with locked(folder.path):
        stage.recover(folder.path)
        if is_empty(folder) or replace == "all":
            return make_all(folder, wish, now)
        standing = examine(folder, now)
        if _lacks_server_only(standing):
            _check_issuer(standing)
            check_ca_same(standing, wish)
            return make_server(folder, standing, wish, now)
        return _unchanged(standing, check_same(standing, wish))


def _open(path: Path) -> Folder:
    """Return the folder at `path`, made if need be; one that held nothing becomes its owner's."""
    if not path.exists():
        _check_outside(Folder(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        make_folder(path)
    elif not path.is_dir():
        raise XChatError(f"{path} is not a folder", mend="Name another one: --dir FOLDER")
    elif {each.name for each in path.iterdir()} <= OURS_AT_FIRST:
        path.chmod(OWNERS_FOLDER)
    return Folder(path)


def _check_outside(folder: Folder) -> None:
    """Refuse to make a CA within a CA's folder: who types `init` there stands in the wrong one."""
    if (outer := folder.around()) is not None:
        raise Differs(
            f"{outer.path.absolute()} holds a CA, and another within it was hardly meant",
            mend=outer.command("status"),
        )


def _lacks_server_only(standing: Standing) -> bool:
    folder = standing.folder
    pair = {folder.server, folder.server_key}
    lost = {each.file for each in standing.problems if each.kind in FATAL}
    return not any(path.exists() for path in pair) and lost <= set(map(str, pair))


def _check_issuer(standing: Standing) -> None:
    """Raise Differs if the CA cannot sign a server's certificate now."""
    folder = standing.folder
    cas = {str(path) for path in (folder.ca, folder.issuer, folder.issuer_key)}
    for each in standing.problems:
        if each.file in cas and each.kind in (*FATAL, "expired"):
            raise each.as_error("nothing can be signed")


def _unchanged(standing: Standing, notes: list[Note]) -> Outcome:
    return Outcome(
        did="unchanged",
        folder=str(standing.folder.path),
        certificates=tuple(standing.facts),
        notes=tuple(notes),
        next=standing.folder.server_command(),
    )
