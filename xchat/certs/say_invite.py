"""What is said of an invite: to whoever gives it, for whoever gets it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from xchat.certs.chat import Chat
from xchat.certs.say import field
from xchat.chat.admin.shapes import NewInvite


def made(invite: NewInvite, picture: Sequence[str], chat: Chat) -> Iterator[str]:
    """Yield the link, as text and as a picture, and what becomes of it."""
    devices = "one device" if invite.uses == 1 else f"{invite.uses} devices"
    until = datetime.fromisoformat(invite.expires)
    yield f"Made an invite for {invite.account}: {devices}, until {until:%Y-%m-%d %H:%M} UTC"
    yield f"  {'link':10}{invite.link}"
    words = f"whoever has it is let in as {invite.account}; it is told once, kept nowhere"
    withdraw = chat.command("invite", "withdraw", invite.account)
    yield from field("note", f"{words}. Take it back:", withdraw)
    redeem = f"/msg NickServ REDEEM {invite.token} PASSWORD"
    yield from field("or", "in another program than XChat's, with a password:", redeem)
    yield from picture  # last: with what follows, it has room on a screen of 24 lines
    yield f"Next:  on their machine: xchat-client join '{invite.link}'"
