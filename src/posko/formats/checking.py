"""The overseer's program: recomputes what was published, from a bundle and a bare Python. It travels in the bundle as `periksa.pyz`.

    python3 periksa.pyz BERKAS.zip [--halaman FOLDER-HALAMAN-PUBLIK] [--json]

It uses the same rules as Posko (domain.releases, ledger.tree) and nothing that has to be installed. What differs is named: which figure,
what was published, what comes out, from which rows. Exit code 0: all agrees; 1: something differs; 2: cannot be read.

Signatures are not checked here (no Ed25519 in Python's own library): whoever changes an entry changes its leaf, and by that the root that
other publications and printed minutes name.
"""

import hashlib
import html
import io
import json
import re
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from posko.domain import releases
from posko.formats import publication as pages
from posko.formats import publication_data as data
from posko.ledger import tree

Row = dict[str, Any]
PREFIX = b"posko/v1\n"
LEAVES, OPENINGS, HEAD = "jurnal/daun.txt", "jurnal/pembukaan.jsonl", "jurnal/kepala.json"
BLOCKING = frozenset({"goods_missing", "under_check", "place_not_ready", "officers_missing"})
MOST_BYTES = 2_000_000_000


class Unreadable(Exception):
    """The file is no bundle; the text says why, in Indonesian."""


@dataclass(frozen=True)
class Finding:
    """Something that differs. where: figure, row or file; published and found as people read them; note: from which rows."""

    check: str
    where: str
    published: str
    found: str
    note: str = ""

    def __str__(self) -> str:
        said = f"BEDA [{self.check}] {self.where}: tertulis {self.published}, hasil hitung {self.found}"
        return f"{said} ({self.note})" if self.note else said


@dataclass
class Report:
    """What was checked, how far, and what differs."""

    findings: list[Finding] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    depth: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def differ(self, check: str, where: str, published: object, found: object, note: str = "") -> None:
        """Writes a difference down."""
        self.findings.append(Finding(check, where, str(published), str(found), note))


