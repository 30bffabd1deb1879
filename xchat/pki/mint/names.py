"""Names a certificate may carry, and the bounds within which a CA may hand them out.

A name is a host name (lower case, IDNA-encoded) or an IP address. The bounds
are the critical name constraints of RFC 5280, 4.2.1.10: a thief of the CA's
keys can name nothing outside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from xchat.errors import UsageError
from xchat.irc.display import visible

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Name: TypeAlias = str | IPv4Address | IPv6Address

HOST_CHARS_MAX = 253
"""A host name, dots included (RFC 1035, 2.3.4, as text)."""
LOCAL_DOMAINS = ("localhost", "local", "lan", "internal", "home.arpa", "test")
"""Domains that no public CA signs and that mean something on one network only."""
LOCAL_NETWORKS: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Networks that are not routed on the Internet: a new lease there needs no new CA."""

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def parse_name(text: str) -> Name:
    """Return the host name or address in `text`; raise UsageError for anything else."""
    bare = text.removeprefix("[").removesuffix("]")
    try:
        return ip_address(bare)
    except ValueError:
        return _parse_host(text)


def shown(name: Name | str) -> str:
    """Return a name as people write it, ბუდე.lan for xn--moded2d.lan, if both mean the same."""
    text = str(name)
    try:
        typed = text.encode().decode("idna") if "xn--" in text else text
        return typed if typed == visible(typed) and str(parse_name(typed)) == text else text
    except (UnicodeError, UsageError):
        return text


def _parse_host(text: str) -> str:
    try:
        host = text.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        host = ""
    labels = host.split(".")
    well_formed = len(host) <= HOST_CHARS_MAX and all(map(_LABEL.fullmatch, labels))
    if well_formed and not labels[-1].isdigit():  # 10.1.2.999 is a slip, not a host
        return host
    raise UsageError(
        f"{text!r} is not a name a certificate can carry: it is neither a host name nor an address",
        mend="Give each on its own, without a port or a wildcard, as in chat.lan or 10.1.2.3",
    )


@dataclass(frozen=True)
class Bounds:
    """What a CA may sign for: these domains and all beneath them, and these networks."""

    domains: tuple[str, ...]
    networks: tuple[Network, ...]

    def allow(self, name: Name) -> bool:
        """Tell whether a certificate for `name` holds under these bounds."""
        if isinstance(name, str):
            return any(name == each or name.endswith(f".{each}") for each in self.domains)
        return any(name in each for each in self.networks)

    def widened(self, names: Iterable[Name]) -> Bounds:
        """Return bounds that allow `names` too: each host and what is beneath it, each address."""
        bounds = self
        for name in names:
            if bounds.allow(name):
                continue
            if isinstance(name, str):
                bounds = Bounds((*bounds.domains, name), bounds.networks)
            else:
                bounds = Bounds(bounds.domains, (*bounds.networks, ip_network(name)))
        return bounds


LOCAL = Bounds(LOCAL_DOMAINS, LOCAL_NETWORKS)
"""What every CA of ours may sign for."""
