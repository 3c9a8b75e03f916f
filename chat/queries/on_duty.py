"""Who is at the desk: colleagues Online, one's own limit, chats that ring."""

from datetime import datetime

from agents.access import Access, accesses_of
from agents.models import Agent, Brand, Permission, Team
from agents.presence import present_agents
from agents.queries.capacity import pick_limit
from chat.models import Conversation, Entry, Offer
from config.text.cleaning import one_line


def count_online(brands: list[Brand], channel: str, now: datetime) -> int:
    """Return how many agents are Online, here, and may answer chats of one of `brands`."""
    return sum(
        any(access.may_in(Permission.CHAT, brand.pk, channel) for brand in brands)
        for access in accesses_of(present_agents(now)).values()
    )


def chat_limit(agent: Agent, access: Access, brands: list[Brand]) -> int:
    """Return how many chats `agent` may hold: agent, else team, else brand decides."""
    teams = Team.objects.filter(pk__in=access.team_ids).values_list("capacity", flat=True)
    return pick_limit(agent, teams=teams, brands=[brand.capacity for brand in brands])


def newest_words(conversation: Conversation) -> str:
    """Return what the customer said last: of a new chat the first words.

    A rule may have answered since; who decides whether to take the chat wants the customer's.
    """
    if conversation.preview_author == Entry.AuthorKind.VISITOR:
        return conversation.preview
    said = conversation.entries.filter(
        kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.VISITOR
    )
    text = said.order_by("-seq").values_list("body", flat=True).first()
    return one_line((text or "")[:300])


def open_offers(agent: Agent) -> list[Offer]:
    """Return the chats that ring at `agent` now."""
    ringing = Offer.objects.filter(agent=agent, result=Offer.Result.OPEN)
    # Nearly always none: to word the question for all of a chat takes Django four times as long.
    if not ringing.exists():
        return []
    found = ringing.select_related(
        "conversation__visitor", "conversation__contact", "conversation__topic"
    )
    return list(found.order_by("offered_at"))
