"""Stage labels: how a thing is named so that a scanner, a tired person and another system all mean the same one.

A code is 80 random bits in Crockford's base 32 (16 characters) and one check character (mod 37): every single wrong character and every
swap of two neighbours is caught. Codes whose check character would be a sign are not given out, so that letters and digits are enough for
keyboard, QR and telephone. Places keep their official dotted code, with a check character of their own after a hyphen.
QR text: "PSK1:<kind>:<code>".
"""

import re
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from posko.domain import record

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS = DIGITS + "*~$=U"
LENGTH = 16
PREFIX = "PSK1"
KINDS = {"B": "box", "S": "seal", "C": "carton", "U": "bundle", "E": "envelope", "P": "place", "N": "waybill"}
_LETTERS = {name: letter for letter, name in KINDS.items()}
_PLACE = re.compile(r"\d{2}(?:\.\d{2}(?:\.\d{2}(?:\.\d{4}(?:\.\d{3})?)?)?)?(?::[A-Z]\d{2,3})?")
_PLACE_LETTERS = "0123456789.:ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LONGEST = 120


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
    # Weighted by position mod 31 (a prime above every difference of two characters), so a swap of neighbours is seen too.
    total = sum((i + 1) * _PLACE_LETTERS.index(letter) for i, letter in enumerate(place))
    return DIGITS[total % 31]


def read(scanned: str) -> Code:
    """What a camera, a hand scanner or a keyboard gave. Forgives small letters, spaces, hyphens, O for 0, I and L for 1.

    Empty, Foreign, Malformed, BadCheck.
    """
    text = "".join(scanned.split())
    if not text:
        raise Empty()
    if len(text) > LONGEST or not text.isprintable():
        raise Malformed(seen=text[:40])
    if ":" in text and not _PLACE.fullmatch(text.upper().partition("-")[0]):
        head, _, rest = text.partition(":")
        letter, _, code = rest.partition(":")
        if head.upper() != PREFIX or letter.upper() not in KINDS or not code:
            raise Foreign(seen=text[:40])
        kind = KINDS[letter.upper()]
        return Code(kind, _place(code) if kind == "place" else code_of(code))
    if _PLACE.fullmatch(text.upper().partition("-")[0]):
        return Code("place", _place(text))
    return Code("", code_of(text))


def expect(scanned: str, *kinds: str) -> Code:
    """`read`, and refuse a code that says it is another kind of thing. WrongKind."""
    found = read(scanned)
    if found.kind and found.kind not in kinds:
        raise WrongKind(seen=found.kind, wanted=kinds[0])
    return Code(found.kind or kinds[0], found.text)


def _place(text: str) -> str:
    place, _, check = text.upper().partition("-")
    if not _PLACE.fullmatch(place):
        raise Malformed(seen=text[:40])
    if check and check != _place_check(place):
        raise BadCheck(seen=text[:40])
    return place


def code_of(text: str) -> str:
    """The stored form of a typed code; Malformed, BadCheck."""
    plain = text.upper().replace("-", "")
    body, check = plain[:-1].translate(str.maketrans("OIL", "011")), plain[-1:].translate(str.maketrans("OIL", "011"))
    if len(body) != LENGTH or any(letter not in DIGITS for letter in body):
        raise Malformed(seen=text[:40])
    value = 0
    for letter in body:
        value = value * 32 + DIGITS.index(letter)
    if CHECKS[value % 37] != check:
        raise BadCheck(seen=text[:40])
    return body + check
