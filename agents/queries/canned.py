"""Canned replies that an agent may use."""

from django.db.models import Q, QuerySet

from agents.access import Access
from agents.models import CannedReply


def canned_for(access: Access) -> QuerySet[CannedReply]:
    """Return the agent's own replies, and those of everybody, of own teams and own brands."""
    brands = access.brand_ids()
    of_brand = Q() if brands is None else Q(brand=None) | Q(brand__in=brands)
    of_team = Q() if access.everything else Q(team=None) | Q(team__in=access.team_ids)
    shared = Q(agent=None) & of_brand & of_team
    return CannedReply.objects.filter(Q(agent=access.agent_id) | shared).order_by("shortcut", "pk")
