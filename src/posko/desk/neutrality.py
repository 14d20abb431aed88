"""Stage neutrality: screens. The yardstick, the runs, what each found; and what an auditor takes away to join with data of their own."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import neutrality as rules
from posko.domain import record as facts
from posko.formats import auditor, table, text
from posko.planning import neutrality as kernel
from posko.store import access, neutrality

METRICS = {
    rules.Metric.RECOMMENDATIONS: ("Rekomendasi terbit", "dibanding kebutuhan: TPS, jarak, laporan"),
    rules.Metric.ESCORTS: ("Pengawalan Polres yang dijanjikan", "dibanding kebutuhan: TPS, jarak, laporan"),
    rules.Metric.REPLACEMENTS: ("Pengganti surat suara yang tiba", "dibanding TPS yang didapati kurang"),
    rules.Metric.ANSWER_TIME: ("Lama laporan menunggu dibaca", "dibanding laporan sejenis, sejauh yang sama"),
    rules.Metric.REPLACEMENT_TIME: ("Lama TPS menunggu pengganti", "dibanding kekurangan sejenis, sejauh yang sama"),
}
GROUPINGS = {rules.Grouping.KECAMATAN: "antarkecamatan", rules.Grouping.DAPIL: "antardapil"}
VERDICTS = {
    "too_few": ("unknown", "belum cukup data"),
    "alarm": ("overdue", "perlu diperiksa"),
    "nothing_found": ("plain", "tidak ditemukan beda"),
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = ((rules.Metric.RECOMMENDATIONS, "rekomendasi"), (rules.Metric.ESCORTS, "pengawalan"), (rules.Metric.REPLACEMENTS, "penggantian"))
DEFAULT_PERMILLE = {"hour": 250, "heard": 1000}
"""What the form proposes (ours): an hour of travel counts a quarter more, a report as much as a TPS. The overseer decides."""


def _p(ppm: int) -> str:
    return "< 0,001" if ppm < 1000 else f"{ppm / 1e6:.3f}".replace(".", ",")


def _times(permille: int) -> str:
    return f"{permille / 1000:.2f}".replace(".", ",")


def _shown(result: rules.Result, run: rules.Run) -> dict[str, Any]:
    state, word = VERDICTS[rules.verdict(run)]
    name, against = METRICS[result.metric]
    widest = result.widest
    return {
        "metric": name, "against": against, "grouping": GROUPINGS[result.grouping], "n": result.n, "state": state, "word": word,
        "p": _p(result.p_ppm), "held": _p(result.held_ppm), "judged": state != "unknown",
        "power": [text.persen(one / 1000) for one in result.power_permille],
        "least": rules.Limits().least, "other": [_p(ppm) for ppm in result.other_ppm], "running": result.running,
        "widest": f"{widest.name}: {_times(widest.ratio_permille)}×" if widest else "", "is_time": result.metric in rules.TIMES,
        "groups": [
            {
                "name": g.name, "n": g.n, "expected": f"{g.expected_permille / 1000:.1f}".replace(".", ","),
                "ratio": _times(g.ratio_permille), "range": f"{_times(g.low_permille)} – {_times(g.high_permille)}",
            }
            for g in result.groups
        ],
    }  # fmt: skip


def _audit(audit: rules.Audit) -> dict[str, Any]:
    shown = [_shown(result, run) for result, run in zip(audit.results, rules.runs(audit), strict=True)]
    return {
        "code": audit.code, "ran_at": audit.ran_at, "mark": audit.mark, "score": audit.score, "seed": audit.seed,
        "input_hash": audit.input_hash, "entry_id": audit.entry_id, "person": access.names().get(audit.person, audit.person),
        "results": shown, "alarms": sum(r["state"] == "overdue" for r in shown), "few": sum(r["state"] == "unknown" for r in shown),
    }  # fmt: skip


@shell.page("neutrality.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The newest run, the yardstick with its history, the older runs."""
    return _overview(request, election)


def _overview(request: shell.Request, election: str) -> HttpResponse:
    runs = [_audit(a) for a in neutrality.audits(election, request.at)]
    names = access.names()
    scores = [(s, reason, names.get(s.person, s.person)) for s, reason in neutrality.scores(election, request.at)]
    context = {
        "runs": runs, "newest": runs[0] if runs else None, "scores": scores, "score": scores[0][0] if scores else None,
        "may_run": shell.may(request, "neutrality.run"), "may_register": shell.may(request, "neutrality.register"),
        "typed": request.POST or {"hour": DEFAULT_PERMILLE["hour"], "heard": DEFAULT_PERMILLE["heard"]}, "draws": kernel.RUNS,
    }  # fmt: skip
    return render(request, "desk/neutrality/index.html", context)


