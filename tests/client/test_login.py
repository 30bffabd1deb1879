"""Logging in to an account: the session's half in memory, then the real client and server."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from scramp import ScramMechanism

from tests.client.scripted import Script, of
from tests.e2e.conftest import MakeServer
from tests.e2e.programs import Server, run
from tests.e2e.raw import RawClient
from xchat.chat.sasl import Exchange, chunks_of
from xchat.client.exits import Exit
from xchat.client.session import Identity, Session
from xchat.client.session.events import EntryRefused, Registered

PASSWORD = "სეზამი 1"
CHEAP = (
    "accounts.argon2_memory_kib=8",
    "accounts.argon2_passes=1",
    "accounts.scram_iterations=4096",
)


def member(offered: str, password: str = PASSWORD) -> Script:
    """Return somebody with an account, whose server offers these mechanisms."""
    script = Script(caps=f"batch sasl={offered}")
    script.session = Session(Identity("ana", account="Ana", account_password=password))
    script.connect()
    script.server(f":s CAP * LS :{script.caps}")
    assert script.sent()[-1] == "CAP REQ :batch sasl"
    script.server(":s CAP * ACK :batch sasl")
    return script


def refusals(script: Script, *lines: str) -> list[EntryRefused]:
    """Return how entry was refused by what the server says."""
    return of(EntryRefused, script.server(*lines))


def test_plain_where_there_is_nothing_better() -> None:
    script = member("PLAIN,EXTERNAL")
    assert script.sent() == ["AUTHENTICATE PLAIN"]
    script.server("AUTHENTICATE +")
    (sent,) = script.sent()
    message = Exchange("PLAIN").feed(sent.removeprefix("AUTHENTICATE "))
    assert message == f"\0Ana\0{PASSWORD}".encode()
    script.server(":s 900 * *!*@* Ana :You are now logged in", ":s 903 * :Success")
    assert script.sent() == ["CAP END"]
    assert of(Registered, script.welcome())


def test_a_long_password_goes_in_chunks() -> None:
    script = member("PLAIN", "x" * 900)
    script.sent()
    script.server("AUTHENTICATE +")
    sent = script.sent()
    assert [len(line) - len("AUTHENTICATE ") for line in sent] == [400, 400, 400, 8]


def scram(script: Script, password: str = PASSWORD) -> list[EntryRefused]:
    """Play the server's half of SCRAM, which knows `password`."""
    mechanism = ScramMechanism("SCRAM-SHA-256")
    known = mechanism.make_auth_info(password, iteration_count=4096)
    server = mechanism.make_server(lambda _name: known)
    script.sent()
    script.server("AUTHENTICATE +")
    server.set_client_first(received(script))
    script.server(f"AUTHENTICATE {chunks_of(server.get_server_first().encode())[0]}")
    try:
        server.set_client_final(received(script))
    except Exception:  # noqa: BLE001 - whatever the package raises for a wrong password
        return refusals(script, ":s 904 * :SASL authentication failed")
    return refusals(script, f"AUTHENTICATE {chunks_of(server.get_server_final().encode())[0]}")


def received(script: Script) -> str:
    (sent,) = script.sent()
    message = Exchange("").feed(sent.removeprefix("AUTHENTICATE "))
    assert message is not None
    return message.decode()


def test_scram_where_there_is() -> None:
    script = member("PLAIN,SCRAM-SHA-256")
    assert scram(script) == []
    assert script.sent() == ["AUTHENTICATE +"]
    script.server(":s 903 * :Success")
    assert script.sent() == ["CAP END"]


def test_scram_with_a_wrong_password() -> None:
    (refused,) = scram(member("SCRAM-SHA-256"), "another")
    assert refused.words == "SASL authentication failed"


@pytest.mark.parametrize("said", ["AAAA", "!", "ჰ", "eD15"])
def test_a_server_that_says_nonsense(said: str) -> None:
    script = member("SCRAM-SHA-256")
    script.server("AUTHENTICATE +")
    script.sent()
    (refused,) = refusals(script, f"AUTHENTICATE {said}")
    assert refused.permanent
    assert script.sent() == ["AUTHENTICATE *"]


