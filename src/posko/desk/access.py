"""Stage access: signing in, one's own account, who has which role where, agreements, emergency hours."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import authenticate, login, logout, password_validation, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from posko.desk import shell
from posko.domain import access as rules
from posko.domain import record as facts
from posko.store import access, record

# Only ever shown on a demonstration; a real installation hands out passwords of its own.
DEMO_PASSWORD = "posko-demo"  # noqa: S105
AGENCIES = ("KPU", "PPK", "PPS", "KEJARI", "KEJATI", "POLRES", "PEMDA", "BAWASLU", "ADMIN")


class BadForm(facts.Refusal):
    """Something typed that cannot be read."""

    code = "access.bad_form"


# --- signing in -----------------------------------------------------------------------------------------------------------


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Name and password; on a demonstration the cast, each with one button."""
    asked: Any = request
    target = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        target = "/"
    if asked.person is not None and request.method == "GET":
        return redirect(target)
    username, problem = request.POST.get("username", "").strip().lower(), ""
    if request.method == "POST":
        problem = _try(request, username, asked.machine_at)
        if not problem:
            return redirect(target)
    demo = record.installation().example
    context = {
        "username": username,
        "problem": problem,
        "next": target,
        "cast": _cast() if demo else [],
        "password": DEMO_PASSWORD if demo else "",
    }
    return render(request, "desk/access/sign_in.html", context, status=401 if problem else 200)


sign_in.act = "PUBLIC"  # type: ignore[attr-defined]  # the route table of the tests reads it


