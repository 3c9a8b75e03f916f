"""Customers, to read."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics

from agents.api.desk import CursorPages, DeskView, reach_of
from tickets.api.shapes import ContactAnswer, OneContactAnswer
from tickets.models import Contact
from tickets.queries.customers import customers_of, with_identities


class ContactPages(CursorPages):
    """Newest first."""

    ordering = ("-created_at", "-pk")


@extend_schema_view(
    get=extend_schema(parameters=[OpenApiParameter("q", description="Name, e-mail or phone.")])
)
class Contacts(DeskView, generics.ListAPIView[Contact]):
    """`contacts`."""

    serializer_class = ContactAnswer
    pagination_class = ContactPages
    queryset = Contact.objects.none()

    def get_queryset(self) -> QuerySet[Contact]:
        """Return whom the caller may see."""
        words = self.request.query_params.get("q", "")[:200]
        return with_identities(customers_of(reach_of(self.request), words=words))


class OneContact(DeskView, generics.RetrieveAPIView[Contact]):
    """`contacts/{id}`."""

    serializer_class = OneContactAnswer
    queryset = Contact.objects.none()

    def get_queryset(self) -> QuerySet[Contact]:
        """Return whom the caller may see."""
        return with_identities(customers_of(reach_of(self.request)))

    def get_serializer_context(self) -> dict[str, Any]:
        """Let the timeline hold what the caller may see."""
        context = dict(super().get_serializer_context())
        # The schema is described without a caller.
        if self.request is not None:
            context["access"] = reach_of(self.request)
        return context
