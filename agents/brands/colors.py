"""Brand colours made readable: which text stands on a colour, and the colour as text on white."""

import re

from agents.models import Brand

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")
FALLBACK = "#0b6e6e"
WHITE, INK = "#ffffff", "#10181f"
# Cards and wells of dark screens.
DARK, DARK_WELL = "#161d22", "#222c33"
# WCAG 2.2 AA for text of normal size.
ENOUGH = 4.5


def safe_color(color: str) -> str:
    """Return `color` when it is #rrggbb, else the product's own."""
    return color.lower() if _HEX.match(color) else FALLBACK


def luminance(color: str) -> float:
    """Return the relative luminance of #rrggbb, from 0 (black) to 1 (white)."""
    red, green, blue = (_linear(value / 255) for value in bytes.fromhex(color[1:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_on(color: str) -> str:
    """Return ink where only ink can be read on `color`, else white."""
    if contrast(color, WHITE) < ENOUGH <= contrast(color, INK):
        return INK
    return WHITE


def mix(color: str, other: str, share: float) -> str:
    """Return `color` with a `share` of `other` in it."""
    pairs = zip(bytes.fromhex(color[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable_on(color: str, background: str) -> str:
    """Return `color`, darkened or lightened just as far as text on `background` needs."""
    end = text_on(background)
    for step in range(21):
        moved = mix(color, end, step / 20)
        if contrast(moved, background) >= ENOUGH:
            return moved
    return end


def palette(brand: Brand) -> dict[str, str]:
    """Return the widget's colours, all text on them at least 4.5:1."""
    primary, on = _background(brand.primary_color)
    accent, on_accent = _background(brand.accent_color)
    soft = mix(safe_color(brand.accent_color), WHITE, 0.9)
    return {
        # The head and the launcher.
        "primary": primary,
        "on": on,
        # Secondary words on the coloured head.
        "quiet": _quiet(primary, on),
        # Buttons and the visitor's own messages, then chosen things and links.
        "accent": accent,
        "on-accent": on_accent,
        "soft": soft,
        "text": readable_on(safe_color(brand.accent_color), soft),
    }


def dark_palette(brand: Brand) -> dict[str, str]:
    """Return what is another colour where the widget is dark."""
    color = safe_color(brand.accent_color)
    soft = mix(color, DARK, 0.8)
    return {"soft": soft, "text": readable_on(color, max(soft, DARK_WELL, key=luminance))}


def style_sheet(brand: Brand) -> str:
    """Return the colours as a style sheet, for pages that may bring no styles along."""
    rules = "".join(f"--brand-{name}:{value};" for name, value in palette(brand).items())
    return f":root{{{rules}}}"


def _background(color: str) -> tuple[str, str]:
    """Return a brand's colour and that of text on it.

    On a middling colour white misses 4.5:1 by little, and so does ink: then the colour moves.
    """
    color = safe_color(color)
    on = text_on(color)
    return (color if on == INK else readable_on(color, WHITE)), on


def _quiet(background: str, text: str) -> str:
    for share in (0.25, 0.15, 0.08):
        softer = mix(text, background, share)
        if contrast(softer, background) >= ENOUGH:
            return softer
    return text
