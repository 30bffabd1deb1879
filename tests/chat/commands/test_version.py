"""VERSION (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

from tests.chat.pair import Server, commands
from xchat import __version__


def test_version(server: Server) -> None:
    """Upon receiving a VERSION command, the given server SHOULD respond with one RPL_VERSION reply
    and one or more RPL_ISUPPORT replies.
    """
    first, *rest = server.client("alice").read("VERSION")
    assert first.params == ("alice", f"xchat-{__version__}", "xchat.local", "A private chat")
    assert set(commands(rest)) == {"005"}
