"""Stage labels: choose and print labels, aliases of SILOG, and a page on which any code says what it is."""

import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, path, reverse

from posko.desk import shell
from posko.domain import labels as rules
from posko.domain import packing as packing_rules
from posko.domain import places as place_rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.domain import sorting as sorting_rules
from posko.formats import aliases as files
from posko.formats import document, picture, table, text
from posko.formats import labels as printed
from posko.formats.receipts import CONTEST_WORDS
from posko.store import labels, packing, places, receipts, sorting

WIB = timezone(timedelta(hours=7))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN, FEW = 200, 25
MOST = 12_000
"""Labels in one print: more do not come at once, they are printed kecamatan by kecamatan."""
SALT = "labels.aliases"
TABS = (("kotak", "Kotak"), ("karton", "Karton"), ("bundel", "Bundel"), ("sampul", "Sampul"), ("tempat", "Lokasi"))
SITE_WORDS = {"gudang": "Gudang", "kantor": "Kantor", "dermaga": "Dermaga", "pulau": "Pulau"}
USE_WORDS = {"hasil": "Kotak hasil TPS (PPK)", "rekapitulasi": "Kotak rekapitulasi (PPK)"}
FIELDS = ("jenis", "gelombang", "kecamatan", "desa", "tps", "pemilihan", "penerimaan", "karton", "regu", "hari")
NAMES = {kind: word.capitalize() for kind, word in files.KIND_WORDS.items()}


class TooMany(facts.Refusal):
    """More labels than one print takes."""

    code = "labels.too_many"


class NothingSent(facts.Refusal):
    """A form for a file or a photo came without one."""

    code = "labels.nothing_sent"


class NoCodeSeen(facts.Refusal):
    """A photo in which no code can be read."""

    code = "labels.no_code_seen"


class Stale(facts.Refusal):
    """The checked rows of an import came back changed, or from an older version."""

    code = "labels.stale"


@dataclass(frozen=True)
class Thing:
    """What a label is for, and by what it can be chosen. about: filter -> value."""

    label: printed.Label
    about: Mapping[str, str]
    href: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """(kind, code)."""
        return (self.label.kind, self.label.code)

    @property
    def spaced(self) -> str:
        """As printed below the QR code."""
        return rules.with_check(self.label.code) if self.label.kind == "place" else rules.spaced(self.label.code)


# --- what can be printed -----------------------------------------------------------------------------------------------------


def _link(name: str, *args: str) -> str:
    with suppress(NoReverseMatch):
        return reverse(f"desk:{name}", args=args)
    return ""


def _marks(*marks: str) -> str:
    return " ".join(dict.fromkeys(mark for mark in marks if mark))


def _places(election: str, region: str) -> list[Thing]:
    found = [
        Thing(
            printed.Label("place", s.code, s.name, (SITE_WORDS.get(s.kind, s.kind),), mark="SEMENTARA" if s.provisional else ""),
            {"kecamatan": "", "tps": s.code, "lokasi": "1"},
            _link("places", election),
        )
        for s in places.sites(region)
    ]
    for t in places.tps_list(election):
        lines = (f"Desa {t.desa_name}", f"Kecamatan {t.kecamatan_name}")
        about = {"kecamatan": t.kecamatan_code, "desa": t.desa_code, "tps": t.code}
        label = printed.Label("place", t.code, t.name, lines, mark="SEMENTARA" if t.provisional else "")
        found.append(Thing(label, about, _link("places_desa", election, t.desa_code)))
    return found


def _boxes(election: str, at: datetime) -> list[Thing]:
    tps = {t.code: t for t in places.tps_list(election)}
    return [_box(election, box, tps.get(box.tps)) for box in packing.boxes(election, at)]


def _box(election: str, box: packing_rules.Box, t: place_rules.Tps | None) -> Thing:
    if t is not None:
        title, lines = t.name, [f"Desa {t.desa_name}", f"Kecamatan {t.kecamatan_name}", t.code]
        about = {"kecamatan": t.kecamatan_code, "desa": t.desa_code, "tps": t.code}
    else:
        title, lines = f"PPK {places.region_name(box.tps)}", [USE_WORDS.get(box.use, box.use), box.tps]
        about = {"kecamatan": box.tps}
    mark = _marks(box.mark, "SEMENTARA" if t is not None and t.provisional else "")
    label = printed.Label("box", box.code, title, tuple(lines), box.contest, box.dapil, mark=mark)
    return Thing(label, about | {"pemilihan": box.contest, "gelombang": box.wave}, _link("packing_box", election, box.code))


