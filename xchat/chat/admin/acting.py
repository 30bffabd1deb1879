"""How a verb acts and answers: an event in somebody's name, and a value once it is kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import Shape, UserChanged
from xchat.chat.entities import Account
from xchat.chat.events import Administered, Kept
from xchat.chat.refused import Failed

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

NO_ROLE = "none"


def act(
    hub: Hub, operation: Operation, what: str, event: Kept | None, answer: Callable[[], Shape]
) -> None:
    """Ask the log for an event in the name of who asks; `what` it is about, and the answer.

    Raises what `Hub.append` raises. `answer` is called when all is kept.
    """
    done = Administered(who=operation.who, act=operation.verb, what=what, event=event)
    hub.append(operation, done)
    operation.answer = answer


def need_account(hub: Hub, name: str) -> Account:
    """Return an account by its name; raises Failed where there is none."""
    account = hub.state.account_named(name)
    if account is None:
        text = f"There is no account {name}"
        raise Failed("ACCOUNT_UNKNOWN", name, text=text)
    return account


def user_answer(account: Account, role: str | None = None) -> Callable[[], Shape]:
    """Return what is answered of an account that changes; `role` if that does."""
    shown = (account.role if role is None else role) or NO_ROLE
    return partial(UserChanged, name=account.name, role=shown)
