"""Who calls from a desk, and which chat they may act on."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import translation
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from agents.access import Access, access_of
from agents.authentication import IsAgent
from agents.models import Agent
from chat.models import Conversation
from chat.rights import may_answer, may_file, may_handle


class DeskView(APIView):
    """A call of an agent, by token or by the console's session."""

    permission_classes = [IsAgent]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check who calls, and answer in their language."""
        super().initial(request, *args, **kwargs)
        translation.activate(agent_of(request).language)


class CursorPages(CursorPagination):
    """Pages by cursor: stable while rows come and go."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Return one page; a cursor that is none of ours is not found."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, OverflowError) as error:
            raise NotFound from error


def agent_of(request: Request) -> Agent:
    """Return the caller."""
    return cast(Agent, request.user)


def reach_of(request: Request) -> Access:
    """Return what the caller may do, read once for each request."""
    found: Access | None = getattr(request, "desk_access", None)
    if found is None:
        found = access_of(agent_of(request))
        request.desk_access = found  # type: ignore[attr-defined]
    return found


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
