"""Stage extracts: which of our facts may be offered to the public? Gathers from the stages; `public` cannot reach it.

Only what was scanned, counted or decided by then. Readiness is judged anew without any plan: whether a TPS is "not delivered" would turn
at the planned hour and so tell it. Counts of the post are those of a day before.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from posko.domain import places as place_rules
from posko.domain import readiness as readiness_rules
from posko.domain import receipts as receipt_rules
from posko.domain import recommendations as recommendation_rules
from posko.domain import record as facts
from posko.domain import releases as rules
from posko.formats import receipts as printed
from posko.store import dpt, places, readiness, receipts, recommendations, record, regulation, releases, reports

ADDRESSEES = ("BAWASLU", "KPU", "PEMDA", "POLRES")
"""Those to whom the post can write: one that got nothing is a nought, not a gap."""


def draft(election: str, way: rules.Way, at: datetime) -> rules.Publication:
    """The next publication as it would go out now. Refusals: see domain.releases.compose."""
    number = releases.newest_number(election) + 1
    return rules.compose(gather(election, at), releases.latest(election, at), way, at, number=number)


def gather(election: str, at: datetime, policy: rules.Policy | None = None) -> rules.Material:
    """Everything that may be offered at an instant."""
    held = policy or rules.Policy()
    about = record.election(election)
    size, root = record.root()
    counted_at = at - timedelta(minutes=held.delay_min)
    stations, embargoed = _stations(election, at, held)
    return rules.Material(
        election=election,
        election_name=about.name,
        region=about.region,
        region_name=places.region_name(about.region),
        voting_at=about.voting_at,
        stations=stations,
        goods=_goods(receipts.gauge(election, at)),
        letters=_letters(election, counted_at),
        guard=_guard(election, counted_at),
        rules=_rules(election, at),
        places=_places(about.region),
        journal_size=size,
        journal_root=root,
        embargoed=embargoed,
        marks=_marks(),
    )


def publish_due(election: str, at: datetime) -> rules.Publication | None:
    """What the standing rule asks for now, if anything: gathered outside any transaction, sent out in one. The worker calls this.

    A rule broken by the offer is written down with its slot, so that it is not tried for ever; somebody sees it in the inbox.
    """
    found = releases.due(election, at)
    if found is None:
        return None
    standing, slot_at = found
    made, refusal = None, ""
    try:
        made = draft(election, rules.Way(rule=standing.rule.code, sections=standing.rule.sections), at)
    except facts.Refusal as refused:
        refusal = refused.code
    return releases.publish_by_rule(election, standing.rule.code, slot_at, made, refusal, at)


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R23: the public reads old figures, or figures from which the record has moved away. Counts of the post are left out of the second:
    they are a day old by rule."""
    published = releases.latest(election, at)
    if published is None:
        return []
    limits = releases.limits(election, at)
    stations, _ = _stations(election, at, rules.Policy())
    now = rules.figures_of(stations, _goods(receipts.gauge(election, at)))
    drift = rules.drift_signal(published, now, election, limits)
    return [*rules.old_signal(published, election, record.election(election).voting_at, at, limits), *drift]


def _marks() -> tuple[str, ...]:
    """Whatever a demonstration publishes is made up, whoever pressed the button."""
    return ("[SIMULASI]",) if record.installation().demo else ()


# --- TPS --------------------------------------------------------------------------------------------------------------------


def _stations(election: str, at: datetime, policy: rules.Policy) -> tuple[tuple[rules.Station, ...], int]:
    """Each TPS by its newest check whose embargo has passed; and at how many a newer check still waits."""
    tps_list = {tps.code: tps for tps in places.tps_list(election)}
    made = [check for check in readiness.checks(election, at) if check.tps in tps_list]
    newest = {check.tps: check for check in made}
    shown = {c.tps: c for c in made if c.checked_at + policy.embargo(bool(tps_list[c.tps].island)) <= at}
    limits = readiness.limits(election, at)
    voters = dpt.voters(election, at)
    varying = [contest for contest, found in places.dapil_here(election).items() if len(found) > 1]
    dapil = places.dapil_map(election)
    islands = {site.code: site.name for site in places.sites(record.election(election).region)}
    stations = []
    for known in readiness.all_facts(election, at):
        tps, check = tps_list[known.tps], shown.get(known.tps)
        verdict = readiness_rules.judge(readiness_rules.openly(known, check), at, limits)
        count = voters.get(tps.code)
        stations.append(
            rules.Station(
                code=tps.code, number=tps.number, name=tps.name, desa_code=tps.desa_code, desa=tps.desa_name,
                kecamatan_code=tps.kecamatan_code, kecamatan=tps.kecamatan_name, kind=tps.kind, provisional=tps.provisional,
                island=islands.get(tps.island, tps.island), dapil={c: dapil[c, tps.code] for c in varying if (c, tps.code) in dapil},
                voters=count.dpt if count else rules.UNKNOWN, estimate=bool(count and count.estimate), state=verdict.state.value,
                reasons=tuple(reason.code for reason in verdict.reasons), seen_at=check.checked_at if check else None,
                items=check.items.value if check else "", entry=check.entry_id if check else "",
                marks=(check.mark,) if check and check.mark else (),
            )
        )  # fmt: skip
    return tuple(stations), sum(shown.get(tps) != check for tps, check in newest.items())


