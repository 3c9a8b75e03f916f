"""Ready rules that are switched on as a whole: a few texts to fill in, and nothing to build."""

from automation.rules.recipes.installing import (
    RECIPES,
    InvalidTexts,
    install_recipe,
    installed_rules,
    mode_in_use,
    settings_in_use,
    texts_in_use,
)

__all__ = [
    "RECIPES",
    "InvalidTexts",
    "install_recipe",
    "installed_rules",
    "mode_in_use",
    "settings_in_use",
    "texts_in_use",
]
