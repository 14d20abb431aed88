"""Recommendations in the store: every step by the right person, the past readable, the inbox right."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import recommendations as rules
from posko.domain import reports as report_rules
from posko.domain.recommendations import Act, Nature, Slots, State
from posko.store import places, recommendations, record

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
E = "pemilu-2024"
SLOTS = Slots("AGHT-01, B2", "Atap bocor", "Peluang 28,7 %", "Menyarankan agar KPU menutup atap gudang", "Gudang kering", "Bilik basah")


@pytest.fixture
def actors(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("desa_list", "kecamatan_list", "sites"):
        monkeypatch.setattr(places, name, lambda _region: [])
    return installation.actors


def draft(actors: Any, **more: Any) -> str:
    said: dict[str, Any] = {
        "subject": "Perbaikan atap", "addressee": "KPU", "nature": Nature.SEGERA, "due_at": AT + timedelta(days=9), "slots": SLOTS,
        "actor": actors["citra"], "at": AT, "aght": ("AGHT-01",),
    }  # fmt: skip
    return recommendations.draft(E, **{**said, **more})


def go(actors: Any, code: str, *steps: tuple[str, Act, dict[str, str]], start: datetime = AT) -> rules.Recommendation:
    for n, (who, what, said) in enumerate(steps, 1):
        rec = recommendations.act(E, code, what, said, actors[who], start + timedelta(minutes=n))
    return rec


ISSUED = (("citra", Act.SUBMIT, {}), ("gita", Act.APPROVE, {}), ("gita", Act.ISSUE, {}))


def test_an_issued_letter_has_a_number_a_hash_and_an_entry(actors: Any) -> None:
    code = draft(actors)
    rec = go(actors, code, *ISSUED)
    assert rec.number == "R-001/POSKO-PEMILU/XII/2023"
    assert rec.digest == rec.text.digest(rec.number)
    entry = record.Entry.objects.order_by("-leaf_index").first()
    assert entry is not None
    assert entry.kind == "recommendation.issued"
    again = recommendations.get(E, code, AT + timedelta(hours=1))
    assert (again.state, again.digest, again.text) == (State.TERBIT, rec.digest, rec.text)


def test_an_hour_before_it_was_still_a_draft(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *ISSUED)
    assert recommendations.get(E, code, AT).state is State.DRAF
    with pytest.raises(rules.Unknown):
        recommendations.get(E, code, AT - timedelta(seconds=1))


def test_a_refusal_with_reason_ends_it(actors: Any) -> None:
    code = draft(actors)
    refuse = ("fajar", Act.REFUSE, {"reason_code": "alternatif_lain", "reason": "Barang dipindah"})
    rec = go(actors, code, *ISSUED, ("ani", Act.RECEIVE, {}), refuse)
    assert (rec.state, rec.ended) == (State.DITOLAK, True)


def test_a_refused_step_leaves_nothing_behind(actors: Any) -> None:
    code = draft(actors)
    size, _ = record.root()
    with pytest.raises(rules.OwnWork):
        go(actors, code, ("citra", Act.SUBMIT, {}), ("citra", Act.APPROVE, {}))
    assert record.root()[0] == size + 1
    assert recommendations.get(E, code, AT + timedelta(hours=1)).state is State.TELAAH


def test_the_post_names_no_participants_and_commands_nobody(actors: Any) -> None:
    with pytest.raises(report_rules.Guarded):
        draft(actors, subject="Spanduk partai di gudang")
    with pytest.raises(rules.Commands):
        draft(actors, slots=Slots("a", "b", "c", "KPU wajib menutup atap", "d", "e"))
    assert recommendations.listing(E, AT) == []


def waits(cast: Any, who: str, at: datetime) -> list[str]:
    return [t.kind.partition(".")[2] for t in recommendations.waiting(cast[who], E, at)]


def test_each_state_waits_for_the_right_people(actors: Any, cast: Any) -> None:
    code = draft(actors)
    at = AT + timedelta(hours=1)
    assert (waits(cast, "citra", at), waits(cast, "gita", at), waits(cast, "ani", at)) == (["draf"], [], [])
    go(actors, code, ISSUED[0])
    assert (waits(cast, "citra", at), waits(cast, "gita", at)) == ([], ["telaah"])
    go(actors, code, *ISSUED[1:], start=AT + timedelta(minutes=5))
    assert (waits(cast, "gita", at), waits(cast, "ani", at), waits(cast, "dedi", at)) == ([], ["terbit"], [])
    go(actors, code, ("ani", Act.RECEIVE, {}), start=AT + timedelta(minutes=10))
    assert (waits(cast, "ani", at), waits(cast, "fajar", at)) == ([], ["diterima"])


def test_only_allowed_acts_are_offered(actors: Any, cast: Any) -> None:
    code = draft(actors)
    rec = go(actors, code, ISSUED[0])
    at = AT + timedelta(hours=1)
    assert recommendations.allowed(rec, cast["gita"], at) == [Act.RETURN, Act.APPROVE]
    for who in ("citra", "ani", "budi", "juwita", "dedi"):
        assert recommendations.allowed(rec, cast[who], at) == []


def test_drafts_are_seen_by_the_post_and_bawaslu_only(actors: Any) -> None:
    rec = recommendations.get(E, draft(actors), AT)
    assert [a for a in ("KEJARI", "BAWASLU", "KPU", "PEMDA") if recommendations.visible_to(rec, a)] == ["KEJARI", "BAWASLU"]
