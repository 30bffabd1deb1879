"""What is served follows its files, in a whole server whose turns the test runs."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.pki.conftest import make
from tests.server.house import House
from tests.server.pairs import (
    DAY,
    Key,
    by_cp,
    by_link,
    by_mv,
    leaf_of,
    new_pair,
    put,
    rsa_key,
    sha256,
    sign,
)  # fmt: skip
from xchat.config import Config, load
from xchat.config.settings import Tls
from xchat.errors import ConfigError
from xchat.pki.disk.folder import Folder
from xchat.server import keeper as keeper_module
from xchat.server import watch
from xchat.server.certificates import make_served
from xchat.server.keeper import Keeper

KEPT = "what lies there now cannot be served: the certificate stays as it was"
TAKEN = "another certificate is served"
AS_IT_WAS = "the certificate is as it was"


class Kept:
    """A server that keeps its certificate, and what the journal has of that."""

    def __init__(self, house: House, folder: Folder) -> None:
        self.house, self.folder = house, folder
        house.trust = ssl.create_default_context(cafile=str(folder.ca))
        self.serve(settings_of(folder))

    def serve(self, settings: Tls) -> None:
        house, self.settings = self.house, settings
        house.guests.served = make_served(settings, now=datetime.now(UTC))
        self.keeper = Keeper(settings, house.guests, house.workers, house.guests._journal)
        house.keep = [self.keeper.after_turn]

    def shown(self) -> bytes:
        """Return the certificate that a new client is shown."""
        guest = self.house.encrypt()
        assert not guest.end
        shown = guest.tls.tls.getpeercert(binary_form=True)
        guest.close()
        self.house.clients.remove(guest)
        assert shown
        return shown

    def recorded(self, event: str) -> list[dict[str, Any]]:
        return self.house.recorded(event)

    def until(self, event: str, times: int = 1) -> dict[str, Any]:
        """Run turns until the journal has an event so often; return the last."""
        self.house.until(lambda: len(self.recorded(event)) >= times, event)
        return self.recorded(event)[-1]

    def look_again(self, times: int = 3) -> None:
        """Run turns until the files have been looked at so often."""
        looks = 0
        while looks < times:
            before = self.keeper._schedule._look_at
            self.house.run_turn()
            looks += self.keeper._schedule._look_at != before


@pytest.fixture
def kept(make_house: Callable[..., House], folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Kept:
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(keeper_module, "SETTLE_SECONDS", 0.05)
    return Kept(make_house(), folder)


def settings_of(folder: Folder, *sets: str) -> Tls:
    pair = (f'tls.cert="{folder.server}"', f'tls.key="{folder.server_key}"')
    return load(None, [*pair, *sets]).tls


# -- taken up -------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [by_cp, by_mv, by_link])
def test_files_that_were_replaced_by_hand_are_served(
    kept: Kept, way: Callable[[Folder], None]
) -> None:
    """ "by-hand replacement of files (cp in place, mv, symlink)"; "success: one journal line with
    old and new fingerprint" """
    old = kept.shown()
    assert old == leaf_of(kept.folder.server)
    here = kept.house.join("ana", "#a")
    way(kept.folder)
    line = kept.until(TAKEN)
    assert kept.shown() == leaf_of(kept.folder.server) != old
    assert (line["old"], line["new"]) == tuple(map(sha256, (old, leaf_of(kept.folder.server))))
    kept.look_again()
    assert len(kept.recorded(TAKEN)) == 1
    assert not kept.recorded(KEPT)
    assert kept.house.ping(here) < 5
    assert kept.keeper.reloads == {"success": 1, "failure": 0}


def test_every_client_gets_one_with_another_kind_of_key_at_once(kept: Kept) -> None:
    """Bar 11: "EC→RSA and RSA→EC: every client gets the new one at once." """
    only = {"ECDSA": "ECDHE-ECDSA-AES128-GCM-SHA256", "RSA": "ECDHE-RSA-AES128-GCM-SHA256"}
    kept.serve(settings_of(kept.folder, 'tls.min_version="1.2"'))
    kinds: list[tuple[str, Key]] = [
        ("RSA", rsa_key()),
        ("ECDSA", ec.generate_private_key(ec.SECP256R1())),
    ]
    for times, (kind, key) in enumerate(kinds, 1):
        put(kept.folder, sign(kept.folder, key))
        kept.until(TAKEN, times)
        for _ in range(3):
            assert kept.shown() == leaf_of(kept.folder.server)
        for name, cipher in only.items():
            trust = ssl.create_default_context(cafile=str(kept.folder.ca))
            trust.maximum_version = ssl.TLSVersion.TLSv1_2
            trust.set_ciphers(cipher)
            kept.house.trust, modern = trust, kept.house.trust
            guest = kept.house.encrypt()
            kept.house.trust = modern
            assert bool(guest.end) == (name != kind)


