"""What others did while somebody wrote: the sentences, and the page between a stale form and the record.

A form about an item or a report carries what was seen of it; the store refuses what was written about another state (aght.Changed).
"""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from posko.desk import shell
from posko.domain import aght as rules
from posko.domain import reports as report_rules
from posko.formats import text
from posko.store import access, aght, reports

STANDINGS = {rules.Standing.OPEN: "Dibuka lagi", rules.Standing.TREATED: "Dinyatakan ditangani", rules.Standing.CLOSED: "Ditutup"}
STATUS_WORDS = {
    report_rules.Status.RECEIVED: "diterima",
    report_rules.Status.ASSESSING: "sedang dinilai",
    report_rules.Status.REFERRED: "diteruskan ke Bawaslu",
    report_rules.Status.CLOSED: "ditutup",
}


def seen(request: shell.Request) -> str:
    """What the form says it was opened with; a form that says nothing has seen nothing."""
    return request.POST.get("seen", "")[:120] or "-"


def item_news(request: shell.Request, election: str, item: rules.Aght, word: str) -> list[str]:
    """What became of an item since a form was opened, as sentences."""
    names, found = access.names(), aght.news(election, item, word, request.at)
    lines = [
        f"Penilaian versi {a.version} oleh {names.get(a.author, a.author)}, {text.waktu(a.assessed_at)}: {a.kind.value}, “{a.claim}”, "
        f"bagian hilang {a.shares.low} / {a.shares.mode} / {a.shares.high} %"
        + (f", peluang {text.persen(a.p_permille / 1000)}" if a.p_permille is not None else "")
        for a in found.assessments
    ]
    lines += [f"{g.report} dilampirkan, nilai {g.source}{g.information}." for g in found.gradings]
    lines += [f"{STANDINGS[c.standing]} oleh {names.get(c.person, c.person)}, {text.waktu(c.at)}: {c.reason}" for c in found.changes]
    if found.regraded:
        lines.append("Nilai laporan yang mendukungnya, atau keterlambatan yang diberitahukan kepada distribusi, sudah lain.")
    return lines or ["Keadaannya sudah lain."]


def report_news(request: shell.Request, election: str, number: str, word: str, *, source: bool) -> list[str]:
    """What became of a report since a form was opened. source: whether the source's grade may be told here."""
    report = reports.get(election, number, request.at)
    parts, names = rules.news_report(word, aght.seen_report(election, report, request.at)), access.names()
    grading = aght.gradings(election, request.at).get(number)
    lines = []
    if "status" in parts:
        lines.append(f"Keadaan laporan sekarang: {STATUS_WORDS[report.status]}.")
    if "grades" in parts and grading:
        by = f"sumber oleh {names.get(grading.source_by, grading.source_by)}" + (f", nilai {grading.source}" if source else "")
        if grading.information:
            by += f"; keterangan oleh {names.get(grading.information_by, grading.information_by)}, nilai {grading.information}"
        lines.append(f"Penilaian sekarang: {by}{f', {text.waktu(grading.graded_at)}' if grading.graded_at else ''}.")
    if "handed" in parts:
        handed = [r for r in aght.referrals(election, request.at) if r.report == number]
        lines += [
            f"Dirujuk ke {r.to.value} oleh {names.get(r.person, r.person)}, {text.waktu(r.handed_at)}"
            + (", tanda terimanya sudah ada." if r.received_at else ".")
            for r in handed
        ]
    return lines or ["Keadaannya sudah lain."]


def page(request: shell.Request, what: str, lines: list[str], fresh: dict[str, str], back: str, shown: dict[str, str]) -> HttpResponse:
    """The page between a stale form and the record: what others did, what was typed, and a button that sends it with what is known now.

    fresh: hidden fields with what is seen now; shown: field -> label of what was typed, kept as typed.
    """
    kept = [(name, value) for name, value in request.POST.items() if name not in {"csrfmiddlewaretoken", *fresh}]
    context = {
        "what": what,
        "lines": lines,
        "hidden": [*fresh.items(), *((name, value) for name, value in kept if name not in shown)],
        "typed": [(name, shown[name], value) for name, value in kept if name in shown],
        "back": back,
    }
    return render(request, "desk/aght/changed.html", context, status=409)


def report_page(request: shell.Request, election: str, number: str) -> HttpResponse:
    """The same page for a form about a report: refer, close."""
    lines = report_news(request, election, number, seen(request), source=True)
    fresh = {"seen": aght.seen_report(election, reports.get(election, number, request.at), request.at)}
    back = reverse("desk:reports_detail", args=[election, number])
    return page(request, number, lines, fresh, back, {"note": "Catatan"})


def item_page(request: shell.Request, election: str, code: str, shown: dict[str, str]) -> HttpResponse:
    """The same page for a form about an item: its standing, its hazard."""
    item = aght.get(election, code, request.at)
    fresh = {"seen": aght.seen_item(election, item, request.at)}
    lines = item_news(request, election, item, seen(request))
    return page(request, code, lines, fresh, reverse("desk:aght_detail", args=[election, code]), shown)
