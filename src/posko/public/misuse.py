"""The form for misuse of the post: it goes to the overseer and never to the post."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
