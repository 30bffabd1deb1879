"""`xchat-admin client-config`: what each client is told; that it works is for tests/e2e."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.certs.cases import laptop
from tests.pki.conftest import Ended, made, made_once, run
from xchat.admin.clients import CLIENTS, Setup
from xchat.pki.disk.folder import Folder

__all__ = ["made", "made_once"]

REQUIRED = ("--set", 'tls.client_certificates="required"')


def ask(folder: Folder, *words: str, before: tuple[str, ...] = ()) -> Ended:
    """Run it beside `certs/`."""
    command = (sys.executable, "-m", "xchat.admin.cli", *before, "client-config", *words)
    return run(*command, cwd=folder.path.parent)


def told(folder: Folder, *words: str, before: tuple[str, ...] = ()) -> dict[str, Any]:
    ended = ask(folder, *words, "--json", before=before)
    assert ended.code == 0, ended.out
    answer: dict[str, Any] = json.loads(ended.out)
    return answer


def pem_of(folder: Folder) -> Path:
    """Give anna a laptop, and return the file that `export pem` makes of it."""
    from tests.pki.conftest import run_certs

    laptop(folder.path.parent)
    assert run_certs("export", "pem", "anna", "laptop", cwd=folder.path.parent).code == 0
    return folder.path.parent / "anna-laptop.pem"


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_to_be_pasted_is_all_there_is_on_stdout(client: str, made: Folder) -> None:
    said = ask(made, client, "--account", "anna")
    answer = told(made, client, "--account", "anna")
    assert (said.code, said.out.splitlines()) == (0, answer["lines"])
    assert said.err.splitlines()[-1] == f"Then:  {answer['next']}"
    assert "8080" in said.out
    assert "anna" in said.out
    assert str(made.ca.absolute()) in said.out + said.err


def test_irssi_goes_by_a_name_since_it_looks_for_no_address(made: Folder) -> None:
    """irssi 1.4 says "None of the Subject Alt Names match", for an address that is one of them."""
    answer = told(made, "irssi", before=("--set", 'listen.host=["127.0.0.1"]'))
    assert any(" chat.lan 8080" in line for line in answer["lines"])
    assert "looks for no address" in answer["notes"][0]
    refused = ask(made, "irssi", "--host", "127.0.0.1:9")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.splitlines()[-1].startswith("  --host ")
    assert ask(made, "weechat", "--host", "127.0.0.1:9").code == 0


def test_names_and_port_come_from_certificate_and_settings(made: Folder) -> None:
    lines = told(made, "catgirl", before=("--set", "listen.port=7070"))["lines"]
    assert {"host = chat.lan", "port = 7070"} < set(lines) or "host = localhost" in lines
    lines = told(made, "catgirl", "--host", "10.1.2.3:9")["lines"]
    assert {"host = 10.1.2.3", "port = 9"} < set(lines)


@pytest.mark.parametrize(
    ("client", "line"),
    [
        ("weechat", "/server add xchat ::1/9 -tls -autoconnect"),
        ("catgirl", "host = ::1"),
        ("senpai", "address ircs://[::1]:9"),
        ("halloy", 'server = "::1"'),
    ],
)
def test_an_ipv6_address_is_written_as_each_takes_it(client: str, line: str, made: Folder) -> None:
    lines = told(made, client, "--host", "[::1]:9")["lines"]
    assert any(each.endswith(line) for each in lines), lines


@pytest.mark.parametrize("client", [name for name, c in CLIENTS.items() if c.shows_certificates])
def test_a_devices_certificate_says_whose_it_is(client: str, made: Folder) -> None:
    file = pem_of(made)
    text = "\n".join(told(made, client, "--cert", "anna-laptop.pem")["lines"])
    assert str(file) in text
    assert "anna" in text
    assert "external" in text.lower()
    assert "PASSWORD" not in text


def test_halloy_is_told_in_toml() -> None:
    setup = Setup(host="chat.lan", port=8080, ca=Path('/a "b"/ც\\a.pem'), nick="ანა", account="ანა")
    lines = tomllib.loads("\n".join(CLIENTS["halloy"].lines(setup)))
    server = lines["servers"]["xchat"]
    assert server["root_cert_path"] == str(setup.ca)
    assert server["sasl"] == {"plain": {"username": "ანა", "password": "YOUR-PASSWORD"}}
    assert server["port"] == 8080


def test_a_servers_password_has_its_place(made: Folder) -> None:
    file = made.path.parent / "x.toml"
    file.write_text('[server]\npassword = "sesame"\n')
    for client in ("irssi", "weechat", "catgirl", "halloy"):
        answer = told(made, client, before=("--config", str(file)))
        text = "\n".join(answer["lines"])
        assert "THE-SERVERS-PASSWORD" in text or "pass =" in text
        assert "sesame" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("words", "before", "what", "mend"),
    [
        (
            ("--host", "bank.example"),
            (),
            "certs/live/server.pem is not for bank.example",
            "add-name",
        ),
        (("--ca", "none.pem"), (), "none.pem: there is no such file", "--ca FILE"),
        (("--cert", "certs/live/server.pem"), (), "certs/live/server.pem holds no", "export pem"),
        (("--cert", "none.pem"), (), "none.pem: there is no such file", "export pem"),
        (("--account", "a b"), (), "'a b' is no account's name", "alice"),
        (
            ("--cert", "anna-laptop.pem", "--account", "nino"),
            (),
            "anna-laptop.pem is a device of anna, not of nino",
            "--account anna",
        ),
        ((), ("--set", "listen.port=0"), "listen.port is 0", "--host HOST:PORT"),
        ((), REQUIRED, "tls.client_certificates = required", "xchat-certs device add YOU laptop"),
        ((), ("--set", 'tls.cert="a.pem"'), "a.pem: there is no such file", "xchat-certs init"),
    ],
)
def test_what_cannot_be_is_said_in_two_lines(
    words: tuple[str, ...], before: tuple[str, ...], what: str, mend: str, made: Folder
) -> None:
    """ "every error names the file, the rule and the next command"."""
    pem_of(made)
    said = ask(made, "irssi", *words, before=before)
    assert (said.code, said.out) == (2, "")
    first, second = said.err.splitlines()
    assert what in first
    assert mend in second
    answer = json.loads(ask(made, "irssi", *words, "--json", before=before).out)
    assert (f"xchat-admin: {answer['error']}", f"  {answer['mend']}") == (first, second)


def test_senpai_shows_no_certificate_and_that_is_said(made: Folder) -> None:
    pem_of(made)
    said = ask(made, "senpai", "--cert", "anna-laptop.pem")
    assert said.code == 2
    assert "senpai has no way to show a certificate" in said.err
    assert said.err.splitlines()[1] == "  xchat-admin client-config senpai --account anna"


def test_a_key_of_another_is_refused(made: Folder) -> None:
    pem_of(made)
    wrong = made.path.parent / "wrong.pem"
    wrong.write_bytes(made.server.read_bytes() + made.issuer_key.read_bytes())
    assert "holds another certificate's key" in ask(made, "irssi", "--cert", "wrong.pem").err


@pytest.mark.needs("openssl")
def test_a_self_made_certificate_takes_the_name_that_is_given(made: Folder) -> None:
    file = made.path.parent / "own.pem"
    words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "2")
    subprocess.run(
        ["openssl", *words, "-keyout", file, "-out", file], check=True, capture_output=True
    )
    lines = told(made, "catgirl", "--cert", "own.pem", "--account", "anna")["lines"]
    assert {"nick = anna", f"cert = {file}", "sasl-external"} < set(lines)
