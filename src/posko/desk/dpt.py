"""Stage dpt: screens. A file goes from upload over columns and questions to a dry run, and only then into force."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import dpt as rules
from posko.domain import record as facts
from posko.formats import dpt as files
from posko.formats import table
from posko.store import dpt, places, regulation

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 200
ROLE_WORDS = {
    "tps_code": "Kode TPS (13 angka)",
    "desa_code": "Kode desa (10 angka)",
    "kecamatan": "Nama kecamatan",
    "desa": "Nama desa",
    "number": "Nomor TPS",
    "male": "Laki-laki (L)",
    "female": "Perempuan (P)",
    "voters": "Jumlah pemilih",
    "dptb": "DPTb",
    "dpk": "DPK",
}


def problem_sentence(problem: facts.Problem) -> str:
    """One problem in words: what is wrong and what to do."""
    return PROBLEMS.get(problem.code, problem.code).format(**problem.facts)


@shell.page("dpt.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The counts in force, by kecamatan, desa and TPS."""
    run, counts, tps_list = dpt.current(election, request.at), dpt.voters(election, request.at), places.tps_list(election)
    groups: dict[str, dict[str, Any]] = {}
    for t in tps_list:
        one = counts.get(t.code)
        for code, name, inside in (
            (t.kecamatan_code, t.kecamatan_name, ""),
            (t.desa_code, t.desa_name, t.kecamatan_name),
        ):
            group = groups.setdefault(code, {"name": name, "inside": inside, "tps": 0, "dpt": 0, "additional": 0, "missing": 0})
            group["tps"] += 1
            group["dpt"] += one.dpt if one else 0
            group["additional"] += one.additional if one else 0
            group["missing"] += one is None
    context = {
        "run": run,
        "kecamatan": [g for c, g in sorted(groups.items()) if c.count(".") == 2],
        "desa": [g for c, g in sorted(groups.items()) if c.count(".") == 3],
        "rows": [{"tps": t, "count": counts.get(t.code)} for t in tps_list],
        "tps_total": len(tps_list),
        "missing": sum(t.code not in counts for t in tps_list) if run else 0,
        "additional": sum(v.additional for v in counts.values()),
        "most": max((v.dpt for v in counts.values()), default=0),
        "limit": _limit(request),
        "history": dpt.history(election, request.at),
        "uploads": dpt.uploads(election, request.at) if shell.may(request, "dpt.import") else [],
        "may_import": shell.may(request, "dpt.import"),
    }
    return render(request, "desk/dpt/index.html", context)


