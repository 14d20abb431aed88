"""What every staff screen shares: who may open it, its menu, and the sentences for refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, wraps
from importlib import import_module
from types import ModuleType
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

import posko
from posko.domain import access as rules
from posko.domain import record as facts
from posko.domain import thresholds as warnings
from posko.formats import table, text
from posko.store import access, places, record, thresholds

# In the order of the work; the menu and the collection of sentences follow it.
STAGES = (
    "board", "home", "inbox", "searching", "access", "record", "thresholds", "places", "regulation", "dpt", "needs",
    "labels", "evidence", "stock", "receipts", "sorting", "seals", "packing", "sampling", "pledges", "keys",
    "travel", "weather", "distribution", "returns", "worksheet", "replanning", "custody", "transfers",
    "readiness", "reports", "posts", "misuse", "merging", "aght", "forecast", "calls", "recommendations",
    "products", "requests", "rakor", "packs", "materials", "disputes", "minutes", "releases", "neutrality", "bundles", "drill",
)  # fmt: skip

MENU = (
    ("home", "Beranda", "home.read", "h"),
    ("board", "Papan", "board.read", "p"),
    ("inbox", "Tugas saya", "inbox.read", "t"),
    ("dpt", "Pemilih", "dpt.read", "d"),
    ("needs", "Kebutuhan", "needs.read", "k"),
    ("receipts", "Penerimaan", "receipts.read", "b"),
    ("stock", "Stok", "stock.read", "g"),
    ("sorting", "Sortir", "sorting.read", "u"),
    ("packing", "Pengepakan", "packing.read", "c"),
    ("distribution", "Distribusi", "distribution.read", "i"),
    ("custody", "Serah terima", "custody.read", "j"),
    ("readiness", "Kesiapan", "readiness.read", "s"),
    ("forecast", "Prakiraan", "forecast.read", "f"),
    ("reports", "Laporan", "reports.file", "l"),
    ("aght", "AGHT", "aght.read", "a"),
    ("recommendations", "Rekomendasi", "recommendations.read", "r"),
    ("rakor", "Rakor", "rakor.read", "o"),
    ("access", "Akses", "access.read", "e"),
)


# The pages of the warehouse stand under one entry of the menu each; these lead from one to the other.
GOODS = (
    ("packing", "Pengepakan", "packing.read"),
    ("seals", "Segel", "seals.read"),
    ("labels", "Label", "labels.read"),
    ("sampling", "Uji petik", "sampling.read"),
    ("transfers", "Geser surat suara", "transfers.read"),
)
# So do these on the pages of the post; base.html shows them.
POST = (
    ("reports", "Laporan", "reports.file"),
    ("merging", "Gabungan", "merging.read"),
    ("aght", "AGHT", "aght.read"),
    ("posts", "Posko", "posts.read"),
    ("misuse", "Pengaduan", "misuse.read"),
    ("products", "Produk", "products.read"),
    ("recommendations", "Rekomendasi", "recommendations.read"),
    ("pledges", "Janji dukungan", "pledges.read"),
    ("keys", "Kunci gudang", "keys.read"),
    ("calls", "Daftar telepon", "calls.read"),
    ("signals", "Papan sinyal", "thresholds.read"),
    ("thresholds", "Ambang sinyal", "thresholds.read"),
    ("drill", "Gladi", "drill.read"),
)
# And these on the pages of the meeting and of what the public and the overseers see.
TABLE = (
    ("rakor", "Rakor", "rakor.read"),
    ("requests", "Permintaan", "requests.read"),
    ("materials", "Bahan", "materials.read"),
    ("disputes", "Selisih angka", "disputes.read"),
    ("minutes", "Notula", "minutes.read"),
    ("releases", "Terbitan", "releases.read"),
    ("neutrality", "Uji netral", "neutrality.read"),
    ("bundles", "Berkas pengawas", "bundles.read"),
)


class Request(HttpRequest):
    """A request that has passed `page`: it has a time, a person and, where the address names one, an election."""

    machine_at: datetime
    at: datetime
    person: rules.Person
    election: facts.Election


P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponseBase]
Plain = Callable[..., HttpResponseBase]
Locate = Callable[..., rules.Thing | tuple[rules.Thing, ...]]
R = TypeVar("R")


@dataclass(frozen=True)
class MenuEntry:
    """One line of the menu."""

    href: str
    label: str
    key: str
    current: bool


def here(request: Request, act: str) -> rules.Thing:
    """The thing that a page without a narrower one is about: this stage in this election's region."""
    election = request.election
    region = election.region if election else record.installation().region
    region = rules.reach(request.person, act, region, request.at)  # a PPK opens the page for its own part
    kind = act.partition(".")[0]
    if act in rules.OWNERS:
        whole = rules.owned(act, "", election.region if election else region, election.region if election else region)
        areas = scope(request, act).areas(whole)
        return replace(whole, place=areas[0] if areas else region)
    classification = "terbatas" if kind in {"reports", "recommendations"} else "biasa"
    return rules.Thing(kind=kind, id="", place=region, owner="", classification=classification)


