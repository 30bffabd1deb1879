"""Long text to lines that fit, cut where a reader would cut.

A line is 512 bytes as the *receiver* gets it, our own `:nick!user@host ` included
(modern.ircdocs.horse#message-format), so the room for text depends on who we are.
"""

from __future__ import annotations

import unicodedata

from xchat.limits import LINE_BYTES_MAX

ACTION_HEAD, ACTION_TAIL = "\x01ACTION ", "\x01"
HOST_BYTES_MAX = 64 + 21
"""`user@host` where the server has not told ours yet."""
_FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_JOINERS = "\u200d\ufe0f\ufe0e\u20e3"


def text_bytes_max(source: str, command: str, target: str) -> int:
    """Return the bytes left for the text of `:source COMMAND target :text`.

    `source` is `nick!user@host`, or the nick alone, for which the worst is assumed.
    """
    head = f":{source} {command} {target} :\r\n"
    unknown = 0 if "@" in source else HOST_BYTES_MAX + 2
    return max(LINE_BYTES_MAX - len(head.encode()) - unknown, 64)


def split(text: str, bytes_max: int) -> list[str]:
    """Return `text` in pieces of at most `bytes_max` bytes of UTF-8, none of them empty.

    Cuts after a space where one is in the later half, else between two characters that
    are seen as two. Lines of `text` stay lines; blank ones are left out.
    """
    pieces = []
    text = text.encode(errors="replace").decode()  # what a command line may hold is not all text
    for line in text.replace("\r", "\n").replace("\0", "").split("\n"):
        rest = line
        while len(rest.encode()) > bytes_max:
            cut = _cut(rest, bytes_max)
            pieces.append(rest[:cut].rstrip(" ") or rest[:cut])
            rest = rest[cut:]
        if rest.strip():
            pieces.append(rest)
    return [piece for piece in pieces if piece.strip()]


def _cut(text: str, bytes_max: int) -> int:
    """Return how many characters of `text` to take; `text` is longer than `bytes_max`."""
    fits = len(text.encode()[:bytes_max].decode(errors="ignore"))
    space = text.rfind(" ", fits // 2, fits + 1)
    if space > 0:
        return min(space + 1, fits)
    cut = fits
    while cut > fits // 2 and _joined(text, cut):
        cut -= 1
    return cut if cut > fits // 2 else fits


def _joined(text: str, cut: int) -> bool:
    """Whether a cut there would tear what is seen as one character."""
    left, right = text[cut - 1], text[cut]
    if left == "\u200d" or right in _JOINERS or unicodedata.combining(right):
        return True
    modifier = "\U0001f3fb" <= right <= "\U0001f3ff"
    halves = len(text[:cut]) - len(text[:cut].rstrip(_FLAG_HALVES))
    return modifier or (right in _FLAG_HALVES and halves % 2 == 1)
