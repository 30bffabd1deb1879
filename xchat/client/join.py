"""`xchat-client join LINK`: from a link to talking, with a key that never leaves this device.

The order is what makes it safe to be killed anywhere: the root is found (`contact`), the key is
kept, the server is verified, the token is sent; what comes back is kept file by file, each whole,
and what `xchat-client` alone does is changed last. The same command goes on where it was.
"""

from __future__ import annotations

import os
import platform
import shlex
import sys
import unicodedata

import msgspec

from xchat.client import keyring, papers, profile
from xchat.client.contact import connect, find_root, trusting_only
from xchat.client.enrolment import EnrolmentRefused, ask, certified, roots_to_keep
from xchat.client.exits import Exit, Fault
from xchat.client.keyring import Login
from xchat.client.options import How
from xchat.client.papers import Term
from xchat.client.peer import Peer, channel_named
from xchat.client.profile import Profile
from xchat.client.talking import CHANNEL_FIRST, talk
from xchat.errors import UsageError
from xchat.limits import LINK_CHARS_MAX
from xchat.limits.client import DEVICE_NAME_CHARS_MAX
from xchat.pki.invite.enrolment import Enrolled, Redeem
from xchat.pki.invite.invitation import Link, parse_link
from xchat.pki.mint.request import make_request

FROM_INPUT = "-"
AGAIN = "Type the same again: on this device the link is as good as it was."
ANOTHER = "Ask whoever gave you the link for another (xchat-certs invite NAME)."
OPERATOR = "Ask whoever runs the server."
MENDS = {
    "busy": AGAIN,
    "later": AGAIN,
    "not-let-in": OPERATOR,
    "account-suspended": OPERATOR,
    "not-signed": "The link is as good as it was. If it is this device's name: --device NAME",
}
"""What to do about a refusal, by its code; about any other, ask for another link."""


def join(text: str | None, channel: str, device: str | None) -> Exit:
    """Join, and talk until the person leaves; return how it ended. Raises XChatError."""
    link = parse_link(_read_link(text) if text in (None, FROM_INPUT) else str(text))
    peer, channel = Peer(link.host, link.port), channel_named(channel)
    before = profile.load(profile.profile_path())
    with keyring.locked():
        login = _login(link, peer, device)
        _make_last(login, before, channel)
    print("from now on this is enough: xchat-client")
    if before.peer not in (None, peer):
        print(f"  and for {before.peer}, which that was until now: {_command_for(before)}")
    return talk(None, channel, How(None, "1.3", None))


def host_name() -> str:
    """Return what this machine is called, as a device may be; `device` where that says nothing."""
    name = unicodedata.normalize("NFC", platform.node()).partition(".")[0]
    kept = "".join(each if _is_plain(each) else "-" for each in name)
    return kept[:DEVICE_NAME_CHARS_MAX].strip("_-") or "device"


def _is_plain(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd" or character in "_-"


def _login(link: Link, peer: Peer, device: str | None) -> Login:
    """Return what the link gives this device, or has given it before."""
    mark = link.token.sha256[: papers.MARK_CHARS]
    login = papers.joined(peer, mark)
    if login is not None:
        print(f"this device has joined {peer} by this link already")
    else:
        login = _enrol(link, peer, mark, device or host_name())
    papers.forget(papers.joining(mark))
    return login


def _enrol(link: Link, peer: Peer, mark: str, device: str) -> Login:
    """Ask for a certificate, and keep what is given. Raises ClientError."""
    found = find_root(peer, link.ca)
    context = trusting_only(peer, found)
    key = papers.key_at(papers.joining(mark))
    request = make_request(key).decode()
    question = Redeem(token=link.token.text, request=request, device=device)
    with connect(peer, context, None) as connection:
        print(f"{peer} is the server that the link means: verified", flush=True)
        try:
            answer = ask(connection, peer, None, question, Enrolled)
        except Fault as fault:
            raise _mended(fault) from fault
    made = certified(answer, key, peer)
    login = keyring.login_at(peer, made.account)
    with keyring.storing(login.folder):
        keyring.make(login)
    papers.write_ca(login, roots_to_keep(found.root, answer, peer))
    papers.write_device(login, Term(mark, made.not_before, made.not_after), key, made.chain)
    _keep_profile(login, peer, made.account)
    print(
        f"this device is {made.account}'s “{made.device}” there until {made.not_after:%Y-%m-%d},"
        f" and renews that by itself\n  its key stays in {login.folder}"
    )
    return login


def _keep_profile(login: Login, peer: Peer, account: str) -> None:
    device = str(login.device)
    kept = Profile(
        peer.host, peer.port, account, str(login.ca), CHANNEL_FIRST, account, device, device
    )
    with keyring.storing(login.profile):
        profile.save(login.profile, kept)


def _make_last(login: Login, before: Profile, channel: str) -> None:
    """Let `xchat-client` alone mean this login; what it meant until now stays known."""
    path, kept = profile.profile_path(), profile.load(login.profile)
    if channel:
        kept = msgspec.structs.replace(kept, channel=channel)
    with keyring.storing(path):
        if before.peer is not None:
            keyring.keep(before)
        keyring.keep(kept)
        profile.save(path, kept)


def _mended(fault: Fault) -> Fault:
    """Return a fault with what to do: the token may have been used up, or may not."""
    if isinstance(fault, EnrolmentRefused):
        fault.mend = MENDS.get(fault.code, ANOTHER)
    elif fault.transient:
        fault.mend = AGAIN
    return fault


def _command_for(known: Profile) -> str:
    who = known.account or known.nick
    return shlex.join(("xchat-client", f"{who}@{known.peer}" if who else str(known.peer)))


def _read_link(text: str | None) -> str:
    """Return the next line of the input, and leave what follows to those who talk."""
    asked = sys.stdin.isatty()
    if text is None and not asked:
        raise UsageError(
            "no link is given, and there is no terminal to ask on",
            mend="xchat-client join 'xchat://...', or xchat-client join - to have it read",
        )
    if asked:
        print("the link: ", end="", file=sys.stderr, flush=True)
    line = b""
    while not line.endswith(b"\n") and len(line) <= LINK_CHARS_MAX:
        byte = os.read(sys.stdin.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode(errors="replace")
