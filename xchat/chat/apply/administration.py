"""What the administration does: bans, words for everyone, the end of sessions; and its record."""

from __future__ import annotations

from collections.abc import Callable

from xchat.chat import effects, server_bans
from xchat.chat.apply.departure import depart
from xchat.chat.apply.step import AuditRow, Step
from xchat.chat.entities import ServerBan, User
from xchat.chat.events import (
    BanAdded,
    BanRemoved,
    Broadcast,
    Event,
    MessageRedacted,
    OperatorGranted,
    SessionsEnded,
    UserKilled,
)
from xchat.chat.operators import REDACT, may
from xchat.chat.refused import Failed
from xchat.chat.state import State
from xchat.irc import names

CHAT = "chat"
"""How operators act who are no console."""


def check_ban_added(state: State, event: BanAdded) -> None:
    """Let a ban be for somebody, not for everybody, and within bounds."""
    try:
        is_clear = server_bans.canonical(event.kind, event.mask) == event.mask
    except server_bans.BadBan as bad:
        raise Failed("INVALID_BAN", event.mask, text=bad.why) from bad
    if not is_clear:
        raise Failed("INVALID_BAN", event.mask, text="This mask is not in its one spelling")
    is_new = (event.kind, event.mask) not in state.bans
    if is_new and event.bans_max and len(state.bans) >= event.bans_max:
        text = f"There are {event.bans_max} bans, as many as there may be (limits.bans_max)"
        raise Failed("TOO_MANY_BANS", event.mask, text=text)


def ban_added(step: Step, event: BanAdded) -> None:
    """Part with those whom it is for, those who are always present too."""
    ban = ServerBan(
        kind=event.kind,
        mask=event.mask,
        by=event.by,
        ts=step.ts,
        until=event.until,
        reason=event.reason,
    )
    step.state.put_ban(ban)
    users = [user for _, user in sorted(step.state.users.items())]
    for user in [user for user in users if _is_for(step.state, ban, user)]:
        depart(step, user.uid, f"Banned: {ban.reason}" if ban.reason else "Banned")
    step.effects.append(effects.Banned(ban))


def _is_for(state: State, ban: ServerBan, user: User) -> bool:
    """Say whether a ban is for a user; that of an address is for connections (`Banned`)."""
    if ban.kind == server_bans.ACCOUNT:
        account = state.accounts.get(user.account)
        return account is not None and names.fold(account.name) == ban.mask
    return server_bans.matches(ban, user.prefix)


def check_ban_removed(state: State, event: BanRemoved) -> None:
    """Only a ban that there is ends, and of its own only the one whose time is over."""
    ban = state.bans.get((event.kind, event.mask))
    if ban is None or event.until not in (None, ban.until):
        raise Failed("NO_SUCH_BAN", event.mask, text="There is no such ban")


def ban_removed(step: Step, event: BanRemoved) -> None:
    """End the ban."""
    step.state.drop_ban(event.kind, event.mask)


def broadcast(step: Step, event: Broadcast) -> None:
    """Tell everyone who is here."""
    if event.text is not None:
        step.effects.append(effects.ToAll(event.text, step.ts))


def sessions_ended(step: Step, event: SessionsEnded) -> None:
    """Let the sessions end; whom that leaves without one goes, or stays, as always."""
    step.effects.append(effects.SessionsClosed(event.sids, event.reason))


# -- the audit log ----------------------------------------------------------------------------


def record(step: Step, who: str, act: str, what: str, via: str) -> None:
    """Record what was done."""
    step.audit.append(AuditRow(step.seq, step.ts, via, who, act, what))


def act_of(state: State, event: Event) -> tuple[str, str, str] | None:
    """Return who did what to whom, where an event is an operator's act; before it is applied."""
    describe = _ACTS.get(type(event))
    return describe(state, event) if describe else None


def name_of(state: State, uid: str) -> str:
    """Return an operator as the audit log names them: the user, and their account if any."""
    user = state.users[uid]
    account = state.account_name(uid)
    return f"{user.prefix} ({account})" if account else user.prefix


def _granted(state: State, event: OperatorGranted) -> tuple[str, str, str]:
    return name_of(state, event.uid), "OPER", f"{event.name} as {event.role}"


def _killed(state: State, event: UserKilled) -> tuple[str, str, str] | None:
    if event.uid not in state.users:
        return None
    target = state.users[event.target]
    return name_of(state, event.uid), "KILL", f"{target.prefix}: {event.reason}"


def _redacted(state: State, event: MessageRedacted) -> tuple[str, str, str] | None:
    user = state.users[event.uid]
    if event.author == user.party or not may(user, REDACT):
        return None
    return name_of(state, event.uid), "REDACT", f"{event.target} {event.msgid}"


_ACTS: dict[type[Event], Callable[..., tuple[str, str, str] | None]] = {
    OperatorGranted: _granted,
    UserKilled: _killed,
    MessageRedacted: _redacted,
}
