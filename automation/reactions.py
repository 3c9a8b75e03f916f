"""What makes the rules look: facts of live support, and chats that wait for them."""

import time
from collections.abc import Iterable
from typing import Any

from django.db.models import Min
from django.utils import timezone

from agents.events import HoursChanged, OrganisationChanged, TagRenamed
from automation.models import Rule
from automation.rules import book
from automation.rules.clock import arm, arm_all_edges
from automation.rules.engine import look_at
from automation.rules.facts import FIRST_WORDS
from automation.rules.replies import is_on, words_for
from automation.rules.tickets.facts import ripe_at
from automation.rules.watched.chats import keeps_waiting
from automation.rules.watched.tickets import TICKETS
from automation.rules.writing import rename_tag_in_rules
from chat.events.lifecycle import (
    ConversationAssigned,
    ConversationChanged,
    ConversationEnded,
    ConversationParked,
    ConversationQueued,
    ConversationReopened,
    ConversationResolved,
    ConversationTagged,
)
from chat.events.words import FactsAppended, MessagesPosted
from chat.models import Conversation, Entry
from chat.routing import rule_hooks
from config.events import Event, react_to, react_to_many
from config.outbox.operations import RetryAfter, enqueue, enqueue_all
from tickets.events import TicketWritten

LOOK = "automation.look"
_PAUSES = (0.05, 0.1, 0.2)


class RuleAutomation:
    """The rules, as live support asks them."""

    def holds(self, brand_id: int, when: rule_hooks.When, *, from_memory: bool = False) -> bool:
        """Return whether a chat must wait for rules."""
        rules = book.cached_book() if from_memory else book.fresh_book()
        return rules.is_holding(when, brand_id)

    def settle(self, conversation_id: int, begin: int) -> bool:
        """Run the rules; return whether one has the chat wait because of the newest words.

        Somebody else who looks is done in a moment; a later try would come after the hold.
        """
        for pause in _PAUSES:
            try:
                look_at(conversation_id, begin=begin)
            except RetryAfter:
                time.sleep(pause)
            else:
                break
        else:
            look_at(conversation_id, begin=begin)
        return keeps_waiting(conversation_id)

    def answer(self, conversation_id: int) -> str:
        """Return the newest words that were said by themselves in a chat."""
        said = Entry.objects.filter(conversation=conversation_id, kind=Entry.Kind.BOT)
        newest = said.filter(data__has_any_keys=["rule", "state"]).order_by("-seq")
        return newest.values_list("body", flat=True).first() or ""

    def words(self, conversation_id: int, state: str) -> str:
        """Return what is said by itself in a chat that comes into a state; "" for nothing."""
        return words_for(conversation_id, state)

    def says(self, brand_id: int, state: str) -> bool:
        """Return whether something is said by itself in a brand's chats."""
        return is_on(brand_id, state)


def look(payload: dict[str, Any]) -> None:
    """Outbox: have the rules look at a chat or ticket."""
    if "ticket" in payload:
        _look_at_ticket(payload["ticket"])
    else:
        look_at(payload["conversation"], begin=payload["seq"])


def _look_at_ticket(ticket_id: int) -> None:
    """Have the rules look from the first line on: what came before a rule was on it leaves alone.

    So a ticket's beginning is looked at whichever of its first events is worked off first.
    """
    look_at(ticket_id, begin=1, watched=TICKETS)
    if at := ripe_at(ticket_id):
        # From then on a reply can't be taken back.
        key = f"rules:t{ticket_id}:{at.isoformat()}"
        enqueue(kind=LOOK, key=key, payload={"ticket": ticket_id}, available_at=at)


def _ticket_written(fact: dict[str, Any]) -> None:
    ticket_id, seq = fact["ticket_id"], fact.get("seq", 0)
    rules = book.fresh_book()
    if rules.watches_tickets(is_new=seq == 1):
        enqueue(kind=LOOK, key=f"rules:t{ticket_id}:{seq}", payload={"ticket": ticket_id})
    if rules.times_tickets and (ticket := TICKETS.open().filter(pk=ticket_id).first()):
        arm(ticket, now=timezone.now(), watched=TICKETS)


def _ask_to_look(conversation_id: int, seq: int) -> None:
    _ask_to_look_at([(conversation_id, seq)])


def _ask_to_look_at(lines: Iterable[tuple[int, int]]) -> None:
    looks = [
        (f"rules:{conversation_id}:{seq}", {"conversation": conversation_id, "seq": seq})
        for conversation_id, seq in lines
    ]
    enqueue_all(kind=LOOK, effects=looks)


