"""Stage products: what the office reports upward. Names of types after field rule 1.3; the form codes are the office's own to set.

A product has a part that is counted from the data of the post and a part that an analyst writes. Until it is submitted the counted part
follows the data; submitted, both are frozen and hashed; the head, who is never the author, signs exactly what he saw. A signed product is
never changed: a new one may take its place and says so. Nothing of a reporter's identity is ever in a product.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any, ClassVar

from posko.domain import record

WIB = timezone(timedelta(hours=7), "WIB")
TEXT_LONGEST, SUBJECT_LONGEST = 4_000, 120
DAILY_HOUR = 16
"""The hour in WIB that ends a day's report until the office sets another. Ours, no law's."""
NUMBERED = "POSKO-PEMILU"
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")

# --- refusals ------------------------------------------------------------------------------------------------------------


class UnknownType(record.Refusal):
    """No such type of product."""

    code: ClassVar[str] = "products.unknown_type"


class Unknown(record.Refusal):
    """No such product."""

    code: ClassVar[str] = "products.unknown"


class NoSubject(record.Refusal):
    """A report of one event is about a report; a special report or a study is about an item of the register."""

    code: ClassVar[str] = "products.no_subject"


class AlreadyMade(record.Refusal):
    """There is a daily report for this day."""

    code: ClassVar[str] = "products.already_made"


class Missing(record.Refusal):
    """A part that this type requires is empty."""

    code: ClassVar[str] = "products.missing"


class TooLong(record.Refusal):
    """A part longer than a page."""

    code: ClassVar[str] = "products.too_long"


class NamesPerson(record.Refusal):
    """A name of a person: an office or a role stands there instead."""

    code: ClassVar[str] = "products.names_person"


class BadOdds(record.Refusal):
    """Scenarios have whole per cents that make a hundred together, two to four of them."""

    code: ClassVar[str] = "products.bad_odds"


class BadClass(record.Refusal):
    """Biasa or terbatas; nothing else leaves this system."""

    code: ClassVar[str] = "products.bad_class"


class BadRecipient(record.Refusal):
    """No recipient of the list, or none at all."""

    code: ClassVar[str] = "products.bad_recipient"


class BadFormCode(record.Refusal):
    """A form code of letters, digits, dots, hyphens and strokes."""

    code: ClassVar[str] = "products.bad_form_code"


class BadHour(record.Refusal):
    """A full hour of the day."""

    code: ClassVar[str] = "products.bad_hour"


class NoStep(record.Refusal):
    """From this state there is no such step."""

    code: ClassVar[str] = "products.no_step"


class NotAuthor(record.Refusal):
    """A draft is changed, submitted and discarded by whoever wrote it."""

    code: ClassVar[str] = "products.not_author"


class SamePerson(record.Refusal):
    """The author does not sign."""

    code: ClassVar[str] = "products.same_person"


class SeenOther(record.Refusal):
    """What is signed is exactly what was seen."""

    code: ClassVar[str] = "products.seen_other"


class AlreadyReceived(record.Refusal):
    """This recipient's receipt is noted already."""

    code: ClassVar[str] = "products.already_received"


class HasAccount(record.Refusal):
    """A recipient with an account says himself that he has it; nobody writes that down for him."""

    code: ClassVar[str] = "products.has_account"


class PaperMissing(record.Refusal):
    """A receipt on paper is shown: a photo or a scan of it."""

    code: ClassVar[str] = "products.paper_missing"


class BadReceipt(record.Refusal):
    """A receipt has a number and a time that is not ahead of now nor before the signature."""

    code: ClassVar[str] = "products.bad_receipt"


class SameConfig(record.Refusal):
    """It is set so already."""

    code: ClassVar[str] = "products.same_config"


# --- words ---------------------------------------------------------------------------------------------------------------


class Type(StrEnum):
    """The six products."""

    INFORMATION = "informasi"
    DAILY = "harian"
    SPECIAL = "khusus"
    STUDY = "telaahan"
    OUTLOOK = "kirka"
    MAP = "peta"


