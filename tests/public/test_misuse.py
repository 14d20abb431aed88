"""The public form about the post: no account, no trace, straight to Bawaslu."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client

from posko.public import door
from posko.store import misuse, record

pytestmark = pytest.mark.django_db
GOOD = {"text": "Petugas posko menanyai pilihan warga", "category": "profiling"}


@pytest.fixture
def eka(installation: Any) -> Client:
    cache.clear()
    return Client()


def send(client: Client, **more: str) -> Any:
    return client.post("/lapor-posko/", urlencode(GOOD | more), content_type="application/x-www-form-urlencoded")


def test_eka_complains_and_follows_without_an_account(eka: Client) -> None:
    answer = send(eka)
    assert answer.status_code == 302
    page = eka.get(answer["Location"])
    assert "Catat kode ini" in page.content.decode()
    plain = eka.get(answer["Location"].partition("?")[0]).content.decode()
    assert "Diterima" in plain
    assert "menanyai" not in plain
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex"


def test_the_form_says_where_it_goes_and_what_it_promises(eka: Client) -> None:
    page = eka.get("/lapor-posko/").content.decode()
    for sentence in (
        "langsung ke <strong>Bawaslu</strong>",
        "(wajib)",
        "tidak disimpan",
        "72 jam",
        "14 hari",
        "bukan tenggat undang-undang",
    ):
        assert sentence in page
    assert "<script" not in page.replace('<script type="module" src="/static/', "")


def test_nothing_about_the_visitor_is_stored(eka: Client) -> None:
    send(eka)
    kept = b"".join(bytes(o.envelope) + bytes(o.facts) + bytes(o.private or b"") for o in record.Opening.objects.all())
    assert b"127.0.0.1" not in kept
    assert "posko_sesi" not in eka.cookies


@pytest.mark.parametrize(
    ("more", "status"), [({"situs": "http://x"}, 400), ({"text": "x"}, 400), ({"text": "x" * 5000}, 400), ({"post": "'; DROP"}, 400)]
)
def test_traps_and_nonsense_are_refused(eka: Client, more: dict[str, str], status: int) -> None:
    answer = send(eka, **more)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert misuse.MisuseCase.objects.count() == 0


def test_files_long_bodies_and_floods_are_stopped(eka: Client) -> None:
    assert eka.post("/lapor-posko/", GOOD).status_code == 413  # multipart
    assert send(eka, contact="x" * 20000).status_code == 413
    for _ in range(door.PER_VISITOR):
        assert send(eka).status_code == 302
    last = send(eka)
    assert last.status_code == 429
    assert GOOD["text"] in last.content.decode()


def test_its_ticket_and_that_of_a_report_open_nothing_of_one_another(eka: Client) -> None:
    ticket = send(eka)["Location"].split("/")[2]
    assert eka.get(f"/lapor/{ticket}/").status_code == 404
    assert eka.get("/lapor-posko/kode/", {"kode": ticket.lower().replace("-", " ")})["Location"] == f"/lapor-posko/{ticket}/"


@pytest.mark.parametrize("ticket", ["AAAA", "0000-0000-0000-1", "%00", "x" * 300])
def test_a_wrong_ticket_gets_a_plain_answer(eka: Client, ticket: str) -> None:
    assert eka.get(f"/lapor-posko/{ticket}/").status_code == 404


def test_markup_comes_back_as_text_and_numbers_are_hidden(eka: Client) -> None:
    assert "<script>alert" not in send(eka, text="<b>x", contact='"><script>alert(1)</script>').content.decode()
    assert "disamarkan=1" in send(eka, text="Nomor saya " + "9" * 16 + " ditanyakan petugas")["Location"]
