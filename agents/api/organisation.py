"""Brands and topics as an agent needs them."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import generics, serializers

from agents.access import brands_of
from agents.api.desk import DeskView, reach_of
from agents.models import Brand, Topic
from config.text.alphabet import in_alphabet


class BrandAnswer(serializers.ModelSerializer[Brand]):
    """A brand that the caller is authorised for."""

    id = serializers.CharField(source="pk")

    class Meta:
        model = Brand
        fields = ["id", "name", "default_language", "requires_topic"]
        read_only_fields = fields


class TopicAnswer(serializers.ModelSerializer[Topic]):
    """A topic with the teams it goes to."""

    id = serializers.CharField(source="pk")
    brand = serializers.CharField(source="brand_id")
    teams = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = ["id", "brand", "name_tr", "name_en", "position", "is_public", "teams"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_teams(self, topic: Topic) -> list[str]:
        return [str(team.pk) for team in topic.teams.all()]


class Brands(DeskView, generics.ListAPIView[Brand]):
    """`brands`."""

    serializer_class = BrandAnswer
    pagination_class = None
    filter_backends = ()
    queryset = Brand.objects.none()

    def get_queryset(self) -> QuerySet[Brand]:
        """Return the brands that the caller is authorised for, by name."""
        brands = brands_of(reach_of(self.request)).filter(is_active=True)
        return brands.order_by(in_alphabet(brands))


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
