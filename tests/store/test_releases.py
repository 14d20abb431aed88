"""Publications in the store: two people or a rule of two people, exactly what was seen, nothing disappears; what the public can reach."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import grimp
import pytest

from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.domain import releases as rules
from posko.domain import reports as report_rules
from posko.store import record, releases
from tests.publications import AT, HOUR, compose, forged, goods

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
REASON = "Salah hitung di gudang"


@pytest.fixture
def who(installation: Any) -> Any:
    return installation.actors


def publish(who: Any, made: rules.Publication, at: datetime) -> rules.Publication:
    waits = releases.propose(E, made, who["ani"], at)
    return releases.approve(E, waits.code, who["fajar"], waits.digest, at + timedelta(minutes=5))


def envelope(entry: releases.Entry) -> dict[str, Any]:
    return dict(json.loads(record.opened(entry.entry_id).envelope))


def kinds() -> list[str]:
    return list(record.Entry.objects.filter(kind__startswith="release.").order_by("leaf_index").values_list("kind", flat=True))


# --- by two people ------------------------------------------------------------------------------------------------------------


def test_two_people_publish_exactly_what_was_seen_and_the_journal_says_who_and_which_hash(who: Any) -> None:
    made = compose()
    waits = releases.propose(E, made, who["ani"], AT)
    assert releases.latest(E, AT) is None
    releases.approve(E, waits.code, who["fajar"], made.digest, AT + HOUR)
    assert releases.latest(E, AT) is None  # it went out an hour later
    latest = releases.latest(E, AT + HOUR)
    assert latest is not None
    assert latest.content == made.content
    (entry,) = releases.history(E, AT + HOUR)
    assert (entry.number, entry.proposer, entry.person, entry.published_at) == (1, "p-ani", "p-fajar", AT + HOUR)
    said = json.loads(record.opened(entry.entry_id).facts)
    assert (said["digest"], said["figures"][2]) == (made.digest, "ready=2/4")
    assert envelope(entry)["approvals"] == ["p-ani", "p-fajar"]
    assert kinds() == ["release.proposed", "release.published"]


def test_nobody_approves_his_own_another_hash_or_after_a_day(who: Any) -> None:
    made = compose()
    waits = releases.propose(E, made, who["ani"], AT)
    with pytest.raises(access_rules.SamePerson):
        releases.approve(E, waits.code, who["ani"], made.digest, AT)
    with pytest.raises(access_rules.SeenOther):
        releases.approve(E, waits.code, who["fajar"], compose(goods=(goods(accepted=71),)).digest, AT)
    with pytest.raises(access_rules.ApprovalExpired):
        releases.approve(E, waits.code, who["fajar"], made.digest, AT + 24 * HOUR)
    assert releases.history(E, AT + 24 * HOUR) == []
    assert releases.proposal(E, waits.code, AT + 24 * HOUR).outcome == "expired"
    releases.approve(E, waits.code, who["fajar"], made.digest, AT + 24 * HOUR - timedelta(seconds=1))


def test_a_second_press_of_the_button_publishes_nothing_twice(who: Any) -> None:
    made = compose()
    waits = releases.propose(E, made, who["ani"], AT)
    with pytest.raises(rules.AlreadyProposed):
        releases.propose(E, made, who["ani"], AT)
    releases.approve(E, waits.code, who["fajar"], made.digest, AT)
    with pytest.raises(rules.NotOpen):
        releases.approve(E, waits.code, who["fajar"], made.digest, AT)
    with pytest.raises(rules.Overtaken):
        releases.propose(E, made, who["ani"], AT)
    assert len(releases.history(E, AT)) == 1


def test_what_was_overtaken_made_later_or_for_another_election_does_not_go_out(who: Any) -> None:
    first = publish(who, compose(), AT)
    waits = releases.propose(E, compose(first, AT + HOUR), who["ani"], AT + HOUR)
    rule = in_force(who, AT + HOUR)
    other = compose(first, AT + 2 * HOUR, rules.Way(rule=rule.code))
    releases.publish_by_rule(E, rule.code, AT + 2 * HOUR, other, "", AT + 2 * HOUR)
    with pytest.raises(rules.Overtaken):
        releases.approve(E, waits.code, who["fajar"], waits.digest, AT + 3 * HOUR)
    assert releases.proposal(E, waits.code, AT + 3 * HOUR).outcome == "overtaken"
    assert releases.open_proposal(E, AT + 3 * HOUR) is None
    for wrong in (compose(other, AT + 9 * HOUR), compose(other, AT + 3 * HOUR, election="pilkada-2024")):
        with pytest.raises(rules.Overtaken):
            releases.propose(E, wrong, who["ani"], AT + 4 * HOUR)


def test_what_may_not_be_public_is_refused_at_the_door_whoever_made_it(who: Any) -> None:
    with pytest.raises(rules.NotPublic):
        releases.propose(E, forged(compose(), lambda d: d["sections"].update(aght=[])), who["ani"], AT)
    with pytest.raises(rules.WrongFigure):
        releases.propose(E, forged(compose(), lambda d: d["sections"]["figures"][2].update(numerator=4)), who["ani"], AT)
    assert kinds() == []


def test_the_second_person_refuses_with_a_reason_and_only_the_proposer_takes_back(who: Any) -> None:
    waits = releases.propose(E, compose(), who["ani"], AT)
    with pytest.raises(rules.ReasonMissing):
        releases.turn_down(E, waits.code, "  pendek ", who["fajar"], AT)
    with pytest.raises(rules.NotProposer):
        releases.withdraw(E, waits.code, REASON, who["fajar"], AT)
    releases.turn_down(E, waits.code, REASON, who["fajar"], AT)
    found = releases.proposal(E, waits.code, AT)
    assert (found.outcome, found.reason, found.decided_by) == ("refused", REASON, "p-fajar")
    again = releases.propose(E, compose(), who["ani"], AT)
    releases.withdraw(E, again.code, REASON, who["ani"], AT)
    assert [one.outcome for one in releases.proposals(E, AT)] == ["withdrawn", "refused"]
    assert kinds() == ["release.proposed", "release.refused", "release.proposed", "release.withdrawn"]


def test_typed_reasons_are_neutral_and_stand_where_they_can_be_erased(who: Any) -> None:
    first = publish(who, compose(), AT)
    partisan = rules.Way(corrects=1, reason_code="count", reason="Untuk kemenangan caleg kita semua")
    with pytest.raises(report_rules.Guarded):
        releases.propose(E, compose(first, AT + HOUR, partisan), who["ani"], AT + HOUR)
    waits = releases.propose(E, compose(first, AT + HOUR), who["ani"], AT + HOUR)
    with pytest.raises(report_rules.Guarded):
        releases.turn_down(E, waits.code, "Untuk kemenangan caleg kita semua", who["fajar"], AT + HOUR)
    releases.turn_down(E, waits.code, REASON, who["fajar"], AT + HOUR)
    said = record.Opening.objects.filter(entry_id__in=record.Entry.objects.values_list("entry_id", flat=True))
    assert not any(REASON in bytes(one.facts).decode() or REASON in bytes(one.envelope).decode() for one in said)


@pytest.mark.parametrize(
    "words",
    [
        "Salah ketik oleh Ani di gudang",
        "Hubungi Pak Ahmad di gudang",
        "Telepon 0812 3456 7890 untuk jelasnya",
        "NIK 1906012002900001 ikut tertulis",
    ],
)
def test_a_reason_that_the_public_reads_names_nobody(who: Any, words: str) -> None:
    first = publish(who, compose(), AT)
    with pytest.raises(rules.NamesSomebody):
        releases.propose(E, compose(first, AT + HOUR, rules.Way(corrects=1, reason_code="count", reason=words)), who["ani"], AT + HOUR)


# --- corrections ----------------------------------------------------------------------------------------------------------------


def corrected(who: Any, code: str) -> None:
    first = publish(who, compose(), AT)
    way = rules.Way(corrects=1, reason_code=code, reason=REASON)
    publish(who, compose(first, AT + HOUR, way), AT + HOUR)


def test_a_correction_names_the_wrong_one_and_the_wrong_one_stays(who: Any) -> None:
    corrected(who, "late")
    now = AT + 2 * HOUR
    second, first = releases.history(E, now)
    assert (second.corrects, second.reason_code, second.reason) == (1, "late", REASON)
    assert (first.corrected_by, first.closed) == (2, False)
    assert releases.history(E, AT + timedelta(minutes=30))[0].corrected_by == 0
    assert releases.get(E, 1, now).number == 1
    assert envelope(second)["corrects"] == first.entry_id


def test_what_was_not_for_the_public_is_closed_and_its_number_and_reason_stay(who: Any) -> None:
    corrected(who, "not_public")
    now = AT + 2 * HOUR
    with pytest.raises(rules.Closed):
        releases.get(E, 1, now)
    assert releases.get(E, 1, now, closed=True).number == 1
    assert releases.get(E, 1, AT + timedelta(minutes=30)).number == 1  # it was open then
    assert [entry.closed for entry in releases.history(E, now)] == [False, True]
    latest = releases.latest(E, now)
    assert latest is not None
    assert latest.number == 2


# --- the standing rule ------------------------------------------------------------------------------------------------------------


def in_force(who: Any, at: datetime, minutes: tuple[int, ...] = (1080,)) -> rules.StandingRule:
    asked = releases.propose_rule(E, rules.CHOOSABLE, minutes, at, at + timedelta(days=3), who["ani"], at)
    return releases.approve_rule(E, asked.rule.code, who["fajar"], asked.rule.digest, at).rule


def test_a_rule_is_made_by_two_people_and_speaks_from_then_on(who: Any) -> None:
    asked = releases.propose_rule(E, (), (1080,), AT, AT + timedelta(days=3), who["ani"], AT)
    assert releases.in_force(E, AT) is None
    with pytest.raises(rules.AlreadyProposed):
        releases.propose_rule(E, (), (360,), AT, AT + timedelta(days=3), who["ani"], AT)
    with pytest.raises(access_rules.SamePerson):
        releases.approve_rule(E, asked.rule.code, who["ani"], asked.rule.digest, AT)
    with pytest.raises(access_rules.SeenOther):
        releases.approve_rule(E, asked.rule.code, who["fajar"], "0" * 64, AT)
    with pytest.raises(access_rules.ApprovalExpired):
        releases.approve_rule(E, asked.rule.code, who["fajar"], asked.rule.digest, AT + 24 * HOUR)
    releases.approve_rule(E, asked.rule.code, who["fajar"], asked.rule.digest, AT + HOUR)
    found = releases.in_force(E, AT + HOUR)
    assert found is not None
    assert (found.rule.proposer, found.rule.approver) == ("p-ani", "p-fajar")
    assert releases.in_force(E, AT + timedelta(days=3)) is None


def test_a_newer_rule_replaces_the_older_and_a_stopped_one_does_not_bring_it_back(who: Any) -> None:
    first, second = in_force(who, AT), in_force(who, AT + HOUR, (360,))
    assert [one.state for one in releases.standing(E, AT + HOUR)] == ["in_force", "replaced"]
    with pytest.raises(rules.NotOpen):
        releases.stop_rule(E, first.code, REASON, who["fajar"], AT + HOUR)
    releases.stop_rule(E, second.code, REASON, who["fajar"], AT + 2 * HOUR)
    assert [one.state for one in releases.standing(E, AT + 2 * HOUR)] == ["stopped", "replaced"]
    assert releases.in_force(E, AT + 2 * HOUR) is None


def test_one_person_stops_a_rule_at_once_and_nothing_goes_out_any_more(who: Any) -> None:
    rule = in_force(who, AT)
    made = compose(None, AT + HOUR, rules.Way(rule=rule.code))
    releases.stop_rule(E, rule.code, REASON, who["fajar"], AT + HOUR)
    assert releases.due(E, AT + 12 * HOUR) is None
    with pytest.raises(rules.NotOpen):
        releases.publish_by_rule(E, rule.code, AT + HOUR, made, "", AT + HOUR)
    assert releases.history(E, AT + HOUR) == []


def test_a_rule_runs_once_for_a_slot_and_each_run_is_in_the_journal(who: Any) -> None:
    rule = in_force(who, AT)  # 18.00 WIB is AT
    found = releases.due(E, AT)
    assert found is not None
    slot = found[1]
    made = compose(None, AT, rules.Way(rule=rule.code))
    assert releases.publish_by_rule(E, rule.code, slot, made, "", AT) == made
    assert releases.publish_by_rule(E, rule.code, slot, made, "", AT) is None
    assert releases.due(E, AT + 23 * HOUR) is None
    again = releases.due(E, AT + 24 * HOUR)
    assert again is not None
    assert again[1] == AT + 24 * HOUR
    (entry,) = releases.history(E, AT)
    assert (entry.rule, entry.proposer, entry.person) == (rule.code, "p-ani", "p-fajar")
    assert envelope(entry)["procedure"] == rule.code


def test_what_keeps_a_rule_from_publishing_is_written_down_and_waits_in_the_inbox(who: Any, cast: Any) -> None:
    rule = in_force(who, AT)
    releases.publish_by_rule(E, rule.code, AT, None, "releases.underway", AT)
    assert releases.due(E, AT + HOUR) is None
    assert [(run.slot_at, run.refusal) for run in releases.runs(E, AT)] == [(AT, "releases.underway")]
    assert [task.kind for task in releases.waiting(cast["ani"], E, AT)] == ["releases.failed"]
    assert kinds()[-1] == "release.run_failed"


def test_a_publication_of_another_rule_does_not_pass_for_this_ones(who: Any) -> None:
    rule = in_force(who, AT)
    with pytest.raises(rules.Overtaken):
        releases.publish_by_rule(E, rule.code, AT, compose(None, AT, rules.Way(rule="ATR-009")), "", AT)


# --- inbox, search ----------------------------------------------------------------------------------------------------------------


def test_a_proposal_waits_for_the_second_person_and_for_nobody_else(who: Any, cast: Any) -> None:
    releases.propose(E, compose(), who["ani"], AT)
    releases.propose_rule(E, (), (1080,), AT, AT + timedelta(days=1), who["ani"], AT)
    assert [t.kind for t in releases.waiting(cast["fajar"], E, AT)] == ["releases.approve", "releases.approve_rule"]
    assert all(not releases.waiting(cast[name], E, AT) for name in ("ani", "citra", "juwita", "hadi", "dedi", "budi"))
    assert [t.kind for t in releases.waiting(cast["ani"], E, AT + 25 * HOUR)] == ["releases.expired"]


def test_a_publication_is_found_by_number_and_by_the_beginning_of_its_hash(who: Any, cast: Any) -> None:
    made = publish(who, compose(), AT)
    for words in ("1", "terbitan 1", made.digest[:6], made.digest.upper()):
        assert [hit.args for hit in releases.find(cast["ani"], E, words, AT + HOUR)] == [("1",)], words
    for words in ("", "2", "terbitan", made.digest[:5], "x"):
        assert releases.find(cast["ani"], E, words, AT + HOUR) == [], words


# --- what the public can reach ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "read", [lambda: releases.get(E, 7, AT), lambda: releases.proposal(E, "TRB-9", AT), lambda: releases.rule_of(E, "X", AT)]
)
def test_what_is_not_there_is_unknown(who: Any, read: Callable[[], object]) -> None:
    with pytest.raises(rules.Unknown):
        read()


def test_from_publications_no_import_leads_to_assessment_advice_or_meeting() -> None:
    graph = grimp.build_graph("posko")
    closed = ("store.aght", "store.recommendations", "store.rakor", "store.extracts", "domain.aght", "domain.recommendations")
    for start in ("posko.store.releases", "posko.domain.releases"):
        for end in closed:
            assert graph.find_shortest_chain(start, f"posko.{end}") is None, (start, end)


def test_actor_of_a_rule_is_one_of_its_two_people(who: Any) -> None:
    rule = in_force(who, AT)
    releases.publish_by_rule(E, rule.code, AT, compose(None, AT, rules.Way(rule=rule.code)), "", AT)
    (entry,) = releases.history(E, AT)
    assert envelope(entry)["actor"] == facts.Actor("p-fajar", "KPU").person
