"""What rules do in tickets: each is one ordinary operation of the ticket desk.

An action returns why it did nothing, or "".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.actors import Rule
from agents.models import Agent, Team, Topic
from automation.models import Run
from automation.rules.actions import (
    ACTIONS,
    Action,
    Parameter,
    client_id_of,
    mail_house,
    text_among,
    told_agents,
)
from config.text.cleaning import key_of
from config.web.rate_limits import RULE_REPLIES, RULE_REPLIES_A_DAY, TooMany, mailbox_key, spend
from tickets.mail.send import send_ticket_mail
from tickets.models import Ticket
from tickets.operations.automatic import (
    NotWanted,
    note_by_rule,
    notify_by_rule,
    reply_by_rule,
    why_no_machine,
)
from tickets.operations.changes import change_ticket
from tickets.operations.tags import change_ticket_tags

# With these a ticket that waits for its chat to be taken would count as touched.
TOUCHING = frozenset({"assign", "set_status", "send_message", "send_email"})


@dataclass(frozen=True, kw_only=True)
class TicketActing:
    """One action of one run at work in a ticket."""

    run: Run
    position: int
    ticket: Ticket
    by: Rule
    now: datetime


def _change(acting: TicketActing, **changes: Any) -> str:
    change_ticket(ticket=acting.ticket, by=acting.by, now=acting.now, changes=changes)
    return ""


def _reply(acting: TicketActing, told: Mapping[str, Any]) -> str:
    try:
        reply_by_rule(
            ticket=acting.ticket,
            text=text_among(told["text"], acting.ticket),
            by=acting.by,
            client_id=client_id_of(acting.run, acting.position),
            now=acting.now,
        )
    except NotWanted as error:
        return error.reason
    except TooMany:
        return "limit"
    return ""


def _note(acting: TicketActing, told: Mapping[str, Any]) -> str:
    text = text_among(told["text"], acting.ticket)
    note_by_rule(ticket=acting.ticket, text=text, by=acting.by, now=acting.now)
    return ""


def _add_tag(acting: TicketActing, told: Mapping[str, Any]) -> str:
    change_ticket_tags(ticket=acting.ticket, add=[told["tag"]], by=acting.by, now=acting.now)
    return ""


def _remove_tag(acting: TicketActing, told: Mapping[str, Any]) -> str:
    change_ticket_tags(ticket=acting.ticket, remove=[told["tag"]], by=acting.by, now=acting.now)
    return ""


def _set_topic(acting: TicketActing, told: Mapping[str, Any]) -> str:
    topic = Topic.objects.filter(pk=key_of(told["topic"]), is_active=True).first()
    if topic is None:
        return "gone"
    if topic.brand_id != acting.ticket.brand_id:
        return "other_brand"
    return _change(acting, topic=topic)


def _set_team(acting: TicketActing, told: Mapping[str, Any]) -> str:
    team = Team.objects.filter(pk=key_of(told["team"])).first()
    return _change(acting, team=team) if team else "gone"


def _assign(acting: TicketActing, told: Mapping[str, Any]) -> str:
    agent = Agent.objects.filter(public_id=told["agent"], is_active=True).first()
    if agent is None:
        return "gone"
    if acting.ticket.assignee_id is not None and not acting.run.was_taken:
        # Somebody has got it since the rule saw it.
        return "taken"
    return _change(acting, assignee=agent)


def _notify(acting: TicketActing, told: Mapping[str, Any]) -> str:
    heard = notify_by_rule(
        ticket=acting.ticket,
        agents=told_agents(told),
        texts=told["text"],
        by=acting.by,
        key=client_id_of(acting.run, acting.position),
        to_team=not told.get("agents"),
    )
    return "" if heard else "nothing"


def _send_email(acting: TicketActing, told: Mapping[str, Any]) -> str:
    ticket, to = acting.ticket, told["to"]
    mail = {
        "subject": text_among(told["subject"], ticket),
        "text": text_among(told["text"], ticket),
        "key": client_id_of(acting.run, acting.position),
    }
    if to != "customer":
        return mail_house(ticket, to, **mail)
    to = ticket.address
    if reason := why_no_machine(ticket, to, acting.now):
        return reason
    try:
        # As what rules answer: two helpdesks that write to each other stop.
        for limit in (RULE_REPLIES, RULE_REPLIES_A_DAY):
            spend(limit, mailbox_key(to))
        send_ticket_mail(ticket=ticket, to=to, **mail)
    except TooMany:
        return "limit"
    return ""


def _choice(name: str, label: Any, choices: Any) -> Mapping[str, Parameter]:
    found = {str(value): text for value, text in choices}
    return {name: Parameter(label=label, type="choice", choices=found)}


TICKET_ACTIONS: Mapping[str, Action] = {
    "send_message": Action(
        label=_("answer the customer by e-mail"),
        do=_reply,
        parameters=ACTIONS["send_message"].parameters,
    ),
    "note": Action(label=ACTIONS["note"].label, do=_note, parameters=ACTIONS["note"].parameters),
    "add_tag": Action(
        label=ACTIONS["add_tag"].label, do=_add_tag, parameters=ACTIONS["add_tag"].parameters
    ),
    "remove_tag": Action(
        label=ACTIONS["remove_tag"].label,
        do=_remove_tag,
        parameters=ACTIONS["remove_tag"].parameters,
    ),
    "set_topic": Action(
        label=ACTIONS["set_topic"].label,
        do=_set_topic,
        parameters=ACTIONS["set_topic"].parameters,
    ),
    "set_team": Action(
        label=_("give to the team"), do=_set_team, parameters=ACTIONS["set_team"].parameters
    ),
    "assign": Action(
        label=ACTIONS["assign"].label, do=_assign, parameters=ACTIONS["assign"].parameters
    ),
    "set_status": Action(
        label=ACTIONS["set_status"].label,
        do=lambda acting, told: _change(acting, status=told["status"]),
        parameters=_choice("status", pgettext_lazy("ticket", "status"), Ticket.Status.choices),
    ),
    "set_priority": Action(
        label=ACTIONS["set_priority"].label,
        do=lambda acting, told: _change(acting, priority=told["priority"]),
        parameters=_choice("priority", _("priority"), Ticket.Priority.choices),
    ),
    "set_type": Action(
        label=_("set the type"),
        do=lambda acting, told: _change(acting, type=told["type"]),
        parameters=_choice("type", _("type"), Ticket.Type.choices),
    ),
    "send_email": replace(ACTIONS["send_email"], do=_send_email),
    "notify": replace(ACTIONS["notify"], do=_notify),
    "stop": ACTIONS["stop"],
}

# What means the same in chats and tickets, and is told the same.
BOTH_ACTIONS: Mapping[str, Action] = {
    name: ACTIONS[name]
    for name, action in TICKET_ACTIONS.items()
    if name in ACTIONS and ACTIONS[name].parameters is action.parameters
}
