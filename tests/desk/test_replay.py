"""Three replays [SIMULASI], from the first report to the measured effect, through the screens as people use them.

What happened elsewhere is told as if it had happened in Belitung Timur; every person, number and word is made up.
- The flood of Demak (8 to 24 February 2024: levees broke, TPS were moved and voted later), here in desa Gantung.
- The warehouse of Lebak (January 2024: a wet warehouse; two letters and four warnings were not answered), here the warehouse in Manggar.
- The waves on the way to Buku Limau, where they belong.
A page is opened, its form is filled in and sent to the address that the form names: what a page does not offer cannot be done here.
"""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from posko.domain import reports as report_rules
from posko.domain.access import Grant
from posko.formats import text
from posko.store import access, places, record
from tests import beltim

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
CAST = ("citra", "nila", "gita", "ani", "fajar", "lutfi", "hadi", "indra", "juwita", "budi", "dedi", "kartika", "eka")
POST = {"citra", "nila", "gita"}
KPU = {"ani", "fajar"}
OVERSIGHT = {"juwita"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Forms(HTMLParser):
    """The forms of a page as a browser would send them: action, method, values, and the names that can be filled in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self._form: dict[str, Any] | None = None
        self._select = self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            about = {"action": said.get("action", ""), "method": said.get("method", "get"), "id": said.get("id", "")}
            self._form = {**about, "values": {}, "names": set(), "hidden": {}, "offered": {}}
            self.found.append(self._form)
        named = next((form for form in self.found if form["id"] and form["id"] == said.get("form")), self._form)
        if named is not None:
            self._field(tag, said, named)

    def _field(self, tag: str, said: dict[str, str], form: dict[str, Any]) -> None:
        name, kind, values = said.get("name", ""), said.get("type", "text"), form["values"]
        if tag in {"input", "select", "textarea", "button"} and name:
            form["names"].add(name)
        if tag == "input" and kind == "hidden":
            form["hidden"].setdefault(name, []).append(said.get("value", ""))
        if tag == "input" and name and kind != "file" and (kind not in {"checkbox", "radio"} or "checked" in said):
            values.setdefault(name, []).append(said.get("value", ""))
        if tag == "select":
            self._select = name
        if tag == "option" and self._select:
            form["offered"].setdefault(self._select, []).append(said.get("value", ""))
        if tag == "option" and self._select and ("selected" in said or self._select not in values):
            values[self._select] = [said.get("value", "")]
        if tag == "textarea":
            self._area = name
            values[name] = [""]

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form["values"][self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        self._select, self._area = ("" if tag == "select" else self._select), ("" if tag == "textarea" else self._area)
        self._form = None if tag == "form" else self._form


def _chosen(offered: list[str], typed: Any) -> Any:
    """The option of a list that carries what was typed, alone or with what was seen of it after a space; typed text where no list is."""
    return next((value for value in offered if isinstance(typed, str) and value.startswith(f"{typed} ")), typed)


class Story:
    """People at their screens, and the clock on the wall."""

    def __init__(self, installation: Any, client_for: Callable[[str], Client]) -> None:
        self._kartika = installation.actors["kartika"]
        self._pages: dict[tuple[str, str], str] = {}  # as long as nothing was written and the clock stands
        self._clients = {who: Client() if who == "eka" else client_for(who) for who in CAST}

    def clock(self, month: int, day: int, hour: int, minute: int = 0) -> None:
        """Sets the clock, in WIB of 2024."""
        self._pages.clear()
        at = datetime(2024, month, day, hour, minute, tzinfo=text.WIB).astimezone(UTC)
        record.set_clock(at, self._kartika, machine_at=datetime(2026, 1, 1, tzinfo=UTC))

    def page(self, who: str, path: str) -> str:
        """What a person sees at an address of the election, or at one that begins with a stroke."""
        if (who, path) not in self._pages:
            answer = self._clients[who].get(path if path.startswith("/") else f"/{E}/{path}", follow=True)
            self._pages[who, path] = str(answer.content.decode().partition("<main")[2])
        return self._pages[who, path]

    def send(self, who: str, path: str, to: str = "", **typed: Any) -> str:
        """Fills in the one form of a page that has these fields and sends it; what the person sees then."""
        address = path if path.startswith("/") else f"/{E}/{path}"
        opened = self._clients[who].get(address)
        assert opened.status_code == 200, (who, path, opened.status_code)
        fits = [
            form for form in Forms(opened.content.decode().partition("<main")[2]).found
            if form["method"] == "post" and set(typed) <= form["names"] and to in form["action"]
            and ("act" in typed or "act" not in form["hidden"])
            and all(typed[name] in given for name, given in form["hidden"].items() if name in typed)
        ]  # fmt: skip
        assert len(fits) == 1, (who, path, typed, [f["action"] for f in fits])
        self._pages.clear()
        sent = {**fits[0]["values"], **{name: _chosen(fits[0]["offered"].get(name, []), value) for name, value in typed.items()}}
        answer = self._clients[who].post(fits[0]["action"] or address, sent, follow=True)
        shown = str(answer.content.decode().partition("<main")[2])
        assert answer.status_code == 200, (
            who,
            path,
            answer.status_code,
            re.findall(r'class="error[^>]*>(.*?)</div>', shown, re.DOTALL),
            sent,
        )
        return shown

    def seeing(self, path: str, words: str) -> set[str]:
        """Who finds these words at an address; everybody tries."""
        return {who for who in CAST if words in self.page(who, path)}

    def tasked(self, words: str) -> set[str]:
        """Who has a task with these words."""
        return self.seeing("tugas/", words)

    # --- what is done in every replay ---

    def told(self, said: str, category: str, place: str, **more: Any) -> str:
        """Eka reports without an account; gives the ticket."""
        shown = self.send("eka", "/lapor/", text=f"[SIMULASI] {said}", category=category, place=place, **more)
        return shown.partition('class="ticket">')[2].partition("<")[0]

    def called(self, who: str, said: str, category: str, where: str, **more: Any) -> str:
        """Somebody calls, and a person of the post, the KPU or a PPK writes it down; gives the ticket that is read out."""
        shown = self.send(who, "laporan/telepon/", text=f"[SIMULASI] {said}", category=category, where=where, **more)
        return shown.partition('class="ticket">')[2].partition("<")[0]

    def texted(self, who: str, place: str, *codes: str) -> str:
        """A message of codes is pasted; the page with the answer."""
        written = {code.number: code.written for code in report_rules.SMS_CODES}
        message = f"LAPOR {report_rules.sms_place(place)} {' '.join(written[c] for c in codes)} #[SIMULASI]"
        return self.send(who, "laporan/sms/", messages=message)

    def graded(self, report: str, claim: str, source: str, information: str, basis: str, chain: str = "") -> None:
        """Citra grades the source, Nila the information, each on a screen of its own."""
        self.send("citra", f"aght/nilai/{report}/sumber/", claim=claim, grade=source, basis=basis, chain=chain)
        assert f"Nilai keterangan laporan {report}" in self.page("nila", "tugas/")
        seen = self.page("nila", f"aght/nilai/{report}/keterangan/")
        assert basis not in seen  # the source's grade and its basis are not before her eyes
        self.send("nila", f"aght/nilai/{report}/keterangan/", grade=information, basis=basis)

    def lines(self, who: str, code: str) -> list[tuple[str, str]]:
        """(report, grade) of every line of the sum."""
        return re.findall(r">(LAP-\d+)</a></th><td><strong>([A-F][1-6])</strong>", self.page(who, f"aght/{code}/"))

    def drafted(self, path: str, **typed: Any) -> str:
        """Citra writes a draft; gives its code."""
        shown = self.send("citra", path, nature="Sangat Segera", **typed)
        found = re.search(r"<h1>(REK-\d+)", shown)
        assert found, shown[:900]
        return found[1]

    def step(self, who: str, code: str, act: str, **typed: Any) -> str:
        """One step on the page of a recommendation."""
        return self.send(who, f"rekomendasi/{code}/", act=act, **typed)

    def answer(self, who: str, code: str, act: str, **typed: Any) -> str:
        """One step on the addressee's page for a telephone."""
        return self.send(who, f"rekomendasi/{code}/jawab/", act=act, **typed)

    def issued(self, code: str) -> None:
        """Submitted by Citra, approved and issued by Gita; nobody outside reads it before."""
        self.step("citra", code, "submitted")
        assert self.seeing(f"rekomendasi/{code}/", f"<h1>{code}") == POST | OVERSIGHT
        self.step("gita", code, "approved")
        self.step("gita", code, "issued")

    def product(self, kind: str, **typed: str) -> str:
        """Written by Citra, signed by Gita; gives its code."""
        path, to = ("produk/", "harian") if kind == "harian" else (f"produk/susun/{kind}/", "")
        shown = self.send("citra", path, to, **typed)
        code = re.findall(r"PRD-\d+", shown)[0]
        self.send("citra", f"produk/{code}/", to="ajukan")
        assert "Ditandatangani dengan nomor" in self.send("gita", f"produk/{code}/", seen=self._digest("gita", code))
        return code

    def _digest(self, who: str, code: str) -> str:
        found = re.search(r'name="seen" value="([0-9a-f]{64})"', self.page(who, f"produk/{code}/"))
        assert found
        return found[1]

    def number(self, code: str) -> str:
        """The number of a letter."""
        found = re.search(r"R-\d{3}/[A-Z-]+/[IVX]+/2024", self.page("citra", f"rekomendasi/{code}/"))
        assert found
        return found[0]

    def getting(self, path: str, begins: bytes = b"%PDF") -> set[str]:
        """Who gets a paper or a picture at an address; everybody tries."""
        return {who for who in CAST if self._clients[who].get(f"/{E}/{path}").content.startswith(begins)}


@pytest.fixture
def story(db_beltim: Any, client_for: Callable[[str], Client]) -> Story:
    """Belitung Timur, the cast, and Nila as a second analyst."""
    return told_with_nila(db_beltim, client_for)


def told_with_nila(db_beltim: Any, client_for: Callable[[str], Client]) -> Story:
    """The cast with a second analyst, from now on."""
    cache.clear()
    since = datetime(2023, 6, 1, tzinfo=UTC)
    access.add_user("nila", "x" * 12, "Nila", "KEJARI", [Grant("kejari.analis", "19.06", since)], db_beltim.actors["kartika"], since)
    return Story(db_beltim, client_for)


def photo() -> SimpleUploadedFile:
    target = io.BytesIO()
    Image.new("RGB", (320, 240), (90, 120, 150)).save(target, "JPEG")
    return SimpleUploadedFile("air.jpg", target.getvalue())


def scan(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PDF + f"% {name}\n".encode())


SLOTS = {"risiko": "Pemilih di tempat itu tidak dapat memilih pada waktunya.", "tembusan": "Bawaslu"}


# --- the flood -------------------------------------------------------------------------------------------------------------

GANTUNG = "19.06.02.2001"


def test_the_flood_of_demak_as_if_in_gantung(story: Story) -> None:  # noqa: PLR0915  # one story, told to its end
    """Three ways in, one conflict, two reviewers, a partial yes, a refusal with a reason, an effect in voters."""
    s = story
    s.clock(2, 8, 7, 0)
    ticket = s.told("Tanggul sungai jebol subuh tadi, 3 TPS terendam setinggi pinggang, jalan tertutup air", "GEO", GANTUNG, files=photo())
    assert "Diterima" in s.page("eka", f"/lapor/{ticket}/")
    s.called(
        "budi", "tanggul sungai la jebol subuh, aek masok, 3 tps terendam, jalan dak bisa lewat", "GEO", "gantung, gantung", source="kpu"
    )
    assert "LAP-003" in s.texted("budi", f"{GANTUNG}.003", "22")
    said = "setinggi pinggang"
    assert s.seeing("laporan/LAP-001/", said) == POST | OVERSIGHT
    assert s.getting("laporan/LAP-001/lampiran/1/", b"\xff\xd8") == POST | OVERSIGHT
    assert s.seeing("laporan/", said) == POST | OVERSIGHT
    assert s.seeing("laporan/", "LAP-002") == POST | OVERSIGHT  # Budi wrote it down and does not read it again

    # merged by a person; what contradicts is vetoed
    assert s.seeing("gabungan/", "LAP-001") == POST | OVERSIGHT
    assert "Periksa apakah LAP-001, LAP-002, LAP-003 hal yang sama" in s.page("citra", "tugas/")
    group = "LAP-001+LAP-002+LAP-003"
    s.send("citra", f"gabungan/{group}/", laporan=["LAP-001", "LAP-002", "LAP-003"], act="merge")
    s.clock(2, 8, 7, 40)
    s.told("Tanggul sungai jebol subuh tadi, 9 TPS terendam dan jalan tertutup air", "GEO", GANTUNG)
    seen = s.page("citra", f"gabungan/{group}+LAP-004/")
    assert '<strong class="clash">9</strong>' in seen
    every = ["LAP-001", "LAP-002", "LAP-003", "LAP-004"]
    refused = s.send("citra", f"gabungan/{group}+LAP-004/", laporan=every, act="merge", reason="Sungai yang sama")
    assert "belum digabungkan" in refused
    assert f"gabungan/{group}/" in s.page("citra", "laporan/LAP-001/")
    assert f"gabungan/{group}/" not in s.page("citra", "laporan/LAP-004/")
    assert "jumlah berbeda: 3 dan 9 TPS" in s.page("citra", "gabungan/")

    # graded on two screens, placed by the tree, scored line by line
    claim = "Tiga TPS di desa Gantung tidak dapat dipakai pada 14 Februari"
    s.graded("LAP-002", claim, "B", "2", "PPK melihat sendiri", chain="PPK Gantung")
    s.graded("LAP-003", claim, "B", "2", "Kode dari kartu TPS", chain="PPK Gantung")
    s.graded("LAP-001", claim, "F", "2", "Warga, dengan foto")
    s.graded("LAP-004", claim, "F", "4", "Jumlah TPS tidak cocok dengan yang lain")
    opened = s.send(
        "citra", "aght/baru/?laporan=LAP-002", title="Banjir di desa Gantung", operational="1", happening="1", gatra="geografi",
        variable="6", low="10", mode="60", high="100", last_useful="2024-02-13T12:00",
    )  # fmt: skip
    assert "GANGGUAN" in opened
    assert "[SIMULASI] Banjir di desa Gantung" in opened
    for number in ("LAP-001", "LAP-003", "LAP-004"):
        s.send("citra", f"laporan/{number}/", item="AGHT-01")
    assert sorted(s.lines("citra", "AGHT-01")) == [("LAP-001", "F2"), ("LAP-002", "B2"), ("LAP-003", "B2"), ("LAP-004", "F4")]
    item = s.page("citra", "aght/AGHT-01/")
    assert "ke-2 dalam rantai PPK Gantung" in item
    assert "dinilai satu orang" not in item
    reads_aght = POST | KPU | OVERSIGHT | {"hadi"}
    assert s.seeing("aght/", "AGHT-01") == reads_aght
    assert s.seeing("aght/AGHT-01/", claim) == reads_aght
    assert s.seeing("aght/AGHT-01/", said) == set()  # the words of a reporter stand in no conclusion
    assert s.seeing("aght/peta/", "4 laporan dari 3 asal") == reads_aght
    assert "Sedang dinilai" in s.page("eka", f"/lapor/{ticket}/")

    # two people read the draft before the head signs
    s.send("gita", "rekomendasi/profil/", reviewers="2", reason="Tiga orang dapat membaca")
    code = s.drafted(
        "rekomendasi/baru/?aght=AGHT-01&tindakan=PINDAH-TPS", subject="Pemindahan TPS yang terendam di Gantung", due="2024-02-12T16:00",
        saran="Menyarankan agar KPU memindahkan 3 TPS yang terendam di Gantung ke bangunan terdekat yang aman.",
        ukuran="3 lokasi baru diumumkan kepada pemilihnya.", **SLOTS,
    )  # fmt: skip
    draft = s.page("citra", f"rekomendasi/{code}/")
    assert "LAP-002 B2" in draft
    assert claim in draft
    s.step("citra", code, "submitted")
    assert s.tasked(f"Telaah {code}") == {"nila", "gita"}
    s.step("nila", code, "reviewed")
    assert s.seeing(f"rekomendasi/{code}/", f"<h1>{code}") == POST | OVERSIGHT
    s.step("gita", code, "approved")
    s.step("gita", code, "issued")
    assert s.seeing(f"rekomendasi/{code}/", f"<h1>{code}") == POST | OVERSIGHT | KPU
    assert s.getting(f"rekomendasi/{code}/surat.pdf") == POST | OVERSIGHT | KPU
    assert s.getting(f"rekomendasi/{code}/nota.pdf") == POST | OVERSIGHT

    # a second letter, to the Pemda: refused with a reason, which is a good end
    boats = s.drafted(
        "rekomendasi/baru/?aght=AGHT-01&tindakan=SIAGA-BPBD", subject="Perahu di desa Gantung", due="2024-02-12T16:00",
        saran="Menyarankan agar Pemda menyiagakan perahu dan regu BPBD di desa Gantung.", **SLOTS,
    )  # fmt: skip
    s.step("citra", boats, "submitted")
    s.step("nila", boats, "reviewed")
    s.step("gita", boats, "approved")
    s.step("gita", boats, "issued")
    assert s.seeing(f"rekomendasi/{boats}/", f"<h1>{boats}") == POST | OVERSIGHT | {"indra"}
    assert s.tasked(f"Terima surat {boats}") == {"indra"}
    s.clock(2, 8, 9, 0)
    s.answer("indra", boats, "received")
    s.answer(
        "indra", boats, "refused", reason_code="sudah_dilakukan", reason="Dua perahu sudah di desa Gantung sejak pagi.", file=scan("a.pdf")
    )
    ended = s.page("citra", f"rekomendasi/{boats}/")
    assert "Ditolak: sudah dilakukan." in ended
    assert s.tasked(boats) == set()

    # the KPU says yes to a part, does it, proves it; another verifies; the effect is counted
    assert s.tasked(f"Terima surat {code}") == KPU
    s.answer("ani", code, "received")
    assert s.tasked(f"Jawab {code}") == {"fajar"}
    s.answer("fajar", code, "partly_accepted", reason_code="tanpa_sumber_daya", reason="Dua TPS pindah ke sekolah, satu ke rumah panggung.")
    s.answer("ani", code, "followed_up", action="Memindahkan tiga TPS", owner="Subbagian teknis", due="2024-02-12T12:00")
    s.clock(2, 8, 16, 30)
    number = s.number(code)
    _daily(s, "AGHT-01", number, said)
    s.clock(2, 11, 15, 0)
    s.answer("ani", code, "claimed_done", evidence="Berita acara pemindahan dan foto", file=scan("ba.pdf"))
    assert "1 berkas bukti" in s.page("citra", f"rekomendasi/{code}/")
    assert s.tasked(f"Verifikasi {code}") == {"citra", "nila"}
    s.clock(2, 12, 9, 0)
    s.step("nila", code, "verified", outcome="sesuai", note="Tiga lokasi dilihat kering, pengumuman terpasang")
    s.send("citra", "aght/AGHT-01/kaji/", low="0", mode="2", high="5", note="Tiga TPS sudah pindah")
    before, after = _effect(s, code)
    assert before > 10 * after > 0
    s.step("citra", code, "measured", form="Catat dampak terukur")
    s.step("gita", code, "closed")
    assert s.seeing(f"rekomendasi/{code}/", "pemilih terdampak (perkiraan)") == POST | OVERSIGHT | KPU
    assert "ditutup" in s.page("ani", f"rekomendasi/{code}/")

    # the reporter follows by ticket, the office reports upward
    s.send("citra", "aght/AGHT-01/", standing="closed", outcome="not_held", reason="TPS dipindah, tiga lokasi kering")
    s.send("citra", "laporan/LAP-001/", to="tutup")
    followed = s.page("eka", f"/lapor/{ticket}/")
    assert "Ditutup" in followed
    for words in ("AGHT", "REK-", "Citra", said):
        assert words not in followed
    _products(s, "LAP-001", "AGHT-01", number, said)
    _voted_later(s)


def _voted_later(s: Story) -> None:
    """One of the TPS could not open on the day: its own day is stated with its basis, and the KPU gets a written letter."""
    s.clock(2, 15, 10, 0)
    written = {
        "subject": "Tempat yang kering untuk pemungutan suara susulan di Gantung", "nature": "Sangat Segera", "due": "2024-02-20T16:00",
        "saran": "Menyarankan agar KPU memindahkan TPS 3 Gantung ke bangunan terdekat yang aman.",
        "ukuran": "1 lokasi baru diumumkan kepada pemilihnya.", "dasar": "Berita acara TPS 3 Gantung tidak dibuka.",
        "fakta": "Air masih setinggi lutut di TPS 3.", "analisis": "Satu TPS memungut suara pada hari lain.", **SLOTS,
    }  # fmt: skip
    path = "rekomendasi/baru/?tindakan=PINDAH-TPS"
    assert "sudah tidak menolong" in s.send("citra", path, **written)
    stated = {"until": "susulan", "until_at": "2024-02-24T07:00", "until_places": f"{GANTUNG}.003"}
    assert "Tulis dasar" in s.send("citra", path, **written, **stated)
    shown = s.send("citra", path, **written, **stated, until_basis="Keputusan KPU tentang pemungutan suara susulan")
    code = re.findall(r"<h1>(REK-\d+)", shown)[0]
    for who, act in (("citra", "submitted"), ("nila", "reviewed"), ("gita", "approved"), ("gita", "issued")):
        s.step(who, code, act)
    assert s.tasked(f"Terima surat {code}") == KPU
    assert s.getting(f"rekomendasi/{code}/surat.pdf") == POST | OVERSIGHT | KPU
    letter = s.page("ani", f"rekomendasi/{code}/jawab/")
    assert "pemungutan suara susulan" in letter
    assert "15 Feb. 2024, 22.00 WIB" in letter  # nine days before its vote: twelve hours, not the minutes of the day itself
    s.answer("ani", code, "received")
    s.answer("fajar", code, "accepted")


def _effect(s: Story, code: str) -> tuple[int, int]:
    """What the form of the effect begins with: the expected loss when the letter was issued, and now."""
    form = next(f for f in Forms(s.page("citra", f"rekomendasi/{code}/")).found if "before" in f["names"])
    before, after = (int(form["values"][name][0].replace(".", "")) for name in ("before", "after"))
    return before, after


def _products(s: Story, report: str, item: str, number: str, said: str) -> None:
    """Laporan informasi and lapinsus carry the story, for Kejari and Bawaslu, without a reporter's words."""
    information = s.product(
        "informasi", subject=report, uraian="Keadaan seperti dilaporkan.", pendapat="Sejalan dengan laporan lain.", tindakan="Surat ke KPU."
    )
    special = s.product("khusus", subject=item, analisa="Lihat hitungan.", prediksi="Menurun.", saran="Menyarankan agar KPU melanjutkan.")
    for product, words in ((information, report), (special, number)):
        _read_by_us(s, product, words, said)


def _daily(s: Story, item: str, number: str, said: str) -> None:
    """The day's report tells of the new item and of the letter that is open."""
    product = s.product("harian")
    for words in (f">{item}<", number):
        _read_by_us(s, product, words, said)


def _read_by_us(s: Story, product: str, words: str, said: str) -> None:
    assert s.seeing(f"produk/{product}/", words) == POST | OVERSIGHT, (product, words)
    assert s.getting(f"produk/{product}/produk.pdf") == POST | OVERSIGHT, product
    assert s.seeing(f"produk/{product}/", said) == set(), product


# --- the warehouse ---------------------------------------------------------------------------------------------------------

WAREHOUSE = "19.06:G01"
WET = {"check-leak": "no", "check-pallet": "no", "check-roof": "no"}
DRY = {f"check-{code}": "yes" for code in ("leak", "humidity", "pallet", "roof", "drain", "guard", "power", "fire", "key")}


def _warned(s: Story, words: str) -> None:
    """Bawaslu writes a warning into the box; the KPU and the Pemda do not read the box."""
    s.send("juwita", "laporan/baru/", text=f"[SIMULASI] {words}", category="LOG", channel="letter", source="official", place=WAREHOUSE)


def _rakor(s: Story, title: str, day: str) -> str:
    """Citra calls a rakor and freezes its figures; the address of the pack."""
    shown = s.send("citra", "rakor/baru/", title=title, place="Manggar", day=day, hour="09:00")
    meeting = re.findall(r"rakor/rapat/(RKR-\d+)/", shown)[0]
    s.send("citra", f"rakor/rapat/{meeting}/", agency=["KPU", "PEMDA", "POLRES", "BAWASLU", "KEJARI"])
    frozen = s.send("citra", f"rakor/rapat/{meeting}/", to="bekukan")
    return f"rakor/paket/{re.findall(r'SNP-[0-9]+', frozen)[0]}/"


@pytest.mark.slow
def test_the_warehouse_of_lebak_as_if_in_manggar(story: Story) -> None:  # noqa: PLR0915  # one story, told to its end
    """Two letters and four warnings without an answer: reminders, the rakor, R20, and the spoken way on the eve."""
    s = story
    beltim.step("receipts")  # goods lie in the warehouse
    s.clock(1, 3, 9, 0)
    _warned(s, "Peringatan pertama: lantai gudang logistik KPU basah sesudah hujan, kardus langsung di lantai")
    s.told("gudang kpu bocor min, lantai basah, dus di lantai", "LOG", "19.06.01.2001")
    assert "LAP-003" in s.texted("ani", "19.06.01.2001", "17")
    assert s.seeing("laporan/", "Peringatan pertama") == POST | OVERSIGHT

    # an early warning of its own: the police look at the warehouse
    fault = "ada kebocoran atau genangan"
    s.send("hadi", "stok/periksa/baru/", place=WAREHOUSE, note="[SIMULASI] lantai basah", **{**DRY, **WET})
    assert s.tasked(fault) == POST | KPU | OVERSIGHT | {"lutfi", "indra"}

    s.clock(1, 3, 12, 0)
    together = ["LAP-001", "LAP-002", "LAP-003"]
    s.send("citra", f"gabungan/{'+'.join(together)}/", laporan=together, act="merge")
    claim = "Surat suara di gudang Manggar menjadi basah sebelum dikirim"
    s.graded("LAP-001", claim, "B", "2", "Pengawas melihat di tempat", chain="Bawaslu")
    s.graded("LAP-002", claim, "F", "3", "Warga tanpa riwayat")
    s.graded("LAP-003", claim, "B", "3", "Kode SMS petugas")
    s.send(
        "citra", "aght/baru/?laporan=LAP-001", title="Gudang logistik basah", operational="1", happening="1", own_control="1",
        gatra="ekonomi", variable="5", low="0", mode="1", high="4", last_useful="2024-02-13T20:00",
    )  # fmt: skip
    assert "HAMBATAN" in s.page("citra", "aght/AGHT-01/")
    for number in ("LAP-002", "LAP-003"):
        s.send("citra", f"laporan/{number}/", item="AGHT-01")
    assert sorted(s.lines("ani", "AGHT-01")) == []  # the KPU sees the sum, but no way to the reports
    assert s.seeing("aght/AGHT-01/", "LAP-002") == POST | KPU | OVERSIGHT | {"hadi"}

    # the first letter, from the warning and the item
    source = "rekomendasi/baru/?aght=AGHT-01&tindakan=LINDUNGI-GUDANG&sinyal=R11&subjek=warehouse:19.06:G01"
    saran = "Menyarankan agar KPU memperbaiki atap gudang logistik di Manggar."
    said = {"subject": "Gudang logistik di Manggar", "addressee": "KPU", "saran": saran, "due": "2024-01-17T16:00", **SLOTS}
    first = s.drafted(source, **said)
    assert "R11 warehouse:19.06:G01" in s.page("citra", f"rekomendasi/{first}/")
    s.clock(1, 4, 10, 0)
    s.issued(first)
    assert s.tasked(f"Terima surat {first}") == KPU
    s.clock(1, 4, 22, 30)
    assert s.tasked("pengingat: separuh waktu sudah lewat") == KPU
    assert s.tasked(f"Ingatkan KPU: {first}") == {"citra", "gita"}
    s.clock(1, 5, 11, 0)
    assert s.tasked("pengingat: tenggat lewat") == KPU
    assert s.tasked(f"Lewat tenggat, masuk agenda rakor. Hubungi KPU: {first}") == {"citra", "gita"}

    # three more warnings of Bawaslu: one origin, less weight each
    p = [_chance(s)]
    for n, (day, words) in enumerate(((5, "kedua"), (8, "ketiga"), (11, "keempat")), 4):
        s.clock(1, day, 14, 0)
        _warned(s, f"Peringatan {words}: lantai gudang logistik KPU masih basah, kardus masih di lantai")
        s.graded(f"LAP-00{n}", claim, "B", "2", "Pengawas melihat lagi", chain="Bawaslu")
        s.send("citra", f"laporan/LAP-00{n}/", item="AGHT-01")
        p.append(_chance(s))
    steps = [b - a for a, b in pairwise(p)]
    assert all(step > 0 for step in steps)
    assert steps == sorted(steps, reverse=True)

    # the rakor speaks about it, and a second letter is linked to the first
    s.clock(1, 9, 9, 30)
    pack = _rakor(s, "Rakor gudang", "2024-01-09")
    late = '<span class="quiet">(lewat tenggat'  # the agenda is everybody's, the title of the letter is not
    assert s.seeing(pack, late) == POST | KPU | OVERSIGHT | {"lutfi", "hadi", "indra"}
    assert s.seeing(pack, "Gudang logistik di Manggar") == POST | KPU | OVERSIGHT | {"lutfi"}
    again = s.send("citra", source, **said)
    assert f'href="/{E}/rekomendasi/{first}/">buka {first}</a>' in again
    s.clock(1, 11, 15, 0)
    second = s.drafted(
        f"rekomendasi/baru/?versi={first}", due="2024-01-25T16:00", fakta="Empat peringatan Bawaslu, surat pertama tidak dijawab."
    )
    s.issued(second)
    assert f'menggantikan <a href="/{E}/rekomendasi/{first}/">' in s.page("ani", f"rekomendasi/{second}/")
    old = s.page("ani", f"rekomendasi/{first}/")
    assert f'Ada versi baru: <a href="/{E}/rekomendasi/{second}/">' in old
    assert "diganti versi baru" in old
    assert s.tasked(f"Terima surat {first}") == set()
    s.clock(1, 13, 15, 0)
    assert s.tasked(f"Lewat tenggat, masuk agenda rakor. Hubungi KPU: {second}") == {"citra", "gita"}

    # the water comes; what two people counted contradicts
    s.clock(1, 28, 8, 0)
    s.called("lutfi", "Lantai gudang logistik tergenang air hujan, 85 lembar surat suara DPR basah", "LOG", _warehouse(), source="kpu")
    s.told("Lantai gudang logistik tergenang air hujan, 300 lembar surat suara DPR basah", "LOG", "", place_note="gudang KPU")
    refused = s.send("citra", "gabungan/LAP-007+LAP-008/", laporan=["LAP-007", "LAP-008"], act="merge")
    assert "belum digabungkan" in refused

    # now the KPU answers, and is late: R20, and the rakor once more
    s.answer("ani", second, "received")
    s.answer("fajar", second, "accepted")
    s.answer(
        "ani", second, "followed_up", action="Menutup atap, menaikkan kardus ke palet", owner="Subbagian logistik", due="2024-01-31T12:00"
    )
    s.clock(2, 1, 9, 30)
    overdue = f"{second} sudah disetujui KPU tetapi tindak lanjutnya lewat tenggat 21 jam"
    assert s.tasked(overdue) == POST | KPU | OVERSIGHT
    assert s.seeing(_rakor(s, "Rakor gudang kedua", "2024-02-01"), late) == POST | KPU | OVERSIGHT | {"lutfi", "hadi", "indra"}
    s.clock(2, 1, 16, 30)
    _read_by_us(s, s.product("harian"), "LEWAT TENGGAT", "85 lembar")

    # on the eve there is no time for letters
    s.clock(2, 13, 8, 0)
    assert s.seeing("rekomendasi/lisan/", "Simpan saran lisan") == {"gita"}
    spoken = {"addressee": "KPU", "channel": "telepon", "heard_by": "Sekretaris KPU", "subject": "Kotak di gudang",
              "fakta": "Air naik lagi.", "due": "2024-02-13T14:00", "aght": "AGHT-01"}  # fmt: skip
    assert "masih terbuka" in s.send("gita", "rekomendasi/lisan/", saran=saran, **spoken)
    shown = s.send("gita", "rekomendasi/lisan/", saran="Menyarankan agar KPU memindahkan kotak yang tersisa ke lantai dua.", **spoken)
    oral = re.findall(r"<h1>(REK-\d+)", shown)[0]
    assert s.seeing(f"rekomendasi/{oral}/", "Saran lisan") == POST | KPU | OVERSIGHT
    s.answer("ani", oral, "received")
    s.answer("fajar", oral, "accepted")
    s.answer("ani", oral, "followed_up", action="Memindahkan kotak", owner="Subbagian logistik", due="2024-02-13T13:00")
    assert s.tasked(f"Tandatangani konfirmasi tertulis {oral}") == {"gita"}
    s.clock(2, 13, 11, 0)
    s.step("gita", oral, "confirmed")
    assert s.tasked(f"Telaah saran lisan {oral}") == {"citra", "nila"}
    s.step("citra", oral, "reviewed_after", verdict="wajar", note="Surat tidak akan tiba pada waktunya")
    s.answer("ani", oral, "claimed_done", evidence="Kotak di lantai dua", file=photo())
    s.step("nila", oral, "verified", outcome="sesuai", note="Dilihat di tempat")
    s.step("citra", oral, "measured", why="Tidak ada hitungan kotak di lantai sebelum saran diucapkan")
    s.step("gita", oral, "closed")
    assert "Tidak terukur." in s.page("fajar", f"rekomendasi/{oral}/")

    # the letter: claimed, found wanting, done, seen dry, measured
    s.answer("ani", second, "claimed_done", evidence="Atap ditutup", file=scan("nota.pdf"))
    s.step("citra", second, "verified", outcome="belum_sesuai", note="Sisi timur masih basah")
    assert s.tasked(f"Laporkan hasil {second}") == KPU
    assert overdue.partition(" lewat")[0] in s.page("juwita", "tugas/")
    s.clock(2, 13, 15, 0)
    s.answer("ani", second, "claimed_done", evidence="Sisi timur ditutup", file=scan("nota2.pdf"))
    assert s.page("citra", f"rekomendasi/{second}/").count("1 berkas bukti") == 2
    s.send("hadi", "stok/periksa/baru/", place=WAREHOUSE, note="[SIMULASI] kering", **DRY)
    assert s.tasked(fault) == set()
    s.step("nila", second, "verified", outcome="sesuai", note="Gudang dilihat kering bersama polisi")
    measured = {"before": "385", "after": "0", "unit": "lembar basah yang dilaporkan", "source": "LAP-007, LAP-008, pemeriksaan gudang"}
    s.step("citra", second, "measured", **measured, measured="2024-02-13T15:00")
    s.step("gita", second, "closed")
    assert s.seeing(f"rekomendasi/{second}/", "385 menjadi 0 lembar basah yang dilaporkan") == POST | KPU | OVERSIGHT
    assert s.tasked(second) == set()
    _products(s, "LAP-007", "AGHT-01", s.number(second), "85 lembar")


def _chance(s: Story) -> float:
    """The chance of the item as its page says it, in per cent."""
    found = re.search(r'Peluang</span><br><span class="value">([\d,]+)', s.page("citra", "aght/AGHT-01/"))
    assert found
    return float(found[1].replace(",", "."))


def _warehouse() -> str:
    return next(site.name for site in places.sites("19.06") if site.code == WAREHOUSE)


# --- the waves -------------------------------------------------------------------------------------------------------------

LIMAU = "19.06.01.2010"


@pytest.mark.slow
def test_the_waves_of_buku_limau(story: Story) -> None:  # noqa: PLR0915  # one story, told to its end
    """A conflict that its reporter clears up, R10, two addressees, a question and its answer, TPS counted before and after."""
    s = story
    beltim.step("receipts")
    beltim.step("distribution")
    s.clock(2, 10, 13, 0)
    s.called(
        "citra",
        "Penyeberangan ke Buku Limau ditunda, ombak tinggi, 2 kapal tertahan di dermaga",
        "GEO",
        "buku limau, manggar",
        source="police",
    )
    ticket = s.told("ombak tinggi, 5 kapal ke buku limau dak jalan, tetahan di dermaga", "GEO", LIMAU)
    assert "LAP-003" in s.texted("ani", f"{LIMAU}.001", "21")
    said = "tertahan di dermaga"
    assert s.seeing("laporan/LAP-001/", said) == POST | OVERSIGHT

    # the digits contradict; the reporter adds by the ticket, a person looks again and says why
    assert "jumlah berbeda: 2 dan 5 kapal" in s.page("citra", "gabungan/")
    every = ["LAP-001", "LAP-002", "LAP-003"]
    compare = f"gabungan/{'+'.join(every)}/"
    assert "belum digabungkan" in s.send("citra", compare, laporan=every, act="merge")
    s.send("eka", f"/lapor/{ticket}/", text="[SIMULASI] Yang 3 kapal nelayan, kapal logistik cuma 2")
    assert s.tasked("Baca tambahan pada laporan LAP-002") == {"citra", "nila"}
    assert s.seeing("laporan/LAP-002/", "kapal logistik cuma 2") == POST | OVERSIGHT
    s.send("citra", "laporan/LAP-002/", to="tambahan")
    s.send("citra", compare, laporan=every, act="merge", looked="1", reason="Pelapor meluruskan: tiga di antaranya kapal nelayan")
    assert "meskipun ada yang bertentangan" in s.page("juwita", "gabungan/")

    claim = "Logistik tiga TPS Buku Limau tidak tiba sebelum 14 Februari pukul 07.00"
    s.graded("LAP-001", claim, "A", "2", "Petugas pengawalan di dermaga")
    s.graded("LAP-002", claim, "F", "3", "Warga tanpa riwayat")
    s.graded("LAP-003", claim, "B", "2", "Kode SMS KPPS")
    opened = s.send(
        "citra", "aght/baru/?laporan=LAP-001", title="Gelombang ke Buku Limau", place="19.06:P01", operational="1", happening="1",
        gatra="geografi", variable="6", low="10", mode="50", high="100", last_useful="2024-02-13T12:00",
    )  # fmt: skip
    assert "GANGGUAN" in opened
    assert "TPS 003" in opened
    for number in ("LAP-002", "LAP-003"):
        s.send("citra", f"laporan/{number}/", item="AGHT-01")
    assert sorted(s.lines("juwita", "AGHT-01")) == [("LAP-001", "A2"), ("LAP-002", "F3"), ("LAP-003", "B2")]
    assert s.seeing("aght/peta/?lapis=rugi", "Pulau Buku Limau, 1 butir") == POST | KPU | OVERSIGHT | {"hadi"}

    # the plan of the KPU hears of it, and the boats themselves speak: R10
    s.send("citra", "aght/AGHT-01/", kind="gelombang", delay_min="240")
    assert "240 menit" in s.page("ani", "aght/AGHT-01/")
    assert "ani" in s.tasked("Susun ulang")
    boats = "sinyal=R10&amp;subjek=island%3A19.06%3AP01"
    assert s.tasked(boats) == {"citra", "nila"}

    early = s.drafted(
        "rekomendasi/baru/?aght=AGHT-01&tindakan=BERANGKAT-AWAL&sinyal=R10&subjek=island:19.06:P01",
        subject="Keberangkatan pagi ke Buku Limau", addressee="KPU", due="2024-02-13T11:00",
        saran="Menyarankan agar KPU memajukan keberangkatan logistik Buku Limau ke pagi 12 Februari 2024.", **SLOTS,
    )  # fmt: skip
    escort = s.drafted(
        "rekomendasi/baru/?aght=AGHT-01&tindakan=KAWAL-LOGISTIK", subject="Pengawalan ke Buku Limau", due="2024-02-13T11:00",
        saran="Menyarankan agar Polres mengawal kapal logistik Buku Limau pada pagi 12 Februari 2024.", **SLOTS,
    )  # fmt: skip
    s.issued(early)
    s.issued(escort)
    assert s.seeing(f"rekomendasi/{early}/", f"<h1>{early}") == POST | OVERSIGHT | KPU
    assert s.seeing(f"rekomendasi/{escort}/", f"<h1>{escort}") == POST | OVERSIGHT | {"hadi"}
    assert s.seeing("rekomendasi/", escort) == POST | OVERSIGHT | {"hadi"}
    s.clock(2, 10, 16, 30)
    numbers = s.number(early), s.number(escort)
    _daily(s, "AGHT-01", numbers[0], said)

    s.clock(2, 10, 18, 0)
    s.answer("ani", early, "received")
    s.answer("ani", early, "asked", question="Jam berapa ombak di bawah satu meter?")
    assert s.tasked(f"Beri penjelasan {early}") == {"citra", "nila"}
    s.step("citra", early, "clarified", answer="Pukul 05.00 sampai 09.00 menurut prakiraan yang dibacakan petugas dermaga.")
    assert "05.00 sampai 09.00" in s.page("fajar", f"rekomendasi/{early}/jawab/")
    s.answer("fajar", early, "accepted")
    s.answer(
        "ani", early, "followed_up", action="Berangkat pukul 06.00 dengan dua kapal", owner="Subbagian logistik", due="2024-02-12T12:00"
    )
    for act, more in (
        ("received", {}),
        ("accepted", {}),
        ("followed_up", {"action": "Satu kapal pengawal", "owner": "Satuan Polairud", "due": "2024-02-12T12:00"}),
    ):
        s.answer("hadi", escort, act, **more)

    s.clock(2, 12, 11, 0)
    s.answer("ani", early, "claimed_done", evidence="Tiga kotak lengkap diterima di tiga TPS", file=photo())
    s.answer("hadi", escort, "claimed_done", evidence="Catatan pelayaran pengawal", file=scan("log.pdf"))
    assert s.tasked(f"Verifikasi {early}") == s.tasked(f"Verifikasi {escort}") == {"citra", "nila"}
    s.step("nila", early, "verified", outcome="sesuai", note="Tiga PPS dihubungi, logistik lengkap")
    s.step("nila", escort, "verified", outcome="sesuai", note="Catatan dilihat")
    counted = {
        "before": "0",
        "after": "3",
        "unit": "TPS Buku Limau dengan logistik lengkap",
        "source": "Laporan PPS",
        "measured": "2024-02-12T10:00",
    }
    s.step("citra", early, "measured", **counted)
    s.step("citra", escort, "measured", why="Tanpa pengawal pun dapat tiba; tidak ada pembanding")
    s.step("gita", early, "closed")
    s.step("gita", escort, "closed")
    assert s.seeing(f"rekomendasi/{early}/", "0 menjadi 3 TPS Buku Limau dengan logistik lengkap") == POST | OVERSIGHT | KPU
    assert "1 dari 2 (50 %)" in s.page("citra", "rekomendasi/kinerja/")
    s.send("citra", "aght/AGHT-01/", standing="closed", outcome="not_held", reason="Logistik tiba pagi 12 Februari")
    assert "240 menit" not in s.page("ani", "aght/AGHT-01/")
    s.send("citra", "laporan/LAP-002/", to="tutup")
    assert "Ditutup" in s.page("eka", f"/lapor/{ticket}/")
    assert "Logistik tiba" not in s.page("eka", f"/lapor/{ticket}/")
    _products(s, "LAP-001", "AGHT-01", numbers[1], said)


def test_the_demo_tells_the_waves_to_their_end(db_beltim: Any, client_for: Callable[[str], Client]) -> None:
    """What the guide of the Kejari shows in the demo is there, at the hours that it names."""
    beltim.through("reports", "merging", "aght", "recommendations")
    s = told_with_nila(db_beltim, client_for)  # the demo's one analyst grades alone
    s.clock(2, 10, 14, 45)
    assert f'href="/{E}/gabungan/LAP-011+LAP-016+LAP-017/"' in s.page("citra", "gabungan/")
    assert sorted(s.lines("citra", "AGHT-06")) == [("LAP-011", "A1"), ("LAP-016", "F3"), ("LAP-017", "B2")]
    s.clock(2, 10, 18, 10)
    assert "diterima penerima" in s.page("ani", "rekomendasi/REK-06/")
    s.clock(2, 12, 16, 30)
    measured = "0 menjadi 3 TPS Buku Limau yang menerima logistik lengkap"
    assert s.seeing("rekomendasi/REK-06/", measured) == POST | KPU | OVERSIGHT
    assert s.seeing("aght/AGHT-06/", "<h1>AGHT-06") == POST | KPU | OVERSIGHT | {"hadi"}
