"""Colleagues who can be named in a note."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

from agents.models import Agent
from config.text.folding import by_name, fold


def offered_names(agent_ids: Collection[int]) -> dict[str, Any]:
    """Return whom a list offers after an @, in the order of the alphabet, and what it says."""
    people = Agent.objects.filter(pk__in=agent_ids, is_active=True).exclude(name="")
    return {
        "label": _("Colleagues who can see this"),
        "none": _("Nobody of that name can see this."),
        "colleagues": [
            {
                "id": agent.public_id,
                "name": agent.name,
                "teams": ", ".join(team.name for team in by_name(agent.teams.all())),
                "keys": [fold(agent.name)],
            }
            for agent in by_name(people.prefetch_related("teams"))
        ],
    }