@dataclass(frozen=True)
class Entry:
    """An opened entry of the journal: what it says, and where its leaf stands."""

    index: int
    entry_id: str
    said: Row
    facts: Row

    @property
    def kind(self) -> str:
        """For example tps.checked."""
        return str(self.said["kind"])

    @property
    def subject(self) -> str:
        """What it is about, without its kind."""
        return str(self.said["subject"]).partition(":")[2]

    @property
    def occurred_at(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(self.said["occurred_at"])


# --- reading -------------------------------------------------------------------------------------------------------------


def read(source: Path) -> dict[str, bytes]:
    """Name -> bytes of a bundle, a zip or an unpacked folder. Unreadable."""
    if source.is_dir():
        return {p.relative_to(source).as_posix(): p.read_bytes() for p in sorted(source.rglob("*")) if p.is_file()}
    try:
        with zipfile.ZipFile(source) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
                raise Unreadable(f"{source}: terlalu besar.")
            return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Unreadable(f"{source} tidak dapat dibuka sebagai berkas pengawas: {error}") from error


def publications(files: Mapping[str, bytes], report: Report) -> list[releases.Publication]:
    """The publications in their order; one that is damaged is a finding, not an end."""
    found = []
    for name in sorted(n for n in files if n.startswith("terbitan/") and n.endswith(".json")):
        try:
            found.append(releases.read(files[name]))
        except (releases.Changed, KeyError, TypeError, AttributeError):
            report.differ("terbitan", name, "terbitan yang utuh", "berkas yang rusak atau diubah")
    if not found:
        raise Unreadable("Berkas ini tidak berisi terbitan.")
    return sorted(found, key=lambda one: one.number)


# --- checks --------------------------------------------------------------------------------------------------------------


def check(files: Mapping[str, bytes], page: Mapping[str, bytes] | None = None) -> Report:
    """Every check, in the order in which the later ones rest on the earlier."""
    report = Report()
    found = publications(files, report)
    _check_manifest(files, report)
    _check_chain(found, report)
    _check_figures(found, report)
    entries = _check_journal(files, found, report)
    if entries:
        for one in found:
            _check_facts(one, entries, report)
        _check_announced(found, entries, report, json.loads(files[HEAD]).get("at", ""))
    else:
        report.notes.append("Berkas ini tidak membuka catatan jurnal: angka diperiksa sampai tabel terbitan, belum sampai catatannya.")
    if page is not None:
        _check_page(found, page, report)
    return report


def _check_manifest(files: Mapping[str, bytes], report: Report) -> None:
    """The list of files with their fingerprints."""
    listed = json.loads(files.get("daftar.json", b"{}"))
    for name, digest in listed.items():
        seen = hashlib.sha256(files[name]).hexdigest() if name in files else "tidak ada"
        if seen != digest:
            report.differ("daftar", name, digest[:16], seen[:16])
    for name in sorted(set(files) - set(listed) - {"daftar.json"}):
        report.differ("daftar", name, "tidak terdaftar", "ada")
    report.done.append(f"Daftar: {len(listed)} berkas dicocokkan.")


def _check_chain(found: Sequence[releases.Publication], report: Report) -> None:
    words = {
        "gap": "ada nomor yang hilang sebelum ini",
        "previous": "tidak menunjuk terbitan sebelumnya",
        "history": "riwayatnya lain dari terbitan lamanya",
    }
    closed = {row["number"] for row in found[-1].sections["history"] if row["reason_code"] == "not_public" or row["corrected_by"]}
    for number, fault in releases.chain_faults(found):
        if fault == "gap" and number - 1 in closed:
            continue  # withdrawn as not for the public; its digest stays in the history, which the chain covers
        report.differ("rantai", f"terbitan {number}", "rantai utuh", words.get(fault, fault))
    for number in sorted(set(range(1, found[0].number)) - closed):
        report.notes.append(f"Terbitan {number} tidak ada dalam berkas ini: angkanya tidak diperiksa.")
    report.done.append(f"Rantai: {len(found)} terbitan, nomor {found[0].number} sampai {found[-1].number}.")


def _check_figures(found: Sequence[releases.Publication], report: Report) -> None:
    count = 0
    for one in found:
        for wrong in releases.differences(one):
            how = releases_formula(one, wrong.code)
            report.differ("angka", f"terbitan {one.number}, {wrong.label}", _pair(wrong.published), _pair(wrong.recomputed), how)
        count += len(one.sections["figures"])
    for row in found[-1].sections["figures"]:
        report.depth.setdefault(row["code"], "tabel")
    report.done.append(f"Angka: {count} angka dihitung ulang dari tabelnya.")


def releases_formula(one: releases.Publication, code: str) -> str:
    """From which rows a figure comes, in a few words."""
    row = one.figure(code)
    if row is None:
        return "angka itu tidak ada di terbitan"
    how = row["how"]
    return f"dari bagian {how['section']}, cara {how['op']} {how['field']}".strip()


def _pair(pair: Sequence[int]) -> str:
    a, b = (("belum diketahui" if n == releases.UNKNOWN else "disembunyikan" if n == releases.SUPPRESSED else str(n)) for n in pair)
    return a if pair[1] == releases.UNKNOWN else f"{a} dari {b}"


# --- the journal ---------------------------------------------------------------------------------------------------------


def _check_journal(files: Mapping[str, bytes], found: Sequence[releases.Publication], report: Report) -> list[Entry]:
    """Leaves to root, older roots as roots of a beginning, opened entries to their leaves."""
    if LEAVES not in files:
        report.notes.append("Berkas ini tidak memuat daun jurnal.")
        return []
    commitments = files[LEAVES].decode().split()
    named = {int(one.head["journal_size"]): (one.head["journal_root"], f"terbitan {one.number}") for one in found}
    head = json.loads(files[HEAD])
    named[int(head["size"])] = (head["root"], "kepala jurnal dalam berkas ini")
    grown, roots = tree.Range(), {0: tree.Range().root().hex()}
    for commitment in commitments:
        grown = grown.append(tree.leaf_hash(PREFIX + bytes.fromhex(commitment)))
        if grown.size in named:
            roots[grown.size] = grown.root().hex()
    for size, (root, who) in sorted(named.items()):
        if size > len(commitments):
            report.differ("jurnal", who, f"{size} catatan", f"{len(commitments)} daun dalam berkas")
        elif roots.get(size) != root:
            report.differ("jurnal", f"{who}, akar sesudah {size} catatan", root[:16], roots.get(size, "?")[:16])
    report.done.append(f"Jurnal: akar {len(named)} kali dihitung dari {len(commitments)} daun.")
    return _opened(files.get(OPENINGS, b""), commitments, report)


def _opened(lines: bytes, commitments: Sequence[str], report: Report) -> list[Entry]:
    entries = []
    for line in lines.splitlines():
        row = json.loads(line)
        envelope, index = row["envelope"].encode(), int(row["index"])
        said = json.loads(envelope)
        name = f"catatan {index} ({said.get('kind')} {said.get('subject')})"
        commitment = hashlib.sha256(bytes.fromhex(row["envelope_salt"]) + envelope).hexdigest()
        if index >= len(commitments) or commitments[index] != commitment:
            report.differ("jurnal", name, "cocok dengan daunnya", "isi catatan lain dari yang ditandai daun")
            continue
        facts = row["facts"].encode()
        if hashlib.sha256(bytes.fromhex(row["facts_salt"]) + facts).hexdigest() != said["facts_hash"]:
            report.differ("jurnal", name, "fakta yang utuh", "fakta yang diubah")
            continue
        entries.append(Entry(index, hashlib.sha256(envelope).hexdigest(), said, json.loads(facts)))
    report.done.append(f"Jurnal: {len(entries)} catatan dibuka dan cocok dengan daunnya.")
    return sorted(entries, key=lambda entry: entry.index)


def _check_announced(found: Sequence[releases.Publication], entries: Sequence[Entry], report: Report, until: str) -> None:
    """Every publication was announced in the journal under this very digest. until: as of when the bundle was made."""
    until_at = releases.instant(until) if until else None
    entries = [e for e in entries if until_at is None or e.occurred_at <= until_at]
    said = {int(e.facts["number"]): e.facts["digest"] for e in entries if e.kind == "release.published" and "digest" in e.facts}
    elections = {e.said["election"] for e in entries if e.kind == "release.published"}
    for one in found:
        if one.head["election"] in elections and said.get(one.number) != one.digest:
            report.differ("jurnal", f"terbitan {one.number}", one.digest[:16], str(said.get(one.number, "tidak tercatat"))[:16])
    for number in sorted(set(said) - {one.number for one in found}):
        report.notes.append(f"Terbitan {number} tercatat di jurnal, berkasnya tidak dibagikan.")


# --- down to the facts ---------------------------------------------------------------------------------------------------


def _check_facts(one: releases.Publication, entries: Sequence[Entry], report: Report) -> None:
    """The tables of a publication from the opened entries that lie before it."""
    election, size = one.head["election"], int(one.head["journal_size"])
    known = [e for e in entries if e.said["election"] in {election, ""} and e.index < size and e.occurred_at <= one.data_at]
    _check_stations(one, known, report)
    _check_voters(one, known, report)
    _check_goods(one, known, report)
    _check_letters(one, known, report)


def _check_stations(one: releases.Publication, known: Sequence[Entry], report: Report) -> None:
    """Each TPS by its newest check whose embargo had passed: time, goods, and the state as far as the check alone decides it."""
    policy = releases.Policy(**one.head["policy"])
    checks: dict[str, list[Entry]] = defaultdict(list)
    for e in known:
        if e.kind == "tps.checked":
            checks[e.subject].append(e)
    if not checks and not any(row["entry"] for row in one.sections["tps"]):
        return
    limits = [e.facts for e in known if e.kind == "readiness.limit_set"]
    valid = timedelta(hours=int(limits[-1]["check_valid_hours"])) if limits else CHECK_VALID
    believed = sum("need_unconfirmed" in row["reasons"] and row["state"] == "unknown" and bool(row["entry"]) for row in one.sections["tps"])
    if believed:
        report.notes.append(
            f"Terbitan {one.number}: {believed} TPS “belum diketahui” karena kebutuhan belum pasti; itu dipercaya dari terbitan."
        )
    held = sum("under_check" in row["reasons"] and bool(row["entry"]) for row in one.sections["tps"])
    if held:
        report.notes.append(f"Terbitan {one.number}: {held} TPS “sedang diperiksa”; kotak dan segelnya tidak dibuka, jadi itu dipercaya.")
    for row in one.sections["tps"]:
        shown = [e for e in checks[row["code"]] if e.occurred_at + policy.embargo(bool(row["island"])) <= one.data_at]
        newest = max(shown, key=lambda e: (e.occurred_at, e.index), default=None)
        where = f"terbitan {one.number}, TPS {row['code']}"
        if (newest.entry_id if newest else "") != row["entry"]:
            report.differ("fakta", f"{where}, bukti", row["entry"][:12] or "tidak ada", newest.entry_id[:12] if newest else "tidak ada")
            continue
        if newest is None:
            continue
        if releases.written(newest.occurred_at) != row["checked_at"]:
            report.differ("fakta", f"{where}, waktu periksa", row["checked_at"], releases.written(newest.occurred_at))
        arrived = {"yes": "yes", "no": "partly"}.get(newest.facts["items"], "unknown")
        if arrived != row["arrived"]:
            report.differ("fakta", f"{where}, barang", row["arrived"], arrived, f"catatan {newest.index}")
        state = _state(row, newest.facts, one.data_at - newest.occurred_at, valid)
        if state != row["state"]:
            report.differ("fakta", f"{where}, keadaan", row["state"], state, f"catatan {newest.index}")
    for code in ("ready", "not_ready", "unknown", "arrived", "islands_ready"):
        report.depth[code] = "catatan pemeriksaan di TPS"


CHECK_VALID = timedelta(hours=36)
"""Age at which a check is no longer believed, where nobody set another limit."""
STORAGE = ("pallet", "roof", "drain")
"""What a check says about the last night's storage; a no makes a TPS not ready."""


def _state(row: Row, said: Mapping[str, Any], age: timedelta, valid: timedelta) -> str:
    answers = (said["items"], said["seals"], said["place_ready"], said["kpps"])
    storage = {said.get(f"site_{aspect}") for aspect in STORAGE}
    if "no" in {*answers, *storage} or said.get("missing") or "under_check" in row["reasons"]:
        return "not_ready"
    old = age > valid
    return "unknown" if any(a != "yes" for a in answers) or old or "need_unconfirmed" in row["reasons"] else "ready"


def _check_voters(one: releases.Publication, known: Sequence[Entry], report: Report) -> None:
    counts: dict[str, list[int]] = {}
    for e in known:
        if e.kind == "dpt.imported":
            counts = e.facts["counts"]
    if not counts:
        return
    for row in one.sections["tps"]:
        held = counts.get(row["code"])
        if held is not None and held[0] != row["voters"]:
            report.differ("fakta", f"terbitan {one.number}, TPS {row['code']}, pemilih", row["voters"], held[0], "impor daftar pemilih")
    report.depth["voters"] = "catatan impor daftar pemilih"


Line = tuple[str, str, str]


@dataclass
class _Goods:
    """A fold over entries: what was ordered, counted at the gate, and accepted, per (item, contest, dapil)."""

    lines: dict[str, Line] = field(default_factory=dict)
    ordered: Counter[Line] = field(default_factory=Counter)
    orders: dict[str, str] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    came_for: dict[str, str] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)

    def take(self, e: Entry) -> None:
        """One more entry; kinds that say nothing about these sums are passed over."""
        f = e.facts
        if e.kind == "order.placed":
            self.lines[e.subject] = (f["item"], f["contest"], f["dapil"])
            self.ordered[self.lines[e.subject]] += int(f["quantity"])
        elif e.kind == "order.withdrawn" and e.subject in self.lines:
            self.ordered[self.lines.pop(e.subject)] -= int(f["quantity"])
        elif e.kind == "shipment.announced":
            self.orders[e.subject] = str(f["order"])
        elif e.kind in {"receipt.recorded", "receipt.corrected"}:
            self.count(e.subject, f, e.kind == "receipt.corrected")
        elif e.kind == "receipt.accepted":
            self.taken[e.subject] = int(f["quantity"])

    def count(self, receipt: str, f: Mapping[str, Any], again: bool) -> None:
        """A count at the gate, or its correction, after which it must be accepted anew."""
        self.counted[receipt] = int(f["good"]) + int(f["damaged"]) + int(f.get("wrong_type", 0))
        if "shipment" in f:
            self.came_for[receipt] = self.orders.get(str(f["shipment"]), "")
        if again:
            self.taken.pop(receipt, None)

    def sums(self) -> tuple[Counter[Line], Counter[Line]]:
        """Received and accepted."""
        received: Counter[Line] = Counter()
        accepted: Counter[Line] = Counter()
        for receipt, order in self.came_for.items():
            if order in self.lines:
                received[self.lines[order]] += self.counted[receipt]
                accepted[self.lines[order]] += self.taken.get(receipt, 0)
        return received, accepted


