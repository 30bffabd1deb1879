"""Where logins lie: one folder each, whatever they are called; and what a device's file says."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.client import keyring, papers, profile
from xchat.client.exits import ClientError, Exit
from xchat.client.keyring import Login
from xchat.client.papers import Term
from xchat.client.peer import Peer
from xchat.client.profile import Profile
from xchat.pki.mint.keys import key_pem, make_key

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NOT_IN_A_FILE_NAME = set('<>:"/\\|?*') | {chr(code) for code in range(32)}


accounts = st.text(min_size=1, max_size=30)
peers = st.builds(
    Peer,
    st.sampled_from(["chat.lan", "fe80::1%eth0", "::1", "10.0.0.1", "xn--moded2d.lan", "a@b"]),
    st.integers(1, 65535),
)


@given(accounts, peers)
def test_every_login_has_a_folder_that_every_system_takes(account: str, peer: Peer) -> None:
    """And in no other place than among the others."""
    login = keyring.login_at(peer, account)
    name = login.folder.name
    assert login.folder.parent == keyring.servers()
    assert not NOT_IN_A_FILE_NAME & set(name)
    assert name.rpartition("@")[0]
    assert name not in (".", "..")
    assert not name.endswith((".", " "))


@given(st.tuples(accounts, peers), st.tuples(accounts, peers))
def test_two_logins_never_share_one(a: tuple[str, Peer], b: tuple[str, Peer]) -> None:
    if (a[0].casefold(), a[1].name.lower(), a[1].port) == (
        b[0].casefold(), b[1].name.lower(), b[1].port
    ):  # fmt: skip
        return
    assert keyring.login_at(a[1], a[0]) != keyring.login_at(b[1], b[0])


def test_the_devices_file_of_a_login_is_known_as_such(home: Path, tmp_path: Path) -> None:
    login = keyring.login_at(Peer("chat.lan"), "anna")
    assert keyring.login_of(login.device) == login
    assert keyring.login_of(login.ca) is None
    assert keyring.login_of(tmp_path / "device.pem") is None


# -- what the device's file says -------------------------------------------------------------


def written(home: Path) -> tuple[Login, Term]:
    login = keyring.login_at(Peer("chat.lan"), "anna")
    login.folder.mkdir(parents=True)
    term = Term("0123456789abcdef", NOW, NOW + timedelta(days=90))
    papers.write_device(login, term, make_key(), b"")
    return login, term


def test_the_words_before_the_key_are_read_back(home: Path) -> None:
    login, term = written(home)
    assert papers.read_term(login) == term
    assert term.renew_at == NOW + timedelta(days=60)
    assert stat.S_IMODE(login.device.stat().st_mode) == 0o600


@given(st.binary(max_size=200))
def test_a_file_that_says_something_else_is_never_renewed_and_breaks_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    login = Login(tmp_path_factory.mktemp("login"))
    assert papers.read_term(login) is None
    for before in (b"", b"invite: x\nnot-before: 2026-01-01\n", b"not-before: "):
        login.device.write_bytes(before + data)
        assert papers.read_term(login) is None


def test_a_key_is_made_once(home: Path) -> None:
    with keyring.locked():
        path = papers.joining("0" * 16)
        assert papers.key_at(path).public_key() == papers.key_at(path).public_key()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("data", [b"", b"torn", key_pem(make_key(), b"passphrase")])
def test_a_key_that_cannot_be_read_is_named(home: Path, data: bytes) -> None:
    with keyring.locked():
        path = papers.joining("0" * 16)
        path.write_bytes(data)
        with pytest.raises(ClientError) as caught:
            papers.key_at(path)
    assert caught.value.end is Exit.OWN_UNUSABLE
    assert str(path) in str(caught.value.mend)


# -- which server is meant -------------------------------------------------------------------


def kept(host: str, account: str = "", nick: str = "") -> Profile:
    login = keyring.login_at(Peer(host), account)
    login.folder.mkdir(parents=True)
    made = Profile(host, 8080, nick or account, f"/ca/of/{host}.pem", "#lobby", account)
    profile.save(login.profile, made)
    return made


def test_the_nick_and_the_server_say_which_login_is_meant(home: Path) -> None:
    anna, nino = kept("chat.lan", "anna"), kept("chat.lan", "nino")
    team = kept("team.lan", "", "ana")
    chat = Peer("chat.lan")
    os.utime(keyring.login_at(chat, "anna").profile, (1, 1))
    assert keyring.known("anna", chat, team) == keyring.known("Anna", chat, team) == anna
    assert keyring.known("nino", chat, anna) == nino
    assert keyring.known(None, chat, team) == nino, "who was there last"
    assert keyring.known(None, chat, anna) == anna
    assert keyring.known("guest", chat, anna) == anna
    assert keyring.known("ana", Peer("team.lan"), anna) == team
    assert keyring.known(None, Peer("new.lan"), anna) == anna, "better than none, and said aloud"
