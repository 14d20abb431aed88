"""What is gathered for the public from the stages of a real regency, and what is left behind; the worker and its rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import places as place_rules
from posko.domain import readiness as readiness_rules
from posko.domain import releases as rules
from posko.domain.readiness import Answer
from posko.server import jobs
from posko.store import access, aght, dpt, extracts, places, readiness, receipts, recommendations, record, releases, reports
from tests import beltim
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT, HOUR = datetime(2024, 2, 13, 11, tzinfo=UTC), timedelta(hours=1)
LAND = "19.06.01.2001.001"


@pytest.fixture
def here(installation: Any) -> Any:
    """Places alone: everything else has its empty state."""
    beltim.at("places")
    return installation


def check(tps: str, at: datetime, **more: Any) -> readiness_rules.Check:
    values: dict[str, Any] = {"items": Answer.YES, "missing": (), "seals": Answer.YES, "place": Answer.YES, "kpps": Answer.YES}
    return readiness_rules.Check(tps, checked_at=at, person="p-budi", agency="PPK", **(values | more))


def island_tps() -> str:
    return next(tps.code for tps in places.tps_list(E) if tps.island)


def row(publication: rules.Publication, tps: str) -> dict[str, Any]:
    return next(one for one in publication.sections["tps"] if one["code"] == tps)


def draft(at: datetime = AT) -> rules.Publication:
    return extracts.draft(E, rules.Way(), at)


def test_an_empty_house_publishes_unknown_and_nought_and_nothing_it_does_not_know(here: Any) -> None:
    made = draft()
    assert made.figure("unknown")["numerator"] == 363  # type: ignore[index]
    assert made.figure("voters")["numerator"] == rules.UNKNOWN  # type: ignore[index]
    assert made.sections["receipts"] == []
    assert len(made.sections["places"]["desa"]) == 39
    assert len(made.sections["places"]["kecamatan"]) == 7
    assert len(made.sections["recommendations"]["addressees"]) == 4
    assert made.marks == ("SEMENTARA", "[SIMULASI]")


def test_a_check_shows_after_its_embargo_on_land_two_hours_and_on_an_island_twelve(here: Any) -> None:
    far = island_tps()
    readiness.record_checks(E, [check(LAND, AT), check(far, AT)], AT)
    assert {row(draft(AT + HOUR), tps)["checked_at"] for tps in (LAND, far)} == {""}
    two = draft(AT + 2 * HOUR)
    assert (row(two, LAND)["arrived"], row(two, far)["arrived"]) == ("yes", "unknown")
    assert row(draft(AT + 12 * HOUR), far)["arrived"] == "yes"
    assert len(row(two, LAND)["entry"]) == 64
    entry = record.entry(E, row(two, LAND)["entry"])
    assert entry.subject == f"tps:{LAND}"
    assert rules.instant(row(two, LAND)["arrived_at"]) <= two.made_at - 2 * HOUR


def test_while_a_newer_check_waits_the_older_one_stands_and_waiting_ones_are_counted_but_not_when_few(here: Any) -> None:
    readiness.record_check(E, check(LAND, AT - 6 * HOUR), AT)
    readiness.record_check(E, check(LAND, AT, place=Answer.NO), AT)
    made = draft(AT + HOUR)
    assert row(made, LAND)["reasons"] == ["need_unconfirmed"]
    assert made.sections["withheld"] == {"checks": rules.SUPPRESSED}
    assert row(draft(AT + 2 * HOUR), LAND)["reasons"] == ["need_unconfirmed", "place_not_ready"]
    codes = [tps.code for tps in places.tps_list(E)][10:15]
    readiness.record_checks(E, [check(code, AT + HOUR) for code in codes], AT + HOUR)
    assert draft(AT + 2 * HOUR).sections["withheld"] == {"checks": 5}


def test_a_broken_seal_and_a_missing_item_have_no_name_outside(here: Any) -> None:
    readiness.record_check(E, check(LAND, AT - 3 * HOUR, seals=Answer.NO), AT)
    made = draft()
    assert row(made, LAND)["reasons"] == ["need_unconfirmed", "under_check"]
    assert row(made, LAND)["state"] == "not_ready"


def test_the_refused_requests_of_the_guard_are_counted_a_day_later(here: Any) -> None:
    ani = here.actors["citra"]
    for _ in range(6):
        reports.count_guard(E, "post_text", ["identity"], "refused", ani, AT)
    reports.count_guard(E, "search", ["identity"], "answered", ani, AT)
    assert draft(AT + 23 * HOUR).sections["guard"]["refused"] == 0
    assert draft(AT + 24 * HOUR).sections["guard"] | {"as_of": ""} == {
        "as_of": "", "refused": 6, "kinds": [{"kind": "identity", "count": 6}],
    }  # fmt: skip


# --- the whole regency ----------------------------------------------------------------------------------------------------------


EVE = datetime(2024, 2, 13, 13, tzinfo=UTC)


def quoted(word: str) -> bytes:
    return f'"{word}"'.encode()


def test_a_plan_changes_not_one_byte_of_what_goes_out(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a truck is expected in an hour, was expected an hour ago or is not planned at all: the public cannot tell."""
    readiness.record_check(E, check(LAND, AT - 3 * HOUR), AT)
    unplanned = draft()
    codes = [tps.code for tps in places.tps_list(E)]
    for hours in (-1, 1):
        monkeypatch.setattr(readiness, "arrivals", lambda *_, late=hours: dict.fromkeys(codes, AT + late * HOUR))
        judged = {reason.code for verdict in readiness.verdicts(E, AT) for reason in verdict.reasons}
        assert ("not_delivered" in judged) == (hours > 0)  # inside, the plan does make a difference
        assert draft().content == unplanned.content


