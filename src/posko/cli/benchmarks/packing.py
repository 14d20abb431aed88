"""A packing scan, with what the page shows after it, costs the same after 100,000 scans as after 1,000.

Two databases of the same regency (same TPS, needs, boxes, bundles, codes) in a folder of their own; in one a thousand scans are recorded,
in the other a hundred thousand, each with its put, its posting and its entry of the journal. Two processes then scan the same new bundles
into the same new boxes, batch by batch in turn, so that whatever else the machine does falls on both. The disk's flush is switched off: it
costs the same everywhere and would hide what grows. Their outcomes must be equal, and so must what lies in the files afterwards.

"""

import hashlib
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

ROOT = Path(__file__).resolve().parents[4]
LIMIT = 1.3
CONTESTS = {"PPWP": 1, "DPR": 1, "DPD": 1, "DPRD_PROV": 1, "DPRD_KAB": 3}  # contest -> dapil of it here
BUNDLES_PER_BOX, SHEETS = 8, 25
BATCH = 24
ELECTION, REGION = "ukur", "19.06"
AT = datetime(2024, 2, 1, 2, tzinfo=UTC)
_CHUNK = 2000


def bench(
    small: Annotated[int, typer.Option("--small", min=10, help="pindaian dalam basis data kecil")] = 1_000,
    large: Annotated[int, typer.Option("--large", min=10, help="pindaian dalam basis data besar")] = 100_000,
    pairs: Annotated[int, typer.Option("--pairs", min=5, max=99, help="pasangan putaran yang berselang-seling")] = 9,
) -> int:
    """Satu pindaian pengepakan. Keluar 0 bila di bawah batas, 1 bila di atasnya atau bila hasil kedua basis data berbeda."""
    folder = Path(tempfile.mkdtemp(prefix="posko-ukur-"))
    try:
        with desk(folder / "kecil", small, large, pairs) as few, desk(folder / "besar", large, large, pairs) as many:
            for name, one in (("kecil", few), ("besar", many)):
                ready = one.hear()
                print(
                    f"{name}: {ready['scans']} pindaian, jurnal {ready['journal']} catatan, disiapkan {ready['seconds']:.0f} detik",
                    flush=True,
                )
            times, same = _pairs(few, many, pairs)
        same = same and _files_agree(folder / "kecil", folder / "besar")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ratios = [b / a for a, b in times]
    ratio = statistics.median(ratios)
    for word, seconds in (("kecil", [a for a, _ in times]), ("besar", [b for _, b in times])):
        print(f"{word}: {1000 * statistics.median(seconds) / BATCH:.2f} ms per pindaian (tengah dari {pairs} putaran)")
    print(f"putaran: {' '.join(f'{r:.2f}' for r in ratios)}")
    print(f"hasil kedua basis data: {'sama' if same else 'BERBEDA'}")
    print(f"ratio={ratio:.3f}")
    return 0 if same and ratio <= LIMIT else 1


def _pairs(few: "Desk", many: "Desk", pairs: int) -> tuple[list[tuple[float, float]], bool]:
    """Batches in turn, the first one of each unmeasured; who goes first changes with every pair."""
    times, same = [], True
    for number in range(pairs + 1):
        answers = {}
        for one in (few, many) if number % 2 else (many, few):
            answers[one] = one.ask(number)
        same = same and answers[few]["outcomes"] == answers[many]["outcomes"]
        if number:
            times.append((float(answers[few]["seconds"]), float(answers[many]["seconds"])))
    return times, same


def _files_agree(one: Path, other: Path) -> bool:
    """What the new boxes hold and what was stopped, read with nothing but SQLite."""
    asked = (
        "SELECT holder, thing, sum(quantity), sum(found) FROM packing_put WHERE station = 'UKUR' GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT box, thing, what, found_dapil FROM packing_stop ORDER BY id",
        "SELECT subject, sum(quantity) FROM stock_posting WHERE entry_id IN (SELECT entry_id FROM packing_put WHERE station = 'UKUR') "
        "GROUP BY 1 ORDER BY 1",
    )
    found = []
    for folder in (one, other):
        with sqlite3.connect(folder / "posko.sqlite3") as file:
            found.append([file.execute(sql).fetchall() for sql in asked])
    return found[0] == found[1] and all(found[0])


# --- a process with a database of its own ----------------------------------------------------------------------------------


