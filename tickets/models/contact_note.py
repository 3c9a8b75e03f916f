"""What colleagues should know of a customer."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Brand
from tickets.models.contact import Contact

NOTE_MAX = 4000


class ContactNote(models.Model):
    """A note about a customer; the customer never sees it."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="notes")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    # The one brand through which its writer knew the customer; None: several.
    brand = models.ForeignKey(Brand, models.CASCADE, null=True, related_name="+", db_index=False)
    body = models.TextField(_("note"))
    # The same again is the same note.
    client_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("customer note")
        verbose_name_plural = _("customer notes")
        constraints = [
            models.UniqueConstraint(fields=["agent", "client_id"], name="customer_note_once")
        ]
        indexes = [models.Index(fields=["contact", "-created_at"], name="customer_notes")]

    def __str__(self) -> str:
        return self.body[:80]
