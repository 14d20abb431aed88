"""Stage thresholds: screens. The board of early warnings, and the values from which on they speak, with owner and history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import aght as aght_rules
from posko.domain import custody as custody_rules
from posko.domain import distribution as distribution_rules
from posko.domain import forecast as forecast_rules
from posko.domain import neutrality as neutrality_rules
from posko.domain import packing as packing_rules
from posko.domain import posts as posts_rules
from posko.domain import readiness as readiness_rules
from posko.domain import receipts as receipts_rules
from posko.domain import recommendations as recommendations_rules
from posko.domain import record as facts
from posko.domain import releases as releases_rules
from posko.domain import requests as requests_rules
from posko.domain import sorting as sorting_rules
from posko.domain import stock as stock_rules
from posko.domain import thresholds as rules
from posko.domain import transfers as transfers_rules
from posko.formats import table, text
from posko.store import access, reports, thresholds

# Every stage that keeps thresholds beside its rules: the name under which they are set, and their defaults.
LIMITS: dict[str, Any] = {
    "receipts": receipts_rules.Limits(), "transfers": transfers_rules.Limits(), "sorting": sorting_rules.Limits(),
    "packing": packing_rules.Limits(), "stock": stock_rules.Limits(), "readiness": readiness_rules.Limits(),
    "distribution": distribution_rules.Limits(), "custody": custody_rules.Limits(), "forecast": forecast_rules.Limits(),
    "thresholds": rules.Limits(), "posts": posts_rules.Limits(), "aght": aght_rules.Limits(),
    "recommendations": recommendations_rules.Limits(), "neutrality": neutrality_rules.Limits(), "requests": requests_rules.Limits(),
    "releases": releases_rules.Limits(),
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A rule in words: when it speaks, which kind of AGHT, to whom. waits: what it still waits for, "" where it speaks already."""

    rule: str
    sentence: str
    kind: str
    to: str
    waits: str = ""


RULES = (
    Said("R01", "Stok yang akan ada pada hari dibutuhkan kurang dari kebutuhan; atau TPS terhitung kekurangan.", "hambatan", "KPU"),
    Said("R02", "Kemungkinan barang lengkap pada tenggat terlalu kecil.", "hambatan", "KPU"),
    Said("R03", "Janji pemasok terlalu dekat dengan hari dibutuhkan, atau berkali-kali digeser.", "hambatan", "KPU"),
    Said("R04", "Satu kelompok cetak rusak jauh lebih banyak dari biasa, atau lebih banyak dari cadangan.", "hambatan", "KPU"),
    Said("R05", "Surat suara dapil atau pemilihan lain di dalam kotak. Satu lembar saja sudah gawat.", "hambatan", "KPU, Bawaslu"),
    Said("R06", "Segel rusak, tidak cocok, atau dipakai dua kali. Satu segel saja sudah gawat.", "gangguan", "KPU, Bawaslu, Polres"),
    Said("R07", "Kotak berangkat dan tidak dipindai lagi pada waktunya.", "gangguan", "KPU, Polres"),
    Said("R08", "Kemungkinan tiba di PPS atau TPS sampai H-1 terlalu kecil.", "gangguan", "KPU", "perkiraan kesiapan (forecast)"),
    Said("R09", "Gelombang melebihi batas kapal pada waktu menyeberang.", "tantangan", "KPU, Polair"),
    Said("R10", "Menjelang pemungutan, pulau belum punya kapal berkontrak atau kapal cadangan.", "hambatan", "KPU"),
    Said("R11", "Gudang bocor, lembap, tanpa penjaga atau listrik; atau lama tidak diperiksa.", "hambatan", "KPU, Pemda"),
    Said("R12", "Jumlah yang dikirim tidak sama dengan yang diterima.", "gangguan", "KPU, Bawaslu"),
    Said("R13", "DPTb dan DPK di satu TPS melebihi cadangan surat suaranya.", "tantangan", "KPU, Bawaslu"),
    Said(
        "R14", "KPPS tidak lengkap menurut pemeriksaan di TPS; atau terlalu sedikit yang terlatih.", "hambatan", "KPU",
    ),
    Said(
        "R15", "TPS tanpa sinyal atau listrik dan tanpa rencana luring.", "tantangan", "KPU, Pemda",
    ),
    Said(
        "R16", "Satu akun tercatat di dua tempat sekaligus dengan dua gawai, atau lebih cepat daripada yang terkejar.", "ancaman", "KPU",
    ),
    Said("R17", "Pindaian di luar jalur atau di luar jadwal rencana.", "gangguan", "KPU, Polres"),
    Said("R18", "Beberapa sinyal sejenis di beberapa desa dalam waktu singkat: mungkin satu sebab.", "gangguan", "KPU"),
    Said("R19", "Posko melewatkan tanda hidupnya: keadaannya belum diketahui, bukan tenang.", "hambatan", "PPK, KPU, Kejari"),
    Said(
        "R20",
        "Surat rekomendasi belum diterima atau dijawab pada waktunya, lewat tenggat sesudah disetujui, atau risikonya lama tidak dinilai;"
        " permintaan antarlembaga lewat tenggat.",
        "hambatan", "penerima surat, Kejari, pemilik tindak lanjut",
    ),
    Said("R21", "Kabar yang menyesatkan tentang pemungutan datang dari beberapa rantai yang berlainan.", "gangguan", "KPU"),
    Said("R22", "Uji kenetralan, sesudah disesuaikan dengan kebutuhan, menemukan pola.", "", "auditor (Bawaslu)"),
    Said("R23", "Terbitan terakhir sudah lama, atau sudah jauh berbeda dari catatan.", "hambatan", "KPU"),
)  # fmt: skip

