"""Template filters and tags: numbers, dates, marks and states as Indonesians read them."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from posko.desk import record as journal
from posko.desk import shell
from posko.domain import labels
from posko.formats import text

register = template.Library()

# State is a word, a shape and a colour: css class, shape, word.
_STATES = {
    "ready": ("good", "circle", "siap"),
    "not_ready": ("bad", "square", "belum siap"),
    "unknown": ("unknown", "ring", "belum diketahui"),
    "good": ("good", "circle", "baik"),
    "done": ("good", "circle", "selesai"),
    "waiting": ("warn", "diamond", "menunggu"),
    "overdue": ("bad", "square", "lewat tenggat"),
    "refused": ("unknown", "ring", "ditolak"),
    "plain": ("plain", "circle", ""),
}
_SHAPES = {
    "circle": '<circle cx="8" cy="8" r="6.5" class="shape-{0}"/>',
    "square": '<rect x="1.5" y="1.5" width="13" height="13" class="shape-{0}"/>',
    "diamond": '<path d="M8 0.5L15.5 8L8 15.5L0.5 8z" class="shape-{0}"/>',
    "ring": '<circle cx="8" cy="8" r="6" class="shape-{0}"/>',
}


@register.filter
def angka(value: object) -> str:
    """1234 -> 1.234; a missing number is a dash, never a zero."""
    if value is None or value == "":
        return "—"
    return text.angka(int(value)) if isinstance(value, int | float | str) else str(value)


@register.filter
def persen(value: float | None) -> str:
    """A share between 0 and 1 -> 69,5 %."""
    return "—" if value is None else text.persen(value)


@register.filter
def tanggal(value: datetime | date | None) -> str:
    """Selasa, 5 Desember 2023."""
    return "—" if value is None else text.tanggal(value)


@register.filter
def waktu(value: datetime | None) -> str:
    """5 Des. 2023, 10.00 WIB."""
    return "—" if value is None else text.waktu(value)


@register.filter
def waktu_panjang(value: datetime | None) -> str:
    """Selasa, 5 Desember 2023, 10.00 WIB."""
    return "—" if value is None else f"{text.tanggal(value)}, {text.jam(value)}"


@register.filter
def hmin(days: int | None) -> str:
    """Days until voting as the field writes them: H-71, Hari H, H+3."""
    if days is None:
        return "—"
    return "Hari H" if days == 0 else f"H-{days}" if days > 0 else f"H+{-days}"


@register.simple_tag
def mark(word: str) -> SafeString:
    """PERKIRAAN, REKONSTRUKSI, [SIMULASI] ... wherever the figure goes."""
    return format_html('<span class="mark">{}</span>', word) if word else SafeString("")


@register.simple_tag
def state(code: str, word: str = "") -> SafeString:
    """A state as word, shape and colour. `code` is one of the known states or a css class with a shape of its own."""
    css, shape, default = _STATES.get(code, _STATES["plain"])
    picture = SafeString(_SHAPES[shape].format(css))
    return format_html(
        '<span class="state state-{}"><svg viewBox="0 0 16 16" aria-hidden="true">{}</svg>{}</span>', css, picture, word or default
    )


@register.simple_tag
def contest(code: str) -> SafeString:
    """A contest with the colour of its ballot, always with its letters."""
    return format_html('<span class="contest contest-{}">{}</span>', code, code.replace("_", " "))


@register.filter
def item(mapping: dict[Any, Any], key: object) -> object:
    """mapping[key], or an empty string."""
    return mapping.get(key, "")


@register.filter
def kode(value: str) -> str:
    """A code in groups of four; what is no code stays."""
    return labels.spaced(str(value))


@register.filter
def jam(value: datetime | None) -> str:
    """07.00 WIB."""
    return "—" if value is None else text.jam(value)


@register.filter
def bagian(share: Any) -> str:
    """A share with numerator and denominator as per cent with one decimal, no sign: 69,5."""
    if share is None or share.permille is None:
        return "—"
    whole, tenth = divmod(share.permille, 10)
    return f"{whole},{tenth}" if tenth else str(whole)


@register.inclusion_tag("desk/record/_erased.html", takes_context=True)
def erasures(context: dict[str, Any], subject: str) -> dict[str, Any]:
    """Whose decision took words of this subject away, when and why; and for those who may propose it, the way to do so."""
    code, request = context.get("election_code", ""), context.get("request")
    rows = journal.erased_rows(code, subject, context["now"]) if code else []
    may = bool(code) and request is not None and getattr(request, "person", None) is not None and shell.may(request, "record.erase")
    return {"rows": rows, "election_code": code, "linked": bool(context.get("journal_href")), "subject": subject, "may": may}
