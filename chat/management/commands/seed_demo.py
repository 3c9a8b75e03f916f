"""manage.py seed_demo"""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.demo.seeding import seed_demo


class Command(BaseCommand):
    help = "Make two brands with people, chats and tickets to try the product; only once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the demo data unless it is there."""
        made = seed_demo(now=timezone.now())
        if options["verbosity"]:
            told = _("Demo data made.") if made else _("The demo data is already there.")
            self.stdout.write(told)
