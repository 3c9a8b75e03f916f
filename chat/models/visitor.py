"""Visitors."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.models import Brand, Language
from agents.models.agent import new_public_id
from tickets.models import Contact

# What a person is called and reached by, and how long it may be.
LENGTHS = {"name": 120, "email": 254, "phone": 32}


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
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    # Who this is for the brand's own server, which signed it; each browser of a person has a row.
    external_id = models.CharField(max_length=255, blank=True)
    # Which of name, email and phone that server signed; a form never changes those.
    verified = models.JSONField(default=list)
    # What the site told of: the newest {"name", "at"}, oldest first.
    events = models.JSONField(default=list)
    language = models.CharField(max_length=2, choices=Language)
    # {"url", "title", "referrer"} of the newest page.
    page = models.JSONField(default=dict)
    user_agent = models.CharField(max_length=400, blank=True)
    # Such as "Chrome · Android".
    device = models.CharField(max_length=80, blank=True)
    # From where the newest session came, and since when that is another place than before.
    ip = models.GenericIPAddressField(null=True)
    ip_changed_at = models.DateTimeField(null=True)
    visits = models.PositiveIntegerField(default=1)
    consent = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")
        indexes = [
            # The customer panel: other browsers of the same person.
            models.Index(
                fields=["brand", "external_id"],
                condition=~models.Q(external_id=""),
                name="visitor_by_external_id",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.label

    @property
    def known(self) -> dict[str, str]:
        """Return what a form need not ask for."""
        return {name: value for name in LENGTHS if (value := getattr(self, name))}

    @property
    def signed(self) -> dict[str, str]:
        """Return what of it the brand's server vouches for."""
        return {name: value for name, value in self.known.items() if name in self.verified}

    @property
    def label(self) -> str:
        """Return a short name for somebody who gave none."""
        return gettext("Visitor %(number)d") % {"number": self.pk}
