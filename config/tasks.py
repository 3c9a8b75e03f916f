"""Periodic work of the ground."""

from celery import shared_task

from config.database.sqlite.upkeep import gather_statistics


@shared_task(name="database.statistics")
def statistics() -> None:
    """Keep the embedded database's query plans right while it grows."""
    gather_statistics()
