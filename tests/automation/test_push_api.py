"""What devices answer over HTTP: the push itself is what they prove themselves by."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from agents.models import Device
from agents.operations import disable_agent
from automation.models import Delivery
from automation.notifications.keys import public_key
from chat.models import Conversation
from tests.automation.notifications import register, work_pushes
from tests.support.desk import fresh, make_desk, start
from tests.support.http import Desk

pytestmark = pytest.mark.django_db


class Rung:
    """A chat that rings at Elif's phone."""

    def __init__(self, service, **brand):
        self.desk = make_desk(auto_accept=False, brand=brand)
        self.elif_ = self.desk.agents[0]
        self.device = register(self.elif_, service.browser())
        self.chat = start(self.desk)
        work_pushes()
        self.push = service.browser().got[-1]["push"]

    def post(self, path, body=None):
        """A call without any session or token."""
        return Client(enforce_csrf_checks=True).post(
            f"/api/v1/{path}", body or {}, content_type="application/json"
        )


def test_a_device_says_that_a_push_has_come(service):
    rung = Rung(service)
    assert Device.objects.get().confirmed_at is None
    path = f"devices/{rung.device.pk}/seen"
    assert rung.post(path, {"push": rung.push}).status_code == 204
    assert rung.post(path, {"push": rung.push}).status_code == 204
    assert Device.objects.get().confirmed_at is not None
    assert Delivery.objects.get().seen_at is not None


def test_a_push_is_good_for_its_own_device_and_for_ten_minutes_only(service):
    rung = Rung(service)
    wrong = f"devices/{rung.device.pk + 1}/seen"
    assert rung.post(wrong, {"push": rung.push}).status_code == 404
    path = f"devices/{rung.device.pk}/seen"
    assert rung.post(path, {"push": "x" * 22}).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
        assert rung.post(path, {"push": rung.push}).status_code == 404
        assert rung.post(f"offers/{rung.push}/accept").status_code == 404
    disable_agent(agent=rung.elif_, by=None, now=timezone.now())
    assert rung.post(path, {"push": rung.push}).status_code == 404
    assert rung.post(f"offers/{rung.push}/accept").status_code == 404


def test_a_chat_is_accepted_from_the_notification_once(service):
    rung = Rung(service)
    answer = rung.post(f"offers/{rung.push}/accept")
    assert answer.json() == {"conversation": rung.chat.public_id}
    assert fresh(rung.chat).assignee == rung.elif_
    assert rung.post(f"offers/{rung.push}/accept").status_code == 404


def test_a_chat_is_declined_from_the_notification(service):
    rung = Rung(service)
    assert rung.post(f"offers/{rung.push}/decline").status_code == 200
    assert fresh(rung.chat).assignee is None
    assert rung.chat.offers.get().result == "declined"


def test_what_others_took_or_what_is_too_much_is_refused_in_words(service):
    rung = Rung(service)
    rung.desk.brand.capacity = 0
    rung.desk.brand.save()
    answer = rung.post(f"offers/{rung.push}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "capacity")
    Conversation.objects.update(status="resolved")
    answer = rung.post(f"offers/{rung.push}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "taken")


def test_the_key_is_told_to_agents_and_a_test_rings(service):
    desk = make_desk()
    elif_ = Desk(desk.agents[0])
    assert elif_.get("devices/key").json() == {"key": public_key()}
    assert Desk().get("devices/key").status_code == 401
    browser = service.browser()
    device = register(desk.agents[0], browser)
    assert elif_.post(f"devices/{device.pk}/test").status_code == 202
    work_pushes()
    [told] = browser.got
    assert (told["class"], told["options"]["silent"]) == ("", False)
    assert told["options"]["vibrate"]
