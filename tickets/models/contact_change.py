"""What was corrected of a customer, and by whom."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from tickets.models.contact import Contact


class ContactChange(models.Model):
    """One correction: it stands in the customer's history."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="changes")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    # Of each field what it was and became.
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("change of a customer")
        verbose_name_plural = _("changes of customers")
        indexes = [models.Index(fields=["contact", "-created_at"], name="customer_changes")]

    def __str__(self) -> str:
        return ", ".join(self.data)
