"""Stage evidence: the files of any stage, shown and attached by one part of a page.

A page of another stage calls `context(request, stage, subject)`, merges it into its own and includes "desk/evidence/_list.html".
Who may see, attach and withdraw is decided at the place of the subject. A stage whose things carry evidence says in PLACES where each
belongs, and in `domain.evidence.WRITES` which acts write on it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import evidence as rules
from posko.domain import record as facts
from posko.formats import materials as file_kinds
from posko.formats import picture
from posko.store import (
    access,
    custody,
    evidence,
    materials,
    minutes,
    packing,
    places,
    pledges,
    products,
    rakor,
    receipts,
    recommendations,
    record,
    requests,
    seals,
    sorting,
    stock,
)

WHAT = {
    "photo": "Foto",
    "signed_scan": "Dokumen bertanda tangan",
    "top_sheet": "Foto lembar paling atas",
    "seal": "Foto segel",
}
PICTURES = frozenset({"jpeg", "png", "webp"})
TYPES = {"webp": "image/webp", **file_kinds.TYPES}
ENDINGS = {"webp": "webp", **file_kinds.ENDINGS}


# --- where a subject belongs ---------------------------------------------------------------------------------------------

Locate = Callable[[str, str, datetime], str | None]
"""(election, id of the subject, at) -> its place, "" where it has none of its own, None where there is no such thing."""


def _receipt(election: str, code: str, at: datetime) -> str | None:
    return receipts.get_receipt(election, code, at).place


def _misdirection(election: str, code: str, at: datetime) -> str | None:
    receipts.get_misdirection(election, code, at)
    return ""


def _claim(election: str, code: str, at: datetime) -> str | None:
    return _receipt(election, receipts.get_claim(election, code, at).receipt, at)


def _carton(election: str, code: str, at: datetime) -> str | None:
    found = sorting.get_work(election, code, at) or receipts.get_carton(election, code, at)
    return found.place if found else None


def _destruction(election: str, code: str, at: datetime) -> str | None:
    return "" if any(d.code == code for d in sorting.destructions(election, at)) else None


def _count(election: str, code: str, at: datetime) -> str | None:
    return next((c.account.place for c in stock.counts(election, at) if c.code == code), None)


def _inspection(election: str, code: str, at: datetime) -> str | None:
    return next((i.place for i in stock.inspections(election, at) if i.code == code), None)


def _box(election: str, code: str, at: datetime) -> str | None:
    """A box belongs to its TPS (one of the PPK to its kecamatan), wherever it stands today. An alias names no subject."""
    found = packing.get_box(election, code, at)
    return found.tps if found.code == code else None


def _seal(election: str, text: str, at: datetime) -> str | None:
    story = seals.seal_of(election, text, at)
    return "" if story.serial == text and (story.range or story.acts) else None


def _lot(election: str, name: str, at: datetime) -> str | None:
    return "" if any(lot.lot == name for lot in seals.lots(election, at)) else None


def _pledge(election: str, code: str, at: datetime) -> str | None:
    return pledges.get(election, code, at).places[0]


def _recommendation(election: str, code: str, at: datetime) -> str | None:
    return recommendations.get(election, code, at).text.place


def _product(election: str, code: str, at: datetime) -> str | None:
    return "" if products.get(election, code, at) else None


def _request(election: str, code: str, at: datetime) -> str | None:
    return "" if requests.get(election, code, at) else None


def _material(election: str, code: str, at: datetime) -> str | None:
    return "" if materials.get(election, code, at) else None


def _decision(election: str, code: str, at: datetime) -> str | None:
    return "" if rakor.decision(election, code, at) else None


def _minutes(election: str, code: str, at: datetime) -> str | None:
    return "" if minutes.get(election, code, at) else None


def _custody(election: str, event: str, at: datetime) -> str | None:
    """An event belongs where it happened; one on an island to the desa of those who vote there."""
    found = custody.get_event(election, event)
    if found.at > at:
        return None
    homes = [tps.desa_code for tps in places.tps_list(election) if tps.island == found.place]
    return access_rules.around(homes, record.election(election).region) if homes else found.place


PLACES: dict[str, dict[str, Locate]] = {
    "stock": {"count": _count, "inspection": _inspection},
    "receipts": {"receipt": _receipt, "misdirection": _misdirection, "claim": _claim},
    "sorting": {"carton": _carton, "destruction": _destruction},
    "seals": {"seal": _seal, "lot": _lot},
    "packing": {"box": _box},
    "pledges": {"pledge": _pledge},
    "recommendations": {"recommendation": _recommendation},
    "requests": {"request": _request},
    "materials": {"material": _material},
    "rakor": {"decision": _decision},
    "minutes": {"minutes": _minutes},
    "products": {"product": _product},
    "custody": {"custody": _custody},
}
"""Stage -> kind of subject (what stands before its colon) -> where such a subject belongs."""


def place_of(election: str, stage: str, subject: str, at: datetime) -> str:
    """The place by which a subject's evidence is decided; the regency where it has none of its own there. UnknownStage, UnknownSubject."""
    kinds = PLACES.get(stage)
    if kinds is None:
        raise rules.UnknownStage(stage=stage[:30])
    kind, _, name = subject.partition(":")
    try:
        place = kinds[kind](election, name, at) if kind in kinds and name else None
    except facts.Refusal:  # the stage has its own word for what it does not know
        place = None
    if place is None:
        raise rules.UnknownSubject(subject=subject[:60])
    region = record.election(election).region
    return place if access_rules.within(place, region) else region