def _check_goods(one: releases.Publication, known: Sequence[Entry], report: Report) -> None:
    """Ordered, received and accepted per kind of goods: orders, the counts at the gate with their corrections, acceptances."""
    if "receipts" not in one.sections:
        return
    goods = _Goods()
    for e in known:
        goods.take(e)
    if not goods.lines:
        return
    received, accepted = goods.sums()
    words = {"ordered": ("dipesan", goods.ordered), "received": ("diterima", received), "accepted": ("diterima baik", accepted)}
    for row in one.sections["receipts"]:
        key = (row["item"], row["contest"], row["dapil"])
        for name, (word, sums) in words.items():
            if row[name] != sums[key]:
                where = f"terbitan {one.number}, {row['name']}, {word}"
                report.differ("fakta", where, row[name], sums[key], "catatan pesanan dan penerimaan")
    for code in ("units_ordered", "units_all", "units_received", "lines"):
        report.depth[code] = "catatan pesanan dan penerimaan (kebutuhan: sampai tabel)"


_ANSWERS = {"recommendation.accepted": "accepted", "recommendation.partly_accepted": "partly", "recommendation.refused": "refused"}


def _check_letters(one: releases.Publication, known: Sequence[Entry], report: Report) -> None:
    """Counts of what was issued and how it was answered, where the counts are shown."""
    held = one.sections.get("recommendations")
    if held is None or not any(e.kind.startswith("recommendation.") for e in known):
        return
    as_of = releases.instant(held["as_of"])
    answers: dict[str, str] = {}
    for e in known:
        if e.occurred_at <= as_of:
            if e.kind in {"recommendation.issued", "recommendation.spoken"}:
                answers.setdefault(e.subject, "")
            elif e.kind in _ANSWERS and e.subject in answers:
                answers[e.subject] = _ANSWERS[e.kind]
    counted = Counter(answers.values())
    seen = {
        "issued": len(answers),
        "answered": len(answers) - counted[""],
        **{name: counted[name] for name in ("accepted", "partly", "refused")},
    }
    for name, number in seen.items():
        told = held["totals"][name]
        if told not in {releases.SUPPRESSED, number}:
            report.differ("fakta", f"terbitan {one.number}, rekomendasi {name}", told, number, "catatan rekomendasi")
        report.depth[name] = "catatan rekomendasi" if told != releases.SUPPRESSED else "disembunyikan: jumlah kecil"


