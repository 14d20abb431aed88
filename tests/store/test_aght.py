"""Grading, the register, referrals: appended, and readable as of any moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import aght as rules
from posko.domain import dpt as dpt_rules
from posko.domain import places as place_rules
from posko.domain import reports as report_rules
from posko.domain.access import Grant
from posko.domain.aght import Answers, Cell, Kind, Outcome, Owner, Route, Shares, Standing
from posko.store import access, aght, distribution, dpt, places, record, reports

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
USEFUL = AT + timedelta(days=70)
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
        "last_useful_at": USEFUL,
    }  # fmt: skip
    return aght.open_item(E, **{**said, **more})


def test_from_a_report_to_a_ranked_item_with_its_explanation(actors: Any) -> None:
    number = file()
    grade(actors, number)
    code = open_item(actors, number)
    item = aght.get(E, code, AT)
    assert (item.kind, item.title, item.voters, item.estimate) == (Kind.GANGGUAN, "[SIMULASI] Jalan terputus", 400, True)
    assert round(item.p, 3) == 0.287
    assert (item.loss.mode, item.loss.expected) == (57, 61)
    assert item.time_left_h == 70 * 24
    assert item.now.p_permille == 287
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
        aght.set_standing(E, code, Standing.CLOSED, "umat sudah pulang", actors["citra"], AT, Outcome.HELD)


def test_what_is_not_operational_becomes_no_item(actors: Any) -> None:
    with pytest.raises(rules.NotOperational):
        open_item(actors, answers=Answers(False))


def test_a_new_assessment_leaves_the_old_one_readable(actors: Any) -> None:
    code = open_item(actors)
    later = AT + timedelta(days=1)
    aght.assess(
        E, code, answers=Answers(True), claim="Jalan dapat terputus lagi", gatra="geografi", variable="6", shares=Shares(0, 10, 20),
        last_useful_at=USEFUL, prior_permille=200, note="surut", actor=actors["citra"], at=later,
    )  # fmt: skip
    assert aght.get(E, code, AT).kind is Kind.GANGGUAN
    now = aght.get(E, code, later)
    assert (now.kind, [a.version for a in now.assessments]) == (Kind.TANTANGAN, [1, 2])


def test_a_closed_item_takes_no_assessment_and_ends_its_hazard(actors: Any) -> None:
    code = open_item(actors)
    aght.set_hazard(E, code, "banjir", 90, actors["citra"], AT)
    assert [(h.place, h.delay_min, h.source) for h in distribution.hazards(E, AT)] == [(DESA, 90, code)]
    later = AT + timedelta(hours=1)
    aght.set_standing(E, code, Standing.CLOSED, "air surut", actors["citra"], later, Outcome.NOT_HELD)
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


def test_facts_of_the_journal_hold_no_words_of_anybody(actors: Any) -> None:
    number = file()
    grade(actors, number)
    code = open_item(actors, number, note="catatan rahasia dapur")
    aght.set_standing(E, code, Standing.CLOSED, "air sudah surut", actors["citra"], AT, Outcome.HELD)
    aght.refer(E, number, Route.DATUN, "sengketa sewa", actors["citra"], AT)
    kinds = [e.kind for e in record.Entry.objects.order_by("leaf_index")]
    assert {"report.filed", "report.graded", "aght.opened", "aght.assessed", "aght.standing_set", "report.referred"} <= set(kinds)
    ids = record.Entry.objects.exclude(kind="report.filed").values_list("entry_id", flat=True)
    said = b"".join(bytes(o.facts) for o in record.Opening.objects.filter(entry_id__in=list(ids)))
    for words in ("terputus", "petugas melihat", "sesuai foto", "rahasia dapur", "surut", "sewa"):
        assert words.encode() not in said
    private = b"".join(bytes(o.private or b"") for o in record.Opening.objects.filter(entry_id__in=list(ids)))
    assert b"rahasia dapur" in private


# --- two people, calibration, clocks, layers ---------------------------------------------------------------------------------


def second_analyst(actors: Any, name: str = "nila") -> Any:
    grants = [Grant("kejari.analis", "19.06", datetime(2023, 6, 1, tzinfo=UTC))]
    return access.add_user(name, "x" * 12, name.title(), "KEJARI", grants, actors["kartika"], AT - timedelta(days=30))


def graded_source(actors: Any, at: datetime = AT) -> str:
    number = file()
    aght.grade_source(E, number, claim="Jalan ke desa terputus", chain="", source="B", basis="melihat", actor=actors["citra"], at=at)
    return number


def test_the_second_scale_is_offered_to_another_analyst_first(actors: Any, cast: Any) -> None:
    nila = second_analyst(actors)
    number = graded_source(actors)
    soon = AT + timedelta(hours=1)
    assert not [t for t in aght.waiting(cast["citra"], E, soon) if t.kind == "aght.grade_information"]
    person = access.person_named("nila")
    assert person is not None
    assert [t.args for t in aght.waiting(person, E, soon) if t.kind == "aght.grade_information"] == [(number,)]
    with pytest.raises(rules.OtherFirst):
        aght.grade_information(E, number, information="2", basis="foto", actor=actors["citra"], at=soon)
    aght.grade_information(E, number, information="2", basis="foto", actor=nila, at=soon)
    assert not aght.gradings(E, soon)[number].by_one


def test_whoever_is_alone_grades_both_and_is_flagged(actors: Any) -> None:
    number = file()
    grade(actors, number)
    assert aght.gradings(E, AT)[number].by_one
    assert aght.calibration(E, AT).by_one == (1, 1)


def test_nobodys_word_shortens_the_two_hours_and_a_role_that_is_over_or_elsewhere_counts_for_nobody(actors: Any) -> None:
    grants = [
        Grant("kejari.analis", "19.06", datetime(2023, 6, 1, tzinfo=UTC), AT),  # over by now
        Grant("kejari.analis", "19.06.01", datetime(2023, 6, 1, tzinfo=UTC)),  # another kecamatan
        Grant("kejari.pimpinan", "19.06", datetime(2023, 6, 1, tzinfo=UTC)),  # another role
    ]
    access.add_user("nila", "x" * 12, "Nila", "KEJARI", grants, actors["kartika"], AT - timedelta(days=30))
    number = graded_source(actors)
    assert aght.analysts(E, AT, DESA) == {"p-citra"}
    assert "p-nila" in aght.analysts(E, AT, "19.06.01.2010")
    aght.grade_information(E, number, information="2", basis="foto", actor=actors["citra"], at=AT)
    assert aght.gradings(E, AT)[number].by_one, "alone at this place: at once, and flagged"
    second_analyst(actors, "nur")
    other = graded_source(actors)
    almost = AT + rules.OTHER_FIRST - timedelta(seconds=1)
    with pytest.raises(rules.OtherFirst):
        aght.grade_information(E, other, information="2", basis="foto", actor=actors["citra"], at=almost)


def test_the_first_scale_is_no_way_around_the_two_hours_either(actors: Any) -> None:
    nila = second_analyst(actors)
    number = graded_source(actors)
    aght.grade_information(E, number, information="2", basis="foto", actor=nila, at=AT)
    said = {"claim": "Jalan ke desa terputus", "chain": "", "source": "A", "basis": "lagi"}
    with pytest.raises(rules.OtherFirst):
        aght.grade_source(E, number, **said, actor=nila, at=AT + timedelta(hours=1))
    aght.grade_source(E, number, **said, actor=actors["citra"], at=AT + timedelta(hours=1))
    assert not aght.gradings(E, AT + timedelta(hours=1))[number].by_one


def test_after_two_hours_the_first_may_grade_both_and_is_counted(actors: Any, cast: Any) -> None:
    second_analyst(actors)
    other = graded_source(actors)
    later = AT + rules.OTHER_FIRST
    assert [t.args for t in aght.waiting(cast["citra"], E, later) if t.kind == "aght.grade_information"] == [(other,)]
    aght.grade_information(E, other, information="2", basis="foto", actor=actors["citra"], at=later)
    assert aght.calibration(E, later).by_one == (1, 1)


def test_an_item_needs_its_last_useful_moment(actors: Any) -> None:
    with pytest.raises(rules.MissingTime):
        open_item(actors, last_useful_at=None)
    assert aght.register(E, AT) == []


def test_closing_keeps_the_probability_and_what_became_of_it(actors: Any) -> None:
    number = file()
    grade(actors, number)
    code = open_item(actors, number)
    with pytest.raises(rules.MissingOutcome):
        aght.set_standing(E, code, Standing.CLOSED, "surut", actors["citra"], AT)
    later = AT + timedelta(days=2)
    aght.set_standing(E, code, Standing.CLOSED, "surut", actors["citra"], later, Outcome.NOT_HELD)
    seen = aght.calibration(E, later)
    assert [(f.code, f.p, f.held) for f in seen.forecasts] == [(code, 0.287, False)]
    assert seen.brier is not None
    assert seen.brier.score == pytest.approx(0.287**2)
    assert aght.calibration(E, AT).forecasts == ()
    aght.set_standing(E, code, Standing.OPEN, "naik lagi", actors["citra"], later + timedelta(hours=1))
    assert aght.calibration(E, later + timedelta(hours=1)).forecasts == ()


def test_bawaslus_clock_starts_with_its_receipt(actors: Any) -> None:
    number = file()
    aght.refer(E, number, Route.BAWASLU, "", actors["citra"], AT)
    first = aght.handed(E, AT)[0]
    assert (first.answer_by, first.late) == (None, False)
    assert first.file_by is not None
    receipt = datetime(2023, 12, 4, 2, tzinfo=UTC)  # a Monday
    aght.acknowledge_referral(E, number, Route.BAWASLU, "TT-1", actors["juwita"], receipt)
    one = aght.handed(E, receipt)[0]
    assert one.answer_by == datetime(2023, 12, 11, 16, 59, tzinfo=UTC)  # seven days
    assert one.answer_latest == datetime(2023, 12, 22, 16, 59, tzinfo=UTC)  # fourteen working days, holidays not counted


def test_a_dispute_goes_to_datun_and_has_no_clock_of_bawaslu(actors: Any) -> None:
    number = file()
    aght.refer(E, number, Route.DATUN, "", actors["citra"], AT)
    aght.acknowledge_referral(E, number, Route.DATUN, "D-1", actors["citra"], AT + timedelta(hours=1))
    one = aght.handed(E, AT + timedelta(hours=1))[0]
    assert (one.referral.receipt_no, one.file_by, one.answer_by) == ("D-1", None, None)


def test_a_route_to_bawaslu_waits_until_the_report_is_handed_over(actors: Any, cast: Any) -> None:
    number = file()
    grade(actors, number)
    open_item(actors, number, answers=Answers(True, intent=True, happening=True))
    assert aght.unrouted(E, AT) == [(number, Route.BAWASLU)]
    assert "aght.route" in {t.kind for t in aght.waiting(cast["citra"], E, AT)}
    aght.refer(E, number, Route.BAWASLU, "", actors["citra"], AT)
    assert aght.unrouted(E, AT) == []


def take(actors: Any, version: str = "1", at: datetime = AT, **more: Any) -> str:
    said: dict[str, Any] = {
        "name": "TPS rawan", "version": version, "source": "surat", "issued": AT.date(), "sha256": version * 64, "stated": 9,
    }  # fmt: skip
    cells = more.pop("cells", [Cell(DESA, "sulit dijangkau", 3), Cell(TPS[0], "kendala internet", 4)])
    return aght.take_layer(E, Owner.BAWASLU, cells, actor=actors["citra"], at=at, **{**said, **more})


def test_a_layer_is_shown_beside_ours_and_changes_nothing_of_ours(actors: Any) -> None:
    number = file()
    grade(actors, number)
    open_item(actors, number)
    before = (aght.register(E, AT), aght.desa(E, AT), aght.rates(aght.measured(aght.desa(E, AT))))
    code = take(actors, cells=[Cell(DESA, "sulit dijangkau", 90_000)])
    assert (aght.register(E, AT), aght.desa(E, AT), aght.rates(aght.measured(aght.desa(E, AT)))) == before
    assert aght.layer(E, code, AT).by_desa() == {DESA: {"sulit dijangkau": 90_000}}


def test_a_layer_states_its_gap_and_newer_versions_stand_beside_older_ones(actors: Any) -> None:
    take(actors)
    later = AT + timedelta(days=1)
    take(actors, "2", later)
    assert [one.version for one in aght.layers(E, later)] == ["2", "1"]
    assert [one.version for one in aght.layers(E, AT)] == ["1"]
    assert aght.layers(E, AT)[0].gap == 2
    with pytest.raises(rules.LayerTwice):
        take(actors, "2", later)
    with pytest.raises(rules.LayerTwice):
        take(actors, "3", later, sha256="1" * 64)
    with pytest.raises(rules.BadLayer):
        take(actors, "4", later, issued=(later + timedelta(days=2)).date())
    with pytest.raises(report_rules.Guarded):
        take(actors, "5", later, name="Basis massa partai")


def test_copies_of_one_message_count_once_on_the_map(actors: Any) -> None:
    for _ in range(3):
        number = file()
        said = {"claim": "Jalan ke desa terputus", "chain": "pesan jalan", "basis": "salinan", "actor": actors["citra"], "at": AT}
        aght.grade_source(E, number, source="F", **said)
    file()
    assert [(d.reports, d.origins, d.voters, d.tps) for d in aght.desa(E, AT)] == [(4, 2, 400, 2), (0, 0, 0, 0)]


def test_under_twenty_reports_no_cluster_is_claimed(actors: Any) -> None:
    file()
    seen = aght.clustered(E, aght.measured(aght.desa(E, AT)))
    assert (seen.scan, seen.local, seen.measured.n) == (None, {}, 1)


# --- labels, what was seen, receipts ---------------------------------------------------------------------------------------------


def label_rows(gatra: str = "Kewilayahan") -> list[rules.Label]:
    return [
        rules.Label("geografi", gatra, "gatra"),
        rules.Label("6", "Tempat", "variabel"),
        rules.Label("8b", "Kabar menyesatkan", "variabel", "R21"),
    ]


def test_a_newer_set_labels_what_comes_after_it_and_relabels_nothing(actors: Any) -> None:
    code, later = open_item(actors), AT + timedelta(days=1)
    aght.take_labels(E, "Bawaslu-2029/1", label_rows(), "surat 12", actors["citra"], later)
    assert (aght.labels(E, AT).version, aght.labels(E, later).version) == ("bawaslu-2024/1", "bawaslu-2029/1")
    old = aght.get(E, code, later)
    assert (old.now.labels, old.gatra_name) == ("bawaslu-2024/1", "Geografi")
    new = aght.get(E, open_item(actors, at=later, variable="8b"), later)
    assert (new.now.labels, new.gatra_name, new.variable_name) == ("bawaslu-2029/1", "Kewilayahan", "Kabar menyesatkan")
    with pytest.raises(rules.UnknownLabel):
        open_item(actors, at=later, variable="8")
    with pytest.raises(rules.LabelsTwice):
        aght.take_labels(E, "bawaslu-2029/1", label_rows("Lain"), "surat 13", actors["citra"], later)
    with pytest.raises(report_rules.Guarded):
        aght.take_labels(E, "bawaslu-2029/2", label_rows("Basis partai"), "surat 13", actors["citra"], later)
    (taken,) = [v for v in aght.label_versions(E, later) if v.in_force]
    assert (taken.person, taken.taken_at, taken.forced_by) == ("p-citra", later, "p-citra")


def test_an_older_set_is_put_into_force_again_for_what_comes_after(actors: Any) -> None:
    for n, when in ((1, AT), (2, AT + timedelta(days=1))):
        aght.take_labels(E, f"bawaslu-2029/{n}", label_rows(f"Wilayah {n}"), "surat", actors["citra"], when)
    later = AT + timedelta(days=2)
    aght.use_labels(E, "bawaslu-2029/1", actors["citra"], later)
    assert [aght.labels(E, AT + timedelta(days=n)).version[-1] for n in (0, 1, 2)] == ["1", "2", "1"]
    with pytest.raises(rules.LabelsTwice):
        aght.use_labels(E, "bawaslu-2029/1", actors["citra"], later)
    with pytest.raises(rules.UnknownLabels):
        aght.use_labels(E, "bawaslu-2029/9", actors["citra"], later)


def test_misleading_news_is_heard_under_the_code_that_its_own_set_gives_it(actors: Any) -> None:
    aght.take_labels(E, "bawaslu-2029/1", label_rows(), "surat", actors["citra"], AT)
    numbers = [file(), file()]
    for number in numbers:
        said = {"claim": "Kabar jadwal diundur", "chain": f"asal {number}", "basis": "dibaca", "actor": actors["citra"], "at": AT}
        aght.grade_source(E, number, source="F", **said)
        aght.grade_information(E, number, information="2", basis="dibaca", actor=actors["citra"], at=AT)
    code = open_item(actors, numbers[0], variable="8b")
    aght.attach(E, code, numbers[1], actors["citra"], AT)
    assert [s.subject for s in aght.signals(E, AT)] == [f"aght:{code}"]
    other = open_item(actors, numbers[0], variable="6")
    aght.attach(E, other, numbers[1], actors["citra"], AT)
    assert [s.subject for s in aght.signals(E, AT)] == [f"aght:{code}"]


def test_every_writer_of_an_item_is_told_when_another_wrote_meanwhile(actors: Any) -> None:
    number = file()
    grade(actors, number)
    code = open_item(actors)
    seen, at = aght.seen_item(E, aght.get(E, code, AT), AT), AT + timedelta(hours=1)
    aght.attach(E, code, number, actors["citra"], at, seen=seen)
    acts: list[Any] = [
        lambda: aght.attach(E, code, number, actors["citra"], at, seen=seen),
        lambda: aght.set_standing(E, code, Standing.TREATED, "ditangani", actors["citra"], at, seen=seen),
        lambda: aght.set_hazard(E, code, "banjir", 30, actors["citra"], at, seen=seen),
        lambda: aght.assess(
            E, code, answers=Answers(True), claim="Lagi", gatra="geografi", variable="6", shares=Shares(0, 1, 2), last_useful_at=USEFUL,
            prior_permille=100, note="", actor=actors["citra"], at=at, seen=seen,
        ),
    ]  # fmt: skip
    before = record.root()
    for act in acts:
        with pytest.raises(rules.Changed):
            act()
    assert record.root() == before
    fresh = aght.seen_item(E, aght.get(E, code, at), at)
    assert [g.report for g in aght.news(E, aght.get(E, code, at), seen, at).gradings] == [number]
    aght.set_hazard(E, code, "banjir", 30, actors["citra"], at, seen=fresh)
    with pytest.raises(rules.Changed):
        aght.set_standing(E, code, Standing.TREATED, "ditangani", actors["citra"], at, seen=fresh)
    assert aght.news(E, aght.get(E, code, at), fresh, at).regraded, "distribution was told meanwhile"


def test_a_receipts_number_is_no_fact_and_no_sentence(actors: Any) -> None:
    number = file()
    aght.refer(E, number, Route.DATUN, "", actors["citra"], AT)
    for words in ("", "diterima oleh Budi", "TT 1", "tanda", "BUDISANTOSO-1", "9" * 41):
        with pytest.raises(rules.BadReceipt):
            aght.acknowledge_referral(E, number, Route.DATUN, words, actors["citra"], AT)
    aght.acknowledge_referral(E, number, Route.DATUN, " tt-12/2023 ", actors["citra"], AT)
    assert aght.referrals(E, AT)[0].receipt_no == "TT-12/2023"
    entry = record.Entry.objects.get(kind="report.referral_received").entry_id
    opening = record.Opening.objects.get(entry_id=entry)
    assert b"TT-12" not in bytes(opening.facts)
    assert b"TT-12/2023" in bytes(opening.private or b"")


def test_weightings_leave_the_order_by_expected_loss_alone_and_name_what_nobody_stated(actors: Any) -> None:
    codes = [open_item(actors, shares=Shares(n, n, n)) for n in (90, 10, 20, 30)]
    items = aght.register(E, AT)
    found = aght.weighed(items)
    assert [i.code for i in items] == [codes[0], codes[3], codes[2], codes[1]]
    assert (found.top, found.n) == (3, 4)
    assert set(found.unknown[codes[0]]) == {"reversal", "cost"}
    assert found.shares[codes[0]] > found.shares[codes[1]]
    aght.set_standing(E, codes[1], Standing.CLOSED, "selesai", actors["citra"], AT, Outcome.HELD)
    assert codes[1] not in aght.weighed(aght.register(E, AT)).shares


def test_a_form_that_is_sent_twice_opens_one_item(actors: Any) -> None:
    code = open_item(actors)
    for at in (AT, AT + timedelta(minutes=4)):
        with pytest.raises(rules.OpenedJustNow) as refused:
            open_item(actors, at=at)
        assert refused.value.facts == {"code": code}
    assert open_item(actors, shares=Shares(10, 50, 90)) != code
    assert open_item(actors, at=AT + timedelta(minutes=5)) != code
    assert len(aght.register(E, AT + timedelta(minutes=5))) == 3


@pytest.mark.parametrize(("year", "stands"), [(1066, False), (2021, False), (2023, True), (2025, True), (9998, False)])
def test_a_last_moment_years_from_voting_is_a_typing_error(year: int, stands: bool, actors: Any) -> None:
    if stands:
        open_item(actors, last_useful_at=datetime(year, 12, 1, tzinfo=UTC))
    else:
        with pytest.raises(rules.BadTime):
            open_item(actors, last_useful_at=datetime(year, 12, 1, tzinfo=UTC))
    assert len(aght.register(E, AT)) == stands
