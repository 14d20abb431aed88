"""The open data of a publication: CSV, GeoJSON, their schemas, and the small index that the search box reads."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from posko.domain import releases

Row = dict[str, Any]
STATES = ("ready", "not_ready", "unknown")

# file: (what it is, columns: name -> (type, Indonesian, English))
Columns = Mapping[str, tuple[str, str, str]]
TPS: Columns = {
    "tps": ("string", "kode TPS: kode desa dan nomor", "code of the station: village code and number"),
    "nomor": ("integer", "nomor TPS", "number"),
    "desa_kode": ("string", "kode Kemendagri desa", "official code of the village"), "desa": ("string", "nama desa", "village"),
    "kecamatan": ("string", "nama kecamatan", "sub-district"),
    "pulau": ("string", "nama pulau, kosong bila di daratan", "island, empty on the mainland"),
    "jenis": ("string", "jenis TPS", "kind of station"), "sementara": ("integer", "1: daftar TPS belum tetap", "1: provisional list"),
    "dapil": ("string", "daerah pemilihan yang berbeda di kabupaten ini", "constituencies that differ here"),
    "pemilih": ("integer", "pemilih dalam daftar; kosong: belum diketahui", "voters on the list; empty: unknown"),
    "perkiraan": ("integer", "1: jumlah pemilih diperkirakan", "1: the number of voters is estimated"),
    "keadaan": ("string", "ready, not_ready, atau unknown", "ready, not_ready or unknown"),
    "sebab": ("string", "sebab, dipisah spasi", "reasons, separated by blanks"),
    "diperiksa": ("datetime", "waktu pemeriksaan di TPS", "when it was checked"),
    "barang": ("string", "yes, partly, atau unknown", "yes, partly or unknown"),
    "bukti": ("string", "sidik catatan jurnal", "entry of the journal"), "tanda": ("string", "tanda, misalnya [SIMULASI]", "marks"),
}  # fmt: skip
GOODS: Columns = {
    "barang": ("string", "kode barang", "code"), "nama": ("string", "nama", "name"), "pemilihan": ("string", "jenis pemilihan", "contest"),
    "dapil": ("string", "daerah pemilihan", "constituency"), "satuan": ("string", "satuan", "unit"),
    "kebutuhan": ("integer", "kosong: belum diketahui", "need; empty: unknown"),
    "tingkat_bukti": ("string", "tingkat bukti aturannya", "evidence grade"),
    "dipesan": ("integer", "dipesan", "ordered"), "diterima": ("integer", "diterima", "received"),
    "diterima_baik": ("integer", "diterima baik", "accepted"), "tanda": ("string", "tanda", "marks"),
}  # fmt: skip
LETTERS: Columns = {
    "kepada": ("string", "lembaga, atau SEMUA", "agency, or SEMUA for all"),
    "hitungan": ("string", "yang dihitung", "what is counted"),
    "jumlah": ("string", "jumlah; “<k” bila disembunyikan", "number; “<k” where kept back"),
    "per": ("datetime", "data per", "as of"),
}
FIGURES: Columns = {
    "kode": ("string", "kode angka", "code"),
    "label": ("string", "nama", "label in Indonesian"),
    "label_en": ("string", "nama Inggris", "label"),
    "pembilang": ("string", "kosong: belum diketahui", "numerator"),
    "penyebut": ("string", "kosong: tidak ada", "denominator, empty: none"),
    "sumber": ("string", "sumber", "source"),
    "per": ("datetime", "data per", "as of"),
    "tanda": ("string", "tanda", "marks"),
}
HISTORY: Columns = {
    "nomor": ("integer", "nomor terbitan", "number of the publication"),
    "terbit": ("datetime", "waktu terbit", "when published"),
    "data_per": ("datetime", "data per", "as of"),
    "sidik": ("string", "SHA-256", "SHA-256"),
    "dikoreksi_oleh": ("integer", "0: tidak", "0: not corrected"),
    "angka": ("string", "kode angka", "code of the figure"),
    "pembilang": ("string", "pembilang", "numerator"),
    "penyebut": ("string", "penyebut", "denominator"),
}
RULES: Columns = {
    "barang": ("string", "kode barang", "code"),
    "nama": ("string", "nama", "name"),
    "kegunaan": ("string", "kegunaan", "use"),
    "per": ("string", "untuk setiap", "per"),
    "jumlah": ("string", "kosong: belum diketahui", "quantity; empty: unknown"),
    "pasal": ("string", "pasal", "article"),
    "tingkat_bukti": ("string", "tingkat bukti", "evidence grade"),
}
TABLES = {"tps": TPS, "barang": GOODS, "rekomendasi": LETTERS, "angka": FIGURES, "riwayat": HISTORY, "aturan": RULES}


def files(publication: releases.Publication) -> dict[str, bytes]:
    """Every data file by its name in the folder `data`."""
    made: dict[str, bytes] = {"terbitan.json": publication.content}
    for name, rows in _tables(publication).items():
        made[f"{name}.csv"] = _csv(TABLES[name], rows, ",")
        made[f"{name}-excel.csv"] = _csv(TABLES[name], rows, ";")
    made["desa.geojson"] = _json(_geojson(publication))
    made["desa.schema.json"] = _json(GEO_SCHEMA)
    made["datapackage.json"] = _json(_package(publication))
    made["cari.json"] = _json(_index(publication))
    return made


def shown(value: int, k: int) -> str:
    """A number as an open table writes it: nothing where unknown, "<k" where kept back."""
    return "" if value == releases.UNKNOWN else f"<{k}" if value == releases.SUPPRESSED else str(value)


def _csv(columns: Columns, rows: Iterable[Sequence[object]], delimiter: str) -> bytes:
    """With a byte order mark, so that Excel reads UTF-8; text that a spreadsheet would run gets an apostrophe."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(list(columns))
    for row in rows:
        writer.writerow(["'" + v if isinstance(v, str) and v[:1] in ("=", "+", "-", "@", "\t") else v for v in row])
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n").encode()


