"""NickServ: accounts, the nicks that are theirs, and what logs in to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat import logins
from xchat.chat.commands.accounts import (
    check_password,
    hash_beside,
    make_account,
    make_for_another,
)
from xchat.chat.entities import Account
from xchat.chat.events import (
    AccountChanged,
    AccountRemoved,
    CredentialsChanged,
    NickChanged,
    UserLoggedOut,
    UserQuit,
)
from xchat.chat.lines import format_time
from xchat.chat.operators import ACCOUNTS, need_privilege
from xchat.chat.passwords import Credentials
from xchat.chat.refused import Failed
from xchat.chat.reserved import SERVICE_NICKS
from xchat.chat.services.service import Service, Verb, need_account, own_account, say
from xchat.chat.session import Request, Session
from xchat.irc import names
from xchat.irc.numerics import ERR_PASSWDMISMATCH
from xchat.limits import CERTIFICATES_PER_ACCOUNT_MAX, NICKS_PER_ACCOUNT_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

FINGERPRINT_DIGITS = 64


class Setting(NamedTuple):
    """What an account may choose: how it is changed, and what that comes to."""

    change: Callable[[str, bool], AccountChanged]
    on: str
    off: str


_ALWAYS = Setting(
    lambda aid, is_on: AccountChanged(aid=aid, always_present=is_on),
    "You stay when your last device leaves",
    "You leave with your last device",
)
_SEVERAL = Setting(
    lambda aid, is_on: AccountChanged(aid=aid, multiclient=is_on),
    "Your further devices share your nick",
    "A further device of yours needs another nick",
)
SETTINGS = {"ALWAYS-PRESENT": _ALWAYS, "ALWAYS-ON": _ALWAYS, "MULTICLIENT": _SEVERAL}
ON, OFF = ("on", "true", "yes"), ("off", "false", "no")


def _change(
    hub: Hub, request: Request, event: AccountChanged | CredentialsChanged, done: str
) -> None:
    """Append what changes an account, and say so once it is kept."""
    hub.append(request, event, partial(say, hub, request, done))


# -- coming and going -------------------------------------------------------------------------


def register(hub: Hub, request: Request, words: list[str]) -> None:
    """REGISTER <password> [e-mail]: it is kept only where the server asks for one."""
    password, email = words[0], words[1] if len(words) > 1 else ""
    if email and "@" not in email:
        raise Failed("UNACCEPTABLE_PASSWORD", text="A password typed here holds no spaces")
    make_account(hub, request, hub.nick_of(request.session), password, email)


def saregister(hub: Hub, request: Request, words: list[str]) -> None:
    """SAREGISTER <account> <password>: by an operator, for somebody else."""
    need_privilege(hub.state, request.session.uid, ACCOUNTS)
    make_for_another(hub, request, *words)


def identify(hub: Hub, request: Request, words: list[str]) -> None:
    """IDENTIFY [account] <password>."""
    name = words[0] if len(words) > 1 else hub.nick_of(request.session)
    owner = hub.state.nick_owner(name)
    then = partial(_identified, hub, request)
    known_as = owner.name if owner and len(words) == 1 else name
    logins.by_password(hub, request, known_as, words[-1], then, refusal=ERR_PASSWDMISMATCH)


def _identified(hub: Hub, request: Request, account: Account) -> None:
    done = partial(say, hub, request, f"You are logged in as {account.name}")
    logins.log_in(hub, request, account, done)


def logout(hub: Hub, request: Request, _words: list[str]) -> None:
    """LOGOUT: on a server for accounts only, that is good-bye."""
    if hub.config.is_private:
        hub.close(request.session, "Logged out: only people with an account may be here")
        return
    done = partial(say, hub, request, "You are logged out")
    hub.append(request, UserLoggedOut(uid=request.session.uid), done)


def passwd(hub: Hub, request: Request, words: list[str]) -> None:
    """PASSWD <old> <new>: an account without a password is asked for none, `*` stands for it."""
    account = own_account(hub, request)
    old, new = words
    prepared = check_password(hub, account.name, new)
    if account.password is None:
        _hash(hub, request, prepared, account)
        return
    then = partial(_hash, hub, request, prepared)
    logins.by_password(hub, request, account.name, old, then, refusal=ERR_PASSWDMISMATCH)


def _hash(hub: Hub, request: Request, prepared: str, account: Account) -> None:
    hash_beside(hub, request, prepared, partial(_keep, hub, request, account))


def _keep(hub: Hub, request: Request, account: Account, made: Credentials) -> None:
    event = CredentialsChanged(aid=account.aid, password=made.password, scram=made.scram)
    _change(hub, request, event, "Your password is another one now")


def drop(hub: Hub, request: Request, words: list[str]) -> None:
    """DROP <account> [password]: the password where it has one, so that nobody does it for you."""
    account = own_account(hub, request)
    if hub.state.account_named(words[0]) != account:
        raise Failed("INVALID_PARAMS", text=f"To remove your account, name it: {account.name}")
    if account.password is None:
        _remove(hub, request, account)
        return
    if len(words) == 1:
        raise NICKSERV.wrong("DROP")
    then = partial(_remove, hub, request)
    logins.by_password(hub, request, account.name, words[1], then, refusal=ERR_PASSWDMISMATCH)


def _remove(hub: Hub, request: Request, account: Account) -> None:
    hub.append(request, AccountRemoved(aid=account.aid))


# -- nicks ------------------------------------------------------------------------------------


def regain(hub: Hub, request: Request, words: list[str]) -> None:
    """REGAIN <nick>: from a stranger at once; a connection of yours that has it ends."""
    account, uid = own_account(hub, request), request.session.uid
    nick, owner = words[0], hub.state.nick_owner(words[0])
    if owner != account:
        raise Failed("NOT_YOURS", text=f"The nick is not one of your account {account.name}")
    holder = hub.state.user_by_nick(nick)
    if holder is not None and holder.uid == uid:
        raise Failed("NOTHING_TO_DO", text="You have this nick")
    if holder is not None and holder.account == account.aid:
        gone = UserQuit(uid=holder.uid, reason="Its owner has come by another way")
        text = f"The connection of yours that had it is gone. Type: /nick {nick}"
        hub.append(request, gone, partial(say, hub, request, text))
        return
    done = partial(say, hub, request, "You have your nick again")
    hub.append(request, NickChanged(uid=uid, nick=nick), done)


def group(hub: Hub, request: Request, _words: list[str]) -> None:
    """GROUP: the nick that somebody has becomes their account's."""
    account, nick = own_account(hub, request), hub.nick_of(request.session)
    if hub.state.nick_owner(nick) == account:
        raise Failed("NOTHING_TO_DO", text=f"{nick} is your account's already")
    if len(account.nicks) >= NICKS_PER_ACCOUNT_MAX:
        text = f"An account has {NICKS_PER_ACCOUNT_MAX} nicks beside its name at most"
        raise Failed("TOO_MANY", text=text)
    event = AccountChanged(aid=account.aid, nicks=(*account.nicks, nick))
    _change(hub, request, event, f"{nick} is your account's now")


