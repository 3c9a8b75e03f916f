"""Customers of whom somebody said that they are two people."""

from django.db import models
from django.utils import timezone

from agents.models import Agent
from tickets.models.contact import Contact


class Apart(models.Model):
    """A suggestion that was dismissed: neither is suggested at the other again."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey(Contact, models.CASCADE, related_name="+")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "other"], name="told_apart_once")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.other_id}"
