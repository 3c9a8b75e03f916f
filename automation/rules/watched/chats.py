"""Chats, as the engine knows them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import Min, QuerySet
from django.utils import timezone

from agents.actors import Rule as Actor
from automation.models import Rule, Run
from automation.rules.actions import ACTIONS, OF_LINE, OUTWARD, Acting, parks
from automation.rules.facts import FIRST_WORDS, ChatSight, happening_of, seen_chats
from automation.rules.reasons import reason_of
from automation.rules.replies import reply_to
from automation.rules.sight import Happening, Sight
from automation.rules.watched.base import Watched
from chat.models import Conversation, Entry, Offer
from chat.operations.automatic import Touched, tell_of_run
from chat.operations.conversations import AlreadyResolved


class Chats(Watched):
    """Chats, which an agent may take while rules still think."""

    subject, column = ChatSight.subject, ChatSight.column
    mark = ""
    is_armed_by_lines = False

    def lines_after(self, pk: int, seq: int) -> Sequence[Entry]:
        """Return the lines that come after one, each with its chat and whose that is.

        What few rules ask for, such as its visitor, is read when it is asked for: to put a query
        with the columns of all of that together takes longer than two hundred rules.
        """
        lines = Entry.objects.filter(conversation=pk, seq__gt=seq)
        with_chat = lines.select_related("conversation__assignee")
        # To have the database sort these few takes a fifth of putting the query.
        return sorted(with_chat.order_by(), key=attrgetter("seq"))

    def sights(self, lines: Sequence[Entry]) -> Iterable[tuple[Entry, Sight | None]]:
        """Yield each line with what rules see of it; None for what no rule looks at."""
        first_words = next((line.body for line in lines if line.seq == FIRST_WORDS), "")
        for line in lines:
            happening = happening_of(line, first_words)
            if happening is None:
                yield line, None
            else:
                yield line, self.sight(line.conversation, happening, timezone.now())

    def sight(self, row: Any, happening: Happening, now: datetime) -> Sight:
        """Return what rules see of a chat."""
        return ChatSight(row, happening, now)

    def act(
        self, run: Run, position: int, told: Mapping[str, Any], *, by: Actor, now: datetime
    ) -> str:
        """Do one action; return why it was not done, or "". Raises `Touched`."""
        chat = _untouched(run)
        acting = Acting(run=run, position=position, chat=chat, by=by, now=now)
        if chat.kind == Conversation.Kind.REHEARSAL and told["action"] in OUTWARD:
            return "rehearsal"
        if chat.status == Conversation.Status.RESOLVED and told["action"] in OF_LINE:
            # A message that was left. What else the rule does is done.
            return reason_of(AlreadyResolved)
        return ACTIONS[told["action"]].do(acting, told)

    def tell(self, run: Run, told: dict[str, str], *, by: Actor, now: datetime) -> None:
        """Have the thread tell that a rule acts, and why. Raises `Touched`."""
        tell_of_run(conversation=_untouched(run), by=by, told=told, now=now)

    def open(self) -> QuerySet[Conversation]:
        """Return the chats that are not in the archive, with all that rules see of them."""
        chats: QuerySet[Conversation] = seen_chats().select_related("assignee")
        return chats.exclude(status=Conversation.Status.RESOLVED).exclude(
            kind=Conversation.Kind.TEAM
        )

    def since(self, since: str, row: Any) -> datetime | None:
        """Return from when a rule of time counts; None while that has not happened."""
        if since == "created":
            created: datetime = row.created_at
            return created
        if since == "queued":
            return _in_line_since(row)
        side = Entry.AuthorKind.VISITOR if since == "customer_word" else Entry.AuthorKind.AGENT
        said = Entry.objects.filter(
            conversation=row.pk, kind=Entry.Kind.MESSAGE, author_kind=side
        ).order_by("-seq")
        return said.values_list("created_at", flat=True).first()

    def first_since(self, pk: int, at: datetime) -> int | None:
        """Return the number of the first line from a moment on; None where there is none."""
        lines = Entry.objects.filter(conversation=pk, created_at__gte=at)
        first: int | None = lines.aggregate(first=Min("seq"))["first"]
        return first

    def answers(self, sight: Sight, *, at: datetime) -> bool:
        """Answer by itself what no rule has answered; return whether it did."""
        return isinstance(sight, ChatSight) and reply_to(sight, at=at)


def _in_line_since(chat: Conversation) -> datetime | None:
    """Return since when a chat stands in line and rings nowhere."""
    if chat.status != Conversation.Status.QUEUED or chat.queued_at is None:
        return None
    offers = Offer.objects.filter(conversation=chat, offered_at__gte=chat.queued_at)
    newest = offers.order_by("-offered_at").first()
    if newest is None:
        return chat.queued_at
    return None if newest.result == Offer.Result.OPEN else newest.closed_at


def _untouched(run: Run) -> Conversation:
    """Return the chat of a run, unless somebody has taken it since that was decided."""
    chat = seen_chats().select_related("assignee").get(pk=run.conversation_id or 0)
    if not run.was_taken and chat.assignee_id is not None:
        raise Touched
    return chat


def keeps_waiting(conversation_id: int) -> bool:
    """Return whether a rule has a chat wait because of its customer's newest words.

    The first words are the chat's own beginning.
    """
    words = Entry.objects.filter(
        conversation=conversation_id,
        kind=Entry.Kind.MESSAGE,
        author_kind=Entry.AuthorKind.VISITOR,
    )
    newest = words.order_by("-seq").values_list("seq", flat=True).first() or 0
    runs = Run.objects.filter(
        conversation=conversation_id,
        conversation__status=Conversation.Status.WAITING,
        mode=Rule.Mode.ON,
        matched=True,
        seq__gte=1 if newest <= FIRST_WORDS else newest,
        effects__done=True,
    )
    return any(
        position and parks(actions[position - 1])
        for actions, position in runs.values_list("actions", "effects__position")
    )


CHATS = Chats()
