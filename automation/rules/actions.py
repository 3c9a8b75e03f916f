"""Every action, once: what it is called, what it needs, and what it does.

Each is one ordinary operation of live support. An action returns why it did nothing, or "".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.actors import Rule
from agents.models import Agent, Team, Topic
from automation.models import Run
from chat.models import Conversation
from chat.operations.assignment import assign_conversation
from chat.operations.automatic import (
    add_note,
    notify_agents,
    save_email,
    save_phone,
    say_automatically,
)
from chat.operations.conversations import end_conversation, set_priority, set_team, set_topic
from chat.operations.parking import let_through, park_conversation
from chat.operations.tags import add_tag, remove_tag
from chat.operations.tickets import convert_to_ticket
from chat.queries.people import email_of
from config.mail import is_address
from config.text.cleaning import key_of
from config.web.rate_limits import TooMany
from tickets.mail.send import send_house_mail, send_ticket_mail
from tickets.models import Ticket
from tickets.operations.automatic import wrote_last

TEXT_MAX = 2000


@dataclass(frozen=True, kw_only=True)
class Acting:
    """One action of one run at work in a chat."""

    run: Run
    position: int
    chat: Conversation
    by: Rule
    now: datetime

    @property
    def client_id(self) -> str:
        """Return what makes words of this action one line, however often they are said."""
        return client_id_of(self.run, self.position)

    def text(self, texts: Mapping[str, str]) -> str:
        """Return a text in the chat's language, else in the brand's, else in the one there is."""
        return text_among(texts, self.chat)


def client_id_of(run: Run, position: int) -> str:
    """Return what makes words of an action one line, however often they are said."""
    return str(uuid5(NAMESPACE_URL, f"imece:rule:{run.pk}:{position}"))


def text_among(texts: Mapping[str, str], row: Any) -> str:
    """Return a text in a row's language, else in its brand's, else in the one there is."""
    wanted = (row.language, row.brand.default_language, *texts)
    return next((texts[code] for code in wanted if texts.get(code)), "")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """What an action needs to be told."""

    label: str | Promise
    # "texts" (one a language), "tag", "topic", "team", "agent", "agents" (a list), "number",
    # "choice" (of `choices`) or "address".
    type: str
    required: bool = True
    choices: Mapping[str, str | Promise] | None = None


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that a rule can do."""

    label: str | Promise
    # Takes what is at work, such as `Acting`, and what it is told.
    do: Callable[[Any, Mapping[str, Any]], str]
    parameters: Mapping[str, Parameter]
    when: frozenset[str] = frozenset({"incoming", "updated", "time"})
    # Of these parameters one at least is told.
    one_of: frozenset[str] = frozenset()


def _say(acting: Acting, text: str) -> str:
    say_automatically(
        conversation=acting.chat,
        text=text,
        by=acting.by,
        client_id=acting.client_id,
        unless_taken=not acting.run.was_taken,
        now=acting.now,
    )
    return ""


def _send_message(acting: Acting, told: Mapping[str, Any]) -> str:
    return _say(acting, acting.text(told["text"]))


def _ask_email(acting: Acting, told: Mapping[str, Any]) -> str:
    if email_of(acting.chat):
        return "known"
    return _say(acting, acting.text(told["text"]))


def _note(acting: Acting, told: Mapping[str, Any]) -> str:
    text = acting.text(told["text"])
    add_note(conversation=acting.chat, text=text, by=acting.by, now=acting.now)
    return ""


def _add_tag(acting: Acting, told: Mapping[str, Any]) -> str:
    add_tag(conversation=acting.chat, name=told["tag"], by=acting.by, now=acting.now)
    return ""


def _remove_tag(acting: Acting, told: Mapping[str, Any]) -> str:
    remove_tag(conversation=acting.chat, name=told["tag"], by=acting.by, now=acting.now)
    return ""


