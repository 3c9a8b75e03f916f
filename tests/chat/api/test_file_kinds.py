"""What people really send: each kind is taken for what it is, or refused for its own reason, and
what the dialogs offer is what the server takes."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from chat.models import Attachment
from chat.widget.config import widget_config
from config.files import pictures
from config.files.kinds import ACCEPT, ACCEPT_PICTURES, KINDS
from tests.support.http import Shop, Widget, make_shop, open_widget, picture

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FILES = Path(__file__).parents[2] / "files"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def boxes(brand: bytes, *compatible: bytes, tracks: tuple[bytes, ...] = ()) -> bytes:
    """The head of a media file, and what its tracks say they are."""
    named = brand + bytes(4) + b"".join(compatible)
    head = (len(named) + 8).to_bytes(4) + b"ftyp" + named
    return head + b"".join(b"\0\0\0\x20hdlr" + bytes(8) + track + bytes(12) for track in tracks)


def office(part: str) -> bytes:
    """A document with this part."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr(part, "x")
    return out.getvalue()


def open_document(kind: str) -> bytes:
    """An OpenDocument file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
    return out.getvalue()


def recorded(name: str) -> bytes:
    """A file as a device made it."""
    return (FILES / name).read_bytes()


# One of each kind, by the name that somebody gives it.
TAKEN = {
    "a.jpg": (picture("JPEG"), "image/jpeg"),
    "a.png": (picture("PNG"), "image/png"),
    "a.gif": (picture("GIF"), "image/gif"),
    "a.webp": (picture("WEBP"), "image/webp"),
    "a.pdf": (b"%PDF-1.7\n", "application/pdf"),
    "a.docx": (
        office("word/document.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "a.xlsx": (
        office("xl/workbook.xml"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "a.pptx": (
        office("ppt/presentation.xml"),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "a.odt": (open_document("text"), "application/vnd.oasis.opendocument.text"),
    "a.ods": (open_document("spreadsheet"), "application/vnd.oasis.opendocument.spreadsheet"),
    "a.odp": (open_document("presentation"), "application/vnd.oasis.opendocument.presentation"),
    "siparis-cp1254.csv": (recorded("siparis-cp1254.csv"), "text/plain"),
    "a.txt": ("Şikâyet".encode(), "text/plain"),
    "a.md": (b"# a\r\n\tb", "text/plain"),
    "ff-voice.m4a": (recorded("ff-voice.m4a"), "audio/mp4"),
    "recorder.m4a": (boxes(b"mp42", b"isom", tracks=(b"soun",)), "audio/mp4"),
    "p-iso5-dash.mp4": (recorded("p-iso5-dash.mp4"), "video/mp4"),
    "film.mp4": (boxes(b"isom", b"mp42", tracks=(b"soun", b"vide")), "video/mp4"),
    "film.m4v": (boxes(b"M4V ", b"isom"), "video/mp4"),
    "film.mov": (boxes(b"qt  "), "video/quicktime"),
    "old.mov": (b"\0\0\0\x08wide\0\0\1\0mdat", "video/quicktime"),
    "film.webm": (b"\x1aE\xdf\xa3\x9fB\x86\x81\1B\xf7\x81\1B\x82\x84webm", "video/webm"),
    "a.mp3": (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
    "bare.mp3": (b"\xff\xfb\x90\x64" + bytes(20), "audio/mpeg"),
    "a.ogg": (b"OggS\0\2" + bytes(20), "audio/ogg"),
}


@pytest.mark.usefixtures("no_limits")
def test_each_kind_is_taken_for_what_it_is(subtests: pytest.Subtests, widget: Widget) -> None:
    for name, (content, content_type) in TAKEN.items():
        with subtests.test(name):
            answer = widget.upload(content, name)
            assert answer.status_code == 201
            assert (answer.json()["type"], answer.json()["name"]) == (content_type, name)
            kept = Attachment.objects.get(file__public_id=answer.json()["id"]).file
            if not KINDS[content_type].picture:
                assert kept.file.read() == content


def test_there_is_an_example_of_each_kind() -> None:
    assert {content_type for _content, content_type in TAKEN.values()} == set(KINDS)


def test_dialogs_offer_what_the_server_takes() -> None:
    brand = make_shop().brand
    assert widget_config(brand, "tr")["limits"]["accept"] == ACCEPT
    offered = set(ACCEPT.split(","))
    for name, (_content, content_type) in TAKEN.items():
        assert {content_type, f".{name.rpartition('.')[2]}"} <= offered
    assert {"audio/x-m4a", "text/csv"} <= offered
    assert not {"image/heic", ".heic"} & offered


def test_the_consoles_dialogs_offer_the_same(client: Client) -> None:
    client.force_login(make_shop().elif_)
    page = client.get(reverse("console"), follow=True).content.decode()
    assert f'"accept": "{ACCEPT}"' in page
    profile = client.get(reverse("agents:profile")).content.decode()
    assert f'accept="{ACCEPT_PICTURES}"' in profile


MATROSKA = b"\x1aE\xdf\xa3\xa3B\x86\x81\1B\xf7\x81\1B\x82\x88matroska"
KIND, PICTURE_KIND, BROKEN, PIXELS = (
    (415, "file_type"),
    (415, "picture_type"),
    (415, "broken"),
    (413, "too_many_pixels"),
)


# What each of them is answered, by what it is.
REFUSED = {
    "empty": (b"", (400, "empty")),
    "large": (b"x" * (10 * 1024 * 1024 + 1), (413, "too_large")),
    "heic": (recorded("gps.heic"), PICTURE_KIND),
    "mif1": (boxes(b"mif1", b"heic", b"miaf"), PICTURE_KIND),
    "avif-in-mp4": (boxes(b"isom", b"mp42", b"avif"), PICTURE_KIND),
    "avif": (picture("AVIF"), PICTURE_KIND),
    "bmp": (picture("BMP"), PICTURE_KIND),
    "tiff": (picture("TIFF"), PICTURE_KIND),
    "ico": (picture("ICO", size=(16, 16)), PICTURE_KIND),
    "jp2": (picture("JPEG2000"), PICTURE_KIND),
    "cut-jpeg": (picture("JPEG", size=(400, 400))[:900], BROKEN),
    "cut-png": (picture("PNG")[:40], BROKEN),
    "zip": (b"PK\3\4" + bytes(40), BROKEN),
    "pixels": (picture("PNG", size=(8000, 8000), mode="1"), PIXELS),
    "exe": (b"MZ" + bytes(100), KIND),
    "mkv": (MATROSKA, KIND),
    "unknown-brand": (boxes(b"abcd"), KIND),
    "high-bytes": (bytes(range(128, 256)) * 3, KIND),
    "markup": (b"\xfe\xfc <script>alert(1)</script>", KIND),
    "svg": (b"<svg/>", KIND),
}


@pytest.mark.usefixtures("no_limits")
def test_each_refusal_says_its_own_reason(subtests: pytest.Subtests, shop: Shop) -> None:
    widgets = [open_widget(shop.brand, language=language) for language in ("en", "tr")]
    for name, (content, refusal) in REFUSED.items():
        with subtests.test(name):
            said = set()
            for widget in widgets:
                answer = widget.upload(content, "a.mp4")
                assert (answer.status_code, answer.json()["code"]) == refusal
                said.add(answer.json()["detail"])
            assert len(said) == 2
            assert all(said)


def test_a_picture_that_a_busy_machine_could_not_draw_may_be_sent_again(
    widget: Widget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "WALL_SECONDS", 0)
    answer = widget.upload(picture("PNG"), "a.png")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "try again" in answer.json()["detail"]
    monkeypatch.undo()
    assert widget.upload(picture("PNG"), "a.png").status_code == 201


def test_reasons_are_not_mistaken_for_each_other(widget: Widget) -> None:
    def said(content: bytes) -> str:
        return str(widget.upload(content, "a").json()["detail"])

    sentences = {said(content) for content in (b"", b"<svg/>", picture("BMP"), b"GIF89a" * 9)}
    sentences.add(said(picture("PNG", size=(8000, 8000), mode="1")))
    assert len(sentences) == 5


def test_a_photo_of_48_megapixels_is_taken_smaller(widget: Widget) -> None:
    answer = widget.upload(picture("JPEG", size=(8064, 6048)), "photo.jpg").json()
    assert (answer["width"], answer["height"]) == (4032, 3024)


def test_a_recording_of_the_screen_is_taken(widget: Widget) -> None:
    shots = [Image.new("P", (1280, 720), number) for number in range(45)]
    out = io.BytesIO()
    shots[0].putpalette([value for value in range(256) for _ in range(3)])
    for shot in shots:
        shot.putpalette([value for value in range(256) for _ in range(3)])
    shots[0].save(out, "GIF", save_all=True, append_images=shots[1:], duration=100, loop=0)
    assert widget.upload(out.getvalue(), "screen.gif").status_code == 201


def test_an_address_has_only_so_many_seconds_of_drawing(settings: Any) -> None:
    settings.IMECE = settings.IMECE | {"PICTURE_SECONDS_PER_ADDRESS_PER_HOUR": 2}
    cache.clear()
    brand = make_shop().brand
    answers = [open_widget(brand).upload(picture()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    # Nothing is drawn of a text.
    assert open_widget(brand).upload(b"text", "a.txt").status_code == 201


def test_an_agents_own_picture_is_paid_from_the_same(settings: Any, client: Client) -> None:
    settings.IMECE = settings.IMECE | {"PICTURE_SECONDS_PER_ADDRESS_PER_HOUR": 1}
    cache.clear()
    client.force_login(make_shop().elif_)
    statuses = []
    for _ in range(2):
        form = {"picture": SimpleUploadedFile("me.png", picture())}
        statuses.append(client.post(reverse("agents:profile-picture"), form).status_code)
    assert statuses == [302, 400]


def test_a_place_never_leaves_in_a_picture(widget: Widget) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (41.0, 0.0, 28.0)
    for image_format in ("JPEG", "PNG", "WEBP"):
        file = widget.upload(picture(image_format, exif=exif.tobytes())).json()["id"]
        kept = Attachment.objects.get(file__public_id=file).file.file
        with Image.open(kept) as image:
            assert not dict(image.getexif())
            assert not re.search("exif", " ".join(map(str, image.info)))
