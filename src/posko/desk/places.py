"""Places: desa, TPS, sites with their pins, sea legs, dapil, boundaries, crosswalk; and what is not known."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import access, places, record
from posko.formats import boundaries, map, table
from posko.store import dpt, readiness
from posko.store import places as store

SENTENCES = {
    "places.bad_code": "“{value}” bukan kode wilayah. Kode desa 10 angka, kode TPS 13 angka; periksa nol di depan.",
    "places.bad_pin": "Titik {lat}, {lon} di luar Indonesia. Periksa lintang (−11 sampai 6) dan bujur (95 sampai 141); jangan tertukar.",
    "places.unknown_site": "Tempat {site} tidak ada.",
    "places.bad_crosswalk": "Kode KPU {kpu} sudah dipetakan ke {old}; berkas memetakannya ke {new}. Tidak ada yang diimpor.",
    "places.bad_tps_list": "Daftar TPS tidak dapat dimuat; {sentence}. Tidak ada yang berubah.",
    "places.bad_boundaries": "{count} batas tidak cocok dengan desa di sini, misalnya {code}. Tidak ada yang diimpor.",
}
PROBLEMS = {
    "boundaries.too_large": "Berkas terlalu besar ({mb} MB). Paling besar 12 MB; sederhanakan lebih dulu.",
    "boundaries.unreadable": "Berkas bukan GeoJSON yang utuh.",
    "boundaries.empty": "Berkas tidak memuat satu batas pun.",
    "boundaries.no_code": "tidak ada kode desa (kolom yang ada: {value}).",
    "boundaries.bad_code": "“{value}” bukan kode desa.",
    "boundaries.other_region": "{value} bukan desa di kabupaten ini.",
    "boundaries.bad_shape": "bentuk {value} bukan bidang yang sah.",
    "boundaries.outside": "bentuk {value} di luar Indonesia; mungkin lintang dan bujur tertukar.",
    "boundaries.twice": "{value} muncul dua kali.",
    "crosswalk.columns": "Kolom harus kode_kpu dan kode_kemendagri.",
    "crosswalk.bad_code": "“{value}” bukan kode wilayah.",
    "crosswalk.level": "{value}: kedua kode harus setingkat.",
}
TASKS = {"places.pins": ("Tetapkan {label} pin gudang dan dermaga yang masih sementara", "desk:places")}
HITS = {"desa": "desk:places_desa", "tps": "desk:readiness_tps", "kecamatan": "desk:places", "site": "desk:places"}
# Units of the drawing: the smaller, the larger its labels beside the page's own text.
_MAP_WIDTH = 560
KINDS = {"gudang": "Gudang", "kantor": "Kantor", "dermaga": "Dermaga", "pulau": "Pulau"}


def _region(request: shell.Request) -> str:
    return request.election.region


@shell.page("places.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """All places of the regency."""
    region = _region(request)
    tps_list = store.tps_list(election)
    by_desa: dict[str, list[places.Tps]] = {}
    for tps in tps_list:
        by_desa.setdefault(tps.desa_code, []).append(tps)
    voters = dpt.voters(election, request.at)
    rows = [
        {
            "desa": desa,
            "tps": len(by_desa.get(desa.code, [])),
            "khusus": sum(t.kind == "khusus" for t in by_desa.get(desa.code, [])),
            "voters": sum(voters[t.code].dpt for t in by_desa.get(desa.code, []) if t.code in voters),
        }
        for desa in store.desa_list(region)
    ]
    context = {
        "rows": rows,
        "tps_total": len(tps_list),
        "khusus_total": sum(t.kind == "khusus" for t in tps_list),
        "provisional": [t for t in tps_list if t.provisional],
        "kecamatan": store.kecamatan_list(region),
        "sites": [{"site": s, "kind": KINDS.get(s.kind, s.kind)} for s in store.sites(region)],
        "sea_legs": _sea_legs(region),
        "settings": store.settings(region),
        "conflicts": store.conflicts(region),
        "dapil": _dapil_counts(election),
        "crosswalk": store.crosswalk(),
        "boundary_source": store.boundary_source(region),
        "map": overview(request, election),
        "estimate": bool(voters) and any(v.estimate for v in voters.values()),
        "may_edit": shell.may(request, "places.edit"),
    }
    return render(request, "desk/places/index.html", context)


def _sea_legs(region: str) -> list[dict[str, Any]]:
    names = {s.code: s.name for s in store.sites(region)}
    return [
        {"leg": leg, "pier": names.get(leg.pier, leg.pier), "island": names.get(leg.island, leg.island)} for leg in store.sea_legs(region)
    ]


def _dapil_counts(election: str) -> list[tuple[str, str, int]]:
    counts: dict[tuple[str, str], int] = {}
    for (contest, _tps), dapil in store.dapil_map(election).items():
        counts[contest, dapil] = counts.get((contest, dapil), 0) + 1
    return [(contest, dapil, count) for (contest, dapil), count in counts.items()]


def overview(request: shell.Request, election: str) -> str:
    """The map of desa and islands by the readiness of their TPS, and the sites that have a pin."""
    region = _region(request)
    states = {v.tps: v.state.value for v in readiness.verdicts(election, request.at)}
    by_desa: dict[str, list[places.Tps]] = {}
    for tps in store.tps_list(election):
        by_desa.setdefault(tps.island or tps.desa_code, []).append(tps)
    named = {s.code: s for s in store.sites(region)}
    on_islands = {t.desa_code for group in by_desa.values() for t in group if t.island}
    desa = [
        map.Desa(
            d.code, d.name, d.lat, d.lon, state=_state(states, by_desa.get(d.code, [])), word=_word(states, by_desa.get(d.code, [])),
            href=reverse("desk:places_desa", args=[election, d.code]), weight=max(1, len(by_desa.get(d.code, []))), group=d.kecamatan_name,
        )
        for d in store.desa_list(region)
        if by_desa.get(d.code) or d.code not in on_islands
    ]  # fmt: skip
    islands = [
        map.Island(
            s.code, s.name.replace("Pulau ", "P. "), s.lat or 0, s.lon or 0, state=_state(states, by_desa.get(s.code, [])),
            word=_word(states, by_desa.get(s.code, [])), detail=f"{len(by_desa.get(s.code, []))} TPS",
            href=reverse("desk:places_desa", args=[election, by_desa[s.code][0].desa_code]) if by_desa.get(s.code) else "",
        )
        for s in named.values()
        if s.kind == "pulau" and s.lat is not None and by_desa.get(s.code)
    ]  # fmt: skip
    legs = [
        map.Route([(pier.lat, pier.lon), (island.lat, island.lon)], kind="sea")
        for leg in store.sea_legs(region)
        if (pier := named.get(leg.pier)) and (island := named.get(leg.island)) and pier.lat is not None and pier.lon is not None
        and island.lat is not None and island.lon is not None and by_desa.get(leg.island)
    ]  # fmt: skip
    sites = [
        map.Site(s.name, s.lat, s.lon, kind=s.kind, provisional=s.provisional)
        for s in named.values()
        if s.kind == "gudang" and s.lat is not None and s.lon is not None
    ]
    picture = map.Map(
        title=f"Keadaan TPS per desa, {request.election.name}",
        region=region,
        desa=desa,
        islands=islands,
        routes=legs,
        sites=sites,
        boundaries=store.boundaries(region),
    )
    return map.svg(picture, width=_MAP_WIDTH)


_MAP_STATES = {"ready": "good", "not_ready": "bad", "unknown": "unknown"}


def _state(states: dict[str, str], tps_list: list[places.Tps]) -> str:
    """A desa is as its worst TPS: not ready before unknown before ready."""
    seen = {states.get(t.code, "unknown") for t in tps_list} or {"unknown"}
    return next(_MAP_STATES[s] for s in ("not_ready", "unknown", "ready") if s in seen)


def _word(states: dict[str, str], tps_list: list[places.Tps]) -> str:
    ready = sum(states.get(t.code) == "ready" for t in tps_list)
    return f"{ready} dari {len(tps_list)} TPS siap"


@shell.page("places.read")
def desa(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One desa with its TPS."""
    tps_list = [t for t in store.tps_list(election) if t.desa_code == code]
    found = next((d for d in store.desa_list(_region(request)) if d.code == code), None)
    if found is None and not tps_list:
        return render(request, "error.html", {"title": "Desa tidak ada", "text": f"Tidak ada desa dengan kode {code}."}, status=404)
    voters = dpt.voters(election, request.at)
    states = {v.tps: v.state.value for v in readiness.verdicts(election, request.at)}
    names = {s.code: s.name for s in store.sites(_region(request))}
    rows = [
        {"tps": t, "voters": voters.get(t.code), "state": states.get(t.code, "unknown"), "island": names.get(t.island, "")}
        for t in tps_list
    ]
    dapil = sorted({(contest, d) for (contest, t), d in store.dapil_map(election).items() if t.startswith(f"{code}.")})
    return render(request, "desk/places/desa.html", {"desa": found, "code": code, "rows": rows, "dapil": dapil})


