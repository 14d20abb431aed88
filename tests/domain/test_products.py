"""Products as rules: the day, what must be written, odds, steps, numbers, receipts, the hash."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import products as rules
from posko.domain.products import Act, Body, Event, Product, Receipt, State, Type

AT = datetime(2023, 12, 5, 9, tzinfo=UTC)  # 16.00 WIB
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SAID = {"analisa": "a", "prediksi": "p", "saran": "s"}


def body(**more: Any) -> Body:
    return Body(**({"subject": "AGHT-01", "sections": SAID, "classification": "biasa", "recipients": ("KEJARI", "KPU")} | more))


def product(*acts: Act, **more: Any) -> Product:
    events = tuple(
        Event(a, AT, "p-citra" if a is not Act.SIGN else "p-gita", "KEJARI", "d" * 64 if a is Act.SUBMIT else "")
        for a in (Act.DRAFT, *acts)
    )
    values: dict[str, Any] = {"body": body(), "events": events, "facts": {"n": 1}}
    return Product("PRD-001", Type.SPECIAL, AT - DAY, AT, "p-citra", **(values | more))


@pytest.mark.parametrize(("at", "end"), [(AT, AT), (AT - MINUTE, AT - DAY), (AT + 7 * timedelta(hours=1), AT), (AT + DAY - MINUTE, AT)])
def test_the_day_ends_at_the_fixed_hour_in_wib(at: datetime, end: datetime) -> None:
    assert rules.day_of(at, 16) == (end - DAY, end)


def test_an_hour_that_is_none_is_refused_and_midnight_is_one() -> None:
    assert rules.day_of(AT, 0)[1] == datetime(2023, 12, 4, 17, tzinfo=UTC)
    for hour in (-1, 24):
        with pytest.raises(rules.BadHour):
            rules.day_of(AT, hour)


@given(st.datetimes(datetime(2023, 1, 1), datetime(2024, 12, 31), timezones=st.just(UTC)), st.integers(0, 23))
def test_every_instant_has_one_last_full_day(at: datetime, hour: int) -> None:
    since, until = rules.day_of(at, hour)
    assert until - since == DAY
    assert until <= at < until + DAY


def test_a_draft_may_have_holes_and_a_submission_may_not() -> None:
    holes = body(sections={"analisa": "  a \r\n\n\n\n b  "})
    assert rules.check_body(Type.SPECIAL, holes, whole=False).sections == {"analisa": "a\n\nb", "prediksi": "", "saran": ""}
    with pytest.raises(rules.Missing):
        rules.check_body(Type.SPECIAL, holes, whole=True)
    assert rules.check_body(Type.DAILY, body(subject="", sections={}), whole=True)


@pytest.mark.parametrize(
    ("kind", "made", "refusal"),
    [
        (Type.SPECIAL, body(subject=""), rules.NoSubject),
        (Type.DAILY, body(), rules.NoSubject),
        (Type.SPECIAL, body(classification="rahasia"), rules.BadClass),
        (Type.SPECIAL, body(recipients=()), rules.BadRecipient),
        (Type.SPECIAL, body(recipients=("WARGA",)), rules.BadRecipient),
        (Type.SPECIAL, body(sections=SAID | {"saran": "x" * (rules.TEXT_LONGEST + 1)}), rules.TooLong),
    ],
)
def test_a_body_that_cannot_be_is_refused(kind: Type, made: Body, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        rules.check_body(kind, made, whole=False)


def outlook(odds: tuple[int, ...], scenarios: int) -> Body:
    told = {"kecenderungan": "k", "cara_bertindak": "c"} | {f"skenario_{n}": "s" for n in range(1, scenarios + 1)}
    return body(subject="", sections=told, odds=odds)


@pytest.mark.parametrize(("odds", "scenarios", "good"), [
    ((60, 40), 2, True), ((50, 30, 20), 3, True), ((60, 39), 2, False), ((60, 41), 2, False), ((100, 0), 2, False),
    ((50, 30, 20), 2, False), ((60, 40), 3, False), ((110, -10), 2, False),
])  # fmt: skip
def test_scenarios_have_odds_that_make_a_hundred(odds: tuple[int, ...], scenarios: int, good: bool) -> None:
    if good:
        assert sum(rules.check_body(Type.OUTLOOK, outlook(odds, scenarios), whole=True).odds) == 100
    else:
        with pytest.raises(rules.BadOdds):
            rules.check_body(Type.OUTLOOK, outlook(odds, scenarios), whole=True)


def test_the_author_writes_and_somebody_else_signs_what_was_seen() -> None:
    rules.check_step(product(), Act.SUBMIT, "p-citra")
    with pytest.raises(rules.NotAuthor):
        rules.check_step(product(), Act.SUBMIT, "p-gita")
    waits = product(Act.SUBMIT)
    rules.check_step(waits, Act.SIGN, "p-gita", "d" * 64)
    with pytest.raises(rules.SamePerson):
        rules.check_step(waits, Act.SIGN, "p-citra", "d" * 64)
    with pytest.raises(rules.SeenOther):
        rules.check_step(waits, Act.SIGN, "p-gita", "e" * 64)
    for act in (Act.REVISE, Act.SUBMIT, Act.DISCARD):
        with pytest.raises(rules.NoStep):
            rules.check_step(waits, act, "p-citra")
    with pytest.raises(rules.NoStep):
        rules.check_step(product(), Act.SIGN, "p-gita", "")
    assert (product().digest, waits.digest, product(Act.SUBMIT, Act.RETURN).digest) == ("", "d" * 64, "")


@given(
    st.sampled_from(
        ["code", "from_at", "mark", "supersedes", "subject", "classification", "recipients", "sections", "odds", "facts", "form"]
    )
)
def test_whatever_is_printed_is_in_the_hash(what: str) -> None:
    made, facts, form = product(), {"n": 1}, "X.1"
    before = rules.digest(made, facts, form)
    if what == "facts":
        facts = {"n": 2}
    elif what == "form":
        form = "X.2"
    elif what in {"code", "mark", "supersedes"}:
        made = replace(made, **{what: "PRD-099"})
    elif what == "from_at":
        made = replace(made, from_at=AT - 2 * DAY)
    else:
        other = {
            "subject": "AGHT-02",
            "classification": "terbatas",
            "recipients": ("KPU",),
            "sections": SAID | {"saran": "t"},
            "odds": (1,),
        }
        made = replace(made, body=body(**{what: other[what]}))
    assert rules.digest(made, facts, form) != before
    assert rules.digest(product(), {"n": 1}, "X.1") == before


def test_a_number_names_type_sequence_and_month() -> None:
    assert rules.number(Type.DAILY, 7, AT) == "LAPINHAR-007/POSKO-PEMILU/XII/2023"
    assert rules.number(Type.MAP, 1, datetime(2023, 12, 31, 17, tzinfo=UTC)) == "PETA-AGHT-001/POSKO-PEMILU/I/2024"


def test_a_form_code_is_a_code_or_nothing() -> None:
    assert [rules.check_form_code(w) for w in ("", "  ", " R.IN  2 ")] == ["", "", "R.IN 2"]
    for bad in ("<b>", "x" * 25, ".a"):
        with pytest.raises(rules.BadFormCode):
            rules.check_form_code(bad)


def test_a_receipt_has_a_number_a_recipient_of_the_list_and_a_possible_time() -> None:
    done = product(Act.SUBMIT, Act.SIGN)
    assert done.state is State.SIGNED
    paper = {"has_account": False, "has_file": True}
    assert rules.check_receipt(done, "KPU", " TT 1 ", AT, AT + MINUTE, **paper) == "TT 1"
    for bad, refusal in (
        (("ARSIP", "TT-1", AT), rules.BadRecipient), (("KPU", "", AT), rules.BadReceipt), (("KPU", "TT-1", AT - MINUTE), rules.BadReceipt),
        (("KPU", "TT-1", AT + 2 * MINUTE), rules.BadReceipt),
    ):  # fmt: skip
        with pytest.raises(refusal):
            rules.check_receipt(done, *bad, AT + MINUTE, **paper)
    with pytest.raises(rules.NoStep):
        rules.check_receipt(product(Act.SUBMIT), "KPU", "TT-1", AT, AT, **paper)
    with pytest.raises(rules.PaperMissing):
        rules.check_receipt(done, "KPU", "TT-1", AT, AT + MINUTE, has_account=False, has_file=False)
    got = replace(done, receipts=(Receipt("KPU", "TT-1", AT, "p-citra"),))
    assert got.open_recipients == ("KEJARI",)
    with pytest.raises(rules.AlreadyReceived):
        rules.check_receipt(got, "KPU", "TT-2", AT, AT, **paper)


def test_a_recipient_with_an_account_says_it_himself_and_the_archive_is_not_asked() -> None:
    done = product(Act.SUBMIT, Act.SIGN)
    with pytest.raises(rules.HasAccount):
        rules.check_receipt(done, "KPU", "TT-1", AT, AT + MINUTE, has_account=True, has_file=True)
    rules.check_acknowledge(done, "KPU")
    with pytest.raises(rules.BadRecipient):
        rules.check_acknowledge(done, "POLRES")
    with pytest.raises(rules.NoStep):
        rules.check_acknowledge(product(Act.SUBMIT), "KPU")
    with pytest.raises(rules.AlreadyReceived):
        rules.check_acknowledge(replace(done, receipts=(Receipt("KPU", "", AT, "p-ani"),)), "KPU")
    assert Receipt("KPU", "", AT, "p-ani").own
    filed = replace(done, body=replace(done.body, recipients=("KEJARI", "ARSIP")))
    assert (filed.asked, filed.open_recipients) == (("KEJARI",), ("KEJARI",))
