"""What every call of a desk shares: who calls, what they may do, pages by cursor."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.utils import translation
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from agents.access import Access, access_of
from agents.models import Agent
from agents.signin.authentication import IsAgent


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
