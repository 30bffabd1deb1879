"""How often logins and tokens may fail, and accounts be made: by address, and in all."""

from __future__ import annotations

import math
from collections.abc import Callable

from xchat.chat.buckets import Buckets, network_of
from xchat.chat.session import Session
from xchat.limits import ATTEMPT_KEYS_MAX, Limits

EVERYWHERE = "*"

Record = Callable[[str, str], None]
"""Record in the journal that one kind of thing was refused to one address."""


class Attempts:
    """The buckets of failed logins and of new accounts; `limits.exempt` is spared."""

    def __init__(self, limits: Limits) -> None:
        keys = ATTEMPT_KEYS_MAX
        self._failures = Buckets(
            limits.login_failures_per_address_burst,
            limits.login_failures_per_address_per_minute / 60,
            keys,
        )
        self._registrations = Buckets(
            limits.registrations_per_address_burst,
            limits.registrations_per_address_per_hour / 3600,
            keys,
        )
        self._all = Buckets(limits.registrations_burst, limits.registrations_per_hour / 3600, 1)
        self._tokens = Buckets(
            limits.redeem_failures_per_address_burst,
            limits.redeem_failures_per_address_per_minute / 60,
            keys,
        )
        self._all_tokens = Buckets(
            limits.redeem_failures_burst, limits.redeem_failures_per_minute / 60, 1
        )
        self.record: Record = _forget

    def begin_login(self, session: Session, now: float) -> str | None:
        """Take a token for a login, given back if it succeeds; return why there is none."""
        if session.exempt:
            return None
        key = network_of(session.address)
        why = self._why_not(self._failures, key, now, "login_failures_per_address_per_minute")
        if why is None:
            self._failures.take(key, now)
            return None
        self.record("too many failed logins", key)
        return f"Too many failed logins from your address: {why}"

    def logged_in(self, session: Session) -> None:
        """Give back what a login took that succeeded."""
        if not session.exempt:
            self._failures.give_back(network_of(session.address))

    def failed(self, session: Session) -> None:
        """Record that a login failed."""
        self.record("failed login", network_of(session.address))

    def begin_registration(self, session: Session, now: float) -> str | None:
        """Take a token for a new account; return why there is none."""
        if session.exempt:
            return None
        key = network_of(session.address)
        own = self._why_not(self._registrations, key, now, "registrations_per_address_per_hour")
        if own is not None:
            self.record("too many new accounts", key)
            return f"Too many new accounts from your address: {own}"
        why = self._why_not(self._all, EVERYWHERE, now, "registrations_per_hour")
        if why is not None:
            self.record("too many new accounts", EVERYWHERE)
            return f"Too many new accounts: {why}"
        self._registrations.take(key, now)
        self._all.take(EVERYWHERE, now)
        return None

    def begin_redeem(self, address: str, now: float, *, exempt: bool) -> str | None:
        """Take a token of the bucket for one that is shown; return why there is none."""
        if exempt:
            return None
        key = network_of(address)
        own = self._why_not(self._tokens, key, now, "redeem_failures_per_address_per_minute")
        if own is not None:
            self.record("too many wrong invites", key)
            return f"Too many wrong invites from your address: {own}"
        why = self._why_not(self._all_tokens, EVERYWHERE, now, "redeem_failures_per_minute")
        if why is not None:
            self.record("too many wrong invites", EVERYWHERE)
            return f"Too many wrong invites: {why}"
        self._tokens.take(key, now)
        self._all_tokens.take(EVERYWHERE, now)
        return None

    def redeemed(self, address: str, *, exempt: bool) -> None:
        """Give back what a token took that let somebody in."""
        if not exempt:
            self._tokens.give_back(network_of(address))
            self._all_tokens.give_back(EVERYWHERE)

    def _why_not(self, buckets: Buckets, key: str, now: float, limit: str) -> str | None:
        seconds = math.ceil(buckets.wait(key, now))
        if seconds <= 0:
            return None
        return f"try again in {seconds} seconds (limits.{limit})"


def _forget(_kind: str, _address: str) -> None:
    """Record nothing: nobody listens."""
