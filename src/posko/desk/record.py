"""Stage record: the journal as anybody of the staff may check it, and the clock."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.formats import table
from posko.store import access, recommendations, record

SHOWN = 200
# First word of an entry's kind -> the act that opens its content; other entries open to every reader of the journal.
CONTENTS = {
    "report": "reports.read", "aght": "aght.read", "hazard": "aght.read", "recommendation": "record.drafts", "person": "access.read",
    "access": "access.read", "agreement": "access.read", "post": "posts.read", "misuse": "misuse.read",
    "product": "record.drafts", "contact": "calls.make",
    "reports": "reports.read", "guard": "reports.guard", "request": "requests.read", "material": "materials.read",
    "figure": "materials.read",
    "dispute": "disputes.read", "minutes": "minutes.read",
    # A closed row tells a reader of everything else nothing: it may be a changed password or something for the overseer.
    "person.password_changed": "record.sealed",
}  # fmt: skip
KINDS = {
    "installation": "Pemasangan",
    "election": "Pemilihan",
    "clock": "Jam",
    "person": "Akun",
    "access": "Peran",
    "agreement": "Perjanjian",
    "places": "Tempat",
    "tps": "TPS",
    "kpps": "Jumlah KPPS",
    "call": "Telepon",
    "contact": "Telepon piket",
    "site": "Titik lokasi",
    "dpt": "Pemilih",
    "regulation": "Aturan",
    "rule": "Aturan",
    "needs": "Kebutuhan",
    "order": "Pesanan",
    "shipment": "Kiriman",
    "receipt": "Penerimaan",
    "contract": "Kontrak",
    "orders": "Pesanan",
    "papers": "Dokumen cetak",
    "claim": "Klaim",
    "quarantine": "Karantina",
    "misdirection": "Salah tujuan",
    "carton": "Karton",
    "cartons": "Karton",
    "labels": "Label",
    "alias": "Alias kode",
    "evidence": "Bukti",
    "stock": "Stok",
    "warehouse": "Gudang",
    "ballots": "Surat suara",
    "team": "Regu",
    "seals": "Segel",
    "box": "Kotak",
    "boxes": "Kotak",
    "wave": "Gelombang",
    "envelopes": "Sampul",
    "packing": "Pengepakan",
    "scale": "Timbangan",
    "sample": "Uji petik",
    "transfer": "Geser surat suara",
    "plan": "Rencana",
    "hazard": "Bahaya",
    "readiness": "Kesiapan",
    "post": "Posko",
    "misuse": "Pengaduan tentang posko",
    "words": "Penghapusan kata-kata",
    "report": "Laporan",
    "aght": "AGHT",
    "recommendation": "Rekomendasi",
    "product": "Produk posko",
    "pledge": "Janji dukungan",
    "key": "Kunci gudang",
    "request": "Permintaan antarlembaga",
    "rakor": "Rakor",
    "decision": "Keputusan rakor",
    "minutes": "Notula",
    "calendar": "Kalender",
    "material": "Bahan rapat",
    "figure": "Angka lembaga",
    "dispute": "Selisih angka",
}
FAULTS = {
    "opening_missing": "isi entri hilang",
    "entry_id": "sidik jari entri",
    "commitment": "komitmen",
    "facts": "fakta",
    "private": "bagian pribadi",
    "columns": "kolom tabel",
    "signature": "tanda tangan",
    "gap": "nomor urut terputus",
    "chain": "rantai perangkat",
    "head": "kepala jurnal",
    "erased": "bagian pribadi hilang tanpa catatan",
}
CHOICES = (
    ("rakor", datetime(2023, 12, 5, 3, 0, tzinfo=UTC), "5 Desember 2023, 10.00 WIB: rakor di Manggar"),
    ("malam", datetime(2024, 2, 13, 13, 0, tzinfo=UTC), "13 Februari 2024, 20.00 WIB: malam sebelum pemungutan suara"),
)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _open(request: shell.Request, leaf: record.Leaf) -> bool:
    """Whether the content of an entry may be shown: the journal is no way around the policy."""
    asked = _content(request, leaf)
    return asked is None or shell.may(request, *asked)


def _content(request: shell.Request, leaf: record.Leaf) -> tuple[str, access_rules.Thing] | None:
    """The act that opens an entry's content, and on what; None where it is open to every reader of the journal."""
    act = CONTENTS.get(leaf.kind) or CONTENTS.get(leaf.kind.partition(".")[0])
    if act is None:
        return None
    region = request.election.region
    if act in access_rules.OWNERS:
        return act, access_rules.owned(act, leaf.subject, leaf.place, region)
    place = leaf.place if access_rules.within(leaf.place, region) else region
    readers = frozenset(leaf.facts.get("readers", ()))  # an entry that says who reads it belongs to nobody else but the overseer
    owner = "—" if readers else ""
    return act, access_rules.Thing(act.partition(".")[0], leaf.subject, place, owner, classification="terbatas", named=readers)


