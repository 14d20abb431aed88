"""Stage labels: how a thing is named so that a scanner, a tired person and another system all mean the same one.

A code is 80 random bits in Crockford's base 32 (16 characters) and one check character (mod 37): every single wrong character and every
swap of two neighbours is caught. Codes whose check character would be a sign are not given out, so that letters and digits are enough for
keyboard, QR and telephone. Places keep their official dotted code, with a check character of their own after a hyphen.
QR text: "PSK1:<kind>:<code>".
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import ClassVar

from posko.domain import record

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS = DIGITS + "*~$=U"
LENGTH = 16
PREFIX = "PSK1"
KINDS = {"B": "box", "S": "seal", "C": "carton", "U": "bundle", "E": "envelope", "P": "place", "N": "waybill"}
LONGEST = 120
LONGEST_ALIAS = 60
UNDO_FOR = timedelta(minutes=10)
"""How long the author may end an alias alone and without a reason."""

_LETTERS = {name: letter for letter, name in KINDS.items()}
# Digits are ASCII digits: other scripts have digits of their own that look alike in no font of ours.
_PLACE = re.compile(r"\d{2}(?:\.\d{2}(?:\.\d{2}(?:\.\d{4}(?:\.\d{3})?)?)?)?(?::[A-Z]\d{2,3})?", re.ASCII)
_PLACE_LETTERS = "0123456789.:ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z](?=.)")  # what some hand scanners put before the text: ]Q1 for QR
_HEADED = re.compile(rf"{PREFIX}:[A-Z]:.+")
# A hand scanner types keys, not letters: under another keyboard layout, or with Shift stuck or dropped, the same keys give other signs.
# Each table leads back to what the keys say on the layout that Indonesia uses (US).
_KEYS = "1234567890-.:qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM"
_LAYOUTS = tuple(
    {ord(there): ours for there, ours in zip(keys, _KEYS, strict=True) if there != ours}
    for keys in (
        "1234567890-.;qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM",  # Shift dropped
        "!@#$%^&*()_>:qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM",  # Shift stuck
        "1234567890ß.ÖqwertzuiopasdfghjklyxcvbnmQWERTZUIOPASDFGHJKLYXCVBNM",  # German
        "1234567890'.ÑqwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM",  # Spanish
        "&é\"'(-è_çà):Mazertyuiopqsdfghjklwxcvbn,AZERTYUIOPQSDFGHJKLWXCVBN?",  # French
    )
)


class Empty(record.Refusal):
    """Nothing was scanned or typed."""

    code: ClassVar[str] = "labels.empty"


class Malformed(record.Refusal):
    """No code of ours: too short, too long, or with letters that no code has."""

    code: ClassVar[str] = "labels.malformed"


class BadCheck(record.Refusal):
    """The check character does not fit: a character was misread or mistyped."""

    code: ClassVar[str] = "labels.bad_check"


class Foreign(record.Refusal):
    """A code of somebody else's: a web address, a product, another version of our labels."""

    code: ClassVar[str] = "labels.foreign"


class WrongKind(record.Refusal):
    """A good code, but of another kind of thing than the one asked for."""

    code: ClassVar[str] = "labels.wrong_kind"


class UnknownAlias(record.Refusal):
    """A code that may be another system's, and nobody has said yet which thing of ours it is."""

    code: ClassVar[str] = "labels.unknown_alias"


class BadAlias(record.Refusal):
    """An alias of fewer than 3 or more than 60 signs, or with signs that no code has."""

    code: ClassVar[str] = "labels.bad_alias"


class AliasIsOurs(record.Refusal):
    """An alias that reads as one of our own codes would make that code mean two things."""

    code: ClassVar[str] = "labels.alias_is_ours"


class AliasTaken(record.Refusal):
    """The alias already means another thing."""

    code: ClassVar[str] = "labels.alias_taken"


class AliasKnown(record.Refusal):
    """The alias already means this very thing."""

    code: ClassVar[str] = "labels.alias_known"


class NoAlias(record.Refusal):
    """No such alias is in force."""

    code: ClassVar[str] = "labels.no_alias"


class UnknownThing(record.Refusal):
    """A good code that no thing of this election bears."""

    code: ClassVar[str] = "labels.unknown_thing"


class UnknownKind(record.Refusal):
    """A kind of thing that has no labels."""

    code: ClassVar[str] = "labels.unknown_kind"


class ReasonMissing(record.Refusal):
    """A label printed again, or an alias ended late, says why."""

    code: ClassVar[str] = "labels.reason_missing"


