"""manage.py rebuild_metrics"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from reports.facts.keeping import rebuild
from reports.facts.tickets import PAST_OF_TICKETS


class Command(BaseCommand):
    help = "Make all facts of reports anew from the timelines of chats and tickets, newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where to go on."""
        parser.add_argument(
            "--before",
            type=int,
            help="of chats, go on from here: the last number that a rebuild printed as it ended",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them, saying how far; what is done stays done."""
        verbosity = options["verbosity"]

        def told(before: int) -> None:
            if verbosity > 1:
                self.stdout.write(str(before))

        written = rebuild(before=options["before"], told=told)
        of_tickets = PAST_OF_TICKETS.rebuild()
        if verbosity:
            self.stdout.write(_("Facts of %(count)d stays made.") % {"count": written})
            self.stdout.write(_("Facts of %(count)d tickets made.") % {"count": of_tickets})
