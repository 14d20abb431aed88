"""Stage products: products as events, their words and frozen figures apart, the office's form codes, receipts; and the figures themselves.

`collect` reads every stage with the same `at`, so a daily report of yesterday can be made today and says what was known then. It takes
no words of a report, no contact and no pseudonym of a source.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import aght as aght_rules
from posko.domain import evidence as evidence_rules
from posko.domain import places as place_rules
from posko.domain import pledges as pledge_rules
from posko.domain import posts as post_rules
from posko.domain import products as rules
from posko.domain import readiness as readiness_rules
from posko.domain import recommendations as recommendation_rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.domain.products import Act, State, Type
from posko.formats import map as drawing
from posko.formats import text
from posko.store import access, aght, evidence, places, pledges, posts, readiness, receipts, recommendations, record, regulation, reports

Plain = dict[str, Any]


class ProductRow(models.Model):
    """A product begun: its type, what it is about, its period."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=12)
    subject = models.CharField(max_length=40, blank=True)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    author = models.CharField(max_length=64)
    supersedes = models.CharField(max_length=20, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "products_product"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="products_product_code"),)


class ProductEventRow(models.Model):
    """A step of a product, without words."""

    product = models.ForeignKey(ProductRow, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=12)
    agency = models.CharField(max_length=12)
    classification = models.CharField(max_length=12, blank=True)
    recipients = models.JSONField(default=list)
    odds = models.JSONField(default=list)
    digest = models.CharField(max_length=64, blank=True)
    number = models.CharField(max_length=60, blank=True)
    form_code = models.CharField(max_length=24, blank=True)
    other = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "products_event"


class ProductWordsRow(models.Model):
    """The words of a step, and the figures frozen with it. Gone where a draft was discarded."""

    event = models.OneToOneField(ProductEventRow, on_delete=models.PROTECT, related_name="+")
    sections = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "products_words"


class ProductReceiptRow(models.Model):
    """A recipient's receipt."""

    product = models.ForeignKey(ProductRow, on_delete=models.PROTECT, related_name="+")
    recipient = models.CharField(max_length=12)
    number = models.CharField(max_length=40)  # "": given with the recipient's own account
    received_at = models.DateTimeField()
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "products_receipt"
        constraints = (models.UniqueConstraint(fields=["product", "recipient"], name="products_receipt_once"),)


