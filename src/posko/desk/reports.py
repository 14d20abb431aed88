"""Stage reports: the box as the desk sees it. Everybody files; Kejari reads and Bawaslu looks on.

Four ways in: the form, the form for somebody on the telephone, pasted SMS of codes, a file. The count of what the guard refused is for
Bawaslu and the heads.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import meanwhile, shell
from posko.domain import access as access_rules
from posko.domain import aght as aght_rules
from posko.domain import record as facts
from posko.domain import reports as rules
from posko.formats import pages, picture, table, text
from posko.formats import reports as printed
from posko.store import access, aght, merging, places, recommendations, record, reports

CATEGORIES, CHANNELS, SOURCES = printed.CATEGORIES, printed.CHANNELS, printed.SOURCES
PER_PAGE = 100
STATUSES = {
    rules.Status.RECEIVED: ("waiting", "diterima, belum dinilai"),
    rules.Status.ASSESSING: ("plain", "sedang dinilai"),
    rules.Status.REFERRED: ("plain", "diteruskan ke Bawaslu"),
    rules.Status.CLOSED: ("done", "ditutup"),
}


def row(report: rules.Report, names: dict[str, str]) -> dict[str, Any]:
    """A report as lists show it, without its words."""
    state, word = STATUSES[report.status]
    return {
        "number": report.number,
        "category": CATEGORIES[report.category],
        "channel": CHANNELS[report.channel],
        "source": SOURCES[report.source],
        "place": names.get(report.place, report.place) or "tempat tidak disebut",
        "received_at": report.received_at,
        "happened_at": report.happened_at,
        "state": state,
        "word": word,
        "mark": report.mark,
        "masked": report.masked,
        "erased": report.erased,
        "attachments": report.attachments,
        "steps": [(step.since, STATUSES[step.status][1]) for step in report.steps],
    }


def choices(election: str, region: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Places to choose from, grouped: warehouses, piers and islands, then the desa of every kecamatan."""
    sites = [(site.code, site.name) for site in places.sites(region)]
    groups = [("Gudang, dermaga, pulau", sites)] if sites else []
    by_kecamatan: dict[str, list[tuple[str, str]]] = {}
    for desa in places.desa_list(region):
        by_kecamatan.setdefault(desa.kecamatan_name, []).append((desa.code, desa.name))
    del election
    return [*groups, *((f"Kecamatan {name}", desa_list) for name, desa_list in by_kecamatan.items())]


def place_of(election: str, posted: QueryDict) -> str:
    """The chosen place; with a TPS number, that TPS of the desa. UnknownPlace where the desa has no such TPS."""
    place, number = posted.get("place", ""), posted.get("tps", "").strip()
    if not number or ":" in place or not place:
        return place
    code = f"{place}.{number.zfill(3)}"
    if code not in {t.code for t in places.tps_list(election)}:
        raise rules.UnknownPlace(place=code)
    return code


def readable(request: shell.Request, act: str = "reports.read") -> list[rules.Report]:
    """The reports that this person may do an act on, the newest first."""
    return reports.listing(request.election.code, request.at, shell.scope(request, act))


def at_report(act: str) -> shell.Locate:
    """The report of an address where it belongs; where there is none such, the page itself, which says so."""

    def locate(request: shell.Request, election: str, number: str, **_more: int) -> access_rules.Thing:
        try:
            return rules.thing(reports.get(election, number, request.at), act, request.election.region)
        except facts.Refusal:
            return shell.here(request, act)

    return locate


