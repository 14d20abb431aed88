"""Stage reports: what somebody told us. A report is what a person says; what it means is concluded elsewhere (aght).

The words and the contact of a reporter are private and can be erased; facts hold only number, kind, place, time and channel. The
neutral guard looks for words about parties, candidates, religion or ethnicity by generic labels: real names stand in no file of ours,
an installation may add its own list. Such words may stand in a reporter's private words, never in a text the post writes itself.

A message of two-digit codes that survives SMS is read here too: the place and every code carry a check letter that is printed on the
card, so that nobody has to compute anything and a single wrong character is never taken for another message.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from random import Random
from typing import ClassVar

from posko.domain import access, record

TEXT_SHORTEST = 15
TEXT_LONGEST = 2000
NOTE_LONGEST = 160
CONTACT_LONGEST = 120
ADDITION_LONGEST = 1000
MOST_ADDITIONS = 5
MOST_FILES = 3
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


class UnclearPlace(record.Refusal):
    """A typed name of a place that means none or several. `choices` names them."""

    code: ClassVar[str] = "reports.unclear_place"


class TimeMissing(record.Refusal):
    """A day without the time of day."""

    code: ClassVar[str] = "reports.time_missing"


class AdditionClosed(record.Refusal):
    """A report that takes no more additions: it is closed or erased."""

    code: ClassVar[str] = "reports.addition_closed"


class TooManyAdditions(record.Refusal):
    """As many additions as a report takes."""

    code: ClassVar[str] = "reports.too_many_additions"


class FiledJustNow(record.Refusal):
    """The same words about the same place by the same person a moment ago: the form was sent twice."""

    code: ClassVar[str] = "reports.filed_just_now"


class TooManyFiles(record.Refusal):
    """More attachments than a report takes."""

    code: ClassVar[str] = "reports.too_many_files"


class NoFile(record.Refusal):
    """No such attachment, or it was erased."""

    code: ClassVar[str] = "reports.no_file"


class FileTwice(record.Refusal):
    """A file of reports whose rows were imported before."""

    code: ClassVar[str] = "reports.file_twice"


class NoUpload(record.Refusal):
    """The file under examination is gone: imported, dropped or old."""

    code: ClassVar[str] = "reports.no_upload"


class FileHasProblems(record.Refusal):
    """A file is imported whole or not at all."""

    code: ClassVar[str] = "reports.file_has_problems"


class ForbiddenColumn(record.Refusal):
    """A column about persons, participants, religion or ethnicity. `rule` says which, the words of the cell stand nowhere."""

    code: ClassVar[str] = "reports.forbidden_column"


class PurposeMissing(record.Refusal):
    """A search that looks like a search for a person, without a purpose."""

    code: ClassVar[str] = "reports.purpose_missing"


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
    attachments: int = 0

    @property
    def status(self) -> Status:
        """The last step."""
        return self.steps[-1].status


def thing(report: Report, act: str, region: str) -> access.Thing:
    """A report as the policy sees it under an act: at its place; without one, or at a warehouse or pier, it is the region's."""
    return access.owned(act, report.number, report.place, region)


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


@dataclass(frozen=True)
class Attachment:
    """A picture or a paper turned into pictures, without metadata. kind: jpeg | png | webp | pdf; data: the bytes to keep."""

    kind: str
    data: bytes


@dataclass(frozen=True)
class Addition:
    """What was told later about the same report, by whom (`by_reporter`: through the ticket). Private and erasable like the words."""

    text: str
    added_at: datetime
    by_reporter: bool


def addition(report: Report, text: str, already: int) -> tuple[str, int]:
    """(cleaned and masked text, how many numbers were hidden). TooShort, TooLong, AdditionClosed, TooManyAdditions."""
    if report.erased or report.status is Status.CLOSED:
        raise AdditionClosed(number=report.number)
    if already >= MOST_ADDITIONS:
        raise TooManyAdditions(most=MOST_ADDITIONS)
    said = clean(text)
    if len(said) < TEXT_SHORTEST:
        raise TooShort(shortest=TEXT_SHORTEST)
    if len(said) > ADDITION_LONGEST:
        raise TooLong(longest=ADDITION_LONGEST, note=NOTE_LONGEST, contact=CONTACT_LONGEST)
    return mask(said)


