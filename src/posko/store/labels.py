"""Stage labels: which labels were printed how often, and what other systems call our things.

SILOG stays the central system: a code that SILOG put on a box is accepted wherever ours is. One alias means one thing; a wrong one is ended
with a reason and never changed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import labels as rules
from posko.domain import record as facts
from posko.store import record

_AT_ONCE = 400  # names in one query; SQLite and PostgreSQL both take it


class LabelPrintRow(models.Model):
    """One label on one print: the first has copy 1."""

    election = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    code = models.CharField(max_length=40)
    layout = models.CharField(max_length=20)
    copy = models.PositiveIntegerField()
    reason = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "labels_print"
        constraints = (models.UniqueConstraint(fields=["election", "kind", "code", "copy"], name="labels_print_copy"),)
        indexes = (
            models.Index(fields=["election", "code"], name="labels_print_code"),
            models.Index(fields=["entry_id"], name="labels_print_entry"),
        )


class AliasRow(models.Model):
    """Another system's code for a thing of ours; its end is a row of its own."""

    election = models.CharField(max_length=40)
    alias = models.CharField(max_length=60)
    kind = models.CharField(max_length=12)
    code = models.CharField(max_length=40)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "labels_alias"
        indexes = (
            models.Index(fields=["election", "alias"], name="labels_alias_text"),
            models.Index(fields=["election", "kind", "code"], name="labels_alias_code"),
        )


class AliasEndRow(models.Model):
    """An alias that no longer means its thing."""

    alias = models.OneToOneField(AliasRow, on_delete=models.PROTECT, related_name="ended")
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "labels_alias_end"


# --- prints --------------------------------------------------------------------------------------------------------------


def printed(
    election: str,
    codes: Iterable[tuple[str, str]],
    layout: str,
    actor: facts.Actor,
    at: datetime,
    reason: str = "",
    mark: str = "",
) -> dict[str, int]:
    """Record a print of (kind, code): code -> which copy this one is. NothingToPrint; ReasonMissing where one was printed before.

    Call it before the paper comes: a print that failed afterwards counts, so the paper that exists never bears too low a number.
    """
    chosen = list(dict.fromkeys(codes))
    with transaction.atomic():
        at = record.turn(at)
        before = copies(election, chosen)
        again = [code for kind, code in chosen if before[kind, code]]
        rules.check_print(chosen, again, reason)
        said: dict[str, str | int] = {"count": len(chosen), "again": len(again), "layout": layout, "mark": mark}
        said["codes_sha256"] = rules.digest(chosen)
        draft = replace(_draft("labels.printed", election, f"labels:{layout}", actor, at, said), reason=reason.strip()[:400])
        prepared = record.prepare([draft], at)
        LabelPrintRow.objects.bulk_create(
            [
                LabelPrintRow(
                    election=election, kind=kind, code=code, layout=layout, copy=before[kind, code] + 1,
                    reason=reason.strip()[:400] if before[kind, code] else "", mark=mark,
                    person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
                )
                for kind, code in chosen
            ],
            batch_size=500,
        )  # fmt: skip
        record.append(prepared, at=at)
    return {code: before[kind, code] + 1 for kind, code in chosen}


