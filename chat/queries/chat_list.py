"""The list of active chats: its tabs, its rows and their order.

A column is a field of `Row` or of its conversation, drawn by `templates/console/list.html`; what
changes while somebody looks is put into the row by `static/console/arrivals.js`, too. Which news
fetch the list anew says `static/console/list.js`; who types, `typing.js`. The archive
(`archive.py`) and the compact window (`chat/console/gadget.py`) show the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import (
    Count,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    TextChoices,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from agents.access import Access, of_teams
from agents.models import Agent, Permission, Role
from chat.models import Conversation, Entry, Participation
from chat.models.querysets import IN_LINE_SINCE, ConversationQuerySet, is_in_line
from chat.queries.people import Face, face_of

# More open chats than a person can look at; the rest is reached by answering these.
ROWS = 200

Status = Conversation.Status
TAKEN = (Status.ACTIVE, Status.WAITING, Status.WRAP_UP)


class Tab(TextChoices):
    """Whose chats the list shows."""

    MINE = "mine", _("Mine")
    QUEUE = "queue", _("Queue")
    TEAM = "team", _("Team")
    ALL = "all", _("All")


class Section(TextChoices):
    """Why a row stands where it stands."""

    REPLY = "reply", _("Waiting for your reply")
    ANSWER = "answer", _("Waiting for an answer")
    CUSTOMER = "customer", _("Waiting for the customer")
    WRAP_UP = "wrap_up", _("Wrap-up")
    PARKED = "parked", _("Waiting")
    QUEUE = "queue", _("In line")
    OTHERS = "others", _("In other brands")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the list."""

    conversation: Conversation
    face: Face
    topic: str
    waiting_since: datetime | None
    unread: int
    has_draft: bool
    # Who of the agents said what the preview shows.
    said_by: str = ""
    said_by_me: bool = False
    # An agent has had it in hand for long; worth a mark while others stand in line.
    is_long: bool = False

    @property
    def id(self) -> str:
        """Return the conversation's public id."""
        return self.conversation.public_id


