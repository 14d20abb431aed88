"""Stage materials: what each agency brings to a meeting, by agency and in the order of the agenda; files and numbers brought, replaced,
withdrawn; one file as a download."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import evidence as evidence_rules
from posko.domain import materials as rules
from posko.domain import rakor as rakor_rules
from posko.domain import record as facts
from posko.domain.materials import Kind
from posko.formats import materials as files
from posko.formats import picture, table, text
from posko.formats import rakor as words
from posko.store import access, disputes, evidence, materials, rakor

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {Kind.SLIDES: "paparan", Kind.FIGURES: "tabel angka", Kind.LETTER: "surat", Kind.OTHER: "lainnya"}
UNITS = words.UNITS
ACCEPT = ".pdf,.pptx,.xlsx,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"


# --- what is shown ---------------------------------------------------------------------------------------------------------


def _row(request: shell.Request, one: rules.Brought, people: Mapping[str, str]) -> dict[str, Any]:
    election = request.election.code
    shown: dict[str, Any] = {
        "b": one, "agency": words.agency_name(one.agency), "by": people.get(one.person, one.person),
        "figure": isinstance(one, rules.OwnFigure), "may_change": one.agency == request.person.agency and one.stands,
    }  # fmt: skip
    if isinstance(one, rules.Material):
        kept = one.kept
        href = reverse("desk:materials_file", args=[election, one.code])
        shown |= {"label": one.title, "word": KINDS[one.kind], "file": files.WORDS.get(kept.kind, kept.kind), "href": href,
                  "picture": kept.kind in {"png", "jpeg"}, "kilobytes": -(-kept.size // 1024)}  # fmt: skip
    else:
        shown |= {"label": one.label, "value": words.number_of(one.number, one.denominator, one.unit)}
    return shown


def at_table(request: shell.Request, election: str, code: str) -> rakor_rules.Meeting:
    """A meeting whose materials this person may read; the same page where there is none and where it is not theirs."""
    try:
        held = rakor.meeting(election, code, request.at)
    except rakor_rules.Unknown as refusal:
        raise Http404(code) from refusal
    if not shell.may(request, "materials.read", materials.table_of(held)):
        raise Http404(code)
    return held


@shell.page("materials.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Meetings with what was brought to them."""
    seen = materials.visible(request.person, election, request.at)
    mine = request.person.agency
    rows = []
    for held in rakor.meetings(election, request.at):
        if not shell.may(request, "materials.read", materials.table_of(held)):
            continue
        brought = [b for b in seen if b.meeting == held.code and b.stands]
        rows.append(
            {"m": held, "files": sum(isinstance(b, rules.Material) for b in brought),
             "figures": sum(isinstance(b, rules.OwnFigure) for b in brought), "agencies": len({b.agency for b in brought}),
             "table": len(rules.readers(held)), "ours": any(b.agency == mine for b in brought),
             "may": rules.may_bring(held, mine, request.at) and shell.may(request, "materials.bring")}
        )  # fmt: skip
    return render(request, "desk/materials/index.html", {"rows": rows})


def context(request: shell.Request, held: rakor_rules.Meeting) -> dict[str, Any]:
    """For the page of a meeting, under the key `materials`: what stands, by agency; what "desk/materials/_meeting.html" needs."""
    seen = materials.visible(request.person, request.election.code, request.at, held.code) if shell.may(request, "materials.read") else []
    people = access.names()
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in seen:
        if one.stands:
            groups.setdefault(one.agency, []).append(_row(request, one, people))
    table_order = [a.agency for a in held.agencies]
    ordered = [(words.agency_name(a), groups[a]) for a in table_order if a in groups]
    waits = [words.agency_name(a) for a in table_order if a not in groups]
    may = rules.may_bring(held, request.person.agency, request.at) and shell.may(request, "materials.bring")
    return {"materials": {"groups": ordered, "without": waits, "may_bring": may, "meeting": held.code}}


@shell.page("materials.read")
def meeting(request: shell.Request, election: str, code: str) -> HttpResponse:
    """What was brought to one meeting, in the order of the agenda and by agency, with the forms."""
    return _meeting(request, election, code)


