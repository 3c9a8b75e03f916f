"""Everyone is busy: the promised sentence, a ticket as safety net, and the place in line."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from automation.models import Rule
from automation.rules.recipes.kit import (
    BUSY_FAMILY,
    CUSTOMER_WROTE,
    NOBODY_HAS_IT,
    AllTexts,
    Part,
    Recipe,
    Settings,
    asked,
    condition,
    mailed,
    said,
    together,
    without,
)

BUSY = {
    "tr": "Üzgünüz, şu anda herkes meşgul gibi görünüyor. Sorunuzu aldık ve e-posta yoluyla kısa "
    "sürede geri dönüş yapacağız.",
    "en": "Sorry, everyone seems to be busy at the moment. We have your question and will get back "
    "to you by e-mail shortly.",
}
PLACE = {
    "tr": "Sohbet sıradaki yerini koruyor: bir temsilci boşalırsa burada yanıtlar.",
    "en": "Your chat keeps its place in line: if an agent becomes free, you are answered here.",
}
_ASK = {
    "tr": "Size yazabilmemiz için e-posta adresinizi buraya yazar mısınız?",
    "en": "Could you write your e-mail address here, so that we can reach you?",
}
SUBJECT = {"tr": "Sorunuzu aldık", "en": "We have your question"}
_NAMES = {
    "left": {"tr": "Herkes meşgul: bırakılan mesaj", "en": "Everyone is busy: message left"},
    "joins": {"tr": "Herkes meşgul: sıraya giren", "en": "Everyone is busy: joins the line"},
    "waits": {"tr": "Herkes meşgul: sırada bekleyen", "en": "Everyone is busy: waits in line"},
    "wrote": {"tr": "Herkes meşgul: yazılan adres", "en": "Everyone is busy: address written"},
}


def _parts(texts: AllTexts, settings: Settings) -> list[Part]:
    mail = {
        "action": "send_email",
        "to": "customer",
        "subject": dict(texts["subject"]),
        "text": dict(texts["busy"]),
    }
    in_line = [
        # First the ticket: its number is part of what the customer then reads.
        {"action": "convert"},
        {"action": "send_message", "text": together(texts["busy"], texts["place"])},
        {"action": "ask_email", "text": dict(texts["ask"])},
    ]
    once = {"fires": "once", "family": BUSY_FAMILY, "stop": True, "any": []}
    waits = [condition("status", "queued"), NOBODY_HAS_IT]
    nobody_can = condition("availability", "online", "is_not")
    return [
        Part(
            name=_NAMES["left"],
            told={
                **once,
                "when": "incoming",
                "all": [condition("status", "resolved"), nobody_can],
                "actions": [{"action": "send_message", "text": dict(texts["busy"])}, mail],
            },
        ),
        Part(
            name=_NAMES["joins"],
            told={
                **once,
                "when": "incoming",
                "all": [*waits, nobody_can],
                # Who has written an address with the question is not asked for it.
                "actions": [{"action": "save_email"}, *in_line],
            },
        ),
        Part(
            name=_NAMES["waits"],
            told={
                **once,
                "when": "time",
                "after": {"since": "queued", "minutes": 1},
                "all": waits,
                "actions": in_line,
            },
        ),
        Part(
            name=_NAMES["wrote"],
            told={
                "fires": "every",
                "when": "updated",
                "all": [
                    CUSTOMER_WROTE,
                    condition("text", "@", "contains"),
                    condition("email_known", False),
                    NOBODY_HAS_IT,
                ],
                "any": [],
                "actions": [{"action": "save_email"}],
                "stop": False,
            },
        ),
    ]


def _read(rules: Sequence[Rule]) -> tuple[dict[str, Any], dict[str, str]]:
    left, joins = rules[0], rules[1]
    busy = said(left)
    texts = {
        "busy": busy,
        "subject": mailed(left, "subject"),
        "place": without(said(joins), busy),
        "ask": asked(joins),
    }
    return texts, {}


EVERYONE_BUSY = Recipe(
    title=_("Everyone is busy"),
    brief=_("Whoever finds nobody free reads that you answer by e-mail, and a ticket is made."),
    guide=_(
        "Whoever finds nobody free reads this sentence at once: in the panel and by e-mail if "
        "they leave a message, in the chat if they stand in line or have waited there for a "
        "minute. Their place in line stays theirs. A ticket is made in case nobody comes; "
        "if an agent takes the chat and resolves it, the ticket is resolved with it. Who is "
        "served never reads the sentence, and nobody reads it twice in one chat."
    ),
    labels={
        "busy": _("The sentence"),
        "place": _("Added in the chat: the place in line stays"),
        "ask": _("Asked in the chat if no e-mail address is known"),
        "subject": _("Subject of the e-mail"),
    },
    texts=lambda settings: {"busy": BUSY, "place": PLACE, "ask": _ASK, "subject": SUBJECT},
    parts=_parts,
    read=_read,
    optional=frozenset({"place"}),
)
