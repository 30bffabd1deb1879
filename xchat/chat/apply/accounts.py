"""What becomes of accounts: they are made, change and end; users log in and out."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.arrival import need_account
from xchat.chat.apply.departure import depart, forget_markers, is_always_present
from xchat.chat.apply.hosts import show
from xchat.chat.apply.nicks import take_back_nick
from xchat.chat.apply.promotion import demote, promote
from xchat.chat.apply.registration import forget_account, give_standing
from xchat.chat.apply.step import Step, actor
from xchat.chat.apply.users import tell_around
from xchat.chat.entities import Account, User, party_of
from xchat.chat.events import (
    AccountChanged,
    AccountRegistered,
    AccountRemoved,
    AccountSuspended,
    CredentialsChanged,
    UserLoggedIn,
    UserLoggedOut,
)
from xchat.chat.invites import invites_of
from xchat.chat.lines import NO_ACCOUNT
from xchat.chat.operators import ROLES
from xchat.chat.refused import Failed, Ignored, Refused
from xchat.chat.reserved import reserved_as
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import ACCOUNT_NOTIFY
from xchat.irc.numerics import ERR_SASLALREADY


def check_account_registered(state: State, event: AccountRegistered) -> None:
    """Two claims on one name: the first in the log wins."""
    if event.uid:
        check_new_name(state, event.name, event.uid)
    else:
        check_unowned(state, event.name)


def check_new_name(state: State, name: str, uid: str) -> None:
    """Refuse a name that is an account's, or the nick of somebody else who is here."""
    check_unowned(state, name)
    holder = state.nick_taken(name, uid)
    if holder is not None:
        text = f"{holder.nick} is somebody else's nick now: choose another name"
        raise Failed("USERNAME_EXISTS", name, text=text)


def check_unowned(state: State, nick: str, aid: str = "") -> None:
    """Refuse a nick that is another account's own, or looks like one."""
    service = reserved_as(nick)  # raises BadName for what is no name now
    if service is not None:
        raise Failed("BAD_ACCOUNT_NAME", nick, text=f"The name is kept for {service}")
    owner = state.nick_owner(nick, aid)
    if owner is None or owner.aid == aid:
        return
    is_same = names.fold(nick) in map(names.fold, owner.own_nicks)
    why = "is taken" if is_same else f"looks like {owner.name}, which is taken"
    raise Failed("ACCOUNT_EXISTS", nick, text=f"The name {why}: choose another")


def account_registered(step: Step, event: AccountRegistered) -> None:
    """Add the account; its place in the log is what names it for ever."""
    account = Account(
        aid=f"{step.seq:x}",
        name=event.name,
        created=step.ts,
        password=event.password,
        scram=event.scram,
        credentials_at=step.seq,
        certificates=event.certificates,
        role=event.role,
        email=event.email,
        always_present=event.always_present,
    )
    step.state.put_account(account)
    step.effects.append(effects.AccountMade(account))
    maker = step.state.users.get(event.uid)
    if maker is not None:
        _log_in(step, maker, account.aid, stays=event.stays)


def check_account(state: State, event: AccountChanged | CredentialsChanged) -> None:
    """Let only what is there change, and nobody take the nick of another account."""
    need_known(state, event.aid)
    if isinstance(event, AccountChanged):
        for nick in event.nicks or ():
            check_unowned(state, nick, event.aid)


def need_known(state: State, aid: str) -> Account:
    """Return an account; raises Ignored where it is no more."""
    account = state.accounts.get(aid)
    if account is None:
        raise Ignored
    return account


def check_exists(state: State, event: AccountSuspended | AccountRemoved) -> None:
    """Let only what is there end, or rest."""
    need_known(state, event.aid)


def credentials_changed(step: Step, event: CredentialsChanged) -> None:
    """Put the new credentials in the place of the old, which are erased from the log."""
    account = step.state.accounts[event.aid]
    step.erase(account.credentials_at)
    changed = replace(account, password=event.password, scram=event.scram, credentials_at=step.seq)
    step.state.put_account(changed)


