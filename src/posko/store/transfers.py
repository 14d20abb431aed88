"""Stage transfers: counts at the TPS, proposals and decisions, and what became of every trip.

Nothing here is edited: a recount, a withdrawal, a correction is a row of its own; every reading asks which rows were true at an instant.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import distribution as road_rules
from posko.domain import places as place_rules
from posko.domain import record as facts
from posko.domain import stock as stock_rules
from posko.domain import transfers as rules
from posko.planning import transfers as planning
from posko.store import access, distribution, needs, places, record, regulation, stock, thresholds

Row = TypeVar("Row", bound=models.Model)
Condition = stock_rules.Condition
LIMITS = rules.Limits()


class TransferCountRow(models.Model):
    """What a TPS was found to hold of one line. `note` is of rows from before notes stood in the journal's private part."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    tps = models.CharField(max_length=24)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    found = models.PositiveIntegerField()
    needed = models.PositiveIntegerField()
    source = models.CharField(max_length=8)
    voters = models.PositiveIntegerField(null=True)
    phase = models.CharField(max_length=10)
    listed = models.BooleanField()
    replaces = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    note = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "transfers_count"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="transfers_count_code"),)
        indexes = (models.Index(fields=["election", "tps", "item", "contest"], name="transfers_count_line"),)


class TransferWithdrawalRow(models.Model):
    """A count that is taken back as a mistake; the one before it counts again."""

    count = models.OneToOneField(TransferCountRow, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "transfers_withdrawal"


class TransferProposalRow(models.Model):
    """Transfers of one item and contest that were proposed, with their terms. `basis` is of rows from before it was private."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    from_voters = models.BooleanField()
    floor = models.PositiveIntegerField()
    keeping_reason = models.CharField(max_length=400, blank=True)
    leave_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    wanted = models.PositiveIntegerField()
    proven = models.BooleanField()
    basis = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "transfers_proposal"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="transfers_proposal_code"),)


class TransferLegRow(models.Model):
    """One trip of a proposal."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    proposal = models.ForeignKey(TransferProposalRow, on_delete=models.PROTECT, related_name="+")
    giver = models.CharField(max_length=24)
    receiver = models.CharField(max_length=24)
    dapil = models.CharField(max_length=60, blank=True)
    pieces = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField()
    sea = models.BooleanField()

    class Meta:
        db_table = "transfers_leg"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="transfers_leg_code"),)


class TransferDecisionRow(models.Model):
    """What the head of the KPU said to a proposal."""

    proposal = models.OneToOneField(TransferProposalRow, on_delete=models.PROTECT, related_name="+")
    approved = models.BooleanField()
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "transfers_decision"


class TransferStepRow(models.Model):
    """Something that happened to a trip: sent, received, corrected (names the step it corrects), cancelled, printed.

    `note` is of rows from before notes stood in the journal's private part; `replaces_entry` is the entry that a correction corrects.
    """

    leg = models.ForeignKey(TransferLegRow, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    corrects = models.CharField(max_length=10, blank=True)
    pieces = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=400, blank=True)
    note = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    replaces_entry = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "transfers_step"
        constraints = (
            models.UniqueConstraint(
                fields=["leg", "kind"], condition=models.Q(kind__in=["sent", "received", "cancelled"]), name="transfers_step_once"
            ),
            models.UniqueConstraint(fields=["leg"], condition=models.Q(kind__in=["sent", "cancelled"]), name="transfers_step_left"),
            models.UniqueConstraint(fields=["replaces_entry"], condition=~models.Q(replaces_entry=""), name="transfers_step_corrected"),
        )


# --- counts --------------------------------------------------------------------------------------------------------------


def report_counts(
    election: str,
    tps: str,
    lines: Sequence[rules.Reported],
    phase: str,
    actor: facts.Actor,
    at: datetime,
    note: str = "",
    reason: str = "",
    mark: str = "",
) -> list[rules.Count]:
    """What somebody counted at a TPS, all lines or none. UnknownTps, WrongLine, NeedUnknown, NothingCounted, ReasonMissing."""
    if not lines:
        raise rules.NothingCounted()
    with transaction.atomic():
        at = record.turn(at)
        listed = find_tps(election, tps)
        before = rules.latest(counts(election, at, tps))
        number = TransferCountRow.objects.filter(election=election).count()
        made = []
        for position, line in enumerate(lines, start=1):
            old = before.get((tps, line.item, line.contest))
            rules.check_recount(old, reason)
            needed, source, voters = _need(election, tps, line, at)
            dapil = _dapil(election, tps, line, at)
            made.append(
                rules.Count(
                    f"HTG-{number + position:03}", tps, line.item, line.contest, dapil, line.found, needed, source,
                    voters, phase, at, actor.person, note.strip()[:400], listed is not None, old.code if old else "",
                    reason.strip()[:400] if old else "", mark,
                )
            )  # fmt: skip
        prepared = record.prepare([_count_draft(election, c, before.get((tps, c.item, c.contest)), actor, at) for c in made], at)
        made = [replace(c, entry_id=p.entry_id) for c, p in zip(made, prepared, strict=True)]
        TransferCountRow.objects.bulk_create(_count_row(election, c) for c in made)
        record.append(prepared, at=at)
    return made


