"""Events to changed state, rows and effects: the one place where anything changes.

Goal: every server that applies the same log, at any time, ends in the same
state and says the same things. So nothing here reads a clock, draws a number,
asks for the server's own name, or walks a set. An event is a claim: its `check`
runs when a handler appends it (refuse at once what can be refused) and again
here, at its place in the log, where others may have come first. A check raises
before anything has changed; a change never fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from xchat.chat import effects, events
from xchat.chat.apply import (
    accounts,
    addressing,
    administration,
    arrival,
    channel_modes,
    channels,
    departure,
    entering,
    expiry,
    hosts,
    invites,
    leaving,
    markers,
    messages,
    metadata,
    nicks,
    operators,
    redaction,
    registration,
    renaming,
    users,
)
from xchat.chat.apply.playback import happened
from xchat.chat.apply.step import Step
from xchat.chat.log import Entry
from xchat.chat.refused import Failed, Ignored, Refused
from xchat.chat.state import State
from xchat.irc.names import BadName

__all__ = ["RULES", "Rule", "Step", "apply", "check"]


class Rule(NamedTuple):
    """What is done with one kind of event."""

    check: Callable[[State, Any], None]
    change: Callable[[Step, Any], None]


def _always(_state: State, _event: events.Event) -> None:
    """Nothing can stand against this event."""


def _check_inner(state: State, event: events.Administered) -> None:
    if event.event is not None:
        RULES[type(event.event)].check(state, event.event)


def _administered(step: Step, event: events.Administered) -> None:
    """Do what is done in somebody's name, and record it."""
    if event.event is not None:
        RULES[type(event.event)].change(step, event.event)
    administration.record(step, event.who, event.act, event.what, event.via)


RULES: dict[type[events.Event], Rule] = {
    events.NodeStarted: Rule(_always, departure.node_started),
    events.UserRegistered: Rule(arrival.check_registered, arrival.registered),
    events.SessionDetached: Rule(departure.check_attached, departure.session_detached),
    events.UserQuit: Rule(users.check_known, departure.quit_),
    events.NickChanged: Rule(nicks.check_nick_changed, nicks.nick_changed),
    events.RealnameChanged: Rule(users.check_known, users.realname_changed),
    events.UserModesChanged: Rule(users.check_known, users.user_modes_changed),
    events.AwayChanged: Rule(users.check_known, users.away_changed),
    events.AccountRegistered: Rule(accounts.check_account_registered, accounts.account_registered),
    events.CredentialsChanged: Rule(accounts.check_account, accounts.credentials_changed),
    events.AccountChanged: Rule(accounts.check_account, accounts.account_changed),
    events.AccountSuspended: Rule(accounts.check_exists, accounts.account_suspended),
    events.AccountRemoved: Rule(accounts.check_exists, accounts.account_removed),
    events.InviteMade: Rule(invites.check_made, invites.made),
    events.InviteRedeemed: Rule(invites.check_redeemed, invites.redeemed),
    events.InviteWithdrawn: Rule(invites.check_withdrawn, invites.withdrawn),
    events.UserLoggedIn: Rule(accounts.check_logged_in, accounts.logged_in),
    events.UserLoggedOut: Rule(accounts.check_logged_out, accounts.logged_out),
    events.UserAccepted: Rule(addressing.check_accepted, addressing.accepted),
    events.OperatorGranted: Rule(operators.check_here, operators.granted),
    events.HostChanged: Rule(hosts.check_host, hosts.host_changed),
    events.UserKilled: Rule(operators.check_killed, operators.killed),
    events.MetadataSet: Rule(metadata.check_set, metadata.metadata_set),
    events.MetadataCleared: Rule(metadata.check_cleared, metadata.metadata_cleared),
    events.WallopsSent: Rule(operators.check_wallops, operators.wallops_sent),
    events.BanAdded: Rule(administration.check_ban_added, administration.ban_added),
    events.BanRemoved: Rule(administration.check_ban_removed, administration.ban_removed),
    events.Broadcast: Rule(_always, administration.broadcast),
    events.SessionsEnded: Rule(_always, administration.sessions_ended),
    events.Administered: Rule(_check_inner, _administered),
    events.ChannelJoined: Rule(entering.check_joined, entering.joined),
    events.ChannelParted: Rule(leaving.check_parted, leaving.parted),
    events.UserKicked: Rule(leaving.check_kicked, leaving.kicked),
    events.TopicChanged: Rule(channels.check_topic, channels.topic_changed),
    events.UserInvited: Rule(channels.check_invited, channels.invited),
    events.ModesChanged: Rule(channel_modes.check_modes, channel_modes.modes_changed),
    events.BansEnded: Rule(expiry.check_ended, expiry.ended),
    events.ChannelRenamed: Rule(renaming.check_renamed, renaming.renamed),
    events.ChannelRegistered: Rule(registration.check_registered, registration.registered),
    events.ChannelTransferred: Rule(registration.check_transferred, registration.transferred),
    events.ChannelDropped: Rule(registration.check_dropped, registration.dropped),
    events.AccessChanged: Rule(registration.check_access, registration.access_changed),
    events.RetentionSet: Rule(registration.check_retention, registration.retention_set),
    events.StandingClaimed: Rule(registration.check_claimed, registration.claimed),
    events.MessageSent: Rule(messages.check_message, messages.message_sent),
    events.MarkedRead: Rule(markers.check_marked, markers.marked_read),
    events.MessageRedacted: Rule(redaction.check_redacted, redaction.redacted),
    events.TypingNotified: Rule(messages.check_message, messages.typing_notified),
}


def check(state: State, event: events.Event) -> None:
    """Raise Refused or Ignored for what would come to nothing as things stand now."""
    try:
        RULES[type(event)].check(state, event)
    except BadName as bad:  # a name to another version of us, and to this one none
        raise Ignored from bad


def apply(state: State, entry: Entry, log_id: str) -> Step:
    """Apply one entry; the step returned holds its effects and history rows.

    A claim that no longer holds changes nothing; its one effect is the answer.
    """
    step = Step(state, entry.seq, entry.ts, log_id)
    try:
        check(state, entry.event)
    except Refused as refused:
        answer = effects.Answer(refused.numeric, refused.params, refused.text)
        step.effects.append(answer)
        step.fault = refused
        return step
    except Failed as failed:
        step.fault = failed
        step.effects.append(effects.Fail(failed.code, failed.context, failed.text))
        return step
    except Ignored as ignored:
        step.fault = ignored
        return step
    act = administration.act_of(state, entry.event)
    RULES[type(entry.event)].change(step, entry.event)
    if act is not None:
        administration.record(step, *act, administration.CHAT)
    step.history += happened(step)
    return step
