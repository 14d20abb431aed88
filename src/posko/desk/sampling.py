"""Stage sampling: screens."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import labels
from posko.domain import record as facts
from posko.domain import sampling as rules
from posko.formats import document, table, text
from posko.formats import sampling as printed
from posko.store import access, places, sampling, seals

STATES = {
    "committed": ("waiting", "daftar dibekukan, menunggu benih"),
    "drawn": ("waiting", "terpilih, belum semua dibuka"),
    "done": ("done", "selesai"),
    "abandoned": ("refused", "dihentikan"),
}
CONFIDENCES = (("950", "95 %"), ("990", "99 %"), ("900", "90 %"))


@shell.page("sampling.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Every audit and what it lets us say."""
    found = sampling.audits(election, request.at)
    sealed = sampling.population(election, request.at)
    context = {
        "rows": [_row(a, election) for a in reversed(found)],
        "sealed": len(sealed),
        "may_draw": shell.may(request, "sampling.draw"),
    }
    return render(request, "desk/sampling/index.html", context)


def _row(audit: rules.Audit, election: str) -> dict[str, Any]:
    state, word = STATES[audit.state]
    said = rules.statement(audit) if audit.drawn else None
    return {
        "code": audit.code,
        "href": reverse("desk:sampling_audit", args=[election, audit.code]),
        "sitting": audit.sitting,
        "stratum": printed.stratum(audit.stratum),
        "contest": audit.stratum,
        "size": audit.size,
        "drawn": audit.plan.size,
        "examined": audit.examined,
        "wrong": audit.wrong if audit.drawn else None,
        "sentence": printed.sentence(said) if said and audit.abandoned_at is None else "",
        "at": audit.committed_at,
        "state": state,
        "word": word,
        "mark": audit.mark,
    }


# --- the plan ------------------------------------------------------------------------------------------------------------


@shell.page("sampling.draw")
def plan(request: shell.Request, election: str) -> HttpResponse:
    """How many boxes must be opened for which statement; then freeze the list."""
    sealed = sampling.population(election, request.at)
    typed = {**_defaults(), **{k: str(v) for k, v in (request.POST or request.GET).items()}}
    sizes: list[dict[str, Any]] = []
    try:
        plans = _plans(typed, sealed, _contests(request, sealed))
        sizes = [_planned(stratum, one, sealed) for stratum, one in plans.items()]
        if request.method == "POST" and request.POST.get("commit"):
            made = sampling.commit(election, plans, typed["seed_kind"], typed["agreed"], shell.actor(request), request.at)
            shell.done(request, "Daftar dibekukan. Umumkan sidiknya, baru buat benih di depan umum.")
            return redirect("desk:sampling_audit", election, made[0].code) if len(made) == 1 else redirect("desk:sampling", election)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    context = {
        "sealed": len(sealed),
        "contests": [(c, sum(b.contest == c for b in sealed)) for c in _contests(request, sealed)],
        "typed": typed,
        "sizes": sizes,
        "total": sum(s["size"] for s in sizes),
        "confidences": CONFIDENCES,
        "least_digits": rules.LEAST_DIGITS,
        "table": _ladder(len(sealed), typed),
    }
    return render(request, "desk/sampling/plan.html", context)


def _defaults() -> dict[str, str]:
    return {"strata": "all", "share": "1", "confidence": "950", "expected": "0", "seed_kind": "dice", "agreed": "", "together": ""}


def _contests(request: shell.Request, sealed: list[rules.Boxed]) -> list[str]:
    """The contests that have sealed boxes, in the order of the ballot."""
    return [c for c in request.election.contests if any(b.contest == c for b in sealed)]


