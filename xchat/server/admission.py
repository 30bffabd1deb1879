"""Who may come in, and how many: counted by address, before anything is believed."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from xchat.chat.buckets import Buckets, network_of
from xchat.errors import ConfigError
from xchat.limits import HANDSHAKE_KEYS_MAX, REFUSED_IN_WORDS_A_SECOND, Limits

_WHY = {
    "connections_per_address_max": "too many connections from your address",
    "unregistered_per_address_max": "too many from your address that have not logged in",
    "handshakes_per_address_per_second": "too many new connections from your address; try again "
    "in a moment",
    "unregistered_max": "too many that have not logged in; try again in a moment",
}


class Admission:
    """Counts connections, and those among them that are not registered yet."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._exempt = [_network(text) for text in limits.exempt]
        self._all: Counter[str] = Counter()
        self._unregistered: Counter[str] = Counter()
        self._unregistered_in_all = 0
        self._handshakes = Buckets(
            limits.handshakes_per_address_burst,
            limits.handshakes_per_address_per_second,
            HANDSHAKE_KEYS_MAX,
        )
        self._explain_at = 0.0

    def is_exempt(self, address: str) -> bool:
        """Say whether `limits.exempt` names the address."""
        ip = ip_address(address.partition("%")[0])
        return any(ip.version == network.version and ip in network for network in self._exempt)

    def refuse(self, address: str, now: float) -> str | None:
        """Return the limit that one more connection from an address would pass, or None."""
        limits, key = self._limits, network_of(address)
        if self.is_exempt(address):
            return None
        if self._all[key] >= limits.connections_per_address_max:
            return "connections_per_address_max"
        if self._unregistered[key] >= limits.unregistered_per_address_max:
            return "unregistered_per_address_max"
        if self._unregistered_in_all >= limits.unregistered_max:
            return "unregistered_max"
        if not self._handshakes.has_token(key, now):
            return "handshakes_per_address_per_second"
        return None

    def explain(self, limit: str) -> str:
        """Return words for whoever was refused by a limit."""
        return f"{_WHY[limit]} (limits.{limit} = {getattr(self._limits, limit)})"

    def may_explain(self, now: float) -> bool:
        """Say whether a refusal may cost a handshake now: so many a second and no more."""
        if now < self._explain_at:
            return False
        self._explain_at = now + 1 / REFUSED_IN_WORDS_A_SECOND
        return True

    def came(self, address: str, now: float) -> None:
        """Count a new connection, and its handshake."""
        if not self.is_exempt(address):
            key = network_of(address)
            self._handshakes.take(key, now)
            self._all[key] += 1
            self._unregistered[key] += 1
            self._unregistered_in_all += 1

    def registered(self, address: str) -> None:
        """Count a connection as registered."""
        if not self.is_exempt(address):
            _less(self._unregistered, network_of(address))
            self._unregistered_in_all -= 1

    def went(self, address: str, *, was_registered: bool) -> None:
        """Count a connection no more."""
        if self.is_exempt(address):
            return
        if not was_registered:
            self.registered(address)
        _less(self._all, network_of(address))


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ConfigError(
            f"limits.exempt: {text!r} is no network",
            mend='write networks as address/bits, as in ["127.0.0.0/8", "fd00::/8"]',
        ) from error
