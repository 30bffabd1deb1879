"""What was done to the root, and to its key, in people's words."""

from __future__ import annotations

from collections.abc import Iterator

from xchat.pki.lock import Locking

_DID = {
    "locked": "{files} is locked: without its passphrase nobody can sign with it",
    "unlocked": "{files} is not locked any more: whoever can read the file can sign with it",
}


def locking(done: Locking) -> Iterator[str]:
    """Yield what became of the root's key, the next command last."""
    files = " and ".join(done.files)
    if done.did == "unchanged":
        yield f"{files} {'is' if done.is_locked else 'is not'} locked; nothing was changed"
    else:
        yield _DID[done.did].format(files=files)
    if done.how:
        yield f"  a guess costs {done.how}: a passphrase of five random words is out of reach"
    for note in done.notes:
        yield f"  note: {note.text}"
        yield f"    {note.mend}"
    yield f"Next:  {done.next}"
