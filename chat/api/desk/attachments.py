"""Files at the desk."""

from django.db.models import Q
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.files import FileAnswer, UploadBody, uploaded_file
from agents.api.schema import problems_of
from agents.api.throttling import limited
from agents.files import file_response
from agents.models import CannedFile
from agents.queries.canned import files_for
from chat.models import Attachment, Conversation
from chat.operations.attachments import attach_canned_file, keep_upload
from chat.protocol import attachment_json
from config.web.api import StrictJSONParser, StrictSerializer, TextField, valid
from config.web.rate_limits import UPLOADS
from tickets.models import File, Ticket


class CannedFileBody(StrictSerializer):
    """A file of a canned reply that the caller may use."""

    canned_file = TextField(max_length=22)


class Attachments(DeskView):
    """`attachments`."""

    parser_classes = [MultiPartParser, StrictJSONParser]

    @extend_schema(
        operation_id="attachment_upload",
        request={"multipart/form-data": UploadBody, "application/json": CannedFileBody},
        responses={201: FileAnswer, **problems_of(400, 404, 413, 415, 429)},
    )
    def post(self, request: Request) -> Response:
        """Upload a file, or take one of a canned reply; a message must take it within 24 hours."""
        agent = agent_of(request)
        limited(UPLOADS, f"agent:{agent.pk}")
        if request.content_type.lower().startswith("multipart/"):
            kept = keep_upload(file=uploaded_file(request), by=agent, now=timezone.now())
        else:
            kept = _of_canned_reply(request)
        return Response(attachment_json(kept), status=201)


def _of_canned_reply(request: Request) -> Attachment:
    wanted = valid(CannedFileBody, request)["canned_file"]
    try:
        file = files_for(reach_of(request)).get(public_id=wanted)
        return attach_canned_file(file=file, by=agent_of(request), now=timezone.now())
    except CannedFile.DoesNotExist as error:
        raise NotFound from error


class OneAttachment(DeskView):
    """`attachments/{id}`."""

    @extend_schema(operation_id="attachment", responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, public_id: str) -> FileResponse:
        """Return the bytes of a file in a visible chat or ticket, or of an own upload."""
        access = reach_of(request)
        chats = Conversation.objects.visible_to(access).values("pk")
        theirs = Q(entry__conversation__in=chats) | Q(file__uploader=agent_of(request), entry=None)
        found = Attachment.objects.filter(theirs, file__public_id=public_id).first()
        if found is not None:
            return file_response(found.file)
        tickets = Ticket.objects.visible_to(access).values("pk")
        said = File.objects.filter(public_id=public_id, ticket_entries__ticket__in=tickets)
        return file_response(said.first())
