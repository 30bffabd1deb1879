"""What a trust store can do, which ones this machine has, and how their programs are run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from xchat.errors import XChatError
from xchat.irc.display import visible
from xchat.limits import TRUST_SECONDS_MAX
from xchat.pki.trust.roots import Known, Root

Kind = Literal["system", "browsers"]

_MORE_FOLDERS = (os.pathsep + "/usr/sbin" + os.pathsep + "/sbin") if os.name != "nt" else ""
"""Where programs of the system lie that are not on everybody's PATH."""


class Store(Protocol):
    """One place in which programs look for the roots they trust."""

    @property
    def name(self) -> str:
        """How people call it."""

    @property
    def needs_root(self) -> bool:
        """Whether only root may change it."""

    def holds(self, root: Known) -> bool:
        """Tell whether our copy of a root is in it."""

    def add(self, root: Root) -> None:
        """Put a root in; raises XChatError."""

    def remove(self, root: Known) -> None:
        """Take a root out; raises XChatError."""

    def refusal(self, root: Root) -> str | None:
        """Return why it does not trust a root, as a verification says; None if it does."""


def find_stores(kinds: Sequence[Kind]) -> tuple[list[Store], list[str]]:
    """Return the stores of these kinds that this machine has, and what is to be known of the rest.

    Raises XChatError where only browsers are asked for and theirs cannot be changed.
    """
    from xchat.pki.trust import anchors, keychain, nss, windows

    stores: list[Store] = []
    notes: list[str] = []
    if "system" in kinds:
        system = {"darwin": keychain.find, "win32": windows.find}.get(sys.platform, anchors.find)
        stores += system()
    if "browsers" in kinds:
        theirs, obstacle = nss.find(), nss.obstacle()
        if theirs and obstacle and not stores:
            raise obstacle
        if theirs and obstacle:
            notes.append(f"{obstacle.what}: {obstacle.mend}")
        else:
            stores += theirs
    return stores, notes


def located(program: str) -> str | None:
    """Return where a program lies."""
    return shutil.which(program, path=os.environ.get("PATH", os.defpath) + _MORE_FOLDERS)


def run(
    *argv: str,
    user: tuple[int, int] | None = None,
    env: Mapping[str, str] | None = None,
    told: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a store's program to its end, as another user if need be; raises XChatError if it hangs.

    What it said is in the answer, for whoever has to tell.
    """
    who: dict[str, Any] = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
    try:
        return subprocess.run(  # noqa: S603 - a program of the system, from our tables
            [located(argv[0]) or argv[0], *argv[1:]],
            input=told,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=TRUST_SECONDS_MAX,
            env=env,
            **who,
        )
    except subprocess.TimeoutExpired as error:
        raise XChatError(
            f"{argv[0]} did not end within {TRUST_SECONDS_MAX} s", mend=shlex.join(argv)
        ) from error


def must(*argv: str, user: tuple[int, int] | None = None) -> None:
    """Run a store's program, and raise XChatError with its last word if it fails."""
    done = run(*argv, user=user)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
        raise XChatError(f"{argv[0]}: {visible(said[-1])}", mend=shlex.join(argv))
