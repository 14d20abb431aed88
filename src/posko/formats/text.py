"""Numbers, dates and times as Indonesians read them. The one place where they are written."""

from datetime import UTC, date, datetime, timedelta, timezone

WIB = timezone(timedelta(hours=7), "WIB")
MONTHS = ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember")
_SHORT = ("Jan.", "Feb.", "Mar.", "Apr.", "Mei", "Juni", "Juli", "Agu.", "Sep.", "Okt.", "Nov.", "Des.")
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")


def angka(number: int) -> str:
    """1234567 -> 1.234.567."""
    return f"{number:,}".replace(",", ".")


def desimal(number: float, places: int = 1) -> str:
    """1234.56 -> 1.234,6."""
    return f"{number:,.{places}f}".translate(str.maketrans(",.", ".,"))


def persen(share: float, places: int = 1) -> str:
    """0.695 -> 69,5 %; a share between 0 and 1."""
    return f"{desimal(share * 100, places)} %"


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC).astimezone(WIB)


def _day(when: date | datetime) -> date:
    return _local(when).date() if isinstance(when, datetime) else when


def typed_moment(typed: str) -> datetime | None:
    """A date and time of a form (2023-12-05T10:00), read in WIB; None where nothing, a day alone, or nonsense was typed.

    A year outside this century is a slip of the finger: kept, it would stop every page that later counts days from it.
    """
    tidy = typed.strip()[:30]
    if "T" not in tidy and " " not in tidy:
        return None
    try:
        found = datetime.fromisoformat(tidy).replace(tzinfo=WIB)
    except ValueError:
        return None
    return found.astimezone(UTC) if 2000 <= found.year < 2100 else None


def form_moment(moment: datetime | None) -> str:
    """The same way back, as a form's field holds it; empty for None."""
    return _local(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""


def tanggal(when: date | datetime) -> str:
    """Selasa, 5 Desember 2023; instants are read in WIB."""
    day = _day(when)
    return f"{DAYS[day.weekday()]}, {tanggal_pendek(day)}"


def tanggal_pendek(when: date | datetime) -> str:
    """5 Desember 2023."""
    day = _day(when)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def jam(moment: datetime) -> str:
    """10.00 WIB."""
    local = _local(moment)
    return f"{local.hour:02d}.{local.minute:02d} WIB"


def waktu(moment: datetime) -> str:
    """5 Des. 2023, 10.00 WIB."""
    local = _local(moment)
    return f"{local.day} {_SHORT[local.month - 1]} {local.year}, {jam(moment)}"


def menit(minutes: int) -> str:
    """135 -> 2 jam 15 menit."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} jam"] * bool(hours) + [f"{rest} menit"] * bool(rest or not hours)
    return " ".join(parts)
