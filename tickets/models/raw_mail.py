"""Mails as they came, kept before anything is made of them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.models.entry import Entry
from tickets.models.mailbox import Mailbox


class RawMail(models.Model):
    """One mail, byte for byte, and what became of it."""

    class State(models.TextChoices):
        STORED = "stored", pgettext_lazy("mail", "Waiting")
        DONE = "done", pgettext_lazy("mail", "Taken in")
        ASIDE = "aside", pgettext_lazy("mail", "Put aside")
        BROKEN = "broken", pgettext_lazy("mail", "Can't be read")

    class SenderMark(models.TextChoices):
        PASSED = "passed", pgettext_lazy("sender", "Verified")
        FAILED = "failed", pgettext_lazy("sender", "Not verified")
        UNKNOWN = "", pgettext_lazy("sender", "The mail server doesn't say")

    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="mails", verbose_name=_("mailbox"), db_index=False
    )
    # Where it lies on the server; nothing for what was imported by hand.
    uid_validity = models.BigIntegerField(null=True)
    uid = models.BigIntegerField(null=True)
    # The same for the same mail, wherever and however often it comes.
    key = models.CharField(max_length=64)
    file = models.FileField(upload_to="mail/%Y/%m/")
    size = models.PositiveIntegerField(_("size"))
    sender = models.CharField(_("sender"), max_length=254, blank=True)
    # Whether it comes from there, as the mailbox's own server found out.
    sender_mark = models.CharField(
        _("sender is who they say"), max_length=6, choices=SenderMark, blank=True
    )
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    state = models.CharField(
        pgettext_lazy("mail", "state"), max_length=6, choices=State, default=State.STORED
    )
    # Why nothing was made of it, or what was.
    reason = models.CharField(max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How often an admin asked for it to be read again.
    rounds = models.PositiveIntegerField(default=0)
    entry = models.ForeignKey(Entry, models.SET_NULL, null=True, related_name="mails")
    # Cleaned, for the frame in which it is shown.
    html = models.TextField(default="", editable=False)
    received_at = models.DateTimeField(_("received"), default=timezone.now)

    class Meta:
        verbose_name = _("incoming mail")
        verbose_name_plural = _("incoming mails")
        constraints = [
            # What the fetcher has already; also the mails of a mailbox.
            models.UniqueConstraint(
                fields=["mailbox", "uid_validity", "uid"],
                condition=Q(uid__isnull=False),
                name="mail_fetched_once",
            ),
            models.UniqueConstraint(fields=["mailbox", "key"], name="mail_kept_once"),
        ]
        indexes = [
            # The page of what needs a look.
            models.Index(
                fields=["-received_at"],
                condition=Q(state__in=["aside", "broken"]),
                name="mail_that_needs_a_look",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.sender or f"#{self.pk}"

    @property
    def is_doubtful(self) -> bool:
        """Return whether it seems to be of somebody else than it says."""
        return self.sender_mark == self.SenderMark.FAILED
