"""Stage recommendations: what should the organiser do, and what did it do?

A recommendation is a chain of events; its state is their fold. The post advises, the addressee decides: a refusal with a reason is a good
end. Four pairs of eyes: the author never approves, the text is frozen and hashed when it is issued, whoever follows up never verifies.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, ClassVar

from posko.domain import record, reports

WIB = timezone(timedelta(hours=7))
SLOT_LONGEST = 1200
SUBJECT_LONGEST = 140


class NoStep(record.Refusal):
    """An act that does not follow from the present state."""

    code: ClassVar[str] = "recommendations.no_step"


class OwnWork(record.Refusal):
    """The author approves, or the one who followed up verifies."""

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


class NeedsReason(record.Refusal):
    """A refusal or a partial acceptance without reason code and text."""

    code: ClassVar[str] = "recommendations.needs_reason"


class DeadlinePast(record.Refusal):
    """A deadline before now, or after voting."""

    code: ClassVar[str] = "recommendations.deadline_past"


class Changed(record.Refusal):
    """The text is not the one that was approved or issued."""

    code: ClassVar[str] = "recommendations.changed"


class Unknown(record.Refusal):
    """No such recommendation, or not yet at this time."""

    code: ClassVar[str] = "recommendations.unknown"


class State(StrEnum):
    """Where it stands."""

    DRAF = "DRAF"
    TELAAH = "TELAAH"
    DIKEMBALIKAN = "DIKEMBALIKAN"
    DISETUJUI = "DISETUJUI"
    TERBIT = "TERBIT"
    DITERIMA = "DITERIMA"
    DISETUJUI_PENERIMA = "DISETUJUI_PENERIMA"
    SEBAGIAN = "SEBAGIAN"
    DITOLAK = "DITOLAK"
    TINDAK_LANJUT = "TINDAK_LANJUT"
    SELESAI_DIKLAIM = "SELESAI_DIKLAIM"
    VERIFIKASI = "VERIFIKASI"
    DITUTUP = "DITUTUP"
    DICABUT = "DICABUT"


ENDS = frozenset({State.DITOLAK, State.DITUTUP, State.DICABUT})
FROZEN = frozenset(State) - {State.DRAF, State.TELAAH, State.DIKEMBALIKAN, State.DISETUJUI}


class Act(StrEnum):
    """What a person may do with it. The value is the verb of the journal entry: `recommendation.<value>`."""

    DRAFT = "drafted"
    REVISE = "revised"
    SUBMIT = "submitted"
    RETURN = "returned"
    APPROVE = "approved"
    ISSUE = "issued"
    WITHDRAW = "withdrawn"
    RECEIVE = "received"
    ACCEPT = "accepted"
    ACCEPT_PARTLY = "partly_accepted"
    REFUSE = "refused"
    FOLLOW = "followed_up"
    CLAIM = "claimed_done"
    VERIFY = "verified"
    SEND_BACK = "found_wanting"
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
    """What the verifier found (after the audit board's four statuses)."""

    SESUAI = "sesuai"
    TIDAK_DAPAT = "tidak_dapat"


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


@dataclass(frozen=True)
class Text:
    """What is written: subject, seven slots, whom it is for, until when, and the AGHT it rests on."""

    subject: str
    addressee: str
    nature: Nature
    due_at: datetime
    slots: Slots
    aght: tuple[str, ...] = ()

    def digest(self, number: str = "") -> str:
        """SHA-256 over canonical JSON of the text and, once issued, its number."""
        plain = {
            "format": "posko-recommendation/1",
            "number": number,
            "subject": self.subject,
            "addressee": self.addressee,
            "nature": self.nature.value,
            "due_at": self.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "slots": asdict(self.slots),
            "aght": list(self.aght),
        }
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


_COMMANDS = re.compile(
    r"\b(wajib|harus|diwajibkan|diharuskan|memerintahkan|diperintahkan|menginstruksikan|diinstruksikan)\b", re.IGNORECASE
)


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
) -> Text:
    """A text that may be kept: every slot filled, advising, its deadline still ahead. Empty, TooLong, Commands, DeadlinePast."""
    tidy = Slots(**{name: reports.clean(value) for name, value in asdict(slots).items()})
    title = reports.clean(subject)
    for name in REQUIRED:
        if not getattr(tidy, name):
            raise Empty(field=name)
    if not title:
        raise Empty(field="subject")
    if not addressee:
        raise Empty(field="addressee")
    if len(title) > SUBJECT_LONGEST or any(len(value) > SLOT_LONGEST for value in asdict(tidy).values()):
        raise TooLong(subject=SUBJECT_LONGEST, slot=SLOT_LONGEST)
    found = _COMMANDS.search(tidy.saran)
    if found:
        raise Commands(word=found.group())
    if not at < due_at <= voting_at:
        raise DeadlinePast()
    return Text(title, addressee, nature, due_at, tidy, tuple(aght))


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
    approver: str = ""
    signer: str = ""
    digest: str = ""
    approved_digest: str = ""
    issued_at: datetime | None = None
    received_at: datetime | None = None
    reason_code: str = ""
    reason: str = ""
    action: Action | None = None
    followers: tuple[str, ...] = ()
    outcome: str = ""
    effect: str = ""

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
        """Until when the next step is due: acknowledgement, decision, action. None where nothing is due or it has ended."""
        if self.state is State.TERBIT:
            return self.due_ack_at
        if self.state is State.DITERIMA and self.received_at and self.issued_at:
            return self.received_at + sla(self.voting_at, self.issued_at).decide
        if self.state in {State.DISETUJUI_PENERIMA, State.SEBAGIAN}:
            return self.text.due_at
        if self.state is State.TINDAK_LANJUT and self.action:
            return self.action.due_at
        return None

    @property
    def due_ack_at(self) -> datetime | None:
        """Until when the addressee is asked to acknowledge; None before it is issued."""
        return self.issued_at + sla(self.voting_at, self.issued_at).acknowledge if self.issued_at else None

    def overdue(self, at: datetime) -> bool:
        """The next step is late. An ended one never is: a refusal breaks no deadline."""
        return self.due_at is not None and at > self.due_at

    @property
    def ended(self) -> bool:
        """Nothing more is to come."""
        return self.state in ENDS


