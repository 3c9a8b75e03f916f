"""Whose morning it is: each gets one e-mail a day, if any."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from agents.models import Agent
from config.outbox.operations import enqueue

DIGEST = "ticket.digest"
MORNING = 8


def start_digests(*, now: datetime) -> int:
    """Have the e-mails of those leave whose morning has come; return how many."""
    wanted = Agent.objects.filter(is_active=True, digest=True)
    return sum(_start(agent, now) for agent in wanted.order_by("pk"))


@transaction.atomic
def _start(agent: Agent, now: datetime) -> bool:
    here = now.astimezone(ZoneInfo(agent.time_zone))
    if here.hour < MORNING:
        return False
    day = here.date()
    # Of two that look at once one finds it done.
    still = Agent.objects.filter(Q(digest_on=None) | Q(digest_on__lt=day), pk=agent.pk)
    if not still.update(digest_on=day):
        return False
    enqueue(kind=DIGEST, key=f"{DIGEST}:{agent.pk}:{day}", payload={"agent": agent.pk})
    return True
