"""Stage drill: screens. How honest the forecast was against replayed elections; and the drill of a team, in its copy."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.safestring import mark_safe

from posko.desk import shell
from posko.domain import drill as rules
from posko.formats import document, honesty, text
from posko.formats import drill as printed
from posko.store import drill, record, reports

STATES = {
    rules.State.WAITING: "plain",
    rules.State.OPEN: "waiting",
    rules.State.ANSWERED: "done",
    rules.State.LATE: "waiting",
    rules.State.MISSED: "overdue",
}
HONEST = {
    rules.Honesty.FAIR: ("good", "jujur sejauh dapat dilihat", "Tidak ada kemiringan yang melebihi kebetulan."),
    rules.Honesty.OPTIMISTIC: ("overdue", "terlalu optimistis", "Yang dikatakan siap lebih banyak daripada yang ternyata siap."),
    rules.Honesty.PESSIMISTIC: ("waiting", "terlalu pesimistis", "Yang ternyata siap lebih banyak daripada yang dikatakan."),
    rules.Honesty.OVERCONFIDENT: ("overdue", "terlalu yakin", "Angka yang tinggi terlalu tinggi dan yang rendah terlalu rendah."),
    rules.Honesty.UNDERCONFIDENT: ("waiting", "terlalu hati-hati", "Angkanya terlalu dekat ke tengah; kenyataan lebih jelas."),
    rules.Honesty.TOO_FEW: (
        "unknown",
        "terlalu sedikit ulangan",
        f"Sedikitnya {rules.LEAST_REPLAYS} pemilu tiruan diperlukan untuk menilai.",
    ),
}
JUDGE = (
    (
        "Hakimnya simulator",
        "Setiap pemilu tiruan dimainkan kejadian demi kejadian dengan cara lain daripada prakiraan. Ini bukan kenyataan.",
    ),
    (
        "Angka hakim",
        "Kisaran dan keluarga sebaran dipilih oleh pembuat Posko: tidak ada data jam perjalanan atau kerusakan pemilu yang ditemukan.",
    ),
    ("Gangguan", "Jenisnya yang dilaporkan 2019 dan 2024, lebih sering daripada dahulu; ulangan tanpa gangguan tidak menguji apa pun."),
    (
        "Yang diketahui prakiraan",
        "Hanya yang sudah terjadi dan sudah diberitakan pada saat itu, dengan angka yang diasumsikan, bukan angka hakim.",
    ),
    (
        "TPS dalam satu ulangan",
        "Tidak saling bebas; rentang dihitung dengan mengambil ulang seluruh pemilu tiruan, bukan TPS satu per satu.",
    ),
)


# --- honest probabilities ------------------------------------------------------------------------------------------------


@shell.page("drill.read")
def honest(request: shell.Request, election: str) -> HttpResponse:
    """The newest evaluation, instant by instant, and the earlier ones."""
    found = drill.evaluations(election, request.at)
    newest = found[0] if found else None
    context = {
        "newest": newest,
        "judged": [_judged(one) for one in newest.evaluation.judgements] if newest else [],
        "older": found[1:],
        "judge": JUDGE,
    }
    return render(request, "desk/drill/honest.html", context)


def _judged(one: rules.Judgement) -> dict[str, Any]:
    moment = printed.moment_text(one.at_min)
    return {
        "moment": moment,
        "one": one,
        "share": honesty.share(round(rules.MILLION * one.ready / one.cases)),
        "verdicts": [HONEST[word] for word in one.honesty],
        # Drawn from integers by our own code; nothing in it was typed by anybody.
        "diagram": mark_safe(honesty.diagram(one, f"Diagram keandalan {moment}: yang dikatakan terhadap yang terjadi")),  # noqa: S308
        "scores": [
            ("Brier prakiraan", _millionths(one.brier), "0 sempurna; makin kecil makin baik"),
            ("Brier “selalu angka rata-rata”", _millionths(one.base), "tahu belakangan berapa yang siap"),
            ("Brier “semua sesuai jadwal”", _millionths(one.schedule), "percaya pada rencana"),
            ("Keunggulan atas rata-rata", _share(one.skill_base), "di atas 0 lebih baik"),
            ("Keunggulan atas jadwal", _share(one.skill_schedule), "di atas 0 lebih baik"),
            ("Kemiringan (dikatakan − terjadi)", _share(one.bias), "di atas 0: terlalu optimistis"),
            ("Kelandaian", _millionths(one.slope, 2), "1 tepat; di bawah 1 terlalu yakin"),
            ("Skor log", _millionths(one.log_score), f"dibatasi pada {honesty.share(100)} dan {honesty.share(999_900)}"),
        ],
        "parts": [
            ("keandalan", text.desimal(one.reliability / 1e6, 4), "0 tepat"),
            ("ketajaman membedakan", text.desimal(one.resolution / 1e6, 4), "makin besar makin baik"),
            ("ketidakpastian", text.desimal(one.uncertainty / 1e6, 4), "milik keadaan, bukan prakiraan"),
            ("di dalam kelas", _signed(one.within), "sisa karena digolongkan"),
        ],
        "bins": [
            {
                "range": f"{honesty.share(b.from_ppm)} – {honesty.share(b.until_ppm)}",
                "cases": b.cases,
                "said": honesty.share(b.said_ppm) if b.cases else "—",
                "happened": honesty.share(b.happened_ppm) if b.cases else "—",
                "interval": f"{honesty.share(b.low_ppm)} – {honesty.share(b.high_ppm)}" if b.cases else "—",
            }
            for b in one.bins
            if b.cases
        ],
    }


def _signed(millionths: int) -> str:
    return text.desimal(millionths / 1e6, 4).replace("-", "−")


def _millionths(score: rules.Score, places: int = 4) -> str:
    value, low, high = (text.desimal(part / 1e6, places).replace("-", "−") for part in (score.value, score.low, score.high))
    return f"{value} ({low} – {high})"


def _share(score: rules.Score) -> str:
    value, low, high = (text.desimal(part / 1e4, 1).replace("-", "−") for part in (score.value, score.low, score.high))
    return f"{value} % ({low} – {high})"


# --- the drill of a team -------------------------------------------------------------------------------------------------


@shell.page("drill.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """In a drill: the clock, what has happened, and the score. Elsewhere: how to begin one."""
    running = drill.current()
    if running is None or running.election != election:
        return render(request, "desk/drill/none.html", {"drill_here": record.installation().drill, "other": running})
    return render(request, "desk/drill/index.html", _context(request, running))


def _context(request: shell.Request, running: drill.Drill) -> dict[str, Any]:
    at = running.ended_at or request.at
    result = drill.score(running.election, at)
    names = reports.place_names(running.election)
    over = running.over(at)
    return {
        "running": running,
        "over": over,
        "result": result,
        "to_come": sum(one.at is None for one in result.injects) - len(running.refused),
        "median": text.menit(result.median_min) if result.median_min is not None else "—",
        "counts": [
            ("dijawab", "done", result.count(rules.State.ANSWERED)),
            ("terlambat", "waiting", result.count(rules.State.LATE)),
            ("tidak dijawab", "overdue", result.count(rules.State.MISSED)),
            ("menunggu jawaban", "plain", result.count(rules.State.OPEN)),
        ],
        "injects": [_inject(one, names, over=over) for one in reversed(result.injects) if one.at is not None],
    }


def _inject(one: rules.Scored, names: dict[str, str], *, over: bool) -> dict[str, Any]:
    """What happened; what was wanted stays hidden until it is answered or its time is over, so that nobody works off a list."""
    shown = [answer for answer in one.answers if over or answer.state is not rules.State.OPEN]
    return {
        "at": one.at,
        "title": one.inject.title,
        "place": names.get(one.inject.target, one.inject.target),
        "points": one.points,
        "hidden": len(one.answers) - len(shown),
        "answers": [
            {
                "text": answer.expectation.text,
                "basis": answer.expectation.basis,
                "state": STATES[answer.state],
                "word": printed.STATES[answer.state],
                "minutes": text.menit(answer.minutes) if answer.minutes is not None else "",
                "within": text.menit(answer.expectation.within_min),
                "points": answer.points,
                "of": answer.expectation.points,
            }
            for answer in shown
        ],
    }


@shell.page("drill.read")
def debrief(request: shell.Request, election: str) -> HttpResponse:
    """The debrief as PDF."""
    running = drill.current()
    if running is None or running.election != election:
        raise Http404(election)
    at = running.ended_at or request.at
    head = {
        "agency": f"Posko Pemilu {record.installation().name}",
        "subtitle": f"{text.waktu(running.begins_at)} sampai {text.waktu(at)}, {running.speed} kali jam biasa, ragam {running.script.seed}",
        "marks": ["GLADI", "[SIMULASI]"],
        "footer": f"Naskah {running.script.code} · SHA-256 {running.script.digest[:16]}",
        "stamp": text.waktu(at),
    }
    score = drill.score(election, at)
    values = printed.debrief(running.script, score, reports.place_names(election), head, over=running.over(at))
    name = f'inline; filename="gladi-{running.script.code}.pdf"'
    return HttpResponse(document.pdf("gladi", values, at), content_type="application/pdf", headers={"Content-Disposition": name})


urlpatterns: list[URLPattern] = [
    path("<slug:election>/gladi/", index, name="drill"),
    path("<slug:election>/gladi/catatan.pdf", debrief, name="drill_debrief"),
    path("<slug:election>/kejujuran/", honest, name="drill_honest"),
]
SENTENCES: dict[str, str] = {
    "drill.bad_judgement": "Prakiraan tidak dapat dinilai: terlalu sedikit atau bilangannya tidak mungkin.",
    "drill.bad_script": "Naskah tidak dapat dimainkan ({what}).",
    "drill.not_a_drill": "Ini pemasangan sungguhan. Gladi hanya dimulai di salinannya: ./posko gladi mulai.",
    "drill.already_begun": "Di folder ini sudah ada gladi. Satu salinan, satu gladi.",
    "drill.not_begun": "Naskah gladi belum dimulai.",
    "drill.ended": "Gladi ini sudah diakhiri.",
    "drill.no_target": "Naskah menyebut {target} ({kind}, kejadian {inject}) yang tidak ada di pemasangan ini.",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
