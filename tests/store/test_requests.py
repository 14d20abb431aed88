"""Requests in the store and on the screens: sent, seen by the right agencies only, answered, passed on, reminded, exported, printed."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from python_calamine import CalamineWorkbook

from posko.domain import access
from posko.domain import record as facts
from posko.domain import requests as rules
from posko.domain.reports import Guarded
from posko.domain.requests import Act, State
from posko.store import access as access_store
from posko.store import evidence, record, requests
from tests.scene import RAKOR_AT as AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LIST = f"/{E}/permintaan/"
WORDS = "Sebutkan desa dan merek, untuk rencana listrik TPS"


def ask(scene: Any, who: str = "ani", **more: Any) -> str:
    values: dict[str, Any] = {
        "asked": "PEMDA", "kind": "data", "title": "Jumlah genset", "words": WORDS, "urgency": "segera", "due_at": AT + 4 * DAY,
        "nonce": f"n{len(requests.listing(E, AT + 90 * DAY))}", "actor": scene.actors[who], "at": AT,
    }  # fmt: skip
    return requests.ask(E, **(values | more))


def step(scene: Any, code: str, what: Act, who: str, at: Any = AT + HOUR, **more: Any) -> rules.Step:
    return requests.act(E, code, what, scene.actors[who], at, **({"seen": requests.get(E, code, at).last_id} | more))


def text_of(page: Any) -> str:
    return str(page.content.decode())


def test_a_request_is_sent_once_however_often_the_form_comes(installation: Any) -> None:
    assert ask(installation, nonce="a") == ask(installation, nonce="a", title="Lain") == "PMT-001"
    assert ask(installation, nonce="b") == "PMT-002"
    assert [r.title for r in requests.listing(E, AT)] == ["Jumlah genset", "Jumlah genset"]


def test_words_stand_in_the_erasable_part_only_and_an_erased_one_says_so(installation: Any) -> None:
    code = ask(installation)
    entry = record.entry(E, requests.get(E, code, AT).entry_id)
    assert "genset" not in str(entry.facts)
    assert entry.facts["readers"] == ["KPU", "PEMDA"]
    gita, citra = installation.actors["gita"], installation.actors["citra"]
    erased = record.propose_erasure(E, [entry.entry_id], "personal", gita, "kejari.pimpinan", AT, requests.WORDS.keys())
    record.decide_erasure(E, erased, facts.Verdict.ERASED, citra, frozenset({"kejari.analis"}), AT, requests.WORDS)
    assert requests.get(E, code, AT).title == record.mark_of(erased)


def test_what_was_passed_on_goes_with_what_was_asked_first_and_its_state_stays(installation: Any) -> None:
    code = ask(installation)
    step(installation, code, Act.RECEIVE, "indra")
    passed = step(installation, code, Act.FORWARD, "indra", AT + 2 * HOUR, to="POLRES", words="Ada di Polres")
    child = requests.get(E, passed.child, AT + 2 * HOUR)
    gita, citra = installation.actors["gita"], installation.actors["citra"]
    later = AT + 3 * HOUR
    erased = record.propose_erasure(E, [child.entry_id], "personal", gita, "kejari.pimpinan", later, requests.WORDS.keys())
    record.decide_erasure(E, erased, facts.Verdict.ERASED, citra, frozenset({"kejari.analis"}), later, requests.WORDS)
    mark = record.mark_of(erased)
    assert [(r.title, r.words) for r in requests.listing(E, later)] == [(mark, mark)] * 2
    assert [r.state for r in requests.listing(E, later)] == [State.FORWARDED, State.SENT]


def test_words_about_parties_are_refused_and_numbers_of_persons_hidden(installation: Any) -> None:
    with pytest.raises(Guarded):
        ask(installation, title="Daftar tim sukses")
    code = ask(installation, words="Hubungi 081234567890 untuk datanya")
    assert "0812" not in requests.get(E, code, AT).words


def test_the_list_of_everybody_is_what_may_allows_and_nothing_else(installation: Any) -> None:
    ask(installation, "ani")
    ask(installation, "hadi", asked="PEMDA", named=("KEJARI",))
    ask(installation, "citra", asked="KPU")
    at, people = AT + HOUR, installation.people
    for name, person in people.items():
        listed = {r.code for r in requests.visible(person, E, at)}
        allowed = {
            r.code
            for r in requests.listing(E, at)
            if access.may(person, "requests.read", requests.thing_of(r), access.Purpose.DUTY, access_store.agreements(at), at).allowed
        }
        assert listed == allowed, name
    assert [len(requests.visible(people[who], E, at)) for who in ("ani", "indra", "citra", "hadi", "juwita", "budi")] == [2, 2, 2, 1, 3, 0]


def test_a_third_agency_finds_nothing_on_no_page(installation: Any, client_for: Callable[[str], Any]) -> None:
    code = ask(installation)
    step(installation, code, Act.GIVE, "indra", words="Tiga buah di kantor bupati")
    hadi = client_for("hadi")
    for page in ("", "surat.pdf"):
        assert hadi.get(f"{LIST}{code}/{page}").status_code == 404
    assert hadi.post(f"{LIST}{code}/jawab/", {"act": "give", "words": "x"}).status_code == 404
    for page in (LIST, f"/{E}/cari/?q=genset", f"/{E}/tugas/", f"{LIST}permintaan.csv", f"/{E}/jurnal/?jenis=request", f"/{E}/jurnal/"):
        shown = text_of(hadi.get(page))
        assert code not in shown, page
        assert "Jumlah genset" not in shown, page
    entry = requests.get(E, code, AT + HOUR).entry_id
    assert "segera" not in text_of(hadi.get(f"/{E}/jurnal/{entry}/"))
    assert "segera" in text_of(client_for("indra").get(f"/{E}/jurnal/{entry}/"))


def test_the_asked_gets_tasks_with_reminders_and_the_asker_whom_to_remind(installation: Any) -> None:
    code = ask(installation)
    people = installation.people

    def tasks(who: str, at: Any) -> list[tuple[str, str]]:
        return [(t.kind, t.label.partition(" · ")[2]) for t in requests.waiting(people[who], E, at)]

    assert tasks("indra", AT) == [("requests.receive", "")]
    assert tasks("ani", AT) == []
    assert tasks("indra", AT + 2 * DAY) == [("requests.receive", "pengingat: separuh waktu sudah lewat")]
    assert tasks("ani", AT + 2 * DAY) == [("requests.remind_half", "")]
    step(installation, code, Act.RECEIVE, "indra", AT + 2 * DAY)
    assert tasks("ani", AT + 3 * DAY) == []
    assert tasks("indra", AT + 4 * DAY) == [("requests.answer", "pengingat: tenggat lewat")]
    assert tasks("ani", AT + 4 * DAY) == [("requests.remind_due", "")]
    step(installation, code, Act.REFUSE, "indra", AT + 5 * DAY, reason="tidak_ada", words="Genset sudah dihapus dari aset")
    assert (tasks("indra", AT + 6 * DAY), tasks("ani", AT + 6 * DAY)) == ([], [("requests.close", "")])
    assert tasks("hadi", AT + 4 * DAY) == tasks("citra", AT + 4 * DAY) == []
    assert requests.get(E, code, AT + DAY).state is State.SENT  # the past stays what it was


def test_what_is_late_is_offered_to_the_agenda_and_warned_of(installation: Any) -> None:
    code = ask(installation)
    assert requests.overdue(E, AT + 4 * DAY) == []
    assert [r.code for r in requests.overdue(E, AT + 4 * DAY + HOUR)] == [code]
    assert requests.signals(E, AT + 5 * DAY) == []
    assert [(s.rule, s.mark) for s in requests.signals(E, AT + 5 * DAY + HOUR)] == [("R20.permintaan", "[SIMULASI]")]


def test_what_is_not_theirs_is_passed_on_for_the_same_asker_and_never_in_a_circle(installation: Any) -> None:
    code = ask(installation, named=("KEJARI",))
    passed = step(installation, code, Act.FORWARD, "indra", AT + 3 * DAY, to="POLRES")
    child = requests.get(E, passed.child, AT + 3 * DAY)
    assert (child.asker, child.asked, child.origin, child.title, child.named) == ("KPU", "POLRES", code, "Jumlah genset", ("KEJARI",))
    assert child.first_due_at == AT + 5 * DAY
    with pytest.raises(rules.BadForward):
        step(installation, child.code, Act.FORWARD, "hadi", AT + 3 * DAY, to="PEMDA")
    further = step(installation, child.code, Act.FORWARD, "hadi", AT + 3 * DAY, to="KEJARI")
    assert requests.get(E, further.child, AT + 3 * DAY).named == ()  # who is asked is named no more
    assert requests.get(E, code, AT + 3 * DAY).state is State.FORWARDED


def test_a_form_that_saw_an_older_state_is_refused(installation: Any) -> None:
    code = ask(installation)
    seen = requests.get(E, code, AT).last_id
    step(installation, code, Act.RECEIVE, "indra")
    with pytest.raises(rules.SeenOther):
        step(installation, code, Act.GIVE, "indra", seen=seen, words="Tiga buah")


def test_a_step_of_a_stranger_finds_no_request(installation: Any) -> None:
    code = ask(installation)
    with pytest.raises(rules.Unknown):
        step(installation, code, Act.RECEIVE, "hadi")


def photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(made, "JPEG")
    return made.getvalue()


def test_the_whole_way_on_the_screens_with_a_file(installation: Any, client_for: Callable[[str], Any]) -> None:
    ani, indra, juwita = client_for("ani"), client_for("indra"), client_for("juwita")
    assert "Belum ada permintaan" in text_of(ani.get(LIST))
    form = {"asked": "PEMDA", "kind": "data", "title": "Jumlah genset", "words": WORDS, "urgency": "segera", "due_at": "2023-12-09T10:00",
            "nonce": "x1"}  # fmt: skip
    late = ani.post(f"{LIST}minta/", form | {"due_at": "2023-12-01T10:00"})
    assert "sesudah sekarang" in text_of(late)
    assert WORDS in text_of(late)  # what was typed stays
    sent = ani.post(f"{LIST}minta/", form | {"file": SimpleUploadedFile("surat.jpg", photo())}, follow=True)
    assert "Permintaan PMT-001 dikirim" in text_of(sent)
    assert "Terima dan jawab permintaan" in text_of(indra.get(f"/{E}/tugas/"))
    page = text_of(indra.get(f"{LIST}PMT-001/"))
    assert "Penuhi permintaan" in page
    (kept,) = evidence.of(E, "request:PMT-001", AT, "requests")
    address = f"/{E}/bukti/{kept.kept.sha256}/"
    assert [client_for(who).get(address).status_code for who in ("ani", "indra", "juwita", "hadi", "citra")] == [200, 200, 200, 403, 403]
    seen = requests.get(E, "PMT-001", AT).last_id
    short = indra.post(f"{LIST}PMT-001/jawab/", {"act": "refuse", "reason": "tidak_ada", "words": "tidak", "seen": seen})
    assert "paling sedikit 10 huruf" in text_of(short)
    given = indra.post(f"{LIST}PMT-001/jawab/", {"act": "give", "words": "Tiga buah", "seen": seen}, follow=True)
    assert "dipenuhi" in text_of(given)
    assert "Tutup permintaan" in text_of(ani.get(f"{LIST}PMT-001/"))
    seen = requests.get(E, "PMT-001", AT).last_id
    assert "ditutup peminta" in text_of(ani.post(f"{LIST}PMT-001/lanjut/", {"act": "close", "seen": seen}, follow=True))
    assert "Tiga buah" in text_of(juwita.get(f"{LIST}PMT-001/"))
    assert juwita.post(f"{LIST}PMT-001/lanjut/", {"act": "reopen", "seen": seen}).status_code in {200, 404}
    assert requests.get(E, "PMT-001", AT).state is State.CLOSED


def test_the_letter_is_the_same_twice_and_comes_on_both_papers(installation: Any, client_for: Callable[[str], Any]) -> None:
    code = ask(installation, named=("KEJARI",))
    ani = client_for("ani")
    first, again, wide = (ani.get(f"{LIST}{code}/surat.pdf{q}").content for q in ("", "", "?kertas=f4"))
    assert first.startswith(b"%PDF")
    assert first == again != wide


def test_the_table_goes_out_as_filtered(installation: Any, client_for: Callable[[str], Any]) -> None:
    ask(installation, title="=1+1 genset")
    ask(installation, "indra", asked="KPU", title="Jadwal bimtek")
    ani = client_for("ani")
    book = CalamineWorkbook.from_filelike(io.BytesIO(ani.get(f"{LIST}permintaan.xlsx?mana=masuk").content))
    assert [row[6] for row in book.get_sheet_by_index(0).to_python()] == ["Perihal", "Jadwal bimtek"]
    assert "'=1+1 genset" in text_of(ani.get(f"{LIST}permintaan.csv"))
