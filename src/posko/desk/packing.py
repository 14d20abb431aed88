"""Stage packing: the packing table, boxes, waves, the trace of a carton, the papers."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from posko.desk import evidence as evidence_desk
from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import labels as label_rules
from posko.domain import packing as rules
from posko.domain import places as place_rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.domain import seals as seal_rules
from posko.formats import document, table, text
from posko.formats import packing as printed
from posko.formats.receipts import CONTEST_WORDS
from posko.store import access, evidence, needs, packing, places, record, seals, sorting

STATE_WORDS = {
    "empty": ("unknown", "kosong"),
    "partly": ("waiting", "terisi sebagian"),
    "complete": ("waiting", "lengkap, belum disegel"),
    "over": ("overdue", "berlebih"),
    "flagged": ("overdue", "perlu diperiksa"),
    "sealed": ("done", "tersegel"),
}
LONG_WORDS = {"PPWP": "Presiden", "DPR": "DPR RI", "DPD": "DPD RI", "GUB": "Gubernur", "BUP_WALI": "Bupati", **CONTEST_WORDS}
FLAG_HELP = {
    "wrong_dapil": "Keluarkan isinya (bila tersegel: buka dahulu berdua).",
    "wrong_contest": "Keluarkan isinya (bila tersegel: buka dahulu berdua).",
    "over_need": "Keluarkan kelebihannya.",
    "over_bundle": "Hitung ulang bundelnya; keluarkan bila salah.",
    "dapil_moved": "Dapil TPS ini diubah. Keluarkan isinya berdua, tandai kotak “tidak dipakai lagi”, siapkan kotak baru.",
    "seal_conflict": "Segel ulang dengan nomor yang benar. Hanya salah dicatat? Pilih “nomor salah dicatat”; jangan potong segelnya.",
    "seal_mismatch": "Tahan kotak di tempat. Minta orang lain membaca segelnya di Periksa segel; hubungi KPU dan Bawaslu.",
    "seals_few": "Pasang segel yang kurang lewat segel ulang.",
    "items_missing": "Barang yang kurang: buka segel berdua, masukkan, segel ulang.",
    "variance": "Alasannya tercatat saat menyegel (lihat Segel di bawah); lengkapi lewat segel ulang bila barangnya datang.",
}
USE_WORDS = {"hasil": "Kotak hasil TPS (PPK)", "rekapitulasi": "Kotak rekapitulasi (PPK)"}
DAMAGE_WORDS = {"tidak_lengkap": "tidak lengkap", "salah_cetak": "salah cetak"}
VERDICT_WORDS = {
    "consistent": "cocok dengan kebutuhan", "missing": "terlalu ringan: kemungkinan kurang lembar",
    "surplus": "terlalu berat: kemungkinan lebih lembar", "too_weak": "timbangan ini tidak cukup teliti untuk memutuskan",
}  # fmt: skip
MOST_PAGES = 60


class ClearFirst(facts.Refusal):
    """A stop is on the screen; what was stopped leaves the table before anything else is scanned."""

    code = "packing.clear_first"


class StaleTable(facts.Refusal):
    """A form of an older page: since then another box was opened, or another scan asked for, on this screen."""

    code = "packing.stale_table"


class NoPicture(facts.Refusal):
    """No picture was chosen."""

    code = "packing.no_picture"


class NeedsPartner(facts.Refusal):
    """Two people seal, and the second has not signed on this screen."""

    code = "packing.needs_partner"


class BoxFirst(facts.Refusal):
    """A bundle was scanned where a box is asked for."""

    code = "packing.box_first"


class SpentHere(facts.Refusal):
    """The bundle lies in other boxes; said by their places."""

    code = "packing.spent_here"


class SealTwice(facts.Refusal):
    """This seal has been read for this box a moment ago."""

    code = "packing.seal_twice"


class SealDoubtful(facts.Refusal):
    """A number that is wrong as it stands: said once more, it is put on and flagged."""

    code = "packing.seal_doubtful"


class TooManyPages(facts.Refusal):
    """More pages than anybody prints by mistake."""

    code = "packing.too_many_pages"


def second_person(request: shell.Request, act: str = "packing.witness") -> access_rules.Person:
    """Who signs as the second for what overrides no guard: whoever types name and password now, else the partner of the shift. access.*

    What steps over a guard or cuts a seal asks for the password each time: a table that is left alone must not do it with one person.
    """
    joined = None if request.POST.get("second") else shell.partner(request, act)
    return joined.person if joined else shell.countersigned(request, act)


class Places:
    """Names of TPS and dapil of one election, read once for a page."""

    def __init__(self, election: str) -> None:
        self.tps = {t.code: t for t in places.tps_list(election)}
        self.kecamatan = {k.code: k.name for k in places.kecamatan_list(record.election(election).region)}

    def where(self, code: str) -> str:
        """TPS 004 Lalang, Manggar; the kecamatan's name for a PPK; else the code."""
        tps = self.tps.get(code)
        if tps is None:
            return f"PPK {self.kecamatan[code]}" if code in self.kecamatan else code
        return f"TPS {tps.number:03} {tps.desa_name}, {tps.kecamatan_name}"

    def short(self, code: str) -> str:
        """TPS 004 Lalang."""
        return self.where(code).partition(",")[0]


def contest_word(contest: str) -> str:
    """DPRD Kabupaten for DPRD_KAB, Presiden for PPWP: the letters stand beside it."""
    return LONG_WORDS.get(contest, contest)


def box_context(election: str, box: rules.Box, names: Places) -> dict[str, Any]:
    """A box as lists and cards show it."""
    state, word = STATE_WORDS[box.state.value]
    if box.sealed_at is not None and box.flags:
        state, word = "overdue", "tersegel, perlu diperiksa"
    if box.opened:
        word = f"segel dibuka, {word}" if box.state is not rules.State.COMPLETE else "segel dibuka, lengkap, belum disegel ulang"
    if box.given_up_at is not None:
        state, word = "unknown", "tidak dipakai lagi"
    return {
        "box": box,
        "code": box.code,
        "spaced": label_rules.spaced(box.code),
        "contest": box.contest,
        "name": contest_word(box.contest) if box.contest else USE_WORDS.get(box.use, box.use),
        "where": names.where(box.tps),
        "short": names.short(box.tps),
        "state": state,
        "word": word,
        "flags": [printed.FLAG_WORDS.get(flag, flag) for flag in box.flags],
        "helps": list(dict.fromkeys(FLAG_HELP[flag] for flag in box.flags if flag in FLAG_HELP)),
        "href": reverse("desk:packing_box", args=[election, box.code]),
        "missing": max(0, box.needed - box.packed) if box.needed is not None else None,
        "complete": box.state is rules.State.COMPLETE,
        "sealed": box.sealed_at is not None,
        "usable": box.sealed_at is None and box.given_up_at is None,
        "close_href": reverse("desk:seals_reseal" if box.opened else "desk:packing_seal", args=[election, box.code]),
        "loose_seals": box.seal_count - len(box.seals),
    }


# --- the overview ------------------------------------------------------------------------------------------------------------------


