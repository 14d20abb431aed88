"""posko forecast SKENARIO: how probably every TPS of a scenario folder is ready at 07.00, without a database."""

import json
import sys
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

import typer

from posko.cli import plan as planner
from posko.domain import distribution, travel, weather
from posko.domain import forecast as rules
from posko.formats import forecast as words
from posko.formats import scenario
from posko.planning import advice, routes

WIB = timezone(timedelta(hours=7), "WIB")
_ITERATIONS = 200
_DAYS_BEFORE = 5


def forecast(
    name: Annotated[str, typer.Argument(metavar="SKENARIO", help="nama folder di scenarios/, misalnya beltim-2024")],
    election: Annotated[str, typer.Option("--election", help="pemilihan dalam skenario; tanpa ini: yang pertama")] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="benih bilangan acak; benih yang sama memberi jawaban yang sama")] = 1,
    scenarios: Annotated[int, typer.Option("--scenarios", min=100, max=1_000_000, help="banyaknya skenario")] = 10_000,
    at: Annotated[str, typer.Option("--at", help="saat prakiraan, ISO 8601; tanpa ini: H-5 pukul 12.00")] = "",
    waves: Annotated[int, typer.Option("--waves", min=-1, max=2000, help="tinggi gelombang yang diprakirakan, cm; tanpa ini: musim")] = -1,
    as_json: Annotated[bool, typer.Option("--json", help="keluaran JSON")] = False,
) -> int:
    """Prakiraan kesiapan TPS dari sebuah skenario: TPS yang terancam, sebabnya, dan tindakan yang paling menambah peluang."""
    try:
        found = planner.opened(name, election)
    except planner.NoSuch as wrong:
        print(str(wrong), file=sys.stderr)
        return 2
    except (scenario.Unreadable, FileNotFoundError) as wrong:
        print(str(wrong), file=sys.stderr)
        return 1
    facts, chosen, case = found.facts, found.chosen, found.case
    voting_at = found.election.election.voting_at.astimezone(WIB)
    midnight_at = voting_at.replace(hour=0, minute=0, second=0, microsecond=0)
    said_at = _moment(at) if at else midnight_at - timedelta(days=_DAYS_BEFORE) + timedelta(hours=12)
    if said_at is None or said_at >= voting_at:
        print(f"--at {at} bukan saat sebelum {voting_at.isoformat(timespec='minutes')}, misalnya 2024-02-11T12:00+07:00.", file=sys.stderr)
        return 2
    sea = planner.forecast(case, voting_at, waves, "", facts.region)  # the plan that `posko plan` proposes for this sea
    stop = routes.Stop(iterations=_ITERATIONS)
    made = routes.plan(case.loads, case.network, case.fleet.vehicles, case.fleet.rules, seed=1, stop=stop, sea=sea)
    planned = rules.Planned(
        made, tuple(case.loads), case.network, tuple(case.fleet.vehicles), case.fleet.rules, midnight_at, _minute(voting_at, midnight_at)
    )
    situation = _situation(planned, facts.elections[chosen], said_at, waves)
    outlook = advice.outlook_of(situation, scenarios, seed, said_at)
    names = _names(facts, facts.elections[chosen])
    if as_json:
        print(json.dumps(answer(name, chosen, outlook, names), ensure_ascii=False, indent=2))
    else:
        print(f"Prakiraan {name}, {chosen}, keadaan {said_at.isoformat(timespec='minutes')}  [PERKIRAAN, stok dan armada ASUMSI]")
        for line in words.lines(outlook, names, facts.region):
            print(line)
    return 0