# --- the public page -----------------------------------------------------------------------------------------------------


def _check_page(found: Sequence[releases.Publication], page: Mapping[str, bytes], report: Report) -> None:
    """The files of a public page against the publication that it shows: data byte for byte, pages row by row."""
    content = page.get("data/terbitan.json", b"")
    shown = next((one for one in found if one.content == content), None)
    if shown is None:
        digest = hashlib.sha256(content).hexdigest()[:16] if content else "tidak ada"
        report.differ("halaman", "data/terbitan.json", digest, "tidak sama dengan satu pun terbitan dalam berkas ini")
        return
    expected = {f"data/{name}": made for name, made in data.files(shown).items()}
    for name, made in expected.items():
        if page.get(name) != made:
            report.differ("halaman", name, _first_difference(page.get(name), made), "berkas dari terbitan", f"terbitan {shown.number}")
    looked = 0
    with_links = _bare_pages(shown, found, "/")
    for name, made in _bare_pages(shown, found).items():
        looked += 1
        if name not in page:
            report.differ("halaman", name, "tidak ada", "ada")
        else:
            _compare_page(name, page[name].decode(errors="replace"), made.decode(), with_links[name].decode(), report)
    _check_around(page, {*expected, *with_links, *_MAPS}, found, report)
    report.done.append(f"Halaman: {len(expected)} berkas data dan {looked} halaman dicocokkan dengan terbitan {shown.number}.")
    report.notes.append("Gambar peta (peta.html) tidak dibuat ulang oleh program ini; angka yang sah ada di halaman lain dan di data.")


