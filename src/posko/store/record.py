"""Stage record: the journal, elections, the installation and its clock.

Every write of the store appends here as the last statement of its transaction. The tables, the envelope and the leaf are a contract:
published leaves can never be recalled. Triggers refuse every change; only the private part of an opening can be erased.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction

import posko
from posko.domain import record as rules
from posko.ledger import signing, tree

WIB = timezone(timedelta(hours=7), "WIB")
VERSION = 1
_ALG = "Ed25519"


class NoElection(rules.Refusal):
    """No such election here."""

    code: ClassVar[str] = "record.no_election"


class NoEntry(rules.Refusal):
    """No such entry."""

    code: ClassVar[str] = "record.no_entry"


class Equivocated(rules.Refusal):
    """A device sent other bytes under a number that it has used. The bytes are kept as evidence; nothing is acknowledged."""

    code: ClassVar[str] = "record.equivocated"


class Unmarked(RuntimeError):
    """Whether this is a drill is said differently by the folder and the database; nothing may be shown."""


class Unprotected(RuntimeError):
    """The journal's triggers are missing; nothing may be written."""


# --- tables ------------------------------------------------------------------------------------------------------------------------


class ElectionRow(models.Model):
    """One election of this installation."""

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
    """The one installation; clock_at null means the machine's time.

    drill: a copy in which people practise. It is written into the copy before anything else and never changes (a trigger sees to that).
    clock_from: since when (machine's time) a drill's clock runs on from clock_at, clock_speed times as fast; null: it stands.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    installation = models.CharField(max_length=32)
    name = models.CharField(max_length=120)
    region = models.CharField(max_length=20)
    demo = models.BooleanField(default=False)
    clock_at = models.DateTimeField(null=True)
    drill = models.BooleanField(default=False)
    clock_from = models.DateTimeField(null=True)
    clock_speed = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "record_installation"


class Head(models.Model):
    """The journal's head: its row is the lock under which leaf indexes are given out without gaps."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    frontier = models.JSONField(default=list)
    device_seq = models.BigIntegerField(default=0)
    prev = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "journal_head"


class Key(models.Model):
    """Public keys that sign envelopes, by key_id."""

    key_id = models.CharField(max_length=64, primary_key=True)
    alg = models.CharField(max_length=20)
    public = models.BinaryField()
    device = models.CharField(max_length=60)
    since_at = models.DateTimeField()

    class Meta:
        db_table = "journal_key"


class Entry(models.Model):
    """A leaf of the log with what is needed to find it."""

    leaf_index = models.BigIntegerField(primary_key=True)
    entry_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=60, db_index=True)
    election = models.CharField(max_length=40)
    subject = models.CharField(max_length=120, db_index=True)
    place = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()
    device = models.CharField(max_length=60)
    device_seq = models.BigIntegerField()
    key_id = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)

    class Meta:
        db_table = "journal_entry"
        constraints = (models.UniqueConstraint(fields=["device", "device_seq"], name="journal_device_once"),)


class Opening(models.Model):
    """What a leaf commits to. Only private and private_salt may become null, once."""

    entry_id = models.CharField(max_length=64, primary_key=True)
    envelope = models.BinaryField()
    signature = models.BinaryField()
    envelope_salt = models.BinaryField()
    facts = models.BinaryField()
    facts_salt = models.BinaryField()
    private = models.BinaryField(null=True)
    private_salt = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "journal_opening"


class Equivocation(models.Model):
    """The same (device, sequence) with other bytes: evidence, kept."""

    device = models.CharField(max_length=60)
    device_seq = models.BigIntegerField()
    envelope = models.BinaryField()
    signature = models.BinaryField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "journal_equivocation"


