"""Runs a module within the product: `python -m benchmarks.inside MODULE ARGUMENT …`.

What it imports may need the product's settings and rows, so they are made ready before.
"""

import os
import runpy
import sys

import django


def main() -> None:
    """Set the product up, then do what the module does when it is run."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
