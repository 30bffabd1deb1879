"""What no sane client sends: a table of inputs that may neither stop the server nor delay others.

Each row is a name, where the bytes are sent, and the bytes. A row of lines is sent within TLS and
followed by a PING, so that it has been handled when the test goes on; a row of raw bytes goes to
the bare socket, before or in place of a handshake.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tests.e2e import malformed_accounts as accounts

DIGITS = b"9" * 5000
THOUSAND = b" ".join(b"a%d" % i for i in range(1000))
THOUSAND_CHANNELS = b",".join(b"#c%d" % i for i in range(1000))
ARABIC_THREE = "٣".encode()
RTL_OVERRIDE = "\u202e".encode()


class Stage(Enum):
    """Who sends it."""

    BARE = "a TCP connection without TLS"
    NEW = "a TLS connection that has not logged in"
    USER = "a user who is in #lobby"


@dataclass(frozen=True, slots=True)
class Case:
    """One input: its name in the test's report, who sends it, and the bytes."""

    name: str
    stage: Stage
    raw: bytes


COMMANDS = (
    b"ADMIN AUTHENTICATE AWAY BATCH CAP CHATHISTORY DIE ERROR FAIL HELP HELPOP INFO INVITE ISON "
    b"JOIN KICK KILL KNOCK LINKS LIST LUSERS MARKREAD METADATA MODE MONITOR MOTD NAMES NICK NOTE "
    b"NOTICE OPER PART PASS PING PONG PRIVMSG REDACT REGISTER REHASH RENAME SETNAME STATS TAGMSG "
    b"TIME TOPIC TRACE USER USERHOST USERIP VERSION WALLOPS WARN WEBIRC WHO WHOIS WHOWAS 001 433 "
    b"999"
).split()

# How each command is called: what follows its name.
SHAPES = {
    "bare": b"",
    "empty": b" :",
    "thousand": b" #lobby " + THOUSAND,
    "digits": b" #lobby " + DIGITS,
}

