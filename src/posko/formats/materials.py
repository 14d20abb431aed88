"""Files for the table: PDF, PPTX, XLSX, PNG, JPEG. The bytes decide what a file is, never its name; what runs by itself is refused.

A picture is decoded and written anew (formats.picture). A PDF or an office file is kept as it came, after a look for scripts, macros,
embedded programs and links that load something when it is opened. That look is no virus scanner: a file is only ever handed out as a
download.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from xml.etree import ElementTree

from posko.domain import record
from posko.formats import picture

MOST_BYTES = 20 * 1024 * 1024
MOST_UNPACKED, MOST_PARTS, MOST_INFLATED = 300_000_000, 6_000, 80_000_000
TYPES = {
    "pdf": "application/pdf", "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "png": "image/png", "jpeg": "image/jpeg",
}  # fmt: skip
ENDINGS = {"pdf": "pdf", "pptx": "pptx", "xlsx": "xlsx", "png": "png", "jpeg": "jpg"}
WORDS = {"pdf": "PDF", "pptx": "PowerPoint", "xlsx": "Excel", "png": "PNG", "jpeg": "JPEG"}


class Unusable(record.Refusal):
    """A file that is not taken; the subclasses say why."""

    code: ClassVar[str] = "file.unusable"


class EmptyFile(Unusable):
    """No bytes."""

    code: ClassVar[str] = "file.empty"


class TooBig(Unusable):
    """More bytes than are taken, or a package that unpacks to far more."""

    code: ClassVar[str] = "file.too_big"


class WrongKind(Unusable):
    """None of the kinds that are taken. seen: what it seems to be."""

    code: ClassVar[str] = "file.wrong_kind"


class Broken(Unusable):
    """Begins as one of them and cannot be read to its end."""

    code: ClassVar[str] = "file.broken"


class Locked(Unusable):
    """Under a password: the others at the table could not read it."""

    code: ClassVar[str] = "file.locked"


class Runs(Unusable):
    """Holds something that runs or loads by itself when it is opened. what: which, in Indonesian."""

    code: ClassVar[str] = "file.runs"


@dataclass(frozen=True)
class Checked:
    """kind: pdf | pptx | xlsx | png | jpeg. data: the bytes to keep."""

    kind: str
    data: bytes


def check(data: bytes, name: str) -> Checked:
    """A file as uploaded, judged by its bytes; `name` only stands in the refusal. Unusable, formats.picture.Unusable."""
    name = name[:80]
    if not data:
        raise EmptyFile(file=name)
    if len(data) > MOST_BYTES:
        raise TooBig(file=name, most=MOST_BYTES // 1024 // 1024)
    if data.startswith(b"%PDF-"):
        _check_pdf(data, name)
        return Checked("pdf", data)
    if data.startswith(b"PK"):
        return Checked(_office(data, name), data)
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n")):
        seen = picture.check(data, name)
        return Checked(seen.kind, seen.data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Locked(file=name)
        raise WrongKind(file=name, seen="PowerPoint, Excel, atau Word lama")
    raise WrongKind(file=name, seen=_seen(data))


_SIGNS = (
    (b"{\\rtf", "RTF"), (b"GIF8", "GIF"), (b"MZ", "program"), (b"Rar!", "RAR"), (b"7z\xbc", "7-Zip"), (b"RIFF", "WebP atau video"),
    (b"#!", "program"),
)  # fmt: skip


def _seen(data: bytes) -> str:
    for sign, word in _SIGNS:
        if data.startswith(sign):
            return word
    plain = data[:400].lstrip().lower()
    return "halaman web" if plain.startswith((b"<!doctype", b"<html", b"<svg", b"<?xml")) else "isi yang tidak dikenal"


# --- PDF -----------------------------------------------------------------------------------------------------------------

_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE)(?![A-Za-z])")
_ACTIVE_WORDS = {
    b"JavaScript": "skrip JavaScript", b"Launch": "perintah menjalankan program", b"EmbeddedFile": "berkas lain di dalamnya",
    b"EmbeddedFiles": "berkas lain di dalamnya", b"RichMedia": "media yang berjalan", b"SubmitForm": "formulir yang mengirim isi",
    b"ImportData": "perintah mengambil data", b"GoToE": "berkas lain di dalamnya",
}  # fmt: skip
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z])")
_STREAM = re.compile(rb"(?<!end)stream[ \t]*(?:\r\n|\n|\r)")
_BEGINS = re.compile(rb"\d+\s+\d+\s+obj")
_FLATE = re.compile(rb"/Filter\s*(?:/FlateDecode(?!\w)|\[\s*/FlateDecode\s*\])")
_OPEN = re.compile(rb"/OpenAction\s*(\[|<<|(\d+)\s+(\d+)\s+R)")
_GOES_TO = re.compile(rb"/S\s*/GoTo(?![A-Za-z])")


def _check_pdf(data: bytes, name: str) -> None:
    if b"%%EOF" not in data[-4096:]:
        raise Broken(file=name)
    plain = _names(data)
    packed = list(_packed(data, name))
    everything = b"\n".join([plain, *(_names(inflated) for _, inflated in packed)])
    if _LOCKED.search(plain):
        raise Locked(file=name)
    active = _ACTIVE.search(everything)
    if active:
        raise Runs(file=name, what=_ACTIVE_WORDS[active[1]])
    for opened in _OPEN.finditer(everything):
        if not _only_shows(opened, everything, packed):
            raise Runs(file=name, what="perintah yang berjalan saat dibuka")


def _names(data: bytes) -> bytes:
    """The bytes with names written out: /J#61vaScript -> /JavaScript."""
    return _ESCAPED.sub(lambda hit: bytes([int(hit[1], 16)]), data)


