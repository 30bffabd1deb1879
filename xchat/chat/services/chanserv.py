"""ChanServ: whose a channel is, and what accounts are in it; the rules are apply/registration's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat.apply.bans import meant_by
from xchat.chat.apply.sight import is_member, visible_channel
from xchat.chat.apply.standing import role_bits, standing
from xchat.chat.commands.each import need_user
from xchat.chat.entities import Channel, Terms
from xchat.chat.events import (
    AccessChanged,
    ChannelDropped,
    ChannelRegistered,
    ChannelTransferred,
    Event,
    ModeChange,
    ModesChanged,
    RetentionSet,
    StandingClaimed,
)
from xchat.chat.lines import format_time
from xchat.chat.modes import ROLE_OF, Rank
from xchat.chat.refused import Failed, Refused
from xchat.chat.reserved import SERVICE_NICKS
from xchat.chat.retention import in_words, terms_of
from xchat.chat.services.service import Misused, Service, Verb, need_account, own_account, say
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.numerics import ERR_NOSUCHCHANNEL

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

ROLE_NAMES = {"q": "founder", "a": "admin", "o": "op", "h": "halfop", "v": "voice"}
_LETTERS = {name: letter for letter, name in ROLE_NAMES.items()} | {one: one for one in "aohv"}


def _need_channel(hub: Hub, request: Request, name: str) -> Channel:
    """Return a channel that who asks may know of: it is visible, or they are something in it."""
    channel = hub.state.channel(name)
    uid = request.session.uid
    if channel is None or not (_stands(hub, uid, channel) or visible_channel(hub.state, uid, name)):
        raise Refused(ERR_NOSUCHCHANNEL, name)
    return channel


def _stands(hub: Hub, uid: str, channel: Channel) -> bool:
    return role_bits(channel, hub.state.users[uid].account) != 0


def _do(hub: Hub, request: Request, event: Event, done: str) -> None:
    hub.append(request, event, partial(say, hub, request, done))


def _name_of(hub: Hub, aid: str) -> str:
    account = hub.state.accounts.get(aid)
    return account.name if account else "nobody"


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
    _do(hub, request, event, f"{words[0]} is registered: its founder is {account.name}")


def transfer(hub: Hub, request: Request, words: list[str]) -> None:
    """TRANSFER <channel> <account>."""
    channel, account = _need_channel(hub, request, words[0]), need_account(hub, words[1])
    event = ChannelTransferred(
        channel=channel.name,
        founder=account.aid,
        uid=request.session.uid,
        channels_max=hub.limits.channels_per_account_max,
    )
    _do(hub, request, event, f"The founder of {channel.name} is {account.name}")


def drop(hub: Hub, request: Request, words: list[str]) -> None:
    """DROP <channel> <channel>: said twice, to be sure."""
    channel = _need_channel(hub, request, words[0])
    if len(words) == 1 or hub.state.channel(words[1]) != channel:
        text = f"To be sure, name it twice: /msg ChanServ DROP {channel.name} {channel.name}"
        raise Failed("INVALID_PARAMS", text=text)
    event = ChannelDropped(channel=channel.name, uid=request.session.uid)
    _do(hub, request, event, f"{channel.name} is nobody's any more")


def info(hub: Hub, request: Request, words: list[str]) -> None:
    """INFO <channel>."""
    channel = _need_channel(hub, request, words[0])
    if not channel.founder:
        say(hub, request, f"{channel.name} is not registered")
        return
    say(
        hub,
        request,
        f"{channel.name}, since {format_time(channel.created)}; "
        f"founder: {_name_of(hub, channel.founder)}",
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
    channel, setting = _need_channel(hub, request, words[0]), words[1].upper()
    terms = terms_of(words[2:])
    if setting != "RETENTION" or terms is None:
        raise Misused
    event = RetentionSet(
        channel=channel.name, uid=request.session.uid, days=terms.days, messages=terms.messages
    )
    _do(hub, request, event, f"{channel.name} keeps what is said {in_words(terms)}")


# -- who is what ------------------------------------------------------------------------------


def access(hub: Hub, request: Request, words: list[str]) -> None:
    """ACCESS <channel> LIST | ADD <account> <role> | DEL <account>."""
    channel, act = _need_channel(hub, request, words[0]), words[1].upper() if words[1:] else "LIST"
    if act == "LIST" and len(words) <= 2:
        _list(hub, request, channel)
    elif act == "ADD" and len(words) == 4:
        _give(hub, request, channel, words[2], _role(words[3]))
    elif act == "DEL" and len(words) == 3:
        _give(hub, request, channel, words[2], "")
    else:
        raise Misused


def amode(hub: Hub, request: Request, words: list[str]) -> None:
    """AMODE <channel> [+o | -o <account>]: the same as ACCESS, as a mode is written."""
    channel = _need_channel(hub, request, words[0])
    if len(words) == 1:
        _list(hub, request, channel)
        return
    if len(words) == 2 or words[1][0] not in "+-":
        raise Misused
    letter = _role(words[1][1:])
    _give(hub, request, channel, words[2], letter if words[1][0] == "+" else "")


def _role(word: str) -> str:
    letter = _LETTERS.get(word.lower())
    if letter is None or letter == "q":
        raise Failed("UNKNOWN_ROLE", text="A role is admin, op, halfop or voice")
    return letter


def _list(hub: Hub, request: Request, channel: Channel) -> None:
    if not _stands(hub, request.session.uid, channel):
        text = f"Only those with a role in {channel.name} see who has one"
        raise Failed("PRIVILEGES_NEEDED", text=text)
    rows = (f"{_name_of(hub, one.aid)}: {ROLE_NAMES[one.letter]}" for one in channel.access)
    say(hub, request, f"{_name_of(hub, channel.founder)}: founder", *rows)


def _give(hub: Hub, request: Request, channel: Channel, name: str, letter: str) -> None:
    account = need_account(hub, name)
    event = AccessChanged(
        channel=channel.name,
        aid=account.aid,
        letter=letter,
        uid=request.session.uid,
        entries_max=hub.limits.access_per_channel_max,
    )
    what = f"is {ROLE_NAMES[letter]}" if letter else "has no role"
    _do(hub, request, event, f"{account.name} {what} in {channel.name}")


def _role_verb(sign: str, letter: str) -> Callable[[Hub, Request, list[str]], None]:
    """Return the handler of OP, DEOP and the like: a MODE; of one's own standing, a claim."""

    def handler(hub: Hub, request: Request, words: list[str]) -> None:
        channel, uid = _need_channel(hub, request, words[0]), request.session.uid
        target = need_user(hub, words[1]).uid if words[1:] else uid
        event: Event
        if target == uid and sign == "+":
            event = StandingClaimed(uid=uid, channel=channel.name)
        else:
            changes = (ModeChange(sign, letter, target),)
            event = ModesChanged(uid=uid, channel=channel.name, changes=changes)
        if not is_member(hub.state, target, channel):
            raise Failed(
                "NOT_THERE", text=f"{hub.state.users[target].nick} is not in {channel.name}"
            )
        _do(hub, request, event, f"Done: {sign}{letter} in {channel.name}")

    return handler


