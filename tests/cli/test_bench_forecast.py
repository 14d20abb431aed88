"""The gate of the forecast's measurement: it lets the kernel pass and refuses biased ones."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from posko.cli.benchmarks import forecast as gate
from posko.planning import program as programs

COUNT = 20_000


@lru_cache
def tight() -> programs.Compiled:
    return programs.compiled(dict(gate.cases())["mepet"])


def test_the_kernel_passes_the_gate() -> None:
    found = gate.judged("mepet", tight(), tight(), COUNT)
    assert found.good, found
    assert 0.2 < found.kernel < 0.9, "a gate where nothing is in doubt sees nothing"


@pytest.mark.parametrize("fault", ["ways three per cent too long", "a table of 32 bins", "the last way a quarter of an hour too short"])
def test_a_biased_kernel_is_refused(fault: str) -> None:
    made = tight()
    p = made.program
    if fault.startswith("ways"):
        planted = p._replace(main=(p.main * 1.03).astype(np.int32))
    elif fault.startswith("a table"):
        steps = np.arange(p.main.shape[1]) // 128 * 128
        planted = p._replace(main=np.ascontiguousarray(p.main[:, steps]))
    else:
        minutes = np.minimum(np.arange(p.ready.shape[1]) + 15, p.ready.shape[1] - 1)
        planted = p._replace(ready=np.ascontiguousarray(p.ready[:, minutes]))
    found = gate.judged("mepet", replace(made, program=planted), made, COUNT)
    assert not found.good, found
