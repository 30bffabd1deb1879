"""By which of its names a server is most likely reached by others."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress

_ELSEWHERE = {
    "0.0.0.0": (socket.AF_INET, "192.0.2.1"),  # noqa: S104 - compared with
    "::": (socket.AF_INET6, "2001:db8::1"),
}
"""For "all addresses" one of no one (RFC 5737, RFC 3849): asking for the way sends nothing."""


def name_to_type(addresses: Sequence[str], names: Sequence[str]) -> str:
    """Return the name by which others most likely reach a server, one that its certificate has.

    `addresses` are those that it listens on.
    """
    host = socket.gethostname()
    likely = [*_own_addresses(addresses), host, f"{host}.local", "localhost"]
    return next((name for name in likely if name in names), names[0])


def _own_addresses(addresses: Sequence[str]) -> Iterator[str]:
    """Yield what we listen on, for all addresses the one on the way to everywhere else."""
    for address in addresses:
        if address not in _ELSEWHERE:
            yield address
            continue
        family, elsewhere = _ELSEWHERE[address]
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:  # no such way
            probe.connect((elsewhere, 9))
            yield probe.getsockname()[0]
