"""Signing in, one's own account, and roles by two people on the screen."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from posko.store import access, record

pytestmark = pytest.mark.django_db
PAGE = "/pemilu-2024/akses/"


def sign_in(client: Client, username: str, password: str = "posko-demo", **more: str) -> Any:
    return client.post("/masuk/", {"username": username, "password": password, **more})


def test_ani_signs_in_and_out(installation: Any) -> None:
    client = Client()
    assert sign_in(client, "Ani").headers["Location"] == "/"
    assert client.get("/akun/").status_code == 200
    client.post("/keluar/")
    assert client.get("/akun/").headers["Location"].startswith("/masuk/")


def test_a_wrong_name_and_a_wrong_password_get_the_same_sentence(installation: Any) -> None:
    texts = {re.sub(r'value="[^"]*"', "", sign_in(Client(), n, "salah").content.decode()) for n in ("ani", "tidakada")}
    assert len(texts) == 1


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(installation: Any) -> None:
    client = Client()
    for _ in range(5):
        assert sign_in(client, "ani", "salah").status_code == 401
    answer = sign_in(client, "ani")
    assert answer.status_code == 401
    assert "Terlalu banyak percobaan" in answer.content.decode()
    assert sign_in(client, "budi").status_code == 302


def test_nobody_is_led_to_another_site_after_signing_in(installation: Any) -> None:
    assert sign_in(Client(), "ani", next="https://contoh.example/").headers["Location"] == "/"
    assert sign_in(Client(), "ani", next="/pemilu-2024/papan/").headers["Location"] == "/pemilu-2024/papan/"


def test_the_cast_is_shown_on_a_demonstration_only(installation: Any) -> None:
    assert "posko-demo" in Client().get("/masuk/").content.decode()
    record.InstallationRow.objects.update(demo=False)
    text = Client().get("/masuk/").content.decode()
    assert "posko-demo" not in text
    assert "Kartika" not in text


def test_a_closed_account_cannot_sign_in(installation: Any) -> None:
    get_user_model().objects.filter(username="ani").update(is_active=False)
    assert sign_in(Client(), "ani").status_code == 401


def test_a_password_is_changed_with_the_old_one_and_the_session_goes_on(client_for: Callable[[str], Client]) -> None:
    client, new = client_for("ani"), "kereta malam ke manggar"
    for old, first, again in (("salah", new, new), ("posko-demo", new, "lain"), ("posko-demo", "pendek", "pendek")):
        assert "error" in client.post("/akun/", {"old": old, "new": first, "again": again}).content.decode()
    assert client.post("/akun/", {"old": "posko-demo", "new": new, "again": new}).status_code == 302
    assert client.get("/akun/").status_code == 200
    assert sign_in(Client(), "ani", new).status_code == 302


def test_kartika_proposes_gita_approves_on_the_page(client_for: Callable[[str], Client]) -> None:
    kartika, gita = client_for("kartika"), client_for("gita")
    said = {"username": "indra", "role": "pemda.pejabat", "region": "19.06.02", "from": "2023-12-01", "until": ""}
    assert kartika.post(PAGE + "usul/", said).status_code == 302
    page = gita.get(PAGE).content.decode()
    assert "Setujui peran" in page
    assert "Setujui peran" not in kartika.get(PAGE).content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    proposal = access.Proposal.objects.get()
    gita.post(f"{PAGE}usul/{proposal.pk}/", {"seen": seen.group(1), "answer": "setuju"})
    assert access.GrantRow.objects.filter(user__username="indra").count() == 2
    ended = access.GrantRow.objects.filter(user__username="indra").last()
    assert ended is not None
    kartika.post(f"{PAGE}akhiri/{ended.pk}/", {"reason": "mutasi"})
    ended.refresh_from_db()
    assert ended.until_at is not None


@pytest.mark.parametrize(
    "wrong", [{"role": "kpu.operator"}, {"region": "19.02"}, {"from": "kemarin"}, {"username": "x"}, {"until": "2023-11-01"}]
)
def test_a_proposal_that_cannot_be_is_refused_in_words(client_for: Callable[[str], Client], wrong: dict[str, str]) -> None:
    client = client_for("kartika")
    said = {"username": "indra", "role": "pemda.pejabat", "region": "19.06.02", "from": "2023-12-01", "until": "", **wrong}
    page = client.post(PAGE + "usul/", said, follow=True).content.decode()
    assert 'class="error"' in page
    assert "Ditolak: " not in page
    assert access.Proposal.objects.count() == 0


def test_a_new_account_has_no_role_and_its_password_is_shown_once(client_for: Callable[[str], Client]) -> None:
    client = client_for("kartika")
    page = client.post(PAGE + "akun/", {"username": "lina", "display": "Lina", "agency": "PPS"}).content.decode()
    found = re.search(r'card mono">([a-z0-9-]{19})<', page)
    assert found is not None
    other = Client()
    assert sign_in(other, "lina", found.group(1)).status_code == 302
    assert other.get("/pemilu-2024/papan/").status_code == 403


def test_an_emergency_is_opened_with_a_reason_and_seen_by_bawaslu(client_for: Callable[[str], Client]) -> None:
    hadi = client_for("hadi")
    hadi.post("/akun/darurat/", {"reason": "pendek"})
    assert access.Glass.objects.count() == 0
    hadi.post("/akun/darurat/", {"reason": "massa menuju gudang malam ini"})
    assert "massa menuju gudang" in client_for("juwita").get(PAGE).content.decode()
