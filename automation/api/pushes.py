"""Pushes: the key that browsers subscribe with, a test, and what devices answer."""

from typing import Any
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api.desk import DeskView, agent_of
from agents.api.schema import problems_of
from agents.api.throttling import limited
from agents.models import Device
from automation.notifications.answering import UnknownPush, answer_push, confirm_push
from automation.notifications.keys import public_key
from automation.notifications.telling import tell_devices
from chat.operations.assignment import AlreadyTaken, AtCapacity, NotOnline
from chat.refusals import explain_refusal
from chat.rights import NotAuthorised
from config.web.api import StrictSerializer, TextField, valid
from config.web.problems import Problem
from config.web.rate_limits import DESK, place_of


class KeyAnswer(serializers.Serializer[Any]):
    """Our public key, base64url."""

    key = serializers.CharField()


class Key(DeskView):
    """`devices/key`."""

    @extend_schema(operation_id="device_key", responses={200: KeyAnswer})
    def get(self, request: Request) -> Response:
        """Return what a browser subscribes with."""
        return Response({"key": public_key()})


class Test(DeskView):
    """`devices/{id}/test`."""

    @extend_schema(
        operation_id="device_test", request=None, responses={202: None, **problems_of(404)}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Send the device a notification that rings."""
        device = Device.objects.filter(agent=agent_of(request), pk=pk).first()
        if device is None:
            raise NotFound
        key = f"test:{uuid4().hex}"
        tell_devices(devices=[device], notice="", key=key, now=timezone.now())
        return Response(status=202)


class SeenBody(StrictSerializer):
    """Which push."""

    push = TextField(max_length=40)


class _OfDevices(APIView):
    """A call of a device, without a session: the push is what it proves itself by."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Count the calls of each address: nobody tries pushes out."""
        super().initial(request, *args, **kwargs)
        limited(DESK, f"push:{place_of(request._request)}")


class Seen(_OfDevices):
    """`devices/{id}/seen`."""

    @extend_schema(
        operation_id="device_seen",
        request=SeenBody,
        responses={204: None, **problems_of(400, 404)},
        auth=[],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Note that a push has reached the device."""
        wish = valid(SeenBody, request)
        try:
            confirm_push(push=wish["push"], device_id=pk, now=timezone.now())
        except UnknownPush as error:
            raise NotFound from error
        return Response(status=204)


class OfferAnswer(serializers.Serializer[Any]):
    """Which chat it was."""

    conversation = serializers.CharField()


class _Answer(_OfDevices):
    accepts: bool

    @extend_schema(
        request=None, responses={200: OfferAnswer, **problems_of(403, 404, 409)}, auth=[]
    )
    def post(self, request: Request, push: str) -> Response:
        """Answer the chat that the push told of, as the agent of its device."""
        try:
            chat = answer_push(push=push[:40], accepts=self.accepts, now=timezone.now())
        except UnknownPush as error:
            raise NotFound from error
        except NotAuthorised as error:
            raise PermissionDenied(_("This chat is no longer yours.")) from error
        except (AlreadyTaken, AtCapacity, NotOnline) as error:
            raise Problem(409, *explain_refusal(error)) from error
        return Response({"conversation": chat.public_id})


class Accept(_Answer):
    """`offers/{push}/accept`: take the chat."""

    accepts = True


class Decline(_Answer):
    """`offers/{push}/decline`: let it ring elsewhere."""

    accepts = False
