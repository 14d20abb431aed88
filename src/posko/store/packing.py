"""Stage packing: boxes, what went in and came out, the stops of the dapil guard, waves, proofs, and closing with seals.

Every row is a fact and stays; what comes out is a row below nought. Whoever writes holds the head of the journal first (`record.turn`)
and the box's row, so that two people packing one box, or one bundle into two boxes, come one after the other. Writing looks at
everything that is recorded; reading takes `at`.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import evidence as evidence_rules
from posko.domain import labels as label_rules
from posko.domain import needs as needs_rules
from posko.domain import packing as rules
from posko.domain import places as places_rules
from posko.domain import record as facts
from posko.domain import seals as seal_rules
from posko.domain import stock as stock_rules
from posko.domain.stock import Account, Condition, Posting
from posko.store import evidence as proofs
from posko.store import labels, needs, places, record, regulation, seals, sorting, stock

_rng = random.SystemRandom()
_ENVELOPE = "SAMPUL"
_CHUNK = 500


class BoxRow(models.Model):
    """A box with its label: for one TPS and contest, or for a PPK (use hasil | rekapitulasi)."""

    code = models.CharField(max_length=20, unique=True)
    election = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    tps = models.CharField(max_length=24)
    dapil = models.CharField(max_length=60, blank=True)
    line_dapil = models.CharField(max_length=60, blank=True)
    use = models.CharField(max_length=16)
    place = models.CharField(max_length=30)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    given_up_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "packing_box"
        constraints = (
            models.UniqueConstraint(
                fields=["election", "tps", "contest", "use"], condition=models.Q(given_up_at=None), name="packing_box_in_use"
            ),
        )
        indexes = (models.Index(fields=["election", "tps"], name="packing_box_tps"),)


class GivenUpRow(models.Model):
    """A box that two people gave up: why. `BoxRow.given_up_at` repeats when, so that one box at a time stands for a TPS and contest."""

    election = models.CharField(max_length=40)
    box = models.CharField(max_length=20)
    reason = models.CharField(max_length=400)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_given_up"
        constraints = (models.UniqueConstraint(fields=["election", "box"], name="packing_given_up_once"),)


class EnvelopeRow(models.Model):
    """A labelled envelope for one contest and dapil."""

    code = models.CharField(max_length=20, unique=True)
    election = models.CharField(max_length=40)
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60)
    use = models.CharField(max_length=40, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_envelope"
        indexes = (models.Index(fields=["election"], name="packing_envelope_election"),)


class PutRow(models.Model):
    """Pieces into a holder (box code, or TPS code of a loose kit), or out of it where quantity is below nought. See rules.Put."""

    election = models.CharField(max_length=40)
    holder = models.CharField(max_length=24)
    tps = models.CharField(max_length=24)
    act = models.CharField(max_length=12)
    kind = models.CharField(max_length=10)
    thing = models.CharField(max_length=20, blank=True)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    carton = models.CharField(max_length=20, blank=True)
    envelope = models.CharField(max_length=20, blank=True)
    quantity = models.IntegerField()
    found = models.IntegerField(default=0)
    wrong = models.CharField(max_length=10, blank=True)
    over = models.BooleanField(default=False)
    reason = models.CharField(max_length=400, blank=True)
    station = models.CharField(max_length=40, blank=True)
    place = models.CharField(max_length=30)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_put"
        indexes = (
            models.Index(fields=["election", "holder"], name="packing_put_holder"),
            models.Index(fields=["election", "thing"], name="packing_put_thing"),
            models.Index(fields=["election", "carton"], name="packing_put_carton"),
            models.Index(fields=["election", "tps", "item"], name="packing_put_tps"),
            models.Index(fields=["election", "station", "contest", "id"], name="packing_put_station"),
        )


class PackingPaperRow(models.Model):
    """A print of daftar isi, kartu kendali or berita acara for an area: the first is copy 1."""

    election = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    area = models.CharField(max_length=40)
    copy = models.PositiveIntegerField()
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_paper"
        constraints = (models.UniqueConstraint(fields=["election", "kind", "area", "copy"], name="packing_paper_copy"),)


class StopRow(models.Model):
    """A scan that the dapil guard stopped: nothing went in."""

    election = models.CharField(max_length=40)
    box = models.CharField(max_length=20)
    tps = models.CharField(max_length=24)
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60)
    kind = models.CharField(max_length=10)
    thing = models.CharField(max_length=20)
    found_contest = models.CharField(max_length=20, blank=True)
    found_dapil = models.CharField(max_length=60, blank=True)
    carton = models.CharField(max_length=20, blank=True)
    what = models.CharField(max_length=10)
    station = models.CharField(max_length=40, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_stop"
        indexes = (models.Index(fields=["election", "box"], name="packing_stop_box"),)


class AsideRow(models.Model):
    """Pieces found damaged while packing, taken out of a bundle or from the shelf."""

    election = models.CharField(max_length=40)
    thing = models.CharField(max_length=20, blank=True)
    item = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_aside"
        indexes = (models.Index(fields=["election", "thing"], name="packing_aside_thing"),)


class ProofRow(models.Model):
    """A photo of the top sheet, a sign-off by two, or a weighing. Good until the box changes: `last_put` is the last put it saw."""

    election = models.CharField(max_length=40)
    box = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    last_put = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=12, blank=True)
    seen_mg = models.BigIntegerField(default=0)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_proof"
        indexes = (models.Index(fields=["election", "box"], name="packing_proof_box"),)


class ScaleRow(models.Model):
    """Sample sheets of one design weighed; the newest counts."""

    election = models.CharField(max_length=40)
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60)
    sheets = models.PositiveIntegerField()
    sheet_mg = models.PositiveIntegerField()
    sd_mg = models.PositiveIntegerField()
    resolution_mg = models.PositiveIntegerField()
    tare_mg = models.PositiveIntegerField()
    tare_sd_mg = models.PositiveIntegerField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_scale"
        indexes = (models.Index(fields=["election", "contest", "dapil"], name="packing_scale_design"),)


class ProfileRow(models.Model):
    """How careful this election packs; the newest counts."""

    election = models.CharField(max_length=40)
    require_photo = models.BooleanField()
    require_signoff = models.BooleanField()
    require_weigh = models.BooleanField()
    bundle_rule = models.CharField(max_length=10)
    undo_minutes = models.PositiveSmallIntegerField()
    duplicate_seconds = models.PositiveSmallIntegerField()
    seals_per_box = models.PositiveSmallIntegerField(default=0)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_profile"
        indexes = (models.Index(fields=["election"], name="packing_profile_election"),)


class WaveRow(models.Model):
    """TPS that are packed together."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "packing_wave"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="packing_wave_code"),)


class WaveTpsRow(models.Model):
    """A TPS of a wave, at its turn."""

    election = models.CharField(max_length=40)
    wave = models.CharField(max_length=20)
    tps = models.CharField(max_length=24)
    turn = models.PositiveIntegerField()
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "packing_wave_tps"
        constraints = (models.UniqueConstraint(fields=["election", "tps"], name="packing_wave_tps_once"),)


# --- the profile ---------------------------------------------------------------------------------------------------------


def profile(election: str, at: datetime) -> rules.Profile:
    """The profile in force; without one, the plain one."""
    return _profile(ProfileRow.objects.filter(election=election, occurred_at__lte=at).order_by("-id").first())


def _profile(row: ProfileRow | None) -> rules.Profile:
    if row is None:
        return rules.Profile()
    return rules.Profile(
        row.require_photo, row.require_signoff, row.require_weigh, row.bundle_rule, row.undo_minutes, row.duplicate_seconds,
        row.seals_per_box,
    )  # fmt: skip


def _profile_now(election: str) -> rules.Profile:
    return _profile(ProfileRow.objects.filter(election=election).order_by("-id").first())