def _set_topic(acting: Acting, told: Mapping[str, Any]) -> str:
    topic = Topic.objects.filter(pk=key_of(told["topic"]), is_active=True).first()
    if topic is None:
        return "gone"
    set_topic(conversation=acting.chat, topic=topic, by=acting.by, now=acting.now)
    return ""


def _set_team(acting: Acting, told: Mapping[str, Any]) -> str:
    team = Team.objects.filter(pk=key_of(told["team"])).first()
    if team is None:
        return "gone"
    set_team(conversation=acting.chat, team=team, by=acting.by, now=acting.now)
    return ""


def _assign(acting: Acting, told: Mapping[str, Any]) -> str:
    agent = Agent.objects.filter(public_id=told["agent"], is_active=True).first()
    if agent is None:
        return "gone"
    assign_conversation(conversation=acting.chat, to=agent, by=acting.by, now=acting.now)
    return ""


def _end_waiting(acting: Acting, told: Mapping[str, Any]) -> str:
    unless_taken = not acting.run.was_taken
    park_conversation(
        conversation=acting.chat, by=acting.by, unless_taken=unless_taken, now=acting.now
    )
    return ""


def _set_status(acting: Acting, told: Mapping[str, Any]) -> str:
    if told["status"] == Conversation.Status.WAITING:
        return _end_waiting(acting, told)
    if told["status"] == Conversation.Status.QUEUED:
        return "" if let_through(conversation=acting.chat, now=acting.now) else "nothing"
    end_conversation(conversation=acting.chat, by=acting.by, now=acting.now)
    return ""


def parks(told: Mapping[str, Any]) -> bool:
    """Return whether an action lets a chat wait for its customer."""
    is_waiting = told.get("status") == Conversation.Status.WAITING
    return told["action"] == "end_waiting" or (told["action"] == "set_status" and is_waiting)


def told_agents(told: Mapping[str, Any]) -> QuerySet[Agent]:
    """Return whom an action names, by themselves or by their team."""
    wanted = Q(public_id__in=told.get("agents") or ())
    if told.get("team"):
        wanted |= Q(teams=key_of(told["team"]))
    return Agent.objects.filter(wanted, is_active=True).distinct()


def _notify(acting: Acting, told: Mapping[str, Any]) -> str:
    heard = notify_agents(
        conversation=acting.chat,
        agents=told_agents(told),
        texts=told["text"],
        by=acting.by,
        to_team=not told.get("agents"),
    )
    return "" if heard else "nothing"


def _set_priority(acting: Acting, told: Mapping[str, Any]) -> str:
    set_priority(conversation=acting.chat, priority=told["priority"], by=acting.by, now=acting.now)
    return ""


def _convert(acting: Acting, told: Mapping[str, Any]) -> str:
    kind = told.get("type") or ""
    made = convert_to_ticket(conversation=acting.chat, kind=kind, by=acting.by, now=acting.now)
    return "" if made.created else "known"


def _save_email(acting: Acting, told: Mapping[str, Any]) -> str:
    kept = save_email(conversation=acting.chat, text=acting.run.text, by=acting.by, now=acting.now)
    return "" if kept else "nothing"


def _save_phone(acting: Acting, told: Mapping[str, Any]) -> str:
    kept = save_phone(conversation=acting.chat, text=acting.run.text, by=acting.by, now=acting.now)
    return "" if kept else "nothing"


def _send_email(acting: Acting, told: Mapping[str, Any]) -> str:
    chat = acting.chat
    if chat.ticket is None:
        return "no_ticket"
    mail = {
        "subject": acting.text(told["subject"]),
        "text": acting.text(told["text"]),
        "key": acting.client_id,
    }
    if told["to"] != "customer":
        return mail_house(chat.ticket, told["to"], **mail)
    to = email_of(chat)
    if not is_address(to):
        return "no_address"
    try:
        send_ticket_mail(ticket=chat.ticket, to=to, **mail)
    except TooMany:
        return "limit"
    return ""


