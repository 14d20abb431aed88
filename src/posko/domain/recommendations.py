"""Stage recommendations: what should the organiser do, and what did it do?

A recommendation is a chain of events; its state is their fold. The post advises, the addressee decides: a refusal with a reason is a good
end. Several pairs of eyes: the author never reviews, the text is frozen and hashed when it is issued, whoever follows up never verifies.
On the day before voting and on the day itself advice may be spoken: it is written down at once, confirmed in writing within six hours and
looked at by a second person afterwards.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, timezone
from enum import StrEnum
from statistics import median
from typing import Any, ClassVar

from posko.domain import record, reports, thresholds

WIB = timezone(timedelta(hours=7))
SLOT_LONGEST = 1200
SUBJECT_LONGEST = 140
ADDRESSEES = ("KPU", "BAWASLU", "POLRES", "PEMDA")
CONFIRM_WITHIN = timedelta(hours=6)
"""Until when spoken advice is confirmed in writing."""
REVIEW_WITHIN = timedelta(hours=24)
"""Until when a second person has looked at spoken advice; a default of ours."""
CHANNELS = ("telepon", "radio", "tatap_muka")
VERDICTS = ("wajar", "keberatan")


class NoStep(record.Refusal):
    """An act that does not follow from the present state."""

    code: ClassVar[str] = "recommendations.no_step"


class OwnWork(record.Refusal):
    """The author reviews, one person reviews twice, the one who followed up verifies, the speaker reviews what he said."""

    code: ClassVar[str] = "recommendations.own_work"


class NotAddressed(record.Refusal):
    """Another agency than the addressee answers or follows up."""

    code: ClassVar[str] = "recommendations.not_addressed"


class NotOurs(record.Refusal):
    """Another agency than the post's own drafts, approves, issues or verifies."""

    code: ClassVar[str] = "recommendations.not_ours"


class NotAuthor(record.Refusal):
    """A draft is revised and submitted by its author."""

    code: ClassVar[str] = "recommendations.not_author"


class NotSigner(record.Refusal):
    """Whoever issued it withdraws it."""

    code: ClassVar[str] = "recommendations.not_signer"


class Empty(record.Refusal):
    """A required text is missing."""

    code: ClassVar[str] = "recommendations.empty"


class TooLong(record.Refusal):
    """More than a letter holds."""

    code: ClassVar[str] = "recommendations.too_long"


class Commands(record.Refusal):
    """Wording that commands. The post advises; the addressee decides."""

    code: ClassVar[str] = "recommendations.commands"


class NotAdvice(record.Refusal):
    """Advice that does not begin as advice: Menyarankan agar ..."""

    code: ClassVar[str] = "recommendations.not_advice"


class ManyActions(record.Refusal):
    """More than one action: one could be accepted and the other refused, and nobody could say what was answered."""

    code: ClassVar[str] = "recommendations.many_actions"


class NamesPerson(record.Refusal):
    """The name of a person. Functions and offices are named instead."""

    code: ClassVar[str] = "recommendations.names_person"


class UnknownAddressee(record.Refusal):
    """An agency to which the post does not write."""

    code: ClassVar[str] = "recommendations.unknown_addressee"


class TooLateToHelp(record.Refusal):
    """A deadline after the last moment at which the action still helps."""

    code: ClassVar[str] = "recommendations.too_late_to_help"


class DoubleDispatch(record.Refusal):
    """The same action for the same cause already lies open with the same addressee."""

    code: ClassVar[str] = "recommendations.double"


class CannotSupersede(record.Refusal):
    """A new version follows an issued recommendation to the same addressee that has no newer version yet."""

    code: ClassVar[str] = "recommendations.cannot_supersede"


class NotYetOral(record.Refusal):
    """Advice is spoken on the day before voting and on the day itself; before that there is time to write."""

    code: ClassVar[str] = "recommendations.not_yet_oral"


class NoMandate(record.Refusal):
    """Whoever signs holds the office on the day of signing."""

    code: ClassVar[str] = "recommendations.no_mandate"


class TooFewPeople(record.Refusal):
    """Two reviewers and an author are three persons; the office has fewer."""

    code: ClassVar[str] = "recommendations.too_few_people"


class BadProfile(record.Refusal):
    """One reviewer or two."""

    code: ClassVar[str] = "recommendations.bad_profile"


class BadNumber(record.Refusal):
    """What was typed is no number: 1.234 or 0,9."""

    code: ClassVar[str] = "recommendations.bad_number"


class NeedsReason(record.Refusal):
    """A refusal or a partial acceptance without reason code and text."""

    code: ClassVar[str] = "recommendations.needs_reason"


class DeadlinePast(record.Refusal):
    """A deadline before now, or after voting."""

    code: ClassVar[str] = "recommendations.deadline_past"


class Changed(record.Refusal):
    """The text is not the one that was approved or issued."""

    code: ClassVar[str] = "recommendations.changed"


class SeenOther(record.Refusal):
    """The page showed another text than the one that stands now."""

    code: ClassVar[str] = "recommendations.seen_other"


class Unknown(record.Refusal):
    """No such recommendation, or not yet at this time."""

    code: ClassVar[str] = "recommendations.unknown"


class State(StrEnum):
    """Where it stands."""

    DRAF = "DRAF"
    TELAAH_1 = "TELAAH_1"
    TELAAH_2 = "TELAAH_2"
    DIKEMBALIKAN = "DIKEMBALIKAN"
    DISETUJUI = "DISETUJUI"
    TERBIT = "TERBIT"
    DITERIMA = "DITERIMA"
    BUTUH_KLARIFIKASI = "BUTUH_KLARIFIKASI"
    DISETUJUI_PENERIMA = "DISETUJUI_PENERIMA"
    SEBAGIAN = "SEBAGIAN"
    DITOLAK = "DITOLAK"
    TINDAK_LANJUT = "TINDAK_LANJUT"
    SELESAI_DIKLAIM = "SELESAI_DIKLAIM"
    VERIFIKASI = "VERIFIKASI"
    DAMPAK = "DAMPAK"
    DITUTUP = "DITUTUP"
    DICABUT = "DICABUT"
    DIGANTI = "DIGANTI"


ENDS = frozenset({State.DITOLAK, State.DITUTUP, State.DICABUT, State.DIGANTI})
FROZEN = frozenset(State) - {State.DRAF, State.TELAAH_1, State.TELAAH_2, State.DIKEMBALIKAN, State.DISETUJUI}
ACCEPTED = frozenset({State.DISETUJUI_PENERIMA, State.SEBAGIAN, State.TINDAK_LANJUT})
"""The addressee has said yes and has not yet reported it done."""


