"""What codes of mail mean, in words that say what to do."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models import Delivery, Entry, Mailbox
from tickets.operations.listening import STARTING

# A process that takes longer to hand over one mail has vanished.
HANDED_OVER_IN = timedelta(minutes=10)

REASONS: Mapping[str, str | Promise] = {
    "auth": gettext_lazy("The mail server refused the user name or the password."),
    "sender": gettext_lazy("The mail server doesn't let us send from this address."),
    "busy": gettext_lazy("The mail server takes no mail just now. It is tried again by itself."),
    "security": gettext_lazy("No secure connection to the mail server: check port and security."),
    "unreachable": gettext_lazy("The mail server can't be reached: check its name and port."),
    "not_allowed": gettext_lazy(
        "The mail server is not on the public Internet. If it is yours, name it in"
        " OUTBOUND_PRIVATE."
    ),
    "password_lost": gettext_lazy(
        "The password was saved under another SECRET_KEY. Please enter it again."
    ),
    "letters": gettext_lazy(
        "Mail servers take user names and passwords of plain letters (a to z), digits and signs"
        " only."
    ),
    "folder": gettext_lazy("The mail server has no folder of this name."),
    "interrupted": gettext_lazy("The connection broke off. It is tried again every minute."),
    "no_idle": gettext_lazy("The mail server doesn't tell of new mail by itself (IMAP IDLE)."),
    "no_answer": gettext_lazy(
        "The mail server took the mail but didn't confirm it. It is not sent again, so that nobody"
        " gets it twice."
    ),
    "vanished": gettext_lazy(
        "The server was interrupted while it sent this. It is not sent again, so that nobody gets"
        " it twice."
    ),
    "no_address": gettext_lazy("This is not an e-mail address."),
    "own": gettext_lazy("This is an address of ours."),
    "absent": gettext_lazy("There is no such mailbox."),
    "dead": gettext_lazy(
        "Not sent: mail to this address came back. It is sent once somebody corrects or confirms"
        " the address."
    ),
    "full": gettext_lazy("The recipient's mailbox is full."),
    "too_big": gettext_lazy(
        "The mail is too large for the mail server. Send smaller files, or in several replies."
    ),
    "later": gettext_lazy("The recipient's server asks to try again later."),
    "refused": gettext_lazy("The recipient's server refused the mail."),
    "broken": gettext_lazy("The mail couldn't be written."),
}

# Why nothing was made of a mail that came in.
PUT_ASIDE: Mapping[str, str | Promise] = {
    "own": gettext_lazy("It came from us."),
    "bounce": gettext_lazy("It reports on the delivery of a mail."),
    "no_sender": gettext_lazy("It has no sender that could be answered."),
    "agent": gettext_lazy("Its sender's address is one of ours, and anybody can write it there."),
    "blocked": gettext_lazy("Its sender is blocked."),
    "automatic": gettext_lazy("A machine wrote it, and it answers no ticket."),
    "too_many": gettext_lazy("This address has opened too many tickets within an hour."),
    "too_fast": gettext_lazy("This address has written too much within an hour."),
    # Not put aside: it has become no line of a ticket.
    "chat": gettext_lazy("It went on with a chat."),
    "size": gettext_lazy("It is larger than 25 MB; the whole of it is in the mailbox."),
    "header": gettext_lazy("Its header is too large."),
    "headers": gettext_lazy("It has too many header lines."),
    "lines": gettext_lazy("It has too many lines."),
    "parts": gettext_lazy("It has too many parts."),
    "depth": gettext_lazy("Its parts are nested too deeply."),
    "server": gettext_lazy("The mail server doesn't hand it out."),
    "broken": gettext_lazy("Reading it failed several times."),
}


def reason(code: str) -> str:
    """Return the sentence of a code; empty without one."""
    return str(REASONS.get(code, code))


def deliveries_shown(entries: Iterable[Entry], now: datetime) -> dict[int, list[dict[str, Any]]]:
    """Return by line to whom it went and what became of it, for the ticket's page."""
    shown: dict[int, list[dict[str, Any]]] = {}
    # Of agents and of rules.
    answers = [
        each.pk
        for each in entries
        if each.kind == Entry.Kind.MESSAGE and each.author_kind != Entry.AuthorKind.CUSTOMER
    ]
    rows = Delivery.objects.filter(entry__in=answers).order_by("pk") if answers else ()
    for row in rows:
        state, code = row.state, row.code
        if state == Delivery.State.SENDING and now - row.changed_at > HANDED_OVER_IN:
            state, code = Delivery.State.UNKNOWN, "vanished"
        is_bad = state in (Delivery.State.FAILED, Delivery.State.BOUNCED, Delivery.State.UNKNOWN)
        shown.setdefault(row.entry_id, []).append(
            {
                "address": row.address,
                "state": state,
                "label": str(Delivery.State(state).label),
                "reason": reason(code),
                "detail": row.detail,
                "is_bad": is_bad,
                "pk": row.pk,
                "is_held": state == Delivery.State.FAILED and code == "dead",
            }
        )
    return shown


def state_of_server(error: str, error_at: str, worked_at: str) -> str:
    """Return how a mail server is doing, in one sentence."""
    if error:
        if not error_at:
            return str(reason(error))
        return _("%(when)s: %(reason)s") % {"when": error_at, "reason": reason(error)}
    if worked_at:
        return _("Works. Last: %(when)s") % {"when": worked_at}
    return _("Not used yet.")


def state_of_listening(own: Mailbox, since: str, now: datetime) -> str:
    """Return how soon new mail of a mailbox is there, and why no sooner, in words."""
    is_heard = own.listening_until is not None and own.listening_until > now
    if is_heard and not own.listening_error:
        return _("At once: its server tells of new mail, since %(when)s.") % {"when": since}
    if own.listening_error == STARTING or not own.listening_error:
        return _("Every minute.")
    return _("Every minute. %(reason)s") % {"reason": reason(own.listening_error)}