def _meeting(request: shell.Request, election: str, code: str) -> HttpResponse:
    held = at_table(request, election, code)
    people = access.names()
    seen = materials.visible(request.person, election, request.at, code)
    items = materials.agenda_items(election, request.at, code)
    order = rules.in_order(seen, [a.agency for a in held.agencies], items)
    agenda = [
        {"label": items.get(key, ""), "key": key, "number": n, "rows": [_row(request, b, people) for b in group]}
        for n, (key, group) in enumerate(order.items(), 1)
    ]
    posted, form = request.POST, request.POST.get("form", "")
    old = [b for b in seen if not b.stands]
    names = {b.code: b for b in seen}
    again = names.get(posted.get("replaces", "") or request.GET.get("ganti", ""))
    context_now = {
        "meeting": held,
        "agenda": [a for a in agenda if a["rows"]],
        "any": any(b.stands for b in seen),
        "old": [_row(request, b, people) for b in old],
        "items": [(key, f"{n}. {label}") for n, (key, label) in enumerate(items.items(), 1)],
        "codes": list(materials.figure_codes(election, request.at, code).items()),
        "kinds": [(k.value, w) for k, w in KINDS.items()],
        "units": [(u.value, w) for u, w in UNITS.items()],
        "may_bring": rules.may_bring(held, request.person.agency, request.at) and shell.may(request, "materials.bring"),
        "again": _row(request, again, people) if again and again.agency == request.person.agency and again.stands else None,
        "typed": posted,
        "form": form,
        "nonce": posted.get("nonce") or secrets.token_hex(16),
        "accept": ACCEPT,
        "most_mb": files.MOST_BYTES // 1024 // 1024,
        "now_local": text.form_moment(request.at),
        **context(request, held),
    }
    return render(request, "desk/materials/meeting.html", context_now)


# --- bringing ----------------------------------------------------------------------------------------------------------------


