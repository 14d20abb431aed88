"""Stage seals: ranges and lots given out, the story of a seal, checks, re-sealing."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from posko.desk import packing as packing_desk
from posko.desk import shell
from posko.domain import labels as label_rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.domain import seals as rules
from posko.formats import packing as printed
from posko.formats import table
from posko.store import access, evidence, packing, places, seals

REASON_WORDS = {
    "rusak_di_jalan": "rusak di jalan", "putus_saat_pemasangan": "putus saat dipasang", "dibuka_uji_petik": "dibuka untuk uji petik",
    "dibuka_perbaikan_isi": "dibuka untuk memperbaiki isi", "salah_catat": "nomor salah dicatat", "basah": "basah", "lainnya": "lainnya",
}  # fmt: skip
FINDING_WORDS = {
    "outside": "di luar semua rentang yang dibagikan",
    "other_team": "dibagikan kepada regu lain",
    "before_issue": "terlihat sebelum dibagikan",
    "reused": "sudah pernah dipasang",
    "spoiled": "sudah dicatat rusak",
    "returned": "sudah dikembalikan",
    "twice": "disebut dua kali pada satu kotak",
    "more_than_issued": "dipakai lebih banyak daripada yang dibagikan",
    "seen": "pernah terlihat, padahal bukan miliknya,",
    "strange": "asing: terlihat waktu segel dibuka, tidak tercatat di sini",
    "missing": "tercatat, tetapi tidak ada waktu segel dibuka",
    "unread": "tidak terbaca waktu segel dibuka",
}
OCCASIONS = ("pemeriksaan di gudang", "serah terima", "tiba di PPK", "tiba di PPS", "tiba di TPS", "sesudah hitung")


def finding_text(code: str, serial: str, near: str = "", other: str = "") -> str:
    """A finding in words; the likely slip is named and changes nothing."""
    said = f"Segel {serial} {FINDING_WORDS.get(code, code)}" + (f" di kotak {label_rules.spaced(other)}" if other else "")
    return said + (f"; mungkin salah tulis untuk {near}, tetap gawat sampai disegel ulang dengan nomor yang benar" if near else "")


@shell.page("seals.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """What has been given out, what is on boxes, what is missing or wrong."""
    names, holders, register = packing_desk.Places(election), _holders(request), seals.register(election, request.at)
    context = {
        "stock": [
            {"stock": s, "first": s.range.text(s.range.first), "last": s.range.text(s.range.last),
             "to": holders.get(s.range.to, s.range.to),
             "gaps": [f"{a}–{b}" if a != b else a for a, b in s.gaps[:12]], "more_gaps": max(0, len(s.gaps) - 12)}
            for s in register
        ],
        "lots": [(lot, holders.get(lot.to, lot.to)) for lot in seals.lots(election, request.at)],
        "conflicts": [
            {"text": finding_text(c.finding.code, c.finding.serial, c.finding.near, c.finding.other), "since": c.since_at, "box": c.box,
             "where": names.where(c.place), "href": reverse("desk:packing_box", args=[election, c.box])}
            for c in seals.conflicts(election, request.at)
        ],
        "checks": [
            {"check": c, "spaced": label_rules.spaced(c.box), "href": reverse("desk:packing_box", args=[election, c.box])}
            for c in seals.checks(election, request.at)[-30:][::-1]
        ],
        "takeable": any(not (s.applied or s.spoiled or s.returned) for s in register),
        "may_issue": shell.may(request, "seals.issue"),
        "may_record": shell.may(request, "seals.record"),
    }  # fmt: skip
    return render(request, "desk/seals/index.html", context)


@shell.page("seals.issue")
def issue(request: shell.Request, election: str) -> HttpResponseBase:
    """Give out a range of serials, or a lot of seals without."""
    if request.method == "POST":
        to = request.POST.get("table", "").strip()[:60] or request.POST.get("to", "")
        item = request.POST.get("item", "SEGEL")
        try:
            if request.POST.get("kind") == "lot":
                quantity = receipt_rules.pieces(request.POST.get("quantity", ""))
                seals.issue_count(election, request.POST.get("lot", ""), quantity, to, shell.actor(request), request.at, item=item)
                shell.done(request, f"{quantity} segel tanpa nomor dibagikan kepada {_holders(request).get(to, to)}.")
            else:
                given = seals.issue_range(
                    election, request.POST.get("first", ""), request.POST.get("last", ""), to, shell.actor(request), request.at, item=item
                )
                shell.done(
                    request,
                    f"{given.quantity} segel {given.text(given.first)} sampai {given.text(given.last)} "
                    f"dibagikan kepada {_holders(request).get(given.to, given.to)}.",
                )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:seals", election)
    sites = [(s.code, s.name) for s in places.sites(request.election.region) if s.kind in {"gudang", "kantor"}]
    return render(request, "desk/seals/issue.html", {"typed": request.POST, "sites": sites})


@sensitive_post_parameters("second_password")
@shell.page("seals.issue")
@require_POST
def take_back(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """A range that was given out by mistake, while none of its seals was used."""
    try:
        second = access.actor(shell.countersigned(request, "seals.write"))
        given = seals.take_back(election, code, request.POST.get("reason", "")[:400], shell.actor(request), second, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"Rentang {given.code} ditarik kembali; nomornya dapat dibagikan lagi.")
    return redirect("desk:seals", election)


@shell.page("seals.read")
def story(request: shell.Request, election: str, serial: str) -> HttpResponse:
    """Everything that is known of one seal."""
    try:
        found = seals.seal_of(election, serial, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:seals", election)
    people = access.names()
    holders = _holders(request)
    acts = [
        {"act": a, "word": printed.SEAL_WORDS.get(a.act, a.act), "spaced": label_rules.spaced(a.box),
         "person": people.get(a.person, a.person),
         "second": people.get(a.second, a.second), "href": reverse("desk:packing_box", args=[election, a.box]) if a.box else "",
         "findings": [finding_text(f.code, f.serial, f.near, f.other) for f in a.findings]}
        for a in found.acts
    ]  # fmt: skip
    to = holders.get(found.range.to, found.range.to) if found.range else ""
    return render(request, "desk/seals/story.html", {"found": found, "acts": acts, "to": to})


def _holders(request: shell.Request) -> dict[str, str]:
    """Code -> name of the places that seals are given to; a table is called by its code."""
    return {s.code: s.name for s in places.sites(request.election.region)}


@shell.page("seals.record")
def spoil(request: shell.Request, election: str) -> HttpResponseBase:
    """Seals that broke before they were used, or came back unused."""
    if request.method == "POST":
        serials = rules.numbers(request.POST.get("serials", ""))
        lot = request.POST.get("lot", "")
        try:
            count = receipt_rules.pieces(request.POST.get("count", "") or "0")
            if request.POST.get("act") == "return":
                seals.give_back(election, serials, shell.actor(request), request.at, lot=lot, count=count)
            else:
                sent = request.FILES.get("file")
                kept = (evidence.keep(sent.read(), sent.name or ""),) if sent is not None else ()
                reason = request.POST.get("reason", "")[:200]
                seals.spoil(election, serials, shell.actor(request), request.at, lot=lot, count=count, reason=reason, evidence=kept)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Segel dicatat.")
            return redirect("desk:seals", election)
    return render(request, "desk/seals/spoil.html", {"lots": seals.lots(election, request.at), "typed": request.POST})


@shell.page("seals.record")
def check(request: shell.Request, election: str, code: str = "") -> HttpResponseBase:
    """Compare the seals on a box with those that two people put on: the box first, then every number, then the answer."""
    code = (request.POST.get("box") or request.GET.get("kotak", "") or code).strip()
    seen = [s for s in request.POST.get("seen", "").split() if s]
    context: dict[str, Any] = {"occasions": OCCASIONS, "seen": seen, "typed": request.POST}
    try:
        box = packing.get_box(election, code, request.at) if code else None
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        box = None
    if box is None and request.POST.get("code"):
        return redirect(reverse("desk:seals_check", args=[election]) + f"?kotak={_box_code(request)}")
    if box is not None:
        names = packing_desk.Places(election)
        act = request.POST.get("act", "")
        try:
            if act == "scan":
                context["seen"] = _another(seen, request.POST.get("code", ""))
            elif act == "drop":
                context["seen"] = seen[:-1]
            elif act == "done":
                typed = request.POST.get("code", "").strip()
                return _checked(request, election, box.code, _another(seen, typed) if typed else seen)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        context |= {"card": packing_desk.box_context(election, box, names), "sealing": seals.sealing_of(election, box.code, request.at)}
    return render(request, "desk/seals/check.html", context)


def _box_code(request: shell.Request) -> str:
    try:
        return label_rules.expect(request.POST.get("code", ""), "box").text
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return ""


def _another(seen: list[str], typed: str) -> list[str]:
    serial = rules.read_serial(typed).text
    return seen if serial in seen else [*seen, serial]


def _checked(request: shell.Request, election: str, box: str, seen: list[str]) -> HttpResponseBase:
    occasion = request.POST.get("occasion", "")
    found = seals.check_seals(
        election, box, seen, shell.actor(request), request.at, count=receipt_rules.pieces(request.POST.get("count", "") or "0"),
        broken="broken" in request.POST, occasion=occasion if occasion in OCCASIONS else OCCASIONS[0],
    )  # fmt: skip
    if found.match and any(c.person == request.person.id for c in seals.mismatches(election, request.at, box)):
        shell.warned(
            request, "Sekarang cocok, tetapi Anda sendiri yang tadi menemukan ketidakcocokan. Minta orang lain memeriksa kotak ini."
        )
    elif found.match:
        shell.done(request, "Segel cocok dan utuh.")
    else:
        # The recorded numbers are not told: whoever looks next must read them from the seals.
        parts = [
            "rusak atau terbuka" if found.broken else "",
            f"{len(found.missing)} segel yang tercatat tidak terbaca" if found.missing else "",
            *(_strange(election, serial, request) for serial in found.strange),
            "mungkin hanya salah baca" if found.pairs else "",
        ]
        refusal = Mismatch(what="; ".join(p for p in parts if p) or "jumlah segel lain")
        shell.refused(request, refusal)
    return redirect("desk:packing_box", election, box)


def _strange(election: str, serial: str, request: shell.Request) -> str:
    """A seal that does not belong on this box, with the box that has it by the record."""
    story = seals.seal_of(election, serial, request.at)
    on = next((a.box for a in reversed(rules.effective(story.acts)) if a.act == "applied"), "")
    if not on:
        return f"{serial} tidak tercatat di kotak ini"
    found = packing.get_box(election, on, request.at)
    where = packing_desk.Places(election).where(found.tps)
    return f"{serial} tercatat pada kotak lain: {packing_desk.contest_word(found.contest) or 'PPK'} {where}"


class Mismatch(facts.Refusal):
    """Recorded, and said as loudly as a refusal."""

    code = "seals.mismatch"


@sensitive_post_parameters("second_password")
@shell.page("seals.record")
def reseal(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Two people open a box on purpose, or close it again with new seals, a reason and a picture."""
    try:
        box = packing.get_box(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:seals", election)
    if request.method == "POST":
        try:
            second = access.actor(shell.countersigned(request, "packing.witness"))
            _open_or_close(request, election, code, second)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:packing_box", election, code)
    names = packing_desk.Places(election)
    context = {
        "card": packing_desk.box_context(election, box, names),
        "sealing": seals.sealing_of(election, code, request.at),
        "reasons": [(r, REASON_WORDS.get(r, r)) for r in rules.REASONS if r != rules.MISREAD],
        "misread": rules.MISREAD,
        "lots": seals.lots(election, request.at),
        "typed": request.POST,
    }
    return render(request, "desk/seals/reseal.html", context)


def _open_or_close(request: shell.Request, election: str, code: str, second: facts.Actor) -> None:
    words = request.POST.get("text", "").strip()[:400]
    reason = request.POST.get("reason", "")
    if request.POST.get("act") == "open":
        seen = rules.numbers(request.POST.get("seen", ""))
        packing.open_box(
            election, code, f"{REASON_WORDS.get(reason, reason)}: {words}", shell.actor(request), second, request.at, seen=seen,
            unreadable="unreadable" in request.POST,
        )  # fmt: skip
        shell.done(request, "Segel dibuka berdua. Kotak dapat diisi lagi; segel ulang sesudahnya.")
        return
    sent = request.FILES.get("file")
    kept = (evidence.keep(sent.read(), sent.name or ""),) if sent is not None else ()
    serials = rules.numbers(request.POST.get("serials", ""))
    count = receipt_rules.pieces(request.POST.get("count", "") or "0")
    made = packing.reseal(
        election, code, reason, words, serials, count, first=shell.actor(request), second=second, evidence=kept, at=request.at,
        lot=request.POST.get("lot", ""), variance=request.POST.get("variance", "").strip()[:400],
    )  # fmt: skip
    if made.findings:
        shell.warned(
            request, "Tercatat, tetapi: " + "; ".join(finding_text(f.code, f.serial, f.near, f.other) for f in made.findings) + "."
        )
    elif reason == rules.MISREAD:
        shell.done(request, "Nomor segel dibetulkan berdua. Segelnya tidak dipotong.")
    else:
        shell.done(request, "Kotak disegel ulang berdua.")


@shell.page("seals.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The register of seals, XLSX: ranges, lots, conflicts."""
    ranges: list[list[Any]] = [
        ["Rentang", "Dari", "Sampai", "Kepada", "Dibagikan", "Terpasang", "Dilepas", "Rusak", "Kembali", "Sisa", "Nomor terlompati"]
    ]
    for s in seals.register(election, request.at):
        ends = [s.range.text(s.range.first), s.range.text(s.range.last)]
        gaps = ", ".join(f"{a}-{b}" for a, b in s.gaps)
        ranges.append([s.range.code, *ends, s.range.to, s.issued, s.on_boxes, s.taken_off, s.spoiled, s.returned, s.on_hand, gaps])
    wrong: list[list[Any]] = [["Kotak", "Tempat", "Masalah", "Sejak"]]
    for c in seals.conflicts(election, request.at):
        said = finding_text(c.finding.code, c.finding.serial, c.finding.near, c.finding.other)
        wrong.append([c.box, c.place, said, c.since_at.isoformat()])
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    data = table.xlsx({"Rentang": ranges, "Masalah": wrong})
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="segel-{election}.xlsx"'})


def signal_text(told: dict[str, Any]) -> str:
    """R06 in words."""
    place = f"kotak {told.get('where') or told['place']}" if told.get("place") else "kotak"
    if told["what"] == "conflict":
        return finding_text(str(told["code"]), str(told["serial"]), str(told["near"]), str(told["other"])) + f" ({place})"
    if told["what"] == "broken":
        return f"Segel rusak atau terbuka pada {place}"
    if told["what"] == "lot":
        return f"Segel tanpa nomor dipakai {told['count']} lebih banyak daripada yang dibagikan"
    seen = f": terbaca {told['serial']}" if told.get("serial") else ""
    noted = f", tercatat {told['near']}" if told.get("near") else ""
    guess = " (mungkin salah tulis, tetap gawat sampai orang lain memeriksa)" if told.get("guess") else ""
    return f"Segel pada {place} tidak cocok dengan catatan{seen}{noted}{guess}"


@shell.page("seals.read")
def signal(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Where a signal leads: to the box, or to the lots of counted seals."""
    if any(lot.lot == code for lot in seals.lots(election, request.at)):
        return redirect("desk:seals", election)
    return redirect("desk:packing_box", election, code)


urlpatterns = [
    path("<slug:election>/segel/sinyal/<slug:code>/", signal, name="seals_signal"),
    path("<slug:election>/segel/", index, name="seals"),
    path("<slug:election>/segel/bagikan/", issue, name="seals_issue"),
    path("<slug:election>/segel/bagikan/<slug:code>/tarik/", take_back, name="seals_take_back"),
    path("<slug:election>/segel/rusak/", spoil, name="seals_spoil"),
    path("<slug:election>/segel/periksa/", check, name="seals_check"),
    path("<slug:election>/segel/periksa/<slug:code>/", check, name="seals_check_box"),
    path("<slug:election>/segel/segel.xlsx", export, name="seals_export"),
    path("<slug:election>/segel/nomor/<slug:serial>/", story, name="seals_story"),
    path("<slug:election>/segel/kotak/<slug:code>/", reseal, name="seals_reseal"),
]


class Misread(str):
    """A sentence that says why nothing is put right."""

    __slots__ = ()

    def format(self, *args: object, **told: object) -> str:
        """The sentence of its `why`."""
        return MISREAD_WORDS[str(told["why"])]


MISREAD_WORDS = {
    "open": "Segel kotak ini sudah dipotong, jadi bukan salah catat. Pilih alasan lain dan pasang segel baru.",
    "same": "Nomor itu sama dengan yang tercatat; tidak ada yang dibetulkan. Tulis nomor yang sebenarnya terbaca pada segel.",
}

SENTENCES: dict[str, str] = {
    "seals.mismatch": "SEGEL TIDAK COCOK. Tercatat dan gawat: {what}. Jangan buka kotak; tahan di tempat, hubungi KPU dan Bawaslu.",
    "seals.malformed": "“{seen}” bukan nomor segel: huruf di depan (boleh tanpa) lalu angka, seperti tercetak.",
    "seals.bad_range": "Rentang {first} sampai {last} tidak benar: awalan dan jumlah angkanya harus sama, yang pertama lebih kecil.",
    "seals.range_overlap": "Segel {first} sampai {last} sudah dibagikan kepada {to} (rentang {range}).",
    "seals.bad_count": "Jumlah segel {count} tidak masuk akal; tulis 1 sampai {most}.",
    "seals.none_given": "Belum ada segel: pindai nomornya, atau tulis jumlah dan foto untuk segel tanpa nomor.",
    "seals.unknown_lot": "Kelompok segel itu belum dibagikan. Pilih dari daftar, atau bagikan dahulu.",
    "seals.lot_taken": "Nama kelompok itu sudah dipakai. Beri nama lain.",
    "seals.evidence_missing": "Perlu foto: untuk segel tanpa nomor dan untuk setiap segel ulang.",
    "seals.same_person": "Menyegel selalu oleh dua orang yang berbeda.",
    "seals.not_sealed": "Kotak ini tidak tersegel menurut catatan.",
    "seals.reason_missing": "Pilih alasan dari daftar dan tulis apa yang terjadi.",
    "seals.range_used": "Rentang {range} tidak dapat ditarik kembali: {count} segelnya sudah dipakai atau tercatat, misalnya {serial}.",
    "seals.unknown_range": "Rentang {range} tidak ada atau sudah ditarik kembali.",
    "seals.seen_missing": "Sebelum memotong, baca nomor pada {seals} segel kotak ini dan tulis, atau centang bahwa nomornya tidak terbaca.",
    "seals.not_misread": Misread("{why}"),
    "seals.bad_holder": "“{seen}” bukan tempat atau meja. Pilih tempat dari daftar, atau tulis kode meja (MEJA-1), bukan nama orang.",
}
TASKS: dict[str, tuple[str, str]] = {"seals.recheck": ("Baca ulang segel kotak {label}: tidak cocok", "desk:seals_check_box")}
HITS: dict[str, str] = {"seal": "desk:seals_story"}
SIGNALS: dict[str, tuple[Any, str]] = {"R06": (signal_text, "desk:seals_signal")}
