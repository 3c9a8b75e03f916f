"""Rules that are on while processes compete or lose their broker, and what they must have done.

They react to chats that come in, to customers' words and to time.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.utils import timezone

from automation.models import Effect, Run
from automation.rules.writing import add_rule
from chat.models import Conversation
from config.outbox.models import OutboxEntry
from tests.support.desk import Desk, fresh, kinds, work_all
from tests.support.mail import Smtp
from tests.support.races import check_ledger

HELLO, RETURNS, HOUR = "Merhaba", "İade için fişinizi saklayın.", "Bir saattir bekliyorsunuz."
HOUSE = "depo@shop.example"
# Whoever came then has waited long enough for the rule of time, and not for its next look.
LONG_AGO = timedelta(minutes=90)
# For processes: who came so long ago is not sent away, and who serves them is still there.
PATIENT = {"MAX_WAIT_SECONDS": "86400", "VANISH_SECONDS": "86400"}


def set_up_rules(desk: Desk) -> None:
    """Have the rules be on for the desk's brand since before anybody came."""

    def acts(text: str, tag: str, *more: dict[str, Any]) -> list[dict[str, Any]]:
        said = {"action": "send_message", "text": {"tr": text}}
        return [said, {"action": "add_tag", "tag": tag}, *more]

    texts = {"subject": {"tr": "Yeni"}, "text": {"tr": "Yeni bir müşteri yazdı."}}
    mail = {"action": "send_email", "to": HOUSE, **texts}
    word = {"field": "change", "operator": "is", "value": "customer_word"}
    hour = {"since": "created", "minutes": 60}
    rules: list[dict[str, Any]] = [
        {"when": "incoming", "actions": acts(HELLO, "yeni", {"action": "convert"}, mail)},
        {"when": "updated", "all": [word], "actions": acts(RETURNS, "iade")},
        {"when": "time", "after": hour, "actions": acts(HOUR, "bekledi")},
    ]
    wanted = {"mode": "on", "fires": "every", "brand": desk.brand}
    for told in rules:
        now = timezone.now() - 2 * LONG_AGO
        add_rule(by=None, now=now, name=told["when"], **wanted, **told)
    # What arms a rule of time for those who are here already: nobody is.
    work_all()


def is_all_done() -> bool:
    """Whether workers have nothing left to do, now or in a moment."""
    soon = timezone.now() + timedelta(minutes=1)
    is_due = OutboxEntry.objects.live().filter(available_at__lte=soon).exists()
    return not is_due and not Run.objects.filter(matched=True, done_at=None).exists()


def check_once(chat: Conversation, *, words: int = 0, hours: int = 0) -> None:
    """Hold that rules did each thing once: for the chat, for each word and hour since it began."""
    check_ledger(chat)
    said = Counter(chat.entries.filter(kind="bot").values_list("body", flat=True))
    assert said == Counter({HELLO: 1, RETURNS: words, HOUR: hours}), said
    lines = Counter(kinds(chat))
    assert lines["tagged"] == 1 + min(words, 1) + min(hours, 1), lines
    assert (lines["converted"], lines["queued"]) == (1, 1), lines
    runs = Run.objects.filter(conversation=chat, matched=True)
    assert Counter(runs.values_list("rule__when", flat=True)) == Counter(
        incoming=1, updated=words, time=hours
    )
    assert chat.entries.filter(kind="status", data__has_key="ran").count() == runs.count()
    effects = Effect.objects.filter(run__in=runs)
    assert effects.count() == sum(1 + len(run.actions) for run in runs)
    assert not effects.filter(done=False).exists()
    assert fresh(chat).held_until is None


def check_mails(smtp: Smtp, *chats: Conversation) -> None:
    """Hold that each chat has a ticket of its own, and that the house got one mail about each."""
    numbers = {fresh(chat).ticket.number for chat in chats}
    assert len(numbers) == len(chats)
    got = [(mail["To"], mail["Subject"]) for mail in smtp.taken]
    assert sorted(got) == sorted((HOUSE, f"Yeni [#{number}]") for number in numbers), got
