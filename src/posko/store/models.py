"""Django finds the tables here; each stage keeps its own in its own file."""

from posko.store import (  # noqa: F401
    access,
    aght,
    distribution,
    dpt,
    needs,
    places,
    rakor,
    readiness,
    receipts,
    recommendations,
    record,
    regulation,
    reports,
)
