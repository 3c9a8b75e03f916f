"""Canned replies as the picker offers them: whose, for which chat, with variables filled in."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from agents.access import Access
from agents.models import Agent, CannedReply
from agents.queries.canned import canned_for
from chat.models import Conversation
from chat.queries.people import given_name
from config.folding import fold

# More than anybody reads in a list; the filter runs in the browser.
OFFERED = 300
_VARIABLE = re.compile(r"\{\{\s*([a-z][a-z_.]*)\s*(?:\|([^{}]*))?\}\}")


class Filled(NamedTuple):
    """A text, and whether it still has variables that somebody must fill in."""

    text: str
    is_complete: bool


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Replace `{{name}}` and `{{name|fallback}}` by `values`, the only names there are.

    A variable without value and fallback stays as it is: the composer does not send it.

    >>> fill("Merhaba {{visitor.name|Değerli müşterimiz}}", {"visitor.name": ""}).text
    'Merhaba Değerli müşterimiz'
    """
    complete = True

    def replaced(match: re.Match[str]) -> str:
        nonlocal complete
        value = values.get(match[1], "") or (match[2] or "").strip()
        if not value:
            complete = False
            return match[0]
        return value

    return Filled(_VARIABLE.sub(replaced, text), complete)


def values_for(conversation: Conversation, agent: Agent) -> dict[str, str]:
    """Return what the variables stand for in `conversation`."""
    visitor = conversation.visitor
    topic = conversation.topic
    email = str(conversation.fields.get("email") or "") or (visitor.email if visitor else "")
    # Braces of a customer's name must not become a variable that blocks sending.
    values = {
        "visitor.name": given_name(conversation),
        "visitor.email": email,
        "agent.name": agent.name,
        "agent.first_name": agent.get_short_name(),
        "brand.name": conversation.brand.name,
        "topic": topic.label(conversation.language) if topic else conversation.topic_text,
        "chat.id": conversation.public_id,
    }
    return {name: value.replace("{{", "{ {") for name, value in values.items()}


def replies_for(conversation: Conversation, access: Access) -> QuerySet[CannedReply]:
    """Return the replies that an agent may use in `conversation`, most used first."""
    return (
        canned_for(access)
        .filter(Q(brand=None) | Q(brand=conversation.brand_id), language=conversation.language)
        .order_by("-used_count", "shortcut", "pk")
    )


def offered(conversation: Conversation, agent: Agent, access: Access) -> list[dict[str, Any]]:
    """Return the replies with their texts filled for `conversation`, ready for the picker."""
    values = values_for(conversation, agent)
    return [
        {
            "id": reply.pk,
            "shortcut": reply.shortcut,
            "title": reply.title,
            "text": fill(reply.body, values).text,
            "keys": [fold(reply.shortcut), fold(reply.title), fold(reply.body)],
        }
        for reply in replies_for(conversation, access)[:OFFERED]
    ]
