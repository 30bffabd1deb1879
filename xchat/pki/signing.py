"""Sign with the issuer that is here, and put a new pair of certificate and key in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.limits import GENERATIONS_MAX
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import LIVE, SERVER, SERVER_KEY, Folder
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import NotTrusted
from xchat.pki.facts import read_chain
from xchat.pki.judge.verify import judge
from xchat.pki.mint.authority import Holder
from xchat.pki.mint.keys import key_pem, read_key
from xchat.pki.mint.names import Name


def load_issuer(folder: Folder) -> Holder:
    """Return the CA that signs from day to day; raise Differs, Locked or NotTrusted."""
    return load_holder(folder, folder.issuer, folder.issuer_key)


def load_holder(folder: Folder, cert: Path, key: Path) -> Holder:
    """Return a CA's certificate and its key; raise Differs, Locked or NotTrusted."""
    mend = folder.command("status" if folder.ca.exists() else "init")
    certificate = read_chain(read_file(cert, mend=mend), cert)[0]
    private = read_key(read_file(key, mend=mend), key)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise NotTrusted(f"{key} is not a key of ours", mend=mend)
    if private.public_key() != certificate.public_key():
        raise NotTrusted(f"{key} is not the key to {cert}", mend=mend)
    return Holder(certificate, private)


def prove(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    names: Sequence[Name],
    now: datetime,
) -> None:
    """Raise NotTrusted if a judge refuses what was minted: better now than at a friend's."""
    for each in judge(chain, roots, names, now):
        if each.broken:
            raise NotTrusted(
                f"what was made does not hold for {each.name}, so nothing was kept: "
                f"{each.judge} says: {each.broken.rule}",
                mend="Compare the machine's clock; if it is right, please report this",
            )


def add_server(folder: Folder, change: Stage, server: Holder, issuer: x509.Certificate) -> None:
    """Put a server's new pair in use with this change, and let go of the oldest ones."""
    generation = folder.next_generation()
    change.add_public(f"{generation}/{SERVER}", pem(server.certificate) + pem(issuer))
    change.add_secret(f"{generation}/{SERVER_KEY}", key_pem(server.key))
    change.point_live(generation)
    live = (folder.path / LIVE).resolve()
    for each in folder.generations()[: -(GENERATIONS_MAX - 1)]:
        if each.resolve() != live:
            change.remove(str(each.relative_to(folder.path)))


def pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as the text that files hold."""
    return certificate.public_bytes(Encoding.PEM)
