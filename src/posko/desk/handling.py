"""Stage distribution: the rules of the plan as a form, and the kits that may travel in two parts."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import distribution as rules
from posko.domain import record as facts
from posko.formats import text
from posko.formats.distribution import KINDS
from posko.store import access, distribution, places, regulation

ROAD = tuple(kind for kind in rules.Kind if kind is not rules.Kind.BOAT)
SPARE_ROWS = 2
"""So many empty rows stand below the narrow places."""
# What is asked as a whole number: field of the rules, label, hint, least, most.
NUMBERS = (
    ("loading_min", "Memuat di gudang (menit)", "Sebelum setiap perjalanan.", 0, 600),
    ("handover_min", "Memindahkan dari truk ke perahu (menit)", "Perahu tidak berangkat sebelum ini selesai.", 0, 600),
    ("halt_min", "Singgah (menit)", "Setiap kali berhenti, ditambah waktu per kotak.", 0, 600),
    ("piece_sec", "Per kotak (detik)", "Menurunkan satu kotak.", 0, 3600),
    ("tps_per_load", "TPS per muatan, paling banyak", "Muatan yang lebih besar dibagi menurut TPS utuh.", 1, 200),
)
HOURS = (
    ("earliest_min", "Paling pagi tiba (WIB)", "Sebelum ini penerima belum ada."),
    (
        "mainland_latest_min",
        "Daratan: paling lambat tiba (WIB)",
        "Supaya desa masih dapat membawanya ke TPS hari itu (UU 7/2017 Pasal 341).",
    ),
    ("island_latest_min", "Pulau: paling lambat tiba (WIB)", "Perahu harus sampai selagi terang."),
    ("dawn_min", "Terang sejak (WIB)", "Sebelum ini hanya kendaraan yang boleh jalan malam, dengan pengawal."),
    ("dusk_min", "Terang sampai (WIB)", "Sesudah ini sama."),
)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}.{minute % 60:02d}"


def _days(days: tuple[int, ...]) -> str:
    return ", ".join(str(day) for day in sorted(days, reverse=True))


# --- the rules ---------------------------------------------------------------------------------------------------------------------------


def _typed_of(keep: rules.Rules) -> dict[str, Any]:
    return {
        "island_days": _days(keep.sea_days), "island_day": str(keep.island_day), "mainland_days": _days(keep.mainland_days),
        "ppk_first": keep.ppk_first, "robust": keep.robust,
        **{name: str(getattr(keep, name)) for name, *_ in NUMBERS}, **{name: _clock(getattr(keep, name)) for name, *_ in HOURS},
        "narrow": [{"place": place, "kinds": set(kinds)} for place, kinds in keep.narrow],
    }  # fmt: skip


def _typed(said: QueryDict) -> dict[str, Any]:
    names = ("island_days", "island_day", "mainland_days", "reason", *(name for name, *_ in NUMBERS), *(name for name, *_ in HOURS))
    typed: dict[str, Any] = {name: said.get(name, "").strip()[:400] for name in names}
    typed |= {name: name in said for name in ("ppk_first", "robust")}
    places_ = said.getlist("narrow")[:200]
    typed["narrow"] = [{"place": place.strip()[:40], "kinds": set(said.getlist(f"kinds-{n}"))} for n, place in enumerate(places_)]
    return typed


class _Reader:
    """Reads what was typed, field by field; `wrong` says what is the matter with which."""

    def __init__(self, typed: Mapping[str, Any], known: Mapping[str, str]) -> None:
        self.typed, self.known, self.wrong = typed, known, dict[str, str]()

    def days(self, name: str) -> tuple[int, ...]:
        """2, 1 -> days before voting, the earliest first."""
        parts = [part.strip().upper().removeprefix("H-") for part in self.typed[name].split(",") if part.strip()]
        if not parts or any(not part.isdecimal() or len(part) > 2 or not 1 <= int(part) <= 30 for part in parts):
            self.wrong[name] = "Tulis hari seperti 3, 2, 1 (H-3, H-2, H-1)."
            return ()
        return tuple(sorted({int(part) for part in parts}, reverse=True))

    def whole(self, name: str, least: int, most: int) -> int:
        """A whole number within bounds."""
        said = self.typed[name]
        if not said.isdecimal() or len(said) > 6 or not least <= int(said) <= most:
            self.wrong[name] = f"Tulis bilangan bulat {least} sampai {most}."
            return least
        return int(said)

    def hour(self, name: str) -> int:
        """05.30 -> minute of the day; 24.00 is its end."""
        hours, dot, minutes = self.typed[name].replace(":", ".").partition(".")
        good = hours.isdecimal() and dot and minutes.isdecimal() and len(hours) < 3 and len(minutes) == 2 and int(minutes) < 60
        found = int(hours) * 60 + int(minutes) if good else -1
        if not 0 <= found <= rules.DAY:
            self.wrong[name] = "Tulis jam seperti 05.30."
            return 0
        return found

    def narrow(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Rows with a place; the empty ones count for nothing."""
        found = []
        for row in self.typed["narrow"]:
            kinds = tuple(kind.value for kind in ROAD if kind.value in row["kinds"])
            if not row["place"]:
                continue
            if row["place"] not in self.known or not kinds:
                row["wrong"] = "Pilih tempat dari daftar dan paling sedikit satu jenis kendaraan."
                self.wrong["narrow"] = "Periksa tempat yang ditandai."
            found.append((row["place"], kinds))
        if len({place for place, _ in found}) < len(found):
            self.wrong["narrow"] = "Satu tempat hanya boleh disebut sekali."
        return tuple(sorted(found))

    def read(self, before: rules.Rules) -> rules.Rules | None:
        """The rules that were typed; None where something is wrong."""
        sea, land = self.days("island_days"), self.days("mainland_days")
        preferred = self.whole("island_day", 1, 30)
        numbers: dict[str, Any] = {name: self.whole(name, least, most) for name, _, _, least, most in NUMBERS}
        hours: dict[str, Any] = {name: self.hour(name) for name, *_ in HOURS}
        narrow = self.narrow()
        self._together(sea, land, preferred, hours)
        if self.wrong:
            return None
        flags: dict[str, Any] = {name: bool(self.typed[name]) for name in ("ppk_first", "robust")}
        island_days = () if sea == (preferred,) else sea
        return rules.Rules(
            island_day=preferred, mainland_days=land, island_days=island_days, narrow=narrow, split_tps=before.split_tps,
            **numbers, **hours, **flags,
        )  # fmt: skip

    def _together(self, sea: tuple[int, ...], land: tuple[int, ...], preferred: int, hours: Mapping[str, int]) -> None:
        """What contradicts something else."""
        if "island_day" not in self.wrong and sea and preferred not in sea:
            self.wrong["island_day"] = "Hari yang diutamakan harus salah satu hari berlayar."
        elif land and not self.wrong.keys() & {"island_day", "mainland_days"} and preferred <= max(land):
            self.wrong["island_day"] = f"Pulau didahulukan: pilih hari sebelum hari daratan (H-{max(land)})."
        if not self.wrong.keys() & {"earliest_min", "mainland_latest_min"} and hours["mainland_latest_min"] <= hours["earliest_min"]:
            self.wrong["mainland_latest_min"] = "Harus sesudah jam paling pagi."
        if not self.wrong.keys() & {"dawn_min", "dusk_min"} and hours["dusk_min"] <= hours["dawn_min"]:
            self.wrong["dusk_min"] = "Harus sesudah terang mulai."


