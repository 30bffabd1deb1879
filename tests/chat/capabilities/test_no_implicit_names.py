"""The capability no-implicit-names, ratified and as a draft (IRCv3 no-implicit-names)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server, commands


@pytest.mark.parametrize("name", ["no-implicit-names", "draft/no-implicit-names"])
def test_a_join_is_not_followed_by_names(server: Server, name: str) -> None:
    """When negotiated, servers MUST NOT send an implicit NAMES reply after sending a JOIN message.
    Servers MUST reply to explicit NAMES commands sent by the client as usual.
    """
    alice, bob = server.client("alice"), server.client("bob", name)
    alice.ask("JOIN #a", "TOPIC #a :t")
    assert commands(bob.read("JOIN #a")) == ["JOIN", "332", "333"]
    assert bob.ask("NAMES #a")[0] == "353 bob = #a :@alice bob"
