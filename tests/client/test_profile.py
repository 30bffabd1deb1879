"""What is kept of the last success, and whom to trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.programs import run
from xchat.client.peer import Peer
from xchat.client.profile import CA_HERE, Profile, choose_ca, load, profile_path, save
from xchat.errors import ConfigError

KNOWN = Profile("chat.lan", 8080, 'an"a', "/home/ana/ca.pem", "#lobby")


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "client.toml"
    save(path, KNOWN)
    assert load(path) == KNOWN
    assert [entry.name for entry in path.parent.iterdir()] == ["client.toml"]


def test_it_is_readable_in_every_script(tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    known = Profile("chat.lan", 8080, "ანა", "/home/ანა\x7f\t/ca.pem", "#😀")
    save(path, known)
    assert 'nick = "ანა"' in path.read_text("utf-8")
    assert load(path) == known


def test_what_toml_cannot_hold_leaves_nothing_behind(tmp_path: Path) -> None:
    """A file's name may be bytes that are no text."""
    with pytest.raises(UnicodeEncodeError):
        save(tmp_path / "client.toml", Profile(ca="/home/\udcff/ca.pem"))
    assert not list(tmp_path.glob("client.toml*"))


def test_there_is_none_at_first(tmp_path: Path) -> None:
    assert load(tmp_path / "client.toml") == Profile()


@pytest.mark.parametrize("text", ["host = ", "port = 'many'", "unknown = 1", "\x00"])
def test_a_broken_one_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "client.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"client\.toml"):
        load(path)


def test_it_lies_in_the_platforms_config_folder(home: Path) -> None:
    assert profile_path() == home / "config" / "xchat" / "client.toml"


def test_the_command_line_comes_before_all() -> None:
    assert choose_ca(Path("x.pem"), KNOWN, Peer("chat.lan")) == Path("x.pem")


def test_a_server_is_trusted_by_what_it_was_reached_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CA from --ca, else the profile, else certs/ca.pem here."""
    monkeypatch.chdir(tmp_path)
    assert choose_ca(None, KNOWN, Peer("chat.lan")) == Path(KNOWN.ca)
    assert choose_ca(None, Profile(), Peer("chat.lan")) == CA_HERE
    assert choose_ca(None, KNOWN, Peer("other.lan")) == Path(KNOWN.ca)
    (tmp_path / "certs").mkdir()
    (tmp_path / CA_HERE).touch()
    assert choose_ca(None, KNOWN, Peer("chat.lan")) == Path(KNOWN.ca)
    assert choose_ca(None, KNOWN, Peer("other.lan")) == CA_HERE


def test_a_broken_one_is_no_matter_where_everything_is_said(home: Path, tmp_path: Path) -> None:
    profile_path().parent.mkdir(parents=True)
    profile_path().write_text("broken")
    missing = tmp_path / "ca.pem"
    assert run("xchat-client", "send", "--ca", missing, "ana@localhost", "x", "y").returncode == 3
    done = run("xchat-client", "send", "localhost", "x", "y")
    assert done.returncode == 2
    assert f"rm {profile_path()}" in done.stderr
    assert home.exists()
