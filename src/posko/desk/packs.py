"""What a meeting takes away: the frozen pack on screen, as PDF, slides, annex, short text and JSON, and the projector."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import disputes as dispute_rules
from posko.domain import rakor as rules
from posko.formats import annex, brief, document, gauge, slides
from posko.formats import rakor as printed
from posko.formats import text as words
from posko.store import disputes, rakor, record, releases

COPIES = ("KPU", "KEJARI", "POLRES", "PEMDA", "BAWASLU")
TYPES = {
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
}


def _whole(request: shell.Request, **_: object) -> access_rules.Thing:
    """A pack is about the whole regency: a role for one kecamatan does not open it."""
    return access_rules.Thing("packs", "", request.election.region)


@dataclass(frozen=True)
class Found:
    """A snapshot this person may read, its meeting as it stands now, and whose copy is asked for."""

    frozen: rules.Snapshot
    meeting: rules.Meeting
    copy: str

    def values(self, paper: str = "a4") -> dict[str, Any]:
        """The pack as the copy's agency reads it."""
        return printed.pack(self.frozen, self.copy, place=record.installation().name, paper=paper)


def _find(request: shell.Request, election: str, code: str) -> Found | None:
    """The snapshot; None where this person's agency was not at the meeting. `?untuk=PEMDA`: another agency's copy, for who reads all."""
    try:
        frozen = rakor.snapshot(election, code, request.at)
        meeting = rakor.meeting(election, frozen.meeting, request.at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal
    own = request.person.agency
    if not rules.may_read(own, meeting):
        return None
    asked = request.GET.get("untuk", own)
    return Found(frozen, meeting, asked if asked in _copies(own, meeting) else own)


def _copies(own: str, meeting: rules.Meeting) -> list[str]:
    """Whose copies a person may take: every copy contains at most what the readers of everything read themselves."""
    if own not in rules.LETTER_READERS:
        return [own]
    return [agency for agency in COPIES if agency == own or rules.may_read(agency, meeting)]


def _not_yours(request: shell.Request) -> HttpResponse:
    said = {
        "title": "Bukan bagian Anda",
        "text": "Paket ini hanya untuk lembaga yang hadir pada rakornya.",
        "detail": "Bila lembaga Anda hadir, minta KPU atau Kejari mencatat kehadirannya.",
    }
    return render(request, "error.html", said, status=403)


def _file(name: str, data: bytes | str) -> HttpResponse:
    kind = name.rpartition(".")[2]
    how = "inline" if kind == "pdf" else "attachment"
    return HttpResponse(data, content_type=TYPES[kind], headers={"Content-Disposition": f'{how}; filename="{name}"'})


def _named(found: Found, request: shell.Request, kind: str) -> str:
    """paket-rakor-SNP-002.pdf; the copy of another agency says whose it is."""
    other = "" if found.copy == request.person.agency else f"-{found.copy.lower()}"
    return f"paket-rakor-{found.frozen.code}{other}.{kind}"


# --- the pack and its forms ----------------------------------------------------------------------------------------------------------


@shell.page("packs.read", thing=_whole)
def snapshot(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A frozen pack on the screen."""
    found = _find(request, election, code)
    if found is None:
        return _not_yours(request)
    values = found.values()
    figures = [{**row, "anchor": _anchor(row["code"]), "why": _why(election, row["code"])} for row in values["figures"]]
    return render(request, "desk/packs/snapshot.html", {"pack": {**values, "figures": figures}})


@shell.page("packs.read", thing=_whole)
def index(request: shell.Request, election: str, code: str) -> HttpResponse:
    """All forms of a pack, who may have them, and the short texts to copy."""
    found = _find(request, election, code)
    if found is None:
        return _not_yours(request)
    own = request.person.agency
    sections = found.frozen.sections
    readers = []
    for agency in COPIES:
        hidden = rules.withheld_from(agency, sections)
        readers.append(
            {
                "code": agency,
                "name": printed.agency_name(agency),
                "may": rules.may_read(agency, found.meeting),
                "hidden": ", ".join(printed.section_name(name) for name in hidden),
                "copy": agency in _copies(own, found.meeting),
            }
        )
    texts = []
    said_of = [(audience, _brief(found, audience)) for audience in _audiences(own)]
    newest = releases.latest(election, request.at)
    if newest is not None:
        said_of.append((brief.PUBLIC, brief.public(newest, record.installation().name)))
    for audience, said in said_of:
        texts.append({"code": audience, "name": brief.NAMES[audience], "text": said, "count": len(said), "rows": said.count("\n") + 4})
    context = {
        "pack": found.values(),
        "copy": found.copy,
        "copy_name": printed.agency_name(found.copy),
        "other": "" if found.copy == own else f"?untuk={found.copy}",
        "readers": readers,
        "texts": texts,
        "most": brief.MOST,
    }
    return render(request, "desk/packs/index.html", context)


def _audiences(own: str) -> list[str]:
    """The short texts a person may take: all for who reads every letter; else the own one, the group's and the public's."""
    if own in rules.LETTER_READERS:
        return list(brief.AUDIENCES)
    return [own, brief.GROUP] if own in brief.AGENCIES else [brief.GROUP]


def _brief(found: Found, audience: str) -> str:
    everybody = sorted(a.agency for a in found.meeting.agencies)
    return brief.text_for(found.frozen, audience, record.installation().name, everybody)


@shell.page("packs.read", thing=_whole)
def pdf(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The pack as PDF, `?kertas=f4`; the same bytes for the same agency every time."""
    found = _find(request, election, code)
    if found is None:
        return _not_yours(request)
    values = found.values(request.GET.get("kertas", "a4"))
    return _file(_named(found, request, "pdf"), document.pdf("paket-rakor", values, found.frozen.frozen_at))


@shell.page("packs.read", thing=_whole)
def pptx(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The pack as slides with native charts."""
    found = _find(request, election, code)
    return _not_yours(request) if found is None else _file(_named(found, request, "pptx"), slides.pptx(found.values()))


@shell.page("packs.read", thing=_whole)
def xlsx(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The annex with all numbers."""
    found = _find(request, election, code)
    return _not_yours(request) if found is None else _file(_named(found, request, "xlsx"), annex.xlsx(found.values()))


@shell.page("packs.read", thing=_whole)
def export(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The pack as canonical JSON, with the hash of what this agency may not read."""
    found = _find(request, election, code)
    if found is None:
        return _not_yours(request)
    sections = found.frozen.sections
    data = rules.copy_for(sections, rules.withheld_from(found.copy, sections), found.frozen.layout, found.frozen.erased)
    return _file(_named(found, request, "json"), data)


@shell.page("packs.read", thing=_whole)
def text(request: shell.Request, election: str, code: str, audience: str) -> HttpResponse:
    """The short text for one audience as a file."""
    found = _find(request, election, code)
    if found is None:
        return _not_yours(request)
    wanted = audience.upper()
    newest = releases.latest(election, request.at) if wanted == brief.PUBLIC else None
    if newest is not None:
        return _file(f"terbitan-{newest.number}-publik.txt", brief.public(newest, record.installation().name))
    if wanted not in _audiences(request.person.agency):
        raise Http404(audience)
    return _file(f"rakor-{code}-{wanted.lower()}.txt", _brief(found, wanted))


# --- the projector -------------------------------------------------------------------------------------------------------------------

REFRESH_S, DECISIONS_S = 30, 5
FEW, SOME = 4, 6
"""Rows of a table up to which its type grows."""
LIVE = "LANGSUNG"
WHY = {
    "tps": "places", "voters": "dpt", "units": "receipts", "lines": "receipts", "supply": "receipts", "ready": "readiness",
    "not_ready": "readiness", "unknown": "readiness",
}  # fmt: skip
SOURCES = {"penerimaan": "receipts", "kesiapan": "readiness", "sebab": "readiness", "rencana": "distribution"}


def _anchor(code: str) -> str:
    return f"angka-{code.replace(':', '-')}"


def _why(election: str, code: str) -> str:
    """Where a figure comes from today."""
    kind, _, item = code.partition(":")
    if kind == "need":
        return reverse("desk:needs", args=[election]) + f"?barang={item}"
    return reverse(f"desk:{WHY[kind]}", args=[election]) if kind in WHY else ""


@shell.page("packs.read", thing=_whole)
def slide(request: shell.Request, election: str, code: str, number: int) -> HttpResponse:
    """One page for the projector. `?data=langsung` reads the record now, `?tema=gelap` is white on black, `?bagian=1` only the page."""
    found = _find(request, election, code)
    if found is None:
        return _not_yours(request)
    live = request.GET.get("data") == "langsung"
    room = rules.room(found.meeting)
    frozen = printed.pack(found.frozen, request.person.agency, place=record.installation().name, room=room)
    now = _live(request, election, found) if live else None
    values = frozen if now is None else printed.pack(now, request.person.agency, place=record.installation().name, room=room)
    # The decisions of this meeting stand on one page, as they are typed.
    pages = [page for page in slides.deck(values) if page.key != "keputusan" or page.part == 1]
    number = _place(pages, request.GET.get("kunci", ""), number)
    if not 1 <= number <= len(pages):
        raise Http404(number)
    page = pages[number - 1]
    shown = _shown(election, found, page, live)
    if page.key == "keputusan":
        shown |= _decided(request, election, found)
    elif page.key == "perubahan" and now is not None:
        shown |= _drifted(election, found.frozen, now)
    shown["tiles"] = [_tile(election, found, tile, frozen, values if live else None) for tile in page.tiles]
    context = {
        "pack": frozen,
        "slide": shown,
        "number": number,
        "pages": [{"number": n, "title": p.title, "current": n == number} for n, p in enumerate(pages, start=1)],
        "live": live,
        "dark": request.GET.get("tema") == "gelap",
        "query": _query(live, request.GET.get("tema") == "gelap"),
        "switched": _query(not live, request.GET.get("tema") == "gelap", f"{page.key}.{page.part}"),
        "key": f"{page.key}.{page.part}",
        "toned": _query(live, request.GET.get("tema") != "gelap"),
        "read": words.waktu(request.at) if live or page.key == "keputusan" else frozen["frozen"],
        "refresh": DECISIONS_S if page.key == "keputusan" else REFRESH_S if live else 0,
        "room": ", ".join(printed.agency_name(a) for a in room),
        "present": bool(found.meeting.attended),
    }
    part = request.GET.get("bagian") == "1"
    return render(request, "desk/packs/_slide.html" if part else "desk/packs/layar.html", context)


def _place(pages: list[slides.Slide], key: str, number: int) -> int:
    """Where a page stands now: a table that grew has moved those behind it. Without a key, or where it is gone, the number holds."""
    places = {f"{page.key}.{page.part}": n for n, page in enumerate(pages, start=1)}
    return places.get(key) or places.get(f"{key.partition('.')[0]}.1") or number


def _query(live: bool, dark: bool, key: str = "") -> str:
    parts = [*(["data=langsung"] if live else []), *(["tema=gelap"] if dark else []), *([f"kunci={key}"] if key else [])]
    return f"?{'&'.join(parts)}" if parts else ""


def _live(request: shell.Request, election: str, found: Found) -> rules.Snapshot:
    """The record as it stands now, in the shape of a snapshot; kept nowhere, and its hash is shown nowhere."""
    sections = rules.split(rakor.collect(election, found.meeting.code, request.at), lambda: "")
    return rules.Snapshot(LIVE, found.meeting.code, request.at, rules.freeze(sections), rules.digest(sections))


def _shown(election: str, found: Found, page: slides.Slide, live: bool) -> dict[str, Any]:
    """A page as the template wants it: cells with their links, bars as pictures."""
    source = SOURCES.get(page.key, "")
    why = reverse(f"desk:{source}", args=[election]) if source and live else _pack_at(election, found, page.key)
    return {
        **vars(page),
        "size": "few" if len(page.rows) <= FEW and not page.text else "some" if len(page.rows) <= SOME and not page.text else "",
        "rows": [_cells(page.head, row, _behind(election, page, index, why)) for index, row in enumerate(page.rows)],
        "bars": _bars(page.chart),
        "legend": [(name, _css(colour)) for name, colour, _ in page.chart.series] if page.chart and page.chart.kind == "stack" else [],
        "why": why,
    }


def _pack_at(election: str, found: Found, key: str) -> str:
    return reverse("desk:rakor_snapshot", args=[election, found.frozen.code]) + f"#{key}"


def _cells(head: Iterable[str], row: Iterable[str], href: str = "") -> list[dict[str, Any]]:
    pairs = enumerate(zip(head, row, strict=True))
    return [{"label": label, "text": cell, "href": href if index == 0 else ""} for index, (label, cell) in pairs]


def _behind(election: str, page: slides.Slide, index: int, why: str) -> str:
    """Where a row of a table leads: an AGHT to itself, a row of numbers to where they come from."""
    if page.key == "aght" and index < len(page.links):
        return reverse("desk:aght_detail", args=[election, page.links[index]])
    return why if page.numeric else ""


_CSS = {slides.GOOD: "bar-ready", slides.BAD: "bar-notready", slides.UNKNOWN: "bar-nobody", slides.BLUE: "bar-good"}


def _css(colour: str) -> str:
    return _CSS.get(colour, "bar-good")


def _bars(chart: slides.Chart | None) -> list[dict[str, str]]:
    if chart is None:
        return []
    made = []
    for index, name in enumerate(chart.names):
        said = chart.said[index] if chart.said else ""
        if chart.kind == "share":
            share = chart.series[0][2][index]
            bar = gauge.bar(1000, shipped=0, received=0, good=share, label=f"{name}: {said}")
            made.append({"name": name, "bar": bar, "said": said, "value": words.persen(share / 1000)})
        else:
            parts = [(_css(colour), numbers[index]) for _, colour, numbers in chart.series]
            made.append({"name": name, "bar": gauge.stack(parts, f"{name}: {said}"), "said": said, "value": ""})
    return made


def _tile(election: str, found: Found, tile: slides.Tile, frozen: dict[str, Any], now: dict[str, Any] | None) -> dict[str, Any]:
    """A number with its why; a live one also says what was frozen and by how much it differs."""
    if now is None:
        return {**vars(tile), "href": _pack_at(election, found, _anchor(tile.code)), "frozen": "", "step": ""}
    was, new = (next((row for row in side["figures"] if row["code"] == tile.code), None) for side in (frozen, now))
    step = max(0, new["value"]) - max(0, was["value"]) if was and new else 0
    return {
        **vars(tile),
        "href": _why(election, tile.code),
        "frozen": slides.told(was) if was else "",
        "step": printed.signed(step) if step else "tidak berubah",
    }


DRIFT = ("Angka", "Beku", "Langsung", "Selisih")


def _drifted(election: str, frozen: rules.Snapshot, now: rules.Snapshot) -> dict[str, Any]:
    """What has changed since the numbers were frozen."""
    rows = []
    for d in rules.differences(frozen.sections, now.sections)[: slides.MOST_ROWS]:
        row = {name: getattr(d, name) for name in ("code", "label", "before", "after", "change", "denominator_before", "denominator_after")}
        said = printed.change(row)
        rows.append(_cells(DRIFT, (said["label"], said["before"], said["after"], said["change"]), _why(election, d.code)))
    return {
        "title": f"Langsung dibanding {frozen.code}",
        "head": DRIFT,
        "rows": rows,
        "empty": "" if rows else f"Tidak ada angka yang berubah sejak {frozen.code} dibekukan.",
        "more": "",
    }


def _disputed(request: shell.Request, election: str, found: Found, head: tuple[str, ...]) -> list[Any]:
    """Numbers on which agencies differ at this meeting and that are not settled: the room sees both and who holds which."""
    rows = []
    for d in disputes.listing(election, request.at, found.meeting.code):
        if d.state in {dispute_rules.State.SETTLED, dispute_rules.State.WITHDRAWN}:
            continue
        numbers = f"{words.angka(d.claim.number)} menurut {printed.agency_name(d.claim.agency)}, {words.angka(d.frozen.number)} dalam paket"
        cells = (f"SELISIH · {d.label}: {numbers}", printed.agency_name(d.frozen.agency), "", "belum selesai")
        rows.append(_cells(head, cells, reverse("desk:disputes_dispute", args=[election, d.code])))
    return rows[:3]


def _decided(request: shell.Request, election: str, found: Found) -> dict[str, Any]:
    """The decisions of this meeting as they are typed, the newest first."""
    head = ("Keputusan", "Pelaksana", "Tenggat", "Keadaan")
    made = list(reversed(rakor.decisions(election, request.at, found.meeting.code)))
    rows = []
    for d in made[: slides.MOST_ROWS - 2]:
        marks = f"{d.mark} " if d.mark else ""
        new = "BARU · " if d.decided_at > found.frozen.frozen_at else ""
        state = printed.DECISION_WORDS[d.state(request.at)]
        cells = (f"{new}{marks}{slides.shorten(d.text, 120)}", printed.agency_name(d.owner), words.waktu(d.due_at), state)
        rows.append(_cells(head, cells, reverse("desk:rakor_meeting", args=[election, found.meeting.code])))
    left = len(made) - len(rows)
    rows = [*_disputed(request, election, found, head), *rows]
    return {
        "title": f"Keputusan rapat ini: {len(made)}",
        "size": "some" if len(rows) <= FEW else "",
        "head": head,
        "rows": rows,
        "empty": "" if rows else "Belum ada keputusan. Keputusan muncul di sini begitu dicatat.",
        "more": f"{left} keputusan lebih lama tidak ditampilkan. " if left else "",
        "source": f"catatan keputusan rakor, {words.waktu(request.at)}",
    }


urlpatterns = [
    path("<slug:election>/rakor/paket/<slug:code>/", snapshot, name="rakor_snapshot"),
    path("<slug:election>/rakor/paket/<slug:code>/bentuk/", index, name="packs"),
    path("<slug:election>/rakor/paket/<slug:code>/layar/<int:number>/", slide, name="rakor_slide"),
    path("<slug:election>/rakor/paket/<slug:code>/paket.pdf", pdf, name="rakor_pdf"),
    path("<slug:election>/rakor/paket/<slug:code>/paket.json", export, name="rakor_json"),
    path("<slug:election>/rakor/paket/<slug:code>/paparan.pptx", pptx, name="packs_pptx"),
    path("<slug:election>/rakor/paket/<slug:code>/lampiran.xlsx", xlsx, name="packs_xlsx"),
    path("<slug:election>/rakor/paket/<slug:code>/teks/<slug:audience>.txt", text, name="packs_text"),
]
SENTENCES: dict[str, str] = {
    "rakor.foreign": "Tata letak {layout} tidak dikenal oleh Posko ini. Perbarui Posko, atau minta berkasnya lagi.",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
