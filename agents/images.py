"""Pictures that people upload: drawn anew, so nothing but pixels survives."""

import io
import secrets
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Protocol

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

CONTENT_TYPE = "image/webp"
UPLOAD_MAX_BYTES = 5 * 1024 * 1024
_PIXELS_MAX = 24_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class Upload(Protocol):
    """What the browser sent."""

    def read(self, num_bytes: int | None = None, /) -> bytes:
        """Return at most so many bytes."""


type Shape = Callable[[Image.Image], Image.Image]


def square_picture(upload: Upload, *, side: int = 256) -> "ContentFile[bytes]":
    """Return the middle of a picture as a square WebP under a random name."""
    return _redraw(upload, lambda image: ImageOps.fit(image, (side, side)))


def fitted_picture(upload: Upload, *, side: int = 512) -> "ContentFile[bytes]":
    """Return the whole picture, at most `side` wide and high, as WebP under a random name."""

    def shrink(image: Image.Image) -> Image.Image:
        image.thumbnail((side, side))
        return image

    return _redraw(upload, shrink)


def version_of(name: str | None) -> str:
    """Return the random part of a stored picture's name."""
    return PurePosixPath(name or "").stem


def _redraw(upload: Upload, shape: Shape) -> "ContentFile[bytes]":
    data = upload.read(UPLOAD_MAX_BYTES + 1)
    if len(data) > UPLOAD_MAX_BYTES:
        raise ValidationError(_("The picture is larger than 5 MB."), code="too_large")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            # The header tells the size before anything is unpacked.
            if image.width * image.height > _PIXELS_MAX:
                raise ValidationError(_("The picture has too many pixels."), code="too_large")
            drawn = shape(ImageOps.exif_transpose(image).convert("RGBA"))
            out = io.BytesIO()
            drawn.save(out, "WEBP", quality=85)
    except ValidationError:
        raise
    # A decoder that is fed hostile bytes may raise anything.
    except Exception as error:
        raise ValidationError(
            _("This is not a picture we can read. Use PNG, JPEG, WebP or GIF."), code="invalid"
        ) from error
    return ContentFile(out.getvalue(), name=f"{secrets.token_urlsafe(12)}.webp")
