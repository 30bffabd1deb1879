"""Verify a device's chain by two judges that share no code, and look for it among the revoked."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from xchat.irc.display import visible
from xchat.pki.device.revocations import Revocations
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import NotTrusted
from xchat.pki.facts import UNREADABLE, is_ca
from xchat.pki.judge import openssl_device, rules
from xchat.pki.judge.problems import COMPARE_CLOCK
from xchat.pki.judge.rules import Broken, Kind, in_words
from xchat.pki.judge.verify import Verdict, of_time
from xchat.pki.mint.owner import account_of


def is_device(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate names an account of a chat, and nothing else."""
    try:
        return not is_ca(certificate) and bool(account_of(certificate))
    except UNREADABLE:
        return False


def judge_device(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> list[Verdict]:
    """Return both judges' verdicts on a device's `chain`, for its account.

    OpenSSL goes by the machine's clock, `cryptography` by `now`.
    """
    pem = "".join(each.public_bytes(Encoding.PEM).decode() for each in roots)
    said = openssl_device.refusal(chain, pem)
    whose = visible(account_of(chain[0]))
    return [
        Verdict(judge="OpenSSL", name=whose, broken=in_words(said) if said else None),
        Verdict(judge="cryptography", name=whose, broken=_cryptography(chain, roots, now)),
    ]


def prove_device(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> None:
    """Raise NotTrusted if `cryptography` refuses what was minted: better now than at a login.

    OpenSSL, which goes by the machine's clock and not by `now`, is left to `verify`.
    """
    if broken := _cryptography(chain, roots, now):
        raise NotTrusted(
            f"what was made does not hold for {account_of(chain[0])}, so nothing was kept: "
            f"{broken.rule}",
            mend="Compare the machine's clock; if it is right, please report this",
        )


def judge_revoked(
    leaf: x509.Certificate, name: str, known: Revocations, now: datetime
) -> list[Verdict]:
    """Return our own verdicts: is it among the revoked, and can that be known at all."""
    found = [Broken("list", each) for each in known.problems]
    if known.stale_at and known.stale_at < now:
        found.append(rules.STALE)
    if revoked := known.of(leaf.public_bytes(Encoding.DER)):
        rule = f"it was revoked on {revoked.at:%Y-%m-%d} ({revoked.reason}), says {revoked.file}"
        found.insert(0, Broken("revoked", rule))
    return [Verdict(judge="xchat-certs", name=name, broken=each) for each in found or (None,)]


def mend_device(file: Path, trusted: Path, broken: Sequence[tuple[Kind, str]]) -> str:
    """Return what mends a device's chain that breaks rules of these kinds, for this account."""
    folder, kinds = Folder(trusted.parent), dict(broken)
    who = next(iter(kinds.values()))
    mends: dict[Kind, str] = {
        "revoked": folder.command("device", "list", who),
        "early": COMPARE_CLOCK,
        "issuer": f"Say which CA signed it: xchat-certs verify {shlex.quote(str(file))} --ca FILE",
        "list": folder.command("doctor"),
    }
    found = (mend for kind, mend in mends.items() if kind in kinds)
    return next(found, folder.command("device", "add", who, "DEVICE"))


def _cryptography(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> Broken | None:
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).time(now)
    try:
        builder.build_client_verifier().verify(chain[0], list(chain[1:]))
    except (verification.VerificationError, *UNREADABLE) as error:
        if rules.AT_ANOTHER_TIME in str(error):
            return of_time(chain, now)
        return in_words(str(error))
    return None
