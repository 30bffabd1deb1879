"""The bounds of a client, each with its unit and its reason."""

from __future__ import annotations

LINE_BYTES_MAX = 8192
"""The rest of a line from a server: the protocol says 512, some servers say more."""
BATCHES_OPEN_MAX = 16
"""Batches a server may have open at once; those past it are read as if they were none."""
BATCHED_MESSAGES_MAX = 5_000
"""Messages in all batches that are open; those past it are dropped (a page has a hundred)."""
CHANNEL_MEMBERS_MAX = 20_000
"""Members remembered of one channel."""
CHANNELS_MAX = 256
"""Channels a server may put us into."""
NAME_CHARS_MAX = 300
"""Characters of a nick or a channel; what is longer is none."""
SEEN_MSGIDS_MAX = 2_000
"""Message ids remembered of one channel, to tell a replayed message from a new one."""
HELD_MESSAGES_MAX = 5_000
"""Live messages of one channel that wait for its gap to be filled."""
HISTORY_MESSAGES_MAX = 1_000
"""Messages of the past that one join or one `/history` may ask for."""
PAGE_MESSAGES = 100
"""Messages asked for in one CHATHISTORY, unless the server allows only fewer."""
PAGES_MAX = 1_000
"""Pages of one gap: past 100,000 messages the rest is left, and said to be left."""
PENDING_LINES_MAX = 20_000
"""Our own lines that wait to be sent."""
FLYING_LINES_MAX = 8
"""Our own lines that are sent and not yet kept: below what servers take for a flood."""
WHOIS_FACTS_MAX = 50
"""Facts told about one nick."""

PING_AFTER_SECONDS = 45.0
"""Silence after which the server is asked whether it lives."""
DEAD_AFTER_SECONDS = 20.0
"""Silence after that question that means the connection is dead."""
REGISTER_SECONDS_MAX = 30.0
"""How long a server may take to let us in once it is asked."""
HISTORY_SECONDS_MAX = 20.0
"""How long a server may take over one page of history before the gap is left."""
LEAVE_SECONDS_MAX = 2.0
"""How long we wait for the server's goodbye after QUIT."""
JOIN_SECONDS_MAX = 10.0
"""How long a PART waits for the answer to its JOIN before the channel is forgotten."""
RECLAIM_SECONDS = 3.0
"""How often our own nick is asked for while somebody else has it; doubles up to the next."""
RECLAIM_SECONDS_MAX = 30.0
"""The longest pause between two such questions."""
GHOST_SECONDS_MAX = 180.0
"""How long an old connection of ours may live on in the server (which pings it out by then)."""
RETRY_SECONDS = 1.0
"""The pause before the first try to connect again; doubles up to the next."""
RETRY_SECONDS_MAX = 60.0
"""The longest pause between two tries."""
STEADY_SECONDS = 10.0
"""A connection that lasted as long starts the pauses from the beginning."""

PROBE_SECONDS_MAX = 5.0
"""How long looking at a certificate that was refused may take."""
CERTIFICATE_NAMES_SHOWN_MAX = 12
"""Names of a wrong certificate that are told."""
MEMBERS_SHOWN_MAX = 200
"""Members of a channel that are named to who enters."""
UNSENT_BYTES_MAX = 1 << 20
"""Bytes that wait for the network before the input is no longer read."""
TYPED_LINES_MAX = 1000
"""Lines that wait to be sent before a pipe is no longer read."""
EXIT_SECONDS_MAX = 10.0
"""How long `/exit` waits for lines that do not get on."""
SEND_LINES_MAX = 200
"""Lines that wait to be sent before the input waits too."""
STUCK_SECONDS_MAX = 60.0
"""How long the end waits while no line of ours gets on."""
HANDSHAKE_SECONDS_MAX = 10.0
"""How long the server may take over the TLS handshake."""
NEXT_AFTER_SECONDS = 0.25
"""How long one address is waited for before the next is tried beside it."""
DIAL_SECONDS_MAX = 10.0
"""How long the looking up and all tries may take together."""
TYPED_LINE_BYTES_MAX = 1 << 20
"""A line longer than this is taken for two."""
TOKENS_MAX = 500
"""Tokens of ISUPPORT remembered."""
OFFERED_MAX = 500
"""Capabilities remembered as offered."""
JOIN_BYTES = 400
"""Names of channels asked for on one line: a line each would look like a flood."""
ENROLMENT_SECONDS_MAX = 30.0
"""How long the server may take to answer a request for a certificate, its queue included."""
RENEWAL_LOOK_SECONDS = 3600.0
"""How often a running client looks whether its certificate is due: a laptop sleeps over days."""
ROOTS_TRUSTED_MAX = 16
"""Roots that followed one another in one file; each stands for years."""
ROOTS_ASK_SECONDS = 86_400.0
"""How often a server is asked which roots it has, beside at each start."""
CERTIFICATE_DAYS_LOW = 10
"""Days before a certificate's end from which on a person is told."""
LAST_WORK_SECONDS_MAX = 5.0
"""How long the end of a client waits for a renewal that is under way."""
DEVICE_NAME_CHARS_MAX = 32
"""Characters of a device's name that we choose; a person's is for the server to judge."""
