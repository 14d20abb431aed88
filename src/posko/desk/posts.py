"""Stage posts: Who listens where: the posts, their duty, their coverage?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
