"""Invites by the administration's hand: invite add, list, withdraw."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat import naming
from xchat.chat.admin.acting import act
from xchat.chat.admin.arguments import InviteAdd, InviteName, Nothing
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import InviteRow, InvitesWithdrawn, NewInvite, when
from xchat.chat.apply import check
from xchat.chat.devices import need_no_heirs
from xchat.chat.events import InviteMade, InviteWithdrawn
from xchat.chat.invites import Invite
from xchat.chat.refused import Failed
from xchat.chat.tokens import Token, make_token
from xchat.irc import names

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def add(hub: Hub, operation: Operation, asked: InviteAdd) -> None:
    """Make an invite; its link is told once, and what is kept of it is no way back to it."""
    limits = hub.limits
    try:
        naming.check_nick(hub.config, asked.name)
    except names.BadName as bad:
        raise Failed("BAD_ACCOUNT_NAME", asked.name, text=bad.why) from bad
    _need_within("An invite is used", asked.uses, limits.invite_uses_max, "times", "uses")
    _need_within("An invite holds", asked.seconds, limits.invite_seconds_max, "seconds", "seconds")
    token = make_token()
    event = InviteMade(
        sha256=token.sha256,
        name=asked.name,
        by=operation.who,
        until=hub.now_ms + asked.seconds * 1000,
        uses=asked.uses,
        invites_max=limits.invites_max,
    )
    check(hub.state, event)
    need_no_heirs(hub, asked.name)
    if hub.config.tls.client_certificates == "none":
        text = "No device is asked for its certificate here (tls.client_certificates)"
        raise Failed("NO_DEVICES", asked.name, text=text)
    if hub.link is None:
        raise Failed("NO_ISSUER", text="This server signs no certificates, so nobody can be let in")
    job = partial(hub.link, token, asked.host)
    hub.work(operation, job, partial(_linked, hub, operation, event, token))


def _need_within(what: str, value: int, most: float, unit: str, limit: str) -> None:
    if value > most:
        text = f"{what} {most:,.0f} {unit} at most (limits.invite_{limit}_max)"
        raise Failed("INVALID_ARGUMENTS", text=text)


def _linked(
    hub: Hub, operation: Operation, event: InviteMade, token: Token, link: str | Failed
) -> None:
    """Go on where there is a link to tell: without one nothing is made."""
    if isinstance(link, Failed):
        raise link
    expires = when(event.until)
    answer = NewInvite(
        account=event.name,
        invite=token.sha256[:8],
        uses=event.uses,
        expires=expires,
        link=link,
        token=token.text,
    )
    what = f"{event.name}: {answer.invite}, uses {event.uses}, until {expires}"
    act(hub, operation, what, event, lambda: answer)


def list_(hub: Hub, operation: Operation, _asked: Nothing) -> None:
    """List the invites that are not over, the oldest first."""
    operation.rows = _rows(hub)


def _rows(hub: Hub) -> Iterator[InviteRow]:
    for invite in sorted(hub.state.invites.values(), key=lambda each: (each.ts, each.sha256)):
        if invite.until > hub.now_ms:
            yield _row(invite)


def _row(invite: Invite) -> InviteRow:
    return InviteRow(
        account=invite.account,
        invite=invite.shown,
        left=invite.left,
        expires=when(invite.until),
        devices=[use.device for use in invite.redeemed if use.key],
        by=invite.by,
        made=when(invite.ts),
    )


def withdraw(hub: Hub, operation: Operation, asked: InviteName) -> None:
    """Let nobody in by the invites to an account any more, or by one of them."""
    found = [invite for invite in hub.state.invites.values() if _is_meant(invite, asked)]
    if not found:
        of_it = f" {asked.invite}" if asked.invite else ""
        text = f"There is no invite{of_it} to {asked.name}"
        raise Failed("INVITE_UNKNOWN", asked.name, text=text)
    answer = partial(InvitesWithdrawn, account=found[0].account, invites=len(found))
    for invite in found:
        event = InviteWithdrawn(sha256=invite.sha256)
        act(hub, operation, f"{invite.account}: {invite.shown}", event, answer)


def _is_meant(invite: Invite, asked: InviteName) -> bool:
    try:
        is_its = names.fold(invite.account) == names.fold(asked.name)
    except names.BadName:
        return False
    return is_its and asked.invite in (None, invite.shown)
