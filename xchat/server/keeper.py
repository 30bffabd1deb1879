"""The keeper: what is served follows its files, without a restart, and never to the worse.

Goal: a certificate that was renewed, replaced by hand or moved back is served within a second,
by SIGHUP and `xchat-admin reload` at once; nobody who is connected notices, and nobody who
connects is refused for it. Whatever else is found, the last good one is served on, and the
journal says once which file, which rule, which command.

Plan: the system is asked what the files look like (`watch`: fifteen calls of stat, some
microseconds each); when that is new, all is made anew on the pool beside the loop (`make_served`),
and rebound in a turn. What fails is tried again a moment later before a word is said, for a pair
is replaced in two steps and a file is written in many; and from then on when the files change, or
seldom.

Ways rejected: loading into the live context (`certificates` says why); being told of changes by
the system (`watch` does).
"""

from __future__ import annotations

import shlex
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from xchat.config import Config
from xchat.config.settings import Tls
from xchat.errors import ConfigError, XChatError
from xchat.journal import Journal
from xchat.server.certificates import Served, files_of, make_served
from xchat.server.guests import Guests
from xchat.server.watch import Schedule, Seen, look
from xchat.server.workers import Workers

SETTLE_SECONDS = 0.3
"""What is half there now may be whole by then."""
READINGS_MAX = 5
"""A certificate and its key are two files: another change may come between them."""
RETRY_SECONDS_MAX = 60.0
"""What failed is tried again though no file has changed: a disk may be back, a clock be right."""

Reload = Callable[[], Config | ConfigError]
"""Reads the configuration again; the error, where it cannot be used, is returned."""


class Attempt(NamedTuple):
    """What came of making anew what is served, from files that looked so before.

    `asked`: somebody waits for it, and knows what they do.
    """

    settings: Tls
    seen: Seen
    outcome: Served | XChatError
    asked: bool = False


def attempt(settings: Tls, before: Served) -> Attempt:
    """Make what is served anew; files that change while they are read are read again."""
    files = files_of(settings)
    for _ in range(READINGS_MAX):
        tried = _attempt(settings, before)
        if isinstance(tried.outcome, Served) or look(files) == tried.seen:
            break
    return tried


def _attempt(settings: Tls, before: Served) -> Attempt:
    seen = look(files_of(settings))
    try:
        made = make_served(settings, now=datetime.now(UTC), before=before)
    except XChatError as error:
        return Attempt(settings, seen, error)
    except OSError as error:  # a file that went between two looks at it
        file = str(error.filename or settings.cert)
        mend = shlex.join(("ls", "-ld", file))
        return Attempt(settings, seen, ConfigError(f"{file}: {error.strerror}", mend=mend))
    return Attempt(settings, made.seen, made)


class Keeper:
    """Looks after what `guests` serve; times in seconds of a clock that only rises."""

    def __init__(self, settings: Tls, guests: Guests, workers: Workers, journal: Journal) -> None:
        self.settings = settings
        self._files = files_of(settings)
        self._guests = guests
        self._workers = workers
        self._journal = journal
        self._seen = guests.served.seen
        self._done: deque[Attempt] = deque()
        self._schedule = Schedule()
        self._retry_at = float("inf")
        self._retry_wait = 0.0
        self.failure = ""
        """Why what lies there now is not served, in words; nothing where it is."""
        self.reloads: Counter[str] = Counter(success=0, failure=0)
        """How often something else was served, and how often it could not be."""

    def after_turn(self, _before: float, now: float) -> None:
        """Serve what was made; look, where it is time, whether something is to be made."""
        while self._done:
            self._take(self._done.popleft(), now)
        if not self._schedule.take_look(now):
            return
        if look(self._files) != self._seen or now >= self._retry_at:
            self._schedule.begin_reading(now)
            make = partial(attempt, self.settings, self._guests.served)
            self._workers.do(make, self._done.append)

    def reading(self, read: Reload) -> Reload:
        """Return what reads the configuration again and the certificate with it, or neither."""
        return partial(self._read_again, read)

    def _read_again(self, read: Reload) -> Config | ConfigError:
        config, served = read(), self._guests.served
        if isinstance(config, ConfigError):
            return config
        is_same = config.tls == self.settings
        before = served if is_same else replace(served, is_proven=False)  # it is as was asked for
        tried = attempt(config.tls, before)
        if isinstance(tried.outcome, Served):
            self._done.append(tried._replace(asked=True))
            return config
        if is_same and tried.seen == served.seen:
            return config  # nothing has come in the place of what is served, but it has aged
        if is_same:
            self._done.append(tried._replace(asked=True))
        return ConfigError(tried.outcome.what, mend=tried.outcome.mend)

    def _take(self, tried: Attempt, now: float) -> None:
        if not tried.asked:
            self._schedule.end_reading()
        is_old = tried.settings != self.settings and not tried.asked
        if isinstance(tried.outcome, Served) and not is_old:
            self._serve(tried.settings, tried.outcome)
        elif isinstance(tried.outcome, XChatError) and tried.settings == self.settings:
            is_steady, self._seen = tried.seen == self._seen, tried.seen
            self._put_off(tried.outcome, now, is_steady=is_steady or tried.asked)

    def _serve(self, settings: Tls, served: Served) -> None:
        old, self._guests.served = self._guests.served, served
        self.settings, self._files, self._seen = settings, files_of(settings), served.seen
        self._retry_at, self._retry_wait, self.failure = float("inf"), 0.0, ""
        self.reloads["success"] += 1
        if old.pair.sha256 == served.pair.sha256:
            self._journal.info("the certificate is as it was", sha256=served.pair.sha256)
            return
        until = f"{served.pair.not_after:%Y-%m-%d}"
        new = {"new": served.pair.sha256, "until": until, "names": ", ".join(served.pair.names)}
        self._journal.info("another certificate is served", old=old.pair.sha256, **new)
        for warning in served.pair.warnings:
            self._journal.warning(warning)

    def _put_off(self, error: XChatError, now: float, *, is_steady: bool) -> None:
        """Say what is wrong once it is so for good, and look again later."""
        if not is_steady:
            self._retry_at, self._retry_wait = now + SETTLE_SECONDS, SETTLE_SECONDS
            return
        self._retry_wait = min(self._retry_wait * 2 or SETTLE_SECONDS, RETRY_SECONDS_MAX)
        self._retry_at = now + self._retry_wait
        if error.what != self.failure:
            self._tell(error)
        self.failure = error.what

    def _tell(self, error: XChatError) -> None:
        self.reloads["failure"] += 1
        kept = self._guests.served.pair
        words = "what lies there now cannot be served: the certificate stays as it was"
        fields = {"served": kept.sha256, "until": f"{kept.not_after:%Y-%m-%d}"}
        self._journal.error(words, why=error.what, mend=error.mend, **fields)
