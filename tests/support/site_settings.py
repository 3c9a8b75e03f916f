"""The settings of a site of tests."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.support.site_urls"
