"""The offline form, offered to a visitor in line: their place stays until they send it.

One operation, whoever finds out that waiting is in vain: nobody is Online, everybody is busy, the
brand has closed.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from agents.models import Brand
from chat.events.lifecycle import FormOffered
from chat.locks import lock_conversations
from chat.models import Conversation
from chat.routing.availability import Floor
from config.events import publish

Form = Conversation.Form


@transaction.atomic
def offer_form(*, conversation: Conversation, because: str, now: datetime) -> bool:
    """Offer a visitor in line the offline form, with their words in it; return whether that is new.

    `because` is one of `Conversation.Form`; another one than before is told again. Chats that stand
    in no line, or are still held by rules, are left alone.
    """
    return bool(_set_form_offered([conversation.pk], Form(because), now=now))


@transaction.atomic
def offer_forms(*, floor: Floor, brands: Mapping[int, Brand], now: datetime) -> None:
    """Offer the form to whoever waits for a closed desk, or with nobody Online for them, and take
    it back from the rest.

    Who was offered it for another reason keeps it.
    """
    offered = dict(
        Conversation.objects.filter(status=Conversation.Status.QUEUED)
        .exclude(form_offered="")
        .values_list("pk", "form_offered")
    )
    closed = {
        waiting.id
        for waiting in floor.queue
        if waiting.brand_id in brands
        and not floor.hours.is_open(brands[waiting.brand_id], waiting.team_ids, at=floor.at)
    }
    _set_form_offered({pk for pk in closed if offered.get(pk) != Form.HOURS}, Form.HOURS, now=now)
    late = {pk for pk, because in offered.items() if because == Form.HOURS}
    _set_form_offered({w.id for w in floor.queue} & late - closed, None, now=now, only=Form.HOURS)
    alone = {
        waiting.id
        for waiting in floor.queue
        if not floor.room(waiting.brand_id, waiting.team_ids, waiting.channel).agents
    }
    _set_form_offered(alone - closed - (offered.keys() - late), Form.NOBODY, now=now)
    vain = {pk for pk, because in offered.items() if because == Form.NOBODY} - closed
    _set_form_offered({w.id for w in floor.queue} & vain - alone, None, now=now, only=Form.NOBODY)


def _set_form_offered(
    ids: Collection[int], because: str | None, *, now: datetime, only: str | None = None
) -> list[Conversation]:
    """Note on each chat in line which form is offered, if it was `only` that one, and tell it."""
    told = []
    for chat in lock_conversations(ids) if ids else ():
        is_in_line = chat.status == Conversation.Status.QUEUED and not chat.is_held(now)
        if not is_in_line or chat.form_offered == (because or ""):
            continue
        if only is not None and chat.form_offered != only:
            continue
        publish(FormOffered.of(chat, form=because))
        told.append(chat)
    Conversation.objects.filter(pk__in=[chat.pk for chat in told]).update(
        form_offered=because or ""
    )
    return told
