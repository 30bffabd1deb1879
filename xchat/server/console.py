"""The console: how `xchat-admin` reaches the server, over a Unix socket in the data folder.

A line of JSON asks, `{"verb": "user list", "arguments": {}}`, and lines of JSON answer: any number
of `{"rows": [...]}`, then one of `{"answer": ...}`, `{"done": true}` or `{"refused": {...}}`.

Goal: whatever a peer does, no message waits for it. The sockets are the loop's, and do not
block; of each peer so much is read a turn, one request handled, and a list told in pieces
as fast as it is read. Who may ask is decided by the system: the folder is 0700, the socket
0600 before it has a name, and whoever is neither this user nor root is told so.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from xchat.chat.admin.table import VERBS, begin
from xchat.chat.hub import Hub
from xchat.errors import XChatError
from xchat.journal import Journal
from xchat.limits import CONSOLE_IDLE_SECONDS_MAX, CONSOLE_PEERS_MAX
from xchat.server.console_peer import READ, Peer, encode
from xchat.server.loop import Loop
from xchat.store.console_path import SOCKET_NAME, socket_address

MODE = 0o600


class Entrance:
    """The socket that peers connect to."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / SOCKET_NAME
        self.interest = 0
        self.sock = _bind(folder)

    def wants(self) -> int:
        """Return the events to wait for."""
        return READ

    def accept(self) -> socket.socket | None:
        """Return a peer's socket, if one waits."""
        try:
            sock, _ = self.sock.accept()
        except OSError:  # it is gone again, or there is no descriptor for it
            return None
        sock.setblocking(False)
        return sock

    def close(self) -> None:
        """Close it, and take its name away."""
        self.sock.close()
        self._path.unlink(missing_ok=True)


class Console:
    """The entrance and its peers; the data folder is locked by whoever opens it."""

    def __init__(self, folder: Path, hub: Hub, loop: Loop, journal: Journal) -> None:
        self._hub = hub
        self._loop = loop
        self._journal = journal
        self._entrance = Entrance(folder)
        self._peers: list[Peer] = []
        self._serving: Peer | None = None
        loop.watch(self._entrance)

    @property
    def has_more(self) -> bool:
        """Whether there is something to do though nobody says anything."""
        return any(peer.has_more for peer in self._peers)

    def receive(self, ready: Iterable[object]) -> None:
        """Read from those who are ready, and let newcomers in, one a turn."""
        for visitor in ready:
            if isinstance(visitor, Peer):
                visitor.receive(self._hub.now)
            elif visitor is self._entrance:
                self._let_in()

    def _let_in(self) -> None:
        sock = self._entrance.accept()
        if sock is None:
            return
        try:
            who, refusal = _identify(sock)
        except OSError:  # it is gone already
            sock.close()
            return
        if refusal is None and len(self._peers) >= CONSOLE_PEERS_MAX:
            refusal = f"{CONSOLE_PEERS_MAX} connections to the console are open: end one"
        if refusal is None:
            peer = Peer(sock, who, self._hub.now)
            self._peers.append(peer)
            self._loop.watch(peer)
            return
        with contextlib.suppress(OSError):
            sock.send(encode({"refused": {"code": "NOT_LET_IN", "what": refusal}}))
        sock.close()
        self._journal.warning("the console refused somebody", who=who, why=refusal)

    def serve(self) -> None:
        """Begin what each peer asks for, one request a turn and peer."""
        for peer in self._peers:
            request = peer.next_request()
            if request is not None:
                self._serving = peer
                peer.operation = begin(self._hub, peer.who, request.verb, request.arguments)
                self._record(peer.who, request.verb)
        self._serving = None

    def _record(self, who: str, name: str) -> None:
        verb = VERBS.get(name)
        record = self._journal.debug if verb is not None and verb.reads else self._journal.info
        record("administration", who=who, verb=name[:32])

    def answer(self) -> None:
        """Tell each peer what has come of it, once it is kept; part with those who are gone."""
        for peer in list(self._peers):
            peer.answer(self._hub.now)
            is_late = self._hub.now - peer.since > CONSOLE_IDLE_SECONDS_MAX
            if peer.is_gone or (is_late and not peer.is_waiting):
                self._part(peer)
            else:
                self._loop.watch(peer)

    def _part(self, peer: Peer) -> None:
        self._peers.remove(peer)
        if peer.operation is not None:
            peer.operation.is_gone = True
        self._loop.forget(peer)
        peer.sock.close()

    def recover(self) -> None:
        """Part with whoever waits for an answer that may never come, after a fault of ours."""
        for peer in list(self._peers):
            if peer is self._serving or peer.operation is not None:
                self._part(peer)
        self._serving = None

    def close(self) -> None:
        """Part with everyone, and close the entrance."""
        for peer in list(self._peers):
            self._part(peer)
        self._loop.forget(self._entrance)
        self._entrance.close()


def _bind(folder: Path) -> socket.socket:
    """Listen in a folder, in the place of a socket that a killed server left behind."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        _remove_stale(folder / SOCKET_NAME)
        os.fchmod(sock.fileno(), MODE)  # Linux: it is bound with that; elsewhere the folder guards
        with socket_address(folder) as address:
            sock.bind(address)
        (folder / SOCKET_NAME).chmod(MODE)
        sock.listen(CONSOLE_PEERS_MAX)
    except (OSError, XChatError) as error:
        sock.close()
        if isinstance(error, XChatError):
            raise
        raise XChatError(
            f"{folder / SOCKET_NAME}: xchat-admin cannot be listened to: {error.strerror}",
            mend="keep the data on a local disk: --data FOLDER",
        ) from error
    return sock


def _remove_stale(path: Path) -> None:
    """Remove the socket of a server that is no more: the folder's lock is ours. Nothing else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise XChatError(
            f"{path}: it is in the way, and no socket", mend=f"look at it: ls -l {path}"
        )
    path.unlink()


def _identify(sock: socket.socket) -> tuple[str, str | None]:
    """Return who is at the other end, and why they are not let in, if they are not."""
    own = os.geteuid()
    uid = _uid_of(sock)
    name = _name_of(own if uid is None else uid)
    if uid in (None, 0, own):
        return name, None
    return name, f"the server is run by {_name_of(own)}, and you are {name}"


def _uid_of(sock: socket.socket) -> int | None:
    """Return whose process connected (unix(7), SO_PEERCRED), or None where that is not told."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    credentials = sock.getsockopt(socket.SOL_SOCKET, option, 12)
    _pid, uid, _gid = struct.unpack("iII", credentials)
    return int(uid)


def _name_of(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
