"""Which certificate a store is to trust, and what shows that it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from xchat.pki.disk.files import read_file
from xchat.pki.errors import NotTrusted
from xchat.pki.facts import Facts, facts_of, read_chain
from xchat.pki.mint.names import Name


@dataclass(frozen=True)
class Known:
    """A root as a store knows it, and a journal: its fingerprint and its serial, in hex."""

    sha256: str
    serial: str

    @property
    def label(self) -> str:
        """What it is called where it lies: two roots never share it."""
        return f"xchat-{self.sha256}"


@dataclass(frozen=True)
class Root(Known):
    """A root that can be installed; `chain` is a server's that it vouches for, as `name`."""

    certificate: x509.Certificate
    facts: Facts
    chain: tuple[x509.Certificate, ...] = ()
    name: Name = ""

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def common_name(self) -> str:
        """What people see of it in a list."""
        found = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value) if found else self.label


def read_roots(
    file: Path, served: Sequence[x509.Certificate], names: Sequence[Name], mend: str
) -> list[Root]:
    """Return the roots in a file, each with the server's chain if it is its own.

    Raises NotTrusted for a file that holds anything else: to trust a server's certificate or an
    issuer's is not what anybody means.
    """
    certificates = read_chain(read_file(file, mend=mend), file)
    return [_root(file, each, served, names, mend) for each in certificates]


def _root(
    file: Path,
    certificate: x509.Certificate,
    served: Sequence[x509.Certificate],
    names: Sequence[Name],
    mend: str,
) -> Root:
    facts = facts_of(certificate, file)
    if facts.role != "root":
        raise NotTrusted(
            f"{file} holds a certificate that is no root ({facts.subject}), and only a root can "
            "be trusted",
            mend=mend,
        )
    is_its = bool(served and names) and served[-1].issuer == certificate.subject
    return Root(
        sha256=facts.sha256,
        serial=facts.serial,
        certificate=certificate,
        facts=facts,
        chain=tuple(served) if is_its else (),
        name=names[0] if is_its else "",
    )
