"""`xchat-certs init`: makes what is missing, replaces nothing unasked, says what differs."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest

from tests.pki.conftest import Ended, make, run, run_certs, tree
from xchat.certs.command import Failure
from xchat.errors import UsageError
from xchat.pki import wish
from xchat.pki.detect import Found
from xchat.pki.disk.acts import Act
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Differs, Expired, Locked
from xchat.pki.facts import names_of, read_chain
from xchat.pki.init import init
from xchat.pki.judge.check import check_server_pair
from xchat.pki.judge.examine import examine
from xchat.pki.mint.keys import is_locked, read_key
from xchat.pki.mint.names import LOCAL
from xchat.pki.renew import renew_due
from xchat.pki.wish import Outcome, Wish, choose

PLAIN = Wish(detects=False)


def now() -> datetime:
    return datetime.now(UTC)


def test_from_nothing_to_the_next_command(tmp_path: Path) -> None:
    """ "The output ends with the next command to type"; from an empty folder in under 2 s."""
    start = now()
    ended = run_certs("init", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("Next:  xchat-server\n")
    assert "SHA256" in ended.out
    assert now() - start < timedelta(seconds=20), "ten times the mark"
    folder = Folder(tmp_path / "certs")
    report = check_server_pair(folder.server, folder.server_key, now=now(), names=["localhost"])
    assert report.warnings == ()
    assert examine(folder, now()).problems == ()


def test_the_layout_is_that_of_pki_md(made: Folder) -> None:
    entries = tree(made.path)
    kinds = {name: stat.filemode(mode) for name, (mode, _) in entries.items()}
    assert kinds == {
        "ca.pem": "-rw-r--r--",
        "root-key.pem": "-rw-------",
        "issuer.pem": "-rw-r--r--",
        "issuer-key.pem": "-rw-------",
        "crl.pem": "-rw-r--r--",
        "devices.json": "-rw-------",
        "journal.jsonl": "-rw-------",
        "live": "lrwxrwxrwx",
        "gen": "drwx------",
        "gen/0001": "drwx------",
        "gen/0001/server.pem": "-rw-r--r--",
        "gen/0001/server-key.pem": "-rw-------",
    }
    assert entries["live"][1] == "gen/0001"
    assert made.server.read_bytes().endswith(made.issuer.read_bytes()), "leaf, then issuer"


def test_run_twice_no_byte_changes(tmp_path: Path) -> None:
    """ "Run init twice: no byte changes (hash the tree)"."""
    run_certs("init", "--name", "chat.lan", cwd=tmp_path)
    before = tree(tmp_path)
    for words in (["--name", "chat.lan"], [], ["--json"]):
        again = run_certs("init", *words, cwd=tmp_path)
        assert again.code == 0
        assert "unchanged" in again.out or "nothing was changed" in again.out
        assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "what", "mend"),
    [
        (["--name", "other.lan"], "other.lan", "add-name other.lan"),
        (["--name", "example.com"], "example.com", "init --force --name example.com"),
        (["--no-name-constraints"], "constraints", "init --force --no-name-constraints"),
        (["--passphrase-file", "pass"], "not locked", "init --force --passphrase-file pass"),
    ],
)
def test_what_differs_is_said_and_mended_by_the_command_given(
    made: Folder, words: list[str], what: str, mend: str
) -> None:
    """ "exit 3 when it differs": nothing changes, and the command named makes it so."""
    cwd, before = made.path.parent, tree(made.path)
    (cwd / "pass").write_text("secret\n")
    (cwd / "pass").chmod(0o600)
    ended = run_certs("init", "--no-detect", *words, cwd=cwd)
    assert (ended.code, ended.out) == (3, "")
    assert what in ended.err
    command = ended.err.splitlines()[-1].strip()
    assert command.startswith(f"xchat-certs {mend.partition(' --')[0]}")
    assert set(mend.split()) <= set(command.split())
    assert tree(made.path) == before
    mended = run_certs(*command.split()[1:], cwd=cwd)
    assert mended.code == 0, mended.err
    assert run_certs("init", "--no-detect", *words, cwd=cwd).code == 0


def test_force_keeps_a_dated_backup_that_works(made: Folder) -> None:
    before = tree(made.path)
    done = init(made.path, Wish(names=("chat.lan",), detects=False), now(), replace="all")
    assert done.backup
    backup = Folder(Path(done.backup))
    assert f"backup-{now():%Y%m%d}" in done.backup
    for name in ("ca.pem", "root-key.pem", "issuer.pem", "issuer-key.pem"):
        assert (backup.path / name).read_bytes() == before[name][1]
        assert (made.path / name).read_bytes() != before[name][1]
        assert stat.S_IMODE((backup.path / name).stat().st_mode) == 0o600
    check_server_pair(backup.server, backup.server_key, now=now())
    assert examine(made, now()).problems == ()


def test_force_repeats_the_public_names_asked_for_earlier(tmp_path: Path) -> None:
    folder = make(tmp_path / "certs", "example.com", "192.0.2.77", "chat.lan")
    with pytest.raises(Differs) as refused:
        init(folder.path, Wish(detects=False, constrains=False), now())
    assert "example.com" in str(refused.value.mend)
    assert "192.0.2.77" in str(refused.value.mend)


def names_in(folder: Folder) -> set[str]:
    return set(map(str, names_of(read_chain(folder.server.read_bytes(), folder.server)[0])))


def test_force_keeps_the_names_asked_for_earlier(tmp_path: Path) -> None:
    """A command typed from memory, or from further up the screen, loses no name either."""
    run_certs("init", "--name", "chat.lan", "--name", "198.51.100.7", cwd=tmp_path)
    forced = run_certs("init", "--force", "--name", "example.com", cwd=tmp_path)
    assert forced.code == 0, forced.err
    assert "198.51.100.7             as before" in forced.out
    folder = Folder(tmp_path / "certs")
    assert {"chat.lan", "198.51.100.7", "example.com", "localhost"} <= names_in(folder)
    assert run_certs("init", "--name", "198.51.100.7", cwd=tmp_path).code == 0
    run_certs("init", "--force", "--no-detect", "--name", "a.lan", cwd=tmp_path)
    assert names_in(folder) == {"a.lan"}, "no names but those of --name"


def test_force_works_where_the_old_names_cannot_be_read(made: Folder) -> None:
    made.server.write_text("junk")
    init(made.path, Wish(names=("chat.lan",)), now(), replace="all")
    assert "chat.lan" in names_in(made)


def test_an_address_left_out_is_told_with_what_it_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = [Found("vm.local", "its name"), Found(ip_address("198.51.100.9"), "on eth0")]
    monkeypatch.setattr(wish, "find_names", lambda: there)
    done = init(tmp_path / "certs", Wish(names=("chat.lan",), words=("--name", "chat.lan")), now())
    (left,) = done.left_out
    assert "means a new ca.pem for everybody" in left.why
    assert "init --force --name chat.lan --name 198.51.100.9" in str(left.mend)


def test_a_name_is_answered_as_it_was_typed(tmp_path: Path) -> None:
    made = run_certs("init", "--no-detect", "--name", "მთა.local", cwd=tmp_path)
    assert "for       მთა.local" in made.out
    again = run_certs("init", "--no-detect", "--name", "ბუდე.local", cwd=tmp_path)
    assert "does not name ბუდე.local" in again.err
    outside = run_certs("init", "--no-detect", "--name", "მთა.example", cwd=tmp_path)
    assert "may not name მთა.example" in outside.err
    assert "--name 'მთა.local'" in outside.err
    assert not any("xn--" in ended.out + ended.err for ended in (made, again, outside))
    assert "xn--lodnl.local" in names_in(Folder(tmp_path / "certs"))


def test_a_terminal_without_its_letters_is_answered_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "iso8859-1:strict")
    ended = run_certs("init", "--no-detect", "--name", "მთა.local", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert r"\u10db\u10d7\u10d0.local" in ended.out


def test_a_lost_server_certificate_is_made_again(made: Folder) -> None:
    made.path.joinpath("live").unlink()
    shutil.rmtree(made.path / "gen")
    done = init(made.path, Wish(names=("chat.lan",), detects=False), now())
    assert done.did == "completed"
    assert examine(made, now()).problems == ()


@pytest.mark.parametrize("lost", ["ca.pem", "issuer.pem", "issuer-key.pem"])
def test_a_lost_piece_of_the_ca_is_named(made: Folder, lost: str) -> None:
    (made.path / lost).unlink()
    before = tree(made.path)
    with pytest.raises(Differs, match=rf"{lost} is missing") as refused:
        init(made.path, PLAIN, now())
    mend = "init --force" if lost == "ca.pem" else "rotate issuer"
    assert mend in str(refused.value.mend)
    assert tree(made.path) == before


def test_the_roots_key_may_be_moved_away(made: Folder, tmp_path: Path) -> None:
    made.root_key.rename(tmp_path / "stick.pem")
    assert init(made.path, PLAIN, now()).did == "unchanged"
    assert renew_due(made, now(), when="now"), "signed by the issuer"


def test_a_locked_root_key_opens_only_with_its_passphrase(tmp_path: Path) -> None:
    folder = make(tmp_path / "certs", passphrase=b"secret")
    assert is_locked(folder.root_key.read_bytes())
    assert b"secret" not in b"".join(v for _, v in tree(folder.path).values() if type(v) is bytes)
    assert init(folder.path, Wish(detects=False, passphrase=b"secret"), now()).did == "unchanged"
    with pytest.raises(Locked):
        init(folder.path, Wish(detects=False, passphrase=b"wrong"), now())
    assert renew_due(folder, now(), when="now"), "unlocked by none"


def test_an_expired_certificate_is_exit_4_and_mended_by_renew(made: Folder) -> None:
    later = now() + timedelta(days=91)
    with pytest.raises(Expired, match="expired on") as refused:
        init(made.path, PLAIN, later)
    assert refused.value.exit_code == 4
    assert refused.value.mend == f"xchat-certs renew --dir {made.path}"


def test_passphrases_are_never_asked_for_without_a_terminal(tmp_path: Path) -> None:
    ended = run_certs("init", "--passphrase", cwd=tmp_path)
    assert ended.code == 2
    assert "--passphrase-file" in ended.err
    assert not (tmp_path / "certs").exists()


def test_passphrases_are_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    certs = [sys.executable, "-m", "xchat.certs.cli", "init", "--passphrase"]
    with subprocess.Popen(
        certs, cwd=tmp_path, start_new_session=True, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        said = b""
        for awaited, answer in ((b"root's key", b"sesame\n"), (b"Repeat", b"sesame\n")):
            while awaited not in said:
                said += os.read(ours, 4096)
            os.write(ours, answer)
        with contextlib.suppress(OSError):  # the terminal hangs up when the command ends
            while more := os.read(ours, 4096):
                said += more
        assert process.wait(60) == 0
    os.close(ours)
    assert b"sesame" not in said
    assert b"Next:" in said
    folder = Folder(tmp_path / "certs")
    read_key(folder.root_key.read_bytes(), folder.root_key, b"sesame")


@pytest.mark.parametrize(
    ("content", "mode", "rule"),
    [("", 0o600, "empty"), ("\nsecond", 0o600, "empty"), ("secret", 0o644, "everyone can read")],
)
def test_a_passphrase_file_is_checked(tmp_path: Path, content: str, mode: int, rule: str) -> None:
    file = tmp_path / "pass"
    file.write_text(content)
    file.chmod(mode)
    ended = run_certs("init", "--passphrase-file", "pass", cwd=tmp_path)
    assert ended.code == 2
    assert rule in ended.err
    assert "secret" not in ended.err


def test_without_any_name_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a name"):
        init(tmp_path / "certs", PLAIN, now())
    assert tree(tmp_path) == {}


def test_an_address_outside_the_bounds_is_left_out_and_named(tmp_path: Path) -> None:
    """ "a public one not asked for with --name is left out and named"."""
    public = Found(ip_address("198.51.100.9"), "on eth0")
    choice = choose([Found("vm.local", "its name"), public], LOCAL)
    assert choice.names == ("vm.local",)
    assert choice.left == (public,)


def test_without_constraints_it_says_what_that_costs(tmp_path: Path) -> None:
    run_certs("init", "--no-name-constraints", cwd=tmp_path)
    seen = run_certs("show", "certs/ca.pem", cwd=tmp_path)
    assert "ANYTHING" in seen.out
    assert "steals its key" in seen.out


def test_the_journal_tells_every_act_and_only_grows(made: Folder) -> None:
    """ "journal.jsonl (append-only: every act, serial, who, when)"."""
    first = made.path.joinpath("journal.jsonl").read_bytes()
    acts = [msgspec.json.decode(line, type=Act, strict=True) for line in first.splitlines()]
    assert [each.act for each in acts] == ["root minted", "issuer minted", "server minted"]
    assert all(each.by and each.serial for each in acts)
    renew_due(made, now(), when="now")
    second = made.path.joinpath("journal.jsonl").read_bytes()
    assert second.startswith(first)
    assert len(second.splitlines()) == 4


def test_a_folder_that_holds_other_things_keeps_its_mode(tmp_path: Path) -> None:
    home, checkout = tmp_path / "home", tmp_path / "certs"
    for path, file in ((home, "letter.txt"), (checkout, "README.md")):
        path.mkdir(mode=0o755)
        (path / file).touch()
        make(path)
    assert stat.S_IMODE(home.stat().st_mode) == 0o755
    assert stat.S_IMODE(checkout.stat().st_mode) == 0o700


def test_where_links_cannot_be_made_live_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = make(tmp_path / "certs")
    monkeypatch.undo()
    for _ in range(2):
        assert not (folder.path / "live").is_symlink()
        assert stat.S_IMODE(folder.server_key.stat().st_mode) == 0o600
        assert examine(folder, now()).problems == ()
        renew_due(folder, now(), when="now")


def test_json_is_what_the_value_says(tmp_path: Path) -> None:
    out = run_certs("init", "--json", cwd=tmp_path).out
    done = msgspec.json.decode(out, type=Outcome, strict=True)
    assert done.did == "made"
    assert {each.role for each in done.certificates} == {"root", "issuer", "server"}
    assert done.next == "xchat-server"
    refused = run_certs("init", "--json", "--name", "example.com", cwd=tmp_path)
    failure = msgspec.json.decode(refused.out, type=Failure, strict=True)
    assert (failure.exit_code, refused.code) == (3, 3)
    assert failure.mend == "xchat-certs init --force --name example.com"


@pytest.mark.parametrize("words", [["--name", "a b"], ["--dir"], ["--what"], ["extra"]])
def test_wrong_use_is_exit_2_and_makes_nothing(tmp_path: Path, words: list[str]) -> None:
    ended = run_certs("init", *words, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err
    assert tree(tmp_path) == {}


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "certs").touch()
    ended = run_certs("init", cwd=tmp_path)
    assert ended.code == 1
    assert ended.err.startswith("xchat-certs: certs is not a folder\n  ")


def test_a_disk_that_is_full_is_named_and_nothing_is_half_there(tmp_path: Path) -> None:
    """A file that may not grow stands for the disk; room made, the next `init` works."""
    certs = [sys.executable, "-m", "xchat.certs.cli", "init"]
    limit = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
    ended = run(sys.executable, "-c", f"{limit} os.execv(sys.executable, {certs})", cwd=tmp_path)
    assert ended == Ended(1, "", "xchat-certs: certs: File too large\n  df -h certs\n")
    assert not Folder(tmp_path / "certs").ca.exists()
    assert run_certs("init", cwd=tmp_path).code == 0


@pytest.mark.parametrize("words", [["init"], ["status"], ["device", "list"]])
def test_who_stands_in_the_folder_itself_makes_no_second_ca_in_it(
    made: Folder, words: list[str]
) -> None:
    """`xchat-certs init`, typed in certs/, would make certs/certs: a CA that nobody trusts."""
    before = tree(made.path)
    ended = run_certs(*words, cwd=made.path)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.splitlines()[-1].strip() == "xchat-certs status --dir ."
    assert tree(made.path) == before
    assert run_certs("status", "--dir", ".", cwd=made.path).code == 0
