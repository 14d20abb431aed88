"""Stage requests: what does one agency ask of another, and what came of it?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
