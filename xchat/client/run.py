"""From the words of a command line to a running link: whom to trust, who to be, where."""

from __future__ import annotations

import contextlib
import getpass
import secrets
import ssl
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec

from xchat.client import keyring, profile
from xchat.client.certificate import Own
from xchat.client.link import App, Link
from xchat.client.options import How
from xchat.client.output import Output
from xchat.client.peer import Peer, login_nick, parse_address
from xchat.client.profile import Profile
from xchat.client.refusals import check_nick
from xchat.client.session import Identity, Session
from xchat.client.tls import make_context
from xchat.client.trust import Trust, followed
from xchat.errors import ConfigError, UsageError

NOTHING = nullcontext()
TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Wanted(msgspec.Struct, frozen=True):
    """Everything that a connection needs."""

    peer: Peer
    nick: str
    ca: Path
    oldest: ssl.TLSVersion
    password: str = ""
    account: str = ""
    account_password: str = ""
    own: Own | None = None

    def __repr__(self) -> str:
        """Leave the passwords out."""
        return f"Wanted({self.peer}, {self.nick!r}, account={self.account!r})"


def load_profile(address: str | None, how: How) -> Profile:
    """Return what was kept of the last time, if anything is left open. Raises ConfigError."""
    if address is not None and "@" in address and how.ca is not None:
        return Profile()
    last = profile.load(profile.profile_path())
    return last if address is None else keyring.known(*parse_address(address), last)


def wanted(address: str, known: Profile, how: How) -> Wanted:
    """Return the connection for `[NICK@]HOST[:PORT]`, its nick perhaps empty. Raises XChatError."""
    nick, peer = parse_address(address)
    chosen = followed(profile.choose_ca(how.ca, known, peer))
    own = profile.choose_own(how.cert, how.key, known, peer)
    return Wanted(
        peer,
        nick or how.account or "",
        chosen,
        TLS_VERSIONS[how.tls_min],
        _password(how.password_file, "--password-file"),
        how.account or "",
        _account_password(how, own),
        own,
    )


def script_nick() -> str:
    """Return a nick for a script: the login name and digits, beside the person's own session."""
    return f"{login_nick()}{secrets.randbelow(9000) + 1000}"


def context_of(want: Wanted) -> ssl.SSLContext:
    """Return what to connect with. Raises ClientError for a CA or a certificate of no use."""
    return make_context(want.ca, oldest=want.oldest, own=want.own)


def make(want: Wanted) -> tuple[Session, Link, Trust]:
    """Return a session, its link, not yet connected, and whom it trusts.

    Raises ClientError for CA and nick.
    """
    check_nick(want.nick)
    identity = Identity(
        nick=want.nick,
        realname=want.nick,
        password=want.password,
        account=want.account,
        account_password=want.account_password,
        certified=want.own is not None,
    )
    session, trust = Session(identity), Trust(want.ca, want.peer)

    def trusting() -> ssl.SSLContext:
        return context_of(msgspec.structs.replace(want, ca=trust.ca))

    link = Link(session, want.peer, trusting, want.ca, come_after=trust.come_after)
    return session, link, trust


def run(
    link: Link, app: App, *outputs: Output, beside: AbstractContextManager[object] = NOTHING
) -> None:
    """Run until the app is finished; what it has to say is written whatever happens.

    `beside` is entered meanwhile.
    """
    try:
        with beside:
            link.run(app)
    finally:
        for output in outputs:
            output.flush()


def remember(want: Wanted, channel: str) -> None:
    """Keep what worked; where it cannot be kept, the next time asks again."""
    cert, key = (str(file.absolute()) for file in want.own) if want.own else ("", "")
    kept = Profile(
        want.peer.host, want.peer.port, want.nick, str(want.ca.absolute()), channel, want.account,
        cert, key,
    )  # fmt: skip
    path = profile.profile_path()
    with contextlib.suppress(OSError, ConfigError, UnicodeEncodeError):
        if profile.load(path) != kept:
            profile.save(path, kept)
        keyring.keep(kept)


def ask(question: str) -> str:
    """Ask a person on the terminal. Raises UsageError where nothing is answered any more."""
    try:
        return input(f"{question}: ").strip()
    except EOFError:
        print(file=sys.stderr)
        raise UsageError("no answer was given") from None


def _account_password(how: How, own: Own | None) -> str:
    """Return the password of the account from its file, or ask for it; never from the words.

    Who logs in by a certificate needs none.
    """
    if how.account is None:
        return ""
    if how.account_password_file is not None:
        return _password(how.account_password_file, "--account-password-file")
    if own is not None:
        return ""
    if not sys.stdin.isatty():
        raise UsageError(
            f"the password of the account {how.account} is not known, and there is no terminal "
            "to ask on",
            mend="--account-password-file FILE: its first line is the password.",
        )
    try:
        return getpass.getpass(f"password of the account {how.account}: ")
    except EOFError:
        raise UsageError("no answer was given") from None


def _password(file: Path | None, option: str) -> str:
    if file is None:
        return ""
    try:
        return file.read_text("utf-8").split("\n", 1)[0].strip("\r")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise UsageError(
            f"{file}: the password cannot be read: {why}",
            mend=f"{option} FILE: its first line is the password.",
        ) from error
