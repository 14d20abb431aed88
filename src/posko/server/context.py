"""What every template may show: where we stand and who we are."""

from typing import Any

from django.http import HttpRequest

from posko.desk import shell


def situation(request: HttpRequest) -> dict[str, Any]:
    """The election, the time, the person and the menu that this person may open."""
    if not hasattr(request, "machine_at"):
        return {}
    return shell.situation(request)