def _known(request: shell.Request) -> dict[str, str]:
    """Kecamatan and desa that a narrow place may be, by code."""
    stations = places.tps_list(request.election.code)
    known = {tps.kecamatan_code: f"Kecamatan {tps.kecamatan_name}" for tps in stations}
    return dict(sorted((known | {tps.desa_code: f"{tps.desa_name}, {tps.kecamatan_name}" for tps in stations}).items()))


@shell.page("distribution.write")
def edit_rules(request: shell.Request, election: str) -> HttpResponse:
    """The rules that every plan must keep, to change them with a reason; those before, to go back to them."""
    history = distribution.handlings(election, request.at)
    if not history:
        shell.refused(request, rules.NotReady(what="fleet"))
        return redirect("desk:distribution", election)
    now, known, wrong = history[0].rules, _known(request), dict[str, str]()
    typed = _typed_of(now)
    if request.method == "POST":
        typed = _typed(request.POST)
        reader = _Reader(typed, known)
        made, wrong = reader.read(now), reader.wrong
        if made is not None and _saved(request, election, made, typed["reason"]):
            return redirect("desk:distribution_rules", election)
    rows = [*typed["narrow"], *({"place": "", "kinds": set()} for _ in range(SPARE_ROWS))]
    names, reasons = access.names(), distribution.handling_reasons(history)
    context = {
        "typed": typed, "wrong": wrong, "known": known, "rows": list(enumerate(rows)),
        "kinds": [(kind.value, KINDS[kind]) for kind in ROAD],
        "numbers": [(name, label, hint, typed[name], wrong.get(name, "")) for name, label, hint, *_ in NUMBERS],
        "hours": [(name, label, hint, typed[name], wrong.get(name, "")) for name, label, hint in HOURS],
        "history": [
            {
                "one": one, "person": names.get(one.person, one.person), "reason": reasons[one.entry_id],
                "said": _differences(one.rules, history[n + 1].rules, known) if n + 1 < len(history) else ["dari skenario"],
            }
            for n, one in enumerate(history)
        ],
    }  # fmt: skip
    return render(request, "desk/distribution/rules.html", context)


