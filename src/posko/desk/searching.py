"""One search over places and things, within what this person may read."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from posko.desk import shell

_LONGEST = 80


@shell.page("search.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Hits for ?q=."""
    text = request.GET.get("q", "").strip()[:_LONGEST]
    hits = shell.hits_for(request, request.election, text) if len(text) >= 2 else []
    return render(request, "desk/searching/index.html", {"q": text, "hits": hits})


urlpatterns = [path("<slug:election>/cari/", index, name="searching")]
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