def set_profile(election: str, profile: rules.Profile, actor: facts.Actor, at: datetime) -> None:
    """Another way to pack from now on."""
    with transaction.atomic():
        at = record.turn(at)
        said: dict[str, object] = {
            "require_photo": int(profile.require_photo), "require_signoff": int(profile.require_signoff),
            "require_weigh": int(profile.require_weigh), "bundle_rule": profile.bundle_rule, "undo_minutes": profile.undo_minutes,
            "duplicate_seconds": profile.duplicate_seconds, "seals_per_box": profile.seals_per_box,
        }  # fmt: skip
        prepared = record.prepare([_draft("packing.profile_set", election, f"election:{election}", "", actor, at, said)], at)
        ProfileRow.objects.create(
            election=election, require_photo=profile.require_photo, require_signoff=profile.require_signoff,
            require_weigh=profile.require_weigh, bundle_rule=profile.bundle_rule, undo_minutes=profile.undo_minutes,
            duplicate_seconds=profile.duplicate_seconds, seals_per_box=profile.seals_per_box, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


# --- waves ---------------------------------------------------------------------------------------------------------------


def suggest_waves(election: str, at: datetime, size: int = 25) -> list[rules.WavePlan]:
    """Waves for the TPS that are in none yet: islands first, then from far to near."""
    taken = set(WaveTpsRow.objects.filter(election=election, occurred_at__lte=at).values_list("tps", flat=True))
    region = record.election(election).region
    left = [t for t in places.tps_list(election) if t.code not in taken]
    home = next((s for s in places.sites(region) if s.kind == "gudang"), None)
    return rules.wave_plans(left, home, places.settings(region), max(1, size))


def open_wave(election: str, name: str, tps_list: Sequence[str], actor: facts.Actor, at: datetime, mark: str = "") -> rules.Wave:
    """Open a wave for these TPS, in their order. BadWave, UnknownTps, InAnotherWave."""
    chosen = list(dict.fromkeys(tps_list))
    with transaction.atomic():
        at = record.turn(at)
        if not chosen or not name.strip():
            raise rules.BadWave(name=name.strip()[:80], tps=len(chosen))
        _check_tps(election, chosen)
        taken = WaveTpsRow.objects.filter(election=election, tps__in=chosen).order_by("tps").first()
        if taken is not None:
            raise rules.InAnotherWave(tps=taken.tps, wave=taken.wave)
        code = f"GEL-{WaveRow.objects.filter(election=election).count() + 1:02}"
        said: dict[str, object] = {"wave": code, "name": name.strip()[:80], "tps": chosen, "mark": mark}
        prepared = record.prepare([_draft("wave.opened", election, f"wave:{code}", "", actor, at, said)], at)
        WaveRow.objects.create(
            election=election, code=code, name=name.strip()[:80], mark=mark, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        rows = [WaveTpsRow(election=election, wave=code, tps=tps, turn=i, occurred_at=at) for i, tps in enumerate(chosen)]
        WaveTpsRow.objects.bulk_create(rows, batch_size=_CHUNK)
        record.append(prepared, at=at)
    return rules.Wave(code, name.strip()[:80], tuple(chosen), at, actor.person, mark)


def waves(election: str, at: datetime) -> list[rules.Wave]:
    """Waves opened by then, oldest first."""
    tps: dict[str, list[str]] = defaultdict(list)
    for wave, code in WaveTpsRow.objects.filter(election=election, occurred_at__lte=at).order_by("turn").values_list("wave", "tps"):
        tps[wave].append(code)
    rows = WaveRow.objects.filter(election=election, occurred_at__lte=at).order_by("id")
    return [rules.Wave(r.code, r.name, tuple(tps[r.code]), r.occurred_at, r.person, r.mark) for r in rows]


def steps(election: str, wave: str, at: datetime) -> list[rules.Step]:
    """The order of work of a wave: one contest, one dapil at a time. UnknownCode."""
    found = next((w for w in waves(election, at) if w.code == wave), None)
    if found is None:
        raise rules.UnknownCode(code=wave, kind="wave")
    ballots = {(n.contest, n.place): n.quantity for n in needs.lines(election, at, item=needs_rules.BALLOT) if n.level == "TPS"}
    return rules.work_steps(found.tps, record.election(election).contests, places.dapil_map(election), ballots)


# --- boxes and envelopes are labelled ------------------------------------------------------------------------------------


def prepare_boxes(
    election: str,
    tps_list: Sequence[str],
    actor: facts.Actor,
    at: datetime,
    rng: random.Random | None = None,
    mark: str = "",
) -> list[rules.Box]:
    """A box with a code for every contest of these TPS that has none yet. UnknownTps, AlreadyPrepared."""
    with transaction.atomic():
        at = record.turn(at)
        chosen = list(dict.fromkeys(tps_list))
        _check_tps(election, chosen)
        here, dapil = places.dapil_here(election), places.dapil_map(election)
        there = set(BoxRow.objects.filter(election=election, use="tps", given_up_at=None).values_list("tps", "contest"))
        wanted = [
            (tps, contest, dapil[(contest, tps)], places_rules.dapil_on_line(contest, dapil[(contest, tps)], here), "tps")
            for tps in chosen
            for contest in record.election(election).contests
            if (contest, tps) in dapil and (tps, contest) not in there
        ]
        rows = _prepare(election, wanted, actor, at, rng, mark)
    return _boxes(election, at, rows)


def prepare_ppk_boxes(
    election: str,
    kecamatan_list: Sequence[str],
    actor: facts.Actor,
    at: datetime,
    rng: random.Random | None = None,
    mark: str = "",
) -> list[rules.Box]:
    """The two boxes of each PPK, for results and for the recapitulation; they travel without ballots. UnknownTps, AlreadyPrepared."""
    with transaction.atomic():
        at = record.turn(at)
        chosen = list(dict.fromkeys(kecamatan_list))
        known = {k.code for k in places.kecamatan_list(record.election(election).region)}
        for code in chosen:
            if code not in known:
                raise rules.UnknownTps(tps=code[:30])
        there = set(BoxRow.objects.filter(election=election, given_up_at=None).exclude(use="tps").values_list("tps", "use"))
        wanted = [(k, "", "", "", use) for k in chosen for use in rules.USES[1:] if (k, use) not in there]
        rows = _prepare(election, wanted, actor, at, rng, mark)
    return _boxes(election, at, rows)


def _prepare(
    election: str,
    wanted: Sequence[tuple[str, str, str, str, str]],
    actor: facts.Actor,
    at: datetime,
    rng: random.Random | None,
    mark: str,
) -> list[BoxRow]:
    if not wanted:
        raise rules.AlreadyPrepared()
    place = stock.warehouse(election)
    codes = [label_rules.new_code(rng or _rng) for _ in wanted]
    said: dict[str, object] = {
        "boxes": [[code, tps, contest, dapil, use] for code, (tps, contest, dapil, _, use) in zip(codes, wanted, strict=True)],
        "count": len(wanted), "mark": mark,
    }  # fmt: skip
    subject = f"box:{codes[0]}" if len(codes) == 1 else f"election:{election}"
    prepared = record.prepare([_draft("boxes.prepared", election, subject, place, actor, at, said)], at)
    rows = [
        BoxRow(
            code=code, election=election, contest=contest, tps=tps, dapil=dapil, line_dapil=line, use=use, place=place, mark=mark,
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )
        for code, (tps, contest, dapil, line, use) in zip(codes, wanted, strict=True)
    ]  # fmt: skip
    BoxRow.objects.bulk_create(rows, batch_size=_CHUNK)
    used = Posting(
        (needs_rules.BOX, "", ""), len(rows), Account(place, Condition.GOOD), Account(place, Condition.PACKED), "boxes.prepared", subject
    )
    stock.post(election, [used], prepared[0].entry_id, at)
    record.append(prepared, at=at)
    return rows


def make_envelopes(
    election: str,
    contest: str,
    dapil: str,
    count: int,
    use: str,
    actor: facts.Actor,
    at: datetime,
    rng: random.Random | None = None,
    mark: str = "",
) -> list[str]:
    """Codes for envelopes of one contest and dapil, to be printed and stuck on. BadQuantity, WrongDesign."""
    with transaction.atomic():
        at = record.turn(at)
        rules.check_quantity(count)
        if dapil not in places.dapil_here(election).get(contest, ()):
            raise rules.WrongDesign(contest=contest[:20], dapil=dapil[:60])
        codes = [label_rules.new_code(rng or _rng) for _ in range(count)]
        said: dict[str, object] = {"contest": contest, "dapil": dapil, "count": count, "use": use[:40], "codes": codes, "mark": mark}
        prepared = record.prepare([_draft("envelopes.labelled", election, f"envelopes:{codes[0]}", "", actor, at, said)], at)
        EnvelopeRow.objects.bulk_create(
            [
                EnvelopeRow(
                    code=code, election=election, contest=contest, dapil=dapil, use=use[:40], mark=mark, person=actor.person,
                    occurred_at=at, entry_id=prepared[0].entry_id,
                )
                for code in codes
            ],
            batch_size=_CHUNK,
        )  # fmt: skip
        record.append(prepared, at=at)
    return codes


def envelopes(election: str, at: datetime) -> list[rules.Envelope]:
    """Labelled envelopes, oldest first."""
    rows = EnvelopeRow.objects.filter(election=election, occurred_at__lte=at).order_by("id")
    return [rules.Envelope(r.code, r.contest, r.dapil, r.use, r.occurred_at) for r in rows]


# --- the scan ------------------------------------------------------------------------------------------------------------


def scan(
    election: str,
    box: str,
    thing: str,
    quantity: int | None,
    actor: facts.Actor,
    at: datetime,
    place: str = "",
    station: str = "",
    envelope: str = "",
    confirm_over: bool = False,
    mark: str = "",
    echo: bool = True,
) -> rules.Outcome:
    """A bundle or an envelope goes into a box. Not inside another transaction: a stop of the guard is kept although it is refused.

    echo: whether this may be the same scan once more; a face that knows by the machine's clock that it is none says so, because under a
    stored clock all scans have one time.

    DapilMismatch (the fact packing.stopped is committed), NeedsConfirmation, BundleSpent, BoxSealed, UnknownCode, OtherElection,
    BadQuantity, NotWhole, EnvelopeElsewhere, NoBallotsHere, CartonNotBundle, and the refusals of `labels`.
    """
    with transaction.atomic(durable=True):
        at = record.turn(at)
        table = _table(election, box, thing, envelope, at)
        clash = rules.guard(table.target, table.thing.contest, table.thing.dapil, table.around)
        if clash is not None:
            rules.check_open(table.target)
            refusal = _stop(table, clash, actor, at, place, station, mark)
        else:
            return _put(table, quantity, actor, at, place, station, confirm_over, mark, echo)
    raise refusal


def override(
    election: str,
    box: str,
    thing: str,
    quantity: int | None,
    reason: str,
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    place: str = "",
    station: str = "",
    envelope: str = "",
    mark: str = "",
) -> rules.Outcome:
    """Two people put in what the guard stops, and say why. The box is flagged until it is out again.

    SamePerson, ReasonMissing, NothingToOverride, and what `scan` refuses but the mismatch.
    """
    with transaction.atomic():
        at = record.turn(at)
        table = _table(election, box, thing, envelope, at)
        clash = rules.guard(table.target, table.thing.contest, table.thing.dapil, table.around)
        clash = rules.check_override(clash, reason, first.person, second.person)
        taken = rules.take(table.target, table.thing, quantity, table.profile, confirm_over=True, foreign=True)
        line = _line(election, table.thing.contest, table.thing.dapil)
        row = _put_row(table, taken, "overridden", clash.what, first, at, place, station, mark)
        row.second, row.reason = second.person, reason.strip()[:400]
        said = _told(row) | {"box_contest": table.row.contest, "box_dapil": table.row.dapil, "what": clash.what}
        draft = _draft("packing.overridden", election, f"box:{table.row.code}", place or table.row.place, first, at, said)
        prepared = record.prepare([replace(draft, reason=row.reason, approvals=(first.person, second.person))], at)
        row.entry_id = prepared[0].entry_id
        row.save()
        stock.post(election, _postings(row, line, table.row.place), row.entry_id, at)
        record.append(prepared, at=at)
    return _outcome(table, row, taken.remainder, taken.flags, (), False, at)


@dataclass(frozen=True)
class _Table:
    """What a scan stands on: the box, what is in it, the thing, the envelope around it, the profile."""

    row: BoxRow
    target: rules.Target
    puts: list[rules.Put]
    thing: rules.Thing
    envelope: str
    around: tuple[str, str] | None
    profile: rules.Profile


def _table(election: str, box: str, thing: str, envelope: str, at: datetime) -> _Table:
    row = _locked(election, box, at)
    puts = _puts(PutRow.objects.filter(election=election, holder=row.code))
    target = _target(row, puts, at)
    code, around = "", None
    if envelope:
        code = labels.resolve(election, envelope, "envelope", at=at).text
        if not any(c.thing == code and c.kind == "envelope" for c in rules.contents(puts)):
            _raise_envelope(election, code)
        wrapped = EnvelopeRow.objects.get(code=code)
        around = (wrapped.contest, wrapped.dapil)
    return _Table(row, target, puts, _thing(election, thing, at), code, around, _profile_now(election))


def _raise_envelope(election: str, code: str) -> None:
    if not EnvelopeRow.objects.filter(code=code, election=election).exists():
        raise rules.UnknownCode(code=code, kind="envelope")
    other = PutRow.objects.filter(election=election, thing=code).order_by("-id").first()
    inside = other is not None and other.quantity > 0
    raise rules.EnvelopeElsewhere(envelope=code, box=other.holder if inside and other else "")


def _locked(election: str, scanned: str, at: datetime) -> BoxRow:
    """The row of a box, held until the transaction ends. UnknownCode, OtherElection, the refusals of `labels`."""
    code = labels.resolve(election, scanned, "box", at=at).text
    row = BoxRow.objects.select_for_update().filter(code=code).first()
    return _in_use(_of_here(row, election, code))


def _in_use(row: BoxRow) -> BoxRow:
    """GivenUp."""
    if row.given_up_at is not None:
        raise rules.GivenUp(box=row.code)
    return row


def give_up(election: str, box: str, reason: str, first: facts.Actor, second: facts.Actor, at: datetime) -> None:
    """Two people give up an open, empty box; its TPS and contest may then be given a new one by `prepare_boxes`. GivenUp, BoxSealed,

    NotEmpty, SamePerson, ReasonMissing.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = _locked(election, box, at)
        (now,) = _boxes(election, at, [row], everything=True)
        inside = rules.contents(_puts(PutRow.objects.filter(election=election, holder=row.code)))
        rules.check_giving_up(now, sum(c.quantity for c in inside), first.person, second.person, reason)
        said: dict[str, object] = {"box": row.code, "tps": row.tps, "contest": row.contest, "dapil": row.dapil, "use": row.use}
        draft = _draft("box.given_up", election, f"box:{row.code}", row.place, first, at, said)
        approvals = (first.person, second.person)
        prepared = record.prepare([replace(draft, corrects=row.entry_id, reason=reason.strip()[:400], approvals=approvals)], at)
        row.given_up_at = at
        row.save(update_fields=["given_up_at"])
        GivenUpRow.objects.create(
            election=election, box=row.code, reason=reason.strip()[:400], person=first.person, second=second.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        line, place = (needs_rules.BOX, "", ""), row.place
        freed = Posting(line, 1, Account(place, Condition.PACKED), Account(place, Condition.GOOD), "box.given_up", f"box:{row.code}")
        stock.post(election, [freed], prepared[0].entry_id, at)
        record.append(prepared, at=at)


def _of_here(row: BoxRow | None, election: str, code: str) -> BoxRow:
    if row is None:
        raise rules.UnknownCode(code=code, kind="box")
    if row.election != election:
        raise rules.OtherElection(code=code, election=row.election)
    return row


def _target(row: BoxRow, puts: Sequence[rules.Put], at: datetime) -> rules.Target:
    closed = seals.last_sealing(row.election, row.code)
    return rules.Target(
        row.code, row.contest, row.dapil, row.tps, places.dapil_of(row.election, row.contest, row.tps) if row.use == "tps" else "",
        row.use, closed is not None and closed.closed, sum(p.quantity for p in puts if p.kind == "bundle" and not p.wrong),
        _needed(row, at),
    )  # fmt: skip


def _needed(row: BoxRow, at: datetime) -> int | None:
    """Ballots that a box needs by the needs in force; None where nobody computed them. A box for the PPK needs none."""
    if row.use != "tps":
        return 0
    found = [n.quantity for n in needs.lines(row.election, at, needs_rules.BALLOT, row.tps) if n.contest == row.contest]
    return sum(found) if found else None


def _thing(election: str, scanned: str, at: datetime) -> rules.Thing:
    """A bundle or an envelope with where its pieces are. UnknownCode, OtherElection, CartonNotBundle, the refusals of `labels`."""
    read = labels.resolve(election, scanned, "bundle", "envelope", "carton", at=at)
    # Whoever writes looks at what is recorded, whenever: a bundle that was dissolved while this scan waited for its turn is gone.
    bundle = sorting.BundleRow.objects.filter(election=election, code=read.text, dissolved_at=None).first()
    puts = PutRow.objects.filter(election=election, thing=read.text)
    if bundle is not None:
        aside = AsideRow.objects.filter(election=election, thing=read.text).aggregate(n=models.Sum("quantity"))["n"] or 0
        return _used(
            rules.Thing("bundle", bundle.code, bundle.contest, bundle.dapil, bundle.quantity, aside=aside, carton=bundle.carton), puts
        )
    wrapped = EnvelopeRow.objects.filter(code=read.text).first()
    if wrapped is not None and wrapped.election == election:
        return _used(rules.Thing("envelope", wrapped.code, wrapped.contest, wrapped.dapil, 1), puts)
    if wrapped is not None:
        raise rules.OtherElection(code=read.text, election=wrapped.election)
    if read.kind == "carton" or sorting.BundleRow.objects.filter(election=election, carton=read.text).exists():
        raise rules.CartonNotBundle(carton=read.text)
    for other in record.elections():
        if other.code != election and sorting.get_bundle(other.code, read.text, at) is not None:
            raise rules.OtherElection(code=read.text, election=other.code)
    raise rules.UnknownCode(code=read.text, kind=read.kind)


def _used(thing: rules.Thing, puts: "models.QuerySet[PutRow]") -> rules.Thing:
    """The thing with what of it lies in which boxes."""
    inside: dict[str, int] = defaultdict(int)
    found = 0
    for holder, quantity, more in puts.order_by("id").values_list("holder", "quantity", "found"):
        inside[holder] += quantity
        found += more
    where = tuple(h for h, n in inside.items() if n > 0)
    return replace(thing, inside=sum(inside.values()), found=found, where=where)


def _put(
    table: _Table,
    quantity: int | None,
    actor: facts.Actor,
    at: datetime,
    place: str,
    station: str,
    confirm_over: bool,
    mark: str,
    echo: bool,
) -> rules.Outcome:
    row, thing = table.row, table.thing
    rules.check_open(table.target)
    again = rules.repeated(table.puts, thing.code, quantity, at, table.profile) if echo else None
    if again is not None:
        done = PutRow.objects.get(pk=again.id)
        return _outcome(table, done, thing.remaining, (), (), True, at)
    taken = rules.take(table.target, thing, quantity, table.profile, confirm_over)
    warnings = ("station_mixed",) if station and _mixed(row, station, at) else ()
    made = _put_row(table, taken, "packed", "", actor, at, place, station, mark)
    draft = _draft("packing.scanned", row.election, f"box:{row.code}", place or row.place, actor, at, _told(made))
    prepared = record.prepare([draft], at)
    made.entry_id = prepared[0].entry_id
    made.save()
    stock.post(row.election, _postings(made, _own_line(made, row), row.place), made.entry_id, at)
    record.append(prepared, at=at)
    return _outcome(table, made, taken.remainder, taken.flags, warnings, False, at)


def _mixed(row: BoxRow, station: str, at: datetime) -> bool:
    last = PutRow.objects.filter(election=row.election, station=station[:40], contest=row.contest).order_by("-id").first()
    return last is not None and rules.station_mixed(last.dapil, last.occurred_at, row.dapil, at)


def _stop(table: _Table, clash: rules.Clash, actor: facts.Actor, at: datetime, place: str, station: str, mark: str) -> rules.DapilMismatch:
    """Records the near-miss, and gives back the refusal that says so."""
    row, thing = table.row, table.thing
    carton = thing.carton or thing.code
    others = [h for h in _holders(row.election, carton) if h != row.code]
    stop = StopRow(
        election=row.election, box=row.code, tps=row.tps, contest=row.contest, dapil=row.dapil, kind=thing.kind, thing=thing.code,
        found_contest=clash.found_contest, found_dapil=clash.found_dapil, carton=thing.carton, what=clash.what, station=station[:40],
        mark=mark or row.mark, person=actor.person, occurred_at=at,
    )  # fmt: skip
    said: dict[str, str | int] = {
        "what": clash.what, "box": row.code, "tps": row.tps, "contest": row.contest, "dapil": row.dapil, "kind": thing.kind,
        "thing": thing.code, "found_contest": clash.found_contest, "found_dapil": clash.found_dapil, "carton": thing.carton,
        "boxes": ", ".join(others[:12]), "others": len(others),
    }  # fmt: skip
    told: dict[str, object] = {**said, "station": station[:40], "mark": stop.mark}
    prepared = record.prepare([_draft("packing.stopped", row.election, f"box:{row.code}", place or row.place, actor, at, told)], at)
    stop.entry_id = prepared[0].entry_id
    stop.save()
    record.append(prepared, at=at)
    return rules.DapilMismatch(**said, stopped=stop.entry_id)


def _holders(election: str, carton: str) -> list[str]:
    """Boxes that hold sheets of a carton (or of a thing without one) now, in the order in which they took."""
    net: dict[str, int] = defaultdict(int)
    rows = PutRow.objects.filter(election=election, carton=carton).order_by("id")
    for holder, quantity in rows.values_list("holder", "quantity"):
        net[holder] += quantity
    return [holder for holder, quantity in net.items() if quantity > 0]


def _put_row(
    table: _Table, taken: rules.Take, act: str, wrong: str, actor: facts.Actor, at: datetime, place: str, station: str, mark: str
) -> PutRow:
    row, thing = table.row, table.thing
    return PutRow(
        election=row.election, holder=row.code, tps=row.tps, act=act, kind=thing.kind, thing=thing.code,
        item=needs_rules.BALLOT if thing.kind == "bundle" else _ENVELOPE, contest=thing.contest, dapil=thing.dapil, carton=thing.carton,
        envelope=table.envelope if thing.kind == "bundle" else "", quantity=taken.quantity, found=taken.found, wrong=wrong,
        over=bool(taken.flags), station=station[:40], place=place[:30] or row.place, mark=mark or row.mark, person=actor.person,
        occurred_at=at,
    )  # fmt: skip


def _told(row: PutRow) -> dict[str, object]:
    """A put as facts of an entry."""
    return {
        "holder": row.holder, "tps": row.tps, "kind": row.kind, "thing": row.thing, "item": row.item, "contest": row.contest,
        "dapil": row.dapil, "carton": row.carton, "envelope": row.envelope, "quantity": row.quantity, "found": row.found,
        "over": int(row.over), "station": row.station, "mark": row.mark,
    }  # fmt: skip


def _own_line(row: PutRow, box: BoxRow) -> stock_rules.Line:
    """The stock line of what agrees with its box."""
    return (row.item, row.contest, box.line_dapil) if row.kind == "bundle" else (row.item, "", "")


def _line(election: str, contest: str, dapil: str) -> stock_rules.Line:
    return (needs_rules.BALLOT, contest, places_rules.dapil_on_line(contest, dapil, places.dapil_here(election)))


def _postings(row: PutRow, line: stock_rules.Line, place: str) -> list[Posting]:
    """Into the box: folded ballots, or good items; pieces beyond a bundle's label were found. Out of it: the same way back."""
    if row.kind == "envelope":
        line = (_ENVELOPE, "", "")
    shelf = Condition.FOLDED if row.kind == "bundle" else Condition.GOOD
    subject = f"bundle:{row.thing}" if row.kind == "bundle" else f"{'kit' if row.holder == row.tps else 'box'}:{row.holder}"
    act = "packing.scanned" if row.act == "packed" else f"packing.{row.act}"
    moves = []
    for quantity, source in ((row.quantity - row.found, shelf), (row.found, Condition.FOUND)):
        if quantity:
            move = Posting(line, abs(quantity), Account(place, source), Account(place, Condition.PACKED), act, subject)
            moves.append(move if quantity > 0 else move.reverse)
    return moves


def _outcome(
    table: _Table, row: PutRow, remainder: int, flags: tuple[str, ...], warnings: tuple[str, ...], repeated: bool, at: datetime
) -> rules.Outcome:
    return rules.Outcome(
        _boxes(row.election, at, [table.row])[0], row.kind, row.thing, row.contest, row.dapil, row.carton, row.quantity, remainder, flags,
        warnings, repeated, row.pk, row.entry_id,
    )  # fmt: skip


# --- items, damages, taking back -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Holder:
    """A box or a loose kit that something goes into or comes out of."""

    code: str
    tps: str
    place: str
    mark: str
    box: BoxRow | None

    @property
    def subject(self) -> str:
        return f"box:{self.code}" if self.box else f"kit:{self.code}"


def _holder(election: str, scanned: str, at: datetime, open_only: bool = True) -> _Holder:
    """A box, or by a TPS's code its kit. UnknownCode, UnknownTps, BoxSealed."""
    read = labels.resolve(election, scanned, "box", "place", at=at)
    if read.kind == "place":
        _check_tps(election, [read.text])
        return _Holder(read.text, read.text, stock.warehouse(election), "", None)
    row = _in_use(_of_here(BoxRow.objects.select_for_update().filter(code=read.text).first(), election, read.text))
    closed = seals.last_sealing(election, row.code)
    if open_only and closed is not None and closed.closed:
        raise rules.BoxSealed(box=row.code)
    return _Holder(row.code, row.tps, row.place, row.mark, row)


def pack_item(
    election: str,
    holder: str,
    item: str,
    quantity: int,
    actor: facts.Actor,
    at: datetime,
    confirm_over: bool = False,
    contest: str = "",
    mark: str = "",
    echo: bool = True,
) -> rules.ItemOutcome:
    """Pieces of an item that is no ballot go into a box, or into the loose kit of a TPS. Beyond the need, or where nobody knows the

    need: said twice, and flagged. The same again by the same person within seconds is one act. UnknownItem, BadQuantity, BoxSealed,
    NeedsConfirmation, UnknownTps, WrongDesign.
    """
    with transaction.atomic():
        at = record.turn(at)
        into = _holder(election, holder, at)
        rules.check_quantity(quantity)
        known = regulation.rulebook(election, at).item(item) if len(item) <= 40 else None
        if known is None or item in {needs_rules.BALLOT, needs_rules.BOX} or known.separate:
            raise rules.UnknownItem(item=item[:40])
        voted = (c for c in record.election(election).contests if places.dapil_of(election, c, into.tps))
        rules.check_item(contest, into.box.contest if into.box else None, voted)
        puts = _puts(PutRow.objects.filter(election=election, holder=into.code, kind="item", item=item))
        again = rules.repeated_item(puts, item, contest, quantity, actor.person, at, _profile_now(election)) if echo else None
        lines = [n for n in needs.lines(election, at, item, into.tps) if not contest or n.contest == contest]
        needed = sum(n.quantity for n in lines) if lines and known.known else None
        there = PutRow.objects.filter(election=election, tps=into.tps, item=item)
        there = there.filter(contest=contest) if contest else there
        packed = there.aggregate(n=models.Sum("quantity"))["n"] or 0
        if again is not None:
            entry = PutRow.objects.get(pk=again.id).entry_id
            return rules.ItemOutcome(into.code, item, quantity, packed, needed, (), again.id, entry, repeated=True)
        over = needed is not None and packed + quantity > needed
        if (over or needed is None) and not confirm_over:
            raise rules.NeedsConfirmation(
                over="need" if over else "unknown", quantity=quantity, remaining=quantity, needed=-1 if needed is None else needed,
                packed=packed, box=into.code, thing=item,
            )  # fmt: skip
        dapil = places.dapil_of(election, contest, into.tps) or "" if contest else ""
        line = (item, contest, _line(election, contest, dapil)[2] if contest else "")
        row = PutRow(
            election=election, holder=into.code, tps=into.tps, act="packed", kind="item", item=item, contest=contest, dapil=dapil,
            quantity=quantity, over=over, place=into.place, mark=mark or into.mark, person=actor.person, occurred_at=at,
        )  # fmt: skip
        told = _told(row) | ({"need": "unknown"} if needed is None else {})
        prepared = record.prepare([_draft("packing.scanned", election, into.subject, into.place, actor, at, told)], at)
        row.entry_id = prepared[0].entry_id
        row.save()
        stock.post(election, _postings(row, line, into.place), row.entry_id, at)
        record.append(prepared, at=at)
    flags = ("over_need",) if over else ("need_unknown",) if needed is None else ()
    return rules.ItemOutcome(into.code, item, quantity, packed + quantity, needed, flags, row.pk, row.entry_id)


def undo(election: str, holder: str, actor: facts.Actor, at: datetime) -> rules.Event:
    """The author takes back the own last scan of a box or kit, within the minutes of the profile. NothingToUndo."""
    with transaction.atomic():
        at = record.turn(at)
        of = _holder(election, holder, at, open_only=False)
        closed = seals.last_sealing(election, of.code) if of.box else None
        puts = _puts(PutRow.objects.filter(election=election, holder=of.code))
        sealed = closed is not None and closed.closed
        last = rules.undoable(puts, actor.person, at, _profile_now(election).undo_minutes, sealed)
        old = PutRow.objects.get(pk=last.id)
        back = _reversal(old, old.quantity, old.found, "undone", actor, at)
        back.reverses = old
        return _take_out(of, back, old.entry_id, (), actor, at)


def undo_of(election: str, holder: str, actor: facts.Actor, at: datetime) -> rules.Event | None:
    """What `undo` would take back for this person now; None where it would take back nothing."""
    code = _reading(election, holder, at)
    puts = _puts(PutRow.objects.filter(election=election, holder=code))
    closed = seals.last_sealing(election, code)
    try:
        last = rules.undoable(puts, actor.person, at, _profile_now(election).undo_minutes, closed is not None and closed.closed)
    except rules.NothingToUndo:
        return None
    return _event(PutRow.objects.get(pk=last.id))


def unpack(
    election: str,
    holder: str,
    thing: str,
    quantity: int | None,
    reason: str,
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
) -> rules.Event:
    """Two people take something out of an open box or kit, and say why. thing: bundle, envelope, or the code of an item.

    SamePerson, ReasonMissing, NotInside, BadQuantity, BoxSealed, EnvelopeNotEmpty.
    """
    with transaction.atomic():
        at = record.turn(at)
        of = _holder(election, holder, at)
        rules.check_two(first.person, second.person, reason)
        rows = list(PutRow.objects.filter(election=election, holder=of.code).order_by("id"))
        inside = rules.contents(_put_value(r) for r in rows)
        name = thing.strip()
        if not any(c.item == name and not c.thing for c in inside):
            name = labels.resolve(election, name, "bundle", "envelope", at=at).text
        one, wanted = rules.taken_out(inside, name, quantity)
        old = next(
            r
            for r in reversed(rows)
            if r.quantity > 0 and (r.thing or r.item, r.contest, r.wrong, r.envelope) == (name, one.contest, one.wrong, one.envelope)
        )
        back = _reversal(old, wanted, min(one.found, wanted), "unpacked", first, at)
        back.second, back.reason = second.person, reason.strip()[:400]
        return _take_out(of, back, old.entry_id, (first.person, second.person), first, at)


def _reversal(old: PutRow, quantity: int, found: int, act: str, actor: facts.Actor, at: datetime) -> PutRow:
    return PutRow(
        election=old.election, holder=old.holder, tps=old.tps, act=act, kind=old.kind, thing=old.thing, item=old.item,
        contest=old.contest, dapil=old.dapil, carton=old.carton, envelope=old.envelope, quantity=-quantity, found=-found, wrong=old.wrong,
        station="", place=old.place, mark=old.mark, person=actor.person, occurred_at=at,
    )  # fmt: skip


def _take_out(of: _Holder, back: PutRow, corrects: str, approvals: tuple[str, ...], actor: facts.Actor, at: datetime) -> rules.Event:
    draft = _draft(f"packing.{back.act}", back.election, of.subject, of.place, actor, at, _told(back))
    prepared = record.prepare([replace(draft, corrects=corrects, reason=back.reason, approvals=approvals)], at)
    back.entry_id = prepared[0].entry_id
    back.save()
    line = (back.item, "", "")
    if back.contest and back.kind != "envelope":
        line = (back.item, back.contest, _line(back.election, back.contest, back.dapil)[2])
    stock.post(back.election, _postings(back, line, of.place), back.entry_id, at)
    record.append(prepared, at=at)
    return _event(back)


def set_aside(election: str, thing: str, quantity: int, kind: str, actor: facts.Actor, at: datetime, mark: str = "") -> int:
    """Pieces found damaged while packing leave a bundle, or the shelf (thing: the code of an item). Returns what the bundle has left.

    BadDamage, BadQuantity, BundleSpent, UnknownCode.
    """
    with transaction.atomic():
        at = record.turn(at)
        rules.check_damage(kind)
        rules.check_quantity(quantity)
        place, name = stock.warehouse(election), thing.strip().upper()
        known = regulation.rulebook(election, at).item(name)
        if known is not None and known.code != needs_rules.BALLOT:
            bundle, line, left = "", (name, "", ""), 0
            source, target, subject = Condition.GOOD, Condition.QUARANTINE, f"item:{name}"
        else:
            found = _thing(election, thing, at)
            if found.kind != "bundle":
                raise rules.UnknownCode(code=found.code, kind="bundle")
            if quantity > found.remaining:
                where = ", ".join(found.where[:12])
                raise rules.BundleSpent(
                    thing=found.code, where=where, boxes=len(found.where), quantity=found.inside, remaining=found.remaining
                )
            bundle, line, left = found.code, _line(election, found.contest, found.dapil), found.remaining - quantity
            source, target, subject = Condition.FOLDED, Condition.REJECTED, f"bundle:{found.code}"
        said: dict[str, object] = {"thing": bundle, "item": line[0], "quantity": quantity, "kind": kind, "left": left, "mark": mark}
        prepared = record.prepare([_draft("packing.set_aside", election, subject, place, actor, at, said)], at)
        AsideRow.objects.create(
            election=election, thing=bundle, item=line[0], quantity=quantity, kind=kind, mark=mark, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        move = Posting(line, quantity, Account(place, source), Account(place, target), "packing.set_aside", subject)
        stock.post(election, [move], prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return left


# --- proofs: photo, sign-off, weight -------------------------------------------------------------------------------------


def photograph(election: str, box: str, kept: evidence_rules.Kept, actor: facts.Actor, at: datetime) -> None:
    """A photo of the top sheet, kept before (`store.evidence.keep`). BoxSealed."""
    with transaction.atomic():
        at = record.turn(at)
        of = _open_box(election, box, at)
        row = ProofRow(election=election, box=of.code, kind="photo", last_put=_last_put(of), sha256=kept.sha256)
        entry = _prove(of, row, "packing.photographed", {"sha256": kept.sha256}, actor, at)
        proofs.bind(election, "packing", f"box:{of.code}", "top_sheet", kept, actor, at, entry[0].entry_id, of.mark)
        record.append(entry, at=at)


def sign_off(election: str, box: str, first: facts.Actor, second: facts.Actor, at: datetime) -> None:
    """Two people say that the box holds what it should. Good until the box changes. BoxSealed, SamePerson."""
    with transaction.atomic():
        at = record.turn(at)
        of = _open_box(election, box, at)
        if first.person == second.person:
            raise rules.SamePerson(person=first.person)
        row = ProofRow(election=election, box=of.code, kind="signoff", last_put=_last_put(of), second=second.person)
        inside = rules.contents(_puts(PutRow.objects.filter(election=election, holder=of.code)))
        said: dict[str, object] = {"contents": [[c.kind, c.thing or c.item, c.quantity] for c in inside]}
        entry = _prove(of, row, "packing.signed_off", said, first, at, (first.person, second.person))
        record.append(entry, at=at)


def calibrate(election: str, contest: str, dapil: str, scale: rules.Scale, actor: facts.Actor, at: datetime) -> None:
    """Sample sheets of one design were weighed one by one. WrongDesign."""
    with transaction.atomic():
        at = record.turn(at)
        if dapil not in places.dapil_here(election).get(contest, ()):
            raise rules.WrongDesign(contest=contest[:20], dapil=dapil[:60])
        values = {
            "sheets": scale.sheets, "sheet_mg": scale.sheet_mg, "sd_mg": scale.sd_mg, "resolution_mg": scale.resolution_mg,
            "tare_mg": scale.tare_mg, "tare_sd_mg": scale.tare_sd_mg,
        }  # fmt: skip
        said: dict[str, object] = {"contest": contest, "dapil": dapil, **values}
        prepared = record.prepare([_draft("scale.calibrated", election, f"scale:{contest}", "", actor, at, said)], at)
        ScaleRow.objects.create(
            election=election, contest=contest, dapil=dapil, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id, **values
        )
        record.append(prepared, at=at)


def scale_of(election: str, contest: str, dapil: str, at: datetime) -> rules.Scale | None:
    """The calibration in force for a design."""
    row = ScaleRow.objects.filter(election=election, contest=contest, dapil=dapil, occurred_at__lte=at).order_by("-id").first()
    return rules.Scale(row.sheets, row.sheet_mg, row.sd_mg, row.resolution_mg, row.tare_mg, row.tare_sd_mg) if row else None


def weigh(election: str, box: str, gross_mg: int, actor: facts.Actor, at: datetime) -> rules.Weighing:
    """The ballots of a box on the scale (with the tare of the calibration), against its need. NoScale, BadWeight, BoxSealed."""
    with transaction.atomic():
        at = record.turn(at)
        of = _open_box(election, box, at)
        scale = scale_of(election, of.contest, of.dapil, at)
        if scale is None:
            raise rules.NoScale(contest=of.contest, dapil=of.dapil)
        inside = rules.contents(_puts(PutRow.objects.filter(election=election, holder=of.code)))
        needed = _needed(of, at)
        expected = sum(c.quantity for c in inside if c.kind == "bundle") if needed is None else needed
        found = rules.weigh(scale, expected, gross_mg)
        said: dict[str, object] = {
            "gross_mg": gross_mg, "expected_sheets": expected, "verdict": found.verdict, "difference_tenths": found.difference_tenths,
            "smallest_seen": found.smallest_seen, "power": {str(k): p for k, p in found.power.items()},
            "alarm_permille": found.alarm_permille,
        }  # fmt: skip
        row = ProofRow(election=election, box=of.code, kind="weigh", last_put=_last_put(of), verdict=found.verdict, seen_mg=found.seen_mg)
        record.append(_prove(of, row, "packing.weighed", said, actor, at), at=at)
    return found


def _open_box(election: str, box: str, at: datetime) -> BoxRow:
    """The held row of a box that is open. BoxSealed."""
    row = _locked(election, box, at)
    closed = seals.last_sealing(election, row.code)
    if closed is not None and closed.closed:
        raise rules.BoxSealed(box=row.code)
    return row


def _last_put(row: BoxRow) -> int:
    last = PutRow.objects.filter(election=row.election, holder=row.code).order_by("-id").first()
    return last.pk if last else 0


def _prove(
    of: BoxRow,
    row: ProofRow,
    kind: str,
    said: Mapping[str, object],
    actor: facts.Actor,
    at: datetime,
    approvals: tuple[str, ...] = (),
) -> list[record.Prepared]:
    draft = _draft(kind, of.election, f"box:{of.code}", of.place, actor, at, {"tps": of.tps, "mark": of.mark, **said})
    prepared = record.prepare([replace(draft, approvals=approvals)], at)
    row.person, row.occurred_at, row.entry_id = actor.person, at, prepared[0].entry_id
    row.save()
    return prepared


# --- closing and opening -------------------------------------------------------------------------------------------------


def seal_box(
    election: str,
    box: str,
    serials: Sequence[str] = (),
    count: int = 0,
    *,
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    lot: str = "",
    evidence: Sequence[evidence_rules.Kept] = (),
    variance: str = "",
    takers: Collection[str] = (),
    mark: str = "",
) -> seal_rules.Sealing:
    """Two people close a box. It is complete, or they sign why not; seals that should not exist are recorded and flagged, not refused.

    takers: the codes of the place and the table that seal. NotReady, NotComplete, BoxSealed, NeedsReseal, seals.SamePerson,
    seals.NoSeals, seals.EvidenceMissing, seals.Malformed.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = _locked(election, box, at)
        before = seals.last_sealing(election, row.code)
        if before is not None:
            raise rules.BoxSealed(box=row.code) if before.closed else rules.NeedsReseal(box=row.code)
        about = seals.known(election, serials, counted=count != 0)
        judged = seals.judge(about, serials, count, lot, takers, at)
        short = _check_content(row, variance, at, len(judged.serials) + count, proofs_too=True)
        seal_rules.check_closing(first.person, second.person, [seal_rules.read_serial(s) for s in judged.serials], count, len(evidence))
        return _close(row, "sealed", judged, first, second, at, evidence, ("", ""), variance, mark, (), short)


def reseal(
    election: str,
    box: str,
    reason: str,
    text: str,
    serials: Sequence[str] = (),
    count: int = 0,
    *,
    first: facts.Actor,
    second: facts.Actor,
    evidence: Sequence[evidence_rules.Kept],
    at: datetime,
    lot: str = "",
    variance: str = "",
    takers: Collection[str] = (),
    mark: str = "",
) -> seal_rules.Sealing:
    """Two people put new seals on a box that was sealed before, say why, and take a photo. What was on it is cut.

    With the reason `seals.MISREAD` nothing is cut: the seals stay and the record of their numbers is put right. NeverSealed, NotComplete
    (also after an opening), NotReady, seals.ReasonMissing, seals.NotMisread, seals.EvidenceMissing and what `seal_box` refuses.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = _locked(election, box, at)
        before = seals.last_sealing(election, row.code)
        if before is None:
            raise rules.NeverSealed(box=row.code)
        seal_rules.check_reseal(reason, text, len(evidence))
        about = seals.known(election, serials, counted=count != 0)
        misread = before if reason == seal_rules.MISREAD else None
        judged = seals.judge(about, serials, count, lot, takers, at, misread)
        if misread:
            seal_rules.check_misread(misread, [seal_rules.read_serial(s) for s in judged.serials], judged.lot, count)
        variance = variance or (before.variance if misread else "")
        short = _check_content(row, variance, at, len(judged.serials) + count, proofs_too=not before.closed)
        seal_rules.check_closing(first.person, second.person, [seal_rules.read_serial(s) for s in judged.serials], count, len(evidence))
        cut = before.serials if before.closed and not misread else ()
        why = (reason, text.strip()[:400])
        return _close(row, "resealed", judged, first, second, at, evidence, why, variance, mark, cut, short, misread)


def open_box(
    election: str,
    box: str,
    reason: str,
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    seen: Sequence[str] = (),
    unreadable: bool = False,
    mark: str = "",
) -> seal_rules.Sealing:
    """Two people cut the seals of a box on purpose; it can be packed again and is closed by a re-seal.

    seen: the serials that they read before cutting, or `unreadable`; others than were put on, and unread ones, stand as findings until the
    box is closed again. seals.NotSealed, SamePerson, ReasonMissing, seals.SeenMissing.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = _locked(election, box, at)
        before = seals.last_sealing(election, row.code)
        if before is None or not before.closed:
            raise seal_rules.NotSealed(box=row.code)
        rules.check_two(first.person, second.person, reason)
        read, _ = seal_rules.read_all(seen)
        texts = tuple(s.text for s in read)
        seal_rules.check_opening(before.serials, texts, unreadable)
        check = seal_rules.Check(
            row.code, before.serials, texts, before.count, before.count, False, "", row.place, first.person, at
        )  # fmt: skip
        judged = seals.Judged((), "", 0, tuple(seal_rules.opening_findings(check, unreadable)))
        why = (reason.strip()[:40], reason.strip()[:400])
        return _close(row, "opened", judged, first, second, at, (), why, "", mark, before.serials, seen=texts)


def _check_content(row: BoxRow, variance: str, at: datetime, seals_on: int, proofs_too: bool) -> tuple[tuple[str, int, int], ...]:
    """What an open box lacks as it stands beside ballots. NotReady, NotComplete."""
    (box,) = _boxes(row.election, at, [row], everything=True)
    flags = tuple(f for f in box.flags if not f.startswith("seal_") and f != "variance")
    anything = bool(box.packed or box.foreign or box.envelopes or box.items)
    state = rules.state_of(box.packed, box.needed, anything, flags, sealed=False)
    found, wanted = _proofs(row, at), _profile_now(row.election)
    missing = rules.missing_proofs(wanted, found, row.use) if proofs_too else ()
    lines = _lines_of(pick_list(row.election, row.tps, at), row) if row.use == "tps" else ()
    short = rules.short_of(lines, seals_on, wanted)
    rules.check_sealing(state, box.packed, box.needed, variance, missing, found.get("weigh", ""), flags, short)
    return short


def _lines_of(listed: rules.PickList, row: BoxRow) -> Sequence[rules.PickLine]:
    return next((one.lines for one in listed.boxes if one.contest == row.contest), ())


def _proofs(row: BoxRow, at: datetime) -> dict[str, str]:
    """Proofs that saw the box as it is: kind -> verdict (of a weighing). A photo that was withdrawn proves nothing."""
    last = _last_put(row)
    rows = [p for p in ProofRow.objects.filter(election=row.election, box=row.code).order_by("id") if p.last_put == last]
    kept = {e.entry_id for e in proofs.of(row.election, f"box:{row.code}", at)} if any(p.kind == "photo" for p in rows) else set()
    return {p.kind: p.verdict for p in rows if p.kind != "photo" or p.entry_id in kept}


def _close(
    row: BoxRow,
    act: str,
    judged: seals.Judged,
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    evidence: Sequence[evidence_rules.Kept],
    why: tuple[str, str],
    variance: str,
    mark: str,
    cut: Sequence[str],
    short: tuple[tuple[str, int, int], ...] = (),
    misread: seal_rules.Sealing | None = None,
    seen: Sequence[str] = (),
) -> seal_rules.Sealing:
    sealing = seal_rules.Sealing(
        row.code, act, judged.serials, judged.lot, judged.count, judged.findings, first.person, second.person, *why,
        variance.strip()[:400], tuple(k.sha256 for k in evidence), row.tps, at, "", mark or row.mark, short,
    )  # fmt: skip
    draft = _closing_draft(row, sealing, judged, first, at, cut)
    if act == "opened":
        draft = replace(draft, facts={**draft.facts, "seen": list(seen)})
    if misread:
        wrong = [s for s in misread.serials if s not in sealing.serials]
        draft = replace(draft, facts={**draft.facts, "misread": wrong}, corrects=misread.entry_id)
    prepared = record.prepare([draft], at)
    sealing = replace(sealing, entry_id=prepared[0].entry_id)
    if misread:
        seals.write_correction(row.election, misread, sealing)
    else:
        seals.write(row.election, [sealing], {row.code: cut})
    for kept in evidence:
        proofs.bind(row.election, "packing", f"box:{row.code}", "seal", kept, first, at, sealing.entry_id, sealing.mark)
    record.append(prepared, at=at)
    return sealing


def _closing_draft(
    row: BoxRow, sealing: seal_rules.Sealing, judged: seals.Judged, first: facts.Actor, at: datetime, cut: Sequence[str] = ()
) -> facts.Draft:
    said: dict[str, object] = {
        "box": row.code, "tps": row.tps, "contest": row.contest, "dapil": row.dapil, **seals.said(judged), "cut": list(cut),
        "code": sealing.reason if sealing.act == "resealed" else "", "variance": int(bool(sealing.variance)),
        "short": [list(one) for one in sealing.short], "photos": list(sealing.evidence), "mark": sealing.mark,
    }  # fmt: skip
    draft = _draft(f"box.{sealing.act}", row.election, f"box:{row.code}", row.place, first, at, said)
    private = {"variance": sealing.variance} if sealing.variance else {}
    return replace(draft, reason=sealing.text, approvals=(sealing.first, sealing.second), private=private)


# --- many at once --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What goes into one box at one time: bundles as (code, quantity or None). Codes, not scans."""

    box: str
    bundles: tuple[tuple[str, int | None], ...]
    at: datetime
    station: str = ""


@dataclass(frozen=True)
class Kit:
    """What goes into the loose kit of a TPS: item -> pieces."""

    tps: str
    items: Mapping[str, int]
    at: datetime


@dataclass(frozen=True)
class Closing:
    """A box to be closed with serials."""

    box: str
    serials: tuple[str, ...]
    at: datetime
    variance: str = ""


@dataclass
class _State:
    """Boxes, bundles and puts of a bulk, kept up to date while it is judged."""

    boxes: dict[str, BoxRow]
    bundles: dict[str, rules.Thing]
    targets: dict[str, rules.Target]
    rows: list[PutRow] = field(default_factory=list)
    stops: list[rules.Stop] = field(default_factory=list)


def pack_many(election: str, loads: Sequence[Load], actor: facts.Actor, at: datetime, mark: str = "") -> tuple[int, list[rules.Stop]]:
    """A file of a scanner, or a demonstration: the same rules as `scan`, one entry per box. Returns ballots packed, and the stops.

    What the guard stops stays out and is recorded as a stop. Any other refusal lets nothing in at all.
    """
    with transaction.atomic():
        at = record.turn(at)
        state = _bulk_state(election, loads, at)
        wanted = _profile_now(election)
        drafts: list[facts.Draft] = []
        rows_of: list[list[PutRow | StopRow]] = []
        for load in loads:
            puts, stops = _judge_load(state, load, wanted, actor, mark)
            if puts:
                drafts.append(_load_draft(state.boxes[load.box], puts, actor, load.at))
                rows_of.append([*puts])
            for stop in stops:
                box = state.boxes[load.box]
                drafts.append(_draft("packing.stopped", election, f"box:{box.code}", box.place, actor, load.at, _stop_told(stop)))
                rows_of.append([stop])
        prepared = record.prepare(drafts, at)
        for one, group in zip(prepared, rows_of, strict=True):
            for row in group:
                row.entry_id = one.entry_id
        puts_made = [r for group in rows_of for r in group if isinstance(r, PutRow)]
        stops_made = [r for group in rows_of for r in group if isinstance(r, StopRow)]
        PutRow.objects.bulk_create(puts_made, batch_size=_CHUNK)
        StopRow.objects.bulk_create(stops_made, batch_size=_CHUNK)
        for group in rows_of:
            moves = [m for r in group if isinstance(r, PutRow) for m in _postings(r, _own_line(r, state.boxes[r.holder]), r.place)]
            if moves:
                stock.post(election, moves, group[0].entry_id, group[0].occurred_at)
        record.append(prepared, at=at)
    return sum(r.quantity for r in puts_made), [_stop_value(r) for r in stops_made]


def _bulk_state(election: str, loads: Sequence[Load], at: datetime) -> _State:
    codes = sorted({load.box for load in loads})
    boxes = {row.code: row for part in _parts(codes) for row in BoxRow.objects.select_for_update().filter(code__in=part)}
    for code in codes:
        _in_use(_of_here(boxes.get(code), election, code))
    wanted = sorted({code for load in loads for code, _ in load.bundles})
    there = sorting.BundleRow.objects.filter(election=election, dissolved_at=None)
    things = {b.code: b for part in _parts(wanted) for b in there.filter(code__in=part)}
    for code in wanted:
        if code not in things:
            raise rules.UnknownCode(code=code[:20], kind="bundle")
    used: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    found: dict[str, int] = defaultdict(int)
    for part in _parts(wanted):
        rows = PutRow.objects.filter(election=election, thing__in=part).order_by("id")
        for thing, holder, quantity, more in rows.values_list("thing", "holder", "quantity", "found"):
            used[thing][holder] += quantity
            found[thing] += more
    aside: dict[str, int] = defaultdict(int)
    for thing, quantity in AsideRow.objects.filter(election=election).exclude(thing="").values_list("thing", "quantity"):
        aside[thing] += quantity
    bundles = {}
    for code in wanted:
        b = things[code]
        where = tuple(h for h, n in used[code].items() if n > 0)
        bundles[code] = rules.Thing(
            "bundle", code, b.contest, b.dapil, b.quantity, sum(used[code].values()), found[code], aside[code], b.carton, where
        )
    now = {box.code: box for box in _boxes(election, at, list(boxes.values()), everything=True)}
    dapil = places.dapil_map(election)
    targets = {
        code: rules.Target(
            code, row.contest, row.dapil, row.tps, dapil.get((row.contest, row.tps)) if row.use == "tps" else "", row.use,
            now[code].sealed_at is not None, now[code].packed, now[code].needed,
        )
        for code, row in boxes.items()
    }  # fmt: skip
    return _State(boxes, bundles, targets)


def _parts(codes: Sequence[str]) -> Iterable[Sequence[str]]:
    return (codes[i : i + _CHUNK] for i in range(0, len(codes), _CHUNK))


def _judge_load(state: _State, load: Load, wanted: rules.Profile, actor: facts.Actor, mark: str) -> tuple[list[PutRow], list[StopRow]]:
    row = state.boxes[load.box]
    puts: list[PutRow] = []
    stops: list[StopRow] = []
    for code, quantity in load.bundles:
        target, thing = state.targets[load.box], state.bundles[code]
        clash = rules.guard(target, thing.contest, thing.dapil)
        if clash is not None:
            rules.check_open(target)
            stops.append(
                StopRow(
                    election=row.election, box=row.code, tps=row.tps, contest=row.contest, dapil=row.dapil, kind="bundle", thing=code,
                    found_contest=clash.found_contest, found_dapil=clash.found_dapil, carton=thing.carton, what=clash.what,
                    station=load.station, mark=mark or row.mark, person=actor.person, occurred_at=load.at,
                )
            )  # fmt: skip
            continue
        taken = rules.take(target, thing, quantity, wanted)
        table = _Table(row, target, [], thing, "", None, wanted)
        puts.append(_put_row(table, taken, "packed", "", actor, load.at, "", load.station, mark))
        state.targets[load.box] = replace(target, packed=target.packed + taken.quantity)
        state.bundles[code] = replace(
            thing, inside=thing.inside + taken.quantity, found=thing.found + taken.found, where=(*thing.where, row.code)
        )
    return puts, stops


def _load_draft(box: BoxRow, puts: Sequence[PutRow], actor: facts.Actor, at: datetime) -> facts.Draft:
    said: dict[str, object] = {
        "holder": box.code, "tps": box.tps, "contest": box.contest, "dapil": box.dapil, "quantity": sum(p.quantity for p in puts),
        "bundles": [[p.thing, p.carton, p.quantity] for p in puts], "mark": puts[0].mark,
    }  # fmt: skip
    return _draft("packing.scanned", box.election, f"box:{box.code}", box.place, actor, at, said)


def _stop_told(stop: StopRow) -> dict[str, object]:
    names = ("what", "box", "tps", "contest", "dapil", "kind", "thing", "found_contest", "found_dapil", "carton", "station", "mark")
    return {name: getattr(stop, name) for name in names}


def pack_kits(election: str, kits: Sequence[Kit], actor: facts.Actor, at: datetime, mark: str = "") -> int:
    """Loose kits in bulk, one entry per kit; nothing beyond the need. Returns pieces. UnknownTps, UnknownItem, NeedsConfirmation."""
    with transaction.atomic():
        at = record.turn(at)
        _check_tps(election, [kit.tps for kit in kits])
        book, place = regulation.rulebook(election, at), stock.warehouse(election)
        items = sorted({item for kit in kits for item in kit.items})
        needed: dict[tuple[str, str], int] = defaultdict(int)
        for item in items:
            if item in {needs_rules.BALLOT, needs_rules.BOX} or book.item(item) is None:
                raise rules.UnknownItem(item=item[:40])
            for need in needs.lines(election, at, item):
                needed[(need.place, item)] += need.quantity
        there: dict[tuple[str, str], int] = defaultdict(int)
        for tps, item, quantity in PutRow.objects.filter(election=election, item__in=items).values_list("tps", "item", "quantity"):
            there[(tps, item)] += quantity
        drafts, groups = [], []
        for kit in kits:
            rows = []
            for item, quantity in kit.items.items():
                rules.check_quantity(quantity)
                have, most = there[(kit.tps, item)], needed[(kit.tps, item)]
                if have + quantity > most:
                    raise rules.NeedsConfirmation(
                        over="need", quantity=quantity, remaining=quantity, needed=most, packed=have, box=kit.tps, thing=item
                    )
                there[(kit.tps, item)] += quantity
                rows.append(
                    PutRow(
                        election=election, holder=kit.tps, tps=kit.tps, act="packed", kind="item", item=item, quantity=quantity,
                        place=place, mark=mark, person=actor.person, occurred_at=kit.at,
                    )
                )  # fmt: skip
            said: dict[str, object] = {"holder": kit.tps, "tps": kit.tps, "items": dict(kit.items), "mark": mark}
            drafts.append(_draft("packing.scanned", election, f"kit:{kit.tps}", place, actor, kit.at, said))
            groups.append(rows)
        prepared = record.prepare(drafts, at)
        for one, rows in zip(prepared, groups, strict=True):
            for row in rows:
                row.entry_id = one.entry_id
        PutRow.objects.bulk_create([r for rows in groups for r in rows], batch_size=_CHUNK)
        for rows in groups:
            moves = [m for r in rows for m in _postings(r, (r.item, "", ""), place)]
            stock.post(election, moves, rows[0].entry_id, rows[0].occurred_at)
        record.append(prepared, at=at)
    return sum(r.quantity for rows in groups for r in rows)


def seal_many(
    election: str,
    closings: Sequence[Closing],
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    takers: Collection[str] = (),
    mark: str = "",
) -> list[seal_rules.Sealing]:
    """Boxes closed with serials in bulk, by the rules of `seal_box`; one entry per box. Any refusal lets none of them in."""
    with transaction.atomic():
        at = record.turn(at)
        codes = [c.box for c in closings]
        rows = {r.code: r for part in _parts(codes) for r in BoxRow.objects.select_for_update().filter(code__in=part)}
        for code in codes:
            _in_use(_of_here(rows.get(code), election, code))
        now = {box.code: box for box in _boxes(election, at, list(rows.values()), everything=True)}
        wanted = _profile_now(election)
        about = seals.known(election, [s for c in closings for s in c.serials])
        listed = _pick_lists(election, {row.tps for row in rows.values() if row.use == "tps"}, at)
        drafts, made = [], []
        closed: set[str] = set()
        for closing in closings:
            box, row = now[closing.box], rows[closing.box]
            if box.sealed_at or box.opened or box.code in closed:
                raise rules.NeedsReseal(box=box.code) if box.opened else rules.BoxSealed(box=box.code)
            found = _proofs(row, at) if wanted.require_photo or wanted.require_signoff or wanted.require_weigh else {}
            missing = rules.missing_proofs(wanted, found, row.use)
            judged = seals.judge(about, closing.serials, 0, "", takers, closing.at)
            lines = _lines_of(listed[row.tps], row) if row.tps in listed else ()
            short = rules.short_of(lines, len(judged.serials), wanted)
            rules.check_sealing(box.state, box.packed, box.needed, closing.variance, missing, found.get("weigh", ""), box.flags, short)
            seal_rules.check_closing(first.person, second.person, [seal_rules.read_serial(s) for s in judged.serials], 0, 0)
            sealing = seal_rules.Sealing(
                row.code, "sealed", judged.serials, "", 0, judged.findings, first.person, second.person, "", "",
                closing.variance.strip()[:400], (), row.tps, closing.at, "", mark or row.mark, short,
            )  # fmt: skip
            seals.take(about, sealing)
            closed.add(box.code)
            drafts.append(_closing_draft(row, sealing, judged, first, closing.at))
            made.append(sealing)
        prepared = record.prepare(drafts, at)
        made = [replace(s, entry_id=one.entry_id) for s, one in zip(made, prepared, strict=True)]
        seals.write(election, made)
        record.append(prepared, at=at)
    return made


# --- what is read --------------------------------------------------------------------------------------------------------


def boxes(election: str, at: datetime) -> list[rules.Box]:
    """All boxes prepared by then, as they stood; by TPS, in the order of the contests. A handful of queries, however many boxes."""
    order = {contest: i for i, contest in enumerate(record.election(election).contests)}
    rows = list(_there(election, at))
    rows.sort(key=lambda r: (r.tps, order.get(r.contest, len(order)), r.use))
    return _boxes(election, at, rows)


def _there(election: str, at: datetime) -> "models.QuerySet[BoxRow]":
    """Boxes prepared by then and not given up."""
    return BoxRow.objects.filter(election=election, occurred_at__lte=at).exclude(given_up_at__lte=at)


def of_tps(election: str, at: datetime) -> dict[str, rules.OfTps]:
    """The boxes of every TPS in counts, without building each box; empty before the first box of the election is prepared."""
    rows = list(_there(election, at).filter(use="tps").values_list("code", "tps", "contest", "dapil"))
    if not rows:
        return {}
    last = seals.last_acts(election, at)
    puts = PutRow.objects.filter(election=election, kind="bundle", occurred_at__lte=at)
    odd = puts.exclude(wrong="").values_list("holder").annotate(n=models.Sum("quantity")).order_by()
    wrong = {holder for holder, n in odd if n > 0}
    full = _full(election, at, [row for row in rows if last.get(row[0], ("opened", None, False))[0] == "opened"], puts)
    mismatched = {check.box for check in seals.mismatches(election, at)}
    dapil = places.dapil_map(election)
    wanted: dict[str, int] = defaultdict(int)
    for _, tps in dapil:
        wanted[tps] += 1
    found = {tps: rules.OfTps(n, 0, 0, 0) for tps, n in wanted.items()}
    for code, tps, contest, of in rows:
        act, when, short = last.get(code, ("", None, False))
        closed, opened = act not in {"", "opened"}, act == "opened"
        found[tps] = found.get(tps, rules.OfTps(0, 0, 0, 0)).plus(
            complete=closed or code in full, sealed=closed, short=closed and short, opened=opened, mismatched=code in mismatched,
            wrong=code in wrong or dapil.get((contest, tps)) != of, sealed_at=when if closed else None, opened_at=when if opened else None,
        )  # fmt: skip
    return found


def _full(election: str, at: datetime, rows: Sequence[tuple[str, str, str, str]], puts: "models.QuerySet[PutRow]") -> set[str]:
    """Those of some open boxes that hold as many ballots as their TPS needs."""
    if not rows:
        return set()
    held = dict(puts.filter(wrong="").values_list("holder").annotate(n=models.Sum("quantity")).order_by())
    needed: dict[tuple[str, str], int] = defaultdict(int)
    for need in needs.lines(election, at, item=needs_rules.BALLOT):
        needed[(need.place, need.contest)] += need.quantity
    return {code for code, tps, contest, _ in rows if (tps, contest) in needed and held.get(code, 0) == needed[(tps, contest)]}


@dataclass(frozen=True)
class Labelled:
    """A box as its label names it: enough to follow it on its way."""

    code: str
    tps: str
    contest: str
    use: str
    prepared_at: datetime


def labelled(election: str, at: datetime, codes: Collection[str] | None = None) -> list[Labelled]:
    """Boxes prepared by then and not given up, in one query; only these codes, or all."""
    rows = _there(election, at) if codes is None else _there(election, at).filter(code__in=list(codes))
    return [Labelled(*values) for values in rows.order_by("tps", "id").values_list("code", "tps", "contest", "use", "occurred_at")]


def get_box(election: str, box: str, at: datetime) -> rules.Box:
    """One box, in constant time. UnknownCode, OtherElection, the refusals of `labels`."""
    code = labels.resolve(election, box, "box", at=at).text
    row = _of_here(BoxRow.objects.filter(code=code, occurred_at__lte=at).first(), election, code)
    return _boxes(election, at, [row])[0]


def box_of(election: str, tps: str, contest: str, at: datetime) -> rules.Box | None:
    """The box of a TPS for a contest; None until it is prepared."""
    row = _there(election, at).filter(tps=tps, contest=contest, use="tps").first()
    return _boxes(election, at, [row])[0] if row else None


_FEW = 60


def _boxes(election: str, at: datetime, rows: Sequence[BoxRow], everything: bool = False) -> list[rules.Box]:
    """Rows of boxes as values. everything: also what was recorded for a later time, for writing. Few boxes are looked up one by one."""
    few = len(rows) <= _FEW
    return [
        _box(row, one) for row, one in zip(rows, _few(at, rows, everything) if few else _all(election, at, rows, everything), strict=True)
    ]


@dataclass(frozen=True)
class _Around:
    """What is known about a box from its puts, needs, dapil, seals and wave. sums: (kind, wrong) -> (pieces, beyond the label)."""

    sums: Mapping[tuple[str, str], tuple[int, int]]
    needed: int | None
    moved: bool
    sealing: seal_rules.Sealing | None
    mismatch: bool
    wave: str


def _sums(rows: "models.QuerySet[PutRow]") -> dict[str, dict[tuple[str, str], tuple[int, int]]]:
    found: dict[str, dict[tuple[str, str], tuple[int, int]]] = defaultdict(dict)
    grouped = rows.values_list("holder", "kind", "wrong").annotate(n=models.Sum("quantity"), f=models.Sum("found")).order_by()
    for holder, kind, wrong, n, f in grouped:
        found[holder][(kind, wrong)] = (n, f)
    return found


def _few(at: datetime, rows: Sequence[BoxRow], everything: bool) -> list[_Around]:
    found = []
    for row in rows:
        puts = PutRow.objects.filter(election=row.election, holder=row.code)
        puts = puts if everything else puts.filter(occurred_at__lte=at)
        moved = row.use == "tps" and places.dapil_of(row.election, row.contest, row.tps) != row.dapil
        sealing = _sealing_then(row, at, everything)
        wrong = bool(sealing and seals.mismatches(row.election, at, row.code))
        waves_of = WaveTpsRow.objects.filter(election=row.election, tps=row.tps, occurred_at__lte=at)
        wave = waves_of.values_list("wave", flat=True).first() or ""
        found.append(_Around(_sums(puts).get(row.code, {}), _needed(row, at), moved, sealing, wrong, wave))
    return found


def _sealing_then(row: BoxRow, at: datetime, everything: bool) -> seal_rules.Sealing | None:
    return seals.standing_of(row.election, row.code, None if everything else at)


def _all(election: str, at: datetime, rows: Sequence[BoxRow], everything: bool) -> list[_Around]:
    puts = PutRow.objects.filter(election=election)
    sums = _sums(puts if everything else puts.filter(occurred_at__lte=at))
    needed: dict[tuple[str, str], int] = defaultdict(int)
    known = set()
    for need in needs.lines(election, at, item=needs_rules.BALLOT):
        needed[(need.place, need.contest)] += need.quantity
        known.add((need.place, need.contest))
    dapil = places.dapil_map(election)
    sealed = seals.standing(election, datetime.max.replace(tzinfo=at.tzinfo) if everything else at)
    wrong = {check.box for check in seals.mismatches(election, at)}
    in_wave = dict(WaveTpsRow.objects.filter(election=election, occurred_at__lte=at).values_list("tps", "wave"))
    return [
        _Around(
            sums.get(row.code, {}),
            0 if row.use != "tps" else needed[(row.tps, row.contest)] if (row.tps, row.contest) in known else None,
            row.use == "tps" and dapil.get((row.contest, row.tps)) != row.dapil,
            sealed.get(row.code),
            row.code in wrong,
            in_wave.get(row.tps, ""),
        )
        for row in rows
    ]


def _box(row: BoxRow, one: _Around) -> rules.Box:
    packed = one.sums.get(("bundle", ""), (0, 0))[0]
    inside = [rules.Content(kind, kind, "", "", "", "", "", n, wrong, f) for (kind, wrong), (n, f) in one.sums.items() if n > 0]
    foreign = sum(c.quantity for c in inside if c.kind == "bundle" and c.wrong)
    envelopes_in = sum(c.quantity for c in inside if c.kind == "envelope")
    items = sum(c.quantity for c in inside if c.kind == "item")
    flags = rules.flags_of(inside, packed, one.needed, one.moved, one.sealing, one.mismatch)
    closed = one.sealing if one.sealing and one.sealing.closed else None
    state = rules.state_of(packed, one.needed, bool(inside), flags, closed is not None)
    return rules.Box(
        row.code, row.contest, row.tps, row.dapil, row.use, row.place, state,
        packed, one.needed, foreign, envelopes_in, items, closed.sealed_at if closed else None, closed.serials if closed else (),
        closed.seals if closed else 0, one.sealing is not None and closed is None, flags, one.wave, row.occurred_at, row.mark,
        row.given_up_at,
    )  # fmt: skip


def contents(election: str, holder: str, at: datetime) -> list[rules.Content]:
    """What is in a box or a loose kit."""
    code = _reading(election, holder, at)
    return rules.contents(_puts(PutRow.objects.filter(election=election, holder=code, occurred_at__lte=at)))


def _reading(election: str, holder: str, at: datetime) -> str:
    return labels.resolve(election, holder, "box", "place", at=at).text


def history(election: str, holder: str, at: datetime) -> list[rules.Event]:
    """Everything that happened to a box or a loose kit, oldest first."""
    code = _reading(election, holder, at)
    events = [_event(row) for row in PutRow.objects.filter(election=election, holder=code, occurred_at__lte=at).order_by("id")]
    for box in BoxRow.objects.filter(code=code, election=election, occurred_at__lte=at):
        events.append(rules.Event("prepared", "", "", 0, box.person, "", "", (), "", box.occurred_at, box.entry_id))
    for stop in StopRow.objects.filter(election=election, box=code, occurred_at__lte=at).order_by("id"):
        why = f"{stop.found_contest} {stop.found_dapil}"
        events.append(
            rules.Event("stopped", stop.thing, "", 0, stop.person, "", why, (stop.what,), stop.station, stop.occurred_at, stop.entry_id)
        )
    for end in GivenUpRow.objects.filter(box=code, election=election, occurred_at__lte=at):
        events.append(rules.Event("given_up", "", "", 0, end.person, end.second, end.reason, (), "", end.occurred_at, end.entry_id))
    kinds = {"photo": "photographed", "signoff": "signed_off", "weigh": "weighed"}
    for proof in ProofRow.objects.filter(election=election, box=code, occurred_at__lte=at).order_by("id"):
        events.append(
            rules.Event(kinds[proof.kind], "", "", 0, proof.person, proof.second, proof.verdict, (), "", proof.occurred_at, proof.entry_id)
        )
    if code != "" and "." not in code:
        events += [_sealing_event(one) for one in seals.sealings(election, code, at)]
        events += [_check_event(one) for one in seals.checks(election, at, code)]
    # Under a stored clock much happens at one instant: the order of the journal tells what came first.
    leaf = record.order({e.entry_id for e in events})
    return sorted(events, key=lambda e: (e.occurred_at, leaf.get(e.entry_id, 0), e.put))


def unusual(election: str, at: datetime, tps: Collection[str]) -> list[tuple[str, str, rules.Event]]:
    """What was out of the ordinary at these TPS, oldest first, as (box, TPS, event): stops of the guard, overrides, more than due, what was

    taken out again, seals with findings, variances, openings, re-seals, and checks of seals that did not match.
    """
    wanted = set(tps)
    where = {row.code: row.tps for row in BoxRow.objects.filter(election=election, occurred_at__lte=at) if row.tps in wanted}
    found: list[tuple[str, str, rules.Event]] = []
    odd = models.Q(act__in=("overridden", "unpacked")) | models.Q(over=True)
    puts = PutRow.objects.filter(odd, election=election, occurred_at__lte=at)
    found += [(row.holder, row.tps, _event(row)) for row in puts.order_by("id") if row.tps in wanted]
    for stop in StopRow.objects.filter(election=election, occurred_at__lte=at).order_by("id"):
        if stop.tps in wanted:
            why = f"{stop.found_contest} {stop.found_dapil}"
            told = rules.Event(
                "stopped", stop.thing, "", 0, stop.person, "", why, (stop.what,), stop.station, stop.occurred_at, stop.entry_id
            )
            found.append((stop.box, stop.tps, told))
    for one in seals.every_sealing(election, at):
        if one.box in where and (one.findings or one.variance or one.act != "sealed"):
            found.append((one.box, where[one.box], _sealing_event(one)))
    found += [(c.box, where[c.box], _check_event(c)) for c in seals.checks(election, at) if c.box in where and not c.match]
    return sorted(found, key=lambda one: one[2].occurred_at)


def _sealing_event(one: seal_rules.Sealing) -> rules.Event:
    flags = tuple(dict.fromkeys(f.code for f in one.findings))
    words = ", ".join(one.serials)
    why = one.text or one.variance
    kind = "corrected" if one.act == "resealed" and one.reason == seal_rules.MISREAD else one.act
    return rules.Event(kind, words, one.lot, one.seals, one.first, one.second, why, flags, "", one.sealed_at, one.entry_id)


def _check_event(one: seal_rules.Check) -> rules.Event:
    flags = () if one.match else ("broken",) if one.broken else ("mismatch",)
    return rules.Event("checked", ", ".join(one.seen), "", 0, one.person, "", one.occasion, flags, "", one.checked_at, one.entry_id)


def print_paper(election: str, kind: str, area: str, actor: facts.Actor, at: datetime, reason: str = "") -> int:
    """Record a print of a paper for an area: which copy this one is. ReasonMissing from the second on. Call it before the paper comes."""
    with transaction.atomic():
        at = record.turn(at)
        copy = paper_copies(election, kind, area) + 1
        if copy > 1 and len(reason.strip()) < rules.REASON_LETTERS:
            raise rules.ReasonMissing(letters=rules.REASON_LETTERS)
        said: dict[str, object] = {"kind": kind, "area": area, "copy": copy}
        draft = replace(_draft("papers.printed", election, f"paper:{kind}:{area}", "", actor, at, said), reason=reason.strip()[:400])
        prepared = record.prepare([draft], at)
        PackingPaperRow.objects.create(
            election=election, kind=kind, area=area, copy=copy, reason=reason.strip()[:400] if copy > 1 else "", person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return copy


def paper_copies(election: str, kind: str, area: str) -> int:
    """How often a paper of an area was printed so far."""
    return PackingPaperRow.objects.filter(election=election, kind=kind, area=area).aggregate(n=models.Max("copy"))["n"] or 0


def trace(election: str, code: str, at: datetime) -> list[rules.Trail]:
    """Which boxes took from this carton or bundle; from a box: of all cartons that are in it. The refusals of `labels`."""
    read = labels.resolve(election, code, "carton", "bundle", "envelope", "box", at=at)
    puts = PutRow.objects.filter(election=election, occurred_at__lte=at)
    if BoxRow.objects.filter(code=read.text, election=election).exists():
        inside = rules.contents(_puts(puts.filter(holder=read.text)))
        cartons = sorted({c.carton for c in inside if c.carton})
        rows = puts.filter(carton__in=cartons)
    else:
        rows = puts.filter(carton=read.text)
        if not rows.exists():
            rows = puts.filter(thing=read.text)
    net: dict[tuple[str, str, str], int] = defaultdict(int)
    for holder, thing, carton, quantity in rows.order_by("id").values_list("holder", "thing", "carton", "quantity"):
        net[(holder, thing, carton)] += quantity
    left = {key: n for key, n in net.items() if n > 0}
    found = {row.code: row for part in _parts(sorted({k[0] for k in left})) for row in BoxRow.objects.filter(code__in=part)}
    closed = {}
    for box in found:
        last = next(reversed(seals.sealings(election, box, at)), None)
        closed[box] = last.sealed_at if last and last.closed else None
    return [
        rules.Trail(b.code, b.contest, b.tps, b.dapil, thing, carton, n, closed[holder])
        for (holder, thing, carton), n in left.items()
        if (b := found.get(holder))
    ]


def kits(election: str, at: datetime) -> dict[str, list[rules.Content]]:
    """TPS -> what is in its loose kit."""
    found: dict[str, list[rules.Put]] = defaultdict(list)
    rows = PutRow.objects.filter(election=election, holder=models.F("tps"), occurred_at__lte=at)
    for row in rows.order_by("id"):
        found[row.holder].append(_put_value(row))
    return {tps: rules.contents(puts) for tps, puts in found.items()}


def pick_list(election: str, tps: str, at: datetime) -> rules.PickList:
    """What a TPS needs, contest by contest, and what is packed of it. UnknownTps."""
    _check_tps(election, [tps])
    contests = [(c, places.dapil_of(election, c, tps) or "") for c in record.election(election).contests]
    contests = [(c, d) for c, d in contests if d]
    rows = list(_there(election, at).filter(tps=tps, use="tps"))
    found = {box.contest: box for box in _boxes(election, at, rows)}
    packed: dict[tuple[str, str], int] = defaultdict(int)
    puts = PutRow.objects.filter(election=election, tps=tps, occurred_at__lte=at)
    for holder, item, quantity in puts.values_list("holder", "item", "quantity"):
        packed[(holder, item)] += quantity
    return rules.pick(tps, needs.lines(election, at, place=tps), regulation.rulebook(election, at), contests, found, packed)


def _pick_lists(election: str, tps_list: Collection[str], at: datetime) -> dict[str, rules.PickList]:
    """The pick lists of many TPS from a handful of queries, for closing many boxes at once."""
    book, dapil, contests = regulation.rulebook(election, at), places.dapil_map(election), record.election(election).contests
    lines: dict[str, list[needs_rules.Need]] = defaultdict(list)
    for need in needs.lines(election, at):
        lines[need.place].append(need)
    boxes_of: dict[str, dict[str, rules.Box]] = defaultdict(dict)
    rows = [r for part in _parts(sorted(tps_list)) for r in _there(election, at).filter(tps__in=part, use="tps")]
    for box in _boxes(election, at, rows, everything=True):
        boxes_of[box.tps][box.contest] = box
    packed: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for part in _parts(sorted(tps_list)):
        puts = PutRow.objects.filter(election=election, tps__in=part)
        for tps, holder, item, quantity in puts.values_list("tps", "holder", "item", "quantity"):
            packed[tps][(holder, item)] += quantity
    return {
        tps: rules.pick(tps, lines[tps], book, [(c, dapil[(c, tps)]) for c in contests if (c, tps) in dapil], boxes_of[tps], packed[tps])
        for tps in tps_list
    }


def next_boxes(election: str, at: datetime, limit: int = 8) -> list[rules.Box]:
    """The boxes to pack next: of the first wave that has unsealed ones, contest by contest, dapil by dapil, in the wave's order."""
    contests = {contest: i for i, contest in enumerate(record.election(election).contests)}
    for wave in waves(election, at):
        turn = {tps: i for i, tps in enumerate(wave.tps)}
        rows = [r for part in _parts(wave.tps) for r in _there(election, at).filter(tps__in=part, use="tps")]
        shut = seals.closed_of(election, [r.code for r in rows], at)
        left = [r for r in rows if r.code not in shut]
        if left:
            left.sort(key=lambda r: (contests.get(r.contest, len(contests)), r.dapil, turn[r.tps]))
            return _boxes(election, at, left[:limit])
    return []


def progress(election: str, at: datetime) -> rules.Progress:
    """How far packing is: in all, by kecamatan, contest and wave."""
    return rules.progress(boxes(election, at))


def stops(election: str, at: datetime) -> list[rules.Stop]:
    """What the guard stopped by then, oldest first."""
    return [_stop_value(row) for row in StopRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")]


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R05: sheets of a wrong design inside a box, boxes whose TPS votes in another dapil now, and stops of the guard."""
    suspect = [box for box in boxes(election, at) if {"wrong_dapil", "wrong_contest", "dapil_moved"} & set(box.flags)]
    told, moved = [], {}
    for box in suspect:
        puts = _puts(PutRow.objects.filter(election=election, holder=box.code, occurred_at__lte=at))
        since = min((p.put_at for p in puts if p.wrong), default=box.prepared_at)
        told.append((box, rules.contents(puts), since))
        if "dapil_moved" in box.flags:
            moved[box.code] = places.dapil_of(election, box.contest, box.tps) or ""
    return places.named(election, rules.warnings(told, moved, stops(election, at), at), "tps")


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: boxes that need a look, boxes that are complete and not sealed, TPS without boxes once bundles are there."""
    if person.agency != "KPU":
        return []
    found = boxes(election, at)
    tasks = [
        facts.Task("packing.flagged", "packing", f"box:{b.code}", label_rules.spaced(b.code), None, (b.code,))
        for b in found
        if b.state is rules.State.FLAGGED or (b.sealed_at and {"wrong_dapil", "wrong_contest", "dapil_moved"} & set(b.flags))
    ][:20]
    ready = sum(b.state is rules.State.COMPLETE and b.use == "tps" for b in found)
    if ready:
        tasks.append(facts.Task("packing.seal", "packing", f"election:{election}", str(ready)))
    ready_to_pack = sorting.BundleRow.objects.filter(election=election, occurred_at__lte=at).exists()
    if (
        not found
        and ready_to_pack
        and access_rules.may(
            person, "packing.write", access_rules.Thing("packing", "", record.election(election).region), access_rules.Purpose.DUTY, (), at
        ).allowed
    ):
        tasks.append(facts.Task("packing.prepare", "packing", f"election:{election}", ""))
    return tasks


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """A box by its code or alias, or the boxes of a TPS by the TPS's code."""
    try:
        read = labels.resolve(election, text, at=at)
    except facts.Refusal:
        return []
    rows = BoxRow.objects.filter(election=election, occurred_at__lte=at)
    rows = rows.filter(tps=read.text) if read.kind == "place" else rows.filter(code=read.text)
    return [facts.Hit("box", label_rules.spaced(r.code), f"{r.contest or r.use} · {r.tps}", (r.code,)) for r in rows.order_by("id")[:20]]


# --- rows to values ------------------------------------------------------------------------------------------------------


def _check_tps(election: str, codes: Sequence[str]) -> None:
    known: set[str] = set()
    for part in _parts(sorted(set(codes))):
        known |= set(places.TpsRow.objects.filter(election=election, code__in=part).values_list("code", flat=True))
    for code in codes:
        if code not in known:
            raise rules.UnknownTps(tps=code[:30])


def _draft(kind: str, election: str, subject: str, place: str, actor: facts.Actor, at: datetime, said: Mapping[str, object]) -> facts.Draft:
    return facts.Draft(kind, election, subject, place or record.election(election).region, actor, at, said)


def _puts(rows: "models.QuerySet[PutRow]") -> list[rules.Put]:
    return [_put_value(row) for row in rows.order_by("id")]


def _put_value(row: PutRow) -> rules.Put:
    return rules.Put(
        row.pk, row.act, row.kind, row.thing, row.item, row.contest, row.dapil, row.carton, row.envelope, row.quantity, row.found,
        row.wrong, row.person, row.occurred_at, row.reverses_id, row.over,
    )  # fmt: skip


def _event(row: PutRow) -> rules.Event:
    flags = (*(("over",) if row.over else ()), *((row.wrong,) if row.wrong else ()))
    return rules.Event(
        row.act, row.thing, row.item, row.quantity, row.person, row.second, row.reason, flags, row.station, row.occurred_at, row.entry_id,
        row.pk,
    )  # fmt: skip


def _stop_value(row: StopRow) -> rules.Stop:
    return rules.Stop(
        row.box, row.tps, row.contest, row.dapil, row.kind, row.thing, row.found_contest, row.found_dapil, row.carton, row.what,
        row.station, row.person, row.occurred_at, row.entry_id, row.mark,
    )  # fmt: skip


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


WORDS: dict[str, record.Eraser] = dict.fromkeys(("box.sealed", "box.resealed", "box.opened"), seals.erase_variance)
