"""What was done to the root, and to its key, in people's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xchat.pki.facts import fingerprint

if TYPE_CHECKING:
    from xchat.pki.lock import Locking
    from xchat.pki.rotation.progress import Rotation
    from xchat.pki.rotation.switch import Rotated

BEHIND_SHOWN_MAX = 20
_DID = {
    "locked": "{files} is locked: without its passphrase nobody can sign with it",
    "unlocked": "{files} is not locked any more: whoever can read the file can sign with it",
}


def locking(done: Locking) -> Iterator[str]:
    """Yield what became of the root's key, the next command last."""
    files = " and ".join(done.files)
    if done.did == "unchanged":
        are = "are" if len(done.files) > 1 else "is"
        yield f"{files} {are} {'' if done.is_locked else 'not '}locked already; nothing was changed"
    else:
        yield _DID[done.did].format(files=files)
    if done.how:
        yield f"  a guess costs {done.how}: a passphrase of five random words is out of reach"
    for note in done.notes:
        yield f"  note: {note.text}"
        yield f"    {note.mend}"
    yield f"Next:  {done.next}"


_ROTATED = {
    "issuer": "Made a new issuer; the root stays, so nobody needs anything new",
    "root": "Made a new root; both are trusted until {until:%Y-%m-%d %H:%M} UTC",
    "finished": "The new root alone is trusted from now on, and the server shows its certificates",
}
_MEANS = {
    "issuer": "Our server takes its new certificate by itself",
    "root": "XChat's clients fetch it by themselves; to whom uses another, give ca.pem anew",
    "finished": "XChat's clients that were away come after by themselves: the old root vouches",
}


def rotated(done: Rotated) -> Iterator[str]:
    """Yield what was rotated, what that means for whom, and the next command."""
    yield _ROTATED[done.did].format(until=done.until)
    yield _MEANS[done.did]
    if done.backup:
        yield f"What was there is kept in {done.backup}"
    yield ""
    for each in done.certificates:
        yield f"{each.role:8}{each.not_after:%Y-%m-%d}  {each.file}"
        if each.role == "root":
            first, second = fingerprint(each.sha256)
            yield f"  {'SHA256':10}{first}"
            yield f"  {'':10}{second}"
    for file in done.kept:
        yield f"{'kept':20}{file}: its devices log in until they are renewed"
    for note in done.notes:
        yield f"  note: {note.text}"
    yield ""
    yield f"Next:  {done.next}"


def rotation(it: Rotation) -> Iterator[str]:
    """Yield how a rotation of the root stands: until when, and who has yet to get the new one."""
    yield f"rotation  since {it.began:%Y-%m-%d}: ca.pem holds two roots until {it.until:%Y-%m-%d}"
    everyone = it.ready + len(it.behind)
    if everyone:
        yield f"          {it.ready} of {everyone} devices have the new one"
    for each in it.behind[:BEHIND_SHOWN_MAX]:
        yield f"          without it: {each}"
    if len(it.behind) > BEHIND_SHOWN_MAX:
        yield f"          and {len(it.behind) - BEHIND_SHOWN_MAX} more (--json names all)"
