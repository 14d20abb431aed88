"""The edges: the machine's clock is read here, and every request learns its time, its person and its election."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from posko.domain import record as rules
from posko.formats import watermark
from posko.server import errors
from posko.store import access, record

Handler = Callable[[HttpRequest], HttpResponseBase]


def headers(get_response: Handler) -> Handler:
    """Pages of signed-in staff are not kept by browsers or proxies; no device features are asked for."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
        response.headers.setdefault("X-Frame-Options", "DENY")
        return response

    return handle


def drill(get_response: Handler) -> Handler:
    """Whatever leaves a drill says so: pages get the bar, downloads the word in their name, everything a header.

    The outermost of ours, so that also pages of errors and the public files, which ask no database, carry the mark. What the database says
    comes on top in `Situation`: the word of either is enough.
    """

    def handle(request: HttpRequest) -> HttpResponseBase:
        watermark.put(settings.DRILL)
        response = get_response(request)
        if not watermark.shown():
            return response
        response.headers["X-Posko-Gladi"] = "bukan data nyata"
        if "Content-Disposition" in response.headers:
            response.headers["Content-Disposition"] = _FILE.sub(_named, response.headers["Content-Disposition"])
        if isinstance(response, HttpResponse) and response.headers.get("Content-Type", "").startswith("text/html"):
            response.content = watermark.page(response.content)
            if response.has_header("Content-Length"):
                response.headers["Content-Length"] = str(len(response.content))
        return response

    return handle


_FILE = re.compile(r'filename="([^"]*)"')


def _named(found: re.Match[str]) -> str:
    return f'filename="{watermark.named(found[1])}"'


# Three photographs of the largest kind that evidence takes; tables are smaller. What is larger never reaches the disk or the memory.
MOST_BODY = 40 * 1024 * 1024


def limit(get_response: Handler) -> Handler:
    """A request with more than MOST_BODY bytes is refused before anything of it is read."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        said = request.META.get("CONTENT_LENGTH") or "0"
        if not said.isdigit() or int(said) > MOST_BODY:
            return errors.too_large(MOST_BODY // 1024 // 1024)
        return get_response(request)

    return handle


OPEN = "/terbuka/"
"""The public pages are files: they are handed out also while the database is away."""


class Situation:
    """Sets request.machine_at, request.at, request.person and request.election."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Clock and person first; the election is known once the address is resolved."""
        told: Any = request
        told.machine_at = datetime.now(UTC)
        if request.path.startswith(OPEN):
            told.at, told.person, told.election = told.machine_at, None, None
            return self.get_response(request)
        told.installed = record.installation()
        watermark.put(settings.DRILL or told.installed.drill)
        told.at = record.clock(told.machine_at)
        told.person = access.person(request.user) if request.user.is_authenticated else None
        told.election = None
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with record.reading():
            return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, kwargs: dict[str, object]) -> None:
        """An address that names an election gets that election, or 404."""
        code = kwargs.get("election")
        told: Any = request
        if isinstance(code, str):
            try:
                told.election = record.election(code)
            except rules.Refusal as refusal:
                raise Http404(code) from refusal