class SecondMissing(record.Refusal):
    """An alias ended late needs a second person, and another one."""

    code: ClassVar[str] = "labels.second_missing"


class NothingToPrint(record.Refusal):
    """No label was chosen."""

    code: ClassVar[str] = "labels.nothing_to_print"


@dataclass(frozen=True)
class Code:
    """What was read. kind is a value of KINDS, or "" where plain typing does not say; `text` is the code as stored."""

    kind: str
    text: str

    @property
    def qr(self) -> str:
        """What its QR code says; needs a kind."""
        return qr_text(self.kind, self.text)


def new_code(rng: Random) -> str:
    """A new code of 17 letters and digits. `rng` must be a generator nobody can predict outside of tests and demonstrations."""
    while True:
        value = rng.getrandbits(5 * LENGTH)
        if CHECKS[value % 37].isalnum():
            return encoded(value)


def encoded(value: int) -> str:
    """80 bits as 16 characters and their check character."""
    return "".join(DIGITS[(value >> shift) & 31] for shift in range(5 * (LENGTH - 1), -1, -5)) + CHECKS[value % 37]


def spaced(code: str) -> str:
    """As printed for eyes: groups of four and the check character by itself, 7X2K-9QRT-0V4M-A1BC-8."""
    return "-".join([code[i : i + 4] for i in range(0, LENGTH, 4)] + [code[LENGTH:]]) if len(code) == LENGTH + 1 else code


def qr_text(kind: str, code: str) -> str:
    """PSK1:B:... for a box. Places carry their check character."""
    return f"{PREFIX}:{_LETTERS[kind]}:{with_check(code) if kind == 'place' else code}"


def with_check(place: str) -> str:
    """A place code and its check character: 19.06.02.2001.001-K."""
    return f"{place}-{_place_check(place)}"


def _place_check(place: str) -> str:
    # Weighted by position mod 31: a wrong digit, a wrong letter and a swap of two neighbours all change the sum, since two digits differ by
    # less than 31 and so do two letters; a digit in place of a letter or a sign is no place code at all.
    total = sum((i + 1) * _PLACE_LETTERS.index(letter) for i, letter in enumerate(place))
    return DIGITS[total % 31]


def cleaned(scanned: str) -> str:
    """What was scanned without what scanners and keyboards add: control signs, blanks, the mark of the symbology, wide letters."""
    wide = unicodedata.normalize("NFKC", scanned[: 4 * LONGEST])
    text = "".join(letter for letter in wide if unicodedata.category(letter) not in {"Cc", "Cf", "Zs", "Zl", "Zp"})
    return _SYMBOLOGY.sub("", text, count=1) if text.startswith("]") else text


def read(scanned: str) -> Code:
    """What a camera, a hand scanner or a keyboard gave. Forgives small letters, spaces, hyphens, O for 0, I and L for 1; for QR texts also
    a hand scanner's other keyboard layout, accepted only where the check character then fits.

    Empty, Foreign, Malformed, BadCheck.
    """
    text = cleaned(scanned)
    if not text:
        raise Empty()
    if len(text) > LONGEST or not text.isprintable():
        raise Malformed(seen=_shown(text))
    try:
        return _read(text)
    except record.Refusal:
        found = _retyped(text)
        if found is None:
            raise
        return found


def _retyped(text: str) -> Code | None:
    """A QR text of ours that came through another keyboard layout, or None. One that two layouts read differently is none."""
    readings = set()
    for layout in _LAYOUTS:
        typed = text.translate(layout)
        if typed == text or not _HEADED.fullmatch(typed.upper()):
            continue
        try:
            found = _read(typed)
        except record.Refusal:
            continue
        if found.kind != "place" or "-" in typed:
            readings.add(found)
    return readings.pop() if len(readings) == 1 else None


def _read(text: str) -> Code:
    if ":" in text and not _looks_like_place(text):
        head, _, rest = text.partition(":")
        letter, _, code = rest.partition(":")
        if head.upper() != PREFIX or letter.upper() not in KINDS or not code:
            raise Foreign(seen=_shown(text))
        kind = KINDS[letter.upper()]
        return Code(kind, _place(code) if kind == "place" else code_of(code))
    if _looks_like_place(text):
        return Code("place", _place(text))
    return Code("", code_of(text))


def _looks_like_place(text: str) -> bool:
    # "00-..." may be the start of a code of ours with hyphens somewhere; a place above the kabupaten has at most a check after its hyphen
    place, _, check = text.upper().partition("-")
    return bool(_PLACE.fullmatch(place)) and (len(check) <= 1 or len(place) > 2)


