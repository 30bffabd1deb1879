"""BATCH from a client (IRCv3 client-batch): draft/multiline, a message in several lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.commands.saying import client_tags, over_bytes, send
from xchat.chat.multiline import OpenBatch
from xchat.chat.refused import Failed, Ignored, Refused
from xchat.chat.session import Request, Session
from xchat.config import Config
from xchat.irc.capabilities import BATCH, MULTILINE
from xchat.irc.numerics import ERR_UNKNOWNCOMMAND
from xchat.limits import MULTILINE_SECONDS_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

TYPE = "draft/multiline"
CONCAT = "draft/multiline-concat"


def capability_value(config: Config) -> str:
    """Return the value of the capability: what a message may have."""
    limits = config.limits
    return f"max-bytes={limits.multiline_bytes_max},max-lines={limits.multiline_lines_max}"


def batch(hub: Hub, request: Request) -> None:
    """BATCH +<reference> <type> <target>, and BATCH -<reference>."""
    needed = BATCH | MULTILINE
    if request.session.caps & needed != needed:
        raise Refused(ERR_UNKNOWNCOMMAND, "BATCH")
    reference = request.params[0]
    if "batch" in request.message.tags:
        raise _refuse(request.session, "A batch cannot stand in another")
    if reference.startswith("+"):
        _open(hub, request, reference[1:])
    else:
        _close(hub, request, reference.removeprefix("-"))


def _open(hub: Hub, request: Request, reference: str) -> None:
    session = request.session
    if session.batch is not None and not session.batch.is_refused:
        raise _refuse(session, "Another batch is open")
    session.batch = None
    if not reference or len(request.params) < 3 or request.params[1] != TYPE:
        raise _refuse(session, f"A batch is opened by BATCH +reference {TYPE} target")
    session.batch = OpenBatch(
        reference,
        request.params[2],
        hub.now,
        client_tags(request),
        request.label,
    )
    request.label = ""  # the answer comes when the batch is closed


def collect(hub: Hub, request: Request) -> bool:
    """Take what is a line of a batch, or should be one; say whether it was taken."""
    session, tags = request.session, request.message.tags
    is_inside = "batch" in tags
    found = session.batch
    if found is None or found.is_refused:
        if is_inside and found is not None and tags["batch"] == found.reference:
            raise Ignored
        if is_inside:
            raise _refuse(session, "There is no such batch open")
        return False
    if hub.now - found.opened > MULTILINE_SECONDS_MAX:
        found.is_refused = True
        request.label, found.label = found.label, ""
        text = f"The batch was left open for more than {MULTILINE_SECONDS_MAX:g} seconds"
        raise Failed("TIMEOUT", found.reference, text=text, command="BATCH")
    if not is_inside and request.message.command != "PRIVMSG":
        return False
    # What refuses a line is the answer to all of them, and no other comes.
    request.label, found.label = found.label, request.label
    _add(hub, request, found)
    request.label, found.label = found.label, request.label
    return True


def _add(hub: Hub, request: Request, found: OpenBatch) -> None:
    session, tags = request.session, request.message.tags
    if tags.get("batch") != found.reference or request.message.command != "PRIVMSG":
        raise _refuse(session, "Only the PRIVMSG of the open batch may come now")
    if tags.keys() - {"batch", CONCAT} or len(request.params) < 2:
        raise _refuse(session, "A line of a batch has a text, and no tags of its own")
    target, text = request.params[:2]
    if target != found.target:
        words = "The lines of a batch have one target"
        raise _refuse(session, words, "MULTILINE_INVALID_TARGET", found.target, target)
    if CONCAT in tags and not text:
        raise _refuse(session, "A blank line cannot go on from another")
    found.is_refused = True  # unless all that follows is well
    over = over_bytes(hub, request, target, text)
    if over > 0:
        raise _refuse(session, f"A line is {over} bytes too long")
    found.add(text, goes_on=CONCAT in tags)
    _check_limits(hub, session, found)
    found.is_refused = False


def _check_limits(hub: Hub, session: Session, found: OpenBatch) -> None:
    lines, size = hub.limits.multiline_lines_max, hub.limits.multiline_bytes_max
    if found.lines > lines:
        words = "Multiline batch max-lines exceeded"
        raise _refuse(session, words, "MULTILINE_MAX_LINES", str(lines))
    if found.size > size:
        words = "Multiline batch max-bytes exceeded"
        raise _refuse(session, words, "MULTILINE_MAX_BYTES", str(size))


def _close(hub: Hub, request: Request, reference: str) -> None:
    session, found = request.session, request.session.batch
    if found is None or found.reference != reference:
        raise _refuse(session, "There is no such batch open")
    session.batch = None
    request.label = found.label or request.label
    if found.is_refused:
        raise Ignored
    if not found.text.strip("\r\n"):
        raise _refuse(session, "The message is blank")
    send(hub, request, found.target, found.text, command="PRIVMSG", tags=found.tags)


def _refuse(session: Session, text: str, code: str = "MULTILINE_INVALID", *context: str) -> Failed:
    """Give an open batch up; return the refusal."""
    if session.batch is not None:
        session.batch.is_refused = True
    return Failed(code, *context, text=text, command="BATCH")
