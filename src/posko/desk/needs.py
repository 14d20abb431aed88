"""Stage needs: screens."""

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse

from posko.desk import shell
from posko.desk.regulation import GRADE_WORDS, PER_WORDS, ROUNDING_WORDS
from posko.domain import needs as rules
from posko.domain import receipts as typed
from posko.domain import record as facts
from posko.domain import regulation as regulation_rules
from posko.formats import table, text
from posko.formats.receipts import line_name
from posko.store import dpt, needs, places, regulation

LEVEL_WORDS = {"TPS": "TPS", "PPS": "PPS (desa)", "PPK": "PPK (kecamatan)", "KPU": "KPU"}
CONDITION_WORDS = {"baik": "baik", "rusak": "rusak"}
CHECK_WORDS = {
    "per_tps": "{item}: {have} = {each} x {tps} TPS",
    "per_ppk": "{item} di PPK: {have} = {each} x {kecamatan} kecamatan",
    "contests_equal": "Surat suara setiap jenis pemilihan sama banyak: {numbers}",
    "dapil_sum": "Surat suara {contest}: jumlah {dapil} dapil {sum} = jumlah jenis pemilihan {have}",
    "ballot_bounds": "Surat suara {contest}: {have} berada antara {low} dan {high}, batas dari pemilih dan jumlah TPS",
}
UNIT_WORDS = {
    "per_tps": "{amount} per TPS",
    "per_tps_contest": "{amount} per TPS untuk jenis pemilihan ini",
    "per_box": "{amount} per kotak x {units} kotak = {value}",
    "per_booth": "{amount} per bilik x {units} bilik = {value}",
    "per_pps": "{amount} per PPS",
    "per_ppk": "{amount} per PPK",
    "per_ppk_box": "{amount} per kotak x {units} kotak di PPK = {value}",
    "per_kpu": "{amount} untuk KPU",
    "per_contest": "{amount} per jenis pemilihan",
    "per_dapil": "{amount} per dapil per jenis pemilihan",
    "times": "{amount} x {units} = {value}",
}


def step_text(step: rules.Step) -> str:
    """One step of a why, in words."""
    said = {key: text.angka(value) if isinstance(value, int) else value for key, value in step.facts.items()}
    if step.code == "voters":
        return f"Pemilih DPT di TPS ini: {said['voters']}"
    if step.code == "reserve":
        rate, exact = int(step.facts["permille"]), int(step.facts["thousandths"])
        percent = text.desimal(rate / 10, 1 if rate % 10 else 0)
        product = text.desimal(exact / 1000, 3).rstrip("0").rstrip(",")
        rounding = ROUNDING_WORDS[str(step.facts["rounding"])]
        return f"Cadangan: {percent} % x {said['voters']} = {product}, {rounding}: {said['reserve']}"
    if step.code == "sum":
        return f"{said['voters']} + {said['reserve']} = {said['value']}"
    if step.code == "per_tps" and step.facts["units"] != 1:
        return f"{said['amount']} per jenis pemilihan x {said['units']} jenis pemilihan = {said['value']}"
    return UNIT_WORDS[step.code].format(**said)


def check_text(check: rules.Check) -> str:
    """One check in words; where it fails, what was expected."""
    said = {key: text.angka(value) if isinstance(value, int) else value for key, value in check.facts.items()}
    words = CHECK_WORDS[check.code].format(**said)
    if check.ok:
        return words
    return words.replace(" = ", ", seharusnya ", 1) + (f" = {said['want']}" if "want" in said else "")


def _total(election: str, total: rules.Total, stock: dict[str, dict[str, int]]) -> dict[str, Any]:
    mine = stock.get(total.item, {})
    return {
        "total": total,
        "grade": GRADE_WORDS[total.grade.value],
        "levels": [(LEVEL_WORDS[level], total.by_level[level]) for level in rules.LEVELS if level in total.by_level],
        "contests": [] if total.separate else list(total.by_contest.items()),
        "stock": mine.get("baik", 0),
        "procure": rules.to_procure(total, mine),
        "href": reverse("desk:needs_item", args=[election, total.item]),
    }


