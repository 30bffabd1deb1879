"""A disk that is full, a folder that cannot be written to, a key that is not there.

Each ends in two lines, what is wrong and what mends it, and nothing is lost.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.environments import skip_by_name
from tests.pki.conftest import Ended, make, run, run_certs, tree
from xchat.pki.disk.folder import Folder

CERTS = (sys.executable, "-m", "xchat.certs.cli")
MOUNTS = ("unshare", "--map-root-user", "--mount", "sh", "-c")
"""A namespace in which disks may be mounted."""

WRITERS = (
    ("init", "--no-detect", "--force", "--name", "chat.lan"),
    ("renew", "--force"),
    ("add-name", "new.lan"),
)


def on_full_disk(*words: str, cwd: Path) -> Ended:
    """Run `xchat-certs` where `certs` is on a full disk; what is there after it is in `after`."""
    script = """
        mkdir disk && mount -t tmpfs -o mode=700,size=64k none disk && cp -a certs/. disk/ &&
        head -c 100000 /dev/zero > disk/fill 2>/dev/null
        mount --bind disk certs && "$@"; code=$?
        rm -f certs/fill; mkdir -m 700 after && cp -a certs/. after/; exit $code
    """
    return run(*MOUNTS, script, "sh", *CERTS, *words, cwd=cwd)


@pytest.fixture
def cwd(made: Folder, request: pytest.FixtureRequest) -> Path:
    if run(*MOUNTS, "mount -t tmpfs none /mnt", cwd=made.path.parent).code:
        skip_by_name(request, "a kernel that lets everybody mount a disk of their own")
    return made.path.parent


@pytest.mark.needs("unshare")
@pytest.mark.parametrize("words", WRITERS, ids=lambda words: words[0])
def test_a_full_disk_is_said_in_two_lines_and_nothing_is_lost(
    words: tuple[str, ...], cwd: Path
) -> None:
    before = tree(cwd / "certs")
    ended = on_full_disk(*words, cwd=cwd)
    assert ended.code == 1, ended.out
    what, mend = ended.err.splitlines()
    assert "No space left on device" in what
    assert mend.strip().startswith("df -h certs")
    left = Folder(cwd / "after")
    assert run_certs("doctor", "--dir", "after", cwd=cwd).code == 0
    after = tree(left.path)
    assert {**after, "journal.jsonl": before["journal.jsonl"]} == before
    assert run_certs(*words, "--dir", "after", cwd=cwd).code == 0


@pytest.mark.needs("unshare")
@pytest.mark.parametrize("words", WRITERS, ids=lambda words: words[0])
def test_a_read_only_folder_is_said_in_two_lines(words: tuple[str, ...], cwd: Path) -> None:
    before = tree(cwd / "certs")
    script = 'mount --bind certs certs && mount -o remount,bind,ro certs && "$@"'
    ended = run(*MOUNTS, script, "sh", *CERTS, *words, cwd=cwd)
    assert ended.code == 1
    what, mend = ended.err.splitlines()
    assert "certs" in what
    assert "Read-only file system" in what
    assert mend.strip().startswith("ls -ld certs")
    assert tree(cwd / "certs") == before


@pytest.mark.needs("unshare")
@pytest.mark.parametrize("words", [("renew",), ("status",), ("doctor",), ("show",)])
def test_where_nothing_is_to_be_written_read_only_is_enough(
    words: tuple[str, ...], cwd: Path
) -> None:
    script = 'mount --bind certs certs && mount -o remount,bind,ro certs && "$@"'
    assert run(*MOUNTS, script, "sh", *CERTS, *words, cwd=cwd).code == 0


@pytest.mark.parametrize("words", WRITERS[1:], ids=lambda words: words[0])
def test_a_missing_issuer_key_is_named(made: Folder, words: tuple[str, ...]) -> None:
    made.issuer_key.unlink()
    before = tree(made.path)
    ended = run_certs(*words, cwd=made.path.parent)
    assert ended.code == 3
    what, mend = ended.err.splitlines()
    assert "certs/issuer-key.pem: there is no such file" in what
    assert mend == "  xchat-certs status"
    assert tree(made.path) == before


def test_a_locked_root_key_stops_no_renewal(tmp_path: Path) -> None:
    """The root signs nothing from day to day: nobody is asked for its passphrase."""
    folder = make(tmp_path / "certs", passphrase=b"secret")
    for words in WRITERS[1:]:
        ended = run_certs(*words, cwd=tmp_path)
        assert (ended.code, ended.err) == (0, "")
    assert run_certs("doctor", cwd=tmp_path).code == 0
    assert folder.root_key.exists()
