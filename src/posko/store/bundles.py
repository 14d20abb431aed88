"""Stage bundles: what does an overseer take away, to check without us? Gathers; each export is an entry of the journal.

Opened are the entries behind the published figures, and only for Bawaslu, which may see them by law: what they say in codes and numbers,
never the private part. Everything else stays a commitment: enough to recompute the root, too little to learn anything. The press gets no
opened entry, since envelopes name places and pseudonyms of officers.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from django.db import transaction

from posko.domain import record as facts
from posko.domain import releases as rules
from posko.formats import bundle
from posko.store import neutrality, record, releases

OPENED = ("tps.", "readiness.", "dpt.", "order.", "shipment.", "receipt.", "recommendation.", "release.", "rule.", "needs.", "election.")
"""Beginnings of the kinds that stand behind published figures."""


class UnknownReader(facts.Refusal):
    """There are two kinds of bundle."""

    code: ClassVar[str] = "bundles.unknown_reader"


class NothingPublished(facts.Refusal):
    """Without a publication there is nothing to check."""

    code: ClassVar[str] = "bundles.nothing_published"


def make(election: str, reader: str, at: datetime) -> bytes:
    """The bundle for bawaslu or pers, of all publications by `at` that are handed out. UnknownReader, NothingPublished."""
    if reader not in bundle.READERS:
        raise UnknownReader(reader=reader)
    found = _publications(election, at)
    if not found:
        raise NothingPublished()
    commitments = record.commitments()
    journal = bundle.Journal(tuple(commitments), record.root()[1])
    openings = _openings(election) if reader == "bawaslu" else ()
    return bundle.make(reader, found, journal, openings, _more(election, reader, at), rules.written(at))


def _publications(election: str, at: datetime) -> list[rules.Publication]:
    found = []
    for one in releases.history(election, at):
        try:
            found.append(releases.get(election, one.number, at))
        except rules.Closed:
            continue  # not for the public any more: its digest stays in the history of the later ones
    return sorted(found, key=lambda one: one.number)


def _openings(election: str) -> Iterable[bundle.Opening]:
    for index, opening in record.openings(election, OPENED):
        yield bundle.Opening(index, opening.envelope, opening.envelope_salt, opening.facts, opening.facts_salt)


def _more(election: str, reader: str, at: datetime) -> dict[str, bytes]:
    """For Bawaslu also the runs of the audit, as they were recorded."""
    if reader != "bawaslu":
        return {}
    runs = [
        {
            "code": audit.code, "ran_at": rules.written(audit.ran_at), "seed": audit.seed, "input_hash": audit.input_hash,
            "score": [audit.score.version, audit.score.hour_permille, audit.score.heard_permille],
            "results": [[r.code, r.n, r.p_ppm, r.held_ppm] for r in audit.results],
        }
        for audit in neutrality.audits(election, at)
    ]  # fmt: skip
    return {"netral/uji.json": facts.canonical({"runs": runs})} if runs else {}


def note(election: str, reader: str, made: bytes, actor: facts.Actor, at: datetime) -> None:
    """Writes down that a bundle was taken, for whom, with its hash. A bundle does not contain the entry about itself."""
    with transaction.atomic():
        at = record.turn(at)
        said: dict[str, object] = {"reader": reader, "sha256": hashlib.sha256(made).hexdigest(), "bytes": len(made)}
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("bundle.exported", election, f"bundle:{reader}", region, actor, at, said)], at)
        record.append(prepared, at=at)
