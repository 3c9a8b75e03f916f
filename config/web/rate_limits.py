"""How often one address, visitor or token may ask: a fixed window counted in the shared cache.

Numbers that may be set stand in `config/settings/limits.py`. Frames of sockets are counted by
`chat/sockets/rates.py`, sign-ins by allauth's `ACCOUNT_RATE_LIMITS`.
"""

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from config.cache import count
from config.mail import mailbox


@dataclass(frozen=True)
class Limit:
    """At most `count` (a number or the name of a setting in `IMECE`) in each `seconds`."""

    name: str
    count: int | str
    seconds: int = 60

    @property
    def allowed(self) -> int:
        """Return how many are allowed in a window."""
        return int(settings.IMECE[self.count]) if isinstance(self.count, str) else self.count


class TooMany(Exception):
    """The limit is reached; `retry_after` whole seconds later it is open again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


SESSIONS = Limit("sessions", "SESSIONS_PER_MINUTE")
HELLOS = Limit("hellos", "HELLOS_PER_MINUTE")
MESSAGES = Limit("messages", "MESSAGES_PER_MINUTE")
READS = Limit("reads", "READS_PER_MINUTE")
SITE_EVENTS = Limit("site-events", "SITE_EVENTS_PER_MINUTE")
# A window that was opened rings at agents: once a browser, and not without end on a busy site.
OPENED = Limit("opened", "OPENED_PER_HOUR", 3600)
OPENED_BY_ADDRESS = Limit("opened-address", "OPENED_PER_ADDRESS_PER_MINUTE")
OPENED_BY_BRAND = Limit("opened-brand", "OPENED_PER_BRAND_PER_MINUTE")
UPLOADS = Limit("uploads", "UPLOADS_PER_MINUTE")
# An address may hold many visitors (an office); still it can't fill the disk.
UPLOADS_BY_ADDRESS = Limit("uploads-address", "UPLOADS_PER_ADDRESS_PER_HOUR", 3600)
UPLOADED_BY_ADDRESS = Limit("uploaded-address", "UPLOADED_MB_PER_ADDRESS_PER_HOUR", 3600)
# Of decoding, whoever sends the pictures: one is drawn at a time, and others wait for it.
PICTURE_SECONDS = Limit("picture-seconds", "PICTURE_SECONDS_PER_ADDRESS_PER_HOUR", 3600)
STARTS_BY_ADDRESS = Limit("starts-address", "STARTS_PER_ADDRESS_PER_MINUTE")
OFFLINE_MESSAGES = Limit("offline-messages", "OFFLINE_MESSAGES_PER_HOUR", 3600)
OFFLINE_MESSAGES_BY_ADDRESS = Limit(
    "offline-messages-address", "OFFLINE_MESSAGES_PER_ADDRESS_PER_HOUR", 3600
)
RATINGS = Limit("ratings", "RATINGS_PER_MINUTE")
TRANSCRIPTS = Limit("transcripts", "TRANSCRIPTS_PER_HOUR", 3600)
TRANSCRIPTS_BY_ADDRESS = Limit("transcripts-address", "TRANSCRIPTS_PER_ADDRESS_PER_HOUR", 3600)
TRANSCRIPTS_BY_BRAND = Limit("transcripts-brand", "TRANSCRIPTS_PER_BRAND_PER_HOUR", 3600)
# Nobody's mailbox is filled from here, whoever asks.
TRANSCRIPTS_BY_EMAIL = Limit("transcripts-email", "TRANSCRIPTS_PER_EMAIL_PER_HOUR", 3600)
TICKET_MAILS_BY_BRAND = Limit("ticket-mails-brand", "TICKET_MAILS_PER_BRAND_PER_HOUR", 3600)
TICKET_MAILS_BY_EMAIL = Limit("ticket-mails-email", "TICKET_MAILS_PER_EMAIL_PER_HOUR", 3600)
# New links to one ticket's page, on presses: none of the customer's other mails is kept back.
LINKS = Limit("ticket-links", 1, 600)
LINKS_A_DAY = Limit("ticket-links-day", 5, 24 * 3600)
# What rules mail to an address that an admin typed; the rest of an hour's leaves in the next one.
RULE_MAILS = Limit("rule-mails", 60, 3600)
# Confirmations of tickets that came by mail: two helpdesks that answer each other stop.
CONFIRMATIONS = Limit("ticket-confirmations", 1, 600)
CONFIRMATIONS_A_DAY = Limit("ticket-confirmations-day", 5, 24 * 3600)
# What rules answer in tickets, to one address: the same.
RULE_REPLIES = Limit("rule-replies", 2, 600)
RULE_REPLIES_A_DAY = Limit("rule-replies-day", 10, 24 * 3600)
# Of one ticket's customer on its page.
TICKET_ANSWERS = Limit("ticket-answers", 30, 3600)
TICKET_RATINGS = Limit("ticket-ratings", 30, 3600)
# Of one chat's customer on its page, and of mails with unread answers to one address.
CHAT_ANSWERS = Limit("chat-answers", 60, 3600)
ANSWER_MAILS_BY_EMAIL = Limit("answer-mails-email", 8, 3600)
# Of who brings mail without knowing the mailbox's secret.
HOOK_REFUSALS = Limit("hook-refusals", 30)
# Of one agent: the host of each is looked up, which holds one of the few threads for seconds.
BROWSERS = Limit("browsers", 10)
# Of one agent at tickets, told to all colleagues who may see them.
TYPING = Limit("typing", 60)
DESK = Limit("desk", "DESK_REQUESTS_PER_MINUTE")


def spend(limit: Limit, who: str, amount: int = 1) -> None:
    """Count one more, or `amount`, by `who`; raises `TooMany` over the limit."""
    now = time.time()
    window = int(now // limit.seconds)
    key = f"limit:{limit.name}:{who}:{window}"
    if count(key, amount, timeout=limit.seconds * 2) > limit.allowed:
        raise TooMany(max(1, int((window + 1) * limit.seconds - now) + 1))


def client_ip(request: HttpRequest) -> str | None:
    """Return the caller's address as far as our own proxies vouch for it."""
    return address_of(request.META.get("REMOTE_ADDR"), request.headers.get("X-Forwarded-For"))


