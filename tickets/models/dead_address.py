"""Addresses at which nobody is."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DeadAddress(models.Model):
    """An address whose mail came back for good: nothing is mailed there until somebody says so."""

    # As identities are compared.
    address = models.CharField(_("address"), max_length=254, unique=True)
    # What the mail server said.
    detail = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("address that mail came back from")
        verbose_name_plural = _("addresses that mail came back from")

    def __str__(self) -> str:
        return self.address