def _carton(election: str, c: receipt_rules.Carton) -> Thing:
    words = (f"Surat suara {CONTEST_WORDS.get(c.contest, c.contest)}", f"Penerimaan {c.receipt}", f"Cetakan {c.batch}" if c.batch else "")
    lines = tuple(word for word in ("KARANTINA" if c.condition == "quarantine" else "", *words) if word)
    label = printed.Label("carton", c.code, f"{text.angka(c.quantity)} lembar", lines, c.contest, c.dapil, mark=c.mark)
    return Thing(label, {"penerimaan": c.receipt, "pemilihan": c.contest}, _link("receipts_receipt", election, c.receipt))


def _bundle(election: str, b: sorting_rules.Bundle) -> Thing:
    day = b.made_at.astimezone(WIB).date()
    lines = (f"Karton {rules.spaced(b.carton)}", f"Regu {b.team}, {text.tanggal_pendek(day)}", f"Cetakan {b.batch}" if b.batch else "")
    words = tuple(word for word in lines if word)
    label = printed.Label("bundle", b.code, f"{text.angka(b.quantity)} lembar", words, b.contest, b.dapil, mark=str(getattr(b, "mark", "")))
    about = {"karton": b.carton, "regu": b.team, "hari": day.isoformat(), "pemilihan": b.contest}
    return Thing(label, about, _link("sorting_carton", election, b.carton))


def _envelope(e: packing_rules.Envelope) -> Thing:
    label = printed.Label("envelope", e.code, "Sampul", (e.use,) if e.use else (), e.contest, e.dapil, mark=str(getattr(e, "mark", "")))
    return Thing(label, {"pemilihan": e.contest})


def things(election: facts.Election, tab: str, at: datetime) -> list[Thing]:
    """Everything of one tab that has a code by then, in the order in which it is stuck on."""
    sources: dict[str, Callable[[], list[Thing]]] = {
        "kotak": lambda: _boxes(election.code, at),
        "karton": lambda: [_carton(election.code, c) for c in receipts.cartons(election.code, at)],
        "bundel": lambda: [_bundle(election.code, b) for b in sorting.bundles(election.code, at)],
        "sampul": lambda: [_envelope(e) for e in packing.envelopes(election.code, at)],
        "tempat": lambda: _places(election.code, election.region),
    }
    return sources[tab]() if tab in sources else []


def fitting(found: list[Thing], chosen: Mapping[str, str]) -> list[Thing]:
    """Those that every filter fits."""
    wanted = {name: value for name, value in chosen.items() if value and name != "jenis"}
    return [t for t in found if all(t.about.get(name) == value for name, value in wanted.items())]


def thing_of(election: facts.Election, code: rules.Code, at: datetime) -> Thing | None:
    """The thing that bears a code, or None."""
    finders: dict[str, Callable[[], Thing | None]] = {
        "box": lambda: _one_box(election, code.text, at),
        "carton": lambda: _one_carton(election.code, code.text, at),
        "bundle": lambda: _one_bundle(election.code, code.text, at),
        "envelope": lambda: next((_envelope(e) for e in packing.envelopes(election.code, at) if e.code == code.text), None),
        "place": lambda: next((t for t in _places(election.code, election.region) if t.label.code == code.text), None),
    }
    for kind in (code.kind,) if code.kind else ("box", "carton", "bundle", "envelope"):
        found = finders[kind]() if kind in finders else None
        if found is not None:
            return found
    return None


def _one_box(election: facts.Election, code: str, at: datetime) -> Thing | None:
    try:
        box = packing.get_box(election.code, code, at)
    except facts.Refusal:
        return None
    return _box(election.code, box, next((t for t in places.tps_list(election.code) if t.code == box.tps), None))


def _one_carton(election: str, code: str, at: datetime) -> Thing | None:
    found = receipts.get_carton(election, code, at)
    return _carton(election, found) if found else None


def _one_bundle(election: str, code: str, at: datetime) -> Thing | None:
    found = sorting.get_bundle(election, code, at)
    return _bundle(election, found) if found else None