def mail_house(ticket: Ticket, to: str, *, subject: str, text: str, key: str) -> str:
    """Mail an address that stands in a rule; return why that was not done, or ""."""
    if not is_address(to):
        return "no_address"
    if wrote_last(ticket, to):
        return "own_words"
    send_house_mail(ticket=ticket, to=to, subject=subject, text=text, key=key)
    return ""


def _stop(acting: Acting, told: Mapping[str, Any]) -> str:
    return ""


# What others would notice: not done in a rehearsal.
OUTWARD = frozenset({"convert", "send_email", "notify", "assign", "set_team"})
# What a chat in the archive keeps: where it stands in line, and who has it.
OF_LINE = frozenset({"set_topic", "set_team", "set_priority", "assign"})
# Where the event has words.
_ON_WORDS = frozenset({"incoming", "updated"})
_TEXT = {"text": Parameter(label=_("text"), type="texts")}
_TAG = {"tag": Parameter(label=_("tag"), type="tag")}
_TEAM = Parameter(label=_("team"), type="team")
_MAIL = {
    "to": Parameter(label=_("to"), type="address"),
    "subject": Parameter(label=_("subject"), type="texts"),
    **_TEXT,
}

ACTIONS: Mapping[str, Action] = {
    "send_message": Action(label=_("say to the customer"), do=_send_message, parameters=_TEXT),
    "note": Action(label=_("note for the team"), do=_note, parameters=_TEXT),
    "add_tag": Action(label=_("add the tag"), do=_add_tag, parameters=_TAG),
    "remove_tag": Action(label=_("remove the tag"), do=_remove_tag, parameters=_TAG),
    "set_topic": Action(
        label=_("set the topic"),
        do=_set_topic,
        parameters={"topic": Parameter(label=_("topic"), type="topic")},
    ),
    "set_team": Action(
        label=_("move to the line of the team"), do=_set_team, parameters={"team": _TEAM}
    ),
    "assign": Action(
        label=_("give to the agent"),
        do=_assign,
        parameters={"agent": Parameter(label=_("agent"), type="agent")},
    ),
    "set_status": Action(
        label=_("set the status"),
        do=_set_status,
        parameters={
            "status": Parameter(
                label=pgettext_lazy("chat", "status"),
                type="choice",
                choices={
                    "waiting": _("waits for the customer"),
                    "queued": _("stands in line"),
                    "resolved": _("is over"),
                },
            )
        },
    ),
    "end_waiting": Action(
        label=_("end the chat and let it wait for the customer"), do=_end_waiting, parameters={}
    ),
    "set_priority": Action(
        label=_("set the priority"),
        do=_set_priority,
        parameters={"priority": Parameter(label=_("priority"), type="number")},
    ),
    "convert": Action(
        label=_("make a ticket of it"),
        do=_convert,
        parameters={
            "type": Parameter(
                label=_("type"),
                type="choice",
                required=False,
                choices=dict(Ticket.Type.choices),
            )
        },
    ),
    "ask_email": Action(
        label=_("ask for the e-mail address if it is not known"), do=_ask_email, parameters=_TEXT
    ),
    "save_email": Action(
        label=_("keep the e-mail address that the customer wrote"),
        do=_save_email,
        parameters={},
        when=_ON_WORDS,
    ),
    "save_phone": Action(
        label=_("keep the phone number that the customer wrote"),
        do=_save_phone,
        parameters={},
        when=_ON_WORDS,
    ),
    "send_email": Action(label=_("send an e-mail"), do=_send_email, parameters=_MAIL),
    "notify": Action(
        label=_("tell agents"),
        do=_notify,
        parameters={
            "agents": Parameter(label=_("agents"), type="agents", required=False),
            "team": replace(_TEAM, required=False),
            **_TEXT,
        },
        one_of=frozenset({"agents", "team"}),
    ),
    "stop": Action(label=_("look at no further rule"), do=_stop, parameters={}),
}