class ProductConfigRow(models.Model):
    """What the office set: a type's form code, or the hour of the daily report (key "hour")."""

    election = models.CharField(max_length=40)
    key = models.CharField(max_length=12)
    value = models.CharField(max_length=24, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "products_config"


# --- what the office sets ------------------------------------------------------------------------------------------------------


def config(election: str, at: datetime) -> dict[str, str]:
    """Type -> form code, and "hour"; what nobody set is not there."""
    rows = ProductConfigRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return {r.key: r.value for r in rows}


def settings(election: str, at: datetime) -> dict[str, tuple[str, str, datetime]]:
    """As `config`, with who set it and when: (value, pseudonym, instant)."""
    rows = ProductConfigRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return {r.key: (r.value, r.person, r.occurred_at) for r in rows}


def hour(election: str, at: datetime) -> int:
    """The hour in WIB that ends the day of the daily report."""
    return int(config(election, at).get("hour", "") or rules.DAILY_HOUR)


def configure(election: str, key: str, value: str, actor: facts.Actor, at: datetime) -> None:
    """Sets a form code (key: a type) or the hour (key: "hour"). UnknownType, BadFormCode, BadHour, SameConfig."""
    if key == "hour":
        if not (value.isascii() and value.isdigit() and len(value) <= 2 and int(value) <= 23):
            raise rules.BadHour()
        tidy = str(int(value))
    elif key in set(Type):
        tidy = rules.check_form_code(value)
    else:
        raise rules.UnknownType(kind=key[:20])
    with transaction.atomic():
        at = record.turn(at)
        before = config(election, at).get(key, "")
        if tidy == before:
            raise rules.SameConfig()
        draft = _draft("product.configured", election, f"product:{key}", actor, at, {"key": key, "old": before, "new": tidy})
        prepared = record.prepare([draft], at)
        ProductConfigRow.objects.create(
            election=election, key=key, value=tidy, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)


# --- a product's life ------------------------------------------------------------------------------------------------------------


def draft(election: str, kind: Type, body: rules.Body, actor: facts.Actor, at: datetime, supersedes: str = "") -> str:
    """Begins a product; gives its code PRD-001 ... AlreadyMade, NoSubject, Unknown, Guarded, NamesPerson and what `check_body` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        fit = _fit(election, kind, body, at, whole=False)
        known = listing(election, at)
        if supersedes:
            old = _one(known, supersedes)
            if old.state is not State.SIGNED or old.kind is not kind:
                raise rules.NoStep(code=supersedes, state=old.state.value)
            since, until = (old.from_at, old.until_at) if kind is Type.DAILY else _period(election, kind, fit.subject, at)
        else:
            since, until = _period(election, kind, fit.subject, at)
            _check_day(known, kind, until)
        code, mark = f"PRD-{ProductRow.objects.filter(election=election).count() + 1:03}", _mark()
        said: Plain = {
            "kind": kind.value, "subject": fit.subject, "from_at": record.stamp(since), "until_at": record.stamp(until),
            "supersedes": supersedes, "mark": mark, **_chosen(fit),
        }  # fmt: skip
        prepared = record.prepare([_draft("product.drafted", election, f"product:{code}", actor, at, said, _words(fit))], at)
        row = ProductRow.objects.create(
            election=election, code=code, kind=kind.value, subject=fit.subject, from_at=since, until_at=until, author=actor.person,
            supersedes=supersedes, mark=mark, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        _event(row, Act.DRAFT, actor, at, prepared[0].entry_id, fit)
        record.append(prepared, at=at)
    return code


def _check_day(known: Iterable[rules.Product], kind: Type, until: datetime) -> None:
    if kind is not Type.DAILY:
        return
    for one in known:
        if one.kind is kind and one.until_at == until and one.state is not State.DISCARDED:
            raise rules.AlreadyMade(code=one.code)


def _period(election: str, kind: Type, subject: str, at: datetime) -> tuple[datetime, datetime]:
    since = None
    if rules.ABOUT.get(kind) == "report":
        since = reports.get(election, subject, at).received_at
    elif kind in rules.ABOUT:
        since = aght.get(election, subject, at).opened_at
    elif kind is Type.MAP:
        since = min((i.opened_at for i in aght.register(election, at)), default=at)
    return rules.period(kind, at, hour(election, at), since)


def revise(election: str, code: str, body: rules.Body, actor: facts.Actor, at: datetime) -> None:
    """Other words, class or recipients; the subject stays. NoStep, NotAuthor and what `draft` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        rules.check_step(before, Act.REVISE, actor.person)
        fit = _fit(election, before.kind, replace(body, subject=before.body.subject), at, whole=False)
        _step(election, before, Act.REVISE, actor, at, fit=fit, said=_chosen(fit), private=_words(fit))


def submit(election: str, code: str, actor: facts.Actor, at: datetime) -> str:
    """Freezes words and figures for the head to read; gives the hash. NoStep, NotAuthor, Missing, BadOdds, Guarded, NamesPerson."""
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        rules.check_step(before, Act.SUBMIT, actor.person)
        fit = _fit(election, before.kind, before.body, at, whole=True)
        if before.kind is not Type.DAILY:  # whatever is not a fixed day is told up to the moment it is frozen
            before = replace(before, until_at=at)
        found = collect(election, before, at)
        form = config(election, at).get(before.kind.value, "")
        hashed = rules.digest(replace(before, body=fit), found, form)
        said: Plain = {"digest": hashed, "form_code": form, **_chosen(fit)}
        _step(election, before, Act.SUBMIT, actor, at, fit=fit, said=said, digest=hashed, form_code=form, found=found)
    return hashed


def give_back(election: str, code: str, note: str, actor: facts.Actor, at: datetime) -> None:
    """The head returns it with a note. NoStep, SamePerson, Missing, Guarded."""
    tidy = " ".join(note.split())
    if not tidy:
        raise rules.Missing(section="catatan")
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        rules.check_step(before, Act.RETURN, actor.person)
        _check_words(election, [tidy[: rules.TEXT_LONGEST]])
        _step(election, before, Act.RETURN, actor, at, private={"note": tidy[: rules.TEXT_LONGEST]}, note=tidy[: rules.TEXT_LONGEST])


def sign(election: str, code: str, seen_digest: str, actor: facts.Actor, at: datetime) -> str:
    """The head signs exactly what was seen; gives the number. What it takes the place of is replaced. NoStep, SamePerson, SeenOther."""
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        rules.check_step(before, Act.SIGN, actor.person, seen_digest)
        old = get(election, before.supersedes, at) if before.supersedes else None
        if old is not None:
            rules.check_step(old, Act.REPLACE, actor.person)
        signed = ProductEventRow.objects.filter(product__election=election, product__kind=before.kind.value, act=Act.SIGN.value)
        number = rules.number(before.kind, signed.count() + 1, at)
        said: Plain = {"number": number, "digest": before.digest}
        drafts = [replace(_draft("product.signed", election, f"product:{code}", actor, at, said), approvals=(before.author, actor.person))]
        if old is not None:
            drafts.append(_draft("product.replaced", election, f"product:{old.code}", actor, at, {"by": code}))
        prepared = record.prepare(drafts, at)
        _event(_row(election, code), Act.SIGN, actor, at, prepared[0].entry_id, before.body, digest=before.digest, number=number)
        if old is not None:
            _event(_row(election, old.code), Act.REPLACE, actor, at, prepared[1].entry_id, old.body, other=code)
        record.append(prepared, at=at)
    return number


def discard(election: str, code: str, actor: facts.Actor, at: datetime) -> None:
    """An unsigned draft is given up; its words are erased from the tables and from the journal. NoStep, NotAuthor."""
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        rules.check_step(before, Act.DISCARD, actor.person)
        row = _row(election, code)
        ProductWordsRow.objects.filter(event__product=row).delete()
        for entry in ProductEventRow.objects.filter(product=row).values_list("entry_id", flat=True):
            record.erase(entry, at)
        prepared = record.prepare([_draft("product.discarded", election, f"product:{code}", actor, at, {"events": len(before.events)})], at)
        _event(row, Act.DISCARD, actor, at, prepared[0].entry_id, rules.Body(before.body.subject, {}))
        record.append(prepared, at=at)


def acknowledge(election: str, code: str, actor: facts.Actor, at: datetime) -> None:
    """A recipient says with his own account that his office has it. What `rules.check_acknowledge` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        rules.check_acknowledge(get(election, code, at), actor.agency)
        said: Plain = {"recipient": actor.agency, "received_at": record.stamp(at)}
        prepared = record.prepare([_draft("product.acknowledged", election, f"product:{code}", actor, at, said)], at)
        ProductReceiptRow.objects.create(
            product=_row(election, code), recipient=actor.agency, number="", received_at=at, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


def with_account(election: str, at: datetime) -> set[str]:
    """Recipients who have somebody here that can say "we have it": by agency."""
    region, roles = record.election(election).region, access_rules.POLICY["products.receive"]
    return {
        account.agency
        for account in access.accounts()
        if account.active and any(g.role in roles and g.holds(at) and access_rules.within(region, g.region) for _, g in account.grants)
    }


def received(
    election: str,
    code: str,
    recipient: str,
    number: str,
    received_at: datetime,
    actor: facts.Actor,
    at: datetime,
    proofs: Iterable[evidence_rules.Kept] = (),
) -> None:
    """A recipient without an account has it: number, time and picture (`evidence.keep`) of the paper. What `check_receipt` refuses."""
    kept = list({one.sha256: one for one in proofs}.values())
    with transaction.atomic():
        at = record.turn(at)
        known = recipient in with_account(election, at)
        before = get(election, code, at)
        tidy = rules.check_receipt(before, recipient, number, received_at, at, has_account=known, has_file=bool(kept))
        said: Plain = {
            "recipient": recipient, "number": tidy, "received_at": record.stamp(received_at), "files": [k.sha256 for k in kept],
        }  # fmt: skip
        prepared = record.prepare([_draft("product.received", election, f"product:{code}", actor, at, said)], at)
        ProductReceiptRow.objects.create(
            product=_row(election, code), recipient=recipient, number=tidy, received_at=received_at, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        for one in kept:
            evidence.bind(election, "products", f"product:{code}", "signed_scan", one, actor, at, prepared[0].entry_id, before.mark)
        record.append(prepared, at=at)


def _fit(election: str, kind: Type, body: rules.Body, at: datetime, *, whole: bool) -> rules.Body:
    fit = rules.check_body(kind, body, whole=whole)
    if rules.ABOUT.get(kind) == "report":
        reports.get(election, fit.subject, at)
    elif kind in rules.ABOUT:
        aght.get(election, fit.subject, at)
    _check_words(election, fit.sections.values())
    return fit


def _check_words(election: str, texts: Iterable[str]) -> None:
    """The post's own words: neutral, and without names of people."""
    written = "\n".join(t for t in texts if t)
    reports.check_neutral(election, written)
    slots = recommendation_rules.Slots("", written, "", "", "", "")
    person = next((f for f in recommendation_rules.lint("", "", slots) if f.code == "names_person"), None)
    if person is not None:
        raise rules.NamesPerson(word=person.word)


def _chosen(body: rules.Body) -> Plain:
    return {"classification": body.classification, "recipients": list(body.recipients), "odds": list(body.odds)}


def _words(body: rules.Body) -> Plain:
    return {"sections": dict(body.sections)}


def _step(
    election: str,
    before: rules.Product,
    act: Act,
    actor: facts.Actor,
    at: datetime,
    *,
    said: Plain | None = None,
    private: Plain | None = None,
    fit: rules.Body | None = None,
    found: Plain | None = None,
    note: str = "",
    digest: str = "",
    form_code: str = "",
) -> None:
    past = {Act.REVISE: "revised", Act.SUBMIT: "submitted", Act.RETURN: "returned"}[act]
    prepared = record.prepare([_draft(f"product.{past}", election, f"product:{before.code}", actor, at, said or {}, private)], at)
    row = _row(election, before.code)
    _event(row, act, actor, at, prepared[0].entry_id, fit or before.body, digest=digest, form_code=form_code, found=found, note=note)
    record.append(prepared, at=at)


def _event(
    row: ProductRow,
    act: Act,
    actor: facts.Actor,
    at: datetime,
    entry_id: str,
    body: rules.Body,
    *,
    digest: str = "",
    number: str = "",
    form_code: str = "",
    other: str = "",
    found: Plain | None = None,
    note: str = "",
) -> None:
    event = ProductEventRow.objects.create(
        product=row, act=act.value, agency=actor.agency, classification=body.classification, recipients=list(body.recipients),
        odds=list(body.odds), digest=digest, number=number, form_code=form_code, other=other, person=actor.person, occurred_at=at,
        entry_id=entry_id,
    )  # fmt: skip
    if act in {Act.DRAFT, Act.REVISE, Act.SUBMIT, Act.RETURN}:
        ProductWordsRow.objects.create(event=event, sections=dict(body.sections), note=note, facts=found or {})


def _row(election: str, code: str) -> ProductRow:
    return ProductRow.objects.get(election=election, code=code)


def _draft(
    kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, object], private: Plain | None = None
) -> facts.Draft:
    return facts.Draft(kind, election, subject, record.election(election).region, actor, at, said, private or {})


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


