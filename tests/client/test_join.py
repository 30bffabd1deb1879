"""`xchat-client join LINK`: who hears the token, what is kept, and what comes of a break."""

from __future__ import annotations

import os
import re
import signal
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.client.conftest import MakeEnroller
from tests.client.enrollers import DAY, Enroller, House, showing
from tests.e2e.programs import located, run
from xchat.chat.tokens import Token, make_token
from xchat.client import join as module
from xchat.client import keyring, papers, profile
from xchat.client.exits import Exit
from xchat.client.peer import Peer
from xchat.client.profile import Profile
from xchat.pki.invite.enrolment import Ask, Redeem, Refused, encode
from xchat.pki.invite.invitation import Link, format_capitals, format_link
from xchat.pki.mint.keys import key_pem, make_key

Done = subprocess.CompletedProcess[str]


def join(link: Link | str, *more: str, stdin: str = "") -> Done:
    """Join; here is nobody to talk to afterwards, so that a join that went well ends with 9."""
    text = link if isinstance(link, str) else format_link(link)
    return run("xchat-client", "join", text, *more, stdin=stdin, seconds=40)


def folders(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "config/xchat/servers").iterdir())


@pytest.fixture
def token() -> Token:
    return make_token()


@pytest.fixture
def server(enroller: MakeEnroller, token: Token) -> Enroller:
    """An honest server that knows one token."""
    return enroller(tokens=[token])


# -- what a join leaves ----------------------------------------------------------------------