KINDS = {"ANCAMAN": "ancaman", "GANGGUAN": "gangguan", "HAMBATAN": "hambatan", "TANTANGAN": "tantangan", "": "kenetralan"}
STATES = (("open", "belum ditangani"), ("answered", "sedang ditangani"))
AGENCIES = {"KPU": "KPU", "KEJARI": "Kejari", "BAWASLU": "Bawaslu"}
OWNERS = {
    "KPU": "KPU (operator atau pimpinan)",
    "KEJARI": "Kejari (analis atau pimpinan)",
    "BAWASLU": "Bawaslu",
}


# --- the board of warnings -----------------------------------------------------------------------------------------------


@shell.page("thresholds.read")
def signals(request: shell.Request, election: str) -> HttpResponse:
    """All early warnings that are this person's to see, those nobody sees to first; filtered by rule, severity, agency, answer."""
    found = shell.signals_of(request, request.election)
    chosen = {name: request.GET.get(name, "") for name in ("aturan", "tingkat", "lembaga", "keadaan")}
    shown = [one for one in found if _matches(one, chosen)]
    context = {
        "signals": shown,
        "total": len(found),
        "chosen": chosen,
        "filtered": any(chosen.values()),
        "query": "&".join(f"{name}={value}" for name, value in chosen.items() if value.isascii() and value.isalnum()),
        "counts": [
            {"code": code, "word": shell.SEVERITY_WORDS[code], "state": shell.SEVERITY_STATES[code],
             "n": sum(one["severity"] == code for one in found)}
            for code in facts.SEVERITIES
        ],
        "answered": sum(one["answer"] is not None for one in found),
        "rules": sorted({one["rule"] for one in found}),
        "agencies": sorted({agency for one in found for agency in one["agencies"]}),
        "severities": [(code, shell.SEVERITY_WORDS[code]) for code in facts.SEVERITIES],
        "states": STATES,
        "may_acknowledge": shell.may(request, "thresholds.acknowledge"),
        "sees_all": request.person.agency in {"KEJARI", "BAWASLU"},
        "silent": [one for one in RULES if one.waits],
    }  # fmt: skip
    return render(request, "desk/thresholds/signals.html", context)


def _matches(one: Mapping[str, Any], chosen: Mapping[str, str]) -> bool:
    state = "answered" if one["answer"] else "open"
    return (
        chosen["aturan"] in {"", one["rule"]}
        and chosen["tingkat"] in {"", one["severity"]}
        and chosen["lembaga"] in {"", *one["agencies"]}
        and chosen["keadaan"] in {"", state}
    )


