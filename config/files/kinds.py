"""The kinds of files that are taken: one table for the server's answer and the dialogs' offer."""

import io
import re
import zipfile
from dataclasses import dataclass

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."


@dataclass(frozen=True)
class Kind:
    """A content type, the file endings that agree with it, and other names that browsers have."""

    content_type: str
    # The first is added when a name has none of them.
    endings: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    # Pillow's format. These are drawn anew, so nothing but pixels comes through; everything else is
    # kept as it is and only ever downloaded.
    picture: str = ""


KINDS = {
    kind.content_type: kind
    for kind in (
        Kind("image/jpeg", (".jpg", ".jpeg", ".jfif"), picture="JPEG"),
        Kind("image/png", (".png",), picture="PNG"),
        Kind("image/gif", (".gif",), picture="GIF"),
        Kind("image/webp", (".webp",), picture="WEBP"),
        Kind("application/pdf", (".pdf",)),
        Kind("text/plain", (".txt", ".csv", ".log", ".md"), ("text/csv", "text/markdown")),
        Kind(f"{_OOXML}wordprocessingml.document", (".docx",)),
        Kind(f"{_OOXML}spreadsheetml.sheet", (".xlsx",)),
        Kind(f"{_OOXML}presentationml.presentation", (".pptx",)),
        Kind(f"{_ODF}text", (".odt",)),
        Kind(f"{_ODF}spreadsheet", (".ods",)),
        Kind(f"{_ODF}presentation", (".odp",)),
        Kind("video/mp4", (".mp4", ".m4v"), ("video/x-m4v",)),
        Kind("video/webm", (".webm", ".weba"), ("audio/webm",)),
        Kind("video/quicktime", (".mov",)),
        Kind("audio/mpeg", (".mp3",), ("audio/mp3",)),
        Kind("audio/ogg", (".ogg", ".oga", ".opus"), ("application/ogg",)),
        Kind("audio/mp4", (".m4a",), ("audio/x-m4a", "audio/m4a")),
    )
}
PICTURES = [kind for kind in KINDS.values() if kind.picture]
# What the file dialogs offer. That HEIC is not among them makes phones send JPEG.
ACCEPT = ",".join(
    name for kind in KINDS.values() for name in (kind.content_type, *kind.aliases, *kind.endings)
)
ACCEPT_PICTURES = ",".join(kind.content_type for kind in PICTURES)

# A part that every such document has → its type.
_OFFICE_PARTS = {
    "word/document.xml": f"{_OOXML}wordprocessingml.document",
    "xl/workbook.xml": f"{_OOXML}spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OOXML}presentationml.presentation",
}
# Listing the parts costs more than anything else, and large documents have some hundred.
_PARTS_MAX = 10_000
_PART = b"PK\x01\x02"
_BROKEN = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)
_MARKUP = re.compile(
    rb"\A\s*<|<\s*+[!/?]?\s*+(?:doctype|html|head|body|svg|script|iframe|xml|php)\b", re.IGNORECASE
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SIGNS = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"\x1aE\xdf\xa3.{0,40}?\x42\x82.webm", re.DOTALL), "video/webm"),
    (re.compile(rb"OggS\0"), "audio/ogg"),
    # A tag, or the head of a frame of layer III with a rate that exists.
    (re.compile(rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xeb]"), "audio/mpeg"),
    # QuickTime before there was a box that names the kind.
    (re.compile(rb"....(?:moov|mdat|pnot|wide|free|skip)", re.DOTALL), "video/quicktime"),
)
# Pictures that not every browser draws: HEIC, AVIF, TIFF, BMP, icons, Photoshop, JPEG 2000 and XL.
_OTHER_PICTURE = re.compile(
    rb"II\*\0|MM\0\*|BM.{4}\0{4}|\0\0\x01\x00|8BPS|"
    rb"\0\0\0\x0c(?:jP  |JXL )|\xff\x0a|\xff\x4f\xff\x51",
    re.DOTALL,
)
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2"}
_HEIF |= {b"msf1", b"avif", b"avis", b"avio", b"crx ", b"jp2 ", b"jpx ", b"jxl "}
_AUDIO = {b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "}
_VIDEO = re.compile(rb"iso.|mp4.|avc.|hvc1|M4V.|F4V |MSNV|NDSC|mmp4|dash|msdh|cmf.|XAVC")


class UnknownKind(Exception):
    """The file is of no kind that is taken; `reason` says which sentence to say."""

    def __init__(self, reason: str = "kind") -> None:
        super().__init__(reason)
        self.reason = reason


def kind_of(content: bytes) -> str:
    """Return the content type by the strongest sign in the bytes; raises `UnknownKind`."""
    if content.startswith(b"PK\x03\x04"):
        return _office_type(content)
    if content[4:8] == b"ftyp":
        return _media_type(content)
    for sign, content_type in _SIGNS:
        if sign.match(content):
            return content_type
    if _OTHER_PICTURE.match(content):
        raise UnknownKind("picture_kind")
    if _is_plain_text(content):
        return "text/plain"
    raise UnknownKind


def _media_type(content: bytes) -> str:
    """Return what a file of boxes holds: its brands say so, and its tracks before a weak brand."""
    size = min(int.from_bytes(content[:4]), 1024)
    # The brand itself, its version, and those it is compatible with.
    brand = content[8:12]
    brands = {brand, *(content[at : at + 4] for at in range(16, size, 4))}
    if brands & _HEIF:
        raise UnknownKind("picture_kind")
    if brand == b"qt  ":
        return "video/quicktime"
    if brand in _AUDIO:
        return "audio/mp4"
    if any(_VIDEO.fullmatch(each) for each in brands):
        tracks = set(re.findall(rb"hdlr\0{8}(vide|soun)", content))
        return "audio/mp4" if tracks == {b"soun"} else "video/mp4"
    raise UnknownKind


def _office_type(content: bytes) -> str:
    if content.count(_PART) > _PARTS_MAX:
        raise UnknownKind
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = set(archive.namelist())
            if any(part.lower().endswith("vbaproject.bin") for part in parts):
                raise UnknownKind
            for part, content_type in _OFFICE_PARTS.items():
                if part in parts and "[Content_Types].xml" in parts:
                    return content_type
            if "mimetype" in parts and _is_as_it_stands(archive.getinfo("mimetype")):
                declared = archive.read("mimetype").decode("ascii")
                if declared.startswith(_ODF) and declared in KINDS:
                    return declared
    except _BROKEN as error:
        raise UnknownKind("broken") from error
    raise UnknownKind


def _is_as_it_stands(part: zipfile.ZipInfo) -> bool:
    """Return whether a part is a few bytes that nobody has packed, as the format demands of it.

    How long a packed one is its sender says, and it is unpacked whole before that is found out.
    """
    is_short = max(part.file_size, part.compress_size) < 100
    return part.compress_type == zipfile.ZIP_STORED and is_short


def _is_plain_text(content: bytes) -> bool:
    if _MARKUP.search(content[:4096].removeprefix(b"\xef\xbb\xbf")) or _CONTROLS.search(content):
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return _is_turkish_text(content)
    return True


def _is_turkish_text(content: bytes) -> bool:
    """Return whether it may be text as a Turkish Excel saves it: letters, and some beyond ASCII."""
    try:
        content.decode("cp1254")
    except UnicodeDecodeError:
        return False
    return len(content.translate(None, bytes(range(128)))) * 2 < len(content)