# --- goods ------------------------------------------------------------------------------------------------------------------


def _goods(gauge: receipt_rules.Gauge) -> tuple[rules.Row, ...]:
    """Lines of the gauge for the whole regency: ordered, received, accepted. Never where, never what is under way, never when it is due."""
    return tuple(
        {
            "item": row.demand.item, "name": printed.line_name(row.demand.name, row.demand.contest, row.demand.dapil),
            "contest": row.demand.contest, "dapil": row.demand.dapil, "unit": row.demand.unit,
            "need": rules.UNKNOWN if row.demand.quantity is None else row.demand.quantity, "grade": row.demand.grade,
            "confirmed": int(row.demand.confirmed), "ordered": row.ordered, "received": row.received, "accepted": row.accepted,
            "marks": sorted({*row.marks, *(("PERKIRAAN",) if row.demand.estimate else ())} - {""}),
        }
        for row in gauge.rows
    )  # fmt: skip


# --- the post ---------------------------------------------------------------------------------------------------------------


def _letters(election: str, at: datetime) -> rules.Letters:
    """Counts over issued recommendations, each in one place only."""
    issued = [one for one in recommendations.listing(election, at) if one.issued_at is not None]
    counts = Counter(_standing(one, at) for one in issued)
    answered = counts["accepted"] + counts["partly"] + counts["refused"]
    waiting = counts["in_time"] + counts["overdue"]
    totals = {**{name: counts[name] for name in rules.TOTALS}, "issued": len(issued), "answered": answered, "waiting": waiting}
    to = Counter(one.addressee for one in issued)
    return rules.Letters(totals, {agency: to[agency] for agency in (*ADDRESSEES, *(a for a in to if a not in ADDRESSEES))}, _marks())


def _standing(one: recommendation_rules.Recommendation, at: datetime) -> str:
    """refused | partly | accepted | withdrawn | overdue | in_time: by the last decision of the addressee, else by what it waits for."""
    act = recommendation_rules.Act
    answers = {act.REFUSE: "refused", act.ACCEPT_PARTLY: "partly", act.ACCEPT: "accepted"}
    said = [answers[event.act] for event in one.events if event.act in answers]
    if one.decided_at is not None and said:
        return said[-1]
    if one.ended:
        return "withdrawn"
    return "overdue" if one.overdue(at) else "in_time"


def _guard(election: str, at: datetime) -> dict[str, int]:
    """Requests that the guard refused, by what they asked for."""
    counts: Counter[str] = Counter()
    for (_door, kind, decision), count in reports.guard_counts(election, at).items():
        if decision == "refused":
            counts[kind] += count
    return dict(sorted(counts.items()))


# --- what does not move -----------------------------------------------------------------------------------------------------


def _rules(election: str, at: datetime) -> tuple[rules.Row, ...]:
    """Each use of each item with its quantity, article and grade."""
    return tuple(
        {
            "item": item.code, "name": item.name, "use": use.name, "per": use.per.value,
            "quantity": rules.UNKNOWN if use.amount is None else use.amount, "article": use.article, "grade": use.grade.value,
            "confirmed": int(use.confirmation is not None),
        }
        for item in regulation.rulebook(election, at).items
        for use in item.uses
    )  # fmt: skip


def _places(region: str) -> rules.Row:
    """Settlement points of the desa, their mean for a kecamatan, islands with a pin; in millionths of a degree."""
    desa = places.desa_list(region)
    return {
        "kecamatan": [{"code": k.code, "name": k.name, **_middle(desa, k.code)} for k in places.kecamatan_list(region)],
        "desa": [{"code": d.code, "name": d.name, "kecamatan_code": d.kecamatan_code, **_point(d.lat, d.lon)} for d in desa],
        "islands": [
            {"name": site.name, **_point(site.lat, site.lon)}
            for site in places.sites(region)
            if site.kind == "pulau" and site.lat is not None and site.lon is not None
        ],
    }


def _middle(desa: Iterable[place_rules.Desa], kecamatan: str) -> dict[str, Any]:
    inside = [(d.lat, d.lon) for d in desa if d.kecamatan_code == kecamatan]
    if not inside:
        return {"lat_e6": 0, "lon_e6": 0}
    return _point(sum(lat for lat, _ in inside) / len(inside), sum(lon for _, lon in inside) / len(inside))


def _point(lat: float, lon: float) -> dict[str, Any]:
    return {"lat_e6": round(lat * 1_000_000), "lon_e6": round(lon * 1_000_000)}
