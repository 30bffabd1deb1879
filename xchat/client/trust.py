"""Follow a chat to its next root: what we trust grows, by what we trusted already.

Goal: who trusts a root goes on being let in when it is replaced, and is asked for nothing, whether
they were here meanwhile or away; and nobody else can put a root of theirs beside ours.

Plan: at a start, and then daily, the server is asked over a verified connection which roots it
has, and told which we have. Where a connection cannot be verified since its CA is unknown, we
look, believing nothing and sending nothing, at what the server shows to those who enrol. Either
way a root is believed for one reason only: ours vouches for it (`pki.rotation.succession`). It is
stored beside what we trust, never in its place, and what follows is an ordinary, verified
connection. Where nothing is proven, the error stays the one it was.

A root that was replaced is trusted no more, lest its key be of use to a thief for years: once the
server lists it no longer, and a connection has been verified by what is left. Only those before
the last can go so, and whoever holds the key of an old one cannot have a newer one dropped.

Only files of our own are written to: a login's `ca.pem`. What follows on a file that a person
named is kept in `roots/`, under a name that says on which roots it follows, and is found there
the next time that these are named.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from xchat.client import keyring, profile
from xchat.client.certificate import Own
from xchat.client.peer import Peer
from xchat.client.tls import certificates_in, certificates_of, make_context, pem_of, trusting
from xchat.errors import XChatError
from xchat.limits.client import ROOTS_ASK_SECONDS, ROOTS_TRUSTED_MAX

FOLLOWED = "roots"
MARK_CHARS = 32
OURS = b"XChat root"
"""What is in the name of every root of `xchat-certs`: no other server is asked for more of them."""


def followed(ca: Path) -> Path:
    """Return the file to trust for one that was named: what followed on it, if anything did."""
    ours = _followed_file(ca)
    return ours if not is_ours(ca) and ours.exists() else ca


def is_ours(ca: Path) -> bool:
    """Tell whether a file is one that we keep ourselves, and may write to."""
    is_logins = ca.name == "ca.pem" and ca.parent.parent == keyring.servers()
    return is_logins or ca.parent == profile.config_folder() / FOLLOWED


class Trust:
    """The file that is trusted for a server; `ca` becomes one of our own where it has to grow."""

    def __init__(self, ca: Path, peer: Peer) -> None:
        self.ca = ca
        self.peer = peer

    @property
    def may_grow(self) -> bool:
        """Whether a root of `xchat-certs` is trusted."""
        return any(OURS in der for der in certificates_in(self.ca))

    @property
    def is_due(self) -> bool:
        """Whether a server was not asked for a day by a script, which asks no more often."""
        if not (is_ours(self.ca) and self.may_grow):
            return False
        try:
            age = time.time() - self._asked_at.stat().st_mtime
        except OSError:
            return True
        return not 0 <= age < ROOTS_ASK_SECONDS

    @property
    def _asked_at(self) -> Path:
        return self.ca.with_suffix(".asked")

    def ask(self, own: Own | None) -> str:
        """Ask the server for its roots; return what was stored, in words. Raises ClientError."""
        listed = self._asked(own)
        words = self._grow(listed)
        if words:
            self._asked(own)  # that it knows what we have now
        words = "; ".join(filter(None, (words, self._shed(listed))))
        if is_ours(self.ca):
            with contextlib.suppress(OSError):
                self._asked_at.touch()
        return words

    def come_after(self) -> str:
        """Look at what the server shows, sending nothing; return what was stored, in words.

        Nothing is stored without proof, and then nothing is returned.
        """
        from xchat.client.contact import look_at_chain

        if not self.may_grow:
            return ""
        try:
            return self._grow(look_at_chain(self.peer))
        except XChatError:  # the error stays the one it was
            return ""

    def _asked(self, own: Own | None) -> list[bytes]:
        from xchat.client.contact import connect
        from xchat.client.enrolment import ask
        from xchat.pki.invite.enrolment import ALPN, ROOTS_MAX, Roots, Trusted

        context = make_context(self.ca, own=own, alpn=ALPN)
        have = [hashlib.sha256(der).hexdigest() for der in certificates_in(self.ca)]
        with connect(self.peer, context, self.ca) as connection:
            question = Roots(have=tuple(have[-ROOTS_MAX:]))
            answer = ask(connection, self.peer, self.ca, question, Trusted)
        return certificates_of(answer.roots)

    def _grow(self, shown: Iterable[bytes]) -> str:
        """Store those roots of `shown` that ours vouch for; return what was, in words."""
        shown = list(shown)
        if not self._new(shown):
            return ""
        with keyring.locked():
            new, before = self._new(shown), self.ca
            if new:
                self.ca = self._stored([*certificates_in(self.ca), *new])
        words = "the server's CA has a new root, which the one we trust vouches for"
        if self.ca == before:
            return f"{words}: both are trusted from now on"
        return f"{words}: both are trusted from now on, by {self.ca} in place of {before}"

    def _shed(self, listed: list[bytes]) -> str:
        """Drop the roots before those that are listed, if these are enough; say so in words."""
        left = _since(certificates_in(self.ca), listed)
        if left is None or not is_ours(self.ca) or not self._is_verified_by(left):
            return ""
        with keyring.locked():
            self._stored(_since(certificates_in(self.ca), listed) or left)
        return "the root that the server's CA has replaced is trusted no more"

    def _is_verified_by(self, roots: list[bytes]) -> bool:
        from xchat.client.contact import connect
        from xchat.pki.invite.enrolment import ALPN

        try:
            connect(self.peer, trusting(pem_of(roots).decode(), ALPN), self.ca).close()
        except XChatError:
            return False
        return True

    def _new(self, shown: list[bytes]) -> list[bytes]:
        trusted = certificates_in(self.ca)
        new = _vouched(trusted, shown) if set(shown) - set(trusted) else []
        return new if len(trusted) + len(new) <= ROOTS_TRUSTED_MAX else []

    def _stored(self, roots: list[bytes]) -> Path:
        from xchat.pki.disk import files

        path = self.ca if is_ours(self.ca) else _followed_file(self.ca)
        with keyring.storing(path):
            files.make_folder(path.parent)
            files.replace(path, pem_of(roots), mode=files.PUBLIC)
        return path


def _followed_file(ca: Path) -> Path:
    marks = sorted(hashlib.sha256(der).digest() for der in certificates_in(ca))
    mark = hashlib.sha256(b"".join(marks)).hexdigest()[:MARK_CHARS]
    return profile.config_folder() / FOLLOWED / f"{mark}.pem"


def _since(trusted: list[bytes], listed: list[bytes]) -> list[bytes] | None:
    """Return those from the first that is listed on; None where nothing comes before it."""
    first = next((at for at, each in enumerate(trusted) if each in listed), 0)
    return trusted[first:] if first else None


def _vouched(trusted: list[bytes], shown: list[bytes]) -> list[bytes]:
    """Return the roots, DER, that those we trust vouch for."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from xchat.pki.facts import read_ders
    from xchat.pki.rotation.succession import successors

    new = successors(read_ders(trusted), read_ders(shown), datetime.now(UTC))
    return [each.public_bytes(Encoding.DER) for each in new]
