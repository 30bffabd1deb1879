"""What the server says of itself in 005 (modern.ircdocs.horse#feature-advertisement)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from xchat.irc.names import BadName, fold, fold_text
from xchat.limits.client import PAGE_MESSAGES, TOKENS_MAX

_RFC1459 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\^", "abcdefghijklmnopqrstuvwxyz{}|~")
_STRICT = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\", "abcdefghijklmnopqrstuvwxyz{}|")
_ASCII = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def _fold_precis(name: str) -> str:
    try:
        return fold(name)
    except BadName:  # what no server of ours would let pass, others may
        return fold_text(name)


_FOLDS: dict[str, Callable[[str], str]] = {
    "ascii": lambda name: name.translate(_ASCII),
    "rfc1459": lambda name: name.translate(_RFC1459),
    "rfc1459-strict": lambda name: name.translate(_STRICT),
    "rfc8265": _fold_precis,
    "precis": _fold_precis,
}


class Support:
    """The tokens of 005, read as what they mean, with the protocol's defaults."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._fold = _FOLDS["rfc1459"]
        self._folded: dict[str, str] = {}

    def update(self, tokens: Sequence[str]) -> None:
        """Take the tokens of one 005, `KEY`, `KEY=value` or `-KEY`."""
        for token in tokens:
            key, _, value = token.partition("=")
            if key.startswith("-"):
                self._tokens.pop(key[1:], None)
            elif len(self._tokens) < TOKENS_MAX:
                self._tokens[key] = value.replace("\\x20", " ")
        self._fold = _FOLDS.get(self._tokens.get("CASEMAPPING", "").lower(), _FOLDS["rfc1459"])
        self._folded.clear()

    def fold(self, name: str) -> str:
        """Return the form in which names that the server takes for equal are equal."""
        folded = self._folded.get(name)
        if folded is None:
            if len(self._folded) > 10_000:
                self._folded.clear()
            folded = self._folded[name] = self._fold(name)
        return folded

    @property
    def network(self) -> str:
        """The network's name, or nothing."""
        return self._tokens.get("NETWORK", "")

    @property
    def nick_chars_max(self) -> int:
        """The longest nick, in characters (or bytes: the server knows)."""
        return self._number("NICKLEN", 30)

    @property
    def page_messages(self) -> int:
        """How many messages to ask for in one CHATHISTORY."""
        announced = self._number("CHATHISTORY", PAGE_MESSAGES)
        return min(announced, PAGE_MESSAGES) or PAGE_MESSAGES

    @property
    def prefixes(self) -> dict[str, str]:
        """Mode letter to the sign shown before a nick, highest first: `{"o": "@", "v": "+"}`."""
        match = re.fullmatch(r"\(([^)]*)\)(.*)", self._tokens.get("PREFIX", "(ov)@+"))
        return dict(zip(match[1], match[2], strict=False)) if match else {}

    @property
    def modes_with_parameter(self) -> tuple[str, str]:
        """Channel modes that always take a parameter, and those that do only when set."""
        groups = [*self._tokens.get("CHANMODES", "beI,k,l,imnst").split(","), "", "", ""]
        return groups[0] + groups[1], groups[2]

    def is_channel(self, name: str) -> bool:
        """Tell a channel from a nick."""
        return name[:1] in (self._tokens.get("CHANTYPES", "#&") or "#") and name != ""

    def without_status(self, target: str) -> str:
        """Return the channel of a message to its operators alone (`@#chan`), or the target."""
        bare = target.lstrip(self._tokens.get("STATUSMSG", ""))
        return bare if self.is_channel(bare) else target

    def _number(self, key: str, default: int) -> int:
        value = self._tokens.get(key, "")
        return int(value) if re.fullmatch("[0-9]{1,6}", value) else default
