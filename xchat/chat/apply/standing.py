"""What an account is in a registered channel, there or not: its founder, or by the access list."""

from __future__ import annotations

from xchat.chat import effects
from xchat.chat.apply.step import Step
from xchat.chat.entities import Channel
from xchat.chat.modes import FOUNDER, INVITES, ROLE_OF, ROLES, Rank, rank_of
from xchat.chat.reserved import CHANSERV


def role_bits(channel: Channel, aid: str) -> int:
    """Return the roles that an account has whenever it enters a channel."""
    if not aid or not channel.founder:
        return 0
    if aid == channel.founder:
        return FOUNDER
    letters = (entry.letter for entry in channel.access if entry.aid == aid)
    return sum(ROLE_OF[letter].bit for letter in letters if letter in ROLE_OF)


def standing(channel: Channel, aid: str) -> Rank:
    """Return how high an account stands in a channel, whether or not anybody of it is there."""
    return rank_of(role_bits(channel, aid))


def comes_and_goes(channel: Channel, aid: str) -> bool:
    """Say whether no mode keeps an account out: who may invite others, needs no invitation."""
    return standing(channel, aid) >= INVITES


def put_roles(step: Step, folded: str, uid: str, roles: int) -> None:
    """Let a member have exactly these roles, and tell the channel what changed."""
    before = step.state.members[folded][uid]
    if roles == before:
        return
    step.state.put_member(folded, uid, roles)
    tell_roles(step, folded, uid, roles & ~before, before & ~roles)


def tell_roles(step: Step, folded: str, uid: str, given: int, taken: int = 0) -> None:
    """Tell a channel that the registration gave a member roles, or took them."""
    nick, name = step.state.users[uid].nick, step.state.channels[folded].name
    letters = _signed("+", given) + _signed("-", taken)
    count = given.bit_count() + taken.bit_count()
    line = step.line(CHANSERV, "MODE", name, letters, *[nick] * count)
    step.effects.append(effects.ToChannel(folded, line))


def _signed(sign: str, roles: int) -> str:
    letters = "".join(role.letter for role in ROLES if roles & role.bit)
    return f"{sign}{letters}" if letters else ""
