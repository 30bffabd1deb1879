"""Verbs of NickServ: what an account has chosen, what it is, and its devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat.entities import Account
from xchat.chat.events import AccountChanged
from xchat.chat.lines import format_time
from xchat.chat.refused import Failed
from xchat.chat.services.service import Misused, change, need_account, own_account, say
from xchat.chat.session import Request, Session

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


class Setting(NamedTuple):
    """What an account may choose: how it is changed, and what that comes to."""

    change: Callable[[str, bool], AccountChanged]
    on: str
    off: str


_ALWAYS = Setting(
    lambda aid, is_on: AccountChanged(aid=aid, always_present=is_on),
    "You stay when your last device leaves",
    "You leave with your last device",
)
_SEVERAL = Setting(
    lambda aid, is_on: AccountChanged(aid=aid, multiclient=is_on),
    "Your further devices share your nick",
    "A further device of yours needs another nick",
)
SETTINGS = {"ALWAYS-PRESENT": _ALWAYS, "ALWAYS-ON": _ALWAYS, "MULTICLIENT": _SEVERAL}
ON, OFF = ("on", "true", "yes"), ("off", "false", "no")


def set_(hub: Hub, request: Request, words: list[str]) -> None:
    """SET ALWAYS-PRESENT | MULTICLIENT on | off."""
    setting, value = SETTINGS.get(words[0].upper()), words[1].lower()
    if setting is None or value not in (*ON, *OFF):
        raise Misused
    is_on = value in ON
    event = setting.change(own_account(hub, request).aid, is_on)
    change(hub, request, event, setting.on if is_on else setting.off)


def _stays(hub: Hub, account: Account) -> bool:
    chosen = account.always_present
    return hub.config.are_present if chosen is None else chosen


def info(hub: Hub, request: Request, words: list[str]) -> None:
    """INFO [account]: all of it for its owner, the name and since when for others."""
    own = hub.state.account_of(request.session.uid)
    account = need_account(hub, words[0]) if words else own_account(hub, request)
    say(hub, request, f"Account {account.name}, since {format_time(account.created)}")
    if account != own:
        return
    if account.email:
        say(hub, request, f"E-mail: {account.email}")
    say(
        hub,
        request,
        f"Nicks: {', '.join(account.own_nicks)}",
        f"Password: {'yes' if account.password else 'no'}; "
        f"certificates: {len(account.certificates)}",
        f"Always present: {'on' if _stays(hub, account) else 'off'}",
    )


def sessions(hub: Hub, request: Request, words: list[str]) -> None:
    """SESSIONS [LIST | END <number>]: the devices that are connected."""
    act = words[0].upper() if words else "LIST"
    found = _sessions_of(hub, own_account(hub, request))
    if act == "LIST" and len(words) < 2:
        rows = (_describe(hub, request, place, one) for place, one in enumerate(found, 1))
        say(hub, request, *rows)
    elif act in ("END", "LOGOUT") and len(words) == 2:
        place = int(words[1]) if words[1].isascii() and words[1].isdecimal() else 0
        if not 0 < place <= len(found) or len(words[1]) > 4:
            raise Failed("INVALID_PARAMS", text=f"Your sessions have the numbers 1 to {len(found)}")
        hub.close(found[place - 1], "Ended from another device of yours")
        say(hub, request, f"Session {place} is ended")
    else:
        raise Misused


def _sessions_of(hub: Hub, account: Account) -> list[Session]:
    users = (user for user in hub.state.users.values() if user.account == account.aid)
    attached = (one.sid for user in users for one in user.sessions)
    return [hub.sessions[sid] for sid in attached if sid in hub.sessions]


def _describe(hub: Hub, request: Request, place: int, session: Session) -> str:
    quiet = int(hub.now - session.heard)
    this = ", this one" if session is request.session else ""
    return f"{place}: {hub.nick_of(session)} from {session.address}, quiet for {quiet} s{this}"
