"""Mails that leave, and what became of each."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Sending(models.Model):
    """One mail on its way to one address."""

    class State(models.TextChoices):
        QUEUED = "queued", _("On its way")
        SENDING = "sending", _("Being handed over")
        RETRY = "retry", _("Will be tried again")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not delivered")
        # The server may have it: a second mail would be worse than none.
        UNKNOWN = "unknown", _("Sent or not: nobody knows")
        BOUNCED = "bounced", _("Came back")

    address = models.EmailField()
    message_id = models.CharField(max_length=250)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    # Why: the code of a sentence, and what the server said.
    code = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
