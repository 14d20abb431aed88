"""Posts [SIMULASI]: both sides, a week of duty, heartbeats with one silent post, contacts, and cases that only Bawaslu reads."""

from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import access as access_rules
from posko.domain import misuse as misuse_rules
from posko.domain import posts as rules
from posko.domain import reports as ticket_rules
from posko.domain.record import Actor
from posko.formats import text
from posko.store import access, misuse, places, posts, record

OFFICE = tuple(rules.Window(day, 8 * 60, 16 * 60) for day in range(5))
LONG = (*(rules.Window(day, 8 * 60, 20 * 60) for day in range(5)), rules.Window(5, 8 * 60, 14 * 60))
ALL = (rules.Service.INTAKE, rules.Service.CONSULTATION, rules.Service.COORDINATION)
SINCE = datetime(2023, 6, 1, tzinfo=UTC)


def wib(month: int, day: int, hour: int, minute: int = 0, year: int = 2023) -> datetime:
    """An instant given in WIB."""
    return datetime(year, month, day, hour, minute, tzinfo=text.WIB).astimezone(UTC)


def run(ctx: Context) -> None:
    """Opens the posts a month before the rakor and lives their last week."""
    if access.person_named("maya") is None:
        grant = access_rules.Grant("kejati.pemantau", "19.06", SINCE)
        ctx.people["maya"] = access.add_user("maya", "posko-demo", "Maya", "KEJATI", [grant], ctx.people["kartika"], SINCE)
    opened = _open(ctx)
    _duty(ctx)
    beats = _live(ctx, opened)
    _coverage(ctx)
    ticket = _misuse(ctx)
    at = ctx.rakor_at
    cover = posts.coverage(ctx.election, at)
    silent = [p.name for p in opened if posts.beats(ctx.election, at)[p.code].pulse is rules.Pulse.SILENT]
    answered = sum(c.cover is rules.Cover.POST for c in cover)
    ctx.say(f"    {len(opened)} pos dibuka, {text.angka(beats)} detak dalam seminggu; diam pada 5 Desember: {', '.join(silent)} [SIMULASI]")
    ctx.say(f"    {answered} dari {len(cover)} desa terliput pos yang menjawab; rekap tanpa isi untuk Kejati (masuk sebagai maya)")
    ctx.say(f"    satu pengaduan tentang posko, hanya untuk Bawaslu; sebuah kode untuk diikuti di /lapor-posko/: {ticket}")


def _open(ctx: Context) -> list[rules.Post]:
    """The Kejari with four kecamatan; the KPU with the PPK of all kecamatan but one and three PPS of Gantung."""
    region = record.election(ctx.election).region
    desa, kecamatan = places.desa_list(region), places.kecamatan_list(region)
    at = wib(11, 6, 8)
    mine = {k.code: tuple(d.code for d in desa if d.kecamatan_code == k.code) for k in kecamatan}
    shown = kecamatan[:4]
    first = tuple(d.code for d in desa if d.kecamatan_code == shown[0].code)
    made = [
        _post("KEJATI-BABEL", "Posko Kejati", rules.Kind.KEJATI, "", region.partition(".")[0], (), OFFICE, 8, at),
        _post("KEJARI-BELTIM", "Posko Kejari Belitung Timur", rules.Kind.KEJARI, "KEJATI-BABEL", region, first, LONG, 4, at),
    ]
    made += [
        _post(
            f"KEC-{_short(k.name)}", f"Posko Kejari di {k.name}", rules.Kind.KECAMATAN, "KEJARI-BELTIM", k.code, mine[k.code], OFFICE, 4, at
        )
        for k in shown[1:]
    ]
    made.append(_post("KPU-BELTIM", "KPU Belitung Timur", rules.Kind.KPU, "", region, first, LONG, 4, at))
    made += [
        _post(f"PPK-{_short(k.name)}", f"PPK {k.name}", rules.Kind.PPK, "KPU-BELTIM", k.code, mine[k.code], OFFICE, 8, at)
        for k in kecamatan[:-1]
    ]
    gantung = next(k for k in kecamatan if k.code.endswith(".02"))
    made += [
        _post(f"PPS-{_short(d.name)}", f"PPS {d.name}", rules.Kind.PPS, f"PPK-{_short(gantung.name)}", d.code, (d.code,), OFFICE, 8, at)
        for d in [d for d in desa if d.kecamatan_code == gantung.code][:3]
    ]
    for post in made:
        posts.open_post(ctx.election, post, ctx.people["gita" if post.side is rules.Side.KEJAKSAAN else "fajar"], at)
    return made


def _short(name: str) -> str:
    return name.upper().replace(" ", "-")[:18]


def _post(
    code: str,
    name: str,
    kind: rules.Kind,
    parent: str,
    place: str,
    served: tuple[str, ...],
    hours: tuple[rules.Window, ...],
    rhythm: int,
    at: datetime,
) -> rules.Post:
    services = ALL if rules.SIDES[kind] is rules.Side.KEJAKSAAN else (rules.Service.COORDINATION,)
    return rules.Post(code, name, kind, parent, place, served, services, hours, rhythm, at, mark="[SIMULASI]")


def _spans(first: datetime, days: int, begins: int, ends: int) -> list[rules.Span]:
    starts = [first + timedelta(days=n, hours=begins) for n in range(days)]
    return [rules.Span(start, start + timedelta(hours=ends - begins)) for start in starts]


