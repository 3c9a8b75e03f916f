"""Taking files over HTTP, the same for visitors and agents."""

from functools import partial
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from agents.api.throttling import limited
from config.files.cleaning import CleanFile, FileRefused, clean_file
from config.web.problems import Problem
from config.web.rate_limits import PICTURE_SECONDS, place_of

# What multipart adds around the file.
_ENVELOPE = 16 * 1024
_REFUSALS = {
    "empty": (400, "empty", _("This file is empty.")),
    "kind": (415, "file_type", _("Files of this kind can't be sent.")),
    "picture_kind": (
        415,
        "picture_type",
        _("Pictures of this kind can't be shown. Send it as JPEG or PNG."),
    ),
    "pixels": (413, "too_many_pixels", _("The picture has too many pixels.")),
    "slow": (503, "unavailable", _("The picture could not be read in time. Please try again.")),
    "broken": (415, "broken", _("The file is broken and can't be read.")),
}


class UploadBody(serializers.Serializer[Any]):
    """One file."""

    file = serializers.FileField()


class FileAnswer(serializers.Serializer[Any]):
    """A file."""

    id = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    type = serializers.CharField()
    width = serializers.IntegerField(required=False)
    height = serializers.IntegerField(required=False)


def uploaded_file(request: Request) -> CleanFile:
    """Return the cleaned file of a multipart request; raises 400, 413, 415, 429 or 503."""
    most = settings.IMECE["UPLOAD_MAX_BYTES"]
    if int(request.META.get("CONTENT_LENGTH") or 0) > most + _ENVELOPE:
        raise _too_large()
    if set(request.data) != {"file"} or len(request.FILES.getlist("file")) != 1:
        raise serializers.ValidationError({"file": [_("Send exactly one file.")]})
    file = request.FILES["file"]
    if (file.size or 0) > most:
        raise _too_large()
    pay = partial(limited, PICTURE_SECONDS, place_of(request))
    try:
        return clean_file(file.read(), file.name or "", pay=pay)
    except FileRefused as error:
        status, code, detail = _REFUSALS[error.reason]
        raise Problem(status, code, str(detail)) from error


def _too_large() -> Problem:
    most = settings.IMECE["UPLOAD_MAX_BYTES"] // (1024 * 1024)
    detail = _("The file is too large. The limit is {n} MB.").format(n=most)
    return Problem(413, "too_large", detail)
