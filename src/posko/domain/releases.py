"""Stage releases: what may the public see?

A publication is one file: canonical JSON (record.canonical: sorted keys, no spaces, strings and whole numbers only) of
{"format", "head", "sections"}. Its digest is the SHA-256 of that file, so `sha256sum` alone proves a copy; its head names the digest of
the one before it. Every figure follows from the other sections by the formulas in FIGURES: `differences` repeats them, and needs
nothing but this file, record.py, thresholds.py and a bare Python.

What may be in it is a list of what is allowed (FIELDS), never of what is forbidden. Facts that were scanned or decided; nothing that is
planned; nobody and nothing on its way; no code of a box or seal.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

from posko.domain import record, thresholds

FORMAT = "posko-terbitan/1"
UNKNOWN = -1
"""A number that nobody knows, and the denominator of a figure that has none: the canonical form has no null."""
SUPPRESSED = -2
"""A number that is kept back because it, or what could be computed from it, is small."""
WIB = timezone(timedelta(hours=7))

Row = dict[str, Any]
Sections = Mapping[str, Any]


# --- refusals ------------------------------------------------------------------------------------------------------------


class Changed(record.Refusal):
    """A publication whose bytes do not give its digest, or are not written in the one way."""

    code: ClassVar[str] = "releases.changed"


class NotPublic(record.Refusal):
    """A section, field or word that is not on the list of what the public may see."""

    code: ClassVar[str] = "releases.not_public"


class Planned(record.Refusal):
    """An instant after the making: a plan, not a fact."""

    code: ClassVar[str] = "releases.planned"


class Underway(record.Refusal):
    """Something seen at a TPS whose embargo has not passed: the crew may still be on its way."""

    code: ClassVar[str] = "releases.underway"


class TooFresh(record.Refusal):
    """Counts of the post younger than a day."""

    code: ClassVar[str] = "releases.too_fresh"


class SmallCount(record.Refusal):
    """A count of the post that is small, or can be computed from what stands beside it."""

    code: ClassVar[str] = "releases.small_count"


class CodeInside(record.Refusal):
    """The code of a box, a seal or a carton."""

    code: ClassVar[str] = "releases.code_inside"


class WrongFigure(record.Refusal):
    """A figure that does not follow from the other sections."""

    code: ClassVar[str] = "releases.wrong_figure"


class Overtaken(record.Refusal):
    """Another publication was made meanwhile; what was seen no longer follows the newest."""

    code: ClassVar[str] = "releases.overtaken"


class NothingToCorrect(record.Refusal):
    """No such publication, or it has been corrected already."""

    code: ClassVar[str] = "releases.nothing_to_correct"


class ReasonMissing(record.Refusal):
    """A correction, a stop or a refusal without its reason in words."""

    code: ClassVar[str] = "releases.reason_missing"


class NamesSomebody(record.Refusal):
    """The reason of a correction, which the public reads, names a person or holds a number of one."""

    code: ClassVar[str] = "releases.names_somebody"


class Unknown(record.Refusal):
    """No such publication, proposal or rule."""

    code: ClassVar[str] = "releases.unknown"


class NotOpen(record.Refusal):
    """The proposal has been decided, or the rule is not in force."""

    code: ClassVar[str] = "releases.not_open"


class Closed(record.Refusal):
    """Corrected as "not for the public": the file is no longer handed out."""

    code: ClassVar[str] = "releases.closed"


class NotProposer(record.Refusal):
    """Only who proposed takes back."""

    code: ClassVar[str] = "releases.not_proposer"


class AlreadyProposed(record.Refusal):
    """A proposal waits already."""

    code: ClassVar[str] = "releases.already_proposed"


class BadRule(record.Refusal):
    """A standing rule without an hour or a section, over before it begins, or longer than half a year."""

    code: ClassVar[str] = "releases.bad_rule"


# --- what the rules are ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """The protections; a copy stands in the head of every publication, so that anybody can check them.

    k and the day of delay are those of the field study of posts; the two embargoes are ours: a land crew is back within two hours,
    and the longest passage that a source gives is six hours out (Batun), so twelve hours see the boat home.
    """

    k: int = 5
    delay_min: int = 24 * 60
    embargo_min: int = 2 * 60
    embargo_island_min: int = 12 * 60

    def embargo(self, island: bool) -> timedelta:
        """How long what was seen at a TPS stays unpublished."""
        return timedelta(minutes=self.embargo_island_min if island else self.embargo_min)


@dataclass(frozen=True)
class Limits:
    """Thresholds of R23: how old the newest publication may be, and how far the house may have moved away from it."""

    oldest: timedelta = field(
        default=timedelta(hours=30), metadata=thresholds.bounds("R23", 2, 336, "jam", "umur terbitan terakhir yang masih wajar")
    )
    drift_permille: int = field(
        default=50, metadata=thresholds.bounds("R23", 10, 500, "permil", "beda angka terbitan dari catatan sekarang")
    )


PUBLIC_REASONS = {
    "check_missing": "goods_missing", "seal_broken": "under_check", "place_not_ready": "place_not_ready", "kpps_absent": "officers_missing",
    "stock_short": "stock_short", "unseen": "not_all_seen", "stale": "old_check", "unconfirmed": "need_unconfirmed",
    "no_needs": "need_unconfirmed", "no_report": "no_report", "storage_bad": "place_not_ready",
    "box_wrong": "under_check", "box_open": "under_check", "seal_mismatch": "under_check",
}  # fmt: skip
"""Reason of readiness -> what the public reads. What follows from a plan (no_plan, not_delivered) has no public name: it would tell
when a crew is expected. Which item is missing at which TPS and what is wrong with a seal stay inside: "under_check" says no more."""

REASONS = ("count", "place", "late", "not_public", "other")
"""Why a publication is corrected. not_public: its file is no longer handed out; its number, digest and figures stay in the history."""

SECTIONS = ("figures", "tps", "receipts", "recommendations", "guard", "rules", "places", "history", "withheld")
CHOOSABLE = ("receipts", "recommendations", "guard", "rules")
"""Sections that a publication may leave out; the others are always there."""

HEAD = frozenset({
    "number", "previous", "election", "election_name", "region", "region_name", "voting_at", "made_at", "data_at", "way", "rule",
    "corrects", "reason_code", "reason", "journal_size", "journal_root", "marks", "policy",
})  # fmt: skip

FIELDS: dict[str, frozenset[str]] = {
    "figures": frozenset({
        "code", "label", "label_en", "numerator", "denominator", "how", "source", "source_en", "as_of", "marks",
    }),
    "tps": frozenset({
        "code", "number", "name", "desa_code", "desa", "kecamatan_code", "kecamatan", "dapil", "kind", "provisional", "island", "voters",
        "estimate", "state", "reasons", "checked_at", "arrived", "arrived_at", "entry", "marks",
    }),
    "receipts": frozenset({
        "item", "name", "contest", "dapil", "unit", "need", "grade", "confirmed", "ordered", "received", "accepted", "marks",
    }),
    "recommendations": frozenset({"as_of", "totals", "addressees", "marks"}),
    "guard": frozenset({"as_of", "refused", "kinds"}),
    "rules": frozenset({"item", "name", "use", "per", "quantity", "article", "grade", "confirmed"}),
    "places": frozenset({"kecamatan", "desa", "islands"}),
    "history": frozenset({"number", "digest", "made_at", "data_at", "way", "corrects", "reason_code", "reason", "corrected_by", "figures"}),
    "withheld": frozenset({"checks"}),
}  # fmt: skip

TOTALS = ("issued", "waiting", "in_time", "overdue", "answered", "accepted", "partly", "refused", "withdrawn")
SUMS = (
    ("issued", ("waiting", "answered", "withdrawn")), ("waiting", ("in_time", "overdue")), ("answered", ("accepted", "partly", "refused")),
)  # fmt: skip
"""Each total and its parts; the addressees are a further way to divide what was issued."""

HISTORY_MOST = 120


# --- figures: from which section, by which formula -----------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A published figure: its words, and how it is computed from the rows of one section.

    op: count (rows where / rows among), sum (of `field` over rows where), covered (field up to the need / need, over rows where), complete
    (rows whose field reaches the need / rows with a need), value (a named number / another). A test is field -> "=word", "set", "positive"
    or "unknown". among None: no denominator.
    """

    code: str
    label: str
    label_en: str
    section: str
    op: str
    source: str
    source_en: str
    field: str = ""
    where: tuple[tuple[str, str], ...] = ()
    among: tuple[tuple[str, str], ...] | None = None
    over: str = ""

    @property
    def how(self) -> Row:
        """The formula as it is published beside the figure."""
        found: Row = {"section": self.section, "op": self.op, "field": self.field, "where": dict(self.where), "over": self.over}
        return found if self.among is None else {**found, "among": dict(self.among)}


