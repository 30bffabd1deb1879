"""The base of all events."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", omit_defaults=True):
    """The base of all events; `uid` in them is the user who acts."""

    def blank(self) -> Event:
        """Return the event without what may have to be erased: text, and credentials."""
        return self