@dataclass(eq=False)
class Desk:
    """A child process that scans when asked."""

    process: "subprocess.Popen[str]"

    def hear(self) -> dict[str, Any]:
        """The next line it says."""
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError("proses ukur berhenti sebelum menjawab")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, number: int) -> dict[str, Any]:
        """One batch."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        return self.hear()


@contextmanager
def desk(var: Path, scans: int, most: int, pairs: int) -> Iterator[Desk]:
    """Starts one, and ends it."""
    var.mkdir(parents=True)
    env = {k: v for k, v in os.environ.items() if k != "POSKO_DATABASE_URL"} | {"POSKO_VAR": str(var)}
    command = [sys.executable, "-P", "-m", "posko.cli.benchmarks.packing", str(scans), str(most), str(pairs)]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Desk(process)
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def child(scans: int, most: int, pairs: int) -> None:
    """Makes the database, says so, then scans a batch for every line it reads."""
    began = time.perf_counter()
    world = World(most, pairs)
    world.build(scans)
    from posko.store import record

    print(json.dumps({"scans": scans, "journal": record.root()[0], "seconds": time.perf_counter() - began}), flush=True)
    for line in sys.stdin:
        batch = world.batch(int(line))
        began = time.perf_counter()
        outcomes = [_scan(*one) for one in batch]
        seconds = time.perf_counter() - began
        digest = hashlib.sha256(json.dumps(outcomes).encode()).hexdigest()
        print(json.dumps({"seconds": seconds, "outcomes": digest}), flush=True)


def _scan(box: str, bundle: str, at: datetime) -> list[str | int]:
    """One scan, and what the table's page reads after it; in words that do not depend on the database (ids and hashes of entries do)."""
    from posko.domain.record import Actor, Refusal
    from posko.store import packing

    try:
        done = packing.scan(ELECTION, box, bundle, None, Actor("p-ukur", "KPU"), at, station="UKUR")
    except Refusal as refusal:
        return [refusal.code, *(str(refusal.facts[k]) for k in sorted(refusal.facts) if k != "stopped")]
    now = packing.get_box(ELECTION, box, at)
    listed, events = packing.pick_list(ELECTION, now.tps, at), packing.history(ELECTION, box, at)
    shown = [len(listed.boxes), *(one.state.value if one.state else "" for one in listed.boxes), len(events)]
    return [done.box.code, done.thing, done.quantity, done.remainder, now.state.value, now.packed, int(done.repeated), *shown]