_CHECKS = ("Pemeriksaan petugas di TPS", "Checks made by officers at the polling station")
_GOODS = ("Catatan penerimaan barang KPU", "The commission's record of goods received")
_NEEDS = ("Rumus kebutuhan dari peraturan", "Quantities that follow from the regulation")
_LETTERS = ("Register rekomendasi posko", "Register of the post's recommendations")
_ISLAND = (("island", "set"),)

FIGURES = (
    Figure("tps", "TPS", "Polling stations", "tps", "count", "Daftar TPS", "List of polling stations"),
    Figure("voters", "Pemilih", "Voters", "tps", "sum", "Daftar pemilih, jumlah per TPS", "Voter list, counts only", field="voters"),
    Figure("ready", "TPS siap", "Stations ready", "tps", "count", *_CHECKS, where=(("state", "=ready"),), among=()),
    Figure("not_ready", "TPS belum siap", "Stations not ready", "tps", "count", *_CHECKS, where=(("state", "=not_ready"),), among=()),
    Figure("unknown", "TPS belum diketahui", "Stations unknown", "tps", "count", *_CHECKS, where=(("state", "=unknown"),), among=()),
    Figure("arrived", "TPS yang barangnya sudah lengkap di tempat", "Stations with all goods on site", "tps", "count", *_CHECKS,
           where=(("arrived", "=yes"),), among=()),
    Figure("islands_ready", "TPS di pulau yang siap", "Island stations ready", "tps", "count", *_CHECKS,
           where=(*_ISLAND, ("state", "=ready")), among=_ISLAND),
    Figure("units_ordered", "Barang diterima baik, dari jenis yang sudah dipesan", "Goods accepted, of kinds already ordered", "receipts",
           "covered", *_GOODS, field="accepted", where=(("ordered_kind", "positive"),)),
    Figure("units_all", "Barang diterima baik, dari semua kebutuhan yang diketahui", "Goods accepted, of all known needs", "receipts",
           "covered", *_GOODS, field="accepted"),
    Figure("units_received", "Barang diterima, dari semua kebutuhan yang diketahui", "Goods received, of all known needs", "receipts",
           "covered", *_GOODS, field="received"),
    Figure("lines", "Jenis barang yang sudah lengkap", "Kinds of goods complete", "receipts", "complete", *_GOODS, field="accepted"),
    Figure("needs_unknown", "Jenis barang yang kebutuhannya belum diketahui", "Kinds of goods whose need is not known", "receipts", "count",
           *_NEEDS, where=(("need", "unknown"),), among=()),
    Figure("issued", "Rekomendasi yang terbit", "Recommendations issued", "recommendations", "value", *_LETTERS, field="issued"),
    Figure("answered", "Rekomendasi yang dijawab", "Recommendations answered", "recommendations", "value", *_LETTERS, field="answered",
           over="issued"),
    Figure("accepted", "Rekomendasi yang disetujui penerima", "Recommendations accepted", "recommendations", "value", *_LETTERS,
           field="accepted", over="answered"),
    Figure("partly", "Rekomendasi yang disetujui sebagian", "Recommendations accepted in part", "recommendations", "value", *_LETTERS,
           field="partly", over="answered"),
    Figure("refused", "Rekomendasi yang ditolak dengan alasan", "Recommendations refused with reasons", "recommendations", "value",
           *_LETTERS, field="refused", over="answered"),
    Figure("overdue", "Rekomendasi yang lewat tenggat jawab", "Recommendations past the date for an answer", "recommendations", "value",
           *_LETTERS, field="overdue", over="issued"),
    Figure("guard", "Permintaan yang ditolak penjaga kenetralan", "Requests refused by the neutrality guard", "guard", "value",
           "Hitungan penjaga kenetralan", "Count of the neutrality guard", field="refused"),
)  # fmt: skip
_BY_CODE = {one.code: one for one in FIGURES}


