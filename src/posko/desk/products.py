"""Stage products: What does the office report upward, from the same data?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
