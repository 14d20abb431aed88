"""Stage requests: what one agency of the table asks of another, and what came of it.

Sent, received, answered (given, partly, refused with a reason, or not ours and passed on), closed by the asker or opened again. A refusal
with a reason is an answer, never overdue. What is asked and said are words of people: they stand in the erasable part of the entries. Who
reads a request: the two agencies, those it names (the KPU or the Kejari, for their information), and Bawaslu by law.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import record, thresholds

AGENCIES = ("KPU", "PEMDA", "KEJARI", "POLRES", "BAWASLU")
"""Who sits at the table; the order of every list."""
NAMEABLE = ("KPU", "KEJARI")
"""Who may be named beside the two: the organiser and the post."""
OUTSIDE = "LUAR"
"""Passed on to an office that is not at the table: nothing is sent from here, the words say where to."""
UNDO_FOR = timedelta(minutes=10)
LONGEST_TITLE, LONGEST_WORDS, SHORTEST_REASON = 120, 2000, 10
LATEST = timedelta(days=184)
MOST_FILES = 3

# --- refusals ------------------------------------------------------------------------------------------------------------


class BadParties(record.Refusal):
    """Both are agencies of the table, and not the same one."""

    code: ClassVar[str] = "requests.bad_parties"


class Untitled(record.Refusal):
    """No words for what is asked."""

    code: ClassVar[str] = "requests.untitled"


class BadDeadline(record.Refusal):
    """A deadline that is over, or more than half a year ahead."""

    code: ClassVar[str] = "requests.bad_deadline"


class BadKind(record.Refusal):
    """A kind or urgency that is not in the list."""

    code: ClassVar[str] = "requests.bad_kind"


class Unknown(record.Refusal):
    """No such request, or none that this person may see."""

    code: ClassVar[str] = "requests.unknown"


class NoStep(record.Refusal):
    """From this state there is no such step, or it is the other agency's."""

    code: ClassVar[str] = "requests.no_step"


class SeenOther(record.Refusal):
    """Somebody did something while the form was open."""

    code: ClassVar[str] = "requests.seen_other"


class BadReason(record.Refusal):
    """A refusal and a withdrawal give a reason of the list."""

    code: ClassVar[str] = "requests.bad_reason"


class WordsMissing(record.Refusal):
    """A part, a refusal, a second opening: said in at least ten letters. What is given: in words or as a file."""

    code: ClassVar[str] = "requests.words_missing"


class BadForward(record.Refusal):
    """Passed on to the asker, to oneself, to nobody, or to an agency that has said already that it is not theirs."""

    code: ClassVar[str] = "requests.bad_forward"


class TooLate(record.Refusal):
    """After ten minutes, by somebody else, or once it was passed on, a step is not undone."""

    code: ClassVar[str] = "requests.too_late"


class TooManyFiles(record.Refusal):
    """More than three files at once."""

    code: ClassVar[str] = "requests.too_many_files"


# --- words ---------------------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What is asked for."""

    DATA = "data"
    PERSON = "person"
    PLACE = "place"
    ANSWER = "answer"


class Urgency(StrEnum):
    """How urgent; the deadline is asked for, never computed from this."""

    BIASA = "biasa"
    SEGERA = "segera"
    SANGAT_SEGERA = "sangat_segera"


class State(StrEnum):
    """Where it stands."""

    SENT = "sent"
    RECEIVED = "received"
    GIVEN = "given"
    PARTLY = "partly"
    REFUSED = "refused"
    FORWARDED = "forwarded"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What may happen to it after it was sent."""

    RECEIVE = "receive"
    GIVE = "give"
    GIVE_PART = "give_part"
    REFUSE = "refuse"
    FORWARD = "forward"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    UNDO = "undo"


OPEN = frozenset({State.SENT, State.RECEIVED, State.REOPENED})
"""States in which the asked agency owes an answer."""
ANSWERED = frozenset({State.GIVEN, State.PARTLY, State.REFUSED, State.FORWARDED})
"""States in which the asker closes it or opens it again."""
ENDED = frozenset({State.CLOSED, State.WITHDRAWN})
ANSWERS: dict[Act, State] = {
    Act.GIVE: State.GIVEN, Act.GIVE_PART: State.PARTLY, Act.REFUSE: State.REFUSED, Act.FORWARD: State.FORWARDED,
}  # fmt: skip
REFUSE_REASONS = (
    "tidak_ada", "belum_ada", "dibatasi_aturan", "rahasia", "tenaga_kurang", "biaya_tidak_ada", "waktu_tidak_cukup", "lainnya",
)  # fmt: skip
WITHDRAW_REASONS = ("tidak_perlu_lagi", "sudah_terjawab", "salah_alamat", "salah_tulis", "lainnya")

# --- values --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What happened. to: whom it was passed on to; child: the code under which it went there; due_at: the new deadline of a reopening."""

    act: Act
    state: State
    at: datetime
    person: str
    agency: str
    words: str = ""
    reason: str = ""
    to: str = ""
    child: str = ""
    due_at: datetime | None = None
    entry_id: str = ""


