"""Capability negotiation (IRCv3 `capability-negotiation`, version 302).

`Capabilities.handle` takes the parameters of a CAP line and returns what to send: the
parameters of CAP, a tuple a line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from xchat.limits.client import OFFERED_MAX

WANTED = (
    "message-tags",
    "server-time",
    "echo-message",
    "batch",
    "labeled-response",
    "multi-prefix",
    "cap-notify",
    "setname",
    "away-notify",
    "extended-join",
    "invite-notify",
    "userhost-in-names",
    "chghost",
    "standard-replies",
    "draft/chathistory",
)

Answer = list[tuple[str, ...]]


class Capabilities:
    """What the server offers and what is switched on, on one connection.

    With `login` sasl is asked for too, and the negotiation goes on until `release`.
    """

    def __init__(self, *, login: bool = False) -> None:
        self.is_holding = login
        """Whether the negotiation must not end yet: we are not logged in."""
        self._wanted = (*WANTED, "sasl") if login else WANTED
        self._is_listed = False
        self.offered: dict[str, str] = {}
        self.enabled: set[str] = set()
        self._asked: list[tuple[str, ...]] = []
        self._negotiating = True

    def __contains__(self, name: str) -> bool:
        return name in self.enabled

    @property
    def is_settled(self) -> bool:
        """Whether the server has listed all it has, and answered all we asked for."""
        return self._is_listed and not self._asked

    def release(self) -> Answer:
        """Let the negotiation end; return what to send."""
        self.is_holding = False
        return self._end()

    @property
    def labels(self) -> bool:
        """Whether answers carry the label of the line they answer."""
        return {"labeled-response", "batch", "message-tags"} <= self.enabled

    @property
    def history(self) -> bool:
        """Whether gaps can be filled."""
        return {"draft/chathistory", "batch", "message-tags"} <= self.enabled

    def finish(self) -> None:
        """Take note that the server let us in, with or without CAP END."""
        self._negotiating = False

    def handle(self, params: Sequence[str]) -> Answer:
        """Take `params` of CAP, its target first; return what to send."""
        if len(params) < 2:
            return []
        row = self._SUBCOMMANDS.get(params[1].upper())
        return row(self, params[2:]) if row else []

    def _ls(self, params: Sequence[str]) -> Answer:
        self._offer(params)
        if len(params) > 1 and params[0] == "*":
            return []
        self._is_listed = True
        return self._ask(self._wanted)

    def _new(self, params: Sequence[str]) -> Answer:
        before = set(self.offered)
        self._offer(params)
        return self._ask([name for name in WANTED if name not in before])

    def _del(self, params: Sequence[str]) -> Answer:
        for name in _names(params):
            self.offered.pop(name, None)
            self.enabled.discard(name)
        return []

    def _ack(self, params: Sequence[str]) -> Answer:
        for name in _names(params):
            if name.startswith("-"):
                self.enabled.discard(name[1:])
            elif name in self._wanted:
                self.enabled.add(name)
        return self._answered()

    def _nak(self, _params: Sequence[str]) -> Answer:
        """Ask for each alone where the server refuses them together."""
        refused = self._asked[0] if self._asked else ()
        if len(refused) < 2:
            return self._answered()
        self._asked = [*self._asked[1:], *((name,) for name in refused)]
        return [("REQ", name) for name in refused]

    def _offer(self, params: Sequence[str]) -> None:
        for item in params[-1].split(" ") if params else ():
            name, _, value = item.partition("=")
            if name and len(self.offered) < OFFERED_MAX:
                self.offered[name] = value

    def _ask(self, names: Sequence[str]) -> Answer:
        ask = tuple(name for name in names if name in self.offered and name not in self.enabled)
        if ask:
            self._asked.append(ask)
            return [("REQ", " ".join(ask))]
        return self._end()

    def _answered(self) -> Answer:
        self._asked = self._asked[1:]
        return self._end()

    def _end(self) -> Answer:
        if self._negotiating and not self._asked and not self.is_holding:
            self._negotiating = False
            return [("END",)]
        return []

    _SUBCOMMANDS: ClassVar[dict[str, Callable[[Capabilities, Sequence[str]], Answer]]] = {
        "LS": _ls,
        "NEW": _new,
        "DEL": _del,
        "ACK": _ack,
        "NAK": _nak,
    }


def _names(params: Sequence[str]) -> list[str]:
    return params[-1].split() if params else []
