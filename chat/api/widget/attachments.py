"""A visitor's files."""

from math import ceil

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.files import FileAnswer, UploadBody, uploaded_file
from agents.api.schema import problems_of
from agents.files import file_response
from chat.api.widget.access import (
    WidgetView,
    limit_address,
    limit_visitor,
    session_of,
    visitor_to_be,
)
from chat.operations.attachments import keep_upload
from chat.protocol import attachment_json
from chat.rights.visitors import visible_files
from config.web.rate_limits import READS, UPLOADED_BY_ADDRESS, UPLOADS, UPLOADS_BY_ADDRESS


class Attachments(WidgetView):
    """`attachments`."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="widget_attachment_upload",
        request={"multipart/form-data": UploadBody},
        responses={201: FileAnswer, **problems_of(400, 413, 415, 429)},
    )
    def post(self, request: Request) -> Response:
        """Upload a file; a message must take it within 24 hours."""
        limit_visitor(request, UPLOADS)
        limit_address(request, UPLOADS_BY_ADDRESS)
        file = uploaded_file(request)
        limit_address(request, UPLOADED_BY_ADDRESS, ceil(len(file.content) / 1_000_000))
        now = timezone.now()
        visitor = visitor_to_be(request, now=now)
        return Response(attachment_json(keep_upload(file=file, by=visitor, now=now)), status=201)


class OneAttachment(WidgetView):
    """`attachments/{id}`."""

    @extend_schema(operation_id="widget_attachment", responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, public_id: str) -> FileResponse:
        """Return the bytes of an own upload or of a file in a message the visitor may see."""
        limit_visitor(request, READS)
        visitor = session_of(request).visitor
        if visitor is None:
            raise NotFound
        found = visible_files(visitor).filter(file__public_id=public_id).first()
        return file_response(found.file if found else None)
