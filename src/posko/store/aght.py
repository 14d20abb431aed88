"""Stage aght: gradings of reports, the register with its appended assessments, standings and referrals, layers of other agencies.

What people type (claims, reasons, titles, notes) stands in the private part of an entry, which can be erased; facts are codes, counts and
times.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import aght as rules
from posko.domain import distribution as distribution_rules
from posko.domain import places as place_rules
from posko.domain import record as facts
from posko.domain import regulation as regulation_rules
from posko.domain import reports as report_rules
from posko.planning import clusters, weighting
from posko.store import access, distribution, dpt, places, posts, record, regulation, reports, thresholds


class Grading(models.Model):
    """One grade on one scale. The last one of each scale counts; earlier ones stay."""

    election = models.CharField(max_length=40)
    report = models.CharField(max_length=20)
    scale = models.CharField(max_length=12)
    grade = models.CharField(max_length=1)
    claim = models.CharField(max_length=400, blank=True)
    chain = models.CharField(max_length=60, blank=True)
    basis = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "aght_grading"
        indexes = (models.Index(fields=["election", "report"], name="aght_grading_report"),)


class Item(models.Model):
    """An item of the register: what never changes about it."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    title = models.CharField(max_length=160)
    place = models.CharField(max_length=40)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "aght_item"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="aght_item_code"),)


class Assessment(models.Model):
    """A conclusion about an item; appended, never changed."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    claim = models.CharField(max_length=400)
    gatra = models.CharField(max_length=30)
    variable = models.CharField(max_length=20)
    labels = models.CharField(max_length=40)
    routes = models.CharField(max_length=40)
    prior_permille = models.PositiveSmallIntegerField()
    low = models.PositiveSmallIntegerField()
    mode = models.PositiveSmallIntegerField()
    high = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=400, blank=True)
    last_useful_at = models.DateTimeField(null=True)
    p_permille = models.PositiveSmallIntegerField(null=True)
    answers = models.CharField(max_length=20, blank=True, default="")
    cost = models.PositiveSmallIntegerField(null=True)
    reversal = models.PositiveSmallIntegerField(null=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "aght_assessment"
        constraints = (models.UniqueConstraint(fields=["item", "version"], name="aght_assessment_version"),)


class Evidence(models.Model):
    """A graded report that supports an item."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    report = models.CharField(max_length=20)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "aght_evidence"
        constraints = (models.UniqueConstraint(fields=["item", "report"], name="aght_evidence_report"),)


class Standing(models.Model):
    """Open, treated, closed; with a reason."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    standing = models.CharField(max_length=12)
    reason = models.CharField(max_length=400)
    outcome = models.CharField(max_length=12, blank=True, default="")
    p_permille = models.PositiveSmallIntegerField(null=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "aght_standing"


class Referral(models.Model):
    """A report handed to Bawaslu or Datun, and the receipt that came back."""

    election = models.CharField(max_length=40)
    report = models.CharField(max_length=20)
    to = models.CharField(max_length=12)
    note = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    receipt_no = models.CharField(max_length=60, blank=True)
    received_by = models.CharField(max_length=60, blank=True)
    received_at = models.DateTimeField(null=True)
    entry_id = models.CharField(max_length=64)
    receipt_entry = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "aght_referral"
        constraints = (models.UniqueConstraint(fields=["election", "report", "to"], name="aght_referral_once"),)


class LayerRow(models.Model):
    """One version of another agency's classes. A newer version is another row; nothing is overwritten."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    owner = models.CharField(max_length=12)
    name = models.CharField(max_length=120)
    version = models.CharField(max_length=40)
    source = models.CharField(max_length=200)
    issued_date = models.DateField()
    sha256 = models.CharField(max_length=64)
    stated = models.PositiveIntegerField(null=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "aght_layer"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="aght_layer_code"),)


class CellRow(models.Model):
    """So many of a class or indicator at a desa or TPS."""

    layer = models.ForeignKey(LayerRow, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=24)
    label = models.CharField(max_length=80)
    count = models.PositiveIntegerField()

    class Meta:
        db_table = "aght_cell"


class LabelSetRow(models.Model):
    """One version of the label lists. A newer version is another row; items keep the version they were labelled with."""

    election = models.CharField(max_length=40)
    version = models.CharField(max_length=40)
    source = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "aght_label_set"
        constraints = (models.UniqueConstraint(fields=["election", "version"], name="aght_label_set_version"),)


class LabelRow(models.Model):
    """One label of a set, in the order of its file."""

    labels = models.ForeignKey(LabelSetRow, on_delete=models.PROTECT, related_name="+")
    group = models.CharField(max_length=10)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        db_table = "aght_label"
        constraints = (models.UniqueConstraint(fields=["labels", "group", "code"], name="aght_label_code"),)


class LabelForceRow(models.Model):
    """From when on a version is the one that new assessments are labelled with; the last one counts."""

    election = models.CharField(max_length=40)
    version = models.CharField(max_length=40)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "aght_label_force"


# --- what is written -------------------------------------------------------------------------------------------------------


def grade_source(
    election: str,
    report: str,
    *,
    claim: str,
    chain: str,
    source: str,
    basis: str,
    actor: facts.Actor,
    at: datetime,
    seen: str | None = None,
) -> None:
    """First screen: what exactly is claimed, from which origin, by how reliable a source.

    seen: `seen_report` as the form had it, None where no form was (Changed). Empty, TooLong, Guarded, OtherFirst, Changed.
    """
    said = rules.words("claim", claim)
    why = rules.words("basis", basis)
    with transaction.atomic():
        at = record.turn(at)
        found = reports.get(election, report, at)
        _check_report_seen(election, found, seen, at)
        before = gradings(election, at).get(report)
        if before is not None:
            _check_turn(election, found, before, "source", actor, at)
        reports.check_neutral(election, said, why)
        origin = rules.words("chain", chain or report)[:60]
        if source not in rules.WEIGHT:
            raise rules.Empty(field="source")
        _grade(election, found, "source", source, said, origin, why, actor, at)


def grade_information(
    election: str, report: str, *, information: str, basis: str, actor: facts.Actor, at: datetime, seen: str | None = None
) -> None:
    """Second screen: how credible the information is. For two hours it is another analyst's to grade, where there is one.

    SourceFirst, OtherFirst, Empty, Guarded, Changed (see `grade_source`).
    """
    why = rules.words("basis", basis)
    with transaction.atomic():
        at = record.turn(at)
        found = reports.get(election, report, at)
        before = gradings(election, at).get(report)
        if before is None:
            raise rules.SourceFirst(report=report)
        _check_report_seen(election, found, seen, at)
        _check_turn(election, found, before, "information", actor, at)
        reports.check_neutral(election, why)
        if information not in rules.RATIO:
            raise rules.Empty(field="information")
        _grade(election, found, "information", information, "", "", why, actor, at)


