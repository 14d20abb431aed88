"""Products in the store, on the screens and on paper: counted, written, frozen, signed by another; nothing of a reporter."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from python_calamine import CalamineWorkbook

from posko.domain import aght as rules_of
from posko.domain import products as rules
from posko.domain import reports as report_rules
from posko.domain.products import Body, State, Type
from posko.formats import products as papers
from posko.store import access, aght, evidence, products, record, reports
from tests import beltim
from tests.scene import RAKOR_AT as AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LIST = f"/{E}/produk/"
SAID = {"analisa": "Hujan terus.", "prediksi": "Sebagian rusak.", "saran": "Menyarankan agar KPU memindahkan palet."}


@pytest.fixture
def post(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Places, rules, reports, AGHT and recommendations of the demonstration; every TPS has 264 voters, an estimate."""
    beltim.estimated(monkeypatch, "regulation", "reports", "aght", "recommendations")
    record.set_clock(AT, installation.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    return installation


def body(kind: Type = Type.SPECIAL, **more: Any) -> Body:
    values: dict[str, Any] = {
        "subject": "AGHT-01" if kind in {Type.SPECIAL, Type.STUDY} else "", "sections": SAID if kind is Type.SPECIAL else {},
        "classification": "biasa", "recipients": ("KEJARI", "BAWASLU"),
    }  # fmt: skip
    return Body(**(values | more))


def signed(post: Any, kind: Type = Type.SPECIAL, at: datetime = AT, **more: Any) -> str:
    code = products.draft(E, kind, body(kind, **more), post.actors["citra"], at)
    products.sign(E, code, products.submit(E, code, post.actors["citra"], at), post.actors["gita"], at + MINUTE)
    return code


def text_of(page: Any) -> str:
    return str(page.content.decode())


# --- a product's life ------------------------------------------------------------------------------------------------------------


def test_a_product_is_written_frozen_and_signed_by_the_head_who_saw_exactly_that(post: Any) -> None:
    citra, gita = post.actors["citra"], post.actors["gita"]
    code = products.draft(E, Type.SPECIAL, body(), citra, AT)
    products.revise(E, code, body(sections=SAID | {"analisa": "Hujan lebat."}), citra, AT + MINUTE)
    seen = products.submit(E, code, citra, AT + 2 * MINUTE)
    with pytest.raises(rules.NoStep):
        products.revise(E, code, body(), citra, AT + 2 * MINUTE)
    with pytest.raises(rules.SeenOther):
        products.sign(E, code, "0" * 64, gita, AT + 3 * MINUTE)
    with pytest.raises(rules.SamePerson):
        products.sign(E, code, seen, citra, AT + 3 * MINUTE)
    number = products.sign(E, code, seen, gita, AT + 3 * MINUTE)
    assert number == "LAPINSUS-001/POSKO-PEMILU/XII/2023"
    found = products.get(E, code, AT + DAY)
    assert (found.state, found.signer, found.digest, found.body.sections["analisa"]) == (State.SIGNED, "p-gita", seen, "Hujan lebat.")
    assert products.whole(found)
    assert [products.get(E, code, AT + n * MINUTE).state for n in range(4)] == [
        State.DRAFT, State.DRAFT, State.SUBMITTED, State.SIGNED,
    ]  # fmt: skip
    entry = record.Entry.objects.get(kind="product.signed")
    assert b"Hujan" not in bytes(record.Opening.objects.get(entry_id=entry.entry_id).facts)


def test_the_frozen_figures_do_not_follow_the_data_and_a_changed_row_is_noticed(post: Any) -> None:
    code = signed(post)
    before = products.get(E, code, AT + DAY)
    stood = before.facts["item"]["standing"]
    other = rules_of.Standing.TREATED if stood != "treated" else rules_of.Standing.OPEN
    aght.set_standing(E, "AGHT-01", other, "Sudah dikerjakan.", post.actors["citra"], AT + DAY)
    assert products.collect(E, replace(before, until_at=AT + 2 * DAY), AT + 2 * DAY)["item"]["standing"] == other.value
    assert products.get(E, code, AT + 30 * DAY).facts == before.facts
    words = products.ProductWordsRow.objects.exclude(facts={}).get()
    words.facts = words.facts | {"claim": "lain"}
    words.save()
    assert not products.whole(products.get(E, code, AT + DAY))


def test_a_returned_product_says_why_and_goes_through_again(post: Any) -> None:
    citra, gita = post.actors["citra"], post.actors["gita"]
    code = products.draft(E, Type.SPECIAL, body(), citra, AT)
    products.submit(E, code, citra, AT)
    with pytest.raises(rules.Missing):
        products.give_back(E, code, "  ", gita, AT)
    products.give_back(E, code, "Sebutkan sumber angka.", gita, AT + MINUTE)
    found = products.get(E, code, AT + MINUTE)
    assert (found.state, found.note, found.digest, dict(found.facts)) == (State.RETURNED, "Sebutkan sumber angka.", "", {})
    assert [t.kind for t in products.waiting(post.people["citra"], E, AT + MINUTE)] == ["products.returned"]
    products.submit(E, code, citra, AT + 2 * MINUTE)
    assert [t.kind for t in products.waiting(post.people["gita"], E, AT + 2 * MINUTE)] == ["products.sign"]


def test_a_discarded_draft_leaves_no_words_anywhere(post: Any) -> None:
    citra = post.actors["citra"]
    code = products.draft(E, Type.SPECIAL, body(sections=SAID | {"analisa": "Kata rahasia sekali."}), citra, AT)
    entry = products.ProductEventRow.objects.get().entry_id
    with pytest.raises(rules.NotAuthor):
        products.discard(E, code, post.actors["gita"], AT)
    products.discard(E, code, citra, AT + MINUTE)
    assert products.get(E, code, AT + MINUTE).state is State.DISCARDED
    assert not products.ProductWordsRow.objects.exists()
    assert b"rahasia sekali" not in bytes(record.Opening.objects.get(entry_id=entry).private or b"")
    assert record.verify().faults == ()


def test_a_signed_product_is_replaced_by_a_new_one_and_never_changed(post: Any) -> None:
    old = signed(post)
    new = products.draft(E, Type.SPECIAL, body(), post.actors["citra"], AT + DAY, old)
    assert products.get(E, old, AT + DAY).state is State.SIGNED
    products.sign(E, new, products.submit(E, new, post.actors["citra"], AT + DAY), post.actors["gita"], AT + DAY)
    assert products.get(E, old, AT + DAY).state is State.REPLACED
    assert products.get(E, new, AT + DAY).supersedes == old
    with pytest.raises(rules.NoStep):
        products.draft(E, Type.SPECIAL, body(), post.actors["citra"], AT + DAY, old)


def test_names_of_people_and_guarded_words_are_refused_and_nothing_is_written(post: Any) -> None:
    before = record.root()
    with pytest.raises(rules.NamesPerson):
        products.draft(E, Type.SPECIAL, body(sections=SAID | {"analisa": "Menurut Pak Budi atap bocor."}), post.actors["citra"], AT)
    with pytest.raises(report_rules.Guarded):
        products.draft(E, Type.SPECIAL, body(sections=SAID | {"saran": "Awasi pendukung caleg."}), post.actors["citra"], AT)
    assert record.root() == before


# --- the day's report ----------------------------------------------------------------------------------------------------------------


def test_the_daily_report_is_one_click_once_a_day_and_counts_with_denominators(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    seen = text_of(citra.post(f"{LIST}harian/", follow=True))
    assert "PRD-001 disusun dari data" in seen
    for words in (
        "Hitungan 24 jam per gatra",
        "AGHT baru",
        "AGHT ditutup",
        "Rekomendasi yang belum selesai",
        "TPS yang dapat dilengkapi",
        "Tahapan",
    ):
        assert words in seen, words
    assert "sudah ada: PRD-001" in text_of(citra.post(f"{LIST}harian/", follow=True))
    made = products.get(E, "PRD-001", AT)
    assert (made.until_at - made.from_at, made.until_at.astimezone(rules.WIB).hour) == (DAY, 16)
    counted = products.collect(E, made, AT)
    in_day = [r for r in reports.listing(E, made.until_at) if r.received_at > made.from_at]
    assert counted["reports"] == sum(g["reports"] for g in counted["gatra"]) == len(in_day)
    assert counted["reports_all"] == len(reports.listing(E, made.until_at))


def test_a_daily_report_made_later_says_what_was_known_then(post: Any) -> None:
    product = products.get(E, products.draft(E, Type.DAILY, body(Type.DAILY), post.actors["citra"], AT), AT)
    assert products.collect(E, product, AT) == products.collect(E, product, AT + 20 * DAY)


def test_the_next_day_waits_in_the_inbox_once_there_is_a_habit(post: Any) -> None:
    assert products.waiting(post.people["citra"], E, AT) == []
    signed(post, Type.DAILY)
    assert products.waiting(post.people["citra"], E, AT + MINUTE) == []
    assert [t.kind for t in products.waiting(post.people["citra"], E, AT + DAY)] == ["products.daily"]


# --- receipts ----------------------------------------------------------------------------------------------------------------------------

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def kinds(post: Any, who: str, at: datetime = AT + MINUTE) -> list[str]:
    return [t.kind for t in products.waiting(post.people[who], E, at)]


def test_every_recipient_with_an_account_is_asked_in_its_inbox_and_says_it_itself(post: Any, client_for: Any) -> None:
    code = signed(post, recipients=("KEJARI", "KPU", "BAWASLU", "ARSIP"))
    for who in ("gita", "ani", "fajar", "juwita"):
        assert kinds(post, who) == ["products.receive"], who
    for who in ("citra", "hadi", "indra", "budi", "dedi"):
        assert kinds(post, who) == [], who
    record.set_clock(AT + 2 * MINUTE, post.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    ani = client_for("ani")
    assert "nyatakan terima" in text_of(ani.get(f"/{E}/tugas/"))
    assert "Nyatakan terima" in text_of(ani.get(f"{LIST}{code}/"))
    assert "Tanda terima Anda dicatat" in text_of(ani.post(f"{LIST}{code}/terima/", follow=True))
    assert "sudah dicatat" in text_of(ani.post(f"{LIST}{code}/terima/", follow=True))
    (got,) = products.get(E, code, AT + 2 * MINUTE).receipts
    assert (got.recipient, got.person, got.own) == ("KPU", "p-ani", True)
    assert kinds(post, "fajar", AT + 2 * MINUTE) == []
    assert "dinyatakan sendiri oleh Ani" in text_of(client_for("citra").get(f"{LIST}{code}/"))
    for who in ("hadi", "indra", "citra"):
        assert client_for(who).post(f"{LIST}{code}/terima/").status_code == 403, who


def test_nobody_writes_down_the_receipt_of_somebody_with_an_account(post: Any) -> None:
    code = signed(post)
    with pytest.raises(rules.HasAccount):
        products.received(E, code, "BAWASLU", "TT-1", AT + MINUTE, post.actors["citra"], AT + MINUTE, [evidence.keep(PDF, "tt.pdf")])
    assert products.get(E, code, AT + MINUTE).receipts == ()


def test_a_paper_receipt_is_for_who_has_no_account_and_lies_there_as_a_file(post: Any, client_for: Any) -> None:
    code = signed(post, recipients=("KEJATI", "BAWASLU"))  # nobody of the Kejati has an account here
    assert kinds(post, "citra") == ["products.receipts"]
    record.set_clock(AT + 2 * MINUTE, post.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    citra = client_for("citra")
    page = text_of(citra.get(f"{LIST}{code}/"))
    assert 'value="KEJATI"' in page
    assert 'value="BAWASLU"' not in page
    got = {"recipient": "KEJATI", "number": "TT-1", "received_at": "2023-12-05T10:02"}
    assert "Lampirkan foto" in text_of(citra.post(f"{LIST}{code}/kertas/", got, follow=True))
    file = SimpleUploadedFile("tt.pdf", PDF)
    assert "Tanda terima kertas dicatat" in text_of(citra.post(f"{LIST}{code}/kertas/", {**got, "file": file}, follow=True))
    (found,) = evidence.of(E, f"product:{code}", AT + 2 * MINUTE)
    answers = {
        who: client_for(who).get(f"/{E}/bukti/{found.kept.sha256}/").status_code
        for who in ("citra", "gita", "juwita", "ani", "hadi", "budi")
    }
    assert answers == {"citra": 200, "gita": 200, "juwita": 200, "ani": 403, "hadi": 403, "budi": 403}
    assert kinds(post, "citra", AT + 2 * MINUTE) == []


def test_a_recipient_reads_what_was_signed_for_it_without_how_it_came_about(post: Any, client_for: Any) -> None:
    code = products.draft(E, Type.SPECIAL, body(recipients=("KPU", "BAWASLU")), post.actors["citra"], AT)
    ani = client_for("ani")
    assert ani.get(f"{LIST}{code}/").status_code == 403  # a draft is nobody's but the post's and Bawaslu's
    assert code not in text_of(ani.get(LIST))
    products.sign(E, code, products.submit(E, code, post.actors["citra"], AT), post.actors["gita"], AT)
    page = text_of(ani.get(f"{LIST}{code}/"))
    assert "Sebagian rusak" in page
    assert "menandatangani" in page
    assert "menyusun draf" not in page
    assert ani.get(f"{LIST}{code}/produk.pdf").content.startswith(b"%PDF")
    assert client_for("hadi").get(f"{LIST}{code}/").status_code == 403
    assert [h.args for h in products.find(post.people["ani"], E, "PRD", AT)] == [(code,)]
    assert products.find(post.people["hadi"], E, "PRD", AT) == []


# --- nothing of reporters ----------------------------------------------------------------------------------------------------------------


def test_no_product_holds_a_word_a_contact_or_a_pseudonym_of_a_reporter(post: Any) -> None:
    kept = [w for r in reports.listing(E, AT) for w in (reports.words(E, r.number),) if w is not None]
    told = [w for k in kept for w in (k.text, k.place_note, k.contact) if len(w) > 3]
    people = {f'"{person}"' for person in access.names()}
    assert told
    assert people
    for kind in Type:
        subject = {"report": "LAP-001", "aght": "AGHT-01", "": ""}[rules.ABOUT.get(kind, "")]
        made = rules.Product("PRD-009", kind, AT - DAY, AT, "p-citra", Body(subject, {}), (), {})
        written = record.canonical(products.collect(E, made, AT)).decode()
        assert not [w for w in told if w in written], kind
        assert not [w for w in people if w in written], kind


def test_a_report_about_safety_is_placed_no_closer_than_its_kecamatan(post: Any) -> None:
    private = [
        r for r in reports.listing(E, AT) if r.category in {report_rules.Category.SEC, report_rules.Category.VIO} and len(r.place) > 8
    ]
    assert private
    made = rules.Product("PRD-009", Type.INFORMATION, AT - DAY, AT, "p-citra", Body(private[0].number, {}), (), {})
    counted = products.collect(E, made, AT)
    assert (counted["coarse"], counted["place"]) == (1, reports.place_names(E)[private[0].place[:8]])


# --- papers ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Type))
def test_every_type_prints_on_both_papers_the_same_bytes_and_a_draft_is_marked(post: Any, kind: Type, client_for: Any) -> None:
    subject = {"report": "LAP-001", "aght": "AGHT-01", "": ""}[rules.ABOUT.get(kind, "")]
    told = {name: "Keterangan." for name, required in rules.SECTIONS[kind] if required}
    odds = (60, 40) if kind is Type.OUTLOOK else ()
    code = products.draft(E, kind, body(kind, subject=subject, sections=told, odds=odds), post.actors["citra"], AT)
    citra = client_for("citra")
    assert b"%PDF" in citra.get(f"{LIST}{code}/produk.pdf").content[:8]
    products.sign(E, code, products.submit(E, code, post.actors["citra"], AT), post.actors["gita"], AT)
    found = products.get(E, code, AT)
    made = papers.values(found, found.facts, "Belitung Timur", "")
    assert (made["watermark"], made["number"][:2]) == ("", rules.PREFIX[kind][:2])
    assert made["marks"] == ["[SIMULASI]"]
    first = [citra.get(f"{LIST}{code}/produk.pdf{q}").content for q in ("", "?kertas=f4")]
    products.acknowledge(E, code, post.actors["juwita"], AT)
    assert [citra.get(f"{LIST}{code}/produk.pdf{q}").content for q in ("", "?kertas=f4")] == first
    assert first[0] != first[1]


def test_a_form_code_is_printed_only_after_the_office_set_it(post: Any, client_for: Any) -> None:
    before = signed(post)
    gita = client_for("gita")
    assert "belum ditetapkan kantor" in text_of(gita.get(LIST))
    assert client_for("citra").get(f"{LIST}atur/").status_code == 403
    assert "Kode bentuk hanya huruf" in text_of(gita.post(f"{LIST}atur/", {"key": "khusus", "value": "<x>"}))
    gita.post(f"{LIST}atur/", {"key": "khusus", "value": "CONTOH.1"})
    after = signed(post, at=AT + MINUTE)
    codes = [products.get(E, c, AT + DAY).form_code for c in (before, after)]
    assert codes == ["", "CONTOH.1"]
    assert papers.values(products.get(E, after, AT + DAY), products.get(E, after, AT + DAY).facts, "X", "")["form_code"] == "CONTOH.1"


# --- screens -----------------------------------------------------------------------------------------------------------------------------


def test_from_the_editor_to_the_register_by_links_and_forms(post: Any, client_for: Any) -> None:
    citra, gita = client_for("citra"), client_for("gita")
    typed = {
        "subject": "AGHT-01",
        "classification": "terbatas",
        "recipients": ["KEJARI", "BAWASLU"],
        "analisa": "Hujan.",
        "prediksi": "Rusak.",
    }
    assert "TINJAUAN" in text_of(citra.post(f"{LIST}susun/khusus/", typed, follow=True))
    one = f"{LIST}PRD-001/"
    assert "Bagian “saran” wajib diisi" in text_of(citra.post(f"{one}ajukan/", follow=True))
    citra.post(f"{one}ubah/", typed | {"saran": "Menyarankan agar KPU memindahkan palet."})
    assert "menunggu tanda tangan" in text_of(citra.post(f"{one}ajukan/", follow=True))
    assert citra.post(f"{one}tanda-tangan/", {"seen": "x"}).status_code == 403
    assert "bukan lagi yang Anda lihat" in text_of(gita.post(f"{one}tanda-tangan/", {"seen": "x"}, follow=True))
    seen = products.get(E, "PRD-001", AT).digest
    assert "LAPINSUS-001" in text_of(gita.post(f"{one}tanda-tangan/", {"seen": seen}, follow=True))
    assert "Tanda terima Anda dicatat" in text_of(client_for("juwita").post(f"{one}terima/", follow=True))
    book = CalamineWorkbook.from_filelike(io.BytesIO(client_for("juwita").get(f"{LIST}register.xlsx").content))
    assert book.get_sheet_by_name("Register").to_python()[1][1] == "LAPINSUS-001/POSKO-PEMILU/XII/2023"
    assert len(book.get_sheet_by_name("Distribusi").to_python()) == 3


def test_the_kejari_bawaslu_and_who_it_is_sent_to_read_products_and_nobody_else(post: Any, client_for: Any) -> None:
    signed(post)
    allowed = {
        who: client_for(who).get(f"{LIST}PRD-001/").status_code
        for who in ("citra", "gita", "juwita", "ani", "hadi", "indra", "budi", "dedi")
    }
    assert allowed == {"citra": 200, "gita": 200, "juwita": 200, "ani": 403, "hadi": 403, "indra": 403, "budi": 403, "dedi": 403}


def test_the_journal_opens_no_product_to_those_who_may_not_read_it(post: Any, client_for: Any) -> None:
    products.draft(E, Type.SPECIAL, body(sections=SAID | {"analisa": "Hujan deras berhari-hari."}), post.actors["citra"], AT)
    entry = f"/{E}/jurnal/{record.Entry.objects.get(kind='product.drafted').entry_id}/"
    assert "AGHT-01" in text_of(client_for("citra").get(entry))
    for who in ("ani", "hadi", "indra"):
        seen = text_of(client_for(who).get(entry))
        assert "Hujan deras" not in seen
        assert "AGHT-01" not in seen


def test_the_demonstration_makes_one_of_each_type(post: Any) -> None:
    said = beltim.step("products")
    assert any("menunggu pimpinan" in line for line in said)
    kinds = {p.kind for p in products.listing(E, AT) if p.state is State.SIGNED}
    assert kinds == set(Type)
    assert all(products.whole(p) for p in products.listing(E, AT) if p.state in rules.FROZEN)


def test_a_desa_that_is_an_island_keeps_its_figure_on_the_map_of_the_product(post: Any) -> None:
    aght.open_item(
        E, title="Dermaga Buku Limau", place="19.06:P01", answers=rules_of.Answers(True, happening=True), claim="Kapal sulit merapat",
        gatra="geografi", variable="6", shares=rules_of.Shares(10, 50, 100), last_useful_at=AT + 9 * DAY, actor=post.actors["citra"], at=AT,
    )  # fmt: skip
    code = products.draft(E, Type.MAP, body(Type.MAP), post.actors["citra"], AT + MINUTE)
    picture = products.collect(E, products.get(E, code, AT + MINUTE), AT + MINUTE)["picture"]
    mark = picture[picture.index("peta-pulau-desa") :]
    assert ">1</text>" in mark[: mark.index("</g>")]
