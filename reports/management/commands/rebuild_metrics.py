"""manage.py rebuild_metrics"""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from reports.facts.keeping import rebuild


class Command(BaseCommand):
    help = "Make all facts of reports anew from the timelines of chats."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them."""
        written = rebuild()
        if options["verbosity"]:
            self.stdout.write(_("Facts of %(count)d stays made.") % {"count": written})
