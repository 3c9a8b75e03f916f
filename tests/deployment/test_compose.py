"""What docker-compose.yml says is started here, against a real PostgreSQL and Redis."""

import asyncio
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.support.compose import VARIABLES, Service, services
from tests.support.process import NO_AUTHORITIES
from tests.support.servers import free_port, manage, postgres_server, redis_server

pytestmark = [pytest.mark.once, pytest.mark.servers]

PASSWORD = "long-enough-for-anyone"
# What the proxy adds.
PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7", "Host": "desk.example"}
PEOPLE = f"""
from tests.support.factories import make_agent, make_brand, make_team, make_topic
brand = make_brand(site_key="compose")
agent = make_agent(email="elif@desk.example", name="Elif Kaya")
agent.set_password("{PASSWORD}")
agent.save(update_fields=["password"])
make_topic(brand, make_team(agent))
"""
SIGNS = {"web": "İmece serves", "worker": " ready.", "beat": "beat: Starting"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """Everything of the compose file that is ours, started in its order."""
    data: Path = tmp_path_factory.mktemp("data")
    with ExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        redis = stack.enter_context(redis_server(password=VARIABLES["REDIS_PASSWORD"]))
        hosts = {
            "@postgres:5432/": f"@127.0.0.1:{postgres.port}/",
            "@redis:6379/": f"@127.0.0.1:{redis.port}/",
        }

        def run(name: str) -> Service:
            sign = SIGNS.get(name.partition("-")[0], "")
            service = Service(name, hosts=hosts, data=data, port=free_port(), sign=sign)
            return stack.enter_context(service)

        migrate = run("migrate")
        migrate.spawn()
        assert migrate.wait(timeout=120) == 0, migrate.logs
        assert migrate._env is not None
        manage("shell", "--verbosity=0", "--command", PEOPLE, env=migrate._env)

        ours = [name for name, service in services().items() if service.get("image") == "imece"]
        running = {name: run(name) for name in ours if name != "migrate"}
        for service in running.values():
            service.spawn()
        for service in running.values():
            service.wait_ready()
        yield running


async def call(
    web: Service, method: str, path: str, *, token: str = "", **options: Any
) -> httpx.Response:
    """One HTTP call as it comes out of the proxy."""
    headers = PROXIED | ({"Authorization": f"Bearer {token}"} if token else {})
    async with httpx.AsyncClient(
        base_url=web.url, headers=headers, trust_env=False, verify=NO_AUTHORITIES
    ) as client:
        return await client.request(method, path, timeout=60, **options)


async def heard(
    socket: websockets.ClientConnection,
    wanted: Callable[[dict[str, Any]], bool],
    deployment: dict[str, Service],
) -> dict[str, Any]:
    """Return the first frame that is `wanted`; else fail with what came and what was logged."""
    frames = []
    try:
        async with asyncio.timeout(60):
            async for raw in socket:
                frames.append(json.loads(raw))
                if wanted(frames[-1]):
                    return frames[-1]
    except TimeoutError:
        pass
    logs = "".join(f"\n== {name}\n{service.logs[-3000:]}" for name, service in deployment.items())
    raise AssertionError(f"It never came, only {frames}{logs}")


def says(text: str) -> Callable[[dict[str, Any]], bool]:
    """An `entries` frame with this text in it."""
    return lambda frame: any(entry.get("text") == text for entry in frame.get("entries", ()))


def is_assignment(frame: dict[str, Any]) -> bool:
    """The agent is told that a chat is theirs."""
    return frame.get("name") == "conversation.assigned"


async def hello(web: Service, path: str, token: str) -> websockets.ClientConnection:
    """Open a socket and say who it is."""
    socket = await websockets.connect(web.ws_url + path, proxy=None, open_timeout=60)
    await socket.send(json.dumps({"type": "hello", "token": token, "resume": {}}))
    async with asyncio.timeout(60):
        while json.loads(await socket.recv())["type"] != "welcome":
            continue
    return socket


async def last_words(socket: websockets.ClientConnection) -> str:
    """Return the type of the last frame before the socket closed."""
    last = ""
    with suppress(websockets.ConnectionClosedError):
        async for raw in socket:
            last = json.loads(raw)["type"]
    return last


def test_workers_give_way_to_those_that_people_wait_for(deployment: dict[str, Service]) -> None:
    priority = {
        name: os.getpriority(os.PRIO_PROCESS, service.pid)
        for name, service in deployment.items()
        if name.startswith(("web", "worker"))
    }
    assert {name for name, nice in priority.items() if nice == 0} == {
        "web-1",
        "web-2",
        "worker-realtime",
    }


async def test_visitor_and_agent_talk_across_two_web_processes(
    deployment: dict[str, Service],
) -> None:
    one, two = deployment["web-1"], deployment["web-2"]
    credentials = {"email": "elif@desk.example", "password": PASSWORD, "name": "test"}
    answer = await call(two, "POST", "/api/v1/tokens", json=credentials)
    assert answer.status_code == 201, answer.text
    agent = answer.json()["token"]
    console = await hello(two, "/ws/console/", agent)
    answer = await call(two, "POST", "/api/v1/status", token=agent, json={"status": "online"})
    assert answer.status_code == 200, answer.text

    page = {"url": "https://shop.example/", "title": "Shop", "referrer": ""}
    session = {"site": "compose", "page": page, "language": "tr"}
    answer = await call(one, "POST", "/api/widget/v1/sessions", json=session)
    assert answer.status_code == 201, answer.text
    availability = answer.json()["availability"]
    assert availability["state"] == "online"
    visitor = answer.json()["token"]
    widget = await hello(one, "/ws/visitor/", visitor)

    # The worker assigns it; the agent's socket hangs on the other process.
    message = {"cid": str(uuid.uuid4()), "text": "Siparişim nerede?"}
    answer = await call(
        one,
        "POST",
        "/api/widget/v1/conversations",
        token=visitor,
        json={"topic": availability["topics"][0]["id"], "fields": {}, "message": message},
    )
    assert answer.status_code == 201, answer.text
    assigned = await heard(console, is_assignment, deployment)
    chat = assigned["data"]["conversation"]
    await console.send(json.dumps({"type": "watch", "conversation": chat, "after": 0}))
    await heard(console, says("Siparişim nerede?"), deployment)
    reply = {
        "type": "message.send",
        "cid": str(uuid.uuid4()),
        "conversation": chat,
        "text": "Yarın kapınızda.",
    }
    await console.send(json.dumps(reply))
    answered = await heard(widget, says("Yarın kapınızda."), deployment)
    assert [entry["author"]["name"] for entry in answered["entries"]] == ["Elif Kaya"]
    await asyncio.gather(console.close(), widget.close())


async def test_plain_http_is_sent_to_https_except_for_the_health_check(
    deployment: dict[str, Service],
) -> None:
    async with httpx.AsyncClient(base_url=deployment["web-1"].url, trust_env=False) as client:
        refused = await client.get("/console/", headers={"Host": "desk.example"})
        health = await client.get("/readyz")
    assert (refused.status_code, refused.headers["Location"]) == (
        301,
        "https://desk.example/console/",
    )
    assert health.status_code == 200


async def test_a_web_process_says_bye_and_every_process_ends_cleanly(
    deployment: dict[str, Service],
) -> None:
    session = {"site": "compose", "language": "en"}
    answer = await call(deployment["web-2"], "POST", "/api/widget/v1/sessions", json=session)
    widget = await hello(deployment["web-2"], "/ws/visitor/", answer.json()["token"])
    codes = await asyncio.gather(
        *(asyncio.to_thread(service.terminate) for service in deployment.values())
    )
    assert dict(zip(deployment, codes, strict=True)) == dict.fromkeys(deployment, 0)
    assert await last_words(widget) == "bye"
    assert widget.close_code == 1012
