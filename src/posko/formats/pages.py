"""Papers that strangers send as PDF: every page becomes a picture, so that nothing but what the eye sees is kept.

A PDF carries names of authors, times, former versions, forms and programs. The pages are drawn by a process of their own with a limit of
time and memory: a file made to hurt ends with that process.
"""

import io
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import ClassVar

from PIL import Image

from posko.formats import picture

MOST_BYTES = 6 * 1024 * 1024
"""Of a file as sent; a photo of a telephone has 2 to 5."""
KEPT_BYTES = 2 * 1024 * 1024
MOST_PAGES = 5
SECONDS = 20
_TURNS = threading.BoundedSemaphore(2)
_MEMORY = 1_500_000_000
_PIXELS_WIDE = 1240  # A4 at 150 dots per inch
_DRAW = f"""
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))
    resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
except ImportError:
    pass
import typst
folder = sys.argv[1]
for page in range(1, {MOST_PAGES + 2}):
    with open(folder + "/page.typ", "w") as file:
        file.write('#set page(width: 210mm, height: auto, margin: 0pt)\\n#image("paper.pdf", page: %d, width: 210mm)' % page)
    try:
        drawn = typst.compile(folder + "/page.typ", root=folder, format="png", ppi=150.0)
    except typst.TypstError as error:
        sys.exit(0 if page > 1 and "does not exist" in str(error) else 3)
    if isinstance(drawn, list):
        sys.exit(3)
    with open(folder + "/%d.png" % page, "wb") as file:
        file.write(drawn)
"""


class TooManyPages(picture.Unusable):
    """More pages than a report may bring."""

    code: ClassVar[str] = "pages.too_many"


class CannotDraw(picture.Unusable):
    """A PDF whose pages could not be drawn in time."""

    code: ClassVar[str] = "pages.cannot_draw"


def bare(data: bytes, name: str) -> picture.Picture:
    """A file as uploaded, with nothing kept but what the eye sees: a picture as `picture.check` makes it, a PDF page by page. Unusable."""
    if len(data) > MOST_BYTES:
        raise picture.TooBig(file=name[:80], most=MOST_BYTES // 1024 // 1024)
    checked = picture.check(data, name)
    if checked.kind == "pdf":
        if not _TURNS.acquire(timeout=SECONDS):
            raise CannotDraw(file=name[:80])
        try:
            return _drawn(checked.data, name[:80])
        finally:
            _TURNS.release()
    return checked if checked.kind == "jpeg" or len(checked.data) <= KEPT_BYTES else _jpeg(checked)


def _jpeg(large: picture.Picture) -> picture.Picture:
    """A photo that came as PNG takes many times the room."""
    with Image.open(io.BytesIO(large.data)) as opened:
        clear = opened.convert("RGBA")
    plain = Image.new("RGB", clear.size, "white")
    plain.paste(clear, mask=clear.getchannel("A"))
    target = io.BytesIO()
    plain.save(target, "JPEG", quality=85)
    return picture.Picture("jpeg", target.getvalue(), plain.width, plain.height)


def _drawn(data: bytes, name: str) -> picture.Picture:
    with tempfile.TemporaryDirectory(prefix="posko-") as folder:
        (Path(folder) / "paper.pdf").write_bytes(data)
        try:
            # The program is our own text above and the only argument is the folder made here.
            done = subprocess.run([sys.executable, "-I", "-c", _DRAW, folder], timeout=SECONDS + 5, capture_output=True, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise CannotDraw(file=name) from None
        files = [Path(folder) / f"{page}.png" for page in range(1, MOST_PAGES + 2)]
        if (Path(folder) / f"{MOST_PAGES + 1}.png").is_file():
            raise TooManyPages(file=name, most=MOST_PAGES)
        if done.returncode != 0 or not files[0].is_file():
            raise CannotDraw(file=name)
        try:
            pages = [_page(file) for file in files if file.is_file()]
        except (OSError, ValueError, Image.DecompressionBombError):
            raise CannotDraw(file=name) from None
    target = io.BytesIO()
    pages[0].save(target, "PDF", save_all=True, append_images=pages[1:], resolution=150, quality=80, **_NO_DATES)
    return picture.Picture("pdf", target.getvalue(), 0, 0)


# Pillow writes the time of writing where nobody says otherwise; same paper, same bytes.
_EPOCH = time.gmtime(946_684_800)
_NO_DATES = {"creationDate": _EPOCH, "modDate": _EPOCH}


def _page(file: Path) -> Image.Image:
    with Image.open(file, formats=("PNG",)) as opened:
        if opened.width * opened.height > picture.MOST_PIXELS:
            raise ValueError("a page of more pixels than a picture may have")
        clear = opened.convert("RGBA")
    page = Image.new("RGB", clear.size, "white")
    page.paste(clear, mask=clear.getchannel("A"))
    if page.width > _PIXELS_WIDE:
        page = page.resize((_PIXELS_WIDE, max(1, round(page.height * _PIXELS_WIDE / page.width))), Image.Resampling.LANCZOS)
    return page