def _saved(request: shell.Request, election: str, made: rules.Rules, reason: str, back_to: str = "") -> bool:
    try:
        distribution.set_rules(election, made, reason, shell.actor(request), request.at, back_to=back_to)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return False
    shell.done(request, "Aturan disimpan. Rencana yang berlaku memakai aturan lama: susun rencana lagi.")
    return True


LABELS = {
    "island_days": "hari berlayar", "island_day": "hari pulau yang diutamakan", "mainland_days": "hari daratan", "ppk_first": "PPK dahulu",
    "robust": "jendela 9 dari 10", "narrow": "tempat sempit", **{name: label for name, label, *_ in NUMBERS},
    **{name: label for name, label, _ in HOURS},
}  # fmt: skip


def _differences(new: rules.Rules, old: rules.Rules, known: Mapping[str, str]) -> list[str]:
    """What a change has changed, in words."""

    def said(keep: rules.Rules, name: str) -> str:
        value: Any = keep.sea_days if name == "island_days" else getattr(keep, name)
        if name == "narrow":
            return "; ".join(f"{known.get(place, place)}: {', '.join(kinds)}" for place, kinds in value) or "tidak ada"
        if isinstance(value, bool):
            return "ya" if value else "tidak"
        if isinstance(value, tuple):
            return ", ".join(f"H-{day}" for day in value)
        return _clock(value) if name in {one for one, *_ in HOURS} else f"H-{value}" if name == "island_day" else text.angka(value)

    pairs = [(label, said(old, name), said(new, name)) for name, label in LABELS.items()]
    return [f"{label}: {before} menjadi {after}" for label, before, after in pairs if before != after]


@shell.page("distribution.write")
def rules_back(request: shell.Request, election: str) -> HttpResponse:
    """The rules of an earlier entry again: a change is taken back by another one."""
    if request.method == "POST":
        entry = request.POST.get("entry", "")
        found = next((one for one in distribution.handlings(election, request.at) if one.entry_id == entry), None)
        if found is not None:
            _saved(request, election, found.rules, request.POST.get("reason", ""), back_to=entry)
    return redirect("desk:distribution_rules", election)


