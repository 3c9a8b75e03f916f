"""Reports on mails of ours that did not arrive."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from tickets.mail.inbound.parts import Mail
from tickets.mail.words import reason
from tickets.models import Delivery, Entry, Ticket
from tickets.operations.changes import apply_changes
from tickets.operations.lines import append, keep
from tickets.rights import lock_ticket


def is_bounce(mail: Mail) -> bool:
    """Return whether it reports on a delivery."""
    return mail.content_type == "multipart/report" and bool(mail.report)


@transaction.atomic
def note_bounce(*, mail: Mail, now: datetime) -> Entry | None:
    """Note at the answers of ours that a report is about that they came back.

    Return the answer; None when the report is about none of ours.
    """
    ids = [*mail.reported, *mail.references]
    deliveries = {
        each.address.casefold(): each
        for each in Delivery.objects.filter(message_id__in=ids).select_related("entry__ticket")
    }
    found: Entry | None = None
    for block in mail.report:
        said = block.get("final-recipient") or block.get("original-recipient") or ""
        delivery = deliveries.get(said.rpartition(";")[2].strip().strip("<>").casefold())
        if delivery is None:
            continue
        found = delivery.entry
        status = block.get("status", "")
        is_final = block.get("action", "").lower() == "failed" or status.startswith("5")
        if is_final and delivery.state != Delivery.State.BOUNCED:
            _came_back(delivery, status, block.get("diagnostic-code", ""), now)
    return found


def _came_back(delivery: Delivery, status: str, said: str, now: datetime) -> None:
    code = "refused"
    if status.startswith("5.1"):
        code = "absent"
    elif status.endswith("2.2"):
        code = "full"
    delivery.state, delivery.code, delivery.changed_at = Delivery.State.BOUNCED, code, now
    delivery.detail = said.rpartition(";")[2].strip()[:300] or status
    delivery.save(update_fields=["state", "code", "detail", "changed_at"])
    locked = lock_ticket(delivery.entry.ticket, by=None)
    with translation.override(locked.language):
        text = _("The e-mail to %(address)s came back. %(reason)s")
        body = text % {"address": delivery.address, "reason": reason(code)}
    append(locked, kind=Entry.Kind.NOTE, by=None, now=now, body=body)
    fields: list[str] = []
    if locked.status == Ticket.Status.WAITING:
        # The customer has not read what they should answer.
        fields = apply_changes(locked, by=None, now=now, changes={"status": Ticket.Status.OPEN})
    keep(locked, what="delivery", now=now, fields=fields)
