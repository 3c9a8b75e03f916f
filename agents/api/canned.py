"""Canned replies: all that the caller may use, and the own ones to change."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import CannedReply, Language
from agents.operations.canned import (
    TooManyReplies,
    add_canned_reply,
    change_canned_reply,
    remove_canned_reply,
)
from agents.queries.canned import canned_for
from config.web.api import StrictSerializer, TextField, valid
from config.web.problems import Problem


class CannedBody(StrictSerializer):
    """An own canned reply."""

    shortcut = serializers.RegexField(r"^[-\w]+\Z", max_length=40)
    title = TextField(max_length=80)
    body = TextField(max_length=4000, trim_whitespace=False)
    language = serializers.ChoiceField(Language.choices)


class CannedAnswer(serializers.ModelSerializer[CannedReply]):
    """A canned reply. `own` ones can be changed here, the others in the administration."""

    id = serializers.CharField(source="pk")
    brand = serializers.CharField(source="brand_id", allow_null=True)
    team = serializers.CharField(source="team_id", allow_null=True)
    own = serializers.SerializerMethodField()

    class Meta:
        model = CannedReply
        fields = [
            "id",
            "shortcut",
            "title",
            "body",
            "language",
            "brand",
            "team",
            "own",
            "used_count",
        ]
        read_only_fields = fields

    def get_own(self, reply: CannedReply) -> bool:
        return reply.agent_id is not None


class CannedReplies(DeskView, generics.ListAPIView[CannedReply]):
    """`canned-replies`."""

    serializer_class = CannedAnswer
    pagination_class = None
    queryset = CannedReply.objects.none()

    def get_queryset(self) -> QuerySet[CannedReply]:
        """Return what the caller may use."""
        return canned_for(reach_of(self.request))

    @extend_schema(request=CannedBody, responses={201: CannedAnswer, **problems_of(400, 409)})
    def post(self, request: Request) -> Response:
        """Add an own reply."""
        body = valid(CannedBody, request)
        try:
            reply = add_canned_reply(by=agent_of(request), **body)
        except TooManyReplies as error:
            raise Problem(409, "full", _("You have too many own canned replies.")) from error
        return Response(CannedAnswer(reply).data, status=201)


class OneCannedReply(DeskView):
    """`canned-replies/{id}`."""

    @extend_schema(operation_id="canned_reply", responses={200: CannedAnswer})
    def get(self, request: Request, pk: int) -> Response:
        """Return one reply."""
        return Response(CannedAnswer(_visible(request, pk)).data)

    @extend_schema(
        operation_id="canned_reply_change",
        request=CannedBody(partial=True),
        responses={200: CannedAnswer, **problems_of(400, 403, 404)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change an own reply."""
        reply = _own(request, pk)
        body = valid(CannedBody, request, partial=True)
        return Response(CannedAnswer(change_canned_reply(reply=reply, **body)).data)

    @extend_schema(
        operation_id="canned_reply_remove", responses={204: None, **problems_of(403, 404)}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Delete an own reply."""
        remove_canned_reply(reply=_own(request, pk))
        return Response(status=204)


def _visible(request: Request, pk: int) -> CannedReply:
    reply = canned_for(reach_of(request)).filter(pk=pk).first()
    if reply is None:
        raise NotFound
    return reply


def _own(request: Request, pk: int) -> CannedReply:
    reply = _visible(request, pk)
    if reply.agent_id != agent_of(request).pk:
        raise PermissionDenied
    return reply
