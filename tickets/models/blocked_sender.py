"""Addresses from which nothing is taken in."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Brand


class BlockedSender(models.Model):
    """Mail from this address is kept, and nothing is made of it."""

    # Folded, so that two spellings are the same.
    address = models.EmailField(_("address"), max_length=254)
    brand = models.ForeignKey(
        Brand,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("brand"),
        help_text=_("Empty: all brands."),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    until = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: until somebody unblocks it.")
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("blocked by"),
    )
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("blocked sender")
        verbose_name_plural = _("blocked senders")
        constraints = [
            models.UniqueConstraint(
                "address",
                Coalesce("brand", 0),
                name="blocked_once",
                violation_error_message=_("This address is blocked already."),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def counts_for(self, brand: Brand, *, now: datetime) -> bool:
        """Return whether a brand wants no mail from this address now."""
        is_over = self.until is not None and self.until <= now
        return not is_over and self.brand_id in (None, brand.pk)
