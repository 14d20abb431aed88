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

from posko.domain import pledges as pledge_rules
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


class BadHorizon(record.Refusal):
    """A last moment that cannot stand."""

    code: ClassVar[str] = "recommendations.bad_horizon"


class HorizonBasis(BadHorizon):
    """No word of where it is known from, or no kind of the list."""

    code: ClassVar[str] = "recommendations.horizon_basis"


class HorizonMoment(BadHorizon):
    """No date, one before voting opens, too far away, or a later vote on the same day."""

    code: ClassVar[str] = "recommendations.horizon_moment"


class HorizonPlaces(BadHorizon):
    """A vote on another day is one of named TPS; all places are places of this election."""

    code: ClassVar[str] = "recommendations.horizon_places"


class BadPledge(record.Refusal):
    """A pledge that is not there, was withdrawn or is over, or is another agency's."""

    code: ClassVar[str] = "recommendations.bad_pledge"


class SaidJustNow(record.Refusal):
    """The same reminder by the same person a few minutes ago: a form that was sent twice."""

    code: ClassVar[str] = "recommendations.said_just_now"


class TooLateToHelp(record.Refusal):
    """A deadline after the last moment at which the action still helps."""

    code: ClassVar[str] = "recommendations.too_late_to_help"


class DoubleDispatch(record.Refusal):
    """The same action for the same cause already lies open with the same addressee."""

    code: ClassVar[str] = "recommendations.double"


class SavedJustNow(record.Refusal):
    """The same person saved the same draft minutes ago: the form was sent twice."""

    code: ClassVar[str] = "recommendations.saved_just_now"


class Outside(record.Refusal):
    """What the text is about reaches outside its writer's region, who could not read it afterwards."""

    code: ClassVar[str] = "recommendations.outside"


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


class AfterHorizon(DeadlinePast):
    """A deadline, or an issue, after the last thing that the advice can help: voting opens, unless a later moment was stated."""

    code: ClassVar[str] = "recommendations.after_horizon"


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


class Until(StrEnum):
    """The last thing that advice can still help."""

    OPENS = "pembukaan"
    CLOSES = "penutupan"
    COUNTED = "penghitungan"
    RETURNED = "pengembalian"
    RESUMED = "lanjutan"
    DELAYED = "susulan"


LATER = frozenset({Until.RESUMED, Until.DELAYED})
"""A vote on another day for some TPS; everything else belongs to the day of voting and what follows from it."""
REACH: Mapping[Until, timedelta] = {
    Until.CLOSES: timedelta(hours=18), Until.COUNTED: timedelta(days=3), Until.RETURNED: timedelta(days=14),
    Until.RESUMED: timedelta(days=90), Until.DELAYED: timedelta(days=90),
}  # fmt: skip
"""How far after the opening of the TPS a stated moment may lie. Against typing errors; ours, no law's."""


@dataclass(frozen=True)
class Horizon:
    """Until when advice can help, as somebody stated it: never guessed.

    ends_at: the end of voting, counting or return there; for a vote on another day the opening of the TPS. places: TPS of a later vote
    (at least one), else what it holds for (empty: everywhere). basis: words, the decision or the source from which the moment is known.
    """

    kind: Until
    ends_at: datetime
    places: tuple[str, ...] = ()
    basis: str = ""

    @property
    def later(self) -> bool:
        """Whether those TPS vote on another day."""
        return self.kind in LATER


_TPS_DOTS = 4
"""A TPS is province.regency.kecamatan.desa.number; a whole desa or kecamatan does not vote on another day by a stroke of the pen."""