@dataclass(frozen=True)
class Request:
    """A request as it stands. named: who reads it beside the two; origin: the request that was passed on."""

    code: str
    asker: str
    asked: str
    kind: Kind
    title: str
    words: str
    urgency: Urgency
    first_due_at: datetime
    sent_at: datetime
    person: str = ""
    named: tuple[str, ...] = ()
    origin: str = ""
    steps: tuple[Step, ...] = ()
    mark: str = ""
    entry_id: str = ""

    @property
    def state(self) -> State:
        """Sent until somebody did something."""
        return self.steps[-1].state if self.steps else State.SENT

    @property
    def due_at(self) -> datetime:
        """The deadline in force: the first one, or that of the last reopening that stands."""
        due = self.first_due_at
        for step in standing(self.steps):
            due = step.due_at or due
        return due

    @property
    def since_at(self) -> datetime:
        """When the clock of its answer began: sent, or opened again."""
        return max((s.at for s in standing(self.steps) if s.act is Act.REOPEN), default=self.sent_at)

    @property
    def half_at(self) -> datetime:
        """Half of the time that was given."""
        return self.since_at + (self.due_at - self.since_at) / 2

    @property
    def readers(self) -> frozenset[str]:
        """The agencies that read it; Bawaslu besides, by law."""
        return frozenset({self.asker, self.asked, *self.named})

    @property
    def last_id(self) -> str:
        """What a form has seen: the entry of the last step, or of the sending."""
        return self.steps[-1].entry_id if self.steps else self.entry_id

    def overdue(self, at: datetime) -> bool:
        """Whether an answer is owed and its time is over; at the deadline itself it is not."""
        return self.state in OPEN and at > self.due_at

    def reminder(self, at: datetime) -> str:
        """half: from half of the time on; due: from the deadline on; "" before, and once there is an answer."""
        if self.state not in OPEN or at < self.half_at:
            return ""
        return "due" if at >= self.due_at else "half"