USER_LINES: dict[str, bytes] = {
    # -- framing
    "nothing": b"",
    "many-empty-lines": b"\r\n" * 5000,
    "spaces": b" " * 400,
    "colon": b":",
    "colons": b":" * 500,
    "prefix-only": b":someone!else@there",
    "prefix-and-space": b":someone ",
    "forged-prefix": b":anna!anna@host PRIVMSG #lobby :not me",
    "leading-spaces": b"    PRIVMSG #lobby :x",
    "bare-cr": b"PRIVMSG #lobby :a\rQUIT :injected",
    "bare-cr-in-command": b"PRIV\rMSG #lobby :x",
    "bare-cr-in-nick": b"NICK a\rb",
    "bare-cr-in-topic": b"TOPIC #lobby :a\rb",
    "bare-cr-in-away": b"AWAY :a\rb",
    "bare-cr-in-realname": b"SETNAME :a\rb",
    "bare-cr-in-kick": b"KICK #lobby nobody :a\rb",
    "bare-cr-in-part": b"PART #lobby :a\rb",
    "bare-cr-in-quit": b"QUIT :a\rb",
    "bare-cr-in-tag": b"@+x=a\rb TAGMSG #lobby",
    "only-crs": b"\r" * 600,
    "nul": b"\0",
    "nul-in-text": b"PRIVMSG #lobby :a\0b",
    "nul-in-command": b"PING\0 x",
    "nuls": b"\0" * 5000,
    "every-control": b"PRIVMSG #lobby :" + bytes(b for b in range(1, 32) if b not in (10, 13)),
    "separators-of-python": "PRIVMSG #lobby :a\x0bb\x0cc\x1cd\x1ee\x85f\u2028g\u2029h".encode(),
    "escape-sequences": b"PRIVMSG #lobby :\x1b]0;title\x07\x1b[2J\x9b31m",
    "utf16": "PRIVMSG #lobby :x".encode("utf-16"),
    "byte-order-mark": b"\xef\xbb\xbfPRIVMSG #lobby :x",
    # -- UTF-8
    "utf8-lone-continuation": b"PRIVMSG #lobby :\x80\xbf",
    "utf8-overlong": b"PRIVMSG #lobby :\xc0\x80\xe0\x80\xaf",
    "utf8-surrogate": b"PRIVMSG #lobby :\xed\xa0\x80\xed\xbf\xbf",
    "utf8-past-the-end": b"PRIVMSG #lobby :\xf4\x90\x80\x80\xf8\x88\x80\x80\x80",
    "utf8-cut": b"PRIVMSG #lobby :\xf0\x9f\x91",
    "utf8-all-bytes": b"PRIVMSG #lobby :" + bytes(range(128, 256)),
    "utf8-in-command": "ПРИВЕТ #lobby :x".encode(),
    "latin1-nick": b"NICK caf\xe9",
    "latin1-channel": b"JOIN #caf\xe9",
    "latin1-tag": b"@+x=\xe9 TAGMSG #lobby",
    "combining-marks": b"PRIVMSG #lobby :e" + "\u0301".encode() * 200,
    "dotted-capital-i": "NICK İİİİ".encode(),
    "sharp-s": "NICK ẞß".encode(),
    "lone-joiner": "NICK \u200d\u200d".encode(),
    # -- length
    "line-511": b"PRIVMSG #lobby :" + b"x" * 493,
    "line-512": b"PRIVMSG #lobby :" + b"x" * 494,
    "line-513": b"PRIVMSG #lobby :" + b"x" * 495,
    "line-600": b"PRIVMSG #lobby :" + b"x" * 584,
    "line-8k": b"PRIVMSG #lobby :" + b"x" * 8176,
    "line-64k": b"PRIVMSG #lobby :" + b"x" * 65_520,
    "line-1m": b"PRIVMSG #lobby :" + b"x" * 1_048_576,
    "one-word-64k": b"x" * 65_536,
    "emoji-at-the-limit": b"PRIVMSG #lobby :" + "👋".encode() * 124,
    "emoji-past-the-limit": b"PRIVMSG #lobby :" + "👋".encode() * 200,
    # -- parameters
    "params-15": b"PRIVMSG " + b"a " * 14 + b":last",
    "params-16": b"PRIVMSG " + b"a " * 15 + b":last",
    "params-300": b"PRIVMSG " + b"a " * 200,
    "params-empty": b"PRIVMSG  #lobby    :x",
    "trailing-colons": b"PRIVMSG #lobby :::::",
    # -- tags
    "tags-only": b"@a=b",
    "tags-only-space": b"@a=b ",
    "tags-none": b"@ PING x",
    "tags-semicolons": b"@;;;; PING x",
    "tags-equals": b"@=;==;=a PING x",
    "tags-escapes": b"@+x=\\:\\s\\\\\\r\\n\\q\\ TAGMSG #lobby",
    "tags-escaped-crlf": b"@+x=a\\r\\nQUIT TAGMSG #lobby",
    "tags-nul": b"@+x=a\0b TAGMSG #lobby",
    "tags-twice": b"@+x=1;+x=2;+x=3 TAGMSG #lobby",
    "tags-thousand": b"@" + b";".join(b"t%d=1" % i for i in range(700)) + b" TAGMSG #lobby",
    "tags-4094": b"@+x=" + b"y" * 4091 + b" TAGMSG #lobby",
    "tags-4095": b"@+x=" + b"y" * 4092 + b" TAGMSG #lobby",
    "tags-8191": b"@+x=" + b"y" * 8187 + b" TAGMSG #lobby",
    "tags-64k": b"@+x=" + b"y" * 65_536 + b" TAGMSG #lobby",
    "tags-and-long-line": b"@+x=" + b"y" * 4000 + b" PRIVMSG #lobby :" + b"x" * 600,
    "tags-forged-msgid": b"@msgid=abc;time=2000-01-01T00:00:00.000Z PRIVMSG #lobby :x",
    "tags-forged-account": b"@account=root PRIVMSG #lobby :x",
    "tags-key-of-controls": b"@\x01\x02=x TAGMSG #lobby",
    "label-empty": b"@label= PING x",
    "label-bare": b"@label PING x",
    "label-65": b"@label=" + b"x" * 65 + b" PING x",
    "label-4k": b"@label=" + b"x" * 4000 + b" PING x",
    # -- numbers
    "mode-limit-arabic": b"MODE #lobby +l " + ARABIC_THREE,
    "mode-limit-digits": b"MODE #lobby +l " + b"9" * 400,
    "mode-limit-negative": b"MODE #lobby +l -1",
    "mode-limit-zero": b"MODE #lobby +l 0",
    "mode-limit-plus": b"MODE #lobby +l +5",
    "mode-limit-underscore": b"MODE #lobby +l 1_000",
    "mode-limit-superscript": "MODE #lobby +l ²".encode(),
    "mode-limit-float": b"MODE #lobby +l 1e309",
    "cap-version-arabic": b"CAP LS " + ARABIC_THREE + b"02",
    "cap-version-digits": b"CAP LS " + b"3" * 490,
    "cap-version-negative": b"CAP LS -302",
    "list-users-arabic": b"LIST >" + ARABIC_THREE,
    "list-users-digits": b"LIST >" + b"9" * 480,
    "list-created-digits": b"LIST C<" + b"9" * 480,
    "list-topic-nan": b"LIST T>nan",
    # -- modes and lists
    "mode-thousand-letters": b"MODE #lobby +" + b"o" * 480,
    "mode-thousand-signs": b"MODE #lobby " + b"+-" * 240,
    "mode-every-byte": b"MODE #lobby +" + bytes(b for b in range(33, 256) if b != 0x3A),
    "mode-georgian-letters": "MODE #lobby +აბგ ა ბ გ".encode(),
    "mode-list-twice": b"MODE #lobby bbbbbbbb",
    "mode-ban-of-stars": b"MODE #lobby +b " + b"*?" * 200 + b"!*@*",
    "mode-ban-backtracking": b"MODE #lobby +b " + b"*a" * 100 + b"*b!*@*",
    "mode-ban-empty": b"MODE #lobby +b :",
    "mode-ban-parts": b"MODE #lobby +b !@!@!@",
    "mode-key-space": b"MODE #lobby +k :a b",
    "mode-key-comma": b"MODE #lobby +k a,b",
    "mode-key-of-controls": b"MODE #lobby +k \x01\x02\x1b",
    "mode-own-unknown": b"MODE user +\xff\xfezzz",
    "mode-other-user": b"MODE anna +o",
    "mode-nobody": b"MODE nobody +b *!*@*",
    "mode-without-channel": b"MODE # +o",
    # -- names
    "join-thousand": b"JOIN " + THOUSAND_CHANNELS,
    "join-seventy": b"JOIN " + b",".join(b"#j%d" % i for i in range(70)),
    "join-zero": b"JOIN 0",
    "join-commas": b"JOIN ,,,,,",
    "join-hash": b"JOIN #",
    "join-no-hash": b"JOIN lobby",
    "join-long": b"JOIN #" + b"x" * 400,
    "join-bell": b"JOIN #a\x07b",
    "join-escape": b"JOIN #\x1b[2J",
    "join-c1": "JOIN #\x9b2J".encode(),
    "join-rtl": b"JOIN #" + RTL_OVERRIDE + b"txt",
    "join-zero-width": "JOIN #lob\u200bby".encode(),
    "join-look-alike": "JOIN #lоbby".encode(),
    "join-keys-thousand": b"JOIN #k1 " + b",".join([b"k"] * 200),
    "join-emoji": "JOIN #👨‍👩‍👧‍👦".encode(),
    "nick-empty": b"NICK :",
    "nick-long": b"NICK " + b"n" * 480,
    "nick-digits": b"NICK 12345",
    "nick-star": b"NICK *",
    "nick-hash": b"NICK #lobby",
    "nick-at": b"NICK a@b!c",
    "nick-space": b"NICK :a b",
    "nick-comma": b"NICK a,b",
    "nick-colon": b"NICK a:b",
    "nick-rtl": b"NICK " + RTL_OVERRIDE + b"anna",
    "nick-look-alike": "NICK аnna".encode(),
    "nick-georgian": "NICK ნინო".encode(),
    "nick-server": b"NICK localhost",
    "nick-taken": b"NICK healthy",
    "nick-often": b"\r\n".join(b"NICK often%d" % i for i in range(200)),
    # -- messages
    "privmsg-no-text": b"PRIVMSG #lobby",
    "privmsg-empty-text": b"PRIVMSG #lobby :",
    "privmsg-thousand-targets": b"PRIVMSG " + b",".join(b"u%d" % i for i in range(100)) + b" :x",
    "privmsg-same-target": b"PRIVMSG " + b",".join([b"#lobby"] * 60) + b" :x",
    "privmsg-commas": b"PRIVMSG ,,,, :x",
    "privmsg-server-mask": b"PRIVMSG $* :x",
    "privmsg-statusmsg": b"PRIVMSG @#lobby :x",
    "privmsg-statusmsg-nothing": b"PRIVMSG @ :x",
    "privmsg-statusmsg-many": b"PRIVMSG @+@+@+#lobby :x",
    "privmsg-self": b"PRIVMSG user :x",
    "ctcp-open": b"PRIVMSG #lobby :\x01ACTION",
    "ctcp-empty": b"PRIVMSG #lobby :\x01\x01",
    "ctcp-utc": b"PRIVMSG healthy :\x01UTC " + b"9" * 300 + b"\x01",
    "notice-to-nobody": b"NOTICE nobody :x",
    "tagmsg-no-tags": b"TAGMSG #lobby",
    "tagmsg-text": b"@+x TAGMSG #lobby :text",
    "privmsg-flood": b"\r\n".join([b"PRIVMSG #lobby :flood"] * 500),
    "ping-flood": b"\r\n".join([b"PING x"] * 1000),
    "whois-flood": b"\r\n".join([b"WHOIS healthy"] * 300),
    "unknown-flood": b"\r\n".join(b"NONSENSE%d" % i for i in range(300)),
    "join-part-flood": b"\r\n".join([b"JOIN #f", b"PART #f"] * 100),
    # -- questions
    "who-stars": b"WHO " + b"*" * 400,
    "who-backtracking": b"WHO " + b"*a" * 200 + b"*b",
    "who-x-fields": b"WHO #lobby %" + b"tcuihsnfdlaor" * 30 + b",999",
    "who-x-token": b"WHO #lobby %t," + b"9" * 400,
    "whois-stars": b"WHOIS *",
    "whois-commas": b"WHOIS " + b"a," * 200,
    "userhost-hundred": b"USERHOST " + b"healthy " * 60,
    "ison-hundred": b"ISON " + b"healthy " * 60,
    "names-thousand": b"NAMES " + b"#lobby," * 60,
    "list-masks": b"LIST *a*b*c*d*e*f*g*h*,!#lobby",
    "topic-long": b"TOPIC #lobby :" + b"t" * 490,
    "topic-other": b"TOPIC #nowhere :x",
    "kick-many": b"KICK #lobby " + b",".join(b"k%d" % i for i in range(100)),
    "kick-pairs": b"KICK #lobby,#lobby,#lobby user,user :out",
    "invite-nobody": b"INVITE nobody #nowhere",
    "help-of-anything": b"HELP \x1b[2J",
    "motd-elsewhere": b"MOTD some.where.else",
    "version-elsewhere": b"VERSION " + b"*" * 300,
    # -- history
    "history-zero": b"CHATHISTORY LATEST #lobby * 0",
    "history-negative": b"CHATHISTORY LATEST #lobby * -1",
    "history-arabic": b"CHATHISTORY LATEST #lobby * " + ARABIC_THREE,
    "history-digits": b"CHATHISTORY LATEST #lobby * " + b"9" * 450,
    "history-plus": b"CHATHISTORY LATEST #lobby * +5",
    "history-underscore": b"CHATHISTORY LATEST #lobby * 1_0",
    "history-past-the-limit": b"CHATHISTORY LATEST #lobby * 100000",
    "history-nowhere": b"CHATHISTORY LATEST #nowhere * 10",
    "history-of-a-user": b"CHATHISTORY LATEST healthy * 10",
    "history-unknown-verb": b"CHATHISTORY SIDEWAYS #lobby * 10",
    "history-msgid-empty": b"CHATHISTORY BEFORE #lobby msgid= 10",
    "history-msgid-unknown": b"CHATHISTORY AFTER #lobby msgid=\x01\x02 10",
    "history-msgid-long": b"CHATHISTORY AFTER #lobby msgid=" + b"m" * 450 + b" 10",
    "history-selector": b"CHATHISTORY BEFORE #lobby colour=blue 10",
    "history-time-empty": b"CHATHISTORY BEFORE #lobby timestamp= 10",
    "history-time-words": b"CHATHISTORY BEFORE #lobby timestamp=yesterday 10",
    "history-time-13th-month": b"CHATHISTORY BEFORE #lobby timestamp=2026-13-01T00:00:00.000Z 10",
    "history-time-year-0": b"CHATHISTORY AFTER #lobby timestamp=0000-01-01T00:00:00.000Z 10",
    "history-time-year-9999": b"CHATHISTORY AFTER #lobby timestamp=9999-12-31T23:59:59.999Z 10",
    "history-time-99999": b"CHATHISTORY AFTER #lobby timestamp=99999-01-01T00:00:00.000Z 10",
    "history-time-leap": b"CHATHISTORY AFTER #lobby timestamp=2016-12-31T23:59:60.000Z 10",
    "history-time-zone": b"CHATHISTORY AFTER #lobby timestamp=2026-01-01T00:00:00.000+14:00 10",
    "history-time-arabic": "CHATHISTORY AFTER #lobby timestamp=٢٠٢٦-01-01T00:00:00Z 10".encode(),
    "history-time-before-1970": b"CHATHISTORY AFTER #lobby timestamp=1900-01-01T00:00:00.000Z 10",
    "history-between-same": b"CHATHISTORY BETWEEN #lobby msgid=a msgid=a 10",
    "history-targets": b"CHATHISTORY TARGETS timestamp=x timestamp=y 10",
    "history-flood": b"\r\n".join([b"CHATHISTORY LATEST #lobby * 100"] * 100),
    # -- state
    "user-again": b"USER a b c d",
    "pass-again": b"PASS secret",
    "cap-end-again": b"CAP END\r\nCAP END\r\nCAP END",
    "cap-req-thousand": b"CAP REQ :" + b" ".join(b"cap%d" % i for i in range(60)),
    "cap-req-everything-off": b"CAP REQ :-message-tags -echo-message -batch -server-time",
    "cap-req-both": b"CAP REQ :echo-message -echo-message",
    "cap-req-empty": b"CAP REQ :",
    "cap-unknown-verb": b"CAP \xff\xfe",
    "cap-ack-from-client": b"CAP ACK :batch",
    "cap-ls-often": b"\r\n".join([b"CAP LS 302"] * 100),
    "batch-never-closed": b"\r\n".join(b"BATCH +b%d draft/multiline #lobby" % i for i in range(64)),
    "batch-of-nothing": b"@batch=none PRIVMSG #lobby :x",
    "authenticate-garbage": b"AUTHENTICATE PLAIN\r\nAUTHENTICATE !!!!\r\nAUTHENTICATE *",
    "authenticate-long": b"AUTHENTICATE " + b"A" * 401,
    "pong-unasked": b"PONG x\r\n" * 50,
    "away-often": b"\r\n".join(b"AWAY :%d" % i for i in range(100)),
    "quit-then-speak": b"QUIT :bye\r\nPRIVMSG #lobby :still here\r\nJOIN #other",
    "error-from-client": b"ERROR :you are wrong",
    "server-line": b"SERVER evil.example 1 :hello",
    "numeric-from-client": b":localhost 001 user :Welcome",
}

