"""Meetings as a calendar (RFC 5545): times, places and titles, nothing else. The same meetings give the same bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from posko.formats import watermark

CONTENT_TYPE = "text/calendar; charset=utf-8"
ASK_AGAIN = timedelta(hours=1)
"""How often a calendar program is asked to look again."""


@dataclass(frozen=True)
class Entry:
    """One meeting. uid: the same for its whole life; sequence: grows with every change; said_at: when this version was written."""

    uid: str
    sequence: int
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    said_at: datetime
    cancelled: bool = False


def ics(entries: Iterable[Entry], name: str) -> bytes:
    """A calendar file. Times are UTC; a calendar program shows them in its owner's zone (WIB here)."""
    calendar = Calendar()
    calendar.add("prodid", "-//Posko//Rakor//ID")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for one in sorted(entries, key=lambda e: (e.starts_at, e.uid)):
        calendar.add_component(_event(one))
    return bytes(calendar.to_ical())


def _event(one: Entry) -> Event:
    event = Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("dtstamp", _whole(one.said_at))
    event.add("last-modified", _whole(one.said_at))
    event.add("dtstart", _whole(one.starts_at))
    event.add("dtend", _whole(one.ends_at))
    title = f"BATAL: {one.title}" if one.cancelled else one.title
    event.add("summary", f"[{watermark.SHORT}] {title}" if watermark.shown() else title)
    event.add("location", one.place)
    event.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if one.cancelled else "OPAQUE")
    return event


def _whole(moment: datetime) -> datetime:
    """UTC without parts of a second, which the format does not know."""
    return moment.astimezone(UTC).replace(microsecond=0)
