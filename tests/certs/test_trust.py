"""`xchat-certs trust`, in a mount namespace: this machine's own store stays as it is.

"reversible, verified after the fact, nothing saved before it worked".
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environments import skip_by_name
from tests.pki.conftest import SECONDS_MAX, Ended, make
from xchat.pki.disk.folder import Folder

pytestmark = pytest.mark.needs("unshare", "nsenter", "openssl", "update-ca-certificates")

FOLDER = "/usr/local/share/ca-certificates"
SET_UP = f"""
set -e
mount --make-rprivate /
for folder in /etc/ssl {FOLDER}; do
    copy=$(mktemp -d); mount -t tmpfs none "$copy"; cp -a "$folder/." "$copy/"
    mount --bind "$copy" "$folder"
done
mount -t tmpfs none /etc/ca-certificates/update.d
update-ca-certificates >/dev/null
echo ready
read -r _
"""
"""Java's hook stays out: it would set off dpkg."""
CLEAN_UP = f"""
rm -f /etc/ca-certificates/update.d/*
ls {FOLDER}/xchat-* >/dev/null 2>&1 || exit 0
rm {FOLDER}/xchat-*
update-ca-certificates --fresh >/dev/null
"""
CERTS = (sys.executable, "-m", "xchat.certs.cli")


@dataclass(frozen=True)
class House:
    """A machine with a trust store to spoil; its home folder is `home`."""

    pid: int
    home: Path

    def run(self, *words: str, path: str = "", **env: str) -> Ended:
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-m", f"--wd={self.home}", *words],
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
            env=os.environ
            | {"HOME": str(self.home), "PATH": path + os.environ["PATH"], "SUDO_UID": ""}
            | env,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def certs(self, *words: str, **env: str) -> Ended:
        return self.run(*CERTS, *words, **env)

    def trusts(self, folder: Folder) -> bool:
        """Say whether `openssl verify`, told of no CA, takes our server's certificate."""
        words = ("-untrusted", str(folder.issuer), str(folder.server))
        return self.run("openssl", "verify", *words).code == 0

    def store(self) -> dict[str, str]:
        """Return all that the store holds: each name, and what it says or leads to."""
        script = (
            f"cd / && find etc/ssl{FOLDER.replace('/usr', ' usr')} ! -type d -print0 | sort -z | "
            "xargs -0 sh -c 'for f; do echo \"$f $(readlink $f || sha256sum <$f)\"; done' _"
        )
        lines = self.run("sh", "-c", script).out.splitlines()
        return dict(line.split(" ", 1) for line in lines)


@pytest.fixture(scope="module")
def machine() -> Iterator[int]:
    """The process that holds a mount namespace open, for all tests here in turn."""
    with subprocess.Popen(
        ["unshare", "-m", "sh", "-c", SET_UP], stdin=-1, stdout=-1, stderr=-1, text=True
    ) as holder:
        assert holder.stdout is not None
        is_ready = holder.stdout.readline() == "ready\n"
        yield holder.pid if is_ready else 0
        holder.communicate("\n", timeout=SECONDS_MAX)


