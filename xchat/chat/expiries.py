"""Bans and invites that end by themselves: the event that says so is appended in its time."""

from __future__ import annotations

from xchat.chat import invites, server_bans
from xchat.chat.events import BanRemoved, BansEnded, InviteWithdrawn
from xchat.chat.ledger import Ledger

AGAIN_SECONDS = 1.0
"""How often it is looked: where it could not be kept, it is due again."""


class Expiries:
    """Looks what is due: bans of channels and of the server, invites; `server` tells of it."""

    def __init__(self, ledger: Ledger, server: str) -> None:
        self._ledger = ledger
        self._server = server
        self._next = 0.0

    def next_try(self) -> float | None:
        """Return when to look again (seconds), or None where no ban ends."""
        return self._next if self._ledger.state.ends else None

    def go_on(self, now: float, now_ms: int) -> None:
        """Let what is due end; at most once in AGAIN_SECONDS."""
        if now < self._next:
            return
        self._next = now + AGAIN_SECONDS
        self._end_in_channels(now_ms)
        for ban in server_bans.ended(self._ledger.state, now_ms):
            over = BanRemoved(kind=ban.kind, mask=ban.mask, until=ban.until)
            self._ledger.append_own(f"{ban.kind} {ban.mask}", over)
        for invite in invites.over(self._ledger.state, now_ms):
            ended = InviteWithdrawn(sha256=invite.sha256, until=invite.until)
            self._ledger.append_own(invite.sha256, ended)

    def _end_in_channels(self, now_ms: int) -> None:
        state = self._ledger.state
        for folded, end in list(state.ends.items()):
            if end <= now_ms:
                channel = state.channels[folded]
                event = BansEnded(
                    channel=channel.name, cid=channel.cid, due=now_ms, server=self._server
                )
                self._ledger.append_own(folded, event)
