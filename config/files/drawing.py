"""A process that draws one picture anew and ends: `config.files.pictures` starts it, and talks to
it over its pipes. It knows Pillow and nothing of ours: what breaks out of a decoder finds nothing.
"""

import io
import json
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

# Named one by one: Pillow would load all its plugins when it is asked for a format it lacks.
from PIL import (
    GifImagePlugin,
    Image,
    ImageOps,
    ImageSequence,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

PLUGINS = (GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)

MAX_PIXELS = 40_000_000
# A JPEG file can be unpacked at a half, a quarter or an eighth of its size: phones make 108 MP. To
# unpack WebP takes four times the memory of its pixels.
MAX_PIXELS_OF = {"JPEG": 120_000_000, "MPO": 120_000_000, "WEBP": 24_000_000}
MAX_FRAMES = 300
_MAX_BYTES = 4 * MAX_PIXELS
# The largest pictures need half of it.
_MEMORY = 1024 * 1024 * 1024
_CPU_SECONDS = 12
_OUTPUT = 40 * 1024 * 1024
_DEEP = {"I", "I;16", "I;16B", "I;16L", "I;16N"}
# What each format can hold as it is.
_KEEPS = {
    "JPEG": {"L", "RGB"},
    "PNG": {"1", "L", "LA", "P", "RGB", "RGBA"},
    "GIF": {"1", "L", "P", "RGB"},
    "WEBP": {"RGB", "RGBA"},
}


class Refused(Exception):
    """The picture is not drawn, for this reason."""


def draw_anew(content: bytes, image_format: str) -> tuple[bytes, int, int]:
    """Return the pixels in a new file: no EXIF, comments, profiles or trailing bytes."""
    with Image.open(io.BytesIO(content), formats=[image_format]) as image:
        _check_size(image)
        loop = image.info.get("loop")
        frames, durations = _frames(image, image_format)
    # WebP's stock method takes twice as long for a file as large.
    options: dict[str, Any] = {"quality": 90, "method": 2}
    if len(frames) > 1:
        options |= {"save_all": True, "append_images": frames[1:], "duration": durations}
        # A GIF file without a count is played once.
        options |= {} if loop is None else {"loop": loop}
        if any(frame.mode in {"LA", "RGBA"} for frame in frames):
            # Each frame starts on an empty sheet, or what is see-through shows the one before.
            options["disposal"] = 1 if image_format == "PNG" else 2
    drawn = io.BytesIO()
    frames[0].save(drawn, image_format, **options)
    return drawn.getvalue(), frames[0].width, frames[0].height


def draw_small(content: bytes, formats: list[str], side: int, shape: str) -> tuple[bytes, int, int]:
    """Return the first frame as WebP: its middle as a `square`, or all of it, `fitted`."""
    with Image.open(io.BytesIO(content), formats=formats) as image:
        _check_size(image)
        image.draft(image.mode, (side * 2, side * 2))
        drawn = _eight_bits(image).convert("RGBA")
        drawn = ImageOps.exif_transpose(drawn)
    if shape == "square":
        drawn = ImageOps.fit(drawn, (side, side))
    else:
        drawn.thumbnail((side, side))
    drawn.info = {}
    out = io.BytesIO()
    drawn.save(out, "WEBP", quality=85)
    return out.getvalue(), drawn.width, drawn.height


def _check_size(image: Image.Image) -> None:
    """Refuse by the header, before anything is unpacked; have large photos unpacked smaller."""
    pixels = image.width * image.height
    if pixels > MAX_PIXELS_OF.get(image.format or "", MAX_PIXELS):
        raise Refused("pixels")
    scale = 1
    while pixels > MAX_PIXELS * scale * scale:
        scale *= 2
    if scale > 1:
        image.draft(image.mode, (image.width // scale, image.height // scale))


def _is_photo(image: Image.Image) -> bool:
    return image.format in {"JPEG", "MPO"}


def _frames(image: Image.Image, image_format: str) -> tuple[list[Image.Image], list[int]]:
    frames: list[Image.Image] = []
    durations = []
    held = 0
    for frame in _sequence(image):
        held += frame.width * frame.height
        if len(frames) == MAX_FRAMES or held > _MAX_BYTES:
            raise Refused("pixels")
        drawn = _pixels(frame, image_format)
        held += drawn.width * drawn.height * (len(drawn.getbands()) - 1)
        frames.append(drawn)
        durations.append(int(frame.info.get("duration", 100)))
    return frames, durations


def _sequence(image: Image.Image) -> Iterator[Image.Image]:
    """Give the frames as they come: to ask for their number reads a whole file of tiny ones."""
    # What hangs behind a phone's photo is its depth or a larger preview, not a next frame.
    return iter([image]) if _is_photo(image) else ImageSequence.Iterator(image)


def _pixels(frame: Image.Image, image_format: str) -> Image.Image:
    frame.load()
    drawn = _eight_bits(ImageOps.exif_transpose(frame))
    if "transparency" in drawn.info:
        drawn = drawn.convert("RGBA")
    elif drawn.mode not in _KEEPS[image_format]:
        drawn = drawn.convert("RGBA" if _has_alpha(drawn) else "RGB")
    if image_format == "JPEG" and drawn.mode not in _KEEPS["JPEG"]:
        drawn = drawn.convert("RGB")
    drawn = drawn.copy()
    drawn.info = {}
    return drawn


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"LA", "La", "PA", "RGBA", "RGBa"}


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return grey of sixteen bits as grey of eight: to convert it alone cuts all to white."""
    if image.mode not in _DEEP:
        return image
    grey = image.point(lambda value: value * (1 / 257) + 0.5).convert("L")
    key = image.info.get("transparency")
    grey.info = {}
    if isinstance(key, int):
        found = image.convert("I").point(
            [0 if value == key else 255 for value in range(65536)], "L"
        )
        grey.putalpha(found)
    return grey


def _limit() -> None:
    """Bound what the picture may cost, and stand back behind those who serve people."""
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        # Not every system knows each of them.
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))
    os.nice(5)


def _drawn(job: dict[str, Any], content: bytes) -> tuple[bytes, int, int]:
    try:
        if "side" in job:
            return draw_small(content, job["formats"], job["side"], job["shape"])
        return draw_anew(content, job["formats"][0])
    except (Refused, MemoryError, Image.DecompressionBombError) as error:
        raise Refused("pixels") from error
    # A decoder that is fed hostile bytes may raise anything.
    except Exception as error:
        raise Refused("broken") from error


def main() -> None:
    """Read a line that says what to do, and the file; write a line about it, and the file."""
    _limit()
    # Judged by our own numbers.
    Image.MAX_IMAGE_PIXELS = None
    job = sys.stdin.buffer.readline()
    if not job:
        return
    content = sys.stdin.buffer.read()
    answer: dict[str, Any] = {}
    drawn = b""
    try:
        drawn, answer["width"], answer["height"] = _drawn(json.loads(job), content)
        if len(drawn) > _OUTPUT:
            raise Refused("pixels")
    except Refused as error:
        answer, drawn = {"refused": str(error)}, b""
    answer["seconds"] = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + drawn)


if __name__ == "__main__":
    main()