def _tables(publication: releases.Publication) -> dict[str, list[list[object]]]:
    sections, k = publication.sections, int(publication.head["policy"]["k"])
    found: dict[str, list[list[object]]] = {"tps": [_tps(row, k) for row in sections["tps"]]}
    if "receipts" in sections:
        found["barang"] = [
            [r["item"], r["name"], r["contest"], r["dapil"], r["unit"], shown(r["need"], k), r["grade"], r["ordered"], r["received"],
             r["accepted"], " ".join(r["marks"])]
            for r in sections["receipts"]
        ]  # fmt: skip
    if "recommendations" in sections:
        held = sections["recommendations"]
        found["rekomendasi"] = [
            *(["SEMUA", name, shown(held["totals"][name], k), held["as_of"]] for name in releases.TOTALS),
            *([row["agency"], "issued", shown(row["issued"], k), held["as_of"]] for row in held["addressees"]),
        ]
    found["angka"] = [
        [
            r["code"],
            r["label"],
            r["label_en"],
            shown(r["numerator"], k),
            shown(r["denominator"], k),
            r["source"],
            r["as_of"],
            " ".join(r["marks"]),
        ]
        for r in sections["figures"]
    ]
    found["riwayat"] = [
        [r["number"], r["made_at"], r["data_at"], r["digest"], r["corrected_by"], code, shown(a, k), shown(b, k)]
        for r in sections["history"]
        for code, (a, b) in sorted(r["figures"].items())
    ]
    if "rules" in sections:
        found["aturan"] = [
            [r["item"], r["name"], r["use"], r["per"], shown(r["quantity"], k), r["article"], r["grade"]] for r in sections["rules"]
        ]
    return found


def _tps(row: Row, k: int) -> list[object]:
    dapil = " ".join(f"{contest}={code}" for contest, code in sorted(row["dapil"].items()))
    return [
        row["code"], row["number"], row["desa_code"], row["desa"], row["kecamatan"], row["island"], row["kind"], row["provisional"], dapil,
        shown(row["voters"], k), row["estimate"], row["state"], " ".join(row["reasons"]), row["checked_at"], row["arrived"], row["entry"],
        " ".join(row["marks"]),
    ]  # fmt: skip


