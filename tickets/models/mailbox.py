"""Where a brand's mail leaves from, and where it comes in."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models import Brand, Language
from config.secrets import EncryptedField


class Security(models.TextChoices):
    """How a connection to a mail server is kept from others' eyes."""

    STARTTLS = "starttls", "STARTTLS"
    TLS = "tls", "TLS"
    NONE = "none", _("None (only for a server next door)")


class Mailbox(models.Model):
    """A brand's own e-mail address. Without a server of its own the environment's sends."""

    brand = models.OneToOneField(
        Brand, models.CASCADE, related_name="mailbox", verbose_name=_("brand")
    )
    address = models.EmailField(_("address"), unique=True)
    # Whose mail is forwarded to it: ours, too.
    also_at = models.JSONField(_("also reached at"), default=list, blank=True)
    display_name = models.CharField(_("sender's name"), max_length=80, blank=True)
    signature_tr = models.TextField(_("signature (Turkish)"), max_length=1000, blank=True)
    signature_en = models.TextField(_("signature (English)"), max_length=1000, blank=True)
    # "support+anything@…" arrives at "support@…": replies then carry their ticket's signature.
    has_plus = models.BooleanField(_("takes +addresses"), default=False)
    # To whoever opens a ticket by mail.
    acknowledges = models.BooleanField(_("confirm new tickets"), default=True)
    smtp_host = models.CharField(_("server"), max_length=200, blank=True)
    smtp_port = models.PositiveIntegerField(_("port"), default=587)
    smtp_security = models.CharField(
        _("security"), max_length=8, choices=Security, default=Security.STARTTLS
    )
    smtp_user = models.CharField(_("user"), max_length=200, blank=True)
    smtp_password = EncryptedField(_("password"))
    imap_host = models.CharField(_("server"), max_length=200, blank=True)
    imap_port = models.PositiveIntegerField(_("port"), default=993)
    imap_security = models.CharField(
        _("security"), max_length=8, choices=Security, default=Security.TLS
    )
    imap_user = models.CharField(_("user"), max_length=200, blank=True)
    imap_password = EncryptedField(_("password"))
    imap_folder = models.CharField(_("folder"), max_length=200, default="INBOX")
    # Whose word on senders counts.
    auth_server = models.CharField(_("server that checks senders"), max_length=200, blank=True)
    # Where a mail server brings mail, and the hashes of what it must know.
    hook_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    hook_secrets = models.JSONField(default=list, editable=False)
    # Up to where its folder is read; another validity means that all numbers are new.
    uid_validity = models.BigIntegerField(null=True, editable=False)
    last_uid = models.BigIntegerField(default=0, editable=False)
    # What lay there before is nobody's to read.
    reads_since = models.DateTimeField(null=True, editable=False)
    # Who reads it now, until when.
    fetching_until = models.DateTimeField(null=True, editable=False)
    # A mail that the server doesn't hand out, and how often it was asked for.
    stuck_uid = models.BigIntegerField(default=0, editable=False)
    stuck_times = models.PositiveSmallIntegerField(default=0, editable=False)
    fetched_at = models.DateTimeField(null=True, editable=False)
    fetch_error = models.CharField(max_length=20, blank=True, editable=False)
    fetch_error_at = models.DateTimeField(null=True, editable=False)
    # Who waits to hear of new mail, since and until when, or the code of why nobody does.
    listening_since = models.DateTimeField(null=True, editable=False)
    listening_until = models.DateTimeField(null=True, editable=False)
    listening_error = models.CharField(max_length=20, blank=True, editable=False)
    # What the server last did with a mail: nothing wrong, or the code of a sentence.
    sent_at = models.DateTimeField(null=True, editable=False)
    send_error = models.CharField(max_length=20, blank=True, editable=False)
    send_error_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return self.address

    @property
    def addresses(self) -> set[str]:
        """Return every address at which it is reached, in small letters."""
        return {each.casefold() for each in (self.address, *self.also_at)}

    @property
    def is_read(self) -> bool:
        """Return whether answers to it reach us."""
        return bool(self.imap_host or self.hook_secrets)

    def signature(self, language: str) -> str:
        """Return what stands below an answer in `language`."""
        return self.signature_tr if language == Language.TURKISH else self.signature_en


def our_addresses() -> frozenset[str]:
    """Return the addresses of all mailboxes in small letters: what goes there comes back to us."""
    rows = Mailbox.objects.values_list("address", "also_at")
    return frozenset(each.casefold() for address, also_at in rows for each in (address, *also_at))


def mailbox_of(brand_id: int) -> Mailbox | None:
    """Return the mailbox that a brand's mail leaves from; None where the environment's server
    sends it.
    """
    found: Mailbox | None = Mailbox.objects.filter(brand=brand_id).first()
    return found


def server_of(mailbox: Mailbox | None) -> str:
    """Return the server that mail leaves by; empty for the environment's.

    Effects that send mail have it as `server`: one that hangs then holds up no other's.
    """
    return mailbox.smtp_host.lower() if mailbox else ""
