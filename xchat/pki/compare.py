"""Tell how the certificates that are there differ from those asked for.

A difference is answered with the smallest command that mends it: a name that
the issuer may give needs a new server's certificate only; anything else needs a
new CA, and everybody the new `ca.pem`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xchat.pki.disk.files import read_file
from xchat.pki.errors import Differs, Expired
from xchat.pki.facts import bounds_of, covers, names_of
from xchat.pki.judge.examine import Standing
from xchat.pki.judge.problems import FATAL
from xchat.pki.mint.keys import is_locked, read_key
from xchat.pki.mint.names import Name, shown
from xchat.pki.wish import Note, Wish, words_for


def check_same(standing: Standing, wish: Wish) -> list[Note]:
    """Return notes on what is there; raise Differs, Expired or Locked if it will not do."""
    for each in standing.problems:
        if each.kind in FATAL:
            raise each.as_error("nothing was changed")
    check_ca_same(standing, wish)
    absent = [name for name in wish.names if not covers(_server_names(standing), str(name))]
    if absent:
        what = f"the certificate that is there does not name {_listed(absent)}"
        mend = standing.folder.command("add-name", *map(shown, absent))
        raise _differs(standing, what, mend)
    for each in standing.problems:
        if each.kind == "expired":
            raise Expired(f"{each.file} {each.rule}", mend=each.mend)
    notes = (Note(f"{each.file} {each.rule}", each.mend) for each in standing.problems)
    return [*notes, *_notes(standing, wish)]


def check_ca_same(standing: Standing, wish: Wish) -> None:
    """Raise Differs if the CA that is there cannot give what is asked for."""
    differences = list(_of_ca(standing, wish))
    if differences:
        words = (*wish.words, *words_for(_server_names(standing), wish.found))
        what = "; ".join(differences) + ". That takes a new CA, and everybody its new ca.pem"
        raise _differs(standing, what, standing.folder.command("init", "--force", *words))


def _of_ca(standing: Standing, wish: Wish) -> Iterator[str]:
    bounds = bounds_of(standing.chains["issuer"][0])
    outside = [name for name in wish.names if bounds and not bounds.allow(name)]
    if outside:
        yield f"its CA may not name {_listed(outside)}"
    if bounds and not wish.constrains:
        yield "its CA has name constraints"
    if wish.passphrase is not None and _is_unlocked(standing, wish.passphrase):
        yield "its root key is not locked"


def _is_unlocked(standing: Standing, passphrase: bytes) -> bool:
    """Tell whether the root's key is here and not locked; raise Locked for a wrong passphrase."""
    path = standing.folder.root_key
    if not path.exists():
        return False
    pem = read_file(path)
    if is_locked(pem):
        read_key(pem, path, passphrase)
    return not is_locked(pem)


def _differs(standing: Standing, what: str, mend: str) -> Differs:
    where = standing.folder.path
    return Differs(f"{where} is not as asked, and was left as it is: {what}", mend=mend)


def _notes(standing: Standing, wish: Wish) -> Iterator[Note]:
    folder, server = standing.folder, _server_names(standing)
    bounds = bounds_of(standing.chains["issuer"][0])
    new = [each.name for each in wish.found if not covers(server, str(each.name))]
    new = [name for name in new if bounds is None or bounds.allow(name)]
    if new:
        what = f"this machine is {_listed(new)} too, which the certificate does not name"
        yield Note(what, folder.command("add-name", *map(shown, new)))
    if wish.passphrase is not None and not folder.root_key.exists():
        yield Note(f"{folder.root_key} is not here, so the passphrase was not tried")


def _server_names(standing: Standing) -> list[Name]:
    return names_of(standing.chains["server"][0])


def _listed(names: Sequence[Name]) -> str:
    return ", ".join(map(shown, names))