def find_tps(election: str, code: str) -> place_rules.Tps | None:
    """The TPS; None where a provisional list lacks it but its desa exists. UnknownTps."""
    found = _stations(election).get(code)
    if found is None and (not record.election(election).provisional or _unlisted(election, code) is None):
        raise rules.UnknownTps(tps=code)
    return found


def _stations(election: str) -> dict[str, place_rules.Tps]:
    return {t.code: t for t in places.tps_list(election)}


def _unlisted(election: str, code: str) -> place_rules.Tps | None:
    """A TPS that a provisional list does not name: at the settlement point of its desa. None where the desa is unknown too."""
    desa = {d.code: d for d in places.desa_list(record.election(election).region)}
    try:
        return place_rules.listed([code], desa.values(), {})[0]
    except (place_rules.BadTpsList, place_rules.BadCode):
        return None


def _need(election: str, tps: str, line: rules.Reported, at: datetime) -> tuple[int, str, int | None]:
    """What the TPS must hold: as computed, else as stated. NeedUnknown."""
    known = [n for n in needs.lines(election, at, line.item, tps) if n.level == "TPS" and n.contest == line.contest]
    if known:
        return sum(n.quantity for n in known), "needs", max((n.voters for n in known), default=0) or None
    if line.needed is None:
        raise rules.NeedUnknown(tps=tps, what=line.contest or line.item)
    return line.needed, "stated", line.voters


def known_need(election: str, tps: str, item: str, contest: str, at: datetime) -> int | None:
    """What our own computation says a TPS must hold; None where it does not know."""
    try:
        return _need(election, tps, rules.Reported(item, contest, 0), at)[0]
    except rules.NeedUnknown:
        return None


def _dapil(election: str, tps: str, line: rules.Reported, at: datetime) -> str:
    """The dapil of a line at a TPS, in full. WrongLine."""
    known = {i.code for i in regulation.rulebook(election, at).items}
    if line.item not in known or (line.item == rules.BALLOT) != bool(line.contest):
        raise rules.WrongLine(item=line.item, contest=line.contest)
    if not line.contest:
        return ""
    found = places.dapil_of(election, line.contest, tps)
    if found is None and (about := _unlisted(election, tps)) is not None:
        found = place_rules.dapil_for([about], places.dapil_map(election)).get((line.contest, tps))
    if found is None:
        raise rules.WrongLine(item=line.item, contest=line.contest)
    return found