# --- what is read ------------------------------------------------------------------------------------------------------------------


def listing(election: str, at: datetime, *, figures: bool = True) -> list[rules.Product]:
    """Products begun by then as they stood, oldest first. Without `figures` the frozen part (with a map: large) stays in the table."""
    rows = list(ProductRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    events: dict[int, list[ProductEventRow]] = defaultdict(list)
    for e in ProductEventRow.objects.filter(product__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        events[e.product_id].append(e)
    told = ProductWordsRow.objects.filter(event__product__in=rows)
    words = {w.event_id: w for w in (told if figures else told.defer("facts"))}
    got: dict[int, list[rules.Receipt]] = defaultdict(list)
    for r in ProductReceiptRow.objects.filter(product__in=rows, occurred_at__lte=at).order_by("received_at", "id"):
        got[r.product_id].append(rules.Receipt(r.recipient, r.number, r.received_at, r.person))
    return [_product(row, events[row.pk], words, tuple(got[row.pk]), figures) for row in rows]


def _product(
    row: ProductRow, events: list[ProductEventRow], words: Mapping[int, ProductWordsRow], got: tuple[rules.Receipt, ...], figures: bool
) -> rules.Product:
    told = next((words[e.pk] for e in reversed(events) if e.pk in words), None)
    frozen = next((words[e.pk] for e in reversed(events) if e.act == Act.SUBMIT.value and e.pk in words), None)
    last = events[-1]
    body = rules.Body(row.subject, told.sections if told else {}, last.classification, tuple(last.recipients), tuple(last.odds))
    found = rules.Product(
        row.code, Type(row.kind), row.from_at, row.until_at, row.author, body,
        tuple(
            rules.Event(Act(e.act), e.occurred_at, e.person, e.agency, e.digest, e.number, e.form_code, e.other, e.entry_id) for e in events
        ),
        {}, got, told.note if told else "", row.supersedes, row.mark,
    )  # fmt: skip
    if frozen is None or not figures or found.state not in rules.FROZEN:
        return found
    return replace(found, facts=frozen.facts, until_at=datetime.fromisoformat(frozen.facts["as_of"]))


def get(election: str, code: str, at: datetime) -> rules.Product:
    """One product. Unknown."""
    return _one(listing(election, at), code)


def _one(known: Iterable[rules.Product], code: str) -> rules.Product:
    for one in known:
        if one.code == code:
            return one
    raise rules.Unknown(code=code[:20])


def whole(product: rules.Product) -> bool:
    """Whether a frozen product still has the hash it was submitted with."""
    return product.state in rules.FROZEN and rules.digest(product, product.facts, product.form_code) == product.digest


# --- the figures -------------------------------------------------------------------------------------------------------------------


def collect(election: str, product: rules.Product, at: datetime) -> Plain:
    """The counted part as plain values, all as of the end of the product's period (or `at`, where that is earlier)."""
    as_of, since = min(product.until_at, at), product.from_at
    head: Plain = {"as_of": record.stamp(as_of), "election": record.election(election).name, "root": record.root(as_of)[1]}
    head["days"] = (record.local_date(record.election(election).voting_at) - record.local_date(as_of)).days
    items = aght.register(election, as_of)
    made: dict[Type, Any] = {
        Type.INFORMATION: lambda: _information(election, product.body.subject, as_of),
        Type.DAILY: lambda: _daily(election, items, since, as_of),
        Type.SPECIAL: lambda: _about(election, product.body.subject, as_of),
        Type.STUDY: lambda: _about(election, product.body.subject, as_of),
        Type.OUTLOOK: lambda: _outlook(election, items, as_of),
        Type.MAP: lambda: _map(election, items, as_of),
    }
    counted: Plain = made[product.kind]()
    return head | counted


def _item(i: aght_rules.Aght, names: Mapping[str, str]) -> Plain:
    return {
        "code": i.code, "title": i.title, "kind": i.kind.value, "gatra": _gatra(i), "place": names.get(i.place, i.place),
        "p_permille": round(i.p * 1000), "loss": i.loss.expected, "loss_p5": i.loss.p5, "loss_p95": i.loss.p95, "tps": len(i.tps),
        "voters": i.voters, "estimate": int(i.estimate), "standing": i.standing.value, "reports": len(i.gradings),
        "left_h": -1_000_000 if i.time_left_h is None else i.time_left_h,
    }  # fmt: skip


def _gatra(i: aght_rules.Aght) -> str:
    return i.gatra_name


def _gatra_names(election: str, items: Iterable[aght_rules.Aght], at: datetime) -> list[str]:
    """The set in force, then names that only items of an older set carry."""
    return list(dict.fromkeys([*aght.labels(election, at).gatra.values(), *(_gatra(i) for i in items)]))


def _ranked(items: Iterable[aght_rules.Aght]) -> list[aght_rules.Aght]:
    return sorted(items, key=lambda i: (-i.loss.expected, i.code))


def _closed_in(i: aght_rules.Aght, since: datetime, until: datetime) -> bool:
    return i.standing is aght_rules.Standing.CLOSED and since < i.changes[-1].at <= until


def _daily(election: str, items: list[aght_rules.Aght], since: datetime, until: datetime) -> Plain:
    names = reports.place_names(election)
    filed = [r for r in reports.listing(election, until) if r.received_at > since]
    fresh = [i for i in items if since < i.opened_at <= until]
    done = [i for i in items if _closed_in(i, since, until)]
    return {
        "stages": _stages(election, until),
        "reports": len(filed),
        "reports_all": len(reports.listing(election, until)),
        "categories": _counted(r.category.value for r in filed),
        "gatra": _by_gatra(_gatra_names(election, items, until), items, filed, since, until),
        "fresh": [_item(i, names) for i in _ranked(fresh)],
        "done": [_item(i, names) for i in _ranked(done)],
        "open": sum(i.standing is not aght_rules.Standing.CLOSED for i in items),
        "gauge": _gauge(election, until),
        "readiness": _readiness(election, until),
        "recommendations": _advice(election, until),
        "posts": _listening(election, until),
        "pledges": _pledged(election, until),
    }


def _counted(values: Iterable[str]) -> list[Plain]:
    return [{"name": name, "count": n} for name, n in sorted(Counter(values).items(), key=lambda kv: (-kv[1], kv[0]))]


def _by_gatra(
    names: list[str], items: list[aght_rules.Aght], filed: list[report_rules.Report], since: datetime, until: datetime
) -> list[Plain]:
    """Per gatra: reports of the period that support an item of it, items opened, closed, open. Reports with no item come last."""
    of_report: dict[str, str] = {}
    for i in items:
        for g in i.gradings:
            of_report.setdefault(g.report, _gatra(i))
    heard = Counter(of_report.get(r.number, "") for r in filed)
    rows = [
        {
            "name": name,
            "reports": heard[name],
            "fresh": sum(_gatra(i) == name and since < i.opened_at <= until for i in items),
            "done": sum(_gatra(i) == name and _closed_in(i, since, until) for i in items),
            "open": sum(_gatra(i) == name and i.standing is not aght_rules.Standing.CLOSED for i in items),
        }
        for name in names
    ]
    return [*rows, {"name": "", "reports": heard[""], "fresh": 0, "done": 0, "open": 0}]


def _stages(election: str, at: datetime) -> list[Plain]:
    """The two deadlines that passed last and the four that come next, with how surely each is known."""
    found = regulation.milestones(election, at)
    past, ahead = [m for m in found if m.due_at <= at], [m for m in found if m.due_at > at]
    return [
        {"name": m.name, "due_at": record.stamp(m.due_at), "h_minus": m.h_minus, "passed": int(m.due_at <= at), "grade": m.grade.value}
        for m in [*past[-2:], *ahead[:4]]
    ]


def _gauge(election: str, at: datetime) -> Plain:
    gauge = receipts.gauge(election, at)
    rows = [
        {"name": r.demand.name, "contest": r.demand.contest, "dapil": r.demand.dapil, "need": r.demand.quantity or 0,
         "received": r.covered("received"), "accepted": r.covered("accepted"), "estimate": int(r.demand.estimate)}
        for r in gauge.known()
        if r.demand.critical and r.demand.quantity
    ]  # fmt: skip
    lines = gauge.lines("accepted")
    return {
        "rows": rows, "lines_done": lines.numerator, "lines": lines.denominator, "tps_complete": gauge.tps.complete,
        "tps": gauge.tps.total, "unknown": [r.demand.name for r in gauge.unknown],
    }  # fmt: skip


def _readiness(election: str, at: datetime) -> Plain:
    found = readiness_rules.summary(readiness.verdicts(election, at))
    return {"ready": found.ready, "not_ready": found.not_ready, "unknown": found.unknown, "total": found.total}


def _advice(election: str, at: datetime, item: str = "") -> Plain:
    issued = [r for r in recommendations.listing(election, at) if r.issued_at is not None and (not item or item in r.text.aght)]
    going = [r for r in issued if not r.ended]
    shown = issued if item else going
    return {
        "issued": len(issued), "open": len(going), "late": sum(r.overdue(at) for r in going),
        "rows": [
            {"code": r.code, "number": r.number, "title": r.title, "addressee": r.addressee, "state": r.state.value,
             "due_at": record.stamp(r.due_at) if r.due_at else "", "late": int(r.overdue(at))}
            for r in shown
        ],
    }  # fmt: skip


def _listening(election: str, at: datetime) -> Plain:
    beats = posts.beats(election, at).values()
    alive = sum(b.pulse in {post_rules.Pulse.ALIVE, post_rules.Pulse.LATE} for b in beats)
    silent = sum(b.pulse is post_rules.Pulse.SILENT for b in beats)
    return {"open": alive + silent, "silent": silent}


def _pledged(election: str, at: datetime) -> Plain:
    found = pledges.standing(election, at)
    waits = sum(a.answer in {pledge_rules.Answer.OPEN, pledge_rules.Answer.PARTLY} for a in found.asks)
    return {
        "live": len(found.usable(firm=False)), "firm": len(found.usable()), "asks": len(found.asks), "open": waits,
        "overdue": len(found.overdue), "conflicts": len(found.conflicts),
    }  # fmt: skip


def _information(election: str, number: str, at: datetime) -> Plain:
    """One report: what it is about, when, where, how it was graded; who told it stays where it is."""
    found, names = reports.get(election, number, at), reports.place_names(election)
    graded = aght.gradings(election, at).get(number)
    place = found.place
    if found.category in {report_rules.Category.SEC, report_rules.Category.VIO}:
        place = place[:8]  # where somebody might be recognised, the kecamatan is enough
    return {
        "report": found.number, "category": found.category.value, "channel": found.channel.value, "place": names.get(place, place),
        "coarse": int(place != found.place), "received_at": record.stamp(found.received_at),
        "happened_at": record.stamp(found.happened_at) if found.happened_at else "", "status": found.status.value,
        "claim": graded.claim if graded else "", "source": graded.source if graded else "",
        "information": graded.information if graded else "", "items": aght.items_of(election, number, at), "attachments": found.attachments,
    }  # fmt: skip


def _about(election: str, code: str, at: datetime) -> Plain:
    """One item of the register: what is claimed, how surely, how badly, how long acting still helps, what was advised."""
    item, names = aght.get(election, code, at), reports.place_names(election)
    grades = _counted(f"{g.source}{g.information}" for g in item.gradings if g.complete)
    return {
        "item": _item(item, names), "claim": item.now.claim, "opened_at": record.stamp(item.opened_at),
        "variable": item.variable_name, "routes": [r.value for r in item.now.routes],
        "useful_until": record.stamp(item.now.last_useful_at) if item.now.last_useful_at else "", "grades": grades,
        "chains": len({g.chain for g in item.gradings}), "versions": len(item.assessments), "all_voters": item.all_voters,
        "recommendations": _advice(election, at, code),
    }  # fmt: skip


def _outlook(election: str, items: list[aght_rules.Aght], at: datetime) -> Plain:
    """Four weeks of counts, what weighs most, how ready the TPS are."""
    filed, names = reports.listing(election, at), reports.place_names(election)
    weeks = []
    for n in range(4, 0, -1):
        since, until = at - timedelta(weeks=n), at - timedelta(weeks=n - 1)
        weeks.append(
            {
                "since": record.stamp(since), "until": record.stamp(until), "reports": sum(since < r.received_at <= until for r in filed),
                "fresh": sum(since < i.opened_at <= until for i in items), "done": sum(_closed_in(i, since, until) for i in items),
                "open": sum(i.opened_at <= until and not (_closed_in(i, i.opened_at, until)) for i in items),
            }
        )  # fmt: skip
    live = _ranked(i for i in items if i.standing is not aght_rules.Standing.CLOSED)
    return {
        "weeks": weeks, "top": [_item(i, names) for i in live[:7]], "open": len(live), "readiness": _readiness(election, at),
        "gauge": _gauge(election, at), "recommendations": _advice(election, at), "stages": _stages(election, at),
    }  # fmt: skip


def _map(election: str, items: list[aght_rules.Aght], at: datetime) -> Plain:
    """Kind by gatra, the register, and a map with counts; a desa from which nothing was heard is unknown, not quiet."""
    names = reports.place_names(election)
    live = _ranked(i for i in items if i.standing is not aght_rules.Standing.CLOSED)
    gatra = _gatra_names(election, live, at)
    counted = Counter((i.kind, _gatra(i)) for i in live)
    found = {d.code: d for d in aght.desa(election, at)}
    return {
        "gatra": gatra, "labels": ", ".join(sorted({aght.labels(election, at).version, *(i.now.labels for i in live)})),
        "matrix": [{"kind": k.value, "cells": [counted[k, name] for name in gatra]} for k in aght_rules.Kind],
        "register": [_item(i, names) for i in live], "open": len(live), "closed": len(items) - len(live),
        "desa": len(found), "heard": sum(not d.unknown for d in found.values()), "picture": _picture(election, found, live),
        "schematic": int(not places.boundaries(record.election(election).region)),
    }  # fmt: skip


def _picture(election: str, found: Mapping[str, aght_rules.Desa], live: list[aght_rules.Aght]) -> str:
    region = record.election(election).region
    cells = []
    for d in places.desa_list(region):
        one = found[d.code]
        word = "belum ada kabar" if one.unknown else f"{one.items} butir terbuka, {one.reports} laporan"
        cells.append(
            drawing.Desa(
                d.code, d.name, d.lat, d.lon, state="unknown" if one.unknown else "plain", word=word, weight=0, group=d.kecamatan_name,
                shade=None if one.unknown else min(one.items, 5), figure="" if one.unknown else str(one.items),
            )
        )  # fmt: skip
    tps = places.tps_list(election)
    whole = place_rules.desa_islands(tps)
    islands = []
    for s in places.sites(region):
        if s.kind == "pulau" and s.lat is not None and s.lon is not None:
            here = sum(any(t.island == s.code and t.code in i.tps for t in tps) for i in live)
            if s.code in whole:
                islands.append(_desa_island(s, [found[d] for d in whole[s.code]], here))
            else:
                islands.append(drawing.Island(s.code, s.name, s.lat, s.lon, "warn" if here else "plain", detail=f"{here} butir"))
    return drawing.svg(
        drawing.Map(
            title="Butir AGHT terbuka per desa", region=region, desa=cells, islands=islands, boundaries=places.boundaries(region),
            description="Angka adalah butir terbuka; arsiran berarti belum ada kabar.",
        )
    )  # fmt: skip


def _desa_island(site: place_rules.Site, desa: list[aght_rules.Desa], here: int) -> drawing.Island:
    """An island on which a whole desa lies (or two): that desa has no area ashore, so its figure and shade stand on the island's mark."""
    known = [d for d in desa if not d.unknown]
    return drawing.Island(
        site.code, site.name, site.lat or 0.0, site.lon or 0.0, state="plain" if known else "unknown",
        detail=f"{here} butir" if here else "",
        figure="+".join(str(d.items) for d in known), shade=min(max(d.items for d in known), 5) if known else None,
        word="; ".join("belum ada kabar" if d.unknown else f"{d.items} butir terbuka, {d.reports} laporan" for d in desa),
    )  # fmt: skip


# --- tasks and search --------------------------------------------------------------------------------------------------------------


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the author: what was returned, receipts on paper that are missing, the day's report once there is a habit of it. For the head:
    what to sign. For every recipient with an account: what was sent to him and not acknowledged."""
    known, tasks = listing(election, at, figures=False), []
    here = with_account(election, at) if any(p.open_recipients and p.signed_at for p in known) else set()
    for p in known:
        sent = p.state is State.SIGNED and person.agency in p.open_recipients
        if sent and _allowed(person, "products.receive", election, at):
            tasks.append(_task("products.receive", p, None))
        if p.state is State.SUBMITTED and p.author != person.id and _allowed(person, "products.sign", election, at):
            tasks.append(_task("products.sign", p, p.events[-1].at))
        if p.state is State.RETURNED and p.author == person.id:
            tasks.append(_task("products.returned", p, None))
        if p.state is State.SIGNED and p.author == person.id and set(p.open_recipients) - here:
            tasks.append(_task("products.receipts", p, None))
    daily = [p for p in known if p.kind is Type.DAILY and p.state is not State.DISCARDED]
    if daily and _allowed(person, "products.make", election, at):
        _, until = rules.day_of(at, hour(election, at))
        if all(p.until_at != until for p in daily):
            tasks.append(facts.Task("products.daily", "products", "product:harian", text.tanggal_pendek(until), until))
    return tasks


def _allowed(person: access_rules.Person, act: str, election: str, at: datetime) -> bool:
    thing = access_rules.Thing("products", "", record.election(election).region)
    return access_rules.may(person, act, thing, access_rules.Purpose.DUTY, (), at).allowed


def reading(p: rules.Product, region: str) -> access_rules.Thing:
    """A product as the policy sees it: the Kejari's own, named to its recipients once it is signed."""
    named = frozenset(p.asked) if p.state in {State.SIGNED, State.REPLACED} else frozenset()
    return access_rules.Thing("products", p.code, region, owner="KEJARI", classification=p.body.classification, named=named)


def readable(found: Iterable[rules.Product], person: access_rules.Person, election: str, at: datetime) -> list[rules.Product]:
    """Those that somebody may read: the policy's answer, one by one."""
    region = record.election(election).region
    scope = access_rules.scope(person, "products.read", "products", access_rules.Purpose.DUTY, access.agreements(at), at)
    return [p for p in found if scope.covers(reading(p, region))]


def _task(kind: str, p: rules.Product, due_at: datetime | None) -> facts.Task:
    return facts.Task(kind, "products", f"product:{p.code}", p.number or p.code, due_at, (p.code,))


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Products by code or number, as far as this person may read them."""
    word = text.strip().upper()
    found = readable(listing(election, at, figures=False), person, election, at) if word else []
    hits = [p for p in found if (word in p.code or (p.number and word in p.number.upper()))]
    return [facts.Hit("product", p.number or p.code, rules.PREFIX[p.kind], (p.code,)) for p in hits[:20]]


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


def _erase_product(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """The words of a step, and the copies that later steps froze until the next draft, with what their figures quote.

    The hash of a submission stays. It no longer fits what is left: the paper is withdrawn, and its page says by which erasure.
    """
    del at
    first = ProductEventRow.objects.filter(entry_id=entry_id).first()
    if first is None:
        return ()
    for event in ProductEventRow.objects.filter(product=first.product_id, pk__gte=first.pk).order_by("pk"):
        if event.pk != first.pk and event.act in {Act.DRAFT.value, Act.REVISE.value}:
            break
        for row in ProductWordsRow.objects.filter(event=event):
            if first.act != Act.RETURN.value:
                row.sections = {name: mark if text else "" for name, text in row.sections.items()}
                row.facts = _unquoted(row.facts, mark)
            row.note = mark if row.note and event.pk == first.pk else row.note
            row.save(update_fields=["sections", "note", "facts"])
    return ()


def _unquoted(value: Any, mark: str) -> Any:
    """Figures without sentences: every text with a space in it; codes, times and numbers stay."""
    if isinstance(value, Mapping):
        return {name: _unquoted(inner, mark) for name, inner in value.items()}
    if isinstance(value, list):
        return [_unquoted(inner, mark) for inner in value]
    return mark if isinstance(value, str) and " " in value else value


WORDS: dict[str, record.Eraser] = dict.fromkeys(("product.drafted", "product.revised", "product.returned"), _erase_product)


def unquote(election: str, texts: Sequence[str], mark: str) -> None:
    """Words of others that frozen figures quote. The paper's hash stays and no longer fits: it is withdrawn."""
    for row in ProductWordsRow.objects.filter(event__product__election=election):
        left = _replaced(row.facts, texts, mark)
        if left != row.facts:
            row.facts = left
            row.save(update_fields=["facts"])


def _replaced(value: Any, texts: Sequence[str], mark: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _replaced(inner, texts, mark) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, texts, mark) for inner in value]
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, mark)
    return value


QUOTES: dict[str, record.Unquoter] = {"products": unquote}