_MAPS = ("peta.html", "en/peta.html")
_UNSEEN = re.compile(r"<(?:script|style|iframe|object|embed|base)\b|\sstyle\s*=|\son\w+\s*=", re.IGNORECASE)


def _check_around(page: Mapping[str, bytes], made: Iterable[str], found: Sequence[releases.Publication], report: Report) -> None:
    """What shows or changes words and is no page: style, script, the archive; files that do not belong here; maps that run something."""
    around = pages.around() | {f"arsip/terbitan-{one.number:04}.json": one.content for one in found}
    for name, content in around.items():
        if name in page and page[name] != content:
            report.differ("halaman", name, _first_difference(page[name], content), "berkas seperti dibuat Posko")
    for name in sorted(set(page) - set(made) - set(around)):
        report.differ("halaman", name, "ada", "bukan bagian halaman publik")
    for name in _MAPS:
        if _UNSEEN.search(page.get(name, b"").decode(errors="replace")):
            report.differ("halaman", name, "ada skrip atau gaya di dalamnya", "tidak ada")


def _bare_pages(shown: releases.Publication, found: Sequence[releases.Publication], app: str | None = None) -> dict[str, bytes]:
    """All pages but the map, as this program would make them."""
    return pages.without_map(shown, earlier=[one for one in found if one.number < shown.number], app=app)