class State(StrEnum):
    """Where a product stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    SIGNED = "signed"
    REPLACED = "replaced"
    DISCARDED = "discarded"


class Act(StrEnum):
    """What happens to a product."""

    DRAFT = "draft"
    REVISE = "revise"
    SUBMIT = "submit"
    RETURN = "return"
    SIGN = "sign"
    DISCARD = "discard"
    REPLACE = "replace"


PREFIX: Mapping[Type, str] = {
    Type.INFORMATION: "LI", Type.DAILY: "LAPINHAR", Type.SPECIAL: "LAPINSUS", Type.STUDY: "TELAAHAN", Type.OUTLOOK: "KIRKA",
    Type.MAP: "PETA-AGHT",
}  # fmt: skip
# The parts that an analyst writes: (name, whether it is required).
SECTIONS: Mapping[Type, tuple[tuple[str, bool], ...]] = {
    Type.INFORMATION: (("uraian", True), ("pendapat", True), ("tindakan", True)),
    Type.DAILY: (("analisa", False), ("prediksi", False), ("saran", False)),
    Type.SPECIAL: (("analisa", True), ("prediksi", True), ("saran", True)),
    Type.STUDY: (("masalah", True), ("analisa", True), ("kesimpulan", True), ("saran", True)),
    Type.OUTLOOK: (("kecenderungan", True), ("skenario_1", True), ("skenario_2", True), ("skenario_3", False), ("skenario_4", False),
                   ("cara_bertindak", True)),
    Type.MAP: (("catatan", False),),
}  # fmt: skip
SCENARIOS = tuple(f"skenario_{n}" for n in range(1, 5))
ABOUT: Mapping[Type, str] = {Type.INFORMATION: "report", Type.SPECIAL: "aght", Type.STUDY: "aght"}
CLASSES = ("biasa", "terbatas")
RECIPIENTS = ("KEJATI", "KEJARI", "KPU", "BAWASLU", "POLRES", "PEMDA", "ARSIP")
KEPT = frozenset({"ARSIP"})
"""What has it from the moment it is signed, and gives no receipt."""
DEFAULT_RECIPIENTS: Mapping[Type, tuple[str, ...]] = {
    t: ("KEJARI", "KEJATI", "BAWASLU", "ARSIP") if t in {Type.DAILY, Type.MAP, Type.OUTLOOK} else ("KEJARI", "KEJATI", "ARSIP")
    for t in Type
}
EDITABLE = frozenset({State.DRAFT, State.RETURNED})
FROZEN = frozenset({State.SUBMITTED, State.SIGNED, State.REPLACED})


# --- values --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Body:
    """What an analyst chooses and writes. `subject`: the report or item it is about; `odds`: per cents of the scenarios in order."""

    subject: str
    sections: Mapping[str, str]
    classification: str = "biasa"
    recipients: tuple[str, ...] = ()
    odds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Event:
    """One step in a product's life; the words are kept apart."""

    act: Act
    at: datetime
    person: str
    agency: str
    digest: str = ""
    number: str = ""
    form_code: str = ""
    other: str = ""
    entry_id: str = ""


@dataclass(frozen=True)
class Receipt:
    """A recipient got it, and when. number "": he said so himself with his account; else that of a receipt on paper, noted by `person`."""

    recipient: str
    number: str
    received_at: datetime
    person: str

    @property
    def own(self) -> bool:
        """Given by the recipient, with an account."""
        return not self.number


