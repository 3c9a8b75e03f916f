"""What agents want to be told of."""

from collections.abc import Collection

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