@shell.page("needs.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """All items, their totals by level and contest, and whether they agree."""
    if code := request.GET.get("barang"):
        return redirect("desk:needs_item", election, code)
    if place := request.GET.get("tempat"):
        return redirect("desk:needs_place", election, place)
    at = request.at
    stock = needs.stock(election, at)
    found = needs.totals(election, at)
    by_item = {total.item: total for total in found}
    context = {
        "run": needs.current(election, at),
        "voters": dpt.current(election, at),
        "rows": [_total(election, total, stock) for total in found],
        "separate": [_total(election, total, stock) for total in needs.separate(election, at)],
        "main": [by_item[code] for code in (rules.BOX, rules.BOOTH, rules.INK, rules.BALLOT) if code in by_item],
        "ballot": by_item.get(rules.BALLOT),
        "unknown": _unknown(election, request),
        "outdated": needs.outdated(election, at),
        "checks": [{"ok": check.ok, "text": check_text(check)} for check in needs.checks(election, at)],
        "kecamatan": places.kecamatan_list(request.election.region),
        "may_compute": shell.may(request, "needs.compute"),
        "has_stock": bool(stock),
    }
    return render(request, "desk/needs/index.html", context)


def _unknown(election: str, request: shell.Request) -> list[regulation_rules.Item]:
    try:
        return needs.unknown(election, request.at)
    except facts.Refusal:
        return []


@shell.page("needs.read")
def item(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One item: by level, contest, dapil and kecamatan; existing stock."""
    at = request.at
    totals = [*needs.totals(election, at), *needs.separate(election, at)]
    total = next((one for one in totals if one.item == code), None)
    if total is None:
        shell.refused(request, rules.UnknownNeed(item=code, place=election))
        return redirect("desk:needs", election)
    if request.method == "POST" and shell.may(request, "needs.compute"):
        return _count_stock(request, election, code)
    lines = needs.lines(election, at, item=code)
    tps = {t.code: t for t in places.tps_list(election)}
    book = regulation.rulebook(election, at)
    thing = book.item(code)
    names = {use.code: use for use in thing.uses} if thing else {}
    by_use = Counter[str]()
    districts = Counter[str]()
    for line in lines:
        by_use[line.use] += line.quantity
        if line.level in {"TPS", "PPS", "PPK"}:
            districts[".".join(line.place.split(".")[:3])] += line.quantity
    kecamatan = {k.code: k.name for k in places.kecamatan_list(request.election.region)}
    context = {
        "row": _total(election, total, needs.stock(election, at)),
        "total": total,
        "uses": [
            {"use": use, "grade": GRADE_WORDS[use.grade.value], "per": PER_WORDS[use.per], "sum": by_use[name]}
            for name, use in names.items()
        ],
        "dapil": [(contest, dapil, number) for (contest, dapil), number in sorted(total.by_dapil.items())],
        "kecamatan": [(code_, kecamatan.get(code_, code_), number) for code_, number in sorted(districts.items())],
        "lines": [{"line": line, "name": _place_name(line.place, tps)} for line in lines if line.level != "TPS"],
        "stock": needs.stock(election, at).get(code, {}),
        "run": needs.current(election, at),
        "may_compute": shell.may(request, "needs.compute"),
    }
    return render(request, "desk/needs/item.html", context)


def _count_stock(request: shell.Request, election: str, code: str) -> HttpResponse:
    try:
        for condition in rules.CONDITIONS:
            written = request.POST.get(condition, "").strip()
            if written:
                note = request.POST.get("note", "")
                needs.count_stock(election, code, condition, typed.pieces(written), note, _actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, "Stok lama disimpan.")
    return redirect("desk:needs_item", election, code)


def _place_name(code: str, tps: dict[str, Any]) -> str:
    one = tps.get(code)
    return f"{one.name}, {one.desa_name}" if one else code


@shell.page("needs.read")
def place(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Everything one TPS, PPS, PPK or the KPU needs; a kecamatan also lists its TPS."""
    at = request.at
    tps_list = places.tps_list(election)
    tps = {t.code: t for t in tps_list}
    lines = needs.lines(election, at, place=code)
    beneath = [t for t in tps_list if t.code.startswith(f"{code}.")] if code not in tps else []
    if not lines and not beneath:
        shell.refused(request, rules.UnknownNeed(item="", place=code))
        return redirect("desk:needs", election)
    run = needs.current(election, at)
    book = regulation.of_code(election, run.rulebook, run.occurred_at) if run else regulation.rulebook(election, at)
    counts = dpt.voters(election, at)
    here = tps.get(code)
    context = {
        "code": code,
        "tps": here,
        "title": here.name if here else _district_name(request, code),
        "voters": counts[code].dpt if code in counts else None,
        "run": run,
        "rows": [_line(election, line, book) for line in lines],
        "beneath": [{"tps": t, "voters": counts[t.code].dpt if t.code in counts else None} for t in beneath],
        "unknown": [one for one in book.unknown() if any(use.per.level == _level(code, request) for use in one.uses)],
    }
    return render(request, "desk/needs/place.html", context)


def _level(code: str, request: shell.Request) -> str:
    return "KPU" if code == request.election.region else {2: "PPK", 3: "PPS"}.get(code.count("."), "TPS")


def _district_name(request: shell.Request, code: str) -> str:
    region = request.election.region
    if code == region:
        return "KPU"
    names = {k.code: f"Kecamatan {k.name}" for k in places.kecamatan_list(region)} | {
        d.code: f"Desa {d.name}" for d in places.desa_list(region)
    }
    return names.get(code, code)


def _line(election: str, line: rules.Need, book: regulation_rules.Rulebook) -> dict[str, Any]:
    thing = book.item(line.item)
    use = thing.use(line.use) if thing else None
    why = reverse("desk:needs_why", args=[election, line.place, line.item, line.use]) + (f"?jenis={line.contest}" if line.contest else "")
    return {
        "line": line,
        "name": line_name(thing.name if thing else line.item, line.contest, line.dapil if line.contest == "DPRD_KAB" else ""),
        "unit": thing.unit if thing else "",
        "use": use.name if use else line.use,
        "grade": GRADE_WORDS[line.grade],
        "from_voters": line.voters > 0,
        "why": why,
    }


@shell.page("needs.read")
def why(request: shell.Request, election: str, code: str, item_code: str, use: str) -> HttpResponse:
    """Why exactly that many."""
    try:
        answer = needs.explain(election, request.at, item_code, use, code, request.GET.get("jenis", ""))
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:needs", election)
    tps = {t.code: t for t in places.tps_list(election)}
    ballots = answer.use.formula is regulation_rules.Formula.BALLOTS
    context = {
        "answer": answer,
        "name": line_name(answer.item.name, answer.need.contest, ""),
        "place": _place_name(code, tps),
        "code": code,
        "steps": [step_text(step) for step in answer.quantity.steps],
        "grade": GRADE_WORDS[answer.use.grade.value],
        "reserve_grade": GRADE_WORDS[answer.reserve.grade.value] if ballots else "",
        "rounding_grade": GRADE_WORDS[answer.reserve.rounding_grade.value] if ballots else "",
        "ballots": ballots,
        "estimate": answer.run.estimate and ballots,
    }
    return render(request, "desk/needs/why.html", context)


@shell.page("needs.compute")
def trial(request: shell.Request, election: str) -> HttpResponse:
    """Compute as a trial, show what changes, then adopt; another rulebook can be tried but not adopted."""
    chosen = request.POST.get("aturan") or request.GET.get("aturan") or request.election.rulebook
    try:
        if request.method == "POST":
            needs.compute(election, _actor(request), request.at, seen=request.POST.get("inputs", ""))
            shell.done(request, "Kebutuhan dihitung dan berlaku.")
            return redirect("desk:needs", election)
        found = needs.trial(election, request.at, chosen)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:needs", election)
    context = {
        "trial": found,
        "changes": [{"change": c, "name": line_name(c.name, c.contest, c.dapil), "by": _by(c)} for c in found.changes],
        "checks": [{"ok": check.ok, "text": check_text(check)} for check in found.checks],
        "own": chosen == request.election.rulebook,
        "chosen": chosen,
        "codes": regulation.codes(),
        "run": needs.current(election, request.at),
    }
    return render(request, "desk/needs/trial.html", context)


def _by(change: rules.Change) -> str:
    if change.old is None or change.new is None:
        return ""
    by = change.new - change.old
    return f"+{text.angka(by)}" if by > 0 else f"−{text.angka(-by)}"


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


def _table(request: shell.Request, election: str) -> list[list[object]]:
    stock = needs.stock(election, request.at)
    head = [
        "Kode",
        "Barang",
        "Satuan",
        "Jumlah",
        "TPS",
        "PPS",
        "PPK",
        "KPU",
        "Jenis pemilihan",
        "Dapil",
        "Kepastian",
        "Tanda",
        "Stok baik",
        "Perlu diadakan",
    ]
    rows: list[list[object]] = [list(head)]
    for total in [*needs.totals(election, request.at), *needs.separate(election, request.at)]:
        mark = "PERKIRAAN" if total.estimate else "STOK TERPISAH" if total.separate else ""
        quantity: object = "?" if total.quantity is None else total.quantity
        levels = [total.by_level.get(level, 0) for level in rules.LEVELS]
        mine = stock.get(total.item, {})
        procure = rules.to_procure(total, mine)
        tail = [GRADE_WORDS[total.grade.value], mark, mine.get("baik", 0), "?" if procure is None else procure]
        rows.append([total.item, total.name, total.unit, quantity, *levels, "", "", *tail])
        for (contest, dapil), number in sorted(total.by_dapil.items()):
            rows.append([total.item, total.name, total.unit, number, "", "", "", "", contest, dapil, tail[0], mark, "", ""])
    return rows


@shell.page("needs.read")
def export(request: shell.Request, election: str, kind: str) -> HttpResponse:
    """Totals as shown, and in XLSX every line per place."""
    rows = _table(request, election)
    name = f"kebutuhan-{election}"
    if kind == "csv":
        answer = HttpResponse(table.csv(rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return answer
    run = needs.current(request.election.code, request.at)
    names = {total.item: total.name for total in [*needs.totals(election, request.at), *needs.separate(election, request.at)]}
    head: list[object] = ["Tempat", "Tingkat", "Kode", "Barang", "Kegunaan", "Jenis pemilihan", "Dapil", "Jumlah", "Kepastian", "Tanda"]
    lines = [head]
    for need in needs.lines(election, request.at):
        mark = "PERKIRAAN" if run and run.estimate and need.voters else ""
        lines.append([need.place, need.level, need.item, names.get(need.item, need.item), need.use, need.contest, need.dapil, need.quantity,
                      GRADE_WORDS[need.grade], mark])  # fmt: skip
    data = table.xlsx({"Kebutuhan": rows, "Per tempat": lines})
    answer = HttpResponse(data, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer


urlpatterns: list[URLPattern] = [
    path("<slug:election>/kebutuhan/", index, name="needs"),
    path("<slug:election>/kebutuhan/hitung/", trial, name="needs_trial"),
    path("<slug:election>/kebutuhan/kebutuhan.xlsx", export, {"kind": "xlsx"}, name="needs_xlsx"),
    path("<slug:election>/kebutuhan/kebutuhan.csv", export, {"kind": "csv"}, name="needs_csv"),
    path("<slug:election>/kebutuhan/barang/<slug:code>/", item, name="needs_item"),
    path("<slug:election>/kebutuhan/tempat/<str:code>/", place, name="needs_place"),
    path("<slug:election>/kebutuhan/tempat/<str:code>/<slug:item_code>/<slug:use>/", why, name="needs_why"),
]
SENTENCES: dict[str, str] = {
    "needs.no_voters": "Belum ada jumlah pemilih. Impor dahulu jumlah pemilih per TPS di halaman Pemilih.",
    "needs.no_tps": "Belum ada TPS untuk pemilihan ini.",
    "needs.tps_without_voters": "{count} TPS belum punya jumlah pemilih, misalnya {tps}. Lengkapi di halaman Pemilih.",
    "needs.nothing_changed": "Tidak ada yang berubah: kebutuhan yang berlaku sudah memakai pemilih dan aturan ini.",
    "needs.inputs_changed": "Pemilih atau aturan berubah sejak Anda melihat selisihnya. Lihat selisih yang baru, lalu berlakukan.",
    "needs.bad_stock": "Stok {item} ({condition}) harus bilangan mulai dari nol.",
    "needs.unknown": "Kebutuhan {item} di {place} tidak ada dalam hitungan yang berlaku.",
}
TASKS: dict[str, tuple[str, str]] = {
    "needs.compute": ("Hitung kebutuhan dari {label}", "desk:needs_trial"),
    "needs.outdated_voters": ("Hitung ulang kebutuhan: jumlah pemilih berubah", "desk:needs_trial"),
    "needs.outdated_rules": ("Hitung ulang kebutuhan: aturan atau konfirmasi berubah", "desk:needs_trial"),
}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[str, str]] = {
    "R13": ("{tps}: DPTb {dptb} dan DPK {dpk} melebihi cadangan surat suara terkecil ({reserve} lembar)", "desk:needs_place"),
}
