"""What a customer says in a ticket: by mail, on its page, or in its chat once that is over."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from tickets.events import TicketAnswered
from tickets.models import Entry, File, Ticket
from tickets.operations.changes import apply_changes, copy_to
from tickets.operations.entries import Said
from tickets.operations.lines import append, keep
from tickets.operations.replies import CC_MAX
from tickets.operations.tickets import open_ticket
from tickets.rights import lock_ticket

# Words of the customer bring a ticket back to work; in these it waits for them, or is done.
_WAKES = {
    Ticket.Status.WAITING,
    Ticket.Status.ON_HOLD,
    Ticket.Status.RESOLVED,
    Ticket.Status.CLOSED,
}
_DONE = {Ticket.Status.RESOLVED, Ticket.Status.CLOSED}


@transaction.atomic
def hear_customer(
    *,
    ticket: Ticket,
    body: str,
    files: Sequence[File] = (),
    data: Mapping[str, Any],
    source: str,
    client_id: str | None = None,
    wakes: bool = True,
    cc: Sequence[str] = (),
    chat_line: tuple[int, int] | None = None,
    now: datetime,
) -> Entry:
    """Add words of the customer; a ticket that is done for longer than the reopen window is
    followed by a new one, which hears all that comes after. The same `client_id` again is the
    same line. `chat_line`: of which chat it is a copy, and its number there.
    """
    locked = lock_ticket(ticket, by=None)
    if client_id is not None:
        mine = Entry.objects.filter(client_id=client_id, agent=None)
        if repeated := mine.filter(ticket__contact=locked.contact_id).first():
            return repeated
    if wakes and not locked.is_spam and is_long_done(locked, now):
        if follower := _follower(locked):
            return hear_customer(
                ticket=follower,
                body=body,
                files=files,
                data=data,
                source=source,
                client_id=client_id,
                cc=cc,
                now=now,
            )
        return _follow_up(locked, body, files, data, source, client_id, cc, now)
    entry = append(
        locked,
        kind=Entry.Kind.MESSAGE,
        by=None,
        now=now,
        body=body,
        data=data,
        client_id=client_id,
        is_customers=True,
    )
    if chat_line is not None:
        entry.chat_id, entry.chat_seq = chat_line
        entry.save(update_fields=["chat_id", "chat_seq"])
    if files:
        entry.files.set(files)
    fields: list[str] = []
    if (copies := _copies(locked, cc)) != locked.cc:
        copy_to(locked, copies, by=None, now=now)
        fields.append("cc")
    if wakes and locked.status in _WAKES:
        fields += apply_changes(locked, by=None, now=now, changes={"status": Ticket.Status.OPEN})
    is_news = wakes and not locked.is_spam
    heard = [TicketAnswered(ticket_id=locked.pk, seq=entry.seq)] if is_news else []
    keep(locked, what=entry.kind, now=now, fields=fields, events=heard)
    return entry


def _copies(ticket: Ticket, addresses: Sequence[str]) -> list[str]:
    """Return to whom copies go when they go to others, too."""
    known = {each.casefold() for each in (*ticket.cc, ticket.address)}
    new = {each.casefold(): each for each in addresses if each.casefold() not in known}
    return [*ticket.cc, *new.values()][:CC_MAX]


@transaction.atomic
def close_by_customer(*, ticket: Ticket, now: datetime) -> Ticket:
    """Resolve a ticket whose customer needs nothing more; one that is done stays as it is."""
    locked = lock_ticket(ticket, by=None)
    if locked.status not in _DONE:
        with translation.override(locked.language):
            note = _("The customer closed the ticket on its page.")
        append(locked, kind=Entry.Kind.NOTE, by=None, now=now, body=note)
        fields = apply_changes(locked, by=None, now=now, changes={"status": Ticket.Status.RESOLVED})
        keep(locked, what="status", now=now, fields=fields)
    return locked


def opens_another(ticket: Ticket, now: datetime) -> bool:
    """Return whether words of the customer would open a ticket that follows."""
    last: Ticket | None = ticket
    while last is not None and not last.is_spam and is_long_done(last, now):
        last = _follower(last)
    return last is None


def _follower(old: Ticket) -> Ticket | None:
    """Return the ticket that follows one that was done long ago, if there is one."""
    own = Ticket.objects.filter(brand=old.brand_id, contact=old.contact_id, is_spam=False)
    found: Ticket | None = own.filter(data__follows=old.pk).order_by("pk").last()
    return found


def is_long_done(ticket: Ticket, now: datetime) -> bool:
    """Return whether a ticket was done so long ago that words do not bring it back."""
    if ticket.status not in _DONE:
        return False
    since = ticket.entries.filter(kind=Entry.Kind.STATUS).order_by("-seq").first()
    done_at = since.created_at if since else ticket.updated_at
    return now - done_at > timedelta(days=settings.IMECE["TICKET_REOPEN_DAYS"])


def _follow_up(
    old: Ticket,
    body: str,
    files: Sequence[File],
    data: Mapping[str, Any],
    source: str,
    client_id: str | None,
    cc: Sequence[str],
    now: datetime,
) -> Entry:
    ticket = open_ticket(
        brand=old.brand,
        contact=old.contact,
        topic=old.topic,
        team=old.team,
        email=old.email,
        subject=old.subject,
        said=[Said(body=body, at=now, data=dict(data), files=files)],
        language=old.language,
        source=source,
        data={"follows": old.pk},
        origin_key=None,
        by=None,
        now=now,
    )
    if copies := _copies(ticket, [*old.cc, *cc]):
        ticket.cc = copies
        ticket.save(update_fields=["cc"])
    entry: Entry = ticket.entries.get(kind=Entry.Kind.MESSAGE)
    if client_id is not None:
        entry.client_id = client_id
        entry.save(update_fields=["client_id"])
    with translation.override(old.language):
        notes = [
            (ticket, _("Follows ticket #%(number)d, which was done long ago."), old.pk),
            (old, _("The customer wrote again: ticket #%(number)d."), ticket.pk),
        ]
    for told, text, number in notes:
        append(told, kind=Entry.Kind.NOTE, by=None, now=now, body=text % {"number": number})
        keep(told, what="note", now=now)
    return entry
