"""Who looks at chats that are not theirs."""

from collections.abc import Collection

from django.core.cache import cache
from django.db import transaction

from agents.audit import caller_ip, record
from agents.models import Agent
from chat.models import Conversation
from config.web.rate_limits import address_key

# Who looks at a chat looks again and again, and screens reconnect.
NOTED_SECONDS = 3600


def note_watching(*, conversation_ids: Collection[int], by: Agent, address: str | None) -> None:
    """Write in the audit log that `by` watches these chats without taking part in them.

    Once an hour for each chat and address, however many sockets and requests there are.
    """
    place = address_key(address or caller_ip.get())
    keys = {pk: f"watched:{by.pk}:{place}:{pk}" for pk in conversation_ids}
    known = cache.get_many(keys.values())
    new = [pk for pk, key in keys.items() if key not in known]
    if new:
        with transaction.atomic():
            for chat in Conversation.objects.filter(pk__in=new).order_by("pk"):
                record("conversation.watched", chat, by=by, ip=address)
        cache.set_many({keys[pk]: 1 for pk in new}, timeout=NOTED_SECONDS)