def instants(publication: rules.Publication) -> set[str]:
    return {one[key] for one in publication.sections["tps"] for key in ("checked_at", "arrived_at") if one[key]}


def _agree(first: rules.Publication) -> None:
    """On the day of the rakor the public reads the number of the rakor."""
    gauge = receipts.gauge(E, RAKOR_AT)
    share = gauge.units("accepted", gauge.ordered_items)
    figure = first.figure("units_ordered")
    assert figure is not None
    assert (figure["numerator"], figure["denominator"]) == (share.numerator, share.denominator)
    run = dpt.current(E, RAKOR_AT)
    assert run is not None
    assert first.figure("voters")["numerator"] == run.total  # type: ignore[index]


def _agree_on_the_eve(last: rules.Publication) -> None:
    """Published as ready is only what the board calls ready too; what was seen in the last hours waits."""
    board = {one.tps: one.state.value for one in readiness.verdicts(E, EVE)}
    ready = {one["code"] for one in last.sections["tps"] if one["state"] == "ready"}
    assert ready
    assert all(board[tps] == "ready" for tps in ready)
    assert last.sections["withheld"]["checks"] >= 5
    assert len(ready) < sum(state == "ready" for state in board.values())


@pytest.mark.slow
def test_what_the_demonstration_publishes_is_one_chain_and_names_no_person_plan_aght_or_letter(db_beltim: Any) -> None:
    beltim.through("receipts", "distribution", "readiness", "reports", "aght", "recommendations", "releases")
    past = releases.history(E, EVE)
    made = [releases.get(E, entry.number, EVE) for entry in reversed(past)]
    assert rules.chain_faults(made) == ()
    for one in made:
        rules.check(one)
    told = b"".join(one.content for one in made)
    for person, name in access.names().items():
        assert person.encode() not in told
        assert quoted(name) not in told
    codes = [s.code for s in receipts.shipments(E, EVE)]
    codes += [text for a in aght.register(E, EVE) for text in (a.code, a.title)]
    codes += [text for r in recommendations.listing(E, EVE) for text in (r.code, r.title)]
    assert all(code.encode() not in told for code in codes)
    for site in places.sites("19.06"):
        assert (site.kind == "pulau") == (quoted(site.name) in told), site
    seen = {rules.written(one.checked_at) for one in readiness.checks(E, EVE)}
    assert all(instants(one) <= seen for one in made)
    _agree(made[0])
    _agree_on_the_eve(draft(EVE))
    assert [one.rule for one in extracts.signals(E, EVE)] == ["R23.beda"]
    assert [one.rule for one in extracts.signals(E, EVE + 40 * HOUR)][:1] == ["R23"]


def test_r23_compares_what_is_published_with_the_record_as_it_would_be_published_now(here: Any) -> None:
    assert extracts.signals(E, AT) == []
    waits = releases.propose(E, draft(), here.actors["ani"], AT)
    releases.approve(E, waits.code, here.actors["fajar"], waits.digest, AT)
    assert extracts.signals(E, AT + HOUR) == []
    codes = [tps.code for tps in places.tps_list(E) if not tps.island][:30]
    readiness.record_checks(E, [check(code, AT + HOUR, place=Answer.NO) for code in codes], AT + HOUR)
    assert extracts.signals(E, AT + 2 * HOUR) == []  # nobody outside may see them yet
    assert [one.rule for one in extracts.signals(E, AT + 3 * HOUR)] == ["R23.beda"]
    assert [one.rule for one in extracts.signals(E, AT + 31 * HOUR)] == ["R23", "R23.beda"]


# --- the worker -----------------------------------------------------------------------------------------------------------------


