"""The widget's pages: loader, iframe page, and demo sites to try it on."""

import gzip
import hashlib
from functools import lru_cache
from typing import Any

import brotli
import rjsmin
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.csp import CSP, build_policy
from django.utils.translation import get_language_info
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from agents.models import Brand
from chat.widget.config import (
    frame_ancestors,
    frame_config,
    own_sources,
    speaking,
    widget_page,
)
from chat.widget.sessions import choose_language

LOADER = settings.BASE_DIR / "static" / "widget" / "loader.js"
# What the frame needs before anything is typed; the rest comes with the first chat.
FIRST_MODULES = (
    "widget/frame.js",
    "widget/api.js",
    "widget/bridge.js",
    "widget/dom.js",
    "widget/screens.js",
    "live/socket.js",
    "live/words.js",
)
DEMO_SITES = {"shop": "demo-shop", "cloud": "demo-cloud"}


@lru_cache(maxsize=4)
def _loader(changed_at: int) -> dict[str, bytes]:
    """Return the loader by content coding; `changed_at` keeps an edited file from going stale."""
    plain = rjsmin.jsmin(LOADER.read_text()).encode()
    return {
        "br": brotli.compress(plain),
        "gzip": gzip.compress(plain, mtime=0),
        "": plain,
    }


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """Serve /widget.js: one stable address for all sites, asked again after five minutes."""
    bodies = _loader(LOADER.stat().st_mtime_ns)
    accepted = request.headers.get("Accept-Encoding", "")
    coding = next((name for name in ("br", "gzip") if name in accepted), "")
    etag = f'"{hashlib.sha256(bodies[coding]).hexdigest()[:24]}"'
    response: HttpResponse
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(bodies[coding], content_type="text/javascript; charset=utf-8")
        if coding:
            response["Content-Encoding"] = coding
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=300, stale-while-revalidate=86400"
    # Pages of other origins load it, isolated ones and `crossorigin` tags included.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


@require_safe
@xframe_options_exempt
@cache_control(public=True, max_age=60)
def frame(request: HttpRequest) -> HttpResponse:
    """Serve the iframe page of one brand; only the brand's own pages may show it."""
    brands = speaking(Brand.objects.filter(is_active=True))
    brand = get_object_or_404(brands, site_key=request.GET.get("site", ""))
    language = choose_language(request.GET.get("language", ""), brand)
    config = frame_config(brand, language)
    with translation.override(language):
        response = render(
            request,
            "widget/frame.html",
            {
                "brand": brand,
                "config": config,
                "language": get_language_info(language),
                "modules": FIRST_MODULES,
            },
        )
    response["Content-Language"] = language
    # An isolated page shows only frames that say both.
    response["Cross-Origin-Embedder-Policy"] = "require-corp"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    policy: dict[str, Any] = {
        **settings.SECURE_CSP,
        "frame-ancestors": frame_ancestors(brand),
        # Some browsers don't take 'self' for the socket's scheme.
        "connect-src": [CSP.SELF, *_socket_origins()],
    }
    response["Content-Security-Policy"] = build_policy(policy)
    return response


def _socket_origins() -> list[str]:
    """Return our own origins in the socket's scheme: http becomes ws, https becomes wss."""
    return [f"ws{origin.removeprefix('http')}" for origin in own_sources()]


@require_safe
def demo(request: HttpRequest, name: str = "shop") -> HttpResponse:
    """Show a site with the widget on it. Its CSP is as strict as a customer's may be."""
    brand = get_object_or_404(Brand, site_key=DEMO_SITES[name], is_demo=True, is_active=True)
    context: dict[str, Any] = {"brand": brand, "colors": widget_page(brand, "en")["brand"]}
    response = render(request, f"widget/demo_{name}.html", context)
    response["Content-Security-Policy"] = build_policy(
        {
            "default-src": [CSP.NONE],
            "script-src": [CSP.SELF],
            "style-src": [CSP.SELF],
            "img-src": [CSP.SELF],
            "frame-src": [CSP.SELF],
            "frame-ancestors": [CSP.NONE],
            "base-uri": [CSP.NONE],
            "form-action": [CSP.NONE],
        }
    )
    return response
