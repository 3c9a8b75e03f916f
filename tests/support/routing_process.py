"""One process that serves a queue with others: `python -m tests.support.routing_process SEED`.

Routes and resolves until no chat is left, and prints the most chats it ever saw one agent hold.
"""

import os
import random
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db.models import Count  # noqa: E402 - models need settings
from django.utils import timezone  # noqa: E402

from agents.presence import heartbeat  # noqa: E402
from chat.models import Conversation  # noqa: E402
from chat.operations.assignment import route  # noqa: E402
from chat.operations.conversations import resolve_conversation  # noqa: E402


def most_held() -> int:
    """Return the most slots that one agent has taken, in one look."""
    rows = (
        Conversation.objects.filter(holds_slot=True)
        .values("assignee")
        .annotate(held=Count("pk"))
        .values_list("held", flat=True)
    )
    return max(rows, default=0)


def main(seed: int) -> None:
    """Serve until the queue is empty and everything is resolved."""
    rng = random.Random(seed)
    most = 0
    until = time.monotonic() + 120
    while time.monotonic() < until:
        route(now=timezone.now())
        most = max(most, most_held())
        active = list(
            Conversation.objects.filter(status="active").select_related("assignee", "topic")
        )
        if not active and not Conversation.objects.filter(status="queued").exists():
            break
        for chat in rng.sample(active, min(2, len(active))):
            heartbeat(agent=chat.assignee, now=timezone.now())
            resolve_conversation(
                conversation=chat, topic=chat.topic, by=chat.assignee, now=timezone.now()
            )
    sys.stdout.write(f"{most}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
