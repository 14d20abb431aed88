"""Stage forecast: screens: which TPS will not be ready and why, how many, whether all; what to do next and what it adds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import forecast as rules
from posko.domain import recommendations as recommendation_rules
from posko.domain import record as facts
from posko.formats import forecast as words
from posko.formats import text
from posko.store import forecast, places, recommendations

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ROWS, _CAUSES = 24, 2
# Why an outlook is old: a kind of entry, "plan" or "age".
_SINCE = {
    "plan": "ada rencana distribusi yang lebih baru", "age": "sudah terlalu lama", "hazard": "gangguan berubah",
    "wave": "prakiraan cuaca berubah", "opening": "jam dermaga berubah", "way": "waktu tempuh berubah", "vehicle": "armada berubah",
    "handling": "aturan penanganan berubah", "receipt": "ada penerimaan baru", "order": "pesanan berubah", "orders": "pesanan berubah",
    "shipment": "kiriman berubah", "carton": "sortir maju", "tps": "ada pemeriksaan TPS", "box": "ada serah terima",
    "trip": "kendaraan bergerak", "road": "ada jalan yang ditutup atau dibuka", "stock": "ada barang yang terlambat atau sudah datang",
    "tps.moved": "ada TPS yang pindah", "tps.returned": "ada TPS yang kembali ke tempatnya", "tps.phoned": "ada TPS yang menjawab telepon",
    "tps.phone_withdrawn": "ada jawaban telepon yang dibatalkan", "custody": "serah terima dikoreksi", "rate": "kecepatan sortir berubah",
    "team": "regu berubah", "pledge": "dukungan berubah", "transfer": "ada pemindahan barang", "load": "muatan berubah",
    "boxes": "ada kotak yang disiapkan", "needs": "kebutuhan dihitung ulang", "kit": "perangkat TPS dibagi atau digabung",
    "claim": "klaim berubah", "misdirection": "kiriman berubah",
    "box.sealed": "ada kotak yang disegel", "box.opened": "ada kotak yang dibuka",
    "box.resealed": "ada kotak yang disegel lagi", "box.reopened": "ada kotak yang dibuka", "box.given_up": "ada kotak yang dilepas",
    "dpt": "jumlah pemilih berubah",
}  # fmt: skip
# Whom a recommendation about an action goes to, where it is not the KPU.
_ADDRESSEES = {"night_escort": "POLRES", "use_pledge": "PEMDA", "move_tps": "KPU"}


def since(why: str) -> str:
    """Why an outlook is old, in words."""
    return _SINCE.get(why) or _SINCE.get(why.partition(".")[0], "keadaan berubah") if why else ""


def freshness(election: str, stored: forecast.Stored | forecast.Brief, why: str) -> dict[str, Any]:
    """As of when an outlook speaks, why it is old (in words, "" where it is not), and where the next one stands."""
    last = forecast.last_request(election)
    return {
        "number": stored.number, "said_at": stored.said_at, "since": since(why),
        "running": last is not None and last.state in {"queued", "running"},
        "failed": bool(why) and last is not None and last.state == "failed",
    }  # fmt: skip


@shell.page("forecast.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The outlook in force."""
    return _show(request, election, forecast.current(election, request.at), newest=True)


@shell.page("forecast.read")
def past(request: shell.Request, election: str, number: int) -> HttpResponse:
    """An outlook of the history."""
    stored = forecast.get(election, number, request.at)
    if stored is None:
        raise Http404
    return _show(request, election, stored, newest=False)


