"""Stage misuse: Who says that the post itself is misused, and what does its overseer do about it?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
