"""Stage thresholds: From which value on does an early warning speak, and who answers for that value?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
