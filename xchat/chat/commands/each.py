"""Targets of commands: found, or refused; each of several for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from xchat.chat.entities import User
from xchat.chat.refused import Failed, Ignored, Refused
from xchat.chat.session import Request
from xchat.irc.numerics import ERR_NEEDMOREPARAMS, ERR_NOSUCHNICK

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_T = TypeVar("_T")


def split(targets: str) -> list[str]:
    """Return the targets of `a,b,c`, each once, in order, empty ones left out."""
    return list(dict.fromkeys(target for target in targets.split(",") if target))


def need_targets(request: Request, index: int = 0) -> list[str]:
    """Return the targets that a parameter names; refuse one that names none."""
    targets = split(request.params[index])
    if not targets:
        raise Refused(ERR_NEEDMOREPARAMS, request.message.command)
    return targets


def each(hub: Hub, request: Request, targets: Iterable[_T], handle: Callable[[_T], None]) -> None:
    """Handle one target after the other; a refusal of one does not stop the rest."""
    for _ in steps(hub, request, targets, handle):
        pass


def one_by_one(
    hub: Hub, request: Request, targets: Sequence[_T], handle: Callable[[_T], None]
) -> Iterator[None] | None:
    """Handle the only target at once, or several as a stream.

    Each then sees what the one before it has changed, and a long list costs a
    turn no more than its pieces.
    """
    if len(targets) > 1:
        return steps(hub, request, targets, handle)
    each(hub, request, targets, handle)
    return None


def steps(
    hub: Hub, request: Request, targets: Iterable[_T], handle: Callable[[_T], None]
) -> Iterator[None]:
    """Handle a target a step, and answer what is refused."""
    for target in targets:
        try:
            handle(target)
        except (Refused, Failed) as refusal:
            hub.refuse(request, refusal)
        except Ignored:
            pass
        yield


def need_user(hub: Hub, nick: str) -> User:
    """Return the user who holds a nick; refuse one that nobody holds."""
    user = hub.state.user_by_nick(nick)
    if user is None:
        raise Refused(ERR_NOSUCHNICK, nick)
    return user
