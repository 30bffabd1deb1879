"""Make certificates and put them in their folder, all of them or none.

What is minted is judged, by OpenSSL and by `cryptography`, before a byte of it
is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.detect import Found
from xchat.pki.device.revoke import first_crl
from xchat.pki.disk import acts
from xchat.pki.disk.backup import back_up
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import (
    BRIDGE,
    CA,
    CRL,
    DEVICES,
    FORMER,
    ISSUER,
    ISSUER_KEY,
    NEXT,
    ROOT_KEY,
    Folder,
)
from xchat.pki.disk.registry import Table, table_json
from xchat.pki.disk.stage import Stage
from xchat.pki.facts import UNREADABLE, Facts, bounds_of, facts_of, names_of, read_chain
from xchat.pki.judge.examine import Standing
from xchat.pki.mint.authority import mint_issuer, mint_root, mint_server
from xchat.pki.mint.keys import key_pem
from xchat.pki.mint.names import shown
from xchat.pki.signing import add_server, load_issuer, pem, prove
from xchat.pki.wish import KEPT, Choice, Did, Named, Note, Outcome, Wish, choose, named, words_for

LEFT_OUT = "{}, but this CA may not name it; one that may means a new ca.pem for everybody"
ROOT_KEY_RESTS = "{} signs nothing from day to day, so it may be kept elsewhere, on a stick"


def make_all(folder: Folder, wish: Wish, now: datetime) -> Outcome:
    """Make a root, an issuer and a server's certificate; keep what was there in a backup.

    The old names stay, unless `wish` is for those asked for only.
    """
    found = (*wish.found, *(_kept(_served(folder)) if wish.detects else ()))
    bounds = wish.bounds(found)
    choice = choose(found, bounds)
    root = mint_root(now, bounds=bounds)
    issuer = mint_issuer(root, now, bounds=bounds)
    server = mint_server(issuer, choice.names, now)
    prove([server.certificate, issuer.certificate], [root.certificate], choice.names, now)

    change = Stage(folder.path)
    backup = back_up(folder, change, now, paths=(*folder.files(), *_of_rotations(folder, change)))
    change.add_public(CA, pem(root.certificate))
    change.add_secret(ROOT_KEY, key_pem(root.key, wish.passphrase))
    change.add_public(ISSUER, pem(issuer.certificate))
    change.add_secret(ISSUER_KEY, key_pem(issuer.key))
    change.add_public(CRL, first_crl(issuer, now))
    change.add_secret(DEVICES, table_json(Table()))
    add_server(folder, change, server, issuer.certificate)
    minted = (
        facts_of(root.certificate, folder.ca),
        facts_of(issuer.certificate, folder.issuer),
        facts_of(server.certificate, folder.server),
    )
    _commit(change, minted, now)
    notes = (Note(ROOT_KEY_RESTS.format(folder.root_key)),)
    return _outcome("made", folder, minted, choice, wish, notes=notes, backup=backup)


def make_server(folder: Folder, standing: Standing, wish: Wish, now: datetime) -> Outcome:
    """Make the server's certificate that is missing, by the issuer that is here.

    `wish.names` must be within the issuer's bounds.
    """
    issuer = load_issuer(folder)
    choice = choose(wish.found, bounds_of(issuer.certificate))
    server = mint_server(issuer, choice.names, now)
    chain = [server.certificate, issuer.certificate]
    prove(chain, standing.chains["root"], choice.names, now)

    change = Stage(folder.path)
    add_server(folder, change, server, issuer.certificate)
    minted = facts_of(server.certificate, folder.server)
    _commit(change, [minted], now)
    cas = tuple(each for each in standing.facts if each.role != "server")
    return _outcome("completed", folder, (*cas, minted), choice, wish)


def _served(folder: Folder) -> list[x509.Certificate]:
    """Return the chain that the server shows until now; none if it cannot be read."""
    try:
        return read_chain(read_file(folder.server), folder.server)
    except XChatError:
        return []


def _kept(chain: Sequence[x509.Certificate]) -> list[Found]:
    with contextlib.suppress(*UNREADABLE):
        return [Found(name, KEPT) for each in chain[:1] for name in names_of(each)]
    return []


def _of_rotations(folder: Folder, change: Stage) -> list[Path]:
    """Let go of what rotations left, which means nothing to a new CA; return each file of it."""
    for name in (NEXT, FORMER, BRIDGE):
        if (folder.path / name).exists():
            change.remove(name)
    files = (*folder.next.path.glob("*"), *folder.former.glob("*"), folder.bridge)
    return [path for path in files if path.is_file()]


def _commit(change: Stage, minted: Sequence[Facts], now: datetime) -> None:
    change.add_acts([acts.minted(each, now) for each in minted])
    change.commit()


def _outcome(
    did: Did,
    folder: Folder,
    certificates: Sequence[Facts],
    choice: Choice,
    wish: Wish,
    *,
    notes: tuple[Note, ...] = (),
    backup: str | None = None,
) -> Outcome:
    return Outcome(
        did=did,
        folder=str(folder.path),
        certificates=tuple(certificates),
        names=named(choice.taken),
        left_out=tuple(_left_out(folder, choice, wish)),
        notes=notes,
        backup=backup,
        next=folder.server_command(),
    )


def _left_out(folder: Folder, choice: Choice, wish: Wish) -> Iterator[Named]:
    again = ("init", "--force", *words_for(choice.names, wish.found), *wish.words)
    for each in choice.left:
        command = folder.command(*again, "--name", shown(each.name))
        yield Named(str(each.name), LEFT_OUT.format(each.why), command)
