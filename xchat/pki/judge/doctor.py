"""`xchat-certs doctor`: look at everything, mend what is safe to mend, say what is left to do.

Safe is what nobody can miss afterwards: to finish or throw away what a killed command left,
to take from others what was never theirs, to sign the list of the revoked anew, to make a lost
table of devices anew from the journal. Nothing that
a person made or may want back is replaced; for that there is a command in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from xchat.errors import XChatError
from xchat.pki.disk import acts, stage
from xchat.pki.disk.files import append_lines, locked
from xchat.pki.disk.folder import JOURNAL, Folder
from xchat.pki.disk.rebuild import mend_table
from xchat.pki.judge.clock import look_at_clock
from xchat.pki.judge.device_files import look_at_device_files
from xchat.pki.judge.drill import PUBLIC, drill
from xchat.pki.judge.examine import Standing, examine
from xchat.pki.judge.permissions import look_at_owners, mend_modes, mend_owners
from xchat.pki.judge.problems import Problem, exit_code
from xchat.pki.judge.revoked_list import mend_list
from xchat.pki.show import check_made

State = Literal["well", "mended", "note", "wrong", "unseen"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at: what was done about it, and what is wrong all the same.

    It is "unseen" where something else has to be mended first, and a "note" where nothing must be.
    """

    name: str
    state: State
    said: str
    done: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """All that the doctor looked at; `next` is the command to type."""

    folder: str
    checks: tuple[Check, ...]
    next: str


def diagnose(path: Path, now: datetime, *, mends: bool = True) -> Health:
    """Look at all there is in a folder; with `mends`, mend first what is safe to mend.

    Raises Differs if there is nothing in the folder.
    """
    folder = Folder(path)
    check_made(folder)
    done = {name: _try(mend, folder, now) for name, mend in _MENDS.items()} if mends else {}
    check_made(folder)
    standing = examine(folder, now)
    checks = tuple(_check(row, standing, now, done.get(row.name, ())) for row in _ROWS)
    return Health(folder=str(path), checks=checks, next=_next(folder, checks, mends=mends))


def _next(folder: Folder, checks: Iterable[Check], *, mends: bool) -> str:
    ill = [check for check in checks if check.state == "wrong"]
    if not mends and any(check.name in _MENDS for check in ill):
        return folder.command("doctor")
    return ill[0].problems[0].mend if ill else folder.command("status")


@dataclass(frozen=True)
class _Row:
    """A check: what can be said when all is well, and what finds out (None: not yet)."""

    name: str
    well: str
    look: Callable[[Standing, datetime], Iterable[Problem] | None]


def _check(row: _Row, standing: Standing, now: datetime, done: tuple[str, ...]) -> Check:
    found = row.look(standing, now)
    if found is None:
        said = "not looked at, until what is wrong above is mended"
        return Check(name=row.name, state="unseen", said=said)
    problems = tuple(found)
    state: State = "mended" if done else "well"
    said = row.well
    if problems:
        state = "wrong" if exit_code(problems) else "note"
        said = f"{problems[0].file} {problems[0].rule}"
    return Check(name=row.name, state=state, said=said, done=done, problems=problems)


def _drill(standing: Standing, now: datetime) -> Iterable[Problem] | None:
    if standing.found.get("chain") != []:
        return None
    return drill(standing.folder, standing.chains["root"], now)


_ROWS = (
    _Row("leftovers", "no command was killed in a change", lambda s, _: s.found["leftovers"]),
    _Row("owner", "everything is its folder's owner's", lambda s, _: look_at_owners(s.folder)),
    _Row("modes", "keys are for their owner only", lambda s, _: s.found["modes"]),
    _Row(
        "clock",
        "it is later than everything that was done here",
        lambda s, now: look_at_clock(s.folder, now),
    ),
    _Row(
        "certificates",
        "root, issuer and server's can be read, are in force, and none is due",
        lambda s, _: s.found["certificates"],
    ),
    _Row("keys", "each is the key to its certificate", lambda s, _: s.found["keys"]),
    _Row(
        "chain",
        "OpenSSL, as strict as in Python 3.13, and cryptography accept it for each name",
        lambda s, _: s.found.get("chain"),
    ),
    _Row(
        "rotation",
        "the root is not being rotated, or what that takes is there",
        lambda s, _: s.found["rotation"],
    ),
    _Row(
        "revoked",
        "the list is the issuer's, fresh, and names every device that was revoked",
        lambda s, _: s.found["revoked"],
    ),
    _Row(
        "devices",
        "each was renewed in time, and has its file",
        lambda s, now: [*s.found["devices"], *look_at_device_files(s.folder, now)],
    ),
    _Row(
        "constraints",
        f"with a stolen issuer's key nobody can pose as {PUBLIC[0]} or {PUBLIC[1]}: tried",
        _drill,
    ),
)


def _mend_leftovers(folder: Folder, _now: datetime) -> Iterator[str]:
    if stage.is_interrupted(folder.path):
        with locked(folder.path):
            is_finished = stage.recover(folder.path)
        what = "decided on was carried out" if is_finished else "half written was thrown away"
        yield f"a change that was {what}"


_Mend = Callable[[Folder, datetime], Iterator[str]]
_MENDS: dict[str, _Mend] = {
    "leftovers": _mend_leftovers,
    "devices": mend_table,
    "revoked": mend_list,
    "modes": lambda folder, _: mend_modes(folder),
    "owner": lambda folder, _: mend_owners(folder),
}
"""In this order: what is made is to be its owner's too."""


def _try(mend: _Mend, folder: Folder, now: datetime) -> tuple[str, ...]:
    """Mend, and record it; what cannot be mended is found by the look after it."""
    done: list[str] = []
    try:
        done.extend(mend(folder, now))
        if done:
            lines = [acts.done("mended by doctor", now, reason=each) for each in done]
            append_lines(folder.path / JOURNAL, lines)
    except XChatError as error:
        done.append(f"not mended: {error.what}")
    except OSError as error:
        done.append(f"not mended: {error.strerror}: {error.filename or folder.path}")
    return tuple(done)
