"""The opened chat as its template wants it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.access import Access
from agents.console.times import short_time
from agents.models import Agent
from chat.console.part import Supervision, supervision_of, why_no_reply
from chat.models import Conversation, DueAct, Entry, Participation
from chat.queries.due import Due, due_of_chat
from chat.queries.panel import Panel, marks_of, panel, participation
from chat.queries.people import email_of
from chat.rights import may_answer, may_file, may_handle
from tickets.models import Contact, Ticket
from tickets.rights import may_correct

Status = Conversation.Status
Act = DueAct.Act


@dataclass(frozen=True, kw_only=True)
class Chat:
    """One conversation on one agent's screen, and what the agent can do with it."""

    agent: Agent
    access: Access
    conversation: Conversation
    participation: Participation
    panel: Panel
    handles: bool
    live: dict[str, Any]
    due_acts: list[Due]
    head_url: str
    back_url: str
    files: bool
    supervision: Supervision | None

    @property
    def id(self) -> str:
        """Return the public id."""
        return self.conversation.public_id

    @property
    def live_json(self) -> str:
        """Return what the scripts must know of this chat."""
        return json.dumps(self.live)

    @property
    def topic(self) -> str:
        """Return what it is about."""
        topic = self.conversation.topic
        return topic.label(get_language() or "") if topic else self.conversation.topic_text

    @property
    def can_accept(self) -> bool:
        """Return whether the agent may take it from the queue."""
        return self.conversation.status == Status.QUEUED and may_answer(
            self.access, self.conversation
        )

    @property
    def can_end(self) -> bool:
        """Return whether the agent may end it."""
        has_agent = self.conversation.assignee_id is not None
        return (
            self.conversation.is_open
            and has_agent
            and self.handles
            and not self._is_due(Act.END, Act.RESOLVE, Act.SPAM)
        )

    @property
    def can_resolve(self) -> bool:
        """Return whether the agent may put it into the archive."""
        unresolved = {Status.ACTIVE, Status.WAITING, Status.WRAP_UP}
        return (
            self.conversation.status in unresolved
            and self.conversation.assignee_id is not None
            and self.can_set_topic
            and not self._is_due(Act.RESOLVE, Act.SPAM)
        )

    @property
    def can_transfer(self) -> bool:
        """Return whether the agent may pass it on."""
        return (
            self.conversation.is_open
            and self.conversation.assignee_id is not None
            and self.handles
            and not self._is_due(Act.END, Act.RESOLVE, Act.SPAM)
        )

    @property
    def can_convert(self) -> bool:
        """Return whether the agent may make a ticket of it."""
        return self.conversation.ticket_id is None and self.files and not self._is_due(Act.CONVERT)

    @property
    def has_address(self) -> bool:
        """Return whether its ticket could be answered, also where the agent may not know where."""
        return bool(email_of(self.conversation))

    @property
    def can_mark_spam(self) -> bool:
        """Return whether the agent may say that it is spam."""
        return self.files and not self.is_spam and not self._is_due(Act.SPAM)

    @property
    def can_clear_spam(self) -> bool:
        """Return whether the agent may say that it is no spam after all."""
        return self.files and self.is_spam

    @property
    def can_correct(self) -> bool:
        """Return whether the agent may say who the customer is; of one whom other brands know, too,
        only who meets the customers of all of them may.
        """
        visitor = self.conversation.visitor
        if visitor is None or not self.files:
            return False
        known = visitor.contact_id or self.conversation.contact_id
        return known is None or may_correct(self.access, Contact(pk=known))

    @property
    def is_spam(self) -> bool:
        """Return whether somebody said that it is spam."""
        return self.conversation.outcome == Conversation.Outcome.SPAM

    def _is_due(self, *acts: str) -> bool:
        """Return whether one of these has been pressed: the head shows it as done."""
        return any(due.act in acts for due in self.due_acts)

    def may_undo(self, act: str) -> bool:
        """Return whether the agent may take such an act back."""
        return self.files if act in DueAct.FILING else self.handles

    @property
    def pressed(self) -> list[tuple[Due, bool]]:
        """Return what will happen to it in a moment, each with whether the agent may undo it."""
        return [(due, self.may_undo(due.act)) for due in self.due_acts]

    @property
    def has_more(self) -> bool:
        """Return whether there is anything in the head that small screens hide behind a button."""
        return any(
            (
                self.can_transfer,
                self.can_convert,
                self.can_end,
                self.can_mark_spam,
                self.can_clear_spam,
            )
        )

    @property
    def ticket(self) -> str:
        """Return number and status of its ticket; only the number of one the agent may not see."""
        number = self.conversation.ticket_id
        if number is None:
            return ""
        seen = self._seen_ticket
        shown = [f"#{number}", *([str(seen.get_status_display())] if seen else [])]
        return " · ".join(shown)

    @property
    def ticket_url(self) -> str:
        """Return where its ticket is worked on; nothing for one the agent may not see."""
        seen = self._seen_ticket
        return reverse("ticket", args=[seen.pk]) if seen else ""

    @property
    def _seen_ticket(self) -> Ticket | None:
        number = self.conversation.ticket_id
        return next((each for each in self.panel.tickets if each.pk == number), None)

    @property
    def can_set_topic(self) -> bool:
        """Return whether the agent may say what it is about."""
        return self.conversation.status != Status.RESOLVED and self.handles

    @property
    def can_reopen(self) -> bool:
        """Return whether the agent may go on with it."""
        return self.conversation.status in {Status.RESOLVED, Status.WRAP_UP} and may_answer(
            self.access, self.conversation
        )

    @property
    def max_chars(self) -> int:
        """Return how long one message may be."""
        return int(settings.IMECE["MESSAGE_MAX_CHARS"])

    @property
    def email_parts(self) -> list[str]:
        """Return the address in two parts between which a line may end."""
        local, at, domain = self.panel.email.rpartition("@")
        return [f"{local}{at}", domain]

    @property
    def earlier(self) -> list[dict[str, Any]]:
        """Return the customer's other chats as links."""
        language = get_language() or ""
        return [
            {
                "url": chat_url(other),
                "status": str(other.get_status_display()),
                "rating": other.rating,
                "line": " · ".join(
                    part
                    for part in (
                        other.topic.label(language) if other.topic else other.topic_text,
                        short_time(other.created_at),
                        other.assignee.name if other.assignee else "",
                    )
                    if part
                ),
            }
            for other in self.panel.earlier
        ]

    @property
    def reads_runs(self) -> bool:
        """Return whether the agent may read what rules did."""
        return self.access.everything

    @property
    def has_rules(self) -> bool:
        """Return whether the agent may read what rules did with it: there was something."""
        lines = self.conversation.entries.filter(kind=Entry.Kind.STATUS, data__has_key="ran")
        return self.reads_runs and lines.exists()

    @property
    def reasons(self) -> list[str]:
        """Return why the chat came to its agent."""
        entry = self.panel.assignment
        return why(entry, mine=self.conversation.assignee_id == self.agent.pk) if entry else []


