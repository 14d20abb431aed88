"""Stage access: accounts, grants given by two people, agreements, break-glass, the log of reads, and attempts to sign in."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models, transaction
from django.db.models import F, Q

from posko.domain import access as rules
from posko.domain import record as facts
from posko.store import record

ATTEMPT_WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_USER, ATTEMPTS_PER_ADDRESS = 5, 30


class NoUser(facts.Refusal):
    """No such account."""

    code: ClassVar[str] = "access.no_user"


class UserExists(facts.Refusal):
    """The name of an account is taken."""

    code: ClassVar[str] = "access.user_exists"


class NoGrant(facts.Refusal):
    """No such grant in force, or no such proposal waiting."""

    code: ClassVar[str] = "access.no_grant"


class NoAgreement(facts.Refusal):
    """No such agreement."""

    code: ClassVar[str] = "access.no_agreement"


# --- tables ---------------------------------------------------------------------------------------------------------------


class Users(BaseUserManager["User"]):
    """Finds users by their name."""


class User(AbstractBaseUser):
    """An account. `person` is the pseudonym that the journal knows; the name stands only here."""

    username = models.CharField(max_length=60, unique=True)
    person = models.CharField(max_length=64, unique=True)
    display = models.CharField(max_length=80)
    agency = models.CharField(max_length=20)
    clearance = models.CharField(max_length=20, default="terbatas")
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display"]
    objects = Users()

    class Meta:
        db_table = "access_user"


class GrantRow(models.Model):
    """A role of somebody in a region, from an instant, until an instant or until it is ended."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    region = models.CharField(max_length=40)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    entry_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "access_grant"


