"""What no sane client sends of accounts, history, moderation and presence: rows of malformed.py."""

from __future__ import annotations

from base64 import b64encode

LONG = b"x" * 380
STARS = b"*a" * 60 + b"*!*?*?*@*"
CHUNK = b"A" * 400
MANY = b",".join(b"n%d" % i for i in range(70))
FIRST = b"timestamp=2000-01-01T00:00:00.000Z"
LAST = b"timestamp=9999-12-31T23:59:59.999Z"

COMMANDS = (
    b"ACCEPT CHANSERV CS ISUPPORT NICKSERV NS NPC NPCA RELAYMSG SCENE SEARCH TBAN VERIFY"
).split()


def lines(*some: bytes) -> bytes:
    """Return some lines as they are sent."""
    return b"\r\n".join(some)


def plain(*parts: bytes) -> bytes:
    """Return a SASL PLAIN message in one chunk."""
    return b64encode(b"\0".join(parts))


SASL = {
    "sasl-mechanism-unknown": lines(b"AUTHENTICATE ROT13", b"AUTHENTICATE +"),
    "sasl-mechanism-long": b"AUTHENTICATE " + LONG,
    "sasl-plain-empty": lines(b"AUTHENTICATE PLAIN", b"AUTHENTICATE +"),
    "sasl-plain-two-parts": lines(b"AUTHENTICATE PLAIN", b"AUTHENTICATE " + plain(b"a", b"b")),
    "sasl-plain-five-parts": lines(
        b"AUTHENTICATE PLAIN", b"AUTHENTICATE " + plain(b"", b"a", b"b", b"c", b"d")
    ),
    "sasl-plain-latin1": lines(
        b"AUTHENTICATE PLAIN", b"AUTHENTICATE " + plain(b"", b"caf\xe9", b"caf\xe9")
    ),
    "sasl-plain-controls": lines(
        b"AUTHENTICATE PLAIN", b"AUTHENTICATE " + plain(b"", b"a\r\nQUIT", b"\x1b[2J")
    ),
    "sasl-plain-authzid": lines(
        b"AUTHENTICATE PLAIN", b"AUTHENTICATE " + plain("аdmin".encode(), b"admin", b"x")
    ),
    "sasl-padding": lines(b"AUTHENTICATE PLAIN", b"AUTHENTICATE A"),
    "sasl-no-base64": lines(b"AUTHENTICATE PLAIN", "AUTHENTICATE ۱۲۳۴".encode()),
    "sasl-endless": lines(b"AUTHENTICATE PLAIN", *[b"AUTHENTICATE " + CHUNK] * 40),
    "sasl-chunk-401": lines(b"AUTHENTICATE PLAIN", b"AUTHENTICATE " + CHUNK + b"A"),
    "sasl-scram-garbage": lines(b"AUTHENTICATE SCRAM-SHA-256", b"AUTHENTICATE " + plain(b"n,,n=a")),
    "sasl-scram-nonce-empty": lines(
        b"AUTHENTICATE SCRAM-SHA-256", b"AUTHENTICATE " + b64encode(b"n,,n=a,r=")
    ),
    "sasl-scram-channel-binding": lines(
        b"AUTHENTICATE SCRAM-SHA-256", b"AUTHENTICATE " + b64encode(b"p=tls-unique,,n=a,r=b")
    ),
    "sasl-scram-name-of-commas": lines(
        b"AUTHENTICATE SCRAM-SHA-256", b"AUTHENTICATE " + b64encode(b"n,,n==2C=3D=,r=abcdef")
    ),
    "sasl-scram-latin1": lines(
        b"AUTHENTICATE SCRAM-SHA-256", b"AUTHENTICATE " + b64encode(b"n,,n=caf\xe9,r=abcdef")
    ),
    "sasl-scram-end-first": lines(
        b"AUTHENTICATE SCRAM-SHA-256", b"AUTHENTICATE " + b64encode(b"c=biws,r=x,p=AAAA")
    ),
    "sasl-scram-wrong-proof": lines(
        b"AUTHENTICATE SCRAM-SHA-256",
        b"AUTHENTICATE " + b64encode(b"n,,n=a,r=abcdef"),
        b"AUTHENTICATE " + b64encode(b"c=biws,r=abcdef,p=AAAA"),
    ),
    "sasl-external-without": lines(b"AUTHENTICATE EXTERNAL", b"AUTHENTICATE +"),
    "sasl-abort-often": lines(*[b"AUTHENTICATE PLAIN", b"AUTHENTICATE *"] * 60),
    "sasl-mechanism-within": lines(b"AUTHENTICATE PLAIN", b"AUTHENTICATE SCRAM-SHA-256"),
}

