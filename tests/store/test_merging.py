"""Merging in the store: proposals are derived, people decide, nothing is deleted, the past can be asked."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import merging as rules
from posko.domain import reports as report_rules
from posko.domain.reports import Category, Channel, Source, Status
from posko.store import merging, places, record, reports

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
LATER = AT + timedelta(hours=3)
E = "pemilu-2024"
LEAK = "[SIMULASI] Atap gudang bocor di sisi timur, 12 kardus basah"
SAME = "[SIMULASI] atep gudang bocor min, 12 dus basah smua"
OTHER = "[SIMULASI] Atap gudang bocor di sisi timur, 40 kardus basah"


@pytest.fixture
def actors(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(places, "tps_list", lambda _election: [])
    monkeypatch.setattr(places, "desa_list", lambda _region: [])
    monkeypatch.setattr(places, "kecamatan_list", lambda _region: [])
    monkeypatch.setattr(places, "sites", lambda _region: [])
    return installation.actors


def file(text: str, at: datetime = AT, category: Category = Category.LOG) -> str:
    filing = report_rules.filing(text, category=category, channel=Channel.PUBLIC, source=Source.CITIZEN, place="", at=at)
    reports.file_report(E, filing, reports.PUBLIC_ACTOR, at)
    return reports.listing(E, at)[0].number


def proposed(at: datetime = LATER) -> list[tuple[str, ...]]:
    return [p.numbers for p in merging.proposals(E, at).groups]


def test_two_reports_of_one_leak_are_proposed_and_nothing_is_stored(actors: Any) -> None:
    one, two = file(LEAK), file(SAME)
    size, _ = record.root()
    assert proposed() == [(one, two)]
    assert record.root()[0] == size
    assert not merging.MergeRow.objects.exists()


def test_a_confirmed_group_stays_with_its_reports_as_they_were(actors: Any) -> None:
    one, two, three = file(LEAK), file(SAME), file("[SIMULASI] Dua anggota KPPS sakit", category=Category.HR)
    before = [(r.number, r.status, r.category, r.place) for r in reports.listing(E, LATER)]
    assert merging.confirm(E, [two, one], actors["citra"], LATER) == (one, two)
    assert merging.group_of(E, two, LATER) == (one, two)
    assert merging.group_of(E, three, LATER) == (three,)
    assert [(r.number, r.status, r.category, r.place) for r in reports.listing(E, LATER)] == before
    assert reports.words(E, two) is not None
    assert proposed() == []
    assert merging.group_of(E, two, LATER - timedelta(seconds=1)) == (two,)


def test_the_entry_lists_the_numbers_and_the_reason_is_private(actors: Any) -> None:
    one, two = file(LEAK), file(OTHER)
    merging.confirm(E, [one, two], actors["citra"], LATER, looked=True, reason="Pelapor kedua salah hitung kardus")
    row = merging.MergeRow.objects.get()
    opening = record.Opening.objects.get(entry_id=row.entry_id)
    assert json.loads(bytes(opening.envelope))["kind"] == "reports.merged"
    assert json.loads(bytes(opening.facts)) == {"numbers": [one, two], "looked": ["amount"], "method": "gabung-1", "mark": "[SIMULASI]"}
    assert b"salah hitung" not in bytes(opening.facts) + bytes(opening.envelope)
    assert b"salah hitung" in bytes(opening.private or b"")
    assert merging.reasons(E, LATER) == {row.entry_id: "Pelapor kedua salah hitung kardus"}


def test_contradicting_digits_are_shown_not_proposed_and_need_a_second_look(actors: Any) -> None:
    one, two = file(LEAK), file(OTHER)
    found = merging.proposals(E, LATER)
    assert found.groups == ()
    assert [(c.a, c.b, [b.code for b in c.barriers]) for c in found.contradicted] == [(one, two, ["amount"])]
    with pytest.raises(rules.SecondLook):
        merging.confirm(E, [one, two], actors["citra"], LATER)
    with pytest.raises(rules.ReasonMissing):
        merging.confirm(E, [one, two], actors["citra"], LATER, looked=True)
    assert merging.decisions(E, LATER) == []
    merging.confirm(E, [one, two], actors["citra"], LATER, looked=True, reason="Sudah ditelepon, sama")
    assert merging.decisions(E, LATER)[0].looked == ("amount",)


def test_not_the_same_is_kept_and_not_proposed_again(actors: Any) -> None:
    one, two = file(LEAK), file(SAME)
    merging.keep_apart(E, [one, two], actors["citra"], LATER)
    assert proposed() == []
    with pytest.raises(rules.SecondLook):
        merging.confirm(E, [one, two], actors["citra"], LATER)
    assert proposed(LATER - timedelta(seconds=1)) == [(one, two)]


def test_a_split_takes_a_report_out_with_a_reason_and_keeps_both_decisions(actors: Any) -> None:
    one, two, three = file(LEAK), file(SAME), file(SAME + " lg")
    merging.confirm(E, [one, two, three], actors["citra"], LATER)
    with pytest.raises(rules.ReasonMissing):
        merging.split(E, [two], "", actors["citra"], LATER)
    merging.split(E, [two], "Gudang yang lain, bukan gudang ini", actors["citra"], LATER)
    assert merging.standing(E, LATER).groups == ((one, three),)
    assert [d.act.value for d in merging.decisions(E, LATER)] == ["merged", "split"]
    assert proposed() == []


def test_a_reason_that_names_participants_is_refused_and_nothing_is_written(actors: Any) -> None:
    one, two = file(LEAK), file(OTHER)
    with pytest.raises(report_rules.Guarded):
        merging.confirm(E, [one, two], actors["citra"], LATER, looked=True, reason="Pelapor adalah simpatisan partai")
    assert not merging.MergeRow.objects.exists()


def test_a_group_that_others_changed_meanwhile_is_refused(actors: Any) -> None:
    one, two, three = file(LEAK), file(SAME), file(SAME + " lg")
    merging.confirm(E, [two, three], actors["gita"], LATER)
    with pytest.raises(rules.Changed):
        merging.confirm(E, [one, two], actors["citra"], LATER, whole=[one, two])
    assert merging.confirm(E, [one, two], actors["citra"], LATER, whole=[one, two, three]) == (one, two, three)


def test_an_unknown_report_is_refused(actors: Any) -> None:
    one = file(LEAK)
    with pytest.raises(report_rules.Unknown):
        merging.confirm(E, [one, "LAP-999"], actors["citra"], LATER)


def test_closed_pairs_and_erased_reports_are_not_proposed(actors: Any) -> None:
    one, two = file(LEAK), file(SAME)
    reports.set_status(E, one, Status.CLOSED, actors["citra"], LATER)
    assert proposed() == [(one, two)]  # the open one may be told of in a closed one
    reports.set_status(E, two, Status.CLOSED, actors["citra"], LATER)
    assert proposed() == []


def test_an_erased_report_is_proposed_to_nobody_and_keeps_its_group(actors: Any) -> None:
    one, two, three = file(LEAK), file(SAME), file(SAME + " lg")
    merging.confirm(E, [one, two], actors["citra"], LATER)
    reports.erase(E, two, "diminta pelapor", actors["gita"], LATER)
    assert merging.group_of(E, one, LATER) == (one, two)
    reports.erase(E, three, "diminta pelapor", actors["gita"], LATER)
    assert proposed() == []


def test_only_analysts_are_asked(actors: Any, cast: Any) -> None:
    one, two = file(LEAK), file(SAME)
    assert [t.args for t in merging.waiting(cast["citra"], E, LATER)] == [(f"{one}+{two}",)]
    assert merging.waiting(cast["budi"], E, LATER) == []
    assert merging.waiting(cast["juwita"], E, LATER) == []


@pytest.fixture
def beltim(db_beltim: Any) -> Any:
    return db_beltim


def test_places_of_the_election_tell_the_same_tps_number_in_two_desa_apart(
    beltim: Any, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    tps = {}
    for one in places.tps_list(E):
        tps.setdefault(one.number, {}).setdefault(one.desa_code, one.code)
    here, there = list(tps[1].values())[:2]
    text = "[SIMULASI] Segel kotak suara putus saat serah terima"
    numbers = []
    for place in (here, there, here):
        filing = report_rules.filing(text, category=Category.LOG, channel=Channel.PUBLIC, source=Source.CITIZEN, place=place, at=AT)
        reports.file_report(E, filing, reports.PUBLIC_ACTOR, AT)
        numbers.append(reports.listing(E, AT)[0].number)
    with django_assert_max_num_queries(30):
        assert proposed() == [(numbers[0], numbers[2])]
    read = merging.readings(E, numbers, AT)
    assert read[numbers[0]].names["tps"] == {"1"}
    assert [b.code for b in rules.barriers(read[numbers[0]], read[numbers[1]])] in (["desa"], ["kecamatan"])


def test_the_demo_confirms_what_is_sure_and_leaves_the_rest(db_beltim: Any) -> None:
    from posko.cli.demo.context import EVE_AT
    from tests import beltim

    beltim.step("reports")
    said = beltim.step("merging")
    groups = merging.standing(E, EVE_AT).groups
    assert groups
    assert said == [f"    {len(groups)} gabungan laporan dikonfirmasi, {len(proposed(EVE_AT))} usul menunggu keputusan [SIMULASI]"]