def standing(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps without those that were undone and without the undoing."""
    kept: list[Step] = []
    for step in steps:
        if step.act is Act.UNDO:
            kept.pop()
        else:
            kept.append(step)
    return tuple(kept)


def _known(enum: type[StrEnum], value: str) -> None:
    if value not in {one.value for one in enum}:
        raise BadKind(kind=value[:20])


def check_ask(
    asker: str, asked: str, kind: str, title: str, words: str, urgency: str, due_at: datetime, named: Iterable[str], at: datetime
) -> tuple[str, ...]:
    """Whether a request may be sent; gives those named beside the two. BadParties, BadKind, Untitled, BadDeadline."""
    if asker not in AGENCIES or asked not in AGENCIES or asker == asked:
        raise BadParties()
    _known(Kind, kind)
    _known(Urgency, urgency)
    if not title or len(title) > LONGEST_TITLE or len(words) > LONGEST_WORDS:
        raise Untitled(most=LONGEST_TITLE, longest=LONGEST_WORDS)
    if not at < due_at <= at + LATEST:
        raise BadDeadline(days=LATEST.days)
    beside = set(named) - {asker, asked}
    if beside - set(NAMEABLE):
        raise BadParties()
    return tuple(a for a in AGENCIES if a in beside)


def side_of(request: Request, act: Act) -> str:
    """Whose step it is."""
    return request.asked if act is Act.RECEIVE or act in ANSWERS else request.asker


def possible(request: Request, agency: str) -> tuple[Act, ...]:
    """The steps an agency may take now, without undoing."""
    state = request.state
    found: list[Act] = []
    if agency == request.asked and state in OPEN:
        found += [Act.RECEIVE] if state is not State.RECEIVED else []
        found += list(ANSWERS)
    if agency == request.asker:
        found += [Act.CLOSE] if state in ANSWERED else []
        found += [Act.REOPEN] if state in ANSWERED - {State.FORWARDED} or state is State.CLOSED else []
        found += [Act.WITHDRAW] if state in OPEN else []
    return tuple(found)


def undoable(request: Request, person: str, at: datetime) -> bool:
    """Whether this person may still take back the last step; what was passed on lies elsewhere already."""
    last = request.steps[-1] if request.steps else None
    if last is None or last.act is Act.UNDO or last.child:
        return False
    return last.person == person and timedelta(0) <= at - last.at <= UNDO_FOR


def next_step(
    request: Request,
    act: Act,
    actor: record.Actor,
    at: datetime,
    *,
    words: str = "",
    reason: str = "",
    to: str = "",
    due_at: datetime | None = None,
    files: int = 0,
    chain: Iterable[str] = (),
) -> Step:
    """The step an agency takes. chain: agencies that have passed it on before.

    NoStep, BadReason, WordsMissing, BadForward, BadDeadline, TooLate, TooManyFiles.
    """
    if act is Act.UNDO:
        return _undone(request, actor, at)
    if act not in possible(request, actor.agency):
        raise NoStep(code=request.code)
    if files > MOST_FILES:
        raise TooManyFiles(most=MOST_FILES)
    if len(words) > LONGEST_WORDS:
        raise Untitled(most=LONGEST_TITLE, longest=LONGEST_WORDS)
    _check_said(act, words, reason, files)
    if act is Act.FORWARD:
        _check_forward(request, words, to, chain)
    if act is Act.REOPEN and (due_at is None or not at < due_at <= at + LATEST):
        raise BadDeadline(days=LATEST.days)
    state = ANSWERS.get(act) or _STATES[act]
    kept = reason if act in {Act.REFUSE, Act.WITHDRAW} else ""
    return Step(
        act, state, at, actor.person, actor.agency, words, kept, to if act is Act.FORWARD else "", "",
        due_at if act is Act.REOPEN else None,
    )  # fmt: skip


_STATES = {Act.RECEIVE: State.RECEIVED, Act.CLOSE: State.CLOSED, Act.REOPEN: State.REOPENED, Act.WITHDRAW: State.WITHDRAWN}


def _check_said(act: Act, words: str, reason: str, files: int) -> None:
    if act is Act.REFUSE and reason not in REFUSE_REASONS:
        raise BadReason(reason=reason[:30])
    if act is Act.WITHDRAW and reason not in WITHDRAW_REASONS:
        raise BadReason(reason=reason[:30])
    if act in {Act.GIVE_PART, Act.REFUSE, Act.REOPEN} and len(words) < SHORTEST_REASON:
        raise WordsMissing(least=SHORTEST_REASON)
    if act is Act.GIVE and not words and not files:
        raise WordsMissing(least=SHORTEST_REASON)


def _check_forward(request: Request, words: str, to: str, chain: Iterable[str]) -> None:
    if to == OUTSIDE:
        if len(words) < SHORTEST_REASON:
            raise WordsMissing(least=SHORTEST_REASON)
        return
    if to not in AGENCIES or to in {request.asker, request.asked, *chain}:
        raise BadForward(to=to[:20] or "—")


def _undone(request: Request, actor: record.Actor, at: datetime) -> Step:
    if not undoable(request, actor.person, at):
        raise TooLate(code=request.code)
    before = request.steps[-2].state if len(request.steps) > 1 else State.SENT
    return Step(Act.UNDO, before, at, actor.person, actor.agency)


def forwarded_due(request: Request, at: datetime) -> datetime:
    """The deadline of what was passed on: the old one, or half of the first time from now where that is later. Ours, no law's.

    The agency that gets it has not used up the time that the first one took.
    """
    return max(request.due_at, at + (request.first_due_at - request.sent_at) / 2)


def overdue(requests: Iterable[Request], at: datetime) -> list[Request]:
    """What is offered to the agenda of the next rakor: an answer owed and late, the oldest deadline first."""
    return sorted((r for r in requests if r.overdue(at)), key=lambda r: (r.due_at, r.code))


# --- the early warning -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """From when on R20 speaks of requests between agencies."""

    grace_h: int = field(
        default=24, metadata=thresholds.bounds("R20", 0, 240, "jam", "kelonggaran sesudah tenggat permintaan antarlembaga", owner="KEJARI")
    )
    many: int = field(
        default=3,
        metadata=thresholds.bounds("R20", 1, 20, "permintaan", "permintaan terlambat antara dua lembaga agar penting", owner="KEJARI"),
    )


def signals_of(requests: Iterable[Request], at: datetime, limits: Limits) -> list[record.Signal]:
    """R20.permintaan: one warning for each pair of asker and asked, with counts only: who may not read a request learns no more.

    high from `many` requests on or where one of them is very urgent, else watch. It begins when the oldest of them passed the grace.
    """
    grace = timedelta(hours=limits.grace_h)
    pairs: dict[tuple[str, str], list[Request]] = {}
    for one in requests:
        if one.overdue(at) and at > one.due_at + grace:
            pairs.setdefault((one.asker, one.asked), []).append(one)
    found = []
    for (asker, asked), late in sorted(pairs.items()):
        oldest = min(late, key=lambda r: r.due_at)
        urgent = any(r.urgency is Urgency.SANGAT_SEGERA for r in late)
        severity = "high" if urgent or len(late) >= limits.many else "watch"
        said: dict[str, str | int] = {
            "asker": asker, "asked": asked, "count": len(late), "hours": int((at - oldest.due_at) / timedelta(hours=1)),
        }  # fmt: skip
        mark = next((r.mark for r in late if r.mark), "")
        found.append(
            record.Signal(
                "R20.permintaan", "HAMBATAN", f"requests:{asker}>{asked}", severity, (asked, asker), oldest.due_at + grace, said, (), mark
            )
        )
    return found