def _said(facts: list[dict[str, Any]]) -> None:
    """Words are looked at; for those that a chat is held for, live support asks by itself."""
    rules = book.fresh_book()
    if not rules.is_watching:
        return
    fact_of = {pk: number for number, fact in enumerate(facts) for pk in fact["entry_ids"]}
    lines = Entry.objects.filter(pk__in=fact_of, conversation__held_until=None).order_by("pk")
    names = "conversation", "conversation__brand", "conversation__status", "author_kind"
    looks: dict[tuple[int, int, str], tuple[int, int]] = {}
    read = lines.values_list("pk", "seq", *names)
    for pk, seq, conversation_id, brand_id, status, author in read:
        comes_back = status == Conversation.Status.RESOLVED and author == Entry.AuthorKind.VISITOR
        if not (comes_back and rules.is_holding(Rule.When.UPDATED, brand_id)):
            # The first words come in with their chat.
            look = conversation_id, 1 if seq <= FIRST_WORDS else seq
            looks.setdefault((fact_of[pk], conversation_id, author), look)
    _ask_to_look_at(looks.values())


def _changed(fact: dict[str, Any]) -> None:
    if book.fresh_book().is_watching:
        _look_at_newest(fact["conversation_id"])


def _look_at_newest(conversation_id: int) -> None:
    """Have the rules look at the lines that a chat got at the same moment as its newest one."""
    lines = Entry.objects.filter(conversation=conversation_id)
    newest = lines.order_by("-seq").values("created_at")[:1]
    seq = lines.filter(created_at__in=newest).aggregate(first=Min("seq"))["first"]
    if seq is not None:
        _ask_to_look(conversation_id, seq)


def _came(fact: dict[str, Any]) -> None:
    """A chat stands in line: time rules are armed, and rules that hold nobody look now."""
    if not book.fresh_book().has_chat_rules:
        return
    chat = Conversation.objects.filter(pk=fact["conversation_id"]).first()
    if chat is None:
        return
    # Also what has passed since then, should this have waited for a worker.
    arm(chat, now=chat.queued_at or timezone.now())
    if fact["previous_id"] is None:
        # Somebody may have it by now; what was looked at is not looked at again.
        _ask_to_look(chat.pk, 1)
    _changed(fact)


def _parked(fact: dict[str, Any]) -> None:
    """A chat waits for its customer: time rules look at it too."""
    _arm_chat(fact["conversation_id"], only_known=True)
    _changed(fact)


def _reopened(fact: dict[str, Any]) -> None:
    """A chat goes on: time rules, which leave the archive alone, look at it again."""
    _arm_chat(fact["conversation_id"])
    _changed(fact)


def _arm_chat(conversation_id: int, *, only_known: bool = False) -> None:
    if book.fresh_book().has_chat_rules:
        chat = Conversation.objects.filter(pk=conversation_id).first()
        if chat is not None:
            arm(chat, now=timezone.now(), only_known=only_known)


def _resolved(fact: dict[str, Any]) -> None:
    """A message that was left is a chat that comes in, and is in the archive already."""
    if fact["outcome"] == Conversation.Outcome.OFFLINE and book.fresh_book().has_chat_rules:
        _ask_to_look(fact["conversation_id"], 1)
    _changed(fact)


def _hours_changed(fact: dict[str, Any]) -> None:
    arm_all_edges(now=timezone.now())


def _organisation_changed(facts: list[dict[str, Any]]) -> None:
    """What a rule names may be missing from now on, or no longer."""
    book.renew()


def _tag_renamed(fact: dict[str, Any]) -> None:
    rename_tag_in_rules(old=fact["old"], new=fact["new"])


react_to_many(OrganisationChanged, _organisation_changed)
react_to(TagRenamed, _tag_renamed)
react_to(HoursChanged, _hours_changed)
react_to(TicketWritten, _ticket_written)
react_to_many(MessagesPosted, _said)
react_to(FactsAppended, _changed)
react_to(ConversationQueued, _came)
react_to(ConversationParked, _parked)
react_to(ConversationReopened, _reopened)
react_to(ConversationResolved, _resolved)
_CHANGES: Iterable[type[Event]] = (
    ConversationAssigned,
    ConversationChanged,
    ConversationEnded,
    ConversationTagged,
)
for _event in _CHANGES:
    react_to(_event, _changed)
rule_hooks.use(RuleAutomation())