# --- printing ----------------------------------------------------------------------------------------------------------------


def _chosen(said: QueryDict) -> dict[str, str]:
    found = {name: said.get(name, "").strip()[:60] for name in FIELDS}
    word = files.KIND_WORDS.get(found["jenis"], found["jenis"])
    found["jenis"] = word if word in dict(TABS) else "kotak"
    with suppress(facts.Refusal):
        found["karton"] = rules.expect(found["karton"], "carton").text
    return found


def _back(election: str, chosen: Mapping[str, str]) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in chosen.items() if value})
    return f"{reverse('desk:labels', args=[election])}?{query.urlencode()}"


@shell.page("labels.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Choose what to print, with how often it was printed; and the last prints."""
    chosen = _chosen(request.GET)
    everything = things(request.election, chosen["jenis"], request.at)
    found = fitting(everything, chosen)
    copies = labels.copies(election, [t.key for t in found])
    found.sort(key=lambda t: copies[t.key] > 0)  # what is still to do comes first
    rows = [{"thing": t, "copies": copies[t.key], "code_href": _link("labels_code", election, t.label.code)} for t in found[:SHOWN]]
    context = {
        "tabs": [(code, word, f"?jenis={code}", code == chosen["jenis"]) for code, word in TABS],
        "chosen": chosen,
        "narrowed": any(value for name, value in chosen.items() if name != "jenis"),
        "rows": rows,
        "total": len(found),
        "few": len(found) <= FEW,
        "fresh": sum(copies[t.key] == 0 for t in found),
        "any": bool(everything),
        "choices": _choices(request.election, chosen, everything),
        "layouts": printed.LAYOUTS.values(),
        "usual": "a4-8" if chosen["jenis"] in {"kotak", "tempat"} else "a4-24",
        "batches": [_batch(election, b) for b in labels.batches(election, request.at, 12)],
        "may_print": shell.may(request, "labels.print"),
        "may_alias": shell.may(request, "labels.alias"),
    }
    return render(request, "desk/labels/index.html", context)


def _batch(election: str, batch: Mapping[str, Any]) -> dict[str, Any]:
    layout = printed.LAYOUTS.get(str(batch["layout"]))
    return {
        **batch,
        "word": NAMES.get(str(batch["kind"]), batch["kind"]),
        "paper": layout.name if layout else batch["layout"],
        "entry_href": _link("record_entry", election, str(batch["entry_id"])),
    }


def _choices(election: facts.Election, chosen: Mapping[str, str], everything: list[Thing]) -> list[dict[str, Any]]:
    """The filters of a tab that have anything to choose."""
    names = {
        "gelombang": "Gelombang", "kecamatan": "Kecamatan", "desa": "Desa", "tps": "TPS", "pemilihan": "Jenis pemilihan",
        "penerimaan": "Penerimaan", "karton": "Karton", "regu": "Regu", "hari": "Hari",
    }  # fmt: skip
    tps = {t.code: t for t in places.tps_list(election.code)}
    words: dict[str, Callable[[str], str]] = {
        "kecamatan": places.region_name,
        "desa": places.region_name,
        "tps": lambda code: f"{tps[code].name} {tps[code].desa_name}" if code in tps else code,
        "pemilihan": lambda code: CONTEST_WORDS.get(code, code),
        "karton": rules.spaced,
        "hari": lambda day: text.tanggal_pendek(datetime.fromisoformat(day).date()),
    }
    several = len({t.about.get("kecamatan", "") for t in everything}) > 1
    found = []
    for name, word in names.items():
        fitting = [
            t
            for t in everything
            if all(t.about.get(n, "") == v for n, v in chosen.items() if v and n in ("kecamatan", "desa") and n != name)
        ]
        values = sorted({t.about[name] for t in fitting if t.about.get(name)})
        if name in {"desa", "tps"} and several and not chosen["kecamatan"]:
            values = []  # hundreds of names help nobody; the kecamatan comes first
        if len(values) > 1 or chosen.get(name):
            options = [(value, words.get(name, str)(value)) for value in values]
            found.append({"name": name, "word": word, "value": chosen.get(name, ""), "options": options})
    return found


@shell.page("labels.print")
def make(request: shell.Request, election: str) -> HttpResponse:
    """The PDF of the chosen labels, or a ZIP of several. Every print is counted before its paper comes."""
    chosen = _chosen(request.POST)
    if request.method != "POST":
        return redirect("desk:labels", election)
    layout, reason = request.POST.get("layout", ""), request.POST.get("reason", "")
    try:
        start = _start(request.POST.get("start", "1"))
        printed.check(layout, start)
        wanted = _wanted(request, chosen)
        if not any(document.FONTS.glob("*.ttf")):
            raise document.FontsMissing()
        copies = labels.printed(election, [t.key for t in wanted], layout, shell.actor(request), request.at, reason)
        made = printed.sheets([replace(t.label, copy=copies[t.label.code]) for t in wanted], layout, request.at, start)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect(_back(election, chosen))
    except (document.FontsMissing, printed.NotMade):
        messages.error(request, "Label tidak dapat dibuat di mesin ini. Beri tahu admin: jalankan ./posko sekali, lalu cetak lagi.")
        return redirect(_back(election, chosen))
    return _sent(made, f"label-{chosen['jenis']}-{request.at.astimezone(WIB):%Y%m%d-%H%M}", request.at)


def _start(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0


def _wanted(request: shell.Request, chosen: Mapping[str, str]) -> list[Thing]:
    """What was ticked; else what fits the filters, all of it or only what was never printed. TooMany, NothingToPrint."""
    found = fitting(things(request.election, chosen["jenis"], request.at), chosen)
    ticked = set(request.POST.getlist("code"))
    if ticked:
        found = [t for t in found if t.label.code in ticked]
    elif request.POST.get("which", "new") == "new":
        copies = labels.copies(request.election.code, [t.key for t in found])
        found = [t for t in found if not copies[t.key]]
    if len(found) > MOST:
        raise TooMany(count=len(found), most=MOST)
    if not found:
        raise rules.NothingToPrint()
    return found


def _sent(made: list[bytes], name: str, at: datetime) -> HttpResponse:
    if len(made) == 1:
        return HttpResponse(made[0], content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'})
    target, when = io.BytesIO(), at.astimezone(WIB).timetuple()[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, pdf in enumerate(made, start=1):
            archive.writestr(zipfile.ZipInfo(f"{name}-{number:02}.pdf", when), pdf)
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    return HttpResponse(target.getvalue(), content_type="application/zip", headers=headers)


# --- what is this code? ------------------------------------------------------------------------------------------------------


@shell.page("labels.read")
def code(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Everything that labels know of one code: the thing, other systems' names, every print."""
    try:
        found = labels.resolve(election, code, at=request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:labels_test", election)
    thing = thing_of(request.election, found, request.at)
    kind = thing.label.kind if thing else found.kind
    prints = labels.prints_of(election, kind, found.text, request.at)
    context = {
        "thing": thing,
        "spaced": rules.with_check(found.text) if kind == "place" else rules.spaced(found.text),
        "kind_word": NAMES.get(kind, "Kode"),
        "aliases": labels.aliases(election, request.at, code=found.text),
        "prints": [
            {**p, "paper": _paper(str(p["layout"])), "entry_href": _link("record_entry", election, str(p["entry_id"]))} for p in prints
        ],
        "print_href": _back(election, {"jenis": _tab(kind)}) if shell.may(request, "labels.print") and thing else "",
        "layouts": printed.LAYOUTS.values(),
        "tab": _tab(kind),
        "may_print": shell.may(request, "labels.print"),
    }
    return render(request, "desk/labels/code.html", context)


def _paper(layout: str) -> str:
    return printed.LAYOUTS[layout].name if layout in printed.LAYOUTS else layout


def _tab(kind: str) -> str:
    word = files.KIND_WORDS.get(kind, "")
    return word if word in dict(TABS) else "kotak"


@shell.page("labels.read")
def test(request: shell.Request, election: str) -> HttpResponse:
    """Scan, type or photograph any code and see in large words what it is. Nothing is recorded."""
    shown: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            sent = request.FILES.get("photo")
            scanned = _photographed(sent) if sent is not None else [request.POST.get("code", "")]
        except facts.Refusal as refusal:
            shown = [{"refusal": shell.sentence(refusal)}]
        else:
            shown = [_told(request, election, one) for one in scanned]
    sound = "stop" if any(one.get("refusal") for one in shown) else "ok"
    return render(request, "desk/labels/test.html", {"shown": shown, "sound": sound if shown else ""})


def _photographed(sent: "UploadedFile[Any]") -> list[str]:
    if (sent.size or 0) > picture.MOST_BYTES:
        raise picture.TooBig(file=str(sent.name)[:80], most=picture.MOST_BYTES // 1024 // 1024)
    found = picture.codes(sent.read(), str(sent.name))
    if not found:
        raise NoCodeSeen()
    return found[:20]


def _told(request: shell.Request, election: str, scanned: str) -> dict[str, Any]:
    try:
        found = labels.resolve(election, scanned, at=request.at)
    except facts.Refusal as refusal:
        return {"refusal": shell.sentence(refusal)}
    thing = thing_of(request.election, found, request.at)
    kind = thing.label.kind if thing else found.kind
    return {
        "kind": NAMES.get(kind, "Kode kita"),
        "thing": thing,
        "spaced": rules.with_check(found.text) if kind == "place" else rules.spaced(found.text),
        "alias": "" if _ours(scanned) else rules.cleaned(scanned).upper(),
        "copies": labels.copies(election, [(kind, found.text)])[kind, found.text],
        "href": _link("labels_code", election, found.text),
    }


def _ours(scanned: str) -> bool:
    try:
        rules.read(scanned)
    except facts.Refusal:
        return False
    return True


# --- aliases -----------------------------------------------------------------------------------------------------------------


@shell.page("labels.read")
def alias_list(request: shell.Request, election: str) -> HttpResponse:
    """What other systems call our things."""
    found = labels.aliases(election, request.at)
    rows = [
        {
            "alias": a,
            "kind": NAMES.get(a.kind, a.kind),
            "spaced": rules.with_check(a.code) if a.kind == "place" else rules.spaced(a.code),
            "href": _link("labels_code", election, a.code),
            "alone": a.person == request.person.id and timedelta(0) <= request.at - a.added_at <= rules.UNDO_FOR,
        }
        for a in found
    ]
    context = {"rows": rows, "kinds": [(k, NAMES[k]) for k in files.KIND_WORDS], "may_alias": shell.may(request, "labels.alias")}
    return render(request, "desk/labels/alias.html", context)


@shell.page("labels.alias")
def alias_add(request: shell.Request, election: str) -> HttpResponse:
    """One alias, scanned or typed."""
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        try:
            found = labels.resolve(election, request.POST.get("code", ""), kind, at=request.at)
            _known(request, found)
            added = labels.add_alias(election, request.POST.get("alias", ""), found.kind, found.text, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{added.text} kini berarti {NAMES[added.kind].lower()} {rules.spaced(added.code)}.")
    return redirect("desk:labels_alias", election)


def _known(request: shell.Request, found: rules.Code) -> None:
    if found.kind in {"box", "carton", "bundle", "envelope", "place"} and thing_of(request.election, found, request.at) is None:
        raise rules.UnknownThing(kind=found.kind, code=rules.spaced(found.text))


@shell.page("labels.alias")
def alias_end(request: shell.Request, election: str) -> HttpResponse:
    """A wrong alias ends."""
    if request.method == "POST":
        try:
            second = None
            if request.POST.get("second", "").strip():
                person = shell.countersigned(request, "labels.alias")
                second = facts.Actor(person.id, person.agency)
            ended = labels.end_alias(
                election, request.POST.get("alias", ""), request.POST.get("reason", ""), shell.actor(request), request.at, second
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Alias {ended.text} diakhiri. Catatannya tetap ada di jurnal.")
    return redirect("desk:labels_alias", election)


@shell.page("labels.alias")
def alias_import(request: shell.Request, election: str) -> HttpResponse:
    """A file of aliases: checked first, taken whole afterwards."""
    if request.method == "POST" and request.POST.get("checked"):
        try:
            rows = _unsealed(request.POST["checked"], election)
            labels.add_aliases(election, rows, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:labels_alias_import", election)
        shell.done(request, f"{text.angka(len(rows))} alias ditambahkan.")
        return redirect("desk:labels_alias", election)
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            context = _dry_run(request, election, request.FILES.get("file"))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:labels_alias_import", election)
    return render(request, "desk/labels/import.html", context)


def _dry_run(request: shell.Request, election: str, sent: "UploadedFile[Any] | None") -> dict[str, Any]:
    if sent is None:
        raise NothingSent()
    if (sent.size or 0) > table.MOST_BYTES:
        raise table.TooBig(file=str(sent.name)[:120], most=table.MOST_BYTES // 1_000_000)
    reading = files.read(str(sent.name), sent.read())
    now = labels.standing(election, [row.alias for row in reading.rows])
    problems, fresh, same = list(reading.problems), [], 0
    known = _codes(request.election, request.at, {row.kind for row in reading.rows})
    for row in reading.rows:
        there = now.get(row.alias)
        if there is not None and (there.kind, there.code) == (row.kind, row.code):
            same += 1
        elif there is not None:
            said: dict[str, str | int] = {"alias": row.alias, "kind": there.kind, "code": rules.spaced(there.code)}
            problems.append(facts.Problem(reading.sheet, row.row, "", rules.AliasTaken.code, said))
        elif row.kind in known and row.code not in known[row.kind]:
            said = {"kind": row.kind, "code": rules.spaced(row.code)}
            problems.append(facts.Problem(reading.sheet, row.row, "", rules.UnknownThing.code, said))
        else:
            fresh.append(row)
    problems.sort(key=lambda p: (p.row, p.column))
    return {
        "name": sent.name,
        "problems": [{"place": shell.problem_place(p), "text": problem_sentence(p)} for p in problems[:SHOWN]],
        "problem_count": len(problems),
        "fresh": [{"row": r, "kind": NAMES[r.kind], "spaced": rules.spaced(r.code)} for r in fresh[:SHOWN]],
        "fresh_count": len(fresh),
        "same": same,
        "checked": signing.dumps([election, [[r.alias, r.kind, r.code] for r in fresh]], salt=SALT, compress=True)
        if fresh and not problems
        else "",
        "done": True,
    }


def _codes(election: facts.Election, at: datetime, kinds: set[str]) -> dict[str, set[str]]:
    """kind -> codes that exist, for the kinds that this stage can look up."""
    tabs = {kind: files.KIND_WORDS[kind] for kind in kinds if files.KIND_WORDS.get(kind) in dict(TABS)}
    return {kind: {t.label.code for t in things(election, tab, at)} for kind, tab in tabs.items()}


def _unsealed(checked: str, election: str) -> list[tuple[str, str, str]]:
    try:
        where, rows = signing.loads(checked, salt=SALT)
    except signing.BadSignature as error:
        raise Stale() from error
    if where != election:
        raise Stale()
    return [(str(alias), str(kind), str(code)) for alias, kind, code in rows]


def problem_sentence(problem: facts.Problem) -> str:
    """One wrong cell in words."""
    template = PROBLEMS.get(problem.code) or SENTENCES.get(problem.code) or problem.code
    return str(template.format(**problem.facts))


@shell.page("labels.read")
def alias_export(request: shell.Request, election: str) -> HttpResponse:
    """The aliases in force as the XLSX that the import takes back."""
    data = files.write(labels.aliases(election, request.at))
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="alias-{election}.xlsx"'})


@shell.page("labels.alias")
def alias_template(request: shell.Request, election: str) -> HttpResponse:
    """The empty table to fill in."""
    return HttpResponse(files.write([]), content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="templat-alias.xlsx"'})


class KindSentence(str):
    """A sentence whose facts `seen`, `wanted` and `kind` are kinds of things, said in Indonesian."""

    __slots__ = ()

    def format(self, *args: object, **said: object) -> str:
        """As str.format."""
        words = {
            name: files.KIND_WORDS.get(str(value), value) if name in {"seen", "wanted", "kind"} else value for name, value in said.items()
        }
        return super().format(*args, **words)


urlpatterns = [
    path("<slug:election>/label/", index, name="labels"),
    path("<slug:election>/label/cetak/", make, name="labels_print"),
    path("<slug:election>/label/uji/", test, name="labels_test"),
    path("<slug:election>/label/alias/", alias_list, name="labels_alias"),
    path("<slug:election>/label/alias/tambah/", alias_add, name="labels_alias_add"),
    path("<slug:election>/label/alias/akhiri/", alias_end, name="labels_alias_end"),
    path("<slug:election>/label/alias/impor/", alias_import, name="labels_alias_import"),
    path("<slug:election>/label/alias/alias.xlsx", alias_export, name="labels_alias_export"),
    path("<slug:election>/label/alias/templat.xlsx", alias_template, name="labels_alias_template"),
    path("<slug:election>/label/kode/<str:code>/", code, name="labels_code"),
]
SENTENCES: dict[str, str] = {
    "labels.empty": "Belum ada kode. Pindai labelnya, atau ketik kode yang tertulis di bawah gambar.",
    "labels.malformed": "“{seen}” bukan kode Posko. Kodenya 17 huruf dan angka, misalnya 7X2K-9QRT-0V4M-A1BC-8. Pindai ulang.",
    "labels.bad_check": "“{seen}” salah satu hurufnya keliru: huruf periksa tidak cocok. Ketik ulang pelan-pelan, atau pindai lagi.",
    "labels.foreign": "“{seen}” kode milik pihak lain, bukan label Posko. Cari label Posko di barang ini.",
    "labels.wrong_kind": KindSentence("Ini label {seen}, padahal yang diminta label {wanted}. Pindai label {wanted}."),
    "labels.unknown_alias": (
        "“{seen}” belum dikenal. Bila ini kode SILOG, operator KPU mendaftarkannya di Label, Alias. Sementara itu pakai label Posko."
    ),
    "labels.bad_alias": "“{seen}” tidak bisa menjadi alias: harus 3 sampai 60 huruf atau angka.",
    "labels.alias_is_ours": "“{seen}” adalah kode Posko sendiri, jadi tidak bisa menjadi alias barang lain.",
    "labels.alias_taken": KindSentence(
        "Alias {alias} sudah berarti {kind} {code}. Bila itu salah, akhiri dahulu alias lama dengan alasan."
    ),
    "labels.alias_known": "Alias {alias} sudah terdaftar untuk barang yang sama. Tidak ada yang perlu diubah.",
    "labels.no_alias": "Alias {alias} tidak ada atau sudah berakhir.",
    "labels.unknown_thing": KindSentence("Tidak ada {kind} dengan kode {code} pada pemilihan ini. Periksa kodenya di Uji pindai."),
    "labels.unknown_kind": "Pilih jenis barang dari daftar.",
    "labels.reason_missing": "Tulis alasannya untuk {what}: misalnya label robek, printer macet, atau alias tertukar.",
    "labels.second_missing": "Mengakhiri alias {alias} perlu orang kedua: nama pengguna dan kata sandi rekan, bukan Anda sendiri.",
    "labels.nothing_to_print": "Tidak ada label yang perlu dicetak. Cetak ulang: pilih “Semua” atau centang labelnya, lalu tulis alasan.",
    "labels.bad_start": "Lembar ini punya tempat 1 sampai {most}. Tulis tempat kosong pertama.",
    "labels.unknown_layout": "Pilih kertas dari daftar.",
    "labels.too_many": "{count} label terlalu banyak sekaligus (paling banyak {most}). Cetak per kecamatan.",
    "labels.nothing_sent": "Belum ada berkas. Pilih berkas dahulu.",
    "labels.no_code_seen": "Tidak ada kode yang terbaca di foto itu. Potret lebih dekat, tegak lurus, dengan cahaya cukup, atau ketik.",
    "labels.stale": "Hasil pemeriksaan berkas sudah tidak berlaku. Unggah berkasnya lagi.",
    "aliases.no_header": "Berkas {file} tidak punya kolom alias, jenis, dan kode. Pakai templat dari halaman ini.",
}
PROBLEMS: dict[str, str] = {
    "aliases.empty": "Kosong. Isi sel ini, atau hapus barisnya.",
    "aliases.number": "{seen} tersimpan sebagai angka; nol di depan bisa hilang. Format kolom sebagai Teks, lalu ketik lagi.",
    "aliases.kind": "“{seen}” bukan jenis barang. Tulis kotak, karton, bundel, sampul, segel, surat jalan, atau tempat.",
    "aliases.twice": "{alias} sudah ada di baris {first}. Hapus salah satu.",
    "aliases.strange_column": "Kolom “{column}” tidak diminta. Hapus kolom itu; Posko hanya menerima alias, jenis, dan kode.",
    "aliases.no_rows": "Belum ada baris di bawah judul kolom.",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {"label": "desk:labels_code", "alias": "desk:labels_code"}
SIGNALS: dict[str, tuple[str, str]] = {}
