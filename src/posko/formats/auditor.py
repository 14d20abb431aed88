"""The auditor's own data against ours, outside Posko. Needs Python 3.11 and nothing else; Posko itself hands this file out as it is.

    python3 gabung-auditor.py uji-netral.csv angka-saya.csv

uji-netral.csv: what Posko exported, one desa a row, with columns `<metrik>_ada` (acts seen) and `<metrik>_harap` (what need explains).
angka-saya.csv: column `desa` with the same codes and one or more columns of numbers of the auditor's own (a share, a rate). They are read
here, used here and kept nowhere; Posko never sees them.

For every metric and every column: do the acts beyond need follow the auditor's number? Statistic sum((seen - expected) x z), z the number
standardised. p from 9999 worlds in which the acts fall by need alone, corrected for looking several times (Holm 1979). The effect is the
ratio of acts per standard deviation, with its 95 per cent range. Under 60 acts it says that there is not enough to judge.
"""

import csv
import json
import math
import random
import sys
from collections.abc import Mapping, Sequence

LEAST = 60
RUNS = 9999
METRICS = ("rekomendasi", "pengawalan", "penggantian")


def association(
    seen: Sequence[int], expected: Sequence[float], numbers: Sequence[float], seed: int = 1, runs: int = RUNS
) -> dict[str, float]:
    """p, ratio of acts per standard deviation with low and high, and n. One entry per desa; expected sums to the acts seen."""
    n, total = sum(seen), sum(expected)
    mean = sum(e * x for e, x in zip(expected, numbers, strict=True)) / total
    variance = sum(e * (x - mean) ** 2 for e, x in zip(expected, numbers, strict=True)) / total
    if n == 0 or variance <= 0:
        return {"n": n, "p": 1.0, "rasio": 1.0, "rendah": 0.0, "tinggi": math.inf}
    z = [(x - mean) / math.sqrt(variance) for x in numbers]
    share = [e / total for e in expected]
    observed = abs(sum(y * one for y, one in zip(seen, z, strict=True)))
    rng = random.Random(seed)  # noqa: S311  (a seeded simulation, not a secret)
    worlds = sum(abs(sum(rng.choices(z, weights=share, k=n))) >= observed - 1e-9 for _ in range(runs))
    slope, spread = _slope(seen, share, z)
    low, high = slope - 1.96 * spread, slope + 1.96 * spread
    return {"n": n, "p": (1 + worlds) / (1 + runs), "rasio": math.exp(slope), "rendah": math.exp(low), "tinggi": math.exp(high)}


def _slope(seen: Sequence[int], share: Sequence[float], z: Sequence[float]) -> tuple[float, float]:
    """Newton's steps for b where an act falls on desa i with a probability proportional to share_i x exp(b z_i); b and its deviation."""
    n, observed, b, information = sum(seen), sum(y * one for y, one in zip(seen, z, strict=True)), 0.0, 1.0
    for _ in range(50):
        weight = [s * math.exp(b * one) for s, one in zip(share, z, strict=True)]
        whole = sum(weight)
        first = sum(w * one for w, one in zip(weight, z, strict=True)) / whole
        second = sum(w * one * one for w, one in zip(weight, z, strict=True)) / whole
        information = n * max(second - first**2, 1e-12)
        step = (observed - n * first) / information
        b = max(-5.0, min(5.0, b + step))
        if abs(step) < 1e-9:
            break
    return b, 1 / math.sqrt(information)


def holm(ps: Sequence[float]) -> list[float]:
    """Corrected for looking several times."""
    held, worst = [0.0] * len(ps), 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=lambda k: ps[k])):
        worst = max(worst, min(1.0, ps[i] * (len(ps) - rank)))
        held[i] = worst
    return held


