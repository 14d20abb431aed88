"""Stage rakor: screens. Before: agenda, letter, answers, calendar. During: who came, frozen numbers, decisions. After: what became of them.

The frozen pack in all its forms is in `desk.packs`, the minutes in `desk.minutes`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import disputes, materials, shell
from posko.desk import evidence as evidence_desk
from posko.desk import record as journal
from posko.domain import access as access_rules
from posko.domain import rakor as rules
from posko.domain import record as facts
from posko.formats import calendar as ics
from posko.formats import document, invitation, table, text
from posko.formats import rakor as printed
from posko.store import minutes, rakor, record

WIB = timezone(timedelta(hours=7))
INVITED = ("KPU", "PEMDA", "KEJARI", "POLRES", "BAWASLU")
DECISION_STATES = {
    "verified": ("done", "selesai, diperiksa"),
    "done": ("done", "selesai dilaporkan"),
    "overdue": ("overdue", "lewat tenggat"),
    "open": ("waiting", "berjalan"),
}
ANSWERS = {rules.Answer.YES: "hadir", rules.Answer.DELEGATED: "diwakilkan", rules.Answer.NO: "berhalangan"}
ANSWER_STATES = {rules.Answer.YES: "done", rules.Answer.DELEGATED: "done", rules.Answer.NO: "overdue"}
KIND_WORDS = {
    "decision": "keputusan", "recommendation": "rekomendasi", "request": "permintaan", "deadline": "tenggat", "shortage": "kekurangan",
    "aght": "AGHT", "person": "ditambahkan",
}  # fmt: skip
STEP_WORDS = {
    rules.Act.PROGRESS: "Kemajuan", rules.Act.ASK_LATER: "Minta tenggat baru", rules.Act.GRANT: "Tenggat baru disetujui",
    rules.Act.DENY: "Tenggat baru ditolak", rules.Act.DONE: "Dilaporkan selesai", rules.Act.VERIFY: "Diperiksa: sesuai",
    rules.Act.RETURN: "Diperiksa: belum sesuai",
}  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_FILES = 5
LATE_ENTRY = timedelta(days=1)
"""A meeting that nobody entered ahead may be entered until a day after it began."""


# --- what every page of a meeting shows ----------------------------------------------------------------------------------


def _found(election: str, code: str, at: datetime) -> rules.Meeting:
    try:
        return rakor.meeting(election, code, at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal


def head(request: shell.Request, election: str, found: rules.Meeting) -> dict[str, Any]:
    """What "desk/rakor/_head.html" needs on every page of a meeting: the meeting, its newest frozen numbers and their hash."""
    newest = next(iter(rakor.snapshots(election, request.at, found.code)), None)
    return {
        "meeting": found,
        "frozen": newest,
        "may_read": rules.may_read(request.person.agency, found),
        "may_write": shell.may(request, "rakor.write"),
        "began": request.at >= found.starts_at,
        "may_minutes": shell.may(request, "minutes.read"),
    }


def _decision_rows(request: shell.Request, decided: list[rules.Decision]) -> list[dict[str, Any]]:
    found = []
    for d in decided:
        state, word = DECISION_STATES[d.state(request.at)]
        about = {name: getattr(d, name) for name in ("code", "text", "due_at", "mark", "answer", "version", "item", "snapshot", "meeting")}
        asked = d.asked_due_at if d.done_at is None else None
        found.append({**about, "owner": printed.agency_name(d.owner), "state": state, "word": word, "asked": asked})
    return found


@shell.page("rakor.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """All meetings with their newest pack and their minutes, and all decisions."""
    final = {f.meeting: f for f in minutes.listing(election, request.at)}
    meetings = []
    for m in rakor.meetings(election, request.at):
        newest = next(iter(rakor.snapshots(election, request.at, m.code)), None)
        about = {name: getattr(m, name) for name in ("code", "title", "place", "starts_at", "mark", "cancelled")}
        present = ", ".join(printed.agency_name(a.agency) for a in m.agencies if a.attended)
        meetings.append({**about, "present": present, "snapshot": newest, "minutes": final.get(m.code)})
    decided = rakor.decisions(election, request.at)
    context = {
        "meetings": meetings,
        "decisions": _decision_rows(request, decided),
        "overdue": sum(d.overdue(request.at) for d in decided),
        "may_write": shell.may(request, "rakor.write"),
        "feed": rakor.feed_since(request.person.id, request.at),
    }
    return render(request, "desk/rakor/index.html", context)


@shell.page("rakor.read")
def meeting(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One meeting: agenda and answers before it; who came, packs and decisions; what changed; its minutes."""
    return _meeting_page(request, election, _found(election, code, request.at))