def copies(election: str, codes: Sequence[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """(kind, code) -> how often its label was printed so far."""
    found: Counter[tuple[str, str]] = Counter()
    for start in range(0, len(codes), _AT_ONCE):
        part = {code for _, code in codes[start : start + _AT_ONCE]}
        rows = LabelPrintRow.objects.filter(election=election, code__in=part).values_list("kind", "code")
        found.update({(kind, code): number for kind, code, number in rows.annotate(number=models.Max("copy")).order_by()})
    return found


def batches(election: str, at: datetime, newest: int = 30) -> list[dict[str, Any]]:
    """The last prints: layout, kind, person, occurred_at, entry_id, count, again, why, said (mark); the newest first."""
    rows = LabelPrintRow.objects.filter(election=election, occurred_at__lte=at).values(
        "entry_id", "layout", "kind", "person", "occurred_at"
    )
    grouped = rows.annotate(
        count=models.Count("id"), again=models.Count("id", filter=models.Q(copy__gt=1)), why=models.Max("reason"), said=models.Max("mark")
    ).order_by("-occurred_at", "entry_id")
    return [dict(row) for row in grouped[:newest]]


def prints_of(election: str, kind: str, code: str, at: datetime) -> list[dict[str, Any]]:
    """Every print of one label: copy, layout, person, reason, occurred_at, entry_id; the first first."""
    rows = LabelPrintRow.objects.filter(election=election, code=code, occurred_at__lte=at, **({"kind": kind} if kind else {}))
    return [
        dict(row) for row in rows.order_by("copy").values("kind", "copy", "layout", "person", "reason", "mark", "occurred_at", "entry_id")
    ]


# --- aliases -------------------------------------------------------------------------------------------------------------


def add_alias(election: str, alias: str, kind: str, code: str, actor: facts.Actor, at: datetime, mark: str = "") -> rules.Alias:
    """Say what another system's code means. The refusals of `alias_text`, `check_alias` and of reading `code`."""
    return add_aliases(election, [(alias, kind, code)], actor, at, mark)[0]


def add_aliases(election: str, rows: Iterable[tuple[str, str, str]], actor: facts.Actor, at: datetime, mark: str = "") -> list[rules.Alias]:
    """(alias, kind, code) in one transaction, each with an entry of its own; all or none."""
    wanted = [(rules.alias_text(alias), kind, _code(kind, code)) for alias, kind, code in rows]
    with transaction.atomic():
        at = record.turn(at)
        _check(election, wanted, actor, at)
        drafts = [
            _draft("alias.added", election, f"{kind}:{code}", actor, at, {"alias": text, "kind": kind, "code": code, "mark": mark})
            for text, kind, code in wanted
        ]
        prepared = record.prepare(drafts, at)
        _write(election, wanted, [one.entry_id for one in prepared], actor, at, mark)
        record.append(prepared, at=at)
    return [rules.Alias(*row, actor.person, at, one.entry_id, mark) for row, one in zip(wanted, prepared, strict=True)]


def bind_aliases(
    election: str, rows: Iterable[tuple[str, str, str]], actor: facts.Actor, at: datetime, entry_id: str, mark: str = ""
) -> None:
    """(alias, kind, code) under the entry of another stage (a carton that came with SILOG's code), in its transaction, before it appends.

    The entry names the aliases in its facts. All refusals of `add_aliases`.
    """
    wanted = [(rules.alias_text(alias), kind, _code(kind, code)) for alias, kind, code in rows]
    _check(election, wanted, actor, at)
    _write(election, wanted, [entry_id] * len(wanted), actor, at, mark)


def release_aliases(
    election: str, kind: str, codes: Sequence[str], reason: str, actor: facts.Actor, at: datetime, entry_id: str, second: str = ""
) -> None:
    """The aliases of things that another stage took back mean nothing any more; in its transaction, before it appends."""
    rows = AliasRow.objects.filter(election=election, kind=kind, code__in=codes)
    ended = set(AliasEndRow.objects.filter(alias__in=rows).values_list("alias_id", flat=True))
    AliasEndRow.objects.bulk_create(
        [
            AliasEndRow(alias=row, reason=reason.strip()[:400], person=actor.person, second=second, occurred_at=at, entry_id=entry_id)
            for row in rows
            if row.pk not in ended
        ]
    )


def _check(election: str, wanted: Sequence[tuple[str, str, str]], actor: facts.Actor, at: datetime) -> None:
    now = standing(election, [text for text, _, _ in wanted])
    for text, kind, code in wanted:
        rules.check_alias(text, kind, code, now.get(text))
        now[text] = rules.Alias(text, kind, code, actor.person, at)


def _write(
    election: str, wanted: Sequence[tuple[str, str, str]], entries: Sequence[str], actor: facts.Actor, at: datetime, mark: str
) -> None:
    AliasRow.objects.bulk_create(
        [
            AliasRow(
                election=election, alias=text, kind=kind, code=code, mark=mark, person=actor.person, occurred_at=at, entry_id=entry_id
            )
            for (text, kind, code), entry_id in zip(wanted, entries, strict=True)
        ],
        batch_size=500,
    )  # fmt: skip


def end_alias(election: str, alias: str, reason: str, actor: facts.Actor, at: datetime, second: facts.Actor | None = None) -> rules.Alias:
    """The alias means nothing any more (and may be given anew). NoAlias, ReasonMissing, SecondMissing."""
    text = rules.cleaned(alias).upper()
    with transaction.atomic():
        at = record.turn(at)
        row = _row(election, text, at=None)
        if row is None:
            raise rules.NoAlias(alias=text[:40])
        alone = rules.check_end(_alias(row), actor.person, second.person if second else "", reason, at)
        draft = _draft("alias.ended", election, f"{row.kind}:{row.code}", actor, at, {"alias": text, "kind": row.kind, "code": row.code})
        approvals = () if alone or second is None else (actor.person, second.person)
        prepared = record.prepare([replace(draft, corrects=row.entry_id, reason=reason.strip()[:400], approvals=approvals)], at)
        AliasEndRow.objects.create(
            alias=row, reason=reason.strip()[:400], person=actor.person, second=approvals[1] if approvals else "",
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _alias(row)


def resolve(election: str, scanned: str, *kinds: str, at: datetime) -> rules.Code:
    """What was scanned or typed, as one of `kinds` (any where none is named): our code, or an alias in force by then.

    A code without its kind takes the first of `kinds`. Empty, Malformed, BadCheck, Foreign, WrongKind, UnknownAlias. One indexed look-up at
    most. Whether a thing bears the code is for the stage that has the thing.
    """
    try:
        found = rules.read(scanned)
    except rules.Empty:
        raise
    except (rules.Malformed, rules.BadCheck, rules.Foreign) as refusal:
        row = _row(election, rules.cleaned(scanned).upper()[: rules.LONGEST_ALIAS + 1], at)
        if row is None:
            raise rules.not_ours(scanned, refusal) from None
        found = rules.Code(row.kind, row.code)
    if not kinds:
        return found
    if found.kind and found.kind not in kinds:
        raise rules.WrongKind(seen=found.kind, wanted=kinds[0])
    return rules.Code(found.kind or kinds[0], found.text)


def aliases(election: str, at: datetime, kind: str = "", code: str = "") -> list[rules.Alias]:
    """Aliases in force by then, in the order of their text."""
    rows = _standing(AliasRow.objects.filter(election=election), at)
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(code=code) if code else rows
    return [_alias(row) for row in rows.order_by("alias")]


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """A printed code in full, and aliases by their beginning of at least three signs."""
    hits = []
    try:
        found = resolve(election, text, at=at)
    except facts.Refusal:
        pass
    else:
        if LabelPrintRow.objects.filter(election=election, code=found.text, occurred_at__lte=at).exists():
            hits.append(facts.Hit("label", rules.spaced(found.text), found.kind, (found.text,)))
    start = rules.cleaned(text).upper()
    if len(start) >= 3:
        rows = _standing(AliasRow.objects.filter(election=election, alias__startswith=start[:60]), at).order_by("alias")[:10]
        hits += [facts.Hit("alias", row.alias, rules.spaced(row.code), (row.code,)) for row in rows]
    return hits


def _standing(rows: "models.QuerySet[AliasRow]", at: datetime | None) -> "models.QuerySet[AliasRow]":
    """Those in force by `at`; None looks at everything recorded, as a writer must."""
    if at is None:
        return rows.filter(ended=None)
    return rows.filter(occurred_at__lte=at).exclude(ended__occurred_at__lte=at)


def _row(election: str, text: str, at: datetime | None) -> AliasRow | None:
    return _standing(AliasRow.objects.filter(election=election, alias=text), at).first()


def standing(election: str, texts: Sequence[str]) -> dict[str, rules.Alias]:
    """Stored form -> what it means now, of everything recorded: for whoever writes, and for the dry run of an import."""
    found: dict[str, rules.Alias] = {}
    for start in range(0, len(texts), _AT_ONCE):
        rows = _standing(AliasRow.objects.filter(election=election, alias__in=texts[start : start + _AT_ONCE]), at=None)
        found.update({row.alias: _alias(row) for row in rows})
    return found


def _code(kind: str, code: str) -> str:
    if kind not in rules.KINDS.values():
        raise rules.UnknownKind(kind=kind[:20])
    return rules.expect(code, kind).text


def _alias(row: AliasRow) -> rules.Alias:
    return rules.Alias(row.alias, row.kind, row.code, row.person, row.occurred_at, row.entry_id, row.mark)


def _draft(kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: dict[str, str | int]) -> facts.Draft:
    region = record.election(election).region
    return facts.Draft(kind=kind, election=election, subject=subject, place=region, actor=actor, occurred_at=at, facts=said)