@dataclass(frozen=True)
class Product:
    """A product as its events made it. facts: the counted part, frozen from SUBMITTED on, empty before."""

    code: str
    kind: Type
    from_at: datetime
    until_at: datetime
    author: str
    body: Body
    events: tuple[Event, ...]
    facts: Mapping[str, Any]
    receipts: tuple[Receipt, ...] = ()
    note: str = ""
    supersedes: str = ""
    mark: str = ""

    @property
    def state(self) -> State:
        """From its last step."""
        return {
            Act.DRAFT: State.DRAFT, Act.REVISE: State.DRAFT, Act.SUBMIT: State.SUBMITTED, Act.RETURN: State.RETURNED,
            Act.SIGN: State.SIGNED, Act.DISCARD: State.DISCARDED, Act.REPLACE: State.REPLACED,
        }[self.events[-1].act]  # fmt: skip

    def _last(self, act: Act) -> Event | None:
        return next((e for e in reversed(self.events) if e.act is act), None)

    @property
    def signed_at(self) -> datetime | None:
        """When the head signed."""
        found = self._last(Act.SIGN)
        return found.at if found else None

    @property
    def signer(self) -> str:
        """Who signed."""
        found = self._last(Act.SIGN)
        return found.person if found else ""

    @property
    def number(self) -> str:
        """Its number since it was signed."""
        found = self._last(Act.SIGN)
        return found.number if found else ""

    @property
    def digest(self) -> str:
        """SHA-256 of what was submitted; "" while it may still change."""
        found = self._last(Act.SUBMIT)
        return found.digest if found and self.state in FROZEN else ""

    @property
    def form_code(self) -> str:
        """The office's form code at submission."""
        found = self._last(Act.SUBMIT)
        return found.form_code if found and self.state in FROZEN else ""

    @property
    def open_recipients(self) -> tuple[str, ...]:
        """Those of the distribution list who have not said yet, or of whom no paper says, that they have it."""
        got = {r.recipient for r in self.receipts}
        return tuple(r for r in self.asked if r not in got)

    @property
    def asked(self) -> tuple[str, ...]:
        """Those of the distribution list who give a receipt."""
        return tuple(r for r in self.body.recipients if r not in KEPT)


def day_of(at: datetime, hour: int = DAILY_HOUR) -> tuple[datetime, datetime]:
    """The last full day of a daily report: 24 hours that ended at the fixed hour in WIB. BadHour."""
    if not 0 <= hour <= 23:
        raise BadHour()
    local = at.astimezone(WIB)
    end = datetime.combine(local.date(), time(hour), WIB)
    end = end if end <= local else end - timedelta(days=1)
    return (end - timedelta(days=1)).astimezone(at.tzinfo), end.astimezone(at.tzinfo)


def period(kind: Type, at: datetime, hour: int, since_at: datetime | None = None) -> tuple[datetime, datetime]:
    """From when until when a product tells: a day, a week (kirka), or since its subject began."""
    if kind is Type.DAILY:
        return day_of(at, hour)
    if kind is Type.OUTLOOK:
        return at - timedelta(days=7), at
    return min(since_at or at - timedelta(days=1), at), at


def check_body(kind: Type, body: Body, *, whole: bool) -> Body:
    """A body that may be kept; `whole`: it may also be submitted. NoSubject, BadClass, BadRecipient, TooLong, Missing, BadOdds."""
    if bool(body.subject) is not (kind in ABOUT):
        raise NoSubject(kind=kind.value)
    if body.classification not in CLASSES:
        raise BadClass()
    if set(body.recipients) - set(RECIPIENTS) or not body.recipients:
        raise BadRecipient()
    names = [name for name, _ in SECTIONS[kind]]
    sections = {name: _tidy(body.sections.get(name, "")) for name in names}
    for name, text in sections.items():
        if len(text) > TEXT_LONGEST:
            raise TooLong(section=name, longest=TEXT_LONGEST)
    if whole:
        for name, required in SECTIONS[kind]:
            if required and not sections[name]:
                raise Missing(section=name)
    odds = _odds(kind, sections, body.odds, whole=whole)
    return Body(body.subject, sections, body.classification, tuple(r for r in RECIPIENTS if r in body.recipients), odds)


def _odds(kind: Type, sections: Mapping[str, str], odds: Sequence[int], *, whole: bool) -> tuple[int, ...]:
    if kind is not Type.OUTLOOK:
        return ()
    given = tuple(odds[: len(SCENARIOS)]) + (0,) * max(0, len(SCENARIOS) - len(odds))
    if any(not 0 <= p <= 100 for p in given):
        raise BadOdds()
    if whole:
        told = [bool(sections[name]) for name in SCENARIOS]
        if sum(given) != 100 or any(bool(p) is not said for p, said in zip(given, told, strict=True)):
            raise BadOdds()
    return given


