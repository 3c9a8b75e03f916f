"""Who is at the desk: colleagues Online, one's own limit, chats that ring."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, Max, OuterRef

from agents.access import Access, accesses_of
from agents.models import Agent, Brand, Permission, Presence, Status, Team
from chat.models import Offer


def online_agents(brands: list[Brand], now: datetime) -> int:
    """Return how many agents are Online, here, and may answer chats of one of `brands`."""
    since = now - timedelta(seconds=settings.IMECE["VANISH_SECONDS"])
    lease = Presence.objects.filter(agent=OuterRef("pk"), seen_at__gte=since)
    people = Agent.objects.filter(Exists(lease), status=Status.ONLINE, is_active=True)
    return sum(
        any(access.may_in(Permission.CHAT, brand.pk) for brand in brands)
        for access in accesses_of(people).values()
    )


def chat_limit(agent: Agent, access: Access, brands: list[Brand]) -> int:
    """Return how many chats `agent` may hold: agent, else team, else brand decides."""
    if agent.capacity is not None:
        return agent.capacity
    teams = Team.objects.filter(pk__in=access.team_ids).aggregate(most=Max("capacity"))
    return teams["most"] or max((brand.capacity for brand in brands), default=0)


def open_offers(agent: Agent) -> list[Offer]:
    """Return the chats that ring at `agent` now."""
    return list(
        Offer.objects.filter(agent=agent, result=Offer.Result.OPEN)
        .select_related("conversation__visitor", "conversation__contact", "conversation__topic")
        .order_by("offered_at")
    )
