"""Enrolment: devices come to their certificates, by a token, or by the certificate they have.

One question is heard on a connection that asked for it in its handshake
(`pki/invite/enrolment.py`), one answer given, and that is the end of it: there is no session
behind, and no IRC.

A token is redeemed before anything is signed, by the log, which lets the first of two have it.
What is slow is done beside the loop: reading the request, signing, and the disk of the CA's
folder, which is the authority for devices. Killed in between, the server has counted a use for
a key that has no certificate yet: to that key alone it is given, whenever it asks again.

Nothing here tells a stranger more than the words of a refusal. Tokens are never recorded, and
one that is wrong is paid for (`limits.redeem_failures_*`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from xchat.chat.buckets import network_of
from xchat.chat.entities import Account
from xchat.chat.events import InviteRedeemed
from xchat.chat.hub import Hub
from xchat.chat.refused import Failed
from xchat.chat.tokens import parse_token
from xchat.errors import UsageError, XChatError
from xchat.journal import Journal
from xchat.pki.errors import Full, NotTrusted
from xchat.pki.invite.enrolment import (
    Ask,
    Enrolled,
    NotTheProtocol,
    Redeem,
    Refused,
    Renew,
    Roots,
    Trusted,
    decode_ask,
    encode,
)
from xchat.server.applicants import Applicant, Applicants
from xchat.server.granting import (
    Granted,
    caught,
    grant,
    note_roots,
    read_request,
    read_roots,
    renew,
)

Result = TypeVar("Result")

_LATER = "The server could not sign now; its operator is told. Try again later"
_CODES = {"TEMPORARILY_UNAVAILABLE": "busy", "CANNOT_KEEP": "busy"}
"""Codes of the rules that have another name in the protocol."""


class Enrolments(Applicants):
    """Answers those who enrol; `cert` says where the certificate lies that is served now."""

    def __init__(self, hub: Hub, journal: Journal, cert: Callable[[], Path]) -> None:
        super().__init__(hub)
        self._journal = journal
        self._cert = cert
        self._questions: dict[type[Ask], Callable[[Applicant, Any], None]] = {
            Roots: self._roots,
            Redeem: self._redeem,
            Renew: self._renew,
        }

    # -- asked, and answered ------------------------------------------------------------------

    def ask(self, applicant: Applicant, line: bytes) -> None:
        """Begin what a line asks for; a refusal is its answer."""
        try:
            question = decode_ask(line)
            self._questions[type(question)](applicant, question)
        except NotTheProtocol as error:
            applicant.refused(Failed("NOT_UNDERSTOOD", text=error.what))
        except Failed as failed:
            applicant.refused(failed)

    def answer_to(self, applicant: Applicant) -> bytes:
        """Return the line that ends it."""
        refusal = applicant.refusal
        if refusal is None and applicant.answer is not None:
            return encode(applicant.answer())
        code, what = (refusal.code, refusal.what) if refusal else ("LATER", _LATER)
        self._record_refusal(applicant, code)
        return encode(Refused(code=code_of(code), what=what))

    def _record_refusal(self, applicant: Applicant, code: str) -> None:
        network = network_of(applicant.address)
        self._journal.refusal("enrolment refused", network, self._hub.now, why=code_of(code))

    # -- which roots --------------------------------------------------------------------------

    def _roots(self, applicant: Applicant, question: Roots) -> None:
        """Tell anybody the roots; which ones a device has already, is remembered for rotations."""
        self._beside(applicant, partial(read_roots, self._cert()), partial(_trust, applicant))
        if applicant.shown and question.have:
            job = partial(note_roots, self._cert(), applicant.shown, question.have)
            self._hub.work(applicant, partial(caught, job), self._noted)

    def _noted(self, outcome: bool | XChatError) -> None:
        """Tell the operator where it could not be: nobody is refused the roots for that."""
        if isinstance(outcome, XChatError):
            words = "which roots a device has cannot be noted"
            self._journal.error(words, why=outcome.what, mend=outcome.mend)

    # -- a first certificate ------------------------------------------------------------------

    def _redeem(self, applicant: Applicant, question: Redeem) -> None:
        """Read the request of who shows a token that there is; then let the log decide."""
        token = parse_token(question.token)
        why = self._hub.attempts.begin_redeem(
            applicant.address, self._hub.now, exempt=applicant.exempt
        )
        if why is not None:
            raise Failed("LATER", text=why)
        if token is None or token.sha256 not in self._hub.state.invites:
            text = "There is no such invite: it has expired, was withdrawn, or never was"
            raise Failed("INVITE_UNKNOWN", text=text)
        job = partial(read_request, self._cert(), question)
        self._beside(applicant, job, partial(self._claim, applicant, token.sha256, question))

    def _claim(self, applicant: Applicant, sha256: str, question: Redeem, key: str) -> None:
        """Have the use counted for this key: nothing is signed before that is kept."""
        event = InviteRedeemed(sha256=sha256, at=self._hub.now_ms, key=key, device=question.device)
        then = partial(self._claimed, applicant, sha256, question)
        self._hub.append(applicant, event, then)

    def _claimed(self, applicant: Applicant, sha256: str, question: Redeem) -> None:
        """Sign for who has the use; where that has to wait, they may ask again."""
        self._hub.attempts.redeemed(applicant.address, exempt=applicant.exempt)
        invite = self._hub.state.invites.get(sha256)
        account = self._hub.state.accounts.get(invite.aid) if invite else None
        if account is None:
            applicant.refused(Failed("INVITE_UNKNOWN", text="The invite was withdrawn"))
            return
        job = partial(grant, self._cert(), account.name, question)
        try:
            self._beside(applicant, job, partial(self._signed, applicant, account))
        except Failed as failed:  # what was claimed stays so: the same key may ask again
            applicant.refused(failed)

    # -- the next one -------------------------------------------------------------------------

    def _renew(self, applicant: Applicant, question: Renew) -> None:
        """Sign the certificate that follows on the one that was shown."""
        from xchat.pki.mint.owner import account_in

        if not applicant.shown:
            text = "Show the certificate that is to be renewed, while it is in force"
            raise Failed("NO_CERTIFICATE", text=text)
        account = self._hub.state.account_named(account_in(applicant.shown))
        if account is None:
            raise Failed("ACCOUNT_UNKNOWN", text="The account of this device is no more")
        _need_active(account)
        job = partial(renew, self._cert(), applicant.shown, question)
        self._beside(applicant, job, partial(self._signed, applicant, account))

    # -- signed -------------------------------------------------------------------------------

    def _signed(self, applicant: Applicant, account: Account, made: Granted) -> None:
        """Tell the certificate, unless its account may log in no more by now."""
        now = self._hub.state.accounts.get(account.aid)
        if now is None:
            raise Failed("ACCOUNT_UNKNOWN", text=f"The account {account.name} is no more")
        _need_active(now)
        device, roots = made.enrolled.device, made.roots
        words = "a device was enrolled" if made.enrolled.is_new else "a device asked again"
        fields = {"account": now.name, "device": device.device, "serial": device.serial}
        self._journal.info(words, address=applicant.address, **fields)
        applicant.answer = lambda: Enrolled(
            account=device.account,
            device=device.device,
            certificate=made.enrolled.chain,
            roots=roots,
        )

    # -- beside the loop ----------------------------------------------------------------------

    def _beside(
        self, applicant: Applicant, run: Callable[[], Result], then: Callable[[Result], None]
    ) -> None:
        """Have something done beside the loop; of what goes wrong there `then` hears nothing."""
        job = partial(caught, run)
        self._hub.work(applicant, job, partial(self._concluded, then))

    def _concluded(self, then: Callable[[Result], None], outcome: Result | XChatError) -> None:
        if not isinstance(outcome, XChatError):
            then(outcome)
        elif isinstance(outcome, UsageError | NotTrusted | Full):  # the fault of who asks
            raise Failed("NOT_SIGNED", text=outcome.what)
        else:
            self._journal.error("nobody can enrol", why=outcome.what, mend=outcome.mend)
            raise Failed("LATER", text=_LATER)


def code_of(code: str) -> str:
    """Return a code of the rules as the protocol has it: `invite-spent`."""
    return _CODES.get(code, code.lower().replace("_", "-"))


def _need_active(account: Account) -> None:
    if account.suspended is not None:
        text = f"The account {account.name} is suspended: {account.suspended}"
        raise Failed("ACCOUNT_SUSPENDED", text=text)


def _trust(applicant: Applicant, roots: str) -> None:
    applicant.answer = lambda: Trusted(roots=roots)