def _shown(text: str) -> str:
    """As much of it as a screen repeats."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:40])


def expect(scanned: str, *kinds: str) -> Code:
    """`read`, and refuse a code that says it is another kind of thing. WrongKind."""
    found = read(scanned)
    if found.kind and found.kind not in kinds:
        raise WrongKind(seen=found.kind, wanted=kinds[0])
    return Code(found.kind or kinds[0], found.text)


def _place(text: str) -> str:
    place, hyphen, check = text.upper().partition("-")
    if not _PLACE.fullmatch(place):
        raise Malformed(seen=_shown(text))
    if hyphen and check.translate(_LOOKALIKES) != _place_check(place):
        raise BadCheck(seen=_shown(text))
    return place


def code_of(text: str) -> str:
    """The stored form of a typed code; Malformed, BadCheck."""
    plain = text.upper().replace("-", "").translate(_LOOKALIKES)
    body, check = plain[:-1], plain[-1:]
    if len(body) != LENGTH or any(letter not in DIGITS for letter in body):
        raise Malformed(seen=_shown(text))
    value = 0
    for letter in body:
        value = value * 32 + DIGITS.index(letter)
    if CHECKS[value % 37] != check:
        raise BadCheck(seen=_shown(text))
    return body + check


# --- aliases: what another system calls our things ------------------------------------------------------------------------


@dataclass(frozen=True)
class Alias:
    """Another system's code (SILOG) for one thing of ours, in force from `added_at`."""

    text: str
    kind: str
    code: str
    person: str
    added_at: datetime
    entry_id: str = ""
    mark: str = ""


def alias_text(typed: str) -> str:
    """The stored form of an alias: cleaned, capital letters. Empty, BadAlias, AliasIsOurs."""
    text = cleaned(typed).upper()
    if not text:
        raise Empty()
    if not 3 <= len(text) <= LONGEST_ALIAS or not text.isprintable() or not any(letter.isalnum() for letter in text):
        raise BadAlias(seen=_shown(text))
    try:
        read(text)
    except (Malformed, BadCheck, Foreign):
        if text.startswith(f"{PREFIX}:"):
            raise AliasIsOurs(seen=_shown(text)) from None
        return text
    raise AliasIsOurs(seen=_shown(text))


def check_alias(text: str, kind: str, code: str, now: Alias | None) -> None:
    """One alias, one thing. AliasKnown, AliasTaken, UnknownKind."""
    if kind not in _LETTERS:
        raise UnknownKind(kind=kind[:20])
    if now is not None and (now.kind, now.code) == (kind, code):
        raise AliasKnown(alias=text)
    if now is not None:
        raise AliasTaken(alias=text, kind=now.kind, code=spaced(now.code))


def check_end(alias: Alias, person: str, second: str, reason: str, at: datetime) -> bool:
    """Whether the author ends it alone, within minutes. Later: ReasonMissing, SecondMissing."""
    if person == alias.person and timedelta(0) <= at - alias.added_at <= UNDO_FOR:
        return True
    if not reason.strip():
        raise ReasonMissing(what=alias.text)
    if not second or second == person:
        raise SecondMissing(alias=alias.text)
    return False


def not_ours(scanned: str, refusal: record.Refusal) -> record.Refusal:
    """The refusal for a text that is neither ours nor a known alias: `refusal` of `read`, unless it looks like another system's code."""
    text = cleaned(scanned)
    mistyped = LENGTH - 2 <= len(text.replace("-", "")) <= LENGTH + 4 and text.replace("-", "").isalnum()
    if isinstance(refusal, Malformed) and 3 <= len(text) <= LONGEST_ALIAS and text.isprintable() and not mistyped and ":" not in text:
        return UnknownAlias(seen=_shown(text))
    return refusal


# --- prints -----------------------------------------------------------------------------------------------------------------


def check_print(codes: Iterable[tuple[str, str]], before: Iterable[str], reason: str) -> None:
    """(kind, code) to print. NothingToPrint, UnknownKind; ReasonMissing where one of them (`before`) has been printed already."""
    chosen = list(codes)
    if not chosen:
        raise NothingToPrint()
    for kind, _ in chosen:
        if kind not in _LETTERS:
            raise UnknownKind(kind=kind[:20])
    again = list(before)
    if again and not reason.strip():
        raise ReasonMissing(what=spaced(again[0]) if len(again) == 1 else f"{len(again)} label")


def digest(codes: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over the QR texts in order, a line each: what an entry says about a batch of thousands."""
    return hashlib.sha256("".join(f"{qr_text(kind, code)}\n" for kind, code in codes).encode()).hexdigest()
