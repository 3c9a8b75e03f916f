"""HTTP, the two sockets and the server's life, wired together. Runs under uvicorn and daphne."""

import asyncio
import os
import re
from typing import Any

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Loads the rooms, so it comes before whatever imports their models.
django.setup(set_prefix=False)

from agents.presence import leases  # noqa: E402
from chat.posting.group_commit import writer  # noqa: E402
from chat.sockets.console import ConsoleConsumer  # noqa: E402
from chat.sockets.readers import readers  # noqa: E402
from chat.sockets.visitor import VisitorConsumer  # noqa: E402
from chat.sockets.watch import Watch  # noqa: E402
from config.web.ask_first import AskFirst  # noqa: E402
from config.web.body_limits import LimitBodies  # noqa: E402
from config.web.handler import ThreadedHandler  # noqa: E402
from config.web.health import Probes  # noqa: E402
from config.web.rate_limits import address_key, scope_address  # noqa: E402
from config.web.server import before_shutdown  # noqa: E402
from config.web.waiting_line import WaitingLine  # noqa: E402


def client_key(scope: Any) -> str:
    """Return where a request comes from, as limits count it."""
    return address_key(scope_address(scope))


# With these, sessions, readers and writers a process needs 21 connections (DATABASE_POOL: 22).
pages = ThreadedHandler(threads=8, place=client_key)
# A picture of a few kilobytes may take seconds to draw anew, and one is drawn at a time: on the
# threads of the pages a handful of them would stop everything else.
uploads = ThreadedHandler(threads=2, place=client_key)
# Only who knows a mailbox's secret may send 26 MB.
hooks = AskFirst(uploads, pages)
# Nor does a stranger leave ten megabytes on the disk before the door is shut.
files = AskFirst(uploads, pages, of_browsers=True)
HOOKS = re.compile(r"/hooks/.*", re.DOTALL)
# Attachments, files of canned replies, the pictures of people and brands, and what customers answer
# on the pages of their tickets and chats. Nobody else sends files.
FILES = re.compile(
    r"/api/(?:widget/)?v1/attachments"
    r"|/api/v1/canned-replies/[^/]+/files"
    r"|/profile/canned/(?:[^/]+/)?"
    r"|/admin/agents/cannedreply/(?:add|[^/]+/change)/"
    r"|/profile/picture/"
    r"|/admin/agents/brand/(?:add|[^/]+/change)/"
    r"|/[tc]/[^/]+/"
)
# All widgets come here when a server was away. Two keep a core busy; whoever waits for ten seconds
# would ask anew.
sessions = ThreadedHandler(threads=2, place=client_key)


async def pages_and_uploads(scope: Any, receive: Any, send: Any) -> None:
    """Serve one request beside those that take as long as somebody else likes."""
    is_sent, path = scope["method"] == "POST", scope["path"]
    door: Any = pages
    if is_sent and FILES.fullmatch(path):
        door = files
    elif is_sent and HOOKS.fullmatch(path):
        door = hooks
    await door(scope, receive, send)


sessions_in_line = WaitingLine(
    pages_and_uploads,
    sessions,
    paths={"/api/widget/v1/sessions"},
    at_once=2,
    seconds=5,
    each=settings.IMECE["SESSIONS_IN_LINE_PER_ADDRESS"],
    place=client_key,
)
# What surrounds an upload in a multipart body.
_AROUND = 64 * 1024
UPLOAD = settings.IMECE["UPLOAD_MAX_BYTES"] + _AROUND
# Of the largest mail everything is taken, and of a larger one enough to say so.
MAIL = 26 * 1024 * 1024
bodies = LimitBodies(
    sessions_in_line,
    # As much as Django reads of a form.
    limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE + _AROUND,
    larger={HOOKS: MAIL, FILES: UPLOAD},
    # An office may send ten of the largest files at once.
    each=10 * UPLOAD,
    place=client_key,
)
probes = Probes(bodies)

SOCKETS = {"/ws/visitor/": VisitorConsumer.asgi(), "/ws/console/": ConsoleConsumer.asgi()}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Serve one request, one socket, or the process's lifespan."""
    if scope["type"] == "http":
        await probes(scope, receive, send)
    elif scope["type"] == "websocket":
        await SOCKETS.get(scope["path"], _refuse)(scope, receive, send)
    elif scope["type"] == "lifespan":
        await _live(receive, send)


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close"})


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await _close()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _say_goodbye() -> None:
    """Tell clients when to come back, and answer what was sent until now."""
    await Watch.here().farewell()
    await asyncio.to_thread(writer.drain)


async def _close() -> None:
    for closing in (
        leases,
        writer,
        readers,
        pages.threads,
        uploads.threads,
        sessions.threads,
        probes,
    ):
        await asyncio.to_thread(closing.close)


before_shutdown.append(_say_goodbye)