@dataclass(frozen=True)
class Sla:
    """How long the addressee has to acknowledge and to decide."""

    acknowledge: timedelta
    decide: timedelta


def sla(voting_at: datetime, issued_at: datetime) -> Sla:
    """By the civil days left (WIB): over 30, 30 to 8, 7 to 3, 2 to 1, the day itself. Defaults of ours; there is no rule for them."""
    days = (voting_at.astimezone(WIB).date() - issued_at.astimezone(WIB).date()).days
    if days > 30:
        return Sla(timedelta(hours=24), timedelta(days=5))
    if days >= 8:
        return Sla(timedelta(hours=12), timedelta(hours=72))
    if days >= 3:
        return Sla(timedelta(hours=4), timedelta(hours=24))
    if days >= 1:
        return Sla(timedelta(hours=1), timedelta(hours=4))
    return Sla(timedelta(minutes=15), timedelta(hours=1))


_OWN = "own"
_ADDRESSEE = "addressee"


@dataclass(frozen=True)
class Move:
    """From which states an act leads where, and whose it is: the post's own agency or the addressee."""

    froms: frozenset[State]
    to: State
    side: str
    needs: tuple[str, ...] = ()


def _move(froms: Iterable[State], to: State, side: str, *needs: str) -> Move:
    return Move(frozenset(froms), to, side, needs)


MOVES: Mapping[Act, Move] = {
    Act.REVISE: _move({State.DRAF, State.DIKEMBALIKAN}, State.DRAF, _OWN),
    Act.SUBMIT: _move({State.DRAF, State.DIKEMBALIKAN}, State.TELAAH, _OWN),
    Act.RETURN: _move({State.TELAAH}, State.DIKEMBALIKAN, _OWN, "note"),
    Act.APPROVE: _move({State.TELAAH}, State.DISETUJUI, _OWN),
    Act.ISSUE: _move({State.DISETUJUI}, State.TERBIT, _OWN, "number"),
    Act.WITHDRAW: _move({State.TERBIT, State.DITERIMA}, State.DICABUT, _OWN, "reason"),
    Act.RECEIVE: _move({State.TERBIT}, State.DITERIMA, _ADDRESSEE),
    Act.ACCEPT: _move({State.DITERIMA}, State.DISETUJUI_PENERIMA, _ADDRESSEE),
    Act.ACCEPT_PARTLY: _move({State.DITERIMA}, State.SEBAGIAN, _ADDRESSEE, "reason_code", "reason"),
    Act.REFUSE: _move({State.DITERIMA}, State.DITOLAK, _ADDRESSEE, "reason_code", "reason"),
    Act.FOLLOW: _move({State.DISETUJUI_PENERIMA, State.SEBAGIAN}, State.TINDAK_LANJUT, _ADDRESSEE, "action", "owner", "due_at"),
    Act.CLAIM: _move({State.TINDAK_LANJUT}, State.SELESAI_DIKLAIM, _ADDRESSEE, "evidence"),
    Act.VERIFY: _move({State.SELESAI_DIKLAIM}, State.VERIFIKASI, _OWN, "outcome", "note"),
    Act.SEND_BACK: _move({State.SELESAI_DIKLAIM}, State.TINDAK_LANJUT, _OWN, "note"),
    Act.CLOSE: _move({State.VERIFIKASI}, State.DITUTUP, _OWN, "effect"),
}

