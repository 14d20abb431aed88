"""Every refusal that a screen can meet has an Indonesian sentence, and every sentence can be said with what its refusal states."""

import importlib
import pkgutil
from collections.abc import Iterator

import posko.domain
import posko.formats
import posko.store
from posko.desk import shell
from posko.domain import record

# Bases that are never raised themselves, and refusals that only commands meet.
ELSEWHERE = {
    "refused",
    "picture.unusable",
    "record.not_plain",
    "record.no_election",
    "record.no_entry",
    "record.equivocated",
}


def refusals(root: type[record.Refusal]) -> Iterator[type[record.Refusal]]:
    for found in root.__subclasses__():
        yield found
        yield from refusals(found)


def test_every_refusal_of_the_goods_has_its_sentence() -> None:
    for package in (posko.domain, posko.store, posko.formats):
        for module in pkgutil.iter_modules(package.__path__):
            if module.name not in {"migrations", "apps"}:
                importlib.import_module(f"{package.__name__}.{module.name}")
    said = shell._collect("SENTENCES")
    goods = (
        "labels", "evidence", "picture", "stock", "receipts", "sorting", "seals", "packing", "sampling", "transfers", "access", "posts",
        "misuse",
    )  # fmt: skip
    codes = {r.code for r in refusals(record.Refusal) if r.code.partition(".")[0] in goods} - ELSEWHERE
    assert len(codes) > 150
    assert sorted(codes - set(said)) == []


def test_every_signal_and_task_of_the_goods_leads_to_a_page_that_exists() -> None:
    from django.urls import get_resolver

    names = {f"desk:{name}" for name in get_resolver().reverse_dict if isinstance(name, str)}
    names |= {f"desk:{name}" for name in get_resolver().namespace_dict["desk"][1].reverse_dict if isinstance(name, str)}
    for kind in ("SIGNALS", "TASKS"):
        wrong = {key: url for key, (_, url) in shell._collect(kind).items() if url and url not in names}
        assert not wrong
