"""The door of a public form: its size, its trap, and a limit against floods that keeps nothing about the visitor.

The counters stand in memory under a key that is thrown away when the process stops; no address is written anywhere.
"""

import hashlib
import hmac
import secrets

from django.core.cache import cache
from django.http import HttpRequest

BODY_LONGEST = 16 * 1024
PER_VISITOR, PER_HOUSE, WINDOW_S = 6, 60, 600
"""Forms within ten minutes from one address (a village may share one), and from everywhere."""
_KEY = secrets.token_bytes(32)
_FORM = "application/x-www-form-urlencoded"


def unfit(request: HttpRequest, box: str) -> tuple[int, str]:
    """(status, sentence) for what is no citizen's form for this box; (200, "") otherwise. Counts the form."""
    if _too_big(request):
        return 413, "Kiriman terlalu besar. Tulis lebih singkat, tanpa berkas."
    return refused(request, box)


def refused(request: HttpRequest, box: str, what: str = "kiriman") -> tuple[int, str]:
    """Like `unfit` without the size, for a form that may carry files. Counts the form."""
    if request.POST.get("situs", ""):
        return 400, "Kosongkan kolom “situs”, lalu kirim lagi."
    if _flooded(request, box):
        return 429, f"Terlalu banyak {what} dalam sepuluh menit ini. Tunggu sebentar, lalu kirim lagi. Isian Anda masih ada di bawah."
    return 200, ""


def _too_big(request: HttpRequest) -> bool:
    """Longer than any honest form, or carrying files, which are not taken."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > BODY_LONGEST or not request.META.get("CONTENT_TYPE", "").startswith(_FORM)


def _flooded(request: HttpRequest, box: str) -> bool:
    visitor = hmac.new(_KEY, str(request.META.get("REMOTE_ADDR", "")).encode(), hashlib.sha256).hexdigest()
    return count(f"{box}:{visitor}") > PER_VISITOR or count(f"{box}:semua") > PER_HOUSE


def count(key: str, more: int = 1) -> int:
    """Adds to a counter of the last ten minutes and returns it."""
    cache.add(key, 0, timeout=WINDOW_S)
    try:
        return int(cache.incr(key, more))
    except ValueError:  # the window ended between the two calls
        cache.set(key, more, timeout=WINDOW_S)
        return more
