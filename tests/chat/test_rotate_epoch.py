"""After a restore every screen loads afresh."""

import pytest
from django.core.management import call_command

from chat.models import Installation

pytestmark = pytest.mark.django_db


def test_a_restored_database_gets_another_epoch_each_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("rotate_epoch")
    first = Installation.objects.get().epoch
    call_command("rotate_epoch")
    assert Installation.objects.get().epoch != first
    assert str(Installation.objects.get().epoch) in capsys.readouterr().out
