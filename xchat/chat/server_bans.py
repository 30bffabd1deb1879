"""Bans from the server: whom each kind is for, and in which words they are told.

A ban holds until the log has its end, so that whoever reads the log agrees on
it; the hub claims the end of one whose time is over (`ended`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from xchat.chat.entities import ServerBan
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.masks import compile_mask, complete
from xchat.limits import MASK_BYTES_MAX

ACCOUNT, MASK, ADDRESS = "account", "mask", "address"
KINDS = (ACCOUNT, MASK, ADDRESS)
_WILD = "*?!@."


class BadBan(ValueError):  # noqa: N818 - says what is wrong, as BadName does
    """A text that bans nobody, or everybody; `why` says so in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def canonical(kind: str, mask: str) -> str:
    """Return a mask of a kind in its one spelling; raises BadBan."""
    if kind == ADDRESS:
        return _canonical_network(mask)
    if kind not in KINDS:
        raise BadBan(f"a ban is for one of: {', '.join(KINDS)}")
    try:
        whole = names.fold(mask) if kind == ACCOUNT else complete(mask)
    except names.BadName as bad:
        raise BadBan(bad.why) from bad
    if kind == MASK and not whole.strip(_WILD):
        raise BadBan("this mask is for everybody")
    if len(whole.encode()) > MASK_BYTES_MAX:
        raise BadBan(f"a mask has at most {MASK_BYTES_MAX} bytes")
    return whole


def _canonical_network(text: str) -> str:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise BadBan("not an address (192.0.2.7) or network (192.0.2.0/24)") from error
    if not network.prefixlen:
        raise BadBan("this network is everybody's")
    return str(network.network_address if network.num_addresses == 1 else network)


def ban_on_address(state: State, address: str) -> ServerBan | None:
    """Return a ban that does not let an address connect."""
    return next((ban for ban in state.bans.values() if is_for(ban, address)), None)


def ban_on_prefix(state: State, prefix: str) -> ServerBan | None:
    """Return a ban that does not let `nick!user@host` in."""
    return next((ban for ban in state.bans.values() if matches(ban, prefix)), None)


def ban_on_account(state: State, aid: str) -> ServerBan | None:
    """Return a ban that does not let who is logged in to an account in."""
    account = state.accounts.get(aid)
    return state.bans.get((ACCOUNT, names.fold(account.name))) if account else None


def words(ban: ServerBan) -> str:
    """Return what those whom a ban is for are told."""
    until = f" until {format_day(ban.until)}" if ban.until else ""
    reason = f": {ban.reason}" if ban.reason else ""
    return f"you are banned from this server{until}{reason}"


def format_day(ts: int) -> str:
    """Return a time in ms as people are told it, to the minute."""
    try:
        return datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, OSError, ValueError):
        return "the end of time"


def ended(state: State, now_ms: int) -> Iterator[ServerBan]:
    """Yield the bans whose time is over."""
    return (ban for ban in list(state.bans.values()) if 0 < ban.until <= now_ms)


def matches(ban: ServerBan, prefix: str) -> bool:
    """Say whether a ban is for whoever is `nick!user@host`."""
    return ban.kind == MASK and compile_mask(ban.mask).matches(prefix)


def is_for(ban: ServerBan, address: str) -> bool:
    """Say whether a ban is for an address."""
    return ban.kind == ADDRESS and _has(ban.mask, address)


def _has(mask: str, address: str) -> bool:
    network, ip = _network(mask), _address(address)
    if network is None or ip is None or network[0] != ip[0]:
        return False
    return ip[1] & network[2] == network[1]


@lru_cache(maxsize=8192)
def _network(mask: str) -> tuple[int, int, int] | None:
    """Return a network as its version, its address and its mask, or None for none."""
    try:
        network: IPv4Network | IPv6Network = ip_network(mask, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.netmask)


@lru_cache(maxsize=1024)
def _address(text: str) -> tuple[int, int] | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.version, int(address)