def _duty(ctx: Context) -> None:
    """The week of the rakor; Thursday evening and one kecamatan are left open, as rosters are."""
    monday, at = wib(12, 4, 0), wib(12, 3, 19)
    gita, fajar = ctx.people["gita"], ctx.people["fajar"]
    kecamatan = places.kecamatan_list(record.election(ctx.election).region)[1:3]
    for post, who, days, begins, ends in (
        ("KEJARI-BELTIM", "p-citra", 5, 8, 14), ("KEJARI-BELTIM", "PIKET-01", 3, 14, 20), ("KEJARI-BELTIM", "PIKET-02", 6, 8, 14),
        (f"KEC-{_short(kecamatan[0].name)}", "PIKET-03", 5, 8, 16), (f"KEC-{_short(kecamatan[1].name)}", "PIKET-04", 3, 8, 16),
    ):  # fmt: skip
        posts.add_shifts(ctx.election, post, who, _spans(monday, days, begins, ends), gita, at)
    for post, who, days, begins, ends in (
        ("KPU-BELTIM", "p-ani", 5, 8, 16), ("KPU-BELTIM", "PIKET-11", 5, 16, 20), ("PPK-GANTUNG", "p-budi", 5, 8, 16),
    ):  # fmt: skip
        posts.add_shifts(ctx.election, post, who, _spans(monday, days, begins, ends), fajar, at)


def _live(ctx: Context, opened: list[rules.Post]) -> int:
    """Heartbeats of the week before the rakor; the third post of the prosecutor's fell silent on 1 December. Some lines of logbook."""
    quiet = opened[3].code
    taps = 0
    moments = []
    for post in opened:
        if post.elsewhere:
            continue
        who = ctx.people["citra" if post.side is rules.Side.KEJAKSAAN else "ani"]
        span = rules.Span(wib(11, 28, 0), ctx.rakor_at)
        for opening in rules.openings(post.hours, span.from_at, span.until_at):
            at = opening.from_at + timedelta(minutes=7)
            while at < opening.until_at:
                if post.code != quiet or at < wib(12, 1, 9):
                    moments.append((at, post.code, who))
                at += timedelta(hours=post.beat_hours)
    for at, code, who in sorted(moments, key=lambda m: (m[0], m[1])):
        taps += posts.tap(ctx.election, code, who, at)
    _note(ctx, wib(12, 4, 9, 20), rules.Note.VISIT, 2, "WARGA", "[SIMULASI] Menanyakan cara pindah memilih; diarahkan ke PPS.")
    _note(ctx, wib(12, 4, 11, 5), rules.Note.CONSULTATION, 1, "PEMDA", "[SIMULASI] Batas bantuan kendaraan dinas untuk logistik.")
    _note(ctx, wib(12, 4, 13, 45), rules.Note.COORDINATION, 4, "KPU", "[SIMULASI] Membahas atap gudang yang bocor menjelang rakor.")
    _note(ctx, wib(12, 5, 8, 15), rules.Note.HANDOVER, 1, "KEJARI", "")
    _note(ctx, wib(12, 5, 9, 40), rules.Note.VISIT, 3, "WARGA", "[SIMULASI] Menanyakan kapal ke pulau pada hari pemungutan.")
    return taps


def _note(ctx: Context, at: datetime, note: rules.Note, people: int, counterpart: str, said: str) -> None:
    posts.write_note(ctx.election, "KEJARI-BELTIM", note, said, ctx.people["citra"], at, people=people, counterpart=counterpart)


def _coverage(ctx: Context) -> None:
    """Contacts of the Kejari in desa where the prosecutor has no post; two of them are left without anything."""
    bare = [c.desa for c in posts.coverage(ctx.election, ctx.rakor_at, rules.Side.KEJAKSAAN) if c.cover is rules.Cover.NONE]
    for n, desa in enumerate(bare[:-2]):
        role, channel = (("PPS", "PESAN"), ("KEPALA_DESA", "TELEPON"), ("BABINSA", "RADIO"))[n % 3]
        posts.add_contact(ctx.election, "KEJARI-BELTIM", desa, role, channel, ctx.people["citra"], wib(12, 4, 15))


def _misuse(ctx: Context) -> str:
    """Two cases for Bawaslu: one that waits, one that was answered. The ticket of the second."""
    region_posts = [code for code, _ in misuse.choices(ctx.election, ctx.rakor_at)]
    told = (
        (
            wib(12, 1, 20),
            misuse_rules.Category.AUTHORITY,
            "[SIMULASI] Petugas meminta daftar nama anggota kelompok warga yang datang bertanya.",
        ),
        (wib(12, 4, 18), misuse_rules.Category.LEAK, "[SIMULASI] Isi laporan saya sudah diketahui orang lain sehari sesudah saya melapor."),
    )
    tickets = []
    for at, category, words in told:
        filing = misuse_rules.filing(
            words, category=category, channel=misuse_rules.Channel.PUBLIC, post="KEJARI-BELTIM", posts=region_posts, at=at
        )
        tickets.append(misuse.file(ctx.election, filing, at))
    juwita: Actor = ctx.people["juwita"]
    misuse.step(ctx.election, "SLH-001", misuse_rules.Status.LOOKING, juwita, wib(12, 2, 10))
    misuse.step(
        ctx.election,
        "SLH-001",
        misuse_rules.Status.ANSWERED,
        juwita,
        wib(12, 4, 16),
        outcome=misuse_rules.Outcome.CORRECTED,
        answer="[SIMULASI] Daftar itu sudah dimusnahkan; petugas diingatkan bahwa yang bertanya tidak perlu menyebut nama.",
    )
    return ticket_rules.grouped(tickets[0])
