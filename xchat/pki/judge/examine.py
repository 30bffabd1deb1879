"""Look at all that lies in a folder of certificates, and say what is wrong with it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.detect import find_names
from xchat.pki.disk import stage
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.facts import Facts, facts_of, names_of, read_chain, root_above
from xchat.pki.judge.device_files import look_at_devices
from xchat.pki.judge.due import is_ca_due, is_server_due
from xchat.pki.judge.permissions import look_at_modes
from xchat.pki.judge.problems import COMPARE_CLOCK, FATAL, ROOT_KEY_SIGNS, Kind, Problem, Subject
from xchat.pki.judge.revoked_list import look_at_list
from xchat.pki.judge.verify import judge, names_to_try
from xchat.pki.mint.keys import is_locked, read_key
from xchat.pki.mint.names import Name
from xchat.pki.rotation.progress import look_at_rotation
from xchat.pki.wish import words_for

NEW_CA = "That makes a new CA, and everybody needs its new ca.pem"
LOST_ISSUER = "Put it back if there is a copy: a new issuer takes the root's key, {}"
PUT_BACK = "Put it back if there is a copy: a new CA means a new ca.pem for everybody"


@dataclass(frozen=True)
class Standing:
    """What is there (each certificate, its chain after it, by role), and what is wrong."""

    folder: Folder
    chains: dict[str, list[x509.Certificate]]
    found: dict[Subject, list[Problem]]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return all that is wrong, what is to be mended first at first."""
        return tuple(itertools.chain.from_iterable(self.found.values()))

    @property
    def root(self) -> x509.Certificate:
        """The root whose CA this is: during a rotation `ca.pem` holds another one too."""
        return _of(self.chains, "root")

    @property
    def facts(self) -> list[Facts]:
        """Return each certificate in people's words, the roots first."""
        where = _places(self.folder)
        found = [(where["root"], each) for each in self.chains.get("root", [])]
        found += [(where[role], c[0]) for role, c in self.chains.items() if role != "root"]
        return [facts_of(certificate, path) for path, certificate in found]


def is_empty(folder: Folder) -> bool:
    """Tell whether there is nothing of ours in a folder."""
    return not any(path.exists() for path in folder.files())


def examine(folder: Folder, now: datetime) -> Standing:
    """Return the standing of a folder; what cannot be read is a problem, not an error."""
    chains: dict[str, list[x509.Certificate]] = {}
    lost = list(_read(folder, chains))
    found: dict[Subject, list[Problem]] = {
        "leftovers": list(_interruption(folder)),
        "certificates": [*lost, *_ages(folder, chains, now)],
        "keys": [p for role in chains for p in _key(folder, role, _of(chains, role))],
    }
    if all(problem.kind == "due" for each in found.values() for problem in each):
        found["chain"] = list(_trust(folder, chains, now))
    found["rotation"] = list(look_at_rotation(folder, now))
    found["revoked"] = list(look_at_list(folder, now)) if "issuer" in chains else []
    found["devices"] = list(look_at_devices(folder, now))
    found["modes"] = list(look_at_modes(folder))
    return Standing(folder, chains, found)


def _read(folder: Folder, chains: dict[str, list[x509.Certificate]]) -> Iterator[Problem]:
    """Fill in the chains that can be read, and yield the others as problems."""
    for role, path in _places(folder).items():
        try:
            chain = read_chain(read_file(path), path)
            for each in chain:
                facts_of(each, path)
            chains[role] = chain
        except XChatError as error:
            yield _lost(folder, role, path, error)


def _ages(
    folder: Folder, chains: dict[str, list[x509.Certificate]], now: datetime
) -> Iterator[Problem]:
    for role, chain in chains.items():
        certificate = _of(chains, role)
        yield from _dates(folder, role, certificate, now)
        yield from _due(folder, role, [certificate, chains.get("issuer", chain)[0]], now)


def _of(chains: dict[str, list[x509.Certificate]], role: str) -> x509.Certificate:
    if role == "root":
        return root_above(chains.get("issuer", ()), chains[role])
    return chains[role][0]


def _places(folder: Folder) -> dict[str, Path]:
    return {"root": folder.ca, "issuer": folder.issuer, "server": folder.server}