def counted(rows: Iterable[Row]) -> dict[str, int]:
    """Stations by state."""
    seen = Counter(row["state"] for row in rows)
    return {state: seen[state] for state in STATES}


def _geojson(publication: releases.Publication) -> Row:
    """Points of desa (its stations on land) and of islands (theirs), with counts by state."""
    sections = publication.sections
    land: dict[str, list[Row]] = {}
    sea: dict[str, list[Row]] = {}
    for row in sections["tps"]:
        (sea if row["island"] else land).setdefault(row["island"] or row["desa_code"], []).append(row)
    features = [_feature("desa", d["code"], d["name"], d, land.get(d["code"], [])) for d in sections["places"]["desa"]]
    features += [_feature("pulau", i["name"], i["name"], i, sea.get(i["name"], [])) for i in sections["places"]["islands"]]
    about = {
        "terbitan": publication.number,
        "sidik": publication.digest,
        "data_per": publication.head["data_at"],
        "tanda": list(publication.marks),
    }
    return {"type": "FeatureCollection", "posko": about, "features": features}


def _feature(kind: str, code: str, name: str, point: Row, rows: Sequence[Row]) -> Row:
    said = {"jenis": kind, "kode": code, "nama": name, "tps": len(rows), **counted(rows)}
    place = [point["lon_e6"] / 1e6, point["lat_e6"] / 1e6]
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": said}


_COUNT = {"type": "integer", "minimum": 0}
GEO_SCHEMA: Row = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object", "required": ["type", "features", "posko"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "posko": {
            "type": "object", "required": ["terbitan", "sidik", "data_per", "tanda"],
            "properties": {"sidik": {"pattern": "^[0-9a-f]{64}$"}, "terbitan": {"type": "integer", "minimum": 1}},
        },
        "features": {"type": "array", "items": {
            "type": "object", "required": ["type", "geometry", "properties"],
            "properties": {
                "type": {"const": "Feature"},
                "geometry": {"type": "object", "required": ["type", "coordinates"], "properties": {
                    "type": {"const": "Point"}, "coordinates": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
                }},
                "properties": {
                    "type": "object", "required": ["jenis", "kode", "nama", "tps", *STATES], "additionalProperties": False,
                    "properties": {
                        "jenis": {"enum": ["desa", "pulau"]}, "kode": {"type": "string"}, "nama": {"type": "string"}, "tps": _COUNT,
                        **dict.fromkeys(STATES, _COUNT),
                    },
                },
            },
        }},
    },
}  # fmt: skip


def _package(publication: releases.Publication) -> Row:
    """Frictionless Data Package: the meaning of every column, in both languages."""
    head = publication.head
    present = _tables(publication)
    return {
        "name": f"posko-{head['election']}", "title": f"{head['election_name']}, {head['region_name']}", "version": str(publication.number),
        "licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0"}],
        "posko": {"sidik": publication.digest, "data_per": head["data_at"], "tanda": head["marks"]},
        "resources": [
            {
                "name": name, "path": f"{name}.csv", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
                "schema": {
                    "missingValues": [""],
                    "fields": [
                        {"name": column, "type": kind, "description": said, "description_en": english}
                        for column, (kind, said, english) in TABLES[name].items()
                    ],
                },
            }
            for name in TABLES if name in present
        ],
    }  # fmt: skip


def _index(publication: releases.Publication) -> list[list[str]]:
    """[desa code, "Desa, Kecamatan", numbers of its stations] for the search box."""
    found: dict[str, tuple[str, list[str]]] = {}
    for row in publication.sections["tps"]:
        _, numbers = found.setdefault(row["desa_code"], (f"{row['desa']}, {row['kecamatan']}", []))
        numbers.append(str(row["number"]))
    return [[code, name, " ".join(numbers)] for code, (name, numbers) in sorted(found.items())]
