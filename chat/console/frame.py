"""What stands around every page of the console: brands, tabs, counters, status, offers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.access import Access, access_of, brands_of
from agents.callers import signed_in
from agents.models import Agent, Brand, BreakReason, Permission, Status
from chat.models import Offer
from chat.protocol import ATTACHMENTS_MAX
from chat.queries.desk import chat_limit, count_online, open_offers
from chat.queries.inbox import Figures, Tab, count_tabs, tabs_of, unread_total
from chat.queries.people import face_of
from chat.texts.console import console_texts

SLOTS_DRAWN = 8


@dataclass(frozen=True, kw_only=True)
class Counters:
    """The footer: customers waiting, since when the first one, agents Online."""

    queued: int
    oldest: datetime | None
    online: int


@dataclass(kw_only=True)
class Frame:
    """Everything the frame's template needs."""

    agent: Agent
    access: Access
    area: str
    brands: list[Brand]
    brand: Brand | None
    tab: Tab
    figures: Figures
    counters: Counters
    limit: int
    unread: int
    break_reasons: Sequence[tuple[int, str]]
    offers: Sequence[dict[str, Any]]
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
    def tab_scope(self) -> str:
        """Return the query string of links to chats: they keep the tab they were opened from."""
        return self.query(tab=self.tab if self.tab != Tab.MINE else "")

    @property
    def home(self) -> str:
        """Return the address of the list of this area."""
        return reverse("console-archive" if self.area == "archive" else "console")

    @property
    def back_url(self) -> str:
        """Return where Back leads on a small screen."""
        return self.home + ("" if self.area == "archive" else self.tab_scope or self.scope)

    @property
    def list_url(self) -> str:
        """Return the address of the list fragment."""
        return reverse("console") + self.query(tab=self.tab, part="list")

    @property
    def chat_base(self) -> str:
        """Return the address under which chats of this area open."""
        return reverse("console") + "chats/" if self.area == "inbox" else self.home

    @property
    def brand_choices(self) -> list[dict[str, Any]]:
        """Return the brand selector's links; none when there is nothing to choose."""
        if len(self.brands) < 2:
            return []
        tab = self.tab if self.area == "inbox" and self.tab != Tab.MINE else ""
        kept = {"tab": str(tab)} if tab else {}
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
    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs with their counts."""
        return [
            {
                "value": tab.value,
                "label": tab.label,
                "count": self.figures.tabs[tab],
                "url": reverse("console") + self.query(tab=tab if tab != Tab.MINE else ""),
            }
            for tab in tabs_of(self.access)
        ]

    @property
    def taken(self) -> int:
        """Return how many of my slots are in use."""
        return self.figures.taken

    @property
    def slots(self) -> list[bool]:
        """Return a mark for each slot, true when it is in use."""
        drawn = min(max(self.limit, self.taken), SLOTS_DRAWN)
        return [place < self.taken for place in range(drawn)]

    @property
    def may_archive(self) -> bool:
        """Return whether the archive is open to the agent."""
        return self.access.may(Permission.ARCHIVE)

    @property
    def missing_steps(self) -> list[str]:
        """Return why chats of the shown brands may never come, whoever is Online."""
        shown = [self.brand] if self.brand else self.brands
        return [brand.missing_step for brand in shown if brand.missing_step]

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
        return console_texts()

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the scripts must know of this page."""
        agent = self.agent
        return {
            "me": {"kind": "agent", "id": agent.public_id, "name": agent.name},
            "locale": get_language(),
            "timeZone": agent.time_zone,
            "now": timezone.now().isoformat(),
            "replyTarget": settings.IMECE["REPLY_TARGET_SECONDS"],
            "longText": settings.IMECE["LONG_TEXT_CHARS"],
            "filesMax": ATTACHMENTS_MAX,
            "uploadMax": settings.IMECE["UPLOAD_MAX_BYTES"],
            "console": reverse("console"),
        }


def frame_of(request: HttpRequest, *, area: str) -> Frame:
    """Return the frame of a page, made once a request. An unknown brand is not found."""
    made: Frame | None = getattr(request, "console_frame", None)
    if made is not None:
        return made
    agent, now = signed_in(request), timezone.now()
    access = access_of(agent)
    brands = list(brands_of(access).filter(is_active=True))
    brand = _chosen_brand(request, brands)
    tabs = tabs_of(access)
    wanted = request.GET.get("tab", "")
    counted = count_tabs(access, brand_id=brand.pk if brand else None)
    chosen = [brand] if brand else brands
    frame = Frame(
        agent=agent,
        access=access,
        area=area,
        brands=brands,
        brand=brand,
        tab=Tab(wanted) if wanted in tabs else Tab.MINE,
        figures=counted,
        counters=Counters(
            queued=counted.tabs[Tab.QUEUE],
            oldest=counted.oldest,
            online=count_online(chosen, now),
        ),
        limit=chat_limit(agent, access, brands),
        unread=unread_total(agent),
        break_reasons=break_reasons(),
        offers=[offer_shown(offer) for offer in open_offers(agent)],
    )
    request.console_frame = frame  # type: ignore[attr-defined]
    return frame


def break_reasons() -> list[tuple[int, str]]:
    """Return the reasons that a break can have, in the language of the request."""
    language = get_language() or ""
    found = BreakReason.objects.filter(is_active=True).order_by("position", "pk")
    return [(reason.pk, reason.label(language)) for reason in found]


def offer_shown(offer: Offer) -> dict[str, Any]:
    """Return what an agent sees of a chat that rings."""
    conversation = offer.conversation
    topic = conversation.topic
    return {
        "pk": offer.pk,
        "rings_until": offer.rings_until,
        "name": face_of(conversation).name,
        "topic": topic.label(get_language() or "") if topic else conversation.topic_text,
        "page": str(conversation.page.get("title") or ""),
    }


def _chosen_brand(request: HttpRequest, brands: list[Brand]) -> Brand | None:
    wanted = request.GET.get("brand", "")
    if not wanted:
        return brands[0] if len(brands) == 1 else None
    for brand in brands:
        if str(brand.pk) == wanted:
            return brand
    raise Http404
