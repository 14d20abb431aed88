"""Words are erased by two people: out of the journal and out of every table that copies them; facts, hashes and figures stay."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from posko.cli.demo import aght as aght_step
from posko.cli.demo import merging as merging_step
from posko.cli.demo import places as places_step
from posko.cli.demo import posts as posts_step
from posko.cli.demo import reports as reports_step
from posko.cli.demo.context import EVE_AT, Context
from posko.desk import record as journal
from posko.domain import aght as aght_rules
from posko.domain import dpt as dpt_rules
from posko.domain import places as place_rules
from posko.domain import record as rules
from posko.domain import reports as report_rules
from posko.domain.record import Actor
from posko.store import aght, dpt, merging, minutes, places, posts, rakor, record, releases, reports
from tests import beltim

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
GITA, CITRA, JUWITA, FAJAR = Actor("p-gita", "KEJARI"), Actor("p-citra", "KEJARI"), Actor("p-juwita", "BAWASLU"), Actor("p-fajar", "KPU")
ROLE = "kejari.pimpinan"
OTHER = frozenset({"kejari.analis"})
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
LATE = EVE_AT + timedelta(days=1)


@pytest.fixture
def post(installation: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """Places and the demo's reports, logbooks, merges and AGHT; every TPS has 264 voters."""
    context = Context(root=Path(__file__).resolve().parents[2], var=tmp_path, say=lambda _text: None, people=dict(installation.actors))
    places_step.run(context)
    voters = {t.code: dpt_rules.TpsVoters(t.code, 264, estimate=True) for t in places.tps_list(E)}
    monkeypatch.setattr(dpt, "voters", lambda _election, _at: voters)
    for step in (reports_step, posts_step, merging_step, aght_step):
        step.run(context)
    return installation


DESA, TPS = "19.06.02.2001", "19.06.02.2001.001"


