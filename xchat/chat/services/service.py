"""What every service does: find the verb, hold it to its row, and answer in notices.

Nothing that is written to a service is kept, passed on, or told to other devices:
there are passwords in it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat.entities import Account
from xchat.chat.events import AccountChanged, CredentialsChanged
from xchat.chat.lines import Line
from xchat.chat.refused import Failed
from xchat.chat.reserved import source_of
from xchat.chat.session import Request
from xchat.chat.text import cut
from xchat.limits import PARAM_ECHO_BYTES

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

Handler = Callable[["Hub", Request, list[str]], None]


class Misused(Exception):  # noqa: N818 - a kind of refusal
    """A verb that was typed wrongly: who wrote it is told what to type."""


class Verb(NamedTuple):
    """One verb: how it is typed, what it does in a line, who handles it, and what it needs."""

    name: str
    usage: str
    about: str
    handler: Handler
    words_min: int = 0
    words_max: int = 0
    needs_account: bool = True
    aliases: tuple[str, ...] = ()
    more: str = ""
    """What HELP of this verb alone tells beside."""

    @property
    def typed(self) -> str:
        """What is typed to the service."""
        return f"{self.name} {self.usage}".strip()


class Service:
    """A service: its nick, what it is for, and its verbs by name and by alias."""

    def __init__(self, nick: str, about: str, verbs: tuple[Verb, ...]) -> None:
        self.nick = nick
        self.about = about
        self.verbs = verbs
        self.source = source_of(nick)
        self._named = {name: verb for verb in verbs for name in (verb.name, *verb.aliases)}

    def serve(self, hub: Hub, request: Request, text: str) -> None:
        """Do what somebody wrote, as far as the verb's row allows it."""
        request.voice = self.source
        name, *words = text.split() or ["HELP"]
        if name.upper() == "HELP":
            self._help(hub, request, words)
            return
        verb = self._need_verb(name)
        if verb.needs_account:
            own_account(hub, request)
        if not verb.words_min <= len(words) <= verb.words_max:
            raise self._wrong(verb)
        try:
            verb.handler(hub, request, words)
        except Misused as misused:
            raise self._wrong(verb) from misused

    def _wrong(self, verb: Verb) -> Failed:
        return Failed("INVALID_PARAMS", text=f"Type: /msg {self.nick} {verb.typed}")

    def _need_verb(self, name: str) -> Verb:
        verb = self._named.get(name.upper())
        if verb is None:
            shown = cut(name.upper(), PARAM_ECHO_BYTES)
            text = f"There is no {shown}. Type: /msg {self.nick} HELP"
            raise Failed("UNKNOWN_COMMAND", text=text)
        return verb

    def _help(self, hub: Hub, request: Request, words: list[str]) -> None:
        if words:
            verb = self._need_verb(words[0])
            also = f" (also {', '.join(verb.aliases)})" if verb.aliases else ""
            more = (verb.more,) if verb.more else ()
            say(hub, request, f"/msg {self.nick} {verb.typed}", f"{verb.about}{also}", *more)
            return
        say(hub, request, self.about, *(f"{verb.name:10} {verb.about}" for verb in self.verbs))


def say(hub: Hub, request: Request, *lines: str) -> None:
    """Answer in notices of the service that was asked."""
    nick = hub.nick_of(request.session)
    for line in lines:
        request.put(Line(request.voice, "NOTICE", (nick, line), hub.now_ms))


def change(
    hub: Hub, request: Request, event: AccountChanged | CredentialsChanged, done: str
) -> None:
    """Append what changes an account, and say so once it is kept."""
    hub.append(request, event, partial(say, hub, request, done))


def own_account(hub: Hub, request: Request) -> Account:
    """Return the account of who asks; raises Failed for who is logged in to none."""
    account = hub.state.account_of(request.session.uid)
    if account is None:
        text = "Log in first: /msg NickServ IDENTIFY <account> <password>"
        raise Failed("ACCOUNT_REQUIRED", text=text)
    return account


def need_account(hub: Hub, name: str) -> Account:
    """Return an account by its name; raises Failed where there is none."""
    account = hub.state.account_named(name)
    if account is None:
        shown = cut(name, PARAM_ECHO_BYTES)
        raise Failed("ACCOUNT_UNKNOWN", text=f"There is no account {shown}")
    return account
