"""posko replan SKENARIO: a plan, a disruption, the mended plan and the waybills that change; without a database."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from posko.cli import plan as planned
from posko.domain import distribution as rules
from posko.domain import record
from posko.domain import replanning as repairs
from posko.formats import fleet, scenario, text
from posko.planning import mending, routes

ITERATIONS = 2000
_MOMENT = re.compile(r"H-(\d{1,2})T(\d{2})[.:](\d{2})")


def replan(
    name: Annotated[str, typer.Argument(metavar="SKENARIO", help="nama folder di scenarios/, misalnya beltim-2024")],
    cut: Annotated[tuple[str, str] | None, typer.Option("--cut", metavar="TEMPAT TEMPAT", help="jalan putus antara dua tempat")] = None,
    lose: Annotated[str, typer.Option("--lose", metavar="KENDARAAN", help="kendaraan yang tidak dapat dipakai, misalnya T03")] = "",
    late: Annotated[str, typer.Option("--late", metavar="BARANG@H-1T09.00", help="barang yang baru ada di gudang pada jam itu")] = "",
    move: Annotated[
        tuple[str, str] | None, typer.Option("--move", metavar="TPS TEMPAT", help="TPS yang pindah ke desa atau pulau lain")
    ] = None,
    now: Annotated[str, typer.Option("--now", metavar="H-1T07.30", help="yang sudah berangkat saat itu dibiarkan")] = "",
    election: Annotated[str, typer.Option("--election", help="pemilihan dalam skenario; tanpa ini: yang pertama")] = "",
    iterations: Annotated[
        int, typer.Option("--iterations", min=1, help="iterasi untuk rencana awal; hasilnya sama setiap kali")
    ] = ITERATIONS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="benih bilangan acak")] = 1,
    compare: Annotated[bool, typer.Option("--compare", help="hitung juga berapa surat jalan yang berubah bila disusun dari awal")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="keluaran JSON")] = False,
) -> int:
    """Menyusun rencana, mengganggunya, lalu memperbaiki sesedikit mungkin. Keluar 0 bila layak, 3 bila ada muatan yang tidak terbawa."""
    try:
        found = planned.opened(name, election)
    except planned.NoSuch as wrong:
        print(str(wrong), file=sys.stderr)
        return 2
    except (scenario.Unreadable, FileNotFoundError) as wrong:
        print(str(wrong), file=sys.stderr)
        return 1
    facts, chosen, case = found.facts, found.chosen, found.case
    given = repairs.Given(tuple(case.loads), case.network, tuple(case.fleet.vehicles), case.fleet.rules)
    try:
        happened = _disruptions(given, cut, lose, late, move)
        now_min = _minute(now) if now else None
        disturbed = given
        for one in happened:
            disturbed = repairs.after(disturbed, one, _goods(found.folder, facts, chosen))
    except record.Refusal as refusal:
        said = ", ".join(str(value) for value in refusal.facts.values())
        print(SENTENCES[refusal.code].format(**{"said": said, **refusal.facts}), file=sys.stderr)
        return 2
    except ValueError as wrong:
        print(str(wrong), file=sys.stderr)
        return 2
    stop = routes.Stop(iterations=iterations)
    old = routes.plan(given.loads, given.network, given.fleet, given.rules, seed=seed, stop=stop)
    made = mending.mend(old, disturbed, now_min=now_min, seed=seed, stop=stop)
    answer = summary(given, disturbed, old, made, now_min)
    answer |= {"scenario": name, "election": chosen, "voting_at": facts.elections[chosen].election.voting_at.isoformat()}
    if compare:
        anew = routes.plan(disturbed.loads, disturbed.network, disturbed.fleet, disturbed.rules, seed=seed + 1, stop=stop)
        answer["waybills_changed_anew"] = repairs.changes(old, given.loads, anew, disturbed.loads).waybills
    print(json.dumps(answer, ensure_ascii=False, indent=2)) if as_json else _table(answer)
    return 0 if answer["feasible"] else 3


SENTENCES = {
    "replanning.bad_disruption": "{said}: tidak ada dalam rencana, atau gangguan itu tidak mungkin. Periksa kode dan tempatnya.",
    "replanning.too_near": "{place} dan {to} terlalu dekat ({metres} m): setiap jalan dari yang satu lewat yang lain. Sebut desa lain.",
}


def _disruptions(
    given: repairs.Given, cut: tuple[str, str] | None, lose: str, late: str, move: tuple[str, str] | None
) -> list[repairs.Disruption]:
    """What the options say. ValueError for what cannot be understood or where they say nothing."""
    found: list[repairs.Disruption] = []
    if cut:
        found.append(repairs.RoadCut(_place(given, cut[0]), _place(given, cut[1])))
    if lose:
        found.append(repairs.VehicleLost(lose.upper()))
    if late:
        item, _, moment = late.partition("@")
        found.append(repairs.LateStock(item.upper(), _minute(moment)))
    if move:
        found.append(repairs.TpsMoved(move[0], _place(given, move[1])))
    if not found:
        raise ValueError("Sebut gangguannya: --cut, --lose, --late, atau --move.")
    return found


def _place(given: repairs.Given, said: str) -> str:
    """A place by code or by name, a desa before anything else of the same name."""
    nodes = sorted(given.network.nodes, key=lambda node: node.kind != "desa")
    for node in nodes:
        if said == node.code or said.casefold() == node.name.casefold():
            return node.code
    raise ValueError(f"Tempat {said} tidak ada. Contoh: {', '.join(node.name for node in nodes[:5])}.")


def _minute(said: str) -> int:
    found = _MOMENT.fullmatch(said.strip().upper())
    if not found or int(found[2]) > 23 or int(found[3]) > 59:
        raise ValueError(f"Tulis waktu seperti H-1T09.00, bukan {said or 'kosong'}.")
    return int(found[2]) * 60 + int(found[3]) - int(found[1]) * rules.DAY


def _goods(folder: Path, facts: scenario.Scenario, election: str) -> dict[str, rules.Goods]:
    """Sizes, for loads that change their contents."""
    sized = fleet.read(folder / "fleet.toml", facts.sites, facts.sea_legs)
    book = planned.rulebook_of(facts.elections[election].election.rulebook)
    return dict(fleet.goods(sized, {item.code: (item.volume_ml or 0, item.weight_g or 0) for item in book.items}))


def summary(given: repairs.Given, disturbed: repairs.Given, old: rules.Plan, made: mending.Mended, now_min: int | None) -> dict[str, Any]:
    """The repair for machines; minutes are relative to 00:00 of voting day."""
    told = repairs.changes(old, given.loads, made.plan, disturbed.loads)
    faults = rules.violations(made.plan, disturbed.loads, disturbed.network, disturbed.fleet, disturbed.rules)
    standing = rules.standing(faults, made.plan, now_min)
    names = {load.code: load.name for load in (*given.loads, *disturbed.loads)}
    return {
        "feasible": made.plan.feasible and not standing,
        "fresh": made.fresh,
        "trips": len(made.plan.trips),
        "kept": list(told.kept),
        "waybills_changed": told.waybills,
        "changed": [
            {
                "trip": one.trip, "vehicle": one.vehicle, "what": [what.value for what in one.what], "later_min": one.later_min,
                "came": [{"load": m.load, "name": names[m.load], "from": m.source} for m in one.came],
                "went": [{"load": m.load, "name": names[m.load], "to": m.target} for m in one.went],
            }
            for one in told.changed
        ],
        "taken_over": [{"from": before, "to": now} for before, now in told.taken_over],
        "dropped": list(told.dropped),
        "added": list(told.added),
        "moved_loads": len(told.moved),
        "loads": told.loads,
        "frozen": list(made.frozen),
        "rerouted": list(made.rerouted),
        "distance_km": round(made.plan.distance_m / 1000, 1),
        "more_km": round((made.plan.distance_m - old.distance_m) / 1000, 1),
        "unassigned": [
            {"load": left.load, "code": left.code, **left.facts, "remedies": [dict(remedy) for remedy in left.remedies]}
            for left in made.plan.unassigned
        ],
        "violations": [{"code": fault.code, **fault.facts} for fault in standing],
        "method": made.plan.method,
        "seed": made.plan.seed,
        "trials": made.trials,
        "plan_hash": rules.plan_hash(made.plan),
        "marks": ["PERKIRAAN", "ASUMSI", "SEMENTARA"],
    }  # fmt: skip


def _table(answer: dict[str, Any]) -> None:
    """The repair for people."""
    print(f"Perbaikan rencana {answer['scenario']}, {answer['election']}  [PERKIRAAN, armada ASUMSI, pin SEMENTARA]")
    word = "LAYAK" if answer["feasible"] else "BELUM LAYAK"
    print(f"  {word}: {answer['waybills_changed']} surat jalan berubah, {len(answer['kept'])} dari {answer['trips']} perjalanan tetap")
    way = f"{text.desimal(abs(answer['more_km']))} km lebih {'dekat' if answer['more_km'] < 0 else 'jauh'}"
    print(f"  {answer['moved_loads']} dari {answer['loads']} muatan pindah kendaraan, {way}")
    if not answer["waybills_changed"] and answer["feasible"]:
        print("  Tidak ada perjalanan dalam rencana yang terkena: semua surat jalan tetap berlaku.")
    if answer["fresh"]:
        print("  Rencana lama tidak dapat diperbaiki sebagian; ini rencana baru dari awal.")
    for one in answer["changed"]:
        later = f", paling lambat {text.menit(one['later_min'])} lebih lambat" if one["later_min"] else ""
        print(f"  {one['trip']:<7} berubah: {', '.join(one['what'])}{later}")
        for moved in one["came"]:
            print(f"          + {moved['name']} ({moved['load']}) dari {moved['from'] or 'luar rencana'}")
        for moved in one["went"]:
            print(f"          - {moved['name']} ({moved['load']}) ke {moved['to'] or 'luar rencana'}")
    for one in answer["taken_over"]:
        print(f"  {one['from']:<7} diambil alih sebagai {one['to']}")
    for code in answer["dropped"]:
        print(f"  {code:<7} dicabut")
    for code in answer["added"]:
        print(f"  {code:<7} baru")
    if "waybills_changed_anew" in answer:
        print(f"  disusun dari awal dengan benih lain: {answer['waybills_changed_anew']} surat jalan berubah")
    for left in answer["unassigned"]:
        print(f"  TIDAK TERBAWA {left['load']}: {left['code']} {left}")
    print(f"  benih {answer['seed']}, {answer['method']}")