NEW_LINES = SASL | {
    "sasl-then-registered": lines(
        b"CAP REQ :sasl", b"AUTHENTICATE PLAIN", b"NICK s1", b"USER s 0 * :s", b"CAP END"
    ),
    "sasl-then-quit": lines(
        b"AUTHENTICATE PLAIN", b"AUTHENTICATE " + plain(b"", b"a", b"b"), b"QUIT"
    ),
    "sasl-while-registering": lines(
        b"NICK s2",
        b"AUTHENTICATE PLAIN",
        b"AUTHENTICATE " + plain(b"", b"s2", b"x"),
        b"USER s 0 * :s",
    ),
    "pass-as-login": lines(b"PASS a:" + LONG, b"NICK s3", b"USER s 0 * :s"),
    "pass-colons": lines(b"PASS :::::", b"NICK s4", b"USER s 0 * :s"),
    "register-first": b"REGISTER * * password",
    "register-and-nick": lines(b"NICK s5", b"REGISTER * * password", b"NICK s6", b"USER s 0 * :s"),
    "register-storm": lines(*(b"REGISTER r%d * password" % i for i in range(60))),
    "metadata-first": lines(b"METADATA * SET a b", b"METADATA nobody GET a", b"METADATA * SYNC"),
    "away-first": lines(b"CAP REQ :draft/pre-away", b"AWAY :" + LONG, b"AWAY *", b"AWAY"),
    "batch-first": b"BATCH +a draft/multiline #lobby",
    "oper-first": b"OPER admin admin",
    "services-first": b"PRIVMSG NickServ :REGISTER password",
}

