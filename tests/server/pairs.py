"""Pairs of a certificate and a key that take the place of what a folder of certificates holds."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from xchat.pki.disk.folder import Folder
from xchat.pki.facts import read_chain

DAY = timedelta(days=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def sha256(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def leaf_of(file: Path) -> bytes:
    return read_chain(file.read_bytes(), file)[0].public_bytes(Encoding.DER)


def sign(
    folder: Folder,
    key: Key,
    *,
    ends: timedelta = 89 * DAY,
) -> tuple[bytes, bytes]:
    """Return a server's chain for a key of any kind, signed by the folder's issuer, and the key."""
    issuer_key = load_pem_private_key(folder.issuer_key.read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    (issuer,) = read_chain(folder.issuer.read_bytes(), folder.issuer)
    (old, *_) = read_chain(folder.server.read_bytes(), folder.server)
    end = datetime.now(UTC) + ends
    draft = x509.CertificateBuilder(
        issuer.subject, old.subject, key.public_key(), x509.random_serial_number(), end - 90 * DAY,
        end,
    )  # fmt: skip
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    for each in old.extensions:
        value = identifier if isinstance(each.value, x509.SubjectKeyIdentifier) else each.value
        draft = draft.add_extension(value, each.critical)
    chain = draft.sign(issuer_key, SHA256()), issuer
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return b"".join(each.public_bytes(Encoding.PEM) for each in chain), pem


def new_pair(folder: Folder) -> tuple[bytes, bytes]:
    return sign(folder, ec.generate_private_key(ec.SECP256R1()))


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def put(folder: Folder, pair: tuple[bytes, bytes]) -> None:
    """Write a pair over the old one, as `cp` does: the same file, other bytes."""
    for file, data in zip((folder.server, folder.server_key), pair, strict=True):
        with file.open("r+b") as opened:
            opened.truncate()
            opened.write(data)


def by_cp(folder: Folder) -> None:
    put(folder, new_pair(folder))


def by_mv(folder: Folder) -> None:
    for file, data in zip((folder.server, folder.server_key), new_pair(folder), strict=True):
        beside = file.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_bytes(data)
        beside.replace(file)


def by_link(folder: Folder) -> None:
    generation = folder.path / folder.next_generation()
    shutil.copytree((folder.path / "live").resolve(), generation)
    chain, key = new_pair(folder)
    (generation / "server.pem").write_bytes(chain)
    (generation / "server-key.pem").write_bytes(key)
    (folder.path / "beside").symlink_to(generation.relative_to(folder.path))
    (folder.path / "beside").rename(folder.path / "live")
