"""The sampling audit in the store: frozen before the seed, drawn once, examined by two, and every earlier state readable."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from posko.domain import sampling as rules
from posko.store import record, sampling
from tests import beltim, erasing

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = datetime(2024, 2, 10, 3, tzinfo=UTC)
DICE = "41623551264311652436 2"
LATER = AT + timedelta(hours=1)


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Forty sealed boxes of two contests, without the stage before."""
    boxes = [
        rules.Boxed(f"{contest}-{n:014}", contest, f"19.06.02.2001.{n:03}", "BABEL") for contest in ("DPD", "DPR") for n in range(1, 21)
    ]
    monkeypatch.setattr(sampling, "_sealed", lambda _election, _at: boxes)
    return installation.actors


def committed(scene: Any, at: datetime = AT, size: int = 5, **strata: int) -> list[rules.Audit]:
    plans = {stratum: rules.Plan(number, 5, 950, len(strata)) for stratum, number in strata.items()} or {"": rules.Plan(size, 9, 950)}
    return sampling.commit(E, plans, "dice", "", scene["ani"], at, mark="[SIMULASI]")


def test_from_a_frozen_list_to_a_statement_each_instant_reads_as_it_was(scene: Any) -> None:
    (audit,) = committed(scene)
    assert (audit.size, audit.state) == (40, "committed")
    with pytest.raises(rules.NotDrawn):
        sampling.record_result(E, audit.code, audit.boxes[0].code, True, (), scene["lutfi"], scene["oki"], AT)
    with pytest.raises(rules.SeedTooEarly):
        sampling.draw(E, audit.code, DICE, scene["ani"], AT)
    now = sampling.draw(E, audit.code, DICE, scene["ani"], LATER)
    assert now.drawn == rules.drawn(DICE.replace(" ", ""), (b.code for b in audit.boxes), 5)
    for minutes, box in enumerate(now.drawn, start=1):
        wrong = ("short",) if minutes == 2 else ()
        at = LATER + timedelta(minutes=minutes)
        sampling.record_result(E, audit.code, box, not wrong, wrong, scene["lutfi"], scene["oki"], at, 299 if wrong else None, 301)
    end = LATER + timedelta(minutes=9)
    said = rules.statement(sampling.get_audit(E, audit.code, end))
    assert (said.final, said.wrong, said.bound) == (True, 1, rules.upper_bound(40, 5, 1, rules.risk_of(950)))
    before = rules.statement(sampling.get_audit(E, audit.code, LATER))
    assert (before.final, before.bound) == (False, 40), "boxes not yet examined count as wrong"
    assert sampling.get_audit(E, audit.code, AT).state == "committed"
    kinds = list(record.Entry.objects.order_by("leaf_index").values_list("kind", flat=True))
    assert kinds[-7:] == ["sample.committed", "sample.drawn", *["box.reopened"] * 5]


def test_a_second_draw_is_another_audit_and_the_first_stays(scene: Any) -> None:
    (audit,) = committed(scene)
    sampling.draw(E, audit.code, DICE, scene["ani"], LATER)
    with pytest.raises(rules.AlreadyDrawn):
        sampling.draw(E, audit.code, DICE[::-1], scene["ani"], LATER + timedelta(minutes=1))
    with pytest.raises(rules.ReasonMissing):
        sampling.abandon(E, audit.code, " ", scene["ani"], LATER)
    sampling.abandon(E, audit.code, "dadu jatuh dari meja", scene["ani"], LATER + timedelta(minutes=2))
    committed(scene, LATER + timedelta(minutes=3))
    found = sampling.audits(E, LATER + timedelta(minutes=4))
    assert [(a.code, a.state) for a in found] == [("UJI-001", "abandoned"), ("UJI-002", "committed")]
    assert found[0].seed != ""
    with pytest.raises(rules.Abandoned):
        sampling.record_result(E, "UJI-001", found[0].drawn[0], True, (), scene["lutfi"], scene["oki"], LATER + timedelta(minutes=5))


def test_a_list_changed_behind_our_back_is_not_drawn_from(scene: Any) -> None:
    (audit,) = committed(scene)
    row = sampling.SamplingAuditRow.objects.get(code=audit.code)
    row.boxes = row.boxes[1:]
    row.save()
    with pytest.raises(rules.ListBroken):
        sampling.draw(E, audit.code, DICE, scene["ani"], LATER)