USER_LINES = SASL | {
    # -- accounts and services
    "register-empty": b"REGISTER * * :",
    "register-control-password": b"REGISTER somebody * a\x01b",
    "register-long": b"REGISTER somebody * " + LONG,
    "register-name-service": b"REGISTER NickServ * password",
    "register-name-channel": b"REGISTER #lobby * password",
    "register-name-controls": b"REGISTER \x1b[2J\xe2\x80\xae * password",
    "register-storm": lines(*(b"REGISTER r%d * password" % i for i in range(60))),
    "verify": b"VERIFY * " + LONG,
    "nickserv-spaces": b"PRIVMSG NickServ :" + b" " * 300,
    "nickserv-long-verb": b"PRIVMSG NickServ :" + LONG,
    "nickserv-ctcp": b"PRIVMSG NickServ :\x01VERSION\x01",
    "nickserv-controls": b"PRIVMSG NickServ :\x1b]0;x\x07 \xe2\x80\xae",
    "nickserv-help-itself": b"NS HELP HELP",
    "nickserv-sessions": lines(
        b"NS SESSIONS END 99999999999999999999", "NS SESSIONS END ٣".encode()
    ),
    "nickserv-cert": b"NS CERT ADD " + b"zz" * 32,
    "nickserv-drop": b"NS DROP healthy x",
    "nickserv-regain": b"NS REGAIN healthy",
    "nickserv-beside-others": b"PRIVMSG NickServ,#lobby :IDENTIFY secret",
    "nickserv-identify-often": lines(*[b"NS IDENTIFY healthy wrong"] * 40),
    "nickserv-notice": b"NOTICE NickServ :REGISTER password",
    "nickserv-tagmsg": b"@+x=y TAGMSG NickServ",
    "chanserv-unknown": b"CS FROBNICATE #lobby",
    "chanserv-register-nothing": b"CS REGISTER nothing",
    "chanserv-access": b"CS ACCESS #lobby ADD nobody founder",
    "chanserv-transfer": b"CS TRANSFER #lobby " + LONG,
    "chanserv-unban": b"CS UNBAN #lobby " + STARS,
    "chanserv-invite": b"INVITE ChanServ #lobby",
    "kick-chanserv": b"KICK #lobby ChanServ",
    "mode-chanserv": b"MODE #lobby +o ChanServ",
    "nick-chanserv": b"NICK ChanServ",
    "nick-guest": b"NICK Guest99999",
    "oper-long": b"OPER " + LONG + b" " + b"y" * 100,
    "oper-often": lines(*[b"OPER admin wrong"] * 40),
    "kill-without": b"KILL healthy :no",
    "rehash-without": b"REHASH",
    # -- masks and moderation
    "glob-bomb-ban": b"MODE #lobby +b " + STARS,
    "glob-bomb-who": b"WHO " + STARS,
    "glob-bomb-list": b"LIST " + STARS,
    "glob-bomb-account": b"MODE #lobby +b a:" + STARS,
    "extban-nested": b"MODE #lobby +b m:m:a:m:x",
    "extban-empty": lines(b"MODE #lobby +b a:", b"MODE #lobby +b m:", b"MODE #lobby +e :"),
    "tban-forever": b"TBAN #lobby " + b"9" * 300 + b"w *!*@*",
    "tban-negative": b"TBAN #lobby -5m *!*@*",
    "tban-nothing": b"TBAN #lobby 0 *!*@*",
    "tban-arabic": "TBAN #lobby ٣m *!*@*".encode(),
    "tban-fraction": b"TBAN #lobby 1.5h x!*@*",
    "rename-itself": b"RENAME #lobby #lobby",
    "rename-case": lines(b"JOIN #renamed", b"RENAME #renamed #RENAMED"),
    "rename-no-channel": b"RENAME #lobby lobby",
    "rename-long": b"RENAME #lobby #" + LONG,
    "rename-controls": b"RENAME #lobby #\x07a",
    "statusmsg-all": b"PRIVMSG ~&@%+#lobby :x",
    "statusmsg-nothing": b"PRIVMSG @ :x",
    "statusmsg-thousand": b"PRIVMSG " + b"@" * 400 + b"#lobby :x",
    "accept-many": b"ACCEPT " + MANY,
    "accept-itself": b"ACCEPT -,--,-healthy,*",
    # -- history
    "targets-all": b"CHATHISTORY TARGETS " + FIRST + b" " + LAST + b" 999999999",
    "targets-backwards": b"CHATHISTORY TARGETS " + LAST + b" " + FIRST + b" 5",
    "targets-msgid": b"CHATHISTORY TARGETS msgid=a msgid=b 5",
    "around-nothing": b"CHATHISTORY AROUND #lobby msgid=none-1 0",
    "around-all": b"CHATHISTORY AROUND #lobby " + FIRST + b" 999999999",
    "between-wide": b"CHATHISTORY BETWEEN #lobby " + FIRST + b" " + LAST + b" 100",
    "history-limit-long": b"CHATHISTORY LATEST #lobby * " + b"9" * 300,
    "history-limit-negative": b"CHATHISTORY LATEST #lobby * -100",
    "history-of-a-service": b"CHATHISTORY LATEST NickServ * 5",
    "history-of-status": b"CHATHISTORY LATEST @#lobby * 5",
    "search-without": b"SEARCH text=x",
    "search-bomb": lines(
        b"CAP REQ :draft/search batch", b"SEARCH text=" + b'\\s"*NEAR(' * 30, b"SEARCH :text=%_%_%"
    ),
    "search-times": lines(
        b"CAP REQ :draft/search",
        b"SEARCH after=x;before=y",
        b"SEARCH limit=-1",
        b"SEARCH in=#other",
    ),
    "redact-without": b"REDACT #lobby x",
    "redact-garbage": lines(
        b"CAP REQ :draft/message-redaction",
        b"REDACT #lobby " + LONG,
        b"REDACT #other x-1",
        b"REDACT nobody x-1",
        b"REDACT * *",
        b"REDACT #lobby x-" + b"f" * 100,
    ),
    "markread-absurd": lines(
        b"CAP REQ :draft/read-marker",
        b"MARKREAD #lobby timestamp=99999-01-01T00:00:00.000Z",
        b"MARKREAD #lobby msgid=x",
        b"MARKREAD * *",
        b"MARKREAD " + LONG,
    ),
    "markread-many": lines(*(b"MARKREAD #m%d " % i + LAST for i in range(120))),
    "multiline-unclosed": lines(
        b"CAP REQ :draft/multiline batch", b"BATCH +a draft/multiline #lobby", b"PRIVMSG #lobby :x"
    ),
    "multiline-too-many": lines(
        b"CAP REQ :draft/multiline batch",
        b"BATCH +a draft/multiline #lobby",
        *[b"@batch=a PRIVMSG #lobby :x"] * 200,
        b"BATCH -a",
    ),
    "multiline-nested": lines(
        b"CAP REQ :draft/multiline batch",
        b"BATCH +a draft/multiline #lobby",
        b"@batch=a BATCH +b draft/multiline #lobby",
        b"@batch=b PRIVMSG #lobby :x",
        b"BATCH -b",
        b"BATCH -a",
    ),
    "multiline-to-a-service": lines(
        b"CAP REQ :draft/multiline batch",
        b"BATCH +a draft/multiline NickServ",
        b"@batch=a PRIVMSG NickServ :IDENTIFY secret",
        b"BATCH -a",
    ),
    "multiline-to-status": lines(
        b"CAP REQ :draft/multiline batch",
        b"BATCH +a draft/multiline @#lobby",
        b"@batch=a PRIVMSG @#lobby :x",
        b"@batch=a;draft/multiline-concat PRIVMSG @#lobby :y",
        b"BATCH -a",
    ),
    "batch-signs": lines(
        b"CAP REQ :draft/multiline batch", b"BATCH +", b"BATCH -", b"BATCH x", b"BATCH + a b"
    ),
    # -- presence
    "monitor-many": b"MONITOR + " + MANY,
    "monitor-long": b"MONITOR + " + LONG,
    "monitor-garbage": lines(
        b"MONITOR", b"MONITOR *", b"MONITOR + ,,,", "MONITOR - \u202e".encode()
    ),
    "whox-everything": b"WHO #lobby %tcuihsnfdlaorzzz,1234567890",
    "whox-token": b"WHO * %tn," + LONG,
    "whowas-negative": b"WHOWAS healthy -5",
    "metadata-many": lines(*(b"METADATA * SET k%d v" % i for i in range(80))),
    "metadata-subs": b"METADATA * SUB " + b" ".join(b"k%d" % i for i in range(70)),
    "metadata-garbage": lines(
        b"METADATA * SET",
        b"METADATA #lobby SET \xe2\x80\xae x",
        b"METADATA * GET",
        b"METADATA * ***",
    ),
    "metadata-value": b"METADATA * SET a :" + LONG + b"\x1b[2J",
    "silence": b"MODE healthy +R\r\nMODE #lobby +uUCMR-uUCMR",
}
