"""Stage stock: screens."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from posko.desk import shell


@shell.page("stock.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The first page."""
    return render(request, "desk/inbox/index.html", {"tasks": []})


urlpatterns: list[URLPattern] = [path("<slug:election>/stok/", index, name="stock")]
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[str, str]] = {}
