"""draft/ICON (IRCv3 network-icon)."""

from __future__ import annotations

from tests.chat.pair import OpenServer, Server
from xchat.config import Config
from xchat.config.settings import Server as ServerSettings


def test_the_picture_of_the_network(open_server: OpenServer) -> None:
    """If a server publishes a draft/ICON ISUPPORT token, the value MUST be a URL to an image."""
    settings = ServerSettings(icon="https://chat.lan/icon.png?size={size}")
    told = open_server(config=Config(server=settings)).client("alice").read("VERSION")
    tokens = [token for line in told for token in line.params]
    assert "draft/ICON=https://chat.lan/icon.png?size={size}" in tokens


def test_without_one_there_is_no_token(server: Server) -> None:
    assert not any("ICON" in line for line in server.client("alice").ask("VERSION"))