# -- not taken up ---------------------------------------------------------------------------------


Spoil = Callable[[Folder], None]


def truncated(folder: Folder) -> None:
    chain, key = new_pair(folder)
    put(folder, (chain[:300], key))


def truncated_key(folder: Folder) -> None:
    chain, key = new_pair(folder)
    put(folder, (chain, key[:90]))


def mismatched(folder: Folder) -> None:
    put(folder, (new_pair(folder)[0], new_pair(folder)[1]))


def missing(folder: Folder) -> None:
    folder.server.unlink()


def missing_key(folder: Folder) -> None:
    folder.server_key.unlink()


def expired(folder: Folder) -> None:
    put(folder, sign(folder, ec.generate_private_key(ec.SECP256R1()), ends=-DAY))


def other_key_type(folder: Folder) -> None:
    """An RSA certificate, the old EC key."""
    put(folder, (sign(folder, rsa_key())[0], folder.server_key.read_bytes()))


def anothers(folder: Folder) -> None:
    """A good pair of a stranger's CA."""
    stranger = make(folder.path.parent / "stranger", "localhost")
    put(folder, (stranger.server.read_bytes(), stranger.server_key.read_bytes()))


def readable_by_all(folder: Folder) -> None:
    folder.server_key.chmod(0o604)


def empty(folder: Folder) -> None:
    put(folder, (b"", b""))


def a_folder(folder: Folder) -> None:
    folder.server_key.unlink()
    folder.server_key.mkdir()


def a_loop(folder: Folder) -> None:
    (folder.path / "live").unlink()
    (folder.path / "live").symlink_to("live")


BROKEN: dict[Spoil, tuple[str, str]] = {
    truncated: ("server.pem", "holds no certificate that can be read"),
    truncated_key: ("server-key.pem", "holds no private key that can be read"),
    mismatched: ("server-key.pem", "they do not belong together"),
    missing: ("server.pem", "there is no such file"),
    missing_key: ("server-key.pem", "there is no such file"),
    expired: ("server.pem", "expired on"),
    other_key_type: ("server-key.pem", "they do not belong together"),
    anothers: ("server.pem", "no ca.pem beside it has its root"),
    readable_by_all: ("server-key.pem", "everyone on this machine can get at it (mode 0604)"),
    empty: ("server.pem", "holds no certificate that can be read"),
    a_folder: ("server-key.pem", "cannot be read: Is a directory"),
    a_loop: ("server.pem", "cannot be read: Too many levels of symbolic links"),
}


@pytest.mark.parametrize("spoil", BROKEN, ids=lambda spoil: spoil.__name__)
def test_what_cannot_be_served_leaves_the_old_one(kept: Kept, spoil: Spoil) -> None:
    """Bar 10: "truncated, mismatched, missing, expired, other-key-type files: old certificate
    served on, one journal line." """
    before = kept.shown()
    here = kept.house.join("ana")
    safe = kept.folder.path.parent / "safe"
    shutil.copytree(kept.folder.path, safe, symlinks=True)
    spoil(kept.folder)
    line = kept.until(KEPT)
    file, rule = BROKEN[spoil]
    assert line["why"].startswith(str(kept.folder.path / "live" / file))
    assert rule in line["why"]
    assert line["mend"]
    assert line["level"] == "error"
    assert line["served"] == sha256(before)
    kept.look_again(20)
    assert len(kept.recorded(KEPT)) == 1
    assert not kept.recorded(TAKEN)
    assert kept.shown() == before
    assert kept.house.ping(here) < 5
    assert kept.keeper.reloads == {"success": 0, "failure": 1}
    assert kept.keeper.failure

    shutil.rmtree(kept.folder.path)
    safe.rename(kept.folder.path)
    kept.until(AS_IT_WAS)
    assert kept.shown() == before
    assert not kept.keeper.failure


def test_a_folder_that_vanishes_and_comes_back(kept: Kept) -> None:
    before, away = kept.shown(), kept.folder.path.parent / "away"
    kept.folder.path.rename(away)
    assert kept.until(KEPT)["why"].endswith("server.pem: there is no such file")
    assert kept.shown() == before
    put(Folder(away), new_pair(Folder(away)))
    away.rename(kept.folder.path)
    kept.until(TAKEN)
    assert kept.shown() == leaf_of(kept.folder.server) != before
    assert len(kept.recorded(KEPT)) == 1