@pytest.fixture
def small(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One TPS, two reports of one chain, one item that rests on both."""
    listed = [place_rules.Tps(TPS, 1, TPS, DESA, "Gantung", DESA[:8], "Gantung", "reguler", "", False, 0.0, 0.0)]
    monkeypatch.setattr(places, "tps_list", lambda _election: listed)
    monkeypatch.setattr(places, "desa_list", lambda _region: [place_rules.Desa(DESA, "Gantung", DESA[:8], "Gantung", 0.0, 0.0)])
    for name in ("kecamatan_list", "sites", "sea_legs"):
        monkeypatch.setattr(places, name, lambda _region: [])
    monkeypatch.setattr(dpt, "voters", lambda _election, _at: {TPS: dpt_rules.TpsVoters(TPS, 200, estimate=True)})
    at = AT
    for _ in range(2):
        filing = report_rules.filing(
            "Jalan ke desa Pak Budi terputus", category=report_rules.Category.GEO, channel=report_rules.Channel.PHONE,
            source=report_rules.Source.KPU, place=DESA, at=at,
        )  # fmt: skip
        reports.file_report(E, filing, reports.PUBLIC_ACTOR, at)
        number = reports.listing(E, at)[0].number
        said = {"claim": "Jalan terputus menurut Pak Budi", "chain": "grup Pak Budi", "basis": "dibaca", "actor": CITRA, "at": at}
        aght.grade_source(E, number, source="F", **said)
        aght.grade_information(E, number, information="2", basis="dibaca", actor=CITRA, at=at)
    code = aght.open_item(
        E, title="Jalan Pak Budi terputus", place=DESA, answers=aght_rules.Answers(True, happening=True), claim="Jalan terputus",
        gatra="geografi", variable="6", shares=aght_rules.Shares(10, 50, 100), last_useful_at=at + timedelta(days=60), report="LAP-001",
        actor=CITRA, at=at,
    )  # fmt: skip
    aght.attach(E, code, "LAP-002", CITRA, at)
    return installation


# Numbers, times, hashes, one of a list, a part that all minutes have.
CODE = re.compile(r".{0,3}|Pembukaan|Lain-lain|Penutup|[A-Z]+-[0-9]+|[0-9T:+.Z-]+|[0-9a-f]{64}|[a-z_]+")


def texts(value: Any) -> Iterator[str]:
    """Every text inside a private part."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def privates() -> dict[str, tuple[str, set[str]]]:
    """Entry -> its kind and the sentences in its private part."""
    kinds = dict(record.Entry.objects.values_list("entry_id", "kind"))
    rows = record.Opening.objects.exclude(private=None).values_list("entry_id", "private")
    return {e: (kinds[e], {t for t in texts(json.loads(bytes(p))) if not CODE.fullmatch(t)}) for e, p in rows}


def everything() -> str:
    """Every text that stands in any table but the journal's own openings, frozen papers among them."""
    frozen = (rakor.Snapshot, rakor.RakorInvitation, minutes.MinutesFinal)
    found = [bytes(content).decode() for model in frozen for content in model.objects.values_list("content", flat=True)]
    for model in apps.get_app_config("store").get_models():
        if model._meta.db_table == "journal_opening":
            continue
        names = [f.attname for f in model._meta.concrete_fields if isinstance(f, models.CharField | models.TextField | models.JSONField)]
        for row in model.objects.values_list(*names) if names else ():
            found += [json.dumps(cell, ensure_ascii=False) for cell in row]
    return "\n".join(found)


def erase(entries: list[str], at: datetime = LATE) -> str:
    election = str(record.Entry.objects.get(entry_id=entries[0]).election) or E
    code = record.propose_erasure(election, entries, "personal", GITA, ROLE, at, journal.words().keys())
    record.decide_erasure(election, code, rules.Verdict.ERASED, CITRA, OTHER, at, journal.words(), journal.quotes())
    return code


def facts() -> dict[str, bytes]:
    return {e: bytes(f) for e, f in record.Opening.objects.values_list("entry_id", "facts")}


def judge() -> set[str]:
    """Erases one entry of every kind that has words; gives the kinds. Each time nothing of it is left anywhere."""
    for code in [s.code for s in rakor.snapshots(E, LATE)]:
        assert rakor.snapshot(E, code, LATE), "a pack whose words were erased still has its digest"
    digests = _digests()
    known = privates()
    assert {kind for kind, _ in known.values()} <= set(journal.words()) | set(journal.STAYS), "an eraser in WORDS, or a reason in STAYS"
    for kind in sorted({kind for kind, _ in known.values()} & set(journal.words())):
        left = privates()
        mine = next(
            (e for e, (k, said) in left.items() if k == kind and any(not _elsewhere(t, e, left) for t in said)),
            next(e for e, (k, _) in left.items() if k == kind),
        )
        before = facts()
        stays = b"\n".join(before.values()).decode()  # where a meeting is held: a label, see test_plain
        own = {t for t in left[mine][1] if not _elsewhere(t, mine, left) and json.dumps(t, ensure_ascii=False) not in stays}
        erase([mine])
        assert record.Opening.objects.get(entry_id=mine).private is None, kind
        assert {e: f for e, f in facts().items() if e in before} == before, kind
        table = everything()
        assert [t for t in own if json.dumps(t, ensure_ascii=False)[1:-1] in table] == [], kind
    assert record.verify().faults == ()
    assert _digests() == digests, "packs, letters, minutes and publications are read with the hash they had"
    return {kind for kind, _ in known.values()}


def _digests() -> dict[str, str]:
    """What was frozen, read as the screens read it: each refuses to be read where its bytes neither fit nor say that words were erased."""
    held = {s.code: s.digest for s in rakor.snapshots(E, LATE)} | {f.code: f.current for f in minutes.listing(E, LATE)}
    letters = [i for m in rakor.meetings(E, LATE) for i in rakor.invitations(E, m.code, LATE)]
    public = {f"release:{one.number}": releases.get(E, one.number, LATE, closed=True).digest for one in releases.history(E, LATE)}
    return held | public | {f"{i.meeting}/{i.version}": i.digest for i in letters}


def _elsewhere(text: str, mine: str, known: dict[str, tuple[str, set[str]]]) -> bool:
    """Whether another entry says it too (or a longer text around it): then it may stay in that one's rows."""
    return any(text in other for e, (_, said) in known.items() if e != mine for other in said)


def test_one_of_every_kind_of_the_post_is_erased_from_journal_and_tables_and_no_figure_moves(post: Any) -> None:
    before = [(i.code, i.p, i.loss, i.standing, i.by_one) for i in aght.register(E, LATE)]
    map_before = aght.desa(E, LATE)
    kinds = judge()
    assert {"report.filed", "report.graded", "aght.opened", "aght.assessed", "aght.standing_set", "post.noted", "report.referred"} <= kinds
    assert [(i.code, i.p, i.loss, i.standing, i.by_one) for i in aght.register(E, LATE)] == before
    assert aght.desa(E, LATE) == map_before
    merging.standing(E, LATE), reports.listing(E, LATE), posts.lines(E, LATE)  # every reader still reads


@pytest.mark.slow
def test_every_kind_of_the_whole_demonstration_has_an_eraser_or_a_written_reason(db_beltim: Any) -> None:
    for name in (*beltim.STEPS[4:], *beltim.GOODS, "keys", "transfers", "releases", "neutrality"):
        beltim.step(name)
    kinds = judge()
    assert {"recommendation.drafted", "product.drafted", "aght.opened", "box.sealed"} <= kinds
    assert {"request.sent", "material.brought", "dispute.raised", "minutes.written", "rakor.decided", "rakor.agenda_set"} <= kinds


def test_copies_of_one_message_go_on_counting_as_one_when_the_name_of_their_chain_goes(small: Any) -> None:
    chained = [e for e, (k, said) in privates().items() if k == "report.graded" and "grup Pak Budi" in said]
    assert len(chained) == 2
    before = aght.get(E, "AGHT-01", LATE)
    code = erase(chained[:1])
    item = aght.get(E, "AGHT-01", LATE)
    assert (item.p, item.loss) == (before.p, before.loss)
    (chain,) = {g.chain for g in item.gradings}
    assert code in chain
    assert "grup Pak Budi" not in everything()


def opened_entry() -> str:
    return str(record.Entry.objects.get(kind="aght.opened", subject="aght:AGHT-01").entry_id)


def test_two_people_of_two_roles_erase_and_nobody_else(small: Any) -> None:
    entry, words = opened_entry(), journal.words()
    code = record.propose_erasure(E, [entry], "court", GITA, ROLE, LATE, words.keys())
    assert aght.get(E, "AGHT-01", LATE).title == "[SIMULASI] Jalan Pak Budi terputus", "a proposal erases nothing"
    with pytest.raises(rules.SameEyes):
        record.decide_erasure(E, code, rules.Verdict.ERASED, GITA, OTHER, LATE, words)
    with pytest.raises(rules.SameEyes):
        record.decide_erasure(E, code, rules.Verdict.ERASED, CITRA, frozenset({"kejari.analis", ROLE}), LATE, words)
    with pytest.raises(rules.NotProposer):
        record.decide_erasure(E, code, rules.Verdict.WITHDRAWN, CITRA, OTHER, LATE, words)
    with pytest.raises(rules.ErasurePending):
        record.propose_erasure(E, [entry], "court", GITA, ROLE, LATE, words.keys())
    record.decide_erasure(E, code, rules.Verdict.ERASED, JUWITA, frozenset({"bawaslu.pengawas"}), LATE, words)
    assert aght.get(E, "AGHT-01", LATE).title == f"[SIMULASI] [dihapus, {code}]"
    with pytest.raises(rules.ErasureOver):
        record.decide_erasure(E, code, rules.Verdict.REJECTED, CITRA, OTHER, LATE, words)
    with pytest.raises(rules.NothingToErase):
        record.propose_erasure(E, [entry], "court", GITA, ROLE, LATE, words.keys())
    done = record.Entry.objects.get(kind="words.erased")
    envelope = json.loads(bytes(record.Opening.objects.get(entry_id=done.entry_id).envelope))
    assert envelope["approvals"] == ["p-gita", "p-juwita"]
    assert record.entry(E, done.entry_id).facts == {"code": code, "entries": [entry], "ground": "court"}
    (seen,) = record.erasures_of(E, "aght:AGHT-01", LATE)
    assert (seen.person, seen.decided_by, seen.ground) == ("p-gita", "p-juwita", rules.Ground.COURT)
    assert record.erasures_of(E, "report:LAP-001", LATE) == []
    assert record.erasures_of(E, "aght:AGHT-01", LATE - timedelta(seconds=1)) == []


def test_a_rejected_or_withdrawn_proposal_erases_nothing_and_another_may_follow(small: Any) -> None:
    entry, words = opened_entry(), journal.words()
    for verdict, who, roles in ((rules.Verdict.REJECTED, CITRA, OTHER), (rules.Verdict.WITHDRAWN, GITA, frozenset({ROLE}))):
        code = record.propose_erasure(E, [entry], "retention", GITA, ROLE, LATE, words.keys())
        record.decide_erasure(E, code, verdict, who, roles, LATE, words)
    assert record.entry(E, entry).private == "kept"
    assert [(e.code, e.verdict) for e in record.erasures(E, LATE)] == [
        ("HPS-002", rules.Verdict.WITHDRAWN),
        ("HPS-001", rules.Verdict.REJECTED),
    ]
    assert erase([entry]) == "HPS-003"


def test_what_is_proposed_must_have_words_an_eraser_and_a_ground_of_the_list(small: Any) -> None:
    entry, words = opened_entry(), journal.words()
    wordless = record.Entry.objects.filter(kind="clock.set").first()
    assert wordless is not None
    for entries, ground, refusal in (
        ([entry], "karena saya mau", rules.NoGround),
        ([], "court", rules.NothingToErase),
        ([wordless.entry_id], "court", rules.NothingToErase),
        (["0" * 64], "court", record.NoEntry),
        ([entry] * 3 + [str(n) for n in range(rules.MOST_ERASED)], "court", rules.NothingToErase),
    ):
        with pytest.raises(refusal):
            record.propose_erasure(E, entries, ground, GITA, ROLE, LATE, words.keys())
    with pytest.raises(rules.NotHere):
        record.propose_erasure(E, [entry], "court", GITA, ROLE, LATE, ["report.filed"])
    with pytest.raises(rules.UnknownErasure):
        record.decide_erasure(E, "HPS-009", rules.Verdict.ERASED, CITRA, OTHER, LATE, words)


def test_the_words_of_a_report_go_with_its_additions_and_files(small: Any) -> None:
    number = "LAP-001"
    reports.add(E, number, "Jalan licin sejak pagi hari", CITRA, LATE)
    report = reports.get(E, number, LATE)
    erase([report.entry_id], LATE + timedelta(minutes=1))
    assert reports.words(E, number) is None
    assert reports.additions(E, number, LATE + timedelta(hours=1)) == []
    added = record.Entry.objects.get(kind="report.added_to", subject=f"report:{number}")
    assert record.entry(E, added.entry_id).private == "erased"
    assert record.verify().faults == ()


def test_a_text_that_stands_in_the_journal_alone_says_by_which_erasure_it_went(small: Any) -> None:
    entry = record.Entry.objects.filter(kind="report.graded").first()
    assert entry is not None
    code = erase([entry.entry_id])
    assert record.privates([entry.entry_id]).text(entry.entry_id, "claim") == f"[dihapus, {code}]"
    assert record.unerased(f"[SIMULASI] [dihapus, {code}]") == ""
    assert record.unerased("Jalan putus") == "Jalan putus"


def test_a_set_of_labels_without_its_names_still_labels(small: Any) -> None:
    rows = [
        aght_rules.Label("geografi", "Kewilayahan", "gatra"), aght_rules.Label("8", "Kabar Pak Budi", "variabel", "R21 menurut Pak Budi"),
    ]  # fmt: skip
    aght.take_labels(E, "bawaslu-2029/1", rows, "surat Pak Budi", CITRA, LATE)
    erase([record.Entry.objects.get(kind="aght.labels_taken").entry_id], LATE + timedelta(minutes=1))
    found = aght.labels(E, LATE + timedelta(hours=1))
    assert (found.version, found.information, sorted(found.gatra)) == ("bawaslu-2029/1", "8", ["geografi"])
    assert "Budi" not in json.dumps([found.gatra, dict(found.variables), found.source, dict(found.notes)])


@pytest.mark.parametrize(
    "stage",
    [
        "places",
        "regulation",
        "readiness",
        "stock",
        "sorting",
        "sampling",
        "receipts",
        "transfers",
        "packing",
        "access",
        "recommendations",
        "products",
        "requests",
        "rakor",
        "materials",
        "disputes",
        "minutes",
        "releases",
        "neutrality",
    ],
)
def test_every_stage_that_keeps_words_names_its_erasers(stage: str) -> None:
    kinds = import_module(f"posko.store.{stage}").WORDS
    assert kinds
    assert set(kinds) <= set(journal.words())
    assert not set(kinds) & set(journal.STAYS)


def test_the_journal_table_itself_refuses_to_give_words_back(small: Any) -> None:
    entry = opened_entry()
    erase([entry])
    with pytest.raises(Exception, match="erased, once"), connection.cursor() as cursor:
        cursor.execute("UPDATE journal_opening SET private = %s WHERE entry_id = %s", [b"{}", entry])


def test_a_search_for_the_mark_leads_to_the_decision(small: Any) -> None:
    code = erase([opened_entry()])
    assert [hit.args for hit in record.find(None, E, "hps-001", LATE)] == [(code,)]
    assert record.find(None, E, "hps-001", AT) == []
    assert record.find(None, E, "gelombang", LATE) == []
