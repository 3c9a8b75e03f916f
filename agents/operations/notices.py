"""What agents want to be told of."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from agents.models import Agent, Notice


@transaction.atomic
def set_notices(
    *, agent: Agent, wanted: Collection[str], quiet: list[list[str]] | None = None
) -> None:
    """Switch the classes of notifications; without `quiet` the quiet hours stay."""
    agent.notices_off = [notice.value for notice in Notice if notice not in wanted]
    if quiet is not None:
        agent.quiet = quiet
    agent.save(update_fields=["notices_off", "quiet"])


@transaction.atomic
def set_digest(*, agent: Agent, is_wanted: bool, now: datetime) -> None:
    """Switch the e-mail of each morning; the first one comes on the next."""
    if is_wanted is not agent.digest:
        agent.digest = is_wanted
        agent.digest_on = now.astimezone(ZoneInfo(agent.time_zone)).date()
        agent.save(update_fields=["digest", "digest_on"])
