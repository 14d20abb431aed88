"""Fixtures for every test: the cast, Belitung Timur, reference data beside the checkout."""

import gc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", derandomize=True, max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
settings.register_profile("all", derandomize=True, max_examples=400, deadline=None, database=None)
settings.load_profile("quick")

SHARED = Path(__file__).resolve().parents[2] / "shared"
RAKOR_AT = datetime(2023, 12, 5, 3, 0, tzinfo=UTC)
EVE_AT = datetime(2024, 2, 13, 13, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also the slow, exhaustive runs")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()
    if config.getoption("--all"):
        settings.load_profile("all")


def pytest_collection_finish() -> None:
    """Modules and collected tests are never garbage: looking through all of them again and again took a fifth of the pages' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--all"):
        skip = pytest.mark.skip(reason="slow: ./posko test --all")
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(skip)
    if not SHARED.is_dir():
        absent = pytest.mark.skip(reason="TIDAK DIUJI: reference data (../shared) is absent")
        for item in items:
            if "shared" in item.keywords:
                item.add_marker(absent)


@pytest.fixture(autouse=True)
def _journal_guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """append is the last write of its transaction; and the triggers step aside for the flush after a transactional test."""
    names = set(request.fixturenames)
    marker = request.node.get_closest_marker("django_db")
    if not names & {"db", "transactional_db", "django_db_setup"} and marker is None:
        yield
        return
    from django.db import connection

    from posko.store import record

    written: list[int] = []
    plain_append = record.append

    def append(*args: Any, **kwargs: Any) -> Any:
        receipts = plain_append(*args, **kwargs)
        if receipts:
            written[:] = [len(connection.savepoint_ids)]
        return receipts

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if written and (not connection.in_atomic_block or len(connection.savepoint_ids) < written[0]):
            written.clear()
        word = sql.lstrip().split(" ", 1)[0].upper()
        if (
            written
            and word in {"INSERT", "UPDATE", "DELETE"}
            and not any(t in sql for t in ("journal_", "access_log", "access_count", "django_session"))
        ):
            raise AssertionError(f"a write after record.append in the same transaction: {sql[:120]}")
        return execute(sql, params, many, context)

    monkeypatch.setattr(record, "append", append)
    with connection.execute_wrapper(watch) if not connection.settings_dict.get("_blocked") else nullcontext():
        yield
    transactional = "transactional_db" in names or (marker is not None and marker.kwargs.get("transaction"))
    if transactional:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'journal_%'")
                for (name,) in cursor.fetchall():
                    cursor.execute(f"DROP TRIGGER {name}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Before the database of the tests is made: its migrations run once for all processes of ./posko test."""
    from tests import kept

    kept.migrated_once()


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("TIDAK DIUJI: reference data (../shared) is absent")
    return SHARED


def quick_passwords(patch: Callable[[Any, str, Any], None]) -> None:
    """Argon2 is slow on purpose; ten people a test would take most of the run."""
    from django.contrib.auth import hashers

    patch(hashers.get_hasher("argon2").__class__, "time_cost", 1)
    patch(hashers.get_hasher("argon2").__class__, "memory_cost", 64)


@pytest.fixture
def installation(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A demo installation of Belitung Timur with both elections and the cast, no places yet."""
    from tests import kept, scene

    quick_passwords(monkeypatch.setattr)
    with kept.begun():
        yield kept.state(("installed", scene.install))


@pytest.fixture
def db_beltim(installation: Any) -> Any:
    """Places, rulebook, voters and needs of pemilu-2024."""
    from tests import beltim

    beltim.at("needs")
    return installation


@pytest.fixture
def cast(installation: Any) -> Any:
    """People by first name: domain.access.Person."""
    return installation.people


@pytest.fixture
def client_for(installation: Any) -> Callable[[str], Any]:
    """A signed-in Django test client by first name; the stored clock stands at the rakor of 5 December 2023."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    def make(name: str) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.get(username=name))
        return client

    return make
