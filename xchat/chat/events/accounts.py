"""What happens to accounts, and who is logged in to them."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat.events.base import Event


class AccountRegistered(Event, frozen=True, tag="account-registered"):
    """A new account; its credentials read as None where they were erased.

    `uid` is who registered it, and is logged in to it; empty if that was nobody on the network.
    """

    name: str
    password: str | None = None
    scram: str | None = None
    certificates: tuple[str, ...] = ()
    role: str = ""
    always_present: bool | None = None
    stays: bool = False
    """Of `uid`, where that is who made it and is logged in by it."""
    uid: str = ""
    email: str = ""

    def blank(self) -> Event:
        """Return the event without its credentials, and how its owner is reached."""
        return replace(self, password=None, scram=None, email="")


class CredentialsChanged(Event, frozen=True, tag="credentials-changed"):
    """An account (`aid`) has another password."""

    aid: str
    password: str | None = None
    scram: str | None = None

    def blank(self) -> Event:
        """Return the event without its credentials."""
        return replace(self, password=None, scram=None)


class AccountChanged(Event, frozen=True, tag="account-changed"):
    """What is set of an account other than its password; None leaves as it is."""

    aid: str
    certificates: tuple[str, ...] | None = None
    nicks: tuple[str, ...] | None = None
    role: str | None = None
    host: str | None = None
    always_present: bool | None = None
    multiclient: bool | None = None


class AccountSuspended(Event, frozen=True, tag="account-suspended"):
    """An account may not log in any more (`reason`), or again (None); who is there, goes."""

    aid: str
    reason: str | None


class AccountRemoved(Event, frozen=True, tag="account-removed"):
    """An account is no more, nor what was its own."""

    aid: str


class UserLoggedIn(Event, frozen=True, tag="user-logged-in"):
    """A user who is here already is logged in to an account."""

    uid: str
    account: str
    stays: bool = False


class UserLoggedOut(Event, frozen=True, tag="user-logged-out"):
    """A user is logged in no longer."""

    uid: str