def _site_thing(request: shell.Request, election: str, site: str) -> access.Thing:
    return access.Thing(kind="places", id=site, place=site.partition(":")[0])


@shell.page("places.edit", thing=_site_thing)
def pin(request: shell.Request, election: str, site: str) -> HttpResponse:
    """Sets the pin of a site."""
    found = next((s for s in store.sites(_region(request)) if s.code == site), None)
    if found is None:
        return render(request, "error.html", {"title": "Tempat tidak ada", "text": f"Tidak ada tempat dengan kode {site}."}, status=404)
    typed = {"lat": "" if found.lat is None else f"{found.lat}", "lon": "" if found.lon is None else f"{found.lon}", "note": ""}
    wrong = ""
    if request.method == "POST":
        typed = {key: request.POST.get(key, "").strip() for key in ("lat", "lon", "note")}
        try:
            lat, lon = float(typed["lat"].replace(",", ".")), float(typed["lon"].replace(",", "."))
            store.set_pin(site, lat, lon, typed["note"], _actor(request), request.at)
        except ValueError:
            wrong = "Tulis lintang dan bujur sebagai angka, misalnya -2,88333 dan 108,26667."
        except record.Refusal as refusal:
            wrong = shell.sentence(refusal)
        else:
            shell.done(request, f"Pin {found.name} ditetapkan.")
            return HttpResponseRedirect(reverse("desk:places", args=[election]))
    return render(request, "desk/places/pin.html", {"site": found, "typed": typed, "wrong": wrong}, status=422 if wrong else 200)