@shell.page("neutrality.read")
def detail(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One run with every group."""
    try:
        found = neutrality.get(election, code, request.at)
    except rules.Unknown as refusal:
        raise Http404 from refusal
    return render(request, "desk/neutrality/detail.html", {"run": _audit(found), "draws": kernel.RUNS})


@shell.page("neutrality.register")
def register(request: shell.Request, election: str) -> HttpResponse:
    """Says what need is."""
    if request.method == "POST":
        try:
            hour, heard = (_permille(request.POST.get(name, "")) for name in ("hour", "heard"))
            neutrality.register(election, hour, heard, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _overview(request, election)  # what was typed stays
        shell.done(request, "Ukuran kebutuhan didaftarkan. Uji berikutnya memakainya.")
    return redirect("desk:neutrality", election)


def _permille(typed: str) -> int:
    plain = typed.strip().replace(".", "")
    if not plain.isascii() or not plain.isdigit() or len(plain) > 6:
        raise rules.BadScore(value=typed.strip()[:20] or "kosong")
    return int(plain)


@shell.page("neutrality.run")
def run(request: shell.Request, election: str) -> HttpResponse:
    """Runs the audit now."""
    if request.method == "POST":
        try:
            made = neutrality.run(election, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Uji {made.code} selesai dan tercatat.")
            return redirect("desk:neutrality_run", election, made.code)
    return redirect("desk:neutrality", election)


@shell.page("neutrality.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """One desa a row: acts and what need explains, for an auditor who joins data of their own outside."""
    held = neutrality.score(election, request.at)
    if held is None:
        shell.refused(request, rules.NotRegistered())
        return redirect("desk:neutrality", election)
    given = neutrality.gather(election, request.at)
    rows = [["desa", "nama", "kecamatan", "dapil", "tps", "jam", "laporan", *(f"{n}_{w}" for _, n in COLUMNS for w in ("ada", "harap"))]]
    counts = {metric: given.counts(metric) for metric, _ in COLUMNS}
    due = {
        metric: kernel.expected(sum(seen), rules.needs(metric, given.areas, seen, held)) if sum(seen) else [0.0] * len(seen)
        for metric, seen in counts.items()
    }
    for i, a in enumerate(given.areas):
        numbers = [str(v) for m, _ in COLUMNS for v in (counts[m][i], f"{due[m][i]:.4f}")]
        rows.append([a.code, a.name, a.kecamatan, a.dapil, str(a.tps), f"{a.hours:.2f}", str(a.heard), *numbers])
    response = HttpResponse(table.csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="uji-netral.csv"'
    return response


@shell.page("neutrality.read")
def program(_request: shell.Request, election: str) -> HttpResponse:
    """The auditor's program, as it is."""
    with open(auditor.__file__, "rb") as file:
        response = HttpResponse(file.read(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="gabung-auditor.py"'
    return response


@shell.page("neutrality.read")
def runs_export(request: shell.Request, election: str) -> HttpResponse:
    """Every result of every run."""
    head = ["Uji", "Waktu", "Ukuran", "Yang diuji", "Antara", "n", "p", "p sesudah koreksi", "Putusan", "Peluang menemukan beda 1,5×",
            "Peluang menemukan beda 2×", "Kelompok terjauh", "Tanda"]  # fmt: skip
    lines = [
        [
            r["code"], text.waktu(r["ran_at"]), f"versi {r['score'].version}", one["metric"], one["grouping"], one["n"], one["p"],
            one["held"] if one["judged"] else "", one["word"], *one["power"],
            one["widest"], r["mark"],
        ]
        for r in (_audit(a) for a in neutrality.audits(election, request.at))
        for one in r["results"]
    ]  # fmt: skip
    response = HttpResponse(table.xlsx({"Uji netral": [head, *lines]}), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="uji-netral-hasil.xlsx"'
    return response


urlpatterns = [
    path("<slug:election>/uji-netral/", index, name="neutrality"),
    path("<slug:election>/uji-netral/ukuran/", register, name="neutrality_register"),
    path("<slug:election>/uji-netral/jalankan/", run, name="neutrality_start"),
    path("<slug:election>/uji-netral/uji-netral.csv", export, name="neutrality_export"),
    path("<slug:election>/uji-netral/gabung-auditor.py", program, name="neutrality_program"),
    path("<slug:election>/uji-netral/hasil.xlsx", runs_export, name="neutrality_runs_export"),
    path("<slug:election>/uji-netral/<slug:code>/", detail, name="neutrality_run"),
]
SENTENCES: dict[str, str] = {
    "neutrality.not_registered": "Daftarkan dahulu ukuran kebutuhan, baru jalankan uji: ukuran tidak boleh dipilih sesudah melihat hasil.",
    "neutrality.bad_score": "“{value}” bukan bobot. Tulis bilangan bulat 0 sampai 10.000 (permil).",
    "neutrality.same_score": "Ukuran yang berlaku sudah sama. Tidak ada yang diubah.",
    "neutrality.no_reason": "Tulis alasan ukuran ini; alasan ikut tercatat.",
    "neutrality.unknown": "Uji {code} tidak ada.",
}
TASKS: dict[str, tuple[str, str]] = {
    "neutrality.score": ("Daftarkan ukuran kebutuhan untuk uji netral", "desk:neutrality"),
    "neutrality.run": ("Jalankan uji netral pekan ini", "desk:neutrality"),
}
HITS: dict[str, str] = {}
SIGNALS = {
    "R22": (
        "Uji netral menemukan pola pada {metric}: n = {n}, p = {p} sesudah koreksi, kelompok terjauh {effect}×. Periksa sebabnya.",
        "desk:neutrality",
    ),
}
