"""Stage rakor: meetings, who came, frozen snapshots, decisions and what became of them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import places as place_rules
from posko.domain import rakor as rules
from posko.domain import readiness as readiness_rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.formats import map
from posko.store import aght, distribution, dpt, needs, places, readiness, receipts, recommendations, record, regulation

Row = TypeVar("Row", bound=models.Model)


class Meeting(models.Model):
    """A rakor and who was asked to come."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    title = models.CharField(max_length=160)
    place = models.CharField(max_length=160)
    starts_at = models.DateTimeField()
    invited = models.JSONField(default=list)
    note = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_meeting"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="rakor_meeting_code"),)


class Attendance(models.Model):
    """An agency came."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_attendance"
        constraints = (models.UniqueConstraint(fields=["meeting", "agency"], name="rakor_attendance_once"),)


class Snapshot(models.Model):
    """Frozen numbers: the exact bytes and their digest. Written once."""

    code = models.CharField(max_length=20)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_snapshot"


class Decision(models.Model):
    """Something decided, on one snapshot."""

    code = models.CharField(max_length=20)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    snapshot = models.CharField(max_length=20)
    text = models.CharField(max_length=600)
    owner = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_decision"


class Done(models.Model):
    """The owner says a decision has been carried out, and how."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=600)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_done"


# --- what is recorded ----------------------------------------------------------------------------------------------------


