"""By what a customer is known."""

import re

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Brand
from tickets.models.contact import Contact

_NOT_DIALLED = re.compile(r"[^\d+]")
# A mobile number of Türkiye, with or without what is dialled before it.
_TURKISH = re.compile(r"(?:\+?90)?0?(5[0-9]{9})")


class Identity(models.Model):
    """An address, a number or a browser of a customer; many may claim one, one has it proven."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        VISITOR = "visitor", _("visitor")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="identities")
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    # Folded, so that two spellings are the same.
    value = models.CharField(_("value"), max_length=254)
    is_verified = models.BooleanField(_("verified"), default=False)
    # An agent said that it is this person's, and whose it was before.
    linked_by = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    linked_from = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+")
    # The one brand to which it was told; None: several, or an agent who reaches all of them.
    brand = models.ForeignKey(Brand, models.CASCADE, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(fields=["contact", "kind", "value"], name="identity_once"),
            models.UniqueConstraint(
                fields=["kind", "value"], condition=Q(is_verified=True), name="identity_proven_once"
            ),
        ]
        indexes = [
            # Suggestions: who else is known by this.
            models.Index(fields=["kind", "value"], name="identity_by_value"),
        ]

    def __str__(self) -> str:
        return self.value

    @property
    def is_linked(self) -> bool:
        """Return whether an agent said that it is this person's, and may take that back."""
        return self.linked_from_id is not None and self.linked_from_id != self.contact_id


def folded(kind: str, value: str) -> str:
    """Return `value` as identities of its kind are compared; "" for what identifies nobody.

    Letters keep their marks: two mailboxes that only look alike are two people's.

    >>> folded("email", " Ayse@Example.com "), folded("phone", "0090 (532) 000-11 22")
    ('ayse@example.com', '+905320001122')
    >>> folded("phone", "0532 000 11 22"), folded("phone", "532 000 11 22")
    ('+905320001122', '+905320001122')
    """
    match kind:
        case Identity.Kind.EMAIL:
            return value.strip().casefold()[:254]
        case Identity.Kind.PHONE:
            dialled = _NOT_DIALLED.sub("", value)
            dialled = f"+{dialled[2:]}" if dialled.startswith("00") else dialled
            if turkish := _TURKISH.fullmatch(dialled):
                dialled = f"+90{turkish[1]}"
            # Extensions and single digits are everybody's.
            return dialled[:254] if len(dialled) >= 7 else ""
    return value
