"""The background worker: polls for requests, computes outside any transaction, records the answer."""

import logging
import time
from datetime import UTC, datetime

from django.db import close_old_connections

from posko.domain import distribution as rules
from posko.domain import record as facts
from posko.planning import routes
from posko.store import distribution, record

POLL_SECONDS = 1.0
_log = logging.getLogger(__name__)


def run_forever(poll_seconds: float = POLL_SECONDS) -> None:
    """Until the process is ended; a fault in one request is recorded with it and does not end the worker."""
    while True:
        close_old_connections()
        if not run_once():
            time.sleep(poll_seconds)


def run_once() -> bool:
    """Works on one request if one waits; whether there was one."""
    request = distribution.take_request(_now())
    if request is None:
        return False
    try:
        make_plan(request)
    except facts.Refusal as refusal:
        distribution.fail_request(request, refusal.code, refusal.facts, _now())
    except Exception:
        _log.exception("plan request %s", request.id)
        distribution.fail_request(request, "distribution.broken", {}, _now())
    return True


def make_plan(request: distribution.PlanRequest) -> None:
    """Solves one request; a plan that leaves something behind is not recorded, its reasons are kept with the request."""
    at = record.clock(_now())
    given = distribution.inputs(request.election, at)
    stop = routes.Stop(seconds=request.seconds)
    made = routes.plan(given.loads, given.network, given.fleet, given.rules, seed=request.seed, stop=stop)
    if not made.feasible:
        brought = sum(len(load.tps) for load in given.loads if load.code in made.arrivals())
        total = sum(len(load.tps) for load in given.loads)
        distribution.fail_request(request, rules.Infeasible.code, {"brought": brought, "tps": total}, _now(), made.unassigned)
        return
    distribution.record_plan(request.election, made, given.digest, request.actor, at, request=request, machine_at=_now())


def _now() -> datetime:
    return datetime.now(UTC)