def _actor(request: shell.Request) -> record.Actor:
    return record.Actor(request.person.id, request.person.agency)


@shell.page("places.edit")
def import_boundaries(request: shell.Request, election: str) -> HttpResponse:
    """Takes real boundaries in place of the schematic cells."""
    problems: list[str] = []
    if request.method == "POST":
        upload = request.FILES.get("berkas")
        source = request.POST.get("sumber", "").strip()
        if upload is None or not source:
            problems.append("Pilih berkas GeoJSON dan sebutkan sumbernya.")
        else:
            data = upload.read()
            found, wrong = boundaries.read(data, {d.code for d in store.desa_list(_region(request))})
            problems = [_problem(p) for p in wrong]
            if not problems:
                count = store.import_boundaries(found, source, hashlib.sha256(data).hexdigest(), _actor(request), request.at)
                shell.done(request, f"Batas {count} desa dimuat dari {source}.")
                return HttpResponseRedirect(reverse("desk:places", args=[election]))
    return render(request, "desk/places/boundaries.html", {"problems": problems}, status=422 if problems else 200)


_TPS_LIST = {
    "elsewhere": "“{value}” bukan TPS di desa kabupaten ini",
    "twice": "kode {value} ada dua kali",
    "empty": "tidak ada satu kode pun",
    "dapil": "dapil {contest} untuk {value} tidak dapat ditentukan karena kecamatannya terbagi",
}


@shell.page("places.edit")
def import_tps(request: shell.Request, election: str) -> HttpResponse:
    """Takes the official TPS list, one code a row under kode_tps, in place of what is there."""
    problems: list[str] = []
    if request.method == "POST":
        upload = request.FILES.get("berkas")
        source = request.POST.get("sumber", "").strip()
        codes, problems = _codes(upload.name or "", upload.read()) if upload and source else ([], ["Pilih berkas dan sebutkan sumbernya."])
        if not problems:
            try:
                new, gone = store.list_tps(election, codes, source, _actor(request), request.at)
            except places.BadTpsList as wrong:
                problems = [SENTENCES[wrong.code].format(sentence=_TPS_LIST[str(wrong.facts["why"])].format(**wrong.facts))]
            except record.Refusal as refusal:
                problems = [shell.sentence(refusal)]
            else:
                shell.done(
                    request, f"Daftar TPS dimuat: {new} baru, {gone} tidak ada lagi. Impor jumlah pemilihnya, lalu hitung kebutuhan."
                )
                return HttpResponseRedirect(reverse("desk:places", args=[election]))
    return render(request, "desk/places/tps_list.html", {"problems": problems}, status=422 if problems else 200)


