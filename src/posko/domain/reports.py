"""Stage reports: what somebody told us. A report is what a person says; what it means is concluded elsewhere (aght).

The words and the contact of a reporter are private and can be erased; facts hold only number, kind, place, time and channel. The
neutral guard looks for words about parties, candidates, religion or ethnicity by generic labels: real names stand in no file of ours,
an installation may add its own list. Such words may stand in a reporter's private words, never in a text the post writes itself.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import ClassVar

from posko.domain import record

TEXT_SHORTEST = 15
TEXT_LONGEST = 2000
NOTE_LONGEST = 160
CONTACT_LONGEST = 120
MASK = "[angka disamarkan]"


class TooShort(record.Refusal):
    """Not enough words to know what happened."""

    code: ClassVar[str] = "reports.too_short"


class TooLong(record.Refusal):
    """More than a screen of words."""

    code: ClassVar[str] = "reports.too_long"


class Future(record.Refusal):
    """Something that is said to have happened after now."""

    code: ClassVar[str] = "reports.future"


class BadTicket(record.Refusal):
    """A ticket that was mistyped: wrong length, letter or check character."""

    code: ClassVar[str] = "reports.bad_ticket"


class Unknown(record.Refusal):
    """No such report."""

    code: ClassVar[str] = "reports.unknown"


class UnknownPlace(record.Refusal):
    """A place code that this election does not know."""

    code: ClassVar[str] = "reports.unknown_place"


class Guarded(record.Refusal):
    """A text of the post that names parties, candidates, religion or ethnicity."""

    code: ClassVar[str] = "reports.guarded"


class NoStep(record.Refusal):
    """A status that does not follow from the present one."""

    code: ClassVar[str] = "reports.no_step"


class Status(StrEnum):
    """How far a report has come, in words its reporter may read."""

    RECEIVED = "received"
    ASSESSING = "assessing"
    REFERRED = "referred"
    CLOSED = "closed"


class Channel(StrEnum):
    """How a report reached us."""

    PUBLIC = "public"
    FACE = "face"
    PHONE = "phone"
    MESSAGE = "message"
    LETTER = "letter"
    MEDIA = "media"


class Source(StrEnum):
    """What kind of person says it; never who."""

    CITIZEN = "citizen"
    KPU = "kpu"
    POLICE = "police"
    OFFICIAL = "official"
    MEDIA = "media"
    UNKNOWN = "unknown"


class Category(StrEnum):
    """What a report is about, as a reporter would say it."""

    LOG = "LOG"
    GEO = "GEO"
    NET = "NET"
    VOT = "VOT"
    SEC = "SEC"
    INF = "INF"
    HR = "HR"
    VIO = "VIO"
    OTHER = "OTHER"


@dataclass(frozen=True)
class Words:
    """The private part: what was said, where exactly, and how to reach the reporter. Everything may be erased."""

    text: str
    place_note: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Step:
    """A status and since when."""

    status: Status
    since: datetime


@dataclass(frozen=True)
class Report:
    """The public-safe facts of a report, and its status at an instant. `masked` counts numbers that were hidden before storing."""

    number: str
    election: str
    category: Category
    channel: Channel
    source: Source
    place: str
    received_at: datetime
    steps: tuple[Step, ...]
    happened_at: datetime | None = None
    masked: int = 0
    mark: str = ""
    erased: bool = False
    entry_id: str = ""

    @property
    def status(self) -> Status:
        """The last step."""
        return self.steps[-1].status


@dataclass(frozen=True)
class Filing:
    """A report that may be stored: cleaned, masked, within its limits. `masked` counts the hidden numbers."""

    words: Words
    category: Category
    channel: Channel
    source: Source
    place: str
    happened_at: datetime | None
    masked: int


def filing(
    text: str,
    *,
    category: Category,
    channel: Channel,
    source: Source,
    place: str,
    at: datetime,
    place_note: str = "",
    contact: str = "",
    happened_at: datetime | None = None,
) -> Filing:
    """Cleans and masks what somebody typed. TooShort, TooLong, Future."""
    said, note, reach = clean(text), clean(place_note), clean(contact)
    if len(said) < TEXT_SHORTEST:
        raise TooShort(shortest=TEXT_SHORTEST)
    if len(said) > TEXT_LONGEST or len(note) > NOTE_LONGEST or len(reach) > CONTACT_LONGEST:
        raise TooLong(longest=TEXT_LONGEST, note=NOTE_LONGEST, contact=CONTACT_LONGEST)
    if happened_at is not None and happened_at > at:
        raise Future()
    said, hidden = mask(said)
    note, more = mask(note)
    # A contact may be a telephone number (that is its use) but never an identity number.
    reach, most = mask(reach, phones=False)
    return Filing(Words(said, note, reach), category, channel, source, place, happened_at, hidden + more + most)


# --- a ticket: 60 random bits in Crockford's base 32, and a check character ----------------------------------------------

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECKS = _DIGITS + "*~$=U"
_LENGTH = 12


def new_ticket(rng: Random) -> str:
    """A ticket of 13 letters and digits. Draws again where the check character would be a sign that nobody can say on the phone."""
    while True:
        value = rng.getrandbits(5 * _LENGTH)
        check = _CHECKS[value % 37]
        if check.isalnum():
            return "".join(_DIGITS[value >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5)) + check


def parse_ticket(typed: str) -> str:
    """The ticket that somebody typed: small letters, spaces, hyphens, O for 0 and I or L for 1 are forgiven. BadTicket."""
    plain = re.sub(r"[\s\-]", "", typed[:60]).upper()
    body = plain[:-1].translate(str.maketrans("OIL", "011"))
    check = plain[-1:].translate(str.maketrans("OIL", "011"))
    if len(body) != _LENGTH or any(letter not in _DIGITS for letter in body):
        raise BadTicket()
    value = 0
    for letter in body:
        value = value * 32 + _DIGITS.index(letter)
    if _CHECKS[value % 37] != check:
        raise BadTicket()
    return body + check


def grouped(ticket: str) -> str:
    """As it is read out: XXXX-XXXX-XXXX-X."""
    return "-".join((ticket[:4], ticket[4:8], ticket[8:12], ticket[12:]))


def ticket_hash(ticket: str) -> str:
    """What is stored instead of the ticket, which only the reporter has."""
    return hashlib.sha256(b"posko/ticket/v1\n" + ticket.encode()).hexdigest()


# --- status ------------------------------------------------------------------------------------------------------------

_FOLLOWS = {
    Status.RECEIVED: {Status.ASSESSING, Status.REFERRED, Status.CLOSED},
    Status.ASSESSING: {Status.REFERRED, Status.CLOSED},
    Status.REFERRED: {Status.CLOSED},
    Status.CLOSED: {Status.ASSESSING},
}


def check_step(report: Report, status: Status) -> None:
    """Whether `status` may follow. NoStep."""
    if status not in _FOLLOWS[report.status]:
        raise NoStep(number=report.number, present=report.status.value, wanted=status.value)


# --- cleaning and masking ----------------------------------------------------------------------------------------------

_SEPARATOR = r"[ .\-_/]{1,3}"
_IDENTITY = re.compile(
    r"(?<!\d)(?:"
    r"\d{16,}"
    rf"|\d{{4}}(?:{_SEPARATOR}\d{{4}}){{3}}"
    rf"|\d{{6}}{_SEPARATOR}\d{{6}}{_SEPARATOR}\d{{4}}"
    rf"|\d{{2}}(?:{_SEPARATOR}\d{{2}}){{7}}"
    rf"|\d(?:{_SEPARATOR}\d){{15,}}"
    r")(?!\d)"
)
_PHONE = re.compile(r"(?<!\d)(?:\+?62|0)[ .\-]?8(?:[ .\-]?\d){7,11}(?!\d)")


def clean(text: str) -> str:
    """Unicode made comparable, invisible and control characters removed, line ends and blank runs tidied."""
    plain = unicodedata.normalize("NFKC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(c for c in plain if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs", "Cn"})
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[^\S\n]+", " ", kept)).strip()


def mask(text: str, *, phones: bool = True) -> tuple[str, int]:
    """(text without identity numbers of 16 digits or telephone numbers, how many were hidden)."""
    hidden, identities = _IDENTITY.subn(MASK, text)
    if not phones:
        return hidden, identities
    hidden, telephones = _PHONE.subn(MASK, hidden)
    return hidden, identities + telephones


# --- the neutral guard ---------------------------------------------------------------------------------------------------

LABELS = (
    "partai", "parpol", "kepartaian", "paslon", "pasangan calon", "caleg", "calon legislatif", "capres", "cawapres", "calon presiden",
    "calon wakil presiden", "calon bupati", "calon wakil bupati", "calon gubernur", "calon anggota dewan", "calon anggota dpr",
    "calon anggota dprd", "calon anggota dpd", "kandidat", "kontestan", "nomor urut",
    "no urut", "tim sukses", "timses", "tim pemenangan", "relawan pendukung", "pendukung", "simpatisan", "basis massa", "elektabilitas",
    "dukungan suara", "perolehan suara", "agama", "seagama", "umat", "jemaat", "mazhab", "suku", "sesuku", "etnis", "ras", "pribumi",
    "warga keturunan", "aseng", "kafir",
)  # fmt: skip
"""Generic labels, version 1. No name of a party, person, religion or people stands here; an installation adds its own list."""
HARMLESS = (
    "suku cadang", "suku bunga", "suku kata", "suku dinas", "kantor urusan agama", "urusan agama", "pengadilan agama", "kementerian agama",
    "kantor kementerian agama", "pendidikan agama", "kepala kantor agama", "alat pendukung", "sarana pendukung", "tenaga pendukung",
    "dokumen pendukung", "data pendukung", "perlengkapan pendukung",
)  # fmt: skip
_LOOKALIKE = str.maketrans("аеорсхуікмтвн", "aeopcxyikmtbh")
_LEET = str.maketrans("4130572@$", "aieostzas")
_SUFFIX = r"(?:nya|ku|mu|kah|lah|pun)?"


def guard(text: str, *, extra: Iterable[str] = (), places: Iterable[str] = ()) -> tuple[str, ...]:
    """Guarded labels in a text, in order, each once. Place names never trip it. `extra` is the installation's own list."""
    plain = _flattened(text)
    for phrase in (*HARMLESS, *sorted((_flattened(name) for name in places), key=len, reverse=True)):
        if phrase:
            plain = re.sub(rf"\b{re.escape(phrase)}\b", " ", plain)
    labels = [*LABELS, *(_flattened(word) for word in extra)]
    hits = []
    for label in labels:
        match = re.search(rf"\b{re.escape(label)}{_SUFFIX}\b", plain) if label else None
        if match:
            hits.append((match.start(), label))
    return tuple(label for _, label in sorted(hits))


def check_neutral(*texts: str, extra: Iterable[str] = (), places: Iterable[str] = ()) -> None:
    """A text of the post's own. Guarded names the words to avoid."""
    words = guard("\n".join(texts), extra=tuple(extra), places=tuple(places))
    if words:
        raise Guarded(words=", ".join(words))


def _flattened(text: str) -> str:
    """Lower case, plain Latin letters, letters that were spaced out joined, digits inside words read as letters."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", clean(text)).casefold() if not unicodedata.combining(c))
    plain = plain.translate(_LOOKALIKE)
    plain = re.sub(r"\b(?:[a-z][ .\-_*]){3,}[a-z]\b", lambda m: re.sub(r"[ .\-_*]", "", m.group()), plain)
    plain = re.sub(r"\S*[a-z]\S*", lambda m: m.group().translate(_LEET), plain)
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()
