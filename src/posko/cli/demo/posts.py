"""Posts [SIMULASI]: both sides, duty and heartbeats until the eve, posts that fall silent, contacts, cases that only Bawaslu reads."""

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
VOTING = datetime(2024, 2, 13, 17, tzinfo=UTC)  # the day of voting begins, in WIB
LATER = datetime(2024, 6, 1, tzinfo=UTC)


def wib(month: int, day: int, hour: int, minute: int = 0, year: int = 2023) -> datetime:
    """An instant given in WIB."""
    return datetime(year, month, day, hour, minute, tzinfo=text.WIB).astimezone(UTC)


def run(ctx: Context) -> None:
    """Opens the posts a month before the rakor and lives from the week before it until the eve of voting."""
    if access.person_named("maya") is None:
        grant = access_rules.Grant("kejati.pemantau", "19.06", SINCE)
        ctx.people["maya"] = access.add_user("maya", "posko-demo", "Maya", "KEJATI", [grant], ctx.people["kartika"], SINCE)
    opened = _open(ctx)
    _duty(ctx)
    _duty_until_the_eve(ctx)
    beats = _live(ctx, opened)
    _coverage(ctx)
    ticket = _misuse(ctx)
    at = ctx.rakor_at
    cover = posts.coverage(ctx.election, at)
    silent = [p.name for p in opened if posts.beats(ctx.election, at)[p.code].pulse is rules.Pulse.SILENT]
    answered = sum(c.cover is rules.Cover.POST for c in cover)
    later = [p.name for p in opened if posts.beats(ctx.election, ctx.eve_at)[p.code].pulse is rules.Pulse.SILENT]
    ctx.say(f"    {len(opened)} pos dibuka, {text.angka(beats)} tanda hidup sampai malam H-1 [SIMULASI]")
    ctx.say(f"    diam pada 5 Desember: {', '.join(silent)}; diam pada 13 Februari: {', '.join(later)}")
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


def _duty_until_the_eve(ctx: Context) -> None:
    """The weeks from the rakor to the day of voting, entered a month at a time; no duty on 25 December and 1 January."""
    gita, fajar = ctx.people["gita"], ctx.people["fajar"]
    kecamatan = places.kecamatan_list(record.election(ctx.election).region)[1:4]
    mine: list[tuple[str, str, tuple[int, ...], int, int]] = [
        ("KEJARI-BELTIM", "p-citra", (0, 1, 2, 3, 4), 8, 14), ("KEJARI-BELTIM", "PIKET-01", (0, 1, 2, 3, 4), 14, 20),
        ("KEJARI-BELTIM", "PIKET-02", (5,), 8, 14),
        *((f"KEC-{_short(k.name)}", f"PIKET-{3 + n:02}", (0, 1, 2, 3, 4), 8, 16) for n, k in enumerate(kecamatan)),
    ]  # fmt: skip
    theirs: list[tuple[str, str, tuple[int, ...], int, int]] = [
        ("KPU-BELTIM", "p-ani", (0, 1, 2, 3, 4), 8, 16), ("KPU-BELTIM", "PIKET-11", (0, 1, 2, 3, 4), 16, 20),
        ("KPU-BELTIM", "PIKET-12", (5,), 8, 14), ("PPK-GANTUNG", "p-budi", (0, 1, 2, 3, 4), 8, 16),
    ]  # fmt: skip
    months = (
        (wib(12, 8, 15), wib(12, 11, 0), wib(1, 14, 0, year=2024)),
        (wib(1, 12, 15, year=2024), wib(1, 15, 0, year=2024), VOTING),
    )
    for at, first, last in months:
        for plan, actor in ((mine, gita), (theirs, fajar)):
            for post, who, weekdays, begins, ends in plan:
                days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
                on = [d for d in days if d.astimezone(text.WIB).weekday() in weekdays and not _holiday(d)]
                spans = [rules.Span(d + timedelta(hours=begins), d + timedelta(hours=ends)) for d in on]
                posts.add_shifts(ctx.election, post, who, spans, actor, at)


def _holiday(at: datetime) -> bool:
    day = at.astimezone(text.WIB)
    return (day.month, day.day) in {(12, 25), (1, 1)}


def _live(ctx: Context, opened: list[rules.Post]) -> int:
    """Heartbeats from the week before the rakor to the eve; some lines of logbook.

    Silent on purpose: the third post of the prosecutor's from 1 to 6 December; on the eve its second one, whose line is cut since the
    12th, and the last PPS, from which nobody has been heard since the Friday before.
    """
    early, cut, lost = opened[3].code, opened[2].code, opened[-1].code
    quiet = ((early, wib(12, 1, 9), wib(12, 6, 9)), (cut, wib(2, 12, 9, year=2024), LATER), (lost, wib(2, 9, 9, year=2024), LATER))
    moments = []
    for post in opened:
        if post.elsewhere:
            continue
        who = ctx.people["citra" if post.side is rules.Side.KEJAKSAAN else "ani"]
        for opening in rules.openings(post.hours, wib(11, 28, 0), ctx.eve_at):
            at = opening.from_at + timedelta(minutes=7)
            while at < opening.until_at:
                still = any(code == post.code and since <= at < until for code, since, until in quiet)
                if not still and not _holiday(at):
                    moments.append((at, post.code, who))
                at += timedelta(hours=post.beat_hours)
    taps = posts.relive(ctx.election, moments)
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
