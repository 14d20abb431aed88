"""Stage bundles: the page from which an overseer takes everything away."""

import hashlib

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import record as facts
from posko.store import bundles, releases


@shell.page("bundles.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """What is in a bundle, how to check it, and the two buttons."""
    history = releases.history(election, request.at)
    context = {"publications": len(history), "newest": history[0] if history else None, "may_take": shell.may(request, "bundles.take")}
    return render(request, "desk/bundles/index.html", context)


def _handed_out(request: shell.Request, election: str, reader: str) -> HttpResponseBase:
    if request.method != "POST":
        return redirect("desk:bundles", election)
    try:
        made = bundles.make(election, reader, request.at)
        bundles.note(election, reader, made, shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:bundles", election)
    response = HttpResponse(made, content_type="application/zip")
    name = f"berkas-pengawas-{reader}-{hashlib.sha256(made).hexdigest()[:8]}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@shell.page("bundles.take")
def overseer(request: shell.Request, election: str) -> HttpResponseBase:
    """With the opened entries behind the figures."""
    return _handed_out(request, election, "bawaslu")


@shell.page("bundles.read")
def press(request: shell.Request, election: str) -> HttpResponseBase:
    """Without opened entries."""
    return _handed_out(request, election, "pers")


urlpatterns = [
    path("<slug:election>/berkas-pengawas/", index, name="bundles"),
    path("<slug:election>/berkas-pengawas/bawaslu/", overseer, name="bundles_overseer"),
    path("<slug:election>/berkas-pengawas/pers/", press, name="bundles_press"),
]
SENTENCES: dict[str, str] = {
    "bundles.unknown_reader": "Berkas dibuat untuk bawaslu atau pers.",
    "bundles.nothing_published": "Belum ada terbitan, jadi belum ada yang dapat diperiksa. Terbitkan dahulu di halaman Terbitan.",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