class Act(StrEnum):
    """What a person may do with it. The value is the verb of the journal entry: `recommendation.<value>`."""

    DRAFT = "drafted"
    REVISE = "revised"
    SUBMIT = "submitted"
    RETURN = "returned"
    REVIEW = "reviewed"
    APPROVE = "approved"
    ISSUE = "issued"
    WITHDRAW = "withdrawn"
    SPEAK = "spoken"
    CONFIRM = "confirmed"
    REVIEW_AFTER = "reviewed_after"
    REPLACE = "superseded"
    RECEIVE = "received"
    ASK = "asked"
    CLARIFY = "clarified"
    ACCEPT = "accepted"
    ACCEPT_PARTLY = "partly_accepted"
    REFUSE = "refused"
    FOLLOW = "followed_up"
    CLAIM = "claimed_done"
    VERIFY = "verified"
    SEND_BACK = "found_wanting"
    MEASURE = "measured"
    CLOSE = "closed"


class Nature(StrEnum):
    """Sifat surat."""

    BIASA = "Biasa"
    SEGERA = "Segera"
    SANGAT_SEGERA = "Sangat Segera"


class ReasonCode(StrEnum):
    """Why an addressee refuses, in whole or in part."""

    NOT_COMPETENT = "bukan_kewenangan"
    AGAINST_RULES = "bertentangan"
    ALREADY_DONE = "sudah_dilakukan"
    NO_MEANS = "tanpa_sumber_daya"
    NO_TIME = "waktu_tidak_cukup"
    WRONG_FACTS = "fakta_tidak_benar"
    ALTERNATIVE = "alternatif_lain"
    OTHER = "lainnya"


class Outcome(StrEnum):
    """What the verifier found: the four statuses of the audit board (BPK 2/2017), the clock compressed."""

    SESUAI = "sesuai"
    BELUM_SESUAI = "belum_sesuai"
    BELUM_DITINDAKLANJUTI = "belum_ditindaklanjuti"
    TIDAK_DAPAT = "tidak_dapat"


SETTLED = frozenset({Outcome.SESUAI.value, Outcome.TIDAK_DAPAT.value})
"""Statuses that end the work; the other two send it back."""


@dataclass(frozen=True)
class Slots:
    """The text in seven slots. `saran`: one verb, one object, one owner, one deadline."""

    dasar: str
    fakta: str
    analisis: str
    saran: str
    ukuran: str
    risiko: str
    tembusan: str = ""


REQUIRED = ("dasar", "fakta", "analisis", "saran", "ukuran", "risiko")
SPOKEN = ("fakta", "saran")
"""What spoken advice has at least: there is no time for more."""


@dataclass(frozen=True)
class Remedy:
    """An action of the library: one verb, one object, who usually does it, how its success is seen.

    families: categories of reports it helps against; rules: early warnings it answers; source: who names it.
    """

    code: str
    verb: str
    object: str
    addressee: str
    measure: str
    families: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Text:
    """What is written: subject, seven slots, whom it is for, until when, and what it rests on.

    aght: items of the register. signals: early warnings as "rule|subject". remedy: "library/version:code" of the action. supersedes: the
    recommendation of which this is a newer version. useful_until: the last moment at which the action still helps, where somebody said so.
    """

    subject: str
    addressee: str
    nature: Nature
    due_at: datetime
    slots: Slots
    aght: tuple[str, ...] = ()
    remedy: str = ""
    signals: tuple[str, ...] = ()
    supersedes: str = ""
    useful_until: datetime | None = None

    def digest(self, number: str = "") -> str:
        """SHA-256 over canonical JSON of the text and, once issued, its number. Parts that are empty are left out of what is hashed."""
        plain: dict[str, Any] = {
            "format": "posko-recommendation/1",
            "number": number,
            "subject": self.subject,
            "addressee": self.addressee,
            "nature": self.nature.value,
            "due_at": written(self.due_at),
            "slots": asdict(self.slots),
            "aght": list(self.aght),
        }
        later = {
            "remedy": self.remedy,
            "signals": list(self.signals),
            "supersedes": self.supersedes,
            "useful_until": written(self.useful_until) if self.useful_until else "",
        }
        plain |= {name: value for name, value in later.items() if value}
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# --- the linter ------------------------------------------------------------------------------------------------------------

