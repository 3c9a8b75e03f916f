"""Writing facts: of one chat after each thing that happens to it, or of all."""

from collections.abc import Callable, Iterable
from itertools import batched
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agents.models import Agent
from chat.models import Conversation, Entry
from config.database.postgres import take_turn
from config.outbox.operations import enqueue
from reports.facts.hours import PastHours
from reports.facts.net import touched_by, write_net
from reports.facts.past import BATCH, Past
from reports.facts.reading import Stay, read_stays
from reports.facts.rows import fact_of, offers_of, stints_of, words_of
from reports.models import ChatFact, MissedOffer, StintFact, Word

KIND, REBUILD = "reports.facts", "reports.rebuild"


def note_change(*, conversation_id: int) -> None:
    """Have a worker write the facts of a chat anew; a chat that has not changed costs nothing."""
    chat = _all().filter(pk=conversation_id)
    seq = chat.values_list("last_seq", flat=True).first()
    if seq is not None:
        _enqueue(conversation_id, seq)


def catch_up() -> int:
    """Have workers write what no event told of: words in chats that go on; return how many.

    Where the past has no facts yet, all are made: after the first start, and of the demo.
    """
    if lacks_the_past():
        PAST_OF_CHATS.begin(run=_newest())
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
    oldest = _all().order_by("pk")[:1]
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
    return sum(_write(list(some)) for some in batched(conversation_ids, BATCH, strict=False))


def rebuild(*, before: int | None = None, told: Callable[[int], None] | None = None) -> int:
    """Write the facts of all customers' chats anew, newest first; return how many stays there are.

    `before`: only of chats with a smaller key. `told` hears the key down to which it is done.
    """
    return PAST_OF_CHATS.rebuild(before=before, told=told)


@transaction.atomic
def _write(conversation_ids: list[int]) -> int:
    # One at a time, so that who has read fewer lines does not write after who has read more, and
    # a wrap-up is measured with the words of all chats. Chats are not locked: people write in them.
    take_turn(KIND)
    chats = list(_all().filter(pk__in=conversation_ids))
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
    ChatFact.objects.bulk_create([fact for fact, _ in facts], batch_size=BATCH)
    made: tuple[tuple[Any, Iterable[Any]], ...] = (
        (StintFact, (stint for fact, stay in facts for stint in stints_of(fact, stay, cap))),
        (Word, (word for fact, stay in facts for word in words_of(fact, stay, hours))),
        (MissedOffer, (offer for fact, stay in facts for offer in offers_of(fact, stay))),
    )
    for model, rows in made:
        model.objects.bulk_create(rows, batch_size=BATCH)
    write_net(touched + touched_by(ChatFact.objects.filter(conversation__in=lines)), cap=cap)
    return len(facts)


def _all() -> QuerySet[Conversation]:
    return Conversation.objects.filter(kind=Conversation.Kind.CUSTOMER)


PAST_OF_CHATS = Past(kind=REBUILD, rows=_all, write=_write)
