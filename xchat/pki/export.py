"""Hand out what lies in a folder of certificates, in the forms that other programs take.

`p12` is PKCS#12 under a passphrase, for browsers and phones; `pem` one file of
certificates and their key, as irssi, WeeChat and catgirl want it; `bundle` what others need to
verify our certificates (the roots, the issuers), with no key in it: a CAfile that says itself what
it is, between its certificates, as RFC 7468, 2 allows.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.pki.disk import acts
from xchat.pki.disk.files import PUBLIC, SECRET, append_lines, locked, place, read_file, replace
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import file_name, free_name, read_table
from xchat.pki.disk.stage import ACTS
from xchat.pki.errors import Differs, NotTrusted
from xchat.pki.facts import Facts, facts_of, fingerprint, read_chain
from xchat.pki.mint.keys import key_pem, read_key
from xchat.pki.mint.p12 import ROUNDS, check_passphrase, make_p12

Form = Literal["p12", "pem", "bundle"]

_IS = {"root": "root: what is trusted", "issuer": "issuer: what signs, by the root's leave"}


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed out, in which file; `passphrase` is one that was made here, told once."""

    form: Form
    file: str
    certificates: tuple[Facts, ...]
    rounds: int | None = None
    passphrase: str | None = None
    next: str

    def __repr__(self) -> str:
        """Leave the passphrase out: a traceback is no place for it."""
        return f"Exported({self.form!r}, {self.file!r})"


@dataclass(frozen=True)
class Holding:
    """A certificate with its key and those that signed it, and the files these lie in."""

    name: str
    file: Path
    key_file: Path
    chain: tuple[x509.Certificate, ...]
    key: EllipticCurvePrivateKey

    @property
    def facts(self) -> tuple[Facts, ...]:
        """What each of its certificates says."""
        return tuple(facts_of(each, self.file) for each in self.chain)


@dataclass(frozen=True)
class Place:
    """Where to, whether what is there is replaced, and the words that would replace it."""

    file: Path
    replaces: bool
    words: tuple[str, ...]

    def write(self, folder: Folder, data: bytes, mode: int) -> None:
        """Write the file; raise Differs where there is one already."""
        try:
            if self.replaces:
                with locked(folder.path):
                    replace(self.file, data, mode=mode)
            else:
                place(self.file, data, mode=mode)
        except FileExistsError as error:
            raise self._taken(folder) from error
        except OSError as error:  # of a draft whose name nobody typed
            raise OSError(error.errno, error.strerror, str(self.file.parent)) from error

    def check(self, folder: Folder) -> None:
        """Raise Differs where there is such a file, before anything was made for it."""
        if not self.replaces and self.file.exists():
            raise self._taken(folder)

    def _taken(self, folder: Folder) -> Differs:
        return Differs(
            f"{self.file} is there already, and was left as it is",
            mend=folder.command("export", *self.words, "--out", str(self.file), "--force"),
        )


def servers(folder: Folder) -> Holding:
    """Return the server's certificate and key; raise Differs or NotTrusted."""
    return _holding(folder, "xchat-server", folder.server, folder.server_key)


def devices(folder: Folder, account: str, device: str, now: datetime) -> Holding:
    """Return what a device logs in with; raise Differs if its key was not made here."""
    table, listed = read_table(folder), folder.command("device", "list", account)
    rows = table.of(account, device)
    if not rows:
        raise Differs(f"{folder.devices}: {account} has no device {device}", mend=listed)
    row = rows[-1]
    if not row.is_in_force(now):
        why = "was revoked" if row.revoked else "has expired"
        raise Differs(f"{folder.devices}: {device} of {account} {why}", mend=listed)
    file = folder.path / file_name(row.account, row.device)
    if b"PRIVATE KEY" not in read_file(file, mend=listed):
        another = free_name(table.in_force(now, account), row.device)
        raise Differs(
            f"{file} holds no key: it was made on the device, and has never left it",
            mend=folder.command("device", "add", row.account, another),
        )
    return _holding(folder, f"{row.account} {row.device}", file, file)


def export_p12(
    folder: Folder, holding: Holding, to: Place, passphrase: str, now: datetime
) -> Exported:
    """Write PKCS#12: key, certificate, issuer and root, under `passphrase`."""
    to.check(folder)
    check_passphrase(passphrase)
    roots = _read(folder.ca, folder)
    signers = [root for root in roots if root.subject == holding.chain[-1].issuer]
    to.write(
        folder,
        make_p12(holding.name, holding.key, [*holding.chain, *signers], passphrase),
        SECRET,
    )
    facts = (*holding.facts, *(facts_of(each, folder.ca) for each in signers))
    _record(folder, "p12", facts, to, now)
    look = shlex.join(("openssl", "pkcs12", "-info", "-noout", "-in", str(to.file)))
    return Exported(form="p12", file=str(to.file), certificates=facts, rounds=ROUNDS, next=look)


def export_pem(folder: Folder, holding: Holding, to: Place, now: datetime) -> Exported:
    """Write the certificate, its issuer's and the key into one file, which only its owner reads."""
    to.check(folder)
    to.write(folder, _pem(holding.chain) + key_pem(holding.key), SECRET)
    _record(folder, "pem", holding.facts, to, now)
    use = folder.command("verify", str(to.file))
    if holding.facts[0].role == "device":
        use = shlex.join(("xchat-admin", "client-config", "irssi", "--cert", str(to.file)))
    return Exported(form="pem", file=str(to.file), certificates=holding.facts, next=use)


def export_bundle(folder: Folder, to: Place, now: datetime) -> Exported:
    """Write what verifies our certificates, each told apart by a line above it."""
    to.check(folder)
    sources = [(folder.ca, each) for each in _read(folder.ca, folder)]
    sources += [(file, each) for file in folder.issuers() for each in _read(file, folder)]
    facts = tuple(facts_of(certificate, file) for file, certificate in sources)
    lines = "".join(
        "".join(f"# {line}\n" for line in _about(each)) + _pem([certificate]).decode()
        for each, (_, certificate) in zip(facts, sources, strict=True)
    )
    to.write(folder, lines.encode("ascii", "backslashreplace"), PUBLIC)
    _record(folder, "bundle", facts, to, now)
    use = folder.command("verify", str(folder.server), "--ca", str(to.file))
    return Exported(form="bundle", file=str(to.file), certificates=facts, next=use)


def _about(facts: Facts) -> Iterator[str]:
    yield f"{facts.subject}, {_IS.get(facts.role, facts.role)}"
    yield f"valid until {facts.not_after:%Y-%m-%d}"
    for half in fingerprint(facts.sha256):
        yield f"SHA256 {half}"


def _holding(folder: Folder, name: str, file: Path, key_file: Path) -> Holding:
    chain = _read(file, folder)
    key = read_key(read_file(key_file, mend=folder.command("status")), key_file)
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != chain[0].public_key():
        raise NotTrusted(f"{key_file} is not the key to {file}", mend=folder.command("status"))
    return Holding(name, file, key_file, tuple(chain), key)


def _read(file: Path, folder: Folder) -> list[x509.Certificate]:
    try:
        return read_chain(read_file(file, mend=folder.command("init")), file)
    except NotTrusted as error:
        raise NotTrusted(error.what, mend=folder.command("status")) from error


def _record(folder: Folder, form: Form, facts: Sequence[Facts], to: Place, now: datetime) -> None:
    act = acts.of_certificate(f"exported {form}", facts[0], now, file=str(to.file.resolve()))
    with locked(folder.path):
        append_lines(folder.path / ACTS, [act])


def _pem(chain: Sequence[x509.Certificate]) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in chain)
