"""`xchat-certs show` and `status`: people's words, and what mends what is wrong."""

from __future__ import annotations

import shutil
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509

from tests.pki.conftest import NAMES, make, run, run_certs, self_signed, tree
from xchat.certs import say
from xchat.pki.disk import stage
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Differs
from xchat.pki.init import init
from xchat.pki.judge.problems import exit_code
from xchat.pki.mint.keys import make_key
from xchat.pki.show import Report, Seen, look, stand
from xchat.pki.wish import Wish


def certs(made: Folder, *words: str, code: int = 0) -> str:
    ended = run_certs(*words, cwd=made.path.parent)
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    return ended.out + ended.err


def test_show_tells_all_of_this_chat(made: Folder) -> None:
    said = certs(made, "show")
    assert "certs/ca.pem: a root: what clients trust" in said
    assert "certs/issuer.pem: an issuer" in said
    assert "certs/live/server.pem: a server's certificate" in said
    assert ", ".join(NAMES) in said
    assert "10.0.0.0/8" in said


@pytest.mark.needs("openssl")
def test_fingerprints_are_those_of_openssl(made: Folder) -> None:
    """ "Fingerprints printed as SHA256 in a form people can compare"."""
    theirs = run(
        "openssl", "x509", "-in", "ca.pem", "-noout", "-fingerprint", "-sha256", cwd=made.path
    )
    expected = theirs.out.strip().partition("=")[2]
    printed = certs(made, "show", "certs/ca.pem").split("SHA256")[1].split()
    assert ":".join(printed[:2]) == expected


def test_show_of_a_file_tells_each_certificate_in_it(made: Folder) -> None:
    seen = msgspec.json.decode(certs(made, "show", "--json", "certs/live/server.pem"), type=Seen)
    assert [each.role for each in seen.certificates] == ["server", "issuer"]
    assert seen.warning is None


