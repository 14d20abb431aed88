"""Confirmations of quantities: the number stands in the journal for ever, the typed source can be erased."""

from datetime import timedelta
from typing import Any

import pytest

from posko.domain import regulation as rules
from posko.store import record, regulation
from tests import erasing
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"


def test_a_citation_is_read_back_and_an_erased_one_says_so_while_its_quantity_stays_in_force(installation: Any) -> None:
    ani = installation.actors["ani"]
    first = regulation.confirm(E, "KABEL_TIES", "kotak", 6, "  Kep KPU 1281/2023, lampiran I ", ani, RAKOR_AT)
    later = RAKOR_AT + timedelta(hours=1)
    second = regulation.confirm(E, "KABEL_TIES", "kotak", 5, "Surat KPU yang dibacakan Budi", ani, later)
    assert [(c.quantity, c.citation) for c in regulation.confirmations(E, later)] == [
        (6, "Kep KPU 1281/2023, lampiran I"), (5, "Surat KPU yang dibacakan Budi"),
    ]  # fmt: skip
    assert first.citation == "Kep KPU 1281/2023, lampiran I"
    entry = record.entry(E, second.entry_id)
    assert (entry.corrects, entry.facts["quantity"]) == (first.entry_id, 5)
    opening = record.Opening.objects.get(entry_id=second.entry_id)
    assert b"Budi" not in bytes(opening.facts) + bytes(opening.envelope)
    before = regulation.digest(E, later)
    erasing.erase_private(second.entry_id, ani, "diminta", later)
    assert [c.citation for c in regulation.confirmations(E, later)] == ["Kep KPU 1281/2023, lampiran I", record.ERASED]
    assert regulation.digest(E, later) == before
    assert record.verify().faults == ()


def test_a_row_from_before_citations_were_private_keeps_its_own(installation: Any) -> None:
    regulation.confirm(E, "KABEL_TIES", "kotak", 6, "Kep KPU 1281/2023", installation.actors["ani"], RAKOR_AT)
    regulation.ConfirmationRow.objects.update(citation="dari baris lama", entry_id="0" * 64)
    assert [c.citation for c in regulation.confirmations(E, RAKOR_AT)] == ["dari baris lama"]


def test_a_confirmation_without_its_source_is_refused(installation: Any) -> None:
    size = record.root()
    with pytest.raises(rules.CitationMissing):
        regulation.confirm(E, "KABEL_TIES", "kotak", 6, "    x", installation.actors["ani"], RAKOR_AT)
    assert record.root() == size