PERMISSION: Mapping[Act, str] = {
    Act.DRAFT: "recommendations.draft",
    Act.REVISE: "recommendations.draft",
    Act.SUBMIT: "recommendations.draft",
    Act.RETURN: "recommendations.approve",
    Act.APPROVE: "recommendations.approve",
    Act.ISSUE: "recommendations.issue",
    Act.WITHDRAW: "recommendations.issue",
    Act.RECEIVE: "recommendations.receive",
    Act.ACCEPT: "recommendations.answer",
    Act.ACCEPT_PARTLY: "recommendations.answer",
    Act.REFUSE: "recommendations.answer",
    Act.FOLLOW: "recommendations.receive",
    Act.CLAIM: "recommendations.receive",
    Act.VERIFY: "recommendations.draft",
    Act.SEND_BACK: "recommendations.draft",
    Act.CLOSE: "recommendations.approve",
}
"""Which act of the policy each step needs. The policy says who; the invariants below say which persons never."""


def next_acts(state: State) -> tuple[Act, ...]:
    """Acts that may follow, in the order of the work."""
    return tuple(act for act, move in MOVES.items() if state in move.froms)


def check(rec: Recommendation, event: Event) -> None:
    """Whether this event may follow. NoStep, NotOurs, NotAddressed, NotAuthor, OwnWork, NotSigner, NeedsReason, Empty, DeadlinePast."""
    move = MOVES.get(event.act)
    if move is None or rec.state not in move.froms:
        raise NoStep(code=rec.code, state=rec.state.value, act=event.act.value)
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
    if act in {Act.RETURN, Act.APPROVE}:
        return person == rec.author
    if act is Act.WITHDRAW:
        return person != rec.signer
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
    if event.act is Act.REVISE and event.text is None:
        raise Empty(field="text")
    if event.act is Act.ISSUE and rec.text.digest() != rec.approved_digest:
        raise Changed(code=rec.code)
    if event.act in {Act.REFUSE, Act.ACCEPT_PARTLY} and event.said["reason_code"] not in set(ReasonCode):
        raise NeedsReason(code=rec.code)
    if event.act is Act.VERIFY and event.said["outcome"] not in set(Outcome):
        raise Empty(field="outcome")
    if event.act is Act.FOLLOW and not event.at < instant(event.said["due_at"]) <= rec.voting_at:
        raise DeadlinePast()


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
    """The first event. Empty where it carries no text."""
    if event.act is not Act.DRAFT or event.text is None:
        raise Empty(field="text")
    return Recommendation(code, event.text, State.DRAF, event.person, event.agency, (event,), voting_at)


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


def _taken(rec: Recommendation, event: Event) -> Recommendation:
    return replace(rec, state=MOVES[event.act].to, events=(*rec.events, event), **_changes(rec, event))


def _changes(rec: Recommendation, event: Event) -> dict[str, Any]:
    """Fields that an act sets besides the state."""
    said, by = event.said, event.person
    match event.act:
        case Act.REVISE:
            changes: dict[str, Any] = {"text": event.text}
        case Act.APPROVE:
            changes = {"approver": by, "approved_digest": rec.text.digest()}
        case Act.ISSUE:
            changes = {"signer": by, "number": said["number"], "digest": rec.text.digest(said["number"]), "issued_at": event.at}
        case Act.RECEIVE:
            changes = {"received_at": event.at}
        case Act.REFUSE | Act.ACCEPT_PARTLY | Act.WITHDRAW:
            changes = {"reason_code": said.get("reason_code", ""), "reason": said["reason"]}
        case Act.FOLLOW:
            action = Action(said["action"], said["owner"], instant(said["due_at"]))
            changes = {"action": action, "followers": (*rec.followers, by)}
        case Act.CLAIM if rec.action:
            changes = {"action": replace(rec.action, evidence=said["evidence"]), "followers": (*rec.followers, by)}
        case Act.VERIFY:
            changes = {"outcome": said["outcome"]}
        case Act.CLOSE:
            changes = {"effect": said["effect"]}
        case _:
            changes = {}
    return changes


_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


def letter_number(sequence: int, prefix: str, issued_at: datetime) -> str:
    """R-001/POSKO-PEMILU/XII/2023: a number of this installation's own book, once per year and sequence."""
    day = issued_at.astimezone(WIB)
    return f"R-{sequence:03}/{prefix}/{_ROMAN[day.month - 1]}/{day.year}"