def _row(request: shell.Request, leaf: record.Leaf, people: dict[str, str]) -> dict[str, Any]:
    readable = _open(request, leaf)
    return {
        "leaf": leaf,
        "open": readable,
        "stage": KINDS.get(leaf.kind.partition(".")[0], leaf.kind.partition(".")[0]),
        "occurred_at": datetime.fromisoformat(leaf.occurred_at) if leaf.occurred_at else None,
        "name": people.get(leaf.actor, ""),
        "faults": [FAULTS.get(code, code) for code in leaf.faults],
    }


@shell.page("record.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The newest entries, filtered; on request the whole journal is recomputed."""
    kind, subject = request.GET.get("jenis", ""), request.GET.get("perihal", "").strip()
    people = access.names()
    found = [_row(request, leaf, people) for leaf in record.leaves(election, newest=SHOWN, kind=kind, subject=subject)]
    if kind or subject:  # a closed row among the hits would say that there is such an entry, and how many
        found = [row for row in found if row["open"]]
    size, root = record.root()
    context = {
        "rows": found,
        "kind": kind,
        "subject": subject,
        "kinds": sorted(KINDS.items(), key=lambda k: k[1]),
        "size": size,
        "root": root,
        "shown": SHOWN,
        "full": len(found) == SHOWN,
        "verification": None,
    }
    if request.GET.get("periksa"):
        verification = record.verify()
        context["verification"] = verification
        context["wrong"] = [{"index": index, "what": FAULTS.get(code, code)} for index, code in verification.faults[:50]]
    return render(request, "desk/record/index.html", context)


@shell.page("record.read")
def entry(request: shell.Request, election: str, entry_id: str) -> HttpResponse:
    """One entry with everything needed to recompute it."""
    try:
        leaf = record.entry(election, entry_id)
        row = _row(request, leaf, access.names())
        evidence = record.opened(entry_id) if row["open"] else None
    except facts.Refusal as refusal:
        raise Http404(entry_id) from refusal
    names = access.names()
    context = {
        "row": row,
        "leaf": leaf,
        "may_erase": row["open"] and leaf.private == "kept" and leaf.kind in words() and _may_erase(request, "record.erase", leaf),
        "stays": STAYS.get(leaf.kind, "") if leaf.private == "kept" else "",
        "erasure": _erasure_row(by, names) if (by := record.erased_by([entry_id]).get(entry_id)) else None,
        "evidence": evidence,
        "hashes": [{"name": n, "stored": s, "found": f, "same": s == f} for n, s, f in (evidence.hashes if evidence else ())],
        "signed": "signature" not in leaf.faults,
        "facts": json.dumps(leaf.facts, ensure_ascii=False, indent=2, sort_keys=True) if row["open"] else "",
    }
    return render(request, "desk/record/entry.html", context)


@shell.page("record.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """All entries of this election as CSV: what the list shows, closed content stays closed."""
    rows: list[list[str | int]] = [["indeks", "jenis", "perihal", "tempat", "terjadi", "dicatat", "pelaku", "entri", "komitmen"]]
    for leaf in reversed(record.leaves(election, newest=1_000_000)):
        content = [leaf.kind, leaf.subject, leaf.place, leaf.occurred_at] if _open(request, leaf) else ["(tertutup)", "", "", ""]
        who = leaf.actor if _open(request, leaf) else ""
        rows.append([leaf.index, *content, record.stamp(leaf.recorded_at), who, leaf.entry_id, leaf.commitment])
    name = f'attachment; filename="jurnal-{election}.csv"'
    return HttpResponse(table.csv(rows), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


# --- erasing words ------------------------------------------------------------------------------------------------------------------

GROUNDS = {
    facts.Ground.PERSONAL: "memuat data pribadi",
    facts.Ground.WRONG_PERSON: "menyebut orang yang keliru",
    facts.Ground.RETENTION: "masa simpan sudah lewat",
    facts.Ground.COURT: "perintah pengadilan",
}
VERDICTS = {
    None: ("waiting", "menunggu orang kedua"),
    facts.Verdict.ERASED: ("done", "dihapus"),
    facts.Verdict.REJECTED: ("refused", "ditolak"),
    facts.Verdict.WITHDRAWN: ("plain", "ditarik"),
}
# Kinds of entries that have a private part and no eraser here, and why.
STAYS = {
    "misuse.filed": "Hanya Bawaslu yang membacanya, dan Bawaslu menghapusnya di halaman pengaduan itu.",
    "misuse.stepped": "Hanya Bawaslu yang membacanya, dan Bawaslu menghapusnya di halaman pengaduan itu.",
    "release.proposed": "Kalimat untuk umum: yang menyebut orang ditolak sebelum disimpan. Yang keliru dikoreksi dengan terbitan baru.",
    "release.published": (
        "Sudah dibaca umum, dan sidik jarinya tercantum pada terbitan berikutnya; yang menyebut orang ditolak sebelum terbit. "
        "Koreksi “bukan untuk umum” menutup berkasnya."
    ),
    "reports.imported": "Berisi sidik jari berkas saja, tanpa kata-kata siapa pun.",
}
FIELDS = {
    "text": "Teks", "claim": "Pernyataan", "basis": "Dasar", "chain": "Rantai asal", "note": "Catatan", "reason": "Alasan",
    "title": "Judul", "contact": "Kontak", "place_note": "Letak persis", "sections": "Bagian", "source": "Sumber", "name": "Nama",
    "version": "Versi", "labels": "Label", "receipt_no": "Nomor tanda terima", "carrier": "Pengangkut", "citation": "Dasar hukum",
    "agreed": "Kata yang disepakati", "variance": "Selisih", "answer": "Jawaban", "question": "Pertanyaan", "subject": "Perihal",
    "dasar": "Dasar", "fakta": "Fakta", "analisis": "Analisis", "saran": "Saran", "ukuran": "Ukuran", "risiko": "Risiko",
    "tembusan": "Tembusan",
}  # fmt: skip
LONGEST_SHOWN = 1200


def words() -> dict[str, record.Eraser]:
    """Kind of entry -> its eraser, from every stage that has some."""
    return shell.from_stores("WORDS")


def quotes() -> list[record.Unquoter]:
    """What takes erased words out of frozen papers, from every stage that freezes some."""
    return list(shell.from_stores("QUOTES").values())


def _may_erase(request: shell.Request, act: str, leaf: record.Leaf) -> bool:
    """Whether this person may propose or decide here: at the place of the entry, and only over what they may read."""
    region = request.election.region
    place = leaf.place if access_rules.within(leaf.place, region) else region
    return _open(request, leaf) and shell.may(request, act, access_rules.Thing("record", leaf.entry_id, place))


def _roles(request: shell.Request) -> frozenset[str]:
    """Roles that this person holds now in the election's region or a part of it."""
    region = request.election.region
    held = (g for g in request.person.grants if g.holds(request.at))
    return frozenset(g.role for g in held if access_rules.within(region, g.region) or access_rules.within(g.region, region))


def _leaves(election: str, entry_ids: Iterable[str]) -> list[record.Leaf]:
    """Entries by id; those that do not exist are left out."""
    found = []
    for entry_id in entry_ids:
        try:
            found.append(record.entry(election, entry_id))
        except facts.Refusal:
            continue
    return found


def _said(parts: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What a private part says, as (label, text)."""
    shown = []
    for name, value in (parts or {}).items():
        plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if plain:
            label = FIELDS.get(name.removeprefix("text_"), name.removeprefix("text_"))
            shown.append((label, plain if len(plain) <= LONGEST_SHOWN else f"{plain[:LONGEST_SHOWN]} …"))
    return shown


def _erasable(request: shell.Request, leaves: list[record.Leaf], act: str) -> list[dict[str, Any]]:
    """Rows of entries with their words, for whoever may act on each and read it; a read of words is logged like every other."""
    people, known = access.names(), words()
    private = record.privates(leaf.entry_id for leaf in leaves).parts
    rows = []
    for leaf in leaves:
        readable = _may_erase(request, act, leaf) and _logged(request, leaf)
        kept = leaf.private == "kept"
        rows.append(
            {
                **_row(request, leaf, people),
                "readable": readable,
                "words": _said(private.get(leaf.entry_id)) if readable and kept else [],
                "kept": kept,
                "can": readable and kept and leaf.kind in known,
                "stays": STAYS.get(leaf.kind, ""),
            }
        )
    return rows


def _logged(request: shell.Request, leaf: record.Leaf) -> bool:
    asked = _content(request, leaf)
    return asked is None or shell.decide(request, *asked).allowed


@shell.page("record.erase")
def erase(request: shell.Request, election: str) -> HttpResponse:
    """Proposes that the words of some entries be erased: of one entry, or of all that speak of one subject."""
    subject = (request.POST.get("perihal") or request.GET.get("perihal", "")).strip()[:120]
    single = (request.POST.get("entri") or request.GET.get("entri", ""))[:64]
    leaves = record.leaves(election, newest=1000, subject=subject) if subject else _leaves(election, [single])
    leaves = [leaf for leaf in leaves if leaf.private != "none"]
    rows = _erasable(request, leaves, "record.erase")
    rows = [row for row in rows if row["readable"]]  # what one may not read is not counted either
    chosen = request.POST.getlist("pilih") if request.method == "POST" else [single] if single else []
    if request.method == "POST":
        allowed = {row["leaf"].entry_id for row in rows if row["can"]}
        role = next(iter(sorted(_roles(request) & access_rules.POLICY["record.erase"])), "")
        try:
            if not chosen or not set(chosen) <= allowed:
                raise facts.NothingToErase(n=0)
            ground = request.POST.get("ground", "")
            code = record.propose_erasure(election, chosen, ground, shell.actor(request), role, request.at, words().keys())
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Usul {code} dicatat. Belum ada yang dihapus: orang kedua dengan peran lain memutuskan.")
            return redirect("desk:record_erasure", election, code)
    context = {
        "rows": rows,
        "chosen": chosen,
        "subject": subject,
        "single": single,
        "grounds": [(g.value, sentence) for g, sentence in GROUNDS.items()],
        "ground": request.POST.get("ground", ""),
        "any": any(row["can"] for row in rows),
        "resting": _resting(request, election, subject),
    }
    return render(request, "desk/record/erase.html", context)


def _resting(request: shell.Request, election: str, subject: str) -> list[str]:
    """Recommendations that rest on an item of AGHT and may repeat its words: their own words are erased by a proposal of their own."""
    kind, _, code = subject.partition(":")
    if kind != "aght" or not shell.may(request, "recommendations.read"):
        return []
    found = recommendations.resting_on(election, code, request.at)
    return [one.code for one in recommendations.readable(found, request.person, request.at)]


def _erasure_row(one: facts.Erasure, people: Mapping[str, str]) -> dict[str, Any]:
    state, word = VERDICTS[one.verdict]
    return {
        "one": one,
        "ground": GROUNDS[one.ground],
        "by": people.get(one.person, one.person),
        "decided_by": people.get(one.decided_by, one.decided_by),
        "state": state,
        "word": word,
        "n": len(one.entries),
    }


@shell.page("record.read")
def erasures(request: shell.Request, election: str) -> HttpResponse:
    """Every proposal and what became of it; no words."""
    people = access.names()
    rows = [_erasure_row(one, people) for one in record.erasures(election, request.at)]
    return render(request, "desk/record/erasures.html", {"rows": rows, "may_erase": shell.may(request, "record.erase")})


@shell.page("record.read")
def erasure(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One proposal: who, when, why, which entries; the words only for those who may decide over them."""
    try:
        one = record.erasure(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:record_erasures", election)
    mine = one.person == request.person.id
    act = "record.erase" if mine else "record.approve"
    rows = _erasable(request, _leaves(election, one.entries), act) if one.open else []
    shown = [_row(request, leaf, access.names()) for leaf in _leaves(election, one.entries)] if not one.open else rows
    eyes = not mine and one.role not in _roles(request)
    context = {
        "row": _erasure_row(one, access.names()),
        "one": one,
        "rows": shown,
        "mine": mine,
        "may_decide": one.open and eyes and bool(rows) and all(row["readable"] for row in rows),
        "same_role": one.open and not mine and one.role in _roles(request),
        "role": shell.ROLE_NAMES.get(one.role, one.role),
    }
    return render(request, "desk/record/erasure.html", context)


@shell.page("record.approve")
def erasure_decide(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The second person erases or rejects."""
    answer = {"hapus": facts.Verdict.ERASED, "tolak": facts.Verdict.REJECTED}.get(request.POST.get("answer", ""))
    if request.method == "POST" and answer:
        return _decide(request, election, code, answer, "record.approve")
    return redirect("desk:record_erasure", election, code)


@shell.page("record.erase")
def erasure_withdraw(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The proposer takes it back."""
    if request.method == "POST":
        return _decide(request, election, code, facts.Verdict.WITHDRAWN, "record.erase")
    return redirect("desk:record_erasure", election, code)


def _decide(request: shell.Request, election: str, code: str, verdict: facts.Verdict, act: str) -> HttpResponse:
    try:
        one = record.erasure(election, code, request.at)
        if not all(_may_erase(request, act, leaf) for leaf in _leaves(election, one.entries)):
            return shell.denied(request, act, access_rules.Decision(False, "region"))
        record.decide_erasure(election, code, verdict, shell.actor(request), _roles(request), request.at, words(), quotes())
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"{code}: {VERDICTS[verdict][1]}.")
    return redirect("desk:record_erasure", election, code)


def erased_rows(election: str, subject: str, at: datetime) -> list[dict[str, Any]]:
    """Erasures that took words of a subject, as pages show them."""
    people = access.names()
    return [_erasure_row(one, people) for one in record.erasures_of(election, subject, at)]


def withdrawn(request: shell.Request, election: str, subject: str, paper: Mapping[str, str]) -> HttpResponse:
    """The page in the place of a paper whose words were erased: its number and hash stay, what it said does not.

    paper: label -> text, of what is still known of it.
    """
    found = erased_rows(election, subject, request.at)
    return render(request, "desk/record/withdrawn.html", {"rows": found, "paper": list(paper.items())}, status=410)


def _may_set(request: shell.Request) -> bool:
    """Everybody of the staff on a demonstration; else whoever may set the clock."""
    region = record.installation().region
    return record.installation().example or shell.may(request, "clock.set", access_rules.Thing("clock", "", region))


@shell.signed_in
def clock(request: shell.Request) -> HttpResponse:
    """Where Posko stands in time: the machine's clock, or a stored instant for everybody."""
    if not _may_set(request):
        return shell.denied(request, "clock.set", access_rules.Decision(False, "role"))
    typed = {"date": "", "time": "", "choice": ""}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").strip() for name in typed}
        at, problem = _chosen(typed)
        if not problem:
            try:
                record.set_clock(at, access.actor(request.person), request.machine_at)
                shell.done(request, "Jam Posko mengikuti jam mesin." if at is None else "Jam Posko disetel untuk semua orang.")
            except facts.Refusal as refusal:
                shell.refused(request, refusal)
            return redirect("desk:start")
        shell.refused(request, BadClock(problem=problem))
    local = request.at.astimezone(record.WIB)
    context = {
        "choices": [{"code": code, "label": label, "at": at} for code, at, label in CHOICES],
        "date": typed["date"] or local.date().isoformat(),
        "time": typed["time"] or local.strftime("%H:%M"),
        "machine_at": request.machine_at,
        "demo": record.installation().demo,
    }
    return render(request, "desk/record/clock.html", context)


class BadClock(facts.Refusal):
    """An instant that cannot be read."""

    code = "record.bad_clock"


def _chosen(typed: dict[str, str]) -> tuple[datetime | None, str]:
    for code, at, _ in CHOICES:
        if typed["choice"] == code:
            return at, ""
    if typed["choice"] == "mesin":
        return None, ""
    try:
        naive = datetime.fromisoformat(f"{typed['date']}T{typed['time'].replace('.', ':')}")
    except ValueError:
        return None, "Tanggal atau jam tidak terbaca. Contoh: 2023-12-05 dan 10:00."
    at = naive.replace(tzinfo=record.WIB).astimezone(UTC)
    if not EARLIEST <= at <= LATEST - timedelta(days=1):
        return None, "Pilih tanggal antara tahun 2000 dan 2099."
    return at, ""


urlpatterns: list[URLPattern] = [
    path("jam/", clock, name="clock"),
    path("<slug:election>/jurnal/", index, name="record"),
    path("<slug:election>/jurnal/jurnal.csv", export, name="record_export"),
    path("<slug:election>/jurnal/hapus/", erase, name="record_erase"),
    path("<slug:election>/jurnal/penghapusan/", erasures, name="record_erasures"),
    path("<slug:election>/jurnal/penghapusan/<slug:code>/", erasure, name="record_erasure"),
    path("<slug:election>/jurnal/penghapusan/<slug:code>/putuskan/", erasure_decide, name="record_erasure_decide"),
    path("<slug:election>/jurnal/penghapusan/<slug:code>/tarik/", erasure_withdraw, name="record_erasure_withdraw"),
    path("<slug:election>/jurnal/<slug:entry_id>/", entry, name="record_entry"),
]
SENTENCES: dict[str, str] = {
    "record.bad_clock": "{problem}",
    "record.clock_runs": "Jam gladi mengikuti naskahnya dan tidak disetel tangan.",
    "record.no_drill": "Pemasangan ini bukan gladi; jamnya tidak dapat dipercepat.",
    "record.no_election": "Pemilihan {election} tidak ada di sini.",
    "record.no_entry": "Entri jurnal {entry} tidak ada.",
    "record.no_ground": "Pilih alasan penghapusan dari daftar.",
    "record.nothing_to_erase": "Pilih sedikitnya satu catatan yang kata-katanya masih ada dan boleh Anda baca.",
    "record.not_here": "Kata-kata catatan jenis {kind} tidak dihapus di sini.",
    "record.erasure_pending": "Catatan nomor {n} sudah diusulkan untuk dihapus dan menunggu orang kedua.",
    "record.unknown_erasure": "Usul penghapusan {erasure} tidak ada.",
    "record.erasure_over": "{erasure} sudah diputuskan.",
    "record.same_eyes": "{erasure} diputuskan orang lain dengan peran lain daripada pengusulnya.",
    "record.not_proposer": "Hanya pengusul {erasure} yang dapat menariknya.",
    "record.not_plain": "Isi yang hendak dicatat bukan teks atau bilangan bulat ({what}). Tidak ada yang disimpan.",
}
TASKS: dict[str, tuple[str, str]] = {"record.erasure": ("Putuskan usul penghapusan kata-kata {label}", "desk:record_erasure")}
HITS: dict[str, str] = {"erasure": "desk:record_erasure"}
