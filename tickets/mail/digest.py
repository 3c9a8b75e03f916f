"""The e-mail with which an agent's day begins."""

import zoneinfo
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from agents.access import Access, access_of
from agents.brands.looks import own_look
from agents.models import Agent
from config.mail import send_once
from config.text.cleaning import one_line
from tickets.models import Ticket
from tickets.queries.customers import name_at_ticket
from tickets.queries.digest import Some, digest_of


def mail_digest(payload: dict[str, Any]) -> None:
    """Outbox handler: write and send it; nothing where nothing waits."""
    agent = Agent.objects.filter(pk=payload["agent"], is_active=True, digest=True).first()
    if agent is None:
        return
    found = digest_of(agent)
    if found.is_empty:
        return
    zone = zoneinfo.ZoneInfo(agent.time_zone)
    with translation.override(agent.language), timezone.override(zone):
        access = access_of(agent)
        count = found.answers.count + found.free.count
        subject = (
            ngettext("%(count)d ticket waits", "%(count)d tickets wait", count) % {"count": count}
            if count
            else gettext("Your tickets")
        )
        context = own_look() | {
            "language": agent.language,
            "subject": subject,
            "name": agent.name,
            "parts": [
                _part(access, gettext("The customer has written"), found.answers),
                _part(access, gettext("Nobody has them"), found.free),
                _part(access, gettext("Your other tickets"), found.others),
            ],
            "link": settings.PUBLIC_URL + reverse("tickets"),
            "profile": f"{settings.PUBLIC_URL}{reverse('agents:profile')}#notifications",
        }
        mail = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string("tickets/mail/digest.txt", context),
            to=[agent.email],
            headers={"Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string("tickets/mail/digest.html", context), "text/html")
    send_once(mail)


def _part(access: Access, title: str, some: Some) -> dict[str, Any]:
    return {
        "title": title,
        "count": some.count,
        "more": some.more,
        "tickets": [_row(access, each) for each in some.tickets],
    }


def _row(access: Access, ticket: Ticket) -> dict[str, Any]:
    return {
        "number": ticket.pk,
        "subject": one_line(ticket.subject),
        "customer": one_line(name_at_ticket(access, ticket)),
        "brand": one_line(ticket.brand.name),
        "status": ticket.get_status_display(),
        "at": ticket.updated_at,
        "url": settings.PUBLIC_URL + reverse("ticket", args=[ticket.pk]),
    }
