"""One search over places and things, within what this person may read."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from posko.desk import reports as desk_reports
from posko.desk import shell
from posko.domain import reports as rules
from posko.store import access, reports

_LONGEST = 80


@shell.page("search.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Hits for ?q=."""
    text = request.GET.get("q", "").strip()[:_LONGEST]
    why = rules.looks_like_a_person(text, access.names().values()) if len(text) >= 2 else ""
    if why and not _purpose_stated(request, election, why):
        context = {"q": text, "hits": [], "asks": True, "purposes": desk_reports.PURPOSES.items()}
        return render(request, "desk/searching/index.html", context)
    hits = shell.hits_for(request, request.election, text) if len(text) >= 2 else []
    return render(request, "desk/searching/index.html", {"q": text, "hits": hits, "person_search": bool(why)})


def _purpose_stated(request: shell.Request, election: str, why: str) -> bool:
    """A search for a person needs a purpose; who searched for what purpose is recorded for oversight, what was typed is not."""
    purpose = request.GET.get("tujuan", "")
    if purpose not in desk_reports.PURPOSES:
        return False
    reports.count_guard(election, "search", [why], "answered", shell.actor(request), request.at, purpose)
    return True


urlpatterns = [path("<slug:election>/cari/", index, name="searching")]
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
