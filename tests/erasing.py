"""Erasing one entry's words as two people would, for tests of what is shown afterwards. The real way is tested in store/test_erasing.py."""

from datetime import datetime

from django.db import transaction

from posko.domain.record import Actor, Draft, Receipt
from posko.store import record


def erase_private(entry_id: str, actor: Actor, reason: str, at: datetime) -> Receipt:
    """Takes the words and says so in an entry."""
    row = record.Entry.objects.get(entry_id=entry_id)
    with transaction.atomic():
        at = record.turn(at)
        record.erase(entry_id, at)
        draft = Draft("words.erased", row.election, row.subject, row.place, actor, at, {"entries": [entry_id]}, reason=reason)
        return record.append([draft], at=at)[0]
