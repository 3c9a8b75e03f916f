"""A board as its template draws it."""

from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.access import Access
from reports.models import Targets
from reports.wall.board import STALE_SECONDS, Board, Level, board_of, targets_for
from reports.wall.snapshot import snapshot
from reports.writing import NOTHING, written_share

WIDTH, HEIGHT = 640, 200


def shown_board(
    access: Access, *, brand: int | None, language: str, now: datetime
) -> dict[str, Any]:
    """Return everything that a board's fragment needs."""
    among = Targets.objects.filter(brand=brand) | Targets.objects.filter(brand=None)
    board = board_of(
        snapshot(),
        access,
        brand=brand,
        targets=targets_for(brand, among=among),
        language=language,
        now=now,
    )
    return {
        "board": board,
        "tiles": _tiles(board),
        "is_stale": (now - board.as_of).total_seconds() > STALE_SECONDS,
        "alarm": _alarm(board),
        "chart": _chart(board),
        "local": board.as_of.astimezone(board.zone),
    }


def _tiles(board: Board) -> list[dict[str, Any]]:
    # Whole percent: from afar nobody reads more.
    targets, share = board.targets, partial(written_share, decimals=0)
    asked = board.served
    left = share(board.abandoned / board.requests) if board.requests else NOTHING
    return [
        {
            "name": _("In queue"),
            "value": str(board.queue),
            "note": _("target ≤ %(n)d") % {"n": targets.queue},
            "level": board.queue_level,
        },
        {
            "name": _("Longest wait"),
            "since": board.longest_since,
            "value": NOTHING,
            "note": board.longest_topic,
            "level": board.wait_level,
        },
        {
            "name": _("Answered within 30 s"),
            "value": share(board.service),
            "note": ngettext(
                "%(in_time)d / %(all)d chat · target %(target)s",
                "%(in_time)d / %(all)d chats · target %(target)s",
                asked,
            )
            % {
                "in_time": board.in_time,
                "all": asked,
                "target": share(targets.service_level / 100),
            },
            "level": board.service_level,
        },
        {
            "name": _("Abandoned"),
            "value": str(board.abandoned),
            "note": _("%(share)s · yesterday %(before)d")
            % {"share": left, "before": board.abandoned_before},
            "level": Level.NONE,
        },
        {
            "name": _("Satisfaction"),
            "value": share(board.csat),
            "note": ngettext("%(n)d rating", "%(n)d ratings", board.ratings) % {"n": board.ratings},
            "level": Level.NONE,
        },
    ]


def _alarm(board: Board) -> str:
    """Return in words what is worst; what colour says is also said."""
    if board.wait_level:
        return _("Somebody waits longer than the target.")
    if board.queue_level:
        return _("More wait than the target allows.")
    if board.service_level:
        return _("Fewer are answered in time than the target asks.")
    return ""


def _chart(board: Board) -> dict[str, Any]:
    top = max((hour.requests for hour in board.hours), default=0)
    if not top:
        return {}
    step = WIDTH / len(board.hours)
    bars, points, labels = [], [], []
    for number, hour in enumerate(board.hours):
        middle = number * step + step / 2
        height = hour.requests / top * (HEIGHT - 10)
        bars.append(
            {
                "x": f"{middle - step * 0.28:.1f}",
                "y": f"{HEIGHT - height:.1f}",
                "width": f"{step * 0.56:.1f}",
                "height": f"{height:.1f}",
                "is_now": hour.hour == board.as_of.astimezone(board.zone).hour,
                "text": f"{hour.hour:02}:00 · {hour.requests} / {hour.missed}",
            }
        )
        points.append(f"{middle:.1f},{HEIGHT - hour.missed / top * (HEIGHT - 10):.1f}")
        if number % 2 == 0:
            labels.append((f"{middle:.1f}", f"{hour.hour:02}"))
    return {"bars": bars, "points": " ".join(points), "labels": labels, "height": HEIGHT}
