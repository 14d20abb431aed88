"""Posts in the store: versions, duty, logbook with erasable words, heartbeats, coverage, and counts that hold no words."""

from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import posts as rules
from posko.domain import reports as report_rules
from posko.domain.posts import Cover, Kind, Note, Post, Pulse, Service, Side, Span, Window
from posko.store import posts, record, reports
from tests import beltim

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))
GANTUNG = ("19.06.02.2001", "19.06.02.2002")


def post(code: str = "KEJARI-BT", kind: Kind = Kind.KEJARI, **more: Any) -> Post:
    values: dict[str, Any] = {
        "name": f"Posko {code}", "parent": "", "place": "19.06", "served": GANTUNG, "services": (Service.INTAKE,), "hours": ALWAYS,
        "beat_hours": 4, "opened_at": AT,
    }  # fmt: skip
    return Post(code, kind=kind, **(values | more))


@pytest.fixture
def actors(installation: Any) -> Any:
    beltim.through("places")
    return installation.actors


@pytest.fixture
def two(actors: Any) -> Any:
    """A Kejari and, under it, a post in Gantung."""
    posts.open_post(E, post(), actors["gita"], AT)
    posts.open_post(E, post("KEC-GANTUNG", Kind.KECAMATAN, parent="KEJARI-BT", place="19.06.02", served=GANTUNG[:1]), actors["gita"], AT)
    return actors


def facts_of(entry_id: str) -> bytes:
    opening = record.Opening.objects.get(entry_id=entry_id)
    return bytes(opening.facts) + bytes(opening.envelope)


# --- posts -----------------------------------------------------------------------------------------------------------------


def test_a_post_opens_changes_closes_and_opens_again_as_facts_and_the_past_can_be_asked(two: Any) -> None:
    later = AT + HOUR
    posts.change_post(E, replace(post(), name="Posko di Manggar", beat_hours=2), two["gita"], later)
    posts.close_post(E, "KEJARI-BT", "pindah", two["gita"], later + HOUR)
    posts.reopen_post(E, "KEJARI-BT", two["gita"], later + 2 * HOUR)
    stood = [posts.get(E, "KEJARI-BT", AT + n * HOUR) for n in range(4)]
    assert [(p.version, p.open, p.beat_hours) for p in stood] == [(1, True, 4), (2, True, 2), (3, False, 2), (4, True, 2)]
    assert (stood[2].closed_for, stood[3].closed_for, stood[3].opened_at) == ("pindah", "", later + 2 * HOUR)
    assert stood[0].mark == "[SIMULASI]"
    kinds = [e.kind for e in record.Entry.objects.filter(subject="post:KEJARI-BT").order_by("leaf_index")]
    assert kinds == ["post.opened", "post.changed", "post.closed", "post.reopened"]


def test_a_code_is_never_used_twice_and_each_side_opens_its_own(two: Any) -> None:
    before = record.root()
    with pytest.raises(rules.CodeTaken):
        posts.open_post(E, post(), two["gita"], AT)
    with pytest.raises(rules.OtherSide):
        posts.open_post(E, post("KEJARI-2"), two["ani"], AT)
    with pytest.raises(rules.OtherSide):
        posts.close_post(E, "KEJARI-BT", "pindah", two["fajar"], AT)
    with pytest.raises(rules.AlreadySo):
        posts.change_post(E, post(name="Posko KEJARI-BT"), two["gita"], AT)
    assert record.root() == before


def test_a_name_about_a_party_is_refused(actors: Any) -> None:
    with pytest.raises(report_rules.Guarded):
        posts.open_post(E, post(name="Posko tim sukses"), actors["gita"], AT)


# --- heartbeat -------------------------------------------------------------------------------------------------------------


def test_a_second_tap_within_minutes_is_the_same_heartbeat(two: Any) -> None:
    assert posts.tap(E, "KEJARI-BT", two["citra"], AT)
    size = record.root()[0]
    assert not posts.tap(E, "KEJARI-BT", two["citra"], AT + timedelta(minutes=4))
    assert record.root()[0] == size
    assert posts.tap(E, "KEJARI-BT", two["citra"], AT + timedelta(minutes=5))


def test_nobody_else_taps_and_a_closed_post_has_no_pulse(two: Any) -> None:
    with pytest.raises(rules.OtherSide):
        posts.tap(E, "KEJARI-BT", two["budi"], AT)
    posts.close_post(E, "KEJARI-BT", "keamanan", two["gita"], AT)
    with pytest.raises(rules.ClosedPost):
        posts.tap(E, "KEJARI-BT", two["citra"], AT + HOUR)