# --- kits in two parts -------------------------------------------------------------------------------------------------------------------


@shell.page("distribution.write")
def kits(request: shell.Request, election: str) -> HttpResponse:
    """The kits that may travel in two parts, and the form for one more: which pieces go in the second part."""
    if request.method == "POST":
        return _split(request, election)
    stations = {tps.code: f"{tps.name} {tps.desa_name}" for tps in places.tps_list(election)}
    tps = request.GET.get("tps", "").strip()[:40]
    whole = distribution.kit_of(election, tps, request.at) if tps in stations else {}
    items = {item.code: item.name for item in regulation.rulebook(election, request.at).items}
    told, names = distribution.kits(election, request.at), access.names()
    reasons = distribution.kit_reasons(told)
    context = {
        "stations": stations, "tps": tps, "name": stations.get(tps, ""), "unknown": bool(tps) and tps not in stations,
        "rows": [
            {"item": item, "name": items.get(item, item), "whole": count, "second": _proposed(item, count, whole)}
            for item, count in sorted(whole.items(), key=lambda one: (one[0] not in {rules.BOX, rules.BOOTH}, one[0]))
        ],
        "kits": [
            {
                "kit": one, "name": stations.get(one.tps, one.tps), "person": names.get(one.person, one.person), "reason": reasons[one.tps],
                "said": ", ".join(f"{text.angka(count)} {items.get(item, item)}" for item, count in one.second),
            }
            for one in told
        ],
    }  # fmt: skip
    return render(request, "desk/distribution/kits.html", context)


def _proposed(item: str, count: int, whole: Mapping[str, int]) -> int:
    """The booths and half of the boxes with their share of the ballots go in the second part, until somebody says otherwise."""
    boxes = whole.get(rules.BOX, 0)
    if item == "SURAT_SUARA" and boxes:
        return count * (boxes // 2) // boxes
    return count if item == rules.BOOTH else count // 2 if item == rules.BOX else 0


def _split(request: shell.Request, election: str) -> HttpResponse:
    tps = request.POST.get("tps", "")[:40]
    typed = {name[5:]: request.POST.get(name, "").strip() for name in request.POST if name.startswith("item-")}
    counts = {item: value for item, value in typed.items() if value not in {"", "0"}}
    good = all(value.isdecimal() and len(value) < 7 for value in counts.values())
    second = tuple(sorted((item, int(value)) for item, value in counts.items())) if good else ()
    try:
        distribution.split_kit(
            election, rules.KitSplit(tps, second), request.POST.get("reason", ""), shell.actor(request), request.at
        )  # fmt: skip
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, "Perlengkapan TPS ini boleh dibawa dalam dua bagian. Susun rencana lagi agar dipakai.")
    return redirect("desk:distribution_kits", election)


@shell.page("distribution.write")
def join_kit(request: shell.Request, election: str) -> HttpResponse:
    """A kit travels whole again."""
    if request.method == "POST":
        try:
            distribution.join_kit(election, request.POST.get("tps", "")[:40], shell.actor(request), request.at)
            shell.done(request, "Perlengkapan TPS ini dibawa utuh lagi. Susun rencana lagi agar dipakai.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return redirect("desk:distribution_kits", election)


urlpatterns = [
    path("<slug:election>/distribusi/aturan/", edit_rules, name="distribution_rules"),
    path("<slug:election>/distribusi/aturan/kembali/", rules_back, name="distribution_rules_back"),
    path("<slug:election>/distribusi/perlengkapan-dibagi/", kits, name="distribution_kits"),
    path("<slug:election>/distribusi/perlengkapan-dibagi/utuh/", join_kit, name="distribution_kit_join"),
]
