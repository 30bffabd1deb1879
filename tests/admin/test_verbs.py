"""xchat-admin channel, session, broadcast, status, reload, audit: with a real server."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import fields
from prometheus_client.parser import text_string_to_metric_families

from tests.admin.conftest import Hand
from tests.e2e.programs import Pki, Program, Server, until
from tests.e2e.raw import RawClient
from xchat import __version__
from xchat.admin.command import shape_of
from xchat.chat.admin.metrics import FIGURES
from xchat.chat.admin.table import VERBS

MakeServer = Callable[..., Server]

SHAPES = {
    "UserChanged": "name role",
    "UserRemoved": "name role devices_in_force",
    "UserRow": "name role has_password certificates sessions suspended created",
    "CertRow": "cert",
    "ChannelRow": "channel members modes founder created topic",
    "ChannelChanged": "channel founder",
    "BanRow": "kind mask by since until reason",
    "BanEnded": "kind mask",
    "NewInvite": "account invite uses expires link token",
    "InviteRow": "account invite left expires devices by made",
    "InvitesWithdrawn": "account invites",
    "SessionRow": "session nick account address idle_seconds cert device",
    "SessionsKilled": "sessions",
    "Told": "users",
    "Status": "version name network started uptime_seconds users sessions channels accounts bans "
    "entries store_bytes certificate_until certificate_days_left last_failure issuer_days_left "
    "root_days_left crl_days_left certificate_failure",
    "Metric": "name kind about label labelled value",
    "Reloaded": "later",
    "AuditLine": "time via who act what",
}
"""What `--json` answers: a field may be added at the end, none is renamed or taken away."""


def test_the_shapes_stay_as_they_are() -> None:
    found = {
        verb.shape.__name__: " ".join(field.name for field in fields(verb.shape))
        for verb in VERBS.values()
    }
    assert found == SHAPES
    for verb in VERBS.values():
        assert all(words for _, words in shape_of(verb.shape))


def test_channels(hand: Hand, make_server: MakeServer) -> None:
    server = make_server()
    for name in ("ana", "bea"):
        hand.json("user", "add", name, stdin="a long password\n")
    with RawClient.join(server.port, server.ca, "gio", "#lab") as gio:
        gio.send("TOPIC #lab :experiments")
        gio.wait("TOPIC #lab")
        (row,) = hand.json("channel", "list")
        assert (row["channel"], row["members"], row["founder"]) == ("#lab", 1, None)
        assert row["topic"] == "experiments"
        given = hand.json("channel", "transfer", "#LAB", "ana")
        assert given == {"channel": "#lab", "founder": "ana"}
        assert hand.json("channel", "transfer", "#lab", "bea")["founder"] == "bea"
        assert hand.json("channel", "list")[0]["founder"] == "bea"
        assert hand.fails("channel", "transfer", "#lab", "nobody")["code"] == "ACCOUNT_UNKNOWN"
        assert hand.json("channel", "drop", "#lab") == {"channel": "#lab", "founder": None}
        assert hand.fails("channel", "drop", "#lab")["code"] == "CHANNEL_NOT_REGISTERED"
        assert hand.fails("channel", "drop", "#none")["exit_code"] == 4


def test_sessions_and_words_for_all(hand: Hand, make_server: MakeServer) -> None:
    server = make_server()
    hand.json("user", "add", "bea", stdin="a long password\n")
    with (
        RawClient.join(server.port, server.ca, "ana", "#a") as ana,
        RawClient.connect(server.port, server.ca) as bea,
        RawClient.connect(server.port, server.ca) as mute,
    ):
        bea.send("PASS :bea:a long password")
        bea.register("bea")
        mute.ping()
        rows = {row["nick"]: row for row in hand.json("session", "list")}
        assert set(rows) == {"ana", "bea", None}
        assert rows["bea"]["account"] == "bea"
        assert rows["ana"]["address"] == "127.0.0.1"
        assert hand.json("broadcast", "We stop at noon \x1b[31m") == {"users": 2}
        for client in (ana, bea):
            client.wait(r"NOTICE \$\* :We stop at noon")
        assert hand.json("session", "kill", rows[None]["session"]) == {"sessions": 1}
        assert mute.read_to_the_end()[-1].endswith("Closed by the administration")
        assert hand.json("session", "kill", "ANA", "--reason", "bye") == {"sessions": 1}
        assert ana.read_to_the_end()[-1].endswith("Closed by the administration: bye")
        assert hand.fails("session", "kill", "ana")["exit_code"] == 4
        assert [row["nick"] for row in hand.json("session", "list")] == ["bea"]


def test_status(hand: Hand, make_server: MakeServer) -> None:
    server = make_server()
    with RawClient.join(server.port, server.ca, "ana", "#a"):
        until(lambda: hand.json("status")["crl_days_left"], "its first look at what is due")
        said = hand.json("status")
    assert (said["version"], said["users"], said["channels"]) == (__version__, 1, 1)
    assert said["store_bytes"] > 4096
    assert 0 < said["certificate_days_left"] < 400
    assert said["certificate_days_left"] < said["issuer_days_left"] < said["root_days_left"]
    assert 28 <= said["crl_days_left"] < 30
    assert said["certificate_failure"] is None
    assert said["last_failure"] is None


def test_metrics(hand: Hand, make_server: MakeServer) -> None:
    """Read by Prometheus' own parser, as node_exporter's textfile collector would have them."""
    server = make_server()
    with RawClient.join(server.port, server.ca, "ana", "#a"):
        until(lambda: hand.json("status")["crl_days_left"], "its first look at what is due")
        begun = time.time()
        text = hand.run("metrics")[1]
        said = hand.json("metrics")
    families = {each.name: each for each in text_string_to_metric_families(text)}
    values = {
        (name, *each.labels.values()): each.value
        for name, family in families.items()
        for each in family.samples
    }
    assert values["xchat_info", __version__] == 1
    assert values["xchat_users",] == values["xchat_sessions",] == 1
    assert values["xchat_log_entries",] > 2
    assert begun - 60 < values["xchat_start_time_seconds",] < begun
    assert values["xchat_reloads", "success"] == values["xchat_reloads", "failure"] == 0
    assert values["xchat_certificate_renewals",] == 0
    ends = [
        values["xchat_certificate_expiry_timestamp_seconds", role]
        for role in ("crl", "server", "issuer", "root")
    ]
    assert begun < ends[0] < ends[1] < ends[2] < ends[3]
    assert families["xchat_reloads"].type == "counter"
    assert 'xchat_reloads_total{outcome="failure"} 0.0\n' in text
    assert {each["name"] for each in said} == {figure.name for figure in FIGURES}


def test_a_certificate_that_cannot_be_served_shows_in_status_and_metrics(
    hand: Hand, make_server: MakeServer, own_pki: Pki, tmp_path: Path
) -> None:
    shutil.copytree(own_pki.ca.parent, tmp_path / "certs", symlinks=True)
    live = tmp_path / "certs" / "live"
    pki = Pki(tmp_path / "certs" / "ca.pem", live / "server.pem", live / "server-key.pem")
    make_server(pki=pki)
    pki.key.unlink()
    said = until(lambda: hand.json("status")["certificate_failure"], "status has it")
    assert said == f"{pki.key}: there is no such file"
    assert 'xchat_reloads_total{outcome="failure"} 1.0' in hand.run("metrics")[1]


def test_reload(hand: Hand, tmp_path: Path, own_pki: Pki, make_server: MakeServer) -> None:
    file = tmp_path / "server.toml"
    file.write_text('[server]\nmotd = "old"\n')
    server = make_server()
    server.close()
    server.program = Program(tmp_path, "configured", [*server.argv(), "--config", str(file)])
    server.program.start()
    until(server.listening_port, "it listens")
    file.write_text('[server]\nmotd = "new"\n[listen]\nhost = ["::1"]\n[limits]\nusers_max = 3\n')
    assert hand.json("reload") == {"later": ["limits.users_max"]}
    with RawClient.join(server.port, server.ca, "ana") as ana:
        assert any(line.endswith("- new") for line in ana.seen)
    file.write_text("[nonsense]\n")
    failure = hand.fails("reload")
    assert failure["code"] == "INVALID_CONFIGURATION"
    assert "nonsense" in failure["error"]
    server.stop()


def test_the_audit_log_tells_all_that_was_done_and_no_secret(
    hand: Hand, make_server: MakeServer
) -> None:
    hand.json("user", "add", "ana", stdin="a secret password\n")
    server = make_server()
    hand.json("user", "role", "ana", "admin")
    hand.json("ban", "add", "mask", "bad*", "--reason", "spam")
    hand.fails("ban", "add", "mask", "*")
    with (
        RawClient.connect(server.port, server.ca) as ana,
        RawClient.join(server.port, server.ca, "bea") as bea,
    ):
        ana.send("PASS :ana:a secret password")
        ana.register("ana")
        ana.send("KILL bea :enough")
        bea.read_to_the_end()
    rows = hand.json("audit")
    assert [(row["via"], row["act"]) for row in rows] == [
        ("console", "user add"),
        ("console", "user role"),
        ("console", "ban add"),
        ("chat", "KILL"),
    ]
    assert rows[1]["what"] == "ana: admin"
    assert rows[3]["who"].endswith("(ana)")
    assert "secret" not in str(rows)
    assert hand.json("audit", "--since", "1h") == rows
    assert hand.json("audit", "--since", "2999-01-01") == []
    assert hand.run("audit", "--since", "yesterday")[0] == 2


def test_help_tells_what_each_argument_is(hand: Hand) -> None:
    _, told, _ = hand.run("ban", "add", "--help")
    assert "KIND  account, mask (nick!user@host) or address" in told
    _, told, _ = hand.run("user", "add", "--help")
    assert "NAME  the account" in told
    assert "text: with --generate alone" in told
    _, told, _ = hand.run("audit", "--help")
    assert "2026-11-22T20:15" in told