def ungroup(hub: Hub, request: Request, words: list[str]) -> None:
    """UNGROUP <nick>: anybody may take it again."""
    account = own_account(hub, request)
    rest = tuple(nick for nick in account.nicks if not _is_same(nick, words[0]))
    if rest == account.nicks:
        raise Failed("NOT_YOURS", text="This is no nick of your account beside its name")
    event = AccountChanged(aid=account.aid, nicks=rest)
    _change(hub, request, event, f"{words[0]} is nobody's now")


def _is_same(one: str, other: str) -> bool:
    return names.fold_text(one) == names.fold_text(other)


# -- certificates and settings ----------------------------------------------------------------


def cert(hub: Hub, request: Request, words: list[str]) -> None:
    """CERT ADD [fingerprint] | DEL <fingerprint> | LIST."""
    acts = {"ADD": _cert_add, "DEL": _cert_del, "LIST": _cert_list}
    act = acts.get(words[0].upper())
    if act is None:
        raise NICKSERV.wrong("CERT")
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
    _change(hub, request, event, f"{fingerprint} logs in to your account now")


def _cert_del(hub: Hub, request: Request, account: Account, words: list[str]) -> None:
    if not words:
        raise NICKSERV.wrong("CERT")
    fingerprint = _fingerprint(words[0])
    rest = tuple(one for one in account.certificates if one != fingerprint)
    if rest == account.certificates:
        raise Failed("NOT_YOURS", text="This certificate is none of your account")
    if not rest and account.password is None:
        raise Failed("LAST_ONE", text="Nothing else logs in to your account: set a password first")
    event = AccountChanged(aid=account.aid, certificates=rest)
    _change(hub, request, event, f"{fingerprint} does not log in to your account any more")


def _cert_list(hub: Hub, request: Request, account: Account, _words: list[str]) -> None:
    here = request.session.certificate
    rows = (f"{one} (this connection's)" if one == here else one for one in account.certificates)
    say(hub, request, *(rows if account.certificates else ["No certificate logs in to it"]))


