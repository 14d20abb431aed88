"""Pieces left from earlier elections: the count stands in the journal, what was typed with it can be erased."""

from typing import Any

import pytest

from posko.store import needs, record
from tests import erasing
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"


def test_a_note_of_a_count_stands_in_the_private_part_alone(installation: Any) -> None:
    needs.count_stock(E, "KOTAK", "baik", 40, " dihitung Budi ", installation.actors["ani"], RAKOR_AT)
    assert needs.stock(E, RAKOR_AT)["KOTAK"]["baik"] == 40
    entry = record.Entry.objects.get(kind="stock.counted").entry_id
    opening = record.Opening.objects.get(entry_id=entry)
    assert b"Budi" not in bytes(opening.facts) + bytes(opening.envelope)
    assert record.privates([entry]).text(entry, "note") == "dihitung Budi"
    erasing.erase_private(entry, installation.actors["ani"], "diminta", RAKOR_AT)
    assert needs.stock(E, RAKOR_AT)["KOTAK"]["baik"] == 40
    assert not needs.StockRow.objects.exclude(note="").exists()
