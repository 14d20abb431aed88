"""What a second pair of eyes found in the post: each fault is tried again here, through the screens."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client

from posko.domain import posts as post_rules
from posko.domain import reports as report_rules
from posko.store import access, places, posts, products, recommendations, record, reports
from tests import beltim
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
Clients = Callable[[str], Client]
FIRST_DAY = "0001-01-01T00:00"  # in WIB; the same instant has no date in UTC


@pytest.mark.parametrize(
    ("who", "path", "field"),
    [
        ("", "/lapor/", "happened_at"),
        ("", "/lapor-posko/", "happened_at"),
        ("hadi", f"/{E}/laporan/baru/", "happened_at"),
        ("ani", f"/{E}/lapor-posko/", "happened_at"),
        ("citra", f"/{E}/rekomendasi/baru/", "due"),
        ("citra", f"/{E}/aght/baru/", "last_useful"),
        ("ani", f"/{E}/janji/minta/", "from_at"),
    ],
)
def test_a_time_that_has_no_utc_is_answered_like_any_other_nonsense(
    db_beltim: Any, client_for: Clients, who: str, path: str, field: str
) -> None:
    cache.clear()
    client = client_for(who) if who else Client()
    said = {"text": "[SIMULASI] air masuk ke gudang sejak pagi", "category": "LOG", "low": "0", "mode": "1", "high": "2", "prior": "10"}
    sent = client.post(path, urlencode({**said, field: FIRST_DAY}), content_type="application/x-www-form-urlencoded")
    assert sent.status_code in {200, 302, 400, 409}


@pytest.mark.parametrize(("typed", "kept"), [("23", 23), ("08", 8), ("24", 16), ("00100", 16), ("0023", 16), ("", 16)])
def test_the_hour_of_the_daily_report_stays_an_hour(db_beltim: Any, client_for: Clients, typed: str, kept: int) -> None:
    client_for("gita").post(f"/{E}/produk/atur/", {"key": "hour", "value": typed})
    assert products.hour(E, RAKOR_AT) == kept
    assert client_for("citra").get(f"/{E}/produk/").status_code == 200


def advice(**more: str) -> dict[str, str]:
    return {
        "subject": "Pompa untuk gudang", "addressee": "KPU", "nature": "Biasa", "due": "2024-01-10T10:00", "dasar": "catatan gudang",
        "fakta": "air masuk", "analisis": "hujan lebat", "risiko": "kertas basah", "saran": "Menyarankan agar KPU memasang pompa di gudang",
        "ukuran": "1 pompa terpasang", "tembusan": "", **more,
    }  # fmt: skip


def test_only_a_warning_that_stands_becomes_the_basis_of_a_draft(db_beltim: Any, client_for: Clients) -> None:
    sent = client_for("citra").post(f"/{E}/rekomendasi/baru/", advice(signals="R99|kata-bebas-tentang-seseorang"), follow=True)
    assert "sudah tidak ada" in sent.content.decode()
    assert [rec.text.signals for rec in recommendations.listing(E, RAKOR_AT)] == [()]


@pytest.mark.parametrize("typed", ["x y", "6/12/2023 10.00", "../..", "REK-99"])
def test_a_newer_version_of_nonsense_is_refused_in_words(db_beltim: Any, client_for: Clients, typed: str) -> None:
    client = client_for("citra")
    assert client.post(f"/{E}/rekomendasi/baru/", advice(supersedes=typed, check="1")).status_code == 200
    assert client.post(f"/{E}/rekomendasi/baru/", advice(supersedes=typed)).status_code == 200
    assert recommendations.listing(E, RAKOR_AT) == []


def test_an_item_from_a_report_that_is_none_leads_back_to_the_reports(db_beltim: Any, client_for: Clients) -> None:
    answer = client_for("citra").get(f"/{E}/aght/baru/", {"laporan": "9999-12-31T23:59"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{E}/laporan/")


def _narrow(name: str, role: str, region: str) -> None:
    """Somebody who holds one role in one kecamatan."""
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.get(username=name)
    access.GrantRow.objects.filter(user=user).update(role=role, region=region)


POST = {"code": "PK-UJI", "name": "Pos uji", "kind": "CABJARI", "beat_hours": "4", "always": "1", "services": "intake"}


@pytest.mark.parametrize(("place", "allowed"), [("19.06.02", True), ("19.06.05", False), ("19.06", False)])
def test_a_post_is_opened_only_where_its_opener_has_his_office(db_beltim: Any, client_for: Clients, place: str, allowed: bool) -> None:
    kind = next(k for k in post_rules.Kind if post_rules.SIDES[k] is post_rules.Side.KEJAKSAAN and "CAB" in k.name)
    _narrow("gita", "kejari.pimpinan", "19.06.02")
    sent = client_for("gita").post(f"/{E}/posko/baru/", {**POST, "kind": kind.value, "place": place})
    assert (sent.status_code == 403) is not allowed


def test_a_note_of_one_side_is_not_struck_with_somebody_of_the_other(db_beltim: Any, installation: Any) -> None:
    beltim.step("posts")
    at, ani, citra = RAKOR_AT, installation.actors["ani"], installation.actors["citra"]
    post = next(p for p in posts.listing(E, at) if p.side is post_rules.Side.KPU and p.open)
    number = posts.write_note(E, post.code, next(iter(post_rules.Note)), "[SIMULASI] tamu datang", ani, at, people=1)
    with pytest.raises(post_rules.OtherSide):
        posts.strike_note(E, number, post_rules.STRIKE_REASONS[0], ani, at, citra)


@pytest.mark.parametrize("who", ["hadi", "indra", "kartika", "lutfi"])
def test_the_journal_is_no_way_around_the_count_of_the_guard(db_beltim: Any, client_for: Clients, installation: Any, who: str) -> None:
    reports.count_guard(E, "search", ["person"], "answered", installation.actors["citra"], RAKOR_AT, "duty")
    leaf = next(one for one in record.leaves(E, newest=5) if one.kind == "guard.counted")
    assert "citra" not in client_for(who).get(f"/{E}/jurnal/{leaf.entry_id}/").content.decode()
    assert "p-citra" in client_for("juwita").get(f"/{E}/jurnal/{leaf.entry_id}/").content.decode()


def test_the_reason_of_a_threshold_is_neutral(db_beltim: Any, client_for: Clients) -> None:
    page = f"/{E}/ambang/recommendations/grace_h/"
    said = {"value": "2", "seen": "0", "reason": "supaya pendukung partai tidak marah"}
    answer = client_for("citra").post(f"{page}ubah/", {**said, "second": "gita", "second_password": "posko-demo"})
    assert answer.status_code == 409
    assert reports.guard_counts(E, RAKOR_AT)


@pytest.mark.parametrize(("region", "erased"), [("19.06.02", False), ("19.06.05", True), ("19.06", True)])
def test_a_report_is_erased_only_by_a_head_whose_office_covers_its_place(
    db_beltim: Any, client_for: Clients, region: str, erased: bool
) -> None:
    desa = next(d.code for d in places.desa_list("19.06") if d.code.startswith("19.06.05"))
    said = report_rules.filing(
        "[SIMULASI] air masuk ke gudang sejak pagi", category=report_rules.Category.LOG, channel=report_rules.Channel.FACE,
        source=report_rules.Source.CITIZEN, place=desa, place_note="", contact="", happened_at=None, at=RAKOR_AT,
    )  # fmt: skip
    reports.file_report(E, said, reports.PUBLIC_ACTOR, RAKOR_AT)
    _narrow("gita", "kejari.pimpinan", region)
    client_for("gita").post(f"/{E}/laporan/LAP-001/hapus/", {"reason": "permintaan pelapor"})
    assert (reports.words(E, "LAP-001") is None) is erased


def test_a_note_in_a_message_does_not_silence_the_next_message(db_beltim: Any, installation: Any) -> None:
    desa = places.desa_list("19.06")[0].code
    first, other = [c for c in report_rules.SMS_CODES if c.number != report_rules.SMS_TEST][:2]
    place = report_rules.sms_place(desa)
    ani = installation.actors["ani"]
    one, two = f"LAPOR {place} {first.written} # (SMS kode {other.number}", f"LAPOR {place} {other.written}"
    answers = reports.file_messages(E, [one, two, two], ani, RAKOR_AT)
    assert [(len(a.filed), len(a.same), a.refusal) for a in answers] == [(1, 0, None), (1, 0, None), (0, 1, None)]


def test_a_page_from_before_a_text_was_written_anew_approves_nothing(db_beltim: Any, client_for: Clients) -> None:
    citra, gita = client_for("citra"), client_for("gita")
    citra.post(f"/{E}/rekomendasi/baru/", advice())
    step, page = f"/{E}/rekomendasi/REK-01/langkah/", f"/{E}/rekomendasi/REK-01/"
    citra.post(step, {"act": "submitted"})
    old = re.findall(r'name="seen" value="([0-9a-f]{64})"', gita.get(page).content.decode())[0]
    gita.post(step, {"act": "returned", "note": "sebut gudang yang mana", "seen": old})
    citra.post(f"{page}ubah/", advice(fakta="air masuk di gudang kedua"))
    citra.post(step, {"act": "submitted"})
    assert gita.post(step, {"act": "approved", "seen": old}).status_code == 409
    assert recommendations.get(E, "REK-01", RAKOR_AT).approver == ""
    new = re.findall(r'name="seen" value="([0-9a-f]{64})"', gita.get(page).content.decode())[0]
    gita.post(step, {"act": "approved", "seen": new})
    assert recommendations.get(E, "REK-01", RAKOR_AT).approver == "p-gita"
