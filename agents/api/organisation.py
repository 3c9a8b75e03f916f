"""Brands and topics as an agent needs them. Teams and colleagues are the lower room's."""

from django.db.models import QuerySet
from rest_framework import generics

from agents.access import brands_of
from agents.api.desk import DeskView, reach_of
from agents.models import Brand, Topic
from chat.api.desk.shapes import BrandAnswer, TopicAnswer


class Brands(DeskView, generics.ListAPIView[Brand]):
    """`brands`."""

    serializer_class = BrandAnswer
    pagination_class = None
    filter_backends = ()
    queryset = Brand.objects.none()

    def get_queryset(self) -> QuerySet[Brand]:
        """Return the brands that the caller is authorised for."""
        return brands_of(reach_of(self.request)).filter(is_active=True)


class Topics(DeskView, generics.ListAPIView[Topic]):
    """`topics`."""

    serializer_class = TopicAnswer
    pagination_class = None
    filter_backends = ()
    queryset = Topic.objects.none()

    def get_queryset(self) -> QuerySet[Topic]:
        """Return the active topics of the caller's brands."""
        brands = brands_of(reach_of(self.request)).filter(is_active=True).order_by().values("pk")
        topics = Topic.objects.filter(brand__in=brands, is_active=True)
        return topics.prefetch_related("teams").order_by("brand", "position", "pk")
