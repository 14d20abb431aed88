"""A set of files put in place at once: built into a new folder, then one name is turned to it. A reader sees the old set or the new one.

The name is a link (`terkini`); where a machine allows none (Windows without the right), a file `terkini.txt` holds the folder's name.
"""

import os
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

CURRENT = "terkini"
KEEP = 10
"""Folders that stay: the one in place and the ones before it, to go back by hand."""


class NotOurs(Exception):
    """The target holds something that we did not put there; nothing was written."""


def put(files: Mapping[str, bytes], folder: Path, name: str, gone: Collection[str] = ()) -> Path:
    """Writes all files under folder/name and makes it the current one. The same name again changes nothing.

    gone: beginnings of names of folders that must not stay, since what they hold is not for the public.

    NotOurs where `folder` has a file or folder `terkini` of somebody else; ValueError for a path that leads out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    current = folder / CURRENT
    if current.exists() and not current.is_symlink():
        raise NotOurs(str(current))
    target = folder / name
    if not target.is_dir():
        new = folder / f".{name}.baru"
        shutil.rmtree(new, ignore_errors=True)
        for path, content in files.items():
            place = (new / path).resolve()
            if not place.is_relative_to(new.resolve()):
                raise ValueError(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        new.rename(target)
    _turn(folder, name)
    _tidy(folder, name, tuple(gone))
    return target


def _turn(folder: Path, name: str) -> None:
    """The current name leads to the new folder, in one step."""
    link, note = folder / ".terkini.baru", folder / f"{CURRENT}.txt"
    try:
        link.unlink(missing_ok=True)
        os.symlink(name, link, target_is_directory=True)
        os.replace(link, folder / CURRENT)
    except OSError:
        new = folder / ".terkini.txt.baru"
        new.write_text(name, encoding="utf-8")
        os.replace(new, note)
    else:
        note.unlink(missing_ok=True)


def _tidy(folder: Path, name: str, gone: tuple[str, ...]) -> None:
    """Old folders beyond KEEP go, and those that must; other people's folders stay."""
    ours = sorted(p for p in folder.iterdir() if p.is_dir() and not p.is_symlink() and re.fullmatch(r"terbitan-\d{4}-[0-9a-f]{8}", p.name))
    old = [p for p in ours if p.name != name]
    for one in {*old[: max(0, len(ours) - KEEP)], *(p for p in old if gone and p.name.startswith(gone))}:
        shutil.rmtree(one, ignore_errors=True)


def current(folder: Path) -> Path | None:
    """The folder in place; None before the first."""
    link, note = folder / CURRENT, folder / f"{CURRENT}.txt"
    if note.is_file():
        named = folder / note.read_text(encoding="utf-8").strip()
        return named if named.is_dir() and named.parent == folder else None
    return link.resolve() if link.is_dir() else None
