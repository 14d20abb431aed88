"""The words of a forecast: causes, actions and assumptions as Indonesian sentences, the same on screens, in files and in a terminal."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from posko.domain import forecast as rules
from posko.domain import travel
from posko.formats import table, text

BASES = {travel.Basis.MEASURED: "terukur", travel.Basis.SOURCED: "menurut sumber", travel.Basis.ASSUMED: "ASUMSI"}


def percent(ppm: int) -> str:
    """A probability for people: never surer than the model can be."""
    if 0 < ppm < 1000:
        return "kurang dari 0,1 %"
    if 999_000 < ppm < rules.MILLION:
        return "lebih dari 99,9 %"
    return f"{text.desimal(ppm / 10_000)} %"


def count(milli: int) -> str:
    """An expected number of TPS."""
    return text.desimal(milli / 1000, 1 if milli >= 1000 else 2)


def gained(milli: int) -> str:
    """What an action adds, with its sign."""
    return f"{'+' if milli > 0 else ''}{text.desimal(milli / 1000, 2)}"


def hours(minutes: int) -> str:
    """Working time in words."""
    return f"{text.desimal(minutes / 60, 1)} jam" if minutes >= 60 else f"{minutes} menit"


def rupiah(amount: int | None) -> str:
    """A cost; nobody knows some."""
    return "biaya belum diketahui" if amount is None else "tanpa biaya tambahan" if amount == 0 else f"Rp{text.angka(amount)}"


_CAUSES: dict[str, Callable[[rules.Cause], str]] = {
    "plan": lambda c: "menurut rencana pun tiba terlalu larut",
    "supply": lambda c: f"{c.facts.get('name', c.subject)} datang terlambat atau tidak lengkap",
    "work": lambda c: f"{c.facts.get('name', c.subject)} belum selesai pada waktunya",
    "road": lambda c: f"jalan lebih lama dari biasa ({c.subject})",
    "breakdown": lambda c: f"kendaraan {c.facts.get('vehicle', '')} rusak di perjalanan ({c.subject})",
    "sea": lambda c: f"gelombang terlalu tinggi bagi perahu {c.facts.get('vehicle', '')} ({c.subject})",
    "gate": lambda c: f"dermaga atau pulau sedang tutup ketika perahu {c.facts.get('vehicle', '')} tiba ({c.subject})",
    "hazard": lambda c: f"gangguan tercatat: {c.facts.get('name', c.subject)}",
    "unplanned": lambda c: "tidak dibawa oleh rencana yang berlaku",
    "last_way": lambda c: "jalan terakhir dari desa ke TPS terlalu lama",
    "tps": lambda c: "petugas atau tempat TPS tidak siap",
    "check": lambda c: "pemeriksaan terakhir di TPS menemukan kekurangan",
}
_DO: dict[str, str] = {
    "plan": "majukan jam berangkat dalam rencana",
    "supply": "tagih pemasok, siapkan pemindahan stok",
    "work": "tambah meja atau jam kerja",
    "road": "berangkat lebih awal",
    "breakdown": "siapkan kendaraan cadangan",
    "sea": "siapkan kapal yang lebih besar atau berangkat sehari lebih awal",
    "gate": "minta dermaga dibuka atau berangkat lebih awal",
    "hazard": "periksa jalan atau tempat itu dan siapkan gantinya",
    "unplanned": "susun ulang rencana distribusi",
    "last_way": "antar dari desa ke TPS pada H-1 siang",
    "tps": "hubungi KPPS dan periksa tempatnya",
    "check": "lengkapi yang kurang dan periksa lagi",
}


def cause(one: rules.Cause) -> str:
    """A cause as half a sentence."""
    return _CAUSES[one.code](one) if one.code in _CAUSES else one.code


def remedy(one: rules.Cause) -> str:
    """What to do about a cause."""
    return _DO.get(one.code, "")


def remedies(one: rules.TpsOutlook) -> str:
    """What to do for a TPS, the largest cause first."""
    return "; ".join(dict.fromkeys(filter(None, map(remedy, one.causes))))


def _leave(f: Mapping[str, Any]) -> str:
    return f"Berangkatkan {f['trip']} {hours(int(f['minutes']))} lebih awal"


def _boat(f: Mapping[str, Any]) -> str:
    limit = f" (gelombang sampai {text.desimal(int(f['wave_limit_cm']) / 100, 2)} m)" if f.get("wave_limit_cm") else ""
    return f"Siapkan {f['boat']}{limit} untuk {f['island']}"


_ACTIONS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "leave_earlier": _leave,
    "night_escort": lambda f: f"{_leave(f)}, malam dengan pengawalan",
    "second_boat": _boat,
    "spare_vehicle": lambda f: f"Siagakan {f['spare']} sebagai cadangan {f['vehicle']}",
    "more_tables": lambda f: f"Tambah {f['more']} meja {f['work']} (sekarang {f['tables']})",
    "move_stock": lambda f: f"Pindahkan stok {f['supply']} untuk {f['loads']} muatan",
    "expedite": lambda f: f"Minta {f['supply']} dikirim lewat udara, {f['days']} hari lebih awal",
    "complete_tps": lambda f: f"Lengkapi kekurangan {f['name']} dan periksa lagi",
    "use_pledge": lambda f: f"Pakai janji {f.get('boat') or f.get('spare')} untuk {f.get('island') or f.get('vehicle')}",
    "move_tps": lambda f: f"Pindahkan {f['name']} ke tempat yang lebih tinggi",
    "island_earlier": lambda f: f"Kirim logistik pulau pada H-{f['day']}, sehari lebih awal",
}


def action(one: rules.Action) -> str:
    """An action as a sentence that begins with its verb."""
    return _ACTIONS[one.code](one.facts) if one.code in _ACTIONS else one.code


_ACTIVE = {
    "Berangkatkan": "memberangkatkan", "Siapkan": "menyiapkan", "Siagakan": "menyiagakan", "Tambah": "menambah", "Pindahkan": "memindahkan",
    "Lengkapi": "melengkapi", "Minta": "meminta", "Pakai": "memakai", "Kirim": "mengirim",
}  # fmt: skip


def advised(one: rules.Action, addressee: str, due_at: datetime) -> str:
    """The action as advice: one verb, one object, one owner, one deadline."""
    verb, _, rest = action(one).removesuffix(" dan periksa lagi").partition(" ")
    by = f"{text.tanggal(due_at)} pukul {text.jam(due_at)}"
    return f"Posko menyarankan agar {addressee} {_ACTIVE.get(verb, verb.lower())} {rest}, paling lambat {by}."


def adds(gain: rules.Gain) -> str:
    """What it adds, with its interval and P(all)."""
    low, high = gained(gain.low_milli), gained(gain.high_milli)
    return (
        f"{gained(gain.ready_milli)} TPS (90 %: {low} sampai {high}); semua siap {'+' if gain.all_ppm >= 0 else ''}{points(gain.all_ppm)}"
    )


def points(ppm: int) -> str:
    """A difference of probabilities in percentage points."""
    return f"{text.desimal(ppm / 10_000)} poin persen"


def _two(value: str) -> str:
    usual, tenth = value.split("/")
    return f"biasa {usual} menit, 9 dari 10 paling lama {tenth} menit"


def _unordered(value: str) -> str:
    lines, _, days = value.partition(": ")
    usual, late = days.split("/")
    return f"{lines} jenis; tiba biasanya {usual} hari, 19 dari 20 paling lama {late} hari"


_STOCK: dict[str, str] = {"assumed_packed": "dianggap lengkap, tersortir dan terkemas (skenario tidak memuat stok)"}
_INPUTS: dict[str, tuple[str, Callable[[str], str]]] = {
    "road_tenth_permille": ("jalan darat", lambda v: f"9 dari 10 perjalanan paling lama {int(v) // 10} % dari waktu biasa"),
    "ways_measured": ("jalan yang pernah diukur waktunya", lambda v: v),
    "last_way_min": ("dari desa ke TPS", _two),
    "landed_way_min": ("dari pantai pulau ke TPS", _two),
    "breakdown_ppm": ("kendaraan rusak, per perjalanan, bila armada tidak menyebutnya", lambda v: percent(int(v))),
    "fault_ppm": (
        "ada yang kurang di TPS walaupun muatannya tiba (2024: 4.594 dari 823.220 TPS kekurangan barang, 375 memungut suara kemudian)",
        lambda v: f"{text.angka(int(v))} per sejuta",
    ),
    "sea_persists_ppm": ("laut besok seperti hari ini, dibanding prakiraannya", lambda v: percent(int(v))),
    "sea_persists_permille": (
        "selisih laut dari prakiraannya bertahan, per hari (sama dengan di rencana)",
        lambda v: f"korelasi {text.desimal(int(v) / 1000, 2)}",
    ),
    "road_after_hours": (
        "kendaraan darat yang menurut rencana hanya jalan siang; bila terlambat dianggap tetap berangkat atau jalan terus sesudah jam "
        "kerjanya, dikawal, tidak menunggu pagi (perahu menunggu)",
        lambda v: f"{v} kendaraan",
    ),
    "hazards": ("gangguan tercatat yang ikut dihitung", lambda v: v),
    "wave_limit_cm": ("batas gelombang perahu yang pemiliknya belum menyebut", lambda v: f"{text.desimal(int(v) / 100, 2)} m"),
    "waves_forecast_cm": ("gelombang tertinggi yang diprakirakan", lambda v: f"{text.desimal(int(v) / 100, 2)} m"),
    "waves_season_cm": ("gelombang musim barat, karena tidak ada prakiraan", lambda v: f"biasanya {text.desimal(int(v) / 100, 2)} m"),
    "stock": ("barang di gudang", lambda v: _STOCK.get(v, v)),
    "supplies": ("jenis barang yang masih ditunggu (prakiraan kedatangan)", lambda v: v),
    "supplies_unknown": ("jenis barang yang kedatangannya tidak dapat diperkirakan dan tidak ikut dihitung", lambda v: v),
    "supply_lots": ("kiriman atau kontrak yang membawanya; barang satu kiriman datang atau terlambat bersama", lambda v: v),
    "supplies_late": ("jenis barang yang dilaporkan terlambat", lambda v: v),
    "tps_moved": ("TPS yang pindah atau digabung; barangnya diantar ke tempat barunya", lambda v: v),
    "sorting_pace": ("sortir-lipat, lembar per orang per hari", lambda v: v),
    "sorting_people": ("orang yang menyortir", lambda v: v),
    "supplies_unordered": ("jenis barang yang belum dipesan, dianggap dipesan sekarang", _unordered),
    "packing_hour": ("pengepakan, kotak per jam", lambda v: v),
    "packed": ("kotak yang sudah tersegel", lambda v: v),
    "arrived": ("muatan yang sudah di tempatnya menurut serah terima", lambda v: v),
    "checked": ("TPS yang sudah diperiksa di tempat", lambda v: v),
    "phoned": ("TPS yang ditelepon sesudah pemeriksaan terakhir", lambda v: v),
}


def given(one: rules.Assumed) -> tuple[str, str, str]:
    """An input as name, value and how it is known."""
    name, value = _INPUTS.get(one.name, (one.name, str))
    return name, value(one.value), BASES[one.basis]


def when(one: datetime | None) -> str:
    """Until when an action helps."""
    return text.waktu(one) if one else ""


def export(outlook: rules.Outlook, names: Mapping[str, str]) -> bytes:
    """The outlook as a workbook: TPS, places, actions, inputs."""
    stations = [
        [one.tps, names.get(one.tps, one.tps), one.ready_ppm / rules.MILLION, _all_causes(one), remedies(one)] for one in outlook.tps
    ]
    places = [
        [
            p.place or "seluruhnya",
            names.get(p.place, p.place),
            p.tps,
            p.not_ready_milli / 1000,
            *(x / rules.MILLION for x in (p.all_ppm, p.before_ppm)),
        ]
        for p in outlook.places
    ]
    actions = [
        [action(a), a.gain.ready_milli / 1000, a.gain.low_milli / 1000, a.gain.high_milli / 1000, a.gain.all_ppm / rules.MILLION, a.cost_rp,
         a.work_min, when(a.by_at)]
        for a in outlook.actions
    ]  # fmt: skip
    islands = [
        [one.island, one.before_ppm / rules.MILLION, "" if one.plan_ppm is None else one.plan_ppm / rules.MILLION]
        for one in outlook.islands
    ]
    inputs = [list(given(one)) for one in outlook.inputs]
    inputs += [["benih", str(outlook.seed), ""], ["skenario", str(outlook.scenarios), ""], ["sidik masukan", outlook.input_hash, ""]]
    heads = {
        "TPS": ["kode", "TPS", "peluang siap", "sebab", "yang perlu dilakukan"],
        "Wilayah": ["kode", "wilayah", "TPS", "diperkirakan tidak siap", "peluang semua siap", "peluang tiba sampai H-1"],
        "Tindakan": [
            "tindakan", "tambahan TPS siap", "rendah (90 %)", "tinggi (90 %)", "tambahan peluang semua", "biaya (Rp)", "menit kerja",
            "paling lambat",
        ],
        "Pulau": ["kode", "peluang tiba sampai H-1", "penyeberangan saja (rencana A, B, C)"],
        "Masukan": ["masukan", "nilai", "dasar"],
    }  # fmt: skip
    rows: dict[str, list[list[Any]]] = {"TPS": stations, "Wilayah": places, "Tindakan": actions, "Pulau": islands, "Masukan": inputs}
    return table.xlsx({name: [heads[name], *rows[name]] for name in heads})


def _all_causes(one: rules.TpsOutlook) -> str:
    return "; ".join(f"{cause(c)} ({percent(c.share_ppm)})" for c in one.causes)


def lines(outlook: rules.Outlook, names: Mapping[str, str], region: str) -> Iterable[str]:
    """The outlook for a terminal: TPS by name first, then the number, then all."""
    risky = outlook.at_risk
    yield f"{len(risky)} TPS terancam tidak siap pada {text.waktu(outlook.deadline_at)} (peluang siap di bawah 95 %)"
    for one in risky[:30]:
        reasons = "; ".join(cause(c) for c in one.causes[:2])
        yield f"  {percent(one.ready_ppm):>18}  {names.get(one.tps, one.tps)}: {reasons}"
    if len(risky) > 30:
        yield f"  dan {len(risky) - 30} TPS lain"
    yield f"Diperkirakan tidak siap: {count(outlook.not_ready_milli)} dari {text.angka(len(outlook.tps))} TPS"
    yield f"Peluang semua TPS siap: {percent(outlook.all_ppm)}"
    for place in outlook.places:
        if place.place.count(".") == region.count(".") + 1:
            share = f"{count(place.not_ready_milli)} dari {place.tps} TPS"
            yield f"  {names.get(place.place, place.place)}: {share}, semua siap {percent(place.all_ppm)}"
    for island in outlook.islands:
        alone = "" if island.plan_ppm is None else f"; penyeberangan saja {percent(island.plan_ppm)}"
        yield f"  {names.get(island.island, island.island)}: barang tiba sampai H-1 {percent(island.before_ppm)}{alone}"
    if outlook.actions:
        yield "Tindakan berikutnya"
    for number, act in enumerate(outlook.actions, 1):
        later = " (di atas yang sebelumnya)" if int(act.facts.get("step", 0)) > 1 else ""
        yield f"  {number}. {action(act)}: {adds(act.gain)}{later}; {hours(act.work_min or 0)}; {rupiah(act.cost_rp)}"
    yield "Masukan"
    for assumed in outlook.inputs:
        name, value, basis = given(assumed)
        yield f"  {name}: {value} [{basis}]"
    yield f"  {text.angka(outlook.scenarios)} skenario, benih {outlook.seed}, sidik masukan {outlook.input_hash[:16]}"
