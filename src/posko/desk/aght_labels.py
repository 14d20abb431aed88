"""Stage aght: the versioned sets of labels; which one is in force, a newer one from a file, an older one again."""

import json

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import aght as rules
from posko.domain import record as facts
from posko.formats import aght as files
from posko.formats import table
from posko.store import access, aght

CHANGES = {"new": "baru", "gone": "tidak ada lagi", "renamed": "nama lain"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def of_the_region(request: shell.Request, **_parts: str) -> access_rules.Thing:
    """Labels and files about the whole region are set by those whose role is for the whole region."""
    return access_rules.owned("aght.assess", "", request.election.region, request.election.region)


@shell.page("aght.read")
def listing(request: shell.Request, election: str) -> HttpResponse:
    """Every set with its labels: who brought it in, when, which is in force, and how many items carry it."""
    names = access.names()
    used: dict[str, int] = {}
    for item in aght.register(election, request.at, shell.scope(request, "aght.read")):
        used[item.now.labels] = used.get(item.now.labels, 0) + 1
    rows = [
        {
            "one": one,
            "version": one.labels.version,
            "by": names.get(one.person, one.person),
            "forced_by": names.get(one.forced_by, one.forced_by),
            "items": used.get(one.labels.version, 0),
            "labels": rules.label_rows(one.labels),
        }
        for one in aght.label_versions(election, request.at)
    ]
    return render(request, "desk/aght/labels.html", {"rows": rows, "may_assess": shell.may(request, "aght.assess", of_the_region(request))})


@shell.page("aght.assess", thing=of_the_region)
def new(request: shell.Request, election: str) -> HttpResponse:
    """A file is read and shown with what it changes; only the second button takes it."""
    wrong: list[str] = []
    shown: tuple[rules.Label, ...] = ()
    if request.method == "POST":
        try:
            shown, wrong = _rows(request)
            if not wrong:
                rules.labels(request.POST.get("version", ""), shown, request.POST.get("source", ""))
                if request.POST.get("act") == "commit":
                    return _take(request, election, shown)
                _check_version(request, election)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            shown = () if isinstance(refusal, table.Unreadable) else shown
    ready = bool(shown) and not wrong
    now = aght.labels(election, request.at)
    context = {
        "typed": request.POST,
        "wrong": wrong[:30],
        "more": max(0, len(wrong) - 30),
        "current": now,
        "rows": shown if ready else (),
        "changes": [(c, CHANGES[c.change]) for c in rules.label_changes(now, _as_set(shown))] if ready else [],
        "kept": json.dumps([[o.group, o.code, o.name, o.note] for o in shown], ensure_ascii=False) if ready else "",
        "items": sum(i.now.labels == now.version for i in aght.register(election, request.at, shell.scope(request, "aght.read"))),
    }
    return render(request, "desk/aght/labels_new.html", context)


def _as_set(shown: tuple[rules.Label, ...]) -> rules.Labels:
    """The rows without a version, to compare them."""
    lists = {group: {o.code: o.name for o in shown if o.group == group} for group in rules.GROUPS}
    return rules.Labels("", lists["gatra"], lists["variabel"])


def _check_version(request: shell.Request, election: str) -> None:
    """LabelsTwice already at the dry run."""
    version = request.POST.get("version", "").strip().lower()
    if version in aght.label_sets(election, request.at):
        raise rules.LabelsTwice(version=version)


def _rows(request: shell.Request) -> tuple[tuple[rules.Label, ...], list[str]]:
    """The rows of the upload, or those that the page before showed; both are read by the same reader. table.Unreadable."""
    upload = request.FILES.get("file")
    if upload is not None:
        found, problems = files.read_labels(str(upload.name), shell.table_bytes(upload))
        return found, files.sentences(problems)
    try:
        kept = [[str(cell) for cell in row] for row in json.loads(request.POST.get("kept", "")[:200_000])]
        sheet = table.xlsx({"Label": [list(files.LABEL_HEAD), *kept]})
    except (ValueError, TypeError, RecursionError):  # nested without end, or half a character: nothing that the page before wrote
        raise rules.BadLabels(field="berkas") from None
    found, problems = files.read_labels("label.xlsx", sheet)
    return found, files.sentences(problems)


def _take(request: shell.Request, election: str, shown: tuple[rules.Label, ...]) -> HttpResponse:
    version, source = request.POST.get("version", ""), request.POST.get("source", "")[:200]
    found = aght.take_labels(election, version, shown, source, shell.actor(request), request.at)
    shell.done(request, f"Daftar label {found.version} berlaku untuk penilaian sesudah ini. Butir yang ada tetap memakai labelnya.")
    return redirect("desk:aght_labels", election)


@shell.page("aght.assess", thing=of_the_region)
def use(request: shell.Request, election: str) -> HttpResponse:
    """An older set is in force again."""
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            aght.use_labels(election, version, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Daftar label {version} berlaku lagi untuk penilaian sesudah ini.")
    return redirect("desk:aght_labels", election)


@shell.page("aght.assess", thing=of_the_region)
def template(request: shell.Request, election: str) -> HttpResponse:
    """The set in force as a table, ready to be changed."""
    rows = files.label_table(rules.label_rows(aght.labels(election, request.at)))
    answer = HttpResponse(table.xlsx({"Label": rows}), content_type=XLSX)
    answer["Content-Disposition"] = 'attachment; filename="label.xlsx"'
    return answer


urlpatterns = [
    path("<slug:election>/aght/label/", listing, name="aght_labels"),
    path("<slug:election>/aght/label/baru/", new, name="aght_labels_new"),
    path("<slug:election>/aght/label/berlakukan/", use, name="aght_labels_use"),
    path("<slug:election>/aght/label/contoh.xlsx", template, name="aght_labels_template"),
]
