"""The numbers an operator may set, and the fixed ones of the wire contract (docs/api.md).

Every other bound is a constant where it is enforced, mostly `…_MAX` or `…_SECONDS`; those that one
looks for: how often somebody may ask in `config/web/rate_limits.py`, what a frame may hold in
`chat/protocol/constants.py`, how much is read of a request in `config/web/*_limits.py` and the
`DATA_UPLOAD_…` beside this file, what one socket may send in `chat/sockets/rates.py`, how many wait
in `config/web/waiting_line.py` and `chat/posting/group_commit.py`, how large a picture is in
`config/files/drawing.py` and a portrait in `agents/images.py`, a mail in
`tickets/mail/inbound/parts.py`, a rule in `automation/rules/checking.py`, how many chats an agent
takes in `agents/queries/capacity.py`, how often a password may be tried in `ACCOUNT_RATE_LIMITS`.
Benchmarks raise some of these.
"""

from typing import Any

import environ

_FIXED = {
    "UPLOAD_MAX_BYTES": 10 * 1024 * 1024,
    "MESSAGE_MAX_CHARS": 10_000,
    "VISITOR_TOKEN_SECONDS": 15 * 60,
    "REOPEN_HOURS": 24,
    "WRAP_UP_SECONDS": 300,
    "LONG_TEXT_CHARS": 500,
}
# What an operator may set otherwise. A float says that fractions make sense.
SETTABLE: dict[str, int | float] = {
    "SOCKET_RATE": 5.0,
    "SOCKET_BURST": 20,
    "SOCKETS_PER_VISITOR": 5,
    "SOCKETS_PER_ADDRESS": 10_000,
    "PENDING_SOCKETS_PER_IP": 20,
    "HELLOS_PER_MINUTE": 60,
    "SESSIONS_IN_LINE_PER_ADDRESS": 50,
    "SESSIONS_PER_MINUTE": 60,
    "UPLOADS_PER_MINUTE": 20,
    "UPLOADS_PER_ADDRESS_PER_HOUR": 300,
    "UPLOADED_MB_PER_ADDRESS_PER_HOUR": 500,
    "PICTURE_SECONDS_PER_ADDRESS_PER_HOUR": 300,
    "STARTS_PER_ADDRESS_PER_MINUTE": 30,
    "MESSAGES_PER_MINUTE": 120,
    "READS_PER_MINUTE": 300,
    "SITE_EVENTS_PER_MINUTE": 30,
    "RATINGS_PER_MINUTE": 10,
    "OPENED_PER_HOUR": 1,
    "OPENED_PER_ADDRESS_PER_MINUTE": 10,
    "OPENED_PER_BRAND_PER_MINUTE": 6,
    "TRANSCRIPTS_PER_HOUR": 5,
    "TRANSCRIPTS_PER_ADDRESS_PER_HOUR": 30,
    "TRANSCRIPTS_PER_BRAND_PER_HOUR": 300,
    "TRANSCRIPTS_PER_EMAIL_PER_HOUR": 3,
    "TICKET_MAILS_PER_BRAND_PER_HOUR": 300,
    "TICKET_MAILS_PER_EMAIL_PER_HOUR": 3,
    "OFFLINE_MESSAGES_PER_HOUR": 10,
    "OFFLINE_MESSAGES_PER_ADDRESS_PER_HOUR": 30,
    "DESK_REQUESTS_PER_MINUTE": 600,
    "REPLY_TARGET_SECONDS": 60,
    "LONG_CHAT_SECONDS": 1800,
    "MAX_WAIT_SECONDS": 600,
    "IDLE_SECONDS": 600,
    "IDLE_END_SECONDS": 1200,
    "AWAY_SECONDS": 10.0,
    "UNDO_SECONDS": 8.0,
    "REPLY_UNDO_SECONDS": 5.0,
    "TICKET_REOPEN_DAYS": 7,
    "VANISH_SECONDS": 60,
    "RULES_HOLD_SECONDS": 1.0,
    "UNREAD_MAIL_SECONDS": 180,
    "UNREAD_MAIL_PAUSE_SECONDS": 900,
}


def read_limits(env: environ.Env) -> dict[str, Any]:
    """Return all of them by name, with what the environment says of those that it may set."""
    settable = {
        name: env.float(name, default=number)
        if isinstance(number, float)
        else env.int(name, default=number)
        for name, number in SETTABLE.items()
    }
    return _FIXED | settable
