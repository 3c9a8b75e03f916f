"""A greeting for messages that are left while the desk is closed."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from automation.models import Rule
from automation.rules.recipes.busy import SUBJECT
from automation.rules.recipes.kit import (
    BUSY_FAMILY,
    AllTexts,
    Part,
    Recipe,
    Settings,
    condition,
    mailed,
    said,
)
from automation.rules.replies import STANDARD

_NAME = {"tr": "Kapalıyken karşılama", "en": "Greeting while closed"}


def _parts(texts: AllTexts, settings: Settings) -> list[Part]:
    return [
        Part(
            name=_NAME,
            told={
                "when": "incoming",
                "fires": "once",
                "family": BUSY_FAMILY,
                "stop": True,
                "all": [condition("status", "resolved"), condition("within_hours", False)],
                "any": [],
                "actions": [
                    {"action": "send_message", "text": dict(texts["closed"])},
                    {
                        "action": "send_email",
                        "to": "customer",
                        "subject": dict(texts["subject"]),
                        "text": dict(texts["closed"]),
                    },
                ],
            },
        )
    ]


def _read(rules: Sequence[Rule]) -> tuple[dict[str, Any], dict[str, str]]:
    return {"closed": said(rules[0]), "subject": mailed(rules[0], "subject")}, {}


CLOSED_GREETING = Recipe(
    title=_("Greeting while closed"),
    brief=_("Who leaves a message outside your business hours reads this."),
    guide=_(
        "Whoever leaves a message outside your business hours, at weekends and on holidays reads "
        "this at once, in the panel and by e-mail. While you are open, “Everyone is busy” answers "
        "instead. Without business hours it says nothing."
    ),
    labels={"closed": _("The greeting"), "subject": _("Subject of the e-mail")},
    texts=lambda settings: {"closed": STANDARD["closed"], "subject": SUBJECT},
    parts=_parts,
    read=_read,
)
