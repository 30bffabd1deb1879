"""The table of verbs: to add one is a row here, a handler, and a test.

`xchat-admin`'s command line and its help, and what the console answers, are made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from xchat.chat.admin import (
    arguments,
    bans,
    channels,
    invites,
    metrics,
    server,
    sessions,
    shapes,
    users,
)
from xchat.chat.admin.arguments import Arguments
from xchat.chat.admin.operation import Operation, Refusal
from xchat.chat.refused import Failed, Ignored, Refused

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

Handler = Callable[["Hub", Operation, Any], None]


class Verb(NamedTuple):
    """A verb: its name, what it takes, who handles it, what it answers, and what it does.

    One that `lists` answers rows. One that works `alone` needs the store only.
    """

    name: str
    arguments: type[Arguments]
    handler: Handler
    shape: type[shapes.Shape]
    about: str
    lists: bool = False
    alone: bool = True
    following: str = ""
    """What to type next, with fields of the answer in it; for people only."""
    picture: str = ""
    """The field of the answer that is shown as a QR code too."""
    is_usual: bool = False
    """Whether it is what its group does without a verb: `invite anna` is `invite add anna`."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, and may be asked every other second."""
        return self.lists or self.shape is shapes.Status


_A, _S = arguments, shapes
_TABLE = (
    Verb(
        "user add",
        _A.UserAdd,
        users.add,
        _S.UserChanged,
        "Make an account.",
        following="xchat-client --ca ca.pem --account {name} {name}@HOST '#lobby'",
    ),
    Verb(
        "user ensure",
        _A.UserName,
        users.ensure,
        _S.UserChanged,
        "Make an account that its devices log in to, unless there is one.",
        following="xchat-certs device add {name} DEVICE",
    ),
    Verb("user list", _A.Nothing, users.list_, _S.UserRow, "List all accounts.", lists=True),
    Verb("user passwd", _A.UserPassword, users.passwd, _S.UserChanged, "Change a password."),
    Verb(
        "user suspend",
        _A.UserSuspend,
        users.suspend,
        _S.UserChanged,
        "Let an account log in no more, and part with who is logged in to it.",
        following="xchat-admin user resume {name}",
    ),
    Verb("user resume", _A.UserName, users.resume, _S.UserChanged, "Let it log in again."),
    Verb(
        "user remove",
        _A.UserName,
        users.remove,
        _S.UserRemoved,
        "Remove an account for ever: its channels are nobody's, its name is free.",
        following="xchat-certs device list",
    ),
    Verb(
        "user role",
        _A.UserRole,
        users.role,
        _S.UserChanged,
        "Say what an account may do: admin or moderator makes an operator, none ends that.",
    ),
    Verb(
        "user host",
        _A.UserHost,
        users.host,
        _S.UserChanged,
        "Show an account with a host in place of its addresses; none ends that.",
    ),
    Verb(
        "user cert add",
        _A.UserCert,
        users.cert_add,
        _S.UserChanged,
        "Let a certificate log in to an account (SASL EXTERNAL).",
    ),
    Verb("user cert del", _A.UserCert, users.cert_del, _S.UserChanged, "Let it log in no more."),
    Verb(
        "user cert list",
        _A.UserName,
        users.cert_list,
        _S.CertRow,
        "List the certificates that log in to an account.",
        lists=True,
    ),
    Verb(
        "invite add",
        _A.InviteAdd,
        invites.add,
        _S.NewInvite,
        "Make a link that lets somebody in: it makes their account, and their devices log in.",
        following="on their machine: xchat-client join {link}",
        picture="link",
        is_usual=True,
    ),
    Verb("invite list", _A.Nothing, invites.list_, _S.InviteRow, "List all invites.", lists=True),
    Verb(
        "invite withdraw",
        _A.InviteName,
        invites.withdraw,
        _S.InvitesWithdrawn,
        "Let nobody in by an account's invites any more; who came by them, stays.",
    ),
    Verb(
        "channel list",
        _A.Nothing,
        channels.list_,
        _S.ChannelRow,
        "List all channels, empty and private ones too.",
        lists=True,
    ),
    Verb(
        "channel transfer",
        _A.ChannelTransfer,
        channels.transfer,
        _S.ChannelChanged,
        "Give a channel to an account, whose it is from then on.",
    ),
    Verb(
        "channel drop",
        _A.ChannelName,
        channels.drop,
        _S.ChannelChanged,
        "Let a registered channel be nobody's.",
    ),
    Verb(
        "ban add",
        _A.BanAdd,
        bans.add,
        _S.BanRow,
        "Let an account, a mask or an address in no more, and part with who is here.",
        following="xchat-admin ban remove {kind} {mask}",
    ),
    Verb("ban list", _A.Nothing, bans.list_, _S.BanRow, "List all bans.", lists=True),
    Verb("ban remove", _A.BanName, bans.remove, _S.BanEnded, "Let somebody in again."),
    Verb(
        "session list",
        _A.Nothing,
        sessions.list_,
        _S.SessionRow,
        "List who is connected.",
        lists=True,
        alone=False,
    ),
    Verb(
        "session kill",
        _A.SessionKill,
        sessions.kill,
        _S.SessionsKilled,
        "Part with a session, or with all of a nick.",
        alone=False,
    ),
    Verb(
        "broadcast",
        _A.BroadcastText,
        sessions.broadcast,
        _S.Told,
        "Tell everyone who is here something.",
        alone=False,
    ),
    Verb("status", _A.Nothing, server.status, _S.Status, "Say how the server does.", alone=False),
    Verb(
        "metrics",
        _A.Nothing,
        metrics.metrics,
        _S.Metric,
        "Print figures as Prometheus reads them, for node_exporter's textfile collector.",
        lists=True,
        alone=False,
    ),
    Verb(
        "reload",
        _A.Nothing,
        server.reload,
        _S.Reloaded,
        "Have the server read its configuration again.",
        alone=False,
    ),
    Verb(
        "audit",
        _A.AuditSince,
        server.audit,
        _S.AuditLine,
        "Tell what was done, by whom and when: here, and by operators in the chat.",
        lists=True,
    ),
)
VERBS = {verb.name: verb for verb in _TABLE}


def begin(hub: Hub, who: str, name: str, arguments: Mapping[str, object]) -> Operation:
    """Ask for what a verb does, in somebody's name; what came of it is in the operation."""
    operation = Operation(who, name)
    verb = VERBS.get(name)
    if verb is None:
        operation.refusal = Refusal("UNKNOWN_VERB", "There is no such verb")
        return operation
    try:
        verb.handler(hub, operation, msgspec.convert(arguments, verb.arguments))
    except msgspec.ValidationError as error:
        operation.refusal = Refusal("INVALID_ARGUMENTS", _words(error))
    except (Refused, Failed, Ignored) as fault:
        operation.refused(fault)
    return operation


def _words(error: msgspec.ValidationError) -> str:
    """Say in words for people which argument is empty or too long; anything else as it is."""
    what, _, place = str(error).partition(" - at `$.")
    name, bound = place.rstrip("`"), what.rpartition(" of length ")[2]
    if bound == ">= 1":
        return f"{name} is empty"
    if bound.startswith("<= "):
        return f"{name} has more than {bound.removeprefix('<= ')} characters"
    return str(error)
