"""Kernels that numba compiles, where there is numba: the first process of a checkout compiles and keeps them, later ones read them."""

import functools
import importlib
import os
from types import ModuleType

SWITCHED_OFF = "POSKO_TANPA_NUMBA"


@functools.cache
def kernel(name: str) -> ModuleType | None:
    """A module of this package that needs numba; None without numba or with POSKO_TANPA_NUMBA set (numba takes a moment to import)."""
    if os.environ.get(SWITCHED_OFF):
        return None
    try:
        return importlib.import_module(f"posko.planning.{name}")
    except ImportError:
        return None