def _codes(name: str, data: bytes) -> tuple[list[str], list[str]]:
    try:
        rows = table.read(name, data).sheets[0].rows
    except (record.Refusal, IndexError):
        return [], ["Berkas tidak terbaca. Simpan ulang sebagai CSV atau XLSX."]
    if not rows or str(rows[0][0] or "").strip().lower() not in {"kode_tps", "tps_code"}:
        return [], ["Kolom pertama harus berjudul kode_tps."]
    return [str(row[0]).strip() for row in rows[1:] if row and str(row[0] or "").strip()], []


def _problem(problem: record.Problem) -> str:
    said = PROBLEMS[problem.code].format(**problem.facts)
    return f"{problem.sheet} ke-{problem.row}: {said}" if problem.row else said


@shell.page("places.edit")
def import_crosswalk(request: shell.Request, election: str) -> HttpResponse:
    """Takes KPU codes that differ from Kemendagri's, as CSV or XLSX with kode_kpu and kode_kemendagri."""
    problems: list[str] = []
    if request.method == "POST":
        pairs, problems = _pairs(request)
        if not problems:
            try:
                count = store.import_crosswalk(pairs, _actor(request), request.at)
            except record.Refusal as refusal:
                problems = [shell.sentence(refusal)]
            else:
                shell.done(request, f"{count} pasangan kode baru dimuat.")
                return HttpResponseRedirect(reverse("desk:places", args=[election]))
    return render(request, "desk/places/crosswalk.html", {"problems": problems}, status=422 if problems else 200)


def _pairs(request: HttpRequest) -> tuple[dict[str, str], list[str]]:
    upload = request.FILES.get("berkas")
    if upload is None or upload.name is None:
        return {}, ["Pilih berkas CSV atau XLSX."]
    try:
        sheet = table.read(upload.name, upload.read()).sheets[0]
    except (record.Refusal, ValueError, IndexError):
        return {}, ["Berkas tidak terbaca. Simpan ulang sebagai CSV atau XLSX."]
    rows = [[str(cell or "").strip() for cell in row] for row in sheet.rows]
    if not rows or [c.lower() for c in rows[0][:2]] != ["kode_kpu", "kode_kemendagri"]:
        return {}, [PROBLEMS["crosswalk.columns"]]
    pairs: dict[str, str] = {}
    problems = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        try:
            kpu, kemendagri = places.dotted(row[0]), places.dotted(row[1])
        except places.BadCode as bad:
            problems.append(f"Baris {number}: {PROBLEMS['crosswalk.bad_code'].format(**bad.facts)}")
            continue
        if places.level(kpu) != places.level(kemendagri):
            problems.append(f"Baris {number}: {PROBLEMS['crosswalk.level'].format(value=kpu)}")
        pairs[kpu] = kemendagri
    return pairs, problems


@shell.page("places.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The TPS of the election as CSV."""
    rows: list[list[str | int]] = [["kode_tps", "nomor", "desa", "kecamatan", "jenis", "pulau", "sementara", "lintang", "bujur"]]
    for t in store.tps_list(election):
        rows.append(
            [
                t.code,
                t.number,
                t.desa_name,
                t.kecamatan_name,
                t.kind,
                t.island,
                "ya" if t.provisional else "",
                f"{t.lat:.5f}",
                f"{t.lon:.5f}",
            ]
        )
    response = HttpResponse(table.csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="tps-{election}.csv"'
    return response


urlpatterns = [
    path("<slug:election>/tempat/", index, name="places"),
    path("<slug:election>/tempat/tps.csv", export, name="places_export"),
    path("<slug:election>/tempat/batas/", import_boundaries, name="places_boundaries"),
    path("<slug:election>/tempat/daftar-tps/", import_tps, name="places_tps_list"),
    path("<slug:election>/tempat/padanan/", import_crosswalk, name="places_crosswalk"),
    path("<slug:election>/tempat/desa/<str:code>/", desa, name="places_desa"),
    path("<slug:election>/tempat/pin/<str:site>/", pin, name="places_pin"),
]