def recompute(publication: "Publication") -> dict[str, tuple[int, int]]:
    """Every figure that the other sections give, by this file's own formulas: code -> (numerator, denominator).

    UNKNOWN and SUPPRESSED travel: a sum over something unknown is unknown, a share of something suppressed is suppressed.
    """
    return {one.code: _value(one, publication.sections) for one in FIGURES if one.section in publication.sections}


def _value(one: Figure, sections: Sections) -> tuple[int, int]:
    if one.op == "value":
        held = sections[one.section]
        numbers = held.get("totals", held)
        return numbers[one.field], numbers[one.over] if one.over else UNKNOWN
    rows = _rows(one, sections[one.section])
    chosen = [row for row in rows if _passes(row, one.where)]
    if one.op == "count":
        return len(chosen), UNKNOWN if one.among is None else sum(_passes(row, one.among) for row in rows)
    if one.op == "sum":
        parts = [row[one.field] for row in chosen]
        return (UNKNOWN if any(part < 0 for part in parts) else sum(parts)), UNKNOWN
    needed = [row for row in chosen if row["need"] >= 0]
    if one.op == "covered":
        return sum(min(row[one.field], row["need"]) for row in needed), sum(row["need"] for row in needed)
    wanted = [row for row in needed if row["need"]]
    return sum(row[one.field] >= row["need"] for row in wanted), len(wanted)


def _rows(one: Figure, section: Sequence[Row]) -> list[Row]:
    """The rows of a section; of goods with `ordered_kind`, whether anything of that kind (all its lines together) was ordered."""
    if one.section != "receipts":
        return list(section)
    ordered: dict[str, int] = {}
    for row in section:
        ordered[row["item"]] = ordered.get(row["item"], 0) + row["ordered"]
    return [{**row, "ordered_kind": ordered[row["item"]]} for row in section]


def _passes(row: Row, tests: Iterable[tuple[str, str]]) -> bool:
    return all(_test(row[name], test) for name, test in tests)


def _test(value: Any, test: str) -> bool:
    if test == "set":
        return bool(value)
    if test == "positive":
        return int(value) > 0
    if test == "unknown":
        return bool(value == UNKNOWN)
    return bool(value == test.removeprefix("="))