def _fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint as it is kept, however it is written."""
    digits = text.replace(":", "").lower()
    if len(digits) != FINGERPRINT_DIGITS or digits.strip("0123456789abcdef"):
        raise Failed("INVALID_PARAMS", text="A fingerprint is SHA-256: 64 digits in hex")
    return digits


def set_(hub: Hub, request: Request, words: list[str]) -> None:
    """SET ALWAYS-PRESENT | MULTICLIENT on | off."""
    setting, value = SETTINGS.get(words[0].upper()), words[1].lower()
    if setting is None or value not in (*ON, *OFF):
        raise NICKSERV.wrong("SET")
    is_on = value in ON
    event = setting.change(own_account(hub, request).aid, is_on)
    _change(hub, request, event, setting.on if is_on else setting.off)


# -- what there is ----------------------------------------------------------------------------


def _stays(hub: Hub, account: Account) -> bool:
    chosen = account.always_present
    return hub.config.are_present if chosen is None else chosen


def info(hub: Hub, request: Request, words: list[str]) -> None:
    """INFO [account]: all of it for its owner, the name and since when for others."""
    own = hub.state.account_of(request.session.uid)
    account = need_account(hub, words[0]) if words else own_account(hub, request)
    say(hub, request, f"Account {account.name}, since {format_time(account.created)}")
    if account != own:
        return
    if account.email:
        say(hub, request, f"E-mail: {account.email}")
    say(
        hub,
        request,
        f"Nicks: {', '.join(account.own_nicks)}",
        f"Password: {'yes' if account.password else 'no'}; "
        f"certificates: {len(account.certificates)}",
        f"Always present: {'on' if _stays(hub, account) else 'off'}",
    )


def sessions(hub: Hub, request: Request, words: list[str]) -> None:
    """SESSIONS [LIST | END <number>]: the devices that are connected."""
    act = words[0].upper() if words else "LIST"
    found = _sessions_of(hub, own_account(hub, request))
    if act == "LIST" and len(words) < 2:
        rows = (_describe(hub, request, place, one) for place, one in enumerate(found, 1))
        say(hub, request, *rows)
    elif act in ("END", "LOGOUT") and len(words) == 2:
        place = int(words[1]) if words[1].isascii() and words[1].isdecimal() else 0
        if not 0 < place <= len(found) or len(words[1]) > 4:
            raise Failed("INVALID_PARAMS", text=f"Your sessions have the numbers 1 to {len(found)}")
        hub.close(found[place - 1], "Ended from another device of yours")
        say(hub, request, f"Session {place} is ended")
    else:
        raise NICKSERV.wrong("SESSIONS")


def _sessions_of(hub: Hub, account: Account) -> list[Session]:
    users = (user for user in hub.state.users.values() if user.account == account.aid)
    attached = (one.sid for user in users for one in user.sessions)
    return [hub.sessions[sid] for sid in attached if sid in hub.sessions]


def _describe(hub: Hub, request: Request, place: int, session: Session) -> str:
    quiet = int(hub.now - session.heard)
    this = ", this one" if session is request.session else ""
    return f"{place}: {hub.nick_of(session)} from {session.address}, quiet for {quiet} s{this}"


NICKSERV = Service(
    SERVICE_NICKS[0],
    "NickServ keeps accounts, and their nicks for them. /msg NickServ HELP <command> tells more.",
    (
        Verb(
            "REGISTER",
            "<password> [e-mail]",
            "Make an account of your nick.",
            register,
            1,
            2,
            False,
        ),
        Verb("IDENTIFY", "[account] <password>", "Log in.", identify, 1, 2, False, ("LOGIN", "ID")),
        Verb("LOGOUT", "", "Log out, on all your devices.", logout),
        Verb("PASSWD", "<old> <new>", "Change your password; * for none yet.", passwd, 2, 2),
        Verb(
            "REGAIN",
            "<nick>",
            "Get back a nick of yours.",
            regain,
            1,
            1,
            aliases=("GHOST", "RECOVER", "RELEASE"),
        ),
        Verb("GROUP", "", "Make the nick you have your account's.", group),
        Verb("UNGROUP", "<nick>", "Let others have a nick again.", ungroup, 1, 1),
        Verb("CERT", "ADD | DEL | LIST [fingerprint]", "Certificates that log you in.", cert, 1, 2),
        Verb(
            "SET",
            "ALWAYS-PRESENT | MULTICLIENT on|off",
            "Stay while not connected; share your nick.",
            set_,
            2,
            2,
        ),
        Verb("INFO", "[account]", "About an account.", info, 0, 1, False),
        Verb(
            "SESSIONS",
            "[LIST | END <number>]",
            "Your connected devices.",
            sessions,
            0,
            2,
            aliases=("CLIENTS",),
        ),
        Verb(
            "SAREGISTER",
            "<account> <password>",
            "For operators: an account for another.",
            saregister,
            2,
            2,
            needs_account=False,
        ),
        Verb("DROP", "<account> <password>", "Remove your account.", drop, 1, 2),
    ),
)