def purpose(request: Request) -> rules.Purpose:
    """Break-glass while this person has an emergency hour open; looked up once for a page."""
    known: rules.Purpose | None = getattr(request, "purpose_now", None)
    if known is None:
        known = rules.Purpose.EMERGENCY if access.glass_open(request.person, request.at) else rules.Purpose.DUTY
        request.purpose_now = known  # type: ignore[attr-defined]
    return known


def scope(request: Request, act: str) -> rules.Scope:
    """What this person may do an act on now, for lists. `may` and `decide` say the same thing by thing."""
    return rules.scope(request.person, act, act.partition(".")[0], purpose(request), _agreements(request), request.at)


def confined(request: Request, act: str) -> str:
    """The parts of the election's region to which this person's lists are cut ("Kecamatan Manggar"), "" where they see all of it."""
    region = request.election.region
    areas = scope(request, act).areas(rules.owned(act, "", region, region))
    if areas == (region,):
        return ""
    names = {k.code: f"Kecamatan {k.name}" for k in places.kecamatan_list(region)}
    names |= {d.code: f"Desa {d.name}, {d.kecamatan_name}" for d in places.desa_list(region)} if set(areas) - names.keys() else {}
    return "; ".join(names.get(area, area) for area in areas)


def page(act: str, *, thing: Locate | None = None) -> Callable[[View[P]], Plain]:
    """A staff screen: signed in, and allowed to do `act` on its thing, else a page that says who may.

    `thing` finds a narrower thing from the request and the address's parts; without it, it is the election's region. What concerns several
    things (reports that are merged, an item and all it rests on) needs every one of them.
    """

    def decorate(view: View[P]) -> Plain:
        @wraps(view)
        def handle(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            asked: Any = request
            if asked.person is None:
                return redirect_to_login(request.get_full_path())
            about = thing(asked, *args, **kwargs) if thing else here(asked, act)
            for one in (about,) if isinstance(about, rules.Thing) else about or (here(asked, act),):
                decision = decide(asked, act, one)
                if not decision.allowed:
                    return denied(asked, act, decision)
            return view(asked, *args, **kwargs)

        handle.act = act  # type: ignore[attr-defined]  # the route table of the tests reads it
        return handle

    return decorate


def signed_in(view: View[P]) -> Plain:
    """A screen for anybody with an account (own password, own tasks)."""

    @wraps(view)
    def handle(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        asked: Any = request
        if asked.person is None:
            return redirect_to_login(request.get_full_path())
        return view(asked, *args, **kwargs)

    handle.act = "SIGNED_IN"  # type: ignore[attr-defined]
    return handle


def decide(request: Request, act: str, thing: rules.Thing) -> rules.Decision:
    """The policy's answer for this person now, with the agreements in force; reads are logged by the store."""
    if request.method not in {"GET", "HEAD"}:  # what a form changes, the page after it must see
        return access.decide(request.person, act, thing, at=request.at)
    return access.decide(request.person, act, thing, request.at, purpose(request), _agreements(request))


def _agreements(request: Request) -> list[rules.Agreement]:
    """The agreements in force, read once for a page: a menu alone asks the policy forty times."""
    known: list[rules.Agreement] | None = getattr(request, "agreements_read", None)
    if known is None:
        known = list(access.agreements(request.at))
        request.agreements_read = known  # type: ignore[attr-defined]
    return known


def may(request: Request, act: str, thing: rules.Thing | None = None) -> bool:
    """Whether a button for `act` is worth showing. The view behind it decides again."""
    about = thing or here(request, act)
    return rules.may(request.person, act, about, purpose(request), _agreements(request), request.at).allowed


PARTNER_STAYS = timedelta(hours=2)


@dataclass(frozen=True)
class Partner:
    """The second person who signed on this screen for a shift, until when (machine's time)."""

    person: rules.Person
    name: str
    until_at: datetime
    minutes: int = 0


def sign_partner(request: Request, username: str, password: str, act: str) -> Partner:
    """A second person joins this screen for two hours. The refusals of `access.countersign`."""
    second = access.countersign(
        request.person, username, password, act, here(request, act), request.at, request.machine_at, request.META.get("REMOTE_ADDR", "")
    )
    until = request.machine_at + PARTNER_STAYS
    request.session["partner"] = {"username": username.strip().lower(), "until": until.isoformat(), "first": request.person.id}
    return Partner(second, access.names().get(second.id, second.id), until)


def partner(request: Request, act: str) -> Partner | None:
    """Who signed on this screen as the second person and may still do `act`; None when nobody, or the two hours are over."""
    kept = request.session.get("partner")
    if not kept or kept.get("first") != request.person.id:
        return None
    until = datetime.fromisoformat(kept["until"])
    if request.machine_at >= until:
        return None
    second = access.person_named(kept["username"])
    if second is None or second.id == request.person.id:
        return None
    allowed = rules.may(second, act, here(request, act), rules.Purpose.DUTY, _agreements(request), request.at).allowed
    left = int((until - request.machine_at).total_seconds() // 60)
    return Partner(second, access.names().get(second.id, second.id), until, left) if allowed else None


def part_partner(request: Request) -> None:
    """The second person leaves the screen."""
    request.session.pop("partner", None)


def countersigned(request: Request, act: str) -> rules.Person:
    """The second person's fresh name and password from the fields `second` and `second_password`, for one act that needs two now."""
    return access.countersign(
        request.person, request.POST.get("second", ""), request.POST.get("second_password", ""), act, here(request, act), request.at,
        request.machine_at, request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip


def actor(request: Request) -> facts.Actor:
    """Who acts, as the store wants it."""
    return facts.Actor(request.person.id, request.person.agency)


def problem_place(problem: facts.Problem) -> str:
    """Where it stands, as the spreadsheet shows it."""
    parts = [f"lembar {problem.sheet}"] * bool(problem.sheet) + [f"baris {problem.row}"] * bool(problem.row)
    return ", ".join(parts + [f"kolom {problem.column}"] * bool(problem.column)) or "seluruh berkas"


def denied(request: Request, act: str, decision: rules.Decision) -> HttpResponse:
    """Who may open this page, said plainly."""
    if decision.code == "agreement" and act in rules.OWNERS:
        return _unshared(request, act)
    roles = ", ".join(sorted(ROLE_NAMES.get(role, role) for role in rules.POLICY.get(act, frozenset())))
    context = {
        "title": "Bukan bagian Anda",
        "text": f"Halaman ini untuk: {roles}." if roles else "Halaman ini tidak dibuka untuk siapa pun.",
        "detail": DENIALS.get(decision.code, ""),
    }
    if decision.code == "region" and act in rules.OWNERS and request.election:
        area = confined(request, act)
        context["detail"] += f" Peran Anda berlaku di {area}." if area else ""
    return render(request, "error.html", context, status=403)


def _unshared(request: Request, act: str) -> HttpResponse:
    """What another agency keeps is not shared now: which agreement ended, where one does hold, and what to do."""
    region = request.election.region if request.election else record.installation().region
    agency, kind = request.person.agency, act.partition(".")[0]
    mine = [s for s in access.signed(request.at) if s.agreement.reader == agency and kind in s.agreement.kinds]
    context = {
        "ended": [s for s in mine if not s.agreement.holds(request.at)],
        "elsewhere": [s for s in mine if s.agreement.holds(request.at)],
        "region": region,
        "owner": OWNER_NAMES.get(rules.OWNERS.get(act, ""), "lembaga lain"),
        "may_read": act.endswith(".read"),
    }
    return render(request, "desk/access/unshared.html", context, status=403)


OWNER_NAMES = {"KEJARI": "Kejaksaan Negeri"}


ROLE_NAMES = {
    "kpu.operator": "operator KPU",
    "kpu.pimpinan": "pimpinan KPU",
    "kpu.gudang": "petugas gudang KPU",
    "ppk.anggota": "anggota PPK",
    "pps.anggota": "anggota PPS",
    "kpps.anggota": "anggota KPPS",
    "kejari.analis": "analis Kejari",
    "kejari.pimpinan": "pimpinan Kejari",
    "kejati.pemantau": "pemantau Kejati",
    "polres.perwira": "perwira Polres",
    "pemda.pejabat": "pejabat Pemda",
    "bawaslu.pengawas": "pengawas Bawaslu",
    "admin.sistem": "admin sistem",
}
DENIALS = {
    "region": "Wilayah tugas Anda tidak mencakup tempat ini.",
    "expired": "Masa tugas Anda untuk ini sudah berakhir.",
    "role": "Peran Anda tidak mencakup halaman ini.",
    "clearance": "Klasifikasi isinya di atas wewenang Anda.",
    "agreement": "Isinya milik lembaga lain, tidak dialamatkan kepada lembaga Anda, dan tidak ada perjanjian yang membukanya.",
}


@cache
def _modules() -> tuple[ModuleType, ...]:
    return tuple(import_module(f"posko.desk.{stage}") for stage in STAGES)


def _collect(name: str) -> dict[str, Any]:
    gathered: dict[str, Any] = {}
    for module in _modules():
        gathered.update(getattr(module, name, {}))
    return gathered


def table_bytes(given: "UploadedFile[Any]") -> bytes:
    """The bytes of a table that was sent. table.TooBig before they are read."""
    if (given.size or 0) > table.MOST_BYTES:
        raise table.TooBig(file=str(given.name)[:120], most=table.MOST_BYTES // 1_000_000)
    return bytes(given.read())


def sent_table(request: HttpRequest) -> tuple[str, bytes]:
    """Name and bytes of the table of a form. table.NoFile, table.TooBig."""
    given = request.FILES.get("file")
    if given is None:
        raise table.NoFile()
    return str(given.name), table_bytes(given)


def sentence(refusal: facts.Refusal) -> str:
    """The Indonesian sentence for a refusal; the code itself where a stage forgot to write one."""
    return told(refusal.code, refusal.facts)


def told(code: str, said: Mapping[str, Any]) -> str:
    """The sentence for a refusal that was kept by its code and facts."""
    template = _collect("SENTENCES").get(code)
    return str(template.format(**said)) if template is not None else f"Ditolak: {code}."


def refused(request: Request, refusal: facts.Refusal) -> None:
    """Shows the refusal on the next page that is rendered; what a stage wants counted is counted (COUNTED: code -> function)."""
    messages.error(request, sentence(refusal))
    count = _collect("COUNTED").get(refusal.code)
    if count is not None:
        count(request, refusal)


def done(request: Request, text: str) -> None:
    """Confirms on the next page that something was recorded."""
    messages.success(request, text)


def warned(request: Request, text: str) -> None:
    """Says on the next page that something was recorded and needs a look."""
    messages.warning(request, text)


def tasks_of(request: Request, election: facts.Election) -> list[dict[str, Any]]:
    """What waits for this person, from every stage that has something waiting, the most urgent first."""
    phrases: dict[str, tuple[str, str]] = _collect("TASKS")
    gathered = []
    for stage in STAGES:
        store = _store(stage)
        waiting = getattr(store, "waiting", None)
        if waiting is None:
            continue
        for task in waiting(request.person, election.code, request.at):
            phrase, url = phrases.get(task.kind, ("{label}", f"desk:{stage}"))
            gathered.append(
                {
                    "text": phrase.format(label=task.label),
                    "href": reverse(url, args=[election.code, *task.args]),
                    "due_at": task.due_at,
                    "overdue": task.due_at is not None and task.due_at < request.at,
                    "stage": stage,
                }
            )
    far = datetime.max.replace(tzinfo=request.at.tzinfo)
    return sorted(gathered, key=lambda task: (task["due_at"] or far, task["text"]))


def signals_for(request: Request, election: facts.Election) -> list[facts.Signal]:
    """Early warnings of every stage that has some, for those they go to, the Kejari that maps them and Bawaslu; gravest first.

    Among them R18, the one rule over the warnings of all stages that this person may read.
    """
    gathered: list[facts.Signal] = []
    for stage in STAGES:
        derive = getattr(_store(GATHERED.get(stage, stage)), "signals", None)
        if derive is None or not _may_in(request, f"{stage}.read", election):
            continue
        told, sees = derive(election.code, request.at), getattr(_store(stage), "signals_seen", None)
        gathered += sees(request.person, election.code, told, request.at) if sees else told
    together = thresholds.limits(election.code, "thresholds", warnings.Limits(), request.at)
    gathered += warnings.common_cause(facts.single(gathered), together)
    return [one for one in facts.single(gathered) if request.person.agency in {*one.to, "KEJARI", "BAWASLU"}]


def signals_of(request: Request, election: facts.Election) -> list[dict[str, Any]]:
    """The early warnings of `signals_for` in words; those that somebody sees to come after those nobody does."""
    phrases: dict[str, tuple[str | Callable[[Mapping[str, str | int]], str], str]] = _collect("SIGNALS")
    said, names = thresholds.acknowledgements(election.code, request.at), access.names()
    linked = _may_in(request, "thresholds.read", election)
    shown = []
    for one in signals_for(request, election):
        phrase, url = phrases.get(one.rule, (one.rule, ""))
        rule, answer = one.rule.partition(".")[0], warnings.answer_to(one, said)  # a stage may have its own sentence for a rule: R01.geser
        shown.append(
            {
                "rule": rule,
                "key": one.rule,
                "subject": one.subject,
                "kind": one.kind,
                "severity": one.severity,
                "state": SEVERITY_STATES[one.severity],
                "word": SEVERITY_WORDS[one.severity],
                "text": phrase(one.facts) if callable(phrase) else phrase.format(**_readable(one.facts)),
                "to": ", ".join(one.to),
                "agencies": one.to,
                "since_at": one.since_at,
                "mark": one.mark,
                "href": reverse(url, args=[election.code, *one.args]) if url else "",
                "rule_href": reverse("desk:thresholds", args=[election.code]) + f"#{rule}" if linked else "",
                "answer": answer,
                "answered_by": names.get(answer.person, answer.person) if answer else "",
                "mine": request.person.agency in one.to,
            }
        )
    return sorted(shown, key=lambda s: s["answer"] is not None)


def _readable(said: Mapping[str, str | int]) -> dict[str, str]:
    """Numbers as Indonesians read them: 48948 -> 48.948."""
    return {name: text.angka(value) if isinstance(value, int) else value for name, value in said.items()}


# What differs between the record and what was published is derived where both can be read, which is not where publications are kept.
GATHERED = {"releases": "extracts"}
SEVERITY_STATES = {"critical": "overdue", "high": "waiting", "watch": "plain"}
SEVERITY_WORDS = {"critical": "gawat", "high": "penting", "watch": "pantau"}


def _store(stage: str) -> ModuleType | None:
    if stage in {"board", "home", "inbox", "searching", "packs"}:
        return None
    return import_module(f"posko.store.{stage}")


def from_stores(name: str) -> dict[str, Any]:
    """A registry that every stage's store may have a part of (WORDS), as one."""
    gathered: dict[str, Any] = {}
    for stage in STAGES:
        gathered.update(getattr(_store(stage), name, {}))
    return gathered


def hits_for(request: Request, election: facts.Election, text: str) -> list[dict[str, Any]]:
    """Places and things that match, from every stage that can be searched and that this person may read."""
    urls: dict[str, str] = _collect("HITS")
    found = []
    for stage in STAGES:
        store = _store(stage)
        find = getattr(store, "find", None)
        if find is None or not may(request, f"{stage}.read"):
            continue
        for hit in find(request.person, election.code, text, request.at):
            url = urls.get(hit.kind)
            found.append(
                {
                    "label": hit.label,
                    "detail": hit.detail,
                    "kind": hit.kind,
                    "href": reverse(url, args=[election.code, *hit.args]) if url else "",
                }
            )
    return found


def _may_in(asked: Request, act: str, election: facts.Election) -> bool:
    """Whether this person may do an act in an election that the address may not name."""
    shown = asked.election
    asked.election = election
    allowed = may(asked, act)
    asked.election = shown
    return allowed


def _journal_href(asked: Request, election: facts.Election | None) -> str:
    if election is None or asked.person is None or not _may_in(asked, "record.read", election):
        return ""
    return reverse("desk:record", args=[election.code])


@cache
def _names() -> frozenset[str]:
    """The names of all pages: a stage may be thin, and have none that bears its own."""
    return frozenset(getattr(pattern, "name", "") for module in _modules() for pattern in module.urlpatterns)


def _second_line(asked: Request, election: facts.Election | None, name: str, links: tuple[tuple[str, str, str], ...]) -> list[MenuEntry]:
    """The second line of links on the pages of GOODS or of POST; nothing elsewhere."""
    here_now = next((stage for stage, *_ in links if name == stage or name.startswith(f"{stage}_")), "")
    if not here_now or election is None or asked.person is None:
        return []
    return [
        MenuEntry(reverse(f"desk:{stage}", args=[election.code]), label, "", stage == here_now)
        for stage, label, act in links
        if stage in _names() and _may_in(asked, act, election)
    ]


def situation(request: HttpRequest) -> dict[str, Any]:
    """The context of every template: election, time, person, menu, journal head."""
    asked: Any = request
    election = asked.election
    person = asked.person
    elections = record.elections() if person else []
    current = election or (elections[0] if elections else None)
    name = getattr(asked.resolver_match, "url_name", "") or ""
    menu = []
    if person is not None and current is not None:
        menu = [
            MenuEntry(reverse(f"desk:{stage}", args=[current.code]), label, key, name == stage or name.startswith(f"{stage}_"))
            for stage, label, act, key in MENU
            if _may_in(asked, act, current)
        ]
    size, root = record.root() if person else (0, "")
    installation = getattr(asked, "installed", None) or record.installation()
    return {
        "election": current,
        "election_code": current.code if current else "",
        "elections": elections,
        "now": asked.at,
        "clock_stored": record.clock_is_stored(),
        "simulated": bool(installation.demo),
        "drill": installation.drill,
        "place_name": installation.name,
        "person": person,
        "person_name": access.display_name(request.user) if person else "",
        "menu": menu,
        "goods_nav": _second_line(asked, current, name, GOODS),
        "post_nav": _second_line(asked, current, name, POST),
        "table_nav": _second_line(asked, current, "rakor" if name.startswith("packs") else name, TABLE),
        "journal_size": size,
        "journal_root": root,
        "journal_href": _journal_href(asked, current),
        "other_page": "papan" if person is not None and current is not None and _may_in(asked, "board.read", current) else "tugas",
        "version": posko.__version__,
    }
