"""A device's certificate is renewed by the device: with a new key, at two thirds of its life.

The old one is shown to prove who asks, and goes on being good until its own end, so that nothing
is lost where this fails: it is tried again. The new key is on the disk before it is asked for,
and takes the old one's place together with its certificate, by one rename.
"""

from __future__ import annotations

from datetime import UTC, datetime

from xchat.client import keyring, papers
from xchat.client.certificate import Own
from xchat.client.contact import connect
from xchat.client.enrolment import ask, certified, not_for_us
from xchat.client.keyring import Login
from xchat.client.papers import Term
from xchat.client.peer import Peer
from xchat.client.tls import make_context
from xchat.errors import XChatError
from xchat.limits.client import CERTIFICATE_DAYS_LOW
from xchat.pki.invite.enrolment import ALPN, Enrolled, Renew
from xchat.pki.mint.request import make_request


def renew_if_due(login: Login, peer: Peer) -> str:
    """Renew a login's certificate if it is time; return what a person should know of it."""
    now = datetime.now(UTC)
    term = papers.read_term(login)
    if term is None or not term.renew_at <= now <= term.not_after:
        return ""
    try:
        renewed = renew(login, peer)
    except XChatError as error:
        days = (term.not_after - now).days
        if days >= CERTIFICATE_DAYS_LOW:
            return ""
        return f"! this device's certificate ends in {days} days and is not renewed: {error.what}"
    return f"this device's certificate was renewed: good until {renewed:%Y-%m-%d}"


def renew(login: Login, peer: Peer) -> datetime:
    """Put the next certificate in place, unless it was just done; return its end.

    Raises XChatError.
    """
    with keyring.locked():
        term = papers.read_term(login)
        assert term is not None, "what is renewed is there"
        if datetime.now(UTC) < term.renew_at:
            return term.not_after
        key = papers.next_key(login)
        own = Own(login.device, login.device)
        context = make_context(login.ca, own=own, alpn=ALPN)
        with connect(peer, context, login.ca) as connection:
            question = Renew(request=make_request(key).decode())
            answer = ask(connection, peer, login.ca, question, Enrolled)
        made = certified(answer, key, peer)
        if keyring.login_at(peer, made.account) != login:
            raise not_for_us(peer, "its certificate is for another account")
        fresh = Term(term.invite, made.not_before, made.not_after)
        papers.write_device(login, fresh, key, made.chain)
        papers.forget(login.next_key)
    return made.not_after
