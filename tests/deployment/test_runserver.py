"""`manage.py runserver`, which is Daphne: a smoke test, since uvicorn is what serves people."""

import asyncio
import json
import sys
import uuid
from typing import Any

import httpx
import pytest
import websockets

from tests.support import chromium
from tests.support.servers import Web, free_port, manage, migrate
from tests.support.widget_page import OPEN_SHADOW, Visitor

pytestmark = [pytest.mark.once, pytest.mark.browser]


@pytest.fixture(scope="module")
def runserver(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo on Daphne."""
    port = str(free_port())
    env = {"DATA_DIR": str(tmp_path_factory.mktemp("runserver")), "PORT": port}
    env["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    migrate(env)
    manage("seed_demo", "--verbosity=0", env=env)
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with Web(env, command=command) as web:
        yield web.start()


def test_daphne_serves_pages_sockets_and_the_widget(runserver: Web) -> None:
    page = {"url": f"{runserver.url}/demo/", "title": "", "referrer": ""}
    body = {"site": "demo-shop", "page": page, "language": "tr"}
    with httpx.Client(base_url=runserver.url, trust_env=False, timeout=20) as http:
        assert http.get("/console/", follow_redirects=True).status_code == 200
        session = http.post("/api/widget/v1/sessions", json=body).json()
    assert asyncio.run(farewell(runserver, session["token"])) == ("welcome", "nack")
    assert "Daphne" in runserver.logs or "daphne" in runserver.logs


async def farewell(web: Web, token: str) -> tuple[str, str]:
    """Say hello, then something in a chat that isn't there; return the types of both answers."""
    origin: Any = web.url
    async with websockets.connect(f"{web.ws_url}/ws/visitor/", origin=origin, proxy=None) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token, "resume": {}}))
        first = json.loads(await socket.recv())["type"]
        message = {"type": "message.send", "cid": str(uuid.uuid4()), "conversation": "x"}
        await socket.send(json.dumps(message | {"text": "Merhaba"}))
        return first, json.loads(await socket.recv())["type"]


def test_the_widget_opens_in_a_browser_on_daphne(runserver: Web) -> None:
    problems = chromium.Problems()
    with chromium.launched() as browser:
        contexts = chromium.Contexts(browser, problems)
        context = contexts()
        context.add_init_script(OPEN_SHADOW)
        visitor = Visitor(context, f"{runserver.url}/demo/").open()
        assert visitor.frame.locator(".topic").count() > 0
        contexts.close()
    problems.check()
