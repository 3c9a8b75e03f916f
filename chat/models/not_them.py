"""Customers whom somebody said a visitor is not."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.visitor import Visitor
from tickets.models import Contact


class NotThem(models.Model):
    """A suggestion that was dismissed: it is not made again."""

    visitor = models.ForeignKey(Visitor, models.CASCADE, related_name="not_them", db_index=False)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visitor", "contact"], name="dismissed_once")
        ]

    def __str__(self) -> str:
        return f"{self.visitor_id} {self.contact_id}"
