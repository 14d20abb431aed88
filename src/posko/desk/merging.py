"""Stage merging: Which reports tell of the same thing?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
