""" "sslyze, sslscan and testssl.sh against the running server: nothing at LOW or worse; no TLS
below 1.3, no early data, plaintext refused, silent and stalled handshakes cut within the
deadline."

The deadlines are tried in `tests/server/test_guests.py` and `test_crowds.py`; what scanners say
that we do not follow is in `waivers.toml`, with reasons.
"""

from __future__ import annotations

import json
import re
import socket
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.conftest import UNLIMITED, MakeServer
from tests.e2e.programs import Server, run
from tests.environments import environment_of

SSLYZE = "sslyze==6.3.1"
WAIVERS = tomllib.loads(Path(__file__).with_name("waivers.toml").read_text())["waiver"]
SCAN_SECONDS_MAX = 240.0
HARMLESS = frozenset({"INFO", "OK", "DEBUG"})


def waivers_of(scanner: str) -> dict[str, str]:
    return {each["finding"]: each["text"] for each in WAIVERS if each["scanner"] == scanner}


@pytest.fixture(params=["optional", "required"])
def asking(request: pytest.FixtureRequest, make_server: MakeServer) -> Server:
    """A server as it is, and one that only takes those who show a certificate."""
    return make_server(UNLIMITED, f'tls.client_certificates="{request.param}"')


@pytest.mark.needs("testssl")
@pytest.mark.timeout(SCAN_SECONDS_MAX)
def test_testssl_finds_nothing_but_what_is_waived(server: Server, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = (
        "--quiet",
        "--color",
        "0",
        "--warnings",
        "off",
        "--severity",
        "LOW",
        "--ip",
        "127.0.0.1",
    )
    files = ("--add-ca", str(server.ca), "--jsonfile", str(report))
    place = f"https://localhost:{server.port}"
    run("testssl", *words, *files, place, cwd=tmp_path, seconds=SCAN_SECONDS_MAX)
    findings = json.loads(report.read_text())
    assert findings, "it has said nothing at all, not even what is waived"
    worse = {each["id"]: each["finding"] for each in findings if each["severity"] not in HARMLESS}
    assert worse == waivers_of("testssl.sh")


@pytest.mark.timeout(SCAN_SECONDS_MAX)
def test_sslyze_finds_the_modern_profile(
    server: Server, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Mozilla's "modern": TLS 1.3 alone, its three ciphers, ECDSA, 90 days."""
    sslyze = environment_of(request, SSLYZE) / "sslyze"
    report = tmp_path / "report.json"
    words = ("--mozilla_config", "modern", "--slow_connection", "--early_data", "--resum")
    scans = ("--certinfo", "--compression", "--heartbleed", "--openssl_ccs", "--robot", "--reneg")
    versions = ("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3")
    files = ("--certinfo_ca_file", str(server.ca), "--json_out", str(report))
    place = f"localhost:{server.port}"
    ended = run(sslyze, *words, *scans, *versions, *files, place, seconds=SCAN_SECONDS_MAX)
    compliance = ended.stdout.partition("COMPLIANCE AGAINST TLS CONFIGURATION")[2]
    assert place in compliance, ended.stdout
    broken = dict(re.findall(r"^ +\* (\w+): (.+)$", compliance, re.MULTILINE))
    waived = waivers_of("sslyze")
    assert broken.keys() == waived.keys(), compliance
    assert all(re.fullmatch(waived[rule], words) for rule, words in broken.items()), compliance
    found = json.loads(report.read_text())["server_scan_results"][0]["scan_result"]
    results = {name: each["result"] for name, each in found.items() if each["result"]}
    old = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2")
    accepted = [results[f"{each}_cipher_suites"]["accepted_cipher_suites"] for each in old]
    assert accepted == [[]] * len(old)
    assert len(results["tls_1_3_cipher_suites"]["accepted_cipher_suites"]) == 3
    assert results["tls_1_3_early_data"]["supports_early_data"] is False
    assert results["tls_compression"]["supports_compression"] is False
    assert results["heartbleed"]["is_vulnerable_to_heartbleed"] is False
    assert results["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"] is False
    shown = results["certificate_info"]["certificate_deployments"][0]
    assert shown["received_chain_has_valid_order"] is True
    assert shown["received_chain_contains_anchor_certificate"] is False
    assert any(each["was_validation_successful"] for each in shown["path_validation_results"])


@pytest.mark.needs("sslscan")
def test_sslscan_finds_tls_1_3_alone(asking: Server, tmp_path: Path) -> None:
    ended = run("sslscan", "--xml=-", f"localhost:{asking.port}", seconds=SCAN_SECONDS_MAX)
    said = ET.fromstring(ended.stdout).find("ssltest")
    assert said is not None, ended.stdout
    enabled = {
        (each.get("type"), each.get("version"))
        for each in said.findall("protocol")
        if each.get("enabled") == "1"
    }
    assert enabled == {("tls", "1.3")}
    ciphers = {str(each.get("cipher")) for each in said.findall("cipher")}
    assert ciphers == {
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
    }
    renegotiation, heartbleed = said.find("renegotiation"), said.findall("heartbleed")
    assert renegotiation is not None
    assert renegotiation.get("supported") == "0"
    assert {each.get("vulnerable") for each in heartbleed} == {"0"}


@pytest.mark.needs("openssl")
def test_no_ticket_is_given_so_nothing_is_resumed(server: Server) -> None:
    place = ("-connect", f"127.0.0.1:{server.port}", "-servername", "localhost")
    trust = ("-CAfile", str(server.ca), "-verify_return_error", "-sess_out", "/dev/null")
    lines = "NICK scan\r\nUSER scan 0 * :scan\r\nQUIT\r\n"
    said = run("openssl", "s_client", "-ign_eof", *place, *trust, stdin=lines).stdout
    assert "Verification: OK" in said
    assert not re.search(r"New Session Ticket|Session-ID: [0-9A-F]", said)
    assert "Early data was not sent" in said


def test_plaintext_is_refused(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        plain.sendall(b"NICK nino\r\nUSER nino 0 * :nino\r\n")
        heard = b""
        while piece := plain.recv(4096):
            heard += piece
    assert heard[:1] in (b"", b"\x15"), "a TLS alert (RFC 8446, 6) at most, and not a word"
    assert b"nino" not in heard


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("group", ["ffdhe2048", "ffdhe8192", "X25519", "P-256", "X25519:ffdhe8192"])
def test_no_handshake_holds_the_others_up(server: Server, group: str) -> None:
    """Finite fields cost a handshake up to an eighth of a second of the loop."""
    place = ("-connect", f"127.0.0.1:{server.port}", "-groups", group)
    said = run("openssl", "s_client", *place, "-CAfile", str(server.ca)).stdout
    assert ("no peer certificate available" in said) is group.startswith("ffdhe")