def test_silence_is_signalled_once_per_post_and_gone_with_the_next_beat(two: Any) -> None:
    assert posts.signals(E, AT + 8 * HOUR - timedelta(seconds=1)) == []
    at = AT + 8 * HOUR
    assert sorted(s.subject for s in posts.signals(E, at)) == ["post:KEC-GANTUNG", "post:KEJARI-BT"]
    posts.tap(E, "KEJARI-BT", two["citra"], at)
    assert [s.subject for s in posts.signals(E, at)] == ["post:KEC-GANTUNG"]
    assert posts.beats(E, at)["KEJARI-BT"].pulse is Pulse.ALIVE


# --- duty ------------------------------------------------------------------------------------------------------------------


def span(hours: int, length: int = 4) -> Span:
    return Span(AT + hours * HOUR, AT + (hours + length) * HOUR)


def test_a_person_is_at_one_post_at_a_time_and_a_batch_is_all_or_none(two: Any) -> None:
    made = posts.add_shifts(E, "KEJARI-BT", "p-citra", [span(24), span(48)], two["gita"], AT)
    assert made == ["PKT-0001", "PKT-0002"]
    before = record.root()
    with pytest.raises(rules.Overlap) as refusal:
        posts.add_shifts(E, "KEC-GANTUNG", "p-citra", [span(30), span(51)], two["gita"], AT)
    assert refusal.value.facts["post"] == "KEJARI-BT"
    with pytest.raises(rules.Overlap):
        posts.add_shifts(E, "KEC-GANTUNG", "PIKET-01", [span(30), span(31)], two["gita"], AT)
    assert record.root() == before
    posts.cancel_shift(E, "PKT-0002", "sakit", two["gita"], AT)
    assert posts.add_shifts(E, "KEC-GANTUNG", "p-citra", [span(51)], two["gita"], AT) == ["PKT-0003"]


def test_people_of_the_other_side_are_never_on_duty_here(two: Any) -> None:
    with pytest.raises(rules.BadPerson):
        posts.add_shifts(E, "KEJARI-BT", "p-ani", [span(24)], two["gita"], AT)


def test_a_cancelled_shift_is_still_in_the_past_and_is_cancelled_once(two: Any) -> None:
    posts.add_shifts(E, "KEJARI-BT", "p-citra", [span(24)], two["gita"], AT)
    posts.cancel_shift(E, "PKT-0001", "sakit", two["gita"], AT + HOUR)
    week = (AT, AT + timedelta(days=7))
    assert len(posts.shifts(E, *week, AT)) == 1
    assert posts.shifts(E, *week, AT + HOUR) == []
    with pytest.raises(rules.AlreadySo):
        posts.cancel_shift(E, "PKT-0001", "sakit", two["gita"], AT + HOUR)
    with pytest.raises(rules.BadReason):
        posts.cancel_shift(E, "PKT-0001", "malas", two["gita"], AT + HOUR)


# --- logbook ---------------------------------------------------------------------------------------------------------------


def test_the_words_of_a_note_are_private_masked_and_can_be_erased(two: Any) -> None:
    said = "Tamu dari kelurahan, nomor " + "9" * 16
    number = posts.write_note(E, "KEJARI-BT", Note.VISIT, said, two["citra"], AT, people=2, counterpart="WARGA")
    line = posts.lines(E, AT)[0]
    words = posts.note_words([number], E)[number]
    assert "9999" not in words
    assert "kelurahan" in words
    assert b"kelurahan" not in facts_of(line.entry_id)
    posts.erase_note(E, number, "salah_catat", two["gita"], AT)
    assert posts.note_words([number], E) == {}
    assert record.Opening.objects.get(entry_id=line.entry_id).private is None
    assert (posts.lines(E, AT)[0].erased, posts.lines(E, AT)[0].people) == (True, 2)
    assert record.verify().faults == ()


def test_a_note_about_a_party_is_refused_and_nothing_is_written(two: Any) -> None:
    before = record.root()
    with pytest.raises(report_rules.Guarded):
        posts.write_note(E, "KEJARI-BT", Note.CALL, "Ditanya tentang elektabilitas", two["citra"], AT)
    assert record.root() == before


def test_a_struck_note_stays_visible_and_counts_no_more(two: Any) -> None:
    number = posts.write_note(E, "KEJARI-BT", Note.VISIT, "", two["citra"], AT)
    with pytest.raises(rules.NeedsSecond):
        posts.strike_note(E, number, "dobel", two["gita"], AT + HOUR)
    posts.strike_note(E, number, "dobel", two["gita"], AT + HOUR, two["citra"])
    assert posts.lines(E, AT + HOUR)[0].struck == "dobel"
    assert posts.lines(E, AT)[0].struck == ""
    rolled = posts.rollup(E, Side.KEJAKSAAN, AT - HOUR, AT + HOUR)
    assert sum(r.own.visits for r in rolled) == 0


# --- contacts, coverage, roll-up -----------------------------------------------------------------------------------------------


