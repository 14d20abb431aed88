"""Stage custody: the form of a hand-over on a phone: one prompt at a time, who stands on which side, and what it says when it is sent.

The acts that use it are in `desk.custody`; nothing is kept before it is sent.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from posko.desk import evidence as evidence_desk
from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import custody as rules
from posko.domain import evidence as evidence_rules
from posko.domain import record as facts
from posko.domain import seals as seal_rules
from posko.formats import custody as words
from posko.formats import text
from posko.store import access, custody, packing

Kind = rules.Kind
MOST_NAMED = 8


@dataclass
class Form:
    """The answers given so far; everything travels in the form, nothing is kept until it is sent."""

    said: Any
    kind: Kind
    expected: Sequence[custody.Item]
    watches: bool  # somebody of the KPU, who may also write down what a radio said
    takes: bool  # whoever signed in is the receiving side
    gives: bool  # or the giving one
    defaults: Mapping[str, str]  # the likely agencies and functions of both sides
    other: bool = False  # what changes hands is not what the plan says: it is ticked first
    readings: list[rules.Reading] = field(default_factory=list)
    scanned: list[str] = field(default_factory=list)

    def one(self, name: str) -> str:
        """An answer, tidied."""
        return str(self.said.get(name, "")).strip()[:400]

    def many(self, name: str) -> list[str]:
        """Ticked things, of those that are expected (or were scanned)."""
        known = {item.thing for item in self.expected} | set(self.scanned)
        return [thing for thing in self.said.getlist(name) if thing in known]

    @property
    def boxes(self) -> int:
        """Ballot boxes that should be here."""
        return sum(item.boxes for item in self.expected)

    @property
    def counted(self) -> int | None:
        """Boxes as counted; None before that."""
        typed = self.one("count")
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else None

    @property
    def missing(self) -> list[str]:
        """Things that are not there."""
        if self.one("scan_done"):
            absent = set(self.many("kit"))
            return [
                item.thing
                for item in self.expected
                if item.thing in absent or (item.thing.startswith("B:") and item.thing not in self.scanned)
            ]
        return self.many("missing")

    @property
    def refused(self) -> list[str]:
        """Things that the receiver does not take."""
        gone = set(self.missing)
        return [thing for thing in self.many("refused_thing") if thing not in gone]

    @property
    def here(self) -> bool:
        """Whether whoever writes stands beside it."""
        return self.one("source") != "told"

    @property
    def giver_me(self) -> bool:
        """Whether whoever signed in hands it over."""
        return self.gives and self.here

    @property
    def receiver_me(self) -> bool:
        """Whether whoever signed in takes it."""
        return self.takes and self.here

    def prompt(self) -> str:
        """What to ask next: the first of these that has no answer yet."""
        scanned, moved = bool(self.one("scan_done")), self.kind is Kind.HANDED_OVER
        reasons = (
            ("chosen", self.other and not self.many("chosen")),
            ("source", self.watches and self.one("source") not in {"here", "told"}),
            ("scan", bool(self.one("scan")) and not scanned),
            ("count", self.counted is None and not scanned),
            ("missing", not scanned and self.counted != self.boxes and not self.one("missing_done")),
            ("seals", self.one("seals") not in rules.SEALS),
            ("reading", self.one("seals") == "differ" and not self.one("reading_done")),
            ("refused", moved and self.one("refused") not in {"no", "yes"}),
            ("cause", self.one("refused") == "yes" and not (self.refused and self.one("cause") in rules.CAUSES)),
            ("parties", not self.one("parties_done")),
        )
        return next((prompt for prompt, unanswered in reasons if unanswered), "send")

    def kept(self) -> list[tuple[str, str]]:
        """Hidden fields: every answer so far."""
        single = (
            "source", "count", "scan", "scan_done", "missing_done", "seals", "reading_done", "refused", "cause", "parties_done",
            "seq", "giver_agency", "giver_function", "giver_name", "receiver_agency", "receiver_function", "receiver_name",
        )  # fmt: skip
        found = [(name, self.one(name)) for name in single if self.one(name)]
        found += [(name, thing) for name in ("chosen", "missing", "refused_thing") for thing in self.many(name)]
        found += [("kit", thing) for thing in self.many("kit")] if self.one("scan_done") else []
        found += [("scanned", thing) for thing in self.scanned]
        return found + [("reading", _packed(reading)) for reading in self.readings]


def _packed(reading: rules.Reading) -> str:
    return "|".join([reading.thing, " ".join(reading.seen), str(reading.count), str(int(reading.whole))])


def _unpacked(text_: str) -> rules.Reading | None:
    """A reading that travelled in the form, read once more: only numbers of seals become facts."""
    parts = text_.split("|")
    if len(parts) != 4 or not parts[2].isascii() or not parts[2].isdigit() or len(parts[2]) > 3:
        return None
    try:
        seen, _ = seal_rules.read_all(parts[1].split())
    except facts.Refusal:
        return None
    return rules.Reading(parts[0], tuple(one.text for one in seen), count=int(parts[2]), whole=parts[3] == "1")


def form_of(request: shell.Request, kind: Kind, expected: Sequence[custody.Item], sides: "Sides") -> Form:
    """The form as it was sent so far: with another box scanned or other seals read, if that is what was sent."""
    watches = request.person.agency == "KPU" and sides.tellable
    form = Form(request.POST, kind, expected, watches, sides.takes, sides.gives, sides.defaults)
    form.readings = [found for typed in request.POST.getlist("reading") if (found := _unpacked(typed)) is not None]
    form.scanned = [thing for thing in request.POST.getlist("scanned") if thing.startswith("B:")][: rules.MOST_THINGS]
    if request.method == "POST":
        _scan(request, form)
        _add_reading(request, form)
    return form


@dataclass(frozen=True)
class Sides:
    """On which side of a hand-over whoever signed in stands, and who the two likely are. tellable: a radio may have told of it."""

    takes: bool
    gives: bool
    defaults: Mapping[str, str]
    tellable: bool = True


def sides_of(request: shell.Request, one: custody.Ride, kind: Kind, place: str) -> Sides:
    """The sides at a halt. On the way out goods go from the KPU to a vehicle, and from a vehicle to PPK, PPS or another vehicle; on the way
    back from PPS or PPK to a vehicle, and from a vehicle to PPK or KPU.
    """
    agency, boat = request.person.agency, bool(one.vehicle and one.vehicle.boat)
    driver = (rules.CARRIER, "juru_mudi" if boat else "pengemudi")
    if one.back is None:
        if kind is Kind.LOADED:
            return Sides(agency != "KPU", agency == "KPU", pair(("KPU", "gudang"), driver))
        giver = ("KPU", "sekretariat") if agency == "KPU" and request.POST.get("source") != "told" else (rules.CARRIER, "pengemudi")
        return Sides(agency != "KPU", agency == "KPU", pair(giver, _holder(place, (rules.CARRIER, "juru_mudi"))))
    if kind is Kind.LOADED:
        giver = _holder(place, (rules.CARRIER, "juru_mudi"))
        return Sides(takes=False, gives=agency == giver[0], defaults=pair(giver, driver))
    receiver = _holder(place, (rules.CARRIER, "pengemudi"))
    return Sides(takes=agency == receiver[0], gives=False, defaults=pair(driver, receiver))


def _holder(place: str, carrier: tuple[str, str]) -> tuple[str, str]:
    """Who stands at a place: its PPK, its PPS (an island is one desa), the warehouse of the KPU, or at a pier the next vehicle."""
    site = place.partition(":")[2][:1]
    if site:
        return {"D": carrier, "G": ("KPU", "gudang"), "K": ("KPU", "sekretariat")}.get(site, ("PPS", "ketua"))
    return ("PPK", "ketua") if place.count(".") == 2 else ("PPS", "ketua")


def pair(giver: tuple[str, str], receiver: tuple[str, str]) -> dict[str, str]:
    """Agency and function of both sides, as the form names them."""
    return {"giver_agency": giver[0], "giver_function": giver[1], "receiver_agency": receiver[0], "receiver_function": receiver[1]}


def _scan(request: shell.Request, form: Form) -> None:
    """Another box scanned: known by its label. What is not on the waybill is kept too, and said."""
    typed = form.one("code")
    if not typed:
        return
    try:
        code = packing.get_box(request.election.code, typed, request.at).code
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return
    thing = f"B:{code}"
    if thing in form.scanned:
        shell.warned(request, "Kotak ini sudah dipindai.")
        return
    form.scanned.append(thing)
    if thing not in {item.thing for item in form.expected}:
        shell.warned(request, "Kotak ini tidak ada dalam surat jalan untuk tempat ini. Tetap dicatat; periksa tujuannya.")


def _add_reading(request: shell.Request, form: Form) -> None:
    """Seals of one more thing, typed or scanned."""
    thing = form.one("read_thing")
    if not thing or thing not in {item.thing for item in form.expected} | set(form.scanned):
        return
    try:
        seen, _ = seal_rules.read_all(seal_rules.numbers(form.one("read_seen")))
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return
    typed = form.one("read_count")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 0
    reading = rules.Reading(thing, tuple(one.text for one in seen), count=count, whole=not form.one("read_broken"))
    form.readings = [*(one for one in form.readings if one.thing != thing), reading]


def _moment(request: shell.Request) -> datetime:
    """When it happened: what was typed, else now, as the form says."""
    return text.typed_moment(request.POST.get("when", "")) or request.at


def untimed(request: shell.Request) -> bool:
    """Whether nobody said when it happened."""
    return text.typed_moment(request.POST.get("when", "")) is None


def client(request: shell.Request) -> str:
    """The browser's session: what R16 takes for a device where the page was typed in."""
    session = request.session.session_key or request.person.id
    return f"web:{hashlib.sha256(session.encode()).hexdigest()[:16]}"


