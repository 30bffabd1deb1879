"""xchat-admin user: accounts by the operator's hand, the program and the server both real."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.admin.conftest import Hand
from tests.e2e.programs import Pki, Server
from tests.e2e.raw import RawClient
from xchat.store.database import FILE_NAME

MakeServer = Callable[..., Server]
PASSWORD = "correct horse battery"


def log_in(server: Server, name: str, password: str) -> str:
    """Return what SASL PLAIN comes to."""
    from base64 import b64encode

    said = b64encode(f"\0{name}\0{password}".encode()).decode()
    with RawClient.connect(server.port, server.ca) as client:
        client.send("CAP REQ :sasl", f"NICK {name}", f"USER {name} 0 * :x", "AUTHENTICATE PLAIN")
        client.wait(r"AUTHENTICATE \+")
        client.send(f"AUTHENTICATE {said}")
        return client.wait(r" 90[02-9] ").string


def test_an_account_is_made_before_the_first_start(hand: Hand, make_server: MakeServer) -> None:
    """Where no server runs, the verb is done on the store itself."""
    assert hand.json("user", "add", "ana", stdin=f"{PASSWORD}\n") == {"name": "ana", "role": "none"}
    server = make_server()
    (row,) = hand.json("user", "list")
    assert (row["name"], row["has_password"], row["sessions"]) == ("ana", True, 0)
    assert " 900 " in log_in(server, "ana", PASSWORD)


def test_a_password_is_changed_and_nothing_of_the_old_one_is_left(
    hand: Hand, make_server: MakeServer
) -> None:
    hand.json("user", "add", "ana", stdin=f"{PASSWORD}\n")
    hashes = _hashes(hand.data)
    assert hashes
    server = make_server()
    hand.json("user", "passwd", "ana", stdin="another long one\n")
    assert " 904 " in log_in(server, "ana", PASSWORD)
    assert " 900 " in log_in(server, "ana", "another long one")
    server.close()
    assert not hashes & _hashes(hand.data)


def _hashes(data: Path) -> set[str]:
    """Return the argon2id hashes in the log."""
    import re

    database = sqlite3.connect(data / FILE_NAME)
    texts = [text for (text,) in database.execute("SELECT event FROM log")]
    database.close()
    return set(re.findall(r"\$argon2id\$[^\"]+", " ".join(texts)))


def test_a_password_that_is_made_is_told_once_and_works(
    hand: Hand, make_server: MakeServer
) -> None:
    made = hand.json("user", "add", "ana", "--generate")
    assert set(made) == {"name", "role", "password"}
    assert len(made["password"]) == 23
    server = make_server()
    assert " 900 " in log_in(server, "ana", made["password"])
    assert made["password"] not in server.running.errors
    _, out, _ = hand.run("audit")
    assert made["password"] not in out


def test_a_password_from_a_file(hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "word").write_text(f"{PASSWORD}\nnot this\n")
    assert hand.json("user", "add", "ana", "--password-file", str(tmp_path / "word"))
    assert hand.fails("user", "add", "bea", "--password-file", "/nowhere")["exit_code"] == 2
    (tmp_path / "empty").touch()
    failure = hand.fails("user", "add", "bea", "--password-file", str(tmp_path / "empty"))
    assert "no password there" in failure["error"]
    both = hand.fails("user", "add", "b", "--generate", "--password-file", str(tmp_path / "word"))
    assert both["exit_code"] == 2
    assert [row["name"] for row in hand.json("user", "list")] == ["ana"]


def test_what_cannot_be_is_refused_in_words_and_not_recorded(hand: Hand) -> None:
    hand.json("user", "add", "bea", stdin=f"{PASSWORD}\n")
    taken = hand.fails("user", "add", "Bea", stdin=f"{PASSWORD}\n")
    assert (taken["code"], taken["exit_code"]) == ("ACCOUNT_EXISTS", 3)
    assert "xchat-admin user passwd" in taken["mend"]
    unknown = hand.fails("user", "passwd", "ana", stdin=f"{PASSWORD}\n")
    assert (unknown["code"], unknown["exit_code"]) == ("ACCOUNT_UNKNOWN", 4)
    odd = hand.fails("user", "add", "ana", stdin="x" * 5000 + "\n")
    assert (odd["code"], odd["exit_code"]) == ("INVALID_ARGUMENTS", 2)
    assert odd["error"] == "password has more than 4096 characters"
    assert hand.fails("user", "remove", "")["error"] == "name is empty"
    assert [row["act"] for row in hand.json("audit")] == ["user add"]


def test_who_is_suspended_goes_and_comes_back_when_resumed(
    hand: Hand, make_server: MakeServer
) -> None:
    hand.json("user", "add", "ana", stdin=f"{PASSWORD}\n")
    server = make_server()
    hand.json("user", "suspend", "ana", "--reason", "on leave")
    assert hand.json("user", "list")[0]["suspended"] == "on leave"
    assert " 900 " not in log_in(server, "ana", PASSWORD)
    hand.json("user", "resume", "ana")
    assert " 900 " in log_in(server, "ana", PASSWORD)
    hand.json("user", "remove", "ana")
    assert hand.json("user", "list") == []
    assert " 904 " in log_in(server, "ana", PASSWORD)


def test_certificates_by_fingerprint_and_by_file(hand: Hand, own_pki: Pki) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    certificate = x509.load_pem_x509_certificates(own_pki.certificate.read_bytes())[0]
    whole = certificate.fingerprint(hashes.SHA256()).hex()
    made = hand.json("user", "add", "ana", "--cert", str(own_pki.certificate))
    assert made == {"name": "ana", "role": "none"}
    assert hand.json("user", "cert", "list", "ana") == [{"cert": whole}]
    hand.json("user", "add", "bea", "--generate")
    taken = hand.fails("user", "cert", "add", "bea", whole.upper())
    assert taken["code"] == "CERTIFICATE_TAKEN"
    spelt = ":".join(whole[place : place + 2] for place in range(0, 64, 2))
    hand.json("user", "cert", "del", "ana", spelt)
    hand.json("user", "cert", "add", "bea", whole)
    assert hand.json("user", "list")[1]["certificates"] == 1
    code, _, err = hand.run("user", "cert", "add", "bea", str(own_pki.key))
    assert code == 2
    assert "no certificate in PEM" in err
    assert "xchat-admin" in err


def test_people_read_a_table(hand: Hand) -> None:
    hand.json("user", "add", "ნინო", stdin=f"{PASSWORD}\n")
    code, out, err = hand.run("user", "list")
    head, row = out.splitlines()
    assert (code, err) == (0, "")
    assert head.split()[:2] == ["NAME", "ROLE"]
    assert row.split()[:3] == ["ნინო", "none", "yes"]
    assert head.index("ROLE") == row.index("none")


def test_an_account_for_devices_is_made_once(hand: Hand, make_server: MakeServer) -> None:
    """`xchat-certs device add` asks for it: without a password, and only if there is none."""
    made = {"name": "ana", "role": "none"}
    assert hand.json("user", "ensure", "ana") == made
    make_server()
    assert hand.json("user", "ensure", "ANA") == made
    (row,) = hand.json("user", "list")
    assert (row["name"], row["has_password"], row["certificates"]) == ("ana", False, 0)
    assert hand.fails("user", "ensure", "NickServ")["code"] == "BAD_ACCOUNT_NAME"
    assert hand.fails("user", "ensure", "a b")["code"] == "BAD_ACCOUNT_NAME"