def address_of(remote: str | None, forwarded: str | None) -> str | None:
    """Return the address that the outermost trusted proxy saw, else the peer's; None if neither."""
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = [hop.strip() for hop in forwarded.split(",")] if forwarded and trusted else []
    return _clean(hops[-trusted] if len(hops) >= trusted > 0 else remote)


def _clean(raw: str | None) -> str | None:
    try:
        address = ipaddress.ip_address(raw or "")
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)


def address_key(address: str | None) -> str:
    """Return whom an address stands for: itself, or its /64 with IPv6 (one subscriber)."""
    if address is None:
        return "unknown"
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), 64), strict=False).network_address)
    return address


def mailbox_key(email: str) -> str:
    """Return whose mailbox an address is, as limits count it: the shared cache never sees its name.

    Whatever follows a plus sign, the mailbox is the same. Raises `ValueError` for no address.
    """
    local, _at, domain = mailbox(email).casefold().rpartition("@")
    person = f"{local.partition('+')[0]}@{domain}"
    return f"email:{sha256(person.encode()).hexdigest()[:32]}"


def place_of(request: HttpRequest) -> str:
    """Return where a request comes from, as limits count it."""
    return f"address:{address_key(client_ip(request))}"


def scope_address(scope: Mapping[str, Any]) -> str | None:
    """Return the caller's address of an ASGI scope."""
    forwarded = [
        value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    ]
    client = scope.get("client") or (None,)
    return address_of(client[0], ",".join(forwarded))
