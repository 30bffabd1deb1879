"""The root is rotated under a running server: nobody is cut off, and no impostor gets in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.e2e.machines import Machine, one_machine
from tests.e2e.programs import until
from tests.e2e.test_join import Chat
from xchat.client.tls import certificates_in

UNKNOWN_CA = 10


class Town(Chat):
    """A server, and any number of laptops."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        super().__init__(one_machine(folder, closing), 0)
        self.root, self.closing = folder, closing
        self.certificates = self.server.home / "certs"

    def move_in(self, name: str) -> Machine:
        """Return a laptop that has joined as somebody."""
        laptop = Machine(name, self.root / name, self.closing)
        laptop.home.mkdir()
        done = laptop.run("xchat-client", "join", self.invite(name), stdin=f"I am {name}\n")
        assert done.returncode == 0, done.stderr
        return laptop

    def certs(self, *words: str, code: int = 0) -> str:
        done = self.server.run("xchat-certs", *words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def status(self, code: int) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.certs("status", "--json", code=code))
        return told

    def finish(self) -> None:
        """Finish the rotation, and wait until the server shows the new certificate."""
        self.certs("rotate", "finish", "--force")
        self.wait_until_served()

    def wait_until_served(self) -> None:
        newest = certificates_in(self.certificates / "live/server.pem")[0]
        sha256 = hashlib.sha256(newest).hexdigest()
        until(lambda: sha256 in self.running.errors or None, "the new certificate is served")


def say(laptop: Machine, text: str) -> str:
    """Talk with a laptop that knows where: no words, no terminal, nobody to ask."""
    done = laptop.run("xchat-client", stdin=f"{text}\n")
    assert done.returncode == 0, done.stderr
    assert f"{laptop.name}: {text}" in done.stdout
    return done.stdout


def roots(laptop: Machine) -> list[bytes]:
    (ca,) = (laptop.home / ".config/xchat/servers").glob("*@*/ca.pem")
    return certificates_in(ca)


@pytest.fixture
def town(closing: ExitStack) -> Iterator[Town]:
    """A folder of its own with a short path: the server's socket lies beneath it (103 bytes)."""
    with TemporaryDirectory(prefix="xr") as folder:
        yield Town(Path(folder), closing)
        closing.close()


def test_who_was_there_and_who_was_away_both_connect(town: Town) -> None:
    """ "Rotation: a client that was away for the overlap and one that was not both connect, with
    no prompt and no --insecure"."""
    anna, bob = town.move_in("anna"), town.move_in("bob")
    old = roots(anna)
    town.certs("rotate", "root", "--overlap", "0")
    said = say(anna, "during the overlap")
    assert "both are trusted from now on" in said
    assert roots(anna) == certificates_in(town.certificates / "ca.pem")
    assert roots(anna)[:1] == old, "beside, never instead"
    until(lambda: town.status(4)["rotation"]["ready"] or None, "the server has noted it")
    assert [each["account"] for each in town.status(4)["rotation"]["behind"]] == ["bob"]
    assert "has not reached bob " in town.certs("rotate", "finish", code=3)
    town.finish()
    said = say(anna, "after it")
    assert "new root" not in said
    assert "is trusted no more" in said
    assert roots(bob) == old
    assert "both are trusted from now on" in say(bob, "back again")
    assert "new root" not in say(bob, "and again")
    assert roots(bob) == roots(anna) == certificates_in(town.certificates / "ca.pem")
    assert "root" not in say(bob, "and as ever")


def test_who_was_away_for_two_rotations_comes_after_too(town: Town) -> None:
    anna = town.move_in("anna")
    for _ in range(2):
        town.certs("rotate", "root", "--overlap", "0")
        town.finish()
    say(anna, "back again")
    say(anna, "and again")
    assert roots(anna) == certificates_in(town.certificates / "ca.pem"), "of the others, none"


