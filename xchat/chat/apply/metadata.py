"""What becomes of metadata: it is set, and cleared (IRCv3 metadata)."""

from __future__ import annotations

from collections.abc import Mapping

from xchat.chat import effects
from xchat.chat.apply.metadata_rules import Target, check_may_change, find, owner_of, shown
from xchat.chat.apply.sight import around
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import User
from xchat.chat.events import MetadataCleared, MetadataSet
from xchat.chat.refused import Failed, Ignored
from xchat.chat.state import State
from xchat.irc import names
from xchat.limits import METADATA_KEYS_MAX

ALL_KEYS = "*"


def _target(state: State, event: MetadataSet | MetadataCleared) -> Target:
    """Return whose it is: a channel by its name, a user by the uid."""
    if names.is_channel(event.target):
        return find(state, event.uid, event.target)
    user = state.users.get(event.target)
    if user is None:
        raise Ignored
    return user


def check_set(state: State, event: MetadataSet) -> None:
    """Only who may, of what is there, and so many keys and no more."""
    actor(state, event.uid)
    target = _target(state, event)
    known = state.metadata.get(owner_of(target), {})
    for key, value in event.values.items():
        check_may_change(state, event.uid, target, key)
        if value is None and key not in known:
            raise Failed("KEY_NOT_SET", shown(target), key, text="This key is not set")
    if len(_merged(known, event.values)) > max(METADATA_KEYS_MAX, len(known)):
        text = f"{METADATA_KEYS_MAX} keys are set, and no more can be"
        raise Failed("LIMIT_REACHED", shown(target), text=text)


def _merged(known: Mapping[str, str], values: Mapping[str, str | None]) -> dict[str, str]:
    merged = {**known, **values}
    return {key: value for key, value in merged.items() if value is not None}


def metadata_set(step: Step, event: MetadataSet) -> None:
    """Set or unset keys; what was so before is no news."""
    target = _target(step.state, event)
    known = step.state.metadata.get(owner_of(target), {})
    news = {key: value for key, value in event.values.items() if known.get(key) != value}
    step.state.put_metadata(owner_of(target), _merged(known, event.values))
    _tell(step, target, event.values, news)


def set_early(step: Step, user: User, values: Mapping[str, str]) -> None:
    """Set what a client has set before there was a user to have it, as far as there is room."""
    known = step.state.metadata.get(owner_of(user), {})
    merged = dict(known)
    for key, value in values.items():
        if key in merged or len(merged) < METADATA_KEYS_MAX:
            merged[key] = value
    news = {key: value for key, value in merged.items() if known.get(key) != value}
    if news:
        step.state.put_metadata(owner_of(user), merged)
        _tell(step, user, {}, news)


def check_cleared(state: State, event: MetadataCleared) -> None:
    """Only who may."""
    actor(state, event.uid)
    check_may_change(state, event.uid, _target(state, event), ALL_KEYS)


def metadata_cleared(step: Step, event: MetadataCleared) -> None:
    """Unset all keys."""
    target = _target(step.state, event)
    gone: dict[str, str | None] = dict.fromkeys(step.state.metadata.get(owner_of(target), {}))
    step.state.put_metadata(owner_of(target), {})
    _tell(step, target, gone, gone, batched=True)


def _tell(
    step: Step,
    target: Target,
    answers: Mapping[str, str | None],
    news: Mapping[str, str | None],
    *,
    batched: bool = False,
) -> None:
    also: tuple[str, ...] = ()
    if isinstance(target, User):
        (channels, also), uid = around(step.state, target.uid), target.uid
        watched = names.fold(target.nick)
    else:
        channels, uid, watched = (names.fold(target.name),), "", ""
    step.effects.append(
        effects.MetadataChanged(
            shown(target), channels, uid, watched, answers, news, batched=batched, also=also
        )
    )
