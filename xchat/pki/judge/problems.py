"""What can be wrong with a folder of certificates, and how a command then ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from xchat.pki.errors import Differs, Expired, NotTrusted

COMPARE_CLOCK = "Compare this machine's clock: date -u"
"""What mends a certificate of the future: nobody made it tomorrow."""

ROOT_KEY_SIGNS = "That takes the root's key, {}, and nobody is cut off"

Kind = Literal[
    "interrupted",
    "missing",
    "broken",
    "exposed",
    "foreign",
    "early",
    "expired",
    "due",
    "stale",
    "loose",
    "unbound",
    "away",
    "odd",
]
Subject = Literal[
    "leftovers", "certificates", "keys", "chain", "rotation", "revoked", "devices", "modes"
]
"""What is looked at for `status`; `doctor` looks at more."""

EXIT_CODES: dict[Kind, int] = {
    "interrupted": Differs.exit_code,
    "missing": Differs.exit_code,
    "broken": NotTrusted.exit_code,
    "exposed": NotTrusted.exit_code,
    "foreign": NotTrusted.exit_code,
    "early": NotTrusted.exit_code,
    "expired": Expired.exit_code,
    "due": Expired.exit_code,
    "stale": Expired.exit_code,
    "loose": 0,
    "unbound": 0,
    "away": 0,
    "odd": 0,
}
"""The worst first."""

FATAL: tuple[Kind, ...] = ("missing", "broken")
"""What no certificate can be used with, or made with."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: the file, the rule it breaks, and the command that mends it.

    `caution` is what to try before that command, or to know of it.
    """

    kind: Kind
    file: str
    rule: str
    mend: str
    caution: str | None = None

    def as_error(self, so: str) -> Differs:
        """Return the error of a command that ends for this; `so` is what comes of it."""
        caution = f". {self.caution}" if self.caution else ""
        return Differs(f"{self.file} {self.rule}, so {so}{caution}", mend=self.mend)


def exit_code(problems: Sequence[Problem]) -> int:
    """Return the exit code of the worst problem, 0 if there is none."""
    kinds = {problem.kind for problem in problems}
    return next((code for kind, code in EXIT_CODES.items() if kind in kinds), 0)
