"""Stage minutes: the parts of the minutes with their versions, what was frozen, amendments, who approved, objected and received.

A part is saved as a new row; nobody writes over another. Frozen minutes keep their exact bytes. The texts stand in the rows and in the
private part of their entries; where two people erase them, the frozen minutes keep code and hash and are shown as withdrawn.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import disputes as dispute_rules
from posko.domain import materials as material_rules
from posko.domain import minutes as rules
from posko.domain import rakor as rakor_rules
from posko.domain import record as facts
from posko.store import disputes, materials, rakor, record, reports


class MinutesSection(models.Model):
    """A version of one part of a meeting's minutes."""

    election = models.CharField(max_length=40)
    meeting = models.CharField(max_length=20)
    key = models.CharField(max_length=60)
    label = models.CharField(max_length=600)
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "minutes_section"
        constraints = (models.UniqueConstraint(fields=["election", "meeting", "key", "version"], name="minutes_section_version"),)


class MinutesFinal(models.Model):
    """Frozen minutes: the exact bytes and their digest. One for a meeting, written once."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    meeting = models.CharField(max_length=20)
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    recipients = models.JSONField(default=list)
    attended = models.JSONField(default=list)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "minutes_final"
        constraints = (
            models.UniqueConstraint(fields=["election", "meeting"], name="minutes_final_once"),
            models.UniqueConstraint(fields=["election", "code"], name="minutes_final_code"),
        )


class MinutesAmendment(models.Model):
    """A numbered correction of frozen minutes."""

    final = models.ForeignKey(MinutesFinal, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=60)
    text = models.CharField(max_length=1500)
    reason = models.CharField(max_length=400)
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "minutes_amendment"
        constraints = (models.UniqueConstraint(fields=["final", "number"], name="minutes_amendment_number"),)


class MinutesApproval(models.Model):
    """One agency's yes or objection to one version; the last one counts."""

    final = models.ForeignKey(MinutesFinal, on_delete=models.PROTECT, related_name="+")
    agency = models.CharField(max_length=20)
    voice = models.CharField(max_length=12)
    office = models.CharField(max_length=80)
    text = models.CharField(max_length=1500, blank=True)
    digest = models.CharField(max_length=64)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "minutes_approval"


class MinutesReceived(models.Model):
    """An agency confirms that it holds a version."""

    final = models.ForeignKey(MinutesFinal, on_delete=models.PROTECT, related_name="+")
    agency = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "minutes_received"
        constraints = (models.UniqueConstraint(fields=["final", "agency", "digest"], name="minutes_received_once"),)


# --- what is recorded ----------------------------------------------------------------------------------------------------


