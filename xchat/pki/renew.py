"""Renew what wears out: the server's certificate at two thirds of its life, the CRL at one.

An issuer near its end is renewed too, where the root's key is at hand and open; and one of
old is let go with the last of its devices.

Goal: nobody has to think of it. The command, its daemon and the server's own thread
all come here, as often as they like and at once: without need nothing is written.

Plan: look without the folder's lock; if something is due, look again under it, and
change everything in one commit. The key is new, the names stay. Nothing is asked of
the network, and an expired certificate is renewed like any other.

Traps: a clock set back makes certificates that clients of the right time know to be
good, and one set ahead makes those of the future; so nothing is signed before the
issuer's own time. What an issuer signs ends with it: where nothing is gained by a new
one, it is the issuer that is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.device.revoke import add_crl, is_crl_due
from xchat.pki.disk import acts, stage
from xchat.pki.disk.files import locked, read_file
from xchat.pki.disk.folder import CRL, Folder
from xchat.pki.disk.registry import read_table
from xchat.pki.disk.root import Root, open_root
from xchat.pki.disk.signers import need_made
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import Differs, Expired, Locked, NotTrusted
from xchat.pki.facts import Facts, bounds_of, covers, facts_of, names_of, read_chain
from xchat.pki.judge.due import is_ca_due, is_server_due
from xchat.pki.judge.problems import COMPARE_CLOCK, ROOT_KEY_SIGNS, Problem
from xchat.pki.judge.revoked_list import list_facts
from xchat.pki.mint.authority import Holder, mint_server
from xchat.pki.mint.crl import ends_at
from xchat.pki.mint.keys import is_locked
from xchat.pki.mint.names import Name, shown
from xchat.pki.rotation.retire import idle_issuers, let_idle_go
from xchat.pki.rotation.rotate import replace_issuer
from xchat.pki.signing import add_server, load_issuer, prove
from xchat.pki.wanted import wanted_names
from xchat.pki.wish import words_for

When = Literal["due", "now"]
Due = Literal["issuer", "server", "list"]
_DAILY: frozenset[Due] = frozenset(("server", "list"))


class Renewed(msgspec.Struct, frozen=True, kw_only=True):
    """What was made anew, and what is due and was not; `list_until` is of a new list of revoked."""

    folder: str
    certificates: tuple[Facts, ...] = ()
    list_until: datetime | None = None
    problems: tuple[Problem, ...] = ()


def renew_due(folder: Folder, now: datetime, *, when: When = "due") -> Renewed | None:
    """Renew what is due (with `when="now"` also what is not); None if all is well as it is.

    May be called from any thread, and while other commands run. Raises XChatError if
    what is due cannot be made, and OSError if it cannot be written; nothing has changed
    then. Reads files only, unless there is something to do.
    """
    if when == "due" and not _what_is_due(folder, now):
        return _reported(folder, now)
    with locked(folder.path):
        stage.recover(folder.path)
        if root := _root_for_issuer(folder, now):
            return _renew_issuer(folder, root, now)
        due = _DAILY if when == "now" else _what_is_due(folder, now)
        return _renew(folder, now, due) if due else _reported(folder, now)


def add_names(folder: Folder, names: Sequence[Name], now: datetime) -> Renewed | None:
    """Let the server's certificate name these too; None if it does, so that nothing changed.

    Raises Differs for a name that the CA may not give, and where there is no CA.
    """
    need_made(folder)
    with locked(folder.path):
        stage.recover(folder.path)
        there = _first(folder, folder.server)
        _check_bounds(folder, names)
        if all(covers(names_of(there), str(name)) for name in names):
            return None
        return _renew(folder, now, _DAILY, names=names)


def _what_is_due(folder: Folder, now: datetime) -> frozenset[Due]:
    """Return what is due; raise Differs where there is no certificate to be renewed."""
    server, issuer = _first(folder, folder.server), _first(folder, folder.issuer)
    if now < server.not_valid_before_utc:
        again = folder.command("renew", "--force")
        raise _early(folder.server, server, f"{COMPARE_CLOCK}. If it is right: {again}")
    due: dict[Due, bool] = {
        "issuer": _root_for_issuer(folder, now) is not None,
        "server": is_server_due(server, issuer, now),
        "list": is_crl_due(folder, now) or _has_idle_issuers(folder, now),
    }
    return frozenset(each for each, is_due in due.items() if is_due)


def _has_idle_issuers(folder: Folder, now: datetime) -> bool:
    """Tell whether an issuer of old can go, and its list with it."""
    is_alone = len(folder.issuers()) == 1
    return not is_alone and any(idle_issuers(folder, read_table(folder), now))


def _root_for_issuer(folder: Folder, now: datetime) -> Root | None:
    """Return the root if the issuer is due, and its key is here, open, and of use."""
    issuer = _first(folder, folder.issuer)
    if not is_ca_due("issuer", issuer, now):
        return None
    try:
        if not folder.root_key.exists() or is_locked(read_file(folder.root_key)):
            return None
        root = open_root(folder, None, _nobody)
    except XChatError:  # the problem is told by `status`
        return None
    ends = root.holder.certificate.not_valid_after_utc
    return root if ends > max(issuer.not_valid_after_utc, now) else None


def _nobody(path: Path) -> bytes:
    raise Locked(f"{path} is locked with a passphrase, and nobody is here to ask")


def _renew_issuer(folder: Folder, root: Root, now: datetime) -> Renewed:
    done, listed = replace_issuer(folder, root, now), list_facts(folder)
    return Renewed(
        folder=str(folder.path),
        certificates=done.certificates,
        list_until=listed.not_after if listed else None,
    )


def _reported(folder: Folder, now: datetime) -> Renewed | None:
    """Return what is due and cannot be made here, if there is such a thing."""
    issuer = _first(folder, folder.issuer)
    problems = tuple(_of_issuer(folder, issuer, now))
    return Renewed(folder=str(folder.path), problems=problems) if problems else None


def _renew(
    folder: Folder, now: datetime, due: frozenset[Due], *, names: Sequence[Name] = ()
) -> Renewed:
    """Make what is due, and a new list of the revoked with anything else: it costs nothing."""
    issuer = load_issuer(folder)
    _check_in_force(folder, issuer.certificate, now)
    server = _mint(folder, issuer, names, now) if "server" in due else None
    change, lines, made = Stage(folder.path), [], []
    if server is not None:
        add_server(folder, change, server, issuer.certificate)
        made = [facts_of(server.certificate, folder.server)]
        lines = [acts.of_certificate("server renewed", each, now) for each in made]
    table = read_table(folder)
    old = let_idle_go(folder, change, table, now)
    signers = [issuer, *old.signers]
    lists = add_crl(folder, change, table, now, signers=signers, gone=old.gone)
    change.add_acts(lines or [acts.done("list of the revoked signed", now, file=CRL)])
    change.commit()
    return Renewed(
        folder=str(folder.path),
        certificates=tuple(made),
        list_until=min(map(ends_at, lists)),
        problems=tuple(_of_issuer(folder, issuer.certificate, now)),
    )


def _mint(folder: Folder, issuer: Holder, names: Sequence[Name], now: datetime) -> Holder:
    wanted = wanted_names(folder, issuer.certificate, names)
    server = mint_server(issuer, wanted, now)
    roots = read_chain(read_file(folder.ca), folder.ca)
    prove([server.certificate, issuer.certificate], roots, wanted, now)
    return server


def _check_in_force(folder: Folder, issuer: x509.Certificate, now: datetime) -> None:
    """Raise XChatError if what the issuer signs now would hold nowhere."""
    if now < issuer.not_valid_before_utc:
        raise _early(folder.issuer, issuer, COMPARE_CLOCK)
    for problem in _of_issuer(folder, issuer, now):
        if problem.kind == "expired":
            raise Expired(f"{problem.file} {problem.rule}: it signs nothing", mend=problem.mend)


def _of_issuer(folder: Folder, issuer: x509.Certificate, now: datetime) -> Iterator[Problem]:
    if not is_ca_due("issuer", issuer, now):
        return
    end = issuer.not_valid_after_utc
    is_past = now > end
    key = () if folder.root_key.exists() else ("--root-key", "FILE")
    yield Problem(
        kind="expired" if is_past else "due",
        file=str(folder.issuer),
        rule=f"expired on {end:%Y-%m-%d}" if is_past else f"ends on {end:%Y-%m-%d}",
        mend=folder.command("rotate", "issuer", *key),
        caution=ROOT_KEY_SIGNS.format(folder.root_key),
    )


def _check_bounds(folder: Folder, names: Sequence[Name]) -> None:
    bounds = bounds_of(_first(folder, folder.issuer))
    outside = [shown(name) for name in names if bounds and not bounds.allow(name)]
    if outside:
        raise Differs(
            f"{folder.issuer} may not name {', '.join(outside)}: its name constraints forbid it,"
            " and every client would refuse. That takes a new CA, and everybody its new ca.pem",
            mend=folder.command("init", "--force", *words_for(names, ())),
        )


def _early(file: Path, certificate: x509.Certificate, mend: str) -> XChatError:
    start = certificate.not_valid_before_utc
    return XChatError(f"{file} is not valid before {start:%Y-%m-%d %H:%M} UTC", mend=mend)


def _first(folder: Folder, file: Path) -> x509.Certificate:
    """Return the first certificate in a file; raise Differs or NotTrusted."""
    pem = read_file(file, mend=folder.command("init"))
    try:
        return read_chain(pem, file)[0]
    except NotTrusted as error:
        error.mend = folder.command("status")
        raise