def number(request: shell.Request) -> str:
    """The number that a form was given when it was first shown: sent twice, it is written once."""
    typed = request.POST.get("seq", "")
    return typed if typed.isascii() and typed.isdigit() and 0 < len(typed) < 20 else str(int(request.machine_at.timestamp() * 1_000_000))


def common(request: shell.Request, place: str, waybill: str, way: str, *, here: bool = True) -> dict[str, Any]:
    """What every event of this request says of itself; its device and number are the desk's. BadPosition."""
    return {
        "id": "", "at": _moment(request), "device": "", "seq": 0, "account": request.person.id, "place": place, "trip": waybill,
        "here": here, "client": client(request), "way": way, **(_position(request) if here else {}),
    }  # fmt: skip


def _position(request: shell.Request) -> dict[str, int]:
    """Where the phone says it is, if the person chose to say so; coarse, whatever was sent. BadPosition."""
    typed = [request.POST.get(name, "").strip() for name in ("lat", "lon")]
    if not any(typed):
        return {}
    try:
        lat, lon = (float(one) for one in typed)
    except ValueError as error:
        raise rules.BadPosition() from error
    if not -90 <= lat <= 90:
        raise rules.BadPosition()
    return {"lat": rules.coarse(lat), "lon": rules.coarse(lon)}