def _plans(typed: Mapping[str, str], sealed: list[rules.Boxed], contests: list[str]) -> dict[str, rules.Plan]:
    """The plan of each stratum from what was typed. NoBoxes, NotANumber, BadPlan, Impossible."""
    if not sealed:
        raise rules.NoBoxes()
    share, confidence, expected = rules.permille(typed["share"]), rules.whole(typed["confidence"]), rules.whole(typed["expected"])
    strata = contests if typed["strata"] == "each" else [""]
    statements = len(strata) if typed["together"] else 1
    found = {}
    for stratum in strata:
        population = sum(stratum in ("", b.contest) for b in sealed)
        tolerable = rules.tolerable_of(population, share)
        size = rules.sample_size(population, tolerable, rules.risk_of(confidence, statements), expected)
        found[stratum] = rules.Plan(size, tolerable, confidence, statements, expected)
    return found


def _planned(stratum: str, one: rules.Plan, sealed: list[rules.Boxed]) -> dict[str, Any]:
    population = sum(stratum in ("", b.contest) for b in sealed)
    return {"stratum": printed.stratum(stratum), "contest": stratum, "population": population, "size": one.size, "tolerable": one.tolerable}


def _ladder(population: int, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """What other choices would cost: sample sizes for usual shares, with no and with one fault expected."""
    if not population:
        return []
    try:
        risk = rules.risk_of(rules.whole(typed["confidence"]))
    except facts.Refusal:
        return []
    rows = []
    for permille in (5, 10, 20, 50, 100):
        tolerable = rules.tolerable_of(population, permille)
        sizes = [rules.sample_size(population, tolerable, risk, e) if e <= tolerable else None for e in (0, 1, 2)]
        rows.append({"share": printed.share(permille), "tolerable": tolerable, "sizes": sizes})
    return rows


# --- an audit ------------------------------------------------------------------------------------------------------------


def _found(request: shell.Request, election: str, code: str) -> rules.Audit | None:
    try:
        return sampling.get_audit(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return None


def _names(election: str) -> dict[str, str]:
    return {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}


def _boxes(audit: rules.Audit, names: Mapping[str, str]) -> list[dict[str, Any]]:
    known = {b.code: b for b in audit.boxes}
    rows = []
    for number, code in enumerate(audit.drawn, start=1):
        box, result = known[code], (audit.results or {}).get(code)
        state, word = (
            ("unknown", "belum diperiksa") if result is None else ("good", "benar") if not result.wrong else ("not_ready", "salah")
        )
        rows.append(
            {
                "number": number,
                "code": code,
                "spaced": labels.spaced(code),
                "contest": box.contest,
                "dapil": box.dapil,
                "tps": names.get(box.tps, box.tps),
                "ticket": rules.ticket(audit.seed, code),
                "state": state,
                "word": word,
                "kinds": [printed.KIND_WORDS[k] for k in result.kinds] if result else [],
                "result": result,
            }
        )
    return rows


@shell.page("sampling.read")
def audit(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One audit: list, seed, boxes, statement, how to check it."""
    found = _found(request, election, code)
    if found is None:
        return redirect("desk:sampling", election)
    said = rules.statement(found) if found.drawn else None
    together = [a for a in sampling.audits(election, request.at) if a.sitting == found.sitting and a.code != code]
    context = {
        "audit": found,
        **_row(found, election),
        "said": said,
        "boxes": _boxes(found, _names(election)),
        "left": len(found.drawn) - found.examined,
        "script": printed.script(found) if found.drawn else "",
        "confidence": printed.share(found.plan.confidence_permille),
        "risk": printed.share(-(-1000 * found.plan.risk.numerator // found.plan.risk.denominator)),
        "together": together,
        "least_digits": rules.LEAST_DIGITS,
        "may_draw": shell.may(request, "sampling.draw") and found.state == "committed",
        "may_record": shell.may(request, "sampling.record") and found.state == "drawn",
        "may_abandon": shell.may(request, "sampling.draw") and found.abandoned_at is None,
    }
    return render(request, "desk/sampling/audit.html", context)


@shell.page("sampling.draw")
def draw(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Enter the seed that was made in public."""
    if request.method == "POST":
        try:
            made = sampling.draw(election, code, request.POST.get("seed", "")[:400], shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{text.angka(len(made.drawn))} kotak terpilih.")
            return redirect("desk:sampling_show", election, code)
    return redirect("desk:sampling_audit", election, code)


@shell.page("sampling.read")
def show(request: shell.Request, election: str, code: str) -> HttpResponse:
    """For the projector: the list's hash, the seed, the rule in plain words, the drawn boxes."""
    found = _found(request, election, code)
    if found is None:
        return redirect("desk:sampling", election)
    context = {
        "audit": found,
        **_row(found, election),
        "boxes": _boxes(found, _names(election)),
        "hash_lines": [found.digest[:32], found.digest[32:]],
    }
    return render(request, "desk/sampling/show.html", context)


@shell.page("sampling.draw")
def abandon(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Give an audit up, with a reason."""
    if request.method == "POST":
        try:
            sampling.abandon(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Uji petik dihentikan. Daftar, benih, dan hasilnya tetap terlihat.")
    return redirect("desk:sampling_audit", election, code)


# --- results -------------------------------------------------------------------------------------------------------------


@shell.page("sampling.record")
def examine(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Which box is on the table: scanned or typed, then its own page."""
    found = _found(request, election, code)
    if found is None:
        return redirect("desk:sampling", election)
    if request.method == "POST":
        if request.POST.get("partner"):
            return _sign(request, election, code)
        try:
            box = labels.expect(request.POST.get("code", ""), "box").text
            if box not in found.drawn:
                raise rules.NotInSample(box=labels.spaced(box))
            if box in (found.results or {}):
                raise rules.AlreadyExamined(box=labels.spaced(box))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:sampling_box", election, code, box)
    boxes = _boxes(found, _names(election))
    context = {
        "audit": found,
        "left": [b for b in boxes if b["result"] is None],
        "open": [b for b in boxes if b["result"] is not None and seals.sealing_of(election, b["code"], request.at) is None],
        "total": len(boxes),
        "partner": shell.partner(request, "sampling.record"),
        "here": reverse("desk:sampling_examine", args=[election, code]),
    }
    return render(request, "desk/sampling/examine.html", context)


def _sign(request: shell.Request, election: str, code: str) -> HttpResponse:
    try:
        signed = shell.sign_partner(request, request.POST.get("second", ""), request.POST.get("second_password", ""), "sampling.record")
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"{signed.name} menjadi orang kedua di layar ini.")
    return redirect("desk:sampling_examine", election, code)


@shell.page("sampling.record")
def box(request: shell.Request, election: str, code: str, box: str) -> HttpResponse:
    """What was found in one box; the same page corrects it."""
    found = _found(request, election, code)
    if found is None:
        return redirect("desk:sampling", election)
    about = next((b for b in _boxes(found, _names(election)) if b["code"] == box), None)
    if about is None:
        shell.refused(request, rules.NotInSample(box=labels.spaced(box)))
        return redirect("desk:sampling_audit", election, code)
    if request.method == "POST":
        try:
            _record(request, election, code, box, old=about["result"])
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Kotak {about['spaced']} tercatat. Segel ulang sebelum membuka kotak berikutnya.")
            return redirect("desk:sampling_examine" if found.examined + 1 < len(found.drawn) else "desk:sampling_audit", election, code)
    partner = shell.partner(request, "sampling.record")
    kinds = list(printed.KIND_WORDS.items())
    context = {
        "audit": found,
        "box": about,
        "kinds": kinds,
        "chosen": request.POST.getlist("kind"),
        "partner": partner,
        "typed": request.POST,
        "closed": seals.sealing_of(election, box, request.at) is not None,
        "reseal": reverse("desk:seals_reseal", args=[election, box]),
        "may_open": shell.may(request, "seals.record"),
    }
    return render(request, "desk/sampling/box.html", context)


def _record(request: shell.Request, election: str, code: str, box: str, old: rules.Result | None) -> None:
    right, kinds = request.POST.get("verdict") == "right", request.POST.getlist("kind")
    partner = shell.partner(request, "sampling.record")
    if request.POST.get("second", "").strip() or partner is None:
        second = access.actor(shell.countersigned(request, "sampling.record"))
    else:
        second = access.actor(partner.person)
    counted = {name: rules.whole(request.POST[name]) if request.POST.get(name, "").strip() else None for name in ("found", "needed")}
    note, actor = request.POST.get("note", ""), shell.actor(request)
    if old is None:
        sampling.record_result(election, code, box, right, kinds, actor, second, request.at, **counted, note=note)
    else:
        reason = request.POST.get("reason", "")
        sampling.correct_result(election, code, box, right, kinds, reason, actor, second, request.at, **counted, note=note)


# --- papers --------------------------------------------------------------------------------------------------------------


@shell.page("sampling.read")
def minutes(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The berita acara, A4 or F4; a print is counted, so it is asked for by a button."""
    found = _found(request, election, code)
    if found is None or request.method != "POST":
        return redirect("desk:sampling_audit", election, code)
    try:
        values = paper(request.election, found, "a4" if request.POST.get("paper") == "a4" else "f4")
        sampling.print_minutes(election, code, shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:sampling_audit", election, code)
    data = document.pdf("ba-uji-petik", values, _changed_at(found))
    headers = {"Content-Disposition": f'inline; filename="berita-acara-{code}.pdf"'}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


def _changed_at(found: rules.Audit) -> Any:
    return max([found.drawn_at or found.committed_at, *(r.examined_at for r in (found.results or {}).values())])


def paper(election: facts.Election, found: rules.Audit, size: str) -> dict[str, Any]:
    """The values of the berita acara; the same audit in the same state always gives the same values."""
    head = {
        "agency": f"KPU {places.region_name(election.region)}",
        "place": election.name,
        "paper": size,
        "marks": [found.mark] if found.mark else [],
        "footer": f"Uji petik {found.code}",
        "stamp": f"catatan jurnal {found.entry_id[:16]}",
    }
    return printed.minutes(found, _names(election.code), head)


@shell.page("sampling.read")
def population(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The frozen list as CSV, which anybody may hash."""
    found = _found(request, election, code)
    return _csv(f"{code}-daftar", printed.population_rows(found)) if found else redirect("desk:sampling", election)


@shell.page("sampling.read")
def drawn(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The drawn boxes with tickets and results as CSV."""
    found = _found(request, election, code)
    return _csv(f"{code}-terpilih", printed.draw_rows(found, _names(election))) if found else redirect("desk:sampling", election)


@shell.page("sampling.read")
def script(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The program a sceptic runs."""
    found = _found(request, election, code)
    if found is None or not found.drawn:
        return redirect("desk:sampling_audit", election, code)
    headers = {"Content-Disposition": 'attachment; filename="periksa.py"'}
    return HttpResponse(printed.script(found), content_type="text/x-python; charset=utf-8", headers=headers)


def _csv(name: str, rows: list[list[Any]]) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return HttpResponse("\ufeff" + table.csv(rows), content_type="text/csv; charset=utf-8", headers=headers)


urlpatterns = [
    path("<slug:election>/uji-petik/", index, name="sampling"),
    path("<slug:election>/uji-petik/rencana/", plan, name="sampling_plan"),
    path("<slug:election>/uji-petik/<slug:code>/", audit, name="sampling_audit"),
    path("<slug:election>/uji-petik/<slug:code>/benih/", draw, name="sampling_draw"),
    path("<slug:election>/uji-petik/<slug:code>/layar/", show, name="sampling_show"),
    path("<slug:election>/uji-petik/<slug:code>/buka/", examine, name="sampling_examine"),
    path("<slug:election>/uji-petik/<slug:code>/kotak/<slug:box>/", box, name="sampling_box"),
    path("<slug:election>/uji-petik/<slug:code>/hentikan/", abandon, name="sampling_abandon"),
    path("<slug:election>/uji-petik/<slug:code>/berita-acara.pdf", minutes, name="sampling_minutes"),
    path("<slug:election>/uji-petik/<slug:code>/daftar.csv", population, name="sampling_population"),
    path("<slug:election>/uji-petik/<slug:code>/terpilih.csv", drawn, name="sampling_drawn"),
    path("<slug:election>/uji-petik/<slug:code>/periksa.py", script, name="sampling_script"),
]
SENTENCES: dict[str, str] = {
    "sampling.not_a_number": "“{typed}” bukan angka yang dikenal. Tulis misalnya 1 atau 0,5 untuk persen, 0 untuk jumlah.",
    "sampling.bad_plan": "Rencana itu tidak mungkin. Periksa persen, keyakinan, dan jumlah kotak.",
    "sampling.impossible": "Diperkirakan {expected} salah, padahal yang ditoleransi {tolerable}. Longgarkan batasnya.",
    "sampling.no_boxes": "Belum ada kotak bersegel untuk dipilih. Segel kotak dahulu di Pengepakan.",
    "sampling.bad_seed": "Benih belum sah: perlu paling sedikit {least} angka, dan hanya angka. Terbaca {seen}.",
    "sampling.agreement_missing": "Tulis dahulu angka publik mana yang disepakati, misalnya IHSG penutupan tanggal tertentu.",
    "sampling.seed_too_early": "Benih harus dibuat sesudah daftar dibekukan.",
    "sampling.already_drawn": "Kotak {audit} sudah terpilih. Pemilihan lain memerlukan daftar baru; yang ini tetap terlihat.",
    "sampling.not_drawn": "Benih belum dimasukkan, jadi belum ada kotak yang terpilih.",
    "sampling.abandoned": "Uji petik {audit} sudah dihentikan.",
    "sampling.list_broken": "Daftar {audit} berubah sejak dibekukan. Jangan dilanjutkan; bekukan daftar baru dan laporkan ke Bawaslu.",
    "sampling.not_in_sample": "BERHENTI. Kotak {box} tidak terpilih. Biarkan tetap bersegel.",
    "sampling.already_examined": "Kotak {box} sudah diperiksa. Untuk membetulkan, buka hasilnya dari daftar.",
    "sampling.not_examined": "Kotak {box} belum diperiksa.",
    "sampling.unknown_kind": "Jenis kesalahan itu tidak dikenal. Pilih dari daftar.",
    "sampling.verdict_missing": "Pilih satu: semua benar, atau salah dengan jenis kesalahannya.",
    "sampling.same_person": "Kotak bersegel dibuka dua orang. Minta rekan mengisi nama dan sandinya.",
    "sampling.reason_missing": "Tulis alasannya.",
    "sampling.nothing_changed": "Hasil itu sudah tercatat.",
    "sampling.unknown": "{thing} tidak ditemukan.",
}
TASKS: dict[str, tuple[str, str]] = {
    "sampling.draw": ("Buat benih uji petik {label} di depan umum", "desk:sampling_audit"),
    "sampling.open": ("Buka kotak terpilih {label} kotak lagi", "desk:sampling_audit"),
}
HITS: dict[str, str] = {"audit": "desk:sampling_audit"}
SIGNALS: dict[str, tuple[str, str]] = {
    "R05.uji": ("Uji petik {audit}: kotak …{box} ({contest}, {tps}) berisi surat suara yang salah", "desk:sampling_audit"),
    "R06.uji": ("Uji petik {audit}: segel kotak …{box} ({contest}, {tps}) rusak, atau kotaknya tidak ada", "desk:sampling_audit"),
    "R05.batas": ("Uji petik {audit}: mungkin sampai {bound} dari {population} kotak salah, sasaran {tolerable}", "desk:sampling_audit"),
}
