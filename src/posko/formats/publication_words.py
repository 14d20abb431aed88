"""The words of the public page, Indonesian and English, side by side so that neither lacks one."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from importlib import resources

from posko.formats import text

LANGUAGES = ("id", "en")
_WIB = timezone(timedelta(hours=7))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_WORDS: Mapping[str, tuple[str, str]] = {
    key: (indonesian, english)
    for key, (indonesian, english) in tomllib.loads(
        (resources.files("posko.formats") / "terbuka" / "kata.toml").read_text(encoding="utf-8")
    ).items()
}


def say(language: str, key: str, **facts: object) -> str:
    """A sentence in a language. KeyError where there is none."""
    return _WORDS[key][LANGUAGES.index(language)].format(**facts)


def number(language: str, value: int) -> str:
    """1.234 in Indonesian, 1,234 in English."""
    return text.angka(value) if language == "id" else f"{value:,}"


def share(language: str, numerator: int, denominator: int) -> str:
    """69,5 % or 69.5%, rounded as on every other screen, but "100" only where it is all."""
    part = numerator / denominator
    part = 0.999 if part < 1 and round(part * 1000) == 1000 else part
    return text.persen(part) if language == "id" else f"{part * 100:.1f}%"


def moment(language: str, at: datetime) -> str:
    """5 Des. 2023, 10.00 WIB; 5 Dec 2023, 10:00 WIB."""
    if language == "id":
        return text.waktu(at)
    local = at.astimezone(_WIB)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M} WIB"


def day(language: str, at: datetime) -> str:
    """14 Februari 2024; 14 Feb 2024."""
    local = at.astimezone(_WIB)
    return text.tanggal_pendek(local.date()) if language == "id" else f"{local.day} {_MONTHS[local.month - 1]} {local.year}"
