"""Tags, to choose from."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics

from agents.api.desk import CursorPages, DeskView
from agents.api.shapes import NameAnswer
from agents.models import Tag
from agents.queries.tags import tags_like


class TagPages(CursorPages):
    """By name."""

    ordering = ("folded", "pk")


@extend_schema_view(
    get=extend_schema(parameters=[OpenApiParameter("q", str, description="Part of the name")])
)
class Tags(DeskView, generics.ListAPIView[Tag]):
    """`tags`."""

    serializer_class = NameAnswer
    pagination_class = TagPages
    queryset = Tag.objects.none()

    def get_queryset(self) -> QuerySet[Tag]:
        """Return the tags whose name has `q` in it, however that is spelled."""
        return tags_like(self.request.query_params.get("q", ""))
