"""What the caller is doing, and that they are still there; what others do, by who supervises."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from agents.access import supervises_agent
from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import Agent, BreakReason, Status
from agents.operations import AgentDisabled
from agents.presence import heartbeat
from chat.api.desk.shapes import StatusAnswer
from chat.operations.statuses import KEEP, REQUEUE, NotAllowed, OpenChats, change_status
from config.text.cleaning import key_of
from config.web.api import StrictSerializer, TextField, valid
from config.web.problems import Problem


class StatusBody(StrictSerializer):
    """The next status."""

    status = serializers.ChoiceField(Status.choices)
    reason = TextField(max_length=20, allow_null=True, default=None)
    confirm = serializers.ChoiceField([KEEP, REQUEUE], allow_null=True, default=None)


class OwnStatus(DeskView):
    """`status`."""

    @extend_schema(operation_id="status", responses={200: StatusAnswer})
    def get(self, request: Request) -> Response:
        """Return the caller's status."""
        return _shown(agent_of(request))

    @extend_schema(
        operation_id="status_change",
        request=StatusBody,
        responses={200: StatusAnswer, **problems_of(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Change it; Offline with open chats must say what happens to them."""
        agent, now = agent_of(request), timezone.now()
        wish = valid(StatusBody, request)
        if wish["status"] == Status.ONLINE:
            # Who has no socket is present by this call, until the next heartbeat is due.
            heartbeat(agent=agent, now=now)
        text = _("You have open chats: keep them or hand them back to the queue.")
        return _changed(agent, wish, by=agent, now=now, open_chats=text)


class AgentStatus(DeskView):
    """`agents/{id}/status`."""

    @extend_schema(
        operation_id="agent_status_change",
        request=StatusBody,
        responses={200: StatusAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Change the status of an agent whom the caller supervises, as on the wallboard."""
        agent = Agent.objects.filter(public_id=public_id, is_active=True).first()
        by = agent_of(request)
        if agent is None or (agent != by and not supervises_agent(reach_of(request), agent)):
            raise NotFound
        wish = valid(StatusBody, request)
        text = _("There are open chats: say what happens to them.")
        return _changed(agent, wish, by=by, now=timezone.now(), open_chats=text)


class Heartbeat(DeskView):
    """`status/heartbeat`."""

    @extend_schema(operation_id="status_heartbeat", request=None, responses={200: StatusAnswer})
    def post(self, request: Request) -> Response:
        """Stay present without a socket; due every 45 seconds."""
        agent = agent_of(request)
        heartbeat(agent=agent, now=timezone.now())
        return _shown(agent)


def _changed(
    agent: Agent, wish: dict[str, Any], *, by: Agent, now: datetime, open_chats: str
) -> Response:
    try:
        change_status(
            agent=agent,
            status=wish["status"],
            reason=_reason(wish["reason"]),
            confirm=wish["confirm"],
            by=by,
            now=now,
        )
    except OpenChats as error:
        raise Problem(409, "open_chats", open_chats, open=error.count) from error
    except (NotAllowed, AgentDisabled) as error:
        raise PermissionDenied from error
    return _shown(agent)


def _reason(wished: str | None) -> BreakReason | None:
    if not wished:
        return None
    if found := BreakReason.objects.filter(pk=key_of(wished), is_active=True).first():
        return found
    raise serializers.ValidationError({"reason": [_("There is no such reason.")]})


def _shown(agent: Agent) -> Response:
    reason = agent.break_reason_id
    answer = {
        "status": agent.status,
        "reason": str(reason) if reason else None,
        "since": agent.status_since,
    }
    return Response(StatusAnswer(answer).data)
