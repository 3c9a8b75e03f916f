"""Contacts."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Language
from tickets.models.querysets import ContactQuerySet


class Contact(models.Model):
    """A person, joined over identities. What a visitor merely claims never makes two people one."""

    name = models.CharField(_("name"), max_length=120, blank=True)
    sort_name = models.CharField(max_length=600, editable=False, default="")
    # Name, address and number, folded: what a search looks through.
    search = models.TextField(editable=False, default="")
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    is_email_verified = models.BooleanField(_("e-mail verified"), default=False)
    language = models.CharField(_("language"), max_length=2, choices=Language, blank=True)
    # Who everything that was theirs was linked to: the row stays, for that can be undone.
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            # The customer panel: others with this e-mail.
            models.Index(fields=["email"], condition=~Q(email=""), name="contact_by_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or str(self.pk)

    def language_else(self, came_in: str) -> str:
        """Return the language that an agent chose for mails to them, else the one they `came_in`:
        what else is known of theirs says no more than in which they came before.
        """
        is_other = self.language not in {"", came_in}
        is_chosen = is_other and self.changes.filter(data__has_key="language").exists()
        return self.language if is_chosen else came_in
