"""Stage evidence: the files of any stage, shown and attached by one part of a page.

A page of another stage calls `context(request, stage, subject)`, merges it into its own and includes "desk/evidence/_list.html".
"""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import evidence as rules
from posko.domain import record as facts
from posko.formats import picture
from posko.store import access, evidence

WHAT = {
    "photo": "Foto",
    "signed_scan": "Dokumen bertanda tangan",
    "top_sheet": "Foto lembar paling atas",
    "seal": "Foto segel",
}
TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "pdf": "application/pdf"}
ENDINGS = {"jpeg": "jpg", "png": "png", "webp": "webp", "pdf": "pdf"}


def context(request: shell.Request, stage: str, subject: str, whats: tuple[str, ...] = ("photo", "signed_scan")) -> dict[str, Any]:
    """What "desk/evidence/_list.html" needs, under the key `evidence`. `whats`: what may be attached on this page."""
    election = request.election.code
    people = access.names()
    return {
        "evidence": {
            "files": [_shown(request, election, found, people) for found in evidence.of(election, subject, request.at)],
            "stage": stage,
            "subject": subject,
            "choices": [(what, WHAT.get(what, what)) for what in whats],
            "may_attach": shell.may(request, "evidence.attach"),
            "next": request.get_full_path(),
            "most_mb": picture.MOST_BYTES // 1024 // 1024,
        }
    }


def _shown(request: shell.Request, election: str, found: rules.Evidence, people: dict[str, str]) -> dict[str, Any]:
    return {
        "href": reverse("desk:evidence_file", args=[election, found.kept.sha256]),
        "word": WHAT.get(found.what, found.what),
        "sha256": found.kept.sha256,
        "kind": found.kept.kind.upper(),
        "kilobytes": -(-found.kept.size // 1024),
        "picture": found.picture,
        "person": people.get(found.person, found.person),
        "at": found.attached_at,
        "mark": found.mark,
        "entry_id": found.entry_id,
        "alone": found.person == request.person.id and request.at - found.attached_at <= rules.UNDO_FOR,
        "undo_until": found.attached_at + rules.UNDO_FOR,
    }


@shell.page("evidence.read")
def file(request: shell.Request, election: str, sha: str) -> HttpResponseBase:
    """One file for who may read a stage it is bound to; checked against its hash before it leaves. `?kecil` gives a small picture."""
    stages = evidence.stages_of(election, sha)
    if not stages:
        raise Http404(sha[:12])
    readable = [stage for stage in stages if shell.may(request, f"{stage}.read")]
    act = f"{(readable or stages)[0]}.read"
    decision = shell.decide(request, act, shell.here(request, act))
    if not decision.allowed:
        return shell.denied(request, act, decision)
    try:
        where, kind = evidence.open_file(election, sha)
    except facts.Refusal as refusal:
        return _broken(request, refusal)
    data = where.read_bytes()
    small = "kecil" in request.GET and kind != "pdf"
    disposition = "attachment" if kind == "pdf" else "inline"
    headers = {
        "Content-Disposition": f'{disposition}; filename="bukti-{sha[:12]}.{ENDINGS["jpeg" if small else kind]}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return HttpResponse(picture.thumbnail(data) if small else data, content_type=TYPES["jpeg" if small else kind], headers=headers)


def _broken(request: shell.Request, refusal: facts.Refusal) -> HttpResponse:
    shown = {"title": "Bukti ini tidak dapat dibuka", "text": shell.sentence(refusal), "detail": ""}
    return render(request, "error.html", shown, status=410)


@shell.page("evidence.attach")
def attach(request: shell.Request, election: str) -> HttpResponseBase:
    """Attach one or more files to a subject; back to the page that asked."""
    back = _local(request, election)
    if request.method != "POST":
        return redirect(back)
    stage, subject, what = (request.POST.get(name, "").strip() for name in ("stage", "subject", "what"))
    if stage not in shell.STAGES or f"{stage}.read" not in access_rules.POLICY:
        shell.refused(request, rules.BadWhat(what=f"{stage} {subject}"[:60]))
        return redirect(back)
    decision = shell.decide(request, f"{stage}.read", shell.here(request, f"{stage}.read"))
    if not decision.allowed:
        return shell.denied(request, f"{stage}.read", decision)
    given = [one for one in request.FILES.getlist("file") if one]
    if not given:
        shell.refused(request, rules.NoFile())
    for one in given:
        try:
            if (one.size or 0) > picture.MOST_BYTES:
                raise picture.TooBig(file=str(one.name)[:80], most=picture.MOST_BYTES // 1024 // 1024)
            evidence.attach(election, stage, subject, what, one.read(), str(one.name), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{WHAT.get(what, 'Bukti')} disimpan.")
    return redirect(back)


@shell.page("evidence.attach")
def withdraw(request: shell.Request, election: str) -> HttpResponseBase:
    """A wrong file no longer stands for its subject."""
    back = _local(request, election)
    if request.method != "POST":
        return redirect(back)
    try:
        second = facts.Actor("", "")
        if request.POST.get("second", "").strip():
            person = shell.countersigned(request, "evidence.attach")
            second = facts.Actor(person.id, person.agency)
        evidence.withdraw(
            election,
            request.POST.get("subject", ""),
            request.POST.get("sha256", ""),
            request.POST.get("reason", ""),
            shell.actor(request),
            request.at,
            second if second.person else None,
        )
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, "Berkas ditarik. Catatannya tetap ada di jurnal.")
    return redirect(back)


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
    "evidence.bad_what": "Bukti ini tidak bisa ditautkan ke “{what}”. Buka lagi halaman barangnya dan lampirkan dari sana.",
    "evidence.unknown": "Bukti {sha256} tidak ditemukan.",
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
