"""Wiring and ground: settings, events, outbox, layers, folding."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
