"""Pictures that people upload: drawn anew, so nothing but pixels survives."""

import secrets
from pathlib import PurePosixPath
from typing import Protocol

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from config.files.kinds import PICTURES
from config.files.pictures import Pay, PictureRefused, draw_small, pay_nothing

CONTENT_TYPE = "image/webp"
UPLOAD_MAX_BYTES = 5 * 1024 * 1024
_FORMATS = [kind.picture for kind in PICTURES]
_REFUSALS = {
    "pixels": ("too_large", _("The picture has too many pixels.")),
    "slow": ("slow", _("The picture could not be read in time. Please try again.")),
    "broken": ("invalid", _("This is not a picture we can read. Use PNG, JPEG, WebP or GIF.")),
}


class Upload(Protocol):
    """What the browser sent."""

    def read(self, num_bytes: int | None = None, /) -> bytes:
        """Return at most so many bytes."""


def square_picture(
    upload: Upload, *, side: int = 256, pay: Pay = pay_nothing
) -> "ContentFile[bytes]":
    """Return the middle of a picture as a square WebP under a random name."""
    return _redraw(upload, side, "square", pay)


def fitted_picture(
    upload: Upload, *, side: int = 512, pay: Pay = pay_nothing
) -> "ContentFile[bytes]":
    """Return the whole picture, at most `side` wide and high, as WebP under a random name."""
    return _redraw(upload, side, "fitted", pay)


def version_of(name: str | None) -> str:
    """Return the random part of a stored picture's name."""
    return PurePosixPath(name or "").stem


def _redraw(upload: Upload, side: int, shape: str, pay: Pay) -> "ContentFile[bytes]":
    data = upload.read(UPLOAD_MAX_BYTES + 1)
    if len(data) > UPLOAD_MAX_BYTES:
        raise ValidationError(_("The picture is larger than 5 MB."), code="too_large")
    try:
        drawn = draw_small(data, _FORMATS, side=side, shape=shape, pay=pay)
    except PictureRefused as error:
        code, text = _REFUSALS[error.reason]
        raise ValidationError(text, code=code) from error
    return ContentFile(drawn.content, name=f"{secrets.token_urlsafe(12)}.webp")
