"""What `show`, `status` and `verify` find out, as values."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from xchat.pki.advice import mend_refused
from xchat.pki.device_files import count_devices
from xchat.pki.errors import Differs
from xchat.pki.examine import examine, is_empty
from xchat.pki.facts import Facts, facts_of, read_chain
from xchat.pki.fetch import fetch_chain, parse_place
from xchat.pki.files import read_file
from xchat.pki.folder import Folder
from xchat.pki.names import parse_name
from xchat.pki.problems import Problem
from xchat.pki.revoked_list import ListFacts, list_facts
from xchat.pki.stage import is_interrupted
from xchat.pki.verify import Verdict, judge, names_to_try


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Certificates somebody wanted to see; `warning` and `mend` if nothing vouches for them."""

    certificates: tuple[Facts, ...]
    warning: str | None = None
    mend: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How the certificates of a folder stand, and how many devices are in force."""

    certificates: tuple[Facts, ...]
    problems: tuple[Problem, ...]
    next: str
    revoked: ListFacts | None = None
    devices: int = 0


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a chain holds with the certificates in `trusted`, who says what, what mends it."""

    file: str
    trusted: str
    holds: bool
    verdicts: tuple[Verdict, ...]
    mend: str | None


def look(folder: Path, what: str | None) -> Seen:
    """Return the certificates in a file, at HOST:PORT, or in the folder if `what` is None."""
    if what is None:
        return Seen(certificates=_all_in(Folder(folder)))
    path = Path(what)
    if path.exists():
        return Seen(certificates=_facts(path))
    host, port = parse_place(what)
    chain = fetch_chain(host, port)
    return Seen(
        certificates=tuple(facts_of(each, what) for each in chain),
        warning=f"This is what {what} shows. Nothing was verified: anyone can show anything.",
        mend="Compare the first SHA256 with what its owner sees there: xchat-certs show",
    )


def stand(path: Path, now: datetime) -> Report:
    """Return how a folder stands; raise Differs if there is nothing in it."""
    folder = Folder(path)
    check_made(folder)
    standing = examine(folder, now)
    return Report(
        certificates=tuple(standing.facts),
        problems=standing.problems,
        next=folder.server_command(),
        revoked=list_facts(folder),
        devices=count_devices(folder, now),
    )


def try_chain(file: Path, trusted: Path, host: str | None, now: datetime) -> Verification:
    """Return what both judges say of a server's chain, for `host` or for each name it has."""
    chain = read_chain(read_file(file), file)
    roots = read_chain(read_file(trusted, mend="Say what is trusted: --ca FILE"), trusted)
    names = [parse_name(host)] if host else names_to_try(chain[0])
    verdicts = judge(chain, roots, names, now)
    refused = [(each.broken.kind, each.name) for each in verdicts if each.broken]
    return Verification(
        file=str(file),
        trusted=str(trusted),
        holds=not refused,
        verdicts=tuple(verdicts),
        mend=mend_refused(file, trusted, refused) if refused else None,
    )


def _all_in(folder: Folder) -> tuple[Facts, ...]:
    check_made(folder)
    issuers = (folder.issuer, folder.next.issuer, *folder.issuers()[1:])
    roots = (each for path in (folder.ca, folder.bridge) if path.exists() for each in _facts(path))
    others = (_facts(path)[0] for path in (*issuers, folder.server) if path.exists())
    return (*roots, *others)


def _facts(path: Path) -> tuple[Facts, ...]:
    return tuple(facts_of(each, path) for each in read_chain(read_file(path), path))


def check_made(folder: Folder) -> None:
    """Raise Differs if nothing was ever made in a folder."""
    if is_empty(folder) and not is_interrupted(folder.path):
        raise Differs(f"{folder.path}: there are no certificates", mend=folder.command("init"))
