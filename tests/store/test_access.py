"""People in the store: roles by two people, agreements, emergencies, the log of reads, locked accounts; scope as a query."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import models

from posko.domain import access as rules
from posko.domain import record as facts
from posko.domain.access import Agreement, Grant, Purpose, Thing
from posko.store import access, record

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
DAY = timedelta(days=1)
HOME = "19.06"


def of(name: str) -> rules.Person:
    return access.person(get_user_model().objects.get(username=name))


def kinds(newest: int) -> list[str]:
    return list(record.Entry.objects.order_by("-leaf_index").values_list("kind", flat=True)[:newest])


def test_a_role_holds_only_after_a_second_person_has_approved_it(installation: Any) -> None:
    kartika, gita = of("kartika"), of("gita")
    proposal = access.propose_grant("indra", Grant("pemda.pejabat", "19.06.02", AT - DAY), kartika, AT)
    assert len(of("indra").grants) == 1
    (waiting,) = access.proposals(AT)
    assert [t.kind for t in access.waiting(gita, "pemilu-2024", AT)] == ["access.approve"]
    assert access.waiting(kartika, "pemilu-2024", AT) == []
    with pytest.raises(rules.SamePerson):
        access.decide_grant(proposal, kartika, waiting.seen_hash, True, AT)
    with pytest.raises(rules.SeenOther):
        access.decide_grant(proposal, gita, "0" * 64, True, AT)
    with pytest.raises(rules.ApprovalExpired):
        access.decide_grant(proposal, gita, waiting.seen_hash, True, AT + DAY)
    access.decide_grant(proposal, gita, waiting.seen_hash, True, AT)
    assert [g.region for g in of("indra").grants] == [HOME, "19.06.02"]
    with pytest.raises(access.NoGrant):
        access.decide_grant(proposal, gita, waiting.seen_hash, True, AT)
    assert kinds(2) == ["access.granted", "access.grant_proposed"]


def test_a_refused_proposal_gives_nothing(installation: Any) -> None:
    proposal = access.propose_grant("indra", Grant("pemda.pejabat", "19.06.02", AT), of("kartika"), AT)
    access.decide_grant(proposal, of("fajar"), access.proposals(AT)[0].seen_hash, False, AT)
    assert (len(of("indra").grants), access.proposals(AT), kinds(1)) == (1, [], ["access.grant_refused"])


def test_a_role_ends_at_once_with_a_reason(installation: Any) -> None:
    grant = next(pk for one in access.accounts() if one.username == "hadi" for pk, _ in one.grants)
    with pytest.raises(rules.ReasonMissing):
        access.end_grant(grant, of("kartika"), " ", AT)
    access.end_grant(grant, of("kartika"), "mutasi", AT)
    assert rules.may(of("hadi"), "aght.read", Thing("aght", "", HOME), Purpose.DUTY, (), AT).code == "expired"
    with pytest.raises(access.NoGrant):
        access.end_grant(grant, of("kartika"), "mutasi", AT)


def test_an_account_with_a_taken_name_or_anothers_role_is_refused(installation: Any) -> None:
    admin = installation.actors["kartika"]
    with pytest.raises(access.UserExists):
        access.add_user("ani", "x" * 12, "Ani", "KPU", [], admin, AT)
    with pytest.raises(rules.WrongAgency):
        access.add_user("baru", "x" * 12, "Baru", "KPU", [Grant("kejari.analis", HOME, AT)], admin, AT)
    with pytest.raises(rules.SecretRefused):
        access.add_user("baru", "x" * 12, "Baru", "KPU", [], admin, AT, "sangat rahasia")


def test_of_an_agreement_only_the_newest_version_counts(installation: Any) -> None:
    gita = installation.actors["gita"]
    for version, until in ((1, AT + 90 * DAY), (2, AT + 5 * DAY)):
        said = Agreement("PKS-9", version, "PEMDA", frozenset({"aght"}), HOME, AT, until)
        access.sign_agreement(said, "Berbagi", gita, AT)
    assert [(a.id, a.version) for a in access.agreements(AT) if a.id == "PKS-9"] == [("PKS-9", 2)]
    assert [t.subject for t in access.waiting(of("gita"), "pemilu-2024", AT)] == ["agreement:PKS-9"]
    assert [a.id for a in access.agreements(AT + 5 * DAY) if a.id == "PKS-9"] == []


def test_reads_above_biasa_are_logged_singly_others_counted_by_the_hour(installation: Any) -> None:
    ani = of("ani")
    for minute in range(3):
        access.decide(ani, "needs.read", Thing("needs", "", HOME), AT + timedelta(minutes=minute))
    access.decide(ani, "aght.read", Thing("aght", "AGHT-1", HOME, classification="terbatas"), AT)
    assert not access.decide(ani, "reports.read", Thing("reports", "1", HOME, classification="terbatas"), AT).allowed
    assert list(access.Count.objects.values_list("agency", "act", "reads")) == [("KPU", "needs.read", 3)]
    assert list(access.LogRow.objects.values_list("person", "thing", "basis")) == [("p-ani", "AGHT-1", "own")]


def test_an_emergency_opens_an_hour_in_the_open(installation: Any) -> None:
    hadi, secret = of("hadi"), Thing("aght", "AGHT-1", HOME, owner="KEJARI", classification="rahasia")
    assert access.decide(hadi, "aght.read", secret, AT).code == "clearance"
    with pytest.raises(rules.ReasonMissing):
        access.break_glass(hadi, "penting", HOME, AT)
    access.break_glass(hadi, "massa menuju gudang malam ini", HOME, AT)
    assert access.decide(hadi, "aght.read", secret, AT).basis == "break-glass"
    assert access.decide(hadi, "aght.read", secret, AT + timedelta(minutes=60)).allowed is False
    (seen,) = access.emergencies(AT)
    assert (seen.person, seen.reads) == ("p-hadi", 1)
    assert kinds(1) == ["access.glass_broken"]


def test_too_many_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(installation: Any) -> None:
    for second in range(5):
        assert access.locked_until("ani", "10.0.0.1", AT + timedelta(seconds=second)) is None
        access.note_failure("ani", "10.0.0.1", AT + timedelta(seconds=second))
    assert access.locked_until("ani", "10.0.0.2", AT + timedelta(minutes=1)) == AT + timedelta(minutes=15)
    assert access.locked_until("budi", "10.0.0.1", AT + timedelta(minutes=1)) is None
    assert access.locked_until("ani", "10.0.0.1", AT + timedelta(minutes=16)) is None
    access.note_success("ani")
    assert access.locked_until("ani", "10.0.0.1", AT + timedelta(minutes=1)) is None


def test_the_password_is_stored_with_argon2_and_its_change_is_recorded_without_it(installation: Any) -> None:
    user = get_user_model().objects.get(username="ani")
    assert user.password.startswith("argon2$argon2id$")
    access.change_password(user, "kereta malam ke manggar", AT)
    assert user.check_password("kereta malam ke manggar")
    entry = record.leaves("pemilu-2024", newest=1)[0]
    assert (entry.kind, entry.facts, entry.private) == ("person.password_changed", {}, "none")


PLACES = ("19.06", "19.060", "19.06.02", "19.06.02.2001", "19.06:G01", "19.02", "19")


@pytest.mark.parametrize("name", ["ani", "budi", "citra", "hadi", "juwita", "kartika", "dedi"])
@pytest.mark.parametrize("purpose", [Purpose.DUTY, Purpose.EMERGENCY])
@pytest.mark.parametrize("act", ["aght.read", "readiness.check"])
def test_a_query_by_scope_finds_what_may_allows(installation: Any, name: str, purpose: Purpose, act: str) -> None:
    """The log of reads has the columns of a thing: it stands in for any table."""
    kind, who = act.partition(".")[0], of(name)
    for number, place in enumerate(PLACES * 3):
        level = sorted(rules.LEVELS)[number % 3]
        access.LogRow.objects.create(
            read_at=AT, person=["", "KEJARI", "POLRES"][number // len(PLACES)], act="x", kind=kind, thing=str(number), place=place,
            classification=level, purpose=rules.TLP[number % 5], basis=",p-citra,KPU," if number % 2 else "",
        )  # fmt: skip
    agreements = access.agreements(AT)
    columns = access.Columns(classification="classification", owner="person", tlp="purpose", named="basis")
    found = access.q(rules.scope(who, act, kind, purpose, agreements, AT), columns)
    rows: models.QuerySet[access.LogRow] = access.LogRow.objects.filter(act="x")

    def thing(row: access.LogRow) -> Thing:
        named = frozenset(n for n in row.basis.split(",") if n)
        return Thing(kind, row.thing, row.place, row.person, row.classification, row.purpose, "", named)

    allowed = {r.pk for r in rows if rules.may(who, act, thing(r), purpose, agreements, AT).allowed}
    assert set(rows.filter(found).values_list("pk", flat=True)) == allowed


# --- a second person on the same screen ------------------------------------------------------------------------------------

BOX = rules.Thing("packing", "", "19.06")
MACHINE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def countersigned(cast: Any, username: str, password: str = "posko-demo", act: str = "packing.witness") -> rules.Person:
    return access.countersign(cast["ani"], username, password, act, BOX, AT, MACHINE_AT)


def test_oki_signs_as_the_second_person_on_anis_screen(cast: Any) -> None:
    assert countersigned(cast, "Oki ").id == cast["oki"].id


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [
        ("ani", "posko-demo", "access.same_person"),
        ("oki", "salah", "access.second_not_recognised"),
        ("tidak-ada", "posko-demo", "access.second_not_recognised"),
        ("citra", "posko-demo", "access.second_may_not"),
        ("dedi", "posko-demo", "access.second_may_not"),
    ],
)
def test_the_second_person_is_another_one_known_and_entitled_here(cast: Any, username: str, password: str, code: str) -> None:
    with pytest.raises(facts.Refusal) as refused:
        countersigned(cast, username, password)
    assert refused.value.code == code


def test_wrong_passwords_of_a_second_person_lock_the_account_as_at_sign_in(cast: Any) -> None:
    for _ in range(5):
        with pytest.raises(rules.SecondNotRecognised):
            countersigned(cast, "oki", "salah")
    with pytest.raises(rules.SecondLocked) as refused:
        countersigned(cast, "oki")
    assert 0 < int(refused.value.facts["minutes"]) <= 15
