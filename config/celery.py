"""The Celery application: a broker when one is configured, memory when embedded."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("imece")
app.config_from_object("django.conf:settings", namespace="CELERY")
# A worker thread of the web process must find this app, not Celery's amqp default.
app.set_default()
app.autodiscover_tasks()