class Proposal(models.Model):
    """A grant that waits for a second person."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    region = models.CharField(max_length=40)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    proposer = models.CharField(max_length=64)
    seen_hash = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(default=False)

    class Meta:
        db_table = "access_proposal"


class AgreementRow(models.Model):
    """A version of an agreement between agencies; a new version is a new row."""

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    reader = models.CharField(max_length=20)
    kinds = models.JSONField()
    region = models.CharField(max_length=40)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    mark = models.CharField(max_length=20, blank=True)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "access_agreement"
        constraints = (models.UniqueConstraint(fields=["code", "version"], name="access_agreement_version"),)


class Glass(models.Model):
    """An hour in which somebody reads beyond clearance and agreement, with a reason."""

    person = models.CharField(max_length=64)
    reason = models.CharField(max_length=400)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "access_glass"


class LogRow(models.Model):
    """One read above biasa, or by break-glass. Not public, not part of the journal."""

    read_at = models.DateTimeField()
    person = models.CharField(max_length=64)
    act = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    thing = models.CharField(max_length=120)
    place = models.CharField(max_length=40)
    classification = models.CharField(max_length=20)
    purpose = models.CharField(max_length=20)
    basis = models.CharField(max_length=20)

    class Meta:
        db_table = "access_log"


class Count(models.Model):
    """Other reads: how many in an hour, by agency and act."""

    hour_at = models.DateTimeField()
    agency = models.CharField(max_length=20)
    act = models.CharField(max_length=40)
    reads = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "access_count"
        constraints = (models.UniqueConstraint(fields=["hour_at", "agency", "act"], name="access_count_hour"),)


class Attempt(models.Model):
    """A failed attempt to sign in; forgotten after a day."""

    username = models.CharField(max_length=60)
    address = models.CharField(max_length=64)
    tried_at = models.DateTimeField()

    class Meta:
        db_table = "access_attempt"
        indexes = (models.Index(fields=["username", "tried_at"]), models.Index(fields=["address", "tried_at"]))


# --- people ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """An account as the page of users shows it."""

    username: str
    person: str
    display: str
    agency: str
    clearance: str
    active: bool
    grants: tuple[tuple[int, rules.Grant], ...]


@dataclass(frozen=True)
class Waiting:
    """A proposed grant as its second person sees it."""

    id: int
    username: str
    display: str
    agency: str
    grant: rules.Grant
    proposer: str
    seen_hash: str
    proposed_at: datetime
    expires_at: datetime


def _grant(row: GrantRow | Proposal) -> rules.Grant:
    return rules.Grant(row.role, row.region, row.from_at, row.until_at)


def person(user: Any) -> rules.Person:
    """The person of an account with its grants."""
    grants = tuple(_grant(g) for g in GrantRow.objects.filter(user_id=user.pk).order_by("pk"))
    return rules.Person(user.person, user.agency, grants, user.clearance)


def person_named(username: str) -> rules.Person | None:
    """The person behind an account that may sign in; None where there is none."""
    user = User.objects.filter(username=username, is_active=True).first()
    return person(user) if user else None


def actor(who: rules.Person) -> facts.Actor:
    """How a person stands in the journal."""
    return facts.Actor(who.id, who.agency)


def display_name(user: Any) -> str:
    """The name on the screen."""
    return str(user.display)


def names() -> dict[str, str]:
    """Names by pseudonym, for staff screens only."""
    return dict(User.objects.values_list("person", "display"))


def add_user(
    username: str,
    password: str,
    display: str,
    agency: str,
    grants: Iterable[rules.Grant],
    actor: facts.Actor,
    at: datetime,
    clearance: str = "terbatas",
) -> facts.Actor:
    """A new account, with the roles it begins with (founding, demo). UserExists, WrongAgency, UnknownRole."""
    granted = list(grants)
    for grant in granted:
        if grant.role not in rules.ROLES:
            raise rules.UnknownRole(role=grant.role)
        if rules.ROLES[grant.role] != agency:
            raise rules.WrongAgency(role=grant.role, agency=agency)
    rules.Person("", agency, (), clearance)  # refuses an unknown clearance
    user = User(username=username, person=f"p-{username}", display=display, agency=agency, clearance=clearance)
    user.set_password(password)  # slow on purpose: before the journal's turn
    with transaction.atomic():
        at = record.turn(at)
        if User.objects.filter(username=username).exists():
            raise UserExists(username=username)
        said = {"agency": agency, "clearance": clearance, "roles": [f"{g.role}@{g.region}" for g in granted]}
        prepared = record.prepare([facts.Draft("person.added", "", f"person:{user.person}", "", actor, at, said)], at)
        user.save()
        GrantRow.objects.bulk_create(
            GrantRow(user=user, role=g.role, region=g.region, from_at=g.from_at, until_at=g.until_at, entry_id=prepared[0].entry_id)
            for g in granted
        )
        record.append(prepared, at=at)
    return facts.Actor(user.person, agency)


def change_password(user: Any, password: str, at: datetime) -> None:
    """A new password. That it was changed is recorded, never what it is."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        who = facts.Actor(user.person, user.agency)
        record.append([facts.Draft("person.password_changed", "", f"person:{user.person}", "", who, at, {})], at=at)


def accounts() -> list[Account]:
    """Everybody with an account and all grants, ended ones too."""
    grants: dict[int, list[tuple[int, rules.Grant]]] = {}
    for row in GrantRow.objects.order_by("pk"):
        grants.setdefault(row.user_id, []).append((row.pk, _grant(row)))
    return [
        Account(u.username, u.person, u.display, u.agency, u.clearance, u.is_active, tuple(grants.get(u.pk, ())))
        for u in User.objects.order_by("agency", "display")
    ]


# --- grants by two people --------------------------------------------------------------------------------------------------


def _seen(username: str, grant: rules.Grant) -> str:
    until = record.stamp(grant.until_at) if grant.until_at else ""
    said = {"username": username, "role": grant.role, "region": grant.region, "from": record.stamp(grant.from_at), "until": until}
    return hashlib.sha256(facts.canonical(said)).hexdigest()