def check_horizon(horizon: Horizon, voting_at: datetime, known: Iterable[str]) -> Horizon:
    """Tidied; known: codes of places here. HorizonBasis, HorizonMoment, HorizonPlaces."""
    basis = reports.clean(horizon.basis)
    if horizon.kind is Until.OPENS or not basis or len(basis) > SLOT_LONGEST:
        raise HorizonBasis()
    if not voting_at < horizon.ends_at <= voting_at + REACH[horizon.kind]:
        raise HorizonMoment()
    if horizon.later and days_left(voting_at, horizon.ends_at) >= 0:
        raise HorizonMoment()
    if horizon.later and not horizon.places:
        raise HorizonPlaces(places="—")
    wide = {code for code in horizon.places if horizon.later and code.count(".") != _TPS_DOTS}
    strange = sorted((set(horizon.places) - set(known)) | wide)
    if strange:
        raise HorizonPlaces(places=strange[0][:40])
    return replace(horizon, basis=basis, places=tuple(sorted(set(horizon.places))))


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
    REMIND = "reminded"
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

    families: categories of reports it helps against; rules: early warnings it answers; source: who names it; needs: kinds of pledges that
    can carry it.
    """

    code: str
    verb: str
    object: str
    addressee: str
    measure: str
    families: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    source: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Text:
    """What is written: subject, seven slots, whom it is for, until when, and what it rests on.

    aght: items of the register. signals: early warnings as "rule|subject". remedy: "library/version:code" of the action. supersedes: the
    recommendation of which this is a newer version. useful_until: the last moment at which the action still helps, where somebody said so.
    horizon: None where it must help before voting opens. pledges: what the addressee has promised and the action can use. place: the
    narrowest area that holds all its causes ("": the regency); it decides who reads it, not what it says, and is not hashed.
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
    horizon: Horizon | None = None
    pledges: tuple[str, ...] = ()
    place: str = ""

    def vote_at(self, voting_at: datetime) -> datetime:
        """When the TPS that it is about open: another day where theirs is another day."""
        return self.horizon.ends_at if self.horizon and self.horizon.later else voting_at

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
            "pledges": list(self.pledges),
            "horizon": _horizon_written(self.horizon) if self.horizon else {},
        }
        plain |= {name: value for name, value in later.items() if value}
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def area(codes: Iterable[str], region: str) -> str:
    """The narrowest dotted area that holds all these places; the region where one is a site, lies elsewhere, or none is given."""
    found = [code.split(".") for code in codes]
    if not found or any(not code[0] or ":" in ".".join(code) or ">" in ".".join(code) for code in found):
        return region
    shared = []
    for parts in zip(*found, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    common = ".".join(shared)
    return common if common == region or common.startswith(region + ".") else region


def _horizon_written(horizon: Horizon) -> dict[str, Any]:
    return {
        "kind": horizon.kind.value, "ends_at": written(horizon.ends_at), "places": list(horizon.places), "basis": horizon.basis,
    }  # fmt: skip


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


def last_moment(voting_at: datetime, *, oral: bool = False, horizon: Horizon | None = None) -> datetime:
    """Until when a deadline may lie: what was stated, else the opening of the TPS; for spoken advice the end of the voting day (WIB)."""
    if horizon is not None:
        return last_moment(horizon.ends_at, oral=True) if oral and horizon.later else horizon.ends_at
    if not oral:
        return voting_at
    return datetime.combine(voting_at.astimezone(WIB).date() + timedelta(days=1), time(), tzinfo=WIB).astimezone(UTC)


def proposed_due(
    voting_at: datetime, at: datetime, useful_until: datetime | None = None, *, oral: bool = False, horizon: Horizon | None = None
) -> datetime | None:
    """A deadline to begin with: what the days left allow, never after the last useful moment. None where that has passed."""
    ends_at = last_moment(voting_at, oral=oral, horizon=horizon)
    last = min(useful_until or ends_at, ends_at)
    vote_at = horizon.ends_at if horizon and horizon.later else voting_at
    return min(at + sla(vote_at, at).act, last) if last > at else None


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
    horizon: Horizon | None = None,
    known: Iterable[str] = (),
    pledges: Iterable[str] = (),
    place: str = "",
) -> Text:
    """A text that may be kept: filled, advising one action, naming nobody, its deadline ahead and before the last useful moment.

    known: codes of places, for the horizon. Empty, TooLong, UnknownAddressee, Commands, NotAdvice, ManyActions, NamesPerson, DeadlinePast,
    AfterHorizon, TooLateToHelp, BadHorizon.
    """
    held = check_horizon(horizon, voting_at, known) if horizon else None
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
    person = _PERSON.search(held.basis) if held else None
    if person:
        raise NamesPerson(word=person.group(), slot="horizon")
    if due_at <= at:
        raise DeadlinePast()
    if due_at > last_moment(voting_at, oral=oral, horizon=held):
        raise AfterHorizon()
    if useful_until is not None and due_at > useful_until:
        raise TooLateToHelp(until=written(useful_until))
    found = tuple(dict.fromkeys(pledges))
    return Text(title, addressee, nature, due_at, tidy, tuple(aght), remedy, tuple(signals), supersedes, useful_until, held, found, place)


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
    def vote_at(self) -> datetime:
        """When the TPS that it is about open; the clocks run towards it."""
        return self.text.vote_at(self.voting_at)

    @property
    def last_at(self) -> datetime:
        """The last moment at which it can help."""
        return last_moment(self.voting_at, oral=self.oral is not None, horizon=self.text.horizon)

    @property
    def reminders(self) -> tuple[Event, ...]:
        """When somebody spoke about it with the addressee; each belongs to this letter and is no letter of its own."""
        return tuple(event for event in self.events if event.act is Act.REMIND)

    @property
    def due_ack_at(self) -> datetime | None:
        """Until when the addressee is asked to acknowledge; None before it is issued."""
        return self.issued_at + sla(self.vote_at, self.issued_at).acknowledge if self.issued_at else None

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
        due = (rec.received_at or entered) + sla(rec.vote_at, rec.issued_at).decide + rec.stopped
    elif rec.state is State.BUTUH_KLARIFIKASI:
        due = entered + sla(rec.vote_at, entered).acknowledge
    elif rec.state in {State.DISETUJUI_PENERIMA, State.SEBAGIAN}:
        due = rec.text.due_at
    elif rec.state is State.TINDAK_LANJUT and rec.action:
        due = rec.action.due_at
    elif rec.state is State.SELESAI_DIKLAIM:
        due = entered + sla(rec.vote_at, entered).decide
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