def _check_turn(election: str, report: report_rules.Report, grading: rules.Grading, scale: str, actor: facts.Actor, at: datetime) -> None:
    """Whether the roles in force now leave this scale to this person. What somebody says about being alone does not count. OtherFirst."""
    others = len(analysts(election, at, report.place) - {actor.person})
    if not rules.offered(grading, actor.person, others, at, scale):
        raise rules.OtherFirst(report=report.number, others=others, hours=int(rules.OTHER_FIRST.total_seconds() // 3600))


def seen_report(election: str, report: report_rules.Report, at: datetime) -> str:
    """What a form about a report carries, so that what others did meanwhile is noticed."""
    handed_to = [f"{r.to.value}:{r.received_at is not None}" for r in referrals(election, at) if r.report == report.number]
    return rules.seen_report(report.status.value, gradings(election, at).get(report.number), handed_to)


def _check_report_seen(election: str, report: report_rules.Report, seen: str | None, at: datetime) -> None:
    if seen is not None and seen != seen_report(election, report, at):
        raise rules.Changed(code=report.number)


def seen_item(election: str, item: rules.Aght, at: datetime) -> str:
    """What a form about an item carries, so that what others did meanwhile is noticed."""
    return rules.seen(item, _told_min(election, item.code, at))


def seen_items(election: str, items: Iterable[rules.Aght], at: datetime) -> dict[str, str]:
    """Code -> `seen_item`, for a page with many."""
    told = {h.source: h.delay_min for h in distribution.hazards(election, at)}
    return {item.code: rules.seen(item, told.get(item.code, 0)) for item in items}


def news(election: str, item: rules.Aght, seen: str, at: datetime) -> rules.News:
    """What became of an item since `seen_item` gave that word."""
    return rules.news(item, seen, _told_min(election, item.code, at))


def _check_item_seen(election: str, item: rules.Aght, seen: str | None, at: datetime) -> None:
    if seen is not None:
        rules.check_seen(item, seen, _told_min(election, item.code, at))


def _told_min(election: str, code: str, at: datetime) -> int:
    told = hazard_of(election, code, at)
    return told.delay_min if told else 0


def _grade(
    election: str,
    report: report_rules.Report,
    scale: str,
    grade: str,
    claim: str,
    chain: str,
    basis: str,
    actor: facts.Actor,
    at: datetime,
) -> None:
    said: dict[str, str | int] = {"scale": scale, "grade": grade}
    words = {"claim": claim, "chain": chain, "basis": basis}
    begun = report.status is report_rules.Status.RECEIVED
    drafts = [_draft("report.graded", election, f"report:{report.number}", report.place, actor, at, said, words)]
    if begun:
        drafts.append(reports.status_draft(report, report_rules.Status.ASSESSING, actor, at))
    prepared = record.prepare(drafts, at)
    if begun:
        reports.write_status(report, report_rules.Status.ASSESSING, actor, at, prepared[1].entry_id)
    Grading.objects.create(
        election=election,
        report=report.number,
        scale=scale,
        grade=grade,
        claim=claim,
        chain=chain,
        basis=basis,
        person=actor.person,
        occurred_at=at,
        entry_id=prepared[0].entry_id,
    )
    record.append(prepared, at=at)


def open_item(
    election: str,
    *,
    title: str,
    place: str,
    answers: rules.Answers,
    claim: str,
    gatra: str,
    variable: str,
    shares: rules.Shares,
    last_useful_at: datetime | None,
    actor: facts.Actor,
    at: datetime,
    prior_permille: int = rules.PRIOR_PERMILLE,
    report: str = "",
    note: str = "",
    cost: int | None = None,
    reversal: int | None = None,
) -> str:
    """A new item of the register with its first assessment, supported by a graded report if there is one; gives its code.

    last_useful_at: when acting still helps for the last time; asked for, never guessed (MissingTime, BadTime). OpenedJustNow.
    """
    named = rules.simulated_title(title)
    with transaction.atomic():
        at = record.turn(at)
        known = labels(election, at)
        first = _assessment(
            1, answers, claim, known, gatra, variable, shares, prior_permille, note, last_useful_at, cost, reversal, actor, at,
            record.election(election).voting_at,
        )  # fmt: skip
        rules.check_opening(register(election, at), named, place, first)
        reports.check_neutral(election, named, first.claim, note)
        if not rules.affected(place, places.tps_list(election), _piers(election)):
            raise rules.UnknownPlace(place=place)
        code = f"AGHT-{Item.objects.filter(election=election).count() + 1:02}"
        grading = _complete(election, report, at) if report else None
        first = _with_p(first, (grading,) if grading else ())
        subject = f"aght:{code}"
        drafts = [
            _draft("aght.opened", election, subject, place, actor, at, {"report": report}, {"title": named}),
            _draft("aght.assessed", election, subject, place, actor, at, _said(first), {"claim": first.claim, "note": first.note}),
        ]
        prepared = record.prepare(drafts, at)
        item = Item.objects.create(
            code=code,
            election=election,
            title=named,
            place=place,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        _write_assessment(item, first, prepared[1].entry_id)
        if grading:
            Evidence.objects.create(item=item, report=report, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)
    return code


def assess(
    election: str,
    code: str,
    *,
    answers: rules.Answers,
    claim: str,
    gatra: str,
    variable: str,
    shares: rules.Shares,
    last_useful_at: datetime | None,
    prior_permille: int,
    note: str,
    actor: facts.Actor,
    at: datetime,
    cost: int | None = None,
    reversal: int | None = None,
    seen: str | None = None,
) -> None:
    """A new conclusion; the earlier ones stay readable.

    seen: `seen_item` as the form had it, None where no form was. Closed, MissingTime, Guarded, Changed, BadStep.
    """
    with transaction.atomic():
        at = record.turn(at)
        item = get(election, code, at)
        _check_item_seen(election, item, seen, at)
        rules.check_open(item)
        version = Assessment.objects.filter(item__election=election, item__code=code).count() + 1
        new = _assessment(
            version, answers, claim, labels(election, at), gatra, variable, shares, prior_permille, note, last_useful_at, cost, reversal,
            actor, at, record.election(election).voting_at,
        )  # fmt: skip
        reports.check_neutral(election, new.claim, note)
        new = _with_p(new, item.gradings)
        words = {"claim": new.claim, "note": new.note}
        prepared = record.prepare([_draft("aght.assessed", election, f"aght:{code}", item.place, actor, at, _said(new), words)], at)
        _write_assessment(Item.objects.get(election=election, code=code), new, prepared[0].entry_id)
        record.append(prepared, at=at)


def attach(
    election: str,
    code: str,
    report: str,
    actor: facts.Actor,
    at: datetime,
    *,
    seen: str | None = None,
    seen_of_report: str | None = None,
) -> None:
    """A graded report supports (or weakens) an item. Ungraded, Attached, Closed, Changed (of the item or of the report)."""
    with transaction.atomic():
        at = record.turn(at)
        item = get(election, code, at)
        found = reports.get(election, report, at)
        _check_report_seen(election, found, seen_of_report, at)
        _check_item_seen(election, item, seen, at)
        rules.check_attach(item, _complete(election, report, at))
        place = access_rules.around((item.place, found.place), record.election(election).region)  # it names both
        prepared = record.prepare([_draft("aght.supported", election, f"aght:{code}", place, actor, at, {"report": report})], at)
        row = Item.objects.get(election=election, code=code)
        Evidence.objects.create(item=row, report=report, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def set_standing(
    election: str,
    code: str,
    standing: rules.Standing,
    reason: str,
    actor: facts.Actor,
    at: datetime,
    outcome: rules.Outcome | None = None,
    *,
    seen: str | None = None,
) -> None:
    """Treated, closed or opened again, with a reason; closed also with what became of its claim, for the calibration.

    SameStanding, MissingOutcome, Empty, Guarded, Changed.
    """
    why = rules.words("reason", reason)
    with transaction.atomic():
        at = record.turn(at)
        item = get(election, code, at)
        _check_item_seen(election, item, seen, at)
        rules.check_change(item, standing, outcome)
        closing = standing is rules.Standing.CLOSED
        p_permille = round(item.p * 1000) if closing else None
        reports.check_neutral(election, why)
        if closing:
            _end_hazard(election, code, actor, at)
        said: dict[str, str | int] = {"standing": standing.value}
        if closing and outcome:
            said |= {"outcome": outcome.value, "p_permille": round(item.p * 1000), "method": rules.METHOD}
        drafts = [_draft("aght.standing_set", election, f"aght:{code}", item.place, actor, at, said, {"reason": why})]
        prepared = record.prepare(drafts, at)
        row = Item.objects.get(election=election, code=code)
        Standing.objects.create(
            item=row,
            standing=standing.value,
            reason=why,
            outcome=outcome.value if closing and outcome else "",
            p_permille=p_permille,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)


def set_hazard(election: str, code: str, kind: str, delay_min: int, actor: facts.Actor, at: datetime, *, seen: str | None = None) -> None:
    """Tells distribution that an item may delay trips to its place, with the probability it has now; 0 minutes takes it back.

    BadDelay, Closed, Changed.
    """
    with transaction.atomic():
        at = record.turn(at)
        item = get(election, code, at)
        _check_item_seen(election, item, seen, at)
        rules.check_open(item)
        if delay_min == 0:
            _end_hazard(election, code, actor, at)
            return
        what = rules.words("kind", kind)[:40]
        reports.check_neutral(election, what)
        distribution.put_hazard(election, rules.hazard(item, what, delay_min), actor, at)


def hazard_of(election: str, code: str, at: datetime) -> distribution_rules.Hazard | None:
    """What distribution has been told about an item."""
    return next((h for h in distribution.hazards(election, at) if h.source == code), None)


def _end_hazard(election: str, code: str, actor: facts.Actor, at: datetime) -> None:
    told = hazard_of(election, code, at)
    if told:
        distribution.put_hazard(election, told, actor, at, ended=True)


def refer(election: str, report: str, to: rules.Route, note: str, actor: facts.Actor, at: datetime, *, seen: str | None = None) -> None:
    """Hands a report to Bawaslu or Datun; nothing is looked into here. The reporter reads that it was passed on.

    AlreadyReferred, Guarded, Changed.
    """
    with transaction.atomic():
        at = record.turn(at)
        found = reports.get(election, report, at)
        _check_report_seen(election, found, seen, at)
        if any(r.report == report and r.to is to for r in referrals(election, at)):
            raise rules.AlreadyReferred(report=report, to=to.value)
        reports.check_neutral(election, note)
        said: dict[str, str | int] = {"to": to.value}
        told = to is rules.Route.BAWASLU and found.status is not report_rules.Status.REFERRED
        drafts = [_draft("report.referred", election, f"report:{report}", found.place, actor, at, said, {"note": note})]
        if told:
            drafts.append(reports.status_draft(found, report_rules.Status.REFERRED, actor, at))
        prepared = record.prepare(drafts, at)
        if told:
            reports.write_status(found, report_rules.Status.REFERRED, actor, at, prepared[1].entry_id)
        Referral.objects.create(
            election=election,
            report=report,
            to=to.value,
            note=note,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)


def acknowledge_referral(election: str, report: str, to: rules.Route, receipt_no: str, actor: facts.Actor, at: datetime) -> None:
    """The agency (or the Datun section) confirms that it has the report; its own clock runs from here. NotReferred, BadReceipt."""
    number = rules.receipt(receipt_no)
    with transaction.atomic():
        at = record.turn(at)
        row = Referral.objects.filter(election=election, report=report, to=to.value, occurred_at__lte=at, received_at=None).first()
        if row is None:
            raise rules.NotReferred(report=report, to=to.value)
        said: dict[str, str | int] = {"to": to.value}
        place = reports.get(election, report, at).place
        words = {"receipt_no": number}  # typed, so it may be erased
        prepared = record.prepare([_draft("report.referral_received", election, f"report:{report}", place, actor, at, said, words)], at)
        row.receipt_no, row.received_by, row.received_at, row.receipt_entry = number, actor.person, at, prepared[0].entry_id
        row.save(update_fields=["receipt_no", "received_by", "received_at", "receipt_entry"])
        record.append(prepared, at=at)


def take_layer(
    election: str,
    owner: rules.Owner,
    cells: Iterable[rules.Cell],
    *,
    name: str,
    version: str,
    source: str,
    issued: date,
    sha256: str,
    stated: int | None,
    actor: facts.Actor,
    at: datetime,
) -> str:
    """Another agency's classes, as a new version beside the earlier ones; gives its code. BadLayer, LayerTwice, Guarded."""
    with transaction.atomic():
        at = record.turn(at)
        code = f"LAPIS-{LayerRow.objects.filter(election=election).count() + 1:02}"
        name, version, source = (report_rules.clean(text)[:most] for text, most in ((name, 120), (version, 40), (source, 200)))
        layer = rules.Layer(code, owner, name, version, source, issued, sha256, tuple(cells), stated, actor.person, at)
        rules.check_layer(layer, layers(election, at), record.local_date(at))
        reports.check_neutral(election, layer.name, layer.version, layer.source)
        said: dict[str, str | int] = {
            "owner": owner.value, "issued": issued.isoformat(), "sha256": sha256, "cells": len(layer.cells), "total": layer.total,
            "weight": rules.LAYER_WEIGHT,
        }  # fmt: skip
        if stated is not None:
            said["stated"] = stated
        words = {"name": layer.name, "version": layer.version, "source": layer.source}
        prepared = record.prepare([_draft("aght.layer_taken", election, f"layer:{code}", "", actor, at, said, words)], at)
        row = LayerRow.objects.create(
            election=election, code=code, owner=owner.value, name=layer.name, version=layer.version, source=layer.source,
            issued_date=issued, sha256=sha256, stated=stated, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        CellRow.objects.bulk_create([CellRow(layer=row, place=c.place, label=c.label, count=c.count) for c in layer.cells], batch_size=500)
        record.append(prepared, at=at)
    return code


def close_report(election: str, report: str, actor: facts.Actor, at: datetime, *, seen: str | None = None) -> None:
    """The reporter reads that the report has been dealt with. NoStep, Changed."""
    with transaction.atomic():
        at = record.turn(at)
        _check_report_seen(election, reports.get(election, report, at), seen, at)
        reports.set_status(election, report, report_rules.Status.CLOSED, actor, at)


# --- label sets --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LabelVersion:
    """A set as it is known here: who brought it in and when ("" and None: it came with the program), and since when it is in force."""

    labels: rules.Labels
    person: str = ""
    taken_at: datetime | None = None
    in_force: bool = False
    forced_by: str = ""
    forced_at: datetime | None = None
    entry_id: str = ""


def label_versions(election: str, at: datetime) -> list[LabelVersion]:
    """Every set known by then, the newest first, the program's own last."""
    rows = list(LabelSetRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id"))
    lines: dict[int, list[rules.Label]] = defaultdict(list)
    for line in LabelRow.objects.filter(labels__in=rows).order_by("id"):
        lines[line.labels_id].append(rules.Label(line.code, line.name, line.group, line.note))
    force = LabelForceRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id").last()
    chosen = force.version if force else rules.CURRENT_LABELS
    known: list[tuple[rules.Labels, str, datetime | None, str]] = [
        (rules.labels(r.version, lines[r.pk], r.source), r.person, r.occurred_at, r.entry_id) for r in rows
    ]
    known += [(found, "", None, "") for found in rules.LABELS.values()]
    return [
        LabelVersion(
            found, person, taken_at, found.version == chosen, force.person if force and found.version == chosen else "",
            force.occurred_at if force and found.version == chosen else None, entry_id,
        )
        for found, person, taken_at, entry_id in known
    ]  # fmt: skip


def label_sets(election: str, at: datetime) -> dict[str, rules.Labels]:
    """Version -> set, of all that are known by then: an item is read with the set that it was labelled with."""
    return {one.labels.version: one.labels for one in label_versions(election, at)}


def labels(election: str, at: datetime) -> rules.Labels:
    """The set in force then, which new assessments are labelled with."""
    return next(one.labels for one in label_versions(election, at) if one.in_force)


def take_labels(election: str, version: str, rows: Iterable[rules.Label], source: str, actor: facts.Actor, at: datetime) -> rules.Labels:
    """A newer set, in force from now on; items keep the version they carry. BadLabels, LabelsTwice, Guarded."""
    found = rules.labels(version, rows, source)
    with transaction.atomic():
        at = record.turn(at)
        if found.version in label_sets(election, at):
            raise rules.LabelsTwice(version=found.version)
        lines = rules.label_rows(found)
        reports.check_neutral(election, found.source, *(text for one in lines for text in (one.name, one.note)))
        written = "\n".join(f"{one.group}\t{one.code}\t{one.name}\t{one.note}" for one in lines)
        digest = sha256(written.encode()).hexdigest()
        said: dict[str, str | int] = {
            "version": found.version, "gatra": len(found.gatra), "variables": len(found.variables), "information": found.information,
            "sha256": digest,
        }  # fmt: skip
        words = {"source": found.source, "labels": written}
        prepared = record.prepare([_draft("aght.labels_taken", election, f"labels:{found.version}", "", actor, at, said, words)], at)
        entry_id = prepared[0].entry_id
        row = LabelSetRow.objects.create(
            election=election, version=found.version, source=found.source, sha256=digest, person=actor.person, occurred_at=at,
            entry_id=entry_id,
        )  # fmt: skip
        LabelRow.objects.bulk_create([LabelRow(labels=row, group=o.group, code=o.code, name=o.name, note=o.note) for o in lines])
        LabelForceRow.objects.create(election=election, version=found.version, person=actor.person, occurred_at=at, entry_id=entry_id)
        record.append(prepared, at=at)
    return found


def use_labels(election: str, version: str, actor: facts.Actor, at: datetime) -> None:
    """Puts a set that is known already into force again, for assessments from now on. UnknownLabels, LabelsTwice."""
    with transaction.atomic():
        at = record.turn(at)
        if version not in label_sets(election, at):
            raise rules.UnknownLabels(version=version[:40])
        if labels(election, at).version == version:
            raise rules.LabelsTwice(version=version)
        prepared = record.prepare([_draft("aght.labels_used", election, f"labels:{version}", "", actor, at, {"version": version})], at)
        LabelForceRow.objects.create(election=election, version=version, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def _assessment(
    version: int,
    answers: rules.Answers,
    claim: str,
    known: rules.Labels,
    gatra: str,
    variable: str,
    shares: rules.Shares,
    prior_permille: int,
    note: str,
    last_useful_at: datetime | None,
    cost: int | None,
    reversal: int | None,
    actor: facts.Actor,
    at: datetime,
    voting_at: datetime,
) -> rules.Assessment:
    said = rules.words("claim", claim)
    result = rules.triage(answers)
    rules.check_label(known, gatra, variable)
    blank = rules.Assessment(
        version,
        rules.Kind.HAMBATAN,
        said,
        gatra,
        variable,
        known.version,
        prior_permille,
        shares,
        actor.person,
        at,
        note=note,
        last_useful_at=rules.last_moment(last_useful_at, voting_at),
        answers=answers,
        cost=cost,
        reversal=reversal,
    )
    return rules.with_routes(blank, result)


def _with_p(a: rules.Assessment, gradings_: Iterable[rules.Grading]) -> rules.Assessment:
    """The assessment with the probability it had when it was made: later weights must not rewrite what was said."""
    return replace(a, p_permille=round(rules.posterior(a.prior_permille / 1000, gradings_).p * 1000))


def _said(a: rules.Assessment) -> dict[str, str | int]:
    return {
        "version": a.version,
        "kind": a.kind.value,
        "gatra": a.gatra,
        "variable": a.variable,
        "labels": a.labels,
        "routes": " ".join(r.value for r in a.routes),
        "method": rules.METHOD,
        "prior_permille": a.prior_permille,
        "low": a.shares.low,
        "mode": a.shares.mode,
        "high": a.shares.high,
        "last_useful_at": record.stamp(a.last_useful_at) if a.last_useful_at else "",
        "p_permille": a.p_permille or 0,
        "answers": a.answers.written() if a.answers else "",
        "cost": a.cost or 0,
        "reversal": a.reversal or 0,
    }


def _write_assessment(item: Item, a: rules.Assessment, entry_id: str) -> None:
    Assessment.objects.create(
        item=item,
        version=a.version,
        kind=a.kind.value,
        claim=a.claim,
        gatra=a.gatra,
        variable=a.variable,
        labels=a.labels,
        routes=" ".join(r.value for r in a.routes),
        prior_permille=a.prior_permille,
        low=a.shares.low,
        mode=a.shares.mode,
        high=a.shares.high,
        note=a.note,
        last_useful_at=a.last_useful_at,
        p_permille=a.p_permille,
        answers=a.answers.written() if a.answers else "",
        cost=a.cost,
        reversal=a.reversal,
        person=a.author,
        occurred_at=a.assessed_at,
        entry_id=entry_id,
    )


def _draft(
    kind: str,
    election: str,
    subject: str,
    place: str,
    actor: facts.Actor,
    at: datetime,
    said: Mapping[str, str | int],
    words: Mapping[str, str] | None = None,
) -> facts.Draft:
    """An entry; `words` are what somebody typed and can be erased."""
    kept = {field: text for field, text in (words or {}).items() if text}
    return facts.Draft(kind, election, subject, place or record.election(election).region, actor, at, dict(said), private=kept)


# --- what is read ----------------------------------------------------------------------------------------------------------


def gradings(election: str, at: datetime) -> dict[str, rules.Grading]:
    """Report number -> its grading as it stood then."""
    found: dict[str, rules.Grading] = {}
    for row in Grading.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"):
        before = found.get(row.report, rules.Grading(row.report, row.claim, row.chain))
        found[row.report] = _graded(before, row)
    return found


def _graded(before: rules.Grading, row: Grading) -> rules.Grading:
    if row.scale == "source":
        return rules.Grading(
            row.report,
            row.claim,
            row.chain,
            row.grade,
            row.basis,
            row.person,
            before.information,
            before.information_basis,
            before.information_by,
            row.occurred_at,
        )
    return rules.Grading(
        row.report,
        before.claim,
        before.chain,
        before.source,
        before.source_basis,
        before.source_by,
        row.grade,
        row.basis,
        row.person,
        row.occurred_at,
    )


def register(election: str, at: datetime, scope: access_rules.Scope | None = None) -> list[rules.Aght]:
    """Every item opened by then as it stood, by expected loss, the worst first. `scope`: only those somebody may do its act on."""
    items = _register(election, at)
    if scope is None:
        return items
    region = record.election(election).region
    return [i for i in items if scope.covers(rules.thing(i, scope.act, region))]


@record.remembered
def _register(election: str, at: datetime) -> list[rules.Aght]:
    rows = list(Item.objects.filter(election=election, occurred_at__lte=at))
    if not rows:
        return []
    assessments: dict[int, list[rules.Assessment]] = defaultdict(list)
    for assessment in Assessment.objects.filter(item__in=rows, occurred_at__lte=at).order_by("version"):
        assessments[assessment.item_id].append(_assessed(assessment))
    changes: dict[int, list[rules.Change]] = defaultdict(list)
    for standing in Standing.objects.filter(item__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        outcome = rules.Outcome(standing.outcome) if standing.outcome else None
        change = rules.Change(
            rules.Standing(standing.standing), standing.reason, standing.person, standing.occurred_at, outcome, standing.p_permille
        )
        changes[standing.item_id].append(change)
    grades = gradings(election, at)
    support: dict[int, list[rules.Grading]] = defaultdict(list)
    for evidence in Evidence.objects.filter(item__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        support[evidence.item_id].append(grades[evidence.report])
    voters = {code: (v.dpt, v.estimate) for code, v in dpt.voters(election, at).items()}
    tps_list, piers = places.tps_list(election), _piers(election)
    all_voters = sum(count for count, _ in voters.values())
    sets = label_sets(election, at)
    items = []
    for row in rows:
        tps = rules.affected(row.place, tps_list, piers)
        counts = [voters.get(code, (0, False)) for code in tps]
        items.append(
            rules.Aght(
                code=row.code,
                title=row.title,
                place=row.place,
                tps=tps,
                voters=sum(count for count, _ in counts),
                estimate=any(estimate for _, estimate in counts),
                assessments=tuple(assessments[row.pk]),
                gradings=tuple(support[row.pk]),
                changes=tuple(changes[row.pk]),
                opened_at=row.occurred_at,
                all_voters=all_voters,
                entry_id=row.entry_id,
                seen_at=at,
                labelled=sets.get(assessments[row.pk][-1].labels),
            )
        )
    return rules.ranked(items)


def get(election: str, code: str, at: datetime) -> rules.Aght:
    """One item as it stood then. Unknown."""
    for item in register(election, at):
        if item.code == code:
            return item
    raise rules.Unknown(code=code)


def referrals(election: str, at: datetime) -> list[rules.Referral]:
    """Referrals handed over by then, oldest first; a receipt that came later is not seen yet."""
    found = []
    for row in Referral.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"):
        received = row.received_at if row.received_at and row.received_at <= at else None
        number = row.receipt_no if received else ""
        found.append(rules.Referral(row.report, rules.Route(row.to), row.note, row.person, row.occurred_at, number, received))
    return found


@dataclass(frozen=True)
class Handed:
    """A referral with the clocks beside it: until when it had to be handed over, and until when Bawaslu deals with it (from receipt)."""

    referral: rules.Referral
    file_by: datetime | None
    answer_by: datetime | None
    answer_latest: datetime | None

    @property
    def late(self) -> bool:
        """Handed over after the time in which a report may be filed."""
        return self.file_by is not None and self.referral.handed_at > self.file_by


def handed(election: str, at: datetime) -> list[Handed]:
    """Referrals with Bawaslu's clock, the newest first. A dispute for the Datun section has no such clock."""
    book = regulation.rulebook(election, at)
    known = {r.number: r.received_at for r in reports.listing(election, at)}
    found = []
    for one in reversed(referrals(election, at)):
        to_bawaslu = one.to is rules.Route.BAWASLU
        file_by = _runs_out(book, "BAWASLU_LAPOR", known.get(one.report)) if to_bawaslu else None
        receipt = one.received_at if to_bawaslu else None
        answer_by, latest = (_runs_out(book, code, receipt) for code in ("BAWASLU_TANGANI", "BAWASLU_TAMBAHAN"))
        found.append(Handed(one, file_by, answer_by, latest))
    return found


def _runs_out(book: regulation_rules.Rulebook, code: str, from_at: datetime | None) -> datetime | None:
    clock = book.clock(code)
    return regulation_rules.runs_out(clock, from_at) if clock and from_at else None


def clocks(election: str, at: datetime) -> list[regulation_rules.Clock]:
    """The clocks themselves, as the rulebook gives them."""
    return list(regulation.rulebook(election, at).clocks)


def unrouted(election: str, at: datetime) -> list[tuple[str, rules.Route]]:
    """(report, where to): reports that support an item whose route leads to Bawaslu or Datun and that nobody handed there yet."""
    done = {(r.report, r.to) for r in referrals(election, at)}
    wanted = {
        (grading.report, to)
        for item in register(election, at)
        if item.standing is not rules.Standing.CLOSED
        for to in item.routes
        if to is not rules.Route.KPU
        for grading in item.gradings
    }
    return sorted(wanted - done, key=lambda pair: (pair[0], pair[1].value))


def analysts(election: str, at: datetime, place: str = "") -> set[str]:
    """Pseudonyms of those whose role in force lets them grade at a place now; "" or a place elsewhere: in the election's region."""
    region = record.election(election).region
    where = place if place and access_rules.within(place, region) else region
    roles = access_rules.POLICY["aght.assess"]
    return {
        account.person
        for account in access.accounts()
        if account.active and any(g.role in roles and g.holds(at) and access_rules.within(where, g.region) for _, g in account.grants)
    }


def layers(election: str, at: datetime, scope: access_rules.Scope | None = None) -> list[rules.Layer]:
    """Layers taken by then, the newest first. `scope`: cut to the rows that somebody may read; without those of which nothing is left."""
    found = _layers(election, at)
    if scope is None:
        return found
    region = record.election(election).region
    return [left for one in found if (left := rules.cut(one, scope, region)) is not None]


def _layers(election: str, at: datetime) -> list[rules.Layer]:
    rows = list(LayerRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id"))
    cells: dict[int, list[rules.Cell]] = defaultdict(list)
    for cell in CellRow.objects.filter(layer__in=rows).order_by("id"):
        cells[cell.layer_id].append(rules.Cell(cell.place, cell.label, cell.count))
    return [
        rules.Layer(
            row.code, rules.Owner(row.owner), row.name, row.version, row.source, row.issued_date, row.sha256, tuple(cells[row.pk]),
            row.stated, row.person, row.occurred_at,
        )
        for row in rows
    ]  # fmt: skip


def layer(election: str, code: str, at: datetime) -> rules.Layer:
    """One layer. UnknownLayer."""
    for one in layers(election, at):
        if one.code == code:
            return one
    raise rules.UnknownLayer(code=code)


@dataclass(frozen=True)
class Weighed:
    """Item code -> share of weightings (0..1) in which it is among the first `top` of n open items; and what that rests on.

    unknown: code -> criteria that nobody stated and that were therefore drawn over their whole range.
    """

    shares: Mapping[str, float]
    top: int
    n: int
    draws: int
    seed: int
    unknown: Mapping[str, tuple[str, ...]]


def weighed(items: Iterable[rules.Aght]) -> Weighed:
    """The secondary view of the open items among these; their order by expected loss stays what it is."""
    live = [i for i in items if i.standing is not rules.Standing.CLOSED]
    rows = tuple(rules.criteria(i) for i in live)
    top = rules.top(len(live))
    shares = dict(zip((i.code for i in live), _acceptability(rows, top), strict=True))
    unknown = {
        i.code: tuple(name for name, value in zip(rules.CRITERIA, row, strict=True) if value is None)
        for i, row in zip(live, rows, strict=True)
    }
    return Weighed(shares, top, len(live), weighting.DRAWS, weighting.SEED, unknown)


@lru_cache(maxsize=16)
def _acceptability(rows: tuple[tuple[float | None, ...], ...], top: int) -> tuple[float, ...]:
    return tuple(float(share) for share in weighting.acceptability(weighting.scores(rows), top)) if rows else ()


@dataclass(frozen=True)
class Calibration:
    """What the quality of the assessing rests on: the score, items closed without knowing, grades on the diagonal and by one person."""

    brier: rules.Brier | None
    forecasts: tuple[rules.Forecast, ...]
    unknown: int
    untold: int
    diagonal: tuple[int, int]
    by_one: tuple[int, int]


def calibration(election: str, at: datetime, scope: access_rules.Scope | None = None) -> Calibration:
    """Closed items against what became of their claims, and how the grading was done; of what lies in a scope."""
    items = register(election, at, scope)
    said = rules.forecasts(items)
    closed = [i for i in items if i.standing is rules.Standing.CLOSED]
    graded = graded_in(election, at, scope)
    return Calibration(
        rules.brier(said),
        tuple(said),
        sum(i.outcome is rules.Outcome.UNKNOWN for i in closed),
        sum(i.outcome is None for i in closed),
        rules.diagonal(graded),
        rules.by_one(graded),
    )


def graded_in(election: str, at: datetime, scope: access_rules.Scope | None = None) -> list[rules.Grading]:
    """Gradings of the reports that lie in a scope; None: of all."""
    every = gradings(election, at)
    if scope is None:
        return list(every.values())
    return [every[r.number] for r in reports.listing(election, at, scope) if r.number in every]


def items_of(election: str, report: str, at: datetime) -> list[str]:
    """Codes of the items that a report supports."""
    rows = Evidence.objects.filter(item__election=election, report=report, occurred_at__lte=at)
    return sorted(rows.values_list("item__code", flat=True))


def desa(election: str, at: datetime, scope: access_rules.Scope | None = None) -> list[rules.Desa]:
    """Open items, expected loss, reports, their origins, voters, TPS and who listens, of every desa; with a scope, of what lies in it."""
    region = record.election(election).region
    codes = [d.code for d in places.desa_list(region) if scope is None or scope.reaches("", d.code, region)]
    heard = [r for r in reports.listing(election, at, scope) if r.place]
    at_places = _places_of(election, [r.place for r in heard])
    graded = gradings(election, at)
    chains = [graded[r.number].chain if r.number in graded else r.number for r in heard]
    differing = rules.origins(zip(at_places, chains, strict=True))
    voters, tps = _voters(election, at)
    cover = {c.desa: c.cover.value for c in posts.coverage(election, at)}
    return [
        replace(d, origins=differing.get(d.code, 0), voters=voters.get(d.code, 0), tps=tps.get(d.code, 0), cover=cover.get(d.code, ""))
        for d in rules.by_desa(codes, register(election, at, scope), at_places)
    ]


def _voters(election: str, at: datetime) -> tuple[dict[str, int], dict[str, int]]:
    """Desa -> voters, desa -> TPS."""
    voters: dict[str, int] = defaultdict(int)
    tps: dict[str, int] = defaultdict(int)
    counts = dpt.voters(election, at)
    for one in places.tps_list(election):
        tps[one.desa_code] += 1
        voters[one.desa_code] += counts[one.code].dpt if one.code in counts else 0
    return voters, tps


@dataclass(frozen=True)
class Measured:
    """What small-area statistics are computed from: desa in order, origins heard in each, and the expectation ("pemilih" or "TPS")."""

    codes: tuple[str, ...]
    counts: tuple[int, ...]
    expected: tuple[float, ...]
    basis: str

    @property
    def n(self) -> int:
        """Reports of different origin that name a desa."""
        return sum(self.counts)


def measured(found: Iterable[rules.Desa]) -> Measured:
    """Counts per desa against its voters; against its TPS where the voters of some desa are not known."""
    known = [d for d in found if d.tps > 0]
    basis = "pemilih" if known and all(d.voters > 0 for d in known) else "TPS"
    expected = tuple(float(d.voters if basis == "pemilih" else d.tps) for d in known)
    return Measured(tuple(d.code for d in known), tuple(d.origins for d in known), expected, basis)


def rates(m: Measured) -> dict[str, clusters.Shrunk]:
    """Desa -> its rate of reports relative to the region, shrunk, with an interval; empty while nothing was heard."""
    return dict(zip(m.codes, _shrunk(m.counts, m.expected), strict=False))


@lru_cache(maxsize=64)
def _shrunk(counts: tuple[int, ...], expected: tuple[float, ...]) -> tuple[clusters.Shrunk, ...]:
    return clusters.shrink(counts, expected) if counts else ()


@dataclass(frozen=True)
class Clusters:
    """The secondary view: the strongest cluster (None under 20 reports) and the desa that are hot by Gi*, with what they rest on."""

    measured: Measured
    scan: clusters.Scan | None
    areas: tuple[str, ...]
    local: dict[str, clusters.Local]


def clustered(election: str, m: Measured) -> Clusters:
    """Scan statistic and Gi* over travel time. Slow parts are kept by their inputs."""
    if m.n < clusters.LEAST_REPORTS or len(m.codes) < 2:
        return Clusters(m, None, (), {})
    minutes = travel(election, m.codes)
    found = clusters.scan(m.counts, m.expected, minutes)
    crude = tuple(1000 * y / e for y, e in zip(m.counts, m.expected, strict=True))
    local = dict(zip(m.codes, clusters.hot(crude, minutes), strict=True))
    return Clusters(m, found, tuple(m.codes[i] for i in found.areas) if found else (), local)


def travel(election: str, codes: Iterable[str]) -> tuple[tuple[float, ...], ...]:
    """Minutes between desa: great circle x detour by road; a desa that is an island is reached by its boat leg from the pier."""
    region = record.election(election).region
    settings = places.settings(region)
    pins = {s.code: (s.lat, s.lon) for s in places.sites(region) if s.lat is not None and s.lon is not None}
    legs = {leg.island: leg for leg in places.sea_legs(region) if leg.pier in pins}
    on: dict[str, set[str]] = defaultdict(set)
    for tps in places.tps_list(election):
        on[tps.desa_code].add(tps.island)
    points: dict[str, tuple[float, float, float]] = {}
    for desa_ in places.desa_list(region):
        leg = legs.get(next(iter(on[desa_.code]))) if len(on[desa_.code]) == 1 else None
        lat, lon = pins[leg.pier] if leg else (desa_.lat, desa_.lon)
        points[desa_.code] = (lat or 0.0, lon or 0.0, 30 * (leg.hours_low + leg.hours_high) if leg else 0.0)
    per_km = 60 / settings.road_kmh
    ordered = [points[code] for code in codes]
    return tuple(
        tuple(
            0.0 if a is b else round(place_rules.road_km(a[0], a[1], b[0], b[1], settings.detour) * per_km + a[2] + b[2], 2)
            for b in ordered
        )
        for a in ordered
    )


def _places_of(election: str, reported: Iterable[str]) -> list[str]:
    """Places of reports; an island stands for the desa of its TPS."""
    islands = {t.island: t.desa_code for t in places.tps_list(election) if t.island}
    return [islands.get(place, place) for place in reported]


def _assessed(row: Assessment) -> rules.Assessment:
    return rules.Assessment(
        row.version,
        rules.Kind(row.kind),
        row.claim,
        row.gatra,
        row.variable,
        row.labels,
        row.prior_permille,
        rules.Shares(row.low, row.mode, row.high),
        row.person,
        row.occurred_at,
        tuple(rules.Route(code) for code in row.routes.split()),
        row.note,
        row.last_useful_at,
        row.p_permille,
        rules.Answers.read(row.answers),
        row.cost,
        row.reversal,
    )


def _complete(election: str, report: str, at: datetime) -> rules.Grading:
    grading = gradings(election, at).get(report)
    if grading is None or not grading.complete:
        raise rules.Ungraded(report=report)
    return grading


def _piers(election: str) -> dict[str, frozenset[str]]:
    """Pier -> islands reached from it."""
    behind: dict[str, set[str]] = defaultdict(set)
    for leg in places.sea_legs(record.election(election).region):
        behind[leg.pier].add(leg.island)
    return {pier: frozenset(islands) for pier, islands in behind.items()}


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Analysts: half-graded reports and graded ones that lead nowhere yet, items nobody looked at for three days. Bawaslu: referrals."""
    if person.agency == "BAWASLU":
        theirs = {r.number for r in reports.listing(election, at, access.scope(person, "aght.acknowledge", "aght", at))}
        open_referrals = [
            r for r in referrals(election, at) if r.to is rules.Route.BAWASLU and r.received_at is None and r.report in theirs
        ]
        return [facts.Task("aght.referral", "aght", f"report:{r.report}", r.report, None, (r.report,)) for r in open_referrals]
    scope = access.scope(person, "aght.assess", "aght", at)
    if not scope.regions:
        return []
    used = set(Evidence.objects.filter(item__election=election, occurred_at__lte=at).values_list("report", flat=True))
    referred = {r.report for r in referrals(election, at)}
    listed = reports.listing(election, at, scope)
    closed, at_place = {r.number for r in listed if r.status is report_rules.Status.CLOSED}, {r.number: r.place for r in listed}
    tasks = []
    others: dict[str, int] = {}
    for number, grading in gradings(election, at).items():
        if number in closed or number not in at_place:
            continue
        if not grading.complete:
            place = at_place.get(number, "")
            if place not in others:
                others[place] = len(analysts(election, at, place) - {person.id})
            if not rules.offered(grading, person.id, others[place], at):
                continue
            tasks.append(facts.Task("aght.grade_information", "aght", f"report:{number}", number, None, (number,)))
        elif number not in used and number not in referred:
            tasks.append(facts.Task("aght.place", "aght", f"report:{number}", number, None, (number,)))
    tasks += [
        facts.Task("aght.route", "aght", f"report:{number}:{to.value}", f"{number} ke {to.value}", None, (number,))
        for number, to in unrouted(election, at)
        if number not in closed and number in at_place
    ]
    tasks += [
        facts.Task("aght.stale", "aght", f"aght:{item.code}", f"{item.code} {item.title}", None, (item.code,))
        for item in changeable(election, register(election, at), scope, at)
        if rules.stale(item, at)
    ]
    return tasks


def changeable(election: str, items: Iterable[rules.Aght], scope: access_rules.Scope, at: datetime) -> list[rules.Aght]:
    """The items of which a scope reaches everything that a change touches: their own place and all reports they rest on."""
    region, filed = record.election(election).region, reports.filed(election, at)
    return [i for i in items if all(scope.covers(one) for one in rules.things(i, scope.act, region, filed))]


def signals_seen(person: access_rules.Person, election: str, told: Iterable[facts.Signal], at: datetime) -> list[facts.Signal]:
    """Of the early warnings of this stage those about items that this person may read."""
    codes = {f"aght:{i.code}" for i in register(election, at, access.scope(person, "aght.read", "aght", at))}
    return [one for one in told if one.subject in codes]


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R21: misleading news about the vote from several chains."""
    return rules.hoax_signals(register(election, at), thresholds.limits(election, "aght", rules.Limits(), at), label_sets(election, at))


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Items by code, title or place, of those this person may read."""
    word = text.strip().lower()
    if not word:
        return []
    mine = register(election, at, access.scope(person, "aght.read", "aght", at))
    hits = [i for i in mine if any(word in part.lower() for part in (i.code, i.title, i.place))]
    return [facts.Hit("aght", f"{i.code} {i.title}", i.kind.value, (i.code,)) for i in hits[:20]]


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


def _erase_grading(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Claim and basis. A named chain gets another name wherever it stands: copies of one message must go on counting as one."""
    del at
    for row in Grading.objects.filter(entry_id=entry_id):
        if row.chain and row.chain != row.report:
            Grading.objects.filter(election=row.election, chain=row.chain).update(chain=f"asal-{row.pk} {mark}")
        Grading.objects.filter(pk=row.pk).update(claim=mark if row.claim else "", basis=mark if row.basis else "")
    return ()


def _erase_item(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    Item.objects.filter(entry_id=entry_id).update(title=f"{rules.SIMULATED} {mark}")
    return ()


def _erase_assessment(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    Assessment.objects.filter(entry_id=entry_id).update(claim=mark)
    Assessment.objects.filter(entry_id=entry_id).exclude(note="").update(note=mark)
    return ()


def _erase_standing(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    Standing.objects.filter(entry_id=entry_id).update(reason=mark)
    return ()


def _erase_referral(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    Referral.objects.filter(entry_id=entry_id).exclude(note="").update(note=mark)
    Referral.objects.filter(receipt_entry=entry_id).update(receipt_no=mark)
    return ()


def _erase_layer(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    LayerRow.objects.filter(entry_id=entry_id).update(name=mark, version=mark, source=mark)
    return ()


def _erase_labels(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Names and notes; the note that R21 goes by is a code and stays."""
    del at
    rows = LabelRow.objects.filter(labels__entry_id=entry_id)
    rows.update(name=mark)
    rows.exclude(note="").exclude(note__startswith=rules.INFORMATION_MARK).update(note=mark)
    rows.filter(note__startswith=rules.INFORMATION_MARK).update(note=rules.INFORMATION_MARK)
    LabelSetRow.objects.filter(entry_id=entry_id).update(source=mark)
    return ()


WORDS: dict[str, record.Eraser] = {
    "report.graded": _erase_grading,
    "aght.opened": _erase_item,
    "aght.assessed": _erase_assessment,
    "aght.standing_set": _erase_standing,
    "report.referred": _erase_referral,
    "report.referral_received": _erase_referral,
    "aght.layer_taken": _erase_layer,
    "aght.labels_taken": _erase_labels,
}