def call_meeting(
    election: str,
    title: str,
    place: str,
    starts_at: datetime,
    invited: Iterable[str],
    actor: facts.Actor,
    at: datetime,
    note: str = "",
    mark: str = "",
) -> rules.Meeting:
    """Call a rakor. Untitled, NoAgency."""
    agencies = list(dict.fromkeys(invited))
    with transaction.atomic():
        code = f"RKR-{Meeting.objects.filter(election=election).count() + 1:03}"
        called = rules.Meeting(code, title, place, starts_at, tuple(rules.Attendance(a, False) for a in agencies), mark, note)
        said = {"title": title, "place_name": place, "starts_at": starts_at.isoformat(), "invited": " ".join(agencies), "mark": mark}
        prepared = record.prepare([_draft("rakor.called", election, f"rakor:{code}", actor, at, said)], at)
        Meeting.objects.create(
            code=code,
            election=election,
            title=title,
            place=place,
            starts_at=starts_at,
            invited=agencies,
            note=note,
            mark=mark,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return called


def attend(election: str, meeting: str, agencies: Iterable[str], actor: facts.Actor, at: datetime) -> None:
    """These agencies came. Those already noted stay noted."""
    with transaction.atomic():
        row = _meeting_row(election, meeting, at)
        there = set(Attendance.objects.filter(meeting=row).values_list("agency", flat=True))
        new = [a for a in dict.fromkeys(agencies) if a not in there]
        drafts = [_draft("rakor.attended", election, f"rakor:{meeting}", actor, at, {"agency": a}) for a in new]
        prepared = record.prepare(drafts, at)
        Attendance.objects.bulk_create(
            Attendance(meeting=row, agency=a, occurred_at=at, entry_id=entry.entry_id) for a, entry in zip(new, prepared, strict=True)
        )
        record.append(prepared, at=at)


def freeze(election: str, meeting: str, actor: facts.Actor, at: datetime) -> rules.Snapshot:
    """Freeze the numbers as they stand at `at` for a meeting, under one hash."""
    with transaction.atomic():
        row = _meeting_row(election, meeting, at)
        sections = collect(election, meeting, at)
        content, digest = rules.freeze(sections), rules.digest(sections)
        code = f"SNP-{Snapshot.objects.filter(meeting__election=election).count() + 1:03}"
        said = {"meeting": meeting, "digest": digest, "bytes": len(content), **_head(sections)}
        prepared = record.prepare([_draft("rakor.frozen", election, f"snapshot:{code}", actor, at, said)], at)
        entry_id = prepared[0].entry_id
        Snapshot.objects.create(
            code=code, meeting=row, content=content, digest=digest, person=actor.person, occurred_at=at, entry_id=entry_id
        )
        record.append(prepared, at=at)
    return rules.Snapshot(code, meeting, at, content, digest, entry_id)


def decide(
    election: str, meeting: str, text: str, owner: str, due_at: datetime, actor: facts.Actor, at: datetime, mark: str = ""
) -> rules.Decision:
    """The meeting decides something on its newest snapshot. NotInvited, NothingFrozen, DeadlinePast, Untitled."""
    with transaction.atomic():
        row = _meeting_row(election, meeting, at)
        newest = Snapshot.objects.filter(meeting=row, occurred_at__lte=at).order_by("-occurred_at", "-id").first()
        snapshot = newest.code if newest else ""
        rules.check_decision(_meeting(row, at), text, owner, due_at, snapshot, at)
        code = f"KPT-{Decision.objects.filter(meeting__election=election).count() + 1:03}"
        said = {
            "meeting": meeting,
            "snapshot": snapshot,
            "digest": newest.digest if newest else "",
            "text": text,
            "owner": owner,
            "mark": mark,
        }
        draft = _draft("rakor.decided", election, f"decision:{code}", actor, at, {**said, "due_at": due_at.isoformat()})
        prepared = record.prepare([draft], at)
        made = Decision.objects.create(
            code=code,
            meeting=row,
            snapshot=snapshot,
            text=text,
            owner=owner,
            due_at=due_at,
            mark=mark,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return _decision(made, None)


def report_done(election: str, decision: str, answer: str, actor: facts.Actor, at: datetime) -> None:
    """The owner reports a decision carried out. AlreadyDone, Untitled, NotOwner."""
    with transaction.atomic():
        row = _one(Decision.objects.filter(meeting__election=election, code=decision, occurred_at__lte=at), decision)
        rules.check_done(_decision(row, Done.objects.filter(decision=row).first()), answer, actor.agency)
        draft = _draft("rakor.decision_done", election, f"decision:{decision}", actor, at, {"answer": answer})
        prepared = record.prepare([draft], at)
        Done.objects.create(decision=row, answer=answer, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def _draft(kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, str | int]) -> facts.Draft:
    region = record.election(election).region
    return facts.Draft(kind=kind, election=election, subject=subject, place=region, actor=actor, occurred_at=at, facts=said)


def _head(sections: rules.Sections) -> dict[str, str | int]:
    journal = sections["journal"]
    assert isinstance(journal, dict)
    return {"journal_root": str(journal["root"]), "journal_size": str(journal["size"])}


# --- what is read --------------------------------------------------------------------------------------------------------


def meetings(election: str, at: datetime) -> list[rules.Meeting]:
    """Meetings called by then, newest first."""
    rows = Meeting.objects.filter(election=election, occurred_at__lte=at).order_by("-starts_at", "-id")
    return [_meeting(row, at) for row in rows]


def meeting(election: str, code: str, at: datetime) -> rules.Meeting:
    """One meeting. Unknown."""
    return _meeting(_meeting_row(election, code, at), at)


def snapshots(election: str, at: datetime, meeting: str = "") -> list[rules.Snapshot]:
    """Snapshots frozen by then, newest first; of one meeting or of all."""
    rows = Snapshot.objects.select_related("meeting").filter(meeting__election=election, occurred_at__lte=at)
    rows = rows.filter(meeting__code=meeting) if meeting else rows
    return [_snapshot(row) for row in rows.order_by("-occurred_at", "-id")]


def snapshot(election: str, code: str, at: datetime) -> rules.Snapshot:
    """One snapshot. Unknown; Changed where its bytes no longer match its digest."""
    rows = Snapshot.objects.select_related("meeting").filter(meeting__election=election, code=code, occurred_at__lte=at)
    return _snapshot(_one(rows, code))


def latest(election: str, at: datetime) -> rules.Snapshot | None:
    """The newest snapshot by then."""
    return next(iter(snapshots(election, at)), None)


def decisions(election: str, at: datetime, meeting: str = "") -> list[rules.Decision]:
    """Decisions taken by then, oldest first, with what has become of them."""
    rows = Decision.objects.select_related("meeting").filter(meeting__election=election, occurred_at__lte=at)
    rows = rows.filter(meeting__code=meeting) if meeting else rows
    done = {d.decision_id: d for d in Done.objects.filter(decision__in=rows, occurred_at__lte=at)}
    return [_decision(row, done.get(row.pk)) for row in rows.order_by("occurred_at", "id")]


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Decisions that this person's agency has not yet carried out."""
    return [
        facts.Task("rakor.decision", "rakor", f"decision:{d.code}", f"{d.code}: {d.text}", d.due_at, (d.meeting,))
        for d in decisions(election, at)
        if d.owner == person.agency and d.done_at is None
    ]


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Meetings by title, place or code."""
    word = text.strip().lower()
    found = [m for m in meetings(election, at) if word and word in f"{m.code} {m.title} {m.place}".lower()]
    return [facts.Hit("rakor", m.title, m.place, (m.code,)) for m in found]


# --- rows to values ------------------------------------------------------------------------------------------------------


def _one(rows: "models.QuerySet[Row]", code: str) -> Row:
    row = rows.first()
    if row is None:
        raise rules.Unknown(thing=code)
    return row


def _meeting_row(election: str, code: str, at: datetime) -> Meeting:
    return _one(Meeting.objects.filter(election=election, code=code, occurred_at__lte=at), code)


def _meeting(row: Meeting, at: datetime) -> rules.Meeting:
    there = list(Attendance.objects.filter(meeting=row, occurred_at__lte=at).order_by("id").values_list("agency", flat=True))
    agencies = tuple(rules.Attendance(a, a in there) for a in dict.fromkeys([*row.invited, *there]))
    return rules.Meeting(row.code, row.title, row.place, row.starts_at, agencies, row.mark, row.note)


def _snapshot(row: Snapshot) -> rules.Snapshot:
    return rules.Snapshot(row.code, row.meeting.code, row.occurred_at, bytes(row.content), row.digest, row.entry_id)


def _decision(row: Decision, done: Done | None) -> rules.Decision:
    return rules.Decision(
        code=row.code,
        meeting=row.meeting.code,
        text=row.text,
        owner=row.owner,
        due_at=row.due_at,
        decided_at=row.occurred_at,
        snapshot=row.snapshot,
        done_at=done.occurred_at if done else None,
        mark=row.mark,
        answer=done.answer if done else "",
    )


# --- what a snapshot holds -----------------------------------------------------------------------------------------------


def collect(election: str, meeting: str, at: datetime) -> dict[str, rules.Value]:
    """Every section of a snapshot as it stands at an instant: text and whole numbers, each figure with its source."""
    about = record.election(election)
    called = _meeting(_meeting_row(election, meeting, at), at)
    gauge = receipts.gauge(election, at)
    verdicts = readiness.verdicts(election, at)
    tps_list = places.tps_list(election)
    size, root = record.root()  # the head of the whole journal: what a witness can check later
    before = latest(election, at)
    run = dpt.current(election, at)
    marks = _marks(bool(run and run.estimate))
    figures = _figures(election, at, gauge, readiness_rules.summary(verdicts), len(tps_list), marks)
    kecamatan = {t.code: (t.kecamatan_code, t.kecamatan_name) for t in tps_list}
    sections: dict[str, rules.Value] = {
        "meeting": _meeting_section(called, about, at),
        "journal": {"size": size, "root": root},
        "agenda": _agenda(election, meeting, at, gauge),
        "figures": figures,
        "gauge": _gauge_section(gauge),
        "needs": [
            {"item": t.item, "name": t.name, "quantity": _known(t.quantity), "grade": str(t.grade)} for t in needs.totals(election, at)
        ],
        "readiness": _readiness_section(verdicts, kecamatan),
        "plan": _plan_section(election, at),
        "aght": {"nonce": secrets.token_hex(16), "rows": _aght_rows(election, at)},
        "recommendations": _recommendation_rows(election, at),
        "decisions": [_decision_row(d, at) for d in decisions(election, at)],
        "map": _picture(about.region, tps_list, verdicts),
    }
    sections["changes"] = _changes(before, sections)
    return sections


def _known(quantity: int | None) -> int:
    """-1 stands for a quantity that nobody knows: canonical JSON here has no null."""
    return -1 if quantity is None else quantity


def _marks(estimate: bool) -> list[str]:
    return ["PERKIRAAN"] if estimate else []


def _meeting_section(called: rules.Meeting, about: facts.Election, at: datetime) -> rules.Value:
    return {
        "code": called.code,
        "title": called.title,
        "place": called.place,
        "starts_at": called.starts_at.isoformat(),
        "agencies": [{"agency": a.agency, "attended": int(a.attended)} for a in called.agencies],
        "note": called.note,
        "mark": called.mark,
        "election": about.code,
        "election_name": about.name,
        "voting_at": about.voting_at.isoformat(),
        "frozen_at": at.isoformat(),
    }


def _figure(code: str, label: str, share: tuple[int, int], source: str, at: datetime, marks: Iterable[str] = ()) -> rules.Value:
    numerator, denominator = share
    return {
        "code": code,
        "label": label,
        "numerator": numerator,
        "denominator": denominator,
        "source": source,
        "at": at.isoformat(),
        "marks": list(marks),
    }


def _figures(
    election: str, at: datetime, gauge: receipt_rules.Gauge, ready: readiness_rules.Summary, tps: int, marks: list[str]
) -> list[rules.Value]:
    """The numbers the meeting speaks of, each with numerator, denominator (-1: none), source, time and marks."""
    run = dpt.current(election, at)
    found = [_figure("tps", "TPS", (tps, -1), "daftar TPS", at)]
    if run:
        found.append(_figure("voters", "Pemilih", (run.total, -1), f"DPT: {run.label}", run.occurred_at))
    for total in needs.totals(election, at):
        if total.quantity is not None and total.item in {"KOTAK", "BILIK", "TINTA", "SURAT_SUARA"}:
            estimated = marks if total.item == "SURAT_SUARA" else []
            found.append(
                _figure(f"need:{total.item}", f"Kebutuhan {total.name.lower()}", (total.quantity, -1), "rumus kebutuhan", at, estimated)
            )
    items = gauge.ordered_items or None
    words = {"ordered": "dipesan", "shipped": "dikirim", "received": "diterima", "accepted": "diterima baik"}
    for stage, word in words.items():
        share = gauge.units(stage, items)
        found.append(_figure(f"units:{stage}", f"Unit {word}, dari barang yang sudah dipesan", _pair(share), "penerimaan", at, gauge.marks))
    everything = gauge.units("accepted")
    found.append(
        _figure(
            "units:all", "Unit diterima baik, dari semua barang yang diketahui", _pair(everything), "penerimaan", at, [*gauge.marks, *marks]
        )
    )
    found.append(_figure("lines", "Baris barang yang lengkap", _pair(gauge.lines("accepted")), "penerimaan", at, gauge.marks))
    found.append(
        _figure("supply", "TPS yang barang kritisnya bisa lengkap", (gauge.tps.complete, gauge.tps.total), "penerimaan", at, gauge.marks)
    )
    found.append(_figure("ready", "TPS siap", (ready.ready, ready.total), "pemeriksaan TPS", at))
    found.append(_figure("not_ready", "TPS belum siap", (ready.not_ready, ready.total), "pemeriksaan TPS", at))
    found.append(_figure("unknown", "TPS belum diketahui", (ready.unknown, ready.total), "pemeriksaan TPS", at))
    return found


def _pair(share: receipt_rules.Share) -> tuple[int, int]:
    return share.numerator, share.denominator


def _gauge_section(gauge: receipt_rules.Gauge) -> rules.Value:
    rows: list[rules.Value] = []
    for r in gauge.rows:
        d = r.demand
        about: dict[str, rules.Value] = {"item": d.item, "name": d.name, "contest": d.contest, "dapil": d.dapil, "grade": d.grade}
        amounts = {
            name: getattr(r, name) for name in ("ordered", "shipped", "replaced", "received", "accepted", "damaged", "missing", "over")
        }
        rows.append(
            {
                **about,
                **amounts,
                "need": _known(d.quantity),
                "confirmed": int(d.confirmed),
                "marks": [*r.marks, *(["PERKIRAAN"] if d.estimate else [])],
            }
        )
    unknown: list[rules.Value] = [r.demand.name for r in gauge.unknown]
    return {"rows": rows, "unknown": unknown, "tps_complete": gauge.tps.complete, "tps_total": gauge.tps.total}


def _readiness_section(verdicts: list[readiness_rules.Verdict], kecamatan: dict[str, tuple[str, str]]) -> rules.Value:
    groups: dict[tuple[str, str], list[readiness_rules.Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(kecamatan[verdict.tps], []).append(verdict)
    rows: list[rules.Value] = []
    for (code, name), group in sorted(groups.items()):
        total = readiness_rules.summary(group)
        rows.append({"code": code, "name": name, "ready": total.ready, "not_ready": total.not_ready, "unknown": total.unknown})
    causes: list[rules.Value] = [
        {
            "state": state.value,
            "code": c.reason.code,
            "item": c.reason.item,
            "name": c.reason.name,
            "have": c.reason.have,
            "need": c.reason.need,
            "estimate": int(c.reason.estimate),
            "tps": len(c.tps),
        }
        for state in (readiness_rules.State.NOT_READY, readiness_rules.State.UNKNOWN)
        for c in readiness_rules.causes(verdicts, state)
    ]
    states: dict[str, rules.Value] = {v.tps: v.state.value for v in verdicts}
    return {"kecamatan": rows, "causes": causes, "tps": states}


def _aght_rows(election: str, at: datetime) -> list[rules.Value]:
    names = _place_names(election)
    return [
        {
            "code": a.code,
            "kind": a.kind.value,
            "title": a.title,
            "place": a.place,
            "place_name": names.get(a.place, a.place),
            "tps": len(a.tps),
            "p_permille": round(a.p * 1000),
            "loss_low": a.loss.low,
            "loss_mode": a.loss.mode,
            "loss_high": a.loss.high,
            "loss_expected": a.loss.expected,
            "standing": a.standing.value,
            "estimate": int(a.estimate),
        }
        for a in aght.register(election, at)
    ]


def _place_names(election: str) -> dict[str, str]:
    region = record.election(election).region
    names = {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
    names |= {d.code: f"Desa {d.name}" for d in places.desa_list(region)}
    names |= {k.code: f"Kec. {k.name}" for k in places.kecamatan_list(region)}
    return names | {s.code: s.name for s in places.sites(region)}


def _recommendation_rows(election: str, at: datetime) -> list[rules.Value]:
    """Issued ones only: a draft is the author's own until it is signed."""
    return [
        {
            "code": r.code,
            "number": r.number,
            "title": r.title,
            "addressee": r.addressee,
            "state": r.state.value,
            "due_at": r.due_at.isoformat() if r.due_at else "",
            "overdue": int(r.overdue(at)),
            "reason": r.reason,
        }
        for r in recommendations.listing(election, at)
        if r.issued_at is not None
    ]


def _decision_row(d: rules.Decision, at: datetime) -> rules.Value:
    return {
        "code": d.code,
        "meeting": d.meeting,
        "text": d.text,
        "owner": d.owner,
        "due_at": d.due_at.isoformat(),
        "decided_at": d.decided_at.isoformat(),
        "snapshot": d.snapshot,
        "state": "done" if d.done_at else "overdue" if d.overdue(at) else "open",
        "mark": d.mark,
    }


def _changes(before: rules.Snapshot | None, sections: rules.Sections) -> rules.Value:
    if before is None:
        return {"before": "", "digest": "", "rows": []}
    rows: list[rules.Value] = [
        {
            "code": d.code,
            "label": d.label,
            "before": d.before,
            "after": d.after,
            "change": d.change,
            "denominator_before": d.denominator_before,
            "denominator_after": d.denominator_after,
        }
        for d in rules.differences(before.sections, sections)
    ]
    return {"before": before.code, "digest": before.digest, "rows": rows}


def _agenda(election: str, meeting: str, at: datetime, gauge: receipt_rules.Gauge) -> list[rules.Value]:
    matters = [
        *_decision_matters(election, meeting, at),
        *_recommendation_matters(election, at),
        *_deadline_matters(election, at),
        *(
            rules.Matter("shortage", r.demand.item, r.demand.name, "kurang", None, r.open_quantity)
            for r in gauge.known()
            if r.ordered and r.open_quantity
        ),
        *(
            rules.Matter("aght", a.code, f"AGHT {a.code} ({a.kind.value})", "terbuka", None, a.loss.expected)
            for a in aght.register(election, at)
            if a.standing.value == "open"
        ),
    ]
    return [
        {
            "kind": m.kind,
            "code": m.code,
            "label": m.label,
            "why": m.why,
            "due_at": m.due_at.isoformat() if m.due_at else "",
            "weight": m.weight,
        }
        for m in rules.agenda(matters, at)
    ]


def _decision_matters(election: str, meeting: str, at: datetime) -> list[rules.Matter]:
    return [
        rules.Matter("decision", d.code, d.text, "keputusan belum dilaksanakan", d.due_at)
        for d in decisions(election, at)
        if d.done_at is None and d.meeting != meeting
    ]


def _recommendation_matters(election: str, at: datetime) -> list[rules.Matter]:
    """Issued ones that are open; what is late comes by itself, with the deadline that was missed."""
    late: dict[str, datetime] = {}
    for one in recommendations.escalated(election, at):
        late.setdefault(one.code, one.due_at)
    return [
        rules.Matter("recommendation", r.code, r.title, "lewat tenggat" if r.code in late else r.state.value, late.get(r.code, r.due_at))
        for r in recommendations.listing(election, at)
        if r.issued_at is not None and (not r.ended or r.code in late)
    ]


def _deadline_matters(election: str, at: datetime) -> list[rules.Matter]:
    near = at + timedelta(days=45)
    return [
        rules.Matter("deadline", m.code, m.name, "tenggat", m.due_at) for m in regulation.milestones(election, at) if at <= m.due_at <= near
    ]


def _plan_section(election: str, at: datetime) -> rules.Value:
    stored = distribution.current_plan(election, at)
    if stored is None:
        return {}
    return {**stored.summary(), "planned_at": stored.occurred_at.isoformat(), "marks": list(stored.marks)}


_WORST = ((readiness_rules.State.NOT_READY, "bad"), (readiness_rules.State.UNKNOWN, "unknown"), (readiness_rules.State.READY, "good"))
_STATE_WORDS = {"bad": "belum siap", "unknown": "belum diketahui", "good": "siap", "plain": "tanpa TPS"}


def _picture(region: str, tps_list: list[place_rules.Tps], verdicts: list[readiness_rules.Verdict]) -> str:
    """The map as it was: each desa and island by the worst of its TPS."""
    by_tps = {v.tps: v.state for v in verdicts}

    def worst(group: list[place_rules.Tps]) -> str:
        states = {by_tps[t.code] for t in group}
        return next((name for state, name in _WORST if state in states), "plain")

    desa = []
    for d in places.desa_list(region):
        group = [t for t in tps_list if t.desa_code == d.code and not t.island]
        state = worst(group)
        desa.append(map.Desa(d.code, d.name, d.lat, d.lon, state, _STATE_WORDS[state], weight=max(1, len(group)), group=d.kecamatan_name))
    islands = []
    for s in places.sites(region):
        group = [t for t in tps_list if t.island == s.code]
        if group and s.lat is not None and s.lon is not None:
            state = worst(group)
            islands.append(map.Island(s.code, s.name, s.lat, s.lon, state, _STATE_WORDS[state], detail=f"{len(group)} TPS"))
    title = f"Kesiapan {len(tps_list)} TPS"
    return map.svg(map.Map(title=title, region=region, desa=desa, islands=islands, boundaries=places.boundaries(region)))


# --- erasing words (see record.Unquoter) -------------------------------------------------------------------------------------


def unquote(election: str, texts: Sequence[str], mark: str) -> None:
    """Words of others that frozen packs quote: their bytes lose them, the digest of the pack stays."""
    for row in Snapshot.objects.filter(meeting__election=election):
        left = rules.without(bytes(row.content), texts, mark)
        if left != bytes(row.content):
            Snapshot.objects.filter(pk=row.pk).update(content=left)


QUOTES: dict[str, record.Unquoter] = {"rakor": unquote}