def propose_grant(username: str, grant: rules.Grant, proposer: rules.Person, at: datetime) -> int:
    """A role for somebody, to be approved by a second person within a day. NoUser, UnknownRole, WrongAgency, OutsideRegion."""
    with transaction.atomic():
        at = record.turn(at)
        user = User.objects.filter(username=username).first()
        if user is None:
            raise NoUser(username=username)
        rules.check_grant(grant, user.agency, proposer, at)
        row = Proposal.objects.create(
            user=user,
            role=grant.role,
            region=grant.region,
            from_at=grant.from_at,
            until_at=grant.until_at,
            proposer=proposer.id,
            seen_hash=_seen(username, grant),
            proposed_at=at,
            expires_at=at + rules.APPROVAL_WAITS,
        )
        said = {"role": grant.role, "region": grant.region, "seen": row.seen_hash}
        draft = facts.Draft("access.grant_proposed", "", f"person:{user.person}", grant.region, actor(proposer), at, said)
        record.append([draft], at=at)
    return row.pk


def proposals(at: datetime) -> list[Waiting]:
    """What waits for a second person, the oldest first."""
    rows = Proposal.objects.filter(decided_at__isnull=True, expires_at__gt=at).select_related("user").order_by("pk")
    return [_waiting(row) for row in rows]


def _waiting(row: Proposal) -> Waiting:
    user = row.user
    found = _grant(row)
    return Waiting(row.pk, user.username, user.display, user.agency, found, row.proposer, row.seen_hash, row.proposed_at, row.expires_at)


def decide_grant(proposal: int, approver: rules.Person, seen_hash: str, yes: bool, at: datetime) -> None:
    """A second person gives or refuses a proposed role. NoGrant, SamePerson, SeenOther, ApprovalExpired."""
    with transaction.atomic():
        row = Proposal.objects.select_for_update(of=("self",)).select_related("user").filter(pk=proposal, decided_at__isnull=True).first()
        if row is None:
            raise NoGrant(grant=proposal)
        waiting_for = rules.Approval(
            str(row.pk), "access.grant", f"person:{row.user.person}", row.seen_hash, row.proposer, "", row.expires_at
        )
        approval = rules.approve(waiting_for, approver.id, seen_hash, at) if yes else replace(waiting_for, approver=approver.id)
        kind = "access.granted" if yes else "access.grant_refused"
        said = {"role": row.role, "region": row.region, "seen": row.seen_hash}
        signed = (approval.proposer, approval.approver) if yes else ()
        draft = facts.Draft(kind, "", approval.subject, row.region, actor(approver), at, said, approvals=signed)
        prepared = record.prepare([draft], at)
        row.decided_by, row.decided_at, row.approved = approver.id, at, yes
        row.save(update_fields=["decided_by", "decided_at", "approved"])
        if yes:
            GrantRow.objects.create(
                user=row.user,
                role=row.role,
                region=row.region,
                from_at=row.from_at,
                until_at=row.until_at,
                entry_id=prepared[0].entry_id,
            )
        record.append(prepared, at=at)


def end_grant(grant: int, who: rules.Person, reason: str, at: datetime) -> None:
    """Ends a role at once: taking a right away needs no second person. NoGrant, ReasonMissing, OutsideRegion."""
    if not reason.strip():
        raise rules.ReasonMissing(act="access.grant")
    with transaction.atomic():
        row = GrantRow.objects.select_for_update(of=("self",)).select_related("user").filter(pk=grant).first()
        if row is None or row.from_at >= at or (row.until_at is not None and row.until_at <= at):
            raise NoGrant(grant=grant)
        rules.check_grant(_grant(row), row.user.agency, who, at)
        row.until_at = at
        row.save(update_fields=["until_at"])
        said = {"role": row.role, "region": row.region}
        draft = facts.Draft("access.grant_ended", "", f"person:{row.user.person}", row.region, actor(who), at, said, reason=reason.strip())
        record.append([draft], at=at)


# --- agreements -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signed:
    """An agreement with its title and mark, as the page shows it."""

    agreement: rules.Agreement
    title: str
    mark: str


def sign_agreement(agreement: rules.Agreement, title: str, actor: facts.Actor, at: datetime, mark: str = "") -> None:
    """A new agreement, or the next version of one."""
    with transaction.atomic():
        at = record.turn(at)
        _sign(agreement, title, actor, at, mark)


