"""What rules say and note in chats, and what becomes known of a customer by the way.

Which action of a rule does what: `automation/rules/actions.py`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from agents.access import accesses_of
from agents.actors import Rule
from agents.models import Agent
from chat.events.lifecycle import RuleNotice
from chat.locks import lock_conversation, lock_visitor
from chat.models import Conversation, Entry
from chat.models.visitor import LENGTHS
from chat.operations.entries import NewLine, append
from chat.operations.tickets import give_address
from chat.operations.visitors import show_visitor
from chat.queries.people import face_of
from config.events import publish
from config.mail import is_address

type Texts = Mapping[str, str]

# Digits as people write phone numbers: at least seven, with what they put between.
_PHONE = re.compile(r"(?<![\w@.])\+?\d(?:[ ().\-/]{0,2}\d){6,14}(?![\w@])")
_PHONE_DIGITS = 10
# What surrounds an address in a sentence, and also matches as part of it.
_AROUND = "<>()[]{}.,;:!?'\"`’“”"


class Touched(Exception):
    """Somebody has the chat by now, or it has ended: what was meant for the line comes too late."""


@transaction.atomic
def say_automatically(
    *,
    conversation: Conversation,
    text: str,
    by: Rule | None,
    client_id: str | None,
    state: str = "",
    unless_taken: bool = False,
    now: datetime,
) -> Entry | None:
    """Say something to a visitor that nobody wrote: it starts no wait and answers none.

    The same `client_id` again says nothing. `state` is what it answers. `unless_taken`: raises
    `Touched` when an agent has the chat by now.
    """
    chat = lock_conversation(conversation)
    if unless_taken and chat.assignee_id is not None:
        raise Touched
    machine = (Entry.AuthorKind.BOT, Entry.AuthorKind.SYSTEM)
    said = chat.entries.filter(author_kind__in=machine, client_id=client_id)
    if client_id and said.exists():
        return None
    line = NewLine(
        kind=Entry.Kind.BOT,
        author_kind=Entry.AuthorKind.BOT,
        body=text,
        data={"automatic": True, **({"state": state} if state else {})},
        rule=by,
        client_id=client_id,
    )
    return append(chat, line, now=now)[0]


@transaction.atomic
def tell_of_run(
    *, conversation: Conversation, by: Rule, told: dict[str, str], now: datetime
) -> None:
    """Have the thread tell agents that a rule acted, and why; `told` is described at the kind."""
    chat = lock_conversation(conversation)
    line = NewLine(
        kind=Entry.Kind.STATUS,
        author_kind=Entry.AuthorKind.BOT,
        data={"ran": by.name, **told},
        rule=by,
    )
    append(chat, line, now=now)


@transaction.atomic
def add_note(*, conversation: Conversation, text: str, by: Rule, now: datetime) -> Entry:
    """Note something for the team in a chat."""
    chat = lock_conversation(conversation)
    line = NewLine(
        kind=Entry.Kind.NOTE, author_kind=Entry.AuthorKind.BOT, body=text, data={}, rule=by
    )
    return append(chat, line, now=now)[0]


@transaction.atomic
def notify_agents(
    *,
    conversation: Conversation,
    agents: Iterable[Agent],
    texts: Texts,
    by: Rule,
    to_team: bool = False,
) -> int:
    """Tell agents something about a chat, each in their language; return how many may hear it.

    Whom it does not concern, because they could not even open it, hears nothing.
    """
    people = list(agents)
    accesses = accesses_of(people)
    notices = []
    for agent in people:
        chats = Conversation.objects.visible_to(accesses[agent.pk])
        if chats.filter(pk=conversation.pk).exists():
            notices.append((agent.pk, texts.get(agent.language) or next(iter(texts.values()))))
    if notices:
        told = {
            "rule": by.name,
            "customer": face_of(conversation).name,
            "to_team": to_team,
            "notices": tuple(notices),
        }
        publish(RuleNotice.of(conversation, key=uuid4().hex, **told))
    return len(notices)


def address_in(text: str) -> str:
    """Return the first e-mail address in a text, or ""."""
    for word in text.split():
        if "@" in word:
            bare = word.strip(_AROUND)
            if len(bare) <= 254 and is_address(bare):
                return bare
    return ""


@transaction.atomic
def save_email(*, conversation: Conversation, text: str, by: Rule, now: datetime) -> bool:
    """Keep the address that a customer wrote, unverified; return whether there was one to keep.

    What the brand's server signed, or what is known already, stands.
    """
    address = address_in(text)
    return bool(address) and _keep(conversation, "email", address)


def phone_in(text: str) -> str:
    """Return the first phone number in a text, as it is written, or ""."""
    for found in _PHONE.finditer(text):
        number = found.group().strip()
        # Shorter ones are rather the numbers of orders.
        is_long = sum(letter.isdigit() for letter in number) >= _PHONE_DIGITS
        if (is_long or number.startswith(("+", "0"))) and len(number) <= LENGTHS["phone"]:
            return number
    return ""


@transaction.atomic
def save_phone(*, conversation: Conversation, text: str, by: Rule, now: datetime) -> bool:
    """Keep the phone number that a customer wrote; return whether there was one to keep.

    What the brand's server signed, or what is known already, stands.
    """
    number = phone_in(text)
    return bool(number) and _keep(conversation, "phone", number)


def _keep(conversation: Conversation, name: str, value: str) -> bool:
    if conversation.visitor_id is None:
        return False
    visitor = lock_visitor(conversation.visitor_id)
    chat = lock_conversation(conversation)
    if getattr(visitor, name):
        return False
    setattr(visitor, name, value)
    visitor.save(update_fields=[name])
    if not chat.fields.get(name):
        chat.fields = {**chat.fields, name: value}
        chat.save(update_fields=["fields"])
    give_address(chat, visitor)
    show_visitor(visitor=visitor)
    return True
