"""manage.py rotate_epoch"""

from typing import Any

from django.core.management.base import BaseCommand

from chat.operations.installation import rotate_epoch


class Command(BaseCommand):
    """For after a restore: the log went back, and screens may hold more than it has."""

    help = "After restoring a backup: let every screen drop what it cached and load afresh."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate and print the new epoch."""
        self.stdout.write(str(rotate_epoch()))