def marks_of(one: Figure, sections: Sections) -> list[str]:
    """The marks of everything that a figure counts, each once, sorted."""
    held = sections[one.section]
    rows = [held] if isinstance(held, dict) else held
    if one.code == "voters":
        return ["PERKIRAAN"] if any(row["estimate"] for row in rows) else []
    if one.code == "tps":
        return ["SEMENTARA"] if any(row["provisional"] for row in rows) else []
    return sorted({mark for row in rows for mark in row.get("marks", [])})


@dataclass(frozen=True)
class Difference:
    """A published figure that does not follow from the other sections. why: value | formula | missing | foreign | marks."""

    code: str
    label: str
    why: str
    published: tuple[int, int]
    recomputed: tuple[int, int]


_NONE = (UNKNOWN, UNKNOWN)


def differences(publication: "Publication") -> tuple[Difference, ...]:
    """Every figure that was changed, left out, added or given another formula or other marks; empty where all follow."""
    computed = recompute(publication)
    published = {row["code"]: row for row in publication.sections["figures"]}
    found = []
    for code, value in computed.items():
        one, row = _BY_CODE[code], published.get(code)
        said = (row["numerator"], row["denominator"]) if row else _NONE
        why = _why(one, row, said, value, publication.sections)
        if why:
            found.append(Difference(code, one.label, why, said, value))
    for code, row in published.items():
        if code not in computed:
            found.append(Difference(code, str(row["label"]), "foreign", (row["numerator"], row["denominator"]), _NONE))
    return tuple(found)


def _why(one: Figure, row: Row | None, said: tuple[int, int], value: tuple[int, int], sections: Sections) -> str:
    if row is None:
        return "missing"
    if said != value:
        return "value"
    if row["how"] != one.how:
        return "formula"
    return "marks" if sorted(row["marks"]) != marks_of(one, sections) else ""


# --- the publication ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Publication:
    """One publication: its exact bytes and their SHA-256. Never changes; a wrong one is corrected by a later one."""

    content: bytes
    digest: str

    def __post_init__(self) -> None:
        document = _document(self.content)
        whole = document.get("format") == FORMAT and all(isinstance(document.get(part), dict) for part in ("head", "sections"))
        if hashlib.sha256(self.content).hexdigest() != self.digest or not whole:
            raise Changed(digest=self.digest[:12])
        object.__setattr__(self, "_read", document)

    @property
    def head(self) -> Row:
        """Number, chain, times, election, way, journal, marks, policy."""
        return dict(self.__dict__["_read"]["head"])

    @property
    def sections(self) -> dict[str, Any]:
        """The named sections."""
        return dict(self.__dict__["_read"]["sections"])

    @property
    def number(self) -> int:
        """In the sequence of this election, from 1."""
        return int(self.head["number"])

    @property
    def previous(self) -> str:
        """Digest of the one before; "" for the first."""
        return str(self.head["previous"])

    @property
    def made_at(self) -> datetime:
        """When it was put together."""
        return instant(self.head["made_at"])

    @property
    def data_at(self) -> datetime:
        """Up to when facts were counted."""
        return instant(self.head["data_at"])

    @property
    def corrects(self) -> int:
        """The number of the one that it corrects; 0 for none."""
        return int(self.head["corrects"])

    @property
    def marks(self) -> tuple[str, ...]:
        """Marks of everything inside."""
        return tuple(self.head["marks"])

    def figure(self, code: str) -> Row | None:
        """A figure by code."""
        return next((row for row in self.sections["figures"] if row["code"] == code), None)


def _document(content: bytes) -> Row:
    """What the bytes say. Changed where they are no canonical JSON object."""
    try:
        document = json.loads(content)
        if isinstance(document, dict) and record.canonical(document) == content:
            return document
    except (ValueError, RecursionError, record.NotPlain):
        pass
    raise Changed(digest="")


def read(content: bytes) -> Publication:
    """A publication from its file. Changed."""
    return Publication(content, hashlib.sha256(content).hexdigest())


def instant(text: str) -> datetime:
    """An instant as it stands in a publication."""
    return datetime.fromisoformat(text)