@shell.page("reports.file")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The box: its list for those who may read it, the slot for everybody else."""
    if not shell.may(request, "reports.read"):
        return render(request, "desk/reports/slot.html", {})
    names = reports.place_names(election)
    gradings = aght.gradings(election, request.at)
    every = readable(request)
    wanted = _one(rules.Status, request.GET.get("keadaan", ""), None)
    shown = Paginator([r for r in every if wanted is None or r.status is wanted], PER_PAGE).get_page(request.GET.get("hal", "1"))
    words = reports.words_of(election, [r.number for r in shown])
    unread = reports.unread(election, request.at).keys() & {r.number for r in every}
    items: dict[str, list[str]] = defaultdict(list)
    for item in aght.register(election, request.at, shell.scope(request, "aght.read")):
        for grading in item.gradings:
            items[grading.report].append(item.code)
    rows = []
    for report in shown:
        graded = gradings.get(report.number)
        said = words.get(report.number)
        rows.append(
            {
                **row(report, names),
                "excerpt": said.text if said else "",
                "grade": f"{graded.source}{graded.information or '·'}" if graded else "",
                "items": list(dict.fromkeys(items[report.number])),
                "unread": report.number in unread,
            }
        )
    counts = {status.value: sum(r.status is status for r in every) for status in rules.Status}
    context = {
        "rows": rows,
        "shown": shown,
        "total": len(every),
        "wanted": wanted.value if wanted else "",
        "counts": [(s.value, counts[s.value], STATUSES[s][1]) for s in rules.Status],
        "unread": len(unread),
        "confined": shell.confined(request, "reports.read"),
        "may_assess": shell.may(request, "aght.assess"),
        "may_import": shell.may(request, "reports.write"),
        "may_guard": shell.may(request, "reports.guard", _of_the_region(request)),
    }
    return render(request, "desk/reports/index.html", context)


@shell.page("reports.file")
def new(request: shell.Request, election: str) -> HttpResponse:
    """A post officer writes down what somebody tells."""
    if request.method == "POST":
        try:
            filing = _filing(request, election)
            ticket = reports.file_report(election, filing, shell.actor(request), request.at, _attachments(request))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return _filed(request, ticket, filing, "desk:reports_new")
    context = {
        "categories": [(c.value, name) for c, name in CATEGORIES.items()],
        "channels": [(c.value, name) for c, name in CHANNELS.items() if c is not rules.Channel.PUBLIC],
        "sources": [(s.value, name) for s, name in SOURCES.items()],
        "places": choices(election, request.election.region),
        "typed": request.POST,
        "longest": rules.TEXT_LONGEST,
        "most_files": rules.MOST_FILES,
        "most_mb": pages.MOST_BYTES // 1024 // 1024,
    }
    return render(request, "desk/reports/new.html", context)


def _filed(request: shell.Request, ticket: str, filing: rules.Filing, again: str) -> HttpResponse:
    context = {
        "ticket": rules.grouped(ticket),
        "dictated": rules.dictated(ticket),
        "masked": filing.masked,
        "again": again,
        "violation": filing.category is rules.Category.VIO,
    }
    return render(request, "desk/reports/filed.html", context)


def _attachments(request: shell.Request) -> list[rules.Attachment]:
    """The files of a form, with nothing left but what the eye sees. TooManyFiles, `picture.Unusable`."""
    given = [one for one in request.FILES.getlist("files") if one]
    rules.check_files(len(given))
    kept = []
    for one in given:
        if (one.size or 0) > pages.MOST_BYTES:
            raise picture.TooBig(file=str(one.name)[:80], most=pages.MOST_BYTES // 1024 // 1024)
        bare = pages.bare(one.read(), str(one.name))
        kept.append(rules.Attachment(bare.kind, bare.data))
    return kept


def _filing(request: shell.Request, election: str) -> rules.Filing:
    posted = request.POST
    return rules.filing(
        posted.get("text", ""),
        category=_one(rules.Category, posted.get("category", ""), rules.Category.OTHER),
        channel=_one(rules.Channel, posted.get("channel", ""), rules.Channel.FACE),
        source=_one(rules.Source, posted.get("source", ""), rules.Source.UNKNOWN),
        place=place_of(election, posted),
        place_note=posted.get("place_note", ""),
        contact=posted.get("contact", ""),
        happened_at=text.typed_moment(posted.get("happened_at", "")),
        at=request.at,
    )


# --- the telephone ---------------------------------------------------------------------------------------------------------


@shell.page("reports.file")
def phone(request: shell.Request, election: str) -> HttpResponse:
    """One column for somebody on the telephone: few fields, typed or chosen from the keyboard; the ticket is read back."""
    names = _areas(election, request.election.region)
    if request.method == "POST":
        posted = request.POST
        try:
            place = rules.place_named(posted.get("where", ""), names)
            typed = QueryDict(mutable=True)
            typed.update({"place": place, "tps": posted.get("tps", "")})
            filing = rules.filing(
                posted.get("text", ""),
                category=_one(rules.Category, posted.get("category", ""), rules.Category.OTHER),
                channel=rules.Channel.PHONE,
                source=_one(rules.Source, posted.get("source", ""), rules.Source.CITIZEN),
                place=place_of(election, typed),
                contact=posted.get("contact", ""),
                happened_at=_when(posted, request.at),
                at=request.at,
            )
            ticket = reports.file_report(election, filing, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return _filed(request, ticket, filing, "desk:reports_phone")
    context = {
        "categories": [(c.value, name) for c, name in CATEGORIES.items()],
        "sources": [(s.value, name) for s, name in SOURCES.items() if s is not rules.Source.UNKNOWN],
        "names": sorted(names.values()),
        "typed": request.POST,
        "longest": rules.TEXT_LONGEST,
    }
    return render(request, "desk/reports/phone.html", context)


def _areas(election: str, region: str) -> dict[str, str]:
    """Code -> name of desa and sites, as somebody says them."""
    return {code: name for _, group in choices_named(election, region) for code, name in group}


def choices_named(election: str, region: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """As `choices`, with the kecamatan in the name of every desa: "Baru, Manggar"."""
    named = []
    for title, group in choices(election, region):
        kecamatan = title.removeprefix("Kecamatan ")
        named.append((title, [(code, f"{name}, {kecamatan}" if title != kecamatan else name) for code, name in group]))
    return named


def _when(posted: QueryDict, at: datetime) -> datetime | None:
    """now | today | yesterday with a time of day in WIB; None where nothing was said. TimeMissing."""
    said = posted.get("when", "")
    if said == "now":
        return at
    if said not in {"today", "yesterday"}:
        return None
    try:
        clock = time.fromisoformat(posted.get("clock", ""))
    except ValueError:
        raise rules.TimeMissing() from None
    day = at.astimezone(text.WIB).date() - timedelta(days=said == "yesterday")
    return datetime.combine(day, clock.replace(tzinfo=None), text.WIB).astimezone(UTC)


# --- messages of codes -----------------------------------------------------------------------------------------------------

SMS_LINES = 200


@shell.page("reports.file")
def sms(request: shell.Request, election: str) -> HttpResponse:
    """Pasted messages, one a line, each with its result and the text to send back."""
    answers: list[dict[str, Any]] = []
    messages = rules.sms_messages(request.POST.get("messages", "")[:60_000])[:SMS_LINES] if request.method == "POST" else []
    if messages:
        names = reports.place_names(election)
        source = _one(rules.Source, request.POST.get("source", ""), rules.Source.KPU)
        answers = [_answer(a, names) for a in reports.file_messages(election, messages, shell.actor(request), request.at, source)]
    bad = [a["message"] for a in answers if a["state"] == "overdue"]
    context = {
        "answers": answers,
        "filed": sum(a["filed"] for a in answers),
        "bad": "\n".join(bad),
        "bad_count": len(bad),
        "sources": [(s.value, name) for s, name in SOURCES.items()],
        "most": SMS_LINES,
        "longest": rules.SMS_LONGEST,
        "codes": [(c.written, c.sentence, CATEGORIES[c.category]) for c in rules.SMS_CODES],
    }
    return render(request, "desk/reports/sms.html", context)


def _answer(answer: reports.Answer, names: dict[str, str]) -> dict[str, Any]:
    if answer.refusal is not None:
        reply = SMS_REPLIES.get(answer.refusal.code, "POSKO: pesan tidak terbaca. Tulis seperti contoh pada kartu.")
        return {
            "message": answer.message, "state": "overdue", "word": "tidak dicatat", "said": shell.sentence(answer.refusal), "filed": 0,
            "reply": reply.format(**answer.refusal.facts),
        }  # fmt: skip
    coded = answer.coded
    place = names.get(coded.place, coded.place) if coded else ""
    meaning = "; ".join(code.sentence.rstrip(".") for code in coded.codes) if coded else ""
    said = [f"{place}: {meaning}."]
    if answer.same:
        said.append(f"Sudah tercatat sebagai {', '.join(answer.same)}; tidak dicatat dua kali.")
    state, word = ("done", "dicatat") if answer.filed else ("plain", "uji coba" if coded and coded.test else "sudah tercatat")
    return {
        "message": answer.message, "state": state, "word": word, "said": " ".join(said), "filed": len(answer.filed),
        "numbers": [f.number for f in answer.filed], "reply": sms_reply(answer, place),
    }  # fmt: skip


def sms_reply(answer: reports.Answer, place: str) -> str:
    """The text to send back for a message that was read, within one SMS."""
    if answer.coded is not None and answer.coded.test:
        return f"POSKO: uji coba dari {place} diterima. Tidak dicatat sebagai laporan."[: rules.SMS_LONGEST]
    if not answer.filed:
        return f"POSKO: sudah tercatat sebelumnya ({', '.join(answer.same)})."
    tickets = ", ".join(f"{f.number} {rules.grouped(f.ticket)}" for f in answer.filed)
    reply = f"POSKO: diterima. Simpan kode: {tickets}."
    violation = answer.coded is not None and any(c.category is rules.Category.VIO for c in answer.coded.codes)
    for more in (f" {place}.", " Dugaan pelanggaran: hubungi juga Pengawas TPS." if violation else ""):
        reply += more if len(reply) + len(more) <= rules.SMS_LONGEST else ""
    return reply


@shell.page("reports.file")
def card(request: shell.Request, election: str) -> HttpResponse:
    """Which card of codes to print."""
    groups = [(title, group) for title, group in choices(election, request.election.region) if title.startswith("Kecamatan")]
    return render(request, "desk/reports/card.html", {"places": groups, "codes": len(rules.SMS_CODES)})


@shell.page("reports.file")
def card_pdf(request: shell.Request, election: str) -> HttpResponse:
    """The card as PDF: ?desa= and ?kertas=a4 (one sheet a desa) or a6 (one card a TPS)."""
    desa = next((d for d in places.desa_list(request.election.region) if d.code == request.GET.get("desa", "")), None)
    if desa is None:
        shell.refused(request, rules.UnknownPlace(place=request.GET.get("desa", "")[:40]))
        return redirect("desk:reports_card", election)
    paper = "a6" if request.GET.get("kertas") == "a6" else "a4"
    tps_list = [t for t in places.tps_list(election) if t.desa_code == desa.code]
    if paper == "a6":
        rows = [(t.code, f"TPS {t.number:03}, {desa.name}") for t in tps_list] or [(desa.code, f"Desa {desa.name}")]
    else:
        rows = [(desa.code, "Seluruh desa"), *((t.code, f"TPS {t.number:03}") for t in tps_list)]
    title = f"Desa {desa.name}, Kecamatan {desa.kecamatan_name}"
    installed = record.installation()
    mark = "[SIMULASI]" if installed.demo else ""
    send_to = "".join(c for c in request.GET.get("nomor", "") if c in "+0123456789 ")[:20]
    data = printed.card(paper, rows, title, installed.name, request.at, send_to=send_to, mark=mark)
    name = f'inline; filename="kartu-sms-{desa.code}-{paper}.pdf"'
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": name})


# --- a file of reports -----------------------------------------------------------------------------------------------------


def _all_places(election: str, region: str) -> dict[str, str]:
    areas = _areas(election, region)
    return areas | {t.code: f"TPS {t.number:03}, {t.desa_name}" for t in places.tps_list(election)}


def _examined(request: shell.Request, name: str, data: bytes) -> printed.Reading:
    """The file as read, with a problem for every row outside this person's region: whoever files for others must be able to read them."""
    region, scope = request.election.region, shell.scope(request, "reports.write")
    known = _all_places(request.election.code, region)
    return printed.read(name, data, known, request.at, lambda place: scope.reaches("", place, region))


