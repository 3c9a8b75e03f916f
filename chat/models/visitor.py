"""Visitors."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.models import Brand, Language
from agents.models.agent import new_public_id
from tickets.models import Contact


class Visitor(models.Model):
    """A browser or device session on one brand's site. Made at the first message, not before."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)
    brand = models.ForeignKey(Brand, models.CASCADE, related_name="visitors")
    # SHA-256 of the 256-bit secret that the browser keeps.
    secret_hash = models.CharField(max_length=64, unique=True)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="visitors"
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(max_length=2, choices=Language)
    # {"url", "title", "referrer"} of the newest page.
    page = models.JSONField(default=dict)
    user_agent = models.CharField(max_length=400, blank=True)
    # Such as "Chrome · Android".
    device = models.CharField(max_length=80, blank=True)
    ip = models.GenericIPAddressField(null=True)
    visits = models.PositiveIntegerField(default=1)
    consent = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")

    def __str__(self) -> str:
        return self.name or self.label

    @property
    def label(self) -> str:
        """Return a short name for somebody who gave none."""
        return gettext("Visitor %(number)d") % {"number": self.pk}
