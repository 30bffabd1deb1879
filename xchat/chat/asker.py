"""Who asks for something that has yet to come: of the log, or of the work beside the loop."""

from __future__ import annotations

from xchat.chat.admin.operation import Operation
from xchat.chat.session import Request

Asker = Request | Operation
"""A client's request, or an operation of the administration."""
