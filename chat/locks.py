"""The lock order of live support: agents by primary key, then a visitor, then chats by primary key;
last a brand.

Whoever gives an agent a chat holds the agent's row while counting, so that no path passes the
limit. Freeing a slot needs only the chat. What was read before the locks is checked again under
them; when it no longer holds, the operation starts again in a new transaction.
"""

from collections.abc import Callable, Iterable
from functools import wraps

from django.db import transaction
from django.db.models import QuerySet

from agents.models import Agent, Brand
from chat.models import Conversation, Visitor
from config.web.problems import TryAgain

ATTEMPTS = 8


class Moved(TryAgain):
    """What was read without a lock has changed since; still so after several new starts."""


def starting_again[**P, R](operation: Callable[P, R]) -> Callable[P, R]:
    """Run `operation` in a transaction, and in a new one whenever it raises `Moved`."""

    @wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(ATTEMPTS - 1):
            try:
                with transaction.atomic():
                    return operation(*args, **kwargs)
            except Moved:
                continue
        with transaction.atomic():
            return operation(*args, **kwargs)

    return run


def lock_agent(agent_id: int) -> Agent:
    """Lock one agent's row and return it fresh."""
    return Agent.objects.select_for_update(no_key=True, of=("self",)).get(pk=agent_id)


def lock_visitor(visitor_id: int) -> Visitor:
    """Lock one visitor's row and return it fresh: at most one of their chats is open."""
    return Visitor.objects.select_for_update(no_key=True, of=("self",)).get(pk=visitor_id)


def lock_brand(brand_id: int) -> None:
    """Lock one brand's row: of the people whom its server signs, each is one contact."""
    Brand.objects.select_for_update(no_key=True, of=("self",)).get(pk=brand_id)


def _locked() -> QuerySet[Conversation]:
    return Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "visitor", "assignee", "brand", "topic"
    )


def lock_conversations(ids: Iterable[int]) -> list[Conversation]:
    """Lock chats in the order of their keys and return them fresh."""
    return list(_locked().filter(pk__in=list(ids)).order_by("pk"))


def lock_conversation(conversation: Conversation) -> Conversation:
    """Lock one chat, bring the caller's instance up to date and return it."""
    conversation.refresh_from_db(from_queryset=_locked())
    return conversation
