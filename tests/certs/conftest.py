"""The certificates that tests of `xchat-certs` begin with: those of tests/pki."""

from __future__ import annotations

from tests.pki.conftest import made, made_once

__all__ = ["made", "made_once"]
