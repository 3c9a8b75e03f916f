"""The opened chat: its head, and everything known about the customer beside it."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import Case, Max, Q, When
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from agents.models import Agent, Channel, Tag, Topic
from chat.models import Conversation, Entry, Participation, Visitor
from chat.queries.linking import browsers_of, link_of, suggestions_of
from chat.queries.people import Face, email_seen, face_of, phone_seen
from chat.queries.tags import tags_of
from chat.rights import sees
from tickets.models import Identity, Ticket
from tickets.queries.customers import name_known
from tickets.queries.likeness import Suggestion

EARLIER = 5
# Of so many browsers of one person, the newest ones, earlier chats are shown.
BROWSERS = 50
_SHOWN_ELSEWHERE = {"name", "email", "phone"}
# How agents call a channel where only chats are in question.
_CHANNELS: Mapping[str, object] = {Channel.WEB: _("Live chat")}


@dataclass(frozen=True, kw_only=True)
class Marks:
    """How far the visitor got, in the agents' counter."""

    delivered: int
    read: int


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What stands beside the thread."""

    face: Face
    email: str
    phone: str
    # Who it is for the brand's own server, which signed it; "" for everybody else.
    external_id: str
    # Which of name, email and phone are known to be theirs.
    verified: Set[str]
    channel: str
    page: dict[str, str]
    device: str
    # Whose address, visits and first day are shown; a chat without a browser has none.
    visitor: Visitor | None
    fields: Sequence[tuple[str, str]]
    earlier: Sequence[Conversation]
    tickets: Sequence[Ticket]
    tags: Sequence[Tag]
    assignment: Entry | None
    # The newest one.
    rating: Entry | None
    # Who the visitor may be, and who an agent said that they are.
    suggestions: Sequence[Suggestion]
    link: Identity | None
    # How that customer is called, as far as the agent may know.
    link_name: str
    # What the site told, newest first: when, and what.
    site_events: Sequence[tuple[datetime, str]]


def find_chat(access: Access, public_id: str) -> Conversation:
    """Return the chat that `access` may open, with what its screen needs; DoesNotExist if none."""
    conversation: Conversation = Conversation.objects.select_related(
        "visitor", "contact", "topic", "chosen_topic", "brand", "assignee", "resolved_by"
    ).get(public_id=public_id)
    # Mostly the row says so itself, for a fraction of what the question costs.
    if not sees(access, conversation):
        raise Conversation.DoesNotExist
    return conversation


def participation(conversation: Conversation, agent: Agent) -> Participation:
    """Return the read mark and draft of `agent`; an unsaved empty one when there is none."""
    found = Participation.objects.filter(conversation=conversation, agent=agent).first()
    return found or Participation(conversation=conversation, agent=agent)


def marks_of(conversation: Conversation) -> Marks:
    """Return how far the visitor has received and read, in the counter that agents see."""
    found = Entry.objects.filter(conversation=conversation).aggregate(
        delivered=Max("seq", filter=Q(visitor_seq__lte=conversation.visitor_delivered_seq)),
        read=Max("seq", filter=Q(visitor_seq__lte=conversation.visitor_read_seq)),
    )
    return Marks(delivered=found["delivered"] or 0, read=found["read"] or 0)


def panel(access: Access, conversation: Conversation) -> Panel:
    """Return what is known about the customer of `conversation`, as far as `access` reaches."""
    visitor = conversation.visitor
    signed = visitor.signed if visitor else {}
    fields = conversation.fields
    page = conversation.page or (visitor.page if visitor else {})
    link = link_of(conversation)
    return Panel(
        face=face_of(conversation),
        email=email_seen(access, conversation),
        phone=phone_seen(access, conversation),
        external_id=visitor.external_id if visitor else "",
        # What a customer has proven elsewhere says nothing of who sits at this browser.
        verified=set(signed),
        channel=_channel(conversation.channel),
        page=_page(page),
        device=visitor.device if visitor else "",
        visitor=visitor,
        fields=[
            (str(name), str(value))
            for name, value in fields.items()
            if name not in _SHOWN_ELSEWHERE and value not in ("", None)
        ],
        earlier=_earlier(access, conversation),
        tickets=_tickets(access, conversation),
        tags=tags_of(conversation),
        assignment=_assignment(conversation),
        rating=_rating(conversation),
        suggestions=[] if link else suggestions_of(access, conversation),
        link=link,
        link_name=name_known(access, link.contact) if link else "",
        site_events=[
            (datetime.fromisoformat(each["at"]), str(each["name"]))
            for each in reversed(visitor.events if visitor else ())
        ],
    )


def topics(conversation: Conversation) -> list[tuple[int, str]]:
    """Return the topics that the chat can be resolved with: id and name."""
    language = get_language() or ""
    return [
        (topic.pk, topic.label(language))
        for topic in Topic.objects.filter(brand=conversation.brand_id, is_active=True).order_by(
            "position", "pk"
        )
    ]


def _channel(name: str) -> str:
    return str(_CHANNELS.get(name, name))


def _page(page: dict[str, str]) -> dict[str, str]:
    """Return title, host and path to show, and the address only if a browser may open it."""
    url = str(page.get("url") or "")
    try:
        parts = urlsplit(url)
    except ValueError:
        return {}
    if parts.scheme not in {"http", "https"}:
        return {}
    shown = f"{parts.netloc}{parts.path}".rstrip("/")
    return {"url": url, "title": str(page.get("title") or ""), "shown": shown}


def _earlier(access: Access, conversation: Conversation) -> list[Conversation]:
    same = Q(visitor__in=_browsers(conversation.visitor))
    if conversation.contact_id:
        same |= Q(contact=conversation.contact_id)
    others = Conversation.objects.filter(same, brand=conversation.brand_id)
    others = others.exclude(pk=conversation.pk)
    # Most visitors have none, and what an agent may see takes longer to ask than all the rest.
    if not others.exists():
        return []
    found = others.visible_to(access).select_related("topic", "assignee").order_by("-created_at")
    return list(found[:EARLIER])


def _browsers(visitor: Visitor | None) -> list[int]:
    """Return the visitors that are the same person: signed as such, never by what is claimed."""
    if visitor is None:
        return []
    if not visitor.external_id:
        return [visitor.pk]
    same = browsers_of(visitor).order_by("-seen_at")
    return list(same.values_list("pk", flat=True)[:BROWSERS])


def _tickets(access: Access, conversation: Conversation) -> list[Ticket]:
    ticket = Q(pk=conversation.ticket_id) if conversation.ticket_id else Q(pk=None)
    if conversation.contact_id:
        ticket |= Q(contact=conversation.contact_id)
    elif not conversation.ticket_id:
        return []
    own = Case(When(pk=conversation.ticket_id, then=0), default=1)
    found = Ticket.objects.visible_to(access).filter(ticket).order_by(own, "-updated_at")
    return list(found[:EARLIER])


def _rating(conversation: Conversation) -> Entry | None:
    if conversation.rating is None:
        return None
    rated = Entry.objects.filter(conversation=conversation, kind=Entry.Kind.RATED)
    found: Entry | None = rated.order_by("-seq").first()
    return found


def _assignment(conversation: Conversation) -> Entry | None:
    """Return the line that tells why the agent of now has the chat.

    A chat that rang says so where it was offered, one that was passed on where that was done; the
    line of the accept says only who took it.
    """
    if conversation.assignee_id is None:
        return None
    steps = (Entry.Kind.OFFERED, Entry.Kind.ACCEPTED, Entry.Kind.TRANSFERRED)
    newest = (
        Entry.objects.filter(conversation=conversation, kind__in=steps)
        .select_related("agent")
        .order_by("-seq")[:3]
    )
    lines: list[Entry] = list(newest)
    if not lines:
        return None
    taken, *before = lines
    # Between offer and accept stands what became of the offer.
    was_offered = bool(before) and before[0].data.get("result", "accepted") == "accepted"
    told = next((line for line in before if "result" not in line.data), taken)
    if not was_offered or told.kind == Entry.Kind.ACCEPTED:
        return taken
    return told if told.data.get("to_id") == taken.data.get("to_id") else taken