@dataclass(frozen=True, kw_only=True)
class Group:
    """A section of the list with its rows."""

    section: Section
    rows: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How many chats each tab holds, since when the first one waits, and my slots in use."""

    tabs: dict[Tab, int]
    oldest: datetime | None
    taken: int


def tabs_of(access: Access) -> list[Tab]:
    """Return the tabs that `access` has use for."""
    scopes = {reach.scope for reach in access.reaches(Permission.CHAT, Permission.SUPERVISE)}
    tabs = [Tab.MINE, Tab.QUEUE]
    if scopes & {Role.Scope.TEAM, Role.Scope.ALL}:
        tabs.append(Tab.TEAM)
    if Role.Scope.ALL in scopes:
        tabs.append(Tab.ALL)
    return tabs


def open_chats(access: Access, *, brand_id: int | None) -> ConversationQuerySet:
    """Return the unresolved customer chats that `access` reaches, of one brand or all."""
    found: ConversationQuerySet = Conversation.objects.visible_to(access).unresolved()
    found = found.filter(kind=Conversation.Kind.CUSTOMER)
    return found if brand_id is None else found.filter(brand=brand_id)


# What a rule lets wait for its customer: it stands among all, and is counted nowhere.
_PARKED = Q(status=Status.WAITING, assignee__isnull=True)


def _condition(tab: Tab, access: Access, now: datetime) -> Q:
    match tab:
        case Tab.MINE:
            return Q(assignee=access.agent_id, status__in=TAKEN)
        case Tab.QUEUE:
            return is_in_line(now)
        case Tab.TEAM:
            return Q(status__in=TAKEN) & of_teams(access.team_ids) & ~_PARKED
        case Tab.ALL:
            return Q(status__in=(Status.BOT, *TAKEN)) | is_in_line(now)


def count_tabs(access: Access, *, brand_id: int | None, now: datetime) -> Figures:
    """Return what the tabs, the footer and the capacity meter count, in one query."""
    tabs = tabs_of(access)
    here = Q() if brand_id is None else Q(brand=brand_id)
    found = open_chats(access, brand_id=None).aggregate(
        **{
            tab.value: Count(
                "pk",
                filter=_condition(tab, access, now)
                & (Q() if tab is Tab.MINE else here)
                & (~_PARKED if tab is Tab.ALL else Q()),
            )
            for tab in tabs
        },
        oldest=Min(IN_LINE_SINCE, filter=is_in_line(now) & here),
        taken=Count("pk", filter=Q(assignee=access.agent_id, holds_slot=True)),
    )
    return Figures(
        tabs={tab: found[tab.value] for tab in tabs}, oldest=found["oldest"], taken=found["taken"]
    )


def unread_for(agent_id: int) -> Subquery:
    """Return the number of visitor messages that the agent hasn't read, as an annotation."""
    mark = Participation.objects.filter(conversation=OuterRef("conversation"), agent=agent_id)
    unread = (
        Entry.objects.filter(
            conversation=OuterRef("pk"),
            seq__gt=Coalesce(Subquery(mark.values("read_seq")[:1]), Value(0)),
            kind=Entry.Kind.MESSAGE,
            author_kind=Entry.AuthorKind.VISITOR,
        )
        .order_by()
        .values("conversation")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Subquery(unread, output_field=IntegerField())


def chat_rows(
    access: Access, agent: Agent, *, tab: Tab, brand_id: int | None, now: datetime
) -> list[Row]:
    """Return the rows of one tab: the queue in its order, others by who waits longest.

    My own chats are those of all brands, whichever is looked at.
    """
    said = Entry.objects.filter(
        conversation=OuterRef("pk"),
        kind=Entry.Kind.MESSAGE,
        author_kind=Entry.AuthorKind.AGENT,
    ).order_by("-seq")
    found = (
        open_chats(access, brand_id=None if tab is Tab.MINE else brand_id)
        .filter(_condition(tab, access, now))
        .select_related("visitor", "contact", "topic", "brand", "assignee")
        .annotate(
            unread=Coalesce(unread_for(agent.pk), Value(0)),
            said_by_id=Subquery(said.values("agent")[:1]),
            said_by=Subquery(said.values("agent__name")[:1]),
            my_draft=Subquery(
                Participation.objects.filter(conversation=OuterRef("pk"), agent=agent.pk).values(
                    "draft"
                )[:1]
            ),
        )
    )
    if tab is Tab.QUEUE:
        found = found.in_order()
    else:
        found = found.order_by(
            F("unanswered_since").asc(nulls_last=True),
            F("last_message_at").desc(nulls_last=True),
            "pk",
        )
    return [row_of(conversation, agent, now=now) for conversation in found[:ROWS]]


def unread_total(agent: Agent) -> int:
    """Return how many visitor messages wait unread in the agent's own chats."""
    mine = Conversation.objects.unresolved().filter(assignee=agent, status__in=TAKEN)
    counted = mine.annotate(unread=unread_for(agent.pk)).aggregate(total=Sum("unread"))
    return counted["total"] or 0


def row_of(
    conversation: Conversation, agent: Agent | None = None, *, now: datetime | None = None
) -> Row:
    """Return the list line of an annotated `conversation`.

    Unread only in chats of `agent`, and long only as of `now`.
    """
    topic = conversation.topic
    mine = agent is not None and conversation.assignee_id == agent.pk
    queued = conversation.status == Status.QUEUED
    # Of an ended chat nobody waits for an answer.
    unanswered = conversation.unanswered_since if conversation.is_open else None
    limit = timedelta(seconds=settings.IMECE["LONG_CHAT_SECONDS"])
    is_long = now is not None and now - conversation.created_at > limit
    return Row(
        conversation=conversation,
        face=face_of(conversation),
        topic=topic.label(get_language() or "") if topic else conversation.topic_text,
        waiting_since=conversation.in_line_since if queued else unanswered,
        unread=getattr(conversation, "unread", 0) if mine else 0,
        has_draft=bool(getattr(conversation, "my_draft", "")),
        said_by=getattr(conversation, "said_by", None) or "",
        is_long=is_long and conversation.status == Status.ACTIVE,
        said_by_me=agent is not None and getattr(conversation, "said_by_id", None) == agent.pk,
    )


def group_rows(found: Sequence[Row], tab: Tab, *, brand_id: int | None = None) -> list[Group]:
    """Return `found` in sections, the rows of other brands in the last; empty ones are left out."""
    sections: dict[Section, list[Row]] = {section: [] for section in Section}
    for row in found:
        is_here = brand_id in {None, row.conversation.brand_id}
        sections[_section(row, tab) if is_here else Section.OTHERS].append(row)
    return [Group(section=name, rows=rows) for name, rows in sections.items() if rows]


def _section(row: Row, tab: Tab) -> Section:
    conversation = row.conversation
    if conversation.status in {Status.QUEUED, Status.BOT}:
        return Section.QUEUE
    if conversation.status == Status.WRAP_UP:
        return Section.WRAP_UP
    if conversation.is_parked:
        return Section.PARKED
    if conversation.unanswered_since is None:
        return Section.CUSTOMER
    return Section.REPLY if tab is Tab.MINE else Section.ANSWER