def check_files(files: int) -> None:
    """TooManyFiles."""
    if files > MOST_FILES:
        raise TooManyFiles(most=MOST_FILES)


def place_named(typed: str, names: Mapping[str, str]) -> str:
    """The code of a place that somebody typed: a code, its full name, or enough of the beginning of one name. UnclearPlace.

    names: code -> name as lists show it. "" for nothing typed.
    """
    said = " ".join(clean(typed).casefold().split())
    if not said:
        return ""
    plain = {code: " ".join(name.casefold().split()) for code, name in names.items()}
    for found in (
        [code for code in plain if code.casefold() == said],
        [code for code, name in plain.items() if name == said],
        [code for code, name in plain.items() if name.split(",")[0] == said],
        [code for code, name in plain.items() if name.startswith(said)],
        [code for code, name in plain.items() if said in name],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            raise UnclearPlace(typed=said[:40], choices="; ".join(names[code] for code in found[:5]))
    raise UnclearPlace(typed=said[:40], choices="")


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


_SPELLING = (
    "nol satu dua tiga empat lima enam tujuh delapan sembilan Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel Juliet Kilo Mike "
    "November Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
)
_SPOKEN = dict(zip("0123456789ABCDEFGHJKMNPQRSTUVWXYZ", _SPELLING.split(), strict=True))


def dictated(ticket: str) -> tuple[tuple[str, str], ...]:
    """The groups of a ticket, each with the words that are said for it on the telephone."""
    groups = grouped(ticket).split("-")
    return tuple((group, ", ".join(_SPOKEN[letter] for letter in group)) for group in groups)


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
KINDS = {
    "religion": ("agama", "seagama", "umat", "jemaat", "mazhab", "kafir"),
    "ethnicity": ("suku", "sesuku", "etnis", "ras", "pribumi", "warga keturunan", "aseng"),
    "support": ("pendukung", "simpatisan", "basis massa", "elektabilitas", "dukungan suara", "perolehan suara", "relawan pendukung"),
}
"""What a label is about; every other label is about participants, a word that stands in no list of ours is an installation's own."""
_LOOKALIKE = str.maketrans("аеорсхуікмтвн", "aeopcxyikmtbh")
_LEET = str.maketrans("4130572@$", "aieostzas")
_SUFFIX = r"(?:nya|ku|mu|kah|lah|pun)?"


def guard(text: str, *, extra: Iterable[str] = (), places: Iterable[str] = ()) -> tuple[str, ...]:
    """Guarded labels in a text, in order, each once. Place names never trip it. `extra` is the installation's own list."""
    plain = _harmless(tuple(places)).sub(" ", _flattened(text))
    hits = []
    for label, pattern in _labels(tuple(extra)):
        match = pattern.search(plain)
        if match:
            hits.append((match.start(), label))
    return tuple(label for _, label in sorted(hits))


@lru_cache(maxsize=8)
def _harmless(places: tuple[str, ...]) -> re.Pattern[str]:
    """Phrases that are taken out before looking: ours, then names of places, the longest first. Thousands of texts have the same ones."""
    phrases = [*HARMLESS, *sorted(filter(None, map(_flattened, places)), key=len, reverse=True)]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b")


@lru_cache(maxsize=8)
def _labels(extra: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    labels = dict.fromkeys((*LABELS, *filter(None, map(_flattened, extra))))
    return tuple((label, re.compile(rf"\b{re.escape(label)}{_SUFFIX}\b")) for label in labels)


def kinds(words: Iterable[str]) -> tuple[str, ...]:
    """What guarded labels are about, each once: participant | support | religion | ethnicity | own_list. Counts need no words."""
    found = []
    for word in words:
        kind = next((kind for kind, labels in KINDS.items() if word in labels), "participant" if word in LABELS else "own_list")
        found.append(kind)
    return tuple(dict.fromkeys(found))


_TITLES = re.compile(r"\b(?:pak|bpk|bapak|bu|ibu|sdr|sdri|saudara|saudari|haji|hajah|hj|ustad|ustaz|kiai|tuan|nyonya|nama)\b[ .]+[a-z]{3,}")


def looks_like_a_person(text: str, names: Iterable[str] = ()) -> str:
    """Why a search looks like one for a person: identity | title | name | guarded label's kind; "" where it does not.

    names: those of people known here. It knows no other names: a bare name of a stranger is not noticed.
    """
    if mask(clean(text))[1]:
        return "identity"
    plain = _flattened(text)
    if _TITLES.search(plain):
        return "title"
    known = {_flattened(name) for name in names}
    if plain and any(plain == name or (len(plain) >= 4 and plain in name.split()) for name in known if name):
        return "name"
    found = kinds(guard(text))
    return found[0] if found else ""


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


# --- messages of codes ------------------------------------------------------------------------------------------------------------
# LAPOR <place><letter> <code><letter> [<code><letter> ...] [# note]
#   place  kecamatan (2), desa (4), TPS (3; 000 for the whole desa); the region's 4 digits may stand in front
#   code   two digits of SMS_CODES
#   letter one of 23, without I, L and O, which are read as digits; prime, so that no single wrong digit and no two exchanged ones agree

SMS_LONGEST = 160
SMS_MOST_CODES = 4
SMS_VERSION = 1
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"
_KEYWORD = re.compile(r"[l1i]\s*ap[o0]r", re.IGNORECASE)
_SHAPE = re.compile(rf"(\d{{4}})?(\d{{9}})([{_LETTERS}])((?:\d\d[{_LETTERS}])+)")


class SmsShape(record.Refusal):
    """A message that is not written as the card says, too long, or with too many codes."""

    code: ClassVar[str] = "reports.sms_shape"


class SmsCheck(record.Refusal):
    """A check letter that does not fit. `part`: the place or the code that was probably mistyped."""

    code: ClassVar[str] = "reports.sms_check"


class SmsUnknownCode(record.Refusal):
    """A code without a mistake in it that stands in no table of ours."""

    code: ClassVar[str] = "reports.sms_unknown_code"


@dataclass(frozen=True)
class SmsCode:
    """A two-digit code, what it is about, and the one sentence that it stands for."""

    number: str
    category: Category
    sentence: str

    @property
    def written(self) -> str:
        """With its check letter, as on the card."""
        return self.number + _letter(self.number, 13)


SMS_CODES = tuple(
    SmsCode(number, Category(category), sentence)
    for number, category, sentence in (
        ("11", "LOG", "Surat suara kurang."),
        ("12", "LOG", "Surat suara tertukar dari dapil lain."),
        ("13", "LOG", "Surat suara rusak atau basah."),
        ("14", "LOG", "Kotak suara atau segel rusak atau terbuka."),
        ("15", "LOG", "Logistik belum sampai."),
        ("16", "LOG", "Bilik, tinta, atau formulir kurang."),
        ("17", "LOG", "Tempat simpan logistik bocor atau tidak aman."),
        ("21", "GEO", "Gelombang tinggi, kapal tidak berangkat."),
        ("22", "GEO", "Banjir di TPS atau di jalan ke TPS."),
        ("23", "GEO", "Jalan atau jembatan putus."),
        ("24", "GEO", "Hujan atau angin merusak TPS."),
        ("31", "NET", "Listrik padam di TPS."),
        ("32", "NET", "Tidak ada sinyal di TPS."),
        ("41", "VOT", "Daftar pemilih belum ada atau salah."),
        ("42", "VOT", "Pemilih yang datang jauh lebih banyak dari daftar."),
        ("51", "SEC", "Jalan ke TPS atau gudang dihalangi orang."),
        ("52", "SEC", "Keributan di TPS."),
        ("53", "SEC", "Petugas atau pemilih ditakut-takuti."),
        ("61", "INF", "Kabar tidak benar tentang jadwal atau tempat memilih."),
        ("71", "HR", "Petugas KPPS sakit atau kurang."),
        ("72", "HR", "TPS belum dibuka atau terlambat dibuka."),
        ("81", "VIO", "Dugaan pelanggaran pemilu."),
        ("91", "OTHER", "Perlu bantuan segera, hubungi pengirim."),
        ("99", "OTHER", "Uji coba pengiriman."),
    )
)
"""Version 1. A card in somebody's pocket outlives a release: a code keeps its meaning, new meanings get new codes."""
SMS_TEST = "99"
_BY_NUMBER = {code.number: code for code in SMS_CODES}


@dataclass(frozen=True)
class Coded:
    """A message that was read: the TPS or desa, the codes, the words behind #."""

    place: str
    codes: tuple[SmsCode, ...]
    note: str = ""

    @property
    def test(self) -> bool:
        """Whether it only tries the way: nothing is recorded."""
        return all(code.number == SMS_TEST for code in self.codes)

    def said(self, code: SmsCode) -> str:
        """What a code of this message says, in words."""
        return f"{code.sentence} (SMS kode {code.number}{f'; catatan pengirim: {self.note}' if self.note else ''})"


def sms_place(place: str) -> str:
    """How a TPS or desa is written on the card, without the region: 19.06.02.2001.001 -> 02 2001 001 K."""
    digits = _place_digits(place)
    return f"{digits[4:6]} {digits[6:10]} {digits[10:]} {_letter(digits)}"


def read_sms(message: str, region: str) -> Coded:
    """A message as it came. region: "19.06", for places without it. SmsShape, SmsCheck, SmsUnknownCode.

    Small letters, spaces, punctuation and line ends do not matter; O is 0, I and L are 1; what stands before LAPOR is not read.
    """
    body, _, note = _from_keyword(unicodedata.normalize("NFKC", message)).partition("#")
    if len(" ".join(body.split())) + len(note) > SMS_LONGEST:
        raise SmsShape(why="long")
    plain = re.sub(r"[^0-9A-Z]", "", body.upper()).translate(str.maketrans("OIL", "011")).removeprefix("1AP0R")
    found = _SHAPE.fullmatch(plain)
    if found is None or len(found[4]) > 3 * SMS_MOST_CODES:
        raise SmsShape(why="form")
    digits = (found[1] or re.sub(r"\D", "", region)) + found[2]
    if _letter(digits) != found[3]:
        raise SmsCheck(part=found[2] + found[3])
    codes = []
    for start in range(0, len(found[4]), 3):
        number, letter = found[4][start : start + 2], found[4][start + 2]
        if _letter(number, 13) != letter:
            raise SmsCheck(part=number + letter)
        if number not in _BY_NUMBER:
            raise SmsUnknownCode(number=number)
        codes.append(_BY_NUMBER[number])
    return Coded(_place_code(digits), tuple(dict.fromkeys(codes)), mask(clean(note))[0][:NOTE_LONGEST])


def sms_messages(pasted: str) -> list[str]:
    """The messages in a pasted text: one a line, or one from LAPOR to the next where a telephone broke the lines."""
    found: list[str] = []
    for line in pasted.replace("\r", "\n").split("\n"):
        said = line.strip()
        if not said:
            continue
        goes_on = found and not _KEYWORD.search(said) and _KEYWORD.search(found[-1]) and not _whole(found[-1])
        if goes_on or (found and said.startswith("#") and "#" not in found[-1]):
            found[-1] += "\n" + said
        else:
            found.append(said)
    return found


def _whole(message: str) -> bool:
    body = _from_keyword(message).partition("#")[0]
    plain = re.sub(r"[^0-9A-Z]", "", body.upper()).translate(str.maketrans("OIL", "011")).removeprefix("1AP0R")
    return _SHAPE.fullmatch(plain) is not None


def _from_keyword(message: str) -> str:
    found = _KEYWORD.search(message.partition("#")[0])
    return message[found.start() :] if found else message


def _letter(digits: str, start: int = 0) -> str:
    """Weighted by the powers of 5, a primitive root of 23: all 22 weights differ and none is 0."""
    return _LETTERS[(sum(int(d) * pow(5, start + n, 23) for n, d in enumerate(digits)) + 7) % 23]


def _place_digits(place: str) -> str:
    digits = place.replace(".", "")
    if not digits.isdigit() or len(digits) not in {10, 13}:
        raise UnknownPlace(place=place[:40])
    return digits if len(digits) == 13 else digits + "000"


def _place_code(digits: str) -> str:
    desa = f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}.{digits[6:10]}"
    return desa if digits[10:] == "000" else f"{desa}.{digits[10:]}"
