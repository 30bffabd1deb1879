"""Rotate what signs: the issuer, and, with an overlap, the root; nobody is cut off by either.

Goal: whoever has a client of ours notices nothing. A new issuer comes with a new server's
certificate, and the devices of the old one go on logging in until they are renewed. A new root
is trusted beside the old one for a while (`ca.pem` holds both) before the server is switched to
it; and for who was away the old root certifies it, now and for as long as it is in force.

That is for a key that is old, lost or no longer liked. A root's key that was stolen can vouch for
anything, and what it signed is trusted as long as clients trust it: then everything is made anew
(`init --force`), and everybody is given the new `ca.pem` by hand.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509

from xchat.pki.disk import acts, stage
from xchat.pki.disk.backup import back_up
from xchat.pki.disk.files import locked, read_file
from xchat.pki.disk.folder import BRIDGE, CA, ISSUER, ISSUER_KEY, NEXT, ROOT_KEY, Folder
from xchat.pki.disk.registry import read_table
from xchat.pki.disk.root import Root, check_in_force
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import Differs, NotTrusted
from xchat.pki.facts import bounds_of, facts_of, read_chain
from xchat.pki.mint.authority import Holder, mint_bridge, mint_issuer, mint_root, mint_server
from xchat.pki.mint.keys import key_pem
from xchat.pki.rotation.progress import OVERLAP, Overlap, bridges_in, overlap_json, read_overlap
from xchat.pki.rotation.succession import successors
from xchat.pki.rotation.switch import Rotated, Switch, former_issuers
from xchat.pki.signing import pem, prove
from xchat.pki.wanted import wanted_names

OVERLAP_MAX = timedelta(days=365)
"""The issuer below the new root waits all the while, and has two years."""


def rotate_issuer(folder: Folder, root: Root, now: datetime) -> Rotated:
    """Make a new issuer below the same root, and a server's certificate by it.

    Raises Expired where the root can sign nothing any more; nothing has changed then.
    """
    with locked(folder.path):
        stage.recover(folder.path)
        return replace_issuer(folder, root, now)


def replace_issuer(folder: Folder, root: Root, now: datetime) -> Rotated:
    """Do as `rotate_issuer`, in a folder that is locked already."""
    check_in_force(folder, root.holder.certificate, now)
    issuer = mint_issuer(root.holder, now, bounds=bounds_of(root.holder.certificate))
    roots = read_chain(read_file(folder.ca), folder.ca)
    change = Stage(folder.path)
    backup = back_up(folder, change, now, paths=(folder.issuer, folder.issuer_key))
    switch = Switch(folder, change, read_table(folder), now)
    minted = switch.to(issuer, roots, act="issuer minted")
    change.commit()
    return Rotated(
        did="issuer",
        folder=str(folder.path),
        certificates=minted,
        kept=former_issuers(folder),
        backup=backup,
        next=folder.command("status"),
    )


def rotate_root(folder: Folder, old: Root, overlap: timedelta, now: datetime) -> Rotated:
    """Make a new root, trusted beside the old one until `finish`; the server stays as it is.

    Its key is locked as the old one's is. Raises Differs where a rotation is under way.
    """
    with locked(folder.path):
        stage.recover(folder.path)
        _check_none_under_way(folder)
        check_in_force(folder, old.holder.certificate, now)
        bounds = bounds_of(old.holder.certificate)
        new = mint_root(now, bounds=bounds)
        issuer = mint_issuer(new, now, bounds=bounds)
        bridge = mint_bridge(old.holder, new.certificate, now)
        _prove_new(folder, issuer, [old.holder.certificate, new.certificate], now)
        _prove_bridge(old.holder.certificate, new.certificate, bridge, now)
        change = Stage(folder.path)
        backup = back_up(folder, change, now, paths=(folder.ca, folder.bridge))
        change.add_public(f"{NEXT}/{CA}", pem(new.certificate))
        change.add_secret(f"{NEXT}/{ROOT_KEY}", key_pem(new.key, old.passphrase))
        change.add_public(f"{NEXT}/{ISSUER}", pem(issuer.certificate))
        change.add_secret(f"{NEXT}/{ISSUER_KEY}", key_pem(issuer.key))
        change.add_public(OVERLAP, overlap_json(Overlap(began=now, until=now + overlap)))
        change.add_public(BRIDGE, b"".join(map(pem, (*bridges_in(folder, now), bridge))))
        change.add_public(CA, read_file(folder.ca) + pem(new.certificate))
        made = (
            facts_of(new.certificate, folder.ca),
            facts_of(bridge, folder.bridge),
            facts_of(issuer.certificate, folder.next.issuer),
        )
        change.add_acts([acts.minted(each, now) for each in made])
        change.commit()
    return Rotated(
        did="root",
        folder=str(folder.path),
        certificates=made,
        until=now + overlap,
        backup=backup,
        next=folder.command("status"),
    )


def _check_none_under_way(folder: Folder) -> None:
    if (there := read_overlap(folder)) is not None:
        raise Differs(
            f"{folder.next.path}: the root is being rotated since {there.began:%Y-%m-%d}",
            mend=folder.command("status"),
        )


def _prove_new(
    folder: Folder, issuer: Holder, roots: list[x509.Certificate], now: datetime
) -> None:
    """Raise NotTrusted if what is to be switched to would not hold."""
    names = wanted_names(folder, issuer.certificate, ())
    trial = mint_server(issuer, names, now).certificate
    prove([trial, issuer.certificate], roots, names, now)


def _prove_bridge(
    old: x509.Certificate, new: x509.Certificate, bridge: x509.Certificate, now: datetime
) -> None:
    """Raise NotTrusted if a client that trusts the old root would not follow."""
    if successors([old], [new, bridge], now) != [new]:
        raise NotTrusted(
            "the old root does not vouch for the new one, so nothing was kept",
            mend="Compare the machine's clock; if it is right, please report this",
        )