def _tidy(text: str) -> str:
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def digest(product: Product, facts: Mapping[str, Any], form_code: str) -> str:
    """SHA-256 over canonical JSON of all that is printed but number, signer and receipts."""
    plain: dict[str, object] = {
        "format": "posko-product/1", "code": product.code, "kind": product.kind.value, "form_code": form_code,
        "from_at": product.from_at.astimezone(WIB).isoformat(), "until_at": product.until_at.astimezone(WIB).isoformat(),
        "subject": product.body.subject, "classification": product.body.classification, "recipients": list(product.body.recipients),
        "sections": dict(product.body.sections), "odds": list(product.body.odds), "facts": dict(facts), "mark": product.mark,
        "supersedes": product.supersedes,
    }  # fmt: skip
    return hashlib.sha256(record.canonical(plain)).hexdigest()


_FROM: Mapping[Act, frozenset[State]] = {
    Act.REVISE: EDITABLE, Act.SUBMIT: EDITABLE, Act.DISCARD: EDITABLE, Act.RETURN: frozenset({State.SUBMITTED}),
    Act.SIGN: frozenset({State.SUBMITTED}), Act.REPLACE: frozenset({State.SIGNED}),
}  # fmt: skip


def check_step(product: Product, act: Act, person: str, seen_digest: str = "") -> None:
    """Whether a person may take a step. NoStep, NotAuthor, SamePerson, SeenOther."""
    if product.state not in _FROM.get(act, frozenset()):
        raise NoStep(code=product.code, state=product.state.value)
    if act in {Act.REVISE, Act.SUBMIT, Act.DISCARD} and person != product.author:
        raise NotAuthor(code=product.code)
    if act in {Act.SIGN, Act.RETURN} and person == product.author:
        raise SamePerson(code=product.code)
    if act is Act.SIGN and seen_digest != product.digest:
        raise SeenOther(code=product.code)


def number(kind: Type, sequence: int, at: datetime) -> str:
    """LAPINHAR-001/POSKO-PEMILU/XII/2023: a number of this installation's own book, per type."""
    day = at.astimezone(WIB)
    return f"{PREFIX[kind]}-{sequence:03}/{NUMBERED}/{ROMAN[day.month - 1]}/{day.year}"


_FORM_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-/ ]{0,23}")


def check_form_code(written: str) -> str:
    """Tidied; "" takes it away. BadFormCode."""
    tidy = " ".join(written.split())
    if tidy and not _FORM_CODE.fullmatch(tidy):
        raise BadFormCode()
    return tidy


_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-/ ]{0,39}")


def check_acknowledge(product: Product, recipient: str) -> None:
    """Whether a recipient may say that he has it. NoStep, BadRecipient, AlreadyReceived."""
    if product.state not in {State.SIGNED, State.REPLACED} or product.signed_at is None:
        raise NoStep(code=product.code, state=product.state.value)
    if recipient not in product.body.recipients:
        raise BadRecipient()
    if recipient not in product.open_recipients:
        raise AlreadyReceived(recipient=recipient)


def check_receipt(
    product: Product, recipient: str, written: str, received_at: datetime, at: datetime, *, has_account: bool, has_file: bool
) -> str:
    """The tidied number of a receipt on paper. NoStep, BadRecipient, AlreadyReceived, HasAccount, BadReceipt, PaperMissing."""
    check_acknowledge(product, recipient)
    if has_account:
        raise HasAccount(recipient=recipient)
    tidy = " ".join(written.split())
    # A form knows minutes: a receipt in the minute of the signature is not before it.
    signed_at = product.signed_at or at
    if not _NUMBER.fullmatch(tidy) or not signed_at - timedelta(minutes=1) < received_at <= at:
        raise BadReceipt()
    if not has_file:
        raise PaperMissing()
    return tidy
