"""Nicks that nobody may have: those of the services, and what looks like them."""

from __future__ import annotations

from functools import cache

from xchat.irc import names

SERVICE_NICKS = ("NickServ", "ChanServ")


def source_of(nick: str) -> str:
    """Return the source of what a service says."""
    return f"{nick}!{nick}@services"


NICKSERV, CHANSERV = map(source_of, SERVICE_NICKS)


def reserved_as(nick: str) -> str | None:
    """Return the service that a nick is, or looks like; raises BadName for what is no name."""
    looks = _looks()
    return next((looks[look] for look in sorted(names.skeletons(nick)) if look in looks), None)


@cache
def _looks() -> dict[str, str]:
    return {look: nick for nick in SERVICE_NICKS for look in names.skeletons(nick)}
