"""What the server shows of itself, and how it judges clients: made beside the loop, then rebound.

A live context is never touched: one into which a key that does not fit was loaded fails
every handshake from then on, and one that is given a key of another kind goes on with the
old. So each change makes new contexts, which count once a client in memory was content.
"""

from __future__ import annotations

import shlex
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from xchat.config.settings import Tls
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import BRIDGE, CA, FORMER, ISSUER
from xchat.pki.errors import PairRefused
from xchat.pki.facts import is_ca, read_chain
from xchat.pki.invite.enrolment import ALPN as ENROLMENT
from xchat.pki.judge.check import PairReport, check_server_pair
from xchat.pki.judge.verify import names_to_try
from xchat.pki.mint.names import Name
from xchat.server.client_ca import client_ca, pem_of, roots_of
from xchat.server.context import make_context, make_enrolment_context
from xchat.server.revoked import Barred
from xchat.server.trial import TrialFailed, try_out
from xchat.server.watch import Seen, look


@dataclass(frozen=True, slots=True)
class Served:
    """What every connection is met with from now on.

    `believed` is the CA whose devices log in, and its issuers, in PEM. `until` is when each
    certificate on the way to the root ends, by its role. `is_proven`: a client that trusts the
    ca.pem here accepts it. `seen` is what the files were before they were read.
    """

    irc: ssl.SSLContext
    enrolment: ssl.SSLContext
    pair: PairReport
    believed: bytes | None
    until: Mapping[str, datetime]
    is_proven: bool
    seen: Seen
    barred: Barred
    """Who is let in no more: one for all that a server ever serves, since a list that changes
    counts at once, whatever becomes of the pair."""


def make_served(settings: Tls, *, now: datetime, before: Served | None = None) -> Served:
    """Read, judge and try what is to be served; it takes some milliseconds, and the disk.

    Clients that were content with what was served `before` have to be with this too, and its
    `barred` goes on. Raises ConfigError, of which PairRefused is one: the file, the rule,
    the command.
    """
    seen = look(files_of(settings))
    cert, key = (Path(path).expanduser() for path in (settings.cert, settings.key))
    pair = check_server_pair(cert, key, now=now)
    barred = before.barred if before else Barred()
    irc = make_context(settings, barred)
    enrolment = make_enrolment_context(settings, barred)
    chain, roots = read_chain(read_file(cert), cert), roots_of(cert)
    if before is not None and before.is_proven and not roots:
        raise PairRefused(f"{cert}: no ca.pem beside it has its root", mend=_verify(cert))
    _try_both(irc, enrolment, pair, names_to_try(chain[0]), pem_of(roots).decode())
    until = _ends(chain, roots)
    believed = client_ca(settings)
    return Served(irc, enrolment, pair, believed, until, bool(roots), seen, barred)


def files_of(settings: Tls) -> tuple[str, ...]:
    """Return the files on which it hangs what is served, there or not."""
    cert, key = (Path(path).expanduser() for path in (settings.cert, settings.key))
    named = [Path(settings.client_ca).expanduser()] if settings.client_ca else []
    beside = (
        folder / name
        for folder in (cert.parent.parent, cert.parent)
        for name in (CA, ISSUER, FORMER, BRIDGE)
    )
    return tuple(map(str, (cert, key, *named, *beside)))


def _try_both(
    irc: ssl.SSLContext,
    enrolment: ssl.SSLContext,
    pair: PairReport,
    names: Sequence[Name],
    roots: str,
) -> None:
    """Raise PairRefused where a client would not come in, or would be shown something else."""
    asked = [str(name) for name in names]
    try:
        shown = {
            try_out(irc, asked, roots),
            try_out(enrolment, asked, roots, protocols=[ENROLMENT]),
        }
    except TrialFailed as failure:
        raise PairRefused(f"{pair.cert}: {failure}", mend=_verify(Path(pair.cert))) from failure
    if shown != {pair.sha256}:
        raise PairRefused(
            f"{pair.cert}: it was changed while it was read", mend="xchat-admin reload"
        )


def _verify(cert: Path) -> str:
    return shlex.join(("xchat-certs", "verify", str(cert)))


def _ends(chain: list[x509.Certificate], roots: list[x509.Certificate]) -> dict[str, datetime]:
    """Return when each certificate ends: the server's, its issuer's, and the root's above that."""
    root = next((each for each in roots if each.subject == chain[-1].issuer), None)
    above = {"issuer": next(filter(is_ca, chain[1:]), None), "root": root}
    ends = {role: each.not_valid_after_utc for role, each in above.items() if each is not None}
    return {"server": chain[0].not_valid_after_utc, **ends}