class ErasureRow(models.Model):
    """A proposal to erase the words of some entries."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    entries = models.JSONField()
    ground = models.CharField(max_length=20)
    agency = models.CharField(max_length=20)
    role = models.CharField(max_length=40)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "record_erasure"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="record_erasure_code"),)


class ErasureVerdictRow(models.Model):
    """What became of a proposal, once. `erased` lists what is gone: the proposed entries and those whose words went with them."""

    erasure = models.OneToOneField(ErasureRow, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=12)
    erased = models.JSONField(default=list)
    agency = models.CharField(max_length=20)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "record_erasure_verdict"


# --- append-only by trigger --------------------------------------------------------------------------------------------------------

_KEPT = ("entry_id", "envelope", "signature", "envelope_salt", "facts", "facts_salt")
_SEALED = ("journal_entry", "journal_equivocation", "journal_key")
_SAME = {
    "journal_entry": "leaf_index = NEW.leaf_index OR entry_id = NEW.entry_id OR (device = NEW.device AND device_seq = NEW.device_seq)",
    "journal_opening": "entry_id = NEW.entry_id",
    "journal_key": "key_id = NEW.key_id",
    "journal_equivocation": "id = NEW.id",
}
# A real installation never becomes a drill, a drill never a real one, and only a drill has a clock that runs at another speed.
_DRILL = "journal_installation_drill"
_DRILL_SAID = "a drill stays a drill"


def _sqlite_triggers() -> dict[str, str]:
    found = {}
    for table in _SEALED:
        for act in ("UPDATE", "DELETE"):
            name = f"{table}_no_{act.lower()}"
            found[name] = f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
    for table in ("journal_opening", "journal_head"):
        name = f"{table}_no_delete"
        found[name] = f"CREATE TRIGGER {name} BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
    found["journal_head_grows"] = (
        "CREATE TRIGGER journal_head_grows BEFORE UPDATE ON journal_head WHEN NEW.size < OLD.size OR NEW.device_seq < OLD.device_seq "
        "BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END"
    )
    # INSERT OR REPLACE would remove the old row without firing a delete trigger.
    for table, same in _SAME.items():
        name = f"{table}_no_replace"
        found[name] = (
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "  # noqa: S608  (our own names)
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )
    found[_DRILL] = (
        f"CREATE TRIGGER {_DRILL} BEFORE UPDATE ON record_installation WHEN NEW.drill IS NOT OLD.drill "
        f"OR (NEW.drill = 0 AND NEW.clock_from IS NOT NULL) BEGIN SELECT RAISE(ABORT, '{_DRILL_SAID}'); END"
    )
    found[f"{_DRILL}_made"] = (
        f"CREATE TRIGGER {_DRILL}_made BEFORE INSERT ON record_installation WHEN NEW.drill = 1 "
        f"BEGIN SELECT RAISE(ABORT, '{_DRILL_SAID}'); END"
    )
    found[f"{_DRILL}_kept"] = (
        f"CREATE TRIGGER {_DRILL}_kept BEFORE DELETE ON record_installation BEGIN SELECT RAISE(ABORT, '{_DRILL_SAID}'); END"
    )
    changed = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in _KEPT)
    found["journal_opening_erase_only"] = (
        "CREATE TRIGGER journal_opening_erase_only BEFORE UPDATE ON journal_opening "
        f"WHEN {changed} OR NEW.private IS NOT NULL OR NEW.private_salt IS NOT NULL OR NEW.erased_at IS NULL OR OLD.erased_at IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'only the private part can be erased, once'); END"
    )
    return found


def _postgresql_triggers() -> dict[str, list[str]]:
    refuse = (
        "CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
    )
    changed = " OR ".join(f"NEW.{c} IS DISTINCT FROM OLD.{c}" for c in _KEPT)
    erase = (
        "CREATE OR REPLACE FUNCTION journal_erase_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {changed} OR NEW.private IS NOT NULL OR NEW.private_salt IS NOT NULL OR NEW.erased_at IS NULL OR OLD.erased_at IS NOT NULL "
        "THEN RAISE EXCEPTION 'only the private part can be erased, once'; END IF; RETURN NEW; END $$"
    )
    found = {}
    for table in _SEALED:
        name = f"{table}_sealed"
        found[name] = [refuse, f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION journal_refuse()"]
    for table in ("journal_opening", "journal_head"):
        name = f"{table}_no_delete"
        found[name] = [refuse, f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION journal_refuse()"]
    for table in (*_SEALED, "journal_opening", "journal_head"):
        name = f"{table}_no_truncate"
        found[name] = [refuse, f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()"]
    grows = (
        "CREATE OR REPLACE FUNCTION journal_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.size < OLD.size OR NEW.device_seq < OLD.device_seq "
        "THEN RAISE EXCEPTION 'the journal only grows'; END IF; RETURN NEW; END $$"
    )
    on_update = "BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()"
    found["journal_head_grows"] = [grows, "CREATE TRIGGER journal_head_grows " + on_update.format("journal_head", "journal_grows")]
    name = "journal_opening_erase_only"
    found[name] = [erase, f"CREATE TRIGGER {name} " + on_update.format("journal_opening", "journal_erase_only")]
    kept = (
        "CREATE OR REPLACE FUNCTION journal_drill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' OR (TG_OP = 'INSERT' AND NEW.drill) OR (TG_OP = 'UPDATE' AND (NEW.drill IS DISTINCT FROM OLD.drill "
        f"OR (NOT NEW.drill AND NEW.clock_from IS NOT NULL))) THEN RAISE EXCEPTION '{_DRILL_SAID}'; END IF; RETURN NEW; END $$"
    )
    always = "BEFORE INSERT OR UPDATE OR DELETE ON record_installation FOR EACH ROW EXECUTE FUNCTION journal_drill()"
    found[_DRILL] = [kept, f"CREATE TRIGGER {_DRILL} {always}"]
    return found


def _present_triggers() -> set[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {row[0] for row in cursor.fetchall()}


def install_triggers(**_: object) -> None:
    """Makes the triggers that are missing; after every migration, since a rebuilt table loses them."""
    tables = set(connection.introspection.table_names())
    if not {"journal_entry", "journal_opening", "journal_equivocation", "journal_key"} <= tables or not _knows_drills():
        return
    present = _present_triggers()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, statement in _sqlite_triggers().items():
                if name not in present:
                    cursor.execute(statement)
        else:
            for name, statements in _postgresql_triggers().items():
                if name not in present:
                    for statement in statements:
                        cursor.execute(statement)


def _knows_drills() -> bool:
    """Whether the tables are of a version that tells a drill from a real installation; before it, its triggers could not be made."""
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, InstallationRow._meta.db_table)
    return any(column.name == "drill" for column in columns)


def require_triggers() -> None:
    """Start-up check: Unprotected when a trigger of the journal is missing."""
    wanted = set(_sqlite_triggers() if connection.vendor == "sqlite" else _postgresql_triggers())
    missing = sorted(wanted - _present_triggers())
    if missing:
        raise Unprotected(f"Jurnal tidak terlindung: pemicu {', '.join(missing)} hilang. Jalankan ./posko upgrade.")


def require_mark() -> None:
    """Start-up check: Unmarked where the folder and the database do not agree whether this is a drill."""
    drill = InstallationRow.objects.filter(id=1, drill=True).exists()
    if drill != settings.DRILL:
        raise Unmarked(
            "Basis data ini gladi, tetapi gladi.toml tidak ada di folder datanya; kembalikan berkas itu."
            if drill
            else "Di folder data ini ada gladi.toml, tetapi basis datanya sungguhan; singkirkan berkas itu."
        )


# --- the installation, its elections, its clock ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Installation:
    """This installation. demo: what happens in it is made up, as in the example and in a drill. drill: a copy in which people practise."""

    id: str
    name: str
    region: str
    demo: bool
    drill: bool = False
    example: bool = False


def install(*, name: str, region: str, demo: bool, at: datetime) -> Installation:
    """Makes the installation and the journal's head, once; the first entry says so."""
    with transaction.atomic():
        if not InstallationRow.objects.filter(id=1).exists():
            row = InstallationRow.objects.create(id=1, installation=secrets.token_hex(8), name=name, region=region, demo=demo)
            Head.objects.get_or_create(id=1)
            said: dict[str, str | int] = {"name": name, "region": region, "demo": int(demo)}
            founder = rules.Actor("p-instalasi", "ADMIN")
            append([rules.Draft("installation.made", "", f"installation:{row.installation}", region, founder, at, said)], at)
    return installation()