def unban(hub: Hub, request: Request, words: list[str]) -> None:
    """UNBAN <channel> [nick | mask]: whatever ban of the channel means them, or is that mask."""
    channel = _need_channel(hub, request, words[0])
    wanted = words[1] if words[1:] else hub.nick_of(request.session)
    user = hub.state.user_by_nick(wanted)
    meant = meant_by(hub.state, channel.bans, user) if user else []
    alike = [ban for ban in channel.bans if names.fold_text(ban.mask) == names.fold_text(wanted)]
    found = list(dict.fromkeys(ban.mask for ban in (*meant, *alike)))
    if not found:
        raise Failed("NOTHING_TO_DO", text=f"No ban of {channel.name} means {wanted}")
    changes = tuple(ModeChange("-", "b", mask) for mask in found)
    event = ModesChanged(uid=request.session.uid, channel=channel.name, changes=changes)
    _do(hub, request, event, f"Lifted: {', '.join(found)}")


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
            _role_verb("+", "o"),
            1,
            2,
        ),
        Verb("DEOP", "<channel> [nick]", "Take op.", _role_verb("-", "o"), 1, 2),
        Verb("HALFOP", "<channel> [nick]", "Give halfop.", _role_verb("+", "h"), 1, 2),
        Verb("DEHALFOP", "<channel> [nick]", "Take halfop.", _role_verb("-", "h"), 1, 2),
        Verb("VOICE", "<channel> [nick]", "Give voice.", _role_verb("+", "v"), 1, 2),
        Verb("DEVOICE", "<channel> [nick]", "Take voice.", _role_verb("-", "v"), 1, 2),
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
