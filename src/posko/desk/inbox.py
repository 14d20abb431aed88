"""What waits for me: gathered from every stage, stored nowhere."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from posko.desk import shell


@shell.page("inbox.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Tasks of this person, the most urgent first."""
    return render(
        request,
        "desk/inbox/index.html",
        {
            "tasks": shell.tasks_of(request, request.election),
            "signals": shell.signals_of(request, request.election),
            "may_draft": shell.may(request, "recommendations.draft"),
            "may_board": shell.may(request, "thresholds.read"),
            "may_acknowledge": shell.may(request, "thresholds.acknowledge"),
        },
    )


urlpatterns = [path("<slug:election>/tugas/", index, name="inbox")]
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
