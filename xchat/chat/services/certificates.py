"""CERT of NickServ: the certificates that log in to an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.entities import Account
from xchat.chat.events import AccountChanged
from xchat.chat.refused import Failed
from xchat.chat.services.service import Misused, change, own_account, say
from xchat.chat.session import Request
from xchat.limits import CERTIFICATES_PER_ACCOUNT_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

FINGERPRINT_DIGITS = 64
NONE_KNOWN = "None was made known by CERT ADD; devices with one of this server's CA need none"


def cert(hub: Hub, request: Request, words: list[str]) -> None:
    """CERT ADD [fingerprint] | DEL <fingerprint> | LIST."""
    acts = {"ADD": _cert_add, "DEL": _cert_del, "LIST": _cert_list}
    act = acts.get(words[0].upper())
    if act is None:
        raise Misused
    act(hub, request, own_account(hub, request), words[1:])


def _cert_add(hub: Hub, request: Request, account: Account, words: list[str]) -> None:
    fingerprint = _fingerprint(words[0]) if words else request.session.certificate
    if not fingerprint:
        raise Failed("INVALID_PARAMS", text="You connected without a certificate: name one")
    if fingerprint in account.certificates:
        raise Failed("NOTHING_TO_DO", text="This certificate logs in to your account already")
    if any(fingerprint in other.certificates for other in hub.state.accounts.values()):
        raise Failed("NOT_YOURS", text="This certificate is another account's")
    if len(account.certificates) >= CERTIFICATES_PER_ACCOUNT_MAX:
        text = f"An account has {CERTIFICATES_PER_ACCOUNT_MAX} certificates at most"
        raise Failed("TOO_MANY", text=text)
    event = AccountChanged(aid=account.aid, certificates=(*account.certificates, fingerprint))
    change(hub, request, event, f"{fingerprint} logs in to your account now")


def _cert_del(hub: Hub, request: Request, account: Account, words: list[str]) -> None:
    if not words:
        raise Misused
    fingerprint = _fingerprint(words[0])
    rest = tuple(one for one in account.certificates if one != fingerprint)
    if rest == account.certificates:
        raise Failed("NOT_YOURS", text="This certificate is none of your account")
    if not rest and account.password is None:
        raise Failed("LAST_ONE", text="Nothing else logs in to your account: set a password first")
    event = AccountChanged(aid=account.aid, certificates=rest)
    change(hub, request, event, f"{fingerprint} does not log in to your account any more")


def _cert_list(hub: Hub, request: Request, account: Account, _words: list[str]) -> None:
    here = request.session.certificate
    rows = (f"{one} (this connection's)" if one == here else one for one in account.certificates)
    say(hub, request, *(rows if account.certificates else [NONE_KNOWN]))


def _fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint as it is kept, however it is written."""
    digits = text.replace(":", "").lower()
    if len(digits) != FINGERPRINT_DIGITS or digits.strip("0123456789abcdef"):
        raise Failed("INVALID_PARAMS", text="A fingerprint is SHA-256: 64 digits in hex")
    return digits
