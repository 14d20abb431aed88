"""The background worker: polls for requests and for publications that are due, computes outside any transaction, records the answer."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import close_old_connections

from posko.domain import distribution as rules
from posko.domain import record as facts
from posko.domain import releases as release_rules
from posko.planning import routes
from posko.server import publishing
from posko.store import distribution, drill, extracts, forecast, record, releases, replanning, worksheet

POLL_SECONDS = 1.0
PAGES_SECONDS = 20.0
"""The public pages follow a publication that a person sent out within so many seconds."""
BEAT_SECONDS = 1.0
"""A search gives a sign of life, and looks whether it is still wanted, so often."""
NEWS_SECONDS = 5.0
"""Whether an outlook is overtaken is looked at when the journal has grown, and every so many seconds."""
_log = logging.getLogger(__name__)


def run_forever(poll_seconds: float = POLL_SECONDS) -> None:
    """Until the process is ended; a fault in one request is recorded with it and does not end the worker."""
    looked = asked = float("-inf")
    size = -1
    while True:
        close_old_connections()
        inject_due()
        grown = forecast.journal_size()
        if grown != size or time.monotonic() - asked >= NEWS_SECONDS:
            ask_ahead()
            size, asked = grown, time.monotonic()
        made = publish_due()
        if made or time.monotonic() - looked >= PAGES_SECONDS:
            keep_pages()
            looked = time.monotonic()
        if not run_once():
            time.sleep(poll_seconds)


def run_once() -> bool:
    """Works on one request if one waits; whether there was one."""
    request = distribution.take_request(_now())
    if request is None:
        return look_ahead()
    try:
        _WORK[request.task](request)
    except rules.Cancelled:
        _log.info("request %s was cancelled", request.id)
    except facts.Refusal as refusal:
        distribution.fail_request(request, refusal.code, refusal.facts, _now())
    except Exception:
        _log.exception("request %s (%s)", request.id, request.task)
        distribution.fail_request(request, "distribution.broken", {}, _now())
    return True


def look_ahead() -> bool:
    """Works on one request for an outlook if one waits; whether there was one."""
    request = forecast.take_request(_now())
    if request is None:
        return False
    try:
        at, seen = record.clock(_now()), forecast.journal_size()
        outlook, plan = forecast.make(request.election, at, request.seed)
        mark = "[SIMULASI]" if record.installation().demo else ""
        forecast.record_outlook(request.election, outlook, plan, request.actor, at, request=request, mark=mark, seen_leaf=seen)
    except facts.Refusal as refusal:
        forecast.fail_request(request, refusal.code, record.clock(_now()))
    except Exception:
        _log.exception("outlook request %s", request.id)
        forecast.fail_request(request, "forecast.broken", record.clock(_now()))
    return True


def ask_ahead() -> None:
    """An outlook that something has overtaken is made again, without anybody's asking."""
    try:
        for code in forecast.ask_ahead(record.clock(_now()), _now()):
            _log.info("outlook of %s asked for", code)
    except Exception:
        _log.exception("asking for outlooks")


def inject_due() -> None:
    """In a drill: what its script wants by now happens. In a real installation nothing, whatever its tables say."""
    try:
        for code in drill.inject_due(record.clock(_now())):
            _log.info("inject %s", code)
    except Exception:
        _log.exception("injects of the drill")


def publish_due() -> int:
    """Sends out what standing rules ask for now; how many publications went out.

    What somebody else published or stopped at that moment is looked at again in the next round. A fault is written down with its slot, so
    that it is not repeated every second and somebody finds it in the inbox.
    """
    at, made = record.clock(_now()), 0
    for election in record.elections():
        try:
            made += extracts.publish_due(election.code, at) is not None
        except (release_rules.Overtaken, release_rules.NotOpen) as refusal:
            _log.info("publication of %s: %s", election.code, refusal.code)
        except Exception:
            _log.exception("publication of %s", election.code)
            _give_up(election.code, at)
    return made


def keep_pages() -> None:
    """Builds the public pages of a publication that is newer than those in place. A fault keeps the old pages and is written to the log."""
    try:
        for built in publishing.keep_in_step(record.clock(_now())):
            _log.info("public pages %s", built)
    except Exception:
        _log.exception("public pages")


def _give_up(election: str, at: datetime) -> None:
    found = releases.due(election, at)
    if found is not None:
        releases.publish_by_rule(election, found[0].rule.code, found[1], None, "releases.broken", at)


def make_plan(request: distribution.PlanRequest) -> None:
    """Solves one request; a plan that leaves something behind is not recorded, its reasons are kept with the request."""
    at = record.clock(_now())
    given = distribution.inputs(request.election, at)
    stop = routes.Stop(seconds=request.seconds)
    made = routes.plan(
        given.loads, given.network, given.fleet, given.rules, seed=request.seed, stop=stop, sea=distribution.sea(request.election, at)
    )
    if not made.feasible:
        left = {tps for load in given.loads if load.code not in made.arrivals() for tps in load.tps}
        total = len({tps for load in given.loads for tps in load.tps})
        brought = total - len(left)
        distribution.fail_request(request, rules.Infeasible.code, {"brought": brought, "tps": total}, _now(), made.unassigned)
        return
    distribution.record_plan(request.election, made, given.digest, request.actor, record.clock(_now()), request=request, machine_at=_now())


def make_repair(request: distribution.PlanRequest) -> None:
    """Searches a repair of the plan in force; what it finds waits for a person."""
    answer = replanning.search(request, record.clock(_now()), _watch(request))
    distribution.found_answer(request, answer, _now())


def make_rest(request: distribution.PlanRequest) -> None:
    """Plans the rest of somebody's draft anew; what it finds waits for that person."""
    answer = worksheet.search(request, record.clock(_now()), _watch(request))
    distribution.found_answer(request, answer, _now())


def _watch(request: distribution.PlanRequest) -> Callable[[int, int], None]:
    """Tells the request how far its search is, at most once a second; Cancelled where nobody wants it any more."""
    told = float("-inf")

    def watch(worked: int, of: int) -> None:
        nonlocal told
        if time.monotonic() - told < BEAT_SECONDS:
            return
        told = time.monotonic()
        if not distribution.beat(request, worked, of, _now()):
            raise rules.Cancelled(request=request.id)

    return watch


_WORK: dict[str, Callable[[distribution.PlanRequest], None]] = {"plan": make_plan, "repair": make_repair, "rest": make_rest}


def _now() -> datetime:
    return datetime.now(UTC)
