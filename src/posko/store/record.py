"""Stage record: the journal, elections, the installation and its clock.

Every write of the store appends here as the last statement of its transaction. The journal is append-only by trigger; only the private
part of an opening can be erased.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from django.db import connection, models, transaction

import posko
from posko.domain import record as rules
from posko.ledger import tree

WIB = timezone(timedelta(hours=7), "WIB")


class ElectionRow(models.Model):
    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=120)
    region = models.CharField(max_length=20)
    voting_at = models.DateTimeField()
    contests = models.JSONField()
    rulebook = models.CharField(max_length=40)
    provisional = models.BooleanField(default=False)

    class Meta:
        db_table = "record_election"


class InstallationRow(models.Model):
    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    installation = models.CharField(max_length=32)
    name = models.CharField(max_length=120)
    region = models.CharField(max_length=20)
    demo = models.BooleanField(default=False)
    clock_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "record_installation"


class Head(models.Model):
    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    frontier = models.JSONField(default=list)
    device_seq = models.BigIntegerField(default=0)
    prev = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "journal_head"


class Entry(models.Model):
    leaf_index = models.BigIntegerField(primary_key=True)
    entry_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=60)
    election = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    place = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()
    device = models.CharField(max_length=60)
    device_seq = models.BigIntegerField()
    key_id = models.CharField(max_length=64, default="")
    commitment = models.CharField(max_length=64)

    class Meta:
        db_table = "journal_entry"
        constraints = [models.UniqueConstraint(fields=["device", "device_seq"], name="journal_device_once")]


class Opening(models.Model):
    entry_id = models.CharField(max_length=64, primary_key=True)
    envelope = models.BinaryField()
    signature = models.BinaryField(default=b"")
    envelope_salt = models.BinaryField()
    facts = models.BinaryField()
    facts_salt = models.BinaryField()
    private = models.BinaryField(null=True)
    private_salt = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "journal_opening"


class Equivocation(models.Model):
    device = models.CharField(max_length=60)
    device_seq = models.BigIntegerField()
    envelope = models.BinaryField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "journal_equivocation"


@dataclass(frozen=True)
class Prepared:
    """A draft with its envelope: the entry_id is known before the rows that carry it are written."""

    draft: rules.Draft
    entry_id: str
    envelope: bytes
    envelope_salt: bytes
    facts: bytes
    facts_salt: bytes
    private: bytes
    private_salt: bytes
    device: str
    device_seq: int


@dataclass(frozen=True)
class Installation:
    """This installation."""

    id: str
    name: str
    region: str
    demo: bool


def canonical(value: Mapping[str, object]) -> bytes:
    """Sorted keys, strings and integers only (lists and objects of them)."""
    _plain(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError("keys of a journal entry are strings")
            _plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _plain(inner)
    elif isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"a journal entry holds strings and integers only, not {type(value).__name__}")


def leaf(commitment: str) -> bytes:
    """The public leaf: a salted commitment and nothing else."""
    return b"posko/v1\n" + bytes.fromhex(commitment)


def install(*, name: str, region: str, demo: bool, at: datetime) -> Installation:
    """Makes the installation row and the journal's head; once."""
    del at
    row, _ = InstallationRow.objects.get_or_create(
        id=1, defaults={"installation": secrets.token_hex(8), "name": name, "region": region, "demo": demo}
    )
    Head.objects.get_or_create(id=1)
    return Installation(row.installation, row.name, row.region, row.demo)


def installation() -> Installation:
    """This installation; nameless before `install`."""
    row = InstallationRow.objects.filter(id=1).first()
    return Installation(row.installation, row.name, row.region, row.demo) if row else Installation("", "", "", False)


def _lock_head() -> Head:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the journal is written inside a transaction")
    return Head.objects.select_for_update().get(id=1)


