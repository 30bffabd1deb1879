"""The sockets that the server listens on, each refusal in words."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence

from xchat.config.settings import Listen
from xchat.errors import ConfigError, XChatError
from xchat.journal import Journal
from xchat.limits import LISTEN_BACKLOG

_ANY_IPV6 = "::"
_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
_FREE_PORT_TRIES = 5

_REFUSALS = {
    errno.EADDRINUSE: ("the port is in use", "take another one: xchat-server --port {next}"),
    errno.EADDRNOTAVAIL: (
        "this machine has no such address",
        "listen on all it has: xchat-server --host 0.0.0.0",
    ),
    errno.EAFNOSUPPORT: (
        "this machine has no IPv6",
        "listen on IPv4 only: xchat-server --host 0.0.0.0",
    ),
    errno.EACCES: (
        "this user may not listen on so low a port",
        "take a port from 1024 on: xchat-server --port 8080",
    ),
}

_Wanted = tuple[socket.AddressFamily, str]


class PortTakenError(XChatError):
    """Another program listens on the port."""


def open_listeners(settings: Listen, journal: Journal) -> list[socket.socket]:
    """Bind and listen on each host; all get one port, also when any free one is asked for.

    Without IPv6 on this machine `::` is left out with a warning, unless it is all there is.
    Raises XChatError naming the address and what to do.
    """
    wanted = list(_resolve(settings.host))
    for _ in range(_FREE_PORT_TRIES if settings.port == 0 else 0):
        try:
            return _open_all(wanted, 0, journal)
        except PortTakenError:
            continue  # free for the first address, taken for another
    return _open_all(wanted, settings.port, journal)


def show_address(address: Sequence[object]) -> str:
    """Return `127.0.0.1:8080` or `[::1]:8080` for what `getsockname` gave."""
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def _resolve(hosts: Sequence[str]) -> Iterator[_Wanted]:
    seen = set()
    for host in hosts:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise ConfigError(
                f"{host}: not an address of this machine, nor a name that leads to one",
                mend="listen on all addresses: xchat-server --host 0.0.0.0",
            ) from error
        for family, _, _, _, address in found:
            if (family, address[0]) not in seen:
                seen.add((family, address[0]))
                yield family, str(address[0])


def _open_all(wanted: Sequence[_Wanted], port: int, journal: Journal) -> list[socket.socket]:
    listeners: list[socket.socket] = []
    try:
        for family, host in wanted:
            try:
                listeners.append(_open(family, host, port))
            except OSError as error:
                if host == _ANY_IPV6 and error.errno in _NO_IPV6 and listeners:
                    journal.warning("no IPv6 on this machine: listening on IPv4 only")
                    continue
                raise _refusal(host, port, error) from error
            port = listeners[0].getsockname()[1]
    except XChatError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def _open(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(LISTEN_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _refusal(host: str, port: int, error: OSError) -> XChatError:
    what, mend = _REFUSALS.get(
        error.errno or 0, (str(error.strerror), "see xchat-server --help, --host and --port")
    )
    kind = PortTakenError if error.errno == errno.EADDRINUSE else XChatError
    following = port + 1 if port < 65_535 else 8080
    return kind(f"{show_address((host, port))}: {what}", mend=mend.format(next=following))