def account_changed(step: Step, event: AccountChanged) -> None:
    """Change what the event names."""
    account = step.state.accounts[event.aid]
    given = {
        "certificates": event.certificates,
        "nicks": event.nicks,
        "role": event.role,
        "host": event.host,
        "always_present": event.always_present,
        "multiclient": event.multiclient,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    step.state.put_account(replace(account, **changes))
    for user in users_of(step.state, event.aid):
        _show_host(step, user)
        if event.role is not None and event.role != account.role:
            (promote if event.role in ROLES else demote)(step, user.uid)
        if not user.sessions and not is_always_present(step.state, user):
            depart(step, user.uid, "No longer always present")


def account_suspended(step: Step, event: AccountSuspended) -> None:
    """Suspend an account, and part with who is logged in to it; or end that."""
    account = step.state.accounts[event.aid]
    step.state.put_account(replace(account, suspended=event.reason))
    if event.reason is not None:
        for user in users_of(step.state, event.aid):
            depart(step, user.uid, f"The account is suspended: {event.reason}")


def account_removed(step: Step, event: AccountRemoved) -> None:
    """Part with who is logged in, and forget the account and its credentials."""
    for user in users_of(step.state, event.aid):
        depart(step, user.uid, "The account was removed")
    step.erase(step.state.accounts[event.aid].credentials_at)
    forget_account(step, event.aid)
    forget_markers(step.state, party_of(event.aid))
    for invite in invites_of(step.state, step.state.accounts[event.aid]):
        step.state.drop_invite(invite.sha256)
    step.state.drop_account(event.aid)


def users_of(state: State, aid: str) -> list[User]:
    """Return the users who are logged in to an account, in an order that every state has."""
    return [user for _, user in sorted(state.users.items()) if user.account == aid]


# -- logging in and out -----------------------------------------------------------------------


def check_logged_in(state: State, event: UserLoggedIn) -> None:
    """Only into an account that is there and not suspended, and for no other device of a user."""
    user = actor(state, event.uid)
    need_account(state, event.account)
    if len(user.sessions) > 1 and event.account != user.account:
        text = "Several devices are connected as you: connect anew to log in to another account"
        raise Refused(ERR_SASLALREADY, text=text)


def logged_in(step: Step, event: UserLoggedIn) -> None:
    """Tell those who share a channel (IRCv3 account-notify); what the user holds stays theirs."""
    forget_markers(step.state, event.uid)
    _log_in(step, step.state.users[event.uid], event.account, stays=event.stays)


def _log_in(step: Step, user: User, aid: str, *, stays: bool) -> None:
    user = replace(user, account=aid, stays=stays)
    step.state.put_user(user)
    _tell_account(step, user)
    _show_host(step, user)
    give_standing(step, step.state.users[user.uid])
    promote(step, user.uid)


def _show_host(step: Step, user: User) -> None:
    """Show a user with the host of their account, or where they come from without one."""
    account = step.state.accounts.get(user.account)
    address = user.address or user.host
    host = account.host if account is not None else ""
    if (host or address) != user.host:
        show(step, replace(user, address=address if host else ""), user.user, host or address)


def check_logged_out(state: State, event: UserLoggedOut) -> None:
    """Only who is logged in logs out."""
    if not actor(state, event.uid).account:
        raise Ignored


def logged_out(step: Step, event: UserLoggedOut) -> None:
    """Tell those who share a channel; a nick that is the account's own stays behind."""
    known = step.state.users[event.uid]
    account, user = step.state.accounts[known.account], replace(known, account="")
    step.state.put_user(user)
    _tell_account(step, user)
    _show_host(step, user)
    if account.role in ROLES:
        demote(step, user.uid)
    if step.state.nick_owner(user.nick) is not None:
        take_back_nick(step, user.nick)


def _tell_account(step: Step, user: User) -> None:
    account = step.state.accounts.get(user.account)
    line = step.line(user, "ACCOUNT", account.name if account else NO_ACCOUNT)
    step.effects.append(effects.LoggedIn(user, account))
    step.effects.append(effects.ToUser(user.uid, line, ACCOUNT_NOTIFY))
    tell_around(step, user, line, ACCOUNT_NOTIFY)
