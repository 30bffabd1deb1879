"""Play the thief of the issuer's key, in memory: what he makes for a public name holds nowhere.

The name constraints of a CA are worth what those who verify make of them, so they are tried,
not read: a certificate for somebody else's name is signed with the issuer's own key, and both
judges have to refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address

from cryptography import x509

from xchat.pki.disk.folder import Folder
from xchat.pki.facts import bounds_of
from xchat.pki.judge.problems import Problem
from xchat.pki.judge.verify import judge
from xchat.pki.mint.authority import mint_server
from xchat.pki.mint.names import Name
from xchat.pki.signing import load_issuer

PUBLIC: tuple[Name, ...] = ("bank.example", ip_address("8.8.8.8"), ip_address("2001:db8::8"))
"""Names that no chat of ours has."""


def drill(folder: Folder, roots: Sequence[x509.Certificate], now: datetime) -> Iterator[Problem]:
    """Yield that a certificate for a public name, signed with the issuer's key, is accepted."""
    issuer = load_issuer(folder)
    bounds = bounds_of(issuer.certificate)
    for name in PUBLIC:
        if bounds is not None and bounds.allow(name):
            continue
        stolen = mint_server(issuer, [name], now)
        verdicts = judge([stolen.certificate, issuer.certificate], roots, [name], now)
        if believers := [each.judge for each in verdicts if each.broken is None]:
            yield _unbound(folder, name, believers)
            return


def _unbound(folder: Folder, name: Name, believers: Sequence[str]) -> Problem:
    return Problem(
        kind="unbound",
        file=str(folder.issuer),
        rule=f"may sign for anybody: {' and '.join(believers)} would believe its {name}, so whoever"
        " steals its key can pose as any host to those who trust ca.pem",
        mend=folder.command("init", "--force"),
        caution="That makes a CA with name constraints, and everybody needs its new ca.pem",
    )
