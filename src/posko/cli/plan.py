"""posko plan SKENARIO: a distribution plan for a scenario folder, without a database."""

import json
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from posko.domain import distribution as rules
from posko.domain import needs, regulation
from posko.formats import fleet, rulebook, scenario, text
from posko.planning import routes

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Case:
    """Everything a plan of a scenario needs."""

    loads: list[rules.Load]
    network: rules.Network
    fleet: fleet.Fleet


def plan(
    name: Annotated[str, typer.Argument(metavar="SKENARIO", help="nama folder di scenarios/, misalnya beltim-2024")],
    election: Annotated[str, typer.Option("--election", help="pemilihan dalam skenario; tanpa ini: yang pertama")] = "",
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="lama mencari rute")] = 5.0,
    iterations: Annotated[int, typer.Option("--iterations", min=0, help="sebagai ganti detik: hasilnya sama setiap kali")] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="benih bilangan acak")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="keluaran JSON")] = False,
) -> int:
    """Menyusun usulan rencana distribusi dari sebuah skenario. Keluar 0 bila layak, 3 bila ada muatan yang tidak terbawa."""
    folder = ROOT / "scenarios"
    if name not in scenario.names(folder):
        print(f"Skenario {name} tidak ada. Yang ada: {', '.join(scenario.names(folder)) or 'belum satu pun'}.", file=sys.stderr)
        return 2
    try:
        facts = scenario.read(folder / name)
        chosen = election or next(iter(facts.elections))
        if chosen not in facts.elections:
            print(f"Pemilihan {chosen} tidak ada dalam {name}. Yang ada: {', '.join(facts.elections)}.", file=sys.stderr)
            return 2
        case = read_case(folder / name, facts, chosen)
    except (scenario.Unreadable, FileNotFoundError) as wrong:
        print(str(wrong), file=sys.stderr)
        return 1
    stop = routes.Stop(iterations=iterations) if iterations else routes.Stop(seconds=seconds)
    made = routes.plan(case.loads, case.network, case.fleet.vehicles, case.fleet.rules, seed=seed, stop=stop)
    faults = rules.violations(made, case.loads, case.network, case.fleet.vehicles, case.fleet.rules)
    voting_at = facts.elections[chosen].election.voting_at
    answer = summary(name, chosen, case, made, faults, voting_at)
    if as_json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        _table(answer)
    return 0 if answer["feasible"] else 3


def read_case(folder: Path, facts: scenario.Scenario, election: str) -> Case:
    """Loads, network and fleet of one election of a scenario; needs by the rulebook on the scenario's (estimated) voters."""
    sized = fleet.read(folder / "fleet.toml", facts.sites, facts.sea_legs)
    chosen = facts.elections[election]
    book = rulebook_of(chosen.election.rulebook)
    stated = {item.code: (item.volume_ml or 0, item.weight_g or 0) for item in book.items}
    pieces = _pieces(chosen, book, facts.region)
    loads = rules.loads_of(rules.destinations_of(chosen.tps_list), pieces, fleet.goods(sized, stated), sized.rules)
    settings = facts.settings
    network = rules.network_of(chosen.tps_list, facts.sites, facts.sea_legs, settings.detour_percent * 10, settings.road_kmh)
    return Case(loads, network, sized)


def rulebook_of(code: str) -> regulation.Rulebook:
    """The rulebook of a scenario's election. Unreadable."""
    path = ROOT / "rulebooks" / f"{code}.toml"
    book, problems = rulebook.read(path.name, path.read_bytes())
    if book is None:
        raise scenario.Unreadable(f"Buku aturan {code} tidak terbaca: {rulebook.sentence(problems[0])}")
    return book


def _pieces(chosen: scenario.ElectionFacts, book: regulation.Rulebook, region: str) -> list[rules.Piece]:
    """Everything of known quantity that goes to a TPS, PPS or PPK."""
    stations = [needs.TpsInput(tps.code, tps.desa_code, tps.kecamatan_code, chosen.voters[tps.code]) for tps in chosen.tps_list]
    found = needs.compute(book, stations, chosen.election.contests, region)
    return rules.pieces_of((need.level, need.place, need.item, need.quantity) for need in found)