@shell.page("thresholds.acknowledge")
def acknowledge(request: shell.Request, election: str) -> HttpResponse:
    """Somebody sees to a warning; it stays on the board until its cause is gone."""
    back = "desk:inbox" if request.POST.get("back") == "inbox" or not shell.may(request, "thresholds.read") else "desk:signals"
    if request.method == "POST":
        key, subject = request.POST.get("rule", ""), request.POST.get("subject", "")
        try:
            mine = shell.signals_for(request, request.election)
            one = next((s for s in mine if (s.rule, s.subject) == (key, subject)), None)
            if one is None:
                raise rules.Gone()
            thresholds.acknowledge(election, one, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tercatat: Anda menangani sinyal ini. Sinyal tetap terlihat sampai sebabnya hilang.")
    return redirect(back, election)


@shell.page("thresholds.read")
def signals_export(request: shell.Request, election: str) -> HttpResponse:
    """The board as it stands, as a table."""
    head = ["Aturan", "Tingkat", "Jenis", "Sinyal", "Untuk", "Sejak", "Ditangani oleh", "Lembaga", "Ditangani sejak", "Tanda"]
    rows: list[list[Any]] = [head]
    for one in shell.signals_of(request, request.election):
        answer = one["answer"]
        rows.append(
            [
                one["rule"], one["word"], KINDS.get(one["kind"].upper(), one["kind"]), one["text"], one["to"], text.waktu(one["since_at"]),
                one["answered_by"], answer.agency if answer else "", text.waktu(answer.said_at) if answer else "", one["mark"],
            ]
        )  # fmt: skip
    return _xlsx({"Sinyal": rows}, f"sinyal-{election}.xlsx")


def _xlsx(sheets: Mapping[str, list[list[Any]]], name: str) -> HttpResponse:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(table.xlsx(sheets), content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


# --- the thresholds ------------------------------------------------------------------------------------------------------


def shown_value(value: int, unit: str) -> str:
    """900 permil -> 90 %; 1500 permil -> 150 %; else the number with its unit."""
    if unit == "permil":
        whole, tenth = divmod(value, 10)
        return f"{text.angka(whole)},{tenth} %" if tenth else f"{text.angka(whole)} %"
    return f"{text.angka(value)} {unit}"


def _values(election: str, at: datetime) -> list[dict[str, Any]]:
    """Every threshold with its value in force, its owner and who set it last."""
    latest = {(one.stage, one.name): one for one in thresholds.history(election, at)}
    names = access.names()
    found = []
    for stage, default in LIMITS.items():
        held = thresholds.limits(election, stage, default, at)
        for one in rules.knobs(stage, default):
            value, last = rules.plain(getattr(held, one.name), one.unit), latest.get((stage, one.name))
            found.append(
                {
                    "knob": one, "rules": one.rules, "value": value, "shown": shown_value(value, one.unit),
                    "default": shown_value(one.default, one.unit), "differs": value != one.default,
                    "least": shown_value(one.least, one.unit), "most": shown_value(one.most, one.unit),
                    "owner": OWNERS.get(one.owner, one.owner), "agency": AGENCIES.get(one.owner, one.owner), "last": last,
                    "by": f"{names.get(last.person, last.person)}, {shell.ROLE_NAMES.get(last.role, last.role)}" if last else "",
                    "href": reverse("desk:thresholds_value", args=[election, stage, one.name]),
                }
            )  # fmt: skip
    return found


@shell.page("thresholds.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Rule by rule: when it speaks, its thresholds, whose they are."""
    values = _values(election, request.at)
    told = [
        {"said": said, "values": [v for v in values if said.rule in v["rules"]], "locked": said.rule in rules.LOCKED_RULES}
        for said in RULES
    ]
    context = {"told": told, "changed": sum(v["differs"] for v in values), "total": len(values)}
    return render(request, "desk/thresholds/index.html", context)


def _knob(stage: str, name: str) -> tuple[Any, rules.Knob]:
    if stage not in LIMITS:
        raise rules.Unknown(stage=stage[:40], name=name[:40])
    return LIMITS[stage], rules.knob(stage, LIMITS[stage], name)


@shell.page("thresholds.read")
def value(request: shell.Request, election: str, stage: str, name: str) -> HttpResponse:
    """One threshold: what it is, its history, and the form to set it."""
    try:
        _default, one = _knob(stage, name)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:thresholds", election)
    return _value_page(request, election, one)


def _value_page(
    request: shell.Request, election: str, one: rules.Knob, typed: Mapping[str, str] | None = None, status: int = 200
) -> HttpResponse:
    names = access.names()
    row = next(v for v in _values(election, request.at) if (v["knob"].stage, v["knob"].name) == (one.stage, one.name))
    history = [
        {
            "one": said, "value": shown_value(said.value, one.unit), "before": shown_value(said.before, one.unit),
            "by": names.get(said.person, said.person), "role": shell.ROLE_NAMES.get(said.role, said.role),
            "second": names.get(said.second, said.second),
            "entry_href": reverse("desk:record_entry", args=[election, said.entry_id]),
        }
        for said in reversed(thresholds.history(election, request.at, one.stage, one.name))
    ]  # fmt: skip
    context = {
        **row,
        "said": [said for said in RULES if said.rule in one.rules],
        "history": history,
        "may_set": not one.locked and request.person.agency == one.owner and shell.may(request, "thresholds.set"),
        "may_journal": shell.may(request, "record.read"),
        "typed": typed or {},
    }
    return render(request, "desk/thresholds/value.html", context, status=status)


def _whole(typed: str) -> int:
    """What was typed as a whole number; -1 (out of all bounds) where it is none."""
    plain = typed.strip().replace(".", "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 8 else -1


def _role(request: shell.Request) -> str:
    """The role in which this person sets thresholds."""
    held = sorted(g.role for g in request.person.grants if g.holds(request.at) and g.role in access_rules.POLICY["thresholds.set"])
    return held[0] if held else ""


@shell.page("thresholds.set")
def set_value(request: shell.Request, election: str, stage: str, name: str) -> HttpResponse:
    """Sets a threshold, with reason; those of a warning that can be critical by two people."""
    try:
        default, one = _knob(stage, name)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:thresholds", election)
    if request.method == "POST":
        try:
            reports.check_neutral(election, request.POST.get("reason", ""))  # it stays in the journal and cannot be erased
            second = shell.countersigned(request, "thresholds.set") if one.two and not one.locked else None
            thresholds.set_limit(
                election, stage, default, name, _whole(request.POST.get("value", "")), seen=_whole(request.POST.get("seen", "")),
                reason=request.POST.get("reason", ""), role=_role(request), actor=shell.actor(request), at=request.at,
                second=facts.Actor(second.id, second.agency) if second else None,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _value_page(request, election, one, {k: request.POST.get(k, "") for k in ("value", "reason", "second")}, status=409)
        shell.done(request, "Ambang disimpan dan berlaku mulai sekarang. Sinyal dihitung ulang pada pembacaan berikutnya.")
    return redirect("desk:thresholds_value", election, stage, name)


@shell.page("thresholds.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """Two sheets: the thresholds in force, and everything that was ever set."""
    said = {one.rule: one.sentence for one in RULES}
    head = ["Aturan", "Kapan berbunyi", "Ambang", "Nilai", "Satuan", "Bawaan", "Paling kecil", "Paling besar", "Pemilik", "Dua orang",
            "Tidak dapat diubah", "Sejak", "Oleh"]  # fmt: skip
    rows: list[list[Any]] = [head]
    for v in _values(election, request.at):
        one, last = v["knob"], v["last"]
        rows.append(
            [
                one.rule, said.get(one.rules[0], ""), one.text, v["value"], one.unit, one.default, one.least, one.most, one.owner,
                "ya" if one.two else "", "ya" if one.locked else "", text.waktu(last.set_at) if last else "", v["by"],
            ]
        )  # fmt: skip
    names = access.names()
    past: list[list[Any]] = [
        ["Waktu", "Tahap", "Ambang", "Dari", "Menjadi", "Alasan", "Oleh", "Lembaga", "Peran", "Orang kedua", "Catatan jurnal"]
    ]
    for s in thresholds.history(election, request.at):
        past.append(
            [
                text.waktu(s.set_at), s.stage, s.name, s.before, s.value, s.reason, names.get(s.person, s.person), s.agency,
                shell.ROLE_NAMES.get(s.role, s.role), names.get(s.second, s.second), s.entry_id,
            ]
        )  # fmt: skip
    return _xlsx({"Ambang": rows, "Riwayat": past}, f"ambang-{election}.xlsx")


urlpatterns = [
    path("<slug:election>/sinyal/", signals, name="signals"),
    path("<slug:election>/sinyal/sinyal.xlsx", signals_export, name="signals_export"),
    path("<slug:election>/sinyal/tangani/", acknowledge, name="signals_acknowledge"),
    path("<slug:election>/ambang/", index, name="thresholds"),
    path("<slug:election>/ambang/ambang.xlsx", export, name="thresholds_export"),
    path("<slug:election>/ambang/<slug:stage>/<slug:name>/", value, name="thresholds_value"),
    path("<slug:election>/ambang/<slug:stage>/<slug:name>/ubah/", set_value, name="thresholds_set"),
]
SENTENCES: dict[str, str] = {
    "thresholds.unknown": "Ambang itu tidak ada. Pilih dari daftar.",
    "thresholds.locked": "Ambang ini tidak dapat diubah siapa pun ({why}): ia menjaga peringatan yang gawat, atau berasal dari aturan.",
    "thresholds.not_owner": "Ambang ini milik {owner}. Minta {owner} mengubahnya.",
    "thresholds.out_of_bounds": "Tulis bilangan bulat dari {least} sampai {most} ({unit}).",
    "thresholds.unchanged": "Nilainya sudah {value} {unit}. Tidak ada yang berubah.",
    "thresholds.seen_other": "Orang lain baru saja mengubahnya menjadi {value} {unit}. Lihat riwayatnya, lalu isi lagi bila perlu.",
    "thresholds.reason_missing": "Tulis alasannya, {least} sampai {most} huruf.",
    "thresholds.second_missing": "Ambang ini diubah oleh dua orang: sinyalnya dapat gawat. Minta orang kedua mengetik nama dan sandinya.",
    "thresholds.gone": "Sinyal itu sudah hilang: sebabnya tidak ada lagi. Tidak ada yang perlu ditangani.",
    "thresholds.not_addressed": "Sinyal ini ditujukan kepada {to}. Hanya yang dituju menyatakan menanganinya.",
    "thresholds.acknowledged": "Sudah ada yang menangani sinyal {rule} ini. Lihat namanya di papan sinyal.",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[str, str]] = {
    "R18": ("{count} sinyal {family} di {desa} desa dalam {hours} jam: mungkin satu sebab. Cari sebab bersamanya dahulu.", ""),
}
