"""The public page is kept in step with the newest publication: built beside the old one, then put in place."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings

from posko.domain import record as facts
from posko.domain import releases as rules
from posko.formats import folder, publication, watermark
from posko.store import record, releases

FOLDER = "terbuka"
KEPT_AS_FILES = 60
"""So many earlier publications are handed out as files beside the newest."""


def place() -> Path:
    """Where the pages of this installation stand."""
    return Path(settings.VAR) / FOLDER


def build(election: str, at: datetime, target: Path, app: str | None) -> tuple[rules.Publication, Path] | None:
    """Builds the pages of the newest publication into `target`; None before the first. folder.NotOurs, OSError."""
    newest = releases.latest(election, at)
    if newest is None:
        return None
    earlier, gone = [], []
    for one in releases.history(election, at)[:KEPT_AS_FILES]:
        if one.number < newest.number:
            try:
                earlier.append(releases.get(election, one.number, at))
            except facts.Refusal:
                gone.append(f"terbitan-{one.number:04}-")  # corrected as not for the public: no longer handed out
    files = publication.site(newest, earlier=sorted(earlier, key=lambda one: one.number), app=app)
    if record.installation().drill:
        watermark.put(True)
        files = {name: watermark.page(content) if name.endswith(".html") else content for name, content in files.items()}
    return newest, folder.put(files, target, name_of(newest, files), gone)


def name_of(newest: rules.Publication, files: Mapping[str, bytes]) -> str:
    """The folder of a publication: its number, and a hash over the files, so that new templates give a new folder."""
    hashed = hashlib.sha256()
    for path, content in sorted(files.items()):
        hashed.update(f"{path} {len(content)}\n".encode() + content)
    return f"terbitan-{newest.number:04}-{hashed.hexdigest()[:8]}"


def in_place(target: Path) -> str:
    """The digest of the publication whose pages stand there; "" where there are none."""
    standing = folder.current(target)
    file = standing / "data" / "terbitan.json" if standing else None
    return hashlib.sha256(file.read_bytes()).hexdigest() if file and file.is_file() else ""


def keep_in_step(at: datetime) -> list[str]:
    """For every election whose newest publication is not the one in place: build it. The worker calls this; what was built, as names."""
    built = []
    for election in record.elections():
        target = place() / election.code
        newest = releases.latest(election.code, at)
        if newest is None:
            continue
        if in_place(target) != newest.digest:
            build(election.code, at, target, "/")
            built.append(f"{election.code}: {newest.number}")
    return built
