"""draft/chathistory; the command is in commands/test_chathistory.py."""

from __future__ import annotations

from tests.chat.pair import Server


def test_it_is_offered_with_the_tokens_it_asks_for(server: Server) -> None:
    """The draft/chathistory capability MUST be negotiated. An ISUPPORT token MUST be sent to the
    client to state the maximum number of messages a client can request in a single command.
    """
    alice = server.client("alice", "draft/chathistory")
    assert alice.ask("CAP LIST") == ["CAP alice LIST draft/chathistory"]
    tokens = " ".join(alice.ask("VERSION")).split()
    assert "CHATHISTORY=100" in tokens
    assert "MSGREFTYPES=msgid,timestamp" in tokens
