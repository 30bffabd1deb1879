"""What `xchat-certs init` is asked for, and what comes of it, as values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import msgspec

from xchat.errors import UsageError
from xchat.pki.detect import Found, find_names
from xchat.pki.facts import Facts
from xchat.pki.mint.names import LOCAL, Bounds, Name, shown

Did = Literal["made", "completed", "unchanged"]

ASKED, KEPT = "asked for with --name", "as before"
_WANTED = (ASKED, KEPT)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the command line asks for; `words` repeats it in a command to type."""

    names: tuple[Name, ...] = ()
    detects: bool = True
    constrains: bool = True
    passphrase: bytes | None = field(default=None, repr=False)
    words: tuple[str, ...] = ()

    @cached_property
    def found(self) -> tuple[Found, ...]:
        """Return the names asked for, then those this machine has, if they are wanted."""
        asked = (Found(name, ASKED) for name in self.names)
        return (*asked, *(find_names() if self.detects else ()))

    def bounds(self, found: Iterable[Found]) -> Bounds | None:
        """Return what a new CA may sign for: local names, this host's, those asked for or kept."""
        if not self.constrains:
            return None
        hosts = (each.name for each in found if isinstance(each.name, str) or each.why in _WANTED)
        return LOCAL.widened(hosts)


@dataclass(frozen=True)
class Choice:
    """The names a certificate is to carry, and those its CA may not give it."""

    taken: tuple[Found, ...]
    left: tuple[Found, ...]

    @property
    def names(self) -> tuple[Name, ...]:
        """Return the names taken."""
        return tuple(each.name for each in self.taken)


def words_for(names: Iterable[Name], found: Iterable[Found]) -> Iterator[str]:
    """Yield `--name` for each of a certificate's names that would not be found by itself."""
    by_itself = {each.name for each in found}
    for name in names:
        if name not in by_itself:
            yield from ("--name", shown(name))


def choose(found: Iterable[Found], bounds: Bounds | None) -> Choice:
    """Sort names into those within the bounds and those without; raise UsageError for none."""
    once = {each.name: each for each in reversed(list(found))}
    each_once = list(reversed(once.values()))
    taken = tuple(each for each in each_once if bounds is None or bounds.allow(each.name))
    if not taken:
        raise no_name()
    return Choice(taken, tuple(each for each in each_once if each not in taken))


def no_name() -> UsageError:
    """Return the error for a certificate that would be for nobody."""
    return UsageError(
        "a certificate needs a name, and --no-detect leaves none",
        mend="Say how the server is reached: --name chat.lan",
    )


class Named(msgspec.Struct, frozen=True):
    """A name on a certificate, or one left out, and why; `mend` is the command that adds it."""

    name: str
    why: str
    mend: str | None = None


class Note(msgspec.Struct, frozen=True):
    """Something worth knowing that is no fault; `mend` is the command to type, if there is one."""

    text: str
    mend: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What `init` did, and what is there now; `backup` is where what was replaced lies."""

    did: Did
    folder: str
    certificates: tuple[Facts, ...]
    names: tuple[Named, ...] = ()
    left_out: tuple[Named, ...] = ()
    notes: tuple[Note, ...] = ()
    backup: str | None = None
    next: str


def named(found: Iterable[Found]) -> tuple[Named, ...]:
    """Return names and reasons for a person to read."""
    return tuple(Named(str(each.name), each.why) for each in found)
