"""The overseer's bundle: publications, journal, and a program that checks them with nothing but Python. The same values, the same bytes."""

import ast
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from posko.domain import releases
from posko.formats import checking

ROOT = Path(__file__).resolve().parents[1]
_EPOCH = (2023, 1, 1, 0, 0, 0)
READERS = {"bawaslu": "Bawaslu", "pers": "pers"}


@dataclass(frozen=True)
class Opening:
    """An entry that the reader may see: its leaf, and what it commits to. Never the private part."""

    index: int
    envelope: bytes
    envelope_salt: bytes
    facts: bytes
    facts_salt: bytes


@dataclass(frozen=True)
class Journal:
    """All leaves as commitments (hex) in their order, and the root over them (hex)."""

    commitments: tuple[str, ...]
    root: str


def make(
    reader: str,
    found: Sequence[releases.Publication],
    journal: Journal,
    openings: Iterable[Opening],
    more: dict[str, bytes],
    made_at: str,
) -> bytes:
    """The zip. reader: bawaslu | pers; more: further files by name (results of the audit, rulebook)."""
    files = {f"terbitan/terbitan-{one.number:04}.json": one.content for one in found}
    files[checking.LEAVES] = "".join(f"{c}\n" for c in journal.commitments).encode()
    files[checking.HEAD] = _json({"size": len(journal.commitments), "root": journal.root, "at": made_at})
    opened = "".join(_line(one) for one in sorted(openings, key=lambda one: one.index))
    if opened:
        files[checking.OPENINGS] = opened.encode()
    files |= more
    files["periksa.pyz"] = program()
    files["BACA-SAYA.txt"] = _README.format(
        reader=READERS[reader], made_at=made_at, first=found[0].number, last=found[-1].number, digest=found[-1].digest,
        size=len(journal.commitments), root=journal.root,
    ).encode()  # fmt: skip
    files["daftar.json"] = _json({name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())})
    return _zip(files)


def _line(one: Opening) -> str:
    said = {
        "index": one.index, "envelope": one.envelope.decode(), "envelope_salt": one.envelope_salt.hex(),
        "facts": one.facts.decode(), "facts_salt": one.facts_salt.hex(),
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _zip(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return target.getvalue()


# --- the program ---------------------------------------------------------------------------------------------------------


def sources(start: str = "posko.formats.checking") -> dict[str, Path]:
    """Our own modules that the program needs, by their top-level imports: name -> file."""
    found: dict[str, Path] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = _file(name)
        waiting += [one for one in imported(found[name]) if one.startswith("posko.") and _exists(one)]
    return found


def imported(file: Path) -> set[str]:
    """Modules that a file imports when it is loaded (not within functions), with `from package import module` as package.module."""
    named: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names if node.module.startswith("posko"))}
    return named


def _file(name: str) -> Path:
    place = ROOT.parent / Path(*name.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _exists(name: str) -> bool:
    return _file(name).is_file()


def program() -> bytes:
    """`periksa.pyz`: an archive that Python runs."""
    files = {"__main__.py": b"from posko.formats import checking\n\nchecking.run()\n"}
    for name, path in sources().items():
        files[path.relative_to(ROOT.parent).as_posix()] = path.read_bytes()
        parts = name.split(".")
        for depth in range(1, len(parts)):
            package = Path(*parts[:depth]) / "__init__.py"
            files.setdefault(package.as_posix(), b"")
    for data in sorted((ROOT / "formats" / "terbuka").iterdir()):
        files[data.relative_to(ROOT.parent).as_posix()] = data.read_bytes()
    return b"#!/usr/bin/env python3\n" + _zip(files)


_README = """BERKAS PENGAWAS POSKO, untuk {reader}
Dibuat {made_at}. Terbitan {first} sampai {last}; sidik jari terbitan terakhir (SHA-256):
  {digest}
Jurnal: {size} catatan, akar
  {root}

Memeriksa (cukup Python 3.11 atau lebih baru, tanpa memasang apa pun, boleh tanpa jaringan):
  unzip -o BERKAS.zip periksa.pyz
  python3 periksa.pyz BERKAS.zip
  python3 periksa.pyz BERKAS.zip --halaman FOLDER   (salinan halaman publik, misalnya hasil wget -r)

Program menghitung ulang setiap angka yang diterbitkan dan menyebut angka mana yang diubah. Kodenya ada di dalam
periksa.pyz (sebuah zip): aturan yang sama dengan yang dipakai Posko. Curiga pada program kami? Tulis program Anda
sendiri; bentuk berkasnya: docs/stages/releases.md dan record.md pada kode sumber Posko.

Isi: terbitan/ (apa adanya), jurnal/daun.txt (komitmen setiap catatan), jurnal/pembukaan.jsonl (catatan yang boleh
dilihat pembaca ini, tanpa bagian pribadi), jurnal/kepala.json, daftar.json (sidik jari setiap berkas).

IN ENGLISH: run `python3 periksa.pyz BUNDLE.zip`; it needs only Python, recomputes every published figure and names
what differs. Exit code 0: all agrees, 1: something differs, 2: unreadable.
"""