def _interruption(folder: Folder) -> Iterator[Problem]:
    if stage.is_interrupted(folder.path):
        yield Problem(
            kind="interrupted",
            file=str(folder.path),
            rule="a command was killed in the middle of a change",
            mend=folder.command("doctor"),
        )


def _lost(folder: Folder, role: str, path: Path, error: XChatError) -> Problem:
    missing = not path.exists()
    rule = "is missing" if missing else error.what.removeprefix(f"{path} ")
    if role == "server" and missing:
        return Problem(kind="missing", file=str(path), rule=rule, mend=folder.command("init"))
    return _replaceable(folder, role, "missing" if missing else "broken", path, rule)


def _replaceable(folder: Folder, role: str, kind: Kind, path: Path, rule: str) -> Problem:
    """Return a problem that a new certificate mends: as little anew as will do, no name lost."""
    if role == "server":
        words = () if kind in ("expired", "due") else ("--force",)
        mend, caution = folder.command("renew", *words), None
    elif (role == "issuer" and folder.ca.exists()) or (role == "root" and kind == "due"):
        key = () if folder.root_key.exists() else ("--root-key", "FILE")
        mend = folder.command("rotate", role, *key)
        caution = (LOST_ISSUER if kind in FATAL else ROOT_KEY_SIGNS).format(folder.root_key)
    else:
        mend, caution = _new_ca(folder), PUT_BACK if kind in FATAL else NEW_CA
    return Problem(kind=kind, file=str(path), rule=rule, mend=mend, caution=caution)


def _new_ca(folder: Folder) -> str:
    names: list[Name] = []
    with contextlib.suppress(XChatError):
        names = names_of(read_chain(read_file(folder.server), folder.server)[0])
    return folder.command("init", "--force", *words_for(names, find_names()))


def _dates(
    folder: Folder, role: str, certificate: x509.Certificate, now: datetime
) -> Iterator[Problem]:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    path = _places(folder)[role]
    if now > end:
        yield _replaceable(folder, role, "expired", path, f"expired on {end:%Y-%m-%d %H:%M} UTC")
    elif now < start:
        rule = f"is not valid before {start:%Y-%m-%d %H:%M} UTC"
        yield Problem(kind="broken", file=str(path), rule=rule, mend=COMPARE_CLOCK)


def _due(
    folder: Folder, role: str, chain: list[x509.Certificate], now: datetime
) -> Iterator[Problem]:
    """Yield that a certificate still in force is to be replaced; the issuer's is its second."""
    end = chain[0].not_valid_after_utc
    is_due = (
        is_server_due(chain[0], chain[1], now)
        if role == "server"
        else is_ca_due(role, chain[0], now)
    )
    if is_due and now <= end:
        rule = f"expires on {end:%Y-%m-%d}, so a new one is due"
        yield _replaceable(folder, role, "due", _places(folder)[role], rule)


def _key(folder: Folder, role: str, certificate: x509.Certificate) -> Iterator[Problem]:
    path = {"root": folder.root_key, "issuer": folder.issuer_key, "server": folder.server_key}[role]
    if role == "root" and not path.exists():
        return  # moved away, as it may be
    try:
        pem = read_file(path)
        if role == "root" and is_locked(pem):
            return
        if read_key(pem, path).public_key() == certificate.public_key():
            return
        rule = f"is not the key to {_places(folder)[role]}"
    except XChatError as error:
        rule = error.what.removeprefix(f"{path} ") if path.exists() else "is missing"
    kind: Kind = "broken" if path.exists() else "missing"
    yield _replaceable(folder, role, kind, path, rule)


def _trust(
    folder: Folder, chains: dict[str, list[x509.Certificate]], now: datetime
) -> Iterator[Problem]:
    server = chains["server"]
    verdicts = judge(server, chains["root"], names_to_try(server[0]), now)
    refusals = ((each, each.broken.rule) for each in verdicts if each.broken)
    for each, broken in itertools.islice(refusals, 1):
        rule = f"{each.judge} refuses it for {each.name}: {broken}"
        yield _replaceable(folder, "server", "broken", folder.server, rule)
