"""What chats add to the console's frame: tabs, counters, slots, offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from agents.console.frame import Frame
from agents.models import Channel, Permission
from chat.models import Offer
from chat.protocol import ATTACHMENTS_MAX, kinds_json
from chat.queries.chat_list import Figures, Tab, count_tabs, tabs_of, unread_total
from chat.queries.due import Due, due_of_agent
from chat.queries.on_duty import chat_limit, count_online, newest_words, open_offers
from chat.queries.people import face_of
from chat.texts.console import console_texts
from config.files.kinds import ACCEPT

PART = "chat"
SLOTS_DRAWN = 8


@dataclass(frozen=True, kw_only=True)
class Counters:
    """The footer: customers waiting, since when the first one, agents Online."""

    queued: int
    oldest: datetime | None
    online: int


@dataclass(kw_only=True)
class ChatPart:
    """What the frame's templates show of chats."""

    frame: Frame
    tab: Tab
    figures: Figures
    counters: Counters
    limit: int
    unread: int

    @cached_property
    def offers(self) -> Sequence[dict[str, Any]]:
        """Return the chats that ring; the list, which comes after each change, doesn't ask."""
        return [offer_shown(offer) for offer in open_offers(self.frame.agent)]

    @cached_property
    def due_acts(self) -> Sequence[Due]:
        """Return what may still be undone; the list doesn't ask for it either."""
        return due_of_agent(self.frame.agent)

    @property
    def kept(self) -> Mapping[str, str]:
        """Return the tab that stays open when another brand is chosen."""
        stays = self.frame.area == "chats" and self.tab != Tab.MINE
        return {"tab": str(self.tab)} if stays else {}

    @property
    def tab_scope(self) -> str:
        """Return the query string of links to chats: they keep the tab they were opened from."""
        return self.frame.query(tab=self.tab if self.tab != Tab.MINE else "")

    @property
    def list_url(self) -> str:
        """Return the address of the list fragment."""
        return reverse("console") + self.frame.query(tab=self.tab, part="list")

    @property
    def chat_base(self) -> str:
        """Return the address under which chats of this area open."""
        return reverse("console") + "chats/" if self.frame.area == "chats" else self.frame.home

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs with their counts."""
        return [
            {
                "value": tab.value,
                "label": tab.label,
                "count": self.figures.tabs[tab],
                "url": reverse("console") + self.frame.query(tab=tab if tab != Tab.MINE else ""),
            }
            for tab in tabs_of(self.frame.access)
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
        return self.frame.access.may(Permission.ARCHIVE)

    @property
    def long_minutes(self) -> int:
        """Return from what length on a chat is marked; 0 while nobody stands in line."""
        limit: int = settings.IMECE["LONG_CHAT_SECONDS"]
        return limit // 60 if self.counters.queued else 0

    @property
    def missing_steps(self) -> list[str]:
        """Return why chats of the shown brands may never come, whoever is Online."""
        shown = [self.frame.brand] if self.frame.brand else [*self.frame.brands]
        prefetch_related_objects(shown, "topics")
        return [brand.missing_step for brand in shown if brand.missing_step]

    @property
    def texts(self) -> Mapping[str, Any]:
        """Return the texts of the scripts."""
        return console_texts()

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return what the scripts must know of this page."""
        return {
            "replyTarget": settings.IMECE["REPLY_TARGET_SECONDS"],
            "longText": settings.IMECE["LONG_TEXT_CHARS"],
            "filesMax": ATTACHMENTS_MAX,
            "accept": ACCEPT,
            "uploadMax": settings.IMECE["UPLOAD_MAX_BYTES"],
            "kinds": kinds_json("agent"),
            "console": reverse("console"),
            "cannedPage": reverse("agents:profile-canned"),
        }


def build_part(frame: Frame, request: HttpRequest) -> ChatPart:
    """Return what a page's frame shows of chats."""
    agent, access = frame.agent, frame.access
    wanted = request.GET.get("tab", "")
    counted = count_tabs(access, brand_id=frame.brand_id, now=timezone.now())
    chosen = [frame.brand] if frame.brand else frame.brands
    return ChatPart(
        frame=frame,
        tab=Tab(wanted) if wanted in tabs_of(access) else Tab.MINE,
        figures=counted,
        counters=Counters(
            queued=counted.tabs[Tab.QUEUE],
            oldest=counted.oldest,
            online=count_online(chosen, Channel.WEB, timezone.now()),
        ),
        limit=chat_limit(agent, access, frame.brands),
        unread=unread_total(agent),
    )


def chats_in(frame: Frame) -> ChatPart:
    """Return what a frame shows of chats."""
    return cast(ChatPart, frame.parts[PART])


def offer_shown(offer: Offer) -> dict[str, Any]:
    """Return what an agent sees of a chat that rings."""
    conversation = offer.conversation
    topic = conversation.topic
    return {
        "pk": offer.pk,
        "chat": conversation.public_id,
        "rings_until": offer.rings_until,
        "name": face_of(conversation).name,
        "topic": topic.label(get_language() or "") if topic else conversation.topic_text,
        "page": str(conversation.page.get("title") or ""),
        "words": newest_words(conversation),
        "since": conversation.in_line_since,
    }