class World:
    """The same regency for both: enough boxes and bundles for the larger number of scans, and new ones for the batches."""

    def __init__(self, most: int, pairs: int) -> None:
        rng = random.Random(20240214)  # noqa: S311  (codes must be the same in both databases)
        from posko.domain import labels

        self.old_tps = -(-most // (BUNDLES_PER_BOX * len(CONTESTS)))
        new_boxes = -(-(pairs + 1) * BATCH // (BUNDLES_PER_BOX - 2))
        self.tps = [f"{REGION}.{1 + i // 90000:02}.{2001 + i // 900 % 100}.{1 + i % 900:03}" for i in range(self.old_tps + new_boxes)]
        self.boxes, self.bundles = [], []
        for place, tps in enumerate(self.tps):
            for contest, parts in CONTESTS.items():
                dapil = f"{contest}-{1 + place % parts}"
                code = labels.new_code(rng)
                self.boxes.append((code, tps, contest, dapil))
                carton = labels.new_code(rng)
                self.bundles += [(labels.new_code(rng), code, tps, contest, dapil, carton) for _ in range(BUNDLES_PER_BOX)]

    def build(self, scans: int) -> None:
        """Tables, places, needs, boxes, bundles, and so many scans."""
        os.environ["DJANGO_SETTINGS_MODULE"] = "posko.server.settings"
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        settings.MIGRATION_MODULES = {"store": None}  # the tables as they are now; their history costs a minute
        call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")
        self._found()
        self._stock_up()
        self._load(scans)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _found(self) -> None:
        from posko.domain.places import Tps
        from posko.domain.record import Actor, Election
        from posko.store import needs, places, record

        actor = Actor("p-ukur", "KPU")
        record.install(name="Ukur", region=REGION, demo=True, at=AT)
        record.create_election(Election(ELECTION, "Ukur", REGION, AT, tuple(CONTESTS), "pemilu-2024"), actor, AT)
        tps_list = [Tps(c, int(c[-3:]), c, c[:13], "Desa", c[:8], "Kec", "reguler", "", False, -2.9, 108.2) for c in self.tps]
        places.load_tps(ELECTION, tps_list, {(contest, tps): dapil for _, tps, contest, dapil in self.boxes}, actor, AT)
        run = needs.RunRow.objects.create(
            election=ELECTION, rulebook="pemilu-2024", rulebook_version="", rules_digest="", dpt_run="", dpt_digest="", contests=[],
            voters=0, tps=len(self.tps), desa=0, kecamatan=0, digest="", person="p-ukur", occurred_at=AT, entry_id="",
        )  # fmt: skip
        lines = [
            needs.LineRow(
                run=run, item="SURAT_SUARA", use="tps", level="TPS", place=tps, contest=contest, dapil=dapil,
                quantity=BUNDLES_PER_BOX * SHEETS, grade="law",
            )
            for _, tps, contest, dapil in self.boxes
        ]  # fmt: skip
        needs.LineRow.objects.bulk_create(lines, batch_size=_CHUNK)

    def _stock_up(self) -> None:
        from posko.store import packing, sorting

        packing.BoxRow.objects.bulk_create(
            [
                packing.BoxRow(
                    code=code, election=ELECTION, contest=contest, tps=tps, dapil=dapil, line_dapil=dapil, use="tps",
                    place=f"{REGION}:G01", person="p-ukur", occurred_at=AT, entry_id="",
                )
                for code, tps, contest, dapil in self.boxes
            ],
            batch_size=_CHUNK,
        )  # fmt: skip
        sorting.BundleRow.objects.bulk_create(
            [
                sorting.BundleRow(
                    code=code, election=ELECTION, contest=contest, dapil=dapil, quantity=SHEETS, carton=carton, batch="", team="A",
                    person="p-ukur", occurred_at=AT, entry_id="",
                )
                for code, _, _, contest, dapil, carton in self.bundles
            ],
            batch_size=_CHUNK,
        )  # fmt: skip

    def _load(self, scans: int) -> None:
        """So many scans as they would have been recorded: put, posting, entry; the newest some minutes before the first batch."""
        for start in range(0, scans, _CHUNK):
            self._record(self.bundles[start : min(scans, start + _CHUNK)])

    def _record(self, part: Sequence[tuple[str, str, str, str, str, str]]) -> None:
        from django.db import transaction

        from posko.domain.record import Actor, Draft
        from posko.domain.stock import Account, Condition, Posting
        from posko.store import packing, record, stock

        place, actor = f"{REGION}:G01", Actor("p-ukur", "KPU")
        with transaction.atomic():
            drafts = [
                Draft("packing.scanned", ELECTION, f"box:{box}", place, actor, AT, {"holder": box, "thing": code, "quantity": SHEETS})
                for code, box, *_ in part
            ]
            prepared = record.prepare(drafts, AT)
            puts, moves = [], []
            for (code, box, tps, contest, dapil, carton), one in zip(part, prepared, strict=True):
                puts.append(
                    packing.PutRow(
                        election=ELECTION, holder=box, tps=tps, act="packed", kind="bundle", thing=code, item="SURAT_SUARA",
                        contest=contest, dapil=dapil, carton=carton, quantity=SHEETS, place=place, station=f"MEJA-{ord(box[0]) % 8}",
                        person="p-ukur", occurred_at=AT, entry_id=one.entry_id,
                    )
                )  # fmt: skip
                line = ("SURAT_SUARA", contest, dapil)
                source, target = Account(place, Condition.FOLDED), Account(place, Condition.PACKED)
                moves.append((Posting(line, SHEETS, source, target, "packing.scanned", f"bundle:{code}"), one.entry_id))
            packing.PutRow.objects.bulk_create(puts, batch_size=_CHUNK)
            stock.PostingRow.objects.bulk_create(
                [
                    stock.PostingRow(
                        election=ELECTION, item=m.line[0], contest=m.line[1], dapil=m.line[2], quantity=m.quantity, source_place=place,
                        source=m.source.condition.value, target_place=place, target=m.target.condition.value, act=m.act,
                        subject=m.subject, entry_id=entry, occurred_at=AT,
                    )
                    for m, entry in moves
                ],
                batch_size=_CHUNK,
            )  # fmt: skip
            record.append(prepared, at=AT)

    def batch(self, number: int) -> list[tuple[str, str, datetime]]:
        """New bundles into new boxes; every twelfth scan is said twice, every twelfth has ballots of another contest."""
        new = self.bundles[self.old_tps * len(CONTESTS) * BUNDLES_PER_BOX :]
        mine = new[number * BATCH : (number + 1) * BATCH]
        at = AT + timedelta(hours=1 + number)
        scans = []
        for i, (code, box, *_) in enumerate(mine):
            if i % 12 == 10:
                scans.append((mine[i - 1][1], mine[i - 1][0], at + timedelta(seconds=i - 1)))
            elif i % 12 == 11:
                other = next(b for b in new if b[3] != mine[i][3])
                scans.append((box, other[0], at + timedelta(seconds=i)))
            else:
                scans.append((box, code, at + timedelta(seconds=i)))
        return scans


if __name__ == "__main__":
    child(*map(int, sys.argv[1:4]))
