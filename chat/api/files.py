"""Taking and giving files over HTTP, the same for visitors and agents."""

from typing import Any

from django.conf import settings
from django.http import FileResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from chat.models import Attachment
from config.files import CleanFile, FileRefused, clean_file, is_shown_inline
from config.web.problems import Problem

# What multipart adds around the file.
_ENVELOPE = 16 * 1024


class UploadBody(serializers.Serializer[Any]):
    """One file."""

    file = serializers.FileField()


def uploaded_file(request: Request) -> CleanFile:
    """Return the cleaned file of a multipart request; raises 400, 413 or 415."""
    most = settings.IMECE["UPLOAD_MAX_BYTES"]
    if int(request.META.get("CONTENT_LENGTH") or 0) > most + _ENVELOPE:
        raise _too_large()
    if set(request.data) != {"file"} or len(request.FILES.getlist("file")) != 1:
        raise serializers.ValidationError({"file": [_("Send exactly one file.")]})
    file = request.FILES["file"]
    if (file.size or 0) > most:
        raise _too_large()
    if not file.size:
        raise Problem(400, "empty", _("This file is empty."))
    try:
        return clean_file(file.read(), file.name or "")
    except FileRefused as error:
        raise Problem(415, "file_type", _("Files of this kind can't be sent.")) from error


def _too_large() -> Problem:
    return Problem(413, "too_large", _("The file is too large. The limit is 10 MB."))


def file_response(attachment: Attachment | None) -> FileResponse:
    """Return the bytes; pictures may be drawn, everything else is only downloaded."""
    if attachment is None:
        raise NotFound
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as error:
        raise NotFound from error
    response = FileResponse(
        content,
        as_attachment=not is_shown_inline(attachment.content_type),
        filename=attachment.name,
        content_type=attachment.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
