"""manage.py purge_demo"""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from chat.demo.purging import purge_demo, roles_of_demo_alone


class Command(BaseCommand):
    help = "Delete the demo data and everything that was done in it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete every demo row."""
        names = ", ".join(sorted(role.name for role in roles_of_demo_alone()))
        count = purge_demo()
        if names:
            told = _("Roles that held for brands of the demo alone are deleted, too: {names}")
            self.stdout.write(told.format(names=names))
        self.stdout.write(_("{count} rows deleted.").format(count=count))
