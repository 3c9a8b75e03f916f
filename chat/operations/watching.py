"""Who looks at chats that are not theirs."""

import logging
from collections.abc import Collection

from django.core.cache import cache
from django.db import transaction
from redis.exceptions import RedisError

from agents.audit import caller_ip, record
from agents.models import Agent
from chat.models import Conversation
from config.web.limits import address_key

logger = logging.getLogger(__name__)

# Who looks at a chat looks again and again, and screens reconnect.
NOTED_SECONDS = 3600


def note_watching(*, conversation_ids: Collection[int], by: Agent, address: str | None) -> None:
    """Write in the audit log that `by` watches these chats without taking part in them.

    Once an hour for each chat and address, however many sockets and requests there are.
    """
    place = address_key(address or caller_ip.get())
    keys = {pk: f"watched:{by.pk}:{place}:{pk}" for pk in conversation_ids}
    known = _known(keys.values())
    new = [pk for pk, key in keys.items() if key not in known]
    if new:
        with transaction.atomic():
            for chat in Conversation.objects.filter(pk__in=new).order_by("pk"):
                record("conversation.watched", chat, by=by, address=address)
        _remember([keys[pk] for pk in new])


def _known(keys: Collection[str]) -> Collection[str]:
    try:
        return cache.get_many(keys).keys()
    except (RedisError, OSError):
        logger.warning("watching.shared_cache_away")
        return ()


def _remember(keys: Collection[str]) -> None:
    try:
        cache.set_many(dict.fromkeys(keys, 1), timeout=NOTED_SECONDS)
    except (RedisError, OSError):
        logger.warning("watching.shared_cache_away")