def may_speak(voting_at: datetime, at: datetime, horizon: Horizon | None = None) -> bool:
    """Whether advice may be spoken: on the day before voting and on the day itself; then also until what was stated has ended."""
    vote_at = horizon.ends_at if horizon and horizon.later else voting_at
    if days_left(vote_at, at) in {0, 1}:
        return True
    return horizon is not None and not horizon.later and voting_at < at <= horizon.ends_at


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
    Act.RETURN: _move({State.TELAAH_1, State.TELAAH_2, State.DISETUJUI}, State.DIKEMBALIKAN, _OWN, "note"),
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
    Act.REMIND: _move(FROZEN - ENDS, None, _OWN, "channel", "heard_by"),
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
    Act.REMIND: "recommendations.review",
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
        return person == rec.author or (person == rec.reviewer and rec.state is not State.DISETUJUI)
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
        case Act.ISSUE if event.at >= rec.last_at:
            raise AfterHorizon()
        case Act.REMIND:
            _check_reminder(rec, event)
        case Act.REFUSE | Act.ACCEPT_PARTLY if said["reason_code"] not in set(ReasonCode):
            raise NeedsReason(code=rec.code)
        case Act.VERIFY | Act.SEND_BACK if said["outcome"] not in _OUTCOMES[event.act]:
            raise Empty(field="outcome")
        case Act.REVIEW_AFTER if said["verdict"] not in VERDICTS:
            raise Empty(field="verdict")
        case Act.FOLLOW:
            _check_follow(rec, instant(said["due_at"]), event.at)
        case Act.MEASURE:
            effect_of(said)
        case _:
            pass