def withdraw_count(election: str, code: str, reason: str, actor: facts.Actor, at: datetime, second: facts.Actor | None = None) -> None:
    """Take a count back: the author within minutes, later with a reason and a second person. InUse while a proposal stands on it."""
    with transaction.atomic():
        at = record.turn(at)
        row = _one(TransferCountRow.objects.filter(election=election, code=code, occurred_at__lte=at), code)
        if TransferWithdrawalRow.objects.filter(count=row).exists():
            raise rules.UnknownThing(thing=code)
        for proposal in proposals(election, at):
            refused = proposal.decision is not None and not proposal.decision.approved
            touched = any(row.tps in {leg.giver, leg.receiver} for leg in proposal.legs)
            if (
                not refused
                and touched
                and (proposal.item, proposal.contest) == (row.item, row.contest)
                and proposal.proposed_at >= row.occurred_at
            ):
                raise rules.InUse(count=code, proposal=proposal.code)
        approvals = rules.check_taking_back(row.person, row.occurred_at, actor.person, second.person if second else "", reason, at)
        said: dict[str, object] = {"count": code, "tps": row.tps, "item": row.item, "contest": row.contest, "found": row.found}
        draft = facts.Draft(
            "ballots.count_withdrawn", election, f"count:{code}", row.tps, actor, at, said, corrects=row.entry_id, reason=reason.strip(),
            approvals=approvals,
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        with record.once(rules.UnknownThing(thing=code)):
            TransferWithdrawalRow.objects.create(
                count=row, reason=reason.strip()[:400], person=actor.person, second=second.person if second and approvals else "",
                occurred_at=at, entry_id=prepared[0].entry_id,
            )  # fmt: skip
        record.append(prepared, at=at)


def counts(election: str, at: datetime, tps: str = "") -> list[rules.Count]:
    """Counts in force then (not withdrawn), oldest first; of one TPS, or all."""
    gone = TransferWithdrawalRow.objects.filter(count__election=election, occurred_at__lte=at).values("count_id")
    rows = TransferCountRow.objects.filter(election=election, occurred_at__lte=at).exclude(pk__in=gone).order_by("occurred_at", "id")
    return _counts(list(rows.filter(tps=tps) if tps else rows))


def get_count(election: str, code: str, at: datetime) -> rules.Count:
    """One count, also a withdrawn one. UnknownThing."""
    return _counts([_one(TransferCountRow.objects.filter(election=election, code=code, occurred_at__lte=at), code)])[0]


def withdrawn(election: str, code: str, at: datetime) -> tuple[datetime, str] | None:
    """When and why a count was taken back; None while it stands."""
    row = TransferWithdrawalRow.objects.filter(count__election=election, count__code=code, occurred_at__lte=at).first()
    return (row.occurred_at, row.reason) if row else None


def holdings(election: str, at: datetime) -> list[rules.Holding]:
    """What every counted TPS holds: its newest count and what was promised and moved since, in the order of the codes."""
    newest = rules.latest(counts(election, at))
    leaving: dict[tuple[str, str, str], int] = defaultdict(int)
    arrived: dict[tuple[str, str, str], int] = defaultdict(int)
    coming: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in transfers(election, at):
        if one.state not in {"approved", "sent", "received", "differs"}:
            continue
        leg = one.leg
        giver, receiver = (leg.giver, leg.item, leg.contest), (leg.receiver, leg.item, leg.contest)
        if giver in newest and (one.sent is None or one.sent.at > newest[giver].counted_at):
            leaving[giver] += one.sent.pieces if one.sent else leg.pieces
        if one.received is None:
            coming[receiver] += one.sent.pieces if one.sent else leg.pieces
        elif receiver in newest and one.received.at > newest[receiver].counted_at:
            arrived[receiver] += one.received.pieces
    return [rules.Holding(newest[key], leaving[key], arrived[key], coming[key]) for key in sorted(newest)]


# --- the question and proposals ------------------------------------------------------------------------------------------


def question(
    election: str, item: str, contest: str, keeping: rules.Keeping, leave_at: datetime, deadline_at: datetime, at: datetime
) -> rules.Question:
    """Who is short, who may give, and every pair with its reason, as known at `at`. BadDeadline, NotYetVotingDay."""
    voting_at = record.election(election).voting_at
    rules.check_terms(keeping, leave_at, deadline_at, record.local_date(leave_at) >= record.local_date(voting_at))
    held = [h for h in holdings(election, at) if (h.count.item, h.count.contest) == (item, contest)]
    ways = _ways(election, [h.tps for h in held], [h.tps for h in held if h.short], at)
    return rules.ask(held, item, contest, ways, keeping, leave_at, deadline_at, LIMITS)


def _ways(election: str, givers: Iterable[str], receivers: Iterable[str], at: datetime) -> dict[tuple[str, str], rules.Way]:
    """The way of every pair, through the network of the distribution with its hazards."""
    about = record.election(election)
    stations = _stations(election)
    givers, receivers = list(givers), list(receivers)
    for code in {*givers, *receivers} - set(stations):
        strange = _unlisted(election, code)
        if strange is not None:
            stations[code] = strange
    travel = places.settings(about.region)
    network = road_rules.network_of(
        stations.values(), places.sites(about.region), places.sea_legs(about.region), travel.detour_percent * 10, travel.road_kmh,
        distribution.hazards(election, at),
    )  # fmt: skip
    at_place = {code: rules.place_of(code, stations[code].island) for code in {*givers, *receivers} if code in stations}
    known: dict[tuple[str, str], rules.Way] = {}
    found = {}
    for receiver in receivers:
        for giver in givers:
            pair = (at_place.get(giver, ""), at_place.get(receiver, ""))
            if pair not in known:
                known[pair] = rules.way(network, *pair, LIMITS)
            found[giver, receiver] = known[pair]
    return found


def lines_short(election: str, at: datetime) -> dict[tuple[str, str], int]:
    """(item, contest) -> pieces missing over all TPS that were counted."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for h in holdings(election, at):
        if h.short:
            found[h.count.item, h.count.contest] += h.short
    return dict(found)


def propose(
    election: str,
    item: str,
    contest: str,
    keeping: rules.Keeping,
    leave_at: datetime,
    deadline_at: datetime,
    actor: facts.Actor,
    at: datetime,
    basis: str = "",
    mark: str = "",
) -> rules.Proposal:
    """Compute and record a proposal. NothingShort, NothingPossible, Changed (something moved while it was computed)."""
    asked = question(election, item, contest, keeping, leave_at, deadline_at, at)
    if not asked.wants:
        raise rules.NothingShort()
    planned = planning.plan(asked.wants, asked.spares, asked.minutes)
    if not planned.flow:
        raise rules.NothingPossible(short=asked.wanted)
    legs = rules.legs_of(asked, planned.flow)
    with transaction.atomic():
        at = record.turn(at)
        asked = question(election, item, contest, keeping, leave_at, deadline_at, at)
        _still_good(legs, asked)
        code = f"USL-{TransferProposalRow.objects.filter(election=election).count() + 1:03}"
        number = TransferLegRow.objects.filter(election=election).count()
        legs = tuple(replace(leg, code=f"GSR-{number + position:03}") for position, leg in enumerate(legs, start=1))
        made = rules.Proposal(
            code, item, contest, legs, keeping, leave_at, deadline_at, asked.wanted, planned.proven, basis.strip()[:400], actor.person, at,
            None, mark,
        )  # fmt: skip
        prepared = record.prepare([_proposal_draft(election, made, actor, at)], at)
        row = TransferProposalRow.objects.create(
            code=code, election=election, item=item, contest=contest, from_voters=keeping.from_voters, floor=keeping.floor,
            keeping_reason=keeping.reason.strip()[:400], leave_at=leave_at, deadline_at=deadline_at, wanted=asked.wanted,
            proven=planned.proven, mark=mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        TransferLegRow.objects.bulk_create(
            TransferLegRow(code=leg.code, election=election, proposal=row, giver=leg.giver, receiver=leg.receiver, dapil=leg.dapil,
                   pieces=leg.pieces, minutes=leg.minutes, sea=leg.sea)
            for leg in legs
        )  # fmt: skip
        record.append(prepared, at=at)
    return replace(made, entry_id=prepared[0].entry_id)


def _still_good(legs: Sequence[rules.Leg], asked: rules.Question) -> None:
    faults = rules.violations(legs, asked)
    if faults:
        raise rules.Changed(first=faults[0].code, giver=faults[0].giver, receiver=faults[0].receiver, faults=len(faults))


def decide(election: str, code: str, approve: bool, reason: str, person: access_rules.Person, at: datetime) -> None:
    """A head of the KPU approves or refuses. An approval is checked against what is known now: Changed names the first fault."""
    actor = access.actor(person)
    head = any(g.role == "kpu.pimpinan" and g.holds(at) for g in person.grants)
    with transaction.atomic():
        at = record.turn(at)
        found = get_proposal(election, code, at)
        rules.check_decision(found.decision is not None, found.person, actor.person, head, approve, reason)
        if approve:
            leave_at = max(found.leave_at, at)
            if leave_at >= found.deadline_at:
                raise rules.Changed(first="too_late", giver="", receiver="", faults=1)
            _still_good(found.legs, question(election, found.item, found.contest, found.keeping, leave_at, found.deadline_at, at))
        said: dict[str, object] = {"proposal": code, "proposed": found.entry_id, "pieces": found.covered, "trips": len(found.legs)}
        kind = "transfers.approved" if approve else "transfers.refused"
        region = record.election(election).region
        approvals = (found.person, actor.person) if approve else ()
        draft = facts.Draft(kind, election, f"proposal:{code}", region, actor, at, said, reason=reason.strip(), approvals=approvals)
        prepared = record.prepare([draft], at)
        row = _one(TransferProposalRow.objects.filter(election=election, code=code), code)
        with record.once(rules.AlreadyDecided()):
            TransferDecisionRow.objects.create(
                proposal=row, approved=approve, reason=reason.strip()[:400], person=actor.person, occurred_at=at,
                entry_id=prepared[0].entry_id,
            )  # fmt: skip
        record.append(prepared, at=at)


def proposals(election: str, at: datetime) -> list[rules.Proposal]:
    """Proposals made by then with what was decided by then, oldest first."""
    legs: dict[int, list[TransferLegRow]] = defaultdict(list)
    for row in TransferLegRow.objects.filter(election=election).order_by("id"):
        legs[row.proposal_id].append(row)
    decided = {d.proposal_id: d for d in TransferDecisionRow.objects.filter(proposal__election=election, occurred_at__lte=at)}
    rows = list(TransferProposalRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    told = record.privates(row.entry_id for row in rows)
    return [_proposal(row, legs[row.pk], decided.get(row.pk), told.text(row.entry_id, "basis", row.basis)) for row in rows]


def get_proposal(election: str, code: str, at: datetime) -> rules.Proposal:
    """One proposal. UnknownThing."""
    row = _one(TransferProposalRow.objects.filter(election=election, code=code, occurred_at__lte=at), code)
    decided = TransferDecisionRow.objects.filter(proposal=row, occurred_at__lte=at).first()
    basis = record.privates([row.entry_id]).text(row.entry_id, "basis", row.basis)
    return _proposal(row, list(TransferLegRow.objects.filter(proposal=row).order_by("id")), decided, basis)


# --- trips ---------------------------------------------------------------------------------------------------------------


def send(election: str, code: str, pieces: int, actor: facts.Actor, at: datetime, note: str = "") -> None:
    """So many pieces left the giver. WrongStep, NotEnough, NotPositive."""
    with transaction.atomic():
        at = record.turn(at)
        found = get_transfer(election, code, at)
        leg = found.leg
        giver = next(
            (h for h in holdings(election, at) if (h.tps, h.count.item, h.count.contest) == (leg.giver, leg.item, leg.contest)), None
        )
        rules.check_sending(found, pieces, giver, get_proposal(election, found.proposal, at).keeping)
        draft = _step_draft("transfer.sent", election, found, leg.giver, pieces, actor, at)
        prepared = record.prepare([replace(draft, private=record.typed(note=note.strip()[:400]))], at)
        _step_row(election, code, "sent", pieces, actor, at, prepared[0].entry_id)
        stock.post(election, _handed_on(election, found, pieces, "transfer.sent"), prepared[0].entry_id, at)
        record.append(prepared, at=at)


def receive(election: str, code: str, pieces: int, actor: facts.Actor, at: datetime, note: str = "") -> int:
    """So many pieces were counted in at the receiver; the difference to what was sent. Every number is recorded. WrongStep."""
    with transaction.atomic():
        at = record.turn(at)
        found = get_transfer(election, code, at)
        rules.check_receiving(found, pieces)
        assert found.sent is not None
        difference = pieces - found.sent.pieces
        draft = _step_draft("transfer.received", election, found, found.leg.receiver, pieces, actor, at, {"difference": difference})
        prepared = record.prepare([replace(draft, private=record.typed(note=note.strip()[:400]))], at)
        _step_row(election, code, "received", pieces, actor, at, prepared[0].entry_id)
        stock.post(election, _off(election, found, difference, "transfer.received"), prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return difference


def cancel(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """An approved trip that has not left is called off; its pieces are free again. WrongStep, ReasonMissing."""
    with transaction.atomic():
        at = record.turn(at)
        found = get_transfer(election, code, at)
        rules.check_cancelling(found, reason)
        draft = _step_draft("transfer.cancelled", election, found, found.leg.giver, found.leg.pieces, actor, at)
        prepared = record.prepare([replace(draft, reason=reason.strip())], at)
        _step_row(election, code, "cancelled", 0, actor, at, prepared[0].entry_id, reason=reason)
        record.append(prepared, at=at)


def correct(
    election: str, code: str, pieces: int, reason: str, actor: facts.Actor, at: datetime, second: facts.Actor | None = None
) -> None:
    """Another number for the last step of a trip: its author within minutes, later a reason and a second person."""
    with transaction.atomic():
        at = record.turn(at)
        found = get_transfer(election, code, at)
        step = rules.correctable(found)
        if pieces == step.pieces:
            raise rules.NothingChanged(transfer=code)
        approvals = rules.check_taking_back(step.person, step.at, actor.person, second.person if second else "", reason, at)
        which = "received" if found.received else "sent"
        if which == "sent":
            if pieces < 1:
                raise rules.NotPositive(quantity=pieces)
        else:
            rules.check_receiving(replace(found, received=None), pieces)
        place = found.leg.receiver if which == "received" else found.leg.giver
        draft = _step_draft("transfer.corrected", election, found, place, pieces, actor, at, {"step": which, "before": step.pieces})
        prepared = record.prepare([replace(draft, corrects=step.entry_id, reason=reason.strip(), approvals=approvals)], at)
        _step_row(
            election, code, "corrected", pieces, actor, at, prepared[0].entry_id, reason=reason, corrects=which,
            second=second.person if second and approvals else "", replaces_entry=step.entry_id,
        )  # fmt: skip
        stock.post(election, _corrected(election, found, pieces), prepared[0].entry_id, at)
        record.append(prepared, at=at)


def print_minutes(election: str, code: str, actor: facts.Actor, at: datetime) -> int:
    """Count a print of the berita acara; how many there are now."""
    with transaction.atomic():
        at = record.turn(at)
        found = get_transfer(election, code, at)
        draft = facts.Draft("transfer.printed", election, f"transfer:{code}", found.leg.giver, actor, at, {"copy": found.prints + 1})
        prepared = record.prepare([draft], at)
        _step_row(election, code, "printed", 0, actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)
    return found.prints + 1


def transfers(election: str, at: datetime) -> list[rules.Transfer]:
    """Every trip as it stood then, oldest first."""
    return _transfers(election, at, TransferLegRow.objects.filter(election=election, proposal__occurred_at__lte=at))


def get_transfer(election: str, code: str, at: datetime) -> rules.Transfer:
    """One trip as it stood then. UnknownThing."""
    found = _transfers(election, at, TransferLegRow.objects.filter(election=election, proposal__occurred_at__lte=at, code=code))
    if not found:
        raise rules.UnknownThing(thing=code)
    return found[0]


def _transfers(election: str, at: datetime, rows: "models.QuerySet[TransferLegRow]") -> list[rules.Transfer]:
    decided = {d.proposal_id: d for d in TransferDecisionRow.objects.filter(proposal__election=election, occurred_at__lte=at)}
    steps: dict[int, list[TransferStepRow]] = defaultdict(list)
    for step in TransferStepRow.objects.filter(leg__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        steps[step.leg_id].append(step)
    told = record.privates(step.entry_id for found in steps.values() for step in found)
    return [
        _transfer(row, decided.get(row.proposal_id), steps[row.pk], told)
        for row in rows.select_related("proposal").order_by("proposal_id", "id")
    ]


# --- for the inbox -------------------------------------------------------------------------------------------------------


def tps_names(election: str, codes: Iterable[str]) -> dict[str, str]:
    """How TPS are called, also those that a provisional list lacks."""
    stations = _stations(election)
    found = {}
    for code in codes:
        about = stations.get(code) or _unlisted(election, code)
        found[code] = f"{about.name} {about.desa_name}" if about else code
    return found


def uncounted(election: str, item: str, contest: str, dapil: str, at: datetime) -> int:
    """How many TPS of this dapil nobody has counted for this line: they might help too, and nobody knows."""
    mine = {t for (c, t), d in places.dapil_map(election).items() if c == contest and d == dapil} if contest else set(_stations(election))
    return len(mine - {c.tps for c in counts(election, at) if (c.item, c.contest) == (item, contest)})


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """TPS that hold too few, and trips that brought another number than left."""
    held = [h for h in holdings(election, at) if h.short]
    trips = [t for t in transfers(election, at) if t.difference]
    names = tps_names(election, {*(h.tps for h in held), *(end for t in trips for end in (t.leg.giver, t.leg.receiver))})
    watch = thresholds.limits(election, "transfers", LIMITS, at)
    found = [rules.shortage_signal(h, names[h.tps], watch) for h in held]
    found += [rules.difference_signal(t, names) for t in trips]
    return [one for one in found if one is not None]


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Shortages without a proposal for the operator, proposals for the head, trips to send and to receive for those on the spot."""
    roles = {g.role for g in person.grants if g.holds(at)}
    tasks = []
    open_proposals = [p for p in proposals(election, at) if p.decision is None]
    if "kpu.operator" in roles:
        asked = {(p.item, p.contest) for p in open_proposals}
        tasks += [
            facts.Task("transfers.propose", "transfers", f"line:{item}:{contest}", f"{contest or item}: kurang {number}")
            for (item, contest), number in sorted(lines_short(election, at).items())
            if (item, contest) not in asked
        ]
    if "kpu.pimpinan" in roles:
        tasks += [
            facts.Task("transfers.decide", "transfers", f"proposal:{p.code}", p.code, p.deadline_at, (p.code,))
            for p in open_proposals
            if p.person != person.id
        ]
    if roles & {"ppk.anggota", "pps.anggota", "kpu.operator"}:
        tasks += _trip_tasks(person, election, at)
    return tasks


def _trip_tasks(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    def mine(tps: str) -> bool:
        return any(access_rules.within(tps, g.region) for g in person.grants if g.holds(at))

    found = [t for t in transfers(election, at) if t.state in {"approved", "sent"}]
    names = tps_names(election, {end for t in found for end in (t.leg.giver, t.leg.receiver)})
    tasks = []
    for one in found:
        end = one.leg.giver if one.state == "approved" else one.leg.receiver
        if mine(end):
            kind = "transfers.send" if one.state == "approved" else "transfers.receive"
            label = f"{one.leg.code}, {one.leg.pieces} {one.leg.contest or one.leg.item}, {names[end]}"
            tasks.append(facts.Task(kind, "transfers", f"transfer:{one.leg.code}", label, one.leg.arrive_at, (one.leg.code,)))
    return tasks


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Transfers by code or by one of their TPS."""
    word = text.strip().lower()
    if not word:
        return []
    found = transfers(election, at)
    names = tps_names(election, {end for t in found for end in (t.leg.giver, t.leg.receiver)})
    hits = []
    for one in found:
        label = f"{names[one.leg.giver]} → {names[one.leg.receiver]}"
        if word in f"{one.leg.code} {one.proposal} {label} {one.leg.giver} {one.leg.receiver}".lower():
            hits.append(
                facts.Hit("transfer", one.leg.code, f"{label} · {one.leg.pieces} {one.leg.contest or one.leg.item}", (one.leg.code,))
            )
    return hits[:20]


# --- drafts, rows, values ------------------------------------------------------------------------------------------------


def _one(rows: "models.QuerySet[Row]", code: str) -> Row:
    row = rows.first()
    if row is None:
        raise rules.UnknownThing(thing=code)
    return row


def _count_draft(election: str, count: rules.Count, before: rules.Count | None, actor: facts.Actor, at: datetime) -> facts.Draft:
    said: dict[str, object] = {
        name: getattr(count, name) for name in ("tps", "item", "contest", "dapil", "found", "needed", "source", "phase", "mark")
    }
    said |= {"voters": -1 if count.voters is None else count.voters, "listed": int(count.listed)}
    return facts.Draft(
        "ballots.counted" if count.item == rules.BALLOT else "goods.counted", election, f"count:{count.code}", count.tps, actor, at, said,
        private=record.typed(note=count.note), corrects=before.entry_id if before else "", reason=count.reason,
    )  # fmt: skip


def _proposal_draft(election: str, made: rules.Proposal, actor: facts.Actor, at: datetime) -> facts.Draft:
    said: dict[str, object] = {
        "item": made.item,
        "contest": made.contest,
        "wanted": made.wanted,
        "covered": made.covered,
        "from_voters": int(made.keeping.from_voters),
        "floor": made.keeping.floor,
        "leave_at": made.leave_at.isoformat(),
        "deadline_at": made.deadline_at.isoformat(),
        "proven": int(made.proven),
        "mark": made.mark,
        "legs": [f"{leg.code} {leg.giver} {leg.receiver} {leg.dapil} {leg.pieces} {leg.minutes}" for leg in made.legs],
    }
    region = record.election(election).region
    return facts.Draft(
        "transfers.proposed", election, f"proposal:{made.code}", region, actor, at, said, private=record.typed(basis=made.basis),
        reason=made.keeping.reason.strip(),
    )  # fmt: skip


def _step_draft(
    kind: str,
    election: str,
    found: rules.Transfer,
    place: str,
    pieces: int,
    actor: facts.Actor,
    at: datetime,
    more: Mapping[str, object] | None = None,
) -> facts.Draft:
    leg = found.leg
    said: dict[str, object] = {
        "proposal": found.proposal,
        "giver": leg.giver,
        "receiver": leg.receiver,
        "item": leg.item,
        "contest": leg.contest,
        "dapil": leg.dapil,
        "pieces": pieces,
        "mark": found.mark,
        **(more or {}),
    }
    return facts.Draft(kind, election, f"transfer:{leg.code}", place, actor, at, said)


def _step_row(
    election: str, code: str, kind: str, pieces: int, actor: facts.Actor, at: datetime, entry_id: str, *, reason: str = "",
    corrects: str = "", second: str = "", replaces_entry: str = "",
) -> None:  # fmt: skip
    leg = _one(TransferLegRow.objects.filter(election=election, code=code), code)
    with record.once(rules.WrongStep(transfer=code, step=kind)):
        TransferStepRow.objects.create(
            leg=leg, kind=kind, pieces=pieces, reason=reason.strip()[:400], corrects=corrects, person=actor.person, second=second,
            occurred_at=at, entry_id=entry_id, replaces_entry=replaces_entry,
        )  # fmt: skip


def _between(election: str, found: rules.Transfer, pieces: int, act: str, *ends: tuple[str, Condition]) -> list[stock_rules.Posting]:
    """The posting of so many pieces from the first end to the second; none for nought, the other way for less."""
    if pieces == 0:
        return []
    leg = found.leg
    line = (leg.item, leg.contest, place_rules.dapil_on_line(leg.contest, leg.dapil, places.dapil_here(election)))
    source, target = (stock_rules.Account(*end) for end in ends)
    posting = stock_rules.Posting(line, abs(pieces), source, target, act, f"transfer:{leg.code}")
    return [posting if pieces > 0 else posting.reverse]


def _corrected(election: str, found: rules.Transfer, pieces: int) -> list[stock_rules.Posting]:
    """The postings that turn the last step of a trip into another number."""
    act = "transfer.corrected"
    assert found.sent is not None
    if found.received is None:
        return _handed_on(election, found, pieces - found.sent.pieces, act)
    taken_back = [p.reverse for p in _off(election, found, found.difference, act)]
    return taken_back + _off(election, found, pieces - found.sent.pieces, act)


def _handed_on(election: str, found: rules.Transfer, pieces: int, act: str) -> list[stock_rules.Posting]:
    """From the giver's keeper to the receiver's. What TPS hold lies outside the warehouse's accounts, so nothing in them changes."""
    return _between(election, found, pieces, act, (found.leg.giver, Condition.SENT), (found.leg.receiver, Condition.SENT))


def _off(election: str, found: rules.Transfer, difference: int, act: str) -> list[stock_rules.Posting]:
    """What is missing at the receiver went missing on the way; what is over was found there."""
    there = found.leg.receiver
    other = Condition.FOUND if difference > 0 else Condition.MISSING
    return _between(election, found, difference, act, (there, other), (there, Condition.SENT))


def _count_row(election: str, c: rules.Count) -> TransferCountRow:
    return TransferCountRow(
        code=c.code, election=election, tps=c.tps, item=c.item, contest=c.contest, dapil=c.dapil, found=c.found, needed=c.needed,
        source=c.source, voters=c.voters, phase=c.phase, listed=c.listed, replaces=c.replaces, reason=c.reason, mark=c.mark,
        person=c.person, occurred_at=c.counted_at, entry_id=c.entry_id,
    )  # fmt: skip


def _counts(rows: Sequence[TransferCountRow]) -> list[rules.Count]:
    told = record.privates(row.entry_id for row in rows)
    return [
        rules.Count(
            row.code, row.tps, row.item, row.contest, row.dapil, row.found, row.needed, row.source, row.voters, row.phase, row.occurred_at,
            row.person, told.text(row.entry_id, "note", row.note), row.listed, row.replaces, row.reason, row.mark, row.entry_id,
        )
        for row in rows
    ]  # fmt: skip


def _leg(row: TransferLegRow, proposal: TransferProposalRow, leave_at: datetime) -> rules.Leg:
    return rules.Leg(
        row.giver, row.receiver, proposal.item, proposal.contest, row.dapil, row.pieces, row.minutes, leave_at,
        rules.arrival(leave_at, row.minutes, LIMITS), row.sea, row.code,
    )  # fmt: skip


def _proposal(row: TransferProposalRow, legs: Iterable[TransferLegRow], decided: TransferDecisionRow | None, basis: str) -> rules.Proposal:
    decision = rules.Decision(decided.approved, decided.reason, decided.person, decided.occurred_at, decided.entry_id) if decided else None
    return rules.Proposal(
        row.code, row.item, row.contest, tuple(_leg(leg, row, row.leave_at) for leg in legs),
        rules.Keeping(row.from_voters, row.floor, row.keeping_reason), row.leave_at, row.deadline_at, row.wanted, row.proven, basis,
        row.person, row.occurred_at, decision, row.mark, row.entry_id,
    )  # fmt: skip


def _transfer(
    row: TransferLegRow, decided: TransferDecisionRow | None, steps: Sequence[TransferStepRow], told: record.Privates
) -> rules.Transfer:
    approved_at = decided.occurred_at if decided and decided.approved else None
    # What was approved late leaves late.
    leave_at = max(row.proposal.leave_at, approved_at) if approved_at else row.proposal.leave_at
    cancelled = next((s for s in steps if s.kind == "cancelled"), None)
    return rules.Transfer(
        leg=_leg(row, row.proposal, leave_at),
        proposal=row.proposal.code,
        approved_at=approved_at,
        sent=_step(steps, "sent", told),
        received=_step(steps, "received", told),
        cancelled_at=cancelled.occurred_at if cancelled else None,
        cancel_reason=cancelled.reason if cancelled else "",
        refused=bool(decided and not decided.approved),
        prints=sum(s.kind == "printed" for s in steps),
        mark=row.proposal.mark,
    )


def _step(steps: Sequence[TransferStepRow], kind: str, told: record.Privates) -> rules.Step | None:
    first = next((s for s in steps if s.kind == kind), None)
    if first is None:
        return None
    fixed = [s for s in steps if s.kind == "corrected" and s.corrects == kind]
    last = fixed[-1] if fixed else first
    note = told.text(first.entry_id, "note", first.note)
    return rules.Step(last.pieces, first.person, note, first.occurred_at, last.entry_id, len(fixed))


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------

WORDS: dict[str, record.Eraser] = dict.fromkeys(
    ("ballots.counted", "goods.counted", "transfer.sent", "transfer.received", "transfers.proposed"), record.journal_only
)
