"""Taking and giving files over HTTP, the same for visitors and agents."""

from typing import Any, Protocol

from django.conf import settings
from django.db.models.fields.files import FieldFile
from django.http import FileResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

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
    most = settings.IMECE["UPLOAD_MAX_BYTES"] // (1024 * 1024)
    detail = _("The file is too large. The limit is {n} MB.").format(n=most)
    return Problem(413, "too_large", detail)


class KeptFile(Protocol):
    """The row of a file that was cleaned."""

    name: str
    content_type: str

    @property
    def file(self) -> FieldFile:
        """Return the bytes."""


def file_response(kept: KeptFile | None) -> FileResponse:
    """Return the bytes; pictures may be drawn, everything else is only downloaded."""
    if kept is None:
        raise NotFound
    try:
        content = kept.file.open("rb")
    except FileNotFoundError as error:
        raise NotFound from error
    response = FileResponse(
        content,
        as_attachment=not is_shown_inline(kept.content_type),
        filename=kept.name,
        content_type=kept.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