def rule_of_two(here: Any, at: datetime) -> rules.StandingRule:
    ani, fajar = here.actors["ani"], here.actors["fajar"]
    asked = releases.propose_rule(E, (), (18 * 60,), at, at + timedelta(days=5), ani, at)
    return releases.approve_rule(E, asked.rule.code, fajar, asked.rule.digest, at).rule


def set_clock(here: Any, at: datetime) -> None:
    record.set_clock(at, here.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_the_worker_publishes_at_the_hour_of_the_rule_once_and_not_after_it_was_stopped(here: Any) -> None:
    rule = rule_of_two(here, AT - 2 * HOUR)
    set_clock(here, AT - timedelta(minutes=1))
    assert jobs.publish_due() == 0
    set_clock(here, AT + timedelta(minutes=1))
    assert [jobs.publish_due(), jobs.publish_due()] == [1, 0]
    (entry,) = releases.history(E, AT + HOUR)
    assert (entry.rule, entry.number) == (rule.code, 1)
    assert set(releases.get(E, 1, AT + HOUR).sections) & {"receipts", "guard"} == set()
    releases.stop_rule(E, rule.code, "Angka gudang sedang diperiksa", here.actors["fajar"], AT + HOUR)
    set_clock(here, AT + 24 * HOUR)
    assert jobs.publish_due() == 0


def test_what_may_not_go_out_is_written_down_with_its_slot_and_not_tried_every_second(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rule_of_two(here, AT - 2 * HOUR)
    whole = extracts.gather

    def leaky(election: str, at: datetime, policy: rules.Policy | None = None) -> rules.Material:
        found = whole(election, at, policy)
        return replace(found, stations=(replace(found.stations[0], name="PSK1:B:123"), *found.stations[1:]))

    monkeypatch.setattr(extracts, "gather", leaky)
    set_clock(here, AT)
    assert jobs.publish_due() == 0
    assert [run.refusal for run in releases.runs(E, AT)] == ["releases.code_inside"]
    assert releases.due(E, AT + HOUR) is None

    def broken(*_: object) -> rules.Material:
        raise ZeroDivisionError

    monkeypatch.setattr(extracts, "gather", broken)
    set_clock(here, AT + 24 * HOUR)
    assert jobs.publish_due() == 0
    assert [run.refusal for run in releases.runs(E, AT + 25 * HOUR)] == ["releases.broken", "releases.code_inside"]
    assert releases.history(E, AT + 25 * HOUR) == []


def test_somebody_who_publishes_at_that_moment_comes_first_and_the_worker_after_him(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rule_of_two(here, AT - 2 * HOUR)
    set_clock(here, AT)
    whole = extracts.gather

    def slow(election: str, at: datetime, policy: rules.Policy | None = None) -> rules.Material:
        found = whole(election, at, policy)
        monkeypatch.setattr(extracts, "gather", whole)
        by_hand = rules.compose(found, None, rules.Way(), at)
        waits = releases.propose(E, by_hand, here.actors["ani"], at)
        releases.approve(E, waits.code, here.actors["fajar"], waits.digest, at)
        monkeypatch.undo()
        return found

    monkeypatch.setattr(extracts, "gather", slow)
    assert [jobs.publish_due(), jobs.publish_due(), jobs.publish_due()] == [0, 1, 0]
    assert [(entry.number, bool(entry.rule)) for entry in releases.history(E, AT)] == [(2, True), (1, False)]


def test_points_of_kecamatan_are_the_mean_of_their_desa_and_no_tps_has_a_point(here: Any) -> None:
    held = draft().sections["places"]
    manggar = [one for one in held["desa"] if one["kecamatan_code"] == "19.06.01"]
    middle = next(one for one in held["kecamatan"] if one["code"] == "19.06.01")
    assert abs(middle["lat_e6"] - sum(one["lat_e6"] for one in manggar) / len(manggar)) < 1
    assert place_rules.level(manggar[0]["code"]) == "desa"
    assert not any("lat" in key for key in draft().sections["tps"][0])


def test_a_clock_that_was_set_back_publishes_after_what_it_sees_with_the_next_free_number(here: Any) -> None:
    ani, fajar = here.actors["ani"], here.actors["fajar"]
    for at in (AT, AT + 24 * HOUR, AT + HOUR):
        waits = releases.propose(E, draft(at), ani, at)
        releases.approve(E, waits.code, fajar, waits.digest, at)
    assert [entry.number for entry in releases.history(E, AT + 2 * HOUR)] == [3, 1]
    third = releases.get(E, 3, AT + 2 * HOUR)
    assert third.previous == releases.get(E, 1, AT + 2 * HOUR).digest
    latest = releases.latest(E, AT + 48 * HOUR)
    assert latest is not None
    assert latest.number == 2
