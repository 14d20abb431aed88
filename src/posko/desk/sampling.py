"""Stage sampling: screens."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[str, str]] = {}
