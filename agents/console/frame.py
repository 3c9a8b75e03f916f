"""What stands around every page of the console: brands, the main menu, status, and rooms' parts."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.access import Access, access_of, brands_of
from agents.callers import signed_in
from agents.console.rail import entries_for, home_of
from agents.console.slots import Part, templates_by_slot
from agents.models import Agent, Brand, BreakReason, Status
from config.text.folding import by_name


@dataclass(frozen=True, kw_only=True)
class RailLink:
    """A link of the main menu on one page."""

    label: str | Promise
    icon: str
    url: str
    counter: str
    is_current: bool


@dataclass(kw_only=True)
class Frame:
    """Everything the frame's template needs."""

    agent: Agent
    access: Access
    area: str
    brands: list[Brand]
    brand: Brand | None
    break_reasons: Sequence[tuple[int, str]]
    parts: dict[str, Part] = field(default_factory=dict)
    slots: Mapping[str, list[str]] = field(default_factory=templates_by_slot)
    statuses: Sequence[tuple[str, Any]] = field(default_factory=lambda: Status.choices)
    themes: Sequence[tuple[str, Any]] = field(default_factory=lambda: Agent.Theme.choices)
    languages: Sequence[tuple[str, str]] = field(default_factory=lambda: settings.LANGUAGES)

    @property
    def brand_id(self) -> int | None:
        """Return the chosen brand; None for all."""
        return self.brand.pk if self.brand else None

    def query(self, **more: str) -> str:
        """Return the query string that keeps the chosen brand."""
        # With one brand only there is nothing to choose, and nothing to keep in addresses.
        values = {"brand": str(self.brand.pk)} if self.brand and len(self.brands) > 1 else {}
        values |= {name: value for name, value in more.items() if value}
        return f"?{urlencode(values)}" if values else ""

    @property
    def scope(self) -> str:
        """Return the query string of links to other areas."""
        return self.query()

    @property
    def home(self) -> str:
        """Return the address of the list of this area."""
        return reverse(home_of(self.area).url_name)

    @property
    def start(self) -> str:
        """Return the address where the console begins."""
        return reverse(home_of("").url_name) + self.scope

    @property
    def rail(self) -> list[RailLink]:
        """Return the main menu."""
        return [
            RailLink(
                label=entry.label,
                icon=entry.icon,
                url=reverse(entry.url_name) + (self.scope if entry.keeps_brand else ""),
                counter=entry.counter,
                is_current=self.area.startswith((entry.key, *entry.areas)),
            )
            for entry in entries_for(self.access)
        ]

    @property
    def brand_choices(self) -> list[dict[str, Any]]:
        """Return the brand selector's links; none when there is nothing to choose."""
        if len(self.brands) < 2:
            return []
        kept = {name: value for part in self.parts.values() for name, value in part.kept.items()}
        everything = f"?{urlencode(kept)}" if kept else ""
        return [
            {"name": _("All brands"), "url": self.home + everything, "chosen": not self.brand},
            *(
                {
                    "name": brand.name,
                    "url": f"{self.home}?{urlencode({'brand': brand.pk, **kept})}",
                    "chosen": brand == self.brand,
                }
                for brand in self.brands
            ),
        ]

    @property
    def break_label(self) -> str:
        """Return the reason of the break the agent is on."""
        return dict(self.break_reasons).get(self.agent.break_reason_id or 0, "")

    @property
    def htmx_config(self) -> str:
        """Return the settings of htmx as its meta tag wants them."""
        return json.dumps(settings.HTMX_CONFIG)

    @property
    def texts(self) -> dict[str, Any]:
        """Return the texts of the scripts."""
        return {key: text for part in self.parts.values() for key, text in part.texts.items()}

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the scripts must know of this page."""
        agent = self.agent
        found: dict[str, Any] = {
            "me": {"kind": "agent", "id": agent.public_id, "name": agent.name},
            "locale": get_language(),
            "timeZone": agent.time_zone,
            "now": timezone.now().isoformat(),
        }
        for part in self.parts.values():
            found |= part.settings
        return found


type Build = Callable[[Frame, HttpRequest], Part]

_parts: dict[str, Build] = {}


def register_part(key: str, build: Build) -> None:
    """Have `build` work out a room's part of each frame."""
    _parts[key] = build


def frame_of(request: HttpRequest, *, area: str) -> Frame:
    """Return the frame of a page, made once a request. An unknown brand is not found."""
    made: Frame | None = getattr(request, "console_frame", None)
    if made is not None:
        return made
    agent = signed_in(request)
    access = access_of(agent)
    brands = by_name(brands_of(access).filter(is_active=True))
    frame = Frame(
        agent=agent,
        access=access,
        area=area,
        brands=brands,
        brand=_chosen_brand(request, brands),
        break_reasons=break_reasons(),
    )
    frame.parts = {key: build(frame, request) for key, build in _parts.items()}
    request.console_frame = frame  # type: ignore[attr-defined]
    return frame


def break_reasons() -> list[tuple[int, str]]:
    """Return the reasons that a break can have, in the language of the request."""
    language = get_language() or ""
    found = BreakReason.objects.filter(is_active=True).order_by("position", "pk")
    return [(reason.pk, reason.label(language)) for reason in found]


def _chosen_brand(request: HttpRequest, brands: list[Brand]) -> Brand | None:
    wanted = request.GET.get("brand", "")
    if not wanted:
        return brands[0] if len(brands) == 1 else None
    for brand in brands:
        if str(brand.pk) == wanted:
            return brand
    raise Http404