def prepare(drafts: Iterable[rules.Draft], at: datetime) -> list[Prepared]:
    """Envelopes for drafts, under the lock of the journal's head; `append` writes them."""
    head = _lock_head()
    device = f"desk:{installation().id}"
    prev, seq, size = head.prev, head.device_seq, head.size
    _, root_hex = root()
    prepared = []
    for draft in drafts:
        seq += 1
        facts, private = canonical(draft.facts), canonical(draft.private) if draft.private else b""
        facts_salt, private_salt, envelope_salt = (secrets.token_bytes(32) for _ in range(3))
        envelope = canonical(
            {
                "v": 1, "alg": "none", "kind": draft.kind, "election": draft.election, "subject": draft.subject, "place": draft.place,
                "actor": draft.actor.person, "device": device, "device_seq": seq, "prev": prev,
                "occurred_at": _stamp(draft.occurred_at), "boot": "", "monotonic_ms": 0, "seen_size": size, "seen_root": root_hex,
                "corrects": draft.corrects, "reason": draft.reason, "approvals": list(draft.approvals), "procedure": draft.procedure,
                "basis": draft.basis, "app": posko.__version__,
                "facts_hash": hashlib.sha256(facts_salt + facts).hexdigest(),
                "private_hash": hashlib.sha256(private_salt + private).hexdigest() if private else "",
            }
        )  # fmt: skip
        entry_id = hashlib.sha256(envelope).hexdigest()
        prepared.append(Prepared(draft, entry_id, envelope, envelope_salt, facts, facts_salt, private, private_salt, device, seq))
        prev = entry_id
    del at
    return prepared


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def append(drafts: Iterable[rules.Draft | Prepared], at: datetime) -> list[rules.Receipt]:
    """Writes entries with gapless leaf indexes; the last call of a transaction. Returns their receipts in order."""
    items = list(drafts)
    bare = iter(prepare([d for d in items if isinstance(d, rules.Draft)], at))
    ready = [d if isinstance(d, Prepared) else next(bare) for d in items]
    if not ready:
        return []
    head = _lock_head()
    grown = tree.Range(head.size, tuple(bytes.fromhex(p) for p in head.frontier))
    entries, openings, receipts = [], [], []
    for one in ready:
        commitment = hashlib.sha256(one.envelope_salt + one.envelope).hexdigest()
        entries.append(
            Entry(leaf_index=grown.size, entry_id=one.entry_id, kind=one.draft.kind, election=one.draft.election, subject=one.draft.subject,
                  place=one.draft.place, recorded_at=at, device=one.device, device_seq=one.device_seq, commitment=commitment)
        )  # fmt: skip
        openings.append(
            Opening(entry_id=one.entry_id, envelope=one.envelope, envelope_salt=one.envelope_salt, facts=one.facts, facts_salt=one.facts_salt,
                    private=one.private or None, private_salt=one.private_salt if one.private else None)
        )  # fmt: skip
        receipts.append(rules.Receipt(grown.size, one.entry_id, commitment, at))
        grown = grown.append(tree.hashing.leaf(leaf(commitment)))
    Entry.objects.bulk_create(entries)
    Opening.objects.bulk_create(openings)
    head.size, head.frontier = grown.size, [p.hex() for p in grown.peaks]
    head.device_seq, head.prev = ready[-1].device_seq, ready[-1].entry_id
    head.save()
    return receipts


def root(at: datetime | None = None) -> tuple[int, str]:
    """Size and root (hex) over all entries, or over those recorded by `at`."""
    if at is None:
        head = Head.objects.filter(id=1).first()
        if head is None:
            return 0, tree.Range().root().hex()
        return head.size, tree.Range(head.size, tuple(bytes.fromhex(p) for p in head.frontier)).root().hex()
    commitments = Entry.objects.filter(recorded_at__lte=at).order_by("leaf_index").values_list("commitment", flat=True)
    grown = tree.over(leaf(c) for c in commitments)
    return grown.size, grown.root().hex()


def create_election(election: rules.Election, actor: rules.Actor, at: datetime) -> None:
    """A new election of this installation."""
    with transaction.atomic():
        ElectionRow.objects.create(code=election.code, name=election.name, region=election.region, voting_at=election.voting_at,
                                   contests=list(election.contests), rulebook=election.rulebook, provisional=election.provisional)  # fmt: skip
        append([rules.Draft("election.created", election.code, f"election:{election.code}", election.region, actor, at,
                            {"name": election.name, "voting_at": _stamp(election.voting_at), "rulebook": election.rulebook})], at)  # fmt: skip


def _election(row: ElectionRow) -> rules.Election:
    return rules.Election(row.code, row.name, row.region, row.voting_at, tuple(row.contests), row.rulebook, row.provisional)


def elections() -> list[rules.Election]:
    """All elections, the earliest first."""
    return [_election(row) for row in ElectionRow.objects.order_by("voting_at")]


class NoElection(rules.Refusal):
    """No such election here."""

    code = "record.no_election"


def election(code: str) -> rules.Election:
    """One election; NoElection."""
    row = ElectionRow.objects.filter(code=code).first()
    if row is None:
        raise NoElection(election=code)
    return _election(row)


def clock(machine_at: datetime) -> datetime:
    """The stored time, or the machine's."""
    row = InstallationRow.objects.filter(id=1).first()
    return row.clock_at if row and row.clock_at else machine_at


def clock_is_stored() -> bool:
    """Whether somebody set the clock."""
    return InstallationRow.objects.filter(id=1, clock_at__isnull=False).exists()


def set_clock(at: datetime | None, actor: rules.Actor, machine_at: datetime) -> None:
    """Sets or frees (None) the clock; an entry like any other."""
    with transaction.atomic():
        InstallationRow.objects.filter(id=1).update(clock_at=at)
        append([rules.Draft("clock.set", "", "installation:1", "", actor, machine_at, {"at": _stamp(at) if at else ""})], machine_at)


def local_date(moment: datetime) -> date:
    """The civil date in WIB."""
    return moment.astimezone(WIB).date()


def require_triggers() -> None:
    """Start-up check."""


def actor_names(election_code: str) -> dict[str, Any]:
    """Reserved."""
    return {"election": election_code}
