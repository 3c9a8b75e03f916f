"""Redis goes away while customers write: chats go on, and rules make up for it when it is back."""

from typing import Any

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from agents.models import Agent
from agents.operations.tokens import create_token
from chat.models import Conversation, Offer
from tests.support import servers
from tests.support.desk import make_desk, start
from tests.support.fault_rules import (
    LONG_AGO,
    PATIENT,
    check_mails,
    check_once,
    is_all_done,
    set_up_rules,
)
from tests.support.http import DESK, WIDGET, cid
from tests.support.mail import Smtp
from tests.support.process import NO_AUTHORITIES
from tests.support.processes import process_environment, until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.servers,
    pytest.mark.django_db(transaction=True),
]


class Caller:
    """Somebody who calls a web process."""

    def __init__(self, web: servers.Web, path: str) -> None:
        self.http = httpx.Client(
            base_url=web.url + path, timeout=60, trust_env=False, verify=NO_AUTHORITIES
        )

    def introduce(self, token: str) -> None:
        self.http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()


class Customer(Caller):
    """A visitor's browser."""

    def __init__(self, web: servers.Web, site: str) -> None:
        super().__init__(web, WIDGET)
        self.introduce(self.call("POST", "/sessions", {"site": site, "language": "tr"})["token"])

    def begin(self) -> Conversation:
        message = {"cid": cid(), "text": "Merhaba, bir şey soracağım."}
        begun = self.call("POST", "/conversations", {"fields": {}, "message": message})
        self.chat = Conversation.objects.get(public_id=begun["id"])
        return self.chat

    def say(self, text: str) -> None:
        message = {"cid": cid(), "text": text}
        self.call("POST", f"/conversations/{self.chat.public_id}/messages", message)


class AtDesk(Caller):
    """An agent's program."""

    def __init__(self, web: servers.Web, agent: Agent) -> None:
        super().__init__(web, DESK)
        self.introduce(create_token(agent=agent, name="test", by=agent)[1])

    def sees(self, *chats: Conversation) -> bool:
        """Whether these may be taken."""
        queued = self.call("GET", "/conversations?status=queued")["results"]
        return {chat.public_id for chat in chats} <= {row["id"] for row in queued}

    def take(self, chat: Conversation) -> None:
        taken = self.call("POST", f"/conversations/{chat.public_id}/accept")
        assert taken["status"] == "active"


def are_kept_running(*processes: servers.Celery) -> bool:
    """Start again who has ended, as Docker does: a worker may that has no broker to give back to
    what it was at."""
    for process in processes:
        if process.returncode is not None:
            process.spawn()
    return True


def test_rules_make_up_for_all_that_was_written_while_the_broker_was_away(
    redis_server: servers.Redis, smtp: Smtp
) -> None:
    """It alone holds that Celery's own processes find back to rules: three of them, 20 s."""
    desk = make_desk(auto_accept=False, ring_seconds=3600, capacity=10)
    set_up_rules(desk)
    env = process_environment(
        # Those of the product: rules hold a chat for a second, and not for as long as in tests.
        DJANGO_SETTINGS_MODULE="config.settings",
        SECRET_KEY=settings.SECRET_KEY,
        REDIS_URL=redis_server.url,
        EMAIL_URL=f"smtp://127.0.0.1:{smtp.port}",
        SWEEP_SECONDS="0.5",
        **PATIENT,
    )
    with (
        servers.web_process(env) as web,
        servers.worker_process(env) as worker,
        servers.beat_process(env) as beat,
    ):
        elif_ = AtDesk(web, desk.agents[0])
        vera, can = Customer(web, desk.brand.site_key), Customer(web, desk.brand.site_key)
        veras = vera.begin()
        until(is_all_done)
        check_once(veras)

        redis_server.stop()
        vera.say("İade edebilir miyim?")
        cans = can.begin()
        taken, waiting = (start(desk, now=timezone.now() - LONG_AGO) for _ in range(2))
        # Nobody lets go of them, and nobody is kept from them for more than their second.
        until(lambda: elif_.sees(veras, cans, taken, waiting))
        elif_.take(cans)
        elif_.take(taken)
        can.say("Bunu iade edeceğim.")

        redis_server.start()
        until(lambda: are_kept_running(worker, beat) and is_all_done())
    check_once(veras, words=1)
    check_once(cans, words=1)
    check_once(taken, hours=1)
    check_once(waiting, hours=1)
    check_mails(smtp, veras, cans, taken, waiting)
    rings = Offer.objects.filter(result=Offer.Result.OPEN)
    assert sorted(rings.values_list("conversation", flat=True)) == [veras.pk, waiting.pk]
