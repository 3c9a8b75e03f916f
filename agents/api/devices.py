"""The caller's phones and browsers."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import CursorPages, DeskView, agent_of
from agents.api.schema import problems_of
from agents.api.throttling import limited
from agents.credentials.browsers import device_name
from agents.models import Agent, ApiToken, Device
from agents.operations.devices import TooManyDevices, register_device, remove_device
from agents.queries.devices import (
    InvalidAddress,
    is_known,
    look_up,
    read_subscription,
    read_token,
)
from config.web.api import LineField, Moment, StrictSerializer, valid
from config.web.problems import Problem
from config.web.rate_limits import BROWSERS


class DeviceBody(StrictSerializer):
    """`token` of an app, or `subscription` of a browser (`endpoint`, `keys`)."""

    kind = serializers.ChoiceField(Device.Kind.choices)
    platform = serializers.ChoiceField(Device.Platform.choices)
    token = serializers.CharField(max_length=4096, required=False)
    subscription = serializers.JSONField(required=False)
    name = LineField(max_length=80, allow_blank=True, required=False)


class DeviceAnswer(serializers.ModelSerializer[Device]):
    """A device. `problem`: why the last push did not reach it."""

    id = serializers.CharField(source="pk")
    last_seen = Moment(source="seen_at")
    confirmed = Moment(source="confirmed_at", allow_null=True)

    class Meta:
        model = Device
        fields = ("id", "kind", "platform", "name", "last_seen", "confirmed", "problem")
        read_only_fields = fields


class DevicePages(CursorPages):
    """Newest first."""

    ordering = ("-pk",)


class Devices(DeskView, generics.ListAPIView[Device]):
    """`devices`."""

    serializer_class = DeviceAnswer
    pagination_class = DevicePages
    filter_backends = ()
    queryset = Device.objects.none()

    def get_queryset(self) -> QuerySet[Device]:
        """Return the caller's own."""
        return Device.objects.filter(agent=agent_of(self.request))

    @extend_schema(
        operation_id="device_register",
        request=DeviceBody,
        responses={201: DeviceAnswer, 200: DeviceAnswer, **problems_of(400, 409, 429)},
    )
    def post(self, request: Request) -> Response:
        """Register the device that calls, or say that it is still there."""
        wish, token = valid(DeviceBody, request), request.auth
        agent_header = request.headers.get("User-Agent", "")
        try:
            device, is_new = register_device(
                agent=agent_of(request),
                kind=wish["kind"],
                platform=wish["platform"],
                address=_address(agent_of(request), wish),
                name=wish.get("name") or device_name(agent_header),
                session_key="" if token else request.session.session_key or "",
                token=token if isinstance(token, ApiToken) else None,
                now=timezone.now(),
            )
        except TooManyDevices as error:
            detail = _("Remove a device first; there are too many.")
            raise Problem(409, "too_many_devices", detail) from error
        return Response(DeviceAnswer(device).data, status=201 if is_new else 200)


class OneDevice(DeskView):
    """`devices/{id}`."""

    @extend_schema(operation_id="device_remove", responses={204: None, **problems_of(404)})
    def delete(self, request: Request, pk: int) -> Response:
        """Tell the caller nothing there any more."""
        device = Device.objects.filter(agent=agent_of(request), pk=pk).first()
        if device is None:
            raise NotFound
        remove_device(device=device)
        return Response(status=204)


def _address(agent: Agent, wish: dict[str, Any]) -> dict[str, Any]:
    is_app = wish["kind"] == Device.Kind.FCM
    field = "token" if is_app else "subscription"
    try:
        if is_app:
            return read_token(wish.get(field))
        address = read_subscription(wish.get(field))
        # The console registers its browser with each page. That one was looked up at first.
        if not is_known(agent, address):
            limited(BROWSERS, f"agent:{agent.pk}")
            look_up(address)
        return address
    except InvalidAddress as error:
        message = _("No push service is reached by this.")
        raise serializers.ValidationError({field: [message]}) from error
