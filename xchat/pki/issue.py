"""Make certificates and put them in their folder, all of them or none.

What is minted is judged, by OpenSSL and by `cryptography`, before a byte of it
is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.errors import XChatError
from xchat.pki import acts
from xchat.pki.authority import Holder, mint_issuer, mint_root, mint_server
from xchat.pki.detect import Found
from xchat.pki.errors import NotTrusted
from xchat.pki.examine import Standing
from xchat.pki.facts import UNREADABLE, Facts, bounds_of, facts_of, names_of, read_chain
from xchat.pki.files import read_file
from xchat.pki.folder import CA, ISSUER, ISSUER_KEY, ROOT_KEY, SERVER, SERVER_KEY, Folder
from xchat.pki.keys import key_pem, read_key
from xchat.pki.names import Name, shown
from xchat.pki.stage import Stage
from xchat.pki.verify import judge
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
    _prove([server.certificate, issuer.certificate], [root.certificate], choice.names, now)

    change = Stage(folder.path)
    backup = _back_up(folder, change, now)
    change.add_public(CA, _pem(root.certificate))
    change.add_secret(ROOT_KEY, key_pem(root.key, wish.passphrase))
    change.add_public(ISSUER, _pem(issuer.certificate))
    change.add_secret(ISSUER_KEY, key_pem(issuer.key))
    _add_server(folder, change, server, issuer.certificate)
    minted = (
        facts_of(root.certificate, folder.ca),
        facts_of(issuer.certificate, folder.issuer),
        facts_of(server.certificate, folder.server),
    )
    _commit(change, minted, now)
    notes = (Note(ROOT_KEY_RESTS.format(folder.root_key)),)
    return _outcome("made", folder, minted, choice, wish, notes=notes, backup=backup)


def reissue(folder: Folder, standing: Standing, wish: Wish, now: datetime) -> Outcome:
    """Make a new server's certificate by the issuer that is here; the old one's names stay.

    `wish.names` must be within the issuer's bounds.
    """
    issuer = _issuer(folder, standing)
    kept = _kept(standing.chains.get("server", []))
    choice = choose((*wish.found, *kept), bounds_of(issuer.certificate))
    server = mint_server(issuer, choice.names, now)
    chain = [server.certificate, issuer.certificate]
    _prove(chain, standing.chains["root"], choice.names, now)

    change = Stage(folder.path)
    _add_server(folder, change, server, issuer.certificate)
    minted = facts_of(server.certificate, folder.server)
    _commit(change, [minted], now)
    cas = tuple(each for each in standing.facts if each.role != "server")
    return _outcome("reissued", folder, (*cas, minted), choice, wish)


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


def _issuer(folder: Folder, standing: Standing) -> Holder:
    key = read_key(read_file(folder.issuer_key), folder.issuer_key)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise NotTrusted(f"{folder.issuer_key} is not a key of ours", mend=folder.command("status"))
    return Holder(standing.chains["issuer"][0], key)


def _prove(
    chain: list[x509.Certificate],
    roots: list[x509.Certificate],
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


def _back_up(folder: Folder, change: Stage, now: datetime) -> str | None:
    """Copy what a change would replace into a folder named by the time."""
    there = [path for path in folder.files() if path.exists()]
    stamp = f"backup-{now:%Y%m%dT%H%M%S.%fZ}"
    for path in there:
        change.add_secret(f"{stamp}/{path.relative_to(folder.path)}", read_file(path))
    return str(folder.path / stamp) if there else None


def _add_server(folder: Folder, change: Stage, server: Holder, issuer: x509.Certificate) -> None:
    generation = folder.next_generation()
    change.add_public(f"{generation}/{SERVER}", _pem(server.certificate) + _pem(issuer))
    change.add_secret(f"{generation}/{SERVER_KEY}", key_pem(server.key))
    change.point_live(generation)


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


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
