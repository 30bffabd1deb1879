"""Who may come in, and how many: counted by address, before anything is believed."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from xchat.errors import ConfigError
from xchat.limits import Limits

IPV6_PREFIX = 64
"""One IPv6 customer has a /64 at least: all of it counts as one address."""


class Admission:
    """Counts connections, and those among them that are not registered yet."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._exempt = [_network(text) for text in limits.exempt]
        self._all: Counter[str] = Counter()
        self._unregistered: Counter[str] = Counter()
        self._unregistered_in_all = 0

    def is_exempt(self, address: str) -> bool:
        """Say whether `limits.exempt` names the address."""
        ip = ip_address(address.partition("%")[0])
        return any(ip.version == network.version and ip in network for network in self._exempt)

    def refuse(self, address: str) -> str | None:
        """Return why one more connection from an address cannot be taken, or None."""
        limits, key = self._limits, _key(address)
        if self.is_exempt(address):
            return None
        if self._all[key] >= limits.connections_per_address_max:
            return "limits.connections_per_address_max"
        if self._unregistered[key] >= limits.unregistered_per_address_max:
            return "limits.unregistered_per_address_max"
        if self._unregistered_in_all >= limits.unregistered_max:
            return "limits.unregistered_max"
        return None

    def came(self, address: str) -> None:
        """Count a new connection."""
        key = _key(address)
        self._all[key] += 1
        self._unregistered[key] += 1
        self._unregistered_in_all += not self.is_exempt(address)

    def registered(self, address: str) -> None:
        """Count a connection as registered."""
        key = _key(address)
        _less(self._unregistered, key)
        self._unregistered_in_all -= not self.is_exempt(address)

    def went(self, address: str, *, was_registered: bool) -> None:
        """Count a connection no more."""
        if not was_registered:
            self.registered(address)
        _less(self._all, _key(address))


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def _key(address: str) -> str:
    if ":" not in address:
        return address
    plain = address.partition("%")[0]
    return str(ip_network(f"{plain}/{IPV6_PREFIX}", strict=False))


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ConfigError(
            f"limits.exempt: {text!r} is no network",
            mend='write networks as address/bits, as in ["127.0.0.0/8", "fd00::/8"]',
        ) from error
