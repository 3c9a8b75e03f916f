"""Files: chosen in a form, and given to who may have them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from agents.models.file import StoredFile
from config.files.cleaning import CleanFile, FileRefused, clean_file, is_shown_inline
from config.files.kinds import ACCEPT
from config.web.rate_limits import PICTURE_SECONDS, spend

# As many as a message takes.
FILES_MAX = 10
# Why a file was left out.
NOT_TAKEN: Mapping[str, str | Promise] = {
    "empty": gettext_lazy("it is empty"),
    "kind": gettext_lazy("files of this kind are not taken"),
    "program": gettext_lazy("programs and scripts are not taken"),
    "picture_kind": gettext_lazy("pictures of this kind can't be shown"),
    "pixels": gettext_lazy("the picture has too many pixels"),
    "slow": gettext_lazy("it could not be read in time, please try again"),
    "broken": gettext_lazy("it is broken"),
    "too_large": gettext_lazy("it is too large"),
    "too_many": gettext_lazy("there are too many files"),
}

type Uploaded = UploadedFile[Any]


class _Files(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each cleaned as those of chats are."""

    widget = _Files

    def __init__(self, *, place: str = "", **options: Any) -> None:
        super().__init__(**options)
        # From whose hour the drawing of pictures is paid.
        self.place = place
        self.widget.attrs["accept"] = ACCEPT

    def clean(self, data: Any, initial: Any = None) -> list[CleanFile]:
        """Return what may be kept of the files. Raises `TooMany` when pictures take too long."""
        given: list[Uploaded] = [each for each in data or [] if each]
        if len(given) > FILES_MAX:
            raise forms.ValidationError(_("Ten files at once are the most."), code="too_many")
        return [self._cleaned(each) for each in given]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether there is any file."""
        return bool(data)

    def _cleaned(self, file: Uploaded) -> CleanFile:
        try:
            if (file.size or 0) > settings.IMECE["UPLOAD_MAX_BYTES"]:
                raise FileRefused("too_large")
            return clean_file(
                file.read(), file.name or "", pay=partial(spend, PICTURE_SECONDS, self.place)
            )
        except FileRefused as error:
            text = gettext("“%(name)s” was left out: %(why)s.")
            why = NOT_TAKEN.get(error.reason, error.reason)
            told = text % {"name": (file.name or "")[:120], "why": why}
            raise forms.ValidationError(told, code="file") from error


def file_response(kept: StoredFile | None) -> FileResponse:
    """Return the bytes; pictures may be drawn, everything else is only downloaded."""
    if kept is None:
        raise Http404
    try:
        content = kept.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
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
