"""The Celery application: a broker when one is configured, memory when embedded."""

import os

from celery import Celery
from celery.apps.worker import Worker
from celery.signals import celeryd_after_setup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("imece")
app.config_from_object("django.conf:settings", namespace="CELERY")
# A worker thread of the web process must find this app, not Celery's amqp default.
app.set_default()
app.autodiscover_tasks()

# People wait for what stands in these, with an eye on the screen.
_FIRST = {"realtime", "rules"}
_GIVES_WAY = 5


@celeryd_after_setup.connect
def give_way(instance: Worker, **kwargs: object) -> None:
    """Let a worker of other queues take what cores are left, by a lower priority of its process."""
    if not _FIRST & set(instance.app.amqp.queues.consume_from):
        os.setpriority(os.PRIO_PROCESS, 0, _GIVES_WAY)
