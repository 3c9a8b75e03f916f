"""Pictures of agents and brands. Public: widgets show them; addresses are opaque and permanent."""

from django.db.models.fields.files import ImageFieldFile
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from agents.images import CONTENT_TYPE, version_of
from agents.models import Agent, Brand


@require_GET
def avatar(request: HttpRequest, public_id: str, version: str) -> FileResponse:
    """Serve an agent's picture."""
    return _serve(get_object_or_404(Agent, public_id=public_id).avatar, version)


@require_GET
def logo(request: HttpRequest, site_key: str, version: str) -> FileResponse:
    """Serve a brand's logo."""
    return _serve(get_object_or_404(Brand, site_key=site_key).logo, version)


def _serve(picture: ImageFieldFile, version: str) -> FileResponse:
    if not picture or version_of(picture.name) != version:
        raise Http404
    try:
        file = picture.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
