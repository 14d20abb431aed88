"""Grading, the register, referrals: appended, and readable as of any moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import aght as rules
from posko.domain import dpt as dpt_rules
from posko.domain import places as place_rules
from posko.domain import reports as report_rules
from posko.domain.aght import Answers, Kind, Route, Shares, Standing
from posko.store import aght, distribution, dpt, places, record, reports

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
E = "pemilu-2024"
DESA = "19.06.02.2001"
TPS = tuple(f"{DESA}.{n:03}" for n in (1, 2))


@pytest.fixture
def actors(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two TPS of one desa with 200 voters each."""
    listed = [place_rules.Tps(c, int(c[-3:]), c, DESA, "Gantung", DESA[:8], "Gantung", "reguler", "", False, 0.0, 0.0) for c in TPS]
    desa = [
        place_rules.Desa(DESA, "Gantung", DESA[:8], "Gantung", 0.0, 0.0),
        place_rules.Desa("19.06.02.2002", "Lain", DESA[:8], "Gantung", 0.0, 0.0),
    ]
    monkeypatch.setattr(places, "tps_list", lambda _election: listed)
    monkeypatch.setattr(places, "desa_list", lambda _region: desa)
    for name in ("kecamatan_list", "sites", "sea_legs"):
        monkeypatch.setattr(places, name, lambda _region: [])
    monkeypatch.setattr(dpt, "voters", lambda _election, _at: {c: dpt_rules.TpsVoters(c, 200, estimate=True) for c in TPS}, raising=False)
    return installation.actors


def file() -> str:
    filing = report_rules.filing(
        "Jalan ke desa terputus", category=report_rules.Category.GEO, channel=report_rules.Channel.PHONE, source=report_rules.Source.KPU,
        place=DESA, at=AT,
    )  # fmt: skip
    reports.file_report(E, filing, reports.PUBLIC_ACTOR, AT)
    return reports.listing(E, AT)[0].number


def grade(actors: Any, report: str, source: str = "B", information: str = "2", at: datetime = AT) -> None:
    said = {"claim": "Jalan ke desa terputus", "chain": "", "basis": "petugas melihat", "actor": actors["citra"], "at": at}
    aght.grade_source(E, report, source=source, **said)
    aght.grade_information(E, report, information=information, basis="sesuai foto", actor=actors["citra"], at=at)


def open_item(actors: Any, report: str = "", **more: Any) -> str:
    said: dict[str, Any] = {
        "title": "Jalan terputus", "place": DESA, "answers": Answers(True, happening=True), "claim": "Jalan ke desa terputus",
        "gatra": "geografi", "variable": "6", "shares": Shares(10, 50, 100), "actor": actors["citra"], "at": AT, "report": report,
    }  # fmt: skip
    return aght.open_item(E, **{**said, **more})


def test_from_a_report_to_a_ranked_item_with_its_explanation(actors: Any) -> None:
    number = file()
    grade(actors, number)
    code = open_item(actors, number)
    item = aght.get(E, code, AT)
    assert (item.kind, item.title, item.voters, item.estimate) == (Kind.GANGGUAN, "[SIMULASI] Jalan terputus", 400, True)
    assert round(item.p, 3) == 0.287
    assert item.loss.mode == 57
    assert [line.report for line in item.posterior.lines] == [number]
    assert reports.get(E, number, AT).status is report_rules.Status.ASSESSING


def test_information_is_graded_after_the_source(actors: Any) -> None:
    number = file()
    with pytest.raises(rules.SourceFirst):
        aght.grade_information(E, number, information="1", basis="x", actor=actors["citra"], at=AT)


def test_an_ungraded_report_opens_no_item(actors: Any) -> None:
    number = file()
    with pytest.raises(rules.Ungraded):
        open_item(actors, number)
    assert aght.register(E, AT) == []


def test_the_post_writes_no_labels_of_participants_anywhere(actors: Any) -> None:
    number = file()
    with pytest.raises(report_rules.Guarded):
        aght.grade_source(E, number, claim="Partai menutup jalan", chain="", source="B", basis="x", actor=actors["citra"], at=AT)
    with pytest.raises(report_rules.Guarded):
        open_item(actors, title="Massa caleg di jalan")
    code = open_item(actors)
    with pytest.raises(report_rules.Guarded):
        aght.set_standing(E, code, Standing.CLOSED, "umat sudah pulang", actors["citra"], AT)


def test_what_is_not_operational_becomes_no_item(actors: Any) -> None:
    with pytest.raises(rules.NotOperational):
        open_item(actors, answers=Answers(False))


def test_a_new_assessment_leaves_the_old_one_readable(actors: Any) -> None:
    code = open_item(actors)
    later = AT + timedelta(days=1)
    aght.assess(
        E, code, answers=Answers(True), claim="Jalan dapat terputus lagi", gatra="geografi", variable="6", shares=Shares(0, 10, 20),
        prior_permille=200, note="surut", actor=actors["citra"], at=later,
    )  # fmt: skip
    assert aght.get(E, code, AT).kind is Kind.GANGGUAN
    now = aght.get(E, code, later)
    assert (now.kind, [a.version for a in now.assessments]) == (Kind.TANTANGAN, [1, 2])


def test_a_closed_item_takes_no_assessment_and_ends_its_hazard(actors: Any) -> None:
    code = open_item(actors)
    aght.set_hazard(E, code, "banjir", 90, actors["citra"], AT)
    assert [(h.place, h.delay_min, h.source) for h in distribution.hazards(E, AT)] == [(DESA, 90, code)]
    later = AT + timedelta(hours=1)
    aght.set_standing(E, code, Standing.CLOSED, "air surut", actors["citra"], later)
    assert distribution.hazards(E, later) == []
    assert aght.get(E, code, AT).standing is Standing.OPEN
    with pytest.raises(rules.Closed):
        aght.set_hazard(E, code, "banjir", 90, actors["citra"], later)


def test_a_suspected_offence_goes_to_bawaslu_with_a_receipt(actors: Any, cast: Any) -> None:
    number = file()
    aght.refer(E, number, Route.BAWASLU, "", actors["citra"], AT)
    assert reports.get(E, number, AT).status is report_rules.Status.REFERRED
    assert [t.args for t in aght.waiting(cast["juwita"], E, AT)] == [(number,)]
    later = AT + timedelta(hours=3)
    aght.acknowledge_referral(E, number, Route.BAWASLU, "TT-1", actors["juwita"], later)
    assert aght.referrals(E, AT)[0].receipt_no == ""
    assert aght.referrals(E, later)[0].receipt_no == "TT-1"
    assert aght.waiting(cast["juwita"], E, later) == []
    with pytest.raises(rules.AlreadyReferred):
        aght.refer(E, number, Route.BAWASLU, "", actors["citra"], later)


def test_silence_is_unknown_on_the_map(actors: Any) -> None:
    file()
    assert [(d.reports, d.unknown) for d in aght.desa(E, AT)] == [(1, False), (0, True)]


def test_facts_of_the_journal_hold_no_words_of_the_reporter(actors: Any) -> None:
    number = file()
    grade(actors, number)
    open_item(actors, number)
    kinds = [e.kind for e in record.Entry.objects.order_by("leaf_index")]
    assert kinds[-2:] == ["aght.opened", "aght.assessed"]
    assert {"report.filed", "report.graded", "report.status_set"} <= set(kinds)
