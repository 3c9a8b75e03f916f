"""The demo's rules: the two ready ones, on trial, so that a first chat rings at once."""

from collections.abc import Sequence
from datetime import datetime

from agents.models import Brand
from automation.models import AutoReply, Edition, Rule
from automation.rules import book
from automation.rules.recipes import RECIPES
from chat.demo.parts import DemoPart, add_to_demo

READY = ("everyone-busy", "ask-email")


def _seed(brands: Sequence[Brand], now: datetime) -> None:
    """Have the ready rules say what they would do in the demo's own brands, and do nothing."""
    rules: list[Rule] = []
    for brand in brands:
        for name in READY:
            recipe = RECIPES[name]
            usual = {key: setting.usual for key, setting in recipe.settings.items()}
            rules += [
                Rule(
                    name=part.name[brand.default_language],
                    mode=Rule.Mode.TRIAL if part.is_used else Rule.Mode.OFF,
                    brand=brand,
                    position=len(rules) + number,
                    recipe=name,
                    created_at=now,
                    changed_at=now,
                    on_since=now,
                    **part.told,
                )
                for number, part in enumerate(recipe.parts(recipe.texts(usual), usual))
            ]
    Rule.objects.bulk_create(rules)
    book.renew()


def _purge() -> int:
    """The rules are gone with their brands; without any the first edition is still to come."""
    book.renew()
    if Rule.objects.exists() or AutoReply.objects.exists():
        return 0
    return Edition.objects.all().delete()[0]


add_to_demo(DemoPart(seed=_seed, purge=_purge))
