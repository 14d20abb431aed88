"""The mark of a drill: on every page, document and table that leaves an installation in which people practise.

Whether this process serves a drill is said once for each request (or command) by whoever has looked into the database; nothing else can
put the mark on or take it off. Every maker of documents and tables asks here, so that no new one can forget it.
"""

from contextvars import ContextVar

WORDS = "GLADI — BUKAN DATA NYATA"
SHORT = "GLADI"
_on: ContextVar[bool] = ContextVar("drill", default=False)


def put(drill: bool) -> None:
    """From now on in this thread (or task): whether what is made belongs to a drill."""
    _on.set(drill)


def shown() -> str:
    """The words to show, "" outside a drill."""
    return WORDS if _on.get() else ""


def named(file_name: str) -> str:
    """A file's name, which says it too: GLADI-laporan.xlsx."""
    return f"{SHORT}-{file_name}" if _on.get() and not file_name.startswith(f"{SHORT}-") else file_name


def banner() -> str:
    """The bar over a page, as HTML; it stays in view and is printed."""
    return f'<div class="drill-mark" role="note">{WORDS}</div>' if _on.get() else ""


def page(html: bytes) -> bytes:
    """A whole HTML page with the bar right after its body tag and the word in its title; unchanged outside a drill and for fragments."""
    if not _on.get():
        return html
    start = html.find(b"<body")
    end = html.find(b">", start) if start >= 0 else -1
    if end < 0 or b'class="drill-mark"' in html:
        return html
    marked = html[: end + 1] + banner().encode() + html[end + 1 :]
    return marked.replace(b"<title>", f"<title>[{SHORT}] ".encode(), 1)