def _show(request: shell.Request, election: str, stored: forecast.Stored | None, *, newest: bool) -> HttpResponse:
    last = forecast.last_request(election)
    context: dict[str, Any] = {
        "stored": stored,
        "newest": newest,
        "running": last is not None and last.state in {"queued", "running"},
        "failed": last is not None and last.state == "failed" and (stored is None or last.occurred_at > stored.occurred_at),
        "may_make": shell.may(request, "forecast.make"),
        "may_draft": shell.may(request, "recommendations.draft"),
        "history": [_past(one) for one in forecast.history(election, request.at)],
    }
    if stored is not None:
        names = forecast.place_names(election)
        sites = {site.code: site.name for site in places.sites(request.election.region)}
        outlook = stored.outlook
        risky = outlook.at_risk
        context |= {
            "outlook": outlook,
            "fresh": freshness(election, stored, forecast.stale(stored, election, request.at) if newest else ""),
            "risky": [_tps(one, names) for one in risky[:_ROWS]],
            "more": max(0, len(risky) - _ROWS),
            "risky_count": len(risky),
            "all": words.percent(outlook.all_ppm),
            "missing": words.count(outlook.not_ready_milli),
            "total": len(outlook.tps),
            "kecamatan": [_place(p, names) for p in outlook.places if p.place.count(".") == 2],
            "desa": [_place(p, names) for p in outlook.places if p.place.count(".") == 3],
            "islands": [_island(one, sites) for one in outlook.islands],
            "actions": [_action(number, one, names) for number, one in enumerate(outlook.actions, 1)],
            "inputs": [dict(zip(("name", "value", "basis"), words.given(one), strict=True)) for one in outlook.inputs],
        }
    return render(request, "desk/forecast/index.html", context)


def _past(one: forecast.Past) -> dict[str, Any]:
    return {
        "number": one.number, "mark": one.mark, "at": one.occurred_at, "at_risk": one.at_risk, "missing": words.count(one.not_ready_milli),
        "all": words.percent(one.all_ppm), "plan": one.plan, "person": one.person, "cause": since(one.cause),
    }  # fmt: skip


def _tps(one: rules.TpsOutlook, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "tps": one.tps,
        "name": names.get(one.tps, one.tps),
        "kecamatan": names.get(one.tps.rsplit(".", 2)[0], ""),
        "p": words.percent(one.ready_ppm),
        "ppm": one.ready_ppm,
        "causes": [{"text": words.cause(c), "share": words.percent(c.share_ppm), "what": words.remedy(c)} for c in one.causes[:_CAUSES]],
        "what": words.remedy(one.causes[0]) if one.causes else "",
    }


def _place(one: rules.PlaceOutlook, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": names.get(one.place, one.place),
        "tps": one.tps,
        "missing": words.count(one.not_ready_milli),
        "milli": one.not_ready_milli,
        "all": words.percent(one.all_ppm),
        "all_ppm": one.all_ppm,
        "before": words.percent(one.before_ppm),
        "before_ppm": one.before_ppm,
    }


def _island(one: rules.Landing, sites: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": sites.get(one.island, one.island), "ppm": one.before_ppm, "before": words.percent(one.before_ppm),
        "plan": "" if one.plan_ppm is None else words.percent(one.plan_ppm),
    }  # fmt: skip


def _action(number: int, one: rules.Action, names: Mapping[str, str]) -> dict[str, Any]:
    step = int(one.facts.get("step", 0))
    return {
        "number": number,
        "step": step,
        "text": words.action(one),
        "adds": words.gained(one.gain.ready_milli),
        "low": words.gained(one.gain.low_milli),
        "high": words.gained(one.gain.high_milli),
        "all": f"{'+' if one.gain.all_ppm > 0 else ''}{words.points(one.gain.all_ppm)}",
        "milli": one.gain.ready_milli,
        "cost": words.rupiah(one.cost_rp),
        "hours": words.hours(one.work_min or 0),
        "by_at": one.by_at,
        "tps": [names.get(tps, tps) for tps in one.tps[:5]],
        "more": max(0, len(one.tps) - 5),
    }


