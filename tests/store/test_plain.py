"""No typed sentence stands where it can never be erased: the facts of every entry that the demonstration writes are codes and labels."""

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from posko import store
from posko.store import record
from tests import beltim

pytestmark = pytest.mark.django_db
LONGEST = 64  # a SHA-256
# Facts that somebody types and that are not said in a word or two; also refused where the demonstration happens to type one word.
TYPED = {
    "note", "reason", "agreed", "basis", "citation", "carrier", "remark", "comment", "text", "why", "variance", "catatan", "alasan",
    "receipt_no",
}  # fmt: skip

# (kind, key) -> why a text with spaces may stand there for ever.
LABELS = {
    ("agreement.signed", "title"): "the title of a signed agreement",
    ("attendance.recorded", "table"): "the label on a table",
    ("claim.filed", "supplier"): "the supplier as the contract names it",
    ("contract.signed", "supplier"): "the supplier as the contract names it",
    ("order.placed", "supplier"): "the supplier as the contract names it",
    ("dpt.imported", "label"): "the name of a list of voter counts",
    ("election.created", "name"): "the name of an election",
    ("installation.made", "name"): "the name of a regency",
    ("pledge.ask_declined", "reason"): "one of a list",
    ("post.noted", "note"): "the kind of a line, one of a list",
    ("post.opened", "name"): "the name of a post",
    ("recommendation.drafted", "text_nature"): "how urgent, one of a list",
    ("recommendation.spoken", "text_nature"): "how urgent, one of a list",
    ("seals.checked", "occasion"): "one of those that the page offers",
    ("plan.recorded", "method"): "the program that made the plan, and its version",
    ("rate.set", "basis"): "a code: folded or sorted",
    ("rakor.called", "invited"): "codes of agencies",
    ("rakor.called", "place_name"): "where a meeting is held",
    ("rakor.called", "title"): "the title of a meeting",
    ("shipment.announced", "destination"): "the office that the papers name: what a misdirection is judged by",
    ("shipment.arrived", "destination"): "the office that the papers name",
    ("shipment.misdirected", "destination"): "the office that the papers name: the misdirection itself",
    ("transfers.proposed", "legs"): "codes of trips and TPS, and numbers",
    ("vehicle.added", "name"): "the kind of a vehicle",
    ("wave.opened", "name"): "the label of a wave",
}
# Typed sentences that stand in facts and should not: each is to be moved to the private part, and this list only becomes shorter.
OPEN: set[tuple[str, str]] = set()


def strings(value: object) -> Iterator[str]:
    """Every string in a fact."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def sentences(said: Mapping[str, object]) -> list[str]:
    """Keys whose fact is longer than a hash, holds a space, or is typed by its nature."""
    return [
        key
        for key, value in said.items()
        if any(len(text) > LONGEST or any(c.isspace() for c in text) or (text and key in TYPED) for text in strings(value))
    ]


def journal() -> set[tuple[str, str]]:
    """(kind, key) of every sentence in the journal."""
    kinds = dict(record.Entry.objects.values_list("entry_id", "kind"))
    found = set()
    for entry_id, said in record.Opening.objects.values_list("entry_id", "facts").iterator():
        found |= {(kinds[entry_id], key) for key in sentences(json.loads(bytes(said)))}
    return found


def judge(*steps: tuple[str, str]) -> set[tuple[str, str]]:
    for name, election in steps:
        beltim.step(name, election)
    found = journal()
    assert sorted(found - set(LABELS) - OPEN) == [], "put it into Draft.private (record.typed) and read it with record.privates"
    return found


E, P = "pemilu-2024", "pilkada-2024"
MORNING = [*((name, E) for name in beltim.STEPS[:5]), ("places", P), ("regulation", P), ("transfers", P)]


def test_goods_and_transfers_write_codes_and_labels_only(installation: Any) -> None:
    judge(*MORNING, ("sorting", E))


@pytest.mark.slow
def test_every_step_of_the_demonstration_writes_codes_and_labels_only(installation: Any) -> None:
    goods = [(name, E) for name in beltim.GOODS]
    found = judge(*MORNING, *goods, *((name, E) for name in beltim.STEPS[5:]), ("custody", E))
    assert sorted(OPEN - found) == [], "these are moved now: strike them off the list"


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        ({"note": "Budi membawanya", "code": "TRM-001"}, ["note"]),
        ({"note": "Budi"}, ["note"]),
        ({"note": ""}, []),
        ({"lines": [["DPR", "dua lembar robek"]]}, ["lines"]),
        ({"boxes": [{"about": "x" * 65}]}, ["boxes"]),
        ({"digest": "0" * 64, "pieces": 7, "codes": ["A", "B"]}, []),
    ],
)
def test_what_counts_as_a_sentence(said: dict[str, object], keys: list[str]) -> None:
    assert sentences(said) == keys


# --- what the demonstration does not type ------------------------------------------------------------------------------------

# (stage, key) of the facts that name a typed text in the source; with those of OPEN above, all that is left to move.
OPEN_IN_SOURCE: set[tuple[str, str]] = set()
# A code, a flag, the sentence of a warning that is never stored; reasons that are one of a list.
CODES_IN_SOURCE = {
    ("sorting", "basis"),
    ("packing", "variance"),
    ("keys", "why"),
    ("receipts", "why"),
    ("pledges", "reason"),
    ("posts", "note"),
    ("posts", "reason"),
}


def typed_in(source: str) -> set[str]:
    """Keys of typed texts in the dictionaries that a function calls `said`, or hands over as `facts`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id in {"said", "told"} for t in targets):
                found |= {k.value for k in node.value.keys if isinstance(k, ast.Constant) and k.value in TYPED}
        if isinstance(node, ast.keyword) and node.arg == "facts" and isinstance(node.value, ast.Dict):
            found |= {k.value for k in node.value.keys if isinstance(k, ast.Constant) and k.value in TYPED}
    return found


def test_no_store_function_puts_a_typed_text_into_facts() -> None:
    folder = Path(store.__file__).parent
    found = {(path.stem, key) for path in folder.glob("*.py") for key in typed_in(path.read_text(encoding="utf-8"))}
    assert sorted(found - CODES_IN_SOURCE - OPEN_IN_SOURCE) == []
    assert sorted(OPEN_IN_SOURCE - found) == [], "these are moved now: strike them off the list"


def test_a_typed_text_in_the_source_is_seen() -> None:
    assert typed_in('def f():\n    said: dict[str, object] = {"note": note, "code": 1}\n') == {"note"}
    assert typed_in('def f():\n    said = {"code": 1}\n    private = record.typed(note=note)\n') == set()
