"""The citizen's form: no account, no trace, a ticket; and what hostile visitors get."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from posko.domain import reports as rules
from posko.public import reports as public
from posko.store import places, reports

pytestmark = pytest.mark.django_db
GOOD = {"text": "Atap gudang bocor di sisi timur", "category": "LOG"}


@pytest.fixture
def eka(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    cache.clear()
    for name in ("desa_list", "kecamatan_list", "sites"):
        monkeypatch.setattr(places, name, lambda _region: [])
    monkeypatch.setattr(places, "tps_list", lambda _election: [])
    return Client()


def send(client: Client, **more: str) -> Any:
    from urllib.parse import urlencode

    return client.post("/lapor/", urlencode({**GOOD, **more}), content_type="application/x-www-form-urlencoded")


def test_eka_reports_and_follows_without_an_account(eka: Client) -> None:
    answer = send(eka)
    assert answer.status_code == 302
    page = eka.get(answer["Location"])
    assert page.status_code == 200
    assert "Catat kode ini" in page.content.decode()
    plain = eka.get(answer["Location"].partition("?")[0]).content.decode()
    assert "Diterima" in plain
    assert "bocor" not in plain
    assert page["Referrer-Policy"] == "no-referrer"


def test_the_form_says_what_it_must_before_anything_is_sent(eka: Client) -> None:
    page = eka.get("/lapor/").content.decode()
    for sentence in ("(wajib)", "tidak pernah diterbitkan", "tidak menjamin perlindungan", "Posko tidak menyelidiki"):
        assert sentence in page
    assert "<script" not in page.replace('<script type="module" src="/static/', "")


def test_nothing_about_the_visitor_is_stored(eka: Client) -> None:
    from posko.store import record

    send(eka)
    kept = b"".join(bytes(o.envelope) + bytes(o.facts) + bytes(o.private or b"") for o in record.Opening.objects.all())
    assert b"127.0.0.1" not in kept
    assert "posko_sesi" not in eka.cookies


def test_eka_is_told_that_a_number_was_hidden(eka: Client) -> None:
    answer = send(eka, text="Nomor saya " + "9" * 16 + " gudang bocor")
    assert "disamarkan=1" in answer["Location"]
    assert "menyamarkan" in eka.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("more", "status"), [({"situs": "http://x"}, 400), ({"text": "x"}, 400), ({"text": "x" * 5000}, 400), ({"place": "'; DROP"}, 400)]
)
def test_traps_and_nonsense_are_refused_with_the_typed_text_kept(eka: Client, more: dict[str, str], status: int) -> None:
    answer = send(eka, **more)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert reports.Report.objects.count() == 0


def test_markup_comes_back_as_text(eka: Client) -> None:
    page = send(eka, text="<b>x", place_note='"><script>alert(1)</script>').content.decode()
    assert "<script>alert" not in page


def test_files_and_long_bodies_are_not_taken(eka: Client) -> None:
    assert eka.post("/lapor/", GOOD).status_code == 413  # multipart
    assert send(eka, contact="x" * 20000).status_code == 413


def test_a_flood_from_one_address_is_stopped_and_the_words_are_kept(eka: Client) -> None:
    for _ in range(public.PER_VISITOR):
        assert send(eka).status_code == 302
    last = send(eka)
    assert last.status_code == 429
    assert GOOD["text"] in last.content.decode()


@pytest.mark.parametrize("ticket", ["AAAA", "0000-0000-0000-1", "%00", "x" * 300, "..%2F..%2Fetc"])
def test_a_wrong_ticket_gets_a_plain_answer(eka: Client, ticket: str) -> None:
    assert eka.get(f"/lapor/{ticket}/").status_code == 404


def test_a_ticket_typed_by_hand_leads_to_its_page(eka: Client) -> None:
    ticket = send(eka)["Location"].split("/")[2]
    answer = eka.get("/lapor/kode/", {"kode": ticket.lower().replace("-", " ")})
    assert answer["Location"] == f"/lapor/{ticket}/"
    assert rules.parse_ticket(ticket)
