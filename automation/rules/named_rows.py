"""The rows that a rule can name: what each is called, and all of them for a list."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from operator import attrgetter

from agents.models import Agent, Brand, Tag, Team, Topic
from config.text.cleaning import key_of
from config.text.folding import by_name, fold

type _Find = Callable[[str], str | None]
# Names that were looked up while many rules are said one after another.
_names: ContextVar[dict[tuple[_Find, str], str | None] | None] = ContextVar("names", default=None)


@contextmanager
def remembering_names() -> Iterator[None]:
    """Look up each name once within: for a page that says many rules."""
    token = _names.set({})
    try:
        yield
    finally:
        _names.reset(token)


def _remembered(find: _Find) -> _Find:
    @wraps(find)
    def found(key: str) -> str | None:
        names = _names.get()
        if names is None:
            return find(key)
        if (find, key) not in names:
            names[find, key] = find(key)
        return names[find, key]

    return found


@_remembered
def brand_name(key: str) -> str | None:
    """Return what a brand is called; None when there is none."""
    return Brand.objects.filter(pk=key_of(key)).values_list("name", flat=True).first()


@_remembered
def topic_name(key: str) -> str | None:
    """Return what a topic that is offered is called."""
    topic = Topic.objects.filter(pk=key_of(key), is_active=True).first()
    return str(topic) if topic else None


@_remembered
def team_name(key: str) -> str | None:
    """Return what a team is called."""
    return Team.objects.filter(pk=key_of(key)).values_list("name", flat=True).first()


@_remembered
def agent_name(key: str) -> str | None:
    """Return what an agent who may sign in is called."""
    found = Agent.objects.filter(public_id=key, is_active=True)
    return found.values_list("name", flat=True).first()


@_remembered
def tag_name(key: str) -> str | None:
    """Return how a tag is written; one that nothing has yet, as it was typed."""
    return Tag.objects.filter(folded=fold(key)).values_list("name", flat=True).first() or key


def brand_rows() -> list[tuple[str, str]]:
    """Return all brands."""
    return [(str(brand.pk), brand.name) for brand in by_name(Brand.objects.all())]


def topic_rows() -> list[tuple[str, str]]:
    """Return the topics that are offered, with their brand where there are several."""
    found = Topic.objects.filter(is_active=True).select_related("brand")
    topics = by_name(found.order_by("position", "pk"), of=attrgetter("brand"))
    if len({topic.brand_id for topic in topics}) < 2:
        return [(str(topic.pk), str(topic)) for topic in topics]
    return [(str(topic.pk), f"{topic.brand}: {topic}") for topic in topics]


def team_rows() -> list[tuple[str, str]]:
    """Return all teams."""
    return [(str(team.pk), team.name) for team in Team.objects.order_by("sort_name", "pk")]


def agent_rows() -> list[tuple[str, str]]:
    """Return the agents who may sign in."""
    found = Agent.objects.filter(is_active=True).order_by("sort_name", "pk")
    return list(found.values_list("public_id", "name"))


def tag_rows() -> list[tuple[str, str]]:
    """Return all tags."""
    return [(name, name) for name in Tag.objects.order_by("folded").values_list("name", flat=True)]
