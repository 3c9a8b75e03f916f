"""Runs a module within the product: `python -m benchmarks.inside MODULE ARGUMENT …`.

What it imports needs the product's settings, what it does the tables: both are made ready before.
"""

import os
import runpy
import sys

import django
from django.core.management import call_command


def main() -> None:
    """Set the product up with its tables, then do what the module does when it is run."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
