"""What a file really is: its type by content, images drawn anew, a name that is safe to show."""

import io
import os
import re
import threading
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import puremagic
from PIL import Image, ImageOps, ImageSequence

MAX_PIXELS = 40_000_000
MAX_FRAMES = 300
_NAME_LENGTH = 120

# Content type → Pillow's format. These are drawn anew, so nothing but pixels comes through.
_IMAGES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
# Kept as they are and only ever downloaded.
_KEPT = {
    "application/pdf": "application/pdf",
    "video/mp4": "video/mp4",
    "video/webm": "video/webm",
    "video/quicktime": "video/quicktime",
    "audio/mpeg": "audio/mpeg",
    "audio/ogg": "audio/ogg",
    "audio/mp4": "audio/mp4",
}
_OOXML = "application/vnd.openxmlformats-officedocument."
# A part that every such document has → its type.
_OFFICE_PARTS = {
    "word/document.xml": f"{_OOXML}wordprocessingml.document",
    "xl/workbook.xml": f"{_OOXML}spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OOXML}presentationml.presentation",
}
# Listing the parts costs more than anything else, and large documents have some hundred.
_PARTS_MAX = 10_000
_PART = b"PK\x01\x02"
_OPEN_DOCUMENTS = {
    b"application/vnd.oasis.opendocument.text",
    b"application/vnd.oasis.opendocument.spreadsheet",
    b"application/vnd.oasis.opendocument.presentation",
}
# Content type → file endings that agree with it; the first is added when none does.
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg", ".jfif"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "video/mp4": (".mp4", ".m4v"),
    "video/webm": (".webm",),
    "video/quicktime": (".mov",),
    "audio/mpeg": (".mp3",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "audio/mp4": (".m4a",),
    f"{_OOXML}wordprocessingml.document": (".docx",),
    f"{_OOXML}spreadsheetml.sheet": (".xlsx",),
    f"{_OOXML}presentationml.presentation": (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "application/vnd.oasis.opendocument.presentation": (".odp",),
    "text/plain": (".txt", ".csv", ".log", ".md"),
}
_MARKUP = re.compile(
    rb"\A\s*<|<\s*+[!/?]?\s*+(?:doctype|html|head|body|svg|script|iframe|xml|php)\b", re.IGNORECASE
)
# Decoding may take four bytes a pixel: one picture at a time in a process.
_decoding = threading.Lock()


class FileRefused(Exception):
    """The file is empty, broken, or of a type that is not on the list."""


@dataclass(frozen=True)
class CleanFile:
    """What is kept of an uploaded file."""

    content: bytes
    content_type: str
    name: str
    width: int | None = None
    height: int | None = None


def clean_file(content: bytes, name: str) -> CleanFile:
    """Return what may be kept of an uploaded file; raises `FileRefused`."""
    content_type = _type_by_content(content)
    if content_type in _IMAGES:
        content, width, height = _draw_anew(content, _IMAGES[content_type])
        return CleanFile(content, content_type, display_name(name, content_type), width, height)
    return CleanFile(content, content_type, display_name(name, content_type))


def is_shown_inline(content_type: str) -> bool:
    """Return whether a browser may draw it in a page; everything else is only downloaded."""
    return content_type in _IMAGES


def display_name(raw: str, content_type: str) -> str:
    """Return `raw` as one harmless line of at most 120 characters with an honest ending."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", raw)[-1])
    # Controls, and the invisible signs that reverse or split what is read (RTL, zero width).
    name = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in name)
    name = re.sub(r'[<>:"|?*]', "_", " ".join(name.split())).strip(". ")
    stem, ending = os.path.splitext(name)
    if ending.lower() not in _ENDINGS[content_type]:
        stem, ending = name, _ENDINGS[content_type][0]
    return (stem[: _NAME_LENGTH - len(ending)].strip(". ") or "file") + ending


def _type_by_content(content: bytes) -> str:
    if not content:
        raise FileRefused
    try:
        matches: list[str] = [match.mime_type for match in puremagic.magic_string(content)]
    except puremagic.PureError:
        matches = []
    if content.startswith(b"PK\x03\x04"):
        return _office_type(content)
    for match in matches:
        if match in _IMAGES:
            return match
        if match in _KEPT:
            return _KEPT[match]
    if _is_plain_text(content):
        return "text/plain"
    raise FileRefused


def _office_type(content: bytes) -> str:
    if content.count(_PART) > _PARTS_MAX:
        raise FileRefused
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = set(archive.namelist())
            if any(part.lower().endswith("vbaproject.bin") for part in parts):
                raise FileRefused
            for part, content_type in _OFFICE_PARTS.items():
                if part in parts and "[Content_Types].xml" in parts:
                    return content_type
            if "mimetype" in parts and archive.getinfo("mimetype").file_size < 100:
                declared = archive.read("mimetype")
                if declared in _OPEN_DOCUMENTS:
                    return declared.decode()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise FileRefused from error
    raise FileRefused


def _is_plain_text(content: bytes) -> bool:
    if _MARKUP.search(content[:4096].removeprefix(b"\xef\xbb\xbf")):
        return False
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0b\x0e-\x1f\x7f]", text)


def _draw_anew(content: bytes, image_format: str) -> tuple[bytes, int, int]:
    """Return the picture's pixels in a new file: no EXIF, comments, profiles or trailing bytes."""
    drawn = io.BytesIO()
    try:
        with (
            _decoding,
            Image.open(io.BytesIO(content), formats=[image_format]) as image,
        ):
            frames = []
            # Counted as they come: to ask for their number reads a whole file of tiny ones.
            for count, frame in enumerate(ImageSequence.Iterator(image), start=1):
                if count > MAX_FRAMES or image.width * image.height * count > MAX_PIXELS:
                    raise FileRefused
                frames.append(_pixels(frame, image_format))
            # WebP's stock method takes twice as long for a file as large.
            options: dict[str, object] = {"quality": 90, "method": 2}
            if len(frames) > 1 and image_format != "JPEG":
                options |= {
                    "save_all": True,
                    "append_images": frames[1:],
                    "duration": image.info.get("duration", 100),
                    "loop": 0,
                }
            frames[0].save(drawn, image_format, **options)
    # A decoder that is fed hostile bytes may raise anything.
    except Exception as error:
        raise FileRefused from error
    return drawn.getvalue(), frames[0].width, frames[0].height


def _pixels(frame: Image.Image, image_format: str) -> Image.Image:
    upright = ImageOps.exif_transpose(frame)
    if image_format == "JPEG":
        pixels = upright.convert("L" if upright.mode == "L" else "RGB")
    elif upright.mode in {"1", "L", "RGB", "RGBA", "LA"} and "transparency" not in upright.info:
        pixels = upright.copy()
    else:
        pixels = upright.convert("RGBA")
    pixels.info = {}
    return pixels
