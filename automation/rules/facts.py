"""What a rule sees of a chat: its state at the event's turn, and the event."""

from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from automation.rules.sight import Happening, Sight, happening_at
from chat.models import Conversation, ConversationTag, Entry
from chat.queries.linking import browsers_of
from chat.queries.people import email_of, phone_of
from chat.routing.availability import Outlook, is_open_for, outlook_for
from chat.sockets.visitor_presence import is_here
from tickets.models import Identity, Ticket

# What a line of the timeline changes, as rules call it.
_FIELDS = {"topic": "topic", "team": "team", "priority": "priority"}
_WORDS = {Entry.AuthorKind.VISITOR: "customer_word", Entry.AuthorKind.AGENT: "agent_word"}
_SIDES = {
    Entry.AuthorKind.VISITOR: "customer",
    Entry.AuthorKind.AGENT: "agent",
    Entry.AuthorKind.BOT: "rule",
    Entry.AuthorKind.SYSTEM: "system",
}
_PLAIN = {
    Entry.Kind.NOTE: "note",
    Entry.Kind.RATED: "rating",
    Entry.Kind.ENDED: "ended",
    Entry.Kind.REOPENED: "reopened",
}
# The words a chat or form begins with: `started` is the first line, these are the second.
FIRST_WORDS = 2


def happening_of(line: Entry, first_words: str = "") -> Happening | None:
    """Return the event that a line is; None for what no rule looks at.

    The first words belong to the chat that comes in and are no update.
    """
    return happening_at(
        line,
        by=_SIDES[Entry.AuthorKind(line.author_kind)],
        begins=line.kind == Entry.Kind.STARTED,
        first_words=first_words,
        changed=_change_of,
    )


def _change_of(line: Entry) -> tuple[str, dict[str, Any]]:
    kind, data = line.kind, line.data
    if kind == Entry.Kind.MESSAGE:
        is_first = line.author_kind == Entry.AuthorKind.VISITOR and line.seq == FIRST_WORDS
        if is_first or data.get("automatic"):
            return "", {}
        return _WORDS.get(Entry.AuthorKind(line.author_kind), ""), {}
    if kind == Entry.Kind.FIELD and data.get("name") in _FIELDS:
        name = _FIELDS[data["name"]]
        return name, {name: data.get("from_id", data.get("from"))}
    if kind == Entry.Kind.TAGGED:
        return "tag", {"tag": None}
    if kind == Entry.Kind.ACCEPTED or (kind == Entry.Kind.ASSIGNED and not data.get("because")):
        return "assignee", {"assignee": data.get("from_id")}
    if kind == Entry.Kind.STATUS and data.get("from") != data.get("to"):
        return "status", {"status": data.get("from")}
    return _PLAIN.get(Entry.Kind(kind), ""), {}


def seen_chats() -> QuerySet[Conversation]:
    """Return chats with all that rules see of them without a further question."""
    return Conversation.objects.select_related("visitor", "contact", "brand", "topic", "ticket")


class Stay:
    """Since which line a chat is open: its start, or when it came back from the archive."""

    def __init__(self, chat: Conversation) -> None:
        self._chat = chat
        self._seq: int | None = None

    @property
    def seq(self) -> int:
        """Return the line's number, 0 for the start."""
        if self._seq is None:
            reopened = self._chat.entries.filter(
                kind=Entry.Kind.REOPENED, data__from=Conversation.Status.RESOLVED
            )
            self._seq = reopened.order_by("-seq").values_list("seq", flat=True).first() or 0
        return self._seq


