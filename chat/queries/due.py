"""What agents have pressed and can still take back, as screens show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.models import Conversation, DueAct, Entry
from chat.queries.people import face_of
from tickets.models import Ticket

_SPOKE = Q(kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.VISITOR)
# The chat is another's by now, or goes on.
_MOVED = Q(
    kind__in=[
        Entry.Kind.REOPENED,
        Entry.Kind.ACCEPTED,
        Entry.Kind.TRANSFERRED,
        Entry.Kind.QUEUED,
    ]
)


@dataclass(frozen=True, kw_only=True)
class Due:
    """One act that can be undone, or was dropped a moment ago."""

    pk: int
    act: str
    chat: str
    name: str
    by: str
    due_at: datetime
    # Why it won't be done: "spoke" or "moved"; else empty.
    dropped: str
    # The number and type of the ticket that it makes.
    ticket: tuple[int, str] | None = None

    @property
    def words(self) -> str:
        """Return what will happen to whom."""
        if self.ticket:
            number, kind = self.ticket
            return _("{name}: ticket #{n} · {type}").format(
                name=self.name, n=number, type=Ticket.Type(kind).label
            )
        return {
            DueAct.Act.END: _("{name}: the chat is being ended"),
            DueAct.Act.RESOLVE: _("{name}: the chat is being resolved"),
            DueAct.Act.SPAM: _("{name}: the chat is being marked as spam"),
        }[DueAct.Act(self.act)].format(name=self.name)

    @property
    def short(self) -> str:
        """Return what will happen, where it is clear to whom."""
        return {
            DueAct.Act.END: _("Being ended"),
            DueAct.Act.RESOLVE: _("Being resolved"),
            DueAct.Act.CONVERT: _("Becomes a ticket"),
            DueAct.Act.SPAM: _("Being marked as spam"),
        }[DueAct.Act(self.act)]


def why_dropped(due: DueAct) -> str:
    """Return why a due end or resolve must not be done any more; empty when it may.

    The customer "spoke", or the chat has "moved": to the queue, to somebody else, or on.
    """
    if due.act in DueAct.FILING:
        return ""
    since = Entry.objects.filter(conversation=due.conversation_id, seq__gt=due.seq)
    if since.filter(_SPOKE).exists():
        return "spoke"
    return "moved" if since.filter(_MOVED).exists() else ""


def due_of_agent(agent: Agent) -> list[Due]:
    """Return what the agent has pressed, first what is due first."""
    found = DueAct.objects.filter(agent=agent).order_by("due_at", "pk")
    # Nearly always nothing, which is asked sooner than for all of a chat.
    if not found.exists():
        return []
    return _shown(found.select_related("conversation__visitor", "conversation__contact", "agent"))


def due_of_chat(conversation: Conversation) -> list[Due]:
    """Return what will happen to a chat, whoever pressed it."""
    found = list(DueAct.objects.filter(conversation=conversation).order_by("due_at", "pk"))
    for due in found:
        due.conversation = conversation
    return [each for each in _shown(found) if not each.dropped]


def _shown(rows: Iterable[DueAct]) -> list[Due]:
    return [
        Due(
            pk=due.pk,
            act=due.act,
            chat=due.conversation.public_id,
            name=face_of(due.conversation).name,
            by=due.agent.name,
            due_at=due.due_at,
            dropped=why_dropped(due),
            ticket=(due.data["number"], due.data["type"]) if "number" in due.data else None,
        )
        for due in rows
    ]