def test_a_link_of_before_is_good_after_it(town: Town) -> None:
    """It names a root that is gone, which vouches for the one that is there."""
    link = town.invite("carol")
    town.certs("rotate", "root", "--overlap", "0")
    town.finish()
    carol = Machine("carol", town.root / "carol", town.closing)
    carol.home.mkdir()
    done = carol.run("xchat-client", "join", link, stdin="I am carol\n")
    assert done.returncode == 0, done.stderr
    say(carol, "and again")
    assert roots(carol) == certificates_in(town.certificates / "ca.pem"), "not the link's"


def test_a_script_comes_after_and_a_file_that_was_named_stays_as_it_is(town: Town) -> None:
    """ "Not in a file the user passed by --ca": what followed on it is kept in one of ours."""
    anna = town.move_in("anna")
    mine = anna.home / "mine.pem"
    before = (town.certificates / "ca.pem").read_bytes()
    mine.write_bytes(before)
    town.certs("rotate", "root", "--overlap", "0")
    town.finish()
    words = ("xchat-client", "send", "--ca", "mine.pem", town.place, "#lobby")
    first, second = (anna.run(*words, text) for text in ("one", "two"))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + town.running.errors
    assert "in place of mine.pem" in first.stderr
    assert second.stderr == ""
    assert mine.read_bytes() == before
    (followed,) = (anna.home / ".config/xchat/roots").glob("*.pem")
    assert certificates_in(followed) == certificates_in(town.certificates / "ca.pem")


def test_a_new_ca_that_nobody_vouches_for_is_refused_as_ever(town: Town) -> None:
    """ "Anything else stays the error it was": somebody made everything anew."""
    anna = town.move_in("anna")
    old = roots(anna)
    town.certs("init", "--force", "--no-detect", "--name", "localhost")
    town.wait_until_served()
    done = anna.run("xchat-client", stdin="hello?\n")
    assert done.returncode == UNKNOWN_CA
    assert "its certificate is not from the CA in" in done.stderr
    assert roots(anna) == old


def test_a_new_issuer_is_noticed_by_nobody(town: Town) -> None:
    """ "Devices of the old issuer stay valid until they expire, revocable all the while"."""
    anna, bob = town.move_in("anna"), town.move_in("bob")
    town.certs("rotate", "issuer")
    town.wait_until_served()
    for laptop in (anna, bob):
        assert "You are now logged in as" in say(laptop, "still here")
    town.certs("device", "revoke", "anna", anna_device(town))
    until(lambda: refused(anna) or None, "the device is refused")
    say(bob, "and I am")


def anna_device(town: Town) -> str:
    told = json.loads(town.certs("device", "list", "--json"))
    (name,) = {each["device"] for each in told["devices"] if each["account"] == "anna"}
    return str(name)


def refused(laptop: Machine) -> bool:
    return laptop.run("xchat-client", stdin="let me in\n").returncode != 0


@pytest.mark.needs("openssl")
def test_other_programs_go_by_the_ca_pem_that_they_have(town: Town) -> None:
    """ "openssl s_client with only the old ca.pem during the overlap and with ca.pem old+new
    before and after"."""
    given = town.server.home / "given"
    given.mkdir()
    (given / "old.pem").write_bytes((town.certificates / "ca.pem").read_bytes())
    town.certs("rotate", "root", "--overlap", "0")
    (given / "both.pem").write_bytes((town.certificates / "ca.pem").read_bytes())
    assert {name for name in ("old", "both") if connects(town, name)} == {"old", "both"}
    town.finish()
    assert {name for name in ("old", "both") if connects(town, name)} == {"both"}


def connects(town: Town, name: str) -> bool:
    words = ("openssl", "s_client", "-connect", town.place, "-verify_return_error",
             "-verify_hostname", "localhost", "-CAfile", f"given/{name}.pem", "-brief")  # fmt: skip
    return town.server.run(*words).returncode == 0
