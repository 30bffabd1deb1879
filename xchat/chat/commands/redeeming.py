"""An invite redeemed in the chat: by who comes with a program that cannot enrol, and a password."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from xchat.chat.apply import check
from xchat.chat.commands import accounts
from xchat.chat.commands.accounts import account_of, check_password, hash_beside
from xchat.chat.events import InviteRedeemed
from xchat.chat.passwords import Credentials
from xchat.chat.refused import Failed
from xchat.chat.session import Request
from xchat.chat.tokens import Token, parse_token
from xchat.irc import names

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_MISTYPED = "This is no token of an invite: it is cut or mistyped"


def register(hub: Hub, request: Request) -> None:
    """REGISTER; where accounts are made by invite, its token stands for the e-mail address."""
    word, password = request.params[1:3]
    token = parse_token(word) if accounts.policy_of(hub) == "invite" else None
    if token is None:
        accounts.register(hub, request)
        return
    name = accounts.wanted_name(hub, request)
    invite = hub.state.invites.get(token.sha256)
    if invite is not None and not _is_same(invite.account, name):
        text = f"The invite is to {invite.account}: register that name"
        raise Failed("BAD_ACCOUNT_NAME", name, text=text)
    redeem(hub, request, token, password)


def _is_same(one: str, other: str) -> bool:
    try:
        return names.fold(one) == names.fold(other)
    except names.BadName:
        return False


def token_in(word: str) -> Token:
    """Return the token of a word, which may be the whole link; raises Failed."""
    token = parse_token(re.split("[/=]", word)[-1])
    if token is None:
        raise Failed("INVITE_UNKNOWN", text=_MISTYPED)
    return token


def redeem(hub: Hub, request: Request, token: Token, password: str) -> None:
    """Make the account that an invite names, with a password, and log its owner in.

    It is the same single use that a device would have. Raises Failed.
    """
    session = request.session
    account = account_of(hub, request)
    if account is not None:
        text = f"You are logged in as {account.name} already"
        raise Failed("ALREADY_AUTHENTICATED", account.name, text=text)
    claim = InviteRedeemed(
        sha256=token.sha256, at=hub.now_ms, uid=session.uid, stays=hub.config.are_present
    )
    _begin(hub, request, claim)
    name = hub.state.invites[token.sha256].account
    prepared = check_password(hub, name, password)
    hash_beside(hub, request, prepared, partial(_append, hub, request, claim))


def _begin(hub: Hub, request: Request, claim: InviteRedeemed) -> None:
    """Refuse what would come to nothing; a token that lets nobody in is paid for."""
    session = request.session
    why = hub.attempts.begin_redeem(session.address, hub.now, exempt=session.exempt)
    if why is not None:
        raise Failed("TEMPORARILY_UNAVAILABLE", text=why)
    check(hub.state, claim)
    hub.attempts.redeemed(session.address, exempt=session.exempt)


def _append(hub: Hub, request: Request, claim: InviteRedeemed, made: Credentials) -> None:
    hub.append(request, replace(claim, password=made.password, scram=made.scram))