def _thing(request: shell.Request, stage: str, subject: str, place: str) -> access_rules.Thing:
    """The subject as the policy sees it: the stage's own classification, at its place; a letter belongs to its office and its addressee."""
    thing = replace(shell.here(request, f"{stage}.read"), id=subject, place=place)
    if stage == "recommendations":
        rec = recommendations.get(request.election.code, subject.partition(":")[2], request.at)
        named = {rec.addressee} if recommendations.visible_to(rec, rec.addressee) else set()
        thing = replace(thing, owner=rec.agency, named=frozenset(named))
    if stage == "requests":
        thing = requests.thing_of(requests.get(request.election.code, subject.partition(":")[2], request.at))
    if stage == "materials":
        brought = materials.get(request.election.code, subject.partition(":")[2], request.at)
        thing = materials.thing_of(brought, rakor.meeting(request.election.code, brought.meeting, request.at))
    if stage == "products":
        found = products.get(request.election.code, subject.partition(":")[2], request.at)
        thing = replace(products.reading(found, place), id=subject)
    return thing


# --- the part of a page --------------------------------------------------------------------------------------------------


def context(request: shell.Request, stage: str, subject: str, whats: tuple[str, ...] = ("photo", "signed_scan")) -> dict[str, Any]:
    """What "desk/evidence/_list.html" needs, under the key `evidence`. `whats`: what may be attached on this page.

    UnknownStage where a page offers evidence for a stage that says no places. A subject that is not known shows nothing and takes nothing.
    """
    election = request.election.code
    try:
        thing = _thing(request, stage, subject, place_of(election, stage, subject, request.at))
    except rules.UnknownSubject:
        thing = None
    readable = thing is not None and shell.decide(request, f"{stage}.read", thing).allowed
    hand = rules.hand(request.person, stage, thing, request.at) if thing is not None and readable else rules.Hand.NONE
    files = []
    if thing is not None and readable:
        people = access.names()
        files = [_shown(request, found, thing, hand, people) for found in evidence.of(election, subject, request.at, stage)]
    return {
        "evidence": {
            "files": files,
            "known": thing is not None,
            "readable": readable,
            "stage": stage,
            "subject": subject,
            "choices": [(what, WHAT.get(what, what)) for what in whats],
            "may_attach": hand is not rules.Hand.NONE,
            "next": request.get_full_path(),
            "most_mb": picture.MOST_BYTES // 1024 // 1024,
        }
    }


