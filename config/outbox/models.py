"""Effects that must happen after a commit, kept until they have happened."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from config.outbox.registry import label_of


class OutboxQuerySet(models.QuerySet["OutboxEntry"]):
    """Rows by what became of them."""

    def live(self) -> Self:
        """Neither done nor given up."""
        return self.filter(done_at=None, dead_at=None)

    def dead(self) -> Self:
        """Given up; an admin may replay them."""
        return self.filter(dead_at__isnull=False)


class OutboxEntry(models.Model):
    """One effect: written with the change that causes it, done at least once by a worker."""

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("key"), max_length=120, unique=True)
    payload = models.JSONField(_("payload"))
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    available_at = models.DateTimeField(_("due"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True)
    # Which claim has the lease: a number drawn for each, so that who lost it changes nothing.
    holder = models.BigIntegerField(null=True)
    last_error = models.TextField(_("last error"), blank=True, default="")
    done_at = models.DateTimeField(_("done"), null=True)
    dead_at = models.DateTimeField(_("given up"), null=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbox entry")
        verbose_name_plural = _("outbox")
        indexes = [
            # Claim: the oldest due rows that are neither done nor dead.
            models.Index(
                fields=["available_at"],
                condition=Q(done_at=None, dead_at=None),
                name="outbox_live",
            ),
            # Purge: done rows by age.
            models.Index(
                fields=["done_at"], condition=Q(done_at__isnull=False), name="outbox_done"
            ),
            # Gauges and admin: the given up.
            models.Index(
                fields=["dead_at"], condition=Q(dead_at__isnull=False), name="outbox_dead"
            ),
        ]

    def __str__(self) -> str:
        created = date_format(timezone.localtime(self.created_at), "DATETIME_FORMAT")
        return f"{label_of(self.kind)} · {created}"