def _meeting_page(request: shell.Request, election: str, found: rules.Meeting, typed: Any = None) -> HttpResponse:
    code, agenda = found.code, rakor.agenda(election, found.code, request.at)
    decided = rakor.decisions(election, request.at, code)
    sent, said = rakor.invitations(election, code, request.at), rakor.replies(election, code, request.at)
    context = {
        **head(request, election, found),
        **materials.context(request, found),
        **disputes.context(request, found),
        "agencies": [_agency_row(found, a, said.get(a.agency), sent[-1].host if sent else "") for a in found.agencies],
        "absent": [(a.agency, printed.agency_name(a.agency)) for a in found.agencies if not a.attended],
        "others": [(a, printed.agency_name(a)) for a in INVITED if a not in {x.agency for x in found.agencies}],
        "present": found.present,
        "snapshots": rakor.snapshots(election, request.at, code),
        "differences": _differences(election, found, request.at),
        "decisions": _decision_rows(request, decided),
        "agenda": agenda,
        "items": _items(agenda),
        "sent": sent[-1] if sent else None,
        "stale": bool(sent) and _stale(found, agenda, sent[-1]),
        "final": minutes.of_meeting(election, code, request.at),
        "versions": rakor.changes(election, code, request.at),
        "may_freeze": shell.may(request, "rakor.freeze"),
        "may_reply": shell.may(request, "rakor.reply")
        and request.person.agency in found.invited
        and not (sent and sent[-1].host == request.person.agency),
        "mine": said.get(request.person.agency),
        "owners": [(a.agency, printed.agency_name(a.agency)) for a in found.agencies],
        "typed": typed or {},
        "due_day": (request.at.astimezone(WIB) + timedelta(days=7)).date(),
        "now_hour": request.at.astimezone(WIB),
        "most_people": rules.MOST_PEOPLE,
    }
    return render(request, "desk/rakor/meeting.html", context)


def _agency_row(found: rules.Meeting, a: rules.Attendance, said: rules.Reply | None, host: str) -> dict[str, Any]:
    current = said is not None and said.version == found.version
    silent = ("plain", "tuan rumah") if a.agency == host else ("waiting", "belum menjawab")
    return {
        "code": a.agency,
        "name": printed.agency_name(a.agency),
        "there": a,
        "reply": said,
        "current": current,
        "reply_state": ANSWER_STATES[said.answer] if said and current else silent[0] if said is None else "waiting",
        "reply_word": silent[1] if said is None else ANSWERS[said.answer] if current else f"{ANSWERS[said.answer]} untuk waktu lama",
    }


def _items(agenda: rules.Agenda) -> list[dict[str, Any]]:
    rows = []
    for number, m in enumerate(agenda.items, start=1):
        why = invitation.reason({"why": m.why, "due_at": m.due_at.isoformat() if m.due_at else "", "weight": m.weight})
        rows.append(
            {"number": number, "key": m.key, "label": m.label, "kind": KIND_WORDS[m.kind], "why": why, "by_rule": m.kind != "person"}
        )
    return rows