NEW_LINES: dict[str, bytes] = {
    "nothing": b"",
    "http-get": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "http-post": b"POST / HTTP/1.1\r\nContent-Length: 30\r\n\r\nNICK evil\r\nUSER e 0 * :e\r\nQUIT",
    "http2-preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "websocket": b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "tls-within-tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "random": bytes((i * 73 + 41) % 256 for i in range(4096)),
    "megabyte-without-a-line": b"x" * 1_048_576,
    "megabyte-of-lines": b"x\r\n" * 350_000,
    "join-first": b"JOIN #lobby",
    "privmsg-first": b"PRIVMSG #lobby :x",
    "user-first": b"USER a 0 * :a",
    "user-twice": b"USER a 0 * :a\r\nUSER b 0 * :b",
    "user-empty": b"USER : : : :",
    "user-controls": b"NICK c1\r\nUSER \x1b[2J 0 * :\x1b]0;x\x07",
    "user-at": b"NICK c2\r\nUSER a@b!c 0 * :x",
    "user-long": b"NICK c3\r\nUSER " + b"u" * 450 + b" 0 * :x",
    "user-latin1": b"NICK c4\r\nUSER caf\xe9 0 * :caf\xe9",
    "realname-empty": b"NICK c5\r\nUSER a 0 * :",
    "nick-twice": b"NICK c6\r\nNICK c7\r\nUSER a 0 * :x",
    "nick-taken": b"NICK healthy\r\nUSER a 0 * :x",
    "nick-often": b"\r\n".join(b"NICK c%d" % i for i in range(200)),
    "pass-only": b"PASS " + b"p" * 500,
    "pass-nul": b"PASS a\0b\r\nNICK c8\r\nUSER a 0 * :x",
    "pass-last": b"NICK c9\r\nUSER a 0 * :x\r\nPASS late",
    "cap-end-only": b"CAP END",
    "cap-end-then-names": b"CAP END\r\nNICK c10\r\nUSER a 0 * :x",
    "cap-after-user": b"NICK c11\r\nUSER a 0 * :x\r\nCAP LS 302\r\nCAP REQ :batch\r\nCAP END",
    "cap-never-ended": b"CAP LS 302\r\nNICK c12\r\nUSER a 0 * :x\r\nJOIN #lobby",
    "cap-req-before-ls": b"CAP REQ :message-tags\r\nNICK c13\r\nCAP END\r\nUSER a 0 * :x",
    "cap-list-first": b"CAP LIST\r\nCAP LS\r\nCAP LIST\r\nCAP END",
    "cap-bare": b"CAP",
    "cap-ls-arabic": b"CAP LS " + ARABIC_THREE,
    "cap-req-long": b"CAP REQ :" + b"message-tags " * 35,
    "cap-flood": b"\r\n".join([b"CAP REQ :echo-message", b"CAP REQ :-echo-message"] * 200),
    "authenticate-first": b"AUTHENTICATE PLAIN\r\nAUTHENTICATE AGEAYg==",
    "quit-first": b"QUIT :never here",
    "pong-first": b"PONG :x",
    "chathistory-first": b"CHATHISTORY LATEST #lobby * 10",
    "label-first": b"@label=x CAP LS 302",
    "tags-8k-first": b"@+x=" + b"y" * 8187 + b" NICK c14",
    "webirc": b"WEBIRC password gateway host 127.0.0.1",
    "proxy-protocol": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2",
}