class ChatSight(Sight):
    """What rules see of one chat at one moment."""

    subject, column = "chat", "conversation"

    @property
    def chat(self) -> Conversation:
        """Return the chat's row."""
        chat: Conversation = self.row
        return chat

    @property
    def is_rehearsal(self) -> bool:
        """Return whether somebody tries things out."""
        return self.chat.kind == Conversation.Kind.REHEARSAL

    @cached_property
    def stay(self) -> int:
        """Return since which line it is open: 0 for its start, else when it was reopened."""
        return Stay(self.chat).seq

    @property
    def source(self) -> str:
        """Return where it came from: the customer's own start or form."""
        return "live_chat"

    @property
    def page_url(self) -> str:
        """Return on which page the customer is."""
        return str(self.chat.page.get("url") or "")

    @cached_property
    def tags(self) -> dict[str, str]:
        """Return the chat's tags, folded and as they are written."""
        found = ConversationTag.objects.filter(conversation=self.chat)
        return dict(found.values_list("tag__folded", "tag__name"))

    @cached_property
    def outlook(self) -> Outlook:
        """Return the one answer to whether somebody can take this chat, and why not."""
        return outlook_for(self.chat, now=self.now)

    @property
    def availability(self) -> str:
        """Return whether somebody can take this chat."""
        return str(self.outlook.state)

    @cached_property
    def is_within_hours(self) -> bool:
        """Return whether the desk that this chat belongs to is open."""
        return is_open_for(self.chat, at=self.now)

    @cached_property
    def is_visitor_here(self) -> bool:
        """Return whether the visitor has the page open; not when nobody knows."""
        visitor = self.chat.visitor
        return visitor is not None and is_here(visitor.secret_hash)

    @cached_property
    def is_first_contact(self) -> bool:
        """Return whether nothing came before from the person, as far as that is known for sure.

        That is in the browsers of a signed person, and of the customer that somebody is linked to;
        who merely gives a customer's address is not that customer. A chat that only waited for its
        visitor, who began anew instead, is no contact: else whoever is asked for an address gets
        past the question with a new chat.
        """
        until = self.chat.created_at
        visitor, person = self.chat.visitor, self._person
        same = Q(visitor__in=browsers_of(visitor)) if visitor else Q(pk=None)
        if person:
            same |= Q(contact=person)
        chats = Conversation.objects.filter(same, created_at__lte=until).exclude(pk=self.chat.pk)
        unanswered = Q(outcome=Conversation.Outcome.TIMED_OUT, accepted_at=None, ticket=None)
        if chats.exclude(unanswered).exists():
            return False
        tickets = Ticket.objects.filter(contact=person, created_at__lte=until)
        return not (person and tickets.exclude(pk=self.chat.ticket_id or 0).exists())

    @cached_property
    def queue_length(self) -> int:
        """Return how many chats of the brand stand in line."""
        line = Conversation.objects.in_line(self.now).filter(brand=self.chat.brand_id)
        return int(line.exclude(pk=self.chat.pk).count())

    @cached_property
    def rating(self) -> int | None:
        """Return the newest rating."""
        rated = self.chat.entries.filter(kind=Entry.Kind.RATED).order_by("-seq")
        data = rated.values_list("data", flat=True).first()
        return (data or {}).get("score")

    @property
    def wait(self) -> int:
        """Return for how many minutes the customer has waited for somebody to answer."""
        since = self.chat.unanswered_since
        return int((self.now - since).total_seconds() // 60) if since else 0

    @property
    def idle(self) -> int:
        """Return for how many minutes nothing was said."""
        since = self.chat.last_message_at
        return int((self.now - since).total_seconds() // 60) if since else 0

    @cached_property
    def email_known(self) -> bool:
        """Return whether an address of the customer is known, given here or at any other time."""
        return bool(email_of(self.chat)) or self._is_known_by(Identity.Kind.EMAIL)

    @cached_property
    def phone_known(self) -> bool:
        """Return whether a number of the customer is known, given here or at any other time."""
        return bool(phone_of(self.chat)) or self._is_known_by(Identity.Kind.PHONE)

    @property
    def _person(self) -> int | None:
        """Return the customer that the visitor is, if that is known."""
        visitor = self.chat.visitor
        return self.chat.contact_id or (visitor.contact_id if visitor else None)

    def _is_known_by(self, kind: str) -> bool:
        person = self._person
        return bool(person) and Identity.objects.filter(contact=person, kind=kind).exists()

    @property
    def priority(self) -> int:
        """Return the chat's priority within its line."""
        return self.chat.priority - (self.chat.HEAD if self.chat.is_at_head else 0)
