"""Tell which new roots may be believed because an old one vouches for them.

Goal: a client that trusts a root follows its chat to the next one, with no prompt and without
being told by hand, even if it was away for the whole of the overlap; and nobody else can lead it
anywhere. Whoever has stolen a server's or an issuer's key must not be able to do so either.

Plan: the old root itself certifies the new one's name and key (NewWithOld: RFC 4210, 4.4). A new
root is believed if one that we trust, and that is in force, signed such a certificate, that is in
force, for this very root; if the root is a root (signed by itself, a CA, in force); and if it may
sign for nothing that the old one may not. So the roots shown need no verified connection: what a
stranger shows without such a certificate is left where it is. Several steps (old, newer, newest)
are walked one by one; of the roots between only what certifies them is needed.

Trap: the old root has signed its issuers too, and whoever stole the key of one can make a root of
the same name and key. What an issuer may not do tells the two apart: have a CA beneath it.

Ways rejected: to believe what a verified connection gives (a thief of the server's key could plant
a root of his own, for ever); to put the certificate into the chain that everybody is shown (our
roots have room for one CA beneath them, and the new root would be a second).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from math import inf

from cryptography import x509

from xchat.limits import SHOWN_CERTIFICATES_MAX
from xchat.pki.facts import UNREADABLE, bounds_of, is_ca, signer
from xchat.pki.mint.names import Bounds, Network


def successors(
    trusted: Sequence[x509.Certificate], shown: Iterable[x509.Certificate], now: datetime
) -> list[x509.Certificate]:
    """Return the roots among `shown` that `trusted` vouch for, however many steps away.

    Those that are trusted already are not among them.
    """
    candidates = [each for each in islice(shown, SHOWN_CERTIFICATES_MAX) if _may_sign(each, now)]
    bridges = [each for each in candidates if _is_bridge(each)]
    believed = [each for each in trusted if _is_root(each) and _may_sign(each, now)]
    vouched: list[x509.Certificate] = []
    while new := [each for each in bridges if each not in vouched and _is_vouched(each, believed)]:
        vouched += new
        believed = new
    roots = (each for each in candidates if _is_root(each) and each not in trusted)
    return list(dict.fromkeys(each for each in roots if any(_is_to(each, b) for b in vouched)))


def _is_vouched(bridge: x509.Certificate, believed: Sequence[x509.Certificate]) -> bool:
    old = signer(bridge, believed)
    return old is not None and _is_within(bridge, old)


def _is_bridge(certificate: x509.Certificate) -> bool:
    """Tell whether a CA is certified to be a root: it may have CAs beneath it."""
    return not _is_root(certificate) and _depth(certificate) > 0


def _is_to(root: x509.Certificate, bridge: x509.Certificate) -> bool:
    """Tell whether it is this root's name and key that were certified, and no less than it says."""
    is_same = bridge.subject == root.subject and bridge.public_key() == root.public_key()
    return is_same and _depth(root) <= _depth(bridge) and _is_within(root, bridge)


def _depth(ca: x509.Certificate) -> float:
    """Return how many CAs, one beneath the other, may stand beneath a CA."""
    allowed = ca.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    return inf if allowed is None else allowed


def _may_sign(certificate: x509.Certificate, now: datetime) -> bool:
    """Tell whether a certificate is a CA's, for that use, and in force."""
    try:
        in_force = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        return in_force and is_ca(certificate) and usage.key_cert_sign
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False


def _is_root(certificate: x509.Certificate) -> bool:
    return signer(certificate, [certificate]) is not None


def _is_within(new: x509.Certificate, old: x509.Certificate) -> bool:
    """Tell whether a root may sign for nothing that another may not (RFC 5280, 4.2.1.10)."""
    try:
        if _constraints(old) in (None, _constraints(new)):
            return True
        return _holds_within(bounds_of(new), bounds_of(old)) and _is_plain(old)
    except UNREADABLE:
        return False


def _holds_within(new: Bounds | None, old: Bounds | None) -> bool:
    """Tell the same of bounds; of a kind of name that is not mentioned, anything may be signed."""
    if new is None or old is None:
        return old is None
    is_open = (old.domains and not new.domains) or (old.networks and not new.networks)
    return not is_open and all(
        (
            not old.domains or all(map(old.allow, new.domains)),
            not old.networks or all(any(_holds(b, n) for b in old.networks) for n in new.networks),
        )
    )


def _holds(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _is_plain(certificate: x509.Certificate) -> bool:
    """Tell whether a CA's bounds are of host names and addresses only, as ours are."""
    constraints = _constraints(certificate)
    if constraints is None or constraints.excluded_subtrees:
        return False
    kinds = (x509.DNSName, x509.IPAddress)
    return all(isinstance(each, kinds) for each in constraints.permitted_subtrees or ())


def _constraints(certificate: x509.Certificate) -> x509.NameConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None
