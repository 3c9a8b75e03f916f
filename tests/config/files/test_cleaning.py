"""What becomes of uploaded files: type by content, pictures without secrets, honest names."""

import io
import struct
import time
import zipfile
import zlib

import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from config.files.cleaning import FileRefused, clean_file, display_name
from config.files.drawing import MAX_FRAMES, MAX_PIXELS, Refused, draw_anew
from tests.support.http import picture

pytestmark = pytest.mark.once


def archive(*names: str, mimetype: bytes = b"") -> bytes:
    """A zip file with these names in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        if mimetype:
            file.writestr("mimetype", mimetype)
        for name in names:
            file.writestr(name, "x")
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A tiny PNG file that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def animation(frames: int) -> bytes:
    """A GIF with so many frames."""
    out = io.BytesIO()
    pictures = [Image.new("L", (4, 4), number % 256) for number in range(frames)]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=50)
    return out.getvalue()


OFFICE = "[Content_Types].xml"


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (picture("PNG"), "a.png", "image/png"),
        (picture("JPEG"), "a.jpg", "image/jpeg"),
        (picture("GIF"), "a.gif", "image/gif"),
        (picture("WEBP"), "a.webp", "image/webp"),
        (b"%PDF-1.7\n1 0 obj\n", "a.pdf", "application/pdf"),
        ("Sipariş no; tutar\n1;2\n".encode(), "a.csv", "text/plain"),
        (
            archive(OFFICE, "word/document.xml"),
            "a.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            archive(mimetype=b"application/vnd.oasis.opendocument.text"),
            "a.odt",
            "application/vnd.oasis.opendocument.text",
        ),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "a.mp4", "video/mp4"),
    ],
)
def test_useful_files_are_kept_with_their_true_type(
    content: bytes, name: str, content_type: str
) -> None:
    clean = clean_file(content, name)
    assert (clean.content_type, clean.name) == (content_type, name)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.txt"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "x.png"),
        (b'<?xml version="1.0"?><svg/>', "x.svg"),
        (b"\xef\xbb\xbf  <svg/>", "x.txt"),
        (b"<!DOCTYPE html><html></html>", "x.html"),
        (b"hello <script>alert(1)</script>", "x.txt"),
        (b"<?php system($_GET[0]);", "x.jpg"),
        (b"GIF89a/*\0*/=1;alert(1)//", "x.gif"),
        (picture("JPEG")[:200], "truncated.jpg"),
        (picture("BMP"), "x.bmp"),
        (picture("TIFF"), "x.tiff"),
        (b"MZ" + b"\0" * 100, "setup.exe"),
        (b"\x7fELF" + b"\0" * 100, "a.out"),
        (archive("evil.exe"), "x.zip"),
        (archive(OFFICE, "word/document.xml", "word/vbaProject.bin"), "x.docx"),
        (archive(mimetype=b"text/html"), "x.odt"),
        (b"PK\x03\x04" + b"\0" * 40, "x.docx"),
        (b"\xff\xfe<\0s\0v\0g\0", "x.txt"),
        (bomb(50_000, 50_000), "bomb.png"),
        (bomb(8_000, 8_000), "large.png"),
        (animation(301), "long.gif"),
    ],
)
def test_dangerous_and_broken_files_are_refused(content: bytes, name: str) -> None:
    with pytest.raises(FileRefused):
        clean_file(content, name)


def test_the_cap_counts_all_frames() -> None:
    assert MAX_PIXELS < 8_000 * 8_000
    assert clean_file(animation(20), "a.gif").width == 4


def test_a_file_of_endless_tiny_frames_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content = animation(3)
    # The picture itself comes first; then one frame again and again.
    first = content.rindex(b"!\xf9\x04")
    endless = content[:first] + content[first:-1] * 2_000 + b";"
    sought = []
    real = GifImageFile.seek

    def seek(self: GifImageFile, frame: int) -> None:
        sought.append(frame)
        real(self, frame)

    monkeypatch.setattr(GifImageFile, "seek", seek)
    monkeypatch.setattr(GifImageFile, "n_frames", property(lambda self: pytest.fail("counted")))
    with pytest.raises(Refused):
        draw_anew(endless, "GIF")
    assert max(sought) == MAX_FRAMES


def test_an_archive_of_countless_parts_is_not_even_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    content = archive(OFFICE, "word/document.xml", *map(str, range(10_000)))
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("listed"))
    with pytest.raises(FileRefused):
        clean_file(content, "a.docx")


@pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_the_kind_that_an_archive_declares_is_never_unpacked(
    packed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as file:
        file.writestr("mimetype", b" " * 1_000_000)
    # Its sender says that it is short.
    content = out.getvalue().replace(struct.pack("<I", 1_000_000), struct.pack("<I", 50))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(FileRefused):
        clean_file(content, "a.odt")


def test_a_text_of_blanks_is_looked_through_once() -> None:
    began = time.process_time()
    for _ in range(20):
        assert clean_file(b"x<" + b" " * 4090, "x.txt").content_type == "text/plain"
    assert time.process_time() - began < 2


def test_an_animation_keeps_its_frames() -> None:
    with Image.open(io.BytesIO(clean_file(animation(5), "a.gif").content)) as image:
        assert image.n_frames == 5  # type: ignore[attr-defined]


def test_a_photo_loses_its_place_and_keeps_its_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned by a quarter.
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (41.0, 0.0, 28.0)
    photo = picture("JPEG", size=(20, 10), exif=exif.tobytes(), comment=b"SecretComment")
    assert b"SecretCamera" in photo
    clean = clean_file(photo, "photo.jpg")
    with Image.open(io.BytesIO(clean.content)) as image:
        assert not dict(image.getexif())
        assert "comment" not in image.info
    assert b"Secret" not in clean.content
    assert (clean.width, clean.height) == (10, 20)


@pytest.mark.parametrize("image_format", ["PNG", "GIF", "WEBP", "JPEG"])
def test_what_hangs_behind_a_picture_is_cut_off(image_format: str) -> None:
    clean = clean_file(picture(image_format) + b"<script>alert(1)</script>", "a")
    assert b"script" not in clean.content


def test_a_transparent_picture_stays_transparent() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (2, 2), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(clean_file(out.getvalue(), "a.png").content)) as image:
        assert image.convert("RGBA").getpixel((0, 0)) == (255, 0, 0, 0)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Fatura İade.png", "Fatura İade.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Windows\\photo.png", "photo.png"),
        ("a\u202egnp.exe", "a gnp.exe.png"),
        ("pho\u200bto\ufeff.png", "pho to.png"),
        ("a\r\nContent-Type: x.png", "a Content-Type_ x.png"),
        ("x\0y.png", "x y.png"),
        ('<img src=x onerror="1">.png', "_img src=x onerror=_1__.png"),
        (".htaccess", "htaccess.png"),
        ("....", "file.png"),
        ("", "file.png"),
        (".png", "png.png"),
        ("photo.svg", "photo.svg.png"),
        ("photo.PNG", "photo.PNG"),
    ],
)
def test_a_name_is_one_harmless_line_with_an_honest_ending(raw: str, expected: str) -> None:
    assert display_name(raw, "image/png") == expected


def test_a_long_name_keeps_its_ending() -> None:
    name = display_name("x" * 300 + ".pdf", "application/pdf")
    assert len(name) == 120
    assert name.endswith(".pdf")
