"""Words of the three stages of the table: every refusal, state, outcome and explanation that can come up is said in Indonesian."""

import importlib
import inspect
import string

import pytest

from posko.desk import disputes as desk
from posko.desk import materials as materials_desk
from posko.desk import requests as requests_desk
from posko.desk import shell
from posko.domain import disputes, materials, record, requests
from posko.formats import materials as files
from posko.formats import rakor as words
from posko.formats import requests as printed

ABSTRACT = {"file.unusable"}


def refusals(module: str) -> set[str]:
    found = importlib.import_module(module)
    return {c.code for _, c in inspect.getmembers(found, inspect.isclass) if issubclass(c, record.Refusal) and c.__module__ == module}


@pytest.mark.parametrize("module", ["posko.domain.requests", "posko.domain.materials", "posko.domain.disputes", "posko.formats.materials"])
def test_every_refusal_has_its_sentence(module: str) -> None:
    said = shell._collect("SENTENCES")
    assert sorted(refusals(module) - set(said) - ABSTRACT) == []


def test_every_explanation_has_a_sentence_of_the_facts_that_it_carries() -> None:
    codes = {
        "unit": "claim frozen", "thousand": "claim frozen", "percent": "claim frozen whole share", "whole": "claim frozen",
        "whole_missing": "claim frozen", "time": "recount claim frozen today", "time_same": "recount claim frozen today",
        "time_unknown": "", "late": "recount claim frozen today", "rounding": "claim frozen step",
    }  # fmt: skip
    assert set(codes) == set(desk.EXPLAINED)
    for code, facts in codes.items():
        used = {name for _, name, _, _ in string.Formatter().parse(desk.EXPLAINED[code]) if name}
        assert used <= set(facts.split()), code


def test_every_state_and_choice_has_a_word() -> None:
    assert set(desk.STATES) == set(disputes.State)
    assert set(desk.OUTCOMES) == set(disputes.Outcome)
    assert set(desk.SAID) == set(disputes.Act)
    assert set(materials_desk.KINDS) == set(materials.Kind)
    assert set(materials_desk.UNITS) == set(materials.Unit)
    assert set(files.TYPES) == set(files.ENDINGS) == set(files.WORDS)
    assert set(printed.STATES) == set(requests.State)
    assert set(printed.SAID) == set(requests.Act)
    assert set(printed.KINDS) == set(requests.Kind)
    assert set(printed.URGENCY) == set(requests.Urgency)
    assert {*requests.REFUSE_REASONS, *requests.WITHDRAW_REASONS} <= set(printed.REASONS)
    assert set(printed.AGENCIES) == set(printed.OFFICES) == set(requests.AGENCIES)


def test_the_warning_says_hours_first_and_days_later() -> None:
    sentence, _ = requests_desk.SIGNALS["R20.permintaan"]
    facts = {"asker": "KPU", "asked": "PEMDA", "count": 2}
    assert sentence(facts | {"hours": 71}) == "2 permintaan KPU kepada Pemda belum dijawab; yang tertua lewat tenggat 71 jam"
    assert sentence(facts | {"hours": 72}).endswith("lewat tenggat 3 hari")


def test_a_number_is_said_with_its_whole_and_its_unit() -> None:
    assert words.number_of(250, 363, materials.Unit.TPS) == "250 dari 363 TPS"
    assert words.number_of(95_791, -1, materials.Unit.SAME) == "95.791"


def test_a_typed_number_may_have_dots_and_nothing_else() -> None:
    assert [materials_desk.whole(t) for t in ("350", "95.791", " 0 ")] == [350, 95_791, 0]
    assert materials_desk.whole("", empty=-1) == -1
    for typed in ("", "3,5", "-1", "tiga", "9" * 14, "²"):
        with pytest.raises(materials.BadNumber):
            materials_desk.whole(typed)
