"""`xchat-certs rotate root` and `rotate finish`: both roots for a while, and then the new one."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.pki.conftest import make, run, run_certs, tree
from tests.pki.devices import add, leaf, listed
from tests.pki.rotations import DAY, certificates, finish_now, new_issuer, new_root
from tests.pki.test_lock import PASSPHRASE
from tests.pki.test_rotate import lock
from tests.pki.test_stage import CERTS, DECISIVE, find_calls, strace
from xchat.pki.device.revocations import revoked_in
from xchat.pki.device.revoke import revoke
from xchat.pki.disk import stage
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Differs
from xchat.pki.facts import bounds_of, facts_of, names_of, signer
from xchat.pki.init import init
from xchat.pki.judge.check import check_server_pair
from xchat.pki.judge.examine import examine
from xchat.pki.mint.keys import is_locked
from xchat.pki.rotation.finish import finish
from xchat.pki.rotation.progress import note_roots, sha256_of
from xchat.pki.rotation.succession import successors
from xchat.pki.show import look, stand, try_chain
from xchat.pki.wish import Wish


def now() -> datetime:
    return datetime.now(UTC)


def test_both_are_trusted_and_the_server_stays_as_it_is(made: Folder) -> None:
    """ "New root and issuer; ca.pem = old + new; the leaf stays until finish"."""
    (old,) = certificates(made.ca)
    before = tree(made.path)
    done = new_root(made)
    assert certificates(made.ca)[0] == old
    new = certificates(made.ca)[1]
    assert certificates(made.next.ca) == [new]
    assert bounds_of(new) == bounds_of(old)
    assert signer(certificates(made.next.issuer)[0], [new]) == new
    after = tree(made.path)
    assert {name for name in before if before[name] != after[name]} == {"ca.pem", "journal.jsonl"}
    assert done.until is not None
    assert done.until - now() > 29 * DAY
    report = stand(made.path, now())
    assert report.problems == ()
    assert report.rotation is not None
    assert report.rotation.new_root == sha256_of(new)
    assert [each.role for each in look(made.path, None).certificates].count("bridge") == 1


def test_the_old_root_certifies_the_new_one(made: Folder) -> None:
    """ "The NewWithOld certificate of RFC 4210 4.4, new root's name and key signed by the old"."""
    new_root(made)
    old, new = certificates(made.ca)
    (bridge,) = certificates(made.bridge)
    assert (bridge.subject, bridge.public_key()) == (new.subject, new.public_key())
    assert signer(bridge, [old]) == old
    assert successors([old], [new, bridge], now()) == [new]
    assert facts_of(bridge, made.bridge).role == "bridge"


def test_what_keys_there_are_and_who_can_read_them(made: Folder) -> None:
    new_root(made)
    for path in (made.next.root_key, made.next.issuer_key):
        assert path.stat().st_mode & 0o777 == 0o600
        assert not is_locked(path.read_bytes())


def test_a_root_that_is_locked_has_a_successor_that_is(made: Folder) -> None:
    lock(made)
    words = ("rotate", "root", "--overlap", "0", "--passphrase-file", "secret")
    assert run_certs(*words, cwd=made.path.parent).code == 0
    assert is_locked(made.next.root_key.read_bytes())
    assert not is_locked(made.next.issuer_key.read_bytes())
    assert run_certs("rotate", "finish", cwd=made.path.parent).code == 0, "it signs no more"
    assert run_certs("unlock", "--passphrase-file", "secret", cwd=made.path.parent).code == 0
    assert PASSPHRASE not in (made.path / "journal.jsonl").read_text()


def test_one_at_a_time(made: Folder) -> None:
    new_root(made)
    before = tree(made.path)
    with pytest.raises(Differs, match="is being rotated since") as refused:
        new_root(made)
    assert "status" in str(refused.value.mend)
    assert tree(made.path) == before


def test_finish_switches_and_drops_the_old_root(made: Folder) -> None:
    """ "Switches leaf and issuer, drops the old root from ca.pem; keeps NewWithOld"."""
    new_root(made, timedelta())
    old, new = certificates(made.ca)
    names, bridge, key = (
        names_of(certificates(made.server)[0]),
        made.bridge.read_bytes(),
        (made.next.root_key.read_bytes()),
    )
    (issuer,) = certificates(made.next.issuer)
    old_key = made.root_key.read_bytes()
    done = finish_now(made)
    assert certificates(made.ca) == [new]
    assert certificates(made.issuer) == [issuer]
    assert made.root_key.read_bytes() == key
    served = certificates(made.server)
    assert served[1] == issuer
    assert names_of(served[0]) == names
    assert try_chain(made.server, made.ca, None, now()).holds
    assert made.bridge.read_bytes() == bridge + old.public_bytes(Encoding.PEM)
    assert not made.next.path.exists()
    assert stand(made.path, now()).problems == ()
    assert stand(made.path, now()).rotation is None
    assert done.backup is not None
    assert (Path(done.backup) / "root-key.pem").read_bytes() == old_key
    assert certificates(Path(done.backup) / "ca.pem") == [old, new]
    acts = [json.loads(line) for line in (made.path / "journal.jsonl").read_text().splitlines()]
    assert [each["act"] for each in acts[-3:]] == [
        "issuer taken into use",
        "server minted",
        "root dropped",
    ]


def test_finish_where_nothing_was_begun(made: Folder) -> None:
    with pytest.raises(Differs, match="no rotation of the root is under way") as refused:
        finish_now(made)
    assert "rotate root" in str(refused.value.mend)


def test_finish_waits_for_the_overlap(made: Folder) -> None:
    """ "Refuses before the overlap is over"."""
    new_root(made, 2 * DAY)
    before = tree(made.path)
    with pytest.raises(Differs, match="both roots are trusted until") as refused:
        finish(made, now() + DAY, unready="refuse")
    assert "--force" in str(refused.value.mend)
    assert tree(made.path) == before
    due = stand(made.path, now() + 3 * DAY).problems
    assert [(each.kind, each.mend.split(" --dir")[0]) for each in due] == [
        ("due", "xchat-certs rotate finish")
    ]


def test_finish_waits_for_every_device(made: Folder) -> None:
    """ "Or while devices have not the new root, names them, `--force`"."""
    laptop, phone = add(made, "alice", "laptop"), add(made, "bob", "phone")
    revoked = add(made, "eve", "tablet")
    revoke(made, "eve", "tablet", "key-compromise", now())
    new_root(made, timedelta())
    new = sha256_of(certificates(made.ca)[1])
    assert note_roots(made, der(leaf(laptop)), [new], now())
    before = tree(made.path)
    with pytest.raises(Differs, match="has not reached bob phone, and") as refused:
        finish(made, now(), unready="refuse")
    assert "--force" in str(refused.value.mend)
    assert tree(made.path) == before
    rotation = stand(made.path, now()).rotation
    assert rotation is not None
    assert (rotation.ready, [str(each) for each in rotation.behind]) == (1, ["bob phone"])
    assert "without it: bob phone" in run_certs("status", cwd=made.path.parent).out
    assert note_roots(made, der(leaf(phone)), [new], now())
    finish(made, now(), unready="refuse")
    assert revoked_in(made).of(der(leaf(revoked)))


def test_who_is_left_behind_is_named(made: Folder) -> None:
    add(made, "bob", "phone")
    new_root(made)
    said = run_certs("rotate", "finish", "--force", cwd=made.path.parent)
    assert said.code == 0
    assert "bob phone may not have the new root yet" in said.out


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def test_what_a_device_says_is_kept_once_and_only_of_our_roots(made: Folder) -> None:
    laptop = der(leaf(add(made, "alice", "laptop")))
    new_root(made)
    ours = [sha256_of(each) for each in certificates(made.ca)]
    assert note_roots(made, laptop, ["f" * 64, *ours], now())
    before = tree(made.path)
    assert not note_roots(made, laptop, [*ours, "e" * 64], now())
    assert not note_roots(made, laptop, [], now())
    stranger = certificates(made.server)[0]
    assert not note_roots(made, der(stranger), ours, now())
    assert tree(made.path) == before
    lines = (made.path / "journal.jsonl").read_text().splitlines()[-2:]
    assert [json.loads(line)["sha256"] for line in lines] == ours
    assert {json.loads(line)["device"] for line in lines} == {"laptop"}
    assert "f" * 64 not in made.devices.read_text()


def test_devices_go_on_logging_in_after_it(made: Folder) -> None:
    """ "Devices of the old issuer must go on logging in until renewed"; and can be revoked."""
    laptop = add(made, "alice", "laptop")
    (issuer,) = certificates(made.issuer)
    new_root(made)
    done = finish_now(made)
    assert [certificates(Path(each)) for each in done.kept] == [[issuer]]
    revoke(made, "alice", "laptop", "key-compromise", now())
    assert revoked_in(made).of(der(leaf(laptop)))
    assert len(listed(made)) == 2


def test_twice_in_a_row_and_who_was_away_for_both_follows(made: Folder) -> None:
    (first,) = certificates(made.ca)
    for _ in range(2):
        new_root(made)
        finish_now(made)
    (last,) = certificates(made.ca)
    *bridges, dropped = certificates(made.bridge)
    assert len(bridges) == 2
    assert signer(dropped, [dropped]) == dropped != first, "links of long ago have ended"
    assert successors([first], [last, *bridges], now()) == [last]


def test_the_issuer_may_be_rotated_meanwhile(made: Folder) -> None:
    new_root(made)
    new_issuer(made)
    assert try_chain(made.server, made.ca, None, now()).holds
    assert signer(certificates(made.issuer)[0], certificates(made.ca)[:1]) is not None
    assert stand(made.path, now()).problems == ()
    finish_now(made)
    assert stand(made.path, now()).problems == ()


def test_the_new_roots_key_may_be_moved_away_at_once(made: Folder) -> None:
    new_root(made)
    made.next.root_key.rename(made.path.parent / "stick.pem")
    finish_now(made)
    assert not made.root_key.exists()
    assert stand(made.path, now()).problems == ()


def test_what_is_lost_of_it_is_named(made: Folder) -> None:
    new_root(made)
    made.next.issuer_key.unlink()
    (problem,) = stand(made.path, now()).problems
    assert problem.kind == "broken"
    assert "next/issuer-key.pem" in problem.rule
    assert str(problem.caution).startswith("Put it back")


def test_a_new_ca_ends_it(made: Folder) -> None:
    new_root(made)
    init(made.path, Wish(detects=False, names=("chat.lan",)), now(), replace="all")
    assert len(certificates(made.ca)) == 1
    assert not made.next.path.exists()
    assert not made.bridge.exists()
    assert stand(made.path, now()).problems == ()


@pytest.mark.needs("openssl", "certtool")
def test_whoever_is_given_both_roots_in_time_is_not_cut_off(made: Folder) -> None:
    """ "Only the old ca.pem during the overlap, and old+new before and after"."""
    given = {"old.pem": made.ca.read_bytes()}
    new_root(made)
    given["both.pem"] = made.ca.read_bytes()
    for name, data in given.items():
        (made.path / name).write_bytes(data)
    assert {name for name in given if accept(made, name)} == {"old.pem", "both.pem"}
    finish_now(made)
    assert {name for name in given if accept(made, name)} == {"both.pem"}


def accept(made: Folder, ca: str) -> bool:
    files = ("-CAfile", ca, "-untrusted", "issuer.pem", "live/server.pem")
    openssl = run("openssl", "verify", "-x509_strict", "-verify_hostname", "chat.lan", *files,
                  cwd=made.path)  # fmt: skip
    words = ("--load-ca-certificate", ca, "--infile", "live/server.pem")
    gnutls = run("certtool", "--verify", "--verify-hostname", "chat.lan", *words, cwd=made.path)
    assert (openssl.code == 0) is (gnutls.code == 0)
    return openssl.code == 0


VERBS = {
    "issuer": ("rotate", "issuer"),
    "root": ("rotate", "root", "--overlap", "0"),
    "finish": ("rotate", "finish", "--force"),
}


def prepare(cwd: Path, verb: str) -> Folder:
    cwd.mkdir()
    folder = make(cwd / "certs", "chat.lan")
    add(folder)
    if verb == "finish":
        new_root(folder, timedelta())
    return folder


def assert_old_or_new(folder: Folder, before: dict[str, tuple[int, bytes | str]]) -> None:
    """What a kill left is what was, or what was to be, once the next command has looked."""
    if (folder.path / "live").is_symlink():
        check_server_pair(folder.server, folder.server_key, now=now())
    stage.recover(folder.path)
    after = tree(folder.path)
    is_new = after["journal.jsonl"] != before["journal.jsonl"]  # which is written last of all
    assert is_new or after == before
    kinds = {each.kind for each in examine(folder, now()).problems}
    assert kinds <= {"due"}
    assert try_chain(folder.server, folder.ca, None, now()).holds
    assert not list(folder.path.glob(".[a-z]*"))
    authorities = [each for path in folder.issuers() for each in certificates(path)]
    assert signer(device_of(folder), authorities) is not None, "its device logs in all the while"


def device_of(folder: Folder) -> x509.Certificate:
    (path,) = folder.device_files.iterdir()
    return certificates(path)[0]


def kill_at(verb: str, tmp_path: Path, step: int) -> None:
    words = VERBS[verb]
    prepare(tmp_path / "count", verb)
    calls = find_calls(words, tmp_path / "count")
    chosen = [call for at, call in enumerate(calls) if at % step == 0 or call[0] in DECISIVE]
    for name, nth in chosen:
        folder = prepare(tmp_path / f"{name}-{nth}", verb)
        before = tree(folder.path)
        kill = f"inject={name}:signal=KILL:when={nth}"
        cwd = folder.path.parent
        ended = strace("-o", os.devnull, "-e", f"trace={name}", "-e", kill, words=words, cwd=cwd)
        assert ended == -signal.SIGKILL
        assert_old_or_new(folder, before)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("verb", VERBS)
def test_killed_at_any_rename_it_is_the_old_or_the_new(verb: str, tmp_path: Path) -> None:
    """ "Crash-safe at every point": killed, the tree is always either the old or the new state."""
    kill_at(verb, tmp_path, 37)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.needs("strace")
@pytest.mark.parametrize("verb", VERBS)
def test_killed_at_every_call(verb: str, tmp_path: Path) -> None:
    kill_at(verb, tmp_path, 1)


@pytest.mark.needs("faketime")
def test_by_the_clock_it_is_due_when_the_overlap_is_over(made: Folder) -> None:
    new_root(made)
    for days, verb, code in ((29, "finish", 3), (31, "status", 4), (31, "finish", 0)):
        words = ("rotate", verb) if verb == "finish" else (verb,)
        ended = run("faketime", f"+{days} days", *CERTS, *words, cwd=made.path.parent)
        assert ended.code == code, ended.err
    assert len(certificates(made.ca)) == 1
