"""What stands at this moment: who waits, and who is there to answer."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db.models import QuerySet

from agents.access import Access, accesses_of
from agents.models import Agent, Permission, Status
from agents.presence import with_presence
from chat.models import Conversation
from reports.definitions import Source
from reports.figures.adding import scoped
from reports.figures.people import people_of
from reports.filters import Filters
from reports.models import ChatFact


def stays_in_line(filters: Filters, access: Access, *, now: datetime) -> QuerySet[ChatFact]:
    """Return the stays of what waits for an agent, as filtered, whatever the days."""
    queued = Conversation.objects.in_line(now).filter(kind=Conversation.Kind.CUSTOMER)
    facts: QuerySet[ChatFact] = scoped(Source.STAY, "", filters, access)
    return facts.filter(reopened_at=None, conversation__in=queued.order_by().values("pk"))


def agents_online(filters: Filters, access: Access, *, now: datetime) -> list[int]:
    """Return the keys of who is Online and here, and may answer chats of the brand and channel."""
    agents = Agent.objects.filter(pk__in=people_of(filters, access), status=Status.ONLINE)
    found = [one for one in with_presence(agents.filter(is_active=True), now) if one.here]
    accesses = accesses_of(found)
    return [
        one.pk for one in found if _may_answer(accesses[one.pk], filters.brand, filters.channel)
    ]


def _may_answer(access: Access, brand: int | None, channel: str) -> bool:
    return any(
        (brand is None or reach.brand_ids is None or brand in reach.brand_ids)
        and (not channel or reach.channels is None or channel in reach.channels)
        for reach in access.reaches(Permission.CHAT)
    )


_COUNTS: Mapping[str, Callable[[Filters, Access, datetime], int]] = {
    "queue_length": lambda filters, access, now: stays_in_line(filters, access, now=now).count(),
    "agents_online": lambda filters, access, now: len(agents_online(filters, access, now=now)),
}


def standing(key: str, filters: Filters, access: Access, *, now: datetime) -> int:
    """Return how many there are at `now`, whatever the days: chats in line for `queue_length`,
    people for `agents_online`. No other key is known here (`KeyError`).
    """
    return _COUNTS[key](filters, access, now)