_COMMANDS = re.compile(
    r"\b(wajib|harus|diwajibkan|diharuskan|memerintahkan|diperintahkan|menginstruksikan|diinstruksikan)\b", re.IGNORECASE
)
_ADVICE = re.compile(r"\W*(?:posko |kami )?menyarankan agar\b", re.IGNORECASE)
_AND = re.compile(r"\b(?:dan|serta|lalu|kemudian|sekaligus)\s+(?:juga\s+|segera\s+)?(me[a-z]{4,})", re.IGNORECASE)
_NO_VERBS = frozenset(
    {
        "meter",
        "mesin",
        "media",
        "melalui",
        "menurut",
        "mengenai",
        "menjadi",
        "merah",
        "menit",
        "medis",
        "menara",
        "mereka",
        "mebel",
        "merek",
    }
)
_SHORTENED = frozenset({"kec", "kab", "prov", "kel", "ds", "dsn", "jl", "jln", "gg", "no", "nomor", "rt", "rw", "pkl", "tgl", "kp", "tj"})
_STOP = re.compile(r"(\w+)([.;!?])\s+(?=\w)")
_PERSON = re.compile(
    r"\b(?:Bapak|Ibu|Pak|Bu|Sdr|Sdri|Saudara|Saudari|a\.n)\.?\s+(?!Kota\b|Negara\b|Pimpinan\b|Ketua\b|Kepala\b)[A-Z][a-z]+"
    r"|[A-Z][a-z]+,\s*(?:S\.?H|S\.?E|S\.?Sos|S\.?Kom|S\.?IP|S\.?Pd|M\.?H|M\.?Si)\b"
)
_SEEN = re.compile(
    r"\d|\b(semua|seluruh|setiap|tidak ada|tidak dapat|sama|cocok|utuh|kering|menyala|ter[a-z]{4,}|ditandatangani|diumumkan|diterima"
    r"|memuat|memegang|mencatat|berlangsung)\b",
    re.IGNORECASE,
)
"""Words of something that can be counted or seen."""
_VAGUE = re.compile(r"\b(secepatnya|seoptimal|bila perlu|jika perlu|secukupnya|dan lain-lain|dll)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """Something the linter found. code: commands | not_advice | many_actions | names_person stop; the others ask to read again."""

    code: str
    slot: str
    word: str = ""

    @property
    def stops(self) -> bool:
        """The text cannot be kept like this."""
        return self.code in _STOPPING


_STOPPING: Mapping[str, type[record.Refusal]] = {
    "commands": Commands,
    "not_advice": NotAdvice,
    "many_actions": ManyActions,
    "names_person": NamesPerson,
}


def lint(subject: str, addressee: str, slots: Slots, *, has_basis: bool = True) -> tuple[Finding, ...]:
    """What is wrong or doubtful in a text, what stops it first. Names of parties are the neutral guard's part, not this one's."""
    found: list[Finding] = []
    commands = _COMMANDS.search(slots.saran)
    if commands:
        found.append(Finding("commands", "saran", commands.group()))
    if not _ADVICE.match(slots.saran):
        found.append(Finding("not_advice", "saran"))
    second = _second_action(slots.saran)
    if second:
        found.append(Finding("many_actions", "saran", second))
    for name, value in {"subject": subject, **asdict(slots)}.items():
        person = _PERSON.search(value)
        if person:
            found.append(Finding("names_person", name, person.group()))
    if addressee and addressee.lower() not in slots.saran.lower():
        found.append(Finding("no_owner", "saran", addressee))
    vague = _VAGUE.search(slots.saran)
    if vague:
        found.append(Finding("vague", "saran", vague.group()))
    if slots.ukuran and not _SEEN.search(slots.ukuran):
        found.append(Finding("not_countable", "ukuran"))
    if not has_basis:
        found.append(Finding("no_basis", "dasar"))
    return tuple(found)


def _second_action(saran: str) -> str:
    """The word at which a second action begins, or an empty string. A list, a second sentence, or "dan" before a second verb."""
    tidy = saran.strip()
    lines = [line for line in tidy.splitlines() if line.strip()]
    if len(lines) > 1:
        return " ".join(lines[1].split()[:2])
    for stop in _STOP.finditer(tidy):
        if stop[2] == ";" or (len(stop[1]) > 1 and stop[1].lower() not in _SHORTENED):
            return tidy[stop.end() :].split()[0]
    return next((verb for verb in _AND.findall(tidy) if verb.lower() not in _NO_VERBS), "")


def last_moment(voting_at: datetime, *, oral: bool = False) -> datetime:
    """Until when a deadline may lie: the opening of the TPS; for spoken advice the end of the voting day (WIB)."""
    if not oral:
        return voting_at
    return datetime.combine(voting_at.astimezone(WIB).date() + timedelta(days=1), time(), tzinfo=WIB).astimezone(UTC)


def proposed_due(voting_at: datetime, at: datetime, useful_until: datetime | None = None, *, oral: bool = False) -> datetime | None:
    """A deadline to begin with: what the days left allow, never after the last useful moment. None where that has passed."""
    last = min(useful_until or last_moment(voting_at, oral=oral), last_moment(voting_at, oral=oral))
    return min(at + sla(voting_at, at).act, last) if last > at else None


def text(
    subject: str,
    addressee: str,
    nature: Nature,
    due_at: datetime,
    slots: Slots,
    *,
    voting_at: datetime,
    at: datetime,
    aght: Iterable[str] = (),
    remedy: str = "",
    signals: Iterable[str] = (),
    supersedes: str = "",
    useful_until: datetime | None = None,
    oral: bool = False,
) -> Text:
    """A text that may be kept: filled, advising one action, naming nobody, its deadline ahead and before the last useful moment.

    Empty, TooLong, UnknownAddressee, Commands, NotAdvice, ManyActions, NamesPerson, DeadlinePast, TooLateToHelp.
    """
    tidy = Slots(**{name: reports.clean(value) for name, value in asdict(slots).items()})
    title = reports.clean(subject)
    for name in SPOKEN if oral else REQUIRED:
        if not getattr(tidy, name):
            raise Empty(field=name)
    if not title:
        raise Empty(field="subject")
    if not addressee:
        raise Empty(field="addressee")
    if addressee not in ADDRESSEES:
        raise UnknownAddressee(addressee=addressee)
    if len(title) > SUBJECT_LONGEST or any(len(value) > SLOT_LONGEST for value in asdict(tidy).values()):
        raise TooLong(subject=SUBJECT_LONGEST, slot=SLOT_LONGEST)
    for finding in lint(title, addressee, tidy):
        if finding.stops:
            raise _STOPPING[finding.code](word=finding.word, slot=finding.slot)
    if not at < due_at <= last_moment(voting_at, oral=oral):
        raise DeadlinePast()
    if useful_until is not None and due_at > useful_until:
        raise TooLateToHelp(until=written(useful_until))
    return Text(title, addressee, nature, due_at, tidy, tuple(aght), remedy, tuple(signals), supersedes, useful_until)


# --- events and their fold ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """Something a person did with it. `said` holds what the act needs: note, reason_code, reason, owner, due, evidence, number, hash."""

    act: Act
    person: str
    agency: str
    at: datetime
    said: Mapping[str, str]
    text: Text | None = None
    entry_id: str = ""


@dataclass(frozen=True)
class Action:
    """What the addressee does about it: words, who, until when, proof."""

    words: str
    owner: str
    due_at: datetime
    evidence: str = ""


@dataclass(frozen=True)
class Oral:
    """How spoken advice stands: who said it when, to whom through which channel, whether it was confirmed and looked at."""

    speaker: str
    spoken_at: datetime
    channel: str
    heard_by: str
    confirmed_at: datetime | None = None
    confirmer: str = ""
    reviewed_at: datetime | None = None
    reviewer: str = ""
    verdict: str = ""

    @property
    def confirm_due_at(self) -> datetime:
        """Six hours after it was spoken."""
        return self.spoken_at + CONFIRM_WITHIN

    @property
    def confirmed_late(self) -> bool:
        """Confirmed, but after the six hours; it stays visible."""
        return self.confirmed_at is not None and self.confirmed_at > self.confirm_due_at

    @property
    def open(self) -> bool:
        """The written confirmation or the second person's look is still to come."""
        return self.confirmed_at is None or self.reviewed_at is None


@dataclass(frozen=True)
class Effect:
    """What changed: a number before and after with unit, source and time; or `why` it cannot be measured."""

    before: str = ""
    after: str = ""
    unit: str = ""
    source: str = ""
    measured_at: datetime | None = None
    why: str = ""

    @property
    def measured(self) -> bool:
        """There is a number."""
        return bool(self.unit)


@dataclass(frozen=True)
class Awaited:
    """An act that is awaited, from which agency, since when, until when (None: no clock)."""

    act: Act
    agency: str
    since_at: datetime
    due_at: datetime | None = None

    def overdue(self, at: datetime) -> bool:
        """Late."""
        return self.due_at is not None and at > self.due_at

    def reminder(self, at: datetime) -> str:
        """Which reminder is due: "" | "half" (from half of the time on) | "due" (from the deadline on)."""
        if self.due_at is None:
            return ""
        if at >= self.due_at:
            return "due"
        return "half" if at >= self.since_at + (self.due_at - self.since_at) / 2 else ""


@dataclass(frozen=True)
class Recommendation:
    """A recommendation as its events have made it."""

    code: str
    text: Text
    state: State
    author: str
    agency: str
    events: tuple[Event, ...]
    voting_at: datetime
    number: str = ""
    note_number: str = ""
    reviewers: int = 1
    reviewer: str = ""
    approver: str = ""
    signer: str = ""
    digest: str = ""
    approved_digest: str = ""
    issued_at: datetime | None = None
    received_at: datetime | None = None
    decided_at: datetime | None = None
    claimed_at: datetime | None = None
    entered_at: datetime | None = None
    stopped: timedelta = timedelta()
    question: str = ""
    answer: str = ""
    reason_code: str = ""
    reason: str = ""
    action: Action | None = None
    followers: tuple[str, ...] = ()
    outcome: str = ""
    verifier: str = ""
    effect: Effect | None = None
    oral: Oral | None = None
    replaced_by: str = ""
    odd: tuple[Event, ...] = ()

    @property
    def addressee(self) -> str:
        """The agency that decides."""
        return self.text.addressee

    @property
    def title(self) -> str:
        """Its subject line."""
        return self.text.subject

    @property
    def due_at(self) -> datetime | None:
        """Until when the next step is due. None where nothing is due or it has ended."""
        return _due(self)

    @property
    def due_ack_at(self) -> datetime | None:
        """Until when the addressee is asked to acknowledge; None before it is issued."""
        return self.issued_at + sla(self.voting_at, self.issued_at).acknowledge if self.issued_at else None

    @property
    def awaited(self) -> tuple[Awaited, ...]:
        """What is to come: the next step of the chain, then what spoken advice still owes. Empty at an end that owes nothing."""
        found = []
        since = self.entered_at or self.events[-1].at
        what = first_act(self)
        if what is not None:
            found.append(Awaited(what, side_of(self, what), since, self.due_at))
        if self.oral and self.oral.confirmed_at is None:
            found.append(Awaited(Act.CONFIRM, self.agency, self.oral.spoken_at, self.oral.confirm_due_at))
        if self.oral and self.oral.reviewed_at is None:
            found.append(Awaited(Act.REVIEW_AFTER, self.agency, self.oral.spoken_at, self.oral.spoken_at + REVIEW_WITHIN))
        return tuple(found)

    def overdue(self, at: datetime) -> bool:
        """The next step is late. An ended one never is: a refusal breaks no deadline."""
        return self.due_at is not None and at > self.due_at

    def late(self, at: datetime) -> tuple[Awaited, ...]:
        """Everything that is late, spoken advice that was not confirmed in time among it."""
        return tuple(one for one in self.awaited if one.overdue(at))

    @property
    def ended(self) -> bool:
        """Nothing more is to come from the addressee."""
        return self.state in ENDS

    @property
    def status(self) -> str:
        """The audit board's status as it stands; empty before the addressee has said yes."""
        if self.outcome and self.state is not State.TINDAK_LANJUT:
            return self.outcome
        if self.state in {State.DISETUJUI_PENERIMA, State.SEBAGIAN}:
            return Outcome.BELUM_DITINDAKLANJUTI.value
        if self.state in {State.TINDAK_LANJUT, State.SELESAI_DIKLAIM}:
            return self.outcome or Outcome.BELUM_SESUAI.value
        return ""


def _due(rec: Recommendation) -> datetime | None:
    if rec.issued_at is None:
        return None
    entered = rec.entered_at or rec.issued_at
    due: datetime | None = None
    if rec.state is State.TERBIT:
        due = rec.due_ack_at
    elif rec.state is State.DITERIMA:
        due = (rec.received_at or entered) + sla(rec.voting_at, rec.issued_at).decide + rec.stopped
    elif rec.state is State.BUTUH_KLARIFIKASI:
        due = entered + sla(rec.voting_at, entered).acknowledge
    elif rec.state in {State.DISETUJUI_PENERIMA, State.SEBAGIAN}:
        due = rec.text.due_at
    elif rec.state is State.TINDAK_LANJUT and rec.action:
        due = rec.action.due_at
    elif rec.state is State.SELESAI_DIKLAIM:
        due = entered + sla(rec.voting_at, entered).decide
    return due


@dataclass(frozen=True)
class Sla:
    """How long the addressee has to acknowledge and to decide, and how long an action usually gets."""

    acknowledge: timedelta
    decide: timedelta
    act: timedelta


def sla(voting_at: datetime, issued_at: datetime) -> Sla:
    """By the civil days left (WIB): over 30, 30 to 8, 7 to 3, 2 to 1, the day itself. Defaults of ours; there is no rule for them."""
    days = days_left(voting_at, issued_at)
    if days > 30:
        return Sla(timedelta(hours=24), timedelta(days=5), timedelta(days=14))
    if days >= 8:
        return Sla(timedelta(hours=12), timedelta(hours=72), timedelta(days=5))
    if days >= 3:
        return Sla(timedelta(hours=4), timedelta(hours=24), timedelta(hours=48))
    if days >= 1:
        return Sla(timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
    return Sla(timedelta(minutes=15), timedelta(hours=1), timedelta(hours=2))


def days_left(voting_at: datetime, at: datetime) -> int:
    """Civil days (WIB) to voting; 0 on the day."""
    return (voting_at.astimezone(WIB).date() - at.astimezone(WIB).date()).days


def may_speak(voting_at: datetime, at: datetime) -> bool:
    """Whether advice may be spoken: on the day before voting and on the day itself."""
    return days_left(voting_at, at) in {0, 1}


_OWN = "own"
_ADDRESSEE = "addressee"


@dataclass(frozen=True)
class Move:
    """From which states an act leads where (None: the state stays), and whose it is: the post's own agency or the addressee."""

    froms: frozenset[State]
    to: State | None
    side: str
    needs: tuple[str, ...] = ()


def _move(froms: Iterable[State], to: State | None, side: str, *needs: str) -> Move:
    return Move(frozenset(froms), to, side, needs)


_ASKABLE = {State.DITERIMA, State.BUTUH_KLARIFIKASI}
MOVES: Mapping[Act, Move] = {
    Act.REVISE: _move({State.DRAF, State.DIKEMBALIKAN}, State.DRAF, _OWN),
    Act.SUBMIT: _move({State.DRAF, State.DIKEMBALIKAN}, State.TELAAH_1, _OWN),
    Act.RETURN: _move({State.TELAAH_1, State.TELAAH_2}, State.DIKEMBALIKAN, _OWN, "note"),
    Act.REVIEW: _move({State.TELAAH_1}, State.TELAAH_2, _OWN),
    Act.APPROVE: _move({State.TELAAH_1, State.TELAAH_2}, State.DISETUJUI, _OWN),
    Act.ISSUE: _move({State.DISETUJUI}, State.TERBIT, _OWN, "number"),
    Act.RECEIVE: _move({State.TERBIT}, State.DITERIMA, _ADDRESSEE),
    Act.CLARIFY: _move({State.BUTUH_KLARIFIKASI}, State.DITERIMA, _OWN, "answer"),
    Act.ACCEPT: _move({State.DITERIMA}, State.DISETUJUI_PENERIMA, _ADDRESSEE),
    Act.ACCEPT_PARTLY: _move({State.DITERIMA}, State.SEBAGIAN, _ADDRESSEE, "reason_code", "reason"),
    Act.REFUSE: _move({State.DITERIMA}, State.DITOLAK, _ADDRESSEE, "reason_code", "reason"),
    Act.ASK: _move({State.DITERIMA}, State.BUTUH_KLARIFIKASI, _ADDRESSEE, "question"),
    Act.FOLLOW: _move({State.DISETUJUI_PENERIMA, State.SEBAGIAN}, State.TINDAK_LANJUT, _ADDRESSEE, "action", "owner", "due_at"),
    Act.CLAIM: _move({State.TINDAK_LANJUT}, State.SELESAI_DIKLAIM, _ADDRESSEE, "evidence"),
    Act.VERIFY: _move({State.SELESAI_DIKLAIM}, State.VERIFIKASI, _OWN, "outcome", "note"),
    Act.SEND_BACK: _move({State.SELESAI_DIKLAIM}, State.TINDAK_LANJUT, _OWN, "outcome", "note"),
    Act.MEASURE: _move({State.VERIFIKASI}, State.DAMPAK, _OWN),
    Act.CLOSE: _move({State.DAMPAK}, State.DITUTUP, _OWN),
    Act.CONFIRM: _move(FROZEN, None, _OWN),
    Act.REVIEW_AFTER: _move(FROZEN, None, _OWN, "verdict", "note"),
    Act.WITHDRAW: _move({State.TERBIT, *_ASKABLE}, State.DICABUT, _OWN, "reason"),
    Act.REPLACE: _move(FROZEN - ENDS, State.DIGANTI, _OWN, "by"),
}

_PERMISSION: Mapping[Act, str] = {
    Act.DRAFT: "recommendations.draft",
    Act.REVISE: "recommendations.draft",
    Act.SUBMIT: "recommendations.draft",
    Act.REVIEW: "recommendations.review",
    Act.APPROVE: "recommendations.approve",
    Act.ISSUE: "recommendations.issue",
    Act.WITHDRAW: "recommendations.issue",
    Act.SPEAK: "recommendations.issue",
    Act.CONFIRM: "recommendations.issue",
    Act.REVIEW_AFTER: "recommendations.review",
    Act.RECEIVE: "recommendations.receive",
    Act.ASK: "recommendations.receive",
    Act.CLARIFY: "recommendations.draft",
    Act.ACCEPT: "recommendations.answer",
    Act.ACCEPT_PARTLY: "recommendations.answer",
    Act.REFUSE: "recommendations.answer",
    Act.FOLLOW: "recommendations.receive",
    Act.CLAIM: "recommendations.receive",
    Act.VERIFY: "recommendations.draft",
    Act.SEND_BACK: "recommendations.draft",
    Act.MEASURE: "recommendations.draft",
    Act.CLOSE: "recommendations.approve",
}


def permission(rec: Recommendation, act: Act) -> str:
    """The act of the policy that a step needs: the policy says who, the invariants say which persons never.

    Whoever may send a text back is whoever would pass it on. REPLACE has none: it follows from issuing the newer version.
    """
    if act is Act.RETURN:
        return "recommendations.review" if rec.state is State.TELAAH_1 and rec.reviewers == 2 else "recommendations.approve"
    return _PERMISSION[act]


def side_of(rec: Recommendation, act: Act) -> str:
    """The agency whose act it is."""
    return rec.agency if MOVES[act].side == _OWN else rec.addressee


_FIRST: Mapping[State, Act] = {
    State.DRAF: Act.SUBMIT,
    State.DIKEMBALIKAN: Act.SUBMIT,
    State.TELAAH_2: Act.APPROVE,
    State.DISETUJUI: Act.ISSUE,
    State.TERBIT: Act.RECEIVE,
    State.DITERIMA: Act.ACCEPT,
    State.BUTUH_KLARIFIKASI: Act.CLARIFY,
    State.DISETUJUI_PENERIMA: Act.FOLLOW,
    State.SEBAGIAN: Act.FOLLOW,
    State.TINDAK_LANJUT: Act.CLAIM,
    State.SELESAI_DIKLAIM: Act.VERIFY,
    State.VERIFIKASI: Act.MEASURE,
    State.DAMPAK: Act.CLOSE,
}


def first_act(rec: Recommendation) -> Act | None:
    """The step of the chain that is awaited now; None at an end."""
    if rec.state is State.TELAAH_1:
        return Act.REVIEW if rec.reviewers == 2 else Act.APPROVE
    return _FIRST.get(rec.state)


def next_acts(rec: Recommendation) -> tuple[Act, ...]:
    """Acts that a person may choose now, in the order of the work."""
    return tuple(act for act in MOVES if act is not Act.REPLACE and _follows(rec, act))


def _follows(rec: Recommendation, act: Act) -> bool:
    move = MOVES.get(act)
    if move is None or rec.state not in move.froms:
        return False
    match act:
        case Act.REVIEW:
            return rec.reviewers == 2
        case Act.APPROVE:
            return rec.state is (State.TELAAH_2 if rec.reviewers == 2 else State.TELAAH_1)
        case Act.CONFIRM:
            return rec.oral is not None and rec.oral.confirmed_at is None
        case Act.REVIEW_AFTER:
            return rec.oral is not None and rec.oral.reviewed_at is None
        case _:
            return True


def check(rec: Recommendation, event: Event) -> None:
    """Whether this event may follow. NoStep, NotOurs, NotAddressed, NotAuthor, OwnWork, NotSigner, NeedsReason, Empty, DeadlinePast."""
    if not _follows(rec, event.act):
        raise NoStep(code=rec.code, state=rec.state.value, act=event.act.value)
    move = MOVES[event.act]
    if move.side == _OWN and event.agency != rec.agency:
        raise NotOurs(code=rec.code, agency=rec.agency)
    if move.side == _ADDRESSEE and event.agency != rec.addressee:
        raise NotAddressed(code=rec.code, agency=rec.addressee)
    for name in move.needs:
        if not event.said.get(name, "").strip():
            raise NeedsReason(code=rec.code) if name in {"reason_code", "reason"} else Empty(field=name)
    _check_person(rec, event)
    _check_said(rec, event)


def excluded(rec: Recommendation, act: Act, person: str) -> bool:
    """Whether this act is closed to this person whatever the policy says: own work, or somebody else's draft or signature."""
    if act in {Act.REVISE, Act.SUBMIT}:
        return person != rec.author
    if act in {Act.RETURN, Act.REVIEW, Act.APPROVE}:
        return person in {rec.author, rec.reviewer}
    if act is Act.WITHDRAW:
        return person != rec.signer
    if act is Act.CONFIRM:
        return rec.oral is not None and person == rec.oral.reviewer
    if act is Act.REVIEW_AFTER:
        return rec.oral is not None and person in {rec.oral.speaker, rec.oral.confirmer}
    owner = rec.action.owner if rec.action else ""
    return act in {Act.VERIFY, Act.SEND_BACK} and person in {*rec.followers, owner}


def _check_person(rec: Recommendation, event: Event) -> None:
    if not excluded(rec, event.act, event.person):
        return
    if event.act in {Act.REVISE, Act.SUBMIT}:
        raise NotAuthor(code=rec.code)
    if event.act is Act.WITHDRAW:
        raise NotSigner(code=rec.code)
    raise OwnWork(code=rec.code)


def _check_said(rec: Recommendation, event: Event) -> None:
    said = event.said
    match event.act:
        case Act.REVISE if event.text is None:
            raise Empty(field="text")
        case Act.SUBMIT if said.get("reviewers", "1") not in {"1", "2"}:
            raise BadProfile()
        case Act.ISSUE if rec.text.digest() != rec.approved_digest:
            raise Changed(code=rec.code)
        case Act.REFUSE | Act.ACCEPT_PARTLY if said["reason_code"] not in set(ReasonCode):
            raise NeedsReason(code=rec.code)
        case Act.VERIFY | Act.SEND_BACK if said["outcome"] not in _OUTCOMES[event.act]:
            raise Empty(field="outcome")
        case Act.REVIEW_AFTER if said["verdict"] not in VERDICTS:
            raise Empty(field="verdict")
        case Act.FOLLOW if not event.at < instant(said["due_at"]) <= last_moment(rec.voting_at, oral=rec.oral is not None):
            raise DeadlinePast()
        case Act.MEASURE:
            effect_of(said)
        case _:
            pass


_OUTCOMES = {Act.VERIFY: SETTLED, Act.SEND_BACK: frozenset(Outcome) - SETTLED}


def verdict_act(outcome: str) -> Act:
    """The act that records a verifier's status: two of the four settle it, two send it back. Empty."""
    if outcome not in set(Outcome):
        raise Empty(field="outcome")
    return Act.VERIFY if outcome in SETTLED else Act.SEND_BACK


_PLAIN = re.compile(r"\d+(\.\d+)?")
_TYPED = re.compile(r"(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+)(?:,\d+)?")


def number(typed: str) -> str:
    """A number as Indonesians type it (1.234 or 0,9), written plainly: 1234, 0.9. BadNumber."""
    tidy = typed.strip()
    if not _TYPED.fullmatch(tidy) or len(tidy) > 20 or not tidy.isascii():
        raise BadNumber(typed=tidy[:20])
    return tidy.replace(".", "").replace(",", ".")


def effect_of(said: Mapping[str, str]) -> Effect:
    """The effect in an event's words: both numbers with unit, source and time, or why there are none. Empty, BadNumber."""
    if said.get("why", "").strip():
        return Effect(why=said["why"])
    for name in ("before", "after", "unit", "source", "measured_at"):
        if not said.get(name, "").strip():
            raise Empty(field=name)
    for name in ("before", "after"):
        if not _PLAIN.fullmatch(said[name]):
            raise BadNumber(typed=said[name][:20])
    return Effect(said["before"], said["after"], said["unit"], said["source"], instant(said["measured_at"]))


def instant(written: str) -> datetime:
    """The instant in an event's words (2023-12-05T03:00:00Z). DeadlinePast where it is none."""
    try:
        return datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise DeadlinePast() from error


def written(at: datetime) -> str:
    """How an instant stands in an event's words."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def drafted(code: str, event: Event, voting_at: datetime) -> Recommendation:
    """The first event: a draft, or advice that was spoken. Empty where it carries no text; NotYetOral."""
    if event.text is None or event.act not in {Act.DRAFT, Act.SPEAK}:
        raise Empty(field="text")
    if event.act is Act.DRAFT:
        return Recommendation(code, event.text, State.DRAF, event.person, event.agency, (event,), voting_at, entered_at=event.at)
    return _spoken(code, event, event.text, voting_at)


def _spoken(code: str, event: Event, text: Text, voting_at: datetime) -> Recommendation:
    if not may_speak(voting_at, event.at):
        raise NotYetOral(days=days_left(voting_at, event.at))
    for name in ("number", "channel", "heard_by"):
        if not event.said.get(name, "").strip():
            raise Empty(field=name)
    if event.said["channel"] not in CHANNELS:
        raise Empty(field="channel")
    oral = Oral(event.person, event.at, event.said["channel"], event.said["heard_by"])
    return Recommendation(
        code, text, State.TERBIT, event.person, event.agency, (event,), voting_at, number=event.said["number"], signer=event.person,
        digest=text.digest(event.said["number"]), issued_at=event.at, entered_at=event.at, oral=oral,
    )  # fmt: skip


def apply(rec: Recommendation, event: Event) -> Recommendation:
    """Checks an event and takes it in."""
    check(rec, event)
    return _taken(rec, event)


def replay(code: str, events: Iterable[Event], voting_at: datetime) -> Recommendation:
    """Folds stored events, first to last; every one is checked again."""
    chain = iter(events)
    rec = drafted(code, next(chain), voting_at)
    for event in chain:
        rec = apply(rec, event)
    return rec


def fold(code: str, events: Iterable[Event], voting_at: datetime) -> Recommendation:
    """As `replay`, for what is stored: an event that does not follow changes nothing and stands in `odd`, to be shown.

    Two desks with clocks apart, or a clock that was set back, can leave one; a page that only breaks would hide it.
    """
    chain = iter(events)
    rec = drafted(code, next(chain), voting_at)
    for event in chain:
        try:
            rec = apply(rec, event)
        except record.Refusal:
            rec = replace(rec, odd=(*rec.odd, event))
    return rec


def _taken(rec: Recommendation, event: Event) -> Recommendation:
    to = MOVES[event.act].to
    moved: dict[str, Any] = {"state": to, "entered_at": event.at} if to is not None else {}
    return replace(rec, events=(*rec.events, event), **moved, **_changes(rec, event))


def _changes(rec: Recommendation, event: Event) -> dict[str, Any]:
    """Fields that an act sets besides the state."""
    return _prepared(rec, event) or _spoken_after(rec, event) or _answered(rec, event) or _worked(rec, event)


def _prepared(rec: Recommendation, event: Event) -> dict[str, Any]:
    """Up to the signature."""
    said, by = event.said, event.person
    match event.act:
        case Act.REVISE:
            return {"text": event.text}
        case Act.SUBMIT:
            # a text that came back is read by everybody again
            return {"reviewers": int(said.get("reviewers", "1")), "note_number": said.get("note_number", ""), "reviewer": ""}
        case Act.REVIEW:
            return {"reviewer": by}
        case Act.APPROVE:
            return {"approver": by, "approved_digest": rec.text.digest()}
        case Act.ISSUE:
            return {"signer": by, "number": said["number"], "digest": rec.text.digest(said["number"]), "issued_at": event.at}
        case _:
            return {}


def _spoken_after(rec: Recommendation, event: Event) -> dict[str, Any]:
    """What spoken advice owes, and what ends a letter from our side."""
    said, by = event.said, event.person
    match event.act:
        case Act.CONFIRM if rec.oral:
            return {"oral": replace(rec.oral, confirmed_at=event.at, confirmer=by)}
        case Act.REVIEW_AFTER if rec.oral:
            return {"oral": replace(rec.oral, reviewed_at=event.at, reviewer=by, verdict=said["verdict"])}
        case Act.WITHDRAW:
            return {"reason": said["reason"]}
        case Act.REPLACE:
            return {"replaced_by": said["by"]}
        case _:
            return {}


def _answered(rec: Recommendation, event: Event) -> dict[str, Any]:
    """The addressee's answer, and ours to its question."""
    said = event.said
    match event.act:
        case Act.RECEIVE:
            return {"received_at": event.at}
        case Act.ASK:
            return {"question": said["question"], "answer": ""}
        case Act.CLARIFY:
            # while the post owes an answer, the addressee's clock stands still
            return {"answer": said["answer"], "stopped": rec.stopped + (event.at - (rec.entered_at or event.at))}
        case Act.ACCEPT:
            return {"decided_at": event.at}
        case Act.REFUSE | Act.ACCEPT_PARTLY:
            return {"reason_code": said["reason_code"], "reason": said["reason"], "decided_at": event.at}
        case _:
            return {}


def _worked(rec: Recommendation, event: Event) -> dict[str, Any]:
    """The follow-up, its verification and its effect."""
    said, by = event.said, event.person
    match event.act:
        case Act.FOLLOW:
            return {"action": Action(said["action"], said["owner"], instant(said["due_at"])), "followers": (*rec.followers, by)}
        case Act.CLAIM if rec.action:
            changed = replace(rec.action, evidence=said["evidence"])
            return {"action": changed, "followers": (*rec.followers, by), "claimed_at": event.at}
        case Act.VERIFY | Act.SEND_BACK:
            return {"outcome": said["outcome"], "verifier": by}
        case Act.MEASURE:
            return {"effect": effect_of(said)}
        case _:
            return {}


# --- one matter, one letter -------------------------------------------------------------------------------------------------


def _core(saran: str) -> frozenset[str]:
    """The words of advice without its opening, numbers and order: two sentences with the same words ask for the same thing."""
    return frozenset(re.findall(r"[a-z]{3,}", _ADVICE.sub("", saran.lower(), count=1)))


def same_matter(one: Text, other: Text) -> bool:
    """The same addressee, the same action (by the library's code, else by the words), for a cause in common."""
    if one.addressee != other.addressee:
        return False
    code, its = one.remedy.rpartition(":")[2], other.remedy.rpartition(":")[2]
    action = (code != "" and code == its) or _core(one.slots.saran) == _core(other.slots.saran)
    causes, others = {*one.aght, *one.signals}, {*other.aght, *other.signals}
    return action and (bool(causes & others) or not (causes or others))


def check_double(text: Text, standing: Iterable[Recommendation], *, code: str = "") -> None:
    """No second letter in the same matter while the first lies open, unless it is its newer version. DoubleDispatch."""
    for rec in standing:
        if rec.code in {code, text.supersedes} or rec.ended or rec.state not in FROZEN:
            continue
        if same_matter(text, rec.text):
            raise DoubleDispatch(code=rec.code, number=rec.number, addressee=rec.addressee)


def check_supersedes(text: Text, standing: Iterable[Recommendation], *, code: str = "") -> Recommendation | None:
    """The issued recommendation of which this text is a newer version; None where it is none. CannotSupersede."""
    if not text.supersedes:
        return None
    known = list(standing)
    old = next((r for r in known if r.code == text.supersedes and r.state in FROZEN and r.addressee == text.addressee), None)
    newer = any(r.code != code and r.text.supersedes == text.supersedes and r.state in FROZEN for r in known)
    if old is None or newer:
        raise CannotSupersede(code=text.supersedes)
    return old


@dataclass(frozen=True)
class Escalation:
    """Something late that the next rakor speaks about."""

    code: str
    number: str
    title: str
    addressee: str
    act: Act
    agency: str
    due_at: datetime


def escalated(recs: Iterable[Recommendation], at: datetime) -> list[Escalation]:
    """Everything late on issued recommendations, the oldest deadline first."""
    found = [
        Escalation(r.code, r.number, r.title, r.addressee, one.act, one.agency, one.due_at)
        for r in recs
        if r.issued_at is not None
        for one in r.late(at)
        if one.due_at is not None
    ]
    return sorted(found, key=lambda e: (e.due_at, e.code))


# --- early warnings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """From when on rule R20 speaks: hours after the deadline, hours without a new look at the risk."""

    grace_h: int = field(
        default=0, metadata=thresholds.bounds("R20", 0, 72, "jam", "kelonggaran sesudah tenggat tindak lanjut", owner="KEJARI")
    )
    reassess_h: int = field(
        default=72, metadata=thresholds.bounds("R20", 24, 240, "jam", "paling lama tanpa pengkajian ulang risikonya", owner="KEJARI")
    )


def signals_of(rec: Recommendation, assessed_at: Mapping[str, datetime], at: datetime, limits: Limits) -> list[record.Signal]:
    """R20: an accepted recommendation past its deadline (to its owner), its open AGHT not looked at again; spoken advice not confirmed.

    `assessed_at`: item of the register -> its newest assessment, open items only.
    """
    found = []
    subject = f"recommendation:{rec.code}"
    about: dict[str, str | int] = {"code": rec.code, "addressee": rec.addressee}
    due = rec.due_at
    if rec.state in ACCEPTED and due is not None and at > due + timedelta(hours=limits.grace_h):
        late = {**about, "hours": int((at - due) / timedelta(hours=1))}
        severity = "critical" if days_left(rec.voting_at, at) <= 3 else "high"
        found.append(record.Signal("R20", "HAMBATAN", subject, severity, (rec.addressee, rec.agency), due, late, (rec.code,)))
    stale = [(when, item) for item in rec.text.aght if (when := assessed_at.get(item)) and at - when > timedelta(hours=limits.reassess_h)]
    if rec.state in ACCEPTED and stale:
        when, item = min(stale)
        since = when + timedelta(hours=limits.reassess_h)
        said = {**about, "item": item, "hours": int((at - when) / timedelta(hours=1))}
        found.append(record.Signal("R20.nilai", "HAMBATAN", f"aght:{item}", "watch", (rec.agency,), since, said, (rec.code,)))
    if rec.oral and rec.oral.confirmed_at is None and at > rec.oral.confirm_due_at:
        said = {**about, "hours": int((at - rec.oral.spoken_at) / timedelta(hours=1))}
        due = rec.oral.confirm_due_at
        found.append(record.Signal("R20.lisan", "HAMBATAN", subject, "critical", (rec.agency,), due, said, (rec.code,)))
    return found


# --- how it goes -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """So many out of so many; `permille` None where there is no denominator."""

    part: int
    whole: int

    @property
    def permille(self) -> int | None:
        """Rounded half up."""
        return (2000 * self.part + self.whole) // (2 * self.whole) if self.whole else None


@dataclass(frozen=True)
class Kpis:
    """How recommendations fare: medians in minutes with their number, shares with their denominators."""

    issued: int
    acknowledge_min: int | None
    acknowledged: Share
    acknowledged_in_time: Share
    decide_min: int | None
    accepted: Share
    partly: Share
    refused: Share
    reasons: tuple[tuple[str, int], ...]
    on_time: Share
    verified: Share
    as_advised: Share
    measured: Share
    oral_in_time: Share
    replaced: Share


def kpis(recs: Iterable[Recommendation], at: datetime) -> Kpis:
    """Figures over issued recommendations.

    on_time: actions reported by their deadline, of those reported or past it. verified: settled, of those reported done. as_advised: of
    the settled. measured: with a number, of those whose effect was looked at. replaced: by a newer version, of the issued.
    """
    issued = [r for r in recs if r.issued_at is not None]
    decided = [r for r in issued if r.decided_at is not None]
    acted = [r for r in issued if r.action is not None and (r.claimed_at is not None or at > r.action.due_at)]
    claimed = [r for r in issued if r.claimed_at is not None]
    settled = [r for r in claimed if r.outcome in SETTLED]
    looked = [r for r in issued if r.effect is not None]
    waits = [(r.received_at - r.issued_at, r) for r in issued if r.received_at and r.issued_at]
    told = [r for r in issued if r.received_at or at > (r.due_ack_at or at)]
    oral = [r for r in issued if r.oral and (r.oral.confirmed_at or at > r.oral.confirm_due_at)]
    reasons = [r.reason_code for r in decided if r.reason_code]
    return Kpis(
        issued=len(issued),
        acknowledge_min=_minutes([wait for wait, _ in waits]),
        acknowledged=Share(len(waits), len(issued)),
        acknowledged_in_time=Share(sum(r.issued_at + wait <= (r.due_ack_at or at) for wait, r in waits if r.issued_at), len(told)),
        decide_min=_minutes([r.decided_at - r.received_at for r in decided if r.decided_at and r.received_at]),
        accepted=Share(sum(not r.reason_code for r in decided), len(decided)),
        partly=Share(sum(_was(r, Act.ACCEPT_PARTLY) for r in decided), len(decided)),
        refused=Share(sum(_was(r, Act.REFUSE) for r in decided), len(decided)),
        reasons=tuple(sorted(((code, reasons.count(code)) for code in set(reasons)), key=lambda pair: (-pair[1], pair[0]))),
        on_time=Share(sum(bool(r.claimed_at and r.action and r.claimed_at <= r.action.due_at) for r in acted), len(acted)),
        verified=Share(len(settled), len(claimed)),
        as_advised=Share(sum(r.outcome == Outcome.SESUAI.value for r in settled), len(settled)),
        measured=Share(sum(bool(r.effect and r.effect.measured) for r in looked), len(looked)),
        oral_in_time=Share(sum(bool(r.oral and r.oral.confirmed_at and not r.oral.confirmed_late) for r in oral), len(oral)),
        replaced=Share(sum(bool(r.replaced_by) for r in issued), len(issued)),
    )


def _was(rec: Recommendation, act: Act) -> bool:
    return any(event.act is act for event in rec.events)


def _minutes(waits: list[timedelta]) -> int | None:
    return int(median(wait / timedelta(minutes=1) for wait in waits)) if waits else None


_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


def letter_number(sequence: int, prefix: str, issued_at: datetime) -> str:
    """R-001/POSKO-PEMILU/XII/2023: a number of this installation's own book, once per year and sequence."""
    day = issued_at.astimezone(WIB)
    return f"R-{sequence:03}/{prefix}/{_ROMAN[day.month - 1]}/{day.year}"


def note_number(sequence: int, prefix: str, at: datetime) -> str:
    """ND-001/POSKO-PEMILU/XII/2023: the internal note with which a draft goes to be read."""
    return letter_number(sequence, prefix, at).replace("R-", "ND-", 1)