def test_each_contest_has_a_statement_of_its_own(scene: Any) -> None:
    found = committed(scene, DPD=4, DPR=6)
    assert [(a.stratum, a.size, a.plan.size, a.sitting) for a in found] == [("DPD", 20, 4, "SID-001"), ("DPR", 20, 6, "SID-001")]
    assert {a.plan.risk for a in found} == {rules.risk_of(950, 2)}
    assert {b.contest for b in found[1].boxes} == {"DPR"}


def test_what_is_refused_leaves_no_row_and_no_entry(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = record.root()
    for wrong, act in (
        (rules.BadPlan, lambda: committed(scene, size=41)),
        (rules.NoBoxes, lambda: committed(scene, PPWP=3)),
        (rules.NoBoxes, lambda: sampling.commit(E, {}, "dice", "", scene["ani"], AT)),
        (rules.AgreementMissing, lambda: sampling.commit(E, {"": rules.Plan(3, 1, 950)}, "public", "x", scene["ani"], AT)),
        (rules.UnknownThing, lambda: sampling.draw(E, "UJI-009", DICE, scene["ani"], AT)),
    ):
        with pytest.raises(wrong):
            act()
    assert record.root() == before
    (audit,) = committed(scene)
    after = record.root()
    with pytest.raises(rules.BadSeed):
        sampling.draw(E, audit.code, "123", scene["ani"], LATER)
    with pytest.raises(rules.UnknownThing):
        sampling.draw("pilkada-2024", audit.code, DICE, scene["ani"], LATER)
    assert record.root() == after


def test_a_box_that_was_not_drawn_stays_closed_and_a_result_is_corrected_with_two(scene: Any) -> None:
    (audit,) = committed(scene)
    now = sampling.draw(E, audit.code, DICE, scene["ani"], LATER)
    outside = next(b.code for b in audit.boxes if b.code not in now.drawn)
    with pytest.raises(rules.NotInSample):
        sampling.record_result(E, audit.code, outside, True, (), scene["lutfi"], scene["oki"], LATER)
    box = now.drawn[0]
    sampling.record_result(E, audit.code, box, False, ["short"], scene["lutfi"], scene["oki"], LATER)
    with pytest.raises(rules.AlreadyExamined):
        sampling.record_result(E, audit.code, box, True, (), scene["lutfi"], scene["oki"], LATER)
    late = LATER + timedelta(hours=2)
    with pytest.raises(rules.ReasonMissing):
        sampling.correct_result(E, audit.code, box, True, (), "", scene["ani"], scene["oki"], late)
    sampling.correct_result(E, audit.code, box, True, (), "satu lembar terselip", scene["ani"], scene["oki"], late)
    assert (sampling.get_audit(E, audit.code, late).wrong, sampling.get_audit(E, audit.code, LATER).wrong) == (0, 1)
    result = (sampling.get_audit(E, audit.code, late).results or {})[box]
    assert result.corrections == 1


def test_each_person_sees_what_waits_and_what_was_found_is_signalled(scene: Any, cast: Any) -> None:
    (audit,) = committed(scene)
    assert [t.kind for t in sampling.waiting(cast["ani"], E, AT)] == ["sampling.draw"]
    assert sampling.waiting(cast["lutfi"], E, AT) == []
    now = sampling.draw(E, audit.code, DICE, scene["ani"], LATER)
    assert [(t.kind, t.label) for t in sampling.waiting(cast["lutfi"], E, LATER)] == [("sampling.open", "UJI-001: 5")]
    assert sampling.waiting(cast["juwita"], E, LATER) == []
    assert sampling.signals(E, LATER) == []
    sampling.record_result(E, audit.code, now.drawn[0], False, ["wrong_dapil"], scene["lutfi"], scene["oki"], LATER)
    assert [(s.rule, s.mark) for s in sampling.signals(E, LATER)] == [("R05.uji", "[SIMULASI]")]
    assert [h.label for h in sampling.find(cast["ani"], E, "uji-001", LATER)] == ["UJI-001"]
    assert sampling.print_minutes(E, "UJI-001", scene["ani"], LATER) == 1


def test_only_sealed_boxes_of_tps_are_in_the_list(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [
        SimpleNamespace(code=code, contest=contest, tps="19.06.02.2001.001", dapil="BABEL", sealed_at=sealed_at)
        for code, contest, sealed_at in (("B", "DPR", AT), ("A", "DPD", AT), ("C", "DPR", None), ("D", "", AT))
    ]
    monkeypatch.setattr(sampling.packing, "boxes", lambda _election, _at: boxes)
    assert [b.code for b in sampling.population(E, AT)] == ["A", "B"]
    assert [b.code for b in sampling.population(E, AT, "DPR")] == ["B"]


def test_the_demo_says_its_one_sentence(scene: Any) -> None:
    said = "\n".join(beltim.step("sampling"))
    assert "kotak dibuka, 1 salah, benih dadu 4162355126431165243652136244 [SIMULASI]" in said
    assert "95 % yakin: paling banyak" in said


@pytest.mark.parametrize("act", ["draw", "result", "abandon"])
def test_what_may_happen_once_cannot_happen_twice_even_where_the_rule_looked_away(
    scene: Any, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (audit,) = committed(scene)
    sampling.draw(E, audit.code, DICE, scene["ani"], LATER)
    box = sampling.get_audit(E, audit.code, LATER).drawn[0]
    at = LATER + timedelta(minutes=3)
    acts = {
        "draw": ("check_draw", rules.AlreadyDrawn, lambda: sampling.draw(E, audit.code, DICE[::-1], scene["ani"], at)),
        "result": (
            "check_result",
            rules.AlreadyExamined,
            lambda: sampling.record_result(E, audit.code, box, True, (), scene["lutfi"], scene["oki"], at),
        ),
        "abandon": ("check_abandoning", rules.Abandoned, lambda: sampling.abandon(E, audit.code, "dadu hilang", scene["ani"], at)),
    }
    rule, refusal, again = acts[act]
    if act != "draw":
        again()
    before = record.root()
    monkeypatch.setattr(rules, rule, lambda *_: None)
    with pytest.raises(refusal):
        again()
    assert record.root() == before


def test_the_agreed_words_can_be_erased_and_the_draw_stays_checkable(scene: Any) -> None:
    words = "IHSG penutupan 12 Februari 2024"
    (audit,) = sampling.commit(E, {"": rules.Plan(5, 9, 950)}, "public", f" {words} ", scene["ani"], AT)
    assert audit.agreed == words
    erasing.erase_private(audit.entry_id, scene["ani"], "diminta", AT)
    assert sampling.get_audit(E, audit.code, LATER).agreed == record.ERASED
    now = sampling.draw(E, audit.code, "7.297.67", scene["ani"], LATER)
    assert now.seed == f"{rules.agreed_digest(words)} 729767"
    assert now.drawn == rules.drawn(now.seed, (b.code for b in audit.boxes), 5)
    said = b"".join(bytes(o.facts) for o in record.Opening.objects.all())
    assert words.encode() not in said
    assert rules.agreed_digest(words).encode() in said
    assert not rules.worded(now), "the words are gone, so no print pretends to check them"


def test_a_list_frozen_before_the_words_were_private_is_drawn_with_their_hash(scene: Any) -> None:
    (audit,) = sampling.commit(E, {"": rules.Plan(5, 9, 950)}, "public", "angka undian bank", scene["ani"], AT)
    record.Opening.objects.filter(entry_id=audit.entry_id).update(private=None, private_salt=None, erased_at=AT)
    sampling.SamplingAuditRow.objects.filter(code=audit.code).update(agreed="angka undian bank", agreed_digest="")
    now = sampling.draw(E, audit.code, "1234", scene["ani"], LATER)
    assert now.seed == f"{rules.agreed_digest('angka undian bank')} 1234"


def test_a_note_can_be_erased(scene: Any) -> None:
    (audit,) = committed(scene)
    box = sampling.draw(E, audit.code, DICE, scene["ani"], LATER).drawn[0]
    at = LATER + timedelta(minutes=3)
    sampling.record_result(E, audit.code, box, False, ["short"], scene["lutfi"], scene["oki"], at, note="satu lembar robek")
    found = (sampling.get_audit(E, audit.code, at).results or {})[box]
    assert found.note == "satu lembar robek"
    assert "note" not in record.entry(E, found.entry_id).facts
    erasing.erase_private(found.entry_id, scene["ani"], "diminta", at)
    assert (sampling.get_audit(E, audit.code, at).results or {})[box].note == record.ERASED
