"""Imports of voter counts."""

from datetime import timedelta
from typing import Any

import pytest

from posko.domain import dpt as rules
from posko.domain.record import Actor
from posko.store import dpt, record
from tests.conftest import EVE_AT, RAKOR_AT

E = "pemilu-2024"
ANI = Actor("p-ani", "KPU")
pytestmark = pytest.mark.django_db


def counts(extra: int) -> list[rules.TpsVoters]:
    return [rules.TpsVoters(code, v.dpt + extra) for code, v in dpt.voters(E, RAKOR_AT).items()]


def test_the_scenario_stands_as_an_estimate(db_beltim: Any) -> None:
    run = dpt.current(E, RAKOR_AT)
    assert run is not None
    assert (run.tps, run.total, run.estimate) == (363, 95_791, True)


def test_an_import_counts_from_its_moment_and_the_old_one_stays_readable(db_beltim: Any) -> None:
    before = dpt.current(E, RAKOR_AT)
    assert before is not None
    run = dpt.import_voters(E, counts(1), label="DPT", based_on=before.digest, actor=ANI, at=EVE_AT)
    assert dpt.current(E, EVE_AT - timedelta(seconds=1)) == before
    assert dpt.current(E, EVE_AT) == run
    assert run.total == 95_791 + 363
    assert sum(v.dpt for v in dpt.voters_of(E, before.id).values()) == 95_791
    assert [r.id for r in dpt.history(E, EVE_AT)] == [run.id, before.id]


def test_a_refused_import_writes_nothing(db_beltim: Any) -> None:
    size = record.root()[0]
    with pytest.raises(rules.DraftStale):
        dpt.import_voters(E, counts(1), label="DPT", based_on="", actor=ANI, at=EVE_AT)
    now = dpt.current(E, EVE_AT)
    assert now is not None
    with pytest.raises(rules.NothingToImport):
        dpt.import_voters(E, dpt.voters(E, EVE_AT).values(), label="DPT", based_on=now.digest, actor=ANI, at=EVE_AT)
    with pytest.raises(rules.NoDraft):
        dpt.import_voters(E, counts(1), label="DPT", based_on=now.digest, draft="tidak-ada", actor=ANI, at=EVE_AT)
    assert (dpt.current(E, EVE_AT), record.root()[0]) == (now, size)


def test_a_file_under_examination_waits_for_its_operator_and_keeps_the_answers(db_beltim: Any, cast: Any) -> None:
    kept = dpt.keep_upload(E, "a.csv", b"a,b\n", label="DPT", estimate=False, actor=Actor(cast["ani"].id, "KPU"), at=RAKOR_AT)
    dpt.answer(E, kept.code, {"sheet": ""}, ANI, RAKOR_AT)
    dpt.answer(E, kept.code, {"q:separator": "."}, ANI, RAKOR_AT)
    assert dpt.upload(E, kept.code).answers == {"sheet": "", "q:separator": "."}
    assert "dpt.confirm" in {t.kind for t in dpt.waiting(cast["ani"], E, RAKOR_AT)}
    assert dpt.waiting(cast["citra"], E, RAKOR_AT) == []
    dpt.drop_upload(E, kept.code, ANI, RAKOR_AT)
    with pytest.raises(rules.NoDraft):
        dpt.upload(E, kept.code)


def test_without_voters_the_operator_is_asked_for_them(installation: Any, cast: Any) -> None:
    assert [t.kind for t in dpt.waiting(cast["ani"], E, RAKOR_AT)] == ["dpt.missing"]
