"""What the console's scripts must know of notifications on this device."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from agents.queries.notices import wanted_by

if TYPE_CHECKING:
    from agents.console.frame import Frame

PART = "notices"


@dataclass(frozen=True, kw_only=True)
class NoticesPart:
    """What an agent is told of, and the words about it."""

    wanted: list[str]
    # Whether no brand of theirs keeps customers' words out of notifications.
    with_words: bool

    @property
    def kept(self) -> Mapping[str, str]:
        """Return nothing: addresses stay as they are."""
        return {}

    @property
    def texts(self) -> Mapping[str, Any]:
        """Return the texts of the script."""
        return {
            "notify": {
                "ask": _("Hear of live chats also while İmece is in the background."),
                "on": _("Notifications are on in this browser."),
                "onlyOpen": _("Notifications are on while İmece is open in this browser."),
                "off": _("Notifications are off in this browser."),
                "sent": _("A test is on its way to the device."),
                "insecure": _(
                    "This page was not opened over HTTPS, so the browser allows no notifications."
                ),
                "iphone": _(
                    "On an iPhone or iPad: press Share, then Add to Home Screen, open İmece from "
                    "there, and turn notifications on."
                ),
                "unsupported": _("This browser knows no notifications."),
                "denied": _(
                    "The browser blocks notifications of this site. Allow them in the settings of "
                    "the site, beside the address."
                ),
                "transferred": _("A chat was transferred to you"),
                "open": _("Open it"),
                "missed": _("You did not answer a chat in time. It went on to others."),
                "missedMany": _(
                    "You did not answer {count} chats in time. They went on to others."
                ),
            }
        }

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return what the agent wants."""
        return {"notices": self.wanted, "noticeWords": self.with_words}


def build_part(frame: "Frame", request: HttpRequest) -> NoticesPart:
    """Return what a page's scripts know of notifications."""
    return NoticesPart(
        wanted=wanted_by(frame.agent),
        with_words=all(brand.notice_words for brand in frame.brands),
    )
