"""What comes to the door too large is refused at the door."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

import posko
from posko.server import middleware

TEMPLATES = Path(posko.__file__).parent / "server" / "templates"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("length", "status"), [(middleware.MOST_BODY, 403), (middleware.MOST_BODY + 1, 413), (10**15, 413)])
def test_a_body_beyond_the_limit_is_refused_before_it_is_read(client_for: Callable[[str], Client], length: int, status: int) -> None:
    # Citra may not attach here: below the limit the policy answers, above it nobody gets that far.
    answer = client_for("citra").generic(
        "POST", "/pemilu-2024/bukti/tambah/", b"", content_type="application/octet-stream", CONTENT_LENGTH=str(length)
    )
    assert answer.status_code == status
    if status == 413:
        assert "Kiriman terlalu besar" in answer.content.decode()
        assert "tidak ada yang tersimpan" in answer.content.decode()


@pytest.mark.parametrize("length", ["-1", "banyak", "1e9"])
def test_a_length_that_is_no_number_is_refused_too(client_for: Callable[[str], Client], length: str) -> None:
    assert client_for("ani").generic("POST", "/pemilu-2024/bukti/tambah/", b"", CONTENT_LENGTH=length).status_code == 413


@pytest.mark.parametrize("name", ["maxlength", "minlength", "max", "min", "step", "width", "height", "size", "rows", "colspan", "rowspan"])
def test_no_number_in_an_attribute_is_written_with_a_point_for_thousands(name: str) -> None:
    """A browser reads maxlength="2.000" as two letters."""
    written = re.compile(rf'\b{name}="\{{\{{[^}}]*\}}\}}"')
    found = [
        f"{path.name}: {hit}"
        for path in TEMPLATES.rglob("*.html")
        for hit in written.findall(path.read_text(encoding="utf-8"))
        if "stringformat" not in hit and "unlocalize" not in hit
    ]
    assert found == []
