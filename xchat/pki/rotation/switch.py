"""Let another issuer sign from now on: all that comes with it, in one change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec
from cryptography import x509

from xchat.pki.device.revoke import add_crl
from xchat.pki.disk import acts
from xchat.pki.disk.folder import ISSUER, ISSUER_KEY, Folder
from xchat.pki.disk.registry import Table
from xchat.pki.disk.stage import Stage
from xchat.pki.facts import Facts, facts_of
from xchat.pki.mint.authority import Holder, mint_server
from xchat.pki.mint.keys import key_pem
from xchat.pki.rotation.retire import retire
from xchat.pki.signing import add_server, pem, prove
from xchat.pki.wanted import wanted_names
from xchat.pki.wish import Note

Did = Literal["issuer", "root", "finished"]


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """What was rotated, and what is there now.

    `kept` are old issuers that some devices still need; `until` is when the overlap ends.
    """

    did: Did
    folder: str
    certificates: tuple[Facts, ...]
    kept: tuple[str, ...] = ()
    until: datetime | None = None
    notes: tuple[Note, ...] = ()
    backup: str | None = None
    next: str


@dataclass(frozen=True)
class Switch:
    """A change by which another issuer signs from now on."""

    folder: Folder
    change: Stage
    table: Table
    now: datetime

    def to(
        self,
        issuer: Holder,
        roots: Sequence[x509.Certificate],
        *,
        act: str,
        dropped: x509.Certificate | None = None,
    ) -> tuple[Facts, ...]:
        """Stage the issuer, a server's certificate by it, the lists of the revoked, the journal."""
        folder, change, now = self.folder, self.change, self.now
        names = wanted_names(folder, issuer.certificate, ())
        server = mint_server(issuer, names, now)
        prove([server.certificate, issuer.certificate], roots, names, now)
        old = retire(folder, change, self.table, now)
        change.add_public(ISSUER, pem(issuer.certificate))
        change.add_secret(ISSUER_KEY, key_pem(issuer.key))
        add_crl(folder, change, self.table, now, signers=[issuer, *old.signers], gone=old.gone)
        add_server(folder, change, server, issuer.certificate)
        made = (
            facts_of(issuer.certificate, folder.issuer),
            facts_of(server.certificate, folder.server),
        )
        lines = [acts.of_certificate(act, made[0], now), acts.minted(made[1], now)]
        if dropped is not None:
            lines.append(acts.of_certificate("root dropped", facts_of(dropped, folder.ca), now))
        change.add_acts(lines)
        return made


def former_issuers(folder: Folder) -> tuple[str, ...]:
    """Return the files of the issuers that sign no more and are kept for their devices."""
    return tuple(map(str, folder.issuers()[1:]))
