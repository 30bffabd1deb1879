"""What becomes of invites: of two claims on one use, the first in the log wins.

A redemption counts before anything is signed for it. The same key again is no
second use: its line broke, or the server was killed, before it had its certificate.
"""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat.apply.accounts import account_registered, check_new_name, check_unowned
from xchat.chat.apply.administration import record
from xchat.chat.apply.step import Step
from xchat.chat.entities import Account
from xchat.chat.events import AccountRegistered, InviteMade, InviteRedeemed, InviteWithdrawn
from xchat.chat.invites import Invite, Redemption
from xchat.chat.refused import Failed
from xchat.chat.state import State

SPENT = "The invite was used already; if not by you, tell whoever made it. Ask for a new one"
ENROLMENT = "enrolment"
"""How a device redeems an invite, for the audit log; others do by a chat."""


def check_made(state: State, event: InviteMade) -> None:
    """Invite to an account that may log in, or to a name that is nobody's; within bounds."""
    account = state.account_named(event.name)
    if account is None:
        check_unowned(state, event.name)
    else:
        _check_active(account)
    if event.sha256 in state.invites:
        raise Failed("INVITE_EXISTS", event.name, text="There is an invite of this token already")
    if event.invites_max and len(state.invites) >= event.invites_max:
        text = (
            f"There are {event.invites_max} invites, as many as there may be, "
            "those that were used and are not over yet included (limits.invites_max)"
        )
        raise Failed("TOO_MANY_INVITES", event.name, text=text)


def made(step: Step, event: InviteMade) -> None:
    """Keep the invite; it is for the account of now, and not for another of that name."""
    account = step.state.account_named(event.name)
    invite = Invite(
        sha256=event.sha256,
        account=account.name if account else event.name,
        by=event.by,
        ts=step.ts,
        until=event.until,
        uses=event.uses,
        aid=account.aid if account else "",
    )
    step.state.put_invite(invite)


def check_redeemed(state: State, event: InviteRedeemed) -> None:
    """Let an invite be redeemed in time and as often as it may, into an account that may log in."""
    invite = _need_invite(state, event.sha256)
    if event.at >= invite.until:
        raise Failed("INVITE_EXPIRED", text="The invite has expired: ask for a new one")
    account = _need_its_account(state, invite)
    if invite.is_held_by(event.key):
        return
    if not invite.left:
        raise Failed("INVITE_SPENT", text=SPENT)
    if account is None:
        _check_name(state, invite, event.uid)
    elif not event.key:
        text = f"The account {account.name} is there already: log in to it"
        raise Failed("ACCOUNT_EXISTS", account.name, text=text)


def redeemed(step: Step, event: InviteRedeemed) -> None:
    """Count the use, and make the account if there is none; the same key again changes nothing."""
    invite = step.state.invites[event.sha256]
    if invite.is_held_by(event.key):
        return
    if not invite.aid:
        invite = replace(invite, aid=_make_account(step, invite, event))
    use = Redemption(event.key, event.device, step.ts)
    step.state.put_invite(replace(invite, redeemed=(*invite.redeemed, use)))
    what = f"{invite.shown}, made by {invite.by}"
    if event.key:
        what += f", for the device {event.device}"
    record(step, invite.account, "invite redeem", what, ENROLMENT if event.key else "chat")


def _make_account(step: Step, invite: Invite, event: InviteRedeemed) -> str:
    """Make the account that an invite names; return its aid."""
    made_so = AccountRegistered(
        name=invite.account,
        password=event.password,
        scram=event.scram,
        uid=event.uid,
        stays=event.stays,
    )
    account_registered(step, made_so)
    return f"{step.seq:x}"


def check_withdrawn(state: State, event: InviteWithdrawn) -> None:
    """Only an invite that there is ends, and by itself only one whose time is over."""
    invite = _need_invite(state, event.sha256)
    if event.until not in (None, invite.until):
        raise Failed("INVITE_UNKNOWN", text="There is no such invite")


def withdrawn(step: Step, event: InviteWithdrawn) -> None:
    """Forget the invite; who was let in by it, stays."""
    step.state.drop_invite(event.sha256)


def _need_invite(state: State, sha256: str) -> Invite:
    invite = state.invites.get(sha256)
    if invite is None:
        text = "There is no such invite: it is mistyped, expired or withdrawn; ask for a new one"
        raise Failed("INVITE_UNKNOWN", text=text)
    return invite


def _need_its_account(state: State, invite: Invite) -> Account | None:
    """Return the account that an invite is to, or None where it has yet to be made."""
    if not invite.aid:
        return None
    account = state.accounts.get(invite.aid)
    if account is None:
        raise Failed("ACCOUNT_UNKNOWN", text=f"The account {invite.account} is no more")
    _check_active(account)
    return account


def _check_active(account: Account) -> None:
    if account.suspended is not None:
        text = f"The account {account.name} is suspended: {account.suspended}"
        raise Failed("ACCOUNT_SUSPENDED", account.name, text=text)


def _check_name(state: State, invite: Invite, uid: str) -> None:
    """Refuse a name that has become somebody's since, or, for `uid`, is another's nick now."""
    if uid:
        check_new_name(state, invite.account, uid)
    else:
        check_unowned(state, invite.account)