def _try(request: HttpRequest, username: str, machine_at: datetime) -> str:
    """Signs in; else the sentence that says why not. The same sentence for a wrong name and a wrong password."""
    address = request.META.get("REMOTE_ADDR", "")
    until = access.locked_until(username, address, machine_at)
    if until is not None:
        minutes = max(1, -int((machine_at - until).total_seconds() // 60))
        return f"Terlalu banyak percobaan. Coba lagi {minutes} menit lagi, atau minta admin menyetel ulang sandi."
    user = authenticate(request, username=username, password=request.POST.get("password", ""))
    if user is None:
        access.note_failure(username, address, machine_at)
        return "Nama pengguna atau sandi tidak cocok. Periksa huruf besar dan kecil, lalu coba lagi."
    access.note_success(username)
    login(request, user)
    return ""


def _cast() -> list[dict[str, str]]:
    return [
        {
            "username": one.username,
            "name": one.display,
            "agency": one.agency,
            "role": ", ".join(shell.ROLE_NAMES.get(g.role, g.role) for _, g in one.grants),
            "region": ", ".join(sorted({g.region for _, g in one.grants})),
        }
        for one in access.accounts()
    ]


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Ends the session."""
    logout(request)
    return redirect("desk:sign_in")


sign_out.act = "PUBLIC"  # type: ignore[attr-defined]


@shell.signed_in
def account(request: shell.Request) -> HttpResponse:
    """One's own roles and password."""
    context = {
        "grants": [_shown(g, request.at) for g in request.person.grants],
        "clearance": request.person.clearance,
        "agency": request.person.agency,
        "glass_open": access.glass_open(request.person, request.at),
        "hint": password_validation.password_validators_help_texts(),
        "wrong": [],
    }
    if request.method == "POST":
        wrong = _change_password(request)
        if not wrong:
            shell.done(request, "Sandi diganti.")
            return redirect("desk:account")
        context["wrong"] = wrong
    return render(request, "desk/access/account.html", context)


def _change_password(request: shell.Request) -> list[str]:
    user: Any = request.user
    new = request.POST.get("new", "")
    if not user.check_password(request.POST.get("old", "")):
        return ["Sandi lama tidak cocok."]
    if new != request.POST.get("again", ""):
        return ["Kedua sandi baru tidak sama."]
    try:
        password_validation.validate_password(new, user)
    except ValidationError as error:
        return list(error.messages)
    access.change_password(user, new, request.at)
    update_session_auth_hash(request, user)
    return []


@shell.signed_in
def glass(request: shell.Request) -> HttpResponseBase:
    """Break-glass: an hour of reading beyond clearance and agreements, for a reason, in the open."""
    if request.method == "POST":
        try:
            access.break_glass(request.person, request.POST.get("reason", ""), record.installation().region, request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Akses darurat terbuka 60 menit. Setiap bacaan dicatat dan terlihat oleh Bawaslu dan para pimpinan.")
    return redirect("desk:account")


# --- who has which role where ----------------------------------------------------------------------------------------------


def _shown(grant: rules.Grant, at: datetime) -> dict[str, Any]:
    return {
        "role": grant.role,
        "name": shell.ROLE_NAMES.get(grant.role, grant.role),
        "region": grant.region,
        "from_at": grant.from_at,
        "until_at": grant.until_at,
        "holds": grant.holds(at),
    }


@shell.page("access.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """People and roles, proposals that wait, agreements, emergency hours."""
    at, people = request.at, access.names()
    context = {
        "accounts": [
            {"account": one, "grants": [{"id": pk, **_shown(g, at)} for pk, g in one.grants if g.until_at is None or g.until_at > at]}
            for one in access.accounts()
        ],
        "proposals": [
            {"one": p, "grant": _shown(p.grant, at), "by": people.get(p.proposer, p.proposer), "own": p.proposer == request.person.id}
            for p in access.proposals(at)
        ],
        "agreements": [
            {"one": s.agreement, "title": s.title, "mark": s.mark, "kinds": ", ".join(sorted(s.agreement.kinds)),
             "days": rules.days_left(s.agreement, at), "warned": rules.warned(s.agreement, at), "holds": s.agreement.holds(at)}
            for s in access.signed(at)
        ],
        "emergencies": [{"one": e, "name": people.get(e.person, e.person)} for e in access.emergencies(at)],
        "roles": sorted(shell.ROLE_NAMES.items(), key=lambda r: r[1]),
        "agencies": AGENCIES,
        "region": record.installation().region,
        "today": record.local_date(at).isoformat(),
        "may_grant": shell.may(request, "access.grant"),
        "may_approve": shell.may(request, "access.approve"),
        "typed": request.GET,
    }  # fmt: skip
    return render(request, "desk/access/index.html", context)


def _day(text: str, *, needed: bool) -> datetime | None:
    """The first instant (WIB) of a date as typed by a date field."""
    if not text and not needed:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time.min, tzinfo=record.WIB).astimezone(UTC)
    except ValueError as error:
        raise BadForm(what="tanggal") from error


@shell.page("access.grant")
def propose(request: shell.Request, election: str) -> HttpResponseBase:
    """A role for somebody; it waits for a second person."""
    if request.method == "POST":
        said = request.POST
        try:
            from_at = _day(said.get("from", ""), needed=True)
            assert from_at is not None
            grant = rules.Grant(said.get("role", ""), said.get("region", "").strip(), from_at, _day(said.get("until", ""), needed=False))
            access.propose_grant(said.get("username", ""), grant, request.person, request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Usulan peran dicatat. Peran berlaku sesudah orang kedua menyetujuinya dalam 24 jam.")
    return redirect("desk:access", election)


@shell.page("access.approve")
def decide(request: shell.Request, election: str, proposal: int) -> HttpResponseBase:
    """The second person's answer."""
    if request.method == "POST":
        yes = request.POST.get("answer") == "setuju"
        try:
            access.decide_grant(proposal, request.person, request.POST.get("seen", ""), yes, request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Peran diberikan." if yes else "Usulan ditolak.")
    return redirect("desk:access", election)


@shell.page("access.grant")
def end(request: shell.Request, election: str, grant: int) -> HttpResponseBase:
    """Ends a role at once."""
    if request.method == "POST":
        try:
            access.end_grant(grant, request.person, request.POST.get("reason", ""), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Peran diakhiri.")
    return redirect("desk:access", election)


@shell.page("access.grant")
def new(request: shell.Request, election: str) -> HttpResponseBase:
    """A new account without any role; its first password is shown once."""
    if request.method != "POST":
        return redirect("desk:access", election)
    said = request.POST
    username, display, agency = said.get("username", "").strip().lower(), said.get("display", "").strip(), said.get("agency", "")
    password = access.new_password()
    try:
        if not username.isascii() or not username.isalnum() or not 2 <= len(username) <= 30 or agency not in AGENCIES or not display:
            raise BadForm(what="nama pengguna (huruf dan angka, 2 sampai 30), nama, atau lembaga")
        access.add_user(username, password, display[:80], agency, [], access.actor(request.person), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:access", election)
    return render(request, "desk/access/created.html", {"username": username, "display": display, "password": password})


# --- agreements ------------------------------------------------------------------------------------------------------------


@shell.signed_in
def agreement(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One agreement with its versions, for those who give rights and for the agency that reads by it; heads renew it here."""
    found = access.versions(code, request.at)
    if not found:
        raise Http404(code)
    now = found[0].agreement
    if not (shell.may(request, "access.read") or request.person.agency == now.reader):
        return shell.denied(request, "access.read", rules.Decision(False, "role"))
    context = {
        "one": now,
        "title": found[0].title,
        "mark": found[0].mark,
        "kinds": ", ".join(KIND_NAMES.get(kind, kind) for kind in sorted(now.kinds)),
        "versions": [(s.agreement, s.agreement.holds(request.at) and s is found[0]) for s in found],
        "holds": now.holds(request.at),
        "days": rules.days_left(now, request.at),
        "warned": rules.warned(now, request.at),
        "may_renew": shell.may(request, "access.agree"),
        "reads": request.person.agency == now.reader,
        "back": shell.may(request, "access.read"),
        "typed": request.GET,
    }
    return render(request, "desk/access/agreement.html", context)


KIND_NAMES = {"aght": "AGHT"}
LONGEST = timedelta(days=5 * 365)
"""No agreement is renewed for longer; ours, so that somebody looks at it again."""


@shell.page("access.agree")
def renew(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """The next version of an agreement, by two people."""
    if request.method == "POST":
        said = request.POST
        try:
            until = _day(said.get("until", ""), needed=True)
            assert until is not None
            if until > request.at + LONGEST:
                raise BadForm(what=f"tanggal (paling lama {LONGEST.days // 365} tahun dari sekarang)")
            seen = said.get("seen", "")
            if not (seen.isascii() and seen.isdigit() and len(seen) < 6):
                raise BadForm(what="versi")
            second = shell.countersigned(request, "access.approve")
            last_instant = until + timedelta(days=1)  # the day that was typed is the last one
            access.renew_agreement(code, int(seen), last_instant, access.actor(request.person), access.actor(second), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect(f"{reverse('desk:access_agreement', args=[election, code])}?{urlencode({'until': said.get('until', '')})}")
        shell.done(request, "Perjanjian diperbarui dan berlaku sekarang.")
    return redirect("desk:access_agreement", election, code)


urlpatterns: list[URLPattern] = [
    path("masuk/", sign_in, name="sign_in"),
    path("keluar/", sign_out, name="sign_out"),
    path("akun/", account, name="account"),
    path("akun/darurat/", glass, name="account_glass"),
    path("<slug:election>/akses/", index, name="access"),
    path("<slug:election>/akses/usul/", propose, name="access_propose"),
    path("<slug:election>/akses/usul/<int:proposal>/", decide, name="access_decide"),
    path("<slug:election>/akses/akhiri/<int:grant>/", end, name="access_end"),
    path("<slug:election>/akses/akun/", new, name="access_new"),
    path("<slug:election>/akses/perjanjian/<slug:code>/", agreement, name="access_agreement"),
    path("<slug:election>/akses/perjanjian/<slug:code>/perbarui/", renew, name="access_renew"),
]
SENTENCES: dict[str, str] = {
    "access.bad_form": "Isian belum benar: {what}. Periksa, lalu kirim lagi.",
    "access.sangat_rahasia": "Klasifikasi {classification} tidak dikelola di Posko. Gunakan saluran lain yang sah.",
    "access.same_person": "Usulan sendiri tidak dapat disetujui sendiri. Minta orang kedua.",
    "access.seen_other": "Usulan sudah berubah sejak Anda melihatnya. Muat ulang, baca, lalu putuskan.",
    "access.approval_expired": "Usulan sudah lewat 24 jam. Ajukan lagi.",
    "access.unknown_role": "Peran {role} tidak ada.",
    "access.wrong_agency": "Peran {role} bukan untuk orang {agency}.",
    "access.outside_region": "Wilayah {region} di luar wilayah tugas Anda.",
    "access.ends_before_start": "Tanggal akhir harus sesudah tanggal mulai.",
    "access.reason_missing": "Tulis alasannya (sedikitnya 10 huruf untuk akses darurat).",
    "access.second_not_recognised": "Nama atau sandi orang kedua tidak cocok. Periksa, lalu coba lagi.",
    "access.second_locked": "Terlalu banyak sandi salah untuk orang kedua. Coba lagi {minutes} menit lagi.",
    "access.second_may_not": "{person} tidak berhak menjadi orang kedua untuk tindakan ini. Minta orang yang berwenang.",
    "access.no_user": "Akun {username} tidak ada.",
    "access.user_exists": "Nama pengguna {username} sudah dipakai.",
    "access.no_agreement": "Perjanjian {code} tidak ada. Muat ulang halaman.",
    "access.no_grant": "Peran atau usulan itu sudah tidak ada. Muat ulang halaman.",
}
TASKS: dict[str, tuple[str, str]] = {
    "access.approve": ("Setujui atau tolak peran {label}", "desk:access"),
    "access.agreement": ("Perbarui perjanjian {label} sebelum berakhir", "desk:access_agreement"),
    "access.agreement_over": ("Perjanjian {label} sudah berakhir: perbarui, atau biarkan tertutup", "desk:access_agreement"),
    "access.agreement_reader": ("Perjanjian {label} segera berakhir: minta pimpinan Kejari memperbaruinya", "desk:access_agreement"),
    "access.agreement_over_reader": (
        "Perjanjian {label} sudah berakhir, bacaannya tertutup: minta pimpinan Kejari memperbaruinya",
        "desk:access_agreement",
    ),
}
HITS: dict[str, str] = {}