def test_a_server_that_never_has_enough() -> None:
    script = member("PLAIN")
    script.server("AUTHENTICATE +")
    assert refusals(script, "AUTHENTICATE +")


def test_nobody_goes_on_without_the_account() -> None:
    script = Script(caps="batch")
    script.session = Session(Identity("ana", account="Ana", account_password="x"))
    script.connect()
    script.server(":s CAP * LS :batch")
    (refused,) = refusals(script, ":s CAP * ACK :batch")
    assert refused.words == "this server has no accounts to log in to"
    assert "CAP END" not in script.sent()


def test_nor_where_the_server_knows_no_capabilities() -> None:
    script = Script()
    script.session = Session(Identity("ana", account="Ana", account_password="x"))
    script.connect()
    (refused,) = of(EntryRefused, script.welcome())
    assert refused.words == "this server let us in without logging us in"


def test_it_logs_in_again_on_each_connection() -> None:
    script = member("PLAIN")
    script.server("AUTHENTICATE +", ":s 903 * :Success")
    script.welcome()
    script.lose()
    script.connect()
    script.server(":s CAP * LS :sasl=PLAIN", ":s CAP * ACK :sasl")
    assert script.sent()[-1] == "AUTHENTICATE PLAIN"


def test_what_needs_an_account_says_so() -> None:
    script = Script()
    script.negotiate()
    (refused,) = refusals(script, ":s FAIL * ACCOUNT_REQUIRED :You cannot join: log in")
    assert (refused.code, refused.permanent) == ("ACCOUNT_REQUIRED", True)


def test_passwords_are_in_no_repr() -> None:
    assert "x1y2" not in repr(Identity("ana", "u", "r", "x1y2", "Ana", "x1y2"))


# -- the programs -----------------------------------------------------------------------------


@pytest.fixture
def accounts(make_server: MakeServer) -> Server:
    """A server where Ana has an account."""
    server = make_server(*CHEAP)
    with RawClient.join(server.port, server.ca, "Ana") as ana:
        ana.send(f"REGISTER * * :{PASSWORD}")
        ana.wait(" REGISTER SUCCESS Ana ")
    return server


def send(server: Server, folder: Path, password: str, *more: str) -> tuple[int, str]:
    file = folder / "password"
    file.write_text(f"{password}\n", "utf-8")
    file.chmod(stat.S_IRUSR)
    done = run("xchat-client", "send", "--ca", server.ca, "--account", "Ana",
               "--account-password-file", file, *more, f"localhost:{server.port}", "#lobby", "hi",
               seconds=20)  # fmt: skip
    return done.returncode, done.stderr


def test_the_client_logs_in(accounts: Server, tmp_path: Path) -> None:
    with RawClient.join(accounts.port, accounts.ca, "gio", "#lobby", caps="account-tag") as gio:
        assert send(accounts, tmp_path, PASSWORD) == (0, "")
        gio.wait(r"@account=Ana :Ana!\S+ PRIVMSG #lobby :hi")


def test_a_wrong_password_has_words_and_a_code(accounts: Server, tmp_path: Path) -> None:
    code, said = send(accounts, tmp_path, "not-it-7391")
    assert code == Exit.LOGIN_REFUSED.code
    assert "does not log us in: SASL authentication failed" in said
    assert "--account" in said
    (failed,) = [event for event in accounts.journal if "failed login" in str(event)]
    assert "not-it-7391" not in str(accounts.journal)
    assert failed["address"] == "127.0.0.1"


def test_without_a_terminal_or_a_file_nothing_is_asked(accounts: Server) -> None:
    done = run("xchat-client", "send", "--ca", accounts.ca, "--account", "Ana",
               f"localhost:{accounts.port}", "#lobby", "hi", seconds=20)  # fmt: skip
    assert done.returncode == Exit.USAGE.code
    assert "--account-password-file" in done.stderr
