"""Ask for the e-mail address: strangers are asked before anybody is rung."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from agents.models import Channel
from automation.models import Rule
from automation.rules.recipes.busy import BUSY, PLACE
from automation.rules.recipes.kit import (
    BUSY_FAMILY,
    CUSTOMER_WROTE,
    NOBODY_HAS_IT,
    AllTexts,
    Part,
    Recipe,
    Setting,
    Settings,
    condition,
    said,
    together,
    without,
)

ASKED = "e-posta adresi istendi"
ASKED_AGAIN = "e-posta adresi tekrar istendi"
# How long a customer who stays on the page may say nothing.
PATIENCE = 3

_ASK = {
    "email": {
        "tr": "Merhaba! Ekibimizin size ulaşabilmesi için önce e-posta adresinizi yazar mısınız?",
        "en": "Hello! Could you first write your e-mail address, so that our team can reach you?",
    },
    "email_or_phone": {
        "tr": "Merhaba! Ekibimizin size ulaşabilmesi için önce e-posta adresinizi ya da telefon "
        "numaranızı yazar mısınız?",
        "en": "Hello! Could you first write your e-mail address or phone number, so that our team "
        "can reach you?",
    },
}
_AGAIN = {
    "email": {
        "tr": "Yazdıklarınızda bir e-posta adresi göremedik. E-posta adresinizi yazar mısınız?",
        "en": "We could not find an e-mail address in what you wrote. Could you write it, please?",
    },
    "email_or_phone": {
        "tr": "Yazdıklarınızda bir e-posta adresi ya da telefon numarası göremedik. Birini yazar "
        "mısınız?",
        "en": "We could not find an e-mail address or phone number in what you wrote. Could you "
        "write one, please?",
    },
}
_CONNECT = {
    "tr": "Teşekkürler, ekibimiz birazdan sohbete katılacak.",
    "en": "Thank you, our team will join the chat shortly.",
}
_NAMES = {
    "first": {"tr": "E-posta iste: ilk sözdeki adres", "en": "Ask for e-mail: in the first words"},
    "ask": {"tr": "E-posta iste: tanımadığımız biri", "en": "Ask for e-mail: a stranger"},
    "wrote": {"tr": "E-posta iste: adres yazıldı", "en": "Ask for e-mail: address written"},
    "busy": {
        "tr": "E-posta iste: adres yazıldı, kimse boş değil",
        "en": "Ask for e-mail: address written, nobody is free",
    },
    "again": {"tr": "E-posta iste: adres yazılmadı", "en": "Ask for e-mail: no address written"},
    "quiet": {"tr": "E-posta iste: sayfada bekliyor", "en": "Ask for e-mail: waits on the page"},
}
_TAGGED = [condition("tag", ASKED), condition("tag", ASKED_AGAIN)]
_UNTAG = [{"action": "remove_tag", "tag": ASKED}, {"action": "remove_tag", "tag": ASKED_AGAIN}]
_WAIT = {"action": "end_waiting"}


def _parts(texts: AllTexts, settings: Settings) -> list[Part]:
    takes_phone = settings["accept"] == "email_or_phone"
    then = settings["then"]
    sees_at = condition("text", "@", "contains")
    no_at = condition("text", "@", "not_contains")
    reached = [condition("has_email", True)]
    save = [{"action": "save_email"}]
    stranger = [condition("first_contact", True), condition("email_known", False)]
    not_reached, no_answer = [condition("has_email", False)], [no_at]
    if takes_phone:
        phone, no_phone = condition("has_phone", True), condition("has_phone", False)
        answered = {"any": [sees_at, phone]}
        reached.append(phone)
        save.append({"action": "save_phone"})
        stranger.append(condition("phone_known", False))
        not_reached.append(no_phone)
        no_answer.append(no_phone)
    else:
        answered = sees_at
    word = {"when": "updated", "fires": "every", "stop": True, "any": _TAGGED}
    wrote = [CUSTOMER_WROTE, NOBODY_HAS_IT, answered]
    web = [condition("channel", str(Channel.WEB))]
    again: list[dict[str, Any]] = [{"action": "send_message", "text": dict(texts["again"])}]
    if then != "remind":
        again += [
            {"action": "remove_tag", "tag": ASKED},
            {"action": "add_tag", "tag": ASKED_AGAIN},
        ]
    if then != "connect":
        again.append(_WAIT)
    return [
        Part(
            name=_NAMES["first"],
            told={
                "when": "incoming",
                "fires": "once",
                "stop": False,
                "all": stranger,
                "any": reached,
                "actions": save,
            },
        ),
        Part(
            name=_NAMES["ask"],
            told={
                "when": "incoming",
                "fires": "once",
                "stop": False,
                "all": [*stranger, *not_reached],
                "any": web,
                "actions": [
                    {"action": "send_message", "text": dict(texts["ask"])},
                    {"action": "add_tag", "tag": ASKED},
                    _WAIT,
                ],
            },
        ),
        Part(
            name=_NAMES["wrote"],
            told={
                **word,
                "all": [*wrote, condition("availability", "online")],
                "actions": [
                    *save,
                    *_UNTAG,
                    {"action": "send_message", "text": dict(texts["connect"])},
                ],
            },
        ),
        Part(
            name=_NAMES["busy"],
            told={
                **word,
                # The same sentence as when everyone is busy: nobody reads it twice.
                "family": BUSY_FAMILY,
                "all": [*wrote, condition("availability", "online", "is_not")],
                "actions": [
                    *save,
                    *_UNTAG,
                    {"action": "convert"},
                    {"action": "send_message", "text": together(texts["busy"], texts["place"])},
                ],
            },
        ),
        Part(
            name=_NAMES["again"],
            told={
                "when": "updated",
                "fires": "every",
                "stop": False,
                "all": [CUSTOMER_WROTE, NOBODY_HAS_IT, *no_answer, condition("tag", ASKED)],
                "any": [],
                "actions": again,
            },
        ),
        Part(
            name=_NAMES["quiet"],
            is_used=then != "remind",
            told={
                "when": "time",
                "after": {"since": "customer_word", "minutes": PATIENCE},
                "fires": "every",
                "stop": False,
                "all": [
                    condition("status", "waiting"),
                    NOBODY_HAS_IT,
                    condition("visitor_here", True),
                ],
                "any": _TAGGED,
                "actions": [*_UNTAG, {"action": "set_status", "status": "queued"}],
            },
        ),
    ]


def _read(rules: Sequence[Rule]) -> tuple[dict[str, Any], dict[str, str]]:
    _first, ask, wrote, busy, again, _quiet = rules
    does = [told.get("action") for told in again.actions]
    waits = "end_waiting" in does
    then = "connect" if not waits else "once" if "add_tag" in does else "remind"
    takes_phone = {"action": "save_phone"} in wrote.actions
    both = said(busy)
    place = {code: text.rpartition("\n\n")[2] for code, text in both.items()}
    texts = {
        "ask": said(ask),
        "again": said(again),
        "connect": said(wrote),
        "busy": {code: text.rpartition("\n\n")[0] or text for code, text in both.items()},
        "place": without(place, {}),
    }
    return texts, {"accept": "email_or_phone" if takes_phone else "email", "then": then}


ASK_EMAIL = Recipe(
    title=_("Ask for the e-mail address"),
    brief=_("Who writes for the first time is asked for it before anybody is rung."),
    guide=_(
        "Who writes for the first time and whose address is not known is asked for it before "
        "anybody is rung. The chat waits meanwhile: it takes nobody's place and is counted "
        "nowhere. Once an “@” is written the address is kept, unverified, and the chat goes to "
        "your team. What happens if something else is written is chosen below; who stays on the "
        "page in silence for three minutes is let through, unless they are to be reminded. Where "
        "everyone is busy, that sentence comes first and nobody is asked twice."
    ),
    labels={
        "ask": _("First question"),
        "again": _("Asked again"),
        "connect": _("Said when the address is written and somebody is free"),
        "busy": _("Said when the address is written and nobody is free"),
        "place": _("Added to that: the place in line stays"),
    },
    texts=lambda settings: {
        "ask": _ASK[settings["accept"]],
        "again": _AGAIN[settings["accept"]],
        "connect": _CONNECT,
        "busy": BUSY,
        "place": PLACE,
    },
    parts=_parts,
    read=_read,
    settings={
        "accept": Setting(
            label=_("What is asked for"),
            choices={
                "email": _("The e-mail address"),
                "email_or_phone": _("The e-mail address or a phone number"),
            },
        ),
        "then": Setting(
            label=_("If the customer writes something else"),
            choices={
                "once": _("Ask once more, then let them through"),
                "connect": _("Ask once more, and connect an agent anyway"),
                "remind": _("Ask at every message until an “@” is written"),
            },
        ),
    },
    optional=frozenset({"place"}),
)
