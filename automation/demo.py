"""The demo's rules: the two ready ones that a newcomer should meet."""

from collections.abc import Sequence
from datetime import datetime

from agents.models import Brand
from automation.models import AutoReply, Edition, Rule
from automation.rules import book
from automation.rules.recipes import RECIPES
from chat.demo.parts import DemoPart, add_to_demo

READY = ("everyone-busy", "ask-email")


def _seed(brands: Sequence[Brand], now: datetime) -> None:
    """Switch the ready rules on for the demo's own brands; nobody did it, so no log tells of it."""
    rules: list[Rule] = []
    for brand in brands:
        for name in READY:
            recipe = RECIPES[name]
            usual = {key: setting.usual for key, setting in recipe.settings.items()}
            rules += [
                Rule(
                    name=part.name[brand.default_language],
                    mode=Rule.Mode.ON if part.is_used else Rule.Mode.OFF,
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