def _shown(
    request: shell.Request, found: rules.Evidence, thing: access_rules.Thing, hand: rules.Hand, people: dict[str, str]
) -> dict[str, Any]:
    return {
        "href": reverse("desk:evidence_file", args=[request.election.code, found.kept.sha256]),
        "what": found.what,
        "word": WHAT.get(found.what, found.what),
        "sha256": found.kept.sha256,
        "kind": found.kept.kind.upper(),
        "kilobytes": -(-found.kept.size // 1024),
        "picture": found.picture,
        "person": people.get(found.person, found.person),
        "at": found.attached_at,
        "mark": found.mark,
        "entry_id": found.entry_id,
        "may_withdraw": _may_withdraw(found, thing, hand),
        "alone": found.person == request.person.id and request.at - found.attached_at <= rules.UNDO_FOR,
        "undo_until": found.attached_at + rules.UNDO_FOR,
    }


def _may_withdraw(found: rules.Evidence, thing: access_rules.Thing, hand: rules.Hand) -> bool:
    """Whether the button is worth showing; the store decides again."""
    if hand is not rules.Hand.AD_HOC:
        return hand is rules.Hand.OFFICE
    return evidence.hand_of_author(found, thing) is rules.Hand.AD_HOC


# --- one file ------------------------------------------------------------------------------------------------------------


@shell.page("evidence.read")
def file(request: shell.Request, election: str, sha: str) -> HttpResponseBase:
    """One file for who may read a stage it is bound to; checked against its hash before it leaves. `?kecil` gives a small picture."""
    things = _bound(request, election, sha)
    if not things:
        raise Http404(sha[:12])
    about = next((thing for thing in things if shell.may(request, f"{thing.kind}.read", thing)), things[0])
    decision = shell.decide(request, f"{about.kind}.read", about)
    if not decision.allowed:
        return shell.denied(request, f"{about.kind}.read", decision)
    try:
        where, kind = evidence.open_file(election, sha)
    except facts.Refusal as refusal:
        return _broken(request, refusal)
    data = where.read_bytes()
    small = "kecil" in request.GET and kind in PICTURES
    disposition = "inline" if kind in PICTURES else "attachment"
    headers = {
        "Content-Disposition": f'{disposition}; filename="bukti-{sha[:12]}.{ENDINGS["jpeg" if small else kind]}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return HttpResponse(picture.thumbnail(data) if small else data, content_type=TYPES["jpeg" if small else kind], headers=headers)


def _bound(request: shell.Request, election: str, sha: str) -> list[access_rules.Thing]:
    """What a file was bound to, each at its place; without subjects that no stage knows: those nobody may read."""
    found = []
    for stage, subject in evidence.subjects_of(election, sha, request.at):
        try:
            found.append(_thing(request, stage, subject, place_of(election, stage, subject, request.at)))
        except (rules.UnknownStage, rules.UnknownSubject):
            continue
    return found


def _broken(request: shell.Request, refusal: facts.Refusal) -> HttpResponse:
    shown = {"title": "Bukti ini tidak dapat dibuka", "text": shell.sentence(refusal), "detail": ""}
    return render(request, "error.html", shown, status=410)


# --- attach and withdraw -------------------------------------------------------------------------------------------------


def _asked(request: shell.Request, election: str, stage: str, subject: str, what: str) -> access_rules.Thing | HttpResponse:
    """The thing that a form is about, once this person may read it and write on it at its place; else the page that says why not."""
    try:
        rules.check_name(subject, what)
        thing = _thing(request, stage, subject, place_of(election, stage, subject, request.at))
    except facts.Refusal as refusal:
        return _nothing(request, refusal)
    for act in (f"{stage}.read", "evidence.attach"):
        decision = shell.decide(request, act, thing)
        if not decision.allowed:
            return shell.denied(request, act, decision)
    try:
        rules.check_attach(rules.hand(request.person, stage, thing, request.at), subject)
    except rules.NotHere:
        return shell.denied(request, rules.WRITES[stage][0], access_rules.Decision(False, "role"))
    return thing


def sent(request: shell.Request, most: int) -> list[rules.Kept]:
    """The files of a stage's own form, checked and kept before its transaction. TooManyFiles, `formats.picture.Unusable`."""
    given = [one for one in request.FILES.getlist("file") if one]
    if len(given) > most:
        raise rules.TooManyFiles(most=most)
    for one in given:
        if (one.size or 0) > picture.MOST_BYTES:
            raise picture.TooBig(file=str(one.name)[:80], most=picture.MOST_BYTES // 1024 // 1024)
    return [evidence.keep(one.read(), str(one.name)) for one in given]


def _nothing(request: shell.Request, refusal: facts.Refusal) -> HttpResponse:
    """404 for a thing that nobody knows, 400 for what cannot name one."""
    shown = {"title": "Barangnya tidak dikenal", "text": shell.sentence(refusal), "detail": ""}
    return render(request, "error.html", shown, status=404 if isinstance(refusal, (rules.UnknownSubject, rules.Unknown)) else 400)


@shell.page("evidence.attach")
def attach(request: shell.Request, election: str) -> HttpResponseBase:
    """Attach one or more files to a subject; back to the page that asked."""
    back = _local(request, election)
    if request.method != "POST":
        return redirect(back)
    stage, subject, what = (request.POST.get(name, "").strip() for name in ("stage", "subject", "what"))
    thing = _asked(request, election, stage, subject, what)
    if isinstance(thing, HttpResponse):
        return thing
    given = [one for one in request.FILES.getlist("file") if one]
    if not given:
        shell.refused(request, rules.NoFile())
    for one in given:
        try:
            if (one.size or 0) > picture.MOST_BYTES:
                raise picture.TooBig(file=str(one.name)[:80], most=picture.MOST_BYTES // 1024 // 1024)
            evidence.attach(election, stage, subject, what, one.read(), str(one.name), shell.actor(request), request.at, place=thing.place)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{WHAT.get(what, 'Bukti')} disimpan.")
    return redirect(back)


@sensitive_post_parameters("second_password")
@shell.page("evidence.attach")
def withdraw(request: shell.Request, election: str) -> HttpResponseBase:
    """A wrong file no longer stands for its subject."""
    back = _local(request, election)
    if request.method != "POST":
        return redirect(back)
    subject, sha, what = (request.POST.get(name, "").strip() for name in ("subject", "sha256", "what"))
    stage = request.POST.get("stage", "").strip() or _stage_of(request, election, subject, sha)
    if not stage:
        return _nothing(request, rules.Unknown(sha256=sha[:12]))
    thing = _asked(request, election, stage, subject, what or "photo")
    if isinstance(thing, HttpResponse):
        return thing
    try:
        evidence.withdraw(
            election, stage, subject, sha, request.POST.get("reason", ""), shell.actor(request), request.at, _second(request, thing),
            place=thing.place, what=what,
        )  # fmt: skip
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, "Berkas ditarik. Catatannya tetap ada di jurnal.")
    return redirect(back)


def _stage_of(request: shell.Request, election: str, subject: str, sha: str) -> str:
    """The stage in which a file is bound to a subject, for a form that does not say it; "" where the record knows none, or several."""
    stages = [stage for stage, bound in evidence.subjects_of(election, sha, request.at) if bound == subject]
    return stages[0] if len(stages) == 1 else ""


def _second(request: shell.Request, thing: access_rules.Thing) -> facts.Actor | None:
    """The second person, who must hold the same right at the place of the thing; None where the form names nobody."""
    username = request.POST.get("second", "").strip()
    if not username:
        return None
    second = access.countersign(
        request.person, username, request.POST.get("second_password", ""), "evidence.attach", thing, request.at, request.machine_at,
        request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    return access.actor(second)


def _local(request: shell.Request, election: str) -> str:
    """The page to go back to: an address of this host, else the tasks."""
    wanted = request.POST.get("next", "")
    good = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if good else reverse("desk:inbox", args=[election])


urlpatterns = [
    path("<slug:election>/bukti/tambah/", attach, name="evidence_attach"),
    path("<slug:election>/bukti/tarik/", withdraw, name="evidence_withdraw"),
    path("<slug:election>/bukti/<slug:sha>/", file, name="evidence_file"),
]
SENTENCES: dict[str, str] = {
    "evidence.no_file": "Belum ada berkas. Pilih foto atau dokumen dahulu.",
    "evidence.too_many_files": "Paling banyak {most} berkas sekali kirim; belum ada yang disimpan. Pilih yang terjelas, lalu kirim lagi.",
    "evidence.bad_what": "Bukti ini tidak bisa ditautkan ke “{what}”. Buka lagi halaman barangnya dan lampirkan dari sana.",
    "evidence.unknown": "Bukti {sha256} tidak ditemukan.",
    "evidence.unknown_stage": (
        "Foto dan dokumen tidak bisa ditautkan ke tahap “{stage}”. Buka lagi halaman barangnya dan lampirkan dari sana."
    ),
    "evidence.unknown_subject": (
        "“{subject}” tidak ada dalam catatan pemilihan ini. Muat ulang halaman barangnya; bila barangnya memang ada, lampirkan dari sana."
    ),
    "evidence.already_withdrawn": "Bukti {sha256} sudah ditarik. Muat ulang halamannya.",
    "evidence.not_here": "Tempat {subject} di luar wilayah tugas, atau perannya tidak mengerjakan tahap ini. Minta petugas tempat itu.",
    "evidence.office_file": (
        "Berkas pada {subject} ini bukan dilampirkan PPK atau PPS, jadi hanya KPU yang menariknya, berdua. "
        "Beri tahu petugas KPU bila berkasnya salah."
    ),
    "evidence.lost": (
        "Berkas bukti {sha256} hilang dari tempat simpan. Catatannya ada di jurnal. Beri tahu admin: pulihkan dari cadangan terakhir."
    ),
    "evidence.changed": (
        "Isi berkas bukti {sha256} tidak sama lagi dengan yang tercatat di jurnal, jadi tidak ditampilkan. "
        "Beri tahu admin: pulihkan dari cadangan terakhir."
    ),
    "evidence.already_bound": "Berkas yang sama sudah terlampir di sini. Tidak perlu dilampirkan dua kali.",
    "evidence.reason_missing": "Tulis alasan mengapa berkas ini ditarik.",
    "evidence.second_missing": "Perlu orang kedua: nama pengguna dan kata sandi rekan, bukan Anda sendiri.",
    "picture.empty": "Berkas {file} kosong. Ambil foto sekali lagi.",
    "picture.too_big": "Berkas {file} lebih besar dari {most} MB. Kecilkan ukuran foto, atau pindai dengan 200 dpi.",
    "picture.not_a_picture": (
        "Berkas {file} bukan foto yang bisa disimpan (terbaca: {seen}). Lampirkan foto JPEG, PNG, atau WebP, atau pindaian PDF. "
        "Bila ponsel menyimpan HEIC, pilih “Paling kompatibel” pada pengaturan kamera."
    ),
    "picture.too_many_pixels": "Foto {file} lebih dari {most} juta piksel. Kecilkan resolusi kamera, lalu ambil lagi.",
    "picture.corrupt": "Berkas {file} rusak atau terpotong. Ambil foto atau pindai sekali lagi.",
    "picture.active_pdf": (
        "PDF {file} berisi bagian aktif ({what}) atau berkas lain, jadi tidak disimpan. Pindai kertasnya, atau cetak ulang ke PDF polos."
    ),
    "picture.locked_pdf": "PDF {file} dikunci kata sandi. Simpan tanpa kata sandi, lalu lampirkan lagi.",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[str, str]] = {}
