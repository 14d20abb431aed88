"""Two numbers that differ: what may be raised, what can be computed, how both sides settle it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import disputes as rules
from posko.domain.disputes import Act, Dispute, Outcome, Recount, Side, State
from posko.domain.materials import OwnFigure, Unit
from posko.domain.rakor import Attendance, Meeting
from posko.domain.record import Actor

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANI, HADI, CITRA, INDRA = Actor("p-ani", "KPU"), Actor("p-hadi", "POLRES"), Actor("p-citra", "KEJARI"), Actor("p-indra", "PEMDA")
TABLE = frozenset({"KPU", "POLRES", "KEJARI", "PEMDA"})
MEETING = Meeting("RKR-001", "Rakor", "Manggar", AT, tuple(Attendance(a, a != "PEMDA") for a in sorted(TABLE)))
ENOUGH = "Polres belum memuat TPS khusus"


def claim(**more: Any) -> Side:
    return replace(Side("POLRES", 350, -1, Unit.TPS, "rekap pengamanan", AT - DAY, "c"), **more)


def frozen(**more: Any) -> Side:
    return replace(Side("KPU", 363, -1, Unit.TPS, "daftar TPS", AT, "f"), **more)


def dispute(**more: Any) -> Dispute:
    values: dict[str, Any] = {"frozen": frozen(), "claim": claim(), "raised_by": "POLRES", "raised_at": AT, "entry_id": "e0"}
    return Dispute("SLS-001", "RKR-001", "SNP-001", "d" * 64, "s" * 64, "tps", "TPS", **(values | more))


def after(one: Dispute, act: Act, actor: Actor, at: datetime = AT + HOUR, **more: Any) -> Dispute:
    step = rules.next_step(one, act, actor, at, table=TABLE, **more)
    return replace(one, steps=(*one.steps, replace(step, entry_id=f"e{len(one.steps) + 1}")))


def proposed(outcome: str = "frozen", actor: Actor = ANI, **more: Any) -> Dispute:
    return after(dispute(), Act.PROPOSE, actor, outcome=outcome, **more)


# --- raising -------------------------------------------------------------------------------------------------------------


def raise_one(raiser: str = "POLRES", standing: tuple[Dispute, ...] = (), **more: Any) -> None:
    rules.check_raise(MEETING, raiser, claim(**more), frozen(), "tps", "d" * 64, standing)


def test_who_may_read_the_pack_raises_for_itself_or_for_another_of_the_meeting() -> None:
    raise_one()
    raise_one("KEJARI")
    raise_one("KEJARI", agency="PEMDA")
    with pytest.raises(rules.NotAtTable):
        raise_one("PEMDA")  # invited and did not come: it may not read the pack
    with pytest.raises(rules.NotAtTable):
        raise_one("BAWASLU")
    with pytest.raises(rules.NotAtTable):
        raise_one(agency="BAWASLU")


def test_equal_numbers_are_no_dispute_and_another_unit_or_whole_is() -> None:
    with pytest.raises(rules.SameNumber):
        raise_one(number=363)
    raise_one(number=363, unit=Unit.PIECE)
    assert not rules.differ(claim(number=363, denominator=400), frozen())  # only one says of how many
    assert rules.differ(claim(number=363, denominator=400), frozen(denominator=363))


def test_one_dispute_at_a_time_about_a_figure_and_again_once_it_is_over() -> None:
    with pytest.raises(rules.AlreadyRaised):
        raise_one(standing=(dispute(),))
    raise_one(standing=(replace(dispute(), digest="x" * 64),))
    raise_one(standing=(after(proposed(), Act.AGREE, HADI),))
    raise_one(standing=(after(dispute(), Act.WITHDRAW, HADI, words=ENOUGH),))


def test_the_kpu_answers_for_frozen_numbers_and_the_kejari_against_the_kpu() -> None:
    assert [rules.holder_of(a) for a in ("POLRES", "KEJARI", "KPU")] == ["KPU", "KPU", "KEJARI"]


# --- settling ------------------------------------------------------------------------------------------------------------


def test_both_sides_agree_each_for_itself() -> None:
    one = proposed()
    assert one.state is State.PROPOSED
    assert rules.possible(one, "KPU") == ()  # who proposes has said yes
    done = after(one, Act.AGREE, HADI, at=AT + 2 * HOUR)
    assert (done.state, done.settled_at, done.task) == (State.SETTLED, AT + 2 * HOUR, None)
    assert all(rules.possible(done, a) == () for a in TABLE)


def test_a_third_party_that_raised_it_proposes_and_still_both_sides_must_agree() -> None:
    one = after(dispute(raised_by="KEJARI"), Act.PROPOSE, CITRA, outcome="both", words=ENOUGH)
    one = after(one, Act.AGREE, ANI)
    assert one.state is State.PROPOSED
    assert after(one, Act.AGREE, HADI).state is State.SETTLED
    assert rules.possible(dispute(), "KEJARI") == rules.possible(dispute(), "PEMDA") == ()


def test_one_that_disagrees_is_recorded_and_another_outcome_may_follow() -> None:
    one = after(proposed(), Act.DISAGREE, HADI, words=ENOUGH)
    assert one.state is State.DISAGREED
    assert one.proposal is not None
    assert (one.proposal.refused_by, one.proposal.why) == ("POLRES", ENOUGH)
    again = after(one, Act.PROPOSE, HADI, outcome="both", words=ENOUGH)
    assert again.state is State.PROPOSED
    assert after(again, Act.AGREE, ANI).state is State.SETTLED


def test_a_correction_names_who_enters_it_and_by_when_and_waits_for_the_report() -> None:
    one = proposed("agency", words="Tambah 13 TPS ke daftar", owner="KPU", due_at=AT + 3 * DAY)
    assert one.task is None  # nobody owes anything before both agree
    one = after(one, Act.AGREE, HADI)
    assert one.task is not None
    assert (one.state, one.task.owner, one.task.due_at) == (State.SETTLED, "KPU", AT + 3 * DAY)
    assert rules.possible(one, "KPU") == (Act.REPORT,)
    assert rules.possible(one, "POLRES") == ()
    done = after(one, Act.REPORT, ANI, words="Daftar diganti sesuai SK")
    assert (done.state, done.task) == (State.SETTLED, None)


def test_what_is_left_open_becomes_a_task_and_then_is_settled() -> None:
    one = after(proposed("left", words=ENOUGH, owner="PEMDA", due_at=AT + DAY), Act.AGREE, HADI)
    assert (one.state, one.settled_at) == (State.LEFT, None)
    found = after(one, Act.REPORT, INDRA, words="TPS khusus ada di lapas")
    assert (found.state, rules.possible(found, "KPU")) == (State.OPEN, (Act.PROPOSE,))
    assert after(after(found, Act.PROPOSE, ANI, outcome="frozen"), Act.AGREE, HADI).state is State.SETTLED


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"outcome": "menang"}, rules.BadOutcome),
        ({"outcome": "both"}, rules.WordsMissing),
        ({"outcome": "frozen", "words": "ya"}, rules.WordsMissing),
        ({"outcome": "agency", "words": ENOUGH, "due_at": AT + DAY}, rules.OwnerMissing),
        ({"outcome": "agency", "words": ENOUGH, "owner": "BAWASLU", "due_at": AT + DAY}, rules.OwnerMissing),
        ({"outcome": "left", "words": ENOUGH, "owner": "KPU"}, rules.BadDue),
        ({"outcome": "left", "words": ENOUGH, "owner": "KPU", "due_at": AT + HOUR}, rules.BadDue),
    ],
)
def test_an_outcome_that_says_too_little_is_refused(more: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        proposed(**more)


@pytest.mark.parametrize(
    ("act", "actor"), [(Act.AGREE, ANI), (Act.AGREE, CITRA), (Act.PROPOSE, ANI), (Act.REPORT, ANI), (Act.WITHDRAW, ANI)]
)
def test_nobody_answers_twice_or_for_another(act: Act, actor: Actor) -> None:
    with pytest.raises(rules.NoStep):
        rules.next_step(proposed(), act, actor, AT + HOUR, words=ENOUGH, outcome="frozen", table=TABLE)


# --- explaining ----------------------------------------------------------------------------------------------------------


def codes(c: Side, f: Side, at_claim: Recount | None = None, at_frozen: Recount | None = None) -> list[tuple[str, bool]]:
    return [(e.code, e.fits) for e in rules.explanations(c, f, at_claim, at_frozen)]


def test_another_time_explains_what_the_record_gives_for_it() -> None:
    assert codes(claim(), frozen(), Recount(AT - DAY, 350)) == [("time", True)]
    assert codes(claim(), frozen(), Recount(AT - DAY, 355)) == [("time", False)]
    assert codes(claim(), frozen(), Recount(AT - DAY, 363)) == [("time_same", False)]
    assert codes(claim(), frozen(), Recount(AT - DAY, None)) == [("time_unknown", False)]
    assert codes(claim(as_of_at=AT), frozen(), Recount(AT, 363)) == []


def test_entries_that_came_late_explain_what_they_changed() -> None:
    same = claim(as_of_at=AT)
    assert codes(same, frozen(), None, Recount(AT, 350)) == [("late", True)]
    assert codes(same, frozen(), None, Recount(AT, 360)) == [("late", False)]
    assert codes(same, frozen(), None, Recount(AT, 363)) == []


def test_another_whole_explains_equal_numbers_or_an_equal_share() -> None:
    same = {"as_of_at": AT}
    assert codes(claim(number=363, denominator=400, **same), frozen(denominator=380)) == [("whole", True)]
    assert codes(claim(number=50, denominator=100, **same), frozen(number=100, denominator=200)) == [("whole", True)]
    assert codes(claim(number=51, denominator=100, **same), frozen(number=103, denominator=200)) == [("whole", False)]
    assert codes(claim(number=51, denominator=100, **same), frozen(number=103)) == [("whole_missing", False)]


def test_thousands_and_per_cent_are_computed_and_other_units_only_named() -> None:
    same = {"as_of_at": AT}
    assert codes(claim(number=96, unit=Unit.THOUSAND, **same), frozen(number=95_791)) == [("thousand", True)]
    assert codes(claim(number=95, unit=Unit.THOUSAND, **same), frozen(number=95_791)) == [("thousand", False)]
    assert codes(claim(number=70, unit=Unit.PERCENT, **same), frozen(number=695, denominator=1000)) == [("percent", True)]
    assert codes(claim(number=69, unit=Unit.PERCENT, **same), frozen(number=695, denominator=1000)) == [("percent", False)]
    assert codes(claim(number=69, unit=Unit.PERCENT, **same), frozen(number=695)) == [("unit", False)]
    assert codes(claim(number=7, unit=Unit.CARTON, **same), frozen(number=700)) == [("unit", False)]


def test_rounding_explains_a_round_number_and_no_other() -> None:
    same = {"as_of_at": AT}
    assert codes(claim(number=360, **same), frozen()) == [("rounding", True)]
    assert codes(claim(number=400, **same), frozen()) == [("rounding", True)]
    assert codes(claim(number=370, **same), frozen()) == []
    assert codes(claim(number=1000, **same), frozen()) == []  # 363 is no thousand


@given(st.integers(0, 10**7), st.sampled_from([10, 100, 1000]))
def test_rounding_is_to_the_nearest_and_half_up(number: int, step: int) -> None:
    found = rules.rounded(number, step)
    assert found % step == 0
    assert -step < 2 * (found - number) <= step


def test_what_explains_everything_comes_first() -> None:
    found = codes(claim(number=360, denominator=400), frozen(denominator=363), Recount(AT - DAY, 355))
    assert found == [("rounding", True), ("whole", False), ("time", False)]


# --- what differs without anybody having said so ---------------------------------------------------------------------------

SECTIONS: dict[str, Any] = {
    "figures": [
        {"code": "tps", "label": "TPS", "numerator": 363, "denominator": -1, "source": "daftar TPS", "at": AT.isoformat(), "marks": []}
    ]
}


def brought(code: str, agency: str, number: int, **more: Any) -> OwnFigure:
    values: dict[str, Any] = {"figure": "tps", "label": "TPS", "denominator": -1, "unit": Unit.SAME, "source": "rekap"}
    return OwnFigure(
        **({"code": code, "meeting": "RKR-001", "agency": agency, "number": number, "as_of_at": AT, "brought_at": AT} | values | more)
    )


def test_each_number_is_laid_beside_the_frozen_one_and_beside_other_agencies() -> None:
    own = [brought("A1", "POLRES", 350), brought("A2", "PEMDA", 351), brought("A3", "KEJARI", 363), brought("A4", "KPU", 350)]
    found = [(g.own, g.other_own) for g in rules.gaps(SECTIONS, "f", "d" * 64, own, [])]
    assert found == [("A1", ""), ("A2", ""), ("A4", ""), ("A1", "A2"), ("A2", "A4")]


def test_labels_of_their_own_are_compared_by_their_words_and_unit() -> None:
    own = [
        brought("A1", "POLRES", 12, figure="", label="Pos jaga", unit=Unit.PIECE),
        brought("A2", "PEMDA", 14, figure="", label="pos  Jaga", unit=Unit.PIECE),
        brought("A3", "KPU", 14, figure="", label="Pos", unit=Unit.PIECE),
    ]  # fmt: skip
    assert [(g.own, g.other_own) for g in rules.gaps(SECTIONS, "f", "d" * 64, own, [])] == [("A1", "A2")]


def test_a_row_that_was_raised_names_its_dispute_and_a_withdrawn_one_does_not_count() -> None:
    own = [brought("A1", "POLRES", 350)]
    assert [g.dispute for g in rules.gaps(SECTIONS, "f", "d" * 64, own, [dispute()])] == ["SLS-001"]
    withdrawn = after(dispute(), Act.WITHDRAW, HADI, words=ENOUGH)
    assert [g.dispute for g in rules.gaps(SECTIONS, "f", "d" * 64, own, [withdrawn])] == [""]
    assert [g.dispute for g in rules.gaps(SECTIONS, "f", "x" * 64, own, [dispute()])] == [""]


def test_a_figure_that_the_snapshot_does_not_hold_is_unknown() -> None:
    with pytest.raises(rules.UnknownFigure):
        rules.figure_row(SECTIONS, "voters")
    assert rules.frozen_side(rules.figure_row(SECTIONS, "tps"), "POLRES", "f") == frozen()


def test_every_outcome_has_its_place() -> None:
    assert [o for o in Outcome if o in rules.TASKED] == [Outcome.AGENCY, Outcome.LEFT]
