"""Labels: values to sheets of A4 and to rolls of thermal paper, thousands at a time, the same bytes for the same values.

Typst keeps what it compiled, so a process that makes many labels grows; large prints are cut into files of whole pages, and each is made by
a child process (`python -m posko.formats.labels`, values on its standard input, the PDF on its standard output).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from posko.domain import labels as rules
from posko.domain import record
from posko.formats import document

AT_ONCE = 1_200
"""Labels in one file, rounded down to whole pages: about a second of work and 230 MB of a child process (measured)."""
IN_PROCESS = 48
"""Up to so many labels are made without a child process."""
CHILD_S = 600
KIND_WORDS = {
    "box": "KOTAK", "seal": "SEGEL", "carton": "KARTON", "bundle": "BUNDEL", "envelope": "SAMPUL", "place": "TEMPAT",
    "waybill": "SURAT JALAN",
}  # fmt: skip


class BadStart(record.Refusal):
    """A first place that the sheet does not have."""

    code: ClassVar[str] = "labels.bad_start"


class UnknownLayout(record.Refusal):
    """No such paper."""

    code: ClassVar[str] = "labels.unknown_layout"


class NotMade(RuntimeError):
    """The child process gave no PDF; the text is what it said."""


@dataclass(frozen=True)
class Label:
    """What one label says. contest and dapil may be ""; copy 1 is the first print; mark "" or [SIMULASI].

    title: what it is, in a word or two, the largest on the label. lines: three fit everywhere, a fourth not on a4-24.
    """

    kind: str
    code: str
    title: str
    lines: tuple[str, ...] = ()
    contest: str = ""
    dapil: str = ""
    copy: int = 1
    mark: str = ""


@dataclass(frozen=True)
class Layout:
    """A paper, in mm. Sheets have columns x rows labels; a roll has one label a page. `pad` stays free of print; at most so many lines."""

    code: str
    name: str
    width: float
    height: float
    columns: int = 1
    rows: int = 1
    page_width: float = 0
    page_height: float = 0
    pad: float = 2.5
    qr: float = 20
    scale: float = 1
    lines: int = 4
    roll: bool = False

    @property
    def per_page(self) -> int:
        """Labels on a page."""
        return self.columns * self.rows

    def values(self) -> dict[str, Any]:
        """As the template reads it; what the labels leave of the page is margin on both sides."""
        page_width, page_height = self.page_width or self.width, self.page_height or self.height
        return {
            "width": self.width, "height": self.height, "columns": self.columns, "rows": self.rows, "pad": self.pad, "qr": self.qr,
            "scale": self.scale, "roll": self.roll, "page_width": page_width, "page_height": page_height,
            "left": (page_width - self.columns * self.width) / 2, "top": (page_height - self.rows * self.height) / 2,
        }  # fmt: skip


LAYOUTS: dict[str, Layout] = {
    layout.code: layout
    for layout in (
        Layout("a4-24", "A4, 24 label (3 × 8), 70 × 37 mm", 70, 37, 3, 8, 210, 297, pad=4, qr=23, lines=3),
        Layout("a4-8", "A4, 8 label (2 × 4), 105 × 74 mm", 105, 74, 2, 4, 210, 297, pad=6, qr=42, scale=1.6),
        Layout("roll-58", "Rol termal 58 mm, 58 × 90 mm", 58, 90, pad=5, qr=34, scale=1, roll=True),
        Layout("roll-80", "Rol termal 80 mm, 80 × 100 mm", 80, 100, pad=4, qr=38, scale=1.15, roll=True),
        Layout("roll-100", "Rol termal 100 mm, 100 × 150 mm", 100, 150, pad=4, qr=58, scale=1.8, roll=True),
    )
}


def check(layout: str, start: int) -> Layout:
    """The paper, if there is such a one and `start` is a place on it. BadStart, UnknownLayout."""
    if layout not in LAYOUTS:
        raise UnknownLayout(layout=layout[:20])
    paper = LAYOUTS[layout]
    if not 1 <= start <= paper.per_page:
        raise BadStart(start=start, most=paper.per_page)
    return paper


def sheets(
    labels: Sequence[Label], layout: str, at: datetime, start: int = 1, progress: Callable[[int, int], None] | None = None
) -> list[bytes]:
    """PDFs of so many labels, in order; `start` is the first free place of a part-used sheet (1 ...). BadStart, UnknownLayout, NotMade.

    progress(labels done, labels in all) is called after every file.
    """
    paper = check(layout, start)
    places: list[Label | None] = [*[None] * (start - 1), *labels]
    size = max(1, AT_ONCE // paper.per_page) * paper.per_page
    child = len(places) > IN_PROCESS
    files, done = [], 0
    for first in range(0, len(places), size):
        part = places[first : first + size]
        job = {"layout": layout, "labels": [_said(label) if label else None for label in part]}
        files.append(_in_child(job, at) if child else made(job, at))
        done += sum(label is not None for label in part)
        if progress:
            progress(done, len(labels))
    return files


def _said(label: Label) -> dict[str, Any]:
    return {
        "kind": label.kind, "code": label.code, "title": label.title, "lines": list(label.lines), "contest": label.contest,
        "dapil": label.dapil, "copy": label.copy, "mark": label.mark,
    }  # fmt: skip


def made(job: dict[str, Any], at: datetime) -> bytes:
    """The PDF of one file: job as `sheets` makes it."""
    paper = LAYOUTS[job["layout"]]
    drawn = [_drawn(label, paper.lines) if label else None for label in job["labels"]]
    return document.pdf("label", {"title": "Label", "layout": paper.values(), "labels": drawn}, at)


def _drawn(said: dict[str, Any], most_lines: int) -> dict[str, Any]:
    kind, code = said["kind"], said["code"]
    spaced = rules.with_check(code) if kind == "place" else rules.spaced(code)
    return {
        "svg": document.qr_svg(rules.qr_text(kind, code)),
        "spaced": spaced,
        "rows": _rows(spaced),
        "kind": KIND_WORDS[kind],
        "title": said["title"],
        "lines": said["lines"][:most_lines],
        "contest": said["contest"].replace("_", " "),
        "dapil": said["dapil"],
        "mark": said["mark"],
        "again": f"CETAK ULANG {said['copy'] - 1}" if said["copy"] > 1 else "",
    }


def _rows(spaced: str) -> list[str]:
    """7X2K-9QRT- / 0V4M-A1BC-8 and 19.06.02. / 2001.003-A: two lines of about the same length."""
    if spaced.count("-") > 1:
        parts = spaced.split("-")
        return ["-".join(parts[:2]) + "-", "-".join(parts[2:])]
    parts = spaced.split(".")
    return [".".join(parts[:3]) + ".", ".".join(parts[3:])] if len(parts) > 3 else [spaced]


def _in_child(job: dict[str, Any], at: datetime) -> bytes:
    source = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH", "")
    done = subprocess.run(  # noqa: S603  (this very program)
        [sys.executable, "-m", "posko.formats.labels", at.isoformat()],
        input=json.dumps(job).encode(),
        capture_output=True,
        timeout=CHILD_S,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{known}" if known else source},
    )
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise NotMade(done.stderr.decode(errors="replace")[-2000:])
    return done.stdout


if __name__ == "__main__":
    sys.stdout.buffer.write(made(json.loads(sys.stdin.buffer.read()), datetime.fromisoformat(sys.argv[1])))
