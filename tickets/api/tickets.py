"""Tickets, to read."""

import django_filters as filters
from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework import generics

from agents.api.desk import CursorPages, DeskView, reach_of
from tickets.api.shapes import OneTicketAnswer, TicketAnswer
from tickets.models import Entry, Ticket


class TicketFilter(FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Which tickets."""

    status = filters.MultipleChoiceFilter(choices=Ticket.Status.choices)
    brand = filters.NumberFilter(field_name="brand", min_value=1, max_value=2**31)

    class Meta:
        model = Ticket
        fields: list[str] = []


class TicketPages(CursorPages):
    """Newest change first."""

    ordering = ("-updated_at", "-pk")


class Tickets(DeskView, generics.ListAPIView[Ticket]):
    """`tickets`."""

    serializer_class = TicketAnswer
    pagination_class = TicketPages
    filter_backends = [DjangoFilterBackend]
    filterset_class = TicketFilter
    queryset = Ticket.objects.none()

    def get_queryset(self) -> QuerySet[Ticket]:
        """Return what the caller may see."""
        return _visible(self)


class OneTicket(DeskView, generics.RetrieveAPIView[Ticket]):
    """`tickets/{id}`."""

    serializer_class = OneTicketAnswer
    queryset = Ticket.objects.none()

    def get_queryset(self) -> QuerySet[Ticket]:
        """Return what the caller may see, with the timelines."""
        lines = Entry.objects.select_related("agent").order_by("seq")
        return _visible(self).prefetch_related(Prefetch("entries", lines))


def _visible(view: DeskView) -> QuerySet[Ticket]:
    rows: QuerySet[Ticket] = Ticket.objects.visible_to(reach_of(view.request))
    return rows.select_related("brand", "topic", "team", "assignee")