def _rows(path: str) -> dict[str, dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        text = file.read()
    first = text.partition("\n")[0]
    found = {}
    for line, row in enumerate(csv.DictReader(text.splitlines(), delimiter=";" if first.count(";") >= first.count(",") else ","), start=2):
        code = (row.get("desa") or "").strip()
        if not code:
            raise ValueError(f"{path}, baris {line}: kolom “desa” kosong atau tidak ada.")
        if code in found:
            raise ValueError(f"{path}, baris {line}: desa {code} tertulis dua kali.")
        found[code] = {k: v for k, v in row.items() if k and k != "desa"}
    if not found:
        raise ValueError(f"{path}: tidak ada baris.")
    return found


def _number(value: str | None, path: str, code: str, column: str) -> float:
    plain = (value or "").strip().replace(",", ".").removesuffix("%").strip()
    try:
        number = float(plain)
    except ValueError:
        raise ValueError(f"{path}, desa {code}, kolom “{column}”: “{value}” bukan angka.") from None
    if not math.isfinite(number):
        raise ValueError(f"{path}, desa {code}, kolom “{column}”: “{value}” bukan angka.")
    return number


def compare(ours: str, theirs: str) -> list[dict[str, object]]:
    """Every metric against every column of the auditor's. ValueError, in Indonesian, where a file is not what it must be."""
    acts, numbers = _rows(ours), _rows(theirs)
    columns = list(dict.fromkeys(name for row in numbers.values() for name in row))
    absent = sorted(set(acts) - set(numbers))
    if absent:
        raise ValueError(f"{theirs}: tidak ada angka untuk desa {', '.join(absent[:5])}.")
    if not columns:
        raise ValueError(f"{theirs}: tidak ada kolom angka.")
    found: list[dict[str, object]] = []
    for metric in METRICS:
        if f"{metric}_ada" not in next(iter(acts.values())):
            raise ValueError(f"{ours}: kolom “{metric}_ada” tidak ada. Pakai berkas uji-netral.csv dari Posko apa adanya.")
        kept = [c for c in acts if _number(acts[c][f"{metric}_harap"], ours, c, f"{metric}_harap") > 0]
        seen = [int(_number(acts[c][f"{metric}_ada"], ours, c, f"{metric}_ada")) for c in kept]
        due = [_number(acts[c][f"{metric}_harap"], ours, c, f"{metric}_harap") for c in kept]
        for column in columns:
            own = [_number(numbers[c].get(column), theirs, c, column) for c in kept]
            found.append({"metrik": metric, "angka": column, **(association(seen, due, own) if kept and sum(seen) else {"n": 0, "p": 1.0})})
    judged = [f for f in found if _n(f) >= LEAST]
    for one, p in zip(judged, holm([float(str(f["p"])) for f in judged]), strict=True):
        one["p_holm"] = p
    for one in found:
        one["putusan"] = _verdict(one)
    return found


def _verdict(one: Mapping[str, object]) -> str:
    if _n(one) < LEAST:
        return "belum cukup data"
    return "perlu diperiksa" if float(str(one["p_holm"])) < 0.05 else "tidak ditemukan pola"


def _n(one: Mapping[str, object]) -> int:
    return int(str(one["n"]))


def main(arguments: Sequence[str]) -> int:
    """The program: 0 nothing found, 1 something to look into, 2 a file that cannot be used."""
    files = [a for a in arguments if a != "--json"]
    if len(files) != 2:
        print("Pakai: python3 gabung-auditor.py uji-netral.csv angka-saya.csv [--json]", file=sys.stderr)
        return 2
    try:
        found = compare(*files)
    except (OSError, ValueError) as error:
        print(f"Tidak dapat dihitung. {error}", file=sys.stderr)
        return 2
    if "--json" in arguments:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for one in found:
            says = f"{one['metrik']} × {one['angka']}: n = {one['n']}, {one['putusan']}"
            if "p_holm" in one:
                says += f" (p = {one['p']:.4f}, sesudah koreksi {one['p_holm']:.4f}; rasio per simpangan baku {one['rasio']:.2f},"
                says += f" rentang 95 % {one['rendah']:.2f} sampai {one['tinggi']:.2f})"
            print(says)
        print("“Tidak ditemukan pola” bukan bukti netral; di bawah 60 tindakan uji ini hampir tidak melihat apa-apa.")
    return 1 if any(one["putusan"] == "perlu diperiksa" for one in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