def test_a_desa_is_covered_by_a_post_then_a_contact_and_a_closed_post_takes_both_away(two: Any) -> None:
    def cover(at: datetime, desa: str) -> Cover:
        return next(c.cover for c in posts.coverage(E, at) if c.desa == desa)

    other = "19.06.01.2001"
    posts.add_contact(E, "KEJARI-BT", other, "PPS", "RADIO", two["citra"], AT)
    assert (cover(AT, GANTUNG[1]), cover(AT, other), cover(AT, "19.06.03.2001")) == (Cover.POST, Cover.CONTACT, Cover.NONE)
    assert cover(AT + 9 * HOUR, GANTUNG[1]) is Cover.UNKNOWN
    posts.end_contact(E, "KTK-001", "tidak_terjangkau", two["citra"], AT + HOUR)
    assert cover(AT + HOUR, other) is Cover.NONE
    posts.add_contact(E, "KEJARI-BT", other, "PPS", "RADIO", two["citra"], AT + HOUR)
    posts.close_post(E, "KEJARI-BT", "pindah", two["gita"], AT + 2 * HOUR)
    assert (cover(AT + 2 * HOUR, other), cover(AT + 2 * HOUR, GANTUNG[1])) == (Cover.NONE, Cover.NONE)
    assert len(posts.coverage(E, AT)) == 39


def test_the_same_contact_is_not_entered_twice(two: Any) -> None:
    posts.add_contact(E, "KEJARI-BT", GANTUNG[0], "PPS", "RADIO", two["citra"], AT)
    with pytest.raises(rules.AlreadySo):
        posts.add_contact(E, "KEJARI-BT", GANTUNG[0], "PPS", "RADIO", two["citra"], AT)


def test_the_roll_up_counts_and_lets_no_word_through(two: Any) -> None:
    secret = "KATA RAHASIA PELAPOR"
    filing = report_rules.filing(
        f"{secret} di gudang", category=report_rules.Category.LOG, channel=report_rules.Channel.PHONE, source=report_rules.Source.CITIZEN,
        place=GANTUNG[0], contact="balai desa", at=AT,
    )  # fmt: skip
    reports.file_report(E, filing, two["citra"], AT)
    posts.write_note(E, "KEC-GANTUNG", Note.VISIT, f"{secret} juga di sini", two["citra"], AT, people=7, counterpart="WARGA")
    posts.tap(E, "KEC-GANTUNG", two["citra"], AT)
    at = AT + 25 * HOUR
    rolled = {r.code: r for r in posts.rollup(E, Side.KEJAKSAAN, AT - HOUR, at)}
    below, head = rolled["KEC-GANTUNG"], rolled["KEJARI-BT"]
    assert (below.own.reports, below.own.open, below.own.overdue, below.own.visits, below.own.beats) == (1, 1, 1, 1, 1)
    assert (head.own.reports, head.total.reports, head.total.visits) == (0, 1, 1)
    for one in rolled.values():
        assert all(type(value) is int for value in (*astuple(one.own), *astuple(one.total)))
    told = repr(rolled)
    for word in ("RAHASIA", "gudang", "balai", "LAP-", "LOG-", "WARGA", "p-citra"):
        assert word not in told
    # one second before the day is over it is not yet waiting too long
    early = {r.code: r for r in posts.rollup(E, Side.KEJAKSAAN, AT - HOUR, AT + 24 * HOUR - timedelta(seconds=1))}
    assert early["KEC-GANTUNG"].own.overdue == 0


# --- inbox and search --------------------------------------------------------------------------------------------------------


def test_whoever_is_on_duty_is_asked_for_the_heartbeat_and_heads_for_the_gaps(two: Any, cast: Any) -> None:
    posts.add_shifts(E, "KEJARI-BT", "p-citra", [span(0, 12)], two["gita"], AT)
    assert [t.kind for t in posts.waiting(cast["citra"], E, AT + HOUR)] == ["posts.gaps"]
    due = posts.waiting(cast["citra"], E, AT + 3 * HOUR)
    assert [(t.kind, t.args, t.due_at) for t in due if t.kind == "posts.beat"] == [("posts.beat", ("KEJARI-BT",), AT + 4 * HOUR)]
    assert [t.kind for t in posts.waiting(cast["gita"], E, AT)] == ["posts.gaps"]
    for name in ("ani", "juwita", "hadi", "kartika", "dedi"):
        assert posts.waiting(cast[name], E, AT) == []
    assert [h.label for h in posts.find(cast["citra"], E, "gantung", AT)] == ["Posko KEC-GANTUNG"]


def test_heartbeats_are_made_up_in_a_demonstration_only(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat says that somebody pressed: a real installation has no other way."""
    monkeypatch.setattr(posts, "_mark", lambda: "")
    with pytest.raises(ValueError, match="demonstration only"):
        posts.relive(E, [])
