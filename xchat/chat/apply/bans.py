"""Whom the lists of a channel mean: bans, exceptions to them, and invitations by mask.

A mask is tried against `nick!user@host`, and for who is logged in against
`account!user@host` too: another nick is no way around a ban. Extended masks
(EXTBAN, without a prefix): `a:` matches an account (IRCv3 account-extban), `m:`
before any mask only silences, and as an exception only lets speak.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from xchat.chat.entities import Ban, Channel, Lifted, User
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.masks import compile_mask, complete
from xchat.irc.names import BadName, visible
from xchat.limits import LIFTED_BANS_MAX, LIFTED_SPARED_MAX

MUTE, ACCOUNT = "m:", "a:"
CAN_MUTE = "be"
"""The lists in which a mask may be one that only silences."""


def complete_entry(letter: str, mask: str) -> str:
    """Return a mask of the list `letter` in full; raises BadName for what is none."""
    if mask.startswith(MUTE) and letter in CAN_MUTE:
        return MUTE + _complete(mask.removeprefix(MUTE))
    return _complete(mask)


def _complete(mask: str) -> str:
    if mask.startswith(MUTE):
        raise BadName("A mute stands once, before the mask of a ban or of an exception")
    if not mask.startswith(ACCOUNT):
        return complete(mask)
    if mask == ACCOUNT or " " in mask or visible(mask) != mask:
        raise BadName("After a: stands the name of an account, with * and ? if you like")
    return mask


def is_banned(state: State, channel: Channel, user: User) -> bool:
    """Say whether a ban keeps a user out, and no exception lets them in."""
    if not any(map(_is_whole, channel.bans)):
        return False
    bans, exceptions = filter(_is_whole, channel.bans), filter(_is_whole, channel.exceptions)
    who = _names(state, user)
    return _match(bans, who) and not _match(exceptions, who)


def remember_lifted(state: State, before: Channel, after: Channel, seq: int) -> Channel:
    """Return a channel that knows which bans were lifted at a place in the log.

    Who was in it all the same has heard what was said; a ban that meant many of
    those was no ban of anybody.
    """
    kept = after.lifted
    for ban in before.bans:
        if ban.mask.startswith(MUTE) or any(ban.mask == other.mask for other in after.bans):
            continue
        members = (state.users[uid] for uid in state.members[names.fold(after.name)])
        spared = tuple(sorted(user.party for user in members if meant_by(state, (ban,), user)))
        if len(spared) <= LIFTED_SPARED_MAX:
            others = (lifted for lifted in kept if lifted.mask != ban.mask)
            kept = (*others, Lifted(ban.mask, seq, spared))[-LIFTED_BANS_MAX:]
    return after if kept == after.lifted else replace(after, lifted=kept)


def shut_until(state: State, channel: Channel, user: User) -> int:
    """Return the last place in the log where a ban that kept a user out was lifted, or 0."""
    who = _names(state, user)
    places = (
        lifted.seq
        for lifted in channel.lifted
        if _matches(lifted.mask, who) and user.party not in lifted.spared
    )
    return max(places, default=0)


def is_silenced(state: State, channel: Channel, user: User) -> bool:
    """Say whether a ban or a mute keeps a user from speaking."""
    if not channel.bans:
        return False
    who = _names(state, user)
    if _match(channel.bans, who) and not _match(channel.exceptions, who):
        return True
    return is_banned(state, channel, user)


def is_expected(state: State, channel: Channel, user: User) -> bool:
    """Say whether a user may enter in spite of +i, being on the list of invitations by mask."""
    return _match(channel.invexes, _names(state, user))


def meant_by(state: State, entries: Iterable[Ban], user: User) -> list[Ban]:
    """Return the entries of a list that mean a user."""
    who = _names(state, user)
    return [entry for entry in entries if _match((entry,), who)]


def _is_whole(entry: Ban) -> bool:
    return not entry.mask.startswith(MUTE)


class _Names(NamedTuple):
    """What a user is known by: the account, if any, and what masks are tried against."""

    account: str
    hostmasks: tuple[str, ...]


def _names(state: State, user: User) -> _Names:
    account = state.account_name(user.uid)
    if not account:
        return _Names("", (user.prefix,))
    return _Names(account, (user.prefix, f"{account}!{user.user}@{user.host}"))


def _match(entries: Iterable[Ban], who: _Names) -> bool:
    return any(_matches(entry.mask.removeprefix(MUTE), who) for entry in entries)


def _matches(mask: str, who: _Names) -> bool:
    if mask.startswith(ACCOUNT):
        return bool(who.account) and compile_mask(mask.removeprefix(ACCOUNT)).matches(who.account)
    return any(map(compile_mask(mask).matches, who.hostmasks))