def _kept(request: shell.Request) -> tuple[evidence_rules.Kept, str]:
    """The file of a form, checked and kept. NoFile, formats.materials.Unusable."""
    given = request.FILES.get("file")
    if given is None:
        raise evidence_rules.NoFile()
    if (given.size or 0) > files.MOST_BYTES:
        raise files.TooBig(file=str(given.name)[:80], most=files.MOST_BYTES // 1024 // 1024)
    checked = files.check(given.read(), str(given.name))
    return evidence.keep_as(checked.data, checked.kind), checked.kind


@shell.page("materials.bring")
def bring(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Bring a file, or a newer version of one."""
    at_table(request, election, code)
    if request.method != "POST":
        return redirect("desk:materials_meeting", election, code)
    posted = request.POST
    try:
        kept, kind = _kept(request)
        made, same = materials.bring(
            election, code, kind=posted.get("kind", ""), title=posted.get("title", ""), kept=kept,
            nonce=posted.get("nonce", "") or secrets.token_hex(16), actor=shell.actor(request), at=request.at,
            item=posted.get("item", ""), replaces=posted.get("replaces", ""),
        )  # fmt: skip
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return _meeting(request, election, code)
    shell.done(request, f"{made} disimpan ({files.WORDS[kind]}). Semua lembaga di rapat ini dapat mengunduhnya.")
    for other in same[:3]:
        shell.warned(request, f"Isinya sama persis dengan {other.code} dari {words.agency_name(other.agency)} (rapat {other.meeting}).")
    return redirect("desk:materials_meeting", election, code)


def whole(typed: str, *, empty: int | None = None) -> int:
    """1.234 -> 1234; `empty` for an empty field. BadNumber."""
    tidy = typed.strip().replace(".", "").replace(" ", "")
    if not tidy and empty is not None:
        return empty
    if not (tidy.isascii() and tidy.isdigit() and len(tidy) <= 13):
        raise rules.BadNumber()
    return int(tidy)


def moment(typed: str) -> datetime:
    """A day and hour typed in WIB. BadAsOf."""
    found = text.typed_moment(typed)
    if found is None:
        raise rules.BadAsOf()
    return found


@shell.page("materials.bring")
def figure(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Bring a number, or a newer version of one."""
    held = at_table(request, election, code)
    if request.method != "POST":
        return redirect("desk:materials_meeting", election, code)
    posted = request.POST
    try:
        made = materials.bring_figure(
            election, code, figure=posted.get("figure", ""), label=posted.get("label", ""), number=whole(posted.get("number", "")),
            denominator=whole(posted.get("denominator", ""), empty=-1), unit=posted.get("unit", ""), source=posted.get("source", ""),
            as_of_at=moment(posted.get("as_of_at", "")), nonce=posted.get("nonce", "") or secrets.token_hex(16),
            actor=shell.actor(request), at=request.at, item=posted.get("item", ""), replaces=posted.get("replaces", ""),
        )  # fmt: skip
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return _meeting(request, election, code)
    shell.done(request, f"{made} disimpan.")
    _tell_gap(request, election, held, made)
    return redirect("desk:materials_meeting", election, code)


def _tell_gap(request: shell.Request, election: str, held: rakor_rules.Meeting, own: str) -> None:
    """Says at once that a number brought differs from the frozen one."""
    if not rakor_rules.may_read(request.person.agency, held):
        return
    try:
        newest = next(iter(rakor.snapshots(election, request.at, held.code)), None)
    except rakor_rules.Changed:
        return
    found = disputes.gaps(election, newest, request.at) if newest else ()
    if any(g.own == own and g.against_frozen for g in found):
        shell.warned(request, f"{own} berbeda dari angka beku. Lihat dan ajukan di Selisih angka.")


@shell.page("materials.bring")
def withdraw(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Take back a file or number of one's own agency; it stays to be seen."""
    try:
        found = materials.get(election, code, request.at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal
    at_table(request, election, found.meeting)
    if request.method == "POST":
        try:
            materials.withdraw(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} ditarik. Catatannya tetap terlihat di bawah.")
    return redirect("desk:materials_meeting", election, found.meeting)


# --- files ---------------------------------------------------------------------------------------------------------------------


@shell.page("materials.read")
def file(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One file as a download, checked against its hash before it leaves; `?kecil` gives a small picture."""
    try:
        found = materials.get(election, code, request.at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal
    held = at_table(request, election, found.meeting)
    if not isinstance(found, rules.Material):
        raise Http404(code)
    if not shell.decide(request, "materials.read", materials.thing_of(found, held)).allowed:
        raise Http404(code)
    try:
        where, kind = evidence.open_file(election, found.kept.sha256)
    except facts.Refusal as refusal:
        shown = {"title": "Berkas ini tidak dapat dibuka", "text": shell.sentence(refusal), "detail": ""}
        return render(request, "error.html", shown, status=410)
    data = where.read_bytes()
    small = "kecil" in request.GET and kind in {"png", "jpeg"}
    name = f"{found.code}-{found.agency}-v{found.version}.{files.ENDINGS['jpeg' if small else kind]}".lower()
    headers = {
        "Content-Disposition": f'{"inline" if small else "attachment"}; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return HttpResponse(picture.thumbnail(data) if small else data, content_type=files.TYPES["jpeg" if small else kind], headers=headers)


@shell.page("materials.read")
def export(request: shell.Request, election: str, code: str) -> HttpResponse:
    """What was brought to a meeting: XLSX with numbers and files, replaced and withdrawn ones too."""
    held = at_table(request, election, code)
    seen = materials.visible(request.person, election, request.at, code)
    numbers: list[list[Any]] = [
        ["Kode", "Lembaga", "Kode angka paket", "Nama angka", "Angka", "Penyebut", "Satuan", "Sumber", "Per", "Versi", "Keadaan", "Tanda"]
    ]
    brought: list[list[Any]] = [
        ["Kode", "Lembaga", "Jenis", "Judul", "Berkas", "Ukuran (byte)", "SHA-256", "Versi", "Dibawa", "Keadaan", "Tanda"]
    ]
    for b in seen:
        state = "ditarik" if b.withdrawn else f"diganti {b.newer}" if b.newer else "berlaku"
        if isinstance(b, rules.OwnFigure):
            whole_of = b.denominator if b.denominator >= 0 else ""
            numbers.append([b.code, words.agency_name(b.agency), b.figure, b.label, b.number, whole_of, UNITS[b.unit], b.source,
                            text.waktu(b.as_of_at), b.version, state, b.mark])  # fmt: skip
        else:
            brought.append([b.code, words.agency_name(b.agency), KINDS[b.kind], b.title, files.WORDS.get(b.kept.kind, b.kept.kind),
                            b.kept.size, b.kept.sha256, b.version, text.waktu(b.brought_at), state, b.mark])  # fmt: skip
    data = table.xlsx({"Angka": numbers, "Berkas": brought})
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="bahan-{held.code}.xlsx"'})


urlpatterns = [
    path("<slug:election>/bahan/", index, name="materials"),
    path("<slug:election>/bahan/rapat/<slug:code>/", meeting, name="materials_meeting"),
    path("<slug:election>/bahan/rapat/<slug:code>/berkas/", bring, name="materials_bring"),
    path("<slug:election>/bahan/rapat/<slug:code>/angka/", figure, name="materials_figure"),
    path("<slug:election>/bahan/rapat/<slug:code>/bahan.xlsx", export, name="materials_export"),
    path("<slug:election>/bahan/<slug:code>/tarik/", withdraw, name="materials_withdraw"),
    path("<slug:election>/bahan/<slug:code>/unduh/", file, name="materials_file"),
]
SENTENCES: dict[str, str] = {
    "materials.not_invited": "{agency} tidak diundang ke rapat ini, jadi tidak dapat membawa bahan ke sini.",
    "materials.over": "Rapat {meeting} sudah lewat sehari atau dibatalkan; bahan tidak dapat ditambah lagi. Bawa ke rapat berikutnya.",
    "materials.untitled": "Tulis nama atau judulnya: 3 sampai {most} huruf.",
    "materials.bad_kind": "“{kind}” tidak ada dalam daftar. Pilih dari daftar; angka dengan nama sendiri perlu satuan sendiri.",
    "materials.bad_number": "Tulis angka bulat, nol atau lebih. Penyebut boleh kosong, atau paling kecil 1.",
    "materials.bad_as_of": "Isi “per kapan”: tanggal dan jam yang sudah lewat, paling lama setahun lalu.",
    "materials.source_missing": "Tulis sumber angkanya: dokumen atau aplikasi mana ({least} sampai {most} huruf).",
    "materials.unknown": "{code} tidak ada.",
    "materials.not_owner": "{code} milik {agency}; hanya lembaga itu yang mengganti atau menariknya.",
    "materials.gone": "{code} sudah diganti atau ditarik. Muat ulang halamannya.",
    "materials.already_brought": "Berkas yang sama persis sudah dibawa lembaga Anda sebagai {code}. Tidak perlu dua kali.",
    "materials.reason_missing": "Tulis alasan menariknya, {least} sampai {most} huruf.",
    "file.empty": "Berkas {file} kosong. Pilih berkas lain.",
    "file.too_big": "Berkas {file} lebih besar dari {most} MB, atau isinya mengembang terlalu besar. Kecilkan gambarnya, lalu unggah lagi.",
    "file.wrong_kind": (
        "Berkas {file} terbaca sebagai {seen}, apa pun akhiran namanya. Yang diterima: PDF, PPTX, XLSX, PNG, JPG. "
        "Simpan ulang sebagai salah satunya."
    ),
    "file.broken": "Berkas {file} rusak atau terpotong. Simpan ulang, lalu unggah lagi.",
    "file.locked": "Berkas {file} dikunci kata sandi. Simpan tanpa kata sandi, lalu unggah lagi.",
    "file.runs": (
        "Berkas {file} tidak diterima: berisi {what}. Simpan ulang tanpa itu (PowerPoint dan Excel: tanpa makro dan tautan luar; "
        "atau cetak ke PDF), lalu unggah lagi."
    ),
}
TASKS: dict[str, tuple[str, str]] = {"materials.bring": ("Bawa bahan untuk {label}", "desk:materials_meeting")}
HITS: dict[str, str] = {"material": "desk:materials_meeting"}