def photos(request: shell.Request) -> tuple[evidence_rules.Kept, ...]:
    """Pictures of the form, kept before anything is written, without what a phone hides in them. NoPicture, and of `evidence.sent`."""
    kept = evidence_desk.sent(request, rules.MOST_PHOTOS)
    if any(one.kind not in evidence_desk.PICTURES for one in kept):
        raise rules.NoPicture()
    return tuple({one.sha256: one for one in kept}.values())


def _parties(request: shell.Request, form: Form, second: access_rules.Person | None) -> tuple[rules.Party, rules.Party]:
    """Giver and receiver: whoever signed in stands on one side (unless it was told by radio), a second person on the other."""
    giver = rules.Party(form.one("giver_agency"), form.one("giver_function"))
    receiver = rules.Party(form.one("receiver_agency"), form.one("receiver_function"))
    me = request.person
    if form.receiver_me:
        receiver = replace(receiver, agency=me.agency, person=me.id)
    elif form.giver_me:
        giver = replace(giver, agency=me.agency, person=me.id)
    if second is None:
        return giver, receiver
    if form.receiver_me or (not form.giver_me and second.agency == giver.agency):
        return replace(giver, agency=second.agency, person=second.id), receiver
    return giver, replace(receiver, agency=second.agency, person=second.id)


def second(request: shell.Request, thing: access_rules.Thing) -> access_rules.Person | None:
    """The other side signs on this screen, if it wants to. The refusals of `access.countersign`."""
    name = request.POST.get("second", "").strip()
    if not name:
        return None
    password, address = request.POST.get("second_password", ""), request.META.get("REMOTE_ADDR", "")
    return access.countersign(request.person, name, password, "custody.record", thing, request.at, request.machine_at, address)


@dataclass(frozen=True)
class Where:
    """Where it happens: place, trip ("" without a vehicle), way, and whose it is."""

    place: str
    waybill: str
    way: str
    thing: access_rules.Thing


def _events(request: shell.Request, form: Form, where: Where, second: access_rules.Person | None) -> list[custody.Told]:
    """What a filled form says: the hand-over (or the loading), and before it what was refused; pictures stand for what went wrong."""
    giver, receiver = _parties(request, form, second)
    gone, refused = form.missing, form.refused
    boxes = {item.thing: item.boxes for item in form.expected}
    extra = [thing for thing in form.scanned if thing not in boxes]
    there = [item.thing for item in form.expected if item.thing not in gone] + extra
    taken = tuple(thing for thing in there if thing not in refused)
    said = custody.Words(form.one("giver_name"), form.one("receiver_name"), form.one("note"))
    counted = form.counted if form.counted is not None else sum(boxes.get(thing, 1) for thing in there)
    alike = common(request, where.place, where.waybill, where.way, here=form.here) | {"giver": giver, "receiver": receiver}
    once, told, kept = f"{client(request)}/{number(request)}", [], photos(request)
    hashes = tuple(one.sha256 for one in kept)
    if refused:
        event = rules.Event(kind=Kind.REFUSED, things=tuple(refused), cause=form.one("cause"), photos=hashes, **alike)
        told.append(custody.Told(event, said, once=f"{once}/refused", untimed=untimed(request), photos=kept))
        kept = hashes = ()
    if taken or not refused:
        event = rules.Event(
            kind=form.kind, things=taken, seals=form.one("seals"), readings=tuple(one for one in form.readings if one.thing in there),
            sent=form.boxes, received=max(0, counted - sum(boxes.get(thing, 1) for thing in refused)),
            missing=tuple(dict.fromkeys([*gone, *refused])), photos=hashes, **alike,
        )  # fmt: skip
        told.append(custody.Told(event, said, once=once, untimed=untimed(request), photos=kept))
    return told


