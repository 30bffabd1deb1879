"""What a terminal may be shown of text that came from anyone.

Control characters run terminals (CWE-150), bidi controls reorder what is read
(CVE-2021-42574), zero-width characters and tags hide what is said. `visible`
makes each of them something to see; `clean_text` is for what the server keeps
and sends again. Emoji sequences, flags and every script's own joiners stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

MARKS_MAX = 8
"""Combining marks in a row: more of them climb over the neighbouring lines."""

_FORMATTING = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"
    "|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_JOINERS = "\u200c\u200d"
# Letters and marks by category that are drawn as nothing.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\u180e")
# Format characters by category that are drawn: signs that enclose the number after them.
_DRAWN = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# What newer Unicode fills with emoji and ideographs, unknown to the tables of an older Python.
_RESERVED = ((0x1F000, 0x1FAFF), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD))


def visible(text: str) -> str:
    """Return `text` as a terminal may show it, on one line.

    IRC formatting codes are removed. Control characters become their pictures
    (ESC is ␛), other characters that act or hide become `<U+202E>`. At most
    MARKS_MAX combining marks stay in a row. Doing it twice changes nothing more.
    """
    if _is_plain(text):
        return text
    shown: list[str] = []
    _show(_FORMATTING.sub("", text), shown, _picture)
    return "".join(shown)


def clean_text(text: str) -> str:
    """Return `text` without all that `visible` would change; IRC formatting codes stay.

    Where leaving something out would make another code of what follows one,
    the codes go too.
    """
    if _is_plain(text):
        return text
    kept: list[str] = []
    woven: list[str] = []
    start = 0
    for code in (*_FORMATTING.finditer(text), None):
        size = len(kept)
        _show(text[start : code.start() if code else None], kept, _nothing)
        woven += kept[size:]
        if code:
            woven.append(code.group())
            start = code.end()
    plain, formatted = "".join(kept), "".join(woven)
    return formatted if _FORMATTING.sub("", formatted) == plain else plain


def _is_plain(text: str) -> bool:
    return text.isprintable() and (text.isascii() or max(text) < "\u0300")


def _show(text: str, shown: list[str], picture: Callable[[str], str]) -> None:
    """Append `text` to `shown`, a picture in place of each character that does not stay."""
    start = 0
    for flag in _FLAG.finditer(text):
        _show_characters(text[start : flag.start()], shown, picture)
        shown.append(flag.group())
        start = flag.end()
    _show_characters(text[start:], shown, picture)


def _show_characters(text: str, shown: list[str], picture: Callable[[str], str]) -> None:
    marks = _marks_at_end(shown)
    for place, char in enumerate(text):
        row = marks + 1 if _is_mark(char) else marks if char in _JOINERS else 0
        if row > MARKS_MAX:
            continue
        before = shown[-1] if shown else ""
        stays = _stays(before, char, text[place + 1 : place + 2], row)
        put = char if stays else picture(char)
        if put:
            shown.append(put)
            marks = row


def _marks_at_end(shown: list[str]) -> int:
    """Return how many combining marks stand in a row at the end, joiners not counted."""
    marks = 0
    for char in reversed(shown):
        if len(char) == 1 and _is_mark(char):
            marks += 1
        elif char not in _JOINERS:
            break
    return marks


def _stays(before: str, char: str, after: str, marks: int) -> bool:
    """Say whether `char` may be shown as it is between its neighbours."""
    if char in _JOINERS:
        return _joins(before, after, marks)
    if _is_selector(char):
        return _selects(before)
    return not _is_hidden(char)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _is_hidden(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Cn":
        return not any(first <= ord(char) <= last for first, last in _RESERVED)
    return char in _BLANK or (category in _HIDDEN_CATEGORIES and char not in _DRAWN)


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _selects(before: str) -> bool:
    """Say whether a variation selector after `before` picks a shape rather than hides."""
    if before.isascii():
        return before.isdigit() or before in ("#", "*")
    return not (before.isspace() or before in _JOINERS or _is_selector(before[-1]))


def _joins(before: str, after: str, marks: int) -> bool:
    """Say whether a joiner between the two is writing rather than hiding."""
    if before.isascii() or before in _JOINERS or before.isspace():
        return False
    if not after or after.isascii() or _is_hidden(after) or _is_selector(after):
        return False
    return marks < MARKS_MAX if _is_mark(after) else unicodedata.category(after)[0] in "LSC"


def _nothing(_char: str) -> str:
    return ""


def _picture(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"<U+{code:04X}>"


def listed(names: Sequence[str], most: int) -> str:
    """Return names as a list to read: `a, b and 3 more` where there are more than `most`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
