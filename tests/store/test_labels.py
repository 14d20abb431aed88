"""Labels in the store: reprints are counted, aliases mean one thing at every instant, look-ups use an index."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from posko.domain import labels as rules
from posko.domain import record as facts
from posko.store import labels, record

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
RNG = Random(11)
BOX, CARTON, OTHER = (rules.new_code(RNG) for _ in range(3))
BOTH = [("box", BOX), ("carton", CARTON)]


# --- prints -------------------------------------------------------------------------------------------------------------


def test_a_first_print_is_copy_one_and_a_reprint_needs_a_reason_and_is_counted(installation: Any) -> None:
    lutfi = installation.actors["lutfi"]
    assert labels.printed(E, BOTH, "a4-24", lutfi, AT) == {BOX: 1, CARTON: 1}
    with pytest.raises(rules.ReasonMissing):
        labels.printed(E, [("box", BOX), ("box", OTHER)], "a4-8", lutfi, AT)
    later = AT + timedelta(hours=1)
    assert labels.printed(E, [("box", BOX), ("box", OTHER)], "a4-8", lutfi, later, "label basah") == {BOX: 2, OTHER: 1}
    kept = labels.prints_of(E, "box", BOX, later)
    assert [(p["copy"], p["layout"], p["reason"]) for p in kept] == [(1, "a4-24", ""), (2, "a4-8", "label basah")]
    assert len(labels.prints_of(E, "box", BOX, AT)) == 1, "an hour earlier it had been printed once"
    assert labels.prints_of("pilkada-2024", "box", BOX, later) == []
    assert [(b["count"], b["again"], b["layout"]) for b in labels.batches(E, later)] == [(2, 1, "a4-8"), (1, 0, "a4-24"), (1, 0, "a4-24")]


def test_a_batch_is_one_entry_with_count_and_digest_of_its_codes(installation: Any) -> None:
    size = record.root()[0]
    labels.printed(E, [*BOTH, BOTH[0]], "roll-58", installation.actors["lutfi"], AT)
    assert record.root()[0] == size + 1
    entry = record.leaves(E, kind="labels.printed")[0]
    assert entry.facts == {"count": 2, "again": 0, "layout": "roll-58", "mark": "", "codes_sha256": rules.digest(BOTH)}, (
        "the same label twice is one"
    )


def test_nothing_to_print_leaves_no_entry(installation: Any) -> None:
    before = record.root()
    with pytest.raises(rules.NothingToPrint):
        labels.printed(E, [], "a4-24", installation.actors["lutfi"], AT)
    assert record.root() == before


def test_thousands_of_labels_are_one_batch(installation: Any) -> None:
    many = [("bundle", rules.new_code(RNG)) for _ in range(1500)]
    assert set(labels.printed(E, many, "a4-24", installation.actors["lutfi"], AT).values()) == {1}
    assert set(labels.printed(E, many, "a4-24", installation.actors["lutfi"], AT, "printer macet").values()) == {2}


# --- aliases ------------------------------------------------------------------------------------------------------------


def test_a_silog_code_means_our_box_from_its_entry_on_and_until_it_is_ended(installation: Any) -> None:
    ani, fajar = installation.actors["ani"], installation.actors["fajar"]
    labels.add_alias(E, "silog-0001 ", "box", rules.spaced(BOX), ani, AT)
    for scanned in ("SILOG-0001", "silog-0001\r\n", "]C1SILOG-0001"):
        assert labels.resolve(E, scanned, "box", at=AT) == rules.Code("box", BOX)
    with pytest.raises(rules.UnknownAlias):
        labels.resolve(E, "SILOG-0001", "box", at=AT - timedelta(seconds=1))
    with pytest.raises(rules.UnknownAlias):
        labels.resolve("pilkada-2024", "SILOG-0001", "box", at=AT)
    with pytest.raises(rules.WrongKind):
        labels.resolve(E, "SILOG-0001", "carton", at=AT)
    late = AT + timedelta(days=1)
    with pytest.raises(rules.SecondMissing):
        labels.end_alias(E, "SILOG-0001", "tertukar", ani, late)
    labels.end_alias(E, "silog-0001", "tertukar", ani, late, fajar)
    with pytest.raises(rules.UnknownAlias):
        labels.resolve(E, "SILOG-0001", at=late)
    assert labels.resolve(E, "SILOG-0001", at=late - timedelta(seconds=1)).text == BOX, "the past stays as it was"
    with pytest.raises(rules.NoAlias):
        labels.end_alias(E, "SILOG-0001", "", ani, late)
    ended = record.leaves(E, kind="alias.ended")[0]
    assert (ended.reason, ended.subject) == ("tertukar", f"box:{BOX}")
    assert json.loads(record.opened(ended.entry_id).envelope)["approvals"] == ["p-ani", "p-fajar"]
    labels.add_alias(E, "SILOG-0001", "box", OTHER, ani, late)
    assert [a.code for a in labels.aliases(E, late)] == [OTHER]


def test_one_alias_means_one_thing_and_one_thing_may_have_several(installation: Any) -> None:
    ani = installation.actors["ani"]
    labels.add_alias(E, "SILOG-0001", "box", BOX, ani, AT)
    labels.add_alias(E, "KTK-77", "box", BOX, ani, AT)
    with pytest.raises(rules.AliasTaken) as caught:
        labels.add_alias(E, "silog-0001", "box", OTHER, ani, AT)
    assert caught.value.facts["code"] == rules.spaced(BOX)
    with pytest.raises(rules.AliasKnown):
        labels.add_alias(E, "SILOG-0001", "box", BOX, ani, AT)
    assert [a.text for a in labels.aliases(E, AT, code=BOX)] == ["KTK-77", "SILOG-0001"]


def test_an_import_is_taken_whole_or_not_at_all(installation: Any) -> None:
    ani, before = installation.actors["ani"], record.root()
    for rows in (
        [("SILOG-1", "box", BOX), ("SILOG-1", "box", OTHER)],
        [("SILOG-1", "box", BOX), ("SILOG-2", "box", "19.06.02.2001.001")],
        [("SILOG-1", "box", BOX), ("SILOG-2", "lorry", OTHER)],
        [("SILOG-1", "box", BOX), ("SILOG-2", "box", OTHER[:-1] + "*")],
    ):
        with pytest.raises(facts.Refusal):
            labels.add_aliases(E, rows, ani, AT)
    assert labels.aliases(E, AT) == []
    assert record.root() == before
    labels.add_aliases(E, [("SILOG-1", "box", BOX), ("SILOG-2", "carton", CARTON)], ani, AT)
    assert [(a.text, a.kind) for a in labels.aliases(E, AT)] == [("SILOG-1", "box"), ("SILOG-2", "carton")]


def test_a_stage_binds_an_alias_in_its_own_transaction_under_its_own_entry(installation: Any) -> None:
    ani = installation.actors["ani"]

    def receive(alias: str, code: str) -> None:
        with transaction.atomic():
            draft = facts.Draft("cartons.labelled", E, "receipt:TRM-001", "19.06", ani, AT, {"aliases": [alias]})
            prepared = record.prepare([draft], AT)
            labels.bind_aliases(E, [(alias, "carton", code)], ani, AT, prepared[0].entry_id, "[SIMULASI]")
            record.append(prepared, at=AT)

    receive("silog-1", CARTON)
    (alias,) = labels.aliases(E, AT)
    assert (alias.text, alias.code, alias.mark) == ("SILOG-1", CARTON, "[SIMULASI]")
    assert record.entry(E, alias.entry_id).kind == "cartons.labelled"
    before = record.root()
    with pytest.raises(rules.AliasTaken):
        receive("SILOG-1", OTHER)
    assert record.root() == before


@pytest.mark.parametrize(
    ("scanned", "refusal"),
    [
        ("", rules.Empty),
        ("https://contoh.id", rules.Foreign),
        (BOX[:-1], rules.Malformed),
        (BOX[:-1] + "*", rules.BadCheck),
        ("SILOG-9999", rules.UnknownAlias),
        ("x" * 5000, rules.Malformed),
    ],
)
def test_what_nobody_knows_is_refused_by_its_own_name(installation: Any, scanned: str, refusal: type[facts.Refusal]) -> None:
    with pytest.raises(refusal) as caught:
        labels.resolve(E, scanned, "box", at=AT)
    assert type(caught.value) is refusal


def test_our_own_codes_need_no_alias_and_take_the_kind_asked_for(installation: Any) -> None:
    assert labels.resolve(E, BOX, "bundle", "carton", at=AT) == rules.Code("bundle", BOX)
    assert labels.resolve(E, BOX, at=AT) == rules.Code("", BOX)
    assert labels.resolve(E, rules.qr_text("box", BOX), at=AT).kind == "box"


def test_a_look_up_of_an_alias_uses_an_index(installation: Any) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's query plan")
    rows = labels.AliasRow.objects.filter(election=E, alias="SILOG-1", occurred_at__lte=AT).exclude(ended__occurred_at__lte=AT)
    plan = rows.explain()
    assert "labels_alias_text" in plan
    assert "SCAN store" not in plan
    assert "SCAN labels" not in plan


def test_search_finds_a_code_in_full_and_an_alias_by_its_beginning(installation: Any, cast: Any) -> None:
    labels.add_alias(E, "SILOG-0001", "box", BOX, installation.actors["ani"], AT)
    assert [h.kind for h in labels.find(cast["ani"], E, "silog-00", AT)] == ["alias"]
    assert labels.find(cast["ani"], E, rules.spaced(OTHER), AT) == [], "no label of it was printed"
    labels.printed(E, [("box", OTHER)], "a4-8", installation.actors["lutfi"], AT)
    assert [(h.kind, h.args) for h in labels.find(cast["ani"], E, rules.spaced(OTHER), AT)] == [("label", (OTHER,))]
    for nothing in ("", "si", "Manggar", "19.06.02.2001.001"):
        assert labels.find(cast["ani"], E, nothing, AT) == []


def together(*calls: Callable[[], Any]) -> list[Any]:
    """The calls at the same time, each in a thread of its own; what they gave or raised."""
    found: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(number: int) -> None:
        start.wait()
        while found[number] is None:
            try:
                found[number] = calls[number]()
            except facts.Refusal as refusal:
                found[number] = refusal
            except OperationalError:  # a database in memory does not wait for its lock as a file does
                time.sleep(0.01)
        connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_two_people_printing_one_label_and_giving_one_alias_in_the_same_second(installation: Any) -> None:
    lutfi, oki, ani, fajar = (installation.actors[name] for name in ("lutfi", "oki", "ani", "fajar"))
    prints = together(*(lambda who=who: labels.printed(E, [("box", BOX)], "a4-8", who, AT, "uji") for who in (lutfi, oki)))
    assert sorted(p[BOX] for p in prints) == [1, 2]
    given = together(
        lambda: labels.add_alias(E, "SILOG-1", "box", BOX, ani, AT), lambda: labels.add_alias(E, "SILOG-1", "box", OTHER, fajar, AT)
    )
    assert sorted(type(g).__name__ for g in given) == ["Alias", "AliasTaken"]
    assert len(labels.aliases(E, AT)) == 1
    assert record.verify().faults == ()
