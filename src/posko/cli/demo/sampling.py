"""Sampling: some of the sealed boxes are opened again before they leave, drawn with dice thrown in public. All [SIMULASI]."""

from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import sampling as rules
from posko.formats import sampling as words
from posko.formats import text
from posko.store import sampling

MARK = "[SIMULASI]"
# The day before the islands' boxes leave.
COMMITTED_AT = datetime(2024, 2, 11, 2, 0, tzinfo=UTC)
DRAWN_AT = COMMITTED_AT + timedelta(minutes=40)
DICE = "4162 3551 2643 1165 2436 5213 6244"
CONFIDENCE, SHARE_PERMILLE = 950, 50


def run(ctx: Context) -> None:
    """Freeze the list, draw, open every drawn box; one holds a sheet too few."""
    boxes = sampling.population(ctx.election, COMMITTED_AT)
    if not boxes:
        ctx.say("    Belum ada kotak bersegel untuk diuji petik")
        return
    tolerable = rules.tolerable_of(len(boxes), SHARE_PERMILLE)
    expected = min(1, tolerable)
    size = rules.sample_size(len(boxes), tolerable, rules.risk_of(CONFIDENCE), expected)
    plan = rules.Plan(size, tolerable, CONFIDENCE, 1, expected)
    (made,) = sampling.commit(ctx.election, {"": plan}, "dice", "", ctx.people["ani"], COMMITTED_AT, MARK)
    drawn = sampling.draw(ctx.election, made.code, DICE, ctx.people["ani"], DRAWN_AT)
    short = len(drawn.drawn) // 2 if expected else -1
    for number, box in enumerate(drawn.drawn):
        at = DRAWN_AT + timedelta(minutes=4 * (number + 1))
        kinds = ("short",) if number == short else ()
        note = "satu lembar kurang dari ikatnya" if kinds else ""
        sampling.record_result(ctx.election, made.code, box, not kinds, kinds, ctx.people["lutfi"], ctx.people["oki"], at, note=note)
    found = sampling.get_audit(ctx.election, made.code, ctx.eve_at)
    opened = f"{text.angka(size)} dari {text.angka(len(boxes))} kotak dibuka"
    ctx.say(f"    {made.code}: {opened}, {found.wrong} salah, benih dadu {drawn.seed} {MARK}")
    ctx.say(f"    {words.sentence(rules.statement(found))}")
