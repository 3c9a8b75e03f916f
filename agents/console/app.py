"""What makes an app of the console: its worker, its manifest, and a page without connection.

None of them knows who asks: a browser fetches them by itself, also while nobody is signed in.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from agents.console.rail import home_of
from config.web.staticfiles import minified

ICONS = {size: f"console/icon-{size}.png" for size in (192, 512)}
_SHEETS = ("css/tokens.css", "css/base.css", "css/components.css", "css/boxes.css")


@require_GET
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """Serve the service worker; its place in the addresses is what it may act for."""
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")


@cache
def _worker() -> str:
    path = finders.find("console/worker.js")
    script = minified(Path(path or "").read_text())
    offline = reverse("console-offline")
    shell = {
        "offline": offline,
        "files": [offline, *map(static, (*_SHEETS, "console/icon.svg"))],
        "icon": static(ICONS[192]),
        "badge": static("console/badge.png"),
    }
    version = hashlib.sha256(json.dumps(shell).encode()).hexdigest()[:12]
    return f"const SHELL={json.dumps(shell | {'version': version})};\n{script}"


@require_GET
@cache_control(no_cache=True)
def manifest(request: HttpRequest) -> HttpResponse:
    """Say how the console looks among the apps of a device."""
    icons = [
        {"src": static(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size, name in ICONS.items()
        for purpose in ("any", "maskable")
    ]
    console = reverse(home_of("").url_name)
    answer = {
        "id": console,
        "name": _("İmece live support"),
        "short_name": "İmece",
        "lang": get_language(),
        "start_url": console,
        # The door and the profile belong to the app as well.
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b6e6e",
        "icons": icons,
        "shortcuts": [{"name": _("Compact window"), "url": reverse("console-gadget")}],
    }
    return JsonResponse(answer, content_type="application/manifest+json")


@require_GET
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """Say that there is no connection; the worker keeps this page."""
    return render(request, "console/offline.html")
