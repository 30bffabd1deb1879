"""A device renews its own certificate: when, how, and what it says of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.client.conftest import MakeEnroller
from tests.client.enrollers import DAY, Enroller, House
from tests.client.test_join import join
from tests.e2e.programs import run
from xchat.chat.tokens import make_token
from xchat.client import keyring, papers
from xchat.client.keyring import Login
from xchat.client.peer import Peer
from xchat.client.renewal import renew_if_due
from xchat.pki.invite.enrolment import Refused, Renew, encode

FRESH = DAY / 288
LATER = encode(Refused(code="later", what="Not now"))


class Joined:
    """A device that has joined, and its server."""

    def __init__(self, server: Enroller) -> None:
        self.server = server
        self.peer = Peer("localhost", server.port)

    @property
    def login(self) -> Login:
        return keyring.login_at(self.peer, "anna")

    @property
    def pem(self) -> bytes:
        return self.login.device.read_bytes()

    @property
    def key(self) -> PrivateKeyTypes:
        return load_pem_private_key(self.pem, None)

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.pem)[0]

    def look(self) -> str:
        return renew_if_due(self.login, self.peer)


MakeJoined = Callable[[timedelta], Joined]


@pytest.fixture
def joined(enroller: MakeEnroller, house: House) -> MakeJoined:
    """Join with a certificate that is so old already."""

    def make(age: timedelta) -> Joined:
        token = make_token()
        server = enroller(tokens=[token])
        server.age = age
        server.answer = lambda ask: LATER if isinstance(ask, Renew) else server.answer_honestly(ask)
        join(house.link(server.port, token))  # and talking, it would renew at once
        server.age = FRESH
        server.answer = server.answer_honestly
        server.asked.clear()
        server.shown.clear()
        return Joined(server)

    return make


def test_before_two_thirds_nothing_is_asked(joined: MakeJoined) -> None:
    it = joined(59 * DAY)
    before = it.pem
    assert it.look() == ""
    assert (it.server.asked, it.pem) == ([], before)


def test_then_it_is_renewed_with_a_new_key_shown_by_the_old(joined: MakeJoined) -> None:
    it = joined(61 * DAY)
    before, key = it.leaf, it.key
    words = it.look()
    until = f"{it.leaf.not_valid_after_utc:%Y-%m-%d}"
    assert words == f"this device's certificate was renewed: good until {until}"
    assert it.server.shown == [before.public_bytes(Encoding.DER)]
    assert isinstance(it.server.asked[0], Renew)
    assert it.key.public_key() != key.public_key()
    assert it.leaf.public_key() == it.key.public_key()
    assert it.leaf.not_valid_after_utc - before.not_valid_after_utc > 60 * DAY
    assert it.login.device.stat().st_mode & 0o777 == 0o600
    assert not it.login.next_key.exists()
    assert it.look() == ""
    assert len(it.server.asked) == 1


def test_which_link_it_came_by_is_not_forgotten(joined: MakeJoined) -> None:
    it = joined(61 * DAY)
    before = papers.read_term(it.login)
    it.look()
    after = papers.read_term(it.login)
    assert before
    assert after
    assert before.invite == after.invite


def test_what_fails_is_no_matter_until_the_end_is_near(joined: MakeJoined) -> None:
    for age, words in ((61, ""), (79, ""), (85, "! this device's certificate ends in 4 days and")):
        it = joined(age * DAY)
        before = it.pem
        it.server.answer = lambda _: LATER
        assert it.look().startswith(words)
        assert bool(it.look()) == bool(words)
        assert it.pem == before
        it.server.answer = it.server.answer_honestly
        assert "was renewed" in it.look()
        assert len(it.server.certificates) == 2


def test_expired_it_asks_nobody_and_says_what_to_do(joined: MakeJoined) -> None:
    """Of a device whose certificate has expired no server would believe anything."""
    it = joined(91 * DAY)
    assert it.look() == ""
    assert it.server.asked == []
    done = run("xchat-client", stdin="hello\n")
    assert "! this device's certificate ended on 20" in done.stdout


def test_anothers_account_is_not_taken(joined: MakeJoined) -> None:
    it = joined(85 * DAY)
    before = it.pem
    it.server.account = "eve"
    assert "for another account" in it.look()
    assert it.pem == before


def test_a_server_that_is_not_ours_is_shown_nothing(
    joined: MakeJoined, enroller: MakeEnroller
) -> None:
    it = joined(85 * DAY)
    thief = enroller(House().honest())
    words = renew_if_due(it.login, Peer("localhost", thief.port))
    assert "not from the CA" in words
    assert (thief.heard, thief.shown) == (b"", [])


KILLER = """
import os, signal, sys
from xchat.client import keyring, papers, renewal
from xchat.client.peer import Peer
at, after, port = sys.argv[1], sys.argv[2] == "after", int(sys.argv[3])
module = papers if hasattr(papers, at) else renewal
whole = getattr(module, at)
def deadly(*words, **more):
    if after:
        whole(*words, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, at, deadly)
peer = Peer("localhost", port)
renewal.renew_if_due(keyring.login_at(peer, "anna"), peer)
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "at", ["next_key", "connect", "ask", "certified", "write_device", "forget"]
)
def test_killed_anywhere_it_is_the_old_pair_or_the_new(
    joined: MakeJoined, at: str, when: str
) -> None:
    """ "stored whole or not at all" """
    it = joined(61 * DAY)
    killed = run(sys.executable, "-c", KILLER, at, when, str(it.server.port))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert it.leaf.public_key() == it.key.public_key()
    is_done = at == "forget" or (at, when) == ("write_device", "after")
    assert bool(it.look()) is not is_done
    assert it.leaf.public_key() == it.key.public_key()
    assert len(it.server.certificates) == 2


def test_a_key_that_came_to_its_place_is_not_asked_for_again(joined: MakeJoined) -> None:
    it = joined(61 * DAY)
    pem = it.pem
    start, end = pem.index(b"-----BEGIN PRIVATE"), pem.index(b"-----BEGIN CERT")
    it.login.next_key.write_bytes(pem[start:end])
    key = it.key
    it.look()
    assert it.key.public_key() != key.public_key()


def test_scripts_renew_too_and_say_it_where_it_does_not_disturb(joined: MakeJoined) -> None:
    """A bot that does nothing but send is in for ever, as long as it does."""
    it = joined(61 * DAY)
    done = run("xchat-client", stdin="")
    assert "this device's certificate was renewed" in done.stdout
    assert len(it.server.certificates) == 2