@contextmanager
def serving(folder: Folder) -> Iterator[int]:
    """Serve handshakes with a folder's certificate on loopback; give the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.server, folder.server_key)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(20)

        def serve() -> None:
            plain, _ = listener.accept()
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.settimeout(20)
                assert connection.recv(1) == b"", "show sends nothing"

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(20)
        assert not thread.is_alive()


def test_show_of_a_server_believes_nothing_and_says_so(made: Folder) -> None:
    """ "HOST:PORT fetches the chain without trusting it and says so"."""
    with serving(made) as port:
        said = certs(made, "show", f"127.0.0.1:{port}")
    assert "Nothing was verified" in said.splitlines()[0]
    assert said.count("  SHA256") == 2, "leaf and issuer"
    assert ", ".join(NAMES) in said


def test_show_of_a_port_that_does_not_speak_tls(made: Folder) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(20)

        def answer() -> None:
            plain, _ = listener.accept()
            with plain:
                plain.settimeout(20)
                assert plain.recv(4096)
                plain.sendall(b":irc.example NOTICE * :Looking up your hostname\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        said = certs(made, "show", f"127.0.0.1:{listener.getsockname()[1]}", code=1)
        thread.join(20)
    assert "does not speak TLS" in said
    assert "8080" in said


@pytest.mark.parametrize(
    ("what", "code", "word"),
    [
        ("nothing.pem", 2, "no such file"),
        ("localhost:99999", 2, "HOST:PORT"),
        ("127.0.0.1:1", 1, "refused"),
        ("127.0.0.1:1", 1, "See that a server runs there"),
        ("no.such.host.invalid:8080", 1, "cannot be reached"),
        ("a b:8080", 2, "a b"),
    ],
)
def test_show_of_what_is_not_there(made: Folder, what: str, code: int, word: str) -> None:
    assert word in certs(made, "show", what, code=code)


def test_hostile_names_reach_no_terminal(made: Folder) -> None:
    """ "no control sequence from the network reaches a terminal raw"."""
    names = x509.SubjectAlternativeName([x509.DNSName("a\x1b]0;x\x07.lan")])
    pem = self_signed(make_key(), names, name="\x1b[2Jevil\u202e")
    made.path.joinpath("evil.pem").write_bytes(pem)
    for words in (["show", "certs/evil.pem"], ["verify", "certs/evil.pem"]):
        ended = run_certs(*words, cwd=made.path.parent)
        assert "evil" in ended.out
        assert not set("\x1b\x07\u202e") & set(ended.out + ended.err)


def test_status_when_all_is_well(made: Folder) -> None:
    said = certs(made, "status")
    assert [line.split()[0] for line in said.splitlines()] == [
        "root",
        "issuer",
        "server",
        "revoked",
        "All",
    ]
    assert said.count("days left") == 4
    assert said.endswith("Next:  xchat-certs invite NAME\n")


@pytest.mark.parametrize(
    ("days", "kind", "file"),
    [
        (9, None, ""),
        (21, "due", "crl.pem"),
        (59, "stale", "crl.pem"),
        (61, "due", "server"),
        (89, "due", "server"),
        (91, "expired", "server"),
        (650, "due", "issuer"),
        (731, "expired", "issuer"),
        (2930, "due", "ca.pem"),
        (3653, "expired", "ca.pem"),
    ],
)
def test_status_on_a_day(made: Folder, days: int, kind: str | None, file: str) -> None:
    """ "Clock: day 59, 61, 89, 91: `status` says the right thing"; exit 4 if due."""
    report = stand(made.path, datetime.now(UTC) + timedelta(days=days))
    assert exit_code(report.problems) == (4 if kind else 0)
    if kind:
        assert any(file in each.file and each.kind == kind for each in report.problems)


def test_status_before_its_time_doubts_the_clock(made: Folder) -> None:
    report = stand(made.path, datetime.now(UTC) - timedelta(days=1))
    assert exit_code(report.problems) == 5
    assert {each.mend for each in report.problems} == {"Compare this machine's clock: date -u"}
    with pytest.raises(Differs, match="nothing was changed") as refused:
        init(made.path, Wish(detects=False), datetime.now(UTC) - timedelta(days=1))
    assert "date -u" in str(refused.value.mend)


def test_status_tells_what_a_new_ca_costs_before_its_command(made: Folder) -> None:
    """Destroying a CA is the last thing to try: what is lost is put back, if there is a copy."""
    made.ca.unlink()
    what, caution, mend = certs(made, "status", code=3).splitlines()[-3:]
    assert what == "missing: certs/ca.pem is missing"
    assert caution.startswith("  Put it back")
    assert "a new ca.pem for everybody" in caution
    assert mend.startswith("  xchat-certs init --force")
    assert "Put it back" in certs(made, "init", code=3)


@pytest.mark.parametrize(("key", "words"), [("here", ""), ("on a stick", " --root-key FILE")])
def test_a_lost_issuer_takes_the_roots_key_and_no_new_ca(
    made: Folder, key: str, words: str
) -> None:
    made.issuer_key.unlink()
    if key != "here":
        made.root_key.unlink()
    what, caution, mend = certs(made, "status", code=3).splitlines()[-3:]
    assert what == "missing: certs/issuer-key.pem is missing"
    assert caution.startswith("  Put it back")
    assert "the root's key, certs/root-key.pem" in caution
    assert mend == f"  xchat-certs rotate issuer{words}"


def test_a_ca_that_is_due_is_rotated_and_nobody_needs_to_be_told(made: Folder) -> None:
    for days, name, verb in ((650, "issuer.pem", "issuer"), (2930, "ca.pem", "root")):
        report = stand(made.path, datetime.now(UTC) + timedelta(days=days))
        (due,) = (each for each in report.problems if each.file.endswith(name))
        assert f"rotate {verb}" in due.mend
        assert str(due.caution).startswith("That takes the root's key")
        assert "nobody is cut off" in str(due.caution)


def test_the_columns_of_status_stand_apart(made_once: Folder) -> None:
    """However long ago it was: `expired 115 days ago` is wider than most."""
    now = datetime.now(UTC) + timedelta(days=205)
    report = stand(made_once.path, now)
    lines = list(say.standing(report, now))[:3]
    assert "expired 115 days ago  " in lines[2]
    assert len({line.index(str(made_once.path)) for line in lines}) == 1


SPOIL: dict[str, tuple[Callable[[Folder], object], str, int]] = {
    "other key": (
        lambda f: f.server_key.write_bytes(f.issuer_key.read_bytes()),
        "not the key to",
        5,
    ),
    "junk key": (lambda f: f.issuer_key.write_text("junk"), "no private key", 5),
    "lost key": (lambda f: f.issuer_key.unlink(), "is missing", 3),
    "lost pair": (lambda f: (f.path / "live").unlink(), "is missing", 3),
    "junk certificate": (lambda f: f.issuer.write_text("junk"), "no certificate", 5),
    "issuer's not sent": (
        lambda f: f.server.write_bytes(f.server.read_bytes().partition(b"\n-----BEGIN")[0]),
        "none of the trusted certificates signed it",
        5,
    ),
    "world's": (lambda f: f.server_key.chmod(0o604), "everyone can get at it", 5),
    "group's": (lambda f: f.server_key.chmod(0o640), "its group can get at it", 0),
    "killed": (lambda f: stage.Stage(f.path), "killed in the middle", 3),
}


@pytest.mark.parametrize("how", SPOIL)
def test_status_names_file_rule_and_mending_command(made: Folder, how: str) -> None:
    spoil, rule, code = SPOIL[how]
    spoil(made)
    before = tree(made.path)
    said = certs(made, "status", code=code)
    assert rule in said
    assert tree(made.path) == before, "status changes nothing"
    report = msgspec.json.decode(certs(made, "status", "--json", code=code), type=Report)
    mend = report.problems[0].mend
    assert mend in said
    command = mend.replace("xchat-certs", f"{sys.executable} -m xchat.certs.cli")
    mended = run(*command.split(), cwd=made.path.parent)
    assert mended.code == 0, mended.err
    certs(made, "status")


def test_another_cas_certificate_is_found_out(made: Folder, tmp_path: Path) -> None:
    other = make(tmp_path / "other")
    shutil.copy(other.ca, made.ca)
    made.root_key.unlink()
    report = stand(made.path, datetime.now(UTC))
    assert report.problems[0].kind == "broken"
    assert "none of the trusted certificates signed it" in report.problems[0].rule


def test_where_there_is_nothing_init_is_named(tmp_path: Path) -> None:
    for words in (["status"], ["show"], ["add-name", "chat.lan"]):
        ended = run_certs(*words, cwd=tmp_path)
        assert (ended.code, ended.out) == (3, "")
        assert ended.err.splitlines()[-1].strip() == "xchat-certs init"
    assert tree(tmp_path) == {}
    with pytest.raises(Differs, match="no certificates"):
        look(tmp_path, None)
