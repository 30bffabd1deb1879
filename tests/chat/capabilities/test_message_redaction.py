"""draft/message-redaction; the command is in commands/test_redact.py."""

from __future__ import annotations

from tests.chat.pair import Server


def test_it_is_offered(server: Server) -> None:
    """This specification adds the draft/message-redaction capability."""
    alice = server.client("alice", "draft/message-redaction")
    assert alice.ask("CAP LIST") == ["CAP alice LIST draft/message-redaction"]
