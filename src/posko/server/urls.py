"""All addresses. A stage's addresses stand in its own file."""

from django.urls import include, path

from posko.desk import (
    access,
    aght,
    board,
    distribution,
    dpt,
    evidence,
    inbox,
    labels,
    needs,
    packing,
    places,
    rakor,
    readiness,
    receipts,
    recommendations,
    record,
    regulation,
    reports,
    sampling,
    seals,
    searching,
    sorting,
    stock,
    transfers,
)
from posko.public import reports as public_reports

STAGES = [
    board, inbox, searching, access, record, places, regulation, dpt, needs, labels, evidence, stock,
    receipts, sorting, seals, packing, sampling, distribution, transfers, readiness, reports, aght, recommendations, rakor,
]  # fmt: skip

urlpatterns = [
    path("", include((public_reports.urlpatterns, "public"))),
    path("", include(([pattern for stage in STAGES for pattern in stage.urlpatterns], "desk"))),
]
handler403 = "posko.server.errors.forbidden"
handler404 = "posko.server.errors.missing"
handler500 = "posko.server.errors.broken"