def _stale(found: rules.Meeting, agenda: rules.Agenda, sent: rules.Invitation) -> bool:
    """Whether the letter that was sent no longer says what the meeting is."""
    rows = sent.said["agenda"]
    keys = [row["key"] for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return sent.meeting_version != found.version or keys != [m.key for m in agenda.items]


def _differences(election: str, found: rules.Meeting, at: datetime) -> list[dict[str, Any]]:
    """What changed: since the last frozen numbers before this meeting, and from its first to its last."""
    own = list(reversed(rakor.snapshots(election, at, found.code)))
    if not own:
        return []
    before = next((s for s in rakor.snapshots(election, at) if s.frozen_at < own[0].frozen_at and s.meeting != found.code), None)
    pairs = [(before, own[0], "Sejak rakor sebelumnya")] if before else []
    pairs += [(own[0], own[-1], "Selama rakor ini")] if len(own) > 1 else []
    if before and len(own) > 1:
        pairs.append((before, own[-1], "Dari rakor sebelumnya sampai penutup"))
    return [{"title": title, "before": a, "after": b, "rows": _changed(a, b)} for a, b, title in pairs]


def _changed(a: rules.Snapshot, b: rules.Snapshot) -> list[dict[str, Any]]:
    rows = []
    for d in rules.differences(a.sections, b.sections):
        sign = "+" if d.change > 0 else "−" if d.change < 0 else "±"
        rows.append(
            {
                "label": d.label, "code": d.code, "before": printed.amount(d.before, d.denominator_before),
                "after": printed.amount(d.after, d.denominator_after), "change": f"{sign}{text.angka(abs(d.change))}",
            }
        )  # fmt: skip
    return rows


# --- calling, moving, calling off ----------------------------------------------------------------------------------------


@shell.page("rakor.write")
def new(request: shell.Request, election: str) -> HttpResponse:
    """Call a rakor."""
    asked = set(request.POST.getlist("agency")) if request.method == "POST" else set(INVITED)
    if request.method == "POST":
        try:
            starts_at = _moment(request.POST.get("day", ""), request.POST.get("hour", ""))
            if starts_at <= request.at - LATE_ENTRY:
                raise rules.DeadlinePast(due=starts_at.isoformat())
            title, place, note = (request.POST.get(name, "").strip()[:160] for name in ("title", "place", "note"))
            called = rakor.call_meeting(
                election, title, place, starts_at, [a for a in INVITED if a in asked], shell.actor(request), request.at, note=note,
                duration_min=_whole(request.POST.get("duration", "120")),
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Rakor disimpan. Periksa agendanya, lalu kirim undangan.")
            return redirect("desk:rakor_meeting", election, called.code)
    agencies = [(code, printed.agency_name(code), code in asked) for code in INVITED]
    return render(request, "desk/rakor/new.html", {"agencies": agencies, "typed": request.POST})


@shell.page("rakor.write")
def change(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Another place or time, or no meeting at all: every invited agency is told and asked again."""
    found = _found(election, code, request.at)
    typed = request.POST
    if request.method == "POST":
        try:
            seen, reason = _whole(typed.get("seen", "0")), typed.get("reason", "").strip()[:400]
            if typed.get("act") == "cancel":
                rakor.cancel_meeting(election, code, reason, seen, shell.actor(request), request.at)
                shell.done(
                    request, "Rakor dibatalkan. Semua lembaga yang diundang mendapat tugas membacanya; kalender mereka ikut berubah."
                )
            else:
                starts_at = _moment(typed.get("day", ""), typed.get("hour", ""))
                place, minutes_ = typed.get("place", "").strip()[:160], _whole(typed.get("duration", "0"))
                rakor.change_meeting(election, code, place, starts_at, minutes_, reason, seen, shell.actor(request), request.at)
                shell.done(request, "Rakor dipindah. Semua lembaga diminta menjawab lagi. Kirim undangan versi baru.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:rakor_meeting", election, code)
    return render(request, "desk/rakor/change.html", {**head(request, election, found), "typed": typed})


# --- agenda ----------------------------------------------------------------------------------------------------------------


@shell.page("rakor.read")
def agenda(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The agenda: what the record offers, what people added, dropped and moved."""
    return _agenda_page(request, election, _found(election, code, request.at))


def _agenda_page(request: shell.Request, election: str, found: rules.Meeting, typed: Any = None) -> HttpResponse:
    now = rakor.agenda(election, found.code, request.at)
    sent = rakor.invitations(election, found.code, request.at)
    rows = sent[-1].said["agenda"] if sent else []
    told = {row["key"] for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    items = [{**row, "fresh": bool(sent) and row["key"] not in told} for row in _items(now)]
    context = {
        **head(request, election, found), "agenda": now, "items": items, "seen": rules.agenda_digest(now), "typed": typed or {},
        "sent": sent[-1] if sent else None, "open": not found.cancelled and minutes.of_meeting(election, found.code, request.at) is None,
    }  # fmt: skip
    return render(request, "desk/rakor/agenda.html", context)


@shell.page("rakor.write")
def agenda_edit(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Add, drop, restore or move an item, as it was seen."""
    found, typed = _found(election, code, request.at), request.POST
    if request.method == "POST":
        key, seen, who = typed.get("key", ""), typed.get("seen", ""), shell.actor(request)
        label, why, reason = typed.get("label", "").strip()[:200], typed.get("why", "").strip()[:120], typed.get("reason", "").strip()[:400]
        acts: dict[str, Callable[[], object]] = {
            "add": lambda: rakor.add_item(election, code, label, why, seen, who, request.at),
            "drop": lambda: rakor.drop_item(election, code, key, reason, seen, who, request.at),
            "restore": lambda: rakor.restore_item(election, code, key, seen, who, request.at),
            "up": lambda: rakor.move_item(election, code, key, -1, seen, who, request.at),
            "down": lambda: rakor.move_item(election, code, key, 1, seen, who, request.at),
        }
        try:
            acts.get(typed.get("act", ""), lambda: None)()
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _agenda_page(request, election, found, typed)
    return redirect("desk:rakor_agenda", election, code)


# --- letter and answers --------------------------------------------------------------------------------------------------


@shell.page("rakor.write")
def invite(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Look at the letter and send it: agenda, place and time are frozen in it."""
    found = _found(election, code, request.at)
    now, typed = rakor.agenda(election, code, request.at), request.POST
    if request.method == "POST":
        try:
            number, nature = typed.get("number", "").strip(), typed.get("nature", "penting")
            note = typed.get("note", "").strip()[:400]
            made = rakor.send_invitation(election, code, number, nature, typed.get("seen", ""), shell.actor(request), request.at, note)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            names = ", ".join(printed.agency_name(a) for a in found.invited)
            shell.done(request, f"Undangan versi {made.version} masuk ke tugas {names}. Cetak suratnya untuk ditandatangani.")
            return redirect("desk:rakor_meeting", election, code)
    sent = rakor.invitations(election, code, request.at)
    context = {
        **head(request, election, found), "items": _items(now), "seen": rules.invitation_seen(found, now), "typed": typed, "sent": sent,
        "natures": invitation.NATURES.items(),
        "names": [invitation.office(a, record.installation().name) for a in found.invited if a != request.person.agency],
        "reply_by": rules.reply_by(found, request.at), "stale": bool(sent) and _stale(found, now, sent[-1]),
    }  # fmt: skip
    return render(request, "desk/rakor/invite.html", context)


@shell.page("rakor.read")
def letter(request: shell.Request, election: str, code: str, version: int) -> HttpResponse:
    """A letter as it was sent, `?untuk=POLRES` for one agency, `?kertas=f4`; the same bytes every time."""
    found = _found(election, code, request.at)
    sent = [i for i in rakor.invitations(election, code, request.at) if i.version == version]
    if not sent or not rakor.concerns(found, request.person.agency):
        raise Http404(version)
    if sent[0].erased:
        paper = {
            "Undangan": f"{code}, versi {version}", "Nomor": str(sent[0].said["number"]), "Dikirim": text.waktu(sent[0].sent_at),
            "Sidik jari": sent[0].digest,
        }  # fmt: skip
        return journal.withdrawn(request, election, f"rakor:{code}", paper)
    asked = request.GET.get("untuk", "")
    to = [asked] if asked in found.invited and asked != sent[0].host else list(found.invited)
    values = invitation.letter(sent[0], to, record.installation().name, _paper(request))
    return _pdf(document.pdf("undangan-rakor", values, sent[0].sent_at), f"undangan-{code}-{version}")


def _paper(request: shell.Request) -> str:
    return "f4" if request.GET.get("kertas") == "f4" else "a4"


def _pdf(data: bytes, name: str) -> HttpResponse:
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


@shell.page("rakor.reply")
def reply(request: shell.Request, election: str, code: str) -> HttpResponse:
    """An invited agency says whether it comes; made for a telephone."""
    found, typed, agency = _found(election, code, request.at), request.POST, request.person.agency
    if request.method == "POST":
        try:
            if typed.get("act") == "notice":
                rakor.acknowledge_cancelled(election, code, shell.actor(request), request.at)
                shell.done(request, "Tercatat: lembaga Anda tahu bahwa rakor ini batal.")
            else:
                answer = rules.Answer(typed["answer"]) if typed.get("answer") in set(rules.Answer) else None
                if answer is None:
                    raise rules.BadCount(most=rules.MOST_PEOPLE)
                people = 0 if answer is rules.Answer.NO else _whole(typed.get("people", ""))
                office, seen = typed.get("office", "").strip()[:80], _whole(typed.get("seen", "0"))
                rakor.reply(election, code, answer, people, office, seen, shell.actor(request), request.at)
                shell.done(request, f"Jawaban {printed.agency_name(agency)} disimpan: {ANSWERS[answer]}.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:rakor_meeting", election, code)
    sent = rakor.invitations(election, code, request.at)
    context = {
        **head(request, election, found), "sent": sent[-1] if sent else None, "mine": rakor.replies(election, code, request.at).get(agency),
        "invited": agency in found.invited, "agency": printed.agency_name(agency), "typed": typed, "most": rules.MOST_PEOPLE,
        "answers": [(a.value, w) for a, w in ANSWERS.items()], "items": sent[-1].said["agenda"] if sent else [],
        "mine_word": ANSWERS[m.answer] if (m := rakor.replies(election, code, request.at).get(agency)) else "",
    }  # fmt: skip
    return render(request, "desk/rakor/reply.html", context)


# --- calendar --------------------------------------------------------------------------------------------------------------


def _event(election: str, m: rules.Meeting) -> ics.Entry:
    title = f"{m.mark} {m.title}".strip()
    uid = f"{election}-{m.code}@{record.installation().id}.posko".lower()
    return ics.Entry(uid, m.version - 1, title, m.place, m.starts_at, m.ends_at, m.changed_at or m.starts_at, m.cancelled)


@shell.page("rakor.read")
def download(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One meeting for a calendar."""
    data = ics.ics([_event(election, _found(election, code, request.at))], "Rakor Pemilu")
    return HttpResponse(data, content_type=ics.CONTENT_TYPE, headers={"Content-Disposition": f'attachment; filename="{code.lower()}.ics"'})


@shell.page("rakor.read")
def calendar(request: shell.Request, election: str) -> HttpResponse:
    """A person's own secret address for calendar programs: make it, renew it, revoke it. The address is shown once."""
    address = ""
    if request.method == "POST":
        if request.POST.get("act") == "close":
            rakor.close_feed(shell.actor(request), request.at)
            shell.done(request, "Alamat kalender dicabut. Program yang memakainya tidak mendapat apa-apa lagi.")
            return redirect("desk:rakor_calendar", election)
        token = rakor.open_feed(shell.actor(request), request.at)
        address = request.build_absolute_uri(reverse("desk:rakor_feed", args=[token]))
    context = {
        "address": address, "webcal": "webcal:" + address.partition(":")[2] if address else "",
        "since": rakor.feed_since(request.person.id, request.at),
        "meetings": [m for code, m in rakor.calendar(request.person, request.at) if code == election],
    }  # fmt: skip
    response = render(request, "desk/rakor/calendar.html", context)
    response["Cache-Control"] = "no-store"
    return response


def feed(request: Any, token: str) -> HttpResponse:
    """The calendar behind a secret address: no sign-in, since calendar programs have none. Times, places and titles only."""
    person = rakor.feed_person(token, request.at)
    if person is None:
        raise Http404("calendar")
    entries = [_event(code, m) for code, m in rakor.calendar(person, request.at)]
    data = ics.ics(entries, f"Rakor {record.installation().name}")
    headers = {"Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
    return HttpResponse(data, content_type=ics.CONTENT_TYPE, headers=headers)


feed.act = "PUBLIC"  # type: ignore[attr-defined]  # the secret address is the key; the route table of the tests reads it


# --- during ------------------------------------------------------------------------------------------------------------------


@shell.page("rakor.freeze")
def attend(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Note that an agency came: when, how many, and the office of the one who signs; or several at once, just now."""
    found, typed = _found(election, code, request.at), request.POST
    if request.method == "POST":
        known = {a.agency for a in found.agencies} | set(INVITED)
        wanted = [a for a in typed.getlist("agency") if a in known]
        try:
            if not wanted:
                raise rules.NoAgency()
            if "hour" in typed and len(wanted) == 1:
                day = found.starts_at.astimezone(WIB).strftime("%Y-%m-%d")
                arrived_at = _moment(day, typed["hour"]) if typed["hour"].strip() else request.at
                people, office = _whole(typed.get("people", "1") or "0"), typed.get("office", "").strip()[:80]
                there = rules.Attendance(wanted[0], True, "", arrived_at, office, people)
                rakor.arrive(election, code, there, shell.actor(request), request.at)
            else:
                rakor.attend(election, code, wanted, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _meeting_page(request, election, found, typed)
        shell.done(request, f"Kehadiran {', '.join(printed.agency_name(a) for a in wanted)} disimpan.")
    return redirect(reverse("desk:rakor_meeting", args=[election, code]) + "#hadir")


@shell.page("rakor.freeze")
def strike(request: shell.Request, election: str, code: str) -> HttpResponse:
    """An agency was noted as present in error."""
    _found(election, code, request.at)
    if request.method == "POST":
        agency = request.POST.get("agency", "")[:20]
        try:
            rakor.strike(election, code, agency, request.POST.get("reason", "").strip()[:400], shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Catatan hadir {printed.agency_name(agency)} dicoret. Catatan lamanya tetap di jurnal.")
    return redirect(reverse("desk:rakor_meeting", args=[election, code]) + "#hadir")


@shell.page("rakor.freeze")
def freeze(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Freeze the numbers as they stand now."""
    if request.method == "POST":
        _found(election, code, request.at)
        try:
            frozen = rakor.freeze(election, code, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Angka dibekukan sebagai {frozen.code}. Sidik jari {frozen.digest[:16]}…")
            return redirect("desk:rakor_snapshot", election, frozen.code)
    return redirect("desk:rakor_meeting", election, code)


@shell.page("rakor.freeze")
def decide(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Record a decision; it becomes a task of its owner. One line, Enter, the next."""
    found, typed = _found(election, code, request.at), request.POST
    if request.method == "POST":
        try:
            due_at = _moment(typed.get("due", ""), "23:59")
            keys = {m.key for m in rakor.agenda(election, code, request.at).items}
            item = typed.get("item", "") if typed.get("item", "") in keys else ""
            words, owner = typed.get("text", "").strip()[:600], typed.get("owner", "")
            made = rakor.decide(election, code, words, owner, due_at, shell.actor(request), request.at, item=item)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _meeting_page(request, election, found, typed)
        shell.done(request, f"Keputusan {made.code} disimpan dan masuk ke tugas {printed.agency_name(made.owner)}.")
    return redirect(reverse("desk:rakor_meeting", args=[election, code]) + "?putuskan#putuskan")


# --- after: what became of a decision ------------------------------------------------------------------------------------


@shell.page("rakor.read")
def decision(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One decision: its versions, what has happened, what proves it, and what this agency may do now."""
    return _decision_page(request, election, code)


def _decision_page(request: shell.Request, election: str, code: str, typed: Any = None) -> HttpResponse:
    d, found = _decided(request, election, code)
    answers = shell.may(request, "rakor.answer")
    allowed = set(rules.allowed_steps(d, request.person.agency, request.at)) if answers else set()
    if not shell.may(request, "rakor.write"):
        allowed -= {rules.Act.GRANT, rules.Act.DENY}
    older = rakor.versions(election, code, request.at)
    context = {
        **head(request, election, found),
        "d": d,
        "known_text": record.unerased(d.text),
        "row": _decision_rows(request, [d])[0],
        "verified_by": printed.agency_name(d.verified_by),
        "steps": [{"step": s, "word": STEP_WORDS[s.act], "agency": printed.agency_name(s.agency)} for s in d.steps],
        "versions": [{"d": v, "reason": why, "owner": printed.agency_name(v.owner)} for v, why in older],
        "allowed": {a.value: True for a in allowed},
        "may_correct": shell.may(request, "rakor.write") and d.done_at is None and not found.cancelled,
        "owners": [(a.agency, printed.agency_name(a.agency)) for a in found.agencies],
        "typed": typed or {},
        "next_day": (max(request.at, d.due_at).astimezone(WIB) + timedelta(days=7)).date(),
        "most_files": MOST_FILES,
        **evidence_desk.context(request, "rakor", f"decision:{code}"),
    }
    return render(request, "desk/rakor/decision.html", context)


def _decided(request: shell.Request, election: str, code: str) -> tuple[rules.Decision, rules.Meeting]:
    try:
        d = rakor.decision(election, code, request.at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal
    return d, _found(election, d.meeting, request.at)


@shell.page("rakor.answer")
def step(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The owner tells of progress, asks for a later day or reports the end with proof; another agency grants, verifies, returns."""
    _decided(request, election, code)
    typed = request.POST
    if request.method == "POST" and typed.get("act", "") in set(rules.Act):
        act = rules.Act(typed["act"])
        if act in {rules.Act.GRANT, rules.Act.DENY} and not shell.may(request, "rakor.write"):
            return shell.denied(request, "rakor.write", access_rules.Decision(False, "role"))
        try:
            due_at = _moment(typed.get("due", ""), "23:59") if act is rules.Act.ASK_LATER else None
            kept = evidence_desk.sent(request, MOST_FILES)
            rakor.take_step(election, code, act, typed.get("text", "").strip()[:600], shell.actor(request), request.at, due_at, kept)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _decision_page(request, election, code, typed)
        shell.done(request, f"{code}: {STEP_WORDS[act].lower()}. Tercatat.")
    return redirect("desk:rakor_decision", election, code)


@shell.page("rakor.write")
def correct(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A decision written anew; the old words stay readable."""
    _decided(request, election, code)
    typed = request.POST
    if request.method == "POST":
        try:
            due_at = _moment(typed.get("due", ""), "23:59")
            words, reason = typed.get("text", "").strip()[:600], typed.get("reason", "").strip()[:400]
            seen, owner = _whole(typed.get("seen", "0")), typed.get("owner", "")
            made = rakor.correct(election, code, words, owner, due_at, reason, seen, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _decision_page(request, election, code, typed)
        shell.done(request, f"{code} kini versi {made.version}. Versi lama tetap terbaca.")
    return redirect("desk:rakor_decision", election, code)


@shell.page("rakor.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """All decisions and what became of them."""
    rows: list[list[Any]] = [
        ["Kode", "Versi", "Rakor", "Keputusan", "Pelaksana", "Diputuskan", "Tenggat", "Tenggat semula", "Keadaan", "Dilaporkan selesai",
         "Yang dilakukan", "Diperiksa oleh", "Dasar angka", "Tanda"],
    ]  # fmt: skip
    for d in rakor.decisions(election, request.at):
        rows.append(
            [d.code, d.version, d.meeting, d.text, printed.agency_name(d.owner), text.waktu(d.decided_at), text.waktu(d.due_at),
             text.waktu(d.first_due_at or d.due_at), DECISION_STATES[d.state(request.at)][1], text.waktu(d.done_at) if d.done_at else "",
             d.answer, printed.agency_name(d.verified_by), d.snapshot, d.mark]
        )  # fmt: skip
    data = table.xlsx({"Keputusan": rows})
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="keputusan-rakor.xlsx"'})


def _moment(day: str, hour: str) -> datetime:
    """A day and an hour typed in WIB. NotAMoment."""
    found = text.typed_moment(f"{day.strip()}T{hour.strip()}")
    if found is None:
        raise rules.NotAMoment(typed=f"{day} {hour}".strip()[:30])
    return found


def _whole(typed: str) -> int:
    """A whole number as typed; -1, which no rule takes, for anything else."""
    cleaned = typed.strip()
    return int(cleaned) if cleaned.isascii() and cleaned.isdigit() and len(cleaned) <= 6 else -1


urlpatterns = [
    path("kalender/<str:token>.ics", feed, name="rakor_feed"),
    path("<slug:election>/rakor/", index, name="rakor"),
    path("<slug:election>/rakor/baru/", new, name="rakor_new"),
    path("<slug:election>/rakor/kalender/", calendar, name="rakor_calendar"),
    path("<slug:election>/rakor/keputusan.xlsx", export, name="rakor_export"),
    path("<slug:election>/rakor/rapat/<slug:code>/", meeting, name="rakor_meeting"),
    path("<slug:election>/rakor/rapat/<slug:code>/rakor.ics", download, name="rakor_ics"),
    path("<slug:election>/rakor/rapat/<slug:code>/ubah/", change, name="rakor_change"),
    path("<slug:election>/rakor/rapat/<slug:code>/agenda/", agenda, name="rakor_agenda"),
    path("<slug:election>/rakor/rapat/<slug:code>/agenda/ubah/", agenda_edit, name="rakor_agenda_edit"),
    path("<slug:election>/rakor/rapat/<slug:code>/undang/", invite, name="rakor_invite"),
    path("<slug:election>/rakor/rapat/<slug:code>/undangan-<int:version>.pdf", letter, name="rakor_letter"),
    path("<slug:election>/rakor/rapat/<slug:code>/jawab/", reply, name="rakor_reply"),
    path("<slug:election>/rakor/rapat/<slug:code>/hadir/", attend, name="rakor_attend"),
    path("<slug:election>/rakor/rapat/<slug:code>/coret/", strike, name="rakor_strike"),
    path("<slug:election>/rakor/rapat/<slug:code>/bekukan/", freeze, name="rakor_freeze"),
    path("<slug:election>/rakor/rapat/<slug:code>/putuskan/", decide, name="rakor_decide"),
    path("<slug:election>/rakor/keputusan/<slug:code>/", decision, name="rakor_decision"),
    path("<slug:election>/rakor/keputusan/<slug:code>/langkah/", step, name="rakor_step"),
    path("<slug:election>/rakor/keputusan/<slug:code>/perbaiki/", correct, name="rakor_correct"),
]
SENTENCES: dict[str, str] = {
    "rakor.not_canonical": "Angka tidak dapat dibekukan: isi {path} bukan teks atau bilangan bulat.",
    "rakor.no_agency": "Pilih lembaga.",
    "rakor.untitled": "Isi judul, tempat, atau kalimatnya.",
    "rakor.deadline_past": "Tanggal itu sudah lewat, atau tidak sesudah tenggat yang berlaku. Pilih hari yang lebih kemudian.",
    "rakor.not_invited": "Lembaga {agency} tidak ikut rakor ini, jadi tidak dapat menjadi pelaksana atau menjawab undangannya.",
    "rakor.nothing_frozen": "Bekukan angka dahulu; keputusan merujuk paket yang dibekukan.",
    "rakor.unknown": "{thing} tidak ditemukan.",
    "rakor.already_done": "Keputusan {decision} sudah dilaporkan selesai.",
    "rakor.not_owner": "Hanya pelaksana yang dapat melaporkan {decision}.",
    "rakor.changed": "Isi {snapshot} tidak cocok lagi dengan sidik jarinya. Hubungi admin sistem.",
    "rakor.foreign": "Bentuk paket {layout} tidak dikenal program ini. Pakai versi Posko yang lebih baru.",
    "rakor.not_a_moment": "“{typed}” bukan tanggal dan jam. Isi keduanya.",
    "rakor.cancelled": "Rakor {meeting} sudah dibatalkan. Buat rakor baru bila tetap perlu bertemu.",
    "rakor.seen_older": "Isinya berubah sejak halaman ini dibuka. Periksa lagi, lalu ulangi.",
    "rakor.no_reason": "Tulis alasannya.",
    "rakor.nothing_changed": "Tidak ada yang berubah, jadi tidak ada versi baru.",
    "rakor.no_item": "Butir itu tidak ada di agenda. Muat ulang halamannya.",
    "rakor.no_agenda": "Agenda berisi satu sampai {most} butir. Tambah atau keluarkan butir dahulu.",
    "rakor.bad_number": (
        "“{typed}” bukan nomor atau sifat surat. Pakai huruf, angka, titik, garis miring; tanpa spasi. Contoh: 512/PP.09/1906/2023."
    ),
    "rakor.began": "Rakor {meeting} sudah mulai, jadi ini tidak dapat diubah lagi.",
    "rakor.not_sent": "Undangan rakor {meeting} belum dikirim, jadi belum ada yang dijawab.",
    "rakor.bad_count": "Pilih jawaban, dan isi bilangan bulat sampai {most}. Yang berhalangan: 0 orang.",
    "rakor.not_an_office": "Tulis jabatannya, bukan nama orang. Contoh: Kabag Ops. Yang tertulis: “{typed}”.",
    "rakor.already_there": "{agency} sudah dicatat hadir. Coret dahulu bila catatannya salah.",
    "rakor.not_there": "{agency} tidak tercatat hadir.",
    "rakor.wrong_arrival": "Jam tiba harus pada hari rakor dan tidak sesudah sekarang.",
    "rakor.own_work": "Pelaksana tidak memeriksa pekerjaannya sendiri dan tidak menyetujui tenggatnya sendiri. Minta lembaga lain.",
    "rakor.not_done": "{decision} belum dilaporkan selesai, jadi belum ada yang diperiksa.",
    "rakor.nothing_asked": "{decision}: tidak ada permintaan tenggat yang menunggu, atau permintaannya belum dijawab.",
    "rakor.not_chair": "Hanya KPU atau Kejari yang menyetujui tenggat baru {decision}.",
    "rakor.verified": "{decision} sudah diperiksa dan ditutup.",
}  # fmt: skip
TASKS: dict[str, tuple[str, str]] = {
    "rakor.send": ("Periksa agenda dan kirim undangan {label}", "desk:rakor_invite"),
    "rakor.reply": ("Jawab undangan {label}", "desk:rakor_reply"),
    "rakor.moved": ("Rakor dipindah, jawab lagi: {label}", "desk:rakor_reply"),
    "rakor.cancelled": ("Rakor dibatalkan, baca: {label}", "desk:rakor_reply"),
    "rakor.chase": ("Tanyakan kehadiran {label}", "desk:rakor_meeting"),
    "rakor.decision": ("Laksanakan keputusan {label}", "desk:rakor_decision"),
    "rakor.later": ("Jawab permintaan tenggat baru {label}", "desk:rakor_decision"),
    "rakor.verify": ("Periksa keputusan yang dilaporkan selesai {label}", "desk:rakor_decision"),
}
HITS: dict[str, str] = {"rakor": "desk:rakor_meeting", "decision": "desk:rakor_decision"}
