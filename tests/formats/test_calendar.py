"""Calendars that programs read back: one event for a meeting's whole life, growing sequence, nothing but time, place and title."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar

from posko.formats import calendar

AT = datetime(2023, 12, 5, 2, tzinfo=UTC)
ENTRY = calendar.Entry(
    "pemilu-2024-rkr-001@abc.posko", 0, "[SIMULASI] Rakor; sortir, lipat", "Aula \\ KPU, Manggar", AT, AT + timedelta(hours=2), AT
)


def read(*entries: calendar.Entry) -> list[icalendar.Event]:
    parsed = icalendar.Calendar.from_ical(calendar.ics(entries, "Rakor Belitung Timur"))
    assert parsed.errors == []
    assert (str(parsed["version"]), str(parsed["method"])) == ("2.0", "PUBLISH")
    events = parsed.walk("VEVENT")
    assert all(e.errors == [] for e in events)
    return events


def test_what_was_written_is_read_back() -> None:
    (event,) = read(ENTRY)
    assert str(event["summary"]) == ENTRY.title
    assert str(event["location"]) == ENTRY.place
    assert event.decoded("dtstart") == AT
    assert event.decoded("dtend") == AT + timedelta(hours=2)
    assert event.decoded("dtstamp") == AT
    assert str(event["status"]) == "CONFIRMED"


def test_a_meeting_that_moves_keeps_its_name_and_grows_its_number() -> None:
    moved = replace(ENTRY, sequence=1, starts_at=AT + timedelta(days=1), ends_at=AT + timedelta(days=1, hours=2))
    before, after = read(ENTRY)[0], read(moved)[0]
    assert str(before["uid"]) == str(after["uid"]) == ENTRY.uid
    assert int(after["sequence"]) == int(before["sequence"]) + 1


def test_a_meeting_called_off_stays_in_the_calendar_as_cancelled() -> None:
    (event,) = read(replace(ENTRY, sequence=2, cancelled=True))
    assert str(event["status"]) == "CANCELLED"
    assert str(event["summary"]).startswith("BATAL")


def test_every_line_is_at_most_75_octets_and_ends_as_the_standard_says() -> None:
    data = calendar.ics([replace(ENTRY, title="Rapat koordinasi " + "é" * 200)], "x")
    lines = data.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)


def test_nothing_but_time_place_and_title_is_told() -> None:
    (event,) = read(ENTRY)
    assert {k.lower() for k in event} == {
        "uid", "sequence", "dtstamp", "last-modified", "dtstart", "dtend", "summary", "location", "status", "transp",
    }  # fmt: skip


def test_the_same_meetings_in_any_order_give_the_same_bytes_and_none_gives_a_calendar() -> None:
    other = replace(ENTRY, uid="pemilu-2024-rkr-002@abc.posko", starts_at=AT - timedelta(days=1))
    assert calendar.ics([ENTRY, other], "x") == calendar.ics([other, ENTRY], "x")
    assert read() == []
