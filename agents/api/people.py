"""GET /api/v1/agents and /api/v1/teams: colleagues, for pickers and lists."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from agents.models import Agent, Team
from config.web.api import Moment


class AgentRow(serializers.ModelSerializer[Agent]):
    """A colleague, as other agents see them."""

    id = serializers.CharField(source="public_id")
    avatar = serializers.CharField(source="avatar_url")
    since = Moment(source="status_since")
    teams: "serializers.PrimaryKeyRelatedField[Team]" = serializers.PrimaryKeyRelatedField(
        many=True, read_only=True
    )

    class Meta:
        model = Agent
        fields = ("id", "name", "avatar", "status", "since", "teams")
        read_only_fields = fields


class TeamRow(serializers.ModelSerializer[Team]):
    """A team."""

    class Meta:
        model = Team
        fields = ("id", "name")
        read_only_fields = fields


@extend_schema_view(get=extend_schema(operation_id="list_agents"))
class AgentsView(ListAPIView[Agent]):
    """Every active agent, by name."""

    serializer_class = AgentRow
    pagination_class = None
    filter_backends = ()
    queryset = (
        Agent.objects.filter(is_active=True)
        .prefetch_related("teams")
        .order_by("sort_name", "name", "pk")
    )


@extend_schema_view(get=extend_schema(operation_id="list_teams"))
class TeamsView(ListAPIView[Team]):
    """Every team, by name."""

    serializer_class = TeamRow
    pagination_class = None
    filter_backends = ()
    queryset = Team.objects.order_by("sort_name", "name", "pk")
