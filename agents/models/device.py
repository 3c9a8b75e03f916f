"""Phones and browsers that are told when the console is not looked at."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models.access import ApiToken

# How long a push may stay without a word of its device before nobody counts on that.
CONFIRM_WITHIN = timedelta(seconds=30)


class DeviceQuerySet(models.QuerySet[Any]):
    """Devices."""

    def reachable(self, now: datetime) -> Self:
        """Keep those that confirmed the last push, or may still do so."""
        answers = Q(unconfirmed_since=None) | Q(unconfirmed_since__gt=now - CONFIRM_WITHIN)
        signed_in = Q(token=None) | Q(token__revoked_at=None)
        return self.filter(answers, signed_in, confirmed_at__isnull=False)


class Device(models.Model):
    """One app or browser of an agent, as a push service knows it."""

    class Kind(models.TextChoices):
        WEBPUSH = "webpush", _("Browser")
        FCM = "fcm", _("App")

    class Platform(models.TextChoices):
        ANDROID = "android", "Android"
        IOS = "ios", "iOS"
        WEB = "web", _("Browser")

    class Problem(models.TextChoices):
        """Why the last push did not reach a device."""

        KEYS = (
            "keys",
            _("The push service refuses our keys (401, 403). Turn notifications on again there."),
        )
        ACCOUNT = "account", _("Google refuses the service account (401, 403). Paste a new one.")
        SETUP = "setup", _("No service account is set up for apps.")
        PRIVATE = "private", _("The address is not on the public Internet.")
        TOO_LARGE = (
            "too_large",
            _("The push service finds the notification too large (413)."),
        )
        LATER = (
            "later",
            _("The push service has too much to do or does not answer (429, 500). We try again."),
        )
        REFUSED = "refused", _("The push service refuses the notification.")

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="devices",
        verbose_name=_("agent"),
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    platform = models.CharField(_("platform"), max_length=7, choices=Platform)
    name = models.CharField(max_length=80, blank=True)
    # {"token"} of the app, or {"endpoint", "keys"} of the browser.
    address = models.JSONField()
    # Of token or endpoint: the same one is the same device.
    digest = models.CharField(max_length=64, unique=True)
    # What it was registered with. Once that ends, the device is silent.
    session_key = models.CharField(max_length=40, blank=True)
    token = models.ForeignKey(ApiToken, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    # It registered again, or confirmed a push.
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)
    # Since when pushes go out to it of which it has confirmed none.
    unconfirmed_since = models.DateTimeField(null=True)
    problem = models.CharField(max_length=9, choices=Problem, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return self.name or str(self.get_kind_display())
