"""Canned replies: all that the caller may use, and the own ones to change."""

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.files import FileAnswer, UploadBody, uploaded_file
from agents.api.schema import problems_of
from agents.api.throttling import limited
from agents.files import file_response
from agents.models import CannedFile, CannedReply, Language
from agents.operations.canned import (
    TooManyFiles,
    TooManyReplies,
    add_canned_reply,
    add_reply_files,
    change_canned_reply,
    remove_canned_reply,
    remove_reply_files,
)
from agents.queries.canned import WITH_FILES, canned_for, files_for
from agents.reply_form import TOO_MANY_FILES
from config.web.api import StrictSerializer, TextField, valid
from config.web.problems import Problem
from config.web.rate_limits import UPLOADS


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
    files = serializers.SerializerMethodField()

    class Meta:
        model = CannedReply
        fields = [
            "id",
            "shortcut",
            "title",
            "body",
            "files",
            "language",
            "brand",
            "team",
            "own",
            "used_count",
        ]
        read_only_fields = fields

    def get_own(self, reply: CannedReply) -> bool:
        return reply.agent_id is not None

    @extend_schema_field(FileAnswer(many=True))
    def get_files(self, reply: CannedReply) -> list[dict[str, Any]]:
        return [file.wire for file in reply.files.all()]


class CannedReplies(DeskView, generics.ListAPIView[CannedReply]):
    """`canned-replies`."""

    serializer_class = CannedAnswer
    pagination_class = None
    queryset = CannedReply.objects.none()

    def get_queryset(self) -> QuerySet[CannedReply]:
        """Return what the caller may use."""
        return canned_for(reach_of(self.request)).prefetch_related(WITH_FILES)

    @extend_schema(request=CannedBody, responses={201: CannedAnswer, **problems_of(400, 409)})
    def post(self, request: Request) -> Response:
        """Add an own reply."""
        body = valid(CannedBody, request)
        try:
            reply = add_canned_reply(by=agent_of(request), now=timezone.now(), **body)
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
        changed = change_canned_reply(reply=reply, now=timezone.now(), **body)
        return Response(CannedAnswer(changed).data)

    @extend_schema(
        operation_id="canned_reply_remove", responses={204: None, **problems_of(403, 404)}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Delete an own reply."""
        remove_canned_reply(reply=_own(request, pk))
        return Response(status=204)


class CannedFiles(DeskView):
    """`canned-replies/{id}/files`."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="canned_file_upload",
        request={"multipart/form-data": UploadBody},
        responses={201: FileAnswer, **problems_of(400, 403, 404, 409, 413, 415, 429)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Give an own reply one more file."""
        reply = _own(request, pk)
        limited(UPLOADS, f"agent:{agent_of(request).pk}")
        file = uploaded_file(request)
        try:
            (kept,) = add_reply_files(reply=reply, files=[file], now=timezone.now())
        except TooManyFiles as error:
            raise Problem(409, "full", str(TOO_MANY_FILES)) from error
        return Response(kept.wire, status=201)


class OneCannedFile(DeskView):
    """`canned-replies/{id}/files/{file}`."""

    @extend_schema(operation_id="canned_file", responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int, public_id: str) -> FileResponse:
        """Return the bytes of a file of a reply that the caller may use."""
        return file_response(_file(request, pk, public_id))

    @extend_schema(
        operation_id="canned_file_remove", responses={204: None, **problems_of(403, 404)}
    )
    def delete(self, request: Request, pk: int, public_id: str) -> Response:
        """Take a file from an own reply; messages that were sent keep it."""
        file = _file(request, pk, public_id)
        remove_reply_files(reply=_own(request, pk), files=[file])
        return Response(status=204)


def _file(request: Request, pk: int, public_id: str) -> CannedFile:
    file = files_for(reach_of(request)).filter(reply=pk, public_id=public_id).first()
    if file is None:
        raise NotFound
    return file


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
