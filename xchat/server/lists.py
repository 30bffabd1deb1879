"""What is revoked, read again when its files change: a revocation bites within a second.

Goal: whoever a list that we can believe, or the table of devices, calls revoked is let in
no more and parted with; nobody else ever is. So what cannot be read, or is missing, or is
nobody's whom we know takes nothing back: the last good set stays, and the journal says
why; a stale list still says what it says (`pki.device.revocations`).

The files are looked at as the certificate's are (`watch`, `Keeper`), read beside the loop,
and what was read counts from the same turn on for those who come and those who are here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from xchat.chat.devices import Device
from xchat.chat.hub import Hub
from xchat.config.settings import Tls
from xchat.errors import XChatError
from xchat.journal import Journal
from xchat.limits import DEVICES_BYTES_MAX
from xchat.pki.device.revocations import Revocations, read_revoked
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder, folder_of
from xchat.pki.disk.registry import Device as Row
from xchat.pki.disk.registry import parse_table
from xchat.pki.disk.signers import read_authorities
from xchat.pki.facts import read_chain
from xchat.server.guests import Guests
from xchat.server.watch import Schedule, Seen, is_there, look
from xchat.server.workers import Workers


class Sources(NamedTuple):
    """Where it says what is revoked, and whose lists are believed.

    `folders` are those of CAs, with their tables of devices: the one whose certificate is served,
    which signs those who enrol, and the one of `tls.client_ca`, where that lies elsewhere.
    `lists` are files, there or not.
    """

    folders: tuple[Folder, ...]
    ca: Path | None
    lists: tuple[Path, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that it hangs on."""
        beside = [
            file
            for folder in self.folders
            for file in (folder.devices, folder.ca, folder.issuer, folder.former)
        ]
        return tuple(map(str, (*self.lists, *beside, *([self.ca] if self.ca else ()))))


class Reading(NamedTuple):
    """What was read, of files that looked so before; `rows` is None where no table could be."""

    sources: Sources
    seen: Seen
    known: Revocations
    rows: Mapping[str, Row] | None
    devices: Mapping[str, Device]

    @property
    def there(self) -> frozenset[str]:
        """The files that were there."""
        return _there(self.sources, self.seen)


def sources_of(settings: Tls) -> Sources:
    """Return where to look: beside the CAs, and in the list that was named."""
    ca = Path(settings.client_ca).expanduser() if settings.client_ca else None
    signs, is_named = folder_of(Path(settings.cert).expanduser()), ca and Folder(ca.parent)
    folders = tuple(dict.fromkeys(folder for folder in (is_named, signs) if folder))
    named = (Path(settings.client_crl).expanduser(),) if settings.client_crl else ()
    return Sources(folders, ca, (*(folder.crl for folder in folders), *named))


def read(sources: Sources, wanted: frozenset[str]) -> Reading:
    """Read what is revoked, and what devices there are; it takes some milliseconds, and the disk.

    What is not there is no problem but for those `wanted`.
    """
    seen = look(sources.files)
    known_of = _there(sources, seen) | wanted
    tables = [each.devices for each in sources.folders if str(each.devices) in known_of]
    lists = [path for path in sources.lists if str(path) in known_of]
    known = read_revoked(_authorities(sources), lists, tables)
    rows = _rows(tables)
    devices = {sha256: _device(row) for sha256, row in (rows or {}).items()}
    return Reading(sources, seen, known, rows, devices)


def _there(sources: Sources, seen: Seen) -> frozenset[str]:
    return frozenset(file for file, what in zip(sources.files, seen, strict=True) if is_there(what))


def _authorities(sources: Sources) -> list[x509.Certificate]:
    """Return the CAs whose lists are believed: the folders', and the one that was named."""
    found = [each for folder in sources.folders for each in read_authorities(folder)]
    if sources.ca is None:
        return found
    try:
        return [*found, *read_chain(read_file(sources.ca), sources.ca)]
    except XChatError:
        return found


def _rows(tables: Sequence[Path]) -> Mapping[str, Row] | None:
    rows: dict[str, Row] = {}
    for path in tables:
        try:
            table = parse_table(read_file(path, bytes_max=DEVICES_BYTES_MAX), path)
        except XChatError:
            return None
        rows |= {row.sha256: row for row in table.devices}
    return rows


def _device(row: Row) -> Device:
    ends = int(row.not_after.timestamp() * 1000)
    return Device(row.account, row.device, ends, is_revoked=row.revoked is not None)


class Lists:
    """Looks after what `guests` are barred by; times in seconds of a clock that only rises."""

    def __init__(self, hub: Hub, guests: Guests, workers: Workers, journal: Journal) -> None:
        self._hub = hub
        self._guests = guests
        self._workers = workers
        self._journal = journal
        self._wanted: frozenset[str] = frozenset()
        """Files that were named, or have been there: one that goes missing is a problem."""
        self._seen: Seen = ()
        self._schedule = Schedule()
        self._complaints: tuple[str, ...] = ()

    def begin(self) -> None:
        """Read what there is before the first connection; a warning where there is nothing."""
        sources, settings = self._sources(), self._hub.config.tls
        named = settings.client_crl and Path(settings.client_crl).expanduser()
        self._wanted = frozenset([str(named)] if named else ())
        reading = read(sources, self._wanted)
        self._take(reading)
        for folder in sources.folders:
            self._warn_of(folder, reading.there)

    def _warn_of(self, folder: Folder, there: frozenset[str]) -> None:
        """Say so where a CA signs, and nothing says what of that holds no longer."""
        said = {str(folder.crl), str(folder.devices)}
        if str(folder.issuer) in there and said.isdisjoint(there):
            words = "nothing says which devices are revoked: there is no list, and no table of them"
            self._journal.warning(words, file=str(folder.crl), mend=folder.command("status"))

    def after_turn(self, _before: float, now: float) -> None:
        """Look, where it is time, whether something is to be read again."""
        if not self._schedule.take_look(now):
            return
        sources = self._sources()
        if look(sources.files) != self._seen:
            self._schedule.begin_reading(now)
            self._workers.do(partial(read, sources, self._wanted), self._take)
        self._complain()

    def _sources(self) -> Sources:
        return sources_of(self._hub.config.tls)

    def _take(self, reading: Reading) -> None:
        """Let what was read count, for those who come and those who are here."""
        is_first, self._seen = not self._seen, reading.seen
        self._schedule.end_reading()
        self._wanted |= reading.there
        barred = self._guests.served.barred
        known = reading.known.but_keeping(barred.known)
        before, barred.known = barred.known, known
        if reading.rows is not None:
            barred.devices, self._hub.devices = reading.rows, reading.devices
        if known.sets != before.sets and not is_first:
            parted = self._guests.papers.part_with(barred)
            self._journal.info("what is revoked has changed", parted_with=parted)
        self._complain()

    def _complain(self) -> None:
        """Record what is wrong with what is known, once."""
        known = self._guests.served.barred.known
        ends = known.stale_at
        is_stale = ends is not None and ends < datetime.now(UTC)
        late = (f"it should have been signed anew by {ends:%Y-%m-%d}",) if is_stale else ()
        complaints = (*known.problems, *late)
        for why in complaints if complaints != self._complaints else ():
            words = "the list of the revoked is not in order: what was revoked stays so"
            self._journal.warning(words, why=why, mend="xchat-certs doctor")
        self._complaints = complaints