def test_a_link_brings_a_device_in(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """ "stores certificate and profile ... from then on `xchat-client` alone is enough" """
    done = join(house.link(server.port, token), "--device", "laptop")
    assert done.returncode == Exit.BROKEN_OFF.code, done.stderr
    peer = Peer("localhost", server.port)
    login = keyring.login_at(peer, "anna")
    assert f"{peer} is the server that the link means" in done.stdout
    assert "this device is anna's “laptop” there until 20" in done.stdout
    assert "from now on this is enough: xchat-client\n" in done.stdout
    assert f"trusting {login.ca}\n" in done.stdout
    kept = profile.load(profile.profile_path())
    assert kept == profile.load(login.profile)
    assert (kept.peer, kept.account, kept.nick, kept.channel) == (peer, "anna", "anna", "#lobby")
    assert folders(home) == [f"anna@localhost_{server.port}"]
    assert login.ca.read_text() == house.root_pem
    (asked,) = (each for each in server.asked if isinstance(each, Redeem))
    assert (asked.token, asked.device) == (token.text, "laptop")


def test_the_channel_may_be_named(server: Enroller, house: House, home: Path, token: Token) -> None:
    join(house.link(server.port, token), "team")
    assert profile.load(profile.profile_path()).channel == "#team"


def test_the_key_is_made_here_and_is_its_owners_only(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """ "makes a key that never leaves the device", 0600 from the first byte"""
    old = os.umask(0)
    try:
        join(house.link(server.port, token))
    finally:
        os.umask(old)
    login = keyring.login_at(Peer("localhost", server.port), "anna")
    pem = login.device.read_bytes()
    key = load_pem_private_key(pem, None)
    assert x509.load_pem_x509_certificates(pem)[0].public_key() == key.public_key()
    assert b"PRIVATE" not in server.heard
    assert stat.S_IMODE(login.device.stat().st_mode) == 0o600
    for folder in (login.folder, login.folder.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.needs("strace")
def test_no_key_is_ever_open_to_others(
    server: Enroller, house: House, home: Path, token: Token, tmp_path: Path
) -> None:
    """Bar 9: "no key file is ever open with a mode wider than 0600", with umask 000."""
    log = tmp_path / "log"
    traced = ("strace", "-f", "-y", "-o", str(log), "-e", "trace=open,openat,creat,chmod,fchmod")
    words = (located("xchat-client"), "join", format_link(house.link(server.port, token)))
    run("sh", "-c", 'umask 000; exec "$@"', "sh", *traced, *words, seconds=60)
    made = re.findall(
        r'openat\([^"]*"([^"]+\.pem(?:\.new)?)", [^)]*O_CREAT[^)]*, (0\d+)\)', log.read_text()
    )
    assert len(made) == 3, "the key, the CA, the key with its certificate"
    assert {mode for _, mode in made} == {"0600"}
    modes = re.findall(r"fchmod\(\d+<([^>]+)>, (0\d+)", log.read_text())
    wider = {Path(name).name for name, mode in modes if int(mode, 8) & 0o077}
    assert wider == {".ca.pem.new"}


def test_what_is_said_before_the_key_is_until_when_it_is_good(
    server: Enroller, house: House, token: Token, home: Path
) -> None:
    join(house.link(server.port, token))
    login = keyring.login_at(Peer("localhost", server.port), "anna")
    term = papers.read_term(login)
    leaf = x509.load_pem_x509_certificates(login.device.read_bytes())[0]
    assert term is not None
    assert (term.not_before, term.not_after) == (
        leaf.not_valid_before_utc,
        leaf.not_valid_after_utc,
    )
    assert term.renew_at - term.not_before > 59 * DAY
    assert token.sha256.startswith(term.invite)
    assert len(term.invite) == papers.MARK_CHARS


def test_every_way_to_hand_the_link_over(enroller: MakeEnroller, house: House, home: Path) -> None:
    """As an argument, in capitals as a QR code has it, and where no list of processes shows it."""
    tokens = [make_token() for _ in range(3)]
    server = enroller(tokens=tokens)
    links = [house.link(server.port, token) for token in tokens]
    for done in (
        join(format_capitals(links[0])),
        join("-", stdin=f"{format_link(links[1])}\n"),
        join(f"  <{format_link(links[2])}>\n"),
    ):
        assert "this device is anna's" in done.stdout, done.stderr
    assert len(server.spent) == 3


def test_what_follows_the_link_is_left_to_those_who_talk(
    server: Enroller, house: House, token: Token, home: Path
) -> None:
    reader, writer = os.pipe()
    os.write(writer, format_link(house.link(server.port, token)).encode() + b"\nhello\n")
    os.close(writer)
    with os.fdopen(reader, "rb") as source:
        subprocess.run(
            [located("xchat-client"), "join", "-"], stdin=source, capture_output=True, timeout=40,
            check=False,
        )  # fmt: skip
        assert source.read() == b"hello\n"


# -- who hears the token ---------------------------------------------------------------------


def impostors(house: House) -> dict[str, list[object]]:
    """Return the contexts of those who must not hear it; after one swap, the thief stays."""
    other, shown = House(), (house.issuer.certificate, house.root.certificate)
    thief = showing(other.server(), *shown)
    return {
        "own leaf + real CA shown": [thief],
        "own CA": [other.honest()],
        "stolen client certificate of our CA": [showing(house.stolen_device(), *shown)],
        "expired server certificate": [showing(house.server(made=95 * DAY), *shown)],
        "other host's certificate": [showing(house.server("other.lan"), *shown)],
        "a swap between connection 1 and 2": [house.honest(), thief],
    }


@pytest.mark.parametrize("kind", list(impostors(House())))
def test_the_token_reaches_no_impostor(
    enroller: MakeEnroller, house: House, home: Path, token: Token, kind: str
) -> None:
    """Bar 13: "the six servers of fact 19 plus a swap between connection 1 and 2: token leaves
    the client only to the honest one (checked by a recording server)"

    Each is ready to take it, and to answer as the honest one does.
    """
    server = enroller(*impostors(house)[kind], tokens=[token])
    done = join(house.link(server.port, token))
    assert done.returncode in range(Exit.UNKNOWN_CA.code, Exit.BAD_CERTIFICATE.code + 1)
    assert server.heard == b""
    assert server.visits >= 1
    assert token.text not in done.stdout + done.stderr
    assert [name for name in folders(home) if not name.startswith("joining-")] == []
    assert not profile.profile_path().exists()


def test_the_honest_one_hears_it_once(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    join(house.link(server.port, token))
    assert server.heard.count(token.text.encode()) == 1


# -- again, and in the middle ----------------------------------------------------------------


def test_joining_twice_is_joining_once(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """The link is spent; this device is who spent it."""
    link = house.link(server.port, token)
    join(link)
    before = keyring.login_at(Peer("localhost", server.port), "anna").device.read_bytes()
    done = join(link)
    assert "has joined localhost" in done.stdout
    assert "by this link already" in done.stdout
    assert len([each for each in server.asked if isinstance(each, Redeem)]) == 1
    assert keyring.login_at(Peer("localhost", server.port), "anna").device.read_bytes() == before


def test_a_link_that_somebody_else_has_used(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    server.spent[token.text] = b"another's key"
    done = join(house.link(server.port, token))
    assert done.returncode == Exit.REFUSED.code == 26
    what, mend = done.stderr.splitlines()
    assert what == f"xchat-client: localhost:{server.port}: Somebody has used this link."
    assert "xchat-certs invite" in mend
    assert not profile.profile_path().exists()


def test_a_break_before_the_answer_is_taken_up_with_the_same_key(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """ "Redeemed again with the same key gives the same certificate again (the line broke)" """
    server.answer = lambda ask: server.answer_honestly(ask)[:100]
    done = join(house.link(server.port, token))
    assert done.returncode == Exit.BROKEN_OFF.code
    assert "Type the same again" in done.stderr
    server.answer = server.answer_honestly
    assert "this device is anna's" in join(house.link(server.port, token)).stdout
    assert len(server.certificates) == 1
    assert folders(home) == [f"anna@localhost_{server.port}"]


def test_killed_when_the_server_has_signed(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """The worst moment: the link is spent, and nothing of what it bought is here."""
    client = subprocess.Popen(
        [located("xchat-client"), "join", format_link(house.link(server.port, token))],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    server.before_answer = client.kill
    assert client.wait(30) == -signal.SIGKILL
    assert not profile.profile_path().exists()
    server.before_answer = lambda: None
    assert "this device is anna's" in join(house.link(server.port, token)).stdout
    assert len(server.certificates) == 1


KILL_AT = ("find_root", "key_at", "connect", "ask", "certified", "make", "write_ca", "write_device",
           "_keep_profile", "_make_last", "replace", "sync_folder", "save")  # fmt: skip
KILLER = """
import os, signal, sys
from xchat.client import cli, join, keyring, papers, profile
from xchat.pki.disk import files
at, after = sys.argv.pop(1), sys.argv.pop(1) == "after"
for module in (files, papers, keyring, profile, join):
    if hasattr(module, at):
        whole = getattr(module, at)
        def deadly(*words, whole=whole, **more):
            if not after:
                os.kill(os.getpid(), signal.SIGKILL)
            whole(*words, **more)
            os.kill(os.getpid(), signal.SIGKILL)
        setattr(module, at, deadly)
        break
else:
    sys.exit("there is nothing of that name")
cli.main()
"""


@pytest.mark.parametrize("where", [(at, when) for at in KILL_AT for when in ("before", "after")])
def test_killed_anywhere_the_same_command_goes_on(
    server: Enroller, house: House, home: Path, token: Token, where: tuple[str, str]
) -> None:
    """Killed by -9 at a point in the middle, and typed again: one key, one certificate."""
    link = house.link(server.port, token)
    killed = run(sys.executable, "-c", KILLER, *where, "join", format_link(link))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    login = keyring.login_at(Peer("localhost", server.port), "anna")
    if login.device.exists():
        assert papers.read_term(login) is not None
    done = join(link)
    assert "from now on this is enough" in done.stdout, done.stderr
    assert profile.load(profile.profile_path()).cert == str(login.device)
    assert len(server.certificates) == 1
    assert folders(home) == [login.folder.name]
    assert not [*login.folder.glob(".*"), *login.folder.parent.glob(".*")]


# -- what can be wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("xchat://chat.lan:8080/?ca=" + "A" * 43, "quoted"),
        ("https://chat.lan/", "begin with xchat://"),
        ("", "begin with xchat://"),
        ("xchat://chat.lan:8080/?ca=AAAA&t=BBBB", "no SHA-256"),
        ("xchat://" + "a" * 5000, "longer"),
        ("\x1b]0;pwned\x07xchat://", "begin with xchat://"),
    ],
)
def test_what_is_no_link_is_refused_in_two_lines(home: Path, text: str, why: str) -> None:
    done = join(text)
    assert done.returncode == Exit.USAGE.code
    what, mend = done.stderr.splitlines()
    assert why in what
    assert "xchat-client join 'xchat://...'" in mend
    assert "\x1b" not in done.stderr
    assert not (home / "config").exists()


def test_a_link_without_the_verb_is_not_repeated(house: House, token: Token, home: Path) -> None:
    done = run("xchat-client", format_link(house.link(8080, token)))
    assert done.returncode == Exit.USAGE.code
    assert "xchat-client join" in done.stderr
    assert token.text not in done.stderr


def test_without_a_link_or_a_terminal(home: Path) -> None:
    done = run("xchat-client", "join")
    assert done.returncode == Exit.USAGE.code
    assert "xchat-client join -" in done.stderr


def test_nothing_is_sent_where_nothing_can_be_kept(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """A folder that cannot be made, and a disk that takes no byte."""
    words = [located("xchat-client"), "join", format_link(house.link(server.port, token))]
    full = 'ulimit -f 0; exec "$@"'
    in_the_way = home / "config/xchat/servers"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    done = run(*words)
    assert done.returncode == Exit.NOT_STORED.code == 27
    assert "cannot be written: File exists" in done.stderr
    in_the_way.unlink()
    done = run("sh", "-c", full, "sh", *words)
    assert done.returncode == Exit.NOT_STORED.code
    assert "cannot be written: File too large" in done.stderr
    assert server.heard == b""
    assert folders(home) == []


def test_a_disk_that_fills_up_in_the_middle(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """After the token is spent, too, the same command goes on once there is room."""
    link = house.link(server.port, token)
    login = keyring.login_at(Peer("localhost", server.port), "anna")
    login.folder.mkdir(parents=True)
    beside = login.folder / ".device.pem.new"
    beside.mkdir()
    done = join(link)
    assert done.returncode == Exit.NOT_STORED.code, done.stdout
    assert "then type the same again" in done.stderr
    assert not profile.profile_path().exists()
    beside.rmdir()
    assert "this device is anna's" in join(link).stdout
    assert len(server.certificates) == 1


def test_an_account_that_could_be_no_folder(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """What the server calls us is a folder's name here: nothing in it leads anywhere else."""
    server.account = "../../anna"
    done = join(house.link(server.port, token))
    assert done.returncode == Exit.REFUSED.code
    assert "cannot be used" in done.stderr
    assert folders(home) == [f"joining-{token.sha256[:16]}.pem"]


@pytest.mark.parametrize("answer", [
    b"", b"\n", b"{}\n", b"x" * 20_000, b"[1]\n", b'{"refused": 1}\n', b"\xff\xfe\n",
    b'{"account":"anna","device":"d","certificate":"","roots":""}\n',
])  # fmt: skip
def test_an_answer_that_is_none(
    server: Enroller, house: House, home: Path, token: Token, answer: bytes
) -> None:
    server.answer = lambda _: answer
    done = join(house.link(server.port, token))
    assert done.returncode in (Exit.REFUSED.code, Exit.BROKEN_OFF.code)
    assert "Traceback" not in done.stderr
    assert not profile.profile_path().exists()


def test_a_certificate_for_a_key_that_nobody_can_read(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """A verified server may be a thief's: its answer is a fault of its own, and not of ours."""
    answered = msgspec.json.decode(server.answer_honestly(house.ask(token)))
    server.spent.clear()
    first, end, _ = answered["certificate"].partition("-----END CERTIFICATE-----")
    der = ssl.PEM_cert_to_DER_cert(first + end)
    p256, unknown = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d03010f")
    answered["certificate"] = ssl.DER_cert_to_PEM_cert(der.replace(p256, unknown))
    server.answer = lambda _: msgspec.json.encode(answered) + b"\n"
    done = join(house.link(server.port, token))
    assert done.returncode == Exit.REFUSED.code
    assert "another key" in done.stderr


def test_of_an_answer_certificates_alone_are_kept(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    def woven(asked: Ask) -> bytes:
        answered = msgspec.json.decode(honest := server.answer_honestly(asked))
        if not isinstance(asked, Redeem):
            return honest
        key = key_pem(make_key()).decode()
        answered["certificate"] = f"{key}\x1b[2J{answered['certificate']}\x1b[31m"
        return msgspec.json.encode(answered) + b"\n"

    server.answer = woven
    join(house.link(server.port, token))
    (device,) = home.rglob("device.pem")
    kept = device.read_bytes()
    assert b"\x1b" not in kept
    assert kept.count(b"-----BEGIN PRIVATE KEY-----") == 1


def test_a_certificate_that_is_anothers(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    answered = msgspec.json.decode(server.answer_honestly(house.ask(token)))
    server.spent.clear()
    for change, why in (({}, "another key"), ({"account": "eve"}, "another key")):
        line = msgspec.json.encode(answered | change) + b"\n"
        server.answer = lambda _, it=line: it  # type: ignore[misc]
        done = join(house.link(server.port, token))
        assert done.returncode == Exit.REFUSED.code
        assert why in done.stderr
    assert not profile.profile_path().exists()


def test_the_servers_words_are_shown_as_words(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    server.answer = lambda _: encode(Refused(code="no", what="\x1b[2J\r\nno\u202e"))
    done = join(house.link(server.port, token))
    assert done.returncode == Exit.REFUSED.code
    assert not {"\x1b", "\r", "\u202e"} & set(done.stderr)


def test_a_root_that_the_links_does_not_vouch_for_is_not_kept(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    """A thief with the server's key could plant one of his own, for ever."""

    def also_mine(ask: object) -> bytes:
        answer = msgspec.json.decode(server.answer_honestly(ask))  # type: ignore[arg-type]
        answer["roots"] = House().root_pem + answer["roots"]
        return msgspec.json.encode(answer) + b"\n"

    server.answer = also_mine
    assert "this device is anna's" in join(house.link(server.port, token)).stdout
    login = keyring.login_at(Peer("localhost", server.port), "anna")
    assert login.ca.read_text() == house.root_pem


# -- several servers -------------------------------------------------------------------------


def test_what_xchat_client_meant_until_now_stays_known(
    server: Enroller, house: House, home: Path, token: Token
) -> None:
    old = Profile("old.lan", 8080, "ana", "/ca/of/old.pem", "#team")
    profile.save(profile.profile_path(), old)
    done = join(house.link(server.port, token))
    assert "for old.lan:8080, which that was until now: xchat-client ana@old.lan:8080" in (
        done.stdout
    )
    last = profile.load(profile.profile_path())
    assert last.peer == Peer("localhost", server.port)
    assert keyring.known("ana", Peer("old.lan"), last) == old
    assert keyring.known(None, Peer("old.lan"), last) == old
    assert keyring.known(None, Peer("new.lan"), last) == last


def test_two_people_on_one_machine(enroller: MakeEnroller, house: House, home: Path) -> None:
    """A family's: each link is another account, each has its folder, the nick says which."""
    tokens = [make_token(), make_token()]
    server = enroller(tokens=tokens)
    peer = Peer("localhost", server.port)
    join(house.link(server.port, tokens[0]))
    server.account = "ნინო"
    join(house.link(server.port, tokens[1]))
    assert folders(home) == [f"{who}@localhost_{server.port}" for who in ("anna", "ნინო")]
    last = profile.load(profile.profile_path())
    assert last.account == "ნინო"
    assert keyring.known("anna", peer, last).account == "anna"
    assert keyring.known("ნინო", peer, last) == keyring.known(None, peer, last) == last


def test_a_second_link_replaces_what_the_first_gave(
    enroller: MakeEnroller, house: House, home: Path
) -> None:
    """The device was revoked, say: another key, the same folder."""
    tokens = [make_token(), make_token()]
    server = enroller(tokens=tokens)
    login = keyring.login_at(Peer("localhost", server.port), "anna")
    found = []
    for token in tokens:
        join(house.link(server.port, token))
        found.append(load_pem_private_key(login.device.read_bytes(), None).public_key())
    assert found[0] != found[1]
    assert folders(home) == [login.folder.name]


@pytest.mark.parametrize(
    ("host", "device"),
    [
        ("anna-laptop.example.com", "anna-laptop"),
        ("ბუდე", "ბუდე"),
        ("a" * 80, "a" * 32),
        ("-x_", "x"),
        ("", "device"),
        ("Anna’s MacBook²", "Anna-s-MacBook"),
    ],
)
def test_a_device_is_called_as_its_host(
    monkeypatch: pytest.MonkeyPatch, host: str, device: str
) -> None:
    monkeypatch.setattr("platform.node", lambda: host)
    assert module.host_name() == device
