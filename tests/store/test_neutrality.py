"""The audit over what the stores hold: registered first, computed from what was recorded, never changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import neutrality as rules
from posko.domain.neutrality import Grouping, Metric
from posko.store import neutrality, record

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
AREAS = tuple(
    rules.Area(f"19.06.0{1 + k % 4}.20{k:02}", f"Desa {k}", f"Kecamatan {k % 4}", f"Dapil {k % 2}", tps=3 + k % 5, hours=0.5 + k % 3)
    for k in range(20)
)


def gathered(repeat: int, favoured: str = "") -> neutrality.Gathered:
    cases = []
    for area in AREAS:
        times = repeat * area.tps * (3 if area.kecamatan == favoured else 1) // 4
        cases += [rules.Case(Metric.RECOMMENDATIONS, area.code)] * times
        slow = 4 if area.kecamatan == favoured else 1
        cases += [rules.Case(Metric.ANSWER_TIME, area.code, slow * (20 + 7 * (k % 9)), "logistik") for k in range(4)]
    return neutrality.Gathered(AREAS, tuple(cases), {})


def by_code(results: list[rules.Result]) -> dict[str, rules.Result]:
    return {r.code: r for r in results}


def test_a_kecamatan_that_gets_thrice_its_due_and_waits_longest_is_found_in_both() -> None:
    held = rules.NeedScore(1, 0, 0)
    found = by_code(neutrality.compare(gathered(4, "Kecamatan 2"), held))
    acts, waits = found["recommendations.kecamatan"], found["answer_time.kecamatan"]
    assert acts.n >= 60
    assert acts.held_ppm < 50_000
    assert acts.widest is not None
    assert acts.widest.name == "Kecamatan 2"
    assert waits.held_ppm < 50_000
    assert waits.widest is not None
    assert waits.widest.name == "Kecamatan 2"


def test_an_even_hand_is_not_accused_and_what_lacks_cases_is_not_judged() -> None:
    held = rules.NeedScore(1, 0, 0)
    results = neutrality.compare(gathered(4), held)
    found = by_code(results)
    assert len(results) == len(Metric) * len(Grouping)
    assert found["recommendations.kecamatan"].held_ppm > 50_000
    assert found["escorts.dapil"].n == 0
    verdicts = {r.code: rules.verdict(run) for r, run in zip(results, rules.runs(audit(results)), strict=True)}
    assert verdicts["recommendations.dapil"] == "nothing_found"
    assert verdicts["escorts.dapil"] == "too_few"


def audit(results: list[rules.Result]) -> rules.Audit:
    return rules.Audit("UJI-001", AT, rules.NeedScore(1, 0, 0), 1, "", tuple(results))


def test_holm_goes_over_those_that_are_judged_only() -> None:
    results = neutrality.compare(gathered(4, "Kecamatan 2"), rules.NeedScore(1, 0, 0))
    judged = [r for r in results if r.n >= 60]
    assert [r.held_ppm for r in judged] == rules.holm([r.p_ppm for r in judged])
    assert all(r.held_ppm == r.p_ppm for r in results if r.n < 60)


def test_the_digest_follows_what_is_compared_and_nothing_else() -> None:
    one = gathered(4)
    assert one.digest == neutrality.Gathered(one.areas, tuple(reversed(one.cases)), {Metric.ESCORTS: 3}).digest
    assert one.digest != gathered(5).digest


def test_nothing_runs_before_a_yardstick_is_registered(installation: Any) -> None:
    with pytest.raises(rules.NotRegistered):
        neutrality.run("pemilu-2024", installation.actors["juwita"], AT)
    assert neutrality.audits("pemilu-2024", AT) == []


def test_a_yardstick_needs_a_reason_and_a_change_and_its_history_stays(installation: Any) -> None:
    juwita = installation.actors["juwita"]
    with pytest.raises(rules.NoReason):
        neutrality.register("pemilu-2024", 250, 1000, "  ", juwita, AT)
    first = neutrality.register("pemilu-2024", 250, 1000, "Jarak menambah beban.", juwita, AT)
    with pytest.raises(rules.SameScore):
        neutrality.register("pemilu-2024", 250, 1000, "Sekali lagi.", juwita, AT)
    later = neutrality.register("pemilu-2024", 500, 0, "Laporan tidak merata.", juwita, AT + timedelta(days=1))
    assert (first.version, later.version) == (1, 2)
    assert neutrality.score("pemilu-2024", AT) == first
    assert [reason for _, reason in neutrality.scores("pemilu-2024", AT + timedelta(days=2))] == [
        "Laporan tidak merata.", "Jarak menambah beban.",
    ]  # fmt: skip


def test_a_run_of_the_regency_is_recorded_with_its_input_and_read_back_as_it_was(db_beltim: Any) -> None:
    juwita = db_beltim.actors["juwita"]
    neutrality.register("pemilu-2024", 250, 1000, "Jarak menambah beban.", juwita, AT)
    made = neutrality.run("pemilu-2024", juwita, AT)
    assert made.code == "UJI-001"
    assert made.mark == "[SIMULASI]"
    assert {rules.verdict(run) for run in rules.runs(made)} == {"too_few"}  # nothing has happened yet
    assert neutrality.get("pemilu-2024", "UJI-001", AT) == made
    given = neutrality.gather("pemilu-2024", AT)
    assert given.digest == made.input_hash
    assert len(given.areas) == 39
    assert sum(a.tps for a in given.areas) == 363
    assert len({a.dapil for a in given.areas}) == 3
    assert "tanpa dapil" not in {a.dapil for a in given.areas}
    far = next(a for a in given.areas if a.name == "Buku Limau")
    assert far.hours > 1  # a boat leg counts
    assert neutrality.audits("pemilu-2024", AT - timedelta(seconds=1)) == []
    assert neutrality.signals("pemilu-2024", AT) == []
    assert record.verify().faults == ()
