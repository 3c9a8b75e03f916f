"""Pictures are decoded in a process of their own, with bounds to its memory and time: a file of
two kilobytes can ask for a gigabyte, and decoders are where hostile bytes break in."""

import atexit
import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL

WALL_SECONDS = 30
_SCRIPT = str(Path(__file__).with_name("drawing.py"))
_LIBRARY = str(Path(PIL.__file__).parents[1])
# One picture at a time in a process.
_decoding = threading.Lock()


class PictureRefused(Exception):
    """The picture is `broken`, has too many `pixels`, or was `slow`: on a busy machine not done."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Drawn:
    """A picture that was drawn anew."""

    content: bytes
    width: int
    height: int


# Is told whole seconds of decoding: one before it begins, and what else it took afterwards. It may
# raise, and then nothing is drawn.
type Pay = Callable[[int], None]


def pay_nothing(_seconds: int) -> None:
    """Count nothing, where nobody from outside asks."""


def draw_anew(content: bytes, image_format: str, *, pay: Pay = pay_nothing) -> Drawn:
    """Return the picture's pixels in a new file of the same format; raises `PictureRefused`."""
    return _draw({"formats": [image_format]}, content, pay)


def draw_small(
    content: bytes, formats: list[str], *, side: int, shape: str, pay: Pay = pay_nothing
) -> Drawn:
    """Return a small WebP, `square` or `fitted`, of the first frame; raises `PictureRefused`."""
    return _draw({"formats": formats, "side": side, "shape": shape}, content, pay)


def _draw(job: dict[str, object], content: bytes, pay: Pay) -> Drawn:
    pay(1)
    with _decoding:
        began = time.monotonic()
        answered = _spare.ask(json.dumps(job).encode() + b"\n" + content)
        taken = time.monotonic() - began
    head, _newline, drawn = (answered or b"").partition(b"\n")
    # Without an answer it was stopped at the bounds of its memory and of its own seconds; when the
    # clock stopped it, others had the processor.
    why = "slow" if answered is None else "pixels"
    answer: dict[str, Any] = json.loads(head) if head else {"refused": why, "seconds": taken}
    # Its own start is not the sender's to pay.
    if (more := math.ceil(answer["seconds"] - 0.5)) > 1:
        pay(more - 1)
    if "refused" in answer:
        raise PictureRefused(answer["refused"])
    return Drawn(drawn, answer["width"], answer["height"])


class _Spare:
    """The process of the next picture, started while nobody waits for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: bytes) -> bytes | None:
        """Return what a fresh process answers, nothing when it died; None when it took too long."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            process = _start()
        with process:
            try:
                return process.communicate(request, timeout=WALL_SECONDS)[0]
            except subprocess.TimeoutExpired:
                return None
            finally:
                process.kill()
                self._process = _start()

    def close(self) -> None:
        """Let the process go that has got no picture."""
        process, self._process = self._process, None
        if process is not None:
            with process:
                process.kill()


def _start() -> subprocess.Popen[bytes]:
    # No fork of our threads and their locks: nothing of ours runs between. Nor does it get our
    # environment, which has the keys.
    return subprocess.Popen(  # noqa: S603 - our own script, and no word from outside
        [sys.executable, "-P", "-S", _SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": _LIBRARY},
        cwd="/",
    )


_spare = _Spare()
atexit.register(_spare.close)