def _sign(agreement: rules.Agreement, title: str, actor: facts.Actor, at: datetime, mark: str, approvals: tuple[str, ...] = ()) -> None:
    said = {
        "version": agreement.version, "reader": agreement.reader, "kinds": sorted(agreement.kinds), "title": title,
        "from": record.stamp(agreement.from_at), "until": record.stamp(agreement.until_at), "mark": mark,
    }  # fmt: skip
    draft = facts.Draft("agreement.signed", "", f"agreement:{agreement.id}", agreement.region, actor, at, said, approvals=approvals)
    prepared = record.prepare([draft], at)
    AgreementRow.objects.create(
        code=agreement.id,
        version=agreement.version,
        title=title,
        reader=agreement.reader,
        kinds=sorted(agreement.kinds),
        region=agreement.region,
        from_at=agreement.from_at,
        until_at=agreement.until_at,
        mark=mark,
        entry_id=prepared[0].entry_id,
    )
    record.append(prepared, at=at)


@record.remembered
def signed(at: datetime) -> list[Signed]:
    """The newest version of each agreement, expired ones too, by code."""
    newest = {row.code: row for row in AgreementRow.objects.filter(from_at__lte=at).order_by("code", "version")}
    return [Signed(_agreement(row), row.title, row.mark) for row in newest.values()]


def versions(code: str, at: datetime) -> list[Signed]:
    """Every version of one agreement that had begun by then, the newest first; empty: no such agreement."""
    rows = AgreementRow.objects.filter(code=code, from_at__lte=at).order_by("-version")
    return [Signed(_agreement(row), row.title, row.mark) for row in rows]


