"""What the widget of a brand looks like, asks and says.

`frame_config` is what its page begins with (`chat/widget/views.py`), `widget_config` what a session
answers (`chat/api/widget/sessions.py`). The words are those of `chat/texts/widget.py`.
"""

from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone, translation

from agents.brands.colors import dark_palette, palette
from agents.brands.origins import is_source
from agents.models import Brand, BrandText, Language, Topic
from agents.presence import present_agents
from chat.protocol import ATTACHMENTS_MAX, kinds_json
from chat.routing import rule_hooks
from chat.texts.widget import launcher_texts, widget_texts
from config.files.kinds import ACCEPT
from config.mail import ADDRESS

FACES = 3


def widget_config(brand: Brand, language: str) -> dict[str, Any]:
    """Return a brand's look, form, texts and limits for a widget or app in `language`."""
    return widget_page(brand, language) | {"team": faces(brand)}


def widget_page(brand: Brand, language: str) -> dict[str, Any]:
    """Return the part of the config that changes only when an admin changes it; one query."""
    own = BrandText.objects.filter(brand=brand, language=language).first() or BrandText()
    with translation.override(language):
        texts = widget_texts()
        launcher = launcher_texts()
    texts["home"]["welcome"] = own.welcome or texts["home"]["welcome"]
    for place, word in (("home", "busy"), ("queue", "full"), ("offline", "full")):
        texts[place][word] = own.all_busy or texts[place][word]
    texts["queue"]["soon"] = own.hold or texts["queue"]["soon"]
    texts["offline"]["intro"] = own.offline or texts["offline"]["intro"]
    # What is said in the thread is not said below it once more.
    if own.closing and not rule_hooks.says(brand.pk, "closing"):
        texts["chat"]["ended"] = own.closing
    return {
        "site": brand.site_key,
        "language": language,
        "brand": {
            "name": brand.name,
            "title": own.title or brand.name,
            "logo": brand.logo_url,
            "colors": palette(brand),
            "dark": dark_palette(brand),
            "theme": brand.theme,
            "side": brand.launcher_side,
            "privacy_url": brand.privacy_url,
        },
        "address": ADDRESS,
        "fields": {"name": brand.ask_name, "email": brand.ask_email, "phone": brand.ask_phone},
        "opened": brand.tell_opened,
        "transcripts": brand.transcripts != Brand.Transcripts.NEVER,
        "limits": {
            "text": settings.IMECE["MESSAGE_MAX_CHARS"],
            "upload": settings.IMECE["UPLOAD_MAX_BYTES"],
            "files": ATTACHMENTS_MAX,
            "accept": ACCEPT,
        },
        "kinds": kinds_json("visitor"),
        "texts": texts,
        "launcher": launcher,
    }


def frame_config(brand: Brand, language: str) -> dict[str, Any]:
    """Return what the widget's page begins with. Wants what `speaking` notes."""
    return widget_page(brand, language) | {
        # Paths only: the page may be reached by either spelling of a loopback address.
        "api": "/api/widget/v1/",
        "socket": "/ws/visitor/",
        "other": other_language(brand, language),
    }


def faces(brand: Brand) -> list[dict[str, str]]:
    """Return a few agents who are Online and here for `brand` now, as its visitors may see them."""
    teams = Q(teams__topics__brand=brand, teams__topics__is_active=True)
    if brand.default_team_id is not None:
        teams |= Q(teams=brand.default_team_id)
    here = present_agents(timezone.now()).filter(teams).distinct()
    return [
        {"name": agent.name, "avatar": agent.avatar_url}
        for agent in here.order_by("sort_name", "pk")[:FACES]
    ]


def speaking(brands: QuerySet[Brand]) -> QuerySet[Brand]:
    """Note of brands whether they have words of their own in each language, as `speaks_tr`."""
    said = ("title", "welcome", "hold", "all_busy", "offline", "closing")
    own = Q(pk__in=[])
    for name in said:
        own |= ~Q(**{name: ""})
    texts = BrandText.objects.filter(own, brand=OuterRef("pk"))
    topics = Topic.objects.filter(brand=OuterRef("pk"), is_active=True, is_public=True)
    noted = {
        f"speaks_{code}": Q(default_language=code)
        | Exists(topics.exclude(**{f"name_{code}": ""}))
        | Exists(texts.filter(language=code))
        for code in Language.values
    }
    return brands.annotate(**noted)


def other_language(brand: Brand, language: str) -> dict[str, str] | None:
    """Return the other language of the product, if the brand has words of its own in it.

    Wants what `speaking` notes.
    """
    [other] = set(Language.values) - {language}
    is_spoken = getattr(brand, f"speaks_{other}")
    return {"code": other, "name": Language(other).label} if is_spoken else None


def frame_ancestors(brand: Brand) -> list[str]:
    """Return who may show the widget page in a frame: ourselves and the brand's valid origins."""
    own = [origin for origin in brand.allowed_origins if is_source(origin)]
    return list(dict.fromkeys([*own_sources(), *own]))


def own_sources() -> list[str]:
    """Return our own origins as far as a CSP can name them."""
    return list(dict.fromkeys(origin for origin in settings.OWN_ORIGINS if is_source(origin)))
