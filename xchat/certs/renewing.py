"""Renew once, as `xchat-certs renew` does it and its daemon does it every hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec

from xchat.pki.disk.folder import Folder
from xchat.pki.facts import Facts
from xchat.pki.renew import Renewed, When, renew_due

Whose = Literal["server", "all"]


def renew_once(
    folder: Folder, now: datetime, *, when: When, whose: Whose, after: Callable[[], None]
) -> Renewed | None:
    """Renew what is due, with `all` the devices whose keys were made here too; None if nothing is.

    `after` is called once if any certificate was made, even where another could not be. Raises
    XChatError and OSError as `renew_due`, `enrol` and `after` do.
    """
    made: list[Facts] = []
    try:
        done = renew_due(folder, now, when=when)
        made += done.certificates if done else ()
        if whose == "all":
            from xchat.pki.device.renewal import renew_devices

            made.extend(renew_devices(folder, now))
    finally:
        if made:
            after()
    if not made:
        return done
    return msgspec.structs.replace(
        done or Renewed(folder=str(folder.path)), certificates=tuple(made)
    )
