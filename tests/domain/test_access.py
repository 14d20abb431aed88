"""Who may: denied by default, by region, time, mark and basis; scope says the same as may."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posko.domain import access
from posko.domain.access import Agreement, Grant, Person, Purpose, Thing

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
SINCE = AT - timedelta(days=100)
HOME = "19.06"


def person(role: str, region: str = HOME, clearance: str = "terbatas", **more: frozenset[str]) -> Person:
    return Person(f"p-{role}", access.ROLES[role], (Grant(role, region, SINCE),), clearance, **more)


ani, budi, citra = person("kpu.operator"), person("ppk.anggota", "19.06.02"), person("kejari.analis", clearance="rahasia")
gita, hadi, juwita = person("kejari.pimpinan"), person("polres.perwira"), person("bawaslu.pengawas", clearance="rahasia")
kartika, dedi = person("admin.sistem"), person("kpu.operator", "19.02")


def may(who: Person, act: str, thing: Thing, purpose: Purpose = Purpose.DUTY, agreements: Iterable[Agreement] = ()) -> str:
    """ "yes:<basis>" or "no:<code>"."""
    decision = access.may(who, act, thing, purpose, agreements, AT)
    return f"yes:{decision.basis}" if decision.allowed else f"no:{decision.code}"


def test_what_is_in_no_table_is_denied() -> None:
    for who in (ani, citra, juwita, kartika):
        assert may(who, "aght.rewrite", Thing("aght", "1", HOME)) == "no:role"
    assert may(Person("p-x", "KPU", ()), "needs.read", Thing("needs", "", HOME)) == "no:role"


def test_dedi_of_another_regency_sees_nothing_here() -> None:
    assert may(dedi, "needs.read", Thing("needs", "", HOME)) == "no:region"
    assert may(dedi, "needs.read", Thing("needs", "", "19.02")) == "yes:own"


def test_budi_acts_in_his_kecamatan_only() -> None:
    assert may(budi, "readiness.check", Thing("readiness", "", "19.06.02.2001.003")) == "yes:own"
    assert may(budi, "readiness.check", Thing("readiness", "", "19.06.01.2001.003")) == "no:region"
    assert may(budi, "aght.read", Thing("aght", "1", "19.06.02")) == "no:role"


@pytest.mark.parametrize(
    ("place", "region", "inside"),
    [
        ("19.06", "19.06", True), ("19.06.02.2001.001", "19.06", True), ("19.06:G01", "19.06", True), ("19.06", "19", True),
        ("19.06", "19.0", False), ("19.060", "19.06", False), ("19.06", "19.06.02", False), ("19.06", "", False), ("", "", False),
        ("", "19.06", False), ("94.01", "*", True),
    ],
)  # fmt: skip
def test_a_region_ends_at_a_component(place: str, region: str, inside: bool) -> None:
    assert access.within(place, region) is inside


def test_a_grant_holds_from_its_first_to_before_its_last_instant() -> None:
    grant = Grant("kpu.operator", HOME, AT, AT + timedelta(days=1))
    assert [grant.holds(AT + timedelta(seconds=s)) for s in (-1, 0, 86_399, 86_400)] == [False, True, True, False]
    late = Person("p-x", "KPU", (Grant("kpu.operator", HOME, SINCE, AT),))
    assert may(late, "needs.read", Thing("needs", "", HOME)) == "no:expired"
    with pytest.raises(access.EndsBeforeStart):
        Grant("kpu.operator", HOME, AT, AT)


def test_sangat_rahasia_has_no_place_here() -> None:
    with pytest.raises(access.SecretRefused):
        Thing("aght", "1", HOME, classification="sangat rahasia")
    with pytest.raises(access.SecretRefused):
        Person("p-x", "KPU", (), "sangat rahasia")


def test_classification_needs_clearance() -> None:
    secret = Thing("aght", "1", HOME, classification="rahasia")
    assert may(citra, "aght.read", secret) == "yes:own"
    assert may(ani, "aght.read", secret) == "no:clearance"


def test_red_is_for_named_persons_only_and_no_emergency_opens_it() -> None:
    red = Thing("aght", "1", HOME, tlp="RED", named=frozenset({citra.id}))
    assert may(citra, "aght.read", red) == "yes:own"
    assert may(juwita, "aght.read", red) == "no:named"
    assert may(juwita, "aght.read", red, Purpose.EMERGENCY) == "no:named"


def test_another_agencys_thing_needs_law_or_an_agreement_or_an_address() -> None:
    theirs = Thing("aght", "1", HOME, owner="KEJARI")
    shared = Agreement("PKS-1", 1, "POLRES", frozenset({"aght"}), HOME, SINCE, AT + timedelta(days=1))
    assert may(citra, "aght.read", theirs) == "yes:own"
    assert may(juwita, "aght.read", theirs) == "yes:law"
    assert may(hadi, "aght.read", theirs) == "no:agreement"
    assert may(hadi, "aght.read", theirs, agreements=[shared]) == "yes:agreement"
    over = Agreement("PKS-1", 1, "POLRES", frozenset({"aght"}), HOME, SINCE, AT)
    assert may(hadi, "aght.read", theirs, agreements=[over]) == "no:agreement"
    elsewhere = Agreement("PKS-1", 1, "POLRES", frozenset({"aght"}), "19.02", SINCE, AT + timedelta(days=1))
    assert may(hadi, "aght.read", theirs, agreements=[elsewhere]) == "no:agreement"
    assert may(ani, "aght.read", Thing("aght", "1", HOME, owner="KEJARI", named=frozenset({"KPU"}))) == "yes:own"
    strict = Thing("aght", "1", HOME, owner="KEJARI", tlp="AMBER+STRICT")
    assert may(hadi, "aght.read", strict, agreements=[shared]) == "no:tlp"


def test_the_law_gives_bawaslu_reads_and_nothing_else() -> None:
    assert may(juwita, "rakor.answer", Thing("rakor", "1", HOME, owner="KPU")) == "no:agreement"
    reads = {act for act in access.POLICY if act.endswith(".read")}
    assert all("bawaslu.pengawas" in access.POLICY[act] for act in reads)
    writes = {act for act, roles in access.POLICY.items() if "bawaslu.pengawas" in roles} - reads
    assert writes == {
        "export",
        "reports.file",
        "reports.guard",
        "requests.ask",
        "requests.answer",
        "rakor.reply",
        "materials.bring",
        "disputes.raise",
        "disputes.settle",
        "minutes.sign",
        "bundles.take",
        "neutrality.run",
        "neutrality.register",
        "posts.rollup",
        "misuse.file",
        "misuse.answer",
        "record.sealed",
        "aght.acknowledge",
        "thresholds.acknowledge",
        "rakor.answer",
        "record.drafts",
        "record.approve",
        "products.receive",
        "recommendations.receive",
        "recommendations.answer",
    }


def test_break_glass_lifts_clearance_and_agreement_for_reads_never_role_or_region() -> None:
    secret = Thing("aght", "1", HOME, owner="KEJARI", classification="rahasia")
    assert may(hadi, "aght.read", secret, Purpose.EMERGENCY) == "yes:break-glass"
    assert may(hadi, "reports.read", secret, Purpose.EMERGENCY) == "no:role"
    assert may(dedi, "aght.read", secret, Purpose.EMERGENCY) == "no:region"
    assert may(citra, "aght.assess", Thing("aght", "1", HOME, owner="KPU"), Purpose.EMERGENCY) == "no:agreement"


def test_duties_are_segregated() -> None:
    assert access.POLICY["recommendations.draft"].isdisjoint(access.POLICY["recommendations.approve"])
    assert access.POLICY["recommendations.issue"] == {"kejari.pimpinan"}
    assert {r for r in access.POLICY["recommendations.answer"] if r.startswith("kpu.")} == {"kpu.pimpinan"}
    assert access.POLICY["recommendations.answer"].isdisjoint(access.POLICY["recommendations.review"])
    seen_by_admin = {act for act, roles in access.POLICY.items() if "admin.sistem" in roles}
    assert not {a for a in seen_by_admin if a.startswith(("aght.", "reports.", "recommendations.", "rakor."))}
    assert {"access.grant", "clock.set"} <= seen_by_admin
    assert set().union(*access.POLICY.values()) <= set(access.ROLES)


def test_a_second_person_approves_exactly_what_was_proposed_within_a_day() -> None:
    pending = access.Approval("1", "access.grant", "person:p-x", "abc", "p-kartika", "", AT + access.APPROVAL_WAITS)
    assert access.approve(pending, "p-gita", "abc", AT).approver == "p-gita"
    with pytest.raises(access.SamePerson):
        access.approve(pending, "p-kartika", "abc", AT)
    with pytest.raises(access.SeenOther):
        access.approve(pending, "p-gita", "abd", AT)
    with pytest.raises(access.ApprovalExpired):
        access.approve(pending, "p-gita", "abc", AT + access.APPROVAL_WAITS)


def test_nobody_proposes_a_role_of_another_agency_or_beyond_his_region() -> None:
    access.check_grant(Grant("kpu.operator", "19.06", AT), "KPU", kartika, AT)
    with pytest.raises(access.WrongAgency):
        access.check_grant(Grant("kpu.operator", "19.06", AT), "KEJARI", kartika, AT)
    with pytest.raises(access.OutsideRegion):
        access.check_grant(Grant("kpu.operator", "19.02", AT), "KPU", kartika, AT)
    with pytest.raises(access.UnknownRole):
        access.check_grant(Grant("kpu.raja", "19.06", AT), "KPU", kartika, AT)


@pytest.mark.parametrize(("days", "warning"), [(15, 0), (14, 14), (8, 14), (7, 7), (1, 1), (0.5, 1), (0, 0), (-1, 0)])
def test_the_end_of_an_agreement_is_warned_14_7_and_1_days_before(days: float, warning: int) -> None:
    agreement = Agreement("PKS-1", 1, "POLRES", frozenset({"aght"}), HOME, SINCE, AT + timedelta(days=days))
    assert access.warned(agreement, AT) == warning


def test_a_ppk_reaches_its_own_part_of_the_regency() -> None:
    assert access.reach(budi, "needs.read", HOME, AT) == "19.06.02"
    assert access.reach(ani, "needs.read", HOME, AT) == HOME
    assert access.reach(dedi, "needs.read", HOME, AT) == HOME
    assert may(dedi, "needs.read", Thing("needs", "", access.reach(dedi, "needs.read", HOME, AT))) == "no:region"


PLACES = st.sampled_from(["19", "19.0", "19.06", "19.060", "19.06.02", "19.06.02.2001.001", "19.06:G01", "19.02", "19.02.01", ""])
REGIONS = st.sampled_from(["*", "19", "19.06", "19.06.02", "19.02"])
AGENCY = st.sampled_from(["KPU", "KEJARI", "POLRES", "BAWASLU"])
HOURS = st.integers(-3, 3).map(lambda h: AT + timedelta(hours=h))
GRANTS = st.builds(
    lambda role, region, start, length: Grant(role, region, start, start + timedelta(hours=length) if length else None),
    st.sampled_from(sorted(access.ROLES)), REGIONS, HOURS, st.integers(0, 3),
)  # fmt: skip
PEOPLE = st.builds(
    Person, st.sampled_from(["p-1", "p-2"]), AGENCY, st.lists(GRANTS, max_size=3).map(tuple), st.sampled_from(sorted(access.LEVELS)),
    st.frozensets(st.sampled_from(["K1", "K2"])),
)  # fmt: skip
THINGS = st.builds(
    Thing, st.sampled_from(["aght", "reports"]), st.just("1"), PLACES, AGENCY | st.just(""), st.sampled_from(sorted(access.LEVELS)),
    st.sampled_from(access.TLP), st.sampled_from(["", "K1"]), st.frozensets(st.sampled_from(["p-1", "KPU", "POLRES"])),
)  # fmt: skip
AGREEMENTS = st.builds(
    lambda reader, kinds, region, start: Agreement("A", 1, reader, kinds, region, start, start + timedelta(hours=2)),
    AGENCY, st.frozensets(st.sampled_from(["aght", "reports"])), REGIONS, HOURS,
)  # fmt: skip


@settings(max_examples=300)
@given(
    PEOPLE, st.sampled_from(["aght.read", "aght.assess", "reports.read", "reports.file"]), st.lists(THINGS, max_size=8),
    st.sampled_from(list(Purpose)), st.lists(AGREEMENTS, max_size=2),
)  # fmt: skip
def test_the_scope_holds_exactly_the_things_that_may_allows(
    who: Person, act: str, things: list[Thing], purpose: Purpose, agreements: list[Agreement]
) -> None:
    kind = act.partition(".")[0]
    found = access.scope(who, act, kind, purpose, agreements, AT)
    asked = [t for t in things if t.kind == kind]
    assert [t for t in asked if found.covers(t)] == [t for t in asked if access.may(who, act, t, purpose, agreements, AT).allowed]


# --- what the post was told and concluded (docs/decisions/0010) ------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "decided_at"),
    [
        ("19.06.02.2001.001", "19.06.02.2001.001"), ("19.06.02", "19.06.02"), ("19.06", "19.06"), ("", "19.06"), ("19.06:G01", "19.06"),
        ("19.02.01", "19.06"), ("19.060.02", "19.06"), ("kata", "19.06"),
    ],
)  # fmt: skip
def test_a_thing_without_a_place_or_at_a_site_is_the_regions(place: str, decided_at: str) -> None:
    assert access.belongs(place, HOME) == decided_at
    assert access.owned("reports.read", "LAP-1", place, HOME).place == decided_at


def test_what_the_post_concludes_belongs_to_the_kejari_and_what_is_filed_to_nobody() -> None:
    assert access.owned("aght.read", "1", HOME, HOME) == Thing("aght", "1", HOME, "KEJARI", "terbatas", named=frozenset({"KPU"}))
    assert access.owned("aght.assess", "1", HOME, HOME).named == frozenset()
    assert access.owned("reports.file", "", HOME, HOME).owner == ""
    assert set(access.OWNERS) <= set(access.POLICY)
    assert set(access.ADDRESSED) <= set(access.OWNERS)
    reads = {act: {person_.id for person_ in (ani, citra, gita, hadi, juwita, kartika)
                   if access.may(person_, act, access.owned(act, "1", HOME, HOME), Purpose.DUTY, (), AT).allowed}
             for act in ("aght.read", "reports.read", "aght.acknowledge", "aght.assess")}  # fmt: skip
    assert reads == {
        "aght.read": {ani.id, citra.id, gita.id, juwita.id}, "reports.read": {citra.id, gita.id, juwita.id},
        "aght.acknowledge": {juwita.id}, "aght.assess": {citra.id},
    }  # fmt: skip


def shared(region: str, until_at: datetime = AT + timedelta(days=1)) -> Agreement:
    return Agreement("PKS-1", 1, "POLRES", frozenset({"aght"}), region, SINCE, until_at)


@pytest.mark.parametrize(
    ("roles", "agreed", "areas"),
    [
        (["19.06"], ["19.06"], ("19.06",)), (["19.06"], [], ()), (["19.06"], ["19.06.02"], ("19.06.02",)),
        (["19.06.02"], ["19.06"], ("19.06.02",)), (["19.06.02"], ["19.06.03"], ()),
        (["19.06.02", "19.06.05"], ["19.06"], ("19.06.02", "19.06.05")),
        (["19.06.02"], ["19.06.02.2001"], ("19.06.02.2001",)), (["19.06.02", "19.06.02.2001"], ["19.06"], ("19.06.02",)),
        (["19.02"], ["19.06"], ()), (["*"], ["*"], ("19.06",)),
    ],
)  # fmt: skip
def test_where_somebody_reads_is_the_overlap_of_role_and_agreement(roles: list[str], agreed: list[str], areas: tuple[str, ...]) -> None:
    police = Person("p-x", "POLRES", tuple(Grant("polres.perwira", region, SINCE) for region in roles))
    scope = access.scope(police, "aght.read", "aght", Purpose.DUTY, [shared(region) for region in agreed], AT)
    assert scope.areas(access.owned("aght.read", "", HOME, HOME, frozenset())) == areas


@given(
    st.sampled_from(["19.06", "19.06.02", "19.06.02.2001", "19.06:G01", "", "19.06.05.2001.001"]), st.sampled_from(sorted(access.OWNERS))
)
def test_reaches_says_what_may_says(place: str, act: str) -> None:
    for who in (ani, budi, citra, gita, hadi, juwita, kartika, dedi, person("kejari.analis", "19.06.02")):
        for agreed in ([], [shared("19.06.02")], [shared(HOME)], [shared(HOME, AT)]):
            scope = access.scope(who, act, act.partition(".")[0], Purpose.DUTY, agreed, AT)
            allowed = access.may(who, act, access.owned(act, "1", place, HOME), Purpose.DUTY, agreed, AT).allowed
            assert scope.reaches("1", place, HOME) is allowed


def test_the_next_version_is_signed_by_two_who_saw_the_last_one() -> None:
    old = shared("19.06.02", AT)
    new = access.renewed(old, 1, AT + timedelta(days=9), "p-gita", "p-kartika", AT)
    assert (new.version, new.reader, new.kinds, new.region, new.from_at) == (2, old.reader, old.kinds, old.region, AT)
    with pytest.raises(access.SeenOther):
        access.renewed(old, 2, AT + timedelta(days=9), "p-gita", "p-kartika", AT)
    with pytest.raises(access.SamePerson):
        access.renewed(old, 1, AT + timedelta(days=9), "p-gita", "p-gita", AT)
    with pytest.raises(access.EndsBeforeStart):
        access.renewed(old, 1, AT, "p-gita", "p-kartika", AT)


def test_an_ended_agreement_is_remembered_for_fourteen_days_by_those_who_read_by_it() -> None:
    old = shared(HOME, AT)
    said = [access.ended_lately(old, AT + timedelta(days=d, seconds=s)) for d, s in ((0, -1), (0, 0), (14, 0), (14, 1))]
    assert said == [False, True, True, False]
    assert access.reads_by(hadi, old, AT)
    assert access.reads_by(person("polres.perwira", "19.06.02"), old, AT)
    assert not access.reads_by(person("polres.perwira", "19.02"), old, AT)
    assert not access.reads_by(ani, old, AT)
    assert not access.reads_by(Person("p-y", "POLRES", (Grant("polres.perwira", HOME, SINCE, AT),)), old, AT)
