"""ChanServ: whose a channel is, and what accounts are in it; the rules are apply/registration's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.apply.standing import standing
from xchat.chat.entities import Terms
from xchat.chat.events import (
    ChannelDropped,
    ChannelRegistered,
    ChannelTransferred,
    RetentionSet,
)
from xchat.chat.lines import format_time
from xchat.chat.modes import ROLE_OF, Rank
from xchat.chat.refused import Failed
from xchat.chat.reserved import SERVICE_NICKS
from xchat.chat.retention import in_words, terms_of
from xchat.chat.services.channel import do, name_of, need_channel
from xchat.chat.services.channel_access import ROLE_NAMES, access, amode, role_verb, unban
from xchat.chat.services.service import Misused, Service, Verb, need_account, own_account, say
from xchat.chat.session import Request

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


# -- whose it is ------------------------------------------------------------------------------


def register(hub: Hub, request: Request, words: list[str]) -> None:
    """REGISTER <channel>."""
    account = own_account(hub, request)
    event = ChannelRegistered(
        channel=words[0],
        founder=account.aid,
        uid=request.session.uid,
        channels_max=hub.limits.channels_per_account_max,
    )
    do(hub, request, event, f"{words[0]} is registered: its founder is {account.name}")


def transfer(hub: Hub, request: Request, words: list[str]) -> None:
    """TRANSFER <channel> <account>."""
    channel, account = need_channel(hub, request, words[0]), need_account(hub, words[1])
    event = ChannelTransferred(
        channel=channel.name,
        founder=account.aid,
        uid=request.session.uid,
        channels_max=hub.limits.channels_per_account_max,
    )
    do(hub, request, event, f"The founder of {channel.name} is {account.name}")


def drop(hub: Hub, request: Request, words: list[str]) -> None:
    """DROP <channel> <channel>: said twice, to be sure."""
    channel = need_channel(hub, request, words[0])
    if len(words) == 1 or hub.state.channel(words[1]) != channel:
        text = f"To be sure, name it twice: /msg ChanServ DROP {channel.name} {channel.name}"
        raise Failed("INVALID_PARAMS", text=text)
    event = ChannelDropped(channel=channel.name, uid=request.session.uid)
    do(hub, request, event, f"{channel.name} is nobody's any more")


def info(hub: Hub, request: Request, words: list[str]) -> None:
    """INFO <channel>."""
    channel = need_channel(hub, request, words[0])
    if not channel.founder:
        say(hub, request, f"{channel.name} is not registered")
        return
    say(
        hub,
        request,
        f"{channel.name}, since {format_time(channel.created)}; "
        f"founder: {name_of(hub, channel.founder)}",
    )
    if channel.retention != Terms():
        say(hub, request, f"It keeps what is said {in_words(channel.retention)}")
    own = standing(channel, hub.state.users[request.session.uid].account)
    if own:
        say(hub, request, f"You are {ROLE_NAMES[_letter_of(own)]} there, whenever you enter")


def _letter_of(rank: Rank) -> str:
    return next(role.letter for role in ROLE_OF.values() if role.rank == rank)


def set_(hub: Hub, request: Request, words: list[str]) -> None:
    """SET <channel> RETENTION <days>d | <messages> | default: or both of the first two."""
    channel, setting = need_channel(hub, request, words[0]), words[1].upper()
    terms = terms_of(words[2:])
    if setting != "RETENTION" or terms is None:
        raise Misused
    event = RetentionSet(
        channel=channel.name, uid=request.session.uid, days=terms.days, messages=terms.messages
    )
    do(hub, request, event, f"{channel.name} keeps what is said {in_words(terms)}")


CHANSERV = Service(
    SERVICE_NICKS[1],
    "ChanServ keeps channels for accounts. /msg ChanServ HELP <command> tells more.",
    (
        Verb(
            "REGISTER",
            "<channel>",
            "Make a channel yours.",
            register,
            1,
            1,
            more="Enter it first; you must be its operator, as who opens a channel is.",
        ),
        Verb("INFO", "<channel>", "Whose a channel is.", info, 1, 1, needs_account=False),
        Verb(
            "OP",
            "<channel> [nick]",
            "Give op, or take your own role.",
            role_verb("+", "o"),
            1,
            2,
        ),
        Verb("DEOP", "<channel> [nick]", "Take op.", role_verb("-", "o"), 1, 2),
        Verb("HALFOP", "<channel> [nick]", "Give halfop.", role_verb("+", "h"), 1, 2),
        Verb("DEHALFOP", "<channel> [nick]", "Take halfop.", role_verb("-", "h"), 1, 2),
        Verb("VOICE", "<channel> [nick]", "Give voice.", role_verb("+", "v"), 1, 2),
        Verb("DEVOICE", "<channel> [nick]", "Take voice.", role_verb("-", "v"), 1, 2),
        Verb(
            "ACCESS",
            "<channel> [ADD <account> <role> | DEL <account>]",
            "Who has which role on entering.",
            access,
            1,
            4,
            more="With the channel alone it lists them. A role is admin, op, halfop or voice.",
        ),
        Verb(
            "AMODE", "<channel> [+o | -o <account>]", "ACCESS, as a mode is written.", amode, 1, 3
        ),
        Verb("UNBAN", "<channel> [nick | mask]", "Lift bans.", unban, 1, 2),
        Verb(
            "SET",
            "<channel> RETENTION <days>d | <messages> | default",
            "How long it keeps what is said.",
            set_,
            3,
            4,
            more="No longer than the server itself does.",
        ),
        Verb("TRANSFER", "<channel> <account>", "Make it another's.", transfer, 2, 2),
        Verb("DROP", "<channel> <channel>", "Make it nobody's.", drop, 1, 2),
    ),
)
