"""The board: how long until 07.00, what is missing, which TPS are not ready and why, what to do next."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from posko.desk import custody as custody_desk
from posko.desk import forecast as forecast_desk
from posko.desk import places as places_desk
from posko.desk import recommendations as recommendations_desk
from posko.desk import shell
from posko.domain import readiness as readiness_rules
from posko.domain import receipts as receipts_rules
from posko.domain import recommendations as recommendation_rules
from posko.formats import gauge as gauge_svg
from posko.formats import readiness as words
from posko.store import aght, distribution, dpt, needs, packing, readiness, receipts, recommendations, record, regulation

# The four kinds of goods of the statement of 5 December 2023; the headline figure counts these.
HEADLINE = ("KOTAK", "BILIK", "TINTA", "ALAT_COBLOS")
_LINES_SHOWN = 7
_CAUSES_SHOWN = 6


def start(request: shell.Request) -> HttpResponse:
    """The page after signing in: what this person does for the next election, or how to begin."""
    if request.person is None:
        return HttpResponseRedirect(reverse("desk:sign_in"))
    elections = record.elections()
    if not elections:
        return render(request, "desk/board/none.html", {})
    upcoming = [e for e in elections if e.voting_at >= request.at]
    chosen = min(upcoming, key=lambda e: e.voting_at) if upcoming else max(elections, key=lambda e: e.voting_at)
    request.election = chosen
    return HttpResponseRedirect(reverse("desk:home", args=[chosen.code]))


start.act = "SIGNED_IN"  # type: ignore[attr-defined]  # the route table of the tests reads it


@shell.page("board.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The board."""
    at = request.at
    milestones = regulation.milestones(election, at)
    gauge = receipts.gauge(election, at)
    verdicts = readiness.verdicts(election, at)
    context = {
        "days": (record.local_date(request.election.voting_at) - record.local_date(at)).days,
        "voting_at": request.election.voting_at,
        "next_deadlines": [m for m in milestones if m.due_at >= at][:3],
        "dpt": dpt.current(election, at),
        "needs": needs.current(election, at),
        "gauge": gauge,
        "headline": gauge.units("accepted", HEADLINE),
        "received": gauge.units("received", HEADLINE),
        "lines": _lines(gauge),
        "summary": readiness_rules.summary(verdicts),
        "causes": [
            {"sentence": words.reason_sentence(cause.reason, grouped=True), "tps": len(cause.tps)}
            for cause in readiness_rules.causes(verdicts, readiness_rules.State.NOT_READY)[:_CAUSES_SHOWN]
        ],
        "unknown_causes": [
            {"sentence": words.reason_sentence(cause.reason, grouped=True), "tps": len(cause.tps)}
            for cause in readiness_rules.causes(verdicts, readiness_rules.State.UNKNOWN)[:3]
        ],
        "map": places_desk.overview(request, election),
        "plan": distribution.current_plan(election, at) if shell.may(request, "distribution.read") else None,
        "custody": custody_desk.board(request, election),
        "forecast": forecast_desk.block(request, election),
        "tasks": shell.tasks_of(request, request.election)[:4],
        "signals": [s for s in shell.signals_of(request, request.election) if s["severity"] != "watch"],
        "boxes": packing.progress(election, at).total if shell.may(request, "packing.read") else None,
        "recommendations": _recommendations(request, election),
        "aght": [a for a in aght.register(election, at, shell.scope(request, "aght.read")) if a.standing.value == "open"][:3],
        "marks": gauge.marks,
    }
    return render(request, "desk/board/index.html", context)


def _lines(gauge: receipts_rules.Gauge) -> list[dict[str, Any]]:
    """The lines of the gauge in the order of the rulebook, the headline kinds first."""
    rows = sorted(gauge.rows, key=lambda r: (r.demand.item not in HEADLINE, r.demand.quantity is None, not r.demand.critical))
    shown = []
    for row in rows[:_LINES_SHOWN]:
        need = row.demand.quantity
        wanted = "belum diketahui" if need is None else need
        label = f"{row.demand.name}: {row.accepted} baik, {row.received} diterima, {row.shipped} dikirim, kebutuhan {wanted}"
        shown.append(
            {
                "row": row,
                "share": row.share("accepted"),
                "bar": gauge_svg.bar(need, shipped=row.shipped, received=row.received, good=row.accepted, label=label),
            }
        )
    return shown


def _recommendations(request: shell.Request, election: str) -> list[dict[str, Any]]:
    """The newest issued recommendations with their states; drafts stay within the Kejari."""
    if not shell.may(request, "recommendations.read"):
        return []
    issued = [r for r in recommendations.listing(election, request.at) if r.state in recommendation_rules.FROZEN]
    shown = recommendations.readable(issued, request.person, request.at)
    return [
        {"rec": r, "state": recommendations_desk.STATES[r.state][0], "word": recommendations_desk.STATES[r.state][1]}
        for r in shown[:_CAUSES_SHOWN]
    ]


urlpatterns = [path("", start, name="start"), path("<slug:election>/papan/", index, name="board")]
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
