"""The one page of each role: its few actions."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
