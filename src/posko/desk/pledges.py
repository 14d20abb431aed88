"""Stage pledges: What have Pemda and Polres promised, who owns it, and where does it stand?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
