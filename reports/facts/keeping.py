"""Writing facts: of one chat after each thing that happens to it, or of all."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from agents.models import Agent
from chat.models import Conversation, Entry
from config.outbox.models import OutboxEntry
from config.outbox.operations import enqueue
from reports.facts.hours import PastHours
from reports.facts.net import touched_by, write_net
from reports.facts.reading import Stay, read_stays
from reports.facts.rows import fact_of, offers_of, stints_of, words_of
from reports.models import ChatFact, MissedOffer, StintFact, Word

KIND, REBUILD = "reports.facts", "reports.rebuild"
_BATCH = 500
# How long one part of a rebuild works.
PART_SECONDS = 20.0


def note_change(*, conversation_id: int) -> None:
    """Have a worker write the facts of a chat anew; a chat that has not changed costs nothing."""
    chat = Conversation.objects.filter(pk=conversation_id, kind=Conversation.Kind.CUSTOMER)
    seq = chat.values_list("last_seq", flat=True).first()
    if seq is not None:
        _enqueue(conversation_id, seq)


def catch_up() -> int:
    """Have workers write what no event told of: words in chats that go on; return how many.

    Where the past has no facts yet, all are made: after the first start, and of the demo.
    """
    if lacks_the_past():
        # One at a time: its parts follow each other.
        if not OutboxEntry.objects.live().filter(kind=REBUILD).exists():
            _go_on(run=_newest(), before=None)
        return 0
    known = ChatFact.objects.filter(conversation=OuterRef("pk"), upto_seq=OuterRef("last_seq"))
    behind = Conversation.objects.unresolved().filter(~Exists(known), kind="customer")
    rows = list(behind.values_list("pk", "last_seq"))
    for conversation_id, seq in rows:
        _enqueue(conversation_id, seq)
    return len(rows)


def lacks_the_past() -> bool:
    """Return whether the facts of what was before the first of them are still to be made.

    The oldest chat tells: facts of new chats come before, and the past is made newest first.
    """
    oldest = Conversation.objects.filter(kind=Conversation.Kind.CUSTOMER).order_by("pk")[:1]
    return any(not ChatFact.objects.filter(conversation=chat).exists() for chat in oldest)


def _enqueue(conversation_id: int, seq: int) -> None:
    enqueue(
        kind=KIND,
        key=f"{KIND}:{conversation_id}:{seq}",
        payload={"conversation_id": conversation_id},
    )


def _newest() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def write_facts(*, conversation_ids: Iterable[int]) -> int:
    """Write the facts of these chats anew, from their lines; return how many stays there are."""
    wanted = list(conversation_ids)
    written = 0
    for start in range(0, len(wanted), _BATCH):
        written += _write(wanted[start : start + _BATCH])
    return written


def rebuild(*, before: int | None = None, told: Callable[[int], None] | None = None) -> int:
    """Write the facts of all customers' chats anew, newest first; return how many stays there are.

    `before`: only of chats with a smaller key. `told` hears the key down to which it is done.
    """
    written = 0
    while pks := _next(before):
        written += _write(pks)
        before = pks[-1]
        if told:
            told(before)
    return written


def rebuild_part(*, run: int, before: int | None) -> None:
    """Write facts anew for some seconds, and have a worker go on from there.

    So no single effect takes longer than a queue allows, and what was done stays done. Newest
    first: reports of these days are whole long before those of years ago.
    """
    until = time.monotonic() + PART_SECONDS
    while pks := _next(before):
        _write(pks)
        before = pks[-1]
        if time.monotonic() > until:
            _go_on(run=run, before=before)
            return


def _next(before: int | None) -> list[int]:
    chats = Conversation.objects.filter(kind=Conversation.Kind.CUSTOMER).order_by("-pk")
    if before is not None:
        chats = chats.filter(pk__lt=before)
    return list(chats.values_list("pk", flat=True)[:_BATCH])


def _go_on(*, run: int, before: int | None) -> None:
    key = f"{REBUILD}:{run}:{before or 'newest'}"
    enqueue(kind=REBUILD, key=key, payload={"run": run, "before": before})


@transaction.atomic
def _write(conversation_ids: list[int]) -> int:
    chats = list(Conversation.objects.filter(pk__in=conversation_ids, kind="customer"))
    lines: dict[int, list[Entry]] = {chat.pk: [] for chat in chats}
    told = Entry.objects.filter(conversation__in=lines).order_by("conversation", "seq")
    for line in told.defer("body", "client_id"):
        lines[line.conversation_id].append(line)
    agent_ids = dict(Agent.objects.values_list("public_id", "pk"))
    cap: int = settings.IMECE["WRAP_UP_SECONDS"]
    hours = PastHours(chat.brand_id for chat in chats)
    touched = touched_by(ChatFact.objects.filter(conversation__in=lines))
    ChatFact.objects.filter(conversation__in=lines).delete()
    facts: list[tuple[ChatFact, Stay]] = []
    for chat in chats:
        stays = read_stays(lines[chat.pk], agent_ids=agent_ids, wrap_up_cap=cap)
        seq = lines[chat.pk][-1].seq if stays else 0
        facts += [(fact_of(chat, stay, seq, hours), stay) for stay in stays]
    ChatFact.objects.bulk_create([fact for fact, _ in facts], batch_size=_BATCH)
    made: tuple[tuple[Any, Iterable[Any]], ...] = (
        (StintFact, (stint for fact, stay in facts for stint in stints_of(fact, stay, cap))),
        (Word, (word for fact, stay in facts for word in words_of(fact, stay))),
        (MissedOffer, (offer for fact, stay in facts for offer in offers_of(fact, stay))),
    )
    for model, rows in made:
        model.objects.bulk_create(rows, batch_size=_BATCH)
    write_net(touched + touched_by(ChatFact.objects.filter(conversation__in=lines)), cap=cap)
    return len(facts)
