"""What a page says, without what chance writes on it.

A footer carries the root of the journal, a form its token, a link the hash of an entry: any short digits stand in one of them sooner or
later. A test that looks for short words or digits asks what is said(page), never the page as sent.
"""

import re
from html.parser import HTMLParser
from typing import Any

from posko.formats import table

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
TOKENS = {"csrfmiddlewaretoken", "nonce"}
# A SHA-256 or the beginning or end of one as our pages show it: by its length, by its ellipsis, or by letters beside digits.
HASH = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{64}|[0-9a-f]{8,16}…(?:[0-9a-f]{8,16})?|…[0-9a-f]{8,16}|(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,})(?![0-9A-Za-z])"
)
STAMP = re.compile(r"\([\d.]+ catatan\)|Posko \S+")


class _Reader(HTMLParser):
    """Words, comments, data in scripts and the values of attributes, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[tuple[str, bool]] = []  # tag, and whether what it holds is the journal's root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        root = self.silent() or (self.in_foot() and "mono" in values.get("class", "").split())
        if tag not in VOID:
            self.open.append((tag, root))
        if root:
            return
        if values.get("name") in TOKENS:
            del values["value"]
        self.found += [value for name, value in values.items() if name != "nonce" and not value.startswith("/static/")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self.open]
        if tag in names:
            del self.open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if not self.silent():
            self.found.append(STAMP.sub("", data) if self.in_foot() else data)

    def handle_comment(self, data: str) -> None:
        self.found.append(data)

    def silent(self) -> bool:
        return any(root for _, root in self.open)

    def in_foot(self) -> bool:
        return any(tag == "footer" for tag, _ in self.open)


def said(page: Any) -> str:
    """The words of a page (an answer, or its HTML) and the values of its attributes, one space between words.

    Left out: the journal's root, its size and the version in the footer, tokens of forms, files under /static/, hashes and their
    beginnings. What else stands on the page stays, also in comments and in the data of scripts.
    """
    reader = _Reader()
    reader.feed(page if isinstance(page, str) else page.content.decode())
    reader.close()
    return HASH.sub("", re.sub(r"\s+", " ", " ".join(reader.found)))


def cells(answer: Any) -> str:
    """What the cells of a spreadsheet say, one a line: the file itself is compressed, and words in it are never found."""
    book = table.read("ekspor.xlsx", answer.content)
    return "\n".join(str(cell) for sheet in book.sheets for row in sheet.rows for cell in row)
