"""The client's session, sans-I/O: `core` has the Session, `events` what it tells.

session = Session(Identity("ana"))
session.connected(now); write(session.take())
for event in session.feed(data, now): ...
"""

from xchat.client.session.commands import OfflineError
from xchat.client.session.core import Session
from xchat.client.session.state import Identity

__all__ = ["Identity", "OfflineError", "Session"]