_REPORT = re.compile(r"<h2>(?:Lapor|Report something)</h2>.*?(?=</main>)", re.DOTALL)


def _compare_page(name: str, seen: str, made: str, linked: str, report: Report) -> None:
    """Words, then what words alone do not tell: the part about reporting (`made` without links, `linked` with them), and the markup."""
    before = len(report.findings)
    _compare_rows(name, seen, made, report)
    told, allowed = _reporting(seen), (_reporting(made), _reporting(linked))
    if told not in allowed:
        report.differ("halaman", f"{name}, cara melapor", told[:160] or "tidak ada", allowed[0][:160])
    if len(report.findings) == before and (_markup(seen) != _markup(made) or len(_UNSEEN.findall(seen)) != len(_UNSEEN.findall(made))):
        report.differ("halaman", f"{name}, susunan", "warna, skrip, atau susunan lain", "susunan seperti dibuat Posko")


def _markup(text: str) -> str:
    """All but links, of which a page has as many as there are older publications to hand out, and the part about reporting."""
    return re.sub(r"</?a\b[^>]*>", "", _REPORT.sub("", text))


def _reporting(text: str) -> str:
    """The words of the part about reporting."""
    found = _REPORT.search(text)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[0])).split()) if found else ""


def _first_difference(one: bytes | None, other: bytes) -> str:
    if one is None:
        return "tidak ada"
    before, after = one.decode(errors="replace").splitlines(), other.decode().splitlines()
    for number, (a, b) in enumerate(zip(before, after, strict=False), start=1):
        if a != b:
            return f"baris {number} “{a[:80]}”, seharusnya “{b[:80]}”"
    return f"{len(before)} baris, seharusnya {len(after)}"


