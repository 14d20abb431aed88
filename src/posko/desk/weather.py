"""Stage weather: screens: forecasts of waves typed, pasted or uploaded; what was wrong taken back; hours of piers and islands."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import record as facts
from posko.domain import travel
from posko.domain import weather as rules
from posko.formats import table, text
from posko.formats import weather as printed
from posko.store import weather

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_PROBLEMS = 50
OPEN_WHYS = {"pasang": "air pasang", "terang": "hari terang", "izin": "izin syahbandar"}
_FIELDS = ("place", "from_at", "until_at", "height", "issued_at", "source")


@shell.page("weather.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """What is forecast, how far to rely on it, and the forms."""
    return _index(request, election, {})


def _index(request: shell.Request, election: str, extra: Mapping[str, Any]) -> HttpResponse:
    places = weather.sea_places(election)
    told = weather.forecasts(election, request.at)
    error = rules.Error()
    context = {
        "lines": [_line(one, places, told) for one in told],
        "places": places.items(),
        "islands": [(code, name) for code, name in places.items() if ":" in code],
        "sources": [(source.value, name) for source, name in printed.SOURCES.items()],
        "whys": [(why.value, name) for why, name in printed.WHYS.items()],
        "open_whys": OPEN_WHYS.items(),
        "gates": [
            {
                "gate": gate, "name": places.get(gate.place, gate.place), "from": _clock(gate.opening.from_min),
                "until": _clock(gate.opening.until_min), "why": OPEN_WHYS.get(gate.opening.why, gate.opening.why),
            }
            for gate in weather.openings(election, request.at)
        ],
        "may_write": shell.may(request, "weather.write"),
        "typed": {"issued_at": text.form_moment(request.at), "source": "BMKG"},
        "spread": {"start": text.persen(error.start_permille / 1000, 0), "day": text.persen(error.per_day_permille / 1000, 0)},
        "header": ", ".join(printed.HEADER),
        **extra,
    }  # fmt: skip
    return render(request, "desk/weather/index.html", context)


def _line(one: weather.Forecast, places: Mapping[str, str], told: Iterable[weather.Forecast]) -> dict[str, Any]:
    wave = one.wave
    later = [other for other in told if not other.ended and other.wave.place == wave.place and other.wave.issued_at > wave.issued_at]
    newer = [other.code for other in later if other.wave.covers(wave.from_at, wave.until_at)]
    why = next((name for code, name in printed.WHYS.items() if code.value == one.ended), "")
    return {
        "code": one.code, "wave": wave, "place": places.get(wave.place, wave.place), "height": text.desimal(wave.height_cm / 100, 2),
        "source": next((name for code, name in printed.SOURCES.items() if code.value == wave.source), wave.source),
        "live": not one.ended, "newer": ", ".join(newer) if not one.ended else "", "why": why,
        "replaced": one.replaced, "corrects": one.corrects,
    }  # fmt: skip


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}.{minute % 60:02d}"


def _minute(typed: str) -> int | None:
    hours, dot, minutes = typed.strip().replace(":", ".").partition(".")
    whole = hours.isdecimal() and minutes.isdecimal() and len(hours) < 3 and len(minutes) < 3
    if not (whole and dot and int(minutes) < 60 and int(hours) * 60 + int(minutes) <= travel.DAY):
        return None
    return int(hours) * 60 + int(minutes)


def _read(typed: Mapping[str, str]) -> tuple[rules.Wave | None, dict[str, str]]:
    """The forecast that was typed, or what is wrong with each field."""
    wrong: dict[str, str] = {}
    times = {name: text.typed_moment(typed[name]) for name in ("from_at", "until_at", "issued_at")}
    wrong |= {name: "Pilih tanggal dan jam." for name, moment in times.items() if moment is None}
    height, source = printed.height_cm(typed["height"]), printed.source_of(typed["source"])
    if height is None:
        wrong["height"] = "Tulis tinggi dalam meter, misalnya 1,25 atau 0,5 - 1,25."
    if source is None:
        wrong["source"] = "Pilih sumber dari daftar."
    if not typed["place"]:
        wrong["place"] = "Pilih tempat."
    from_at, until_at, issued_at = times["from_at"], times["until_at"], times["issued_at"]
    if wrong or not (from_at and until_at and issued_at and source) or height is None:
        return None, wrong
    if until_at <= from_at:
        return None, {"until_at": "Selesai harus sesudah mulai."}
    try:
        return rules.Wave(typed["place"], from_at, until_at, height, issued_at, source.value), {}
    except rules.BadForecast:
        return None, {"height": "Gelombang setinggi itu tidak mungkin. Tulis dalam meter, misalnya 1,25."}


@shell.page("weather.write")
def add(request: shell.Request, election: str) -> HttpResponse:
    """Records a forecast."""
    if request.method != "POST":
        return redirect("desk:weather", election)
    typed = {name: request.POST.get(name, "").strip() for name in _FIELDS}
    wave, wrong = _read(typed)
    if wave is None:
        return _index(request, election, {"typed": typed, "wrong": wrong})
    try:
        codes = weather.record_waves(election, [wave], shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return _index(request, election, {"typed": typed})
    shell.done(request, f"Prakiraan {codes[0]} tercatat.")
    return redirect("desk:weather", election)


@shell.page("weather.write")
def change(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Corrects a forecast that was recorded wrongly, or takes it back; both name why."""
    found = next((one for one in weather.forecasts(election, request.at) if one.code == code), None)
    if found is None:
        raise Http404
    wave = found.wave
    typed = {
        "place": wave.place, "from_at": text.form_moment(wave.from_at), "until_at": text.form_moment(wave.until_at),
        "height": text.desimal(wave.height_cm / 100, 2), "issued_at": text.form_moment(wave.issued_at), "source": wave.source,
    }  # fmt: skip
    wrong: dict[str, str] = {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, typed[name]).strip() for name in _FIELDS}
        why = next((one for one in rules.Why if one.value == request.POST.get("why", "")), None)
        made, wrong = (wave, {}) if "withdraw" in request.POST else _read(typed)
        if why is None:
            wrong["why"] = "Pilih alasan."
        elif made is not None:
            try:
                if "withdraw" in request.POST:
                    weather.withdraw_wave(election, code, why, shell.actor(request), request.at)
                else:
                    weather.correct_wave(election, code, made, why, shell.actor(request), request.at)
            except facts.Refusal as refusal:
                shell.refused(request, refusal)
            else:
                shell.done(request, f"{code} tidak dihitung lagi." if "withdraw" in request.POST else f"{code} diganti.")
                return redirect("desk:weather", election)
    context = {
        "code": code, "typed": typed, "wrong": wrong, "live": not found.ended, "places": weather.sea_places(election).items(),
        "sources": [(source.value, name) for source, name in printed.SOURCES.items()],
        "whys": [(why.value, name) for why, name in printed.WHYS.items()],
    }  # fmt: skip
    return render(request, "desk/weather/change.html", context)