def chat_url(conversation: Conversation) -> str:
    """Return the address where agents read a chat."""
    name = "console-archived" if conversation.status == Status.RESOLVED else "console-chat"
    return reverse(name, args=[conversation.public_id])


def chat_of(
    agent: Agent,
    access: Access,
    conversation: Conversation,
    *,
    area: str,
    kept: Mapping[str, str],
) -> Chat:
    """Gather what the thread's head, composer and customer panel show.

    `area` and `kept` say from which list it was opened.
    """
    base = reverse("console-archive" if area == "archive" else "console")
    address = base + ("" if area == "archive" else "chats/") + f"{conversation.public_id}/"
    own = participation(conversation, agent)
    marks = marks_of(conversation)
    mine = conversation.assignee_id == agent.pk
    due_acts = due_of_chat(conversation)
    is_ending = any(due.act != Act.CONVERT for due in due_acts)
    supervision = supervision_of(access, conversation, own)
    takes_part = mine or own.has_joined
    return Chat(
        agent=agent,
        access=access,
        conversation=conversation,
        participation=own,
        panel=panel(access, conversation),
        handles=may_handle(access, conversation),
        head_url=f"{address}?{urlencode({**kept, 'part': 'head'})}",
        files=may_file(access, conversation),
        supervision=supervision,
        due_acts=due_acts,
        back_url=base + (f"?{urlencode(kept)}" if kept else ""),
        live={
            "id": conversation.public_id,
            "status": conversation.status,
            "mine": mine,
            "canReply": conversation.is_open and not is_ending and takes_part,
            "canNote": conversation.status != Status.RESOLVED,
            "canWhisper": supervision is not None and supervision.may_whisper,
            "why": why_no_reply(
                conversation,
                takes_part=takes_part,
                is_ending=is_ending,
                watches=supervision is not None,
            ),
            "address": address + (f"?{urlencode(kept)}" if kept else ""),
            "delivered": marks.delivered,
            "read": marks.read,
            "seen": own.read_seq,
            "last": conversation.last_seq,
            "ticket": str(conversation.ticket_id or ""),
        },
    )


def why(entry: Entry, *, mine: bool) -> list[str]:
    """Return the stored reasons of an assignment as sentences."""
    if entry.kind == Entry.Kind.TRANSFERRED:
        by = entry.agent.name if entry.agent else ""
        passed = [_("Transferred by {name}").format(name=by)] if by else []
        return passed + [text for text in [str(entry.data.get("reason", ""))] if text]
    routing = entry.data.get("routing")
    if not routing:
        return [] if entry.data.get("automatic") else [_("Taken from the queue by hand")]
    words = {
        "capacity": _("At their limit: {n}"),
        "status": _("Not Online: {n}"),
        "not_present": _("Without a connection: {n}"),
        "not_authorised": _("Not authorised for the brand: {n}"),
        "already_offered": _("Already asked: {n}"),
        "others_first": _("With more chats or more recently busy: {n}"),
    }
    left_out, names = routing.get("left_out", {}), routing.get("names", {})
    fewest = (
        _("You had the fewest open chats: {n}.")
        if mine
        else _("{name} had the fewest open chats: {n}.")
    )
    return [
        fewest.format(n=routing.get("open", 0), name=entry.data.get("to", "")),
        *(
            text.format(n=_those(left_out[key], names.get(key, ())))
            for key, text in words.items()
            if left_out.get(key)
        ),
    ]


def _those(count: int, names: Sequence[str]) -> str:
    """Return who was left out by name, and how many more."""
    more = count - len(names)
    return ", ".join([*names, *([f"+{more}" if names else str(more)] if more else [])])
