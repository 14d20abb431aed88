"""posko plan SKENARIO: a distribution plan for a scenario folder, without a database."""

import json
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from posko.domain import distribution as rules
from posko.domain import needs, regulation, weather
from posko.formats import distribution as words
from posko.formats import fleet, rulebook, scenario, table, text
from posko.formats import weather as waves_file
from posko.planning import reliability, routes

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
    waves: Annotated[int, typer.Option("--waves", min=-1, help="prakiraan gelombang dalam cm untuk semua hari; tanpa ini: iklim")] = -1,
    waves_from: Annotated[str, typer.Option("--waves-from", help="berkas CSV atau XLSX prakiraan gelombang")] = "",
    cut: Annotated[tuple[str, str], typer.Option("--cut", metavar="DARI KE", help="jalan yang terputus antara dua desa")] = ("", ""),
    as_json: Annotated[bool, typer.Option("--json", help="keluaran JSON")] = False,
) -> int:
    """Menyusun usulan rencana distribusi dari sebuah skenario: dahulukan peluang tiba, lalu biaya.

    Keluar 0 bila layak, 3 bila ada muatan yang tidak terbawa.
    """
    try:
        found = opened(name, election)
        case, chosen = closed(found.case, cut), found.chosen
        voting_at = found.election.election.voting_at
        sea = forecast(case, voting_at, waves, waves_from, found.facts.region)
    except NoSuch as wrong:
        print(str(wrong), file=sys.stderr)
        return 2
    except (scenario.Unreadable, FileNotFoundError, table.Unreadable, Wrong) as wrong:
        print(str(wrong), file=sys.stderr)
        return 1
    stop = routes.Stop(iterations=iterations) if iterations else routes.Stop(seconds=seconds)
    made = routes.plan(case.loads, case.network, case.fleet.vehicles, case.fleet.rules, seed=seed, stop=stop, sea=sea)
    faults = rules.violations(made, case.loads, case.network, case.fleet.vehicles, case.fleet.rules)
    answer = summary(name, chosen, case, made, faults, voting_at)
    if as_json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        _table(answer)
    return 0 if answer["feasible"] else 3


class Wrong(Exception):
    """What was asked for cannot be done, said plainly."""


def closed(case: Case, cut: tuple[str, str]) -> Case:
    """The case with the road between two desa closed; desa by name or code."""
    if not any(cut):
        return case
    codes = []
    for asked in cut:
        found = [node.code for node in case.network.nodes if node.kind == "desa" and asked.lower() in {node.name.lower(), node.code}]
        if len(found) != 1:
            raise Wrong(f"Desa {asked} {'tidak ada' if not found else 'ada lebih dari satu: ' + ', '.join(found)}.")
        codes += found
    return replace(case, network=replace(case.network, closures=(rules.Closure(codes[0], codes[1], "--cut"),)))


def forecast(case: Case, voting_at: datetime, height_cm: int, path: str, region: str) -> reliability.Sea:
    """The sea of a plan without a database: one height for all days, a file of forecasts, or the climate.

    One height counts as issued at 07.00 on the day before the first on which boats may sail.
    """
    midnight = voting_at.replace(hour=0, minute=0, second=0, microsecond=0)
    told: tuple[weather.Wave, ...] = ()
    first = midnight - timedelta(days=max(case.fleet.rules.sea_days))
    if path and not Path(path).is_file():
        raise Wrong(f"Berkas {path} tidak ada.")
    if path:
        names = {region: region} | {node.code: node.name for node in case.network.nodes if node.kind in {"dermaga", "pulau"}}
        told, problems = waves_file.read(path, Path(path).read_bytes(), names, first - timedelta(hours=17))
        if problems:
            raise Wrong("\n".join(f"baris {one.row}, kolom {one.column}: {waves_file.sentence(one)}" for one in problems))
    elif height_cm >= 0:
        told = (weather.Wave(region, first, midnight + timedelta(days=1), height_cm, first - timedelta(hours=17), "--waves"),)
    return reliability.Sea(told, midnight)


class NoSuch(Exception):
    """No scenario or no election of that name; says which there are."""


@dataclass(frozen=True)
class Opened:
    """A scenario and one of its elections, with what a plan of it needs."""

    folder: Path
    facts: scenario.Scenario
    chosen: str
    case: Case

    @property
    def election(self) -> scenario.ElectionFacts:
        """The election."""
        return self.facts.elections[self.chosen]