@shell.page("weather.write")
def upload(request: shell.Request, election: str) -> HttpResponse:
    """A table of forecasts, pasted or as a file: checked whole, taken whole or not at all."""
    given, pasted = request.FILES.get("file"), request.POST.get("pasted", "")
    if request.method != "POST" or (given is None and not pasted.strip()):
        return redirect("desk:weather", election)
    try:
        name, data = shell.sent_table(request) if given is not None else ("tempel.csv", pasted.encode())
        waves, problems = printed.read(name, data, weather.sea_places(election), request.at)
        codes = [] if problems else weather.record_waves(election, waves, shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return _index(request, election, {"pasted": pasted})
    if problems:
        shown = [{"p": problem, "text": printed.sentence(problem)} for problem in problems[:MOST_PROBLEMS]]
        return _index(request, election, {"problems": shown, "number": len(problems), "pasted": pasted})
    shell.done(request, f"{len(set(codes))} prakiraan tercatat.")
    return redirect("desk:weather", election)


@shell.page("weather.write")
def hours(request: shell.Request, election: str) -> HttpResponse:
    """When a pier or an island may be used, or that this no longer holds."""
    if request.method != "POST":
        return redirect("desk:weather", election)
    from_min, until_min = _minute(request.POST.get("from_min", "")), _minute(request.POST.get("until_min", ""))
    day, why = request.POST.get("day", "0"), request.POST.get("because", "")
    if from_min is None or until_min is None or not (day.isdecimal() and len(day) < 3 and int(day) <= 30) or why not in OPEN_WHYS:
        shell.refused(request, rules.BadOpening(place=request.POST.get("place", "")[:40]))
        return redirect("desk:weather", election)
    gate = rules.Gate(request.POST.get("place", ""), int(day), travel.Opening(from_min, until_min, why))
    try:
        weather.set_opening(election, gate, shell.actor(request), request.at, ended="end" in request.POST)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, "Jam buka dicatat. Susun rencana lagi agar dipakai.")
    return redirect("desk:weather", election)


@shell.page("weather.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The forecasts that count, as the table that can be uploaded again."""
    lines = printed.rows(weather.waves(election, request.at), weather.sea_places(election))
    name = f'attachment; filename="gelombang-{election}.xlsx"'
    return HttpResponse(table.xlsx({"Gelombang": lines}), content_type=XLSX, headers={"Content-Disposition": name})


urlpatterns = [
    path("<slug:election>/cuaca/", index, name="weather"),
    path("<slug:election>/cuaca/catat/", add, name="weather_add"),
    path("<slug:election>/cuaca/impor/", upload, name="weather_import"),
    path("<slug:election>/cuaca/jam/", hours, name="weather_hours"),
    path("<slug:election>/cuaca/gelombang.xlsx", export, name="weather_export"),
    path("<slug:election>/cuaca/<slug:code>/", change, name="weather_change"),
]
SENTENCES: dict[str, str] = {
    "weather.unknown_forecast": "Prakiraan {forecast} tidak ada, atau sudah tidak dihitung.",
    "weather.unknown_place": "Tempat {place} bukan dermaga, pulau, atau laut kabupaten ini.",
    "weather.not_yet_issued": "Waktu terbit prakiraan tidak boleh sesudah sekarang.",
    "weather.reason_missing": "Pilih alasan dari daftar.",
    "weather.bad_forecast": "Prakiraan gelombang {height} cm itu tidak mungkin. Periksa tinggi, mulai, selesai, dan waktu terbitnya.",
    "weather.bad_opening": "Tulis jam buka dan jam tutup yang berbeda, seperti 06.30 dan 11.00, dan pilih sebabnya.",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[Any, str]] = {}
