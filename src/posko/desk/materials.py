"""Stage materials: what does each agency bring to the table?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
