"""Verbs of NickServ: the nicks that are an account's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xchat.chat.events import AccountChanged, NickChanged, UserQuit
from xchat.chat.refused import Failed
from xchat.chat.services.service import change, own_account, say
from xchat.chat.session import Request
from xchat.irc import names
from xchat.limits import NICKS_PER_ACCOUNT_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def regain(hub: Hub, request: Request, words: list[str]) -> None:
    """REGAIN <nick>: from a stranger at once; a connection of yours that has it ends."""
    account, uid = own_account(hub, request), request.session.uid
    nick, owner = words[0], hub.state.nick_owner(words[0])
    if owner != account:
        raise Failed("NOT_YOURS", text=f"The nick is not one of your account {account.name}")
    holder = hub.state.user_by_nick(nick)
    if holder is not None and holder.uid == uid:
        raise Failed("NOTHING_TO_DO", text="You have this nick")
    if holder is not None and holder.account == account.aid:
        gone = UserQuit(uid=holder.uid, reason="Its owner has come by another way")
        text = f"The connection of yours that had it is gone. Type: /nick {nick}"
        hub.append(request, gone, partial(say, hub, request, text))
        return
    done = partial(say, hub, request, "You have your nick again")
    hub.append(request, NickChanged(uid=uid, nick=nick), done)


def group(hub: Hub, request: Request, _words: list[str]) -> None:
    """GROUP: the nick that somebody has becomes their account's."""
    account, nick = own_account(hub, request), hub.nick_of(request.session)
    if hub.state.nick_owner(nick) == account:
        raise Failed("NOTHING_TO_DO", text=f"{nick} is your account's already")
    if len(account.nicks) >= NICKS_PER_ACCOUNT_MAX:
        text = f"An account has {NICKS_PER_ACCOUNT_MAX} nicks beside its name at most"
        raise Failed("TOO_MANY", text=text)
    event = AccountChanged(aid=account.aid, nicks=(*account.nicks, nick))
    change(hub, request, event, f"{nick} is your account's now")


def ungroup(hub: Hub, request: Request, words: list[str]) -> None:
    """UNGROUP <nick>: anybody may take it again."""
    account = own_account(hub, request)
    rest = tuple(nick for nick in account.nicks if not _is_same(nick, words[0]))
    if rest == account.nicks:
        raise Failed("NOT_YOURS", text="This is no nick of your account beside its name")
    event = AccountChanged(aid=account.aid, nicks=rest)
    change(hub, request, event, f"{words[0]} is nobody's now")


def _is_same(one: str, other: str) -> bool:
    return names.fold_text(one) == names.fold_text(other)
