"""`manage.py runserver`, which is Daphne: a smoke test, since uvicorn is what serves people."""

import asyncio
import json
import shutil
import sys
import uuid
from typing import Any

import httpx
import pytest
import websockets

from tests.support.chromium import Contexts
from tests.support.migrated import migrated_dir
from tests.support.servers import Web, free_port, manage
from tests.support.widget_page import Visitor, visitor_context

pytestmark = pytest.mark.once

COLLECT = "from config.web.staticfiles import collect_if_changed as collect; collect()"


@pytest.fixture(scope="module")
def runserver(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A migrated database on Daphne."""
    port = str(free_port())
    data_dir = shutil.copytree(migrated_dir(), tmp_path_factory.mktemp("runserver") / "data")
    env = {"DATA_DIR": str(data_dir), "PORT": port, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    # What is served is known from the start on; `serve`, which collects it, may not have run yet.
    manage("shell", "--verbosity=0", "--command", COLLECT, env=env)
    manage("seed_demo", "--verbosity=0", env=env)
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with Web(env, command=command) as web:
        yield web.start()


def test_daphne_serves_pages_sockets_and_the_widget(runserver: Web) -> None:
    page = {"url": f"{runserver.url}/demo/", "title": "", "referrer": ""}
    body = {"site": "demo-shop", "page": page, "language": "tr"}
    with httpx.Client(base_url=runserver.url, trust_env=False, timeout=60) as http:
        assert http.get("/console/", follow_redirects=True).status_code == 200
        session = http.post("/api/widget/v1/sessions", json=body).json()
    assert asyncio.run(farewell(runserver, session["token"])) == ("welcome", "nack")
    assert "Daphne" in runserver.logs or "daphne" in runserver.logs


async def farewell(web: Web, token: str) -> tuple[str, str]:
    """Say hello, then something in a chat that isn't there; return the types of both answers."""
    origin: Any = web.url
    address = f"{web.ws_url}/ws/visitor/"
    async with websockets.connect(address, origin=origin, proxy=None, open_timeout=60) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token, "resume": {}}))
        first = json.loads(await socket.recv())["type"]
        message = {"type": "message.send", "cid": str(uuid.uuid4()), "conversation": "x"}
        await socket.send(json.dumps(message | {"text": "Merhaba"}))
        return first, json.loads(await socket.recv())["type"]


@pytest.mark.browser
def test_the_widget_opens_in_a_browser_on_daphne(runserver: Web, new_context: Contexts) -> None:
    visitor = Visitor(visitor_context(new_context), f"{runserver.url}/demo/").open()
    assert visitor.frame.locator(".topic").count() > 0