def renew_agreement(code: str, seen: int, until_at: datetime, first: facts.Actor, second: facts.Actor, at: datetime) -> rules.Agreement:
    """The next version of an agreement: same readers, kinds and region, from now until an instant, signed by two people.

    `seen`: the version that was looked at. NoAgreement, SeenOther, SamePerson, EndsBeforeStart.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = AgreementRow.objects.filter(code=code).order_by("version").last()
        if row is None:
            raise NoAgreement(code=code)
        renewed = rules.renewed(_agreement(row), seen, until_at, first.person, second.person, at)
        _sign(renewed, row.title, first, at, row.mark, (first.person, second.person))
    return renewed


def _agreement(row: AgreementRow) -> rules.Agreement:
    return rules.Agreement(row.code, row.version, row.reader, frozenset(row.kinds), row.region, row.from_at, row.until_at)


def agreements(at: datetime) -> list[rules.Agreement]:
    """Agreements in force: of each the newest version."""
    return [s.agreement for s in signed(at) if s.agreement.holds(at)]


# --- deciding and logging --------------------------------------------------------------------------------------------------


def decide(
    person_: rules.Person,
    act: str,
    thing: rules.Thing,
    at: datetime,
    purpose: rules.Purpose | None = None,
    agreed: Sequence[rules.Agreement] | None = None,
) -> rules.Decision:
    """The policy's answer with the agreements in force and an open break-glass hour; an allowed read is logged before it happens.

    `purpose` and `agreed`: these two where the page has looked them up at this instant.
    """
    if purpose is None:
        purpose = rules.Purpose.EMERGENCY if glass_open(person_, at) else rules.Purpose.DUTY
    decision = rules.may(person_, act, thing, purpose, agreements(at) if agreed is None else agreed, at)
    if decision.allowed and act.endswith(".read"):
        log_read(person_, act, thing, decision, purpose, at)
    return decision


def scope(person_: rules.Person, act: str, kind: str, at: datetime) -> rules.Scope:
    """What `decide` would allow now, for lists: with the agreements in force and an open break-glass hour."""
    purpose = rules.Purpose.EMERGENCY if glass_open(person_, at) else rules.Purpose.DUTY
    return rules.scope(person_, act, kind, purpose, agreements(at), at)


def log_read(person_: rules.Person, act: str, thing: rules.Thing, decision: rules.Decision, purpose: rules.Purpose, at: datetime) -> None:
    """Reads above biasa and reads by break-glass singly; others as a count for the hour."""
    if thing.classification != "biasa" or decision.basis == "break-glass":
        LogRow.objects.create(
            read_at=at, person=person_.id, act=act, kind=thing.kind, thing=thing.id, place=thing.place,
            classification=thing.classification, purpose=purpose.value, basis=decision.basis,
        )  # fmt: skip
        return
    key = {"hour_at": at.replace(minute=0, second=0, microsecond=0), "agency": person_.agency, "act": act}
    if not Count.objects.filter(**key).update(reads=F("reads") + 1):
        Count.objects.get_or_create(**key, defaults={"reads": 0})
        Count.objects.filter(**key).update(reads=F("reads") + 1)


def break_glass(who: rules.Person, reason: str, region: str, at: datetime) -> None:
    """Opens an hour of emergency reading; everybody who reads the page of access sees it. ReasonMissing."""
    if len(reason.strip()) < 10:
        raise rules.ReasonMissing(act="break-glass")
    with transaction.atomic():
        until = at + rules.BREAK_GLASS
        draft = facts.Draft(
            "access.glass_broken", "", f"person:{who.id}", region, actor(who), at, {"until": record.stamp(until)},
            private={"reason": reason.strip()}, basis="break-glass",
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        Glass.objects.create(person=who.id, reason=reason.strip()[:400], from_at=at, until_at=until, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def glass_open(who: rules.Person, at: datetime) -> bool:
    """Whether this person has an emergency hour open."""
    return Glass.objects.filter(person=who.id, from_at__lte=at, until_at__gt=at).exists()


@dataclass(frozen=True)
class Emergency:
    """An emergency hour and what was read in it."""

    person: str
    reason: str
    from_at: datetime
    until_at: datetime
    reads: int


def emergencies(at: datetime) -> list[Emergency]:
    """All so far, the newest first."""
    return [
        Emergency(
            g.person, g.reason, g.from_at, g.until_at,
            LogRow.objects.filter(person=g.person, basis="break-glass", read_at__gte=g.from_at, read_at__lt=g.until_at).count(),
        )
        for g in Glass.objects.filter(from_at__lte=at).order_by("-pk")[:100]
    ]  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Names of the columns that a query by scope looks at; "" where the table has none (then the thing's default counts).

    `named` is a text column of ids between commas: ",p-ani,KPU,".
    """

    place: str = "place"
    classification: str = ""
    owner: str = ""
    tlp: str = ""
    case: str = ""
    named: str = ""


def q(scope: rules.Scope, columns: Columns) -> Q:
    """A scope as a condition: the rows whose things `may` would allow."""
    condition = _places(scope.regions, columns.place)
    if columns.tlp:
        condition &= ~Q(**{columns.tlp: "RED"}) | _named(columns, scope.person)
    if scope.emergency:
        return condition
    if columns.classification:
        condition &= Q(**{f"{columns.classification}__in": sorted(scope.clearances)})
    if columns.case:
        condition &= Q(**{columns.case: ""}) | Q(**{f"{columns.case}__in": sorted(scope.cases)})
    if columns.owner and not scope.by_law:
        shared = _places(scope.shared_regions, columns.place)
        if columns.tlp:
            shared &= ~Q(**{columns.tlp: "AMBER+STRICT"})
        own = Q(**{f"{columns.owner}__in": ["", scope.agency]})
        condition &= own | _named(columns, scope.person) | _named(columns, scope.agency) | shared
    return condition


def _named(columns: Columns, who: str) -> Q:
    return Q(**{f"{columns.named}__contains": f",{who},"}) if columns.named else Q(pk__in=[])


def _places(regions: tuple[str, ...], column: str) -> Q:
    condition = Q(pk__in=[])
    for region in regions:
        if region == "*":
            return Q()
        condition |= Q(**{column: region}) | Q(**{f"{column}__startswith": f"{region}."}) | Q(**{f"{column}__startswith": f"{region}:"})
    return condition


# --- signing in -----------------------------------------------------------------------------------------------------------