# --- one answer for one page ---------------------------------------------------------------------------------------------


P = ParamSpec("P")
R = TypeVar("R")
_READ: ContextVar[dict[Any, Any] | None] = ContextVar("posko_read", default=None)


@contextmanager
def reading() -> Iterator[None]:
    """While one page is read: what is `remembered` is asked of the database once. Whoever writes meanwhile forgets it all (`turn`)."""
    token = _READ.set({})
    try:
        yield
    finally:
        _READ.reset(token)


def remembered(asks: Callable[P, R]) -> Callable[P, R]:
    """A question with one answer for as long as a page is read: a dozen parts of a page ask it. Its arguments can be keys; what it answers
    consists of frozen values, and of a list or dict on the outside that every asker gets an own one of."""

    @wraps(asks)
    def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        known = _READ.get()
        if known is None:
            return asks(*args, **kwargs)
        key = asks, args, tuple(sorted(kwargs.items()))
        if key not in known:
            known[key] = asks(*args, **kwargs)
        found: Any = known[key]
        mine: R = found.copy() if type(found) in (list, dict) else found
        return mine

    return ask


@remembered
def installation() -> Installation:
    """This installation; nameless before `install`."""
    row = InstallationRow.objects.filter(id=1).first()
    if row is None:
        return Installation("", "", "", False)
    return Installation(row.installation, row.name, row.region, row.demo or row.drill, row.drill, row.demo)


def create_election(election: rules.Election, actor: rules.Actor, at: datetime) -> None:
    """A new election of this installation."""
    with transaction.atomic():
        ElectionRow.objects.create(
            code=election.code, name=election.name, region=election.region, voting_at=election.voting_at,
            contests=list(election.contests), rulebook=election.rulebook, provisional=election.provisional,
        )  # fmt: skip
        voting = stamp(election.voting_at)
        said = {"name": election.name, "voting_at": voting, "contests": list(election.contests), "rulebook": election.rulebook}
        append([rules.Draft("election.created", election.code, f"election:{election.code}", election.region, actor, at, said)], at)


def elections() -> list[rules.Election]:
    """All elections, the earliest first."""
    return [_election(row) for row in ElectionRow.objects.order_by("voting_at")]


@remembered
def election(code: str) -> rules.Election:
    """One election; NoElection."""
    row = ElectionRow.objects.filter(code=code).first()
    if row is None:
        raise NoElection(election=code)
    return _election(row)


def midnight(code: str) -> datetime:
    """00:00 local time of an election's voting day; NoElection."""
    return election(code).voting_at.astimezone(WIB).replace(hour=0, minute=0, second=0, microsecond=0)


def _election(row: ElectionRow) -> rules.Election:
    return rules.Election(row.code, row.name, row.region, row.voting_at, tuple(row.contests), row.rulebook, row.provisional)


class ClockRuns(rules.Refusal):
    """The clock of a drill follows its script; nobody sets it."""

    code: ClassVar[str] = "record.clock_runs"


class NoDrill(rules.Refusal):
    """Only a drill has a clock that runs at another speed."""

    code: ClassVar[str] = "record.no_drill"


def clock(machine_at: datetime) -> datetime:
    """The stored time, or the machine's; in a drill the time of its script, which runs on from there at its speed."""
    row = InstallationRow.objects.filter(id=1).values_list("clock_at", "clock_from", "clock_speed").first()
    stored, since, speed = row or (None, None, 1)
    if stored is None:
        return machine_at
    return stored + max(machine_at - since, timedelta(0)) * speed if since is not None else stored


def clock_runs() -> bool:
    """Whether a drill's clock runs."""
    return InstallationRow.objects.filter(id=1, clock_from__isnull=False).exists()


def run_clock(at: datetime, speed: int, machine_at: datetime) -> None:
    """Lets a drill's clock run from an instant, so many times as fast as the machine's; 0 lets it stand there. NoDrill.

    Inside the transaction of whoever records why.
    """
    changed = InstallationRow.objects.filter(id=1, drill=True).update(
        clock_at=at, clock_from=machine_at if speed else None, clock_speed=max(speed, 1)
    )
    if not changed:
        raise NoDrill()


def clock_is_stored() -> bool:
    """Whether somebody set the clock."""
    return InstallationRow.objects.filter(id=1, clock_at__isnull=False).exists()


