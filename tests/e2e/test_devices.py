"""Two devices of one account, in two clients that know nothing of each other."""

from __future__ import annotations

import pytest

from tests.e2e.chatters import CHATTERS, Login, Visit
from tests.e2e.conftest import MakeClient, MakeTerminal
from tests.e2e.programs import Server

IRSSI, WEECHAT, _ = CHATTERS


@pytest.mark.needs("irssi", "weechat-curses", "tmux")
def test_two_devices_of_one_account_see_each_others_lines(
    server: Server, join: MakeClient, make_terminal: MakeTerminal
) -> None:
    owner = join("nino", caps="draft/account-registration")
    owner.send("REGISTER nino * sesame-open")
    owner.wait("REGISTER SUCCESS nino")
    owner.send("QUIT")
    owner.read_to_the_end()
    witness = join("witness", "#lobby")
    login = Login("PLAIN", "nino", "sesame-open")
    visit = Visit(server.port, server.ca, "nino", login=login)
    desk, phone = make_terminal(), make_terminal()
    IRSSI.enter(desk, visit)
    WEECHAT.return_to(phone, visit)
    desk.type("from the desk")
    phone.wait("nino.*from the desk")
    phone.type("from the phone")
    desk.wait("nino.*from the phone")
    witness.wait("^:nino!.* PRIVMSG #lobby :from the desk")
    witness.wait("^:nino!.* PRIVMSG #lobby :from the phone")
    assert sum(" JOIN #lobby" in line and line.startswith(":nino!") for line in witness.seen) == 1
    desk.type("/quit")
    phone.type("still here")
    witness.wait("^:nino!.* PRIVMSG #lobby :still here")
    assert not any(" QUIT " in line for line in witness.seen)
