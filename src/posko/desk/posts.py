"""Stage posts: who is there now, the week's roster, the logbook, the heartbeat on a phone, coverage, and counts without content."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import posts as rules
from posko.domain import record as facts
from posko.formats import map as drawing
from posko.formats import posts as printed
from posko.formats import table, text
from posko.store import access, places, posts, record, reports

SERVICES = {
    rules.Service.INTAKE: "menerima laporan", rules.Service.CONSULTATION: "konsultasi", rules.Service.COORDINATION: "koordinasi",
}  # fmt: skip
NOTES = {
    rules.Note.VISIT: "kunjungan", rules.Note.CALL: "telepon", rules.Note.CONSULTATION: "konsultasi", rules.Note.COORDINATION: "koordinasi",
    rules.Note.CHECK: "pengecekan posko", rules.Note.HANDOVER: "serah terima piket", rules.Note.TROUBLE: "gangguan di posko",
    rules.Note.OTHER: "lainnya",
}  # fmt: skip
COUNTERPARTS = {
    "WARGA": "warga", "KPU": "KPU", "PPK": "PPK", "PPS": "PPS", "BAWASLU": "Bawaslu", "POLRES": "Polres", "PEMDA": "Pemda",
    "KEJARI": "Kejari", "KEJATI": "Kejati", "LAIN": "tidak ada atau lainnya",
}  # fmt: skip
ROLES = {
    "PPK": "PPK",
    "PPS": "PPS",
    "KEPALA_DESA": "kantor desa",
    "BHABINKAMTIBMAS": "Bhabinkamtibmas",
    "BABINSA": "Babinsa",
    "LINMAS": "Linmas",
    "SYAHBANDAR": "syahbandar",
    "PUSKESMAS": "Puskesmas",
    "LAINNYA": "kantor lain",
}
CHANNELS = {"TELEPON": "telepon kantor", "PESAN": "pesan", "RADIO": "radio", "TATAP_MUKA": "tatap muka", "SURAT": "surat"}
REASONS = {
    "tahapan_selesai": "tahapan selesai",
    "pindah": "pindah tempat",
    "petugas_kurang": "petugas kurang",
    "keamanan": "keamanan",
    "lainnya": "lainnya",
    "sakit": "sakit",
    "tugas_lain": "tugas lain",
    "salah_catat": "salah catat",
    "pos_tutup": "pos ditutup",
    "salah_pos": "salah pos",
    "dobel": "dicatat dua kali",
    "ganti_petugas": "petugas kantor berganti",
    "tidak_terjangkau": "tidak terjangkau",
}
PULSES = {
    rules.Pulse.ALIVE: ("done", "hidup"),
    rules.Pulse.LATE: ("waiting", "terlambat"),
    rules.Pulse.SILENT: ("unknown", "diam, tidak diketahui"),
    rules.Pulse.CLOSED: ("plain", "ditutup"),
    rules.Pulse.ELSEWHERE: ("plain", "dijaga di tempat lain"),
}
COVERS = {
    rules.Cover.POST: ("done", "ada pos"), rules.Cover.CONTACT: ("waiting", "kontak saja"), rules.Cover.UNKNOWN: ("unknown", "pos diam"),
    rules.Cover.NONE: ("overdue", "tidak ada"),
}  # fmt: skip
_MAP_STATES = {rules.Cover.POST: "good", rules.Cover.CONTACT: "warn", rules.Cover.UNKNOWN: "unknown", rules.Cover.NONE: "bad"}
_FIRST = (rules.Pulse.SILENT, rules.Pulse.LATE, rules.Pulse.ALIVE, rules.Pulse.ELSEWHERE, rules.Pulse.CLOSED)
_MAP_WIDTH = 560
LINES_SHOWN, ROLLED_DAYS = 60, 7
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# --- what this person sees ---------------------------------------------------------------------------------------------------


def _at_post(act: str) -> shell.Locate:
    """The thing behind an address that names a post; where there is no such post, the page of the region."""

    def locate(request: shell.Request, election: str, code: str) -> access_rules.Thing:
        return _thing(request, election, act, code)

    return locate


def _at_shift(request: shell.Request, election: str, shift: str) -> access_rules.Thing:
    return _thing(request, election, "posts.roster", posts.post_of_shift(election, shift))


def _at_contact(request: shell.Request, election: str, contact: str) -> access_rules.Thing:
    return _thing(request, election, "posts.roster", posts.post_of_contact(election, contact))


def _at_note(act: str) -> shell.Locate:
    def locate(request: shell.Request, election: str, number: str) -> access_rules.Thing:
        return _thing(request, election, act, posts.post_of_note(election, number))

    return locate


def _thing(request: shell.Request, election: str, act: str, code: str) -> access_rules.Thing:
    region = request.election.region
    found = next((p for p in posts.listing(election, request.at) if p.code == code), None)
    if found is None:
        return shell.here(request, act)
    # What stands above the region is looked at from it.
    place = found.place if access_rules.within(found.place, region) else region
    return access_rules.Thing("posts", code, place)


def _mine(request: shell.Request, act: str = "posts.read") -> list[rules.Post]:
    """The posts of this person's region and those above it."""
    region = access_rules.reach(request.person, act, request.election.region, request.at)
    return [
        p
        for p in posts.listing(request.election.code, request.at)
        if access_rules.within(p.place, region) or access_rules.within(region, p.place)
    ]


