"""manage.py purge_demo"""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from chat.demo.purging import purge_demo


class Command(BaseCommand):
    help = "Delete the demo data and everything that was done in it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete every demo row."""
        count = purge_demo()
        self.stdout.write(_("{count} rows deleted.").format(count=count))
