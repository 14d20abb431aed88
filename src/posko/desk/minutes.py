"""Stage minutes: what was said and decided, signed by whom, sent to whom?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
