"""Stage aght: gradings of reports, the register with its appended assessments, standings and referrals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import aght as rules
from posko.domain import distribution as distribution_rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.store import distribution, dpt, places, record, reports


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
    variable = models.CharField(max_length=5)
    labels = models.CharField(max_length=40)
    routes = models.CharField(max_length=40)
    prior_permille = models.PositiveSmallIntegerField()
    low = models.PositiveSmallIntegerField()
    mode = models.PositiveSmallIntegerField()
    high = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=400, blank=True)
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

    class Meta:
        db_table = "aght_referral"
        constraints = (models.UniqueConstraint(fields=["election", "report", "to"], name="aght_referral_once"),)


# --- what is written -------------------------------------------------------------------------------------------------------


def grade_source(election: str, report: str, *, claim: str, chain: str, source: str, basis: str, actor: facts.Actor, at: datetime) -> None:
    """First screen: what exactly is claimed, from which origin, by how reliable a source. Empty, TooLong, Guarded."""
    said = rules.words("claim", claim)
    why = rules.words("basis", basis)
    with transaction.atomic():
        found = reports.get(election, report, at)
        reports.check_neutral(election, said, why)
        origin = rules.words("chain", chain or report)[:60]
        if source not in rules.WEIGHT:
            raise rules.Empty(field="source")
        _grade(election, found, "source", source, said, origin, why, actor, at)


def grade_information(election: str, report: str, *, information: str, basis: str, actor: facts.Actor, at: datetime) -> None:
    """Second screen: how credible the information is. SourceFirst, Empty, Guarded."""
    why = rules.words("basis", basis)
    with transaction.atomic():
        found = reports.get(election, report, at)
        before = gradings(election, at).get(report)
        if before is None:
            raise rules.SourceFirst(report=report)
        reports.check_neutral(election, why)
        if information not in rules.RATIO:
            raise rules.Empty(field="information")
        _grade(election, found, "information", information, "", "", why, actor, at)


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
    said: dict[str, str | int] = {"scale": scale, "grade": grade, "claim": claim, "chain": chain, "basis": basis}
    begun = report.status is report_rules.Status.RECEIVED
    drafts = [_draft("report.graded", election, f"report:{report.number}", report.place, actor, at, said)]
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
    actor: facts.Actor,
    at: datetime,
    prior_permille: int = rules.PRIOR_PERMILLE,
    report: str = "",
    note: str = "",
) -> str:
    """A new item of the register with its first assessment, supported by a graded report if there is one; gives its code."""
    named = rules.simulated_title(title)
    first = _assessment(1, answers, claim, gatra, variable, shares, prior_permille, note, actor, at)
    with transaction.atomic():
        reports.check_neutral(election, named, first.claim, note)
        if not rules.affected(place, places.tps_list(election), _piers(election)):
            raise rules.UnknownPlace(place=place)
        code = f"AGHT-{Item.objects.filter(election=election).count() + 1:02}"
        grading = _complete(election, report, at) if report else None
        subject = f"aght:{code}"
        drafts = [
            _draft("aght.opened", election, subject, place, actor, at, {"title": named, "report": report}),
            _draft("aght.assessed", election, subject, place, actor, at, _said(first)),
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
    prior_permille: int,
    note: str,
    actor: facts.Actor,
    at: datetime,
) -> None:
    """A new conclusion; the earlier ones stay readable. Closed, Guarded."""
    with transaction.atomic():
        item = get(election, code, at)
        rules.check_open(item)
        version = Assessment.objects.filter(item__election=election, item__code=code).count() + 1
        new = _assessment(version, answers, claim, gatra, variable, shares, prior_permille, note, actor, at)
        reports.check_neutral(election, new.claim, note)
        prepared = record.prepare([_draft("aght.assessed", election, f"aght:{code}", item.place, actor, at, _said(new))], at)
        _write_assessment(Item.objects.get(election=election, code=code), new, prepared[0].entry_id)
        record.append(prepared, at=at)


def attach(election: str, code: str, report: str, actor: facts.Actor, at: datetime) -> None:
    """A graded report supports (or weakens) an item. Ungraded, Attached, Closed."""
    with transaction.atomic():
        item = get(election, code, at)
        rules.check_attach(item, _complete(election, report, at))
        prepared = record.prepare([_draft("aght.supported", election, f"aght:{code}", item.place, actor, at, {"report": report})], at)
        row = Item.objects.get(election=election, code=code)
        Evidence.objects.create(item=row, report=report, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def set_standing(election: str, code: str, standing: rules.Standing, reason: str, actor: facts.Actor, at: datetime) -> None:
    """Treated, closed or opened again, with a reason. SameStanding, Empty, Guarded."""
    why = rules.words("reason", reason)
    with transaction.atomic():
        item = get(election, code, at)
        rules.check_change(item, standing)
        reports.check_neutral(election, why)
        if standing is rules.Standing.CLOSED:
            _end_hazard(election, code, actor, at)
        said: dict[str, str | int] = {"standing": standing.value, "reason": why}
        prepared = record.prepare([_draft("aght.standing_set", election, f"aght:{code}", item.place, actor, at, said)], at)
        row = Item.objects.get(election=election, code=code)
        Standing.objects.create(
            item=row, standing=standing.value, reason=why, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)


def set_hazard(election: str, code: str, kind: str, delay_min: int, actor: facts.Actor, at: datetime) -> None:
    """Tells distribution that an item may delay trips to its place, with the probability it has now; 0 minutes takes it back. BadDelay."""
    with transaction.atomic():
        item = get(election, code, at)
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


def refer(election: str, report: str, to: rules.Route, note: str, actor: facts.Actor, at: datetime) -> None:
    """Hands a report to Bawaslu or Datun; nothing is looked into here. The reporter reads that it was passed on. AlreadyReferred."""
    with transaction.atomic():
        found = reports.get(election, report, at)
        if any(r.report == report and r.to is to for r in referrals(election, at)):
            raise rules.AlreadyReferred(report=report, to=to.value)
        reports.check_neutral(election, note)
        said: dict[str, str | int] = {"to": to.value, "note": note}
        told = to is rules.Route.BAWASLU and found.status is not report_rules.Status.REFERRED
        drafts = [_draft("report.referred", election, f"report:{report}", found.place, actor, at, said)]
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
    """The agency confirms that it has the report; its own clock runs from here. NotReferred, Empty."""
    number = rules.words("receipt_no", receipt_no)[:60]
    with transaction.atomic():
        row = Referral.objects.filter(election=election, report=report, to=to.value, occurred_at__lte=at, received_at=None).first()
        if row is None:
            raise rules.NotReferred(report=report, to=to.value)
        said: dict[str, str | int] = {"to": to.value, "receipt_no": number}
        place = reports.get(election, report, at).place
        prepared = record.prepare([_draft("report.referral_received", election, f"report:{report}", place, actor, at, said)], at)
        row.receipt_no, row.received_by, row.received_at = number, actor.person, at
        row.save(update_fields=["receipt_no", "received_by", "received_at"])
        record.append(prepared, at=at)


def close_report(election: str, report: str, actor: facts.Actor, at: datetime) -> None:
    """The reporter reads that the report has been dealt with. NoStep."""
    reports.set_status(election, report, report_rules.Status.CLOSED, actor, at)


def _assessment(
    version: int,
    answers: rules.Answers,
    claim: str,
    gatra: str,
    variable: str,
    shares: rules.Shares,
    prior_permille: int,
    note: str,
    actor: facts.Actor,
    at: datetime,
) -> rules.Assessment:
    said = rules.words("claim", claim)
    result = rules.triage(answers)
    blank = rules.Assessment(
        version, rules.Kind.HAMBATAN, said, gatra, variable, rules.CURRENT_LABELS, prior_permille, shares, actor.person, at, note=note
    )
    return rules.with_routes(blank, result)


def _said(a: rules.Assessment) -> dict[str, str | int]:
    return {
        "version": a.version,
        "kind": a.kind.value,
        "claim": a.claim,
        "gatra": a.gatra,
        "variable": a.variable,
        "labels": a.labels,
        "routes": " ".join(r.value for r in a.routes),
        "method": rules.METHOD,
        "prior_permille": a.prior_permille,
        "low": a.shares.low,
        "mode": a.shares.mode,
        "high": a.shares.high,
        "note": a.note,
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
        person=a.author,
        occurred_at=a.assessed_at,
        entry_id=entry_id,
    )


def _draft(
    kind: str, election: str, subject: str, place: str, actor: facts.Actor, at: datetime, said: Mapping[str, str | int]
) -> facts.Draft:
    return facts.Draft(kind, election, subject, place or record.election(election).region, actor, at, dict(said))


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


def register(election: str, at: datetime) -> list[rules.Aght]:
    """Every item opened by then as it stood, by expected loss, the worst first."""
    rows = list(Item.objects.filter(election=election, occurred_at__lte=at))
    assessments: dict[int, list[rules.Assessment]] = defaultdict(list)
    for assessment in Assessment.objects.filter(item__in=rows, occurred_at__lte=at).order_by("version"):
        assessments[assessment.item_id].append(_assessed(assessment))
    changes: dict[int, list[rules.Change]] = defaultdict(list)
    for standing in Standing.objects.filter(item__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        change = rules.Change(rules.Standing(standing.standing), standing.reason, standing.person, standing.occurred_at)
        changes[standing.item_id].append(change)
    grades = gradings(election, at)
    support: dict[int, list[rules.Grading]] = defaultdict(list)
    for evidence in Evidence.objects.filter(item__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        support[evidence.item_id].append(grades[evidence.report])
    voters = {code: (v.dpt, v.estimate) for code, v in dpt.voters(election, at).items()}
    tps_list, piers = places.tps_list(election), _piers(election)
    all_voters = sum(count for count, _ in voters.values())
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


def items_of(election: str, report: str, at: datetime) -> list[str]:
    """Codes of the items that a report supports."""
    rows = Evidence.objects.filter(item__election=election, report=report, occurred_at__lte=at)
    return sorted(rows.values_list("item__code", flat=True))


def desa(election: str, at: datetime) -> list[rules.Desa]:
    """Open items, expected loss and reports of every desa."""
    region = record.election(election).region
    codes = [d.code for d in places.desa_list(region)]
    reported = [r.place for r in reports.listing(election, at) if r.place]
    return rules.by_desa(codes, register(election, at), _places_of(election, reported))


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
    """Kejari: half-graded reports and graded ones that lead nowhere yet, items nobody looked at for three days. Bawaslu: referrals."""
    if person.agency == "BAWASLU":
        open_referrals = [r for r in referrals(election, at) if r.to is rules.Route.BAWASLU and r.received_at is None]
        return [facts.Task("aght.referral", "aght", f"report:{r.report}", r.report, None, (r.report,)) for r in open_referrals]
    if person.agency != "KEJARI":
        return []
    used = set(Evidence.objects.filter(item__election=election, occurred_at__lte=at).values_list("report", flat=True))
    referred = {r.report for r in referrals(election, at)}
    closed = {r.number for r in reports.listing(election, at) if r.status is report_rules.Status.CLOSED}
    tasks = []
    for number, grading in gradings(election, at).items():
        if number in closed:
            continue
        if not grading.complete:
            tasks.append(facts.Task("aght.grade_information", "aght", f"report:{number}", number, None, (number,)))
        elif number not in used and number not in referred:
            tasks.append(facts.Task("aght.place", "aght", f"report:{number}", number, None, (number,)))
    tasks += [
        facts.Task("aght.stale", "aght", f"aght:{item.code}", f"{item.code} {item.title}", None, (item.code,))
        for item in register(election, at)
        if rules.stale(item, at)
    ]
    return tasks


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Items by code, title or place, for agencies that may read the register."""
    word = text.strip().lower()
    if not word or person.agency not in {"KEJARI", "KPU", "BAWASLU", "POLRES"}:
        return []
    hits = [i for i in register(election, at) if any(word in part.lower() for part in (i.code, i.title, i.place))]
    return [facts.Hit("aght", f"{i.code} {i.title}", i.kind.value, (i.code,)) for i in hits[:20]]
