"""What workers do for reports."""

from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.outbox.operations import register
from reports.exports import operations as exports
from reports.facts import keeping
from reports.facts import tickets as ticket_facts


def _write(payload: dict[str, Any]) -> None:
    keeping.write_facts(conversation_ids=[payload["conversation_id"]])


def _export(payload: dict[str, Any]) -> None:
    exports.write_export(export_id=payload["export"])


def _write_ticket(payload: dict[str, Any]) -> None:
    ticket_facts.write_ticket_facts(ticket_ids=[payload["ticket_id"]])


def _rebuild(payload: dict[str, Any]) -> None:
    keeping.PAST_OF_CHATS.do_part(run=payload["run"], before=payload["before"])


def _rebuild_tickets(payload: dict[str, Any]) -> None:
    ticket_facts.PAST_OF_TICKETS.do_part(run=payload["run"], before=payload["before"])


@shared_task(name="reports.catch_up", ignore_result=True)
def catch_up(**_: object) -> None:
    """Write the facts of chats that go on, all of them where there are none; drop old files."""
    keeping.catch_up()
    ticket_facts.catch_up_tickets()
    exports.purge_exports(now=timezone.now())


register(keeping.KIND, _write, queue="maintenance", label=_("Figures of a chat"))
register(keeping.REBUILD, _rebuild, queue="maintenance", label=_("All figures"))
register(ticket_facts.KIND, _write_ticket, queue="maintenance", label=_("Figures of a ticket"))
register(
    ticket_facts.REBUILD,
    _rebuild_tickets,
    queue="maintenance",
    label=_("All figures of tickets"),
)
register(exports.KIND, _export, queue=exports.QUEUE, label=_("Files of reports"))