def client_hello() -> bytes:
    """Return the first bytes of an honest client, as OpenSSL makes them."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake without a server")


def record(kind: int, body: bytes, version: bytes = b"\x03\x03") -> bytes:
    """Return a TLS record in the clear."""
    return bytes([kind]) + version + len(body).to_bytes(2, "big") + body


HELLO = client_hello()
BARE: dict[str, bytes] = {
    "nothing": b"",
    "irc-in-the-clear": b"NICK plain\r\nUSER plain 0 * :plain\r\n",
    "http-in-the-clear": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "smtp": b"EHLO localhost\r\n",
    "socks5": b"\x05\x01\x00",
    "rdp": b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00",
    "redis": b"*1\r\n$4\r\nPING\r\n",
    "zeros": b"\0" * 4096,
    "ones": b"\xff" * 4096,
    "random": bytes((i * 151 + 7) % 256 for i in range(8192)),
    "hello-of-sslv2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + b"\x01\x00\x80" * 12,
    "hello-cut-at-1": HELLO[:1],
    "hello-cut-at-4": HELLO[:4],
    "hello-cut-at-5": HELLO[:5],
    "hello-cut-at-6": HELLO[:6],
    "hello-cut-in-half": HELLO[: len(HELLO) // 2],
    "hello-cut-at-the-last": HELLO[:-1],
    "hello-only": HELLO,
    "hello-twice": HELLO + HELLO,
    "hello-then-text": HELLO + b"NICK plain\r\n",
    "hello-then-alert": HELLO + record(21, b"\x02\x00"),
    "hello-of-tls10": record(22, HELLO[5:], b"\x03\x01"),
    "hello-of-tls99": record(22, HELLO[5:], b"\x63\x63"),
    "hello-byte-by-record": b"".join(record(22, HELLO[i : i + 1]) for i in range(5, len(HELLO))),
    "hello-length-too-long": HELLO[:6] + b"\xff\xff\xff" + HELLO[9:],
    "hello-length-zero": HELLO[:6] + b"\0\0\0" + HELLO[9:],
    "record-too-long": b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000,
    "record-empty": record(22, b""),
    "records-empty-flood": record(22, b"") * 2000,
    "record-of-data": record(23, b"NICK plain\r\n"),
    "record-of-heartbeat": record(24, b"\x01\x40\x00"),
    "record-of-no-kind": record(99, b"x" * 100),
    "alert-first": record(21, b"\x01\x00"),
    "alerts-flood": record(21, b"\x01\x5a") * 2000,
    "change-cipher-first": record(20, b"\x01"),
    "change-cipher-flood": HELLO + record(20, b"\x01") * 2000,
    "finished-first": record(22, b"\x14\x00\x00\x20" + b"\0" * 32),
    "key-update-in-the-clear": HELLO + record(22, b"\x18\x00\x00\x01\x01"),
} | {
    f"hello-with-byte-{i}-wrong": HELLO[:i] + bytes([HELLO[i] ^ 0xFF]) + HELLO[i + 1 :]
    for i in (0, 1, 5, 9, 10, 43, 44, 76, 80, 120, 150, len(HELLO) - 1)
}


def cases() -> Iterator[Case]:
    """Yield the whole table."""
    for name, raw in BARE.items():
        yield Case(f"bare-{name}", Stage.BARE, raw)
    for name, raw in (NEW_LINES | accounts.NEW_LINES).items():
        yield Case(f"new-{name}", Stage.NEW, raw)
    for name, raw in (USER_LINES | accounts.USER_LINES).items():
        yield Case(f"user-{name}", Stage.USER, raw)
    for command in (*COMMANDS, *accounts.COMMANDS):
        for shape, rest in SHAPES.items():
            yield Case(f"user-{command.decode()}-{shape}", Stage.USER, command + rest)


CASES = tuple(cases())