@shell.page("dpt.import")
def upload(request: shell.Request, election: str) -> HttpResponse:
    """Choose a file. A file with data of persons is read, refused and kept nowhere."""
    if request.method == "POST":
        given = request.FILES.get("file")
        label = request.POST.get("label", "").strip()[:120]
        try:
            if given is None or not label:
                raise rules.NoFile()
            data, name = shell.table_bytes(given), str(given.name)
            _read(request, name, data)
            kept = dpt.keep_upload(
                election, name, data, label=label, estimate=bool(request.POST.get("estimate")), actor=_actor(request), at=request.at
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:dpt_check", election, kept.code)
    return render(request, "desk/dpt/upload.html", {"typed": request.POST, "tps_total": len(places.tps_list(election))})


@shell.page("dpt.import")
def check(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The dry run of a file: columns first, then questions, then what would change."""
    try:
        kept = dpt.upload(election, code)
        reading = _reading(request, kept)
        voters, difference = _difference(request, kept, reading)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:dpt", election)
    if reading.columns.missing or not (reading.minimal or "roles" in kept.answers):
        return redirect("desk:dpt_columns", election, code)
    if reading.questions:
        return redirect("desk:dpt_questions", election, code)
    names = {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
    now = dpt.current(election, request.at)
    problems = [{"place": shell.problem_place(p), "text": problem_sentence(p)} for p in reading.problems]
    context = {
        "kept": kept,
        "reading": reading,
        "problems": problems[:SHOWN],
        "problem_count": len(problems),
        "warnings": [{"place": shell.problem_place(p), "text": problem_sentence(p)} for p in reading.warnings[:SHOWN]],
        "difference": difference,
        "changes": _changes(difference, names),
        "in_force": now,
        "based_on": now.digest if now else "",
        "total": sum(v.dpt for v in voters.values()),
        "tps": len(voters),
        "ready": reading.ready and not difference.empty,
        "same": reading.ready and difference.empty,
    }
    return render(request, "desk/dpt/check.html", context)


@shell.page("dpt.import")
def columns(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Which column is what."""
    try:
        kept = dpt.upload(election, code)
        if request.method == "POST":
            answers: dict[str, Any] = {"sheet": request.POST.get("sheet", "")}
            if request.POST.get("shown") == answers["sheet"]:
                typed = {role: request.POST.get(role, "") for role in files.ROLES}
                answers["roles"] = {role: int(value) for role, value in typed.items() if value.isdigit() and len(value) < 4}
                _once(answers["roles"])
            dpt.answer(election, code, answers, _actor(request), request.at)
            kept = dpt.upload(election, code)
        reading = _reading(request, kept)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect(
            "desk:dpt" if isinstance(refusal, rules.NoDraft) else "desk:dpt_columns",
            election,
            *([] if isinstance(refusal, rules.NoDraft) else [code]),
        )
    if request.method == "POST" and "roles" in kept.answers and not reading.columns.missing:
        return redirect("desk:dpt_check", election, code)
    context = {
        "kept": kept,
        "sheet": reading.columns.sheet,
        "sheets": reading.sheets,
        "headers": [{"letter": table.column_letter(i), "name": h, "index": str(i)} for i, h in enumerate(reading.headers)],
        "sample": reading.sample,
        "roles": [{"role": r, "word": ROLE_WORDS[r], "column": str(reading.columns.roles.get(r, ""))} for r in files.ROLES],
        "missing": [MISSING[m] for m in reading.columns.missing],
        "asked": request.method == "POST",
    }
    return render(request, "desk/dpt/columns.html", context)


def _once(roles: dict[str, int]) -> None:
    seen: dict[int, str] = {}
    for role, column in roles.items():
        if column in seen:
            raise rules.ColumnTwice(column=table.column_letter(column), one=ROLE_WORDS[seen[column]], other=ROLE_WORDS[role])
        seen[column] = role


@shell.page("dpt.import")
def questions(request: shell.Request, election: str, code: str) -> HttpResponse:
    """What the file leaves open is asked: separators, names of places."""
    try:
        kept = dpt.upload(election, code)
        reading = _reading(request, kept)
        if request.method == "POST":
            allowed = {q.key: {value for value, _ in q.choices} for q in reading.questions}
            said = {f"q:{key}": request.POST[key] for key, values in allowed.items() if request.POST.get(key) in values}
            if said:
                dpt.answer(election, code, said, _actor(request), request.at)
                return redirect("desk:dpt_check", election, code)
            raise rules.NotAnswered()
    except rules.NotAnswered as refusal:
        shell.refused(request, refusal)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:dpt", election)
    if not reading.questions:
        return redirect("desk:dpt_check", election, code)
    asked = [{"question": q, "rows": _rows(q.rows)} for q in reading.questions]
    return render(request, "desk/dpt/questions.html", {"kept": kept, "asked": asked})


def _rows(rows: tuple[int, ...]) -> str:
    return ", ".join(map(str, rows[:6])) + (f" dan {len(rows) - 6} lagi" if len(rows) > 6 else "")


@shell.page("dpt.import")
def confirm(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Into force, all or nothing."""
    if request.method != "POST":
        return redirect("desk:dpt_check", election, code)
    try:
        kept = dpt.upload(election, code)
        reading = _reading(request, kept)
        if not reading.ready:
            raise rules.FileHasProblems()
        voters, _ = _difference(request, kept, reading)
        based_on = request.POST.get("based_on", "")
        done = dpt.import_voters(
            election,
            voters.values(),
            label=kept.label,
            source=kept.name,
            based_on=based_on,
            draft=code,
            actor=_actor(request),
            at=request.at,
        )
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:dpt_check", election, code)
    shell.done(request, f"Jumlah pemilih {done.tps} TPS berlaku mulai sekarang. Hitung kebutuhan lagi agar mengikuti.")
    return redirect("desk:dpt", election)


@shell.page("dpt.import")
def drop(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Forget a file."""
    if request.method == "POST":
        try:
            dpt.drop_upload(election, code, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Berkas dibuang. Jumlah pemilih yang berlaku tidak berubah.")
    return redirect("desk:dpt", election)


@shell.page("dpt.read")
def run(request: shell.Request, election: str, number: str) -> HttpResponse:
    """One import against the one before it."""
    past = dpt.history(election, request.at)
    place = next((i for i, r in enumerate(past) if r.id == number), None)
    if place is None:
        shell.refused(request, rules.NoDraft())
        return redirect("desk:dpt", election)
    before = past[place + 1] if place + 1 < len(past) else None
    difference = rules.difference(dpt.voters_of(election, before.id) if before else {}, dpt.voters_of(election, number))
    names = {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
    context = {"run": past[place], "before": before, "difference": difference, "changes": _changes(difference, names)}
    return render(request, "desk/dpt/run.html", context)


@shell.page("dpt.import")
def template(request: shell.Request, election: str, kind: str) -> HttpResponse:
    """The form with every TPS of this election."""
    data = files.template(kind, places.tps_list(election))
    return _file(data, f"templat-pemilih-{election}.{kind}")


@shell.page("dpt.read")
def export(request: shell.Request, election: str, kind: str) -> HttpResponse:
    """The counts in force, one row a TPS; it can be imported again."""
    counts = dpt.voters(election, request.at)
    rows: list[list[object]] = [[*files.HEADER, "tanda"]]
    for t in places.tps_list(election):
        v = counts.get(t.code)
        amounts = [v.dpt, v.dptb, v.dpk, "PERKIRAAN" if v.estimate else ""] if v else ["", "", "", "belum ada"]
        rows.append([t.code, t.desa_code, *amounts])
    data = table.xlsx({"pemilih": rows}) if kind == "xlsx" else table.csv(rows).encode("utf-8-sig")
    return _file(data, f"pemilih-{election}.{kind}")


def _file(data: bytes, name: str) -> HttpResponse:
    kind = XLSX if name.endswith("xlsx") else "text/csv; charset=utf-8"
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _limit(request: shell.Request) -> int:
    """Voters that one TPS is planned for, by the rulebook; 0 where it says nothing."""
    limit = regulation.rulebook(request.election.code, request.at).limit
    return limit.voters if limit else 0


def _read(request: shell.Request, name: str, data: bytes, **said: Any) -> files.Reading:
    election = request.election
    known = places.tps_list(election.code)
    return files.read(name, data, known, region=election.region, crosswalk=places.crosswalk(), limit=_limit(request), **said)


def _reading(request: shell.Request, kept: dpt.Upload) -> files.Reading:
    answers = {key[2:]: str(value) for key, value in kept.answers.items() if key.startswith("q:")}
    sheet, roles = str(kept.answers.get("sheet", "")), kept.answers.get("roles")
    return _read(request, kept.name, kept.data, sheet=sheet, roles=roles, answers=answers, estimate=kept.estimate)


def _difference(request: shell.Request, kept: dpt.Upload, reading: files.Reading) -> tuple[dict[str, rules.TpsVoters], rules.Difference]:
    before = dpt.voters(request.election.code, request.at)
    after = {v.tps: v for v in reading.voters}
    if reading.additional:
        after = rules.with_additional(before, reading.voters)
    else:
        carried = {"dptb", "dpk"} - set(reading.columns.roles)
        after = {c: replace(v, **{r: getattr(before[c], r) for r in carried}) if c in before else v for c, v in after.items()}
    del kept
    return after, rules.difference(before, after)


def _changes(difference: rules.Difference, names: dict[str, str]) -> list[dict[str, Any]]:
    groups = (("baru", difference.new), ("berubah", difference.changed), ("hilang", difference.gone))
    found = [
        {
            "word": word,
            "name": names.get(c.tps, c.tps),
            "code": c.tps,
            "before": c.before,
            "after": c.after,
            "by": (c.after or 0) - (c.before or 0),
        }
        for word, changes in groups
        for c in changes
    ]
    return found[:2000]


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


urlpatterns = [
    path("<slug:election>/dpt/", index, name="dpt"),
    path("<slug:election>/dpt/impor/", upload, name="dpt_upload"),
    path("<slug:election>/dpt/impor/<slug:code>/", check, name="dpt_check"),
    path("<slug:election>/dpt/impor/<slug:code>/kolom/", columns, name="dpt_columns"),
    path("<slug:election>/dpt/impor/<slug:code>/pertanyaan/", questions, name="dpt_questions"),
    path("<slug:election>/dpt/impor/<slug:code>/berlakukan/", confirm, name="dpt_confirm"),
    path("<slug:election>/dpt/impor/<slug:code>/buang/", drop, name="dpt_drop"),
    path("<slug:election>/dpt/riwayat/<slug:number>/", run, name="dpt_run"),
    path("<slug:election>/dpt/templat.xlsx", template, {"kind": "xlsx"}, name="dpt_template"),
    path("<slug:election>/dpt/templat.csv", template, {"kind": "csv"}, name="dpt_template_csv"),
    path("<slug:election>/dpt/pemilih.xlsx", export, {"kind": "xlsx"}, name="dpt_export"),
    path("<slug:election>/dpt/pemilih.csv", export, {"kind": "csv"}, name="dpt_export_csv"),
]
MISSING = {
    "place": "Belum jelas kolom mana yang menyebut TPS. Pilih kolom kode TPS, atau nama desa dan nomor TPS.",
    "count": "Belum jelas kolom mana yang berisi jumlah. Pilih kolom jumlah pemilih, atau L dan P.",
}
PROBLEMS: dict[str, str] = {
    "dpt.count_empty": "Jumlah pemilih kosong. Isi angkanya; tulis 0 bila memang tidak ada.",
    "dpt.not_a_number": "“{value}” bukan angka. Tulis angka saja, misalnya 270.",
    "dpt.decimal": "“{value}” adalah pecahan. Jumlah pemilih harus bilangan bulat, misalnya 270.",
    "dpt.negative_count": "“{value}” kurang dari nol. Periksa lagi angkanya.",
    "dpt.too_many": "{value} pemilih terlalu banyak untuk satu TPS. Mungkin ada angka yang tertulis dua kali.",
    "dpt.formula_error": "Rumus di sel ini gagal ({value}). Perbaiki rumusnya di Excel, atau ketik angkanya.",
    "dpt.formula": "Sel ini berisi rumus yang belum dihitung. Buka berkas di Excel, simpan, lalu unggah lagi.",
    "dpt.sum": "L {male} + P {female} = {both}, tetapi jumlahnya tertulis {total}. Perbaiki salah satu.",
    "dpt.total": "“{label}” tertulis {stated}, tetapi baris-barisnya berjumlah {counted}. Ada baris yang hilang atau salah ketik.",
    "dpt.code_empty": "Kode {what} kosong. Isi kodenya, atau hapus baris ini.",
    "dpt.code_scientific": (
        "Excel mengubah kode {what} menjadi “{value}”; angka aslinya hilang. "
        "Format kolom sebagai Teks, lalu tempel lagi kode {digits} angka."
    ),
    "dpt.code_number": (
        "Kode {what} “{value}” tersimpan sebagai angka, sehingga nol bisa hilang. "
        "Format kolom sebagai Teks, lalu tempel lagi kode {digits} angka."
    ),
    "dpt.code_bad": "“{value}” bukan kode {what}. Kode {what} terdiri dari {digits} angka, boleh dengan titik.",
    "dpt.desa_differs": "Kode TPS {tps} tidak berada di desa {desa}. Periksa kedua kode di baris ini.",
    "dpt.wrong_region": "{value} bukan kode wilayah ini ({region}). Mungkin berkas kabupaten lain.",
    "dpt.unknown_tps": "TPS {tps} tidak ada dalam daftar TPS pemilihan ini. Periksa kodenya.",
    "dpt.number_bad": "“{value}” bukan nomor TPS. Tulis misalnya 1, 001, atau TPS 001.",
    "dpt.name_empty": "Nama desa kosong. Isi nama desa di baris ini.",
    "dpt.duplicate": "{tps} sudah ada di baris {first}. Hapus salah satu.",
    "dpt.missing_tps": "Belum ada di berkas: {names}, desa {desa}, Kecamatan {kecamatan}. Tambahkan barisnya, atau betulkan kodenya.",
    "dpt.over_limit": "{value} pemilih, lebih dari rencana {limit} per TPS. Boleh diteruskan bila memang benar.",
    "dpt.zero": "Jumlah pemilih 0. Boleh diteruskan bila memang benar.",
    "dpt.notes": "{count} baris tanpa angka (judul, catatan, tanda tangan) tidak dibaca.",
    "dpt.other_sheets": "Lembar lain tidak dibaca: {names}.",
}
SENTENCES: dict[str, str] = {
    "dpt.negative": "Jumlah pemilih tidak boleh kurang dari nol.",
    "dpt.has_problems": "Berkas masih bermasalah, jadi tidak ada satu baris pun yang diimpor. Perbaiki dahulu.",
    "dpt.nothing_new": "Isi berkas sama dengan yang sudah berlaku. Tidak ada yang perlu diimpor.",
    "dpt.no_voters": "DPTb dan DPK diimpor sesudah DPT, tetapi TPS {tps} belum punya jumlah pemilih DPT. Impor dahulu DPT-nya.",
    "dpt.no_draft": "Berkas atau riwayat itu tidak ditemukan. Mungkin sudah diimpor atau dibuang.",
    "dpt.draft_stale": "Jumlah pemilih berubah sejak berkas ini diperiksa. Periksa lagi perbedaannya, lalu berlakukan.",
    "dpt.no_file": "Pilih berkas CSV atau XLSX dan tulis namanya.",
    "dpt.not_answered": "Pilih jawaban untuk paling sedikit satu pertanyaan.",
    "dpt.column_twice": "Kolom {column} dipilih dua kali: untuk {one} dan {other}. Pilih kolom yang berbeda.",
    "dpt.personal": (
        "Berkas ditolak seluruhnya dan tidak disimpan: {what} di {sheet} baris {row} kolom {column} tampak seperti data orang. "
        "Posko hanya menerima jumlah pemilih per TPS. Hapus NIK, KK, nama, dan alamat, lalu unggah lagi."
    ),
    "dpt.forbidden": (
        "Berkas ditolak seluruhnya dan tidak disimpan: kolom “{what}” ({sheet} baris {row} kolom {column}) tidak boleh masuk ke Posko. "
        "Posko hanya menerima jumlah pemilih per TPS."
    ),
    "dpt.no_table": "Tidak ada baris data di berkas ini. Isi templat, lalu unggah lagi.",
    "table.unreadable": "Berkas {file} tidak terbaca.",
    "table.no_file": "Pilih berkas CSV atau XLSX lebih dahulu.",
    "table.too_big": "Berkas {file} terlalu besar (paling banyak {most} MB dan 20.000 baris). Unggah jumlah per TPS saja.",
    "table.empty": "Berkas {file} kosong. Isi templat, lalu unggah lagi.",
    "table.protected": "Berkas {file} terkunci kata sandi. Buka di Excel, hapus kata sandinya, simpan, lalu unggah lagi.",
    "table.old_excel": "Berkas {file} berformat Excel lama (.xls). Simpan sebagai .xlsx, lalu unggah lagi.",
    "table.corrupt": "Berkas {file} rusak dan tidak bisa dibuka. Unduh atau simpan ulang, lalu unggah lagi.",
    "table.wrong_kind": "Berkas {file} bukan CSV atau XLSX. Simpan tabelnya sebagai XLSX, lalu unggah lagi.",
}
TASKS: dict[str, tuple[str, str]] = {
    "dpt.missing": ("Impor jumlah pemilih per TPS", "desk:dpt"),
    "dpt.incomplete": ("Lengkapi jumlah pemilih: {label} TPS belum ada", "desk:dpt"),
    "dpt.estimate": ("Ganti perkiraan pemilih dengan DPT resmi ({label})", "desk:dpt"),
    "dpt.confirm": ("Selesaikan impor {label}", "desk:dpt_check"),
}
HITS: dict[str, str] = {}
