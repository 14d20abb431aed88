"""Copies of a pack: what an agency may not read is not in its file, which still proves the same hash; older layouts stay readable."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import rakor

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
AGENCIES = ("KPU", "KEJARI", "BAWASLU", "POLRES", "PEMDA", "PUBLIK")
OLD = "posko-rakor/1"


def letter(number: int, addressee: str) -> dict[str, rakor.Value]:
    about: dict[str, rakor.Value] = {"code": f"R-{number}", "number": "", "title": f"rahasia-{number}-{addressee}", "addressee": addressee}
    return {**about, "state": "TERBIT", "due_at": "", "overdue": number % 2, "reason": ""}


def plain(addressees: list[str]) -> dict[str, rakor.Value]:
    """What the store gathers, with the titles of letters on the agenda as the first layout had them."""
    letters = [letter(n, a) for n, a in enumerate(addressees)]
    matters: list[rakor.Value] = [
        {"kind": "recommendation", "code": row["code"], "label": row["title"], "why": "TERBIT", "due_at": "", "weight": 0}
        for row in letters
    ]
    threat: rakor.Value = {"kind": "aght", "code": "A-1", "label": "AGHT A-1", "why": "terbuka", "due_at": "", "weight": 987654}
    return {
        "figures": [],
        "agenda": [*matters, threat],
        "aght": {"nonce": "n", "rows": [{"code": "A-1", "title": "rahasia-aght"}]},
        "recommendations": list(letters),
    }


def nonces() -> Callable[[], str]:
    numbers = iter(range(1000))
    return lambda: f"{next(numbers):032x}"


def old(addressees: list[str]) -> rakor.Snapshot:
    found = plain(addressees)
    data = rakor.freeze(found).replace(rakor.FORMAT.encode(), OLD.encode())
    return rakor.Snapshot("SNP-001", "RKR-001", AT, data, rakor.digest(found, layout=OLD))


def new(addressees: list[str]) -> rakor.Snapshot:
    found = rakor.split(plain(addressees), nonces())
    return rakor.Snapshot("SNP-002", "RKR-001", AT, rakor.freeze(found), rakor.digest(found))


def copy(frozen: rakor.Snapshot, agency: str) -> bytes:
    return rakor.copy_for(frozen.sections, rakor.withheld_from(agency, frozen.sections), frozen.layout)


@pytest.mark.parametrize("made", [old, new])
@given(addressees=st.lists(st.sampled_from(["KPU", "PEMDA", "POLRES", "BAWASLU"]), max_size=6), agency=st.sampled_from(AGENCIES))
def test_a_copy_proves_the_same_hash_and_holds_no_word_that_its_agency_may_not_read(
    made: Callable[[list[str]], rakor.Snapshot], addressees: list[str], agency: str
) -> None:
    frozen = made(addressees)
    file = copy(frozen, agency)
    assert rakor.recompute(file) == frozen.digest
    assert rakor.altered(file) == ()
    words = file.decode()
    for number, addressee in enumerate(addressees):
        if not rakor.reads_letter(agency, addressee):
            assert f"rahasia-{number}-{addressee}" not in words
        elif made is new:
            assert f"rahasia-{number}-{addressee}" in words
    assert ("rahasia-aght" in words) is (agency in rakor.AGHT_READERS)
    assert agency in rakor.AGHT_READERS or "987654" not in words


@pytest.mark.parametrize("made", [old, new])
def test_what_is_readable_has_one_shape_for_every_layout(made: Callable[[list[str]], rakor.Snapshot]) -> None:
    frozen = made(["PEMDA", "KPU", "PEMDA"])
    seen = rakor.readable(frozen.sections, ["PEMDA"])
    assert [row["code"] for row in seen["letters"]] == ["R-0", "R-2"]  # type: ignore[index, union-attr, call-overload]
    assert seen["recommendations"] == {
        "rows": [
            {"addressee": "KPU", "state": "TERBIT", "letters": 1, "overdue": 1},
            {"addressee": "PEMDA", "state": "TERBIT", "letters": 2, "overdue": 0},
        ]
    }
    assert "aght" not in seen
    assert len(seen["agenda"]) == 4  # type: ignore[arg-type]
    assert not any(name.startswith(rakor.LETTERS) for name in seen)
    assert len(rakor.readable(frozen.sections, ["KPU", "KEJARI"])["letters"]) == 3  # type: ignore[arg-type]
    assert rakor.readable(frozen.sections, ["KPU", "POLRES", "PEMDA"])["letters"] == []


def test_the_hash_of_what_is_left_out_tells_nothing_because_a_nonce_goes_into_it() -> None:
    one, other = (rakor.split(plain(["PEMDA"]), source) for source in (nonces(), lambda: "f" * 32))
    hashes = [rakor.section_hashes(sections) for sections in (one, other)]
    assert hashes[0]["letters:PEMDA"] != hashes[1]["letters:PEMDA"]
    assert hashes[0]["recommendations"] == hashes[1]["recommendations"]


def test_a_changed_section_is_named_and_so_is_one_that_two_copies_disagree_on() -> None:
    frozen = new(["PEMDA", "POLRES"])
    file = copy(frozen, "PEMDA")
    forged = file.replace(b"rahasia-0-PEMDA", b"rahasia-9-PEMDA")
    assert rakor.altered(forged) == ("letters:PEMDA",)
    assert rakor.recompute(forged) != frozen.digest
    assert rakor.unequal(file, copy(frozen, "KPU")) == ()
    assert rakor.unequal(forged, copy(frozen, "KPU")) == ("letters:PEMDA",)
    assert rakor.altered(frozen.content) == (), "the frozen bytes state nothing of themselves"


def test_a_layout_that_nobody_knows_is_refused_and_one_letter_of_the_layout_counts() -> None:
    data = new([]).content.replace(rakor.FORMAT.encode(), b"posko-rakor/9")
    with pytest.raises(rakor.Foreign):
        rakor.recompute(data)
    with pytest.raises(rakor.Changed):
        rakor.Snapshot("SNP-001", "RKR-001", AT, old([]).content, new([]).digest)
    assert json.loads(old([]).content)["format"] == old([]).layout == OLD


def test_the_room_is_who_came_and_until_somebody_is_noted_who_was_asked() -> None:
    def meeting(*came: bool) -> rakor.Meeting:
        agencies = tuple(rakor.Attendance(name, there) for name, there in zip(("PEMDA", "KPU"), came, strict=True))
        return rakor.Meeting("RKR-001", "Rakor", "Manggar", AT, agencies)

    assert rakor.room(meeting(False, True)) == ("KPU",)
    assert rakor.room(meeting(False, False)) == ("KPU", "PEMDA")


def test_who_reads_the_aght_of_a_pack_is_what_the_agreements_said_when_it_was_frozen() -> None:
    sections: dict[str, rakor.Value] = {
        "aght": {"rows": []},
        "meeting": {"aght_readers": ["BAWASLU", "KEJARI", "KPU"]},
        "recommendations": {"rows": []},
    }
    assert "aght" in rakor.withheld_from("POLRES", sections)
    assert "aght" not in rakor.withheld_from("KEJARI", sections)
    before: dict[str, rakor.Value] = {"aght": {"rows": []}, "meeting": {}, "recommendations": {"rows": []}}
    assert "aght" not in rakor.withheld_from("POLRES", before)