def save(election: str, meeting: str, key: str, text: str, seen: int, actor: facts.Actor, at: datetime) -> rules.Section:
    """The next version of one part; saving what already stands changes nothing.

    Unknown, UnknownSection, Finished, Cancelled, SeenOlder, TooLong, UnknownFigure, Guarded.
    """
    with transaction.atomic():
        at = record.turn(at)
        rakor_rules.check_on(rakor.meeting(election, meeting, at))
        _check_open(election, meeting, at)
        before = _one(sections(election, meeting, at), key)
        text = reports.tidied(election, text)
        if text == before.text:
            return before
        rules.check_save(before, text, seen, figures(election, meeting, at))
        version = before.version + 1
        said: dict[str, object] = {"part": "".join(key.split())[:60], "version": version, "length": len(text)}
        prepared = record.prepare([_draft("minutes.written", election, f"minutes:{meeting}", actor, at, said, text=text)], at)
        MinutesSection.objects.create(
            election=election, meeting=meeting, key=key, label=before.label[:600], version=version, text=text, person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _one(sections(election, meeting, at), key)


def finish(election: str, meeting: str, seen: str, actor: facts.Actor, at: datetime) -> rules.Final:
    """Freezes the minutes and puts them into the inbox of every invited agency: what was on the screen, nothing else.

    Unknown, Finished, SeenOther, and what `rules.check_finish` refuses.
    """
    with transaction.atomic():
        at = record.turn(at)
        called = rakor.meeting(election, meeting, at)
        _check_open(election, meeting, at)
        parts, decided = sections(election, meeting, at), rakor.decisions(election, at, meeting)
        if rules.draft_digest(parts, decided) != seen:
            raise rules.SeenOther(minutes=meeting)
        frozen = list(reversed(rakor.snapshots(election, at, meeting)))
        rules.check_finish(called, frozen, parts, decided)
        code, mark = f"NTL-{MinutesFinal.objects.filter(election=election).count() + 1:03}", _mark()
        content = rakor_rules.canonical(_content(election, code, called, frozen, parts, decided, mark, at))
        digest, recipients = hashlib.sha256(content).hexdigest(), [a.agency for a in called.agencies]
        size, root = record.root()
        said: dict[str, object] = {
            "meeting": meeting, "digest": digest, "bytes": len(content), "snapshot": frozen[-1].code, "snapshot_digest": frozen[-1].digest,
            "journal_root": root, "journal_size": size, "recipients": recipients, "mark": mark,
        }  # fmt: skip
        prepared = record.prepare([_draft("minutes.finished", election, f"minutes:{code}", actor, at, said)], at)
        MinutesFinal.objects.create(
            election=election, code=code, meeting=meeting, content=content, digest=digest, recipients=recipients,
            attended=[a.agency for a in called.agencies if a.attended], mark=mark, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return get(election, code, at)


def amend(election: str, code: str, part: str, text: str, reason: str, seen: str, actor: facts.Actor, at: datetime) -> rules.Amendment:
    """A numbered correction; every agency that was there is asked again. Unknown, and what `rules.check_amendment` refuses; Guarded."""
    with transaction.atomic():
        at = record.turn(at)
        final = get(election, code, at)
        text, reason = reports.tidied(election, text), reports.tidied(election, reason)
        rules.check_amendment(text, reason, seen, final)
        number = len(final.amendments) + 1
        digest = rules.amendment_digest(final.current, number, part[:60], text, reason, at)
        said: dict[str, object] = {"number": number, "digest": digest, "before": final.current}
        draft = _draft("minutes.amended", election, f"minutes:{code}", actor, at, said, part=part[:60], text=text, reason=reason)
        prepared = record.prepare([draft], at)
        MinutesAmendment.objects.create(
            final=_row(election, code, at), number=number, part=part[:60], text=text, reason=reason, digest=digest, person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return get(election, code, at).amendments[-1]


def answer(
    election: str,
    code: str,
    voice: rules.Voice,
    office: str,
    text: str,
    seen: str,
    actor: facts.Actor,
    at: datetime,
) -> rules.Approval:
    """An agency that was there approves or objects, one person for it. Unknown, and what `rules.check_answer` refuses; Guarded."""
    with transaction.atomic():
        at = record.turn(at)
        final = get(election, code, at)
        office, text = reports.tidied(election, office)[:80], reports.tidied(election, text)
        rules.check_answer(final, actor.agency, voice, office, text, seen)
        mark = _mark()
        kind = "minutes.approved" if voice is rules.Voice.APPROVED else "minutes.objected"
        said: dict[str, object] = {"agency": actor.agency, "digest": seen, "mark": mark}
        prepared = record.prepare([_draft(kind, election, f"minutes:{code}", actor, at, said, office=office, text=text)], at)
        MinutesApproval.objects.create(
            final=_row(election, code, at), agency=actor.agency, voice=voice.value, office=office, text=text, digest=seen, mark=mark,
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return get(election, code, at).voices()[actor.agency]


def receive(election: str, code: str, seen: str, actor: facts.Actor, at: datetime) -> None:
    """An agency of the list confirms that it holds the newest version. Unknown, NotOnList, SeenOther, AlreadyReceived."""
    with transaction.atomic():
        at = record.turn(at)
        rules.check_receipt(get(election, code, at), actor.agency, seen)
        said: dict[str, object] = {"agency": actor.agency, "digest": seen}
        prepared = record.prepare([_draft("minutes.received", election, f"minutes:{code}", actor, at, said)], at)
        MinutesReceived.objects.create(
            final=_row(election, code, at), agency=actor.agency, digest=seen, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


def _check_open(election: str, meeting: str, at: datetime) -> None:
    if MinutesFinal.objects.filter(election=election, meeting=meeting).exists():
        raise rules.Finished(meeting=meeting)


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


def _draft(
    kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, object], **typed: str
) -> facts.Draft:
    return facts.Draft(kind, election, subject, record.election(election).region, actor, at, said, private=record.typed(**typed))


# --- what is frozen ------------------------------------------------------------------------------------------------------


def _content(
    election: str,
    code: str,
    called: rakor_rules.Meeting,
    frozen: list[rakor_rules.Snapshot],
    parts: Iterable[rules.Section],
    decided: Iterable[rakor_rules.Decision],
    mark: str,
    at: datetime,
) -> dict[str, rakor_rules.Value]:
    """Everything that the paper shows, in words and whole numbers, so that it never changes with what happens afterwards."""
    size, root = record.root()
    about, agenda = record.election(election), rakor.agenda(election, called.code, at)
    texts = [s.text for s in parts]
    known = {(f.snapshot, f.code): f for f in figures(election, called.code, at)}
    return {
        "format": rules.FORMAT, "code": code, "finished_at": at.isoformat(), "mark": mark, "note": called.note,
        "election": about.code, "election_name": about.name,
        "meeting": {
            "code": called.code, "title": called.title, "place": called.place, "starts_at": called.starts_at.isoformat(),
            "version": called.version,
        },
        "agencies": [
            {
                "agency": a.agency, "invited": int(a.invited), "attended": int(a.attended), "office": a.office, "people": a.people,
                "arrived_at": a.arrived_at.isoformat() if a.arrived_at else "", "mark": a.mark,
            }
            for a in called.agencies
        ],
        "invitations": [
            {"version": i.version, "number": str(i.said["number"]), "digest": i.digest, "sent_at": i.sent_at.isoformat()}
            for i in rakor.invitations(election, called.code, at)
        ],
        "dropped": [{"label": d.matter.label, "reason": d.reason} for d in agenda.dropped],
        "sections": [{"key": s.key, "label": s.label, "text": s.text, "version": s.version} for s in parts],
        "figures": [_figure_row(known[key]) for key in rules.cited(*texts)],
        "decisions": [
            {
                "code": d.code, "version": d.version, "text": d.text, "owner": d.owner, "due_at": d.due_at.isoformat(), "item": d.item,
                "snapshot": d.snapshot, "decided_at": d.decided_at.isoformat(), "mark": d.mark,
            }
            for d in decided
        ],
        "snapshots": [_snapshot_row(s) for s in frozen],
        "materials": _materials(election, called.code, at),
        "disputes": _disputes(election, called.code, at),
        "journal": {"size": size, "root": root},
    }  # fmt: skip


def _figure_row(f: rules.Figure) -> dict[str, rakor_rules.Value]:
    return {
        "snapshot": f.snapshot, "code": f.code, "label": f.label, "numerator": f.numerator, "denominator": f.denominator,
        "source": f.source, "at": f.at.isoformat(), "marks": list(f.marks),
    }  # fmt: skip


def _snapshot_row(s: rakor_rules.Snapshot) -> dict[str, rakor_rules.Value]:
    journal = s.sections.get("journal", {})
    size, root = (journal["size"], journal["root"]) if isinstance(journal, dict) else (0, "")
    return {"code": s.code, "digest": s.digest, "frozen_at": s.frozen_at.isoformat(), "journal_size": size, "journal_root": root}


def _materials(election: str, meeting: str, at: datetime) -> list[rakor_rules.Value]:
    """What the agencies brought and did not take back: files by their hash, figures with their source."""
    found: list[rakor_rules.Value] = []
    for one in materials.listing(election, at, meeting):
        if not one.stands:
            continue
        about: dict[str, rakor_rules.Value] = {"code": one.code, "agency": one.agency, "version": one.version, "mark": one.mark}
        if isinstance(one, material_rules.Material):
            found.append({**about, "title": one.title, "sha256": one.kept.sha256})
        else:
            numbers: dict[str, rakor_rules.Value] = {
                "number": one.number, "denominator": one.denominator, "unit": dispute_rules.own_side(one).unit.value, "source": one.source,
            }  # fmt: skip
            found.append({**about, **numbers, "title": one.label, "sha256": "", "at": one.as_of_at.isoformat()})
    return found


def _disputes(election: str, meeting: str, at: datetime) -> list[rakor_rules.Value]:
    """The figures that were disputed, both numbers, and what both sides agreed on by now."""
    found: list[rakor_rules.Value] = []
    for d in disputes.listing(election, at, meeting):
        table = d.proposal
        found.append(
            {
                "code": d.code, "figure": d.figure, "label": d.label, "snapshot": d.snapshot, "digest": d.digest,
                "section_hash": d.section_hash, "agency": d.claim.agency, "claimed": d.claim.number,
                "claimed_whole": d.claim.denominator, "claimed_unit": d.claim.unit.value, "frozen_agency": d.frozen.agency,
                "frozen": d.frozen.number, "frozen_whole": d.frozen.denominator, "frozen_unit": d.frozen.unit.value,
                "state": d.state.value, "outcome": table.outcome.value if table else "",
                "words": table.words if table else "", "owner": table.owner if table else "", "mark": d.mark,
            }
        )  # fmt: skip
    return found


# --- what is read --------------------------------------------------------------------------------------------------------


def sections(election: str, meeting: str, at: datetime) -> tuple[rules.Section, ...]:
    """The parts of a meeting's minutes as they stand: opening, agenda, what was written of items since dropped, other, closing."""
    written = {}
    for row in MinutesSection.objects.filter(election=election, meeting=meeting, occurred_at__lte=at).order_by("version"):
        written[row.key] = rules.Section(row.key, row.label, row.text, row.version, row.occurred_at, row.person)
    return rules.layout(rakor.agenda(election, meeting, at).items, written)


def history(election: str, meeting: str, key: str, at: datetime) -> list[rules.Section]:
    """Every version of one part by then, newest first."""
    rows = MinutesSection.objects.filter(election=election, meeting=meeting, key=key, occurred_at__lte=at).order_by("-version")
    return [rules.Section(r.key, r.label, r.text, r.version, r.occurred_at, r.person) for r in rows]


def _one(parts: Iterable[rules.Section], key: str) -> rules.Section:
    for found in parts:
        if found.key == key:
            return found
    raise rules.UnknownSection(section=key[:40])


def figures(election: str, meeting: str, at: datetime) -> list[rules.Figure]:
    """The figures that the minutes of a meeting may name: those of its own snapshots, the newest first."""
    return [f for s in rakor.snapshots(election, at, meeting) for f in rules.figures_of(s)]


def listing(election: str, at: datetime) -> list[rules.Final]:
    """Frozen minutes by then with what came after, newest first. Changed where the bytes no longer match."""
    rows = MinutesFinal.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id")
    return [_final(row, at) for row in rows]


def get(election: str, code: str, at: datetime) -> rules.Final:
    """Frozen minutes by their code. Unknown."""
    return _final(_row(election, code, at), at)


def of_meeting(election: str, meeting: str, at: datetime) -> rules.Final | None:
    """The frozen minutes of a meeting; None as long as they are written."""
    row = MinutesFinal.objects.filter(election=election, meeting=meeting, occurred_at__lte=at).first()
    return _final(row, at) if row else None


def _row(election: str, code: str, at: datetime) -> MinutesFinal:
    row = MinutesFinal.objects.filter(election=election, code=code, occurred_at__lte=at).first()
    if row is None:
        raise rules.Unknown(minutes=code[:20])
    return row


def _final(row: MinutesFinal, at: datetime) -> rules.Final:
    amendments = tuple(
        rules.Amendment(
            a.number, a.part, a.text, a.reason, a.digest, a.occurred_at, a.person, a.entry_id, record.gone(a.part, a.text, a.reason)
        )
        for a in MinutesAmendment.objects.filter(final=row, occurred_at__lte=at).order_by("number")
    )
    approvals = tuple(
        rules.Approval(a.agency, rules.Voice(a.voice), a.office, a.text, a.digest, a.occurred_at, a.person, a.entry_id, a.mark)
        for a in MinutesApproval.objects.filter(final=row, occurred_at__lte=at).order_by("occurred_at", "id")
    )
    received = tuple(
        rules.Received(r.agency, r.digest, r.occurred_at)
        for r in MinutesReceived.objects.filter(final=row, occurred_at__lte=at).order_by("occurred_at", "id")
    )
    return rules.Final(
        row.code, row.meeting, bytes(row.content), row.digest, row.occurred_at, tuple(row.recipients), tuple(row.attended), amendments,
        approvals, received, row.mark, row.entry_id,
    )  # fmt: skip


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For an agency that was there: to approve or object; for one on the list: to confirm that it holds them; for the chairs: to finish."""

    def holds(act: str) -> bool:
        return any(g.role in access_rules.POLICY[act] and g.holds(at) for g in person.grants)

    if not holds("minutes.read"):
        return []
    found, done = [], set()
    for final in listing(election, at):
        done.add(final.meeting)
        label, due_at = f"{final.code} ({final.meeting})", final.version_at + rules.ANSWER_WITHIN
        if final.erased:
            continue
        if person.agency in final.attended and person.agency not in final.voices():
            found.append(facts.Task("minutes.approve", "minutes", f"minutes:{final.code}", label, due_at, (final.meeting,)))
        elif person.agency in final.recipients and person.agency not in final.holders():
            found.append(facts.Task("minutes.receive", "minutes", f"minutes:{final.code}", label, due_at, (final.meeting,)))
    if not holds("minutes.write"):
        return found
    for m in rakor.meetings(election, at):
        if m.code not in done and not m.cancelled and m.attended and at >= m.starts_at:
            found.append(facts.Task("minutes.finish", "minutes", f"minutes:{m.code}", m.title, m.ends_at + rules.WRITE_AFTER, (m.code,)))
    return found


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Frozen minutes by code or words, for those who may read them."""
    word = text.strip().lower()
    if not word:
        return []
    known = {m.code: m for m in rakor.meetings(election, at)}
    readable = [f for f in listing(election, at) if rules.may_read(person.agency, known[f.meeting])]
    return [
        facts.Hit("minutes", f"Notula {f.code}", known[f.meeting].title, (f.meeting,))
        for f in readable
        if word in f"{f.code} {known[f.meeting].title} {' '.join(f.texts)}".lower()
    ]


# --- erasing words (see record.Eraser) -----------------------------------------------------------------------------------


def _erase_part(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """A version of a part; frozen minutes in which it stands whole lose it too, however short it is."""
    del at
    for row in MinutesSection.objects.filter(entry_id=entry_id):
        final = MinutesFinal.objects.filter(election=row.election, meeting=row.meeting).first()
        if final is not None:
            document = json.loads(bytes(final.content))
            mine = [s for s in document["sections"] if (s["key"], s["version"]) == (row.key, row.version)]
            for part in mine:
                part["text"] = mark
            if mine:
                MinutesFinal.objects.filter(pk=final.pk).update(content=rakor_rules.canonical({**document, "erased": 1}))
        MinutesSection.objects.filter(pk=row.pk).update(text=mark)
    return ()


def _erase_amendment(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Number, time and digest stay, so that the next amendment still builds on it."""
    del at
    MinutesAmendment.objects.filter(entry_id=entry_id).update(part="", text=mark, reason=mark)
    return ()


def _erase_voice(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """What an agency objected, and the office that said so; that it did stays."""
    del at
    for row in MinutesApproval.objects.filter(entry_id=entry_id):
        MinutesApproval.objects.filter(pk=row.pk).update(office=mark, text=mark if row.text else "")
    return ()


WORDS: dict[str, record.Eraser] = {
    "minutes.written": _erase_part,
    "minutes.amended": _erase_amendment,
    "minutes.approved": _erase_voice,
    "minutes.objected": _erase_voice,
}


def unquote(election: str, texts: Sequence[str], mark: str) -> None:
    """Words of others that minutes quote (a decision, an item of the agenda, a file, a dispute): the frozen ones keep their digest."""
    for row in MinutesFinal.objects.filter(election=election):
        left = rakor_rules.paper_without(bytes(row.content), texts, mark)
        if left != bytes(row.content):
            MinutesFinal.objects.filter(pk=row.pk).update(content=left)
    for part in MinutesSection.objects.filter(election=election):
        label = rakor_rules.replaced(part.label, texts, mark)
        if label != part.label:
            MinutesSection.objects.filter(pk=part.pk).update(label=label)


QUOTES: dict[str, record.Unquoter] = {"minutes": unquote}
