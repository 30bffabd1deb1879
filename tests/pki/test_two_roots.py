"""A rotation in progress: `ca.pem` holds two roots, and neither is taken for the only one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.pki.conftest import NAMES, run, run_certs, tree
from tests.pki.rotations import new_root
from xchat.pki.disk.folder import Folder
from xchat.pki.init import init
from xchat.pki.judge.examine import examine
from xchat.pki.mint.authority import Holder, mint_root
from xchat.pki.mint.keys import key_pem
from xchat.pki.mint.names import LOCAL
from xchat.pki.show import look, stand, try_chain
from xchat.pki.wish import Wish

NOW = datetime.now(UTC)
SAME = Wish(detects=False)
ORDERS = pytest.mark.parametrize("order", ["old first", "new first"])
YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def other() -> Holder:
    return mint_root(NOW, bounds=LOCAL)


def trust_both(folder: Folder, other: Holder, order: str) -> None:
    pems = [folder.ca.read_bytes(), other.certificate.public_bytes(Encoding.PEM)]
    folder.ca.write_bytes(b"".join(pems if order == "old first" else reversed(pems)))


@ORDERS
def test_all_is_well_and_both_are_shown(made: Folder, other: Holder, order: str) -> None:
    trust_both(made, other, order)
    report = stand(made.path, NOW)
    assert report.problems == ()
    assert [each.role for each in report.certificates] == ["root", "root", "issuer", "server"]
    assert [each.role for each in look(made.path, None).certificates].count("root") == 2
    assert examine(made, NOW).root.subject != other.certificate.subject


@ORDERS
def test_init_has_nothing_to_do(made: Folder, other: Holder, order: str) -> None:
    trust_both(made, other, order)
    before = tree(made.path)
    assert init(made.path, SAME, NOW).did == "unchanged"
    assert tree(made.path) == before


@ORDERS
def test_the_roots_key_is_that_of_the_one_that_signed(
    made: Folder, other: Holder, order: str
) -> None:
    trust_both(made, other, order)
    made.root_key.write_bytes(key_pem(other.key))
    (problem,) = stand(made.path, NOW).problems
    assert (problem.file, problem.kind) == (str(made.root_key), "broken")


@ORDERS
def test_the_days_that_count_are_those_of_the_one_that_signed(made: Folder, order: str) -> None:
    trust_both(made, mint_root(NOW - 9 * YEAR, bounds=LOCAL), order)
    assert stand(made.path, NOW).problems == ()


@ORDERS
def test_both_judges_accept_the_server(made: Folder, other: Holder, order: str) -> None:
    trust_both(made, other, order)
    assert try_chain(made.server, made.ca, None, NOW).holds
    words = ("verify", "certs/live/server.pem")
    assert run_certs(*words, cwd=made.path.parent).code == 0


@pytest.mark.needs("openssl", "certtool")
@ORDERS
@pytest.mark.parametrize("name", NAMES[:1])
def test_openssl_and_gnutls_accept_it(made: Folder, other: Holder, order: str, name: str) -> None:
    """ "A bundle old+new in one `ca.pem` works" for other programs too."""
    trust_both(made, other, order)
    files = ("-CAfile", "ca.pem", "-untrusted", "issuer.pem", "live/server.pem")
    strict = ("openssl", "verify", "-x509_strict", "-verify_hostname", name)
    assert run(*strict, *files, cwd=made.path).code == 0
    loads = ("--load-ca-certificate", "ca.pem", "--infile", "live/server.pem")
    assert run("certtool", "--verify", "--verify-hostname", name, *loads, cwd=made.path).code == 0


def test_one_that_is_cut_short_is_named(made: Folder) -> None:
    made.ca.write_bytes(made.ca.read_bytes() + b"-----BEGIN CERTIFICATE-----\nAAAA\n")
    (problem,) = stand(made.path, NOW).problems
    assert (problem.file, problem.kind) == (str(made.ca), "broken")
    assert "cut short" in problem.rule


def test_while_the_root_is_rotated_show_and_status_tell_which_is_the_new_one(made: Folder) -> None:
    done = new_root(made)
    cwd = made.path.parent
    shown = run_certs("show", cwd=cwd)
    assert (shown.code, shown.err) == (0, "")
    assert "new-with-old.pem: a new root as the old one vouches for it" in shown.out
    rows = [row for row in run_certs("status", cwd=cwd).out.splitlines() if row.startswith("root ")]
    new = [row for row in rows if row.endswith("(the new one)")]
    assert (len(rows), len(new)) == (2, 1)
    assert done.certificates[0].sha256 == look(made.path, None).certificates[1].sha256


def test_a_second_rotation_is_refused_and_the_first_ones_state_named(made: Folder) -> None:
    """`rotate finish` would be refused until the overlap is over, so it is not what is named."""
    new_root(made)
    ended = run_certs("rotate", "root", cwd=made.path.parent)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.splitlines()[-1].strip() == "xchat-certs status"