def _runs(request: shell.Request, post: rules.Post) -> bool:
    """Whether this person's agency runs the post."""
    return request.person.agency in rules.AGENCIES[post.side]


def _reads_words(request: shell.Request, post: rules.Post) -> bool:
    """The words of a logbook are for the post's own side and for Bawaslu."""
    return _runs(request, post) or request.person.agency == "BAWASLU"


def _post(request: shell.Request, election: str, code: str) -> rules.Post:
    try:
        return posts.get(election, code, request.at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal


def _row(post: rules.Post, beat: rules.Beat, shifts: Iterable[rules.Shift], names: dict[str, str], at: datetime) -> dict[str, Any]:
    state, word = PULSES[beat.pulse]
    on = [names.get(s.person, s.person) for s in shifts if s.post == post.code and s.covers(at)]
    return {
        "post": post,
        "kind": printed.KINDS[post.kind],
        "state": state,
        "word": word,
        "beat": beat,
        "on": on,
        "open_now": post.open and not post.elsewhere and rules.open_at(post.hours, at),
        "hours": printed.hours(post.hours),
        "services": ", ".join(SERVICES[s] for s in post.services),
        "closed_for": REASONS.get(post.closed_for, ""),
        "overdue": beat.due_at is not None and beat.due_at <= at,
    }


# --- overview and a post -----------------------------------------------------------------------------------------------------


@shell.page("posts.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Who is on duty now; silent posts first."""
    beats, names = posts.beats(election, request.at), access.names()
    now = posts.shifts(election, request.at, request.at + timedelta(seconds=1), request.at)
    rows = [_row(p, beats[p.code], now, names, request.at) for p in _mine(request)]
    rows.sort(key=lambda r: (_FIRST.index(r["beat"].pulse), list(rules.Kind).index(r["post"].kind), r["post"].code))
    cover = posts.coverage(election, request.at)
    context = {
        "rows": rows,
        "silent": sum(r["beat"].pulse is rules.Pulse.SILENT for r in rows),
        "open": sum(r["post"].open for r in rows),
        "empty": sum(r["open_now"] and not r["on"] for r in rows),
        "on": sum(len(r["on"]) for r in rows),
        "covered": sum(c.cover is rules.Cover.POST for c in cover),
        "desa": len(cover),
        "limits": posts.limits(election, request.at),
        **_may(request),
    }
    return render(request, "desk/posts/index.html", context)


def _may(request: shell.Request) -> dict[str, bool]:
    acts = ("set", "roster", "log", "rollup")
    return {f"may_{act}": shell.may(request, f"posts.{act}") for act in acts} | {"may_file": shell.may(request, "misuse.file")}


@shell.page("posts.read", thing=_at_post("posts.read"))
def post(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A post: its state, today's duty, its logbook, its contacts."""
    found = _post(request, election, code)
    names, beats = access.names(), posts.beats(election, request.at)
    start = datetime.combine(request.at.astimezone(text.WIB).date(), datetime.min.time(), text.WIB)
    today = posts.shifts(election, start, start + timedelta(days=1), request.at)
    lines = posts.lines(election, request.at, code)
    reads, runs = _reads_words(request, found), _runs(request, found)
    words = posts.note_words([line.number for line in lines[:LINES_SHOWN]], election) if reads else {}
    thing = _thing(request, election, "posts.read", code)
    context = {
        "row": _row(found, beats[code], today, names, request.at),
        "post": found,
        "parent": next((p.name for p in posts.listing(election, request.at) if p.code == found.parent), ""),
        "served": _desa_names(request, found.served),
        "place": reports.place_names(election).get(found.place, found.place),
        "duties": [
            {"time": printed.span(s.from_at, s.until_at, start.date()), "name": names.get(s.person, s.person), "now": s.covers(request.at)}
            for s in today
            if s.post == code
        ],
        "gaps": [printed.span(g.from_at, g.until_at, start.date()) for g in rules.gaps(found, today, start, start + timedelta(days=1))],
        "lines": [
            {
                "line": line, "word": NOTES[line.note], "with": COUNTERPARTS[line.counterpart], "text": words.get(line.number, ""),
                "who": names.get(line.person, line.person), "struck": REASONS.get(line.struck, ""),
                "fresh": line.person == request.person.id and request.at - line.noted_at <= rules.UNDO_FOR,
            }
            for line in lines[:LINES_SHOWN]
        ],
        "more": max(0, len(lines) - LINES_SHOWN),
        "reads": reads,
        "contacts": [
            {"contact": c, "desa": _desa_names(request, (c.desa,))[0], "role": ROLES[c.role], "channel": CHANNELS[c.channel]}
            for c in posts.contacts(election, request.at)
            if c.post == code
        ],
        "notes": [(n.value, word) for n, word in NOTES.items()],
        "counterparts": list(COUNTERPARTS.items()),
        "roles": list(ROLES.items()),
        "channels": list(CHANNELS.items()),
        "desa_choices": reports_choices(request),
        "close_reasons": _reasons(rules.CLOSE_REASONS),
        "strike_reasons": _reasons(rules.STRIKE_REASONS),
        "end_reasons": _reasons(rules.END_REASONS),
        "longest": rules.TEXT_LONGEST,
        "may_set": runs and shell.may(request, "posts.set", thing),
        "may_roster": runs and not found.elsewhere and shell.may(request, "posts.roster", thing),
        "may_log": runs and not found.elsewhere and shell.may(request, "posts.log", thing),
    }  # fmt: skip
    return render(request, "desk/posts/post.html", context)


def _reasons(codes: Iterable[str]) -> list[tuple[str, str]]:
    return [(code, REASONS[code]) for code in codes]


def _desa_names(request: shell.Request, codes: Iterable[str]) -> list[str]:
    known = {d.code: d.name for d in places.desa_list(request.election.region)}
    return [known.get(code, code) for code in codes]


def reports_choices(request: shell.Request) -> list[tuple[str, list[tuple[str, str]]]]:
    """The desa of every kecamatan, to choose from."""
    found: dict[str, list[tuple[str, str]]] = {}
    for desa in places.desa_list(request.election.region):
        found.setdefault(desa.kecamatan_name, []).append((desa.code, desa.name))
    return list(found.items())


# --- setting up --------------------------------------------------------------------------------------------------------------


@shell.page("posts.set")
def new(request: shell.Request, election: str) -> HttpResponse:
    """Open a post of one's own side."""
    if request.method == "POST":
        try:
            made = _typed(request, request.POST.get("code", "").strip().upper(), _one(rules.Kind, request.POST.get("kind", "")))
            decision = _may_stand(request, made)
            if not decision.allowed:
                return shell.denied(request, "posts.set", decision)
            posts.open_post(election, made, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{made.name} dibuka. Isi jadwal piketnya, lalu ketuk “Posko hidup” dari pos itu.")
            return redirect("desk:posts_post", election, made.code)
    return render(request, "desk/posts/form.html", _form(request, None))


@shell.page("posts.set", thing=_at_post("posts.set"))
def edit(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Change a post; kind and code stay."""
    found = _post(request, election, code)
    if request.method == "POST":
        try:
            made = _typed(request, code, found.kind)
            decision = _may_stand(request, made)
            if not decision.allowed:
                return shell.denied(request, "posts.set", decision)
            posts.change_post(election, made, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{found.name} diubah.")
            return redirect("desk:posts_post", election, code)
    return render(request, "desk/posts/form.html", _form(request, found))


def _may_stand(request: shell.Request, post: rules.Post) -> access_rules.Decision:
    """Whether this person may have a post where the form puts it: the address knows only where it stood."""
    region = request.election.region
    place = post.place if access_rules.within(post.place, region) else region
    return shell.decide(request, "posts.set", access_rules.Thing("posts", post.code, place))


def _one(kind: type[rules.Kind], typed: str) -> rules.Kind:
    try:
        return kind(typed)
    except ValueError as error:
        raise rules.WrongParent(kind=typed[:20] or "—", parent="—") from error


def _typed(request: shell.Request, code: str, kind: rules.Kind) -> rules.Post:
    posted = request.POST
    rhythm = posted.get("beat_hours", "").strip()
    return rules.Post(
        code, posted.get("name", ""), kind, posted.get("parent", ""), posted.get("place", ""), tuple(posted.getlist("served")),
        tuple(s for s in rules.Service if s.value in posted.getlist("services")), tuple(_hours(posted)),
        int(rhythm) if rhythm.isascii() and rhythm.isdigit() and len(rhythm) < 4 else 0, request.at,
    )  # fmt: skip


def _hours(posted: QueryDict) -> list[rules.Window]:
    """Windows from the form: every day, or a beginning and an end for each day; an end of 00.00 is midnight."""
    if posted.get("always"):
        return [rules.Window(day, 0, rules.DAY_MIN) for day in range(7)]
    found = []
    for day in range(7):
        begins, ends = posted.get(f"from_{day}", "").strip(), posted.get(f"until_{day}", "").strip()
        if begins or ends:
            start, end = _minute(begins, day), _minute(ends, day)
            found.append(rules.Window(day, start, end or rules.DAY_MIN))
    return found


def _minute(typed: str, day: int) -> int:
    try:
        moment = datetime.strptime(typed.replace(".", ":"), "%H:%M")  # noqa: DTZ007  (a time of day)
    except ValueError as error:
        raise rules.BadHours(day=day + 1) from error
    return moment.hour * 60 + moment.minute


def _form(request: shell.Request, found: rules.Post | None) -> dict[str, Any]:
    typed = request.POST if request.method == "POST" else None
    region = request.election.region
    side = next((s for s, agencies in rules.AGENCIES.items() if request.person.agency in agencies), rules.Side.KPU)
    others = [p for p in posts.listing(request.election.code, request.at) if p.side is side and (found is None or p.code != found.code)]
    return {
        "found": found,
        "typed": typed,
        "value": {
            "code": typed.get("code", "") if typed else "",
            "name": typed.get("name", "") if typed else found.name if found else "",
            "kind": typed.get("kind", "") if typed else found.kind.value if found else "",
            "parent": typed.get("parent", "") if typed else found.parent if found else "",
            "place": typed.get("place", "") if typed else found.place if found else "",
            "beat_hours": typed.get("beat_hours", "") if typed else found.beat_hours if found else 4,
            "always": bool(typed.get("always")) if typed else bool(found and printed.hours(found.hours).startswith("24 jam")),
        },
        "kinds": [(k.value, printed.KINDS[k]) for k in rules.Kind if rules.SIDES[k] is side],
        "parents": [(p.code, p.name) for p in others],
        "places": [(region.partition(".")[0], "Provinsi"), (region, record.installation().name)]
        + [(k.code, f"Kecamatan {k.name}") for k in places.kecamatan_list(region)]
        + [(d.code, f"Desa {d.name}, {d.kecamatan_name}") for d in places.desa_list(region)],
        "groups": reports_choices(request),
        "served": typed.getlist("served") if typed else list(found.served) if found else [],
        "services": [(s.value, word) for s, word in SERVICES.items()],
        "chosen": typed.getlist("services") if typed else [s.value for s in found.services] if found else ["intake"],
        "days": _days(typed, found),
        "limits": posts.limits(request.election.code, request.at),
    }  # fmt: skip


def _days(typed: QueryDict | None, found: rules.Post | None) -> list[dict[str, Any]]:
    """The seven lines of the form: what was typed, what stands, or office hours."""
    stand = dict.fromkeys(range(5), (8 * 60, 16 * 60))
    if found:
        stand = {w.weekday: (w.from_min, w.until_min % rules.DAY_MIN) for w in found.hours}
    rows = []
    for day in range(7):
        begins, ends = (printed.clock(m).replace(".", ":") for m in stand[day]) if day in stand else ("", "")
        if typed is not None:
            begins, ends = typed.get(f"from_{day}", ""), typed.get(f"until_{day}", "")
        rows.append({"n": day, "name": text.DAYS[day], "from": begins, "until": ends})
    return rows


@shell.page("posts.set", thing=_at_post("posts.set"))
def stand(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Close a post with a reason, or open it again."""
    if request.method == "POST":
        try:
            if request.POST.get("act") == "reopen":
                posts.reopen_post(election, code, shell.actor(request), request.at)
            else:
                posts.close_post(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            if isinstance(refusal, rules.Unknown):
                return redirect("desk:posts", election)
        else:
            shell.done(
                request, "Pos dibuka lagi." if request.POST.get("act") == "reopen" else "Pos ditutup. Wilayahnya tidak lagi terliput."
            )
    return _to_post(election, code, request)


def _to_post(election: str, code: str, request: shell.Request) -> HttpResponse:
    known = any(p.code == code for p in posts.listing(election, request.at))
    return redirect("desk:posts_post", election, code) if known else redirect("desk:posts", election)


# --- heartbeat -----------------------------------------------------------------------------------------------------------------


@shell.page("posts.log")
def alive(request: shell.Request, election: str) -> HttpResponse:
    """The way to the one button: the post where this person is on duty, else a list to choose from."""
    now = posts.shifts(election, request.at, request.at + timedelta(seconds=1), request.at)
    here = [s.post for s in now if s.person == request.person.id]
    if len(here) == 1 and "semua" not in request.GET:
        return redirect("desk:posts_beat", election, here[0])
    beats, names = posts.beats(election, request.at), access.names()
    own = [p for p in _mine(request, "posts.log") if p.open and not p.elsewhere and _runs(request, p)]
    own = [p for p in own if shell.may(request, "posts.log", _thing(request, election, "posts.log", p.code))]
    rows = [_row(p, beats[p.code], now, names, request.at) for p in own]
    rows.sort(key=lambda r: (r["post"].code not in here, _FIRST.index(r["beat"].pulse), r["post"].code))
    return render(request, "desk/posts/alive.html", {"rows": rows})


@shell.page("posts.log", thing=_at_post("posts.log"))
def beat(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One button on a phone: this post is there."""
    found = _post(request, election, code)
    if request.method == "POST":
        try:
            fresh = posts.tap(election, code, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tercatat: posko hidup." if fresh else "Sudah tercatat beberapa menit yang lalu.")
        return redirect("desk:posts_beat", election, code)
    row = _row(found, posts.beats(election, request.at)[code], (), {}, request.at)
    return render(request, "desk/posts/beat.html", {"row": row, "post": found, "runs": _runs(request, found)})


# --- roster --------------------------------------------------------------------------------------------------------------------


def _monday(request: shell.Request) -> date:
    try:
        day = date.fromisoformat(request.GET.get("minggu", "") or request.POST.get("minggu", ""))
    except ValueError:
        day = request.at.astimezone(text.WIB).date()
    day = min(max(day, date(2000, 1, 10)), date(2099, 12, 20))
    return day - timedelta(days=day.weekday())


def _side(request: shell.Request) -> rules.Side | None:
    """The side that the address names; by default one's own, for Bawaslu both."""
    asked = request.GET.get("sisi", "")
    if asked in set(rules.Side):
        return rules.Side(asked)
    if asked == "semua":
        return None
    return next((s for s, agencies in rules.AGENCIES.items() if request.person.agency in agencies), None)


def _week(request: shell.Request, election: str, monday: date) -> list[dict[str, Any]]:
    side = _side(request)
    shown = [p for p in _mine(request) if (side is None or p.side is side)]
    start = datetime.combine(monday, datetime.min.time(), text.WIB)
    shifts = posts.shifts(election, start, start + timedelta(days=7), request.at)
    rows = printed.week(shown, shifts, monday, access.names(), request.at)
    return [r for r in rows if (r["post"].open and not r["post"].elsewhere) or any(c["duties"] for c in r["cells"])]


@shell.page("posts.read")
def roster(request: shell.Request, election: str) -> HttpResponse:
    """The week: posts by days, duties and gaps."""
    monday = _monday(request)
    rows = _week(request, election, monday)
    own = [r["post"] for r in rows if _runs(request, r["post"]) and r["post"].open]
    own = [p for p in own if shell.may(request, "posts.roster", _thing(request, election, "posts.roster", p.code))]
    people = posts.people(own[0].side) if own else {}
    side = _side(request)
    context = {
        "rows": rows,
        "days": [monday + timedelta(days=n) for n in range(7)],
        "monday": monday,
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "gaps": sum(r["gaps"] for r in rows),
        "own": own,
        "own_codes": {p.code for p in own},
        "people": sorted(people.items(), key=lambda one: one[1]),
        "typed": request.POST,
        "sides": [(s.value, word) for s, word in printed.SIDES.items()],
        "side": side.value if side else "semua",
        "reasons": _reasons(rules.CANCEL_REASONS),
    }
    return render(request, "desk/posts/roster.html", context)


@shell.page("posts.roster")
def shift_add(request: shell.Request, election: str) -> HttpResponseBase:
    """Put somebody on duty at the same hours on some days of the week shown; all or none."""
    monday = _monday(request)
    back = f"{reverse('desk:posts_roster', args=[election])}?minggu={monday.isoformat()}"
    if request.method != "POST":
        return redirect(back)
    code = request.POST.get("post", "")
    decision = shell.decide(request, "posts.roster", _thing(request, election, "posts.roster", code))
    if not decision.allowed:
        return shell.denied(request, "posts.roster", decision)
    who = request.POST.get("code", "").strip().upper() or request.POST.get("person", "")
    try:
        made = posts.add_shifts(election, code, who, _spans(request.POST, monday), shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"{len(made)} piket dicatat.")
    return redirect(back)


def _spans(posted: QueryDict, monday: date) -> list[rules.Span]:
    """The chosen days with one beginning and end; an end not after the beginning is on the next day."""
    begins, ends = _minute(posted.get("from", ""), 0), _minute(posted.get("until", ""), 0)
    length = timedelta(minutes=ends - begins + (rules.DAY_MIN if ends <= begins else 0))
    found = []
    for day in posted.getlist("day"):
        if day in {"0", "1", "2", "3", "4", "5", "6"}:
            midnight = datetime.combine(monday + timedelta(days=int(day)), datetime.min.time(), text.WIB)
            start = (midnight + timedelta(minutes=begins)).astimezone(UTC)
            found.append(rules.Span(start, start + length))
    return found


@shell.page("posts.roster", thing=_at_shift)
def shift_cancel(request: shell.Request, election: str, shift: str) -> HttpResponse:
    """Take a duty out of the roster, with a reason."""
    if request.method == "POST":
        try:
            posts.cancel_shift(election, shift, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Piket dibatalkan.")
    return redirect(f"{reverse('desk:posts_roster', args=[election])}?minggu={_monday(request).isoformat()}")


@shell.page("posts.read")
def roster_pdf(request: shell.Request, election: str) -> HttpResponse:
    """The week on paper, A4 or F4."""
    monday = _monday(request)
    head = {
        "paper": "f4" if request.GET.get("kertas") == "f4" else "a4", "agency": "Posko Pemilu", "place": record.installation().name,
        "marks": ["[SIMULASI]"] if record.installation().demo else [],
        "stamp": f"keadaan {text.waktu(request.at)}", "footer": request.election.name,
    }  # fmt: skip
    made = printed.roster_pdf(_week(request, election, monday), monday, head, request.at)
    name = f'inline; filename="piket-{monday.isoformat()}.pdf"'
    return HttpResponse(made, content_type="application/pdf", headers={"Content-Disposition": name})


# --- logbook -------------------------------------------------------------------------------------------------------------------


@shell.page("posts.log", thing=_at_post("posts.log"))
def note_add(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A line in the logbook."""
    if request.method == "POST":
        posted = request.POST
        people = posted.get("people", "").strip() or "0"
        try:
            if posted.get("note", "") not in set(rules.Note):
                raise rules.BadNote(why="kind")
            if not (people.isascii() and people.isdigit() and len(people) < 5):
                raise rules.BadNote(why="people")
            number = posts.write_note(
                election, code, rules.Note(posted["note"]), posted.get("text", ""), shell.actor(request), request.at, people=int(people),
                counterpart=posted.get("counterpart", "LAIN"), happened_at=text.typed_moment(posted.get("happened_at", "")),
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{number} dicatat.")
    return _to_post(election, code, request)


@shell.page("posts.log", thing=_at_note("posts.log"))
def note_strike(request: shell.Request, election: str, number: str) -> HttpResponse:
    """A line that does not count: its author within ten minutes, later two people."""
    if request.method == "POST":
        try:
            second = None
            if request.POST.get("second", "").strip():
                person = shell.countersigned(request, "posts.log")
                second = facts.Actor(person.id, person.agency)
            posts.strike_note(election, number, request.POST.get("reason", ""), shell.actor(request), request.at, second)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{number} dicoret. Barisnya tetap terlihat, tetapi tidak dihitung.")
    return _to_post(election, posts.post_of_note(election, number), request)


@shell.page("posts.set", thing=_at_note("posts.set"))
def note_erase(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Erases the words of a line for good."""
    if request.method == "POST":
        try:
            posts.erase_note(election, number, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Kata-kata {number} dihapus untuk selamanya. Barisnya tetap ada.")
    return _to_post(election, posts.post_of_note(election, number), request)


# --- contacts and coverage -----------------------------------------------------------------------------------------------------


@shell.page("posts.roster", thing=_at_post("posts.roster"))
def contact_add(request: shell.Request, election: str, code: str) -> HttpResponse:
    """An office that the post can reach in a desa."""
    if request.method == "POST":
        posted = request.POST
        try:
            posts.add_contact(
                election, code, posted.get("desa", ""), posted.get("role", ""), posted.get("channel", ""), shell.actor(request), request.at
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Kontak dicatat.")
    return _to_post(election, code, request)


@shell.page("posts.roster", thing=_at_contact)
def contact_end(request: shell.Request, election: str, contact: str) -> HttpResponse:
    """No longer a contact."""
    if request.method == "POST":
        try:
            posts.end_contact(election, contact, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Kontak diakhiri.")
    return _to_post(election, posts.post_of_contact(election, contact), request)


def _covered(request: shell.Request, election: str) -> list[dict[str, Any]]:
    """Desa with how they are covered, the uncovered first."""
    names = {p.code: p.name for p in posts.listing(election, request.at)}
    stations: dict[str, int] = {}
    for tps in places.tps_list(election):
        stations[tps.desa_code] = stations.get(tps.desa_code, 0) + 1
    found = {c.desa: c for c in posts.coverage(election, request.at, _side(request))}
    rows = []
    for desa in places.desa_list(request.election.region):
        one = found[desa.code]
        state, word = COVERS[one.cover]
        rows.append(
            {
                "desa": desa, "cover": one.cover, "state": state, "word": word, "tps": stations.get(desa.code, 0),
                "posts": [(code, names[code]) for code in one.posts], "silent": [(code, names[code]) for code in one.silent],
                "contacts": [f"{ROLES[c.role]} lewat {CHANNELS[c.channel]}" for c in one.contacts],
            }
        )  # fmt: skip
    order = (rules.Cover.NONE, rules.Cover.UNKNOWN, rules.Cover.CONTACT, rules.Cover.POST)
    return sorted(rows, key=lambda r: (order.index(r["cover"]), r["desa"].code))


@shell.page("posts.read")
def coverage(request: shell.Request, election: str) -> HttpResponse:
    """Which desa has a post or a contact, on a map and in a table."""
    rows = _covered(request, election)
    side = _side(request)
    counts = [(COVERS[c], sum(r["cover"] is c for r in rows), sum(r["tps"] for r in rows if r["cover"] is c)) for c in rules.Cover]
    context = {
        "rows": rows,
        "counts": counts,
        "map": _map(request, rows),
        "boundary_source": places.boundary_source(request.election.region),
        "sides": [(s.value, word) for s, word in printed.SIDES.items()],
        "side": side.value if side else "semua",
        "any": bool(posts.listing(election, request.at)),
    }
    return render(request, "desk/posts/coverage.html", context)


def _map(request: shell.Request, rows: Iterable[dict[str, Any]]) -> str:
    region = request.election.region
    desa = [
        drawing.Desa(
            r["desa"].code, r["desa"].name, r["desa"].lat, r["desa"].lon, state=_MAP_STATES[r["cover"]], word=r["word"],
            href=f"#d{r['desa'].code}", weight=max(1, r["tps"]), group=r["desa"].kecamatan_name,
        )
        for r in rows
    ]  # fmt: skip
    picture = drawing.Map(
        title=f"Liputan posko per desa, {request.election.name}", region=region, desa=desa, boundaries=places.boundaries(region)
    )
    return drawing.svg(picture, width=_MAP_WIDTH) if desa else ""


# --- counts that travel upward -----------------------------------------------------------------------------------------------


@shell.page("posts.rollup")
def rollup(request: shell.Request, election: str) -> HttpResponse:
    """Counts per post, no words: for the office above."""
    side = _side(request)
    own = next((s for s, agencies in rules.AGENCIES.items() if request.person.agency in agencies), None)
    if own is not None and request.person.agency == "KEJATI":
        side = own  # the province looks at its own posts
    since = request.at - timedelta(days=ROLLED_DAYS)
    tables = [{"side": printed.SIDES[s], "rows": _rolled(election, s, since, request.at)} for s in rules.Side if side is None or s is side]
    context = {
        "tables": tables,
        "days": ROLLED_DAYS,
        "since": since,
        "limits": posts.limits(election, request.at),
        "sides": [(s.value, word) for s, word in printed.SIDES.items()] if request.person.agency != "KEJATI" else [],
        "side": side.value if side else "semua",
        "linked": shell.may(request, "posts.read"),
    }
    return render(request, "desk/posts/rollup.html", context)


def _rolled(election: str, side: rules.Side, since: datetime, at: datetime) -> list[dict[str, Any]]:
    names = {p.code: p for p in posts.listing(election, at)}
    rows = []
    for one in posts.rollup(election, side, since, at):
        state, word = PULSES[one.pulse]
        post = names.get(one.code)
        rows.append(
            {
                "code": one.code, "name": post.name if post else "Di luar wilayah semua pos", "mark": post.mark if post else "",
                "depth": one.depth, "indent": "— " * one.depth, "state": state if post else "", "word": word, "counts": one.total,
                "own": one.own, "below": one.below,
            }
        )  # fmt: skip
    return rows


# --- export --------------------------------------------------------------------------------------------------------------------


@shell.page("posts.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """Posts, the roster of the week, coverage: as shown, without anybody's words."""
    beats = posts.beats(election, request.at)
    mine, monday = _mine(request), _monday(request)
    posts_sheet: list[list[Any]] = [
        ["Kode", "Nama", "Jenis", "Induk", "Jam buka", "Layanan", "Desa", "Detak tiap (jam)", "Keadaan", "Tanda"]
    ]
    posts_sheet += [
        [
            p.code, p.name, printed.KINDS[p.kind], p.parent, printed.hours(p.hours), ", ".join(SERVICES[s] for s in p.services),
            len(p.served), p.beat_hours, PULSES[beats[p.code].pulse][1], p.mark,
        ]
        for p in mine
    ]  # fmt: skip
    duty: list[list[Any]] = [["Kode", "Pos", "Hari", "Jam", "Petugas", "Tanda"]]
    for row in _week(request, election, monday):
        for cell in row["cells"]:
            day, post_ = cell["day"].isoformat(), row["post"]
            duty += [[d["code"], post_.name, day, d["time"], d["name"], post_.mark] for d in cell["duties"]]
            duty += [["", post_.name, day, gap["time"], "KOSONG", post_.mark] for gap in cell["gaps"]]
    cover: list[list[Any]] = [["Kode", "Desa", "Kecamatan", "TPS", "Liputan", "Pos", "Pos diam", "Kontak"]]
    cover += [
        [
            r["desa"].code, r["desa"].name, r["desa"].kecamatan_name, r["tps"], r["word"], "; ".join(n for _, n in r["posts"]),
            "; ".join(n for _, n in r["silent"]), "; ".join(r["contacts"]),
        ]
        for r in _covered(request, election)
    ]  # fmt: skip
    response = HttpResponse(table.xlsx({"Pos": posts_sheet, "Piket": duty, "Liputan": cover}), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="posko-{monday.isoformat()}.xlsx"'
    return response


urlpatterns = [
    path("<slug:election>/posko/", index, name="posts"),
    path("<slug:election>/posko/baru/", new, name="posts_new"),
    path("<slug:election>/posko/hidup/", alive, name="posts_alive"),
    path("<slug:election>/posko/piket/", roster, name="posts_roster"),
    path("<slug:election>/posko/piket/tambah/", shift_add, name="posts_shift_add"),
    path("<slug:election>/posko/piket/piket.pdf", roster_pdf, name="posts_roster_pdf"),
    path("<slug:election>/posko/piket/<slug:shift>/batal/", shift_cancel, name="posts_shift_cancel"),
    path("<slug:election>/posko/liputan/", coverage, name="posts_coverage"),
    path("<slug:election>/posko/rekap/", rollup, name="posts_rollup"),
    path("<slug:election>/posko/ekspor.xlsx", export, name="posts_export"),
    path("<slug:election>/posko/catatan/<slug:number>/coret/", note_strike, name="posts_note_strike"),
    path("<slug:election>/posko/catatan/<slug:number>/hapus/", note_erase, name="posts_note_erase"),
    path("<slug:election>/posko/kontak/<slug:contact>/akhiri/", contact_end, name="posts_contact_end"),
    path("<slug:election>/posko/<slug:code>/", post, name="posts_post"),
    path("<slug:election>/posko/<slug:code>/ubah/", edit, name="posts_edit"),
    path("<slug:election>/posko/<slug:code>/keadaan/", stand, name="posts_stand"),
    path("<slug:election>/posko/<slug:code>/hidup/", beat, name="posts_beat"),
    path("<slug:election>/posko/<slug:code>/catat/", note_add, name="posts_note_add"),
    path("<slug:election>/posko/<slug:code>/kontak/", contact_add, name="posts_contact_add"),
]
SENTENCES: dict[str, str] = {
    "posts.bad_code": "Kode pos hanya huruf besar, angka, dan tanda hubung, 3 sampai 24 tanda. Contoh: PPK-GANTUNG.",
    "posts.code_taken": "Kode {code} sudah dipakai pos lain. Pilih kode lain.",
    "posts.bad_name": "Tulis nama pos, 3 sampai {longest} huruf.",
    "posts.wrong_parent": "Pos jenis {kind} tidak berdiri di bawah {parent}. Pilih jenis dan induk yang cocok; buka induknya lebih dulu.",
    "posts.unknown_place": "Tempat {place} tidak ada di wilayah ini. Pilih dari daftar.",
    "posts.no_area": "Pilih paling sedikit satu desa yang dilayani.",
    "posts.no_service": "Pilih paling sedikit satu layanan.",
    "posts.bad_hours": "Periksa jam buka: tulis jam mulai sebelum jam selesai, misalnya 08:00 dan 16:00, paling sedikit satu hari.",
    "posts.bad_beat": "Detak diminta setiap 1 sampai 24 jam buka.",
    "posts.unknown": "{what} tidak ada.",
    "posts.other_side": "Pos {post} diurus lembaga lain. Anda dapat melihatnya, tidak mengubahnya.",
    "posts.closed_post": "Pos {post} ditutup. Buka lagi pos itu lebih dulu.",
    "posts.elsewhere": "Pos {post} dijaga di tempat lain; di sini ia hanya puncak rekap, tanpa piket, buku jaga, dan detak.",
    "posts.already_so": "{what} sudah begitu; tidak ada yang berubah.",
    "posts.bad_reason": "Pilih alasan dari daftar.",
    "posts.bad_person": "“{person}” bukan akun di pihak ini. Pilih dari daftar, atau tulis kode petugas tanpa akun, misalnya PIKET-07.",
    "posts.bad_shift": "Pilih hari dan jam piket. Piket paling lama 24 jam, dan tidak dicatat mundur lebih dari sehari.",
    "posts.overlap": "Orang itu sudah piket di {post} pada {date} mulai {time}. Satu orang tidak di dua pos sekaligus.",
    "posts.shift_over": "Piket {shift} sudah lewat dan tetap tercatat.",
    "posts.bad_note": (
        "Catatan belum dapat disimpan. Periksa waktunya (sudah terjadi, paling lama 48 jam ke belakang), jumlah orang (0 sampai 999), "
        "jenis dan lawan bicara dari daftar, dan panjang tulisan."
    ),
    "posts.needs_second": "Sesudah sepuluh menit, atau catatan orang lain, {number} dicoret bersama orang kedua.",
    "posts.bad_contact": "Kontak adalah kantor dan cara mencapainya; pilih keduanya dari daftar.",
}
TASKS: dict[str, tuple[str, str]] = {
    "posts.beat": ("Ketuk “Posko hidup” di {label}", "desk:posts_beat"),
    "posts.gaps": ("Isi {label} celah dalam jadwal piket tiga hari ini", "desk:posts_roster"),
    "posts.rollup": ("Lihat rekap posko: {label} pos diam", "desk:posts_rollup"),
}
HITS: dict[str, str] = {"post": "desk:posts_post"}
SIGNALS: dict[str, tuple[str, str]] = {
    "R19": (
        "{post} diam: {missed} detak terlewat, diminta setiap {hours} jam buka. Keadaan {desa} desa di wilayahnya tidak diketahui.",
        "desk:posts_post",
    ),
}