def _moment(typed: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return found.replace(tzinfo=WIB) if found.tzinfo is None else found.astimezone(WIB)


def _minute(moment: datetime, midnight_at: datetime) -> int:
    return round((moment - midnight_at).total_seconds() / 60)


def _situation(planned: rules.Planned, chosen: scenario.ElectionFacts, said_at: datetime, waves: int) -> advice.Situation:
    """Everything packed in the warehouse, because a scenario says nothing of stock; trips that have left by then are on their way."""
    told: tuple[weather.Wave, ...] = ()
    if waves >= 0:
        shore = [node.code for node in planned.network.nodes if node.kind in {"dermaga", "pulau"}]
        until = planned.midnight_at + timedelta(days=1)
        told = tuple(weather.Wave(code, said_at, until, waves, said_at, "baris perintah") for code in shore)
    now_min = _minute(said_at, planned.midnight_at)
    state = rules.State(
        now_min,
        departed={trip.code: trip.depart_min for trip in planned.plan.trips if trip.depart_min <= now_min and trip.return_min > now_min},
        arrived=_arrived(planned, now_min),
        waves=told,
        inputs=(rules.Assumed("stock", "assumed_packed", travel.Basis.ASSUMED),),
    )
    keep = rules.Assumptions()
    return advice.Situation(planned, chosen.tps_list, state, keep, advice.spare_means(planned, keep))


def _arrived(planned: rules.Planned, now_min: int) -> dict[str, int]:
    """Loads whose trip is over by now according to the plan."""
    over: list[distribution.Trip] = [trip for trip in planned.plan.trips if trip.return_min <= now_min]
    return {code: stop.depart_min for trip in over for stop in trip.stops if not stop.handover for code in stop.loads}


def _names(facts: scenario.Scenario, chosen: scenario.ElectionFacts) -> dict[str, str]:
    """Names of TPS, desa, kecamatan, islands and the region by code."""
    named = {tps.code: f"{tps.name} {tps.desa_name}, Kec. {tps.kecamatan_name}" for tps in chosen.tps_list}
    named |= {tps.desa_code: tps.desa_name for tps in chosen.tps_list}
    named |= {tps.kecamatan_code: f"Kec. {tps.kecamatan_name}" for tps in chosen.tps_list}
    named |= {site.code: site.name for site in facts.sites}
    return {**named, "": facts.name}


def answer(name: str, election: str, outlook: rules.Outlook, names: dict[str, str]) -> dict[str, Any]:
    """The outlook for machines: probabilities between 0 and 1, TPS the least likely first."""

    def cause(one: rules.Cause) -> dict[str, Any]:
        return {"code": one.code, "subject": one.subject, "share": one.share_ppm / rules.MILLION, "text": words.cause(one), **one.facts}

    def action(one: rules.Action) -> dict[str, Any]:
        return {
            "code": one.code,
            "subject": one.subject,
            "text": words.action(one),
            "facts": dict(one.facts),
            "gain_tps": one.gain.ready_milli / 1000,
            "gain_low": one.gain.low_milli / 1000,
            "gain_high": one.gain.high_milli / 1000,
            "gain_all": one.gain.all_ppm / rules.MILLION,
            "cost_rp": one.cost_rp,
            "work_min": one.work_min,
            "by_at": one.by_at.astimezone(WIB).isoformat(timespec="minutes") if one.by_at else None,
            "tps": list(one.tps),
        }

    return {
        "scenario": name,
        "election": election,
        "p_all_ready": outlook.all_ppm / rules.MILLION,
        "expected_not_ready": outlook.not_ready_milli / 1000,
        "tps": [
            {
                "tps": one.tps,
                "name": names.get(one.tps, one.tps),
                "p_ready": one.ready_ppm / rules.MILLION,
                "causes": [cause(c) for c in one.causes],
            }
            for one in outlook.tps
        ],
        "actions": [action(one) for one in outlook.actions],
        "places": [
            {
                "place": p.place or "all",
                "name": names.get(p.place, p.place),
                "tps": p.tps,
                "expected_not_ready": p.not_ready_milli / 1000,
                "p_all_ready": p.all_ppm / rules.MILLION,
                "p_there_by_h1": p.before_ppm / rules.MILLION,
            }
            for p in outlook.places
        ],
        "inputs": [
            {"name": one.name, "text": ": ".join(words.given(one)[:2]), "value": one.value, "basis": one.basis.value}
            for one in outlook.inputs
        ],
        "said_at": outlook.said_at.isoformat(timespec="minutes"),
        "deadline_at": outlook.deadline_at.isoformat(timespec="minutes"),
        "seed": outlook.seed,
        "scenarios": outlook.scenarios,
        "input_hash": outlook.input_hash,
        "method": "conditional Monte Carlo, common random numbers",
        "marks": ["PERKIRAAN", "ASUMSI", "SEMENTARA"],
    }