@shell.page("reports.write")
def intake(request: shell.Request, election: str) -> HttpResponse:
    """Choose a file; it is examined before anything counts."""
    given = request.FILES.get("file")
    if request.method == "POST" and given is None:
        shell.refused(request, rules.NoUpload(code=""))
    elif request.method == "POST" and given is not None:
        try:
            data = shell.table_bytes(given)
            _examined(request, str(given.name), data)
            kept = reports.keep_upload(election, str(given.name), data, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:reports_import_check", election, kept.code)
    context = {"headers": printed.HEADERS, "most": printed.MOST_ROWS, "confined": shell.confined(request, "reports.write")}
    return render(request, "desk/reports/import.html", context)


@shell.page("reports.write")
def intake_template(request: shell.Request, election: str) -> HttpResponse:
    """The form with its guide and the names of places."""
    response = HttpResponse(printed.template(_areas(election, request.election.region)), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="templat-laporan.xlsx"'
    return response


@shell.page("reports.write")
def intake_check(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The dry run: all problems, or all that would be recorded."""
    try:
        kept = reports.upload(election, code, request.person.id)
        reading = _examined(request, kept.name, kept.data)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:reports_import", election)
    names = reports.place_names(election)
    context = {
        "kept": kept,
        "ready": reading.ready,
        "count": len(reading.rows),
        "problems": [
            {"place": shell.problem_place(p), "text": PROBLEMS.get(p.code, SENTENCES.get(p.code, p.code)).format(**p.facts)}
            for p in reading.problems
        ],
        "more": len(reading.problems) >= printed.MOST_PROBLEMS,
        "ignored": reading.ignored,
        "masked": sum(r.filing.masked for r in reading.rows),
        "rows": [
            (
                r.number,
                CATEGORIES[r.filing.category],
                names.get(r.filing.place, "tempat tidak disebut"),
                r.filing.words.text,
                r.filing.happened_at,
            )
            for r in reading.rows[:20]
        ],
    }
    return render(request, "desk/reports/import_check.html", context)


@shell.page("reports.write")
def intake_confirm(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Into the box, all or nothing."""
    if request.method != "POST":
        return redirect("desk:reports_import_check", election, code)
    try:
        kept = reports.upload(election, code, request.person.id)
        reading = _examined(request, kept.name, kept.data)
        if not reading.ready:
            raise rules.FileHasProblems(count=len(reading.problems))
        filings = [(r.filing, r.received_at) for r in reading.rows]
        filed = reports.take_in(election, filings, reading.content_sha256, shell.actor(request), request.at, code)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:reports_import_check", election, code)
    shell.done(
        request, f"{text.angka(len(filed))} laporan dicatat, {filed[0].number} sampai {filed[-1].number}. Pelapornya tidak mendapat kode."
    )
    return redirect("desk:reports", election)


@shell.page("reports.write")
def intake_drop(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Forget a file."""
    if request.method == "POST":
        try:
            reports.drop_upload(election, code, request.person.id)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Berkas dibuang. Tidak ada yang dicatat.")
    return redirect("desk:reports_import", election)


# --- the count of the guard --------------------------------------------------------------------------------------------------

DOORS = {
    "post_text": "Tulisan Posko sendiri",
    "import": "Kolom berkas impor",
    "reporter": "Kata pelapor",
    "search": "Kotak cari",
}
KINDS = {
    "participant": "peserta pemilu", "support": "dukungan atau pilihan", "religion": "agama", "ethnicity": "suku",
    "own_list": "daftar setempat",
    "identity": "nomor identitas atau telepon", "person": "orang (nama, alamat)", "title": "sebutan orang", "name": "nama pengguna Posko",
}  # fmt: skip
DECISIONS = {
    "refused": "ditolak", "warned": "diterima dengan peringatan", "masked": "disamarkan", "asked": "ditanya tujuannya",
    "answered": "tujuan disebut",
}  # fmt: skip
PURPOSES = {
    "duty": "Menghubungi petugas untuk tugas",
    "report": "Memeriksa laporan yang menyebut orang",
    "oversight": "Pengawasan",
    "subject": "Permintaan orang itu sendiri",
}


def _of_the_region(request: shell.Request, **_parts: str) -> access_rules.Thing:
    """Counts and names of the whole region are for those whose office is the whole region."""
    return access_rules.Thing("reports", "", request.election.region, classification="terbatas")


@shell.page("reports.guard", thing=_of_the_region)
def guard(request: shell.Request, election: str) -> HttpResponse:
    """How often the guard refused, warned or asked, by door and rule; and who searched for persons, for what."""
    counts = reports.guard_counts(election, request.at)
    people = access.names()
    context = {
        "counts": [
            (DOORS.get(door, door), KINDS.get(rule, rule), DECISIONS.get(decision, decision), counts[door, rule, decision])
            for door, rule, decision in sorted(counts)
        ],
        "refused": sum(n for (_, _, decision), n in counts.items() if decision == "refused"),
        "warned": sum(n for (_, _, decision), n in counts.items() if decision == "warned"),
        "searches": [
            (at, people.get(person, person), KINDS.get(rule, rule), PURPOSES.get(purpose, purpose))
            for at, person, rule, purpose in reports.searches(election, request.at)
        ],
    }
    return render(request, "desk/reports/guard.html", context)


def count_post_text(request: shell.Request, refusal: facts.Refusal) -> None:
    """A text of the post was refused somewhere: counted by what its words are about."""
    if request.election and request.person:
        kinds = rules.kinds(str(refusal.facts.get("words", "")).split(", "))
        reports.count_guard(request.election.code, "post_text", kinds, "refused", shell.actor(request), request.at)


def count_column(request: shell.Request, refusal: facts.Refusal) -> None:
    """A file with a forbidden column was refused."""
    reports.count_guard(request.election.code, "import", [str(refusal.facts["rule"])], "refused", shell.actor(request), request.at)


COUNTED = {"reports.guarded": count_post_text, "reports.forbidden_column": count_column}


def _one(kind: Any, typed: str, default: Any) -> Any:
    """The member a form chose, or the default for nonsense."""
    try:
        return kind(typed)
    except ValueError:
        return default


def group_key(numbers: Sequence[str]) -> str:
    """Numbers of reports as a part of an address: LAP-001+LAP-004."""
    return "+".join(sorted(numbers))


def merged(election: str, number: str, at: datetime, visible: Collection[str]) -> dict[str, Any]:
    """For the page of a report: the others of its group, proposals with it, and the address part that compares it with others.

    Only of reports that may be read; of the others of its group how many there are.
    """
    group = merging.group_of(election, number, at)
    inside = [n for n in group if n in visible]
    return {
        "key": group_key(inside),
        "others": [n for n in inside if n != number],
        "outside": len(group) - len(inside),
        "proposals": [
            {"key": group_key(p.numbers), "others": [n for n in p.numbers if n != number]}
            for p in merging.proposals(election, at).groups
            if number in p.numbers and set(p.numbers) <= set(visible)
        ],
    }


@shell.page("reports.read", thing=at_report("reports.read"))
def detail(request: shell.Request, election: str, number: str) -> HttpResponse:
    """A report: what was said, where it stands, its grades, what rests on it."""
    try:
        report = reports.get(election, number, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:reports", election)
    said = reports.words(election, number)
    region = request.election.region
    every = aght.register(election, request.at)
    sees = shell.scope(request, "aght.read")
    items = [i for i in every if any(g.report == number for g in i.gradings) and sees.covers(aght_rules.thing(i, sees.act, region))]

    def here(act: str) -> bool:
        return shell.may(request, act, rules.thing(report, act, region))

    context = {
        "report": row(report, reports.place_names(election)),
        "words": said,
        "guarded": reports.guarded(election, said.text) if said else (),
        "grading": aght.gradings(election, request.at).get(number),
        "additions": reports.additions(election, number, request.at),
        "unread": number in reports.unread(election, request.at),
        "merging": merged(election, number, request.at, {r.number for r in readable(request, "merging.read")})
        if here("merging.read")
        else None,
        "may_write": here("reports.write"),
        "files": [(n, kind != "pdf", -(-size // 1024)) for n, kind, size in reports.attached(election, number, request.at)],
        "items": items,
        "items_outside": len(aght.items_of(election, number, request.at)) - len(items),
        "open_items": _with_seen(
            request,
            aght.changeable(
                election,
                [i for i in every if i.standing.value != "closed" and i not in items],
                shell.scope(request, "aght.assess"),
                request.at,
            ),
        ),
        "seen": aght.seen_report(election, report, request.at),
        "referrals": [r for r in aght.referrals(election, request.at) if r.report == number],
        "may_assess": here("aght.assess"),
        "may_erase": here("reports.erase"),
        "may_acknowledge": here("aght.acknowledge"),
        "shows_contact": request.person.agency == "KEJARI",
        "closed": report.status is rules.Status.CLOSED,
        "drafts": [rec for item in items for rec in recommendations.resting_on(election, item.code, request.at)],
    }
    return render(request, "desk/reports/detail.html", context)


def _with_seen(request: shell.Request, items: Sequence[aght_rules.Aght]) -> list[tuple[aght_rules.Aght, str]]:
    """Items with what a form has seen of each, so that a later change of one is noticed."""
    known = aght.seen_items(request.election.code, items, request.at)
    return [(item, known[item.code]) for item in items]


@shell.page("reports.read", thing=at_report("reports.read"))
def attachment(request: shell.Request, election: str, number: str, n: int) -> HttpResponse:
    """One file of a report. `?kecil` gives a small picture."""
    try:
        found = reports.attachment(election, number, n, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:reports_detail", election, number)
    small = "kecil" in request.GET and found.kind != "pdf"
    kind = "jpeg" if small else found.kind
    headers = {
        "Content-Disposition": f'{"attachment" if kind == "pdf" else "inline"}; filename="{number}-lampiran-{n}.{kind}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    types = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
    return HttpResponse(picture.thumbnail(found.data) if small else found.data, content_type=types[kind], headers=headers)


@shell.page("reports.write", thing=at_report("reports.write"))
def additions_read(request: shell.Request, election: str, number: str) -> HttpResponse:
    """What the reporter added has been read."""
    if request.method == "POST":
        try:
            reports.read_additions(election, number, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Tambahan pada {number} ditandai sudah dibaca.")
    return redirect("desk:reports_detail", election, number)


@shell.page("aght.assess", thing=at_report("aght.assess"))
def close(request: shell.Request, election: str, number: str) -> HttpResponse:
    """The reporter reads that the report has been dealt with."""
    if request.method == "POST":
        try:
            aght.close_report(election, number, shell.actor(request), request.at, seen=meanwhile.seen(request))
        except aght_rules.Changed:
            return meanwhile.report_page(request, election, number)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{number} ditutup. Pelapor membaca status ini dengan kode laporannya.")
    return redirect("desk:reports_detail", election, number)


@shell.page("reports.erase", thing=at_report("reports.erase"))
def erase(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Erases words and contact for good; the facts stay."""
    if request.method == "POST":
        reason = rules.clean(request.POST.get("reason", ""))[:200]
        if not reason:
            shell.refused(request, rules.TooShort(shortest=1))
            return redirect("desk:reports_detail", election, number)
        try:
            reports.erase(election, number, reason, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Kata-kata, tambahan, lampiran, dan kontak pelapor {number} dihapus untuk selamanya.")
    return redirect("desk:reports_detail", election, number)


@shell.page("reports.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The list as shown, without anybody's words."""
    names = reports.place_names(election)
    head = ["Nomor", "Diterima", "Tentang", "Tempat", "Saluran", "Sumber", "Keadaan", "Tanda"]
    rows = [row(report, names) for report in readable(request)]
    lines = [
        [r["number"], text.waktu(r["received_at"]), r["category"], r["place"], r["channel"], r["source"], r["word"], r["mark"]]
        for r in rows
    ]
    response = HttpResponse(table.xlsx({"Laporan": [head, *lines], **cut_sheet(request, "reports.read")}), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="laporan.xlsx"'
    return response


def cut_sheet(request: shell.Request, act: str) -> dict[str, list[list[str]]]:
    """A sheet that says to which part an export is cut; none where it is whole."""
    area = shell.confined(request, act)
    said = [["Berkas ini hanya memuat"], [area], ["Yang menyangkut seluruh daerah, gudang, dermaga, atau pulau tidak ikut."]]
    return {"Cakupan": said} if area else {}


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

urlpatterns = [
    path("<slug:election>/laporan/", index, name="reports"),
    path("<slug:election>/laporan/baru/", new, name="reports_new"),
    path("<slug:election>/laporan/ekspor.xlsx", export, name="reports_export"),
    path("<slug:election>/laporan/telepon/", phone, name="reports_phone"),
    path("<slug:election>/laporan/sms/", sms, name="reports_sms"),
    path("<slug:election>/laporan/kartu/", card, name="reports_card"),
    path("<slug:election>/laporan/kartu.pdf", card_pdf, name="reports_card_pdf"),
    path("<slug:election>/laporan/impor/", intake, name="reports_import"),
    path("<slug:election>/laporan/impor/templat.xlsx", intake_template, name="reports_import_template"),
    path("<slug:election>/laporan/impor/<slug:code>/", intake_check, name="reports_import_check"),
    path("<slug:election>/laporan/impor/<slug:code>/catat/", intake_confirm, name="reports_import_confirm"),
    path("<slug:election>/laporan/impor/<slug:code>/buang/", intake_drop, name="reports_import_drop"),
    path("<slug:election>/laporan/penjagaan/", guard, name="reports_guard"),
    path("<slug:election>/laporan/<slug:number>/", detail, name="reports_detail"),
    path("<slug:election>/laporan/<slug:number>/lampiran/<int:n>/", attachment, name="reports_attachment"),
    path("<slug:election>/laporan/<slug:number>/tambahan/", additions_read, name="reports_additions_read"),
    path("<slug:election>/laporan/<slug:number>/tutup/", close, name="reports_close"),
    path("<slug:election>/laporan/<slug:number>/hapus/", erase, name="reports_erase"),
]
SENTENCES: dict[str, str] = {
    "reports.too_short": "Ceritakan lebih lengkap: apa yang terjadi, di mana, kapan. Paling sedikit {shortest} huruf.",
    "reports.too_long": "Terlalu panjang. Uraian paling banyak {longest} huruf, keterangan tempat {note}, kontak {contact}.",
    "reports.future": "Waktu kejadian belum terjadi. Periksa tanggal dan jamnya.",
    "reports.bad_ticket": "Kode laporan tidak cocok. Periksa lagi huruf dan angkanya: tiga belas tanda, misalnya XXXX-XXXX-XXXX-X.",
    "reports.unknown": "Laporan itu tidak ada.",
    "reports.unknown_place": "Tempat itu tidak ada dalam daftar ({place}). Pilih desa dari daftar; nomor TPS harus ada di desa itu.",
    "reports.guarded": (
        "Tulisan Posko tidak memuat sebutan tentang peserta pemilu, agama, atau suku: {words}. "
        "Tulis ulang apa yang terjadi tanpa sebutan itu. Dugaan pelanggaran dirujuk ke Bawaslu."
    ),
    "reports.unclear_place": "“{typed}” belum jelas. Ketik nama desa dengan kecamatannya. {choices}",
    "reports.time_missing": "Isi jamnya, atau pilih “Tidak disebut”.",
    "reports.addition_closed": "Laporan {number} sudah ditutup atau dihapus; tulis laporan baru.",
    "reports.too_many_additions": "Satu laporan menerima paling banyak {most} tambahan. Tulis laporan baru.",
    "reports.filed_just_now": "Laporan yang sama baru saja tersimpan sebagai {number}. Tidak dicatat dua kali.",
    "reports.too_many_files": "Paling banyak {most} lampiran. Pilih yang paling jelas.",
    "reports.no_file": "Lampiran laporan {number} tidak ada, atau sudah dihapus.",
    "reports.file_twice": "Isi berkas ini sudah pernah diimpor: {count} laporan, mulai {first}. Tidak dicatat dua kali.",
    "reports.no_upload": "Tidak ada berkas yang diperiksa. Pilih berkasnya, lalu periksa lagi.",
    "reports.file_has_problems": "Berkas masih punya {count} masalah. Perbaiki di Excel, lalu unggah lagi.",
    "reports.forbidden_column": (
        "Berkas ditolak: lembar {sheet}, baris {row}, kolom {column} memuat data yang tidak boleh ada di Posko (nama orang, nomor "
        "identitas, peserta pemilu, agama, atau suku). Hapus kolom itu, lalu unggah lagi. Tidak ada isi berkas yang disimpan."
    ),
    "reports.purpose_missing": "Pencarian ini tampak seperti mencari orang. Pilih tujuannya dahulu.",
    "reports.sms_shape": (
        "Pesan tidak tertulis seperti pada kartu. Urutannya: LAPOR, kode tempat (9 angka dan satu huruf), kode kejadian (dua angka dan "
        "satu huruf), paling banyak empat kode dan 160 huruf."
    ),
    "reports.sms_check": "Bagian {part} tidak cocok dengan huruf di belakangnya. Mungkin salah satu angkanya keliru; minta dikirim ulang.",
    "reports.sms_unknown_code": "Kode {number} tidak ada di tabel. Mungkin kartunya dari daerah lain; minta dikirim ulang.",
    "pages.too_many": "PDF {file} lebih dari {most} halaman. Kirim halaman yang penting saja.",
    "pages.cannot_draw": "PDF {file} tidak dapat dibuka. Foto kertasnya, lalu lampirkan fotonya.",
    "reports.no_step": "Keadaan laporan {number} tidak dapat diubah seperti itu.",
}
PROBLEMS: dict[str, str] = {
    "reports_file.too_many_rows": "Berkas berisi lebih dari {most} laporan. Bagi menjadi beberapa berkas.",
    "reports_file.empty": "Tidak ada satu pun baris laporan di bawah baris judul.",
    "reports_file.columns": "Baris judul tidak memuat kolom {names}. Salin baris judul dari templat.",
    "reports_file.column_twice": "Kolom {what} ada dua kali. Hapus salah satu.",
    "reports_file.identity": "Ada deretan 16 angka di luar kolom uraian. Hapus; Posko tidak menerima nomor identitas.",
    "reports_file.formula": "Rumus di sel ini gagal atau belum dihitung. Ketik isinya.",
    "reports_file.choice": "“{value}” tidak dikenal. Pilih salah satu: {choices}.",
    "reports_file.moment": "“{value}” bukan waktu. Tulis misalnya 5/12/2023 10.00.",
    "reports_file.future": "“{value}” belum terjadi. Periksa tanggal dan jamnya.",
    "reports_file.after_received": "Waktu kejadian lebih baru daripada waktu laporan diterima.",
    "reports_file.twice": "Sama dengan baris {first}. Hapus salah satu.",
    "reports_file.desa_missing": "Nomor TPS tanpa desa. Isi nama desanya.",
    "reports_file.place": "Tempat “{value}” tidak ada dalam daftar. Salin nama dari lembar Tempat pada templat.",
    "reports_file.several": "“{value}” lebih dari satu. Tulis dengan kecamatannya: {choices}.",
    "reports_file.outside": "{place} di luar wilayah tugas Anda. Keluarkan baris ini; laporannya dicatat analis yang wilayahnya mencakup.",
    "reports_file.tps": "TPS “{value}” tidak ada di {desa}.",
}
SMS_REPLIES: dict[str, str] = {
    "reports.sms_shape": "POSKO: pesan tidak terbaca. Tulis: LAPOR, kode tempat dan hurufnya, kode kejadian dan hurufnya. Lihat kartu.",
    "reports.sms_check": "POSKO: bagian {part} tidak cocok dengan hurufnya. Periksa kartu, lalu kirim ulang seluruh pesan.",
    "reports.sms_unknown_code": "POSKO: kode {number} tidak ada di tabel. Periksa kartu, lalu kirim ulang.",
    "reports.unknown_place": "POSKO: kode tempat tidak ada di daftar. Periksa kartu, lalu kirim ulang.",
}
TASKS: dict[str, tuple[str, str]] = {
    "reports.new": ("Nilai laporan {label}", "desk:reports_detail"),
    "reports.many": ("Nilai {label} laporan baru", "desk:reports"),
    "reports.added": ("Baca tambahan pada laporan {label}", "desk:reports_detail"),
}
HITS: dict[str, str] = {"report": "desk:reports_detail"}