def written(at: datetime) -> str:
    """An instant as a publication writes it: UTC, whole seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


# --- putting one together -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Station:
    """What may be offered about one TPS. seen_at and items come from a check made there, None and "" without one; reasons are those of
    readiness, judged without any plan. voters UNKNOWN where no list is in force."""

    code: str
    number: int
    name: str
    desa_code: str
    desa: str
    kecamatan_code: str
    kecamatan: str
    kind: str
    provisional: bool
    island: str
    dapil: Mapping[str, str]
    voters: int
    estimate: bool
    state: str
    reasons: tuple[str, ...] = ()
    seen_at: datetime | None = None
    items: str = ""
    entry: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letters:
    """Counts of the recommendations: TOTALS, and how many were issued to each agency."""

    totals: Mapping[str, int]
    addressees: Mapping[str, int]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Material:
    """Everything that may be offered to the public at an instant. goods, rules and places are rows as FIELDS names them."""

    election: str
    election_name: str
    region: str
    region_name: str
    voting_at: datetime
    stations: tuple[Station, ...]
    goods: tuple[Row, ...]
    letters: Letters
    guard: Mapping[str, int]
    rules: tuple[Row, ...]
    places: Row
    journal_size: int
    journal_root: str
    embargoed: int
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Way:
    """How a publication comes about: by a standing rule (its code) or by a person; as a correction of another, with reason."""

    rule: str = ""
    corrects: int = 0
    reason_code: str = ""
    reason: str = ""
    sections: tuple[str, ...] = CHOOSABLE


def compose(
    material: Material, previous: Publication | None, way: Way, at: datetime, policy: Policy | None = None, number: int = 0
) -> Publication:
    """The next publication from what may be offered, after the one before it (None for the first). The result passes `check`.

    number: the next free one where that is not the one after the previous (a clock that was set back sees fewer than there are).
    Underway, Planned, TooFresh and so on where the offer holds what it must not; NothingToCorrect, ReasonMissing for a correction.
    """
    held = policy or Policy()
    number = number or (previous.number + 1 if previous else 1)
    past = _past(previous)
    check_correction(past, way)
    past = [{**row, "corrected_by": number} if row["number"] == way.corrects else row for row in past]
    sections = _sections(material, past, way, at, held)
    sections["figures"] = [_figure(one, sections, at) for one in FIGURES if one.section in sections]
    marks = {*material.marks, *(mark for row in sections["figures"] for mark in row["marks"])}
    head: Row = {
        "number": number, "previous": previous.digest if previous else "", "election": material.election,
        "election_name": material.election_name, "region": material.region, "region_name": material.region_name,
        "voting_at": written(material.voting_at), "made_at": written(at), "data_at": written(at), "way": "rule" if way.rule else "person",
        "rule": way.rule, "corrects": way.corrects, "reason_code": way.reason_code, "reason": way.reason.strip(),
        "journal_size": material.journal_size, "journal_root": material.journal_root, "marks": sorted(marks), "policy": vars(held).copy(),
    }  # fmt: skip
    made = read(record.canonical({"format": FORMAT, "head": head, "sections": sections}))
    check(made)
    return made


def check_correction(past: Iterable[Row], way: Way) -> None:
    """past: rows of a history. NothingToCorrect, ReasonMissing."""
    if not way.corrects:
        return
    if way.corrects not in {row["number"] for row in past if not row["corrected_by"]}:
        raise NothingToCorrect(number=way.corrects)
    if way.reason_code not in REASONS or not thresholds.SHORTEST_REASON <= len(way.reason.strip()) <= thresholds.LONGEST_REASON:
        raise ReasonMissing(least=thresholds.SHORTEST_REASON, most=thresholds.LONGEST_REASON)


def _sections(material: Material, past: Sequence[Row], way: Way, at: datetime, policy: Policy) -> dict[str, Any]:
    delayed = written(at - timedelta(minutes=policy.delay_min))
    chosen: dict[str, Any] = {
        "receipts": list(material.goods),
        "recommendations": _letters(material.letters, delayed, policy),
        "guard": _guard(material.guard, delayed, policy),
        "rules": list(material.rules),
    }
    return {
        "tps": [_station(one) for one in material.stations],
        **{name: value for name, value in chosen.items() if name in way.sections},
        "places": material.places,
        "history": list(past[-HISTORY_MOST:]),
        "withheld": suppress({"checks": material.embargoed}, (), policy.k),
    }


def _station(one: Station) -> Row:
    arrived = {"yes": "yes", "no": "partly"}.get(one.items, "unknown") if one.seen_at else "unknown"
    seen = written(one.seen_at) if one.seen_at else ""
    reasons = sorted({PUBLIC_REASONS[code] for code in one.reasons if code in PUBLIC_REASONS})
    return {
        "code": one.code, "number": one.number, "name": one.name, "desa_code": one.desa_code, "desa": one.desa,
        "kecamatan_code": one.kecamatan_code, "kecamatan": one.kecamatan, "dapil": dict(one.dapil), "kind": one.kind,
        "provisional": int(one.provisional), "island": one.island, "voters": one.voters, "estimate": int(one.estimate),
        "state": one.state, "reasons": reasons,
        "checked_at": seen, "arrived": arrived, "arrived_at": "" if arrived == "unknown" else seen, "entry": one.entry,
        "marks": sorted(set(one.marks)),
    }  # fmt: skip


def _letters(letters: Letters, as_of: str, policy: Policy) -> Row:
    to = {f"to:{agency}": n for agency, n in letters.addressees.items()}
    cells = suppress({**letters.totals, **to}, (*SUMS, ("issued", tuple(to))), policy.k)
    return {
        "as_of": as_of,
        "totals": {name: cells[name] for name in TOTALS},
        "addressees": [{"agency": agency, "issued": cells[f"to:{agency}"]} for agency in sorted(letters.addressees)],
        "marks": sorted(set(letters.marks)),
    }


def _guard(counts: Mapping[str, int], as_of: str, policy: Policy) -> Row:
    cells = suppress({"refused": sum(counts.values()), **counts}, (("refused", tuple(counts)),), policy.k)
    return {"as_of": as_of, "refused": cells["refused"], "kinds": [{"kind": kind, "count": cells[kind]} for kind in sorted(counts)]}


def _past(previous: Publication | None) -> list[Row]:
    """The history that follows a publication: its own history and itself."""
    if previous is None:
        return []
    head = previous.head
    said = {name: head[name] for name in ("number", "made_at", "data_at", "way", "corrects", "reason_code", "reason")}
    itself = {**said, "digest": previous.digest, "corrected_by": 0, "figures": _numbers(previous)}
    return [*previous.sections["history"], itself]


def _numbers(publication: Publication) -> dict[str, list[int]]:
    return {row["code"]: [row["numerator"], row["denominator"]] for row in publication.sections["figures"]}


def _figure(one: Figure, sections: Sections, at: datetime) -> Row:
    numerator, denominator = _value(one, sections)
    held = sections[one.section]
    as_of = held["as_of"] if isinstance(held, dict) and "as_of" in held else written(at)
    return {
        "code": one.code, "label": one.label, "label_en": one.label_en, "numerator": numerator, "denominator": denominator,
        "how": one.how, "source": one.source, "source_en": one.source_en, "as_of": as_of, "marks": marks_of(one, sections),
    }  # fmt: skip


# --- small counts ---------------------------------------------------------------------------------------------------------

Sums = Sequence[tuple[str, tuple[str, ...]]]


def suppress(cells: Mapping[str, int], sums: Sums, k: int) -> dict[str, int]:
    """Counts from 1 to k-1 kept back, and as many others as it takes that none of them can be computed from what is shown.

    sums: total -> its parts, from the whole downwards; a part belongs to one total, a total may be divided in several ways. What belongs to
    a total that is kept back is kept back with it, so that nothing can be computed upwards, and each division stands for itself.
    """
    parts = {part for _, them in sums for part in them}
    hidden = {name for name, count in cells.items() if name not in parts and 0 < count < k}
    for total, them in sums:
        hidden |= set(them) if total in hidden else _kept_back({name: cells[name] for name in them}, k)
    return {name: SUPPRESSED if name in hidden else count for name, count in cells.items()}


def _kept_back(parts: Mapping[str, int], k: int) -> set[str]:
    """The parts to keep back where their total is shown.

    All of them where the total is so small that "at least one each" tells too much. Else the small ones, and with them a further one where
    the small ones are alone, all 1 or all k-1 (then their sum would tell them). That further one follows from the order of the parts, not
    from their size: somebody who knows this rule learns nothing from which one it is. A nought is shown as long as another can be taken.
    """
    small = [name for name, count in parts.items() if 0 < count < k]
    if not small:
        return set()
    if sum(parts.values()) < len(parts) + k:
        return set(parts)
    told = sum(parts[name] for name in small)
    if len(small) > 1 and told not in {len(small), len(small) * (k - 1)}:
        return set(small)
    others = [name for name in parts if name not in small]
    further = [name for name in others if parts[name]] or others
    return {*small, *further[:1]}


# --- what must hold for every publication -----------------------------------------------------------------------------------


def check(publication: Publication) -> None:
    """Whether everything in it may be public, by this file alone. NotPublic, Planned, Underway, TooFresh, SmallCount, CodeInside,
    WrongFigure. What has not the shape of a publication is NotPublic."""
    try:
        _check(publication)
    except (KeyError, TypeError, ValueError, AttributeError) as odd:
        raise NotPublic(where="shape", what=type(odd).__name__) from odd


def _check(publication: Publication) -> None:
    head, sections = publication.head, publication.sections
    _check_fields(head, sections)
    policy = _policy(head["policy"])
    _check_words(publication)
    made_at = publication.made_at
    for path, at in _instants({"head": {**head, "voting_at": head["made_at"]}, "sections": sections}):
        if at > made_at:
            raise Planned(where=path)
    _check_stations(sections["tps"], made_at, policy)
    _check_counts(sections, made_at, policy)
    wrong = differences(publication)
    if wrong:
        raise WrongFigure(figure=wrong[0].code, why=wrong[0].why)


def _policy(said: Row) -> Policy:
    """The protections named in a head, which may be stronger than ours and never weaker."""
    ours = vars(Policy())
    if set(said) != set(ours) or any(said[name] < least for name, least in ours.items()):
        raise NotPublic(where="head", what="policy")
    return Policy(**said)


def _check_fields(head: Row, sections: Sections) -> None:
    if set(head) != HEAD:
        raise NotPublic(where="head", what=" ".join(sorted(set(head) ^ HEAD)))
    foreign, absent = set(sections) - set(SECTIONS), set(SECTIONS) - set(CHOOSABLE) - set(sections)
    if foreign or absent:
        raise NotPublic(where="sections", what=" ".join(sorted(foreign | absent)))
    for name, held in sections.items():
        for row in [held] if isinstance(held, dict) else held:
            if set(row) != FIELDS[name]:
                raise NotPublic(where=name, what=" ".join(sorted(set(row) ^ FIELDS[name])))
    for row in sections["tps"]:
        if not set(row["reasons"]) <= set(PUBLIC_REASONS.values()):
            raise NotPublic(where="tps", what="reasons")


_CODE = re.compile(r"PSK1:|\b(?:PO|TRIP|AGHT|LAP|REK|SGL|SPJ)-\d", re.IGNORECASE)


def _check_words(publication: Publication) -> None:
    """No code of a thing or of something inside the house: the public would use it, or somebody would forge it."""
    for path, text in _texts({"head": publication.head, "sections": publication.sections}):
        if _CODE.search(text):
            raise CodeInside(where=path)


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)


def _instants(value: Any) -> Iterator[tuple[str, datetime]]:
    for path, text in _texts(value):
        if text and path.rpartition(".")[2].endswith(("_at", "as_of")):
            yield path, instant(text)


def _check_stations(rows: Iterable[Row], made_at: datetime, policy: Policy) -> None:
    for row in rows:
        seen = row["checked_at"]
        if seen and instant(seen) + policy.embargo(bool(row["island"])) > made_at:
            raise Underway(tps=row["code"])
        if row["arrived"] != "unknown" and not (seen and row["entry"]):
            raise Planned(where=f"tps {row['code']}")
        if row["state"] == "ready" and (row["arrived"] != "yes" or row["reasons"]):
            raise Planned(where=f"tps {row['code']}")


def _check_counts(sections: Sections, made_at: datetime, policy: Policy) -> None:
    latest = made_at - timedelta(minutes=policy.delay_min)
    cells: dict[str, int] = {"withheld": sections["withheld"]["checks"]}
    sums: list[tuple[str, tuple[str, ...]]] = []
    if "recommendations" in sections:
        held = sections["recommendations"]
        to = {f"to:{row['agency']}": row["issued"] for row in held["addressees"]}
        cells |= {**held["totals"], **to}
        sums += [*SUMS, ("issued", tuple(to))]
    if "guard" in sections:
        kinds = {f"guard:{row['kind']}": row["count"] for row in sections["guard"]["kinds"]}
        cells |= {"guard": sections["guard"]["refused"], **kinds}
        sums += [("guard", tuple(kinds))]
    for name in ("recommendations", "guard"):
        if name in sections and instant(sections[name]["as_of"]) > latest:
            raise TooFresh(section=name)
    for name, count in cells.items():
        if 0 < count < policy.k:
            raise SmallCount(what=name)
    for total, parts in sums:
        _check_sum(cells[total], [cells[part] for part in parts], total)


def _check_sum(total: int, parts: Sequence[int], name: str) -> None:
    """Parts add up to their total where all are shown, and one that is kept back is never alone or below a total that is kept back."""
    kept = parts.count(SUPPRESSED)
    if kept == 1 or (total == SUPPRESSED and kept < len(parts)):
        raise SmallCount(what=name)
    if not kept and total != sum(parts):
        raise WrongFigure(figure=name, why="sum")


# --- the chain, and what changed --------------------------------------------------------------------------------------------


def chain_faults(publications: Sequence[Publication]) -> tuple[tuple[int, str], ...]:
    """(number, fault) of a run of publications in their order: gap (a number is missing), previous (does not name the one before),
    history (says another figure or digest of an earlier one than that one itself)."""
    found: list[tuple[int, str]] = []
    known: dict[int, tuple[str, dict[str, list[int]]]] = {}
    for at, one in enumerate(publications):
        before = publications[at - 1] if at else None
        # A number may be skipped where a clock was set back; what names the digest of the one before it follows it all the same.
        if before and one.previous != before.digest:
            found.append((one.number, "gap" if one.number != before.number + 1 else "previous"))
        for row in one.sections["history"]:
            told = known.get(row["number"])
            if told and (row["digest"], row["figures"]) != told:
                found.append((one.number, "history"))
                break
        known[one.number] = (one.digest, _numbers(one))
    return tuple(found)


@dataclass(frozen=True)
class Change:
    """A figure that differs between two publications; None where it did not exist."""

    code: str
    label: str
    before: tuple[int, int] | None
    after: tuple[int, int] | None


def changes(before: Publication | None, after: Publication) -> tuple[Change, ...]:
    """The figures that differ, in the order of the later one, then those that are gone."""
    old, new = _figures(before) if before else {}, _figures(after)
    codes = [*new, *(code for code in old if code not in new)]
    return tuple(
        Change(code, (new.get(code) or old[code])[0], old[code][1] if code in old else None, new[code][1] if code in new else None)
        for code in codes
        if code not in old or code not in new or old[code][1] != new[code][1]
    )


def _figures(one: Publication) -> dict[str, tuple[str, tuple[int, int]]]:
    return {row["code"]: (row["label"], (row["numerator"], row["denominator"])) for row in one.sections["figures"]}


def seen(one: Publication) -> str:
    """A short hash of what somebody looked at in a preview: number, figures and the state of every TPS, whatever the minute."""
    said = {"number": one.number, "figures": _numbers(one), "states": [f"{row['code']} {row['state']}" for row in one.sections["tps"]]}
    return hashlib.sha256(record.canonical(said)).hexdigest()


def moved_stations(before: Publication | None, after: Publication) -> tuple[tuple[str, str, str], ...]:
    """(TPS, state before, state after) of those whose state differs; "" where the TPS is new."""
    old = {row["code"]: row["state"] for row in before.sections["tps"]} if before else {}
    return tuple(
        (row["code"], old.get(row["code"], ""), row["state"]) for row in after.sections["tps"] if old.get(row["code"]) != row["state"]
    )


# --- the standing rule ----------------------------------------------------------------------------------------------------

LONGEST_RULE = timedelta(days=184)


@dataclass(frozen=True)
class StandingRule:
    """Publish these sections every day at these minutes after midnight (WIB), from one instant until another."""

    code: str
    sections: tuple[str, ...]
    minutes: tuple[int, ...]
    from_at: datetime
    until_at: datetime
    proposer: str = ""
    approver: str = ""

    def __post_init__(self) -> None:
        hours = bool(self.minutes) and all(0 <= minute < 24 * 60 for minute in self.minutes)
        span = self.until_at - self.from_at
        if not hours or not set(self.sections) <= set(CHOOSABLE) or not timedelta(0) < span <= LONGEST_RULE:
            raise BadRule(code=self.code)

    @property
    def digest(self) -> str:
        """What a second person says yes to."""
        said = {"sections": sorted(self.sections), "minutes": sorted(self.minutes), "from_at": written(self.from_at)}
        return hashlib.sha256(record.canonical({**said, "until_at": written(self.until_at)})).hexdigest()

    def slot(self, at: datetime) -> datetime | None:
        """The latest instant by `at` at which it publishes; None before the first."""
        local = at.astimezone(WIB)
        found = []
        for day in (local - timedelta(days=1), local):
            midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
            found += [midnight + timedelta(minutes=minute) for minute in self.minutes]
        return max((one.astimezone(UTC) for one in found if self.from_at <= one <= at and one < self.until_at), default=None)

    def due(self, last_at: datetime | None, at: datetime) -> datetime | None:
        """The slot that is to be published now, None when it was. Missed slots are not made up for: the newest stands for them."""
        slot = self.slot(at)
        return slot if slot is not None and (last_at is None or last_at < slot) else None


def rule_minutes(typed: str) -> tuple[int, ...]:
    """Hours as people write them, "06.00, 18.00" or "6 18:30", as minutes after midnight, each once, sorted. BadRule."""
    found = set()
    for word in re.split(r"[,;\s]+", typed.strip()):
        match = re.fullmatch(r"([0-9]{1,2})(?:[.:]([0-9]{2}))?", word)
        if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59:
            raise BadRule(code=word[:10])
        found.add(int(match[1]) * 60 + int(match[2] or 0))
    return tuple(sorted(found))


# --- early warnings -------------------------------------------------------------------------------------------------------


def old_signal(latest: Publication, election: str, voting_at: datetime, at: datetime, limits: Limits | None = None) -> list[record.Signal]:
    """R23: the public reads old figures. Nothing once the vote is two weeks past."""
    held = limits or Limits()
    if at > voting_at + timedelta(days=14) or at - latest.data_at <= held.oldest:
        return []
    since_at = latest.data_at + held.oldest
    said: dict[str, str | int] = {"number": latest.number, "hours": int((at - latest.data_at).total_seconds() // 3600)}
    severity = "high" if timedelta(0) <= voting_at - at <= timedelta(days=3) else "watch"
    return [record.Signal("R23", "HAMBATAN", f"releases:{election}", severity, ("KPU",), since_at, said, mark=" ".join(latest.marks))]


def figures_of(stations: Iterable[Station], goods: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """The figures on TPS and goods as they would be published: code -> (numerator, denominator)."""
    sections = {"tps": [_station(one) for one in stations], "receipts": list(goods)}
    return {one.code: _value(one, sections) for one in FIGURES if one.section in sections}


def drifted(published: Publication, now: Mapping[str, tuple[int, int]], permille: int) -> tuple[Change, ...]:
    """Published figures with a denominator whose share has moved by more than so many thousandths, compared with those of now."""
    old = _figures(published)
    found = [Change(code, old[code][0], old[code][1], value) for code, value in now.items() if code in old]
    return tuple(one for one in found if _moved(one, permille))


def _moved(change: Change, permille: int) -> bool:
    (a, b), (c, d) = change.before or _NONE, change.after or _NONE
    if b <= 0 or d <= 0 or a < 0 or c < 0:
        return False
    return abs(a * d - c * b) * 1000 > permille * b * d


def drift_signal(
    published: Publication, now: Mapping[str, tuple[int, int]], election: str, limits: Limits | None = None
) -> list[record.Signal]:
    """R23: the record has moved away from what the public reads."""
    found = drifted(published, now, (limits or Limits()).drift_permille)
    if not found:
        return []
    said: dict[str, str | int] = {"number": published.number, "figures": len(found), "label": found[0].label}
    mark = " ".join(sorted({mark for one in found for mark in (published.figure(one.code) or {"marks": []})["marks"]}))
    return [record.Signal("R23.beda", "HAMBATAN", f"drift:{election}", "watch", ("KPU",), published.data_at, said, mark=mark)]
