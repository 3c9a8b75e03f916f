"""What several processes count of one rule on one day is one sum."""

import pytest
from django.utils import timezone

from automation.models import Rule, Tally
from automation.rules.tallies import Tallies

pytestmark = pytest.mark.django_db


def test_what_each_process_counted_is_added_up(rule):
    made, gone, now = rule(), rule(), timezone.now()
    for process in (Tallies(), Tallies()):
        process.add([made.pk] * 3, [made.pk], now)
        process.add([gone.pk], [], now)
        Rule.objects.filter(pk=gone.pk).delete()
        process.write()
        process.write()
    tally = Tally.objects.get()
    assert (tally.rule, tally.looked, tally.matched) == (made, 6, 2)
