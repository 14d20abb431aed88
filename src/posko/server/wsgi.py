"""The application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posko.server.settings")
application = get_wsgi_application()

from posko.store import record  # noqa: E402  (tables exist only after Django is set up)

record.require_triggers()  # nothing is served over a journal that could be changed
record.require_mark()  # nor a drill that looks real, nor a real one that looks like a drill
