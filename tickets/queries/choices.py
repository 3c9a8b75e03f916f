"""What a ticket can be given, or a list be filtered by: teams, agents, topics, tags."""

from collections.abc import Collection
from operator import attrgetter

from django.utils.translation import get_language

from agents.access import Access, brands_of
from agents.models import Agent, Tag, Team, Topic
from config.text.folding import by_name

TAGS = 200

type Choices = list[tuple[str, str]]


def team_choices() -> Choices:
    """Return every team by name."""
    rows = Team.objects.order_by("sort_name", "pk").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


def agent_choices() -> Choices:
    """Return every active agent by name; who may not have a ticket is refused when it is given."""
    people = Agent.objects.filter(is_active=True).order_by("sort_name", "pk")
    return list(people.values_list("public_id", "name"))


def topic_choices(brand_ids: Collection[int]) -> dict[str, Choices]:
    """Return the active topics of brands, under the name of each brand."""
    language = get_language() or ""
    found: dict[str, Choices] = {}
    topics = Topic.objects.filter(brand__in=brand_ids, is_active=True).select_related("brand")
    for topic in by_name(topics.order_by("position", "pk"), of=attrgetter("brand")):
        found.setdefault(topic.brand.name, []).append((str(topic.pk), topic.label(language)))
    return found


def tag_choices() -> Choices:
    """Return the words that tickets have, by name."""
    rows = Tag.objects.exclude(on_tickets=None).order_by("folded").distinct()[:TAGS]
    return [(str(tag.pk), tag.name) for tag in rows]


def brand_ids_of(access: Access) -> list[int]:
    """Return the active brands of an agent."""
    return list(brands_of(access).filter(is_active=True).values_list("pk", flat=True))
