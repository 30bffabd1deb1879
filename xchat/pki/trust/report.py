"""What `xchat-certs trust` does, from the files it begins with to the journal's line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509

from xchat.errors import UsageError, XChatError
from xchat.pki.disk import acts
from xchat.pki.disk.acts import Act
from xchat.pki.disk.files import append_lines, locked, read_file, whole_of
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.stage import ACTS
from xchat.pki.errors import Differs
from xchat.pki.facts import Facts, read_chain
from xchat.pki.judge.verify import names_to_try
from xchat.pki.trust.change import check_allowed, install, uninstall
from xchat.pki.trust.roots import Known, Root, read_roots
from xchat.pki.trust.stores import Kind, Store, find_stores

INSTALLED, UNINSTALLED = "root trusted", "root no longer trusted"


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A root, and the stores it was put into or taken out of; `facts` where it is at hand."""

    sha256: str
    stores: tuple[str, ...]
    facts: Facts | None = None


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to the trust stores of this machine; `stores` are those it has."""

    did: Literal["installed", "uninstalled", "unchanged"]
    roots: tuple[Changed, ...]
    stores: tuple[str, ...]
    notes: tuple[str, ...] = ()
    next: str


@dataclass(frozen=True)
class Asked:
    """What is asked for: which folder or file of roots, which stores, typed how."""

    folder: Folder
    file: Path | None
    kinds: tuple[Kind, ...]
    command: tuple[str, ...]
    """The words that ask for it, with a program and folders that `sudo` finds too."""

    @property
    def ca(self) -> Path:
        """The file whose roots are meant."""
        return self.file or self.folder.ca


def trust(asked: Asked, now: datetime) -> Trusted:
    """Install the roots in a file into the stores; raises XChatError with nothing changed."""
    mend = asked.folder.command("init") if asked.file is None else None
    served = _served(asked.folder, now)
    names = names_to_try(served[0])[:1] if served else []
    roots = read_roots(asked.ca, served, names, mend or "xchat-certs trust install FILE")
    stores, notes = _stores(asked)
    changed = []
    for root in roots:
        done = install(stores, root)
        changed.append(Changed(sha256=root.sha256, stores=tuple(done), facts=root.facts))
        if done:
            _record(asked, acts.of_certificate(INSTALLED, root.facts, now, file=", ".join(done)))
    words = ("trust", "uninstall", *([str(asked.file)] if asked.file else []))
    return Trusted(
        did="installed" if any(each.stores for each in changed) else "unchanged",
        roots=tuple(changed),
        stores=tuple(store.name for store in stores),
        notes=tuple(notes),
        next=asked.folder.command(*words),
    )


def distrust(asked: Asked, fingerprint: str | None, now: datetime) -> Trusted:
    """Take our roots out of the stores: those of the file, and all that the journal tells of."""
    known = {each.sha256: each for each in _known(asked, fingerprint, now)}
    stores, notes = _stores(asked)
    changed = []
    for root in known.values():
        done = uninstall(stores, root)
        facts = root.facts if isinstance(root, Root) else None
        changed.append(Changed(sha256=root.sha256, stores=tuple(done), facts=facts))
        if isinstance(root, Root):
            notes += [
                f"{store.name} trusts it all the same, by a copy that is not ours"
                for store in stores
                if store.refusal(root) is None
            ]
        if done:
            what = {"sha256": root.sha256, "serial": root.serial, "file": ", ".join(done)}
            _record(asked, acts.done(UNINSTALLED, now, **what))
    return Trusted(
        did="uninstalled" if any(each.stores for each in changed) else "unchanged",
        roots=tuple(changed),
        stores=tuple(store.name for store in stores),
        notes=tuple(notes),
        next=asked.folder.command("trust", "install"),
    )


def _stores(asked: Asked) -> tuple[list[Store], list[str]]:
    stores, notes = find_stores(asked.kinds)
    if not stores:
        raise Differs(
            f"this machine has no trust store that we know ({', '.join(asked.kinds)})",
            mend=f"Give {asked.ca} to each program: curl --cacert, SSL_CERT_FILE, ...",
        )
    check_allowed(stores, asked.command)
    return stores, notes


def _known(asked: Asked, fingerprint: str | None, now: datetime) -> Iterator[Known]:
    if fingerprint:
        digits = fingerprint.replace(":", "").lower()
        if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
            raise UsageError(
                f"{fingerprint} is no SHA-256 fingerprint: 64 hexadecimal digits",
                mend="xchat-certs show ca.pem",
            )
        journalled = {each.sha256: each for each in _journalled(asked.folder)}
        yield journalled.get(digits, Known(digits, ""))
        return
    yield from [] if asked.file else _journalled(asked.folder)
    if asked.file or asked.ca.exists() or not (asked.folder.path / ACTS).exists():
        served = _served(asked.folder, now)
        names = names_to_try(served[0])[:1] if served else []
        yield from read_roots(
            asked.ca, served, names, "xchat-certs trust uninstall --fingerprint SHA256"
        )


def _journalled(folder: Folder) -> Iterator[Known]:
    """Yield every root that was ever installed from here."""
    journal = folder.path / ACTS
    for line in whole_of(journal).splitlines() if journal.exists() else ():
        try:
            act = msgspec.json.decode(line, type=Act)
        except msgspec.MsgspecError:
            continue  # a line torn by a crash
        if act.act == INSTALLED:
            yield Known(act.sha256, act.serial)


def _served(folder: Folder, now: datetime) -> Sequence[x509.Certificate]:
    """Return the chain that our server shows, to try a store with; none if it is not in force."""
    try:
        chain = read_chain(read_file(folder.server), folder.server)
    except XChatError:
        return ()
    in_force = all(each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in chain)
    return chain if in_force else ()


def _record(asked: Asked, act: bytes) -> None:
    """Write a line into the journal, where there is one: elsewhere nothing is ours."""
    if (asked.folder.path / ACTS).exists():
        with locked(asked.folder.path):
            append_lines(asked.folder.path / ACTS, [act])
