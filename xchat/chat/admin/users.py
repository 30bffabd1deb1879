"""Accounts by the administration's hand: user add, list, passwd, suspend, resume, remove, role."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat import naming, passwords
from xchat.chat.admin.acting import NO_ROLE, act, need_account, user_answer
from xchat.chat.admin.arguments import (
    Nothing,
    UserAdd,
    UserCert,
    UserHost,
    UserName,
    UserPassword,
    UserRole,
    UserSuspend,
)
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import CertRow, UserChanged, UserRemoved, UserRow, when
from xchat.chat.commands.accounts import check_password
from xchat.chat.devices import in_force, need_no_heirs
from xchat.chat.entities import Account
from xchat.chat.events import (
    AccountChanged,
    AccountRegistered,
    AccountRemoved,
    AccountSuspended,
    CredentialsChanged,
)
from xchat.chat.operators import ROLES
from xchat.chat.passwords import Credentials
from xchat.chat.refused import Failed
from xchat.chat.text import clean
from xchat.irc import names
from xchat.limits import CERTIFICATES_PER_ACCOUNT_MAX, HOST_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def add(hub: Hub, operation: Operation, asked: UserAdd) -> None:
    """Make an account; with a password, with a certificate, or with both."""
    _check_name(hub, asked.name)
    need_no_heirs(hub, asked.name)
    role_of(asked.role)
    if asked.cert:
        _need_unused(hub, asked.cert)
    if asked.password is None:
        _add(hub, operation, asked, None)
        return
    prepared = check_password(hub, asked.name, asked.password)
    job = partial(passwords.make, prepared, passwords.cost_of(hub.config.accounts))
    hub.work(operation, job, partial(_add, hub, operation, asked))


def _check_name(hub: Hub, name: str) -> None:
    try:
        naming.check_nick(hub.config, name)
    except names.BadName as bad:
        raise Failed("BAD_ACCOUNT_NAME", name, text=bad.why) from bad


def _add(hub: Hub, operation: Operation, asked: UserAdd, made: Credentials | None) -> None:
    if made is None and asked.cert is None:
        text = "An account logs in by a password, a certificate, or both: give one"
        raise Failed("NO_CREDENTIALS", asked.name, text=text)
    event = AccountRegistered(
        name=asked.name,
        password=made.password if made else None,
        scram=made.scram if made else None,
        certificates=(asked.cert,) if asked.cert else (),
        role=role_of(asked.role),
    )
    answer = partial(UserChanged, name=asked.name, role=asked.role)
    act(hub, operation, f"{asked.name}, role {asked.role}", event, answer)


def ensure(hub: Hub, operation: Operation, asked: UserName) -> None:
    """Make an account without a password, for its devices to log in to; one there is, stays."""
    account = hub.state.account_named(asked.name)
    if account is not None:
        operation.answer = user_answer(account)
        return
    _check_name(hub, asked.name)
    event = AccountRegistered(name=asked.name, password=None, scram=None)
    answer = partial(UserChanged, name=asked.name, role=NO_ROLE)
    act(hub, operation, f"{asked.name}, for its devices", event, answer)


def list_(hub: Hub, operation: Operation, _asked: Nothing) -> None:
    """List all accounts by their names."""
    operation.rows = _rows(hub)


def _rows(hub: Hub) -> Iterator[UserRow]:
    attached: Counter[str] = Counter()
    for user in hub.state.users.values():
        attached[user.account] += len(user.sessions)
    known = hub.state.accounts
    for aid in sorted(known, key=lambda aid: known[aid].name.casefold()):
        account = known.get(aid)
        if account is not None:
            yield _row(account, attached[aid])


def _row(account: Account, sessions: int) -> UserRow:
    return UserRow(
        name=account.name,
        role=account.role or NO_ROLE,
        has_password=account.password is not None,
        certificates=len(account.certificates),
        sessions=sessions,
        suspended=account.suspended,
        created=when(account.created),
    )


def passwd(hub: Hub, operation: Operation, asked: UserPassword) -> None:
    """Give an account another password."""
    account = need_account(hub, asked.name)
    prepared = check_password(hub, account.name, asked.password)
    job = partial(passwords.make, prepared, passwords.cost_of(hub.config.accounts))
    hub.work(operation, job, partial(_passwd, hub, operation, account))


def _passwd(hub: Hub, operation: Operation, account: Account, made: Credentials) -> None:
    event = CredentialsChanged(aid=account.aid, password=made.password, scram=made.scram)
    act(hub, operation, account.name, event, user_answer(account))


def suspend(hub: Hub, operation: Operation, asked: UserSuspend) -> None:
    """Let an account log in no more, and part with who is logged in to it."""
    account = need_account(hub, asked.name)
    reason = clean(asked.reason, hub.limits.kick_bytes_max) or "no reason given"
    event = AccountSuspended(aid=account.aid, reason=reason)
    act(hub, operation, f"{account.name}: {reason}", event, user_answer(account))


def resume(hub: Hub, operation: Operation, asked: UserName) -> None:
    """Let an account log in again."""
    account = need_account(hub, asked.name)
    if account.suspended is None:
        raise Failed("NOT_SUSPENDED", account.name, text=f"{account.name} is not suspended")
    event = AccountSuspended(aid=account.aid, reason=None)
    act(hub, operation, account.name, event, user_answer(account))


def remove(hub: Hub, operation: Operation, asked: UserName) -> None:
    """Remove an account for ever, and tell of certificates that outlive it.

    A device of it would log in to another account of that name.
    """
    account = need_account(hub, asked.name)
    devices = in_force(hub.devices.values(), account.name, hub.now_ms)
    shown = account.role or NO_ROLE
    answer = partial(UserRemoved, name=account.name, role=shown, devices_in_force=devices)
    act(hub, operation, account.name, AccountRemoved(aid=account.aid), answer)


def role(hub: Hub, operation: Operation, asked: UserRole) -> None:
    """Say what an account may do; who is logged in to it may from now on."""
    account, wanted = need_account(hub, asked.name), role_of(asked.role)
    event = AccountChanged(aid=account.aid, role=wanted)
    act(hub, operation, f"{account.name}: {asked.role}", event, user_answer(account, wanted))


NO_HOST = "none"
_HOST = re.compile(rf"[A-Za-z0-9][A-Za-z0-9./:-]{{0,{HOST_BYTES_MAX - 1}}}")


def host(hub: Hub, operation: Operation, asked: UserHost) -> None:
    """Show an account with a host in place of the addresses it comes from (IRCv3 chghost)."""
    account = need_account(hub, asked.name)
    if not _HOST.fullmatch(asked.host):
        text = f"A host is of letters, digits and . - : /, {HOST_BYTES_MAX} at most"
        raise Failed("INVALID_HOST", asked.host, text=text)
    wanted = "" if asked.host == NO_HOST else asked.host
    event = AccountChanged(aid=account.aid, host=wanted)
    act(hub, operation, f"{account.name}: {asked.host}", event, user_answer(account))


def role_of(text: str) -> str:
    """Return a role as an account has it; raises Failed for what is none."""
    if text != NO_ROLE and text not in ROLES:
        known = ", ".join((*ROLES, NO_ROLE))
        raise Failed("UNKNOWN_ROLE", text, text=f"There is no role {text}: it is one of {known}")
    return "" if text == NO_ROLE else text


# -- certificates -----------------------------------------------------------------------------


def cert_add(hub: Hub, operation: Operation, asked: UserCert) -> None:
    """Let a certificate log in to an account."""
    account = need_account(hub, asked.name)
    _need_unused(hub, asked.cert)
    if len(account.certificates) >= CERTIFICATES_PER_ACCOUNT_MAX:
        text = f"An account has {CERTIFICATES_PER_ACCOUNT_MAX} certificates at most"
        raise Failed("TOO_MANY_CERTIFICATES", account.name, text=text)
    _change_certs(hub, operation, account, (*account.certificates, asked.cert), asked.cert)


def cert_del(hub: Hub, operation: Operation, asked: UserCert) -> None:
    """Let a certificate log in no more."""
    account = need_account(hub, asked.name)
    if asked.cert not in account.certificates:
        text = f"{account.name} has no such certificate"
        raise Failed("CERTIFICATE_UNKNOWN", account.name, text=text)
    rest = tuple(one for one in account.certificates if one != asked.cert)
    _change_certs(hub, operation, account, rest, asked.cert)


def cert_list(hub: Hub, operation: Operation, asked: UserName) -> None:
    """List the certificates that log in to an account."""
    account = need_account(hub, asked.name)
    operation.rows = (CertRow(cert=cert) for cert in account.certificates)


def _change_certs(
    hub: Hub, operation: Operation, account: Account, certs: tuple[str, ...], cert: str
) -> None:
    event = AccountChanged(aid=account.aid, certificates=certs)
    act(hub, operation, f"{account.name}: {cert}", event, user_answer(account))


def _need_unused(hub: Hub, cert: str) -> None:
    for other in hub.state.accounts.values():
        if cert in other.certificates:
            text = f"This certificate logs in to {other.name} already"
            raise Failed("CERTIFICATE_TAKEN", other.name, text=text)
