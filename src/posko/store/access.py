"""Stage access: people, grants, agreements, and the log of reads."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models, transaction

from posko.domain import access as rules
from posko.domain import record as facts
from posko.store import record


class Users(BaseUserManager["User"]):
    """Finds users by their name."""


class User(AbstractBaseUser):
    """An account. `person` is the pseudonym that the journal knows."""

    username = models.CharField(max_length=60, unique=True)
    person = models.CharField(max_length=40, unique=True)
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
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    region = models.CharField(max_length=40)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_grant"


def person(user: Any) -> rules.Person:
    """The person of an account with its grants."""
    grants = tuple(rules.Grant(g.role, g.region, g.from_at, g.until_at) for g in GrantRow.objects.filter(user_id=user.pk))
    return rules.Person(user.person, user.agency, grants, user.clearance)


def add_user(username: str, password: str, display: str, agency: str, grants: Iterable[rules.Grant], actor: facts.Actor, at: datetime) -> facts.Actor:
    """A new account with its roles."""
    with transaction.atomic():
        user = User(username=username, person=f"p-{username}", display=display, agency=agency)
        user.set_password(password)
        user.save()
        granted = list(grants)
        GrantRow.objects.bulk_create(GrantRow(user=user, role=g.role, region=g.region, from_at=g.from_at, until_at=g.until_at) for g in granted)
        record.append([facts.Draft("person.added", "", f"person:{user.person}", "", actor, at,
                                   {"agency": agency, "roles": [f"{g.role}@{g.region}" for g in granted]})], at)  # fmt: skip
    return facts.Actor(user.person, agency)


def agreements(at: datetime) -> list[rules.Agreement]:
    """Agreements in force."""
    del at
    return []


def decide(person_: rules.Person, act: str, thing: rules.Thing, at: datetime) -> rules.Decision:
    """The policy's answer with the agreements in force."""
    return rules.may(person_, act, thing, rules.Purpose.DUTY, agreements(at), at)


def display_name(user: Any) -> str:
    """The name on the screen."""
    return str(user.display)