def _check_follow(rec: Recommendation, due_at: datetime, at: datetime) -> None:
    if due_at <= at:
        raise DeadlinePast()
    if due_at > rec.last_at:
        raise AfterHorizon()


def check_heard(heard_by: str) -> None:
    """Who heard a spoken word is an office or a function. NamesPerson."""
    person = _PERSON.search(heard_by)
    if person:
        raise NamesPerson(word=person.group(), slot="heard_by")


AGAIN_AFTER = timedelta(minutes=5)


def _check_reminder(rec: Recommendation, event: Event) -> None:
    if event.said["channel"] not in CHANNELS:
        raise Empty(field="channel")
    if any(_again(event, before) for before in rec.reminders):
        raise SaidJustNow(code=rec.code)


def _again(event: Event, before: Event) -> bool:
    """The same words by the same person within minutes."""
    return before.person == event.person and event.at - before.at < AGAIN_AFTER and dict(before.said) == dict(event.said)


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
    if not may_speak(voting_at, event.at, text.horizon):
        raise NotYetOral(days=days_left(text.vote_at(voting_at), event.at))
    for name in ("number", "channel", "heard_by"):
        if not event.said.get(name, "").strip():
            raise Empty(field=name)
    if event.said["channel"] not in CHANNELS:
        raise Empty(field="channel")
    oral = Oral(event.person, event.at, event.said["channel"], event.said["heard_by"])
    return Recommendation(
        code, text, State.TERBIT, event.person, event.agency, (event,), voting_at, number=event.said["number"], signer=event.person,
        digest=event.said.get("digest") or text.digest(event.said["number"]), issued_at=event.at, entered_at=event.at, oral=oral,
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
        except SaidJustNow:  # it was another word when it was written; erased words are all alike
            rec = _taken(rec, event)
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
            return {
                "signer": by,
                "number": said["number"],
                "digest": said.get("digest") or rec.text.digest(said["number"]),
                "issued_at": event.at,
            }
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


def check_saved(text: Text, author: str, standing: Iterable[Recommendation], at: datetime) -> None:
    """Whether this is another draft and not the same form again. SavedJustNow."""
    for rec in standing:
        first = rec.events[0]
        if first.act is Act.DRAFT and (first.person, first.text) == (author, text) and at - first.at < AGAIN_AFTER:
            raise SavedJustNow(code=rec.code)


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


def check_pledges(text: Text, pledges: Iterable[pledge_rules.Pledge], at: datetime) -> None:
    """What a letter leans on stands, is not over, and is the addressee's to give; the KPU uses what both have given. BadPledge."""
    known = {p.code: p for p in pledges}
    for code in text.pledges:
        one = known.get(code)
        if one is None or not one.live or one.until_at <= at or text.addressee not in {one.owner, "KPU"}:
            raise BadPledge(pledge=code[:20])


_LEANING = frozenset(State) - ENDS - {State.SELESAI_DIKLAIM, State.VERIFIKASI, State.DAMPAK}


def lost(rec: Recommendation, pledges: Iterable[pledge_rules.Pledge]) -> list[pledge_rules.Pledge]:
    """Pledges that a recommendation still leans on and that were withdrawn since; not those that the addressee was spoken to about."""
    if rec.state not in _LEANING:
        return []
    spoken = max((e.at for e in rec.reminders), default=None)
    gone = [p for p in pledges if p.code in rec.text.pledges and p.state is pledge_rules.State.WITHDRAWN]
    return [p for p in gone if spoken is None or spoken < p.steps[-1].at]


_INSIDE = frozenset({Act.DRAFT, Act.REVISE, Act.SUBMIT, Act.RETURN, Act.REVIEW, Act.APPROVE, Act.REVIEW_AFTER})
"""What the post says to itself."""


def readable(rec: Recommendation, event: Event, agency: str) -> bool:
    """Whether an agency reads what was said in an event: the post and Bawaslu all of it, the addressee what passed between the two."""
    if agency in {rec.agency, "BAWASLU"}:
        return True
    return agency == rec.addressee and rec.state in FROZEN and event.act not in _INSIDE


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
    """From when on rule R20 speaks: hours after a deadline, hours without an answer, hours without a new look at the risk."""

    grace_h: int = field(
        default=0, metadata=thresholds.bounds("R20", 0, 72, "jam", "kelonggaran sesudah tenggat tindak lanjut", owner="KEJARI")
    )
    silent_h: int = field(
        default=0, metadata=thresholds.bounds("R20", 0, 72, "jam", "kelonggaran sesudah waktu terima atau jawab surat", owner="KEJARI")
    )
    reassess_h: int = field(
        default=72, metadata=thresholds.bounds("R20", 24, 240, "jam", "paling lama tanpa pengkajian ulang risikonya", owner="KEJARI")
    )


def signals_of(rec: Recommendation, assessed_at: Mapping[str, datetime], at: datetime, limits: Limits) -> list[record.Signal]:
    """R20: an accepted recommendation past its deadline (to its owner), its open AGHT not looked at again; spoken advice not confirmed.

    R20.diam, R20.jawab: a letter that nobody acknowledged or answered in its time. It is the same matter as its escalation (the same
    deadline, once a letter); while the post owes an explanation nothing is said. `assessed_at`: item of the register -> its newest
    assessment, open items only.
    """
    found = []
    subject = f"recommendation:{rec.code}"
    about: dict[str, str | int] = {"code": rec.code, "addressee": rec.addressee}
    due = rec.due_at
    if rec.state in ACCEPTED and due is not None and at > due + timedelta(hours=limits.grace_h):
        late = {**about, "hours": int((at - due) / timedelta(hours=1))}
        found.append(record.Signal("R20", "HAMBATAN", subject, _severity(rec, at), (rec.addressee, rec.agency), due, late, (rec.code,)))
    if rec.state in _SILENT and due is not None and at > due + timedelta(hours=limits.silent_h):
        late = {**about, "number": rec.number, "hours": int((at - due) / timedelta(hours=1)), "reminders": len(rec.reminders)}
        rule = _SILENT[rec.state]
        found.append(record.Signal(rule, "HAMBATAN", subject, _severity(rec, at), (rec.addressee, rec.agency), due, late, (rec.code,)))
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


_SILENT: Mapping[State, str] = {State.TERBIT: "R20.diam", State.DITERIMA: "R20.jawab"}


def _severity(rec: Recommendation, at: datetime) -> str:
    return "critical" if days_left(rec.vote_at, at) <= 3 else "high"


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
    repeated: Share
    reminded: Share


def kpis(recs: Iterable[Recommendation], at: datetime) -> Kpis:
    """Figures over issued recommendations.

    on_time: actions reported by their deadline, of those reported or past it. verified: settled, of those reported done. as_advised: of
    the settled. measured: with a number, of those whose effect was looked at. replaced: by a newer version, of the issued. repeated: in
    the same matter as an earlier letter, of the issued: what had to be said again. reminded: spoken about after it was issued.
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
        repeated=Share(sum(_repeats(r, issued) for r in issued), len(issued)),
        reminded=Share(sum(bool(r.reminders) for r in issued), len(issued)),
    )


def _repeats(rec: Recommendation, issued: Iterable[Recommendation]) -> bool:
    """Whether it says again what an earlier letter said: its newer version, or the same matter."""
    if rec.text.supersedes:
        return True
    earlier = (one for one in issued if one.code != rec.code and _issue_order(one) < _issue_order(rec))
    return any(same_matter(rec.text, one.text) for one in earlier)


def _issue_order(rec: Recommendation) -> tuple[datetime, str]:
    return (rec.issued_at or rec.voting_at, rec.code)


@dataclass(frozen=True)
class Risk:
    """Voters at risk in one item of the register at an instant: on average, and between which numbers in nine cases of ten.

    assessed_at: when somebody last looked at it.
    """

    expected: int
    low: int
    high: int
    assessed_at: datetime


class NoDrop(StrEnum):
    """Why a letter has no measured drop of risk."""

    NO_ITEM = "tanpa_butir"
    NOT_LOOKED = "tidak_dikaji"
    OPEN = "belum_ditutup"
    NOT_DONE = "tidak_dilakukan"


@dataclass(frozen=True)
class Drop:
    """Expected loss of a letter's items when it was issued and when it was closed; `why` where there is none.

    low, high: the least and the most by which it may have dropped (below nothing: it may have risen).
    """

    code: str
    items: tuple[str, ...]
    before: Risk | None = None
    after: Risk | None = None
    why: NoDrop | None = None

    @property
    def expected(self) -> int:
        """How many voters fewer, on average."""
        return self.before.expected - self.after.expected if self.before and self.after else 0

    @property
    def low(self) -> int:
        """At least so many."""
        return self.before.low - self.after.high if self.before and self.after else 0

    @property
    def high(self) -> int:
        """At most so many."""
        return self.before.high - self.after.low if self.before and self.after else 0


def closed_at(rec: Recommendation) -> datetime | None:
    """When it was closed after its work was verified and its effect looked at."""
    return next((e.at for e in reversed(rec.events) if e.act is Act.CLOSE), None) if rec.state is State.DITUTUP else None


Risks = Mapping[tuple[str, datetime], Risk]
"""(item, instant) -> its risk as it stood then."""


def drops(recs: Iterable[Recommendation], risks: Risks) -> list[Drop]:
    """One for each issued letter. An item that nobody looked at between issue and closing did not drop: it was not measured."""
    return [_drop(rec, risks) for rec in recs if rec.issued_at is not None]


def _drop(rec: Recommendation, risks: Risks) -> Drop:
    items, closed, issued = rec.text.aght, closed_at(rec), rec.issued_at
    if closed is None or issued is None:
        return Drop(rec.code, items, why=NoDrop.NOT_DONE if rec.ended else NoDrop.OPEN)
    pairs = [(risks[i, issued], risks[i, closed]) for i in items if (i, issued) in risks and (i, closed) in risks]
    if not pairs:
        return Drop(rec.code, items, why=NoDrop.NO_ITEM)
    if not any(after.assessed_at > issued or after.expected != before.expected for before, after in pairs):
        return Drop(rec.code, items, why=NoDrop.NOT_LOOKED)
    return Drop(rec.code, items, _sum(before for before, _ in pairs), _sum(after for _, after in pairs))


def _sum(risks: Iterable[Risk]) -> Risk:
    """Bounds are added as they are: the sum of several lies within them at least as often."""
    found = list(risks)
    looked = max(r.assessed_at for r in found)
    return Risk(sum(r.expected for r in found), sum(r.low for r in found), sum(r.high for r in found), looked)


def whole_drop(recs: Iterable[Recommendation], found: Iterable[Drop], risks: Risks) -> Drop | None:
    """All measured letters together: an item of several letters counts once, from its first issue to its last closing. None: none."""
    measured = {d.code for d in found if d.why is None}
    spans: dict[str, tuple[datetime, datetime]] = {}
    for rec in recs:
        closed, issued = closed_at(rec), rec.issued_at
        if rec.code not in measured or closed is None or issued is None:
            continue
        for item in rec.text.aght:
            if (item, issued) in risks and (item, closed) in risks:
                first, last = spans.get(item, (issued, closed))
                spans[item] = (min(first, issued), max(last, closed))
    if not spans:
        return None
    before, after = (_sum(risks[item, span[n]] for item, span in spans.items()) for n in (0, 1))
    return Drop("", tuple(sorted(spans)), before, after)


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
