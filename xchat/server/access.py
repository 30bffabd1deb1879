"""Who may join: the policy as a rule for an address, and as a sentence."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from xchat.config import Config

Policy = Literal["open", "accounts", "devices"] | None

_NEAR = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",  # this machine
        "10.0.0.0/8",  # private (RFC 1918)
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",  # link-local (RFC 3927)
        "::1/128",
        "fc00::/7",  # unique local (RFC 4193)
        "fe80::/10",  # link-local (RFC 4291)
    )
)

_WHO = {
    "open": "anyone who can reach it may join",
    "accounts": "whoever is logged in to an account may join",
    "devices": "whoever has a device of an account may join",
    None: "this machine and private networks may join",
}
_FOR_OTHERS = "; for others: --set 'access.policy=\"open\"'"


def admits(policy: Policy, address: str) -> bool:
    """Say whether a connection from `address` may go on to register.

    Without a policy only this machine and private networks may; the policies
    `accounts` and `devices` decide later, when it is known who logs in.
    """
    return policy is not None or is_near(address)


@lru_cache(maxsize=1024)
def is_near(address: str) -> bool:
    """Say whether `address` is this machine's or in a private network; False if it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or ipaddress.IPv6Address(int(parsed))  # without its zone
    return any(parsed in network for network in _NEAR)


def who_may_join(config: Config, addresses: Sequence[str]) -> str:
    """Return one sentence without its stop: who may join a server listening on `addresses`."""
    word = ", with a certificate of its CA" if config.tls.client_certificates == "required" else ""
    word += ", with the server's password" if config.server.password else ""
    if all(_is_loopback(address) for address in addresses):
        return f"only this machine may join{word}: it listens nowhere else"
    policy = config.access.policy
    return f"{_WHO[policy]}{word}{_FOR_OTHERS if policy is None else ''}"


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