def locked_until(username: str, address: str, at: datetime) -> datetime | None:
    """When somebody may try again after too many wrong passwords for this account or from this address; None: now."""
    recent = Attempt.objects.filter(tried_at__gt=at - ATTEMPT_WINDOW)
    for rows, limit in ((recent.filter(username=username), ATTEMPTS_PER_USER), (recent.filter(address=address), ATTEMPTS_PER_ADDRESS)):
        times = list(rows.order_by("-tried_at").values_list("tried_at", flat=True)[:limit])
        if len(times) == limit:
            return times[-1] + ATTEMPT_WINDOW
    return None


def note_failure(username: str, address: str, at: datetime) -> None:
    """A wrong password; attempts older than a day are forgotten."""
    Attempt.objects.filter(tried_at__lt=at - timedelta(days=1)).delete()
    Attempt.objects.create(username=username[:60], address=address[:64], tried_at=at)


def note_success(username: str) -> None:
    """The right password clears the account's wrong ones."""
    Attempt.objects.filter(username=username[:60]).delete()


def countersign(
    first: rules.Person, username: str, password: str, act: str, thing: rules.Thing, at: datetime, machine_at: datetime, address: str = ""
) -> rules.Person:
    """A second person signs on the first one's screen with name and password; wrong tries count as at sign-in.

    The second must be another person with a right to `act` on the thing. SecondNotRecognised, SecondLocked, SamePerson, SecondMayNot.
    """
    name = username.strip().lower()[:60]
    until = locked_until(name, address, machine_at)
    if until is not None:
        raise rules.SecondLocked(minutes=max(1, -int((machine_at - until).total_seconds() // 60)))
    user = authenticate(None, username=name, password=password)
    if user is None:
        note_failure(name, address, machine_at)
        raise rules.SecondNotRecognised(person=name)
    note_success(name)
    second = person(user)
    if second.id == first.id:
        raise rules.SamePerson(act=act, person=second.id)
    if not rules.may(second, act, thing, rules.Purpose.DUTY, agreements(at), at).allowed:
        raise rules.SecondMayNot(act=act, person=name)
    return second


def new_password() -> str:
    """A first password to be handed over in person: 4 groups, about 78 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


# --- the inbox -------------------------------------------------------------------------------------------------------------


def waiting(person: rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Roles that wait for this second person, and agreements that end within 14, 7 or 1 days or ended lately: for both sides."""
    region = record.election(election).region

    def mine(act: str) -> bool:
        thing = rules.Thing("access", "", region)
        return rules.may(person, act, thing, rules.Purpose.DUTY, (), at).allowed

    tasks = []
    if mine("access.approve"):
        for asked in proposals(at):
            if asked.proposer != person.id:
                label = f"{asked.grant.role} untuk {asked.display}"
                tasks.append(facts.Task("access.approve", "access", f"proposal:{asked.id}", label, asked.expires_at))
    if mine("record.approve"):
        held = {g.role for g in person.grants if g.holds(at)}
        tasks += [
            facts.Task("record.erasure", "record", f"erasure:{one.code}", one.code, None, (one.code,))
            for one in record.erasures(election, at)
            if one.open and one.person != person.id and one.role not in held
            if one.agency == "KPU" or person.agency in {one.agency, "BAWASLU"}
        ]
    gives = mine("access.agree") or mine("access.grant")
    for agreed in signed(at):
        one = agreed.agreement
        kind = "access.agreement" if rules.warned(one, at) else "access.agreement_over" if rules.ended_lately(one, at) else ""
        if kind and (gives or rules.reads_by(person, one, at)):
            said = f"{agreed.title} ({one.id})"
            side = "" if gives else "_reader"
            tasks.append(facts.Task(kind + side, "access", f"agreement:{one.id}", said, one.until_at, (one.id,)))
    return tasks


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


def _erase_glass(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    Glass.objects.filter(entry_id=entry_id).update(reason=mark)
    return ()


WORDS: dict[str, record.Eraser] = {"access.glass_broken": _erase_glass}