def block(request: shell.Request, election: str) -> dict[str, Any] | None:
    """What the board shows: TPS at risk by name with their causes, and the next three actions; None where there is nothing to show."""
    if not shell.may(request, "forecast.read"):
        return None
    stored = forecast.brief(election, request.at)
    if stored is None:
        return None
    names = forecast.place_names(election)
    return {
        "fresh": freshness(election, stored, forecast.stale(stored, election, request.at)),
        "risky": [_tps(one, names) for one in stored.risky],
        "risky_count": stored.at_risk,
        "missing": words.count(stored.not_ready_milli),
        "total": len(stored.ready_ppm),
        "all": words.percent(stored.all_ppm),
        "actions": [_action(number, one, names) for number, one in enumerate(stored.actions, 1)],
    }


def _at_tps(_request: shell.Request, election: str, code: str) -> access_rules.Thing:
    return access_rules.Thing(kind="forecast", id=f"{election}:{code}", place=code, owner="", classification="biasa")


@shell.page("forecast.read", thing=_at_tps)
def tps(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One TPS: how probably it is ready, why not, what to do, and how that changed."""
    found = next((one for one in places.tps_list(election) if one.code == code), None)
    lately = forecast.lately(election, request.at)
    stored, one = (lately.stored, lately.tps.get(code)) if lately else (None, None)
    before = forecast.by_tps(stored, code) if lately and stored and code in lately.told else None
    if found is None:
        raise Http404
    names = forecast.place_names(election)
    helping = [a for a in stored.outlook.actions if code in a.tps] if stored else []
    context = {
        "station": found,
        "name": names.get(code, code),
        "stored": stored,
        "fresh": freshness(election, lately.stored, lately.moved) if lately else None,
        "before": words.percent(before.ready_ppm) if before else "",
        "waits": bool(lately and code in lately.waits),
        "taken_back": bool(lately and code in lately.waits and one is None),
        "one": _tps(rules.TpsOutlook(one.tps, one.ready_ppm, one.causes), names) if one else None,
        "causes": [{"text": words.cause(c), "share": words.percent(c.share_ppm), "what": words.remedy(c)} for c in one.causes]
        if one
        else [],
        "actions": [_action(number, a, names) for number, a in enumerate(helping, 1)],
        "trail": [
            {"number": number, "at": moment, "p": words.percent(ppm)} for number, moment, ppm in forecast.trail(election, code, request.at)
        ],
    }
    return render(request, "desk/forecast/tps.html", context)


@shell.page("forecast.make")
def ask(request: shell.Request, election: str) -> HttpResponse:
    """Asks the worker for a new outlook."""
    if request.method == "POST":
        try:
            forecast.request_outlook(election, forecast.SEED, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Prakiraan sedang dihitung. Muat ulang halaman ini beberapa detik lagi.")
    return redirect("desk:forecast", election)


@shell.page("forecast.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The outlook in force as a workbook."""
    stored = forecast.current(election, request.at)
    if stored is None:
        raise Http404
    answer = HttpResponse(words.export(stored.outlook, forecast.place_names(election)), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="prakiraan-{election}-{stored.number}.xlsx"'
    return answer


@shell.page("recommendations.draft")
def advise(request: shell.Request, election: str, number: int, position: int) -> HttpResponse:
    """A draft of a recommendation from an action of an outlook, with its number and evidence; a person goes on from there."""
    stored = forecast.get(election, number, request.at)
    if stored is None or not 1 <= position <= len(stored.outlook.actions):
        raise Http404
    if request.method != "POST":
        return redirect("desk:forecast", election)
    names = forecast.place_names(election)
    try:
        code = recommendations.draft(
            election,
            actor=shell.actor(request),
            at=request.at,
            reach=shell.scope(request, "recommendations.draft"),
            **proposal(stored, stored.outlook.actions[position - 1], names, request.at),
        )
    except recommendation_rules.SavedJustNow as refusal:
        shell.refused(request, refusal)
        return redirect("desk:recommendations_detail", election, str(refusal.facts["code"]))
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:forecast", election)
    shell.done(request, f"Draf {code} dibuat dari prakiraan {number}. Periksa dan lengkapi sebelum diajukan.")
    return redirect("desk:recommendations_detail", election, code)


def proposal(stored: forecast.Stored, action: rules.Action, names: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """The words of a draft: what is advised, the numbers behind it, and from when they are."""
    outlook, gain = stored.outlook, action.gain
    said = words.action(action)
    gaining = ", ".join(names.get(tps, tps) for tps in action.tps[:5]) or "seluruh kabupaten"
    before = {one.tps: one for one in outlook.tps}
    causes = list(dict.fromkeys(words.cause(before[tps].causes[0]) for tps in action.tps if tps in before and before[tps].causes))
    number = f"Prakiraan kesiapan nomor {stored.number} tanggal {text.waktu(outlook.said_at)}"
    addressee = _ADDRESSEES.get(action.code, "KPU")
    due_at = min(action.by_at or at + timedelta(days=1), outlook.deadline_at - timedelta(hours=2))
    if due_at <= at:
        due_at = at + timedelta(hours=1)
    return {
        "subject": said[:110],
        "addressee": addressee,
        "nature": recommendation_rules.Nature.SEGERA,
        "due_at": due_at,
        "useful_until": action.by_at if action.by_at and action.by_at > at else None,
        "slots": recommendation_rules.Slots(
            dasar=f"{number}: {text.angka(outlook.scenarios)} skenario, benih {gain.seed}, sidik masukan {gain.input_hash[:16]}.",
            fakta=(
                f"Diperkirakan {words.count(outlook.not_ready_milli)} dari {len(outlook.tps)} TPS tidak siap pada pukul 07.00; "
                f"peluang semua TPS siap {words.percent(outlook.all_ppm)}. Yang tertolong: {gaining}."
            ),
            analisis=(
                f"Sebab utama: {'; '.join(causes[:2]) or 'beberapa sebab'}. Tindakan ini menambah {words.adds(gain)}, "
                "dihitung dengan bilangan acak yang sama."
            ),
            saran=words.advised(action, addressee, due_at),
            ukuran=f"Prakiraan berikutnya menunjukkan tambahan sedikitnya {words.gained(gain.low_milli)} TPS siap.",
            risiko=(
                f"Bila tidak dilakukan, tambahan itu hilang. Biaya: {words.rupiah(action.cost_rp)}; kerja "
                f"{words.hours(action.work_min or 0)}. Masukan prakiraan memuat ASUMSI."
            ),
        ),
    }


urlpatterns = [
    path("<slug:election>/prakiraan/", index, name="forecast"),
    path("<slug:election>/prakiraan/minta/", ask, name="forecast_request"),
    path("<slug:election>/prakiraan/prakiraan.xlsx", export, name="forecast_export"),
    path("<slug:election>/prakiraan/<int:number>/", past, name="forecast_past"),
    path("<slug:election>/prakiraan/tps/<str:code>/", tps, name="forecast_tps"),
    path("<slug:election>/prakiraan/<int:number>/tindakan/<int:position>/", advise, name="forecast_advise"),
]

SENTENCES = {
    "forecast.not_ready": "Belum ada rencana distribusi yang berlaku, atau pemungutan suara sudah dimulai. Susun rencana dahulu.",
    "forecast.already_requested": "Prakiraan sedang dihitung. Tunggu sampai selesai.",
    "forecast.bad_case": "Masukan prakiraan saling bertentangan ({what}). Periksa rencana dan pesanan.",
    "forecast.broken": "Prakiraan gagal dihitung. Coba lagi; bila tetap gagal, periksa catatan pekerja latar.",
}
TASKS = {
    "forecast.none": ("Hitung {label}", "desk:forecast"),
    "forecast.stale": ("Perbarui {label}", "desk:forecast"),
}
HITS: dict[str, str] = {}
SIGNALS = {"R08": ("{place}: kemungkinan semua barang tiba sampai H-1 {permille} permil, yang diinginkan {wanted}.", "desk:forecast")}
