"""Transfers: the morning of 27 November 2024 at TPS 003 Jangkar Asam, replayed.

Sourced (trawangnews.com, 27 November 2024): Pilkada, TPS 003 Jangkar Asam, 100 ballots short, voters waited until more came at 11.00. Which
contest, how many voters, and who had too many was not published: that part is [SIMULASI], with surpluses as in Bantul, where what one box
lacked lay in its neighbours'.
"""

from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import transfers as rules
from posko.formats import text
from posko.store import access, transfers

ELECTION, CONTEST, MARK = "pilkada-2024", "GUB", "[SIMULASI]"
OPENED_AT = datetime(2024, 11, 27, 0, 10, tzinfo=UTC)  # 07.10 WIB
PROPOSED_AT = datetime(2024, 11, 27, 0, 30, tzinfo=UTC)
APPROVED_AT = datetime(2024, 11, 27, 0, 35, tzinfo=UTC)
DEADLINE_AT = datetime(2024, 11, 27, 3, 0, tzinfo=UTC)  # 10.00 WIB
CAME_AT = datetime(2024, 11, 27, 4, 0, tzinfo=UTC)  # 11.00 WIB, as the news says
VOTERS, NEEDED = 501, 514
SOURCE = "trawangnews.com, 27 November 2024"
# TPS, found: the first is the fact, the others are made up.
COUNTS = (
    ("19.06.02.2003.003", 414),
    ("19.06.02.2003.001", 514),
    ("19.06.02.2011.002", 564),
    ("19.06.02.2009.003", 574),
    ("19.06.02.0000.040", 554),
    ("19.06.01.2007.004", 634),
)


def run(ctx: Context) -> None:
    """Counts at the opening, the proposal of 07.30, its approval; and what that would have saved."""
    budi, ani = ctx.people["budi"], ctx.people["ani"]
    for tps, found in COUNTS:
        line = rules.Reported(rules.BALLOT, CONTEST, found, NEEDED, VOTERS)
        reporter = budi if tps.startswith("19.06.02.") else ani
        note = f"kurang 100 menurut {SOURCE}" if found < NEEDED else ""
        transfers.report_counts(ELECTION, tps, [line], "opening", reporter, OPENED_AT, note=note, mark=MARK)
    basis = f"kekurangan menurut {SOURCE}; kelebihan TPS lain disimulasikan"
    made = transfers.propose(ELECTION, rules.BALLOT, CONTEST, rules.Keeping(), PROPOSED_AT, DEADLINE_AT, ani, PROPOSED_AT, basis, MARK)
    fajar = access.person_named("fajar")
    assert fajar is not None
    transfers.decide(ELECTION, made.code, True, "", fajar, APPROVED_AT)
    _say(ctx, made)


def _say(ctx: Context, made: rules.Proposal) -> None:
    trips = [t for t in transfers.transfers(ELECTION, APPROVED_AT) if t.proposal == made.code]
    names = transfers.tps_names(ELECTION, {end for t in trips for end in (t.leg.giver, t.leg.receiver)})
    ctx.say(
        f"    Pilkada 2024, {text.jam(made.proposed_at)}: {names[made.legs[0].receiver]} kurang {made.wanted}; usulan {made.code} menutup "
        f"{made.covered} dengan {len(trips)} perjalanan {MARK}"
    )
    for trip in trips:
        leg = trip.leg
        ctx.say(
            f"      {leg.pieces} dari {names[leg.giver]}: {text.menit(leg.minutes)} di jalan, terhitung {text.jam(leg.arrive_at)} PERKIRAAN"
        )
    last_at = max(t.leg.arrive_at for t in trips)
    saved = int((CAME_AT - last_at) / timedelta(minutes=1))
    ctx.say(f"      Kenyataannya surat suara datang {text.jam(CAME_AT)} ({SOURCE}): {text.menit(saved)} lebih lambat")
