"""Customers, to read."""

from django.db.models import Prefetch, QuerySet
from rest_framework import generics

from agents.api.desk import CursorPages, DeskView, reach_of
from tickets.api.shapes import ContactAnswer
from tickets.models import Contact, Identity


class ContactPages(CursorPages):
    """Newest first."""

    ordering = ("-created_at", "-pk")


class Contacts(DeskView, generics.ListAPIView[Contact]):
    """`contacts`."""

    serializer_class = ContactAnswer
    pagination_class = ContactPages
    queryset = Contact.objects.none()

    def get_queryset(self) -> QuerySet[Contact]:
        """Return what the caller may see."""
        return _contacts(self)


class OneContact(DeskView, generics.RetrieveAPIView[Contact]):
    """`contacts/{id}`."""

    serializer_class = ContactAnswer
    queryset = Contact.objects.none()

    def get_queryset(self) -> QuerySet[Contact]:
        """Return what the caller may see."""
        return _contacts(self)


def _contacts(view: DeskView) -> QuerySet[Contact]:
    rows: QuerySet[Contact] = Contact.objects.visible_to(reach_of(view.request))
    return rows.prefetch_related(Prefetch("identities", Identity.objects.order_by("kind", "pk")))
