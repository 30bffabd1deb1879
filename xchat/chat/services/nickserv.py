"""NickServ: accounts, the nicks that are theirs, and what logs in to them."""

from __future__ import annotations

from xchat.chat.reserved import SERVICE_NICKS
from xchat.chat.services.account_settings import info, sessions, set_
from xchat.chat.services.certificates import cert
from xchat.chat.services.logging_in import (
    drop,
    identify,
    logout,
    passwd,
    redeem,
    register,
    saregister,
)
from xchat.chat.services.nicks import group, regain, ungroup
from xchat.chat.services.service import Service, Verb

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
        Verb(
            "REDEEM",
            "<token> <password>",
            "Make the account of your invite.",
            redeem,
            2,
            2,
            False,
            more="The token stands at the end of an invite's link; the whole link will do.",
        ),
        Verb("IDENTIFY", "[account] <password>", "Log in.", identify, 1, 2, False, ("LOGIN", "ID")),
        Verb("LOGOUT", "", "Log out, on all your devices.", logout),
        Verb(
            "PASSWD",
            "<old> <new>",
            "Change your password.",
            passwd,
            2,
            2,
            more="Where a certificate alone logs you in so far, <old> is *.",
        ),
        Verb(
            "REGAIN",
            "<nick>",
            "Get back a nick of yours.",
            regain,
            1,
            1,
            aliases=("GHOST", "RECOVER", "RELEASE"),
            more="A stranger who has it gets another; a connection of yours that has it ends.",
        ),
        Verb("GROUP", "", "Make this nick your account's.", group),
        Verb("UNGROUP", "<nick>", "Let others have a nick again.", ungroup, 1, 1),
        Verb(
            "CERT",
            "ADD | DEL | LIST [fingerprint]",
            "Certificates that log you in.",
            cert,
            1,
            2,
            more="ADD without a fingerprint takes the certificate that you connected with.",
        ),
        Verb(
            "SET",
            "ALWAYS-PRESENT | MULTICLIENT on|off",
            "Your presence, and your devices.",
            set_,
            2,
            2,
            more="ALWAYS-PRESENT: you stay in your channels while no device of yours is connected. "
            "MULTICLIENT: several devices have one nick at the same time.",
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
            "Operators: make an account.",
            saregister,
            2,
            2,
            needs_account=False,
        ),
        Verb(
            "DROP",
            "<account> <password>",
            "Remove your account.",
            drop,
            1,
            2,
            more="For ever: its channels are nobody's, and its nicks are anybody's.",
        ),
    ),
)