@pytest.fixture
def house(machine: int, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """Give the machine a home folder; afterwards its store is as it was."""
    if not machine:
        skip_by_name(request, "mount namespaces, as root")
    house = House(machine, tmp_path)
    yield house
    house.run("sh", "-c", CLEAN_UP)


def test_every_program_trusts_it_then_and_none_afterwards(house: House, made: Folder) -> None:
    before = house.store()
    assert not house.trusts(made)
    done = house.certs("trust", "install")
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "192.168.0.0/16" in said
    assert "no other host: with its key stolen nobody could pose as your bank" in said
    assert house.trusts(made)
    added = {name for name in house.store() if name not in before}
    assert sum(name.startswith(FOLDER[1:]) for name in added) == 1
    undone = house.certs("trust", "uninstall")
    assert undone.code == 0, undone.err
    assert not house.trusts(made)
    assert house.store() == before, "not a link and not a byte is left"


@pytest.mark.needs("curl")
def test_others_verify_our_server_by_the_systems_store(house: House, made: Folder) -> None:
    with www(made) as port:
        url = f"https://localhost:{port}/"
        python = f"from urllib.request import urlopen; print(urlopen({url!r}, timeout=10).read())"
        clients = (("curl", "-sS", "--max-time", "10", url), (sys.executable, "-c", python))
        for words in clients:
            assert "certificate" in house.run(*words).err
        assert house.certs("trust", "install").code == 0
        for words in clients:
            assert "s_server" in house.run(*words).out


@contextmanager
def www(folder: Folder) -> Iterator[int]:
    """Answer HTTPS with a folder's certificate; give the port."""
    words = ("-cert", folder.server, "-cert_chain", folder.issuer, "-key", folder.server_key)
    with subprocess.Popen(
        ["openssl", "s_server", "-www", "-accept", "127.0.0.1:0", *words], stdout=-1, text=True
    ) as server:
        assert server.stdout is not None
        lines = iter(server.stdout.readline, "")
        said = next(line for line in lines if line.startswith("ACCEPT"))
        yield int(said.rpartition(":")[2])
        server.terminate()


def test_what_listens_for_changes_is_told_that_it_went(house: House, made: Folder) -> None:
    """update-ca-certificates(8) tells its hooks of what it removes; of ours it would not know."""
    script = f"#!/bin/sh\ncat >>{house.home}/told\n"
    hook = "/etc/ca-certificates/update.d/recorder"
    house.run("sh", "-c", f"printf %s {shlex.quote(script)} >{hook} && chmod 755 {hook}")
    house.certs("trust", "install")
    house.certs("trust", "uninstall")
    told = [line for line in (house.home / "told").read_text().split() if "xchat-" in line]
    assert [line[0] for line in told] == ["+", "-"]
    assert told[0][1:] == told[1][1:]


def test_twice_changes_nothing_and_says_so(house: House, made: Folder) -> None:
    house.certs("trust", "install")
    store, journal = house.store(), (made.path / "journal.jsonl").read_bytes()
    again = house.certs("trust", "install", "--json")
    assert (again.code, json.loads(again.out)["did"]) == (0, "unchanged")
    assert (house.store(), (made.path / "journal.jsonl").read_bytes()) == (store, journal)


@pytest.fixture
def open_house(house: House) -> Iterator[House]:
    """Give the machine a home that others may enter: pytest closes its own folders, at any time."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield House(house.pid, Path(folder))


def test_without_root_it_names_the_command_and_changes_nothing(
    open_house: House, made: Folder
) -> None:
    """ "says the exact command with sudo instead of failing halfway"."""
    house, before = open_house, open_house.store()
    ca = house.home / "given.pem"
    ca.write_bytes(made.ca.read_bytes())
    nobody = ("setpriv", "--reuid=65534", "--clear-groups")
    done = house.run(*nobody, *CERTS, "trust", "install", "given.pem")
    assert done.code == 1
    what, mend = done.err.splitlines()
    assert "is changed by root only; nothing was changed" in what
    assert mend.startswith("  sudo ")
    assert mend.endswith(f"trust install {ca} --dir {house.home / 'certs'}")
    assert house.store() == before
    shown = mend.split()[1:]
    assert house.run(*shown).code == 0, "the command that was shown does it"
    assert house.trusts(made)


def test_what_is_not_trusted_afterwards_is_taken_out_again(house: House, made: Folder) -> None:
    """ "nothing saved before it worked": here the system's program lies about its success."""
    before = house.store()
    liar = house.home / "bin/update-ca-certificates"
    liar.parent.mkdir()
    liar.write_text("#!/bin/sh\nexit 0\n")
    liar.chmod(0o755)
    journal = (made.path / "journal.jsonl").read_bytes()
    done = house.certs("trust", "install", path=f"{liar.parent}:")
    assert done.code == 5
    assert "taken out again" in done.err
    assert house.store() == before
    assert (made.path / "journal.jsonl").read_bytes() == journal


def test_a_program_that_fails_leaves_nothing_behind(house: House, made: Folder) -> None:
    before = house.store()
    broken = house.home / "bin/update-ca-certificates"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no room >&2\nexit 9\n")
    broken.chmod(0o755)
    done = house.certs("trust", "install", path=f"{broken.parent}:")
    assert (done.code, done.err.splitlines()[0]) == (
        1,
        "xchat-certs: update-ca-certificates: no room",
    )
    assert house.store() == before


def test_uninstall_finds_the_roots_of_before_a_rotation_and_no_other(
    house: House, made: Folder
) -> None:
    """ "removes exactly ours, by fingerprint, also after a rotation"."""
    another = make(house.home / "another", "chat.lan")
    house.certs("trust", "install", "--dir", "another")
    before = house.store()
    house.certs("trust", "install")
    assert house.certs("init", "--force", "--no-detect", "--name", "localhost").code == 0
    house.certs("trust", "install")
    done = house.certs("trust", "uninstall", "--json")
    assert done.code == 0, done.err
    assert len([each for each in json.loads(done.out)["roots"] if each["stores"]]) == 2
    assert house.store() == before
    assert house.trusts(another)


def test_a_root_goes_by_its_fingerprint_when_its_file_is_gone(house: House, made: Folder) -> None:
    before = house.store()
    done = json.loads(house.certs("trust", "install", "--json").out)
    made.ca.unlink()
    (made.path / "journal.jsonl").unlink()
    fingerprint = done["roots"][0]["sha256"]
    assert house.certs("trust", "uninstall", "--fingerprint", fingerprint).code == 0
    assert house.store() == before


def test_a_client_has_the_root_alone(house: House, made: Folder) -> None:
    """On another machine there is no folder: no chain to try with, no journal to write."""
    (house.home / "laptop").mkdir()
    (house.home / "laptop/ca.pem").write_bytes(made.ca.read_bytes())
    away = ("--wd=" + str(house.home / "laptop"),)
    words = ("nsenter", "-t", str(house.pid), "-m", *away, *CERTS, "trust")
    assert house.run(*words, "install", "ca.pem").code == 0
    assert house.trusts(made)
    assert house.run(*words, "uninstall", "ca.pem").code == 0
    assert not house.trusts(made)
    assert {each.name for each in (house.home / "laptop").iterdir()} == {"ca.pem"}


def test_a_root_without_constraints_is_installed_with_a_warning(house: House) -> None:
    """ "tells what trusting means given name constraints"."""
    make(house.home / "certs", "chat.lan", constrains=False)
    assert "vouch for ANY host" in house.certs("trust", "install").out


@pytest.mark.needs("certutil")
def test_browsers_trust_it_too_and_keep_what_others_put_there(house: House, made: Folder) -> None:
    foreign = make(house.home / "another", "chat.lan")
    databases = [house.home / ".pki/nssdb", house.home / ".mozilla/firefox/abc.default"]
    for folder in databases:
        folder.mkdir(parents=True)
        house.run("certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
        words = ("-A", "-n", "other", "-t", "C,,", "-i", str(foreign.ca))
        assert house.run("certutil", "-d", f"sql:{folder}", *words).code == 0
    assert house.certs("trust", "install").code == 0
    for folder in databases:
        listed = house.run("certutil", "-L", "-d", f"sql:{folder}").out
        assert listed.count("C,,") == 2
        server_is_trusted(house, folder, made)
    assert house.certs("trust", "uninstall").code == 0
    for folder in databases:
        listed = house.run("certutil", "-L", "-d", f"sql:{folder}").out
        assert ("other" in listed, "xchat-" in listed) == (True, False)


def server_is_trusted(house: House, database: Path, folder: Folder) -> None:
    """Have NSS verify our server's certificate for servers (usage V), its issuer at hand."""
    where = f"sql:{database}"
    for name, file in (("issuer", folder.issuer), ("server", folder.server)):
        house.run("certutil", "-A", "-d", where, "-n", name, "-t", ",,", "-i", str(file))
    judged = house.run("certutil", "-V", "-d", where, "-n", "server", "-u", "V")
    assert "certificate is valid" in judged.out, judged.err


@pytest.mark.needs("certutil")
def test_under_sudo_the_browsers_are_those_of_who_typed_it(open_house: House, made: Folder) -> None:
    """ "Firefox": its database stays its owner's, and root's own home is not looked at."""
    house = open_house
    shutil.copytree(made.path, house.home / "certs", symlinks=True)
    script = (
        "import os, pwd, sys\n"
        "from xchat.pki.trust import nss\n"
        "entry = pwd.getpwuid(65534)\n"
        "pwd.getpwuid = lambda uid: pwd.struct_passwd((*entry[:5], sys.argv[1], entry[6]))\n"
        "from xchat.certs.cli import main\n"
        "main(['trust', 'install', '--store', 'browsers'])\n"
    )
    folder = house.home / "nobody/.pki/nssdb"
    folder.mkdir(parents=True)
    house.run("certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
    for each in (folder, *folder.iterdir(), *folder.parents[:2]):
        os.chown(each, 65534, 65534)
    words = (sys.executable, "-c", script, str(house.home / "nobody"))
    done = house.run(*words, SUDO_UID="65534", HOME="/root")
    assert done.code == 0, done.err
    assert "C,," in house.run("certutil", "-L", "-d", f"sql:{folder}").out
    assert {each.stat().st_uid for each in folder.iterdir()} == {65534}


def test_a_python_that_brings_its_own_roots_is_not_the_judge(house: House, made: Folder) -> None:
    """It never looks at the system's store: where it says no, `openssl verify` is asked."""
    empty = house.home / "empty.pem"
    empty.write_bytes(b"")
    own = {"SSL_CERT_FILE": str(empty), "SSL_CERT_DIR": str(house.home)}
    done = house.certs("trust", "install", **own)
    assert done.code == 0, done.err
    assert house.trusts(made)


def test_during_a_rotation_both_roots_are_trusted_and_go_together(
    house: House, made: Folder
) -> None:
    before = house.store()
    assert house.certs("rotate", "root").code == 0
    done = house.certs("trust", "install", "--json")
    assert done.code == 0, done.out
    assert [len(each["stores"]) for each in json.loads(done.out)["roots"]] == [1, 1]
    assert house.trusts(made)
    assert house.certs("trust", "uninstall").code == 0
    assert house.store() == before
