"""Find the names and addresses by which this machine is reached, each with the reason.

No extra package, no packet sent, and no wait on a dead resolver.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from xchat.errors import UsageError
from xchat.limits import RESOLVE_SECONDS_MAX
from xchat.pki.mint.names import Address, Name, parse_name

SIOCGIFADDR = 0x8915
"""Linux's request for an interface's IPv4 address (netdevice(7))."""
IF_INET6 = Path("/proc/net/if_inet6")
"""Linux's table of IPv6 addresses: address, index, prefix, scope, flags, interface."""

_LOOPBACK = ("localhost", "ip6-")
"""How systems call 127.0.0.1 and ::1 when they are asked for a full name."""

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """A name of this machine, and why it was taken for one."""

    name: Name
    why: str


def find_names() -> list[Found]:
    """Return every name of this machine once, those that people type first."""
    found: dict[Name, Found] = {}
    for each in (*_hosts(), *_addresses()):
        found.setdefault(each.name, each)
    return list(found.values())


def _hosts() -> Iterator[Found]:
    host = socket.gethostname()
    short = host.partition(".")[0]
    for text, why in (
        (host, "its host name"),
        (_in_time(socket.getfqdn, host), "its full name"),
        (f"{short}.local", "its name on the local network (mDNS)"),
    ):
        with contextlib.suppress(UsageError):
            name = parse_name(text)
            if isinstance(name, str) and not name.startswith(_LOOPBACK) and not _is_reverse(name):
                yield Found(name, why)
    yield Found("localhost", "this machine, from itself")


def _is_reverse(name: str) -> bool:
    """Tell whether a "name" is an address turned round, as macOS gives it."""
    return name.endswith((".in-addr.arpa", ".ip6.arpa"))


def _addresses() -> Iterator[Found]:
    yield Found(IPv4Address("127.0.0.1"), "loopback")
    yield Found(IPv6Address("::1"), "loopback")
    interfaces = [*_ipv4_of_interfaces(), *_ipv6_of_interfaces()]
    for address, why in interfaces or _resolved():
        if not (address.is_loopback or address.is_link_local or address.is_unspecified):
            yield Found(address, why)


def _ipv4_of_interfaces() -> Iterator[tuple[Address, str]]:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _index, interface in socket.if_nameindex():
            request = struct.pack("256s", interface.encode()[:15])
            with contextlib.suppress(OSError):  # no IPv4 there, or another system's request
                reply = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, request)
                yield IPv4Address(reply[20:24]), f"on {interface}"


def _ipv6_of_interfaces() -> Iterator[tuple[Address, str]]:
    with contextlib.suppress(OSError):
        for line in IF_INET6.read_text().splitlines():
            digits, *_rest, interface = line.split()
            yield IPv6Address(bytes.fromhex(digits)), f"on {interface}"


def _resolved() -> Iterator[tuple[Address, str]]:
    """Ask the resolver, where the system (macOS, Windows) has no table we can read."""
    nothing: list[str] = []
    for text in _in_time(_resolve_own_name, nothing):
        yield ip_address(text.partition("%")[0]), "as this host's name resolves"


def _resolve_own_name() -> list[str]:
    return [str(where[0]) for *_kind, where in socket.getaddrinfo(socket.gethostname(), None)]


def _in_time(ask: Callable[[], T], otherwise: T) -> T:
    """Return what `ask` says, or `otherwise` if it fails or takes RESOLVE_SECONDS_MAX."""
    answers: SimpleQueue[T] = SimpleQueue()

    def run() -> None:
        with contextlib.suppress(OSError):
            answers.put(ask())

    threading.Thread(target=run, daemon=True).start()
    try:
        return answers.get(timeout=RESOLVE_SECONDS_MAX)
    except Empty:
        return otherwise
