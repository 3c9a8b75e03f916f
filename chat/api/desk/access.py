"""Which chat a caller may act on."""

from typing import cast

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request

from agents.api.desk import reach_of
from chat.models import Conversation
from chat.rights import may_answer, may_file, may_handle


def visible_chats(request: Request) -> QuerySet[Conversation]:
    """Return the chats that the caller may see, with what is shown of each."""
    rows = Conversation.objects.visible_to(reach_of(request))
    return cast(
        QuerySet[Conversation],
        rows.select_related("brand", "topic", "chosen_topic", "team", "assignee", "visitor"),
    )


def visible_chat(request: Request, public_id: str) -> Conversation:
    """Return a chat that the caller may see; raises 404."""
    found = visible_chats(request).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def handled_chat(request: Request, public_id: str) -> Conversation:
    """Return a visible chat that the caller may end, resolve or give a topic; raises 404 or 403."""
    chat = visible_chat(request, public_id)
    if not may_handle(reach_of(request), chat):
        raise PermissionDenied
    return chat


def answerable_chat(request: Request, public_id: str) -> Conversation:
    """Return a visible chat that the caller may take or reopen; raises 404 or 403."""
    chat = visible_chat(request, public_id)
    if not may_answer(reach_of(request), chat):
        raise PermissionDenied
    return chat


def filed_chat(request: Request, public_id: str) -> Conversation:
    """Return a visible chat that the caller may tag or make a ticket of; raises 404 or 403."""
    chat = visible_chat(request, public_id)
    if not may_file(reach_of(request), chat):
        raise PermissionDenied
    return chat
