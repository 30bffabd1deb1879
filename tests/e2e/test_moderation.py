"""irssi, WeeChat and catgirl keep a channel in order, by the commands that their people type."""

from __future__ import annotations

import pytest

from tests.e2e.chatters import CHATTERS, Chatter, Visit
from tests.e2e.conftest import MakeClient, MakeTerminal
from tests.e2e.programs import Server
from tests.e2e.tmux import Terminal

each_chatter = pytest.mark.parametrize(
    "chatter",
    [
        pytest.param(chatter, id=chatter.program, marks=pytest.mark.needs(chatter.program, "tmux"))
        for chatter in CHATTERS
    ],
)


@each_chatter
def test_an_operator_keeps_order(
    chatter: Chatter, server: Server, join: MakeClient, make_terminal: MakeTerminal
) -> None:
    """ "irssi, WeeChat, catgirl end to end for moderation": roles, +m, bans, timed ones, kicks."""
    terminal = make_terminal()
    chatter.enter(terminal, Visit(server.port, server.ca, "nino"))
    guest, witness = join("guest", "#lobby"), join("witness", "#lobby")
    terminal.type("/quote MODE #lobby +m")
    guest.wait(r"^:nino!\S+ MODE #lobby \+m$")
    guest.send("PRIVMSG #lobby :unheard")
    guest.wait(r" 404 guest #lobby :Cannot send to channel \(\+m\)")
    terminal.type("/voice guest")
    guest.wait(r"^:nino!\S+ MODE #lobby \+v guest$")
    guest.send("PRIVMSG #lobby :with a voice")
    terminal.wait("with a voice")
    assert "unheard" not in terminal.screen()

    terminal.type("/ban guest!*@*")
    guest.wait(r"^:nino!\S+ MODE #lobby \+b guest!\*@\*$")
    terminal.type("/kick guest enough")
    guest.wait(r"^:nino!\S+ KICK #lobby guest :?enough$")
    guest.send("JOIN #lobby")
    guest.wait(r" 474 guest #lobby ")
    terminal.type("/quote TBAN #lobby 1s guest")
    witness.wait(r"^:xchat\S* MODE #lobby -b guest!\*@\*$")
    guest.send("JOIN #lobby")
    guest.wait(r"^:guest!\S+ JOIN #lobby$")


@each_chatter
def test_a_channel_is_renamed_under_it(
    chatter: Chatter, server: Server, join: MakeClient, make_terminal: MakeTerminal
) -> None:
    """Who does not know RENAME leaves the one and enters the other, and talks on there."""
    host = join("host", "#lobby")
    terminal = make_terminal()
    chatter.enter(terminal, Visit(server.port, server.ca, "nino"))
    host.send("RENAME #lobby #salon :a better word")
    host.wait(r"^:host!\S+ JOIN #salon$")
    terminal.type("/quote PRIVMSG #salon :here I am")
    host.wait(r"^:nino!\S+ PRIVMSG #salon :here I am$")


@each_chatter
def test_who_is_moderated_sees_each_step(
    chatter: Chatter, server: Server, join: MakeClient, make_terminal: MakeTerminal
) -> None:
    op = join("op", "#lobby")
    terminal = make_terminal()
    visit = Visit(server.port, server.ca, "nino")
    chatter.enter(terminal, visit)
    op.send("MODE #lobby +m")
    op.wait(r"MODE #lobby \+m")
    terminal.type("nobody hears this")
    see_refusal(chatter, terminal, r"(?i)cannot send|is moderated|\(\+m\)")
    terminal.type(f"{chatter.show} #lobby")
    op.send("MODE #lobby +v nino")
    op.wait(r"MODE #lobby \+v nino")
    terminal.type("a voice is heard")
    op.wait("^:nino!.* PRIVMSG #lobby :a voice is heard")
    op.send("MODE #lobby +b nino!*@*", "KICK #lobby nino :cool down")
    terminal.wait("cool down")
    terminal.type("/join #lobby")
    see_refusal(chatter, terminal, r"(?i)you.re banned|banned from|cannot join|\(\+b\)")
    op.send("MODE #lobby -b nino!*@*")
    op.wait(r"MODE #lobby -b")
    terminal.type("/join #lobby")
    op.wait("^:nino!.* JOIN #lobby")


def see_refusal(chatter: Chatter, terminal: Terminal, words: str) -> None:
    """Wait until the client shows a refusal, wherever it shows them."""
    if chatter.show_refusals:
        terminal.type(chatter.show_refusals)
    terminal.wait(words)
