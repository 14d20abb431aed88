"""All addresses. A stage's addresses stand in its own file."""

from django.urls import include, path

from posko.desk import (
    access,
    aght,
    board,
    bundles,
    calls,
    custody,
    disputes,
    distribution,
    dpt,
    drill,
    evidence,
    forecast,
    home,
    inbox,
    keys,
    labels,
    materials,
    merging,
    minutes,
    misuse,
    needs,
    neutrality,
    packing,
    packs,
    places,
    pledges,
    posts,
    products,
    rakor,
    readiness,
    receipts,
    recommendations,
    record,
    regulation,
    releases,
    replanning,
    reports,
    requests,
    returns,
    sampling,
    seals,
    searching,
    sorting,
    stock,
    thresholds,
    transfers,
    travel,
    weather,
    worksheet,
)
from posko.public import misuse as public_misuse
from posko.public import releases as public_releases
from posko.public import reports as public_reports

STAGES = [
    board, home, inbox, searching, access, record, thresholds, places, regulation, dpt, needs, labels, evidence, stock,
    receipts, sorting, seals, packing, sampling, pledges, keys, travel, weather, distribution, returns, worksheet, replanning,
    custody, transfers,
    readiness, reports, posts, misuse, merging, aght, forecast, calls,
    recommendations, products, requests, rakor, packs, materials, disputes, minutes, releases, neutrality, bundles, drill,
]  # fmt: skip

urlpatterns = [
    path("", include(([*public_misuse.urlpatterns, *public_reports.urlpatterns, *public_releases.urlpatterns], "public"))),
    path("", include(([pattern for stage in STAGES for pattern in stage.urlpatterns], "desk"))),
]
handler403 = "posko.server.errors.forbidden"
handler404 = "posko.server.errors.missing"
handler500 = "posko.server.errors.broken"
