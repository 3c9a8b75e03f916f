"""Tickets, and what an agent does to them over HTTP."""

import uuid

from django.utils import timezone

from tickets.operations.contacts import create_contact
from tickets.operations.entries import Said
from tickets.operations.tickets import open_ticket


def opened(
    brand,
    subject="Kargo gelmedi",
    text="Kargom nerede?",
    name="Zeynep",
    language="tr",
    **changes,
):
    now = changes.pop("now", None) or timezone.now()
    return open_ticket(
        **{
            "brand": brand,
            "contact": create_contact(
                name=name, email="zeynep@example.com", language=language, now=now
            ),
            "topic": None,
            "subject": subject,
            "said": [Said(body=text, at=now)],
            "language": language,
            "source": "phone",
            "data": {},
            "origin_key": None,
            "by": None,
            "now": now,
        }
        | changes
    )


def page(desk, path="", status=200) -> str:
    answer = desk.get(f"/console/tickets/{path}")
    assert answer.status_code == status
    return answer.content.decode()


def say(desk, ticket, text="Yola çıktı.", **more):
    body = {"text": text, "cid": str(uuid.uuid4()), "mode": "reply", "seen": ticket.last_seq}
    return desk.post(f"/console/tickets/{ticket.pk}/say/", body | more)
