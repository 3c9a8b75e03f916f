"""How mails look: a brand's to its customers, the product's own to agents."""

from typing import Any

from django.conf import settings

from agents.brands.colors import dark_palette, palette
from agents.models import Brand


def look_of(brand: Brand) -> dict[str, Any]:
    """Return what the templates of mails take from a brand."""
    colors = palette(brand)
    return {
        "brand": brand,
        "logo": settings.PUBLIC_URL + brand.logo_url if brand.logo_url else "",
        "colors": colors,
        "on_accent": colors["on-accent"],
        "dark": dark_palette(brand),
    }


def own_look() -> dict[str, Any]:
    """Return the same for mails to those who work with the product."""
    return look_of(Brand(name="İmece"))
