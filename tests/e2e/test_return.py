"""irssi, WeeChat and catgirl come back, and are told what was said meanwhile."""

from __future__ import annotations

import pytest

from tests.e2e.chatters import CHATTERS, Chatter, Visit
from tests.e2e.conftest import MakeClient, MakeTerminal
from tests.e2e.programs import Server

each_chatter = pytest.mark.parametrize(
    "chatter",
    [
        pytest.param(chatter, id=chatter.program, marks=pytest.mark.needs(chatter.program, "tmux"))
        for chatter in CHATTERS
    ],
)


@each_chatter
def test_what_was_said_meanwhile_is_there_on_return(
    chatter: Chatter, server: Server, join: MakeClient, make_terminal: MakeTerminal
) -> None:
    """ "a quiet replay for clients without the capability": nothing twice, nothing missing."""
    gio = join("gio", "#lobby")
    terminal = make_terminal()
    visit = Visit(server.port, server.ca, "nino")
    chatter.enter(terminal, visit)
    gio.send("PRIVMSG #lobby :heard at once")
    terminal.wait("heard at once")
    terminal.type("/part #lobby")
    gio.wait(r"^:nino!\S+ PART #lobby")
    gio.send("PRIVMSG #lobby :said meanwhile: ერთი", "PRIVMSG #lobby :and another: ორი")
    gio.ping()
    terminal.type("/join #lobby")
    terminal.wait(r"gio.*said meanwhile: ერთი[\s\S]*gio.*and another: ორი")
    terminal.type("/quit")
    again = make_terminal()
    gio.wait(r"^:nino!\S+ QUIT")
    gio.send("PRIVMSG #lobby :after the second good-bye")
    gio.ping()
    chatter.enter(again, visit)
    again.wait("gio.*after the second good-bye")
    assert "heard at once" not in again.screen()
    gio.send("PRIVMSG #lobby :live again")
    again.wait("gio.*live again")