def opened(name: str, election: str) -> Opened:
    """The scenario of a name and the election of a code, without one the first. NoSuch, scenario.Unreadable, FileNotFoundError."""
    folder = ROOT / "scenarios"
    if name not in scenario.names(folder):
        raise NoSuch(f"Skenario {name} tidak ada. Yang ada: {', '.join(scenario.names(folder)) or 'belum satu pun'}.")
    facts = scenario.read(folder / name)
    chosen = election or next(iter(facts.elections))
    if chosen not in facts.elections:
        raise NoSuch(f"Pemilihan {chosen} tidak ada dalam {name}. Yang ada: {', '.join(facts.elections)}.")
    return Opened(folder / name, facts, chosen, read_case(folder / name, facts, chosen))


def read_case(folder: Path, facts: scenario.Scenario, election: str) -> Case:
    """Loads, network and fleet of one election of a scenario; needs by the rulebook on the scenario's (estimated) voters."""
    sized = fleet.read(folder / "fleet.toml", facts.sites, facts.sea_legs)
    chosen = facts.elections[election]
    book = rulebook_of(chosen.election.rulebook)
    stated = {item.code: (item.volume_ml or 0, item.weight_g or 0) for item in book.items}
    pieces = _pieces(chosen, book, facts.region)
    settings, goods = facts.settings, fleet.goods(sized, stated)
    network = rules.network_of(chosen.tps_list, facts.sites, facts.sea_legs, settings.detour_percent * 10, settings.road_kmh)
    loads = rules.loads_of(rules.destinations_of(chosen.tps_list), pieces, goods, sized.rules)
    return Case(rules.fitted(loads, network, sized.vehicles, goods, sized.rules), network, sized)


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
        "choices": _choices(made, case.network, when),
        "least_sure": [
            {"load": code, "name": by_code[code].name, "chance": ppm / reliability.PPM}
            for code, ppm in reliability.least_sure(
                reliability.arrivals(made, case.loads, case.network, case.fleet.vehicles, case.fleet.rules)
            )
        ],
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


def _choices(made: rules.Plan, network: rules.Network, when: Any) -> list[dict[str, Any]]:
    """Plans A, B and C of every island for machines: probabilities are shares, hours are instants."""

    def option(one: rules.Option) -> dict[str, Any]:
        return {
            "plan": one.letter, "boat": words.boats(one), "pier": one.pier, "day": f"H-{rules.day_of(one.depart_min)}",
            "decide_at": when(one.decide_min), "depart_at": when(one.depart_min), "arrive_at": when(one.arrive_min),
            "chance": one.chance_ppm / reliability.PPM, "used": one.reach_ppm / reliability.PPM, "why": dict(one.why),
        }  # fmt: skip

    def name(code: str) -> str:
        node = network.node(code)
        return node.name if node else code

    return [
        {
            "island": choice.island, "name": name(choice.island), "chance": choice.chance_ppm / reliability.PPM,
            "exception": choice.exception, "options": [option(one) for one in choice.options],
            "others": [option(one) for one in choice.others],
            "sentences": words.choice_sentences(choice, name, lambda minute: datetime.fromisoformat(when(minute))),
        }
        for choice in made.choices
    ]  # fmt: skip


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
        "escort": trip.escort,
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
    for choice in answer["choices"]:
        print(f"  {choice['name']}: peluang tiba sampai H-1 {words.share(round(choice['chance'] * reliability.PPM))}")
        for sentence in choice["sentences"]:
            print(f"    {sentence}")
    if answer["least_sure"]:
        said = ", ".join(f"{one['name']} {words.share(round(one['chance'] * reliability.PPM))}" for one in answer["least_sure"])
        print(f"  paling kurang pasti tepat waktu: {said}")
    for vehicle in answer["vehicles"]:
        for trip in vehicle["trips"]:
            stops = ", ".join(
                f"{stop['name']} {stop['arrive_at'][11:16]}{' (serah ke perahu)' if stop['handover'] else ''}" for stop in trip["stops"]
            )
            print(f"  {trip['code']:<7} {trip['depart_at'][5:16].replace('T', ' ')}{' dikawal' if trip['escort'] else ''}  {stops}")
    for left in answer["unassigned"]:
        print(f"  TIDAK TERBAWA {left['load']}: {left['code']} {left}")
    for fault in answer["violations"]:
        print(f"  PELANGGARAN {fault}")
    print(f"  benih {answer['seed']}, {answer['method']}, sidik masukan {answer['input_hash'][:16]}")