@shell.page("packing.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """How far packing is, per wave, kecamatan and contest; what needs a look."""
    found = packing.progress(election, request.at)
    names = Places(election)
    boxes = packing.boxes(election, request.at) if found.total.boxes else []
    context = {
        "total": found.total,
        "needs": needs.current(election, request.at),
        "contests": [(contest, contest_word(contest), tally) for contest, tally in found.by_contest.items() if contest],
        "kecamatan": [(code, names.kecamatan.get(code, code), tally) for code, tally in sorted(found.by_kecamatan.items())],
        "waves": _waves(election, request, found),
        "flagged": [box_context(election, b, names) for b in boxes if b.flags][:100],
        "ppk_missing": len(names.kecamatan) - len({b.tps for b in boxes if b.use != "tps"}) if boxes else 0,
        "unprepared": bool(found.total.boxes == 0 and packing.waves(election, request.at)),
        "stops": [_stop(election, one, names) for one in packing.stops(election, request.at)][-20:][::-1],
        "profile": packing.profile(election, request.at),
        "may_scan": shell.may(request, "packing.scan"),
        "may_write": shell.may(request, "packing.write"),
        "marks": sorted({b.mark for b in boxes if b.mark}),
    }
    return render(request, "desk/packing/index.html", context)


def _waves(election: str, request: shell.Request, found: rules.Progress) -> list[dict[str, Any]]:
    return [
        {"wave": wave, "tally": found.by_wave.get(wave.code), "href": reverse("desk:packing_wave", args=[election, wave.code])}
        for wave in packing.waves(election, request.at)
    ]


def _stop(election: str, one: rules.Stop, names: Places) -> dict[str, Any]:
    return {
        "stop": one,
        "where": names.where(one.tps),
        "href": reverse("desk:packing_trace", args=[election]) + f"?kode={one.carton or one.box}",
    }


@shell.page("packing.read")
def boxes(request: shell.Request, election: str) -> HttpResponse:
    """Boxes of a kecamatan, a contest, a state."""
    names = Places(election)
    area, contest, state = (request.GET.get(name, "") for name in ("wilayah", "jenis", "keadaan"))
    wave = next((w for w in packing.waves(election, request.at) if w.code == request.GET.get("gelombang", "")), None)
    found = [
        b
        for b in packing.boxes(election, request.at)
        if _inside(b.tps, area) and contest in {"", b.contest} and _in_state(b, state) and (wave is None or b.tps in wave.tps)
    ]
    context = {
        "rows": [box_context(election, b, names) for b in found],
        "area": names.where(area) if area.count(".") > 2 else names.kecamatan.get(area, ""),
        "contest": contest,
        "wave": wave,
        "state_word": STATE_WORDS[state][1] if state in STATE_WORDS else "",
    }
    return render(request, "desk/packing/boxes.html", context)


def _inside(place: str, area: str) -> bool:
    return not area or access_rules.within(place, area)


def _in_state(box: rules.Box, state: str) -> bool:
    return {"": True, "belum": box.sealed_at is None, "perhatian": bool(box.flags)}.get(state, box.state.value == state)


@shell.page("packing.read")
def tps(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The pick list of one TPS: its boxes, what goes into them, the loose kit."""
    names = Places(election)
    if code not in names.tps:
        shell.refused(request, rules.UnknownCode(code=code[:40], kind="tps"))
        return redirect("desk:packing", election)
    found = packing.pick_list(election, code, request.at)
    flags = {one.code: packing.get_box(election, one.code, request.at).flags for one in found.boxes if one.code}
    context = {
        "code": code,
        "where": names.where(code),
        "found": found,
        "boxes": [
            {
                "line": one,
                "name": contest_word(one.contest),
                "state": STATE_WORDS[one.state.value] if one.state else ("unknown", "belum disiapkan"),
                "flags": [printed.FLAG_WORDS.get(flag, flag) for flag in flags.get(one.code, ())],
            }
            for one in found.boxes
        ],
        "may_scan": shell.may(request, "packing.scan"),
        "kit": packing.contents(election, code, request.at),
        "ask": _asked_item(request, code),
        "unprepared": sum(not one.code for one in found.boxes),
        "others": [*found.inside, *found.unknown],
    }
    return render(request, "desk/packing/tps.html", context)


@shell.page("packing.scan")
@require_POST
def pack_kit(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Put an item into the loose kit of a TPS, or into a box."""
    item = request.POST.get("item", "")
    back = (
        redirect(request.POST["back"])
        if request.POST.get("back", "").startswith(f"/{election}/")
        else redirect("desk:packing_tps", election, code)
    )
    contest = request.POST.get("contest", "")
    request.session.pop("packing_item", None)
    try:
        quantity = receipt_rules.pieces(request.POST.get("quantity", ""))
        done = packing.pack_item(
            election, code, item, quantity, shell.actor(request), request.at, confirm_over="confirm_over" in request.POST, contest=contest,
        )  # fmt: skip
    except rules.NeedsConfirmation as asked:
        request.session["packing_item"] = {**asked.facts, "holder": code, "item": item, "contest": contest}
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        if done.repeated:
            shell.warned(request, "Ini baru saja dicatat; tidak dihitung dua kali.")
            return back
        shell.done(request, f"{text.angka(done.quantity)} {item.replace('_', ' ').lower()} dimuat; sekarang {text.angka(done.packed)}.")
    return back


def _asked_item(request: shell.Request, holder: str) -> dict[str, Any] | None:
    """An item of this box or kit that waits for a second word: more than the need, or nobody knows the need."""
    asked = request.session.get("packing_item")
    return {**asked, "name": str(asked["item"]).replace("_", " ").lower()} if asked and asked["holder"] == holder else None


# --- waves ------------------------------------------------------------------------------------------------------------------------


@shell.page("packing.write")
def waves(request: shell.Request, election: str) -> HttpResponse:
    """Open a wave: the suggestion with islands and the farthest first, or a choice of one's own."""
    if request.method == "POST":
        chosen = [code for one in request.POST.getlist("tps") for code in one.split(",") if code]
        try:
            wave = packing.open_wave(election, request.POST.get("name", "").strip()[:60], chosen, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Gelombang {wave.name} dibuka: {len(wave.tps)} TPS.")
            return redirect("desk:packing_wave", election, wave.code)
    names = Places(election)
    plans = packing.suggest_waves(election, request.at)
    context = {
        "plans": [{"plan": p, "tps": ",".join(p.tps), "names": [names.short(t) for t in p.tps]} for p in plans],
        "desa": _desa(names, plans),
        "open": _waves(election, request, packing.progress(election, request.at)),
    }
    return render(request, "desk/packing/waves.html", context)


def _desa(names: Places, plans: Iterable[rules.WavePlan]) -> list[dict[str, Any]]:
    """Desa whose TPS are in no wave yet, to make a wave of one's own."""
    free: dict[str, list[str]] = {}
    for code in sorted(code for plan in plans for code in plan.tps):
        free.setdefault(place_rules.desa_of(code), []).append(code)
    return [
        {"name": f"{names.tps[codes[0]].desa_name}, {names.tps[codes[0]].kecamatan_name}", "tps": ",".join(codes), "count": len(codes)}
        for codes in free.values()
    ]


@shell.page("packing.read")
def wave(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A wave: the order of work on a table, one dapil after the other, and how far it is."""
    found = next((w for w in packing.waves(election, request.at) if w.code == code), None)
    if found is None:
        shell.refused(request, rules.UnknownCode(code=code[:40], kind="wave"))
        return redirect("desk:packing", election)
    names = Places(election)
    prepared = {b.tps for b in packing.boxes(election, request.at)} if found.tps else set()
    context = {
        "wave": found,
        "tally": packing.progress(election, request.at).by_wave.get(code),
        "steps": [
            {"step": s, "name": contest_word(s.contest), "tps": [names.short(t) for t in s.tps]}
            for s in packing.steps(election, code, request.at)
        ],
        "unprepared": [t for t in found.tps if t not in prepared],
        "tps": [(t, names.where(t)) for t in found.tps],
        "may_scan": shell.may(request, "packing.scan"),
    }
    return render(request, "desk/packing/wave.html", context)


@shell.page("packing.scan")
@require_POST
def prepare(request: shell.Request, election: str) -> HttpResponseBase:
    """Give codes to the boxes of a wave or of one TPS; their labels are printed next."""
    code = request.POST.get("wave", "")
    chosen = next((list(w.tps) for w in packing.waves(election, request.at) if w.code == code), request.POST.getlist("tps"))
    try:
        made = packing.prepare_boxes(election, chosen, shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"{text.angka(len(made))} kotak disiapkan. Cetak labelnya, tempel, lalu mulai mengepak.")
    if code:
        return redirect("desk:packing_wave", election, code)
    return redirect("desk:packing_tps", election, chosen[0]) if chosen else redirect("desk:packing", election)


@shell.page("packing.scan")
def envelopes(request: shell.Request, election: str) -> HttpResponseBase:
    """Codes for envelopes: the guard then reads them too."""
    here_now = places.dapil_here(election)
    choices = [(f"{c}~{d}", f"{contest_word(c)} · {d}") for c, found in here_now.items() for d in found]
    if request.method == "POST":
        contest, _, dapil = request.POST.get("design", "").partition("~")
        try:
            count = receipt_rules.pieces(request.POST.get("count", ""))
            use = request.POST.get("use", "").strip()[:40]
            made = packing.make_envelopes(election, contest, dapil, count, use, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{text.angka(len(made))} kode sampul dibuat. Cetak labelnya di halaman Label, Sampul.")
            return redirect("desk:packing_envelopes", election)
    counts: dict[tuple[str, str, str], int] = {}
    for one in packing.envelopes(election, request.at):
        counts[one.contest, one.dapil, one.use] = counts.get((one.contest, one.dapil, one.use), 0) + 1
    rows = [{"contest": c, "dapil": d, "use": u, "count": n} for (c, d, u), n in sorted(counts.items())]
    return render(request, "desk/packing/envelopes.html", {"choices": choices, "rows": rows, "typed": request.POST})


@shell.page("packing.scan")
@require_POST
def prepare_ppk(request: shell.Request, election: str) -> HttpResponseBase:
    """Codes for the two boxes of every PPK that has none yet."""
    have = {b.tps for b in packing.boxes(election, request.at) if b.use != "tps"}
    wanted = [k.code for k in places.kecamatan_list(request.election.region) if k.code not in have]
    try:
        made = packing.prepare_ppk_boxes(election, wanted, shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"{text.angka(len(made))} kotak PPK disiapkan.")
    return redirect("desk:packing", election)


@shell.page("packing.scan")
@require_POST
def set_aside(request: shell.Request, election: str) -> HttpResponseBase:
    """Sheets found damaged while packing leave their bundle."""
    try:
        quantity = receipt_rules.pieces(request.POST.get("quantity", ""))
        thing, kind = request.POST.get("thing", ""), request.POST.get("kind", "")
        left = packing.set_aside(election, thing, quantity, kind, shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(
            request, f"{text.angka(quantity)} lembar rusak disisihkan; bundel tinggal {text.angka(left)}. Pisahkan untuk dimusnahkan."
        )
    return redirect("desk:packing_station", election)


# --- the packing table --------------------------------------------------------------------------------------------------------------


def _table(request: shell.Request, election: str) -> dict[str, Any]:
    """What this screen remembers: the place, the table's name, the open box, a stop that nobody cleared yet."""
    kept = request.session.get("packing_table")
    return dict(kept) if kept and kept.get("election") == election else {"election": election}


def _keep(request: shell.Request, kept: dict[str, Any]) -> None:
    request.session["packing_table"] = kept


@shell.page("packing.scan")
def station(request: shell.Request, election: str) -> HttpResponseBase:
    """One prompt at a time: the place, the box, then bundle after bundle."""
    kept = _table(request, election)
    if request.method == "POST" and _stale(request, kept):
        return redirect("desk:packing_station", election)
    if request.method == "POST":
        if _is_seal(request, election, kept):
            return redirect(box_context(election, packing.get_box(election, kept["box"], request.at), Places(election))["close_href"])
        _act(request, election, kept, request.POST.get("act", "scan"))
        _keep(request, kept)
        return redirect("desk:packing_station", election)
    return render(request, "desk/packing/station.html", _station_context(request, election, kept))


def _stale(request: shell.Request, kept: dict[str, Any]) -> bool:
    """Every form of the table says which box it was made for, and answers to a question say which; another one is refused, said aloud."""
    asked = {"yes": kept.get("confirm"), "no": kept.get("confirm"), "cleared": kept.get("stop")}.get(request.POST.get("act", ""))
    meant = str(asked["scanned"]) if asked else ""
    stale = request.POST.get("box", "") != kept.get("box", "") or request.POST.get("asked", "") != meant
    if stale:
        shell.refused(request, StaleTable())
    return stale


def _is_seal(request: shell.Request, election: str, kept: dict[str, Any]) -> bool:
    """A seal read at the table while the open box is complete: it is taken along to the page where seals are put on."""
    typed = request.POST.get("code", "")
    if not kept.get("box") or kept.get("stop") or request.POST.get("act", "scan") != "scan":
        return False
    try:
        serial = seal_rules.read_serial(typed).text
        box = packing.get_box(election, kept["box"], request.at)
    except facts.Refusal:
        return False
    if box.state is not rules.State.COMPLETE or seals.seal_of(election, serial, request.at).range is None:
        return False
    scanned = list(request.session.get("packing_seals", {}).get(box.code, []))
    _keep_seals(request, box.code, scanned if serial in scanned else [*scanned, serial])
    return True


def _act(request: shell.Request, election: str, kept: dict[str, Any], act: str) -> None:
    kept.pop("took", None)
    simple = {
        "leave": ("place", "box", "stop", "confirm"),
        "close": ("box", "stop", "confirm", "envelope"),
        "no_envelope": ("envelope",),
        "cleared": ("stop",),
        "no": ("confirm",),
    }
    try:
        if act in simple:
            for name in simple[act]:
                kept.pop(name, None)
        elif act == "place":
            _choose_place(request, election, kept)
        elif act == "undo":
            event = packing.undo(election, kept.get("box", ""), shell.actor(request), request.at)
            if event.thing == kept.get("envelope"):
                kept.pop("envelope")
            shell.done(request, f"Dibatalkan: {pieces_of(event)} dikeluarkan lagi dari kotak.")
        elif act == "yes":
            _confirmed(request, election, kept)
        else:
            _scan(request, election, kept, request.POST.get("code", ""))
    except facts.Refusal as refusal:
        shell.refused(request, refusal)


def _choose_place(request: shell.Request, election: str, kept: dict[str, Any]) -> None:
    code = label_rules.expect(request.POST.get("code", ""), "place").text
    site = next((s for s in places.sites(request.election.region) if s.code == code), None)
    if site is None:
        raise rules.UnknownCode(code=code, kind="place")
    kept["place"], kept["place_name"] = code, site.name
    kept["station"] = request.POST.get("station", "").strip().upper()[:20] or kept.get("station", "MEJA-1")


def _scan(request: shell.Request, election: str, kept: dict[str, Any], scanned: str) -> None:
    """A place, a box or a thing: what it is decides what happens."""
    if kept.get("stop"):
        raise ClearFirst()
    seen = label_rules.read(scanned) if scanned.strip()[:4].upper() == label_rules.PREFIX else None
    if not kept.get("place") or (seen is not None and seen.kind == "place"):
        _choose_place(request, election, kept)
        return
    box = _as_box(election, scanned, request, wanted=not kept.get("box"))
    if box is not None:
        if box.given_up_at is not None:
            raise rules.GivenUp(box=box.code)
        kept.pop("confirm", None)
        kept.pop("envelope", None)
        kept["box"] = box.code
        if box.sealed_at is not None:
            raise rules.BoxSealed(box=box.code)
        return
    _put(request, election, kept, scanned, _typed_quantity(request), confirm_over=False)


def _as_box(election: str, scanned: str, request: shell.Request, *, wanted: bool) -> rules.Box | None:
    """The box that was scanned; None when it is another thing and a box is open to take it."""
    try:
        return packing.get_box(election, scanned, request.at)
    except facts.Refusal as refusal:
        if refusal.code not in {rules.UnknownCode.code, label_rules.WrongKind.code}:
            raise
        if not wanted:
            return None
        bundle = sorting.get_bundle(election, label_rules.read(scanned).text, request.at)
        if bundle is not None:
            raise BoxFirst(contest=contest_word(bundle.contest), dapil=bundle.dapil) from refusal
        raise


def _typed_quantity(request: shell.Request) -> int | None:
    typed = request.POST.get("quantity", "").strip()
    return receipt_rules.pieces(typed) if typed else None


def _put(request: shell.Request, election: str, kept: dict[str, Any], thing: str, quantity: int | None, *, confirm_over: bool) -> None:
    echo = _may_echo(request, election, kept, thing)
    try:
        outcome = packing.scan(
            election, kept["box"], thing, quantity, actor=shell.actor(request), at=request.at, place=kept.get("place", ""),
            station=kept.get("station", ""), envelope=kept.get("envelope", ""), confirm_over=confirm_over, echo=echo,
        )  # fmt: skip
    except rules.DapilMismatch as stopped:
        kept["stop"] = {**stopped.facts, "scanned": thing}
        kept.pop("confirm", None)
        return
    except rules.BundleSpent as spent:
        remaining = int(spent.facts["remaining"])
        left = f"tinggal {text.angka(remaining)} lembar" if remaining else "sudah habis"
        raise SpentHere(where=_where_boxes(election, str(spent.facts["where"]), request), left=left) from spent
    except rules.NeedsConfirmation as asked:
        kept["confirm"] = {**asked.facts, "scanned": thing}
        return
    kept.pop("confirm", None)
    if outcome.kind == "envelope":
        kept["envelope"] = outcome.thing  # bundles that follow go into it
    kept["took"] = {"quantity": outcome.quantity, "rest": outcome.remainder} if outcome.kind == "bundle" and not outcome.repeated else None
    shell.done(request, _said(outcome))
    if "station_mixed" in outcome.warnings:
        shell.warned(request, "Meja ini baru saja mengepak dapil lain untuk jenis ini. Singkirkan dahulu bundel dapil lain dari meja.")


def _may_echo(request: shell.Request, election: str, kept: dict[str, Any], thing: str) -> bool:
    """Whether this may be the last scan once more. Under a stored clock all scans have one time; then the machine's clock tells."""
    last, kept["last"] = kept.get("last"), [kept["box"], thing, request.machine_at.timestamp()]
    if not record.clock_is_stored() or last is None or last[:2] != kept["last"][:2]:
        return True
    return bool(request.machine_at.timestamp() - last[2] <= packing.profile(election, request.at).duplicate_seconds)


def _where_boxes(election: str, codes: str, request: shell.Request) -> str:
    names = Places(election)
    found = [packing.get_box(election, code, request.at) for code in codes.split(", ") if code]
    return ", ".join(f"{contest_word(b.contest)} {names.short(b.tps)}" for b in found) or "mana pun"


def _said(outcome: rules.Outcome) -> str:
    if outcome.repeated:
        return "Bundel ini baru saja dipindai; tidak dihitung dua kali."
    if outcome.kind == "envelope":
        return "Sampul masuk."
    rest = f" Sisa {text.angka(outcome.remainder)} lembar tinggal di bundel." if outcome.remainder else " Bundel habis."
    return f"Ambil {text.angka(outcome.quantity)} lembar.{rest}"


def _confirmed(request: shell.Request, election: str, kept: dict[str, Any]) -> None:
    asked = kept.get("confirm")
    if not asked:
        return
    _put(request, election, kept, str(asked["scanned"]), int(asked["quantity"]), confirm_over=True)


def _station_context(request: shell.Request, election: str, kept: dict[str, Any]) -> dict[str, Any]:
    names = Places(election)
    context: dict[str, Any] = {
        "kept": kept,
        "site_list": [
            (s.code, label_rules.with_check(s.code), s.name) for s in places.sites(request.election.region) if s.kind == "gudang"
        ],
        "partner": shell.partner(request, "packing.witness"),
        "stop": _stop_context(election, kept.get("stop"), names),
        "confirm": kept.get("confirm"),
        "took": kept.get("took"),
    }
    if kept.get("box"):
        try:
            box = packing.get_box(election, kept["box"], request.at)
        except facts.Refusal:
            kept.pop("box")
        else:
            context |= _open_box(election, box, names, request) | {"ask": _asked_item(request, box.code)}
    elif kept.get("place"):
        context["next"] = [box_context(election, b, names) for b in packing.next_boxes(election, request.at)]
    return context


def _stop_context(election: str, stop: dict[str, Any] | None, names: Places) -> dict[str, Any] | None:
    if not stop:
        return None
    others = [label_rules.spaced(code) for code in str(stop.get("boxes", "")).split(", ") if code]
    return {
        **stop,
        "where": names.where(str(stop["tps"])),
        "contest_word": contest_word(str(stop["contest"])),
        "found_word": contest_word(str(stop["found_contest"])),
        "others": others,
        "trace": reverse("desk:packing_trace", args=[election]) + f"?kode={stop.get('carton') or stop.get('thing')}",
    }


def _open_box(election: str, box: rules.Box, names: Places, request: shell.Request) -> dict[str, Any]:
    events = packing.history(election, box.code, request.at)
    listed = packing.pick_list(election, box.tps, request.at) if box.contest else None
    mine = next((one for one in listed.boxes if one.contest == box.contest), None) if listed else None
    lines = [line for line in (mine.lines if mine else ()) if line.item not in {"SURAT_SUARA", "KOTAK", *rules.SEALS}]
    next_line = next((line for line in lines if line.quantity is not None and line.packed < line.quantity), None)
    return {
        "card": box_context(election, box, names),
        "next_line": next_line,
        "rest": next_line.quantity - next_line.packed if next_line and next_line.quantity else 0,
        "last": next((_event(e) for e in reversed(events) if e.kind in {"packed", "overridden", "undone", "unpacked"}), None),
        "undo": pieces_of(mine_last) if (mine_last := packing.undo_of(election, box.code, shell.actor(request), request.at)) else "",
        "damages": [(kind, DAMAGE_WORDS.get(kind, kind)) for kind in rules.DAMAGES],
        "estimate": bool((run := needs.current(election, request.at)) and run.estimate),
        "ballots_done": box.needed is not None and box.packed >= box.needed,
    }


def pieces_of(event: rules.Event) -> str:
    """What an event moved, in words: 100 lembar, 1 sampul, 3 formulir."""
    unit = "lembar" if event.item == "SURAT_SUARA" else "sampul" if event.thing else event.item.replace("_", " ").lower()
    return f"{text.angka(abs(event.quantity))} {unit} {label_rules.spaced(event.thing)}".rstrip()


def _event(event: rules.Event) -> dict[str, Any]:
    return {
        "event": event,
        "word": printed.EVENT_WORDS.get(event.kind, event.kind),
        "thing": label_rules.spaced(event.thing),
        "pieces": abs(event.quantity),
        "moved": pieces_of(event) if event.put else "",
        "flags": [printed.FLAG_WORDS.get(flag, flag) for flag in event.flags],
    }


@sensitive_post_parameters("second_password")
@shell.page("packing.override")
@require_POST
def override(request: shell.Request, election: str) -> HttpResponseBase:
    """Two people let something in that the guard stopped; it stays flagged until it is taken out."""
    kept = _table(request, election)
    stop = kept.get("stop")
    stale = stop and (request.POST.get("box", ""), request.POST.get("asked", "")) != (kept.get("box", ""), str(stop["scanned"]))
    if stale:
        shell.refused(request, StaleTable())
    elif stop:
        try:
            second = shell.countersigned(request, "packing.override")
            packing.override(
                election, kept["box"], str(stop["scanned"]), _typed_quantity(request), request.POST.get("reason", "")[:400],
                shell.actor(request), access.actor(second), request.at, place=kept.get("place", ""), station=kept.get("station", ""),
                envelope=kept.get("envelope", ""),
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            kept.pop("stop")
            shell.warned(
                request, "Dimuat dengan melewati pengaman. Kotak ini ditandai sampai isinya dikeluarkan; KPU dan Bawaslu melihat sinyalnya."
            )
    _keep(request, kept)
    return redirect("desk:packing_station", election)


@sensitive_post_parameters("password")
@shell.page("packing.scan")
@require_POST
def partner(request: shell.Request, election: str) -> HttpResponseBase:
    """The second person joins this screen for two hours, or leaves it."""
    if "leave" in request.POST:
        shell.part_partner(request)
        shell.done(request, "Orang kedua meninggalkan layar ini.")
    else:
        try:
            second = shell.sign_partner(request, request.POST.get("username", ""), request.POST.get("password", ""), "packing.witness")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{second.name} menjadi orang kedua di layar ini.")
    target = request.POST.get("next", "")
    return redirect(target if target.startswith(f"/{election}/") else reverse("desk:packing_station", args=[election]))


# --- one box ------------------------------------------------------------------------------------------------------------------------


@shell.page("packing.read")
def box(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Everything about one box: contents, history, seals, pictures."""
    try:
        found = packing.get_box(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:packing", election)
    names = Places(election)
    people = access.names()
    events = packing.history(election, found.code, request.at)
    context = {
        "card": box_context(election, found, names),
        "contents": [_content(c) for c in packing.contents(election, found.code, request.at)],
        "partner": shell.partner(request, "packing.witness"),
        "events": [
            {**_event(e), "person": people.get(e.person, e.person), "second": people.get(e.second, e.second)} for e in reversed(events)
        ],
        "sealing": seals.sealing_of(election, found.code, request.at),
        "profile": packing.profile(election, request.at),
        "scale": packing.scale_of(election, found.contest, found.dapil, request.at) if found.contest else None,
        "may_scan": shell.may(request, "packing.scan"),
        "people": people,
    }
    shown = evidence_desk.context(request, "packing", f"box:{found.code}", ("top_sheet", "seal", "photo", "signed_scan"))
    return render(request, "desk/packing/box.html", context | shown)


def _content(one: rules.Content) -> dict[str, Any]:
    kinds = {"bundle": "bundel", "envelope": "sampul"}
    return {
        "content": one,
        "spaced": label_rules.spaced(one.thing),
        "kind": kinds.get(one.kind, ""),
        "name": label_rules.spaced(one.thing) if one.thing else one.item.replace("_", " ").lower(),
        "contest": contest_word(one.contest) if one.contest else "",
        "envelope": label_rules.spaced(one.envelope) if one.envelope else "",
    }


@sensitive_post_parameters("second_password")
@shell.page("packing.scan")
@require_POST
def unpack(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Take something out again, with a reason and a second person."""
    try:
        second = shell.countersigned(request, "packing.witness")
        event = packing.unpack(
            election, code, request.POST.get("thing", ""), _typed_quantity(request), request.POST.get("reason", "")[:400],
            shell.actor(request), access.actor(second), request.at,
        )  # fmt: skip
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"{pieces_of(event)} dikeluarkan.")
    return redirect("desk:packing_box", election, code)


@sensitive_post_parameters("second_password")
@shell.page("packing.scan")
@require_POST
def give_up(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """An empty, open box is used no more; a new one with a new label takes its place."""
    try:
        second = shell.countersigned(request, "packing.witness")
        reason = request.POST.get("reason", "")[:400]
        packing.give_up(election, code, reason, shell.actor(request), access.actor(second), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        kept = _table(request, election)
        if kept.get("box") == code:
            kept.pop("box")
            _keep(request, kept)
        shell.done(request, "Kotak ini tidak dipakai lagi. Coret labelnya, lalu siapkan kotak baru di halaman gelombang atau TPS.")
    return redirect("desk:packing_box", election, code)


@sensitive_post_parameters("second_password")
@shell.page("packing.scan")
@require_POST
def sign_off(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Two people confirm the contents before sealing, where the profile asks for it."""
    try:
        second = second_person(request)
        packing.sign_off(election, code, shell.actor(request), access.actor(second), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, "Isi kotak ditandatangani dua orang.")
    return redirect("desk:packing_box", election, code)


@shell.page("packing.scan")
@require_POST
def photo(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """A picture of the top sheet."""
    sent = request.FILES.get("file")
    try:
        if sent is None:
            raise NoPicture()
        packing.photograph(election, code, evidence.keep(sent.read(), sent.name or ""), shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, "Foto lembar teratas disimpan.")
    return redirect("desk:packing_box", election, code)


@shell.page("packing.scan")
@require_POST
def weigh(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Weigh a box and say what that can and cannot show."""
    try:
        found = packing.weigh(election, code, rules.milligrams(request.POST.get("grams", "")), shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        power = (
            f"Timbangan ini menemukan kekurangan {found.smallest_seen} lembar atau lebih dengan peluang 95 %."
            if found.smallest_seen
            else ""
        )
        (shell.done if found.verdict == "consistent" else shell.warned)(request, f"Berat {VERDICT_WORDS[found.verdict]}. {power}")
    return redirect("desk:packing_box", election, code)


@shell.page("packing.scan")
def scale(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Calibrate the scale for the ballots of this box's design."""
    try:
        found = packing.get_box(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:packing", election)
    if request.method == "POST":
        try:
            sheet, spread, step, tare, tare_spread = (
                rules.milligrams(request.POST.get(name, "")) for name in ("sheet", "sd", "step", "tare", "tare_sd")
            )
            made = rules.Scale(receipt_rules.pieces(request.POST.get("sheets", "")), sheet, spread, step, tare, tare_spread)
            packing.calibrate(election, found.contest, found.dapil, made, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Timbangan dikalibrasi untuk rancangan ini.")
            return redirect("desk:packing_box", election, code)
    names = Places(election)
    return render(request, "desk/packing/scale.html", {"card": box_context(election, found, names), "typed": request.POST})


@shell.page("packing.scan")
def seal(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Two people put the seals on: one number after the other, then the act."""
    try:
        found = packing.get_box(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:packing_station", election)
    scanned: list[str] = list(request.session.get("packing_seals", {}).get(found.code, []))
    if request.method == "POST":
        act = request.POST.get("act", "scan")
        try:
            if act == "scan":
                scanned = _another_seal(scanned, request.POST.get("code", ""))
            elif act == "drop":
                scanned = scanned[:-1]
            else:
                clean = _sealed(request, election, found, _with_typed(scanned, request))
                _keep_seals(request, found.code, [])
                return redirect("desk:packing_station", election) if clean else redirect("desk:packing_box", election, found.code)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        _keep_seals(request, found.code, scanned)
        return redirect("desk:packing_seal", election, found.code)
    if found.sealed_at is not None or found.given_up_at is not None:
        shell.warned(request, "Kotak ini sudah tersegel." if found.sealed_at else "Kotak ini tidak dipakai lagi.")
        return redirect("desk:packing_box", election, found.code)
    if found.opened:
        return redirect("desk:seals_reseal", election, found.code)
    names = Places(election)
    context = {
        "card": box_context(election, found, names),
        "scanned": (shown := [_seal_shown(election, serial, request) for serial in scanned]),
        "doubtful": any(s["wrong"] for s in shown),
        "partner": shell.partner(request, "packing.witness"),
        "profile": packing.profile(election, request.at),
        "lots": seals.lots(election, request.at),
        "wanted": _seals_wanted(election, found, request),
        "here": reverse("desk:packing_seal", args=[election, found.code]),
    }
    return render(request, "desk/packing/seal.html", context)


def _with_typed(scanned: list[str], request: shell.Request) -> list[str]:
    """A number that was typed and not added yet belongs to the sealing too."""
    typed = request.POST.get("code", "").strip()
    return _another_seal(scanned, typed) if typed else scanned


def _seal_shown(election: str, serial: str, request: shell.Request) -> dict[str, Any]:
    """A seal as it stands in the list, with what is wrong with it before it is put on."""
    story = seals.seal_of(election, serial, request.at)
    wrong = "" if story.range else "di luar rentang yang dibagikan: baca ulang nomornya"
    marks = {"applied", "removed", "spoiled", "returned", "seen"}
    used = next((a for a in reversed(seal_rules.effective(story.acts)) if a.act in marks), None)
    if used is not None:
        wrong = f"sudah {printed.SEAL_WORDS[used.act]}" + (f" di kotak {_where_boxes(election, used.box, request)}" if used.box else "")
    return {"serial": serial, "wrong": wrong}


def _another_seal(scanned: list[str], typed: str) -> list[str]:
    serial = seal_rules.read_serial(typed).text
    if serial in scanned:
        raise SealTwice(serial=serial)
    return [*scanned, serial]


def _keep_seals(request: shell.Request, code: str, scanned: list[str]) -> None:
    kept = {key: value for key, value in request.session.get("packing_seals", {}).items() if value and key != code}
    request.session["packing_seals"] = {**kept, code: scanned} if scanned else kept


def _seals_wanted(election: str, found: rules.Box, request: shell.Request) -> list[rules.PickLine]:
    if not found.contest:
        return []
    listed = packing.pick_list(election, found.tps, request.at)
    every = [line for one in listed.boxes if one.contest == found.contest for line in one.lines] + [*listed.inside, *listed.unknown]
    return [line for line in every if line.item in rules.SEALS]


def _takers(request: shell.Request, election: str) -> tuple[str, ...]:
    """To whom seals must have been given out to be put on here: this table or its place. Nothing is said where no table is open."""
    kept = _table(request, election)
    return (kept["place"], kept["station"]) if kept.get("place") and kept.get("station") else ()


def _sealed(request: shell.Request, election: str, found: rules.Box, scanned: list[str]) -> bool:
    second = shell.partner(request, "packing.witness")
    if second is None:
        raise NeedsPartner()
    doubt = next((s for s in (_seal_shown(election, serial, request) for serial in scanned) if s["wrong"]), None)
    if doubt and "sure" not in request.POST:
        raise SealDoubtful(serial=doubt["serial"], wrong=doubt["wrong"])
    count = receipt_rules.pieces(request.POST.get("count", "") or "0")
    sent = request.FILES.get("file")
    kept = (evidence.keep(sent.read(), sent.name or ""),) if sent is not None else ()
    made = packing.seal_box(
        election, found.code, scanned, count, first=shell.actor(request), second=access.actor(second.person), at=request.at,
        lot=request.POST.get("lot", ""), evidence=kept, variance=request.POST.get("variance", "").strip()[:400],
        takers=_takers(request, election),
    )  # fmt: skip
    kept_table = _table(request, election)
    kept_table.pop("box", None)
    _keep(request, kept_table)
    names = Places(election)
    said = f"Kotak {contest_word(found.contest) or USE_WORDS.get(found.use, '')} {names.short(found.tps)}"
    if made.findings:
        told = ", ".join(f"{f.serial} {printed.FLAG_WORDS.get(f.code, f.code)}" for f in made.findings)
        shell.warned(
            request, f"{said} tersegel, tetapi {told}. KPU, Bawaslu, dan Polres melihat sinyalnya. Cara memperbaikinya di bawah ini."
        )
        return False
    shell.done(request, f"{said} tersegel berdua ({printed.seal_list(made.serials, made.count)}). Pindai kotak berikutnya.")
    return True


# --- the trace, the profile, the papers ---------------------------------------------------------------------------------------------


@shell.page("packing.read")
def trace(request: shell.Request, election: str, code: str = "") -> HttpResponse:
    """Which boxes took from this carton or bundle? A box code leads to all that share its cartons."""
    asked = code or request.GET.get("kode", "").strip()
    names = Places(election)
    rows: list[dict[str, Any]] = []
    if asked:
        try:
            rows = [_trail(election, t, names) for t in packing.trace(election, asked, request.at)]
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return render(request, "desk/packing/trace.html", {"asked": asked, "rows": rows, "sheets": sum(r["trail"].quantity for r in rows)})


def _trail(election: str, found: rules.Trail, names: Places) -> dict[str, Any]:
    return {
        "trail": found,
        "where": names.where(found.tps),
        "name": contest_word(found.contest),
        "box": label_rules.spaced(found.box),
        "thing": label_rules.spaced(found.thing),
        "href": reverse("desk:packing_box", args=[election, found.box]),
    }


@shell.page("packing.write")
def profile(request: shell.Request, election: str) -> HttpResponseBase:
    """What must be there before a box may be sealed."""
    if request.method == "POST":
        try:
            chosen = rules.Profile(
                require_photo="require_photo" in request.POST,
                require_signoff="require_signoff" in request.POST,
                require_weigh="require_weigh" in request.POST,
                bundle_rule="whole" if request.POST.get("bundle_rule") == "whole" else "split",
                undo_minutes=receipt_rules.pieces(request.POST.get("undo_minutes", "")),
                duplicate_seconds=packing.profile(election, request.at).duplicate_seconds,
                seals_per_box=receipt_rules.pieces(request.POST.get("seals_per_box", "") or "0"),
            )
            packing.set_profile(election, chosen, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Aturan pengepakan disimpan.")
            return redirect("desk:packing", election)
    return render(request, "desk/packing/profile.html", {"profile": packing.profile(election, request.at)})


@shell.page("packing.read")
def paper(request: shell.Request, election: str, kind: str, area: str) -> HttpResponse:
    """A look at daftar isi, kartu kendali or berita acara of a TPS, desa, kecamatan or wave, marked TINJAUAN; ?kertas=f4."""
    try:
        return _paper(request, election, kind, area, request.GET.get("kertas", ""), copy=0)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:packing", election)


@shell.page("packing.scan")
def print_paper(request: shell.Request, election: str, area: str) -> HttpResponse:
    """Print a paper that counts: the first copy, or a reprint with its reason."""
    names = Places(election)
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        try:
            _paper(request, election, kind, area, request.POST.get("kertas", ""), copy=0)  # what cannot be made is not counted
            copy = packing.print_paper(election, kind, area, shell.actor(request), request.at, request.POST.get("reason", ""))
            return _paper(request, election, kind, area, request.POST.get("kertas", ""), copy=copy)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:packing_print", election, area)
    title, chosen = _area(request, election, area, names)
    kinds = [(kind, word, packing.paper_copies(election, kind, area)) for kind, word in printed.TITLES.items()]
    context = {"area": area, "title": title, "count": len(chosen), "kinds": kinds, "most": MOST_PAGES}
    return render(request, "desk/packing/print.html", context)


def _area(request: shell.Request, election: str, area: str, names: Places) -> tuple[str, list[str]]:
    """What an area is called, and its TPS: a wave, a TPS, a desa, a kecamatan."""
    wave = next((w for w in packing.waves(election, request.at) if w.code == area), None)
    if wave is not None:
        return wave.name, list(wave.tps)
    title = names.where(area) if area in names.tps else f"Kecamatan {names.kecamatan[area]}" if area in names.kecamatan else area
    return title, [code for code in names.tps if _inside(code, area)]


def _paper(request: shell.Request, election: str, kind: str, area: str, size: str, copy: int) -> HttpResponse:
    names = Places(election)
    title, chosen = _area(request, election, area, names)
    if not chosen or kind not in printed.TEMPLATES:
        raise rules.UnknownCode(code=area[:40], kind="tps")
    if kind != "berita-acara" and len(chosen) > MOST_PAGES:
        raise TooManyPages(pages=len(chosen), most=MOST_PAGES)
    wanted = set(chosen)
    found = [b for b in packing.boxes(election, request.at) if b.tps in wanted]
    marks = [*sorted({b.mark for b in found if b.mark}), printed.copy_word(copy)]
    head = printed.head(request.election.name, "f4" if size == "f4" else "a4", marks)
    if kind == "berita-acara":
        leaves, root = record.root(request.at)
        events, register = packing.unusual(election, request.at, chosen), seals.register(election, request.at)
        values = printed.minutes(title, found, events, register, request.at, root, leaves, names.short) | head
    else:
        lists = [(code, names.where(code), packing.pick_list(election, code, request.at)) for code in chosen]
        values = printed.sheets(lists, {(b.tps, b.contest): b for b in found}, kind) | head
    prepared = min((b.prepared_at for b in found), default=request.election.voting_at)
    latest = max((b.sealed_at for b in found if b.sealed_at), default=prepared)
    data = document.pdf(printed.TEMPLATES[kind], values, latest)
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{kind}-{area}.pdf"'})


@shell.page("packing.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """All boxes as shown, XLSX."""
    names = Places(election)
    head = ["Kotak", "TPS", "Tempat", "Jenis pemilihan", "Dapil", "Surat suara", "Kebutuhan", "Keadaan", "Segel", "Perhatian", "Tanda"]
    rows: list[list[Any]] = [head]
    for b in packing.boxes(election, request.at):
        need = "belum diketahui" if b.needed is None else b.needed
        flags = "; ".join(printed.FLAG_WORDS.get(f, f) for f in b.flags)
        seal_text = printed.seal_text(b) if b.sealed_at else ""
        rows.append(
            [b.code, b.tps, names.where(b.tps), b.contest, b.dapil, b.packed, need, STATE_WORDS[b.state.value][1], seal_text, flags, b.mark]
        )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(
        table.xlsx({"Kotak": rows}),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="pengepakan-{election}.xlsx"'},
    )


def signal_text(told: dict[str, Any]) -> str:
    """R05 in words."""
    design = f"{contest_word(str(told['found_contest']))} {told['found_dapil']}"
    where = told.get("where") or told["tps"]
    if told["what"] == "stopped":
        return f"Pengaman dapil menghentikan {told['count']} pindaian dari karton {label_rules.spaced(str(told['carton']))} ({design})"
    if told["what"] == "dapil_moved":
        return f"Kotak {contest_word(str(told['contest']))} {where} disiapkan untuk dapil lain dari dapil TPS sekarang"
    return f"Kotak {contest_word(str(told['contest']))} {where} (dapil {told['dapil']}) berisi {told['quantity']} lembar {design}"


urlpatterns = [
    path("<slug:election>/pengepakan/", index, name="packing"),
    path("<slug:election>/pengepakan/kotak/", boxes, name="packing_boxes"),
    path("<slug:election>/pengepakan/meja/", station, name="packing_station"),
    path("<slug:election>/pengepakan/meja/lewati/", override, name="packing_override"),
    path("<slug:election>/pengepakan/meja/orang-kedua/", partner, name="packing_partner"),
    path("<slug:election>/pengepakan/gelombang/", waves, name="packing_waves"),
    path("<slug:election>/pengepakan/gelombang/<slug:code>/", wave, name="packing_wave"),
    path("<slug:election>/pengepakan/siapkan/", prepare, name="packing_prepare"),
    path("<slug:election>/pengepakan/sampul/", envelopes, name="packing_envelopes"),
    path("<slug:election>/pengepakan/siapkan-ppk/", prepare_ppk, name="packing_prepare_ppk"),
    path("<slug:election>/pengepakan/meja/rusak/", set_aside, name="packing_set_aside"),
    path("<slug:election>/pengepakan/cetak/<str:area>/", print_paper, name="packing_print"),
    path("<slug:election>/pengepakan/jejak/", trace, name="packing_trace"),
    path("<slug:election>/pengepakan/jejak/<slug:code>/", trace, name="packing_trace_of"),
    path("<slug:election>/pengepakan/aturan/", profile, name="packing_profile"),
    path("<slug:election>/pengepakan/pengepakan.xlsx", export, name="packing_export"),
    path("<slug:election>/pengepakan/tps/<str:code>/", tps, name="packing_tps"),
    path("<slug:election>/pengepakan/muat/<str:code>/", pack_kit, name="packing_item"),
    path("<slug:election>/pengepakan/kotak/<slug:code>/", box, name="packing_box"),
    path("<slug:election>/pengepakan/kotak/<slug:code>/segel/", seal, name="packing_seal"),
    path("<slug:election>/pengepakan/kotak/<slug:code>/keluarkan/", unpack, name="packing_unpack"),
    path("<slug:election>/pengepakan/kotak/<slug:code>/lepas/", give_up, name="packing_give_up"),
    path("<slug:election>/pengepakan/kotak/<slug:code>/tanda-tangan/", sign_off, name="packing_sign_off"),
    path("<slug:election>/pengepakan/kotak/<slug:code>/foto/", photo, name="packing_photo"),
    path("<slug:election>/pengepakan/kotak/<slug:code>/timbang/", weigh, name="packing_weigh"),
    path("<slug:election>/pengepakan/kotak/<slug:code>/kalibrasi/", scale, name="packing_scale"),
    path("<slug:election>/pengepakan/cetak/<slug:kind>/<str:area>.pdf", paper, name="packing_pdf"),
]


class CodeSentence(str):
    """A sentence whose codes are spaced and whose words are ours."""

    __slots__ = ()

    def format(self, *args: object, **told: object) -> str:  # the shell formats every sentence with the facts of its refusal
        """The sentence with words for codes."""
        shown = {key: _in_words(key, value) for key, value in told.items()}
        return str.format(self, *args, **shown)


WORDS = {
    "photo": "foto lembar teratas", "signoff": "tanda tangan dua orang atas isi", "weigh": "penimbangan",
    "box": "kotak", "bundle": "bundel", "envelope": "sampul", "place": "lokasi", "wave": "gelombang", "tps": "TPS", "carton": "karton",
    "empty": "masih kosong", "partly": "belum lengkap", "over": "berlebih", "flagged": "ditandai salah dapil atau jenis",
    "weight": "beratnya tidak cocok", "complete": "lengkap", "sealed": "tersegel",
    "none": "Tidak ada pindaian Anda yang dapat dibatalkan.",
    "late": "Waktu untuk membatalkan sendiri sudah lewat. Keluarkan lewat halaman kotak, dengan alasan dan orang kedua.",
    "two": "Dimuat oleh dua orang, jadi dikeluarkan oleh dua orang: halaman kotak, dengan alasan.",
    "depends": "Sebagian sudah dikeluarkan. Keluarkan sisanya lewat halaman kotak.",
    "wrapped": "Di sampul itu masih tercatat surat suara. Keluarkan dahulu bundelnya, baru sampulnya.",
    "seal": "segel", "items": "masih kurang barang", "seals": "kurang segel",
}  # fmt: skip


def _in_words(key: str, value: object) -> object:
    if key in {"box", "thing", "code", "carton", "envelope", "where", "boxes"} and isinstance(value, str):
        return ", ".join(label_rules.spaced(part) for part in value.split(", "))
    if key == "why" and value == "sealed":
        return "Kotak sudah tersegel; buka segelnya berdua lebih dahulu."
    if key == "item" and isinstance(value, str):
        return f" {value.replace('_', ' ').lower()}" if value else ""
    if key in {"missing", "kind", "state", "why", "wanted"} and isinstance(value, str):
        return ", ".join(WORDS.get(part, part) for part in value.split(", "))
    return "belum diketahui" if key == "needed" and value == -1 else value


SENTENCES: dict[str, str] = {
    "packing.box_first": "Itu bundel {contest} {dapil}. Pindai kotaknya dahulu, baru bundelnya.",
    "packing.spent_here": "Bundel itu menurut catatan {left}; sudah masuk kotak {where}. Periksa labelnya.",
    "packing.clear_first": "Singkirkan dahulu bundel yang dihentikan, lalu tekan “Sudah disingkirkan”. Belum ada yang dimuat.",
    "packing.stale_table": "Halaman itu sudah lama: kotak lain terbuka di layar ini, atau pertanyaannya sudah lain. Belum ada yang dicatat."
    " Lihat layar ini dan pindai lagi.",
    "packing.envelope_not_empty": CodeSentence(
        "Di sampul {envelope} masih tercatat {quantity} lembar. Keluarkan dahulu bundelnya, baru sampulnya."
    ),
    "packing.no_picture": "Belum ada foto. Pilih atau ambil foto dahulu.",
    "packing.needs_partner": "Menyegel selalu berdua: orang kedua harus masuk di layar ini dengan nama dan sandinya sendiri.",
    "packing.seal_doubtful": "Segel {serial} {wrong}. Baca ulang; hapus bila salah ketik. Bila benar begitu, centang lalu segel.",
    "packing.seal_twice": "Segel {serial} sudah ada dalam daftar kotak ini.",
    "packing.too_many_pages": "{pages} halaman terlalu banyak sekaligus (paling banyak {most}). Cetak per gelombang, desa, atau TPS.",
    "packing.dapil_mismatch": "BERHENTI. Bundel itu milik {found_contest} {found_dapil}; kotak ini {contest} {dapil}.",
    "packing.sealed": CodeSentence("Kotak {box} sudah tersegel. Isinya tidak dapat diubah; buka segelnya berdua lebih dahulu."),
    "packing.bad_quantity": "Jumlah {quantity} tidak masuk akal; tulis 1 sampai {most}.",
    "packing.needs_confirmation": "Lebih dari yang seharusnya: {quantity} lembar. Hitung ulang, atau nyatakan sekali lagi.",
    "packing.bundle_spent": CodeSentence(
        "Bundel {thing} tinggal {remaining} lembar menurut catatan. Sudah diambil oleh kotak {where}. Periksa label."
    ),
    "packing.not_whole": CodeSentence("Di sini bundel dimuat utuh: bundel {thing} berisi {holds} lembar, bukan {quantity}."),
    "packing.no_ballots_here": CodeSentence("Kotak {box} untuk PPK dan dikirim tanpa surat suara."),
    "packing.unknown_code": CodeSentence("Kode {code} tidak dikenal sebagai {kind} pemilihan ini. Periksa labelnya di Uji pindai."),
    "packing.other_election": CodeSentence("Kode {code} milik pemilihan lain ({election}). Singkirkan dari meja."),
    "packing.carton_not_bundle": CodeSentence("Itu label karton {carton}. Pindai label bundel di dalamnya, satu per satu."),
    "packing.envelope_elsewhere": CodeSentence("Sampul {envelope} tidak ada di kotak ini. Pindai sampulnya ke kotak ini lebih dahulu."),
    "packing.same_person": "Perlu dua orang yang berbeda.",
    "packing.reason_missing": "Tulis alasannya dalam satu kalimat (sedikitnya {letters} huruf).",
    "packing.nothing_to_override": "Semuanya cocok; pindai saja seperti biasa.",
    "packing.nothing_to_undo": CodeSentence("{why}"),
    "packing.not_inside": CodeSentence("Di kotak ini hanya ada {inside} dari {thing}."),
    "packing.given_up": CodeSentence("Kotak {box} tidak dipakai lagi. Coret labelnya dan pakai kotak penggantinya."),
    "packing.not_empty": CodeSentence("Di kotak {box} masih tercatat {pieces} lembar atau barang. Keluarkan semuanya dahulu."),
    "packing.already_prepared": "Semua kotak TPS ini sudah disiapkan.",
    "packing.unknown_tps": "TPS {tps} tidak ada dalam pemilihan ini.",
    "packing.unknown_item": "Barang {item} tidak ada dalam buku aturan, atau surat suara yang harus dimuat per bundel.",
    "packing.bad_damage": "Pilih jenis kerusakan dari daftar.",
    "packing.wrong_design": "Tidak ada TPS di sini yang memilih {contest} {dapil}.",
    "packing.in_another_wave": "{tps} sudah masuk gelombang lain.",
    "packing.bad_wave": "Beri nama gelombang dan pilih sedikitnya satu TPS.",
    "packing.not_complete": CodeSentence(
        "Kotak {state}{item}: ada {packed}, perlu {needed}. Lengkapi, atau tulis alasan menyegel dengan selisih (sedikitnya 10 huruf)."
    ),
    "packing.not_ready": CodeSentence("Belum boleh disegel, masih kurang: {missing}. Lakukan di halaman kotak."),
    "packing.needs_reseal": CodeSentence("Kotak {box} pernah disegel. Menutupnya lagi adalah segel ulang, dengan alasan dan foto."),
    "packing.never_sealed": CodeSentence("Kotak {box} belum pernah disegel."),
    "packing.bad_profile": "Isian {field} tidak masuk akal: {value}.",
    "packing.bad_weight": "“{seen}” bukan berat dalam gram. Tulis misalnya 12.345,6.",
    "packing.bad_scale": "Kalibrasi memerlukan sedikitnya 10 lembar contoh yang ditimbang satu per satu, dan angka yang masuk akal.",
    "packing.no_scale": "Timbangan belum dikalibrasi untuk rancangan ini.",
}
TASKS: dict[str, tuple[str, str]] = {
    "packing.flagged": ("Periksa kotak {label}: salah dapil atau jenis", "desk:packing_box"),
    "packing.seal": ("Segel {label} kotak yang sudah lengkap", "desk:packing_station"),
    "packing.prepare": ("Buka gelombang dan siapkan kotak", "desk:packing"),
}
HITS: dict[str, str] = {"box": "desk:packing_box"}
SIGNALS: dict[str, tuple[Any, str]] = {"R05": (signal_text, "desk:packing_trace_of")}
