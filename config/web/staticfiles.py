"""Static files under names that carry their content's hash, collected only when they changed."""

import fcntl
import hashlib
import posixpath
import re
from pathlib import Path
from typing import Any

import rjsmin
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile, File
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

STAMP = ".sources"

# What packages bring and no page of ours loads: half of the time that collecting takes.
UNUSED = ["rest_framework", "htmx-4*", "htmax*", "htmx-2.js", "*.flow", "xregexp.js", "*.md"]


# Our own scripts are written to be read; what packages bring is small already.
OURS = ("live/", "widget/", "console/")
# As written, and as Django has made it meanwhile: with `url` and the hash of what it imports.
_IMPORT = re.compile(r'^@import (?:url\()?"([^"]+?)(?:\.[0-9a-f]{12})?\.css"\)?;$', re.MULTILINE)


def minified(script: str) -> str:
    """Return a script without comments and indentation."""
    return str(rjsmin.jsmin(script))


def with_imports(name: str, sheet: str) -> str:
    """Return a sheet with the sheets that it imports in their places: one request for all."""

    def read(match: re.Match[str]) -> str:
        imported = posixpath.normpath(posixpath.join(posixpath.dirname(name), f"{match[1]}.css"))
        if not (path := finders.find(imported)):
            raise FileNotFoundError(f"{name} imports {imported}")
        return with_imports(imported, Path(path).read_text())

    return _IMPORT.sub(read, sheet)


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed and compressed; the imports of ES modules are rewritten to the hashed names."""

    support_js_module_import_aggregation = True
    # One for each storey of imports; Django's five are too few. A cycle would never end.
    max_post_process_passes = 20

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Write our scripts without comments and our sheets whole: visitors load both."""
        if name.startswith(OURS) and name.endswith((".js", ".css")):
            content.seek(0)
            text = content.read().decode()
            text = minified(text) if name.endswith(".js") else with_imports(name, text)
            content = ContentFile(text.encode())
        return str(super()._save(name, content))

    def stored_name(self, name: str) -> str:
        """Return the hashed name; the plain one before the first collecting (tests, checks)."""
        if not self.hashed_files:
            return name
        return str(super().stored_name(name))


class StaticMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Answers with whole files: a streamed one would cross threads chunk by chunk under ASGI."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Serve what was collected, and nothing that collecting leaves for itself."""
        name = posixpath.basename(path)
        if not name.startswith((".", Storage.manifest_name)):
            super().add_file_to_dictionary(url, path, stat_cache=stat_cache)

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Return the variant (compressed, not modified, a range) that the browser asks for."""
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file:
                content = found.file.read()
        response = HttpResponse(content, status=found.status)
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        # The widget's frame says so, for pages that are isolated; its worker has to say so, too.
        response["Cross-Origin-Embedder-Policy"] = "require-corp"
        return response


def sources_digest() -> str:
    """Return a digest of our static sources and of `uv.lock`, which stands for the packages'."""
    # This file decides how they are written.
    digest = hashlib.sha256(Path(__file__).read_bytes())
    lock = settings.BASE_DIR / "uv.lock"
    if lock.exists():
        digest.update(lock.read_bytes())
    for directory in map(Path, settings.STATICFILES_DIRS):
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(directory)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def collect_if_changed() -> bool:
    """Collect static files unless the last collecting saw the same sources; True if it ran."""
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    # Whoever comes second finds the work done.
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, digest = root / STAMP, sources_digest()
        if stamp.exists() and stamp.read_text() == digest:
            return False
        # Old names stay: pages that are open, and processes not yet restarted, ask for them.
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED)
        stamp.write_text(digest)
        return True
