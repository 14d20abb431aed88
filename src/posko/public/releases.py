"""The public pages, handed out by the application itself where an office has no other web server.

They are files: no session, no cookie, no database. The same folder behind any web server stays up when this process is down.
"""

import mimetypes
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.urls import path
from django.utils.cache import patch_cache_control
from django.utils.http import http_date, parse_http_date_safe

from posko.formats import folder

FOLDER = "terbuka"
FRESH_S = 60
"""A browser asks again after a minute: the next publication is then a minute away at most."""


def start(_request: HttpRequest) -> HttpResponse:
    """To the pages of the election that was built last; what there is instead, where none was."""
    held = [p for p in _root().iterdir() if folder.current(p)] if _root().is_dir() else []
    if not held:
        return _missing("Belum ada yang diterbitkan. Halaman ini terisi sesudah KPU menerbitkan angka pertama.")
    newest = max(held, key=lambda p: (folder.current(p) or p).stat().st_mtime)
    return redirect("public:releases", newest.name, "index.html")


def page(request: HttpRequest, held: str, file: str) -> HttpResponse:
    """One file of the folder in place."""
    standing = folder.current(_root() / held)
    if standing is None:
        return _missing("Belum ada yang diterbitkan untuk pemilihan ini.")
    base = standing.resolve()
    found = (base / (file or "index.html")).resolve()
    if not found.is_relative_to(base) or not found.is_file():
        return _missing("Halaman itu tidak ada. Mulai dari halaman depan.")
    changed = int(found.stat().st_mtime)
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    response: HttpResponse = HttpResponseNotModified() if since == changed else HttpResponse(found.read_bytes(), content_type=_kind(found))
    response["Last-Modified"] = http_date(changed)
    response["Access-Control-Allow-Origin"] = "*"  # open data
    patch_cache_control(response, public=True, max_age=FRESH_S)
    return response


def _missing(text: str) -> HttpResponse:
    """Plain words: the pages of errors ask the database."""
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=404)


def _root() -> Path:
    return Path(settings.VAR) / FOLDER


def _kind(file: Path) -> str:
    kinds = {".geojson": "application/geo+json", ".csv": "text/csv; charset=utf-8", ".html": "text/html; charset=utf-8"}
    return kinds.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"


urlpatterns = [
    path("terbuka/", start, name="releases_start"),
    path("terbuka/<slug:held>/", page, {"file": "index.html"}, name="releases_index"),
    path("terbuka/<slug:held>/<path:file>", page, name="releases"),
]