def set_clock(at: datetime | None, actor: rules.Actor, machine_at: datetime) -> None:
    """Sets the clock, or frees it (None); an entry like any other."""
    with transaction.atomic():
        if InstallationRow.objects.filter(id=1, drill=True).exists():
            raise ClockRuns()
        InstallationRow.objects.filter(id=1).update(clock_at=at)
        said = {"at": stamp(at) if at else ""}
        append([rules.Draft("clock.set", "", "installation:clock", installation().region, actor, machine_at, said)], machine_at)


def local_date(moment: datetime) -> date:
    """The civil date in WIB."""
    return moment.astimezone(WIB).date()


# --- writing ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """A draft with its envelope: its entry_id is known before the rows that carry it are written."""

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


canonical = rules.canonical


def stamp(moment: datetime) -> str:
    """An instant as the envelope writes it: UTC, microseconds."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def leaf(commitment: str) -> bytes:
    """The public leaf: a salted commitment (hex) and nothing else."""
    return b"posko/v1\n" + bytes.fromhex(commitment)


def _lock_head() -> Head:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the journal is written inside a transaction")
    return Head.objects.select_for_update().get(id=1)


WAITED = timedelta(seconds=30)
"""The longest that a writer waits for another one."""


def turn(at: datetime) -> datetime:
    """Waits for the journal's lock, and the instant to look and act at: the first statement of every transaction that writes.

    What is read before the lock may no longer stand when it is written (PostgreSQL, READ COMMITTED). And whoever waited asked before the
    one it waited for wrote: it acts no earlier than that one, so that reading as of its instant shows what the other one did.
    """
    newest = _lock_head().size - 1
    if (known := _READ.get()) is not None:
        known.clear()
    last = Entry.objects.filter(leaf_index=newest).values_list("recorded_at", flat=True).first()
    return last if last is not None and at < last <= at + WAITED else at


@contextmanager
def once(refusal: rules.Refusal) -> Iterator[None]:
    """Around the row that may exist only once: what the database refuses is refused in words. The transaction ends with it."""
    try:
        yield
    except IntegrityError as clash:
        raise refusal from clash


def _range(head: Head) -> tree.Range:
    return tree.Range(head.size, tuple(bytes.fromhex(p) for p in head.frontier))


def prepare(drafts: Iterable[rules.Draft], at: datetime) -> list[Prepared]:
    """Envelopes for drafts, under the lock of the head; `append` writes them later in the same transaction.

    `at` is when they are recorded: a fact cannot be recorded before it occurred by more than the clock's honesty allows, so it is
    kept beside occurred_at in the entry and not checked here.
    """
    del at
    head = _lock_head()
    device = f"desk:{installation().id}"
    seen_root = _range(head).root().hex()
    prepared = []
    for draft in drafts:
        head.device_seq += 1
        facts, private = canonical(draft.facts), canonical(draft.private) if draft.private else b""
        facts_salt, private_salt, envelope_salt = (secrets.token_bytes(32) for _ in range(3))
        envelope = canonical(
            {
                "v": VERSION,
                "alg": _ALG,
                "kind": draft.kind,
                "election": draft.election,
                "subject": draft.subject,
                "place": draft.place,
                "actor": draft.actor.person,
                "device": device,
                "device_seq": head.device_seq,
                "prev": head.prev,
                "occurred_at": stamp(draft.occurred_at),
                "boot": "",
                "monotonic_ms": 0,
                "seen_size": head.size,
                "seen_root": seen_root,
                "corrects": draft.corrects,
                "reason": draft.reason,
                "approvals": list(draft.approvals),
                "procedure": draft.procedure,
                "basis": draft.basis,
                "app": posko.__version__,
                "facts_hash": hashlib.sha256(facts_salt + facts).hexdigest(),
                "private_hash": hashlib.sha256(private_salt + private).hexdigest() if private else "",
            }
        )
        entry_id = hashlib.sha256(envelope).hexdigest()
        prepared.append(
            Prepared(draft, entry_id, envelope, envelope_salt, facts, facts_salt, private, private_salt, device, head.device_seq)
        )
        head.prev = entry_id
    head.save(update_fields=["device_seq", "prev"])  # a second call in this transaction goes on from here
    return prepared


def append(drafts: Iterable[rules.Draft | Prepared], at: datetime) -> list[rules.Receipt]:
    """Writes entries with gapless leaf indexes, signed by this desk; the last call of a transaction. Returns receipts in order."""
    items = list(drafts)
    bare, ready = [d for d in items if isinstance(d, rules.Draft)], [d for d in items if isinstance(d, Prepared)]
    if bare and ready:
        raise ValueError("prepare all drafts of a transaction together: the device's chain follows the order of the leaves")
    ready = ready or prepare(bare, at)
    if not ready:
        return []
    private_key = _desk_key()
    public_key = signing.public(private_key)
    key_id = signing.key_id(public_key)
    Key.objects.get_or_create(key_id=key_id, defaults={"alg": _ALG, "public": public_key, "device": ready[0].device, "since_at": at})
    signed = [(one, signing.sign(private_key, one.envelope)) for one in ready]
    return _write(signed, key_id, at)


def _write(signed: list[tuple[Prepared, bytes]], key_id: str, at: datetime) -> list[rules.Receipt]:
    head = _lock_head()
    grown = _range(head)
    entries, openings, receipts = [], [], []
    for one, signature in signed:
        commitment = hashlib.sha256(one.envelope_salt + one.envelope).hexdigest()
        entries.append(
            Entry(
                leaf_index=grown.size, entry_id=one.entry_id, kind=one.draft.kind, election=one.draft.election, subject=one.draft.subject,
                place=one.draft.place, recorded_at=at, device=one.device, device_seq=one.device_seq, key_id=key_id, commitment=commitment,
            )
        )  # fmt: skip
        openings.append(
            Opening(
                entry_id=one.entry_id, envelope=one.envelope, signature=signature, envelope_salt=one.envelope_salt, facts=one.facts,
                facts_salt=one.facts_salt, private=one.private or None, private_salt=one.private_salt if one.private else None,
            )
        )  # fmt: skip
        receipts.append(rules.Receipt(grown.size, one.entry_id, commitment, at))
        grown = grown.append(tree.leaf_hash(leaf(commitment)))
    Entry.objects.bulk_create(entries, batch_size=500)
    Opening.objects.bulk_create(openings, batch_size=500)
    head.size, head.frontier = grown.size, [p.hex() for p in grown.peaks]
    head.save(update_fields=["size", "frontier"])
    return receipts


def _desk_key() -> bytes:
    """The signing key of this installation's desk, made once and kept beside the data, readable by its owner alone."""
    path = Path(settings.VAR) / "desk.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"desk.key.{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(signing.new_key())
        with suppress(FileExistsError):
            os.link(new, path)  # whole or not at all: another process never reads half a key
        new.unlink()
    return path.read_bytes()


def receive(envelope: bytes, signature: bytes, at: datetime) -> rules.Receipt | None:
    """What a device sent again: the same bytes give the same receipt. None for a (device, device_seq) that is not known yet.

    Other bytes under a known number are kept as evidence, then refused: Equivocated. Not inside another transaction, which the
    refusal would roll back together with the evidence.
    """
    said = json.loads(envelope)
    with transaction.atomic(durable=True):
        known = Entry.objects.filter(device=said["device"], device_seq=said["device_seq"]).first()
        if known is None:
            return None
        if known.entry_id == hashlib.sha256(envelope).hexdigest():
            return rules.Receipt(known.leaf_index, known.entry_id, known.commitment, known.recorded_at)
        seen = Equivocation.objects.filter(device=known.device, device_seq=known.device_seq, envelope=envelope)
        if not seen.exists():
            Equivocation.objects.create(
                device=known.device, device_seq=known.device_seq, envelope=envelope, signature=signature, seen_at=at
            )
    raise Equivocated(device=str(said["device"]), device_seq=int(said["device_seq"]))


# --- erasing words ----------------------------------------------------------------------------------------------------------------

Eraser = Callable[[str, str, datetime], Sequence[str]]
"""(entry_id, mark, at) -> entries whose words go with it. Puts `mark` where a stage's tables copy the words of that entry; each stage names
its erasers by kind of entry in WORDS, and facts (codes, grades, times, hashes) stay."""


Unquoter = Callable[[str, Sequence[str], str], None]
"""(election, texts, mark): takes texts of others out of papers that a stage froze with them; each such stage names it in QUOTES."""


def journal_only(entry_id: str, mark: str, at: datetime) -> Sequence[str]:
    """The eraser of a kind whose words stand in the journal's private part alone."""
    del entry_id, mark, at
    return ()


def propose_erasure(
    election_code: str, entries: Sequence[str], ground: str, actor: rules.Actor, role: str, at: datetime, words: Collection[str]
) -> str:
    """Somebody asks that the words of entries be erased; gives the proposal's code. Nothing is erased yet.

    words: the kinds of entries that have an eraser. NoGround, NothingToErase, NotHere, NoEntry, ErasurePending.
    """
    if ground not in set(rules.Ground):
        raise rules.NoGround()
    with transaction.atomic():
        at = turn(at)
        chosen = list(dict.fromkeys(entries))
        if not 1 <= len(chosen) <= rules.MOST_ERASED:
            raise rules.NothingToErase(n=len(chosen))
        waiting_for = {e for one in erasures(election_code, at) if one.open for e in one.entries}
        for one in (entry(election_code, entry_id) for entry_id in chosen):
            if one.private != "kept":
                raise rules.NothingToErase(n=one.index)
            if one.kind not in words:
                raise rules.NotHere(kind=one.kind)
            if one.entry_id in waiting_for:
                raise rules.ErasurePending(n=one.index)
        code = f"HPS-{ErasureRow.objects.filter(election=election_code).count() + 1:03}"
        prepared = prepare([_erasure_draft("words.erasure_proposed", election_code, code, chosen, ground, actor, at)], at)
        ErasureRow.objects.create(
            code=code, election=election_code, entries=chosen, ground=ground, agency=actor.agency, role=role, person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        append(prepared, at=at)
    return code


def decide_erasure(
    election_code: str,
    code: str,
    verdict: rules.Verdict,
    actor: rules.Actor,
    roles: frozenset[str],
    at: datetime,
    words: Mapping[str, Eraser],
    quotes: Iterable[Unquoter] = (),
) -> None:
    """A second person erases or rejects what was proposed, or the proposer takes it back; roles: those the decider holds now.

    Erases the private parts and every copy in the tables, and says so in an entry that both stand in. UnknownErasure, and what
    `rules.check_decision` refuses.
    """
    with transaction.atomic():
        at = turn(at)
        found = erasure(election_code, code, at)
        rules.check_decision(found, verdict, actor.person, roles)
        gone: list[str] = []
        if verdict is rules.Verdict.ERASED:
            said = _sentences(found.entries)
            for one in (entry(election_code, entry_id) for entry_id in found.entries):
                along = words[one.kind](one.entry_id, mark_of(code), at)
                gone += [one.entry_id, *along]
            gone = list(dict.fromkeys(gone))
            for unquote in quotes if said else ():
                unquote(election_code, said, mark_of(code))
            for entry_id in gone:
                erase(entry_id, at)
        kind = {"erased": "words.erased", "rejected": "words.erasure_rejected", "withdrawn": "words.erasure_withdrawn"}[verdict.value]
        ids = gone or list(found.entries)
        approvals = (found.person, actor.person) if verdict is rules.Verdict.ERASED else ()
        draft = _erasure_draft(kind, election_code, code, ids, found.ground.value, actor, at, approvals, found.entry_id)
        prepared = prepare([draft], at)
        ErasureVerdictRow.objects.create(
            erasure=ErasureRow.objects.get(election=election_code, code=code), verdict=verdict.value, erased=gone, agency=actor.agency,
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        append(prepared, at=at)


def _sentences(entry_ids: Iterable[str]) -> list[str]:
    """What private parts say in more than a word, the longest first: what a frozen paper may quote."""
    found: set[str] = set()
    waiting: list[object] = [part for part in privates(entry_ids).parts.values() if part]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and len(value) >= _QUOTED and " " in value.strip():
            found.add(value)
    return sorted(found, key=len, reverse=True)


_QUOTED = 8
"""Shorter texts are words that anybody may use."""


def _erasure_draft(
    kind: str,
    election_code: str,
    code: str,
    entries: list[str],
    ground: str,
    actor: rules.Actor,
    at: datetime,
    approvals: tuple[str, ...] = (),
    proposal: str = "",
) -> rules.Draft:
    said = {"code": code, "entries": entries, "ground": ground}
    region = election(election_code).region
    return rules.Draft(kind, election_code, f"erasure:{code}", region, actor, at, said, approvals=approvals, corrects=proposal)


def erasures(election_code: str, at: datetime) -> list[rules.Erasure]:
    """Proposals made by then as they stood, the newest first."""
    rows = ErasureRow.objects.filter(election=election_code, occurred_at__lte=at).order_by("-occurred_at", "-id")
    verdicts = {v.erasure_id: v for v in ErasureVerdictRow.objects.filter(erasure__in=rows, occurred_at__lte=at)}
    return [_erasure(row, verdicts.get(row.pk)) for row in rows]


def erasure(election_code: str, code: str, at: datetime) -> rules.Erasure:
    """One proposal. UnknownErasure."""
    for one in erasures(election_code, at):
        if one.code == code:
            return one
    raise rules.UnknownErasure(erasure=code[:20])


def _erasure(row: ErasureRow, end: ErasureVerdictRow | None) -> rules.Erasure:
    found = rules.Erasure(
        row.code, row.election, tuple(row.entries), rules.Ground(row.ground), row.person, row.agency, row.role, row.occurred_at,
        entry_id=row.entry_id,
    )  # fmt: skip
    if end is None:
        return found
    return replace(
        found, entries=tuple(end.erased or row.entries), verdict=rules.Verdict(end.verdict), decided_by=end.person,
        decided_agency=end.agency, decided_at=end.occurred_at,
    )  # fmt: skip


def erased_by(entry_ids: Iterable[str]) -> dict[str, rules.Erasure]:
    """Entry -> the erasure that took its words, of those that two people decided."""
    wanted = set(entry_ids)
    found = {}
    for end in ErasureVerdictRow.objects.filter(verdict=rules.Verdict.ERASED.value).select_related("erasure").order_by("id"):
        for entry_id in wanted.intersection(end.erased):
            found[entry_id] = _erasure(end.erasure, end)
    return found


def erasures_of(election_code: str, subject: str, at: datetime) -> list[rules.Erasure]:
    """Erasures that took words of a subject ("aght:AGHT-01") by then, the oldest first: what its page says about itself."""
    done = [one for one in erasures(election_code, at) if one.verdict is rules.Verdict.ERASED]
    if not done:
        return []
    mine = set(Entry.objects.filter(election=election_code, subject=subject).values_list("entry_id", flat=True))
    return [one for one in reversed(done) if mine.intersection(one.entries)]


def find(_person: object, election_code: str, text: str, at: datetime) -> list[rules.Hit]:
    """Erasures by code, as it stands in the place of erased words."""
    word = text.strip().upper()
    if not word.startswith("HPS"):
        return []
    return [rules.Hit("erasure", one.code, one.ground.value, (one.code,)) for one in erasures(election_code, at) if word in one.code][:20]


def erase(entry_id: str, at: datetime) -> None:
    """Erases the private part of an entry for good. The caller appends the entry that says who did so and why. NoEntry."""
    if not Entry.objects.filter(entry_id=entry_id).exists():
        raise NoEntry(entry=entry_id)
    Opening.objects.filter(entry_id=entry_id, erased_at__isnull=True).update(private=None, private_salt=None, erased_at=at)


# --- reading and checking ------------------------------------------------------------------------------------------------------------

ERASED = "[dihapus]"
"""What every screen and print says in the place of a typed text that was erased."""


def mark_of(code: str) -> str:
    """The same with the erasure's code, which leads to who, when and why: [dihapus, HPS-001]."""
    return f"{ERASED[:-1]}, {code}]"


def gone(*texts: str) -> bool:
    """Whether words of a text were erased: a paper made of it can no longer be checked against its hash."""
    return any(ERASED[:-1] in text for text in texts)


def unerased(text: str) -> str:
    """A text for a form to begin with: nothing where its words are gone."""
    return "" if gone(text) else text


def typed(**texts: str) -> dict[str, object]:
    """The private part of a draft: texts that somebody typed and that may name a person, without the empty ones."""
    return {name: text for name, text in texts.items() if text}


@dataclass(frozen=True)
class Privates:
    """Private parts of entries: None where one was erased; an entry that never had one is not there."""

    parts: Mapping[str, Mapping[str, Any] | None]
    marks: Mapping[str, str] = field(default_factory=dict)

    def text(self, entry_id: str, name: str, kept: str = "") -> str:
        """A typed text of an entry, ERASED, or `kept` (a row's own column, from before such texts were private) where it has none."""
        if entry_id not in self.parts:
            return kept
        part = self.parts[entry_id]
        return self.marks.get(entry_id, ERASED) if part is None else str(part.get(name, kept))


def privates(entry_ids: Iterable[str]) -> Privates:
    """The private parts of many entries at once. Whoever shows them has already asked whether the reader may read their stage."""
    wanted = sorted({entry_id for entry_id in entry_ids if entry_id})
    parts: dict[str, Mapping[str, Any] | None] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = Opening.objects.filter(entry_id__in=wanted[start : start + _CHUNK])
        for entry_id, private in rows.filter(private__isnull=False).values_list("entry_id", "private"):
            parts[entry_id] = json.loads(_raw(private))
        for entry_id, envelope in rows.filter(erased_at__isnull=False).values_list("entry_id", "envelope"):
            if json.loads(_raw(envelope))["private_hash"]:
                parts[entry_id] = None
    gone = [entry_id for entry_id, part in parts.items() if part is None]
    return Privates(parts, {e: mark_of(by.code) for e, by in erased_by(gone).items()} if gone else {})


def order(entry_ids: Iterable[str]) -> dict[str, int]:
    """Entry -> its place in the log: what came first where the clock shows one time for both."""
    wanted = sorted(entry_ids)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _CHUNK):
        found |= dict(Entry.objects.filter(entry_id__in=wanted[start : start + _CHUNK]).values_list("entry_id", "leaf_index"))
    return found


def root(at: datetime | None = None) -> tuple[int, str]:
    """Size and root (hex) over all entries, or over the log up to the last entry recorded by `at` (always a head that the log had)."""
    if at is None:
        head = Head.objects.filter(id=1).first()
        found = _range(head) if head else tree.Range()
    else:
        last = Entry.objects.filter(recorded_at__lte=at).aggregate(last=models.Max("leaf_index"))["last"]
        rows = Entry.objects.filter(leaf_index__lte=-1 if last is None else last)
        commitments = rows.order_by("leaf_index").values_list("commitment", flat=True)
        found = tree.over(leaf(c) for c in commitments)
    return found.size, found.root().hex()


@dataclass(frozen=True)
class Leaf:
    """One entry as its readers see it. `sound` is whether bytes, hashes, salts and signature agree."""

    index: int
    entry_id: str
    kind: str
    election: str
    subject: str
    place: str
    actor: str
    occurred_at: str
    recorded_at: datetime
    commitment: str
    facts: dict[str, Any]
    reason: str
    corrects: str
    private: str
    faults: tuple[str, ...]


def leaves(election_code: str, *, newest: int = 200, kind: str = "", subject: str = "") -> list[Leaf]:
    """The newest entries of an election and of the installation, filtered by kind prefix and subject."""
    rows = Entry.objects.filter(election__in=[election_code, ""])
    if kind:
        rows = rows.filter(kind__startswith=kind)
    if subject:
        rows = rows.filter(subject=subject)
    chosen = list(rows.order_by("-leaf_index")[:newest])
    openings = Opening.objects.in_bulk([row.entry_id for row in chosen])
    keys = {k.key_id: bytes(k.public) for k in Key.objects.all()}
    return [_leaf(row, openings.get(row.entry_id), keys) for row in chosen]


def entry(election_code: str, entry_id: str) -> Leaf:
    """One entry; NoEntry."""
    row = Entry.objects.filter(entry_id=entry_id, election__in=[election_code, ""]).first()
    if row is None:
        raise NoEntry(entry=entry_id)
    keys = {k.key_id: bytes(k.public) for k in Key.objects.all()}
    return _leaf(row, Opening.objects.filter(entry_id=entry_id).first(), keys)


@dataclass(frozen=True)
class Opened:
    """What anybody needs to recompute an entry by hand: bytes as text, salts, and the hashes as stored and as recomputed (hex)."""

    envelope: str
    envelope_salt: str
    facts: str
    facts_salt: str
    signature: str
    key: str
    hashes: tuple[tuple[str, str, str], ...]


def opened(entry_id: str) -> Opened:
    """The opening of an entry; hashes are (name, stored, recomputed). NoEntry."""
    row, opening = Entry.objects.filter(entry_id=entry_id).first(), Opening.objects.filter(entry_id=entry_id).first()
    if row is None or opening is None:
        raise NoEntry(entry=entry_id)
    envelope, facts = bytes(opening.envelope), bytes(opening.facts)
    said = json.loads(envelope)
    hashes = [
        ("entry_id", row.entry_id, hashlib.sha256(envelope).hexdigest()),
        ("commitment", row.commitment, hashlib.sha256(bytes(opening.envelope_salt) + envelope).hexdigest()),
        ("facts_hash", said["facts_hash"], hashlib.sha256(bytes(opening.facts_salt) + facts).hexdigest()),
    ]
    if opening.private is not None:
        private = bytes(opening.private_salt or b"") + bytes(opening.private)
        hashes.append(("private_hash", said["private_hash"], hashlib.sha256(private).hexdigest()))
    key = Key.objects.filter(key_id=row.key_id).first()
    return Opened(
        envelope.decode(), bytes(opening.envelope_salt).hex(), facts.decode(), bytes(opening.facts_salt).hex(),
        bytes(opening.signature).hex(), bytes(key.public).hex() if key else "", tuple(hashes),
    )  # fmt: skip


def _leaf(row: Entry, opening: Opening | None, keys: Mapping[str, bytes]) -> Leaf:
    envelope = json.loads(bytes(opening.envelope)) if opening else {}
    private = "none" if not envelope.get("private_hash") else "erased" if opening and opening.private is None else "kept"
    return Leaf(
        index=row.leaf_index, entry_id=row.entry_id, kind=row.kind, election=row.election, subject=row.subject, place=row.place,
        actor=envelope.get("actor", ""), occurred_at=envelope.get("occurred_at", ""), recorded_at=row.recorded_at,
        commitment=row.commitment, facts=json.loads(bytes(opening.facts)) if opening else {},
        reason=envelope.get("reason", ""), corrects=envelope.get("corrects", ""),
        private=private, faults=tuple(_faults(row, opening, keys)),
    )  # fmt: skip


def _raw(value: object) -> bytes:
    """A stored value as bytes, whatever somebody put there."""
    return b"" if value is None else value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]


def _faults(row: Entry, opening: Opening | None, keys: Mapping[str, bytes]) -> list[str]:
    """Codes of what does not agree in one entry."""
    if opening is None:
        return ["opening_missing"]
    envelope = _raw(opening.envelope)
    try:
        said = json.loads(envelope)
    except ValueError:
        return ["entry_id", "commitment"]
    found = []
    if hashlib.sha256(envelope).hexdigest() != row.entry_id:
        found.append("entry_id")
    if hashlib.sha256(_raw(opening.envelope_salt) + envelope).hexdigest() != row.commitment:
        found.append("commitment")
    if hashlib.sha256(_raw(opening.facts_salt) + _raw(opening.facts)).hexdigest() != said["facts_hash"]:
        found.append("facts")
    private = _raw(opening.private_salt) + _raw(opening.private)
    if opening.private is not None and hashlib.sha256(private).hexdigest() != said["private_hash"]:
        found.append("private")
    if (said["kind"], said["subject"], said["place"], said["election"], said["device"], said["device_seq"]) != (
        row.kind, row.subject, row.place, row.election, row.device, row.device_seq,
    ):  # fmt: skip
        found.append("columns")
    if said["private_hash"] and opening.private is None and opening.erased_at is None:
        found.append("erased")
    key = keys.get(row.key_id)
    if key is None or not signing.verifies(key, envelope, _raw(opening.signature)):
        found.append("signature")
    return found


@dataclass(frozen=True)
class Plain:
    """The public half of an opening, as bytes: what an overseer needs to recompute a leaf. Never the private part."""

    envelope: bytes
    envelope_salt: bytes
    facts: bytes
    facts_salt: bytes


def commitments() -> list[str]:
    """The commitment (hex) of every leaf, in order."""
    return list(Entry.objects.order_by("leaf_index").values_list("commitment", flat=True))


def openings(election_code: str, kinds: tuple[str, ...]) -> Iterator[tuple[int, Plain]]:
    """(leaf index, opening) of the entries of one election whose kind begins with one of `kinds`, in order."""
    rows = Entry.objects.filter(election=election_code).order_by("leaf_index").values_list("leaf_index", "entry_id", "kind")
    wanted = [(index, entry_id) for index, entry_id, kind in rows if kind.startswith(kinds)]
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        held = Opening.objects.in_bulk([entry_id for _, entry_id in part])
        for index, entry_id in part:
            one = held[entry_id]
            yield index, Plain(_raw(one.envelope), _raw(one.envelope_salt), _raw(one.facts), _raw(one.facts_salt))


@dataclass(frozen=True)
class Verification:
    """The whole journal recomputed: size, root, and what is wrong as (leaf index, code)."""

    size: int
    root: str
    faults: tuple[tuple[int, str], ...]


def verify() -> Verification:
    """Recomputes every hash, salt, signature, the desk's chain, the roots that entries say they saw, gaps and the head."""
    keys = {k.key_id: bytes(k.public) for k in Key.objects.all()}
    grown = tree.Range()
    faults: list[tuple[int, str]] = []
    previous = ""
    seen: dict[int, str] = {}
    total = Entry.objects.aggregate(last=models.Max("leaf_index"))["last"]
    for start in range(0, 0 if total is None else total + 1, _CHUNK):
        rows = list(Entry.objects.filter(leaf_index__gte=start, leaf_index__lt=start + _CHUNK).order_by("leaf_index"))
        openings = Opening.objects.in_bulk([row.entry_id for row in rows])
        for row in rows:
            opening = openings.get(row.entry_id)
            if row.leaf_index != grown.size:
                faults.append((row.leaf_index, "gap"))
            faults += [(row.leaf_index, code) for code in _faults(row, opening, keys)]
            if (
                opening is not None
                and row.device.startswith("desk:")
                and hashlib.sha256(_raw(opening.envelope)).hexdigest() == row.entry_id
            ):
                said = json.loads(_raw(opening.envelope))
                if said["prev"] != previous:
                    faults.append((row.leaf_index, "chain"))
                if said["seen_size"] == grown.size:
                    seen = {grown.size: grown.root().hex()}
                if seen.get(said["seen_size"], said["seen_root"]) != said["seen_root"]:
                    faults.append((row.leaf_index, "seen_root"))
                previous = row.entry_id
            grown = grown.append(tree.leaf_hash(leaf(row.commitment)))
    size, stored = root()
    if (size, stored) != (grown.size, grown.root().hex()):
        faults.append((grown.size, "head"))
    return Verification(grown.size, grown.root().hex(), tuple(faults))


_CHUNK = 500