def flow(request: shell.Request, form: Form, where: Where, back: str, head: Mapping[str, Any]) -> HttpResponse:
    """One prompt, or what was sent."""
    if request.method == "POST" and form.one("send") and form.prompt() == "send":
        try:
            signer = second(request, where.thing)
            told = _events(request, form, where, signer)
            custody.record_events(request.election.code, told, shell.actor(request), request.at, second=signer.id if signer else "")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tercatat. Berita acaranya dapat dicetak dari catatan itu.")
            return redirect(back)
    return render(request, "desk/custody/act.html", {**head, **_prompt(request, form), "back": back})


def _prompt(request: shell.Request, form: Form) -> dict[str, Any]:
    prompt = form.prompt()
    kept = form.kept()
    if not form.one("seq"):
        kept.append(("seq", number(request)))
    ticked = {"missing": set(form.many("missing")), "kit": set(form.many("kit"))}
    gone = set(form.missing)
    there = [item for item in form.expected if item.thing not in gone]
    return {
        "prompt": prompt, "kept": kept, "form": form, "expected": form.expected, "there": there, "ticked": ticked,
        "boxes": form.boxes, "counted": form.counted, "labelled": any(item.thing.startswith("B:") for item in form.expected),
        "kits": [item for item in form.expected if item.thing.startswith("K:")],
        "left": [item for item in form.expected if item.thing.startswith("B:") and item.thing not in form.scanned],
        "causes": words.CAUSES.items(), "agencies": words.AGENCIES.items(), "functions": words.FUNCTIONS.items(),
        "review": _review(request, form) if prompt == "send" else [], "unexplained": _unexplained(form) if prompt == "send" else 0,
        "readings": [(one, words.thing(one.thing, _labels(form))) for one in form.readings], "loading": form.kind is Kind.LOADED,
        "wrong": form.one("refused") == "yes" or form.one("seals") == "differ", "most_photos": rules.MOST_PHOTOS,
        "defaults": form.defaults, "person_agency": request.person.agency,
    }  # fmt: skip


def _labels(form: Form) -> dict[str, str]:
    return {item.thing: item.label for item in form.expected}


def _unexplained(form: Form) -> int:
    """Boxes by which the count differs from what is ticked as missing."""
    gone = set(form.missing)
    there = sum(item.boxes for item in form.expected if item.thing not in gone)
    return (form.counted or 0) - there if form.counted is not None else 0


def _review(request: shell.Request, form: Form) -> list[tuple[str, str]]:
    labels, names = _labels(form), access.names()
    giver, receiver = _parties(request, form, None)
    gone, refused = form.missing, form.refused
    there = [item for item in form.expected if item.thing not in gone]
    counted = f"{form.counted} dihitung" if form.counted is not None else f"{len(form.scanned)} dipindai"
    found = [
        ("Kotak", f"{counted}, menurut surat jalan {form.boxes}"),
        ("Barang", f"{len(there)} dari {len(form.expected)}"),
        ("Segel", words.SEALS[form.one("seals")]),
        ("Yang menyerahkan", words.party(giver, form.one("giver_name") or names.get(giver.person, ""))),
        ("Yang menerima", words.party(receiver, form.one("receiver_name") or names.get(receiver.person, ""))),
        ("Dicatat", "di tempat" if form.here else "menurut laporan radio atau telepon"),
    ]
    if gone:
        found.insert(2, ("Tidak ada", some([words.thing(thing, labels) for thing in gone])))
    if refused:
        said = some([words.thing(thing, labels) for thing in refused])
        found.insert(2, ("Ditolak", f"{said} ({words.CAUSES[form.one('cause')]})"))
    return found


def some(names: Sequence[str]) -> str:
    """All of a few names, the first of many."""
    rest = len(names) - MOST_NAMED
    return "; ".join(names[:MOST_NAMED]) + (f"; dan {text.angka(rest)} lagi" if rest > 0 else "")
