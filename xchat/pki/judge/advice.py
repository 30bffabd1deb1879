"""Say what mends a certificate or a key that cannot be used; that depends on whose it is.

What `init` made, `init` makes anew. Of anybody else's it can only be said whom
to ask, or which option is to name another file.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xchat.pki.disk.folder import DEFAULT, LIVE, SERVER, SERVER_KEY, Folder
from xchat.pki.judge.problems import COMPARE_CLOCK
from xchat.pki.judge.rules import Kind
from xchat.pki.mint.names import shown

_ANY = "FILE"


def again(file: Path, *names: str) -> str | None:
    """Return what makes the pair `file` is of anew, for `names` too; None if it is not init's."""
    if not is_ours(file):
        return None
    folder = Folder(file.parent.parent)
    if not folder.ca.exists():
        return folder.command("init", *(word for name in names for word in ("--name", name)))
    return folder.command("add-name", *names) if names else folder.command("renew", "--force")


def renew(cert: Path) -> str:
    """Return how to come by another certificate in place of one that has worn out."""
    folder = Folder(cert.parent.parent)
    if is_ours(cert) and folder.ca.exists():
        return folder.command("renew")
    return issue(cert, "a new one")


def issue(cert: Path, want: str, *names: str) -> str:
    """Return how to come by a certificate like `cert` that is as wanted, for `names` too."""
    asked = f"Ask whoever issued it for {want}, or make one here: xchat-certs init"
    return again(cert, *names) or asked


def is_ours(file: Path) -> bool:
    """Tell whether a file lies where `init` puts a server's certificate and key."""
    return file.parent.name == LIVE and file.name in (SERVER, SERVER_KEY)


def mend_refused(file: Path, trusted: Path, broken: Sequence[tuple[Kind, str]]) -> str:
    """Return what mends a chain in `file` that breaks rules of these kinds, for these names."""
    worst = next(kind for kind in _MENDS if kind in dict(broken))
    names = dict.fromkeys(shown(name) for kind, name in broken if kind == worst)
    return _MENDS[worst](Refused(file, trusted, tuple(names)))


@dataclass(frozen=True)
class Refused:
    """A chain that does not hold with what is trusted, for these names."""

    file: Path
    trusted: Path
    names: tuple[str, ...]

    def compare_clock(self) -> str:
        """Return what mends one of the future."""
        return COMPARE_CLOCK

    def try_the_servers(self) -> str:
        """Return what to judge instead of a CA's certificate."""
        beside = Folder(self.file.parent)
        if not beside.server.exists():
            return "Name a server's certificate: xchat-certs verify FILE"
        return beside.command("verify", str(beside.server))

    def trust_another(self) -> str:
        """Return how to judge one by the CA that signed it."""
        verify = ("xchat-certs", "verify", str(self.file), "--ca")
        ca = Folder(self.file.parent.parent).ca
        if not is_ours(self.file) or not ca.exists():
            return f"Say which CA signed it: {shlex.join(verify)} FILE"
        if self.trusted.samefile(ca):
            return issue(self.file, "one that the CA here signed")
        return shlex.join((*verify, str(ca)))

    def add_names(self) -> str:
        """Return what makes it hold for the names too."""
        return issue(self.file, f"one that names {', '.join(self.names)}", *self.names)

    def renew(self) -> str:
        """Return what mends one of the past."""
        return renew(self.file)

    def look_after(self) -> str:
        """Return what mends a list of the revoked that is stale, torn or not there."""
        return Folder(self.trusted.parent).command("doctor")

    def replace(self) -> str:
        """Return what mends one that breaks any other rule."""
        return issue(self.file, "one that keeps this rule")


_MENDS: dict[Kind, Callable[[Refused], str]] = {
    "ca": Refused.try_the_servers,
    "early": Refused.compare_clock,
    "expired": Refused.renew,
    "issuer": Refused.trust_another,
    "name": Refused.add_names,
    "bounds": Refused.add_names,
    "purpose": Refused.replace,
    "revoked": Refused.renew,
    "list": Refused.look_after,
    "other": Refused.replace,
}
"""What is to be mended first stands first: the rest may come of it."""


@dataclass(frozen=True)
class Pair:
    """The certificate and the key that a server was told to use."""

    cert: Path
    key: Path

    def another_cert(self) -> str:
        """Return what mends a certificate that is none, or not a server's."""
        beside = Folder(self.cert.parent)
        if beside.server.exists() and beside.server_key.exists():
            return beside.server_command()
        named = f"Name a server's certificate (PEM): {_serve(_ANY, self.key)}"
        return again(self.cert) or named

    def another_key(self) -> str:
        """Return what mends a key that is none, or another's."""
        if is_ours(self.cert) and self.cert.parent == self.key.parent:
            return str(again(self.key))
        if self.key == Folder(DEFAULT).server_key:
            return f"--cert wants --key: {_serve(self.cert, _ANY)}"
        if self.cert == Folder(DEFAULT).server:
            return f"--key wants --cert: {_serve(_ANY, self.key)}"
        its = self.cert.with_name(SERVER_KEY) if is_ours(self.cert) else _ANY
        return f"Name the key that was made with it: {_serve(self.cert, its)}"


def _serve(cert: object, key: object) -> str:
    return shlex.join(("xchat-server", "--cert", str(cert), "--key", str(key)))