def _compare_rows(name: str, seen: str, made: str, report: Report) -> None:
    """Visible words of each row that has a name, then of the whole page."""
    published, recomputed = _rows(seen), _rows(made)
    before = len(report.findings)
    for key, words in recomputed.items():
        if published.get(key) != words:
            report.differ("halaman", f"{name}#{key}", (published.get(key) or "tidak ada")[:160], words[:160])
    if len(report.findings) == before:
        a, b = _words(seen), _words(made)
        if a != b:
            at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
            report.differ("halaman", name, " ".join(a[max(0, at - 3) : at + 4]), " ".join(b[max(0, at - 3) : at + 4]))


def _rows(text: str) -> dict[str, str]:
    return {m[1]: " ".join(_words(m[2])) for m in re.finditer(r'<tr id="([^"]+)">(.*?)</tr>', text, re.DOTALL)}


def _words(text: str) -> list[str]:
    """What a reader sees; where links lead and how the application is named is not compared."""
    text = _REPORT.sub("", text)
    text = re.sub(r"<(?:script|style)\b.*?</(?:script|style)>", "", text, flags=re.DOTALL)
    labels = " ".join(re.findall(r'aria-label="([^"]*)"', text))
    return html.unescape(re.sub(r"<[^>]+>", " ", text) + " " + labels).split()


# --- the program ---------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> int:
    """Reads, checks, tells. 0, 1 or 2."""
    plain = [a for a in arguments if a != "--json"]
    page = None
    if "--halaman" in plain:
        at = plain.index("--halaman")
        page = plain[at + 1] if at + 1 < len(plain) else ""
        plain = plain[:at] + plain[at + 2 :]
    if len(plain) != 1 or plain[0].startswith("--") or page == "":
        print("Pakai: python3 periksa.pyz BERKAS.zip [--halaman FOLDER] [--json]", file=sys.stderr)
        return 2
    try:
        files = read(Path(plain[0]))
        report = check(files, read(Path(page)) if page else None)
    except Unreadable as error:
        print(f"Tidak dapat diperiksa. {error}", file=sys.stderr)
        return 2
    except (ValueError, KeyError, TypeError) as error:
        print(f"Tidak dapat diperiksa: isi berkas rusak ({type(error).__name__}: {error}).", file=sys.stderr)
        return 2
    print(_json(report) if "--json" in arguments else "\n".join(_told(report)))
    return 1 if report.findings else 0


def _json(report: Report) -> str:
    said = {"beda": [vars(f) for f in report.findings], "diperiksa": report.done, "kedalaman": report.depth, "catatan": report.notes}
    return json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True)


def _told(report: Report) -> Iterable[str]:
    yield from report.done
    for depth in dict.fromkeys(report.depth.values()):
        yield f"Sampai {depth}: {', '.join(code for code, d in report.depth.items() if d == depth)}."
    yield from report.notes
    yield "Tanda tangan digital tidak diperiksa program ini."
    yield from map(str, report.findings)
    yield f"HASIL: {len(report.findings)} perbedaan." if report.findings else "HASIL: semuanya cocok."


def run() -> None:
    """What the archive starts."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main(sys.argv[1:]))