def summary(name: str, election: str, case: Case, made: rules.Plan, faults: list[rules.Violation], voting_at: Any) -> dict[str, Any]:
    """The plan for machines: times are ISO 8601 in the election's own zone."""
    midnight = voting_at.replace(hour=0, minute=0, second=0, microsecond=0)
    arrivals = made.arrivals()
    by_code = {load.code: load for load in case.loads}

    def when(minute: int) -> str:
        return str((midnight + timedelta(minutes=minute)).isoformat(timespec="minutes"))

    islands = {node.code: node.name for node in case.network.nodes if node.kind == "pulau"}
    reached = {
        island: {"name": label, "reached_at": when(max(times))}
        for island, label in islands.items()
        if (times := [minute for code, minute in arrivals.items() if by_code[code].place == island])
    }
    vehicles = [
        {
            "code": vehicle.code,
            "kind": vehicle.kind.value,
            "start": vehicle.start,
            "trips": [_trip(trip, by_code, case.network, when) for trip in made.of_vehicle(vehicle.code)],
        }
        for vehicle in case.fleet.vehicles
    ]
    return {
        "scenario": name,
        "election": election,
        "feasible": made.feasible and not faults,
        "violations": [{"code": fault.code, **fault.facts} for fault in faults],
        "unassigned": [{"load": u.load, "code": u.code, **u.facts, "remedies": [dict(r) for r in u.remedies]} for u in made.unassigned],
        "islands": reached,
        "islands_total": len({load.place for load in case.loads if load.kind is rules.LoadKind.ISLAND}),
        "tps": sum(len(load.tps) for load in case.loads),
        "tps_reached": sum(len(by_code[code].tps) for code in arrivals),
        "boxes": sum(load.boxes for load in case.loads),
        "boxes_delivered": sum(by_code[code].boxes for code in arrivals),
        "vehicles": vehicles,
        "vehicles_used": sum(1 for vehicle in vehicles if vehicle["trips"]),
        "trips": len(made.trips),
        "distance_km": round(made.distance_m / 1000, 1),
        "latest_arrival": when(max(arrivals.values())) if arrivals else None,
        "seed": made.seed,
        "method": made.method,
        "input_hash": rules.inputs_hash(case.loads, case.network, case.fleet.vehicles, case.fleet.rules),
        "plan_hash": rules.plan_hash(made),
        "marks": ["PERKIRAAN", "ASUMSI", "SEMENTARA"],
    }


def _trip(trip: rules.Trip, loads: dict[str, rules.Load], network: rules.Network, when: Any) -> dict[str, Any]:
    def stop(one: rules.Stop) -> dict[str, Any]:
        node = network.node(one.place)
        return {
            "place": one.place,
            "name": node.name if node else one.place,
            "handover": one.handover,
            "arrive_at": when(one.arrive_min),
            "depart_at": when(one.depart_min),
            "loads": list(one.loads),
            "tps": sum(len(loads[code].tps) for code in one.loads),
            "boxes": sum(loads[code].boxes for code in one.loads),
        }

    return {
        "code": trip.code,
        "start": trip.start,
        "depart_at": when(trip.depart_min),
        "return_at": when(trip.return_min),
        "distance_km": round(trip.distance_m / 1000, 1),
        "stops": [stop(one) for one in trip.stops],
    }


def _table(answer: dict[str, Any]) -> None:
    """The plan for people."""
    print(f"Rencana distribusi {answer['scenario']}, {answer['election']}  [PERKIRAAN, armada ASUMSI, pin SEMENTARA]")
    word = "LAYAK" if answer["feasible"] else "BELUM LAYAK"
    counts = {name: text.angka(answer[name]) for name in ("tps", "tps_reached", "boxes", "boxes_delivered")}
    print(f"  {word}: {counts['tps_reached']} dari {counts['tps']} TPS, {counts['boxes_delivered']} dari {counts['boxes']} kotak")
    print(f"  {answer['vehicles_used']} kendaraan, {answer['trips']} perjalanan, {text.desimal(answer['distance_km'])} km")
    print(f"  kedatangan terakhir {answer['latest_arrival'] or '-'}")
    for island in answer["islands"].values():
        print(f"  {island['name']}: {island['reached_at']}")
    for vehicle in answer["vehicles"]:
        for trip in vehicle["trips"]:
            stops = ", ".join(
                f"{stop['name']} {stop['arrive_at'][11:16]}{' (serah ke perahu)' if stop['handover'] else ''}" for stop in trip["stops"]
            )
            print(f"  {trip['code']:<7} {trip['depart_at'][5:16].replace('T', ' ')}  {stops}")
    for left in answer["unassigned"]:
        print(f"  TIDAK TERBAWA {left['load']}: {left['code']} {left}")
    for fault in answer["violations"]:
        print(f"  PELANGGARAN {fault}")
    print(f"  benih {answer['seed']}, {answer['method']}, sidik masukan {answer['input_hash'][:16]}")
