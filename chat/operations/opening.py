"""A visitor opens the chat window, and has not said a word yet."""

from collections.abc import Mapping
from uuid import uuid4

from django.db import transaction

from agents.models import Brand
from chat.events.lifecycle import WindowOpened
from chat.models import Conversation, Visitor
from config.events import publish
from config.text.cleaning import mended, one_line

_PAGE_MAX = 120


@transaction.atomic
def note_opened(*, brand: Brand, visitor: Visitor | None, page: Mapping[str, str]) -> None:
    """Have agents hear that somebody opened the window, unless a chat is open anyway.

    There is no row of it, and the page is only ever shown.
    """
    if visitor and Conversation.objects.unresolved().filter(visitor=visitor).exists():
        return
    where = one_line(mended(page.get("title") or page.get("url") or ""))[:_PAGE_MAX]
    publish(WindowOpened(brand_id=brand.pk, key=uuid4().hex, page=where))
