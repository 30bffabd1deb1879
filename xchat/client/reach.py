"""A TCP connection for those who may wait: the one dial, driven to its end."""

from __future__ import annotations

import select
import socket
import time

from xchat.client.dial import Dial
from xchat.client.peer import Peer


def reach(peer: Peer, seconds: float) -> socket.socket:
    """Return a connection that waits at most `seconds` for each thing asked of it. Raises Fault."""
    dial = Dial(peer, time.monotonic())
    try:
        while (sock := dial.advance(time.monotonic())) is None:
            rest = max(0.0, dial.deadline() - time.monotonic())
            # Windows tells of a connection that failed in the third list alone
            select.select(dial.readable, dial.writable, dial.writable, rest)
    finally:
        dial.close()
    sock.settimeout(seconds)
    return sock
