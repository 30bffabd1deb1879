"""Install a root in all stores, or uninstall it from all: tried afterwards, undone if it fails."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence
from pathlib import Path

from xchat.errors import XChatError
from xchat.pki.errors import NotTrusted
from xchat.pki.trust.roots import Known, Root
from xchat.pki.trust.stores import Store


def check_allowed(stores: Sequence[Store], command: Sequence[str]) -> None:
    """Raise XChatError, before anything was changed, if a store is root's and we are not."""
    for store in stores:
        if store.needs_root:
            raise XChatError(
                f"{store.name} is changed by root only; nothing was changed",
                mend=shlex.join(("sudo", *command)),
            )


def install(stores: Sequence[Store], root: Root) -> list[str]:
    """Put a root into every store that does not trust it; return the stores that were changed.

    Raises NotTrusted, or what a store raised, after undoing what was done.
    """
    changed: list[Store] = []
    try:
        for store in stores:
            if store.holds(root) and store.refusal(root) is None:
                continue
            changed.append(store)
            store.add(root)
            _try(store, root)
    except (XChatError, OSError):
        _undo(changed, root)
        raise
    return [store.name for store in changed]


def uninstall(stores: Sequence[Store], root: Known) -> list[str]:
    """Take a root out of every store that holds our copy; return those stores."""
    changed = [store for store in stores if store.holds(root)]
    for store in changed:
        store.remove(root)
        if store.holds(root):
            raise NotTrusted(
                f"{store.name} still holds {root.label}",
                mend=f"xchat-certs trust uninstall --fingerprint {root.sha256}",
            )
    return [store.name for store in changed]


def _try(store: Store, root: Root) -> None:
    why = store.refusal(root)
    if why is not None:
        raise NotTrusted(
            f"{store.name} does not trust {root.facts.file} even with it inside ({why}), so it was "
            "taken out again",
            mend=f"xchat-certs show {shlex.quote(str(Path(root.facts.file)))}",
        )


def _undo(changed: Sequence[Store], root: Known) -> None:
    for store in reversed(changed):
        with contextlib.suppress(XChatError, OSError):  # the first error is the one to tell
            store.remove(root)
