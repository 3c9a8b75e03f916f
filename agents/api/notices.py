"""What the caller is told of on all of their devices."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of
from agents.api.schema import problems_of
from agents.models import Agent, Notice
from agents.operations.notices import set_digest, set_notices
from agents.queries.notices import InvalidQuiet, read_quiet, wanted_by
from config.web.api import StrictSerializer, valid


class ClassesShape(StrictSerializer):
    """Each class of notifications, on or off."""

    new_chat = serializers.BooleanField(required=False)
    message = serializers.BooleanField(required=False)
    ticket = serializers.BooleanField(required=False)
    mention = serializers.BooleanField(required=False)
    team = serializers.BooleanField(required=False)


class NoticesShape(StrictSerializer):
    """`quiet`: pairs of times in the agent's zone, up to four, that count while not Online.

    `digest`: an e-mail each morning with the tickets that wait.
    """

    classes = ClassesShape(required=False)
    digest = serializers.BooleanField(required=False)
    quiet = serializers.JSONField(required=False)

    def validate_quiet(self, given: Any) -> list[list[str]]:
        """Take pairs of times only."""
        try:
            return read_quiet(given)
        except InvalidQuiet as error:
            message = _("Give up to four pairs of times, such as 22:00 and 08:00.")
            raise serializers.ValidationError(message) from error


class Notices(DeskView):
    """`notifications`."""

    @extend_schema(operation_id="notifications", responses={200: NoticesShape})
    def get(self, request: Request) -> Response:
        """Return what the caller is told of."""
        return _shown(agent_of(request))

    @extend_schema(
        operation_id="notifications_change",
        request=NoticesShape,
        responses={200: NoticesShape, **problems_of(400)},
    )
    def patch(self, request: Request) -> Response:
        """Change what is named; the rest stays."""
        agent, wish = agent_of(request), valid(NoticesShape, request)
        classes = dict.fromkeys(wanted_by(agent), True) | dict(wish.get("classes", {}))
        wanted = [name for name, is_on in classes.items() if is_on]
        set_notices(agent=agent, wanted=wanted, quiet=wish.get("quiet"))
        set_digest(agent=agent, is_wanted=wish.get("digest", agent.digest), now=timezone.now())
        return _shown(agent)


def _shown(agent: Agent) -> Response:
    wanted = wanted_by(agent)
    classes = {notice.value: notice in wanted for notice in Notice}
    return Response({"classes": classes, "quiet": agent.quiet, "digest": agent.digest})
