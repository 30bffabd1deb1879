"""REHASH (modern.ircdocs.horse, REHASH message)."""

from __future__ import annotations

from msgspec.structs import replace

from tests.chat.commands.operators import CONFIG, operator
from tests.chat.pair import OpenServer
from xchat.config import Config
from xchat.config.settings import Listen
from xchat.config.settings import Server as ServerSettings
from xchat.errors import ConfigError


def test_what_can_change_does_and_what_cannot_is_named(open_server: OpenServer) -> None:
    """The server should then reread its configuration. RPL_REHASHING (382): "<client> <config file>
    :Rehashing".
    """
    server = open_server(config=CONFIG)
    root = operator(server.client("root"))
    settings = ServerSettings(motd="New here", name="other.local")
    wanted = replace(Config(), server=settings, listen=Listen(port=9000))
    server.hub.reload, server.hub.config_name = lambda: wanted, "xchat.toml"
    said = "The configuration was read again; with the next start only: server.name, listen.port"
    assert root.ask("REHASH") == ["382 root xchat.toml Rehashing", f"NOTICE root :{said}"]
    assert "372 root :- New here" in root.ask("MOTD")
    assert "491" in root.ask("OPER root right")[0], "who is no operator any more, becomes none"
    assert server.hub.name == "xchat.local"
    *_, recorded = server.store.audit(limit=10)
    assert (recorded.via, recorded.act, recorded.what) == ("chat", "REHASH", "xchat.toml")
    assert recorded.who == root.source


def test_what_cannot_be_read_changes_nothing(open_server: OpenServer) -> None:
    server = open_server(config=CONFIG)
    root = operator(server.client("root", "standard-replies"))
    server.hub.reload = lambda: ConfigError("xchat.toml:3: there is no section x")
    server.hub.config_name = "xchat.toml"
    text = "Nothing has changed: xchat.toml:3: there is no section x"
    assert root.ask("REHASH")[-1] == f"FAIL REHASH INVALID_CONFIGURATION :{text}"
    assert server.hub.config == CONFIG


def test_of_operators_only(open_server: OpenServer) -> None:
    """ERR_NOPRIVILEGES (481)."""
    alice = open_server().client("alice")
    assert alice.ask("REHASH") == ["481 alice :Permission Denied- You're not an IRC operator"]


def test_a_server_that_has_nothing_to_read(open_server: OpenServer) -> None:
    root = operator(open_server(config=CONFIG).client("root", "standard-replies"))
    (said,) = root.ask("REHASH")
    assert said.startswith("FAIL REHASH NO_CONFIGURATION :")