def _packed(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """(dictionary, content) of every stream that holds objects, where scripts hide from a plain look. Runs where one cannot be read."""
    room, ended = MOST_INFLATED, 0
    for found in _STREAM.finditer(data):
        between, ended = _names(data[ended : found.start()]), found.end()  # all since the last stream: a dictionary may be long
        if b"/ObjStm" not in between:
            continue
        begun = [hit.start() for hit in _BEGINS.finditer(between, 0, between.rfind(b"/ObjStm"))]
        head = between[begun[-1] :] if begun else between
        if b"/Filter" not in head:
            continue  # lies open, and has been looked at
        # A filter by its short name, from elsewhere or with a predictor would unpack to something else than is looked at here.
        odd = b"/Predictor" in between or b"/DecodeParms" in between
        if odd or head.count(b"/Filter") != 1 or not _FLATE.search(head):
            raise Runs(file=name, what="bagian yang disandikan sehingga tidak dapat diperiksa")
        inflated = _inflated(data, found.end(), room, name)
        room -= len(inflated)
        if room < 0:
            raise TooBig(file=name, most=MOST_BYTES // 1024 // 1024)
        yield head, inflated


def _inflated(data: bytes, start: int, room: int, name: str) -> bytes:
    """What is packed from `start` on, to its own end (whatever the file says of its length), at most one byte more than `room`. Broken."""
    unpacker, found, at = zlib.decompressobj(), bytearray(), start
    try:
        while not unpacker.eof and len(found) <= room and at < len(data):
            found += unpacker.decompress(data[at : at + 65_536], room + 1 - len(found))
            at += 65_536
    except zlib.error:
        raise Broken(file=name) from None
    if not unpacker.eof and len(found) <= room:
        raise Broken(file=name)
    return bytes(found)


def _only_shows(opened: re.Match[bytes], everything: bytes, packed: list[tuple[bytes, bytes]]) -> bool:
    """Whether what happens on opening is a page to turn to (many programs write that), and nothing else."""
    if opened[1] == b"[":
        return True
    if opened[1] == b"<<":
        return bool(_GOES_TO.search(everything[opened.end() : opened.end() + 300].partition(b">>")[0]))
    target = _object(int(opened[2]), int(opened[3]), everything, packed)
    return target.lstrip().startswith(b"[") or bool(_GOES_TO.search(target[:300].partition(b">>")[0]))


def _object(number: int, generation: int, everything: bytes, packed: list[tuple[bytes, bytes]]) -> bytes:
    """The beginning of an object by its number, plain or packed; empty where it is not found."""
    found = list(re.finditer(rb"(?<!\d)%d\s+%d\s+obj" % (number, generation), everything))
    if found:
        return everything[found[-1].end() : found[-1].end() + 400]
    for head, inflated in packed:
        first, count = re.search(rb"/First\s+(\d+)", head), re.search(rb"/N\s+(\d+)", head)
        if first is None or count is None:
            continue
        numbers = inflated[: int(first[1])].split()[: 2 * int(count[1])]
        offsets = dict(zip(numbers[::2], numbers[1::2], strict=False))
        offset = offsets.get(b"%d" % number, b"")
        if offset.isdigit():
            start = int(first[1]) + int(offset)
            return inflated[start : start + 400]
    return b""


# --- office files ----------------------------------------------------------------------------------------------------------

_MAIN = {"ppt/presentation.xml": "pptx", "xl/workbook.xml": "xlsx"}
_OTHER = {
    "word/document.xml": "Word", "content.xml": "LibreOffice (ODP, ODS, ODT)", "meta-inf/manifest.mf": "program Java",
    "androidmanifest.xml": "aplikasi ponsel", "index/document.iwa": "Keynote atau Numbers",
}  # fmt: skip
_MACRO = re.compile(r"vbaproject|vbadata|(^|/)macrosheets/|(^|/)dialogsheets/|\.(bas|vbs|js|exe|dll|hta|scr|bat|cmd|ps1|jar)$")
_PROGRAM = re.compile(r"(^|/)activex/|oleobject[^/]*\.bin$|(^|/)embeddings/[^/]*\.(bin|pptm|xlsm|docm|xls|ppt|doc)$")
_LOADS = re.compile(
    r"/(oleObject|attachedTemplate|frame|subDocument|externalLinkPath|xlExternalLinkPath|control|package|image|video|audio|media)$",
    re.IGNORECASE,
)
_ACTS = re.compile(rb"ppaction://(program|macro|ole)|<(\w+:)?ddeLink\b|macroEnabled|application/vnd\.ms-office\.vbaProject", re.IGNORECASE)


def _office(data: bytes, name: str, depth: int = 0) -> str:
    """pptx | xlsx. WrongKind, Broken, Locked, TooBig, Runs."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            _measure(parts, name)
            kind = _kind([p.filename.lower() for p in parts], name)
            for part in parts:
                _check_part(package, part, name, depth)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, NotImplementedError, UnicodeDecodeError):
        raise Broken(file=name) from None
    except RuntimeError:  # the package asks for a password
        raise Locked(file=name) from None
    return kind


def _measure(parts: list[zipfile.ZipInfo], name: str) -> None:
    if len(parts) > MOST_PARTS or sum(p.file_size for p in parts) > MOST_UNPACKED:
        raise TooBig(file=name, most=MOST_BYTES // 1024 // 1024)
    if any(p.flag_bits & 0x1 for p in parts):
        raise Locked(file=name)
    if any(p.filename.startswith(("/", "\\")) or ".." in p.filename.replace("\\", "/").split("/") for p in parts):
        raise Runs(file=name, what="nama bagian yang menunjuk keluar")


def _kind(names: list[str], name: str) -> str:
    found = {kind for path, kind in _MAIN.items() if path in names}
    if len(found) != 1 or "[content_types].xml" not in names:
        seen = next((word for path, word in _OTHER.items() if path in names), "arsip ZIP")
        raise WrongKind(file=name, seen=seen)
    return found.pop()


def _check_part(package: zipfile.ZipFile, part: zipfile.ZipInfo, name: str, depth: int) -> None:
    path = part.filename.lower().replace("\\", "/")
    if _MACRO.search(path):
        raise Runs(file=name, what="makro atau program")
    if _PROGRAM.search(path):
        raise Runs(file=name, what="objek program di dalamnya")
    if path.endswith((".xml", ".rels", ".vml")):
        content = _plain(_read(package, part, name))
        if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
            raise Runs(file=name, what="pengenal yang mengambil isi lain")
        if _ACTS.search(content):
            raise Runs(file=name, what="makro atau perintah yang berjalan")
        if path.endswith(".rels") and _loads(content, name):
            raise Runs(file=name, what="tautan yang mengambil isi dari luar saat dibuka")
    elif "/embeddings/" in path and path.endswith((".xlsx", ".pptx", ".docx")):
        if depth:
            raise Runs(file=name, what="berkas bertumpuk di dalamnya")
        inner = _read(package, part, name)  # the numbers behind a native chart
        if not path.endswith(".docx"):
            _office(inner, name, depth + 1)
        else:
            raise Runs(file=name, what="berkas lain di dalamnya")


def _plain(content: bytes) -> bytes:
    """XML as UTF-8, in whichever of the usual ways it was written, with characters that stand as numbers (&#58;) written out."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", errors="replace").encode()
    elif b"\0" in content[:4]:  # without the mark of its order
        content = content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be", errors="replace").encode()
    return _NUMBERED.sub(_written_out, content)


_NUMBERED = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")


def _written_out(hit: re.Match[bytes]) -> bytes:
    """Letters, digits and signs of addresses; what would end a word of XML stays as it was."""
    number = int(hit[1], 16) if hit[1] else int(hit[2])
    return bytes([number]) if 0x20 < number < 0x7F and chr(number) not in "<>&\"'" else hit[0]


def _loads(content: bytes, name: str) -> bool:
    """Whether a list of links names something outside that is fetched on opening. Broken where it is no XML."""
    try:
        listed = ElementTree.fromstring(re.sub(rb"^\s*<\?xml[^>]*\?>", b"", content.removeprefix(b"\xef\xbb\xbf")))  # noqa: S314 - no DOCTYPE by now
    except ElementTree.ParseError:
        raise Broken(file=name) from None
    return any(
        one.get("TargetMode", "").strip().lower() == "external" and _LOADS.search(one.get("Type", "").strip()) for one in listed.iter()
    )


def _read(package: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> bytes:
    with package.open(part) as opened:
        content = opened.read(MOST_INFLATED + 1)
    if len(content) > MOST_INFLATED:  # whatever the package says about its size
        raise TooBig(file=name, most=MOST_BYTES // 1024 // 1024)
    return content
