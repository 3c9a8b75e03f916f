"""Brands: their widget, texts and topics."""

import secrets
from pathlib import PurePath

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    """The languages of the product."""

    TURKISH = "tr", "Türkçe"
    ENGLISH = "en", "English"


class Ask(models.TextChoices):
    """Whether the pre-chat form asks for something."""

    NO = "no", _("Don't ask")
    OPTIONAL = "optional", _("Ask, may stay empty")
    REQUIRED = "required", _("Required")


def new_site_key() -> str:
    """Return a public key for the embed snippet."""
    return secrets.token_hex(8)


class Brand(models.Model):
    """A product or site of the company: its widget, texts, hours, mailbox."""

    class Side(models.TextChoices):
        RIGHT = "right", _("Right")
        LEFT = "left", _("Left")

    class Theme(models.TextChoices):
        AUTO = "auto", _("Like the page around it")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class AtCapacity(models.TextChoices):
        QUEUE = "queue", _("Wait in line, may leave a message")
        FORM = "form", _("Offline form at once")

    class Transcripts(models.TextChoices):
        NEVER = "never", _("Never")
        ON_REQUEST = "request", _("When the visitor asks for it")
        ALWAYS = "always", _("Always, where an address is known")

    name = models.CharField(_("name"), max_length=80)
    site_key = models.CharField(_("site key"), max_length=40, unique=True, default=new_site_key)
    # Each "scheme://host[:port]", validated; also the widget page's frame-ancestors.
    allowed_origins = models.JSONField(
        _("allowed origins"),
        default=list,
        blank=True,
        help_text=_("One per line, such as https://www.example.com"),
    )
    default_language = models.CharField(
        _("default language"), max_length=2, choices=Language, default=Language.TURKISH
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/Istanbul")
    primary_color = models.CharField(_("primary colour"), max_length=7, default="#0b6e6e")
    accent_color = models.CharField(_("accent colour"), max_length=7, default="#0b6e6e")
    logo = models.ImageField(_("logo"), upload_to="logos/", blank=True)
    launcher_side = models.CharField(
        _("launcher side"), max_length=5, choices=Side, default=Side.RIGHT
    )
    theme = models.CharField(_("light or dark"), max_length=5, choices=Theme, default=Theme.AUTO)
    ask_name = models.CharField(_("name"), max_length=8, choices=Ask, default=Ask.OPTIONAL)
    ask_email = models.CharField(_("e-mail"), max_length=8, choices=Ask, default=Ask.OPTIONAL)
    ask_phone = models.CharField(_("phone"), max_length=8, choices=Ask, default=Ask.NO)
    privacy_url = models.URLField(_("privacy notice address"), blank=True)
    capacity = models.PositiveSmallIntegerField(_("chats at once per agent"), default=4)
    at_capacity = models.CharField(
        _("when everyone is busy"), max_length=5, choices=AtCapacity, default=AtCapacity.QUEUE
    )
    max_queue_length = models.PositiveSmallIntegerField(_("longest line"), default=50)
    default_team = models.ForeignKey(
        "agents.Team",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("default team"),
        help_text=_("Gets chats without a topic."),
    )
    notice_words = models.BooleanField(_("customers' words in notifications"), default=True)
    tell_opened = models.BooleanField(
        _("ring already when somebody opens the chat window"), default=False
    )
    transcripts = models.CharField(
        _("send transcripts by e-mail"),
        max_length=7,
        choices=Transcripts,
        default=Transcripts.ON_REQUEST,
    )
    mails_answers = models.BooleanField(
        _("mail answers that stay unread"),
        default=True,
        help_text=_(
            "What an agent wrote and a customer has not read after three minutes goes to their"
            " e-mail address, with a link on which the chat goes on."
        ),
    )
    requires_topic = models.BooleanField(
        _("ask for a topic when a chat is resolved"),
        default=True,
        help_text=_("Off, or while the brand has no topics, agents may resolve without one."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def __str__(self) -> str:
        return self.name

    @property
    def logo_url(self) -> str:
        """Return the address of the logo; empty without one."""
        if not self.logo:
            return ""
        return reverse("agents:logo", args=[self.site_key, PurePath(self.logo.name or "").stem])

    @property
    def missing_step(self) -> str:
        """Return what is still to be set up before every chat finds somebody and a topic, or "".

        Asks for the topics unless they are prefetched.
        """
        if self.default_team_id is None:
            text = gettext("%(brand)s has no default team: chats without a topic reach nobody.")
        elif self.requires_topic and not self._has_topics:
            text = gettext(
                "%(brand)s has no topics, so its chats are resolved without one. Add some, or say"
                " on its page that none is asked for."
            )
        else:
            return ""
        return text % {"brand": self.name}

    @property
    def needs_topic(self) -> bool:
        """Return whether a chat can only be resolved with a topic; never where there is none."""
        return self.requires_topic and self._has_topics

    @property
    def _has_topics(self) -> bool:
        return any(topic.is_active for topic in self.topics.all())


class BrandText(models.Model):
    """What a brand says to visitors, in one language; an empty text means the product's own."""

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=2, choices=Language)
    title = models.CharField(_("window title"), max_length=60, blank=True)
    welcome = models.CharField(_("welcome"), max_length=200, blank=True)
    hold = models.TextField(_("while waiting"), max_length=500, blank=True)
    all_busy = models.TextField(_("everyone is busy"), max_length=500, blank=True)
    offline = models.TextField(_("nobody is here"), max_length=500, blank=True)
    closing = models.TextField(_("closing"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        constraints = [
            models.UniqueConstraint(fields=["brand", "language"], name="one_text_per_language"),
        ]

    def __str__(self) -> str:
        return self.get_language_display()


class IdentitySecret(models.Model):
    """The key with which a brand's own server signs who its visitors are.

    Kept as it is: what others signed can't be checked with a hash of the key.
    """

    # One in use, and the one before it while the brand's server changes over.
    MAX = 2

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="identity_secrets")
    value = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("secret for signed-in visitors")
        verbose_name_plural = _("secrets for signed-in visitors")

    def __str__(self) -> str:
        return f"{self.brand_id} {self.created_at:%Y-%m-%d}"


class TicketType(models.TextChoices):
    """What customers want of a ticket."""

    REQUEST = "request", _("Request")
    COMPLAINT = "complaint", _("Complaint")
    SUGGESTION = "suggestion", _("Suggestion")
    QUESTION = "question", _("Question")


class Topic(models.Model):
    """What a chat is about; routes it, and is required on resolve."""

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="topics", verbose_name=_("brand"))
    name_tr = models.CharField(_("name (Turkish)"), max_length=80)
    name_en = models.CharField(_("name (English)"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    teams = models.ManyToManyField(
        "agents.Team", blank=True, related_name="topics", verbose_name=_("teams")
    )
    is_public = models.BooleanField(
        _("shown to visitors"),
        default=True,
        help_text=_("Otherwise only agents can choose it."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    ticket_type = models.CharField(
        _("type of its tickets"),
        max_length=10,
        choices=TicketType,
        default=TicketType.REQUEST,
        help_text=_("What a chat about it becomes as a ticket. Agents can change it there."),
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        indexes = [
            # Widget home and topic picker: a brand's topics in order.
            models.Index(fields=["brand", "position"], name="topic_by_brand"),
        ]

    def __str__(self) -> str:
        return self.label(get_language() or "en")

    def label(self, language: str) -> str:
        """Return the name in `language`, else in the one that the brand speaks."""
        names = (self.name_tr, self.name_en)
        own, other = names if language == Language.TURKISH else names[::-1]
        return own or other
