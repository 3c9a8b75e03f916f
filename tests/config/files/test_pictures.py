"""Pictures drawn anew in a process of their own: nothing of what they show is lost, and what they
cost is bounded."""

import io
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from config.files import pictures
from config.files.cleaning import FileRefused, clean_file
from config.files.pictures import Drawn, PictureRefused, draw_anew, draw_small

pytestmark = pytest.mark.once


def saved(image: Image.Image, image_format: str, **options: Any) -> bytes:
    """A picture as a file."""
    out = io.BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def sheet(mode: str) -> Image.Image:
    """A picture in this mode with four fields, one of them see-through where that is possible."""
    colors = [(250, 0, 0, 255), (0, 160, 0, 255), (20, 40, 200, 255), (90, 90, 90, 0)]
    image = Image.new("RGBA", (32, 32))
    for place, color in enumerate(colors):
        image.paste(color, (place % 2 * 16, place // 2 * 16, place % 2 * 16 + 16, 32))
    if mode == "P+":
        return image.quantize(8)
    if mode == "I;16":
        return image.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    return image.convert(mode)


MODES = [
    *(("PNG", mode) for mode in ("1", "L", "LA", "I;16", "P", "P+", "RGB", "RGBA")),
    *(("JPEG", mode) for mode in ("L", "RGB", "CMYK", "YCbCr")),
    *(("GIF", mode) for mode in ("1", "L", "P", "P+", "RGB", "RGBA")),
    *(("WEBP", mode) for mode in ("L", "P", "P+", "RGB", "RGBA")),
]


def seen(content: bytes) -> list[tuple[int, ...]]:
    """What a person sees in the middle of each field; clear is clear whatever its colour."""
    with Image.open(io.BytesIO(content)) as image:
        if image.mode.startswith("I"):
            grey = [int(image.getpixel(at)) / 257 for at in PLACES]  # type: ignore[arg-type]
            return [(round(value),) * 3 + (255,) for value in grey]
        shown = image.convert("RGBA")
    pixels: list[Any] = [shown.getpixel(at) for at in PLACES]
    return [pixel if pixel[3] else (0, 0, 0, 0) for pixel in pixels]


PLACES = [(8, 8), (24, 8), (8, 24), (24, 24)]


@pytest.mark.parametrize(("image_format", "mode"), MODES)
def test_a_picture_of_any_mode_looks_the_same_afterwards(image_format: str, mode: str) -> None:
    options = {"lossless": True} if image_format == "WEBP" else {}
    before = saved(sheet(mode), image_format, **options)
    after = draw_anew(before, image_format).content
    for was, now in zip(seen(before), seen(after), strict=True):
        assert max(abs(one - other) for one, other in zip(was, now, strict=True)) <= 6


@pytest.mark.parametrize(("value", "shown"), [(60_000, 233), (9_000, 35), (0, 0), (65_535, 255)])
def test_grey_of_sixteen_bits_becomes_the_same_grey(value: int, shown: int) -> None:
    scan = saved(Image.new("I;16", (20, 20), value), "PNG")
    with Image.open(io.BytesIO(draw_anew(scan, "PNG").content)) as image:
        assert image.mode == "L"
        assert abs(int(image.getpixel((5, 5))) - shown) <= 1  # type: ignore[arg-type]


def frames(image_format: str, **options: Any) -> bytes:
    """An animation whose frames are shown for different times."""
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    first, *others = [Image.new("RGB", (50, 50), color) for color in colors]
    times = [2000, 50, 700, 3000]
    return saved(
        first, image_format, save_all=True, append_images=others, duration=times, **options
    )


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("loop", [0, 1, 3])
def test_an_animation_keeps_its_times_and_its_count(image_format: str, loop: int) -> None:
    drawn = draw_anew(frames(image_format, loop=loop), image_format).content
    with Image.open(io.BytesIO(drawn)) as image:
        times = []
        for frame in ImageSequence.Iterator(image):
            frame.load()
            times.append(int(frame.info["duration"]))
        assert times == [2000, 50, 700, 3000]
        assert image.info["loop"] == loop


def test_an_animation_without_a_count_is_played_once_afterwards_too() -> None:
    with Image.open(io.BytesIO(draw_anew(frames("GIF"), "GIF").content)) as image:
        assert "loop" not in image.info


def test_a_see_through_animation_leaves_no_trails() -> None:
    moving = []
    for left in (0, 10, 20):
        frame = Image.new("RGBA", (30, 30))
        frame.paste((255, 0, 0, 255), (left, 0, left + 10, 10))
        moving.append(frame)
    before = saved(moving[0], "GIF", save_all=True, append_images=moving[1:], disposal=2)
    with Image.open(io.BytesIO(draw_anew(before, "GIF").content)) as image:
        for number, frame in enumerate(ImageSequence.Iterator(image)):
            shown = frame.convert("RGBA")
            for place in range(3):
                _red, _green, _blue, alpha = shown.getpixel((place * 10 + 5, 5))  # type: ignore[misc]
                assert bool(alpha) is (place == number)


def test_a_phones_photo_is_made_smaller_and_a_larger_drawing_is_refused() -> None:
    photo = saved(Image.new("RGB", (8064, 6048), "teal"), "JPEG")
    drawn = draw_anew(photo, "JPEG")
    assert (drawn.width, drawn.height) == (4032, 3024)
    with pytest.raises(FileRefused) as refused:
        clean_file(saved(Image.new("1", (8064, 6048)), "PNG"), "drawing.png")
    assert refused.value.reason == "pixels"


def test_what_hangs_behind_a_phones_photo_is_not_a_frame_of_it() -> None:
    shot, depth = Image.new("RGB", (4000, 3000), "teal"), Image.new("RGB", (8000, 4000))
    content = saved(shot, "MPO", save_all=True, append_images=[depth])
    clean = clean_file(content, "portrait.jpg")
    assert (clean.content_type, clean.width, clean.height) == ("image/jpeg", 4000, 3000)


def test_a_tiny_file_of_a_huge_picture_costs_this_process_nothing() -> None:
    bomb = saved(Image.new("RGB", (6300, 6300)), "WEBP", lossless=True)
    assert len(bomb) < 3_000
    sheet_of_40_mp = saved(Image.new("P", (6300, 6300)), "PNG")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(PictureRefused):
        draw_anew(bomb, "WEBP")
    assert draw_anew(sheet_of_40_mp, "PNG").width == 6300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_small_pictures_have_the_same_bounds_and_the_same_process() -> None:
    photo = saved(Image.new("RGB", (8064, 6048), "teal"), "JPEG")
    square = draw_small(photo, ["PNG", "JPEG"], side=256, shape="square")
    fitted = draw_small(photo, ["PNG", "JPEG"], side=512, shape="fitted")
    assert (square.width, square.height, fitted.width) == (256, 256, 512)
    with pytest.raises(PictureRefused):
        draw_small(photo, ["PNG"], side=256, shape="square")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Another program in the place of the one that draws."""
    path = tmp_path / "program.py"
    pictures._spare.close()
    monkeypatch.setattr(pictures, "_SCRIPT", str(path))
    yield path
    pictures._spare.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        # On a busy machine any picture can take that long: later it may be drawn.
        ("import time; time.sleep(60)", "slow"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "pixels"),
        ("import sys; sys.stdin.buffer.read(); sys.exit(1)", "pixels"),
    ],
    ids=["hangs", "killed", "fails"],
)
def test_a_picture_that_never_ends_is_stopped_and_the_next_is_drawn(
    program: Path, code: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "slow":
        monkeypatch.setattr(pictures, "WALL_SECONDS", 0.5)
    program.write_text(code)
    with pytest.raises(PictureRefused) as refused:
        draw_anew(b"x" * 200_000, "PNG")
    assert refused.value.reason == reason
    monkeypatch.undo()
    pictures._spare.close()
    assert draw_anew(saved(sheet("RGB"), "PNG"), "PNG").width == 32


def test_the_process_has_none_of_our_keys(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    program.write_text(
        "import json, os, sys; sys.stdin.buffer.read()\n"
        "head = {'width': 1, 'height': 1, 'seconds': 0}\n"
        "sys.stdout.write(json.dumps(head) + '\\n' + '\\n'.join(os.environ))"
    )
    told = draw_anew(b"x", "PNG").content.decode()
    assert "PYTHONPATH" in told
    assert "SECRET" not in told


def test_each_picture_has_a_process_of_its_own_that_ends() -> None:
    content = saved(sheet("RGB"), "PNG")
    drawn: list[Drawn] = []
    for _ in range(2):
        first = pictures._spare._process
        drawn.append(draw_anew(content, "PNG"))
        assert first is None or first.returncode is not None
        assert pictures._spare._process is not first
    assert drawn[0] == drawn[1]


def test_seconds_are_paid_before_and_after(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    program.write_text(
        "import sys; sys.stdin.buffer.read()\n"
        'sys.stdout.write(\'{"refused": "broken", "seconds": 6.2}\\n\')'
    )
    paid: list[int] = []
    with pytest.raises(PictureRefused):
        draw_anew(b"x", "PNG", pay=paid.append)
    assert paid == [1, 5]

    def refuse(_seconds: int) -> None:
        raise PermissionError

    monkeypatch.setattr(subprocess, "Popen", lambda *_a, **_k: pytest.fail("started"))
    pictures._spare.close()
    with pytest.raises(PermissionError):
        draw_anew(b"x", "PNG", pay=refuse)
    monkeypatch.undo()
