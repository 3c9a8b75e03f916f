"""One ticket as its page shows it: thread, head, and what stands beside it."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from agents.access import Access
from agents.callers import signed_in
from config.text.cleaning import key_of
from tickets.console.lines import face, line_of
from tickets.mail.words import deliveries_shown
from tickets.models import Draft, Entry, Identity, Ticket
from tickets.operations.addresses import dead_of
from tickets.operations.blocking import is_blocked
from tickets.operations.replies import recipient_of
from tickets.queries.choices import Choices, agent_choices, team_choices, topic_choices
from tickets.queries.customers import name_at_ticket, phone_known
from tickets.queries.likeness import others_like
from tickets.queries.ticket_list import WISHES
from tickets.rights import known_to, may_correct, may_make_one, may_work_on_customers

# A draft that was saved so long ago no longer means that somebody is answering.
ANSWERING = timedelta(minutes=2)
# So many lines are shown at first, and by each press for earlier ones.
LINES = 150
OTHERS = 5
NOTES = 3


def kept_query(request: HttpRequest, **more: str) -> str:
    """Return the query string that keeps the list as it is."""
    names = ("folder", "brand", *WISHES)
    kept = {name: request.GET[name] for name in names if request.GET.get(name)} | more
    return f"?{urlencode(kept)}" if kept else ""


def opened(
    request: HttpRequest, access: Access, ticket: Ticket, *, now: datetime
) -> dict[str, Any]:
    """Return what the page of one ticket needs."""
    agent_id = signed_in(request).pk
    customer = name_at_ticket(access, ticket)
    drafts = list(ticket.drafts.select_related("agent"))
    draft = next((each for each in drafts if each.agent_id == agent_id), None)
    address = reverse("ticket", args=[ticket.pk])
    lines, has_earlier = _lines(ticket, customer, since=key_of(request.GET.get("from")))
    return {
        "ticket": ticket,
        "customer": customer,
        "face": face(customer, f"contact{ticket.contact_id}"),
        "lines": lines,
        "has_earlier": has_earlier,
        "earlier_url": f"{address}?part=earlier&before={lines[0]['seq'] if lines else 0}",
        "to": recipient_of(ticket),
        "draft": draft,
        "answering": _answering(drafts, agent_id, now),
        "dead": dead_of([ticket.address]).get(ticket.address.strip().casefold()),
        "is_blocked": bool(ticket.contact.email)
        and is_blocked(ticket.contact.email, brand=ticket.brand, now=now),
        "chat_id": ticket.data.get("conversation", ""),
        "back_url": reverse("tickets") + kept_query(request),
        "address": address + kept_query(request),
        "max_chars": settings.IMECE["MESSAGE_MAX_CHARS"],
    }


def earlier(access: Access, ticket: Ticket, *, before: int) -> dict[str, Any]:
    """Return the lines before one of the thread."""
    lines, has_earlier = _lines(ticket, name_at_ticket(access, ticket), before=before)
    address = reverse("ticket", args=[ticket.pk])
    return {
        "ticket": ticket,
        "lines": lines,
        "has_earlier": has_earlier,
        "earlier_url": f"{address}?part=earlier&before={lines[0]['seq'] if lines else 0}",
    }


def _lines(
    ticket: Ticket, customer: str, *, before: int = 0, since: int = 0
) -> tuple[list[dict[str, Any]], bool]:
    """Return some lines, oldest first, and whether there are earlier ones."""
    entries = ticket.entries.select_related("agent").order_by("-seq")
    if before:
        entries = entries.filter(seq__lt=before)
    if since:
        # What the page shows already, and what came since.
        rows: list[Entry] = list(entries.filter(seq__gte=since))
        has_earlier = since > 1
    else:
        rows = list(entries[: LINES + 1])
        has_earlier = len(rows) > LINES
        rows = rows[:LINES]
    answers = [row for row in rows if row.kind == Entry.Kind.MESSAGE and row.data.get("to")]
    mailed = deliveries_shown(answers, timezone.now()) if answers else {}
    lines = [line_of(row, customer, mailed.get(row.pk, ())) for row in reversed(rows)]
    return lines, has_earlier


def _answering(drafts: list[Draft], agent_id: int, now: datetime) -> str:
    """Return the name of whoever else is writing here now."""
    fresh = [
        each for each in drafts if each.agent_id != agent_id and each.saved_at > now - ANSWERING
    ]
    fresh.sort(key=lambda each: each.saved_at)
    return str(fresh[-1].agent.name) if fresh else ""


def beside(access: Access, ticket: Ticket) -> dict[str, Any]:
    """Return what stands beside a ticket: properties, tags, the customer's other tickets."""
    others = Ticket.objects.visible_to(access).filter(contact=ticket.contact_id)
    contact = ticket.contact
    notes = contact.notes.filter(known_to(access)).select_related("agent")
    known = Identity.objects.filter(known_to(access)).order_by("kind", "pk")
    prefetch_related_objects([contact], Prefetch("identities", known))
    identities = list(contact.identities.all())
    customer = name_at_ticket(access, ticket)
    return {
        "ticket": ticket,
        "customer": customer,
        "contact": contact,
        "phone": phone_known(access, contact),
        "known_by": [each for each in identities if each.kind != Identity.Kind.VISITOR],
        "likes": others_like(access, [contact.pk], identities).get(contact.pk, []),
        "notes": list(notes.order_by("-created_at")[:NOTES]),
        "may_work": may_work_on_customers(access),
        "may_correct": may_correct(access, contact),
        "may_merge": may_make_one(access, contact),
        "face": face(customer, f"contact{ticket.contact_id}"),
        "properties": _properties(ticket),
        "tags": list(ticket.tags.order_by("folded")),
        "others": list(others.exclude(pk=ticket.pk).order_by("-updated_at")[:OTHERS]),
    }


def _properties(ticket: Ticket) -> list[dict[str, Any]]:
    """Return what can be chosen beside the thread."""
    topics = topic_choices([ticket.brand_id]).get(ticket.brand.name, [])
    assignee, agents = ticket.assignee, agent_choices()
    # Who is not here any more still has what nobody took from them.
    if assignee is not None and not assignee.is_active:
        agents = [*agents, (assignee.public_id, assignee.name)]
    if ticket.topic is not None and str(ticket.topic_id) not in dict(topics):
        topics = [*topics, (str(ticket.topic_id), ticket.topic.label(ticket.language))]
    none: Choices = [("", "–")]
    shown: list[tuple[str, Any, Any]] = [
        ("status", ticket.status, Ticket.Status.choices),
        ("priority", ticket.priority, Ticket.Priority.choices),
        ("type", ticket.type, Ticket.Type.choices),
        ("topic", ticket.topic_id or "", [*none, *topics]),
        ("team", ticket.team_id or "", [*none, *team_choices()]),
        ("assignee", assignee.public_id if assignee else "", [*none, *agents]),
    ]
    return [
        {
            "name": name,
            "label": getattr(Ticket._meta.get_field(name), "verbose_name", name),
            "choices": [(str(key), label, str(key) == str(value)) for key, label in choices],
        }
        for name, value, choices in shown
    ]
