"""The server renews its own certificate, and says in time where it cannot.

Goal: nobody has to think of a certificate. Where it lies in a folder of `xchat-certs` with the
issuer's key, it is renewed at two thirds of its life, and the list of the revoked signed anew
at one: at the start, every hour, beside the loop; the keeper then serves what came of it.

Whatever is due and was not renewed, for the key is elsewhere or the certificate somebody
else's, is said in the journal: every day, and every hour of the last two days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from xchat.config.settings import Tls
from xchat.errors import XChatError
from xchat.journal import Journal
from xchat.pki.device.revoke import resign_crl
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder, folder_of
from xchat.pki.facts import read_chain
from xchat.pki.judge.advice import is_ours, renew
from xchat.pki.judge.due import CA_DUE_BEFORE, is_server_due
from xchat.pki.mint.crl import ends_at, read_crls
from xchat.pki.renew import renew_due
from xchat.pki.signing import load_issuer
from xchat.server.certificates import Served
from xchat.server.workers import Workers

LOOK_SECONDS = 3600.0
"""So often it is looked for what is due."""
TELL_EVERY, TELL_OFTEN = timedelta(days=1), timedelta(hours=1)
OURS = ("server", "crl")
"""What the server would renew, and fails to; a CA is a person's to rotate."""
IS_DUE, HAS_EXPIRED = "a certificate is due, and was not renewed", "a certificate has expired"
LAST_DAYS = timedelta(days=2)
"""What ends so soon is told often."""
LIST_LATE_BEFORE = timedelta(days=10)
"""A list of the revoked lives thirty days and is signed anew at twenty: something is wrong."""


class Worn(NamedTuple):
    """Something that is due, and was not renewed: what it is, when it ends, what to do."""

    role: str
    file: str
    ends: datetime
    mend: str


class Looked(NamedTuple):
    """What came of looking for what is due.

    `failure` says why something could not be renewed; `crl_ends` is when the list does.
    """

    renewed: tuple[str, ...] = ()
    failure: XChatError | None = None
    crl_ends: datetime | None = None


def renew_what_is_due(settings: Tls, now: datetime) -> Looked:
    """Renew what is due and ours to renew; it may wait for other commands, and for the disk."""
    cert = Path(settings.cert).expanduser()
    folder = folder_of(cert)
    if folder is None:
        return Looked()
    try:
        if not is_ours(cert) or not folder.issuer_key.exists():
            return Looked(crl_ends=_list_ends(folder))
        renewed = renew_due(folder, now)
        made = renewed.certificates if renewed else ()
        return Looked(tuple(each.sha256 for each in made), None, resign_crl(folder, now))
    except XChatError as error:
        return Looked(failure=error, crl_ends=_list_ends(folder))
    except OSError as error:
        what = f"{error.filename or folder.path}: {error.strerror}"
        unwritten = XChatError(what, mend=folder.command("renew"))
        return Looked(failure=unwritten, crl_ends=_list_ends(folder))


def would_renew(settings: Tls, now: datetime) -> bool:
    """Tell, by looking only, whether a start would renew the certificate."""
    cert = Path(settings.cert).expanduser()
    folder = folder_of(cert)
    if folder is None or not is_ours(cert):
        return False
    try:
        server = read_chain(read_file(cert), cert)[0]
        issuer = load_issuer(folder).certificate
    except (XChatError, OSError):
        return False
    return is_server_due(server, issuer, now) and now <= issuer.not_valid_after_utc


def _list_ends(folder: Folder) -> datetime | None:
    """Return when the first list ends; None where none can be read."""
    try:
        return min(map(ends_at, read_crls(read_file(folder.crl))))
    except (XChatError, ValueError):
        return None


def worn(served: Served, looked: Looked, now: datetime) -> Iterator[Worn]:
    """Yield what is due by now, and was not renewed."""
    cert, until = Path(served.pair.cert), served.until
    folder = folder_of(cert) or Folder(cert.parent)
    ends = served.pair.not_after
    if now >= served.pair.not_before + (ends - served.pair.not_before) * 2 / 3:
        gains = until.get("issuer", ends) > ends or not is_ours(cert)
        yield Worn("server", str(cert), ends, renew(cert) if gains else _rotate(folder, "issuer"))
    for role, file in (("issuer", folder.issuer), ("root", folder.ca)):
        if role in until and until[role] - now < CA_DUE_BEFORE[role]:
            yield Worn(role, str(file), until[role], _rotate(folder, role))
    if looked.crl_ends is not None and looked.crl_ends - now < LIST_LATE_BEFORE:
        yield Worn("crl", str(folder.crl), looked.crl_ends, folder.command("status"))


def _rotate(folder: Folder, role: str) -> str:
    return folder.command("rotate", role)


class Renewal:
    """Looks for what is due, and tells what remains so; `clock` says what time it is."""

    def __init__(
        self,
        served: Callable[[], tuple[Tls, Served]],
        workers: Workers,
        journal: Journal,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._served = served
        self._workers = workers
        self._journal = journal
        self._clock = clock
        self._look_at = 0.0
        self._told: dict[str, datetime] = {}
        self.crl_ends: datetime | None = None
        self.renewals = 0
        """How many certificates were renewed since the start."""

    def after_turn(self, _before: float, now: float) -> None:
        """Look, where it is time, beside the loop."""
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        settings, _ = self._served()
        self._workers.do(partial(renew_what_is_due, settings, self._clock()), self.take)

    def take(self, looked: Looked) -> None:
        """Record what was renewed, and what is due and was not."""
        self.crl_ends = looked.crl_ends
        self.renewals += len(looked.renewed)
        for sha256 in looked.renewed:
            self._journal.info("the certificate was renewed", sha256=sha256)
        now, (_, served) = self._clock(), self._served()
        due = [
            each
            for each in worn(served, looked, now)
            if not (looked.renewed and each.role == "server")  # the keeper serves another soon
        ]
        for each in due:
            last = self._told.get(each.role)
            if last is None or now - last >= _tell_every(each.ends - now):
                self._told[each.role] = now
                self._tell(each, looked.failure, now)

    def _tell(self, due: Worn, failure: XChatError | None, now: datetime) -> None:
        is_over = now > due.ends
        words = HAS_EXPIRED if is_over else IS_DUE
        fields: dict[str, object] = {
            "role": due.role,
            "file": due.file,
            "until": f"{due.ends:%Y-%m-%d}",
            "days_left": max((due.ends - now).days, 0),
            "mend": due.mend,
        }
        if failure is not None and due.role in OURS:
            fields |= {"why": failure.what, "mend": failure.mend or due.mend}
        record = self._journal.error if is_over else self._journal.warning
        record(words, **fields)


def _tell_every(left: timedelta) -> timedelta:
    """Return how long a warning stays said."""
    return (TELL_OFTEN if left < LAST_DAYS else TELL_EVERY) - timedelta(minutes=1)
