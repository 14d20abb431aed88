"""Keys of the warehouse: three are registered, one goes to the police before voting; openings, one of them at night by two agencies."""

from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import keys as rules
from posko.domain.keys import Act
from posko.store import keys

REGISTERED_AT = datetime(2023, 11, 20, 2, 0, tzinfo=UTC)


def run(ctx: Context) -> None:
    """Needs the places."""
    site = next(iter(keys.warehouses(ctx.election)))
    ani, lutfi, hadi = ctx.people["ani"], ctx.people["lutfi"], ctx.people["hadi"]
    for number in (1, 2, 3):
        keys.register(ctx.election, site, number, "KPU", ani, REGISTERED_AT)
    code = rules.key_code(site, 3)
    given_at = ctx.rakor_at - timedelta(days=1)
    keys.act(ctx.election, code, Act.GIVE, ani, given_at, to="POLRES", seen=keys.get(ctx.election, code, given_at).last_id)
    taken_at = given_at + timedelta(minutes=40)
    keys.act(ctx.election, code, Act.RECEIVE, hadi, taken_at, seen=keys.get(ctx.election, code, taken_at).last_id)
    keys.open_warehouse(ctx.election, site, rules.Why.GOODS_IN, lutfi, datetime(2023, 12, 4, 3, 0, tzinfo=UTC))
    keys.open_warehouse(ctx.election, site, rules.Why.GOODS_OUT, lutfi, datetime(2024, 2, 12, 21, 0, tzinfo=UTC), hadi)
    ctx.say("    3 kunci gudang, satu dipegang Polres; 2 pembukaan dicatat, satu malam hari oleh dua lembaga [SIMULASI]")