def test_a_pair_that_is_replaced_in_two_steps_is_no_failure(kept: Kept) -> None:
    """ "a half-written pair is tried again when it changes or after a short back-off" """
    chain, key = new_pair(kept.folder)
    kept.folder.server.write_bytes(chain[:500])
    kept.look_again(1)
    kept.folder.server.write_bytes(chain)
    kept.look_again(1)
    kept.folder.server_key.write_bytes(key)
    kept.until(TAKEN)
    assert kept.shown() == leaf_of(kept.folder.server)
    assert not kept.recorded(KEPT)


def test_what_is_wrong_in_another_way_is_another_line(kept: Kept) -> None:
    missing(kept.folder)
    kept.until(KEPT)
    kept.folder.server.write_bytes(b"-")
    assert "holds no certificate" in kept.until(KEPT, 2)["why"]


def test_the_ca_and_the_issuers_are_looked_at_too(kept: Kept) -> None:
    """A rotation adds a root to ca.pem: from then on it is shown to those who enrol."""
    other = make(kept.folder.path.parent / "other", "localhost")
    kept.folder.ca.write_bytes(kept.folder.ca.read_bytes() + other.ca.read_bytes())
    kept.until(AS_IT_WAS)
    assert kept.house.guests.served.believed is not None
    assert other.ca.read_bytes() in kept.house.guests.served.believed


# -- asked for ------------------------------------------------------------------------------------


def test_to_read_again_is_to_take_up_the_certificate_too(kept: Kept) -> None:
    config, made = Config(tls=kept.settings), list[object]()
    read = kept.keeper.reading(lambda: config)
    kept.house.keep.clear()  # it does not look by itself
    put(kept.folder, new_pair(kept.folder))
    kept.house.workers.do(read, made.append)
    kept.house.until(lambda: made, "it was read")
    assert made == [config]
    kept.keeper.after_turn(0, 0)
    assert kept.shown() == leaf_of(kept.folder.server)


def test_a_certificate_that_cannot_be_served_is_a_reason_to_read_nothing(kept: Kept) -> None:
    """All of a configuration counts, or nothing of it."""
    missing(kept.folder)
    refusal = kept.keeper.reading(lambda: Config(tls=kept.settings))()
    assert isinstance(refusal, ConfigError)
    assert refusal.what == f"{kept.folder.server}: there is no such file"
    kept.until(KEPT)
    kept.look_again(10)
    assert len(kept.recorded(KEPT)) == 1
    error = ConfigError("no")
    assert kept.keeper.reading(lambda: error)() is error


def test_another_file_may_be_named(kept: Kept) -> None:
    """Also one of another CA: who names it knows what they do."""
    other = make(kept.folder.path.parent / "other", "localhost")
    assert isinstance(kept.keeper.reading(lambda: Config(tls=settings_of(other)))(), Config)
    kept.until(TAKEN)
    kept.house.trust = ssl.create_default_context(cafile=str(other.ca))
    assert kept.shown() == leaf_of(other.server)
    put(other, new_pair(other))
    kept.until(TAKEN, 2)
    assert kept.shown() == leaf_of(other.server)


def test_the_settings_of_tls_count_without_a_restart(kept: Kept) -> None:
    wanted = settings_of(kept.folder, 'tls.client_certificates="none"', 'tls.min_version="1.2"')
    assert kept.house.guests.served.irc.verify_mode == ssl.CERT_OPTIONAL
    assert isinstance(kept.keeper.reading(lambda: Config(tls=wanted))(), Config)
    kept.until(AS_IT_WAS)
    irc = kept.house.guests.served.irc
    assert (irc.verify_mode, irc.minimum_version) == (ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2)
    assert kept.keeper.settings is wanted


def test_one_that_merely_grew_old_keeps_nobody_from_reading_again(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be served anew, but nothing has come in its place either: the rest counts."""
    late = type("Late", (datetime,), {"now": lambda zone: datetime.now(zone) + 1000 * DAY})
    monkeypatch.setattr(keeper_module, "datetime", late)
    config = Config(tls=kept.settings)
    assert kept.keeper.reading(lambda: config)() is config
    kept.look_again()
    assert not kept.recorded(KEPT)


def test_a_maker_that_never_came_back_is_not_waited_for(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOST_SECONDS", 0.2)
    monkeypatch.setattr(kept.house.workers, "do", lambda run, then: monkeypatch.undo())
    put(kept.folder, new_pair(kept.folder))
    kept.until(TAKEN)
