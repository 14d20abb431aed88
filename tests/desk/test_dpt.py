"""The way of a voter file over the screens."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from posko.desk import dpt as screens
from posko.formats import dpt as files
from posko.store import dpt, places, record
from tests.conftest import RAKOR_AT

E = "pemilu-2024"
pytestmark = pytest.mark.django_db


def rows(change: dict[int, str] | None = None) -> list[str]:
    found = [f"{t.code.replace('.', '')},{t.desa_code},{250 + n % 40}" for n, t in enumerate(places.tps_list(E))]
    for index, line in (change or {}).items():
        found[index] = line
    return found


def send(client: Any, lines: list[str], head: str = "tps_code,desa_code,voters", name: str = "dpt.csv") -> Any:
    data = "\n".join([head, *lines]).encode()
    return client.post(f"/{E}/dpt/impor/", {"file": SimpleUploadedFile(name, data), "label": "DPT resmi"}, follow=True)


def page(answer: Any) -> str:
    return str(answer.content.decode())


def test_ani_imports_a_file_after_seeing_what_changes(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    client = client_for("ani")
    before = dpt.current(E, RAKOR_AT)
    assert before is not None
    shown = send(client, rows())
    assert "Berlakukan 363 TPS" in page(shown)
    assert "Berubah" in page(shown)
    assert dpt.current(E, RAKOR_AT) == before
    kept = dpt.uploads(E, RAKOR_AT)[0]
    size = record.root()[0]
    done = client.post(f"/{E}/dpt/impor/{kept.code}/berlakukan/", {"based_on": before.digest}, follow=True)
    assert "berlaku mulai sekarang" in page(done)
    now = dpt.current(E, RAKOR_AT)
    assert now is not None
    assert (now.tps, now.estimate, now.label, record.root()[0]) == (363, False, "DPT resmi", size + 1)
    assert dpt.uploads(E, RAKOR_AT) == []
    assert "selisih" in page(client.get(f"/{E}/dpt/riwayat/{now.id}/"))


def test_a_file_with_one_wrong_row_imports_nothing(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    client = client_for("ani")
    before = dpt.current(E, RAKOR_AT)
    assert before is not None
    shown = page(send(client, rows({0: "1906012001001,1906012001,banyak"})))
    assert "“banyak” bukan angka. Tulis angka saja, misalnya 270." in shown
    assert "Berlakukan" not in shown
    kept = dpt.uploads(E, RAKOR_AT)[0]
    client.post(f"/{E}/dpt/impor/{kept.code}/berlakukan/", {"based_on": before.digest})
    assert dpt.current(E, RAKOR_AT) == before


def test_a_file_of_persons_is_refused_and_kept_nowhere(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    size = record.root()[0]
    shown = page(send(client_for("ani"), [f"{line},x" for line in rows()], "tps_code,desa_code,voters,NIK"))
    assert "ditolak seluruhnya dan tidak disimpan" in shown
    assert dpt.uploads(E, RAKOR_AT) == []
    assert record.root()[0] == size


def test_a_recap_goes_over_columns_and_questions(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    client = client_for("ani")
    lines = [f"{t.kecamatan_name},{t.desa_name},{t.number},100,150,250" for t in places.tps_list(E)]
    first = lines[0].split(",")
    lines[0] = ",".join([first[0], first[1][:-1] + "x", *first[2:]])
    lines[1] = lines[1].replace(",250", ',"1.250"').replace("100,150", "600,650")
    head = "Kecamatan,Desa/Kelurahan,No TPS,L,P,Jumlah"
    shown = send(client, lines, head)
    assert "Kolom mana berisi apa?" in page(shown)
    code = dpt.uploads(E, RAKOR_AT)[0].code
    roles = {"kecamatan": "0", "desa": "1", "number": "2", "male": "3", "female": "4", "voters": "5"}
    asked = client.post(f"/{E}/dpt/impor/{code}/kolom/", {"sheet": "", "shown": "", **roles}, follow=True)
    assert "2 pertanyaan tentang berkas ini" in page(asked)
    desa = places.tps_list(E)[0].desa_code
    key = next(a["question"].key for a in asked.context["asked"] if a["question"].kind == "desa")
    shown = client.post(f"/{E}/dpt/impor/{code}/pertanyaan/", {"separator": ".", key: desa}, follow=True)
    assert "Berlakukan 363 TPS" in page(shown)
    assert "lebih dari rencana 300 per TPS" in page(shown)


def test_voters_that_changed_in_between_must_be_seen_first(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    client = client_for("ani")
    send(client, rows())
    code = dpt.uploads(E, RAKOR_AT)[0].code
    answer = client.post(f"/{E}/dpt/impor/{code}/berlakukan/", {"based_on": "0" * 64}, follow=True)
    assert "berubah sejak berkas ini diperiksa" in page(answer)


@pytest.mark.parametrize(("name", "status"), [("ani", 200), ("citra", 403), ("dedi", 403)])
def test_only_the_operator_of_the_regency_imports(name: str, status: int, db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    assert client_for(name).get(f"/{E}/dpt/impor/").status_code == status


def test_the_page_says_estimate_and_exports_what_can_be_imported(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    client = client_for("ani")
    assert "PERKIRAAN" in page(client.get(f"/{E}/dpt/"))
    data = client.get(f"/{E}/dpt/pemilih.xlsx").content
    again = files.read("a.xlsx", data, places.tps_list(E), region="19.06")
    assert again.ready
    assert again.total == 95_791
    assert client.get(f"/{E}/dpt/templat.csv").status_code == 200


SAID = {
    "dpt.count_empty": "Jumlah pemilih kosong. Isi angkanya; tulis 0 bila memang tidak ada.",
    "dpt.not_a_number": "“x” bukan angka. Tulis angka saja, misalnya 270.",
    "dpt.decimal": "“x” adalah pecahan. Jumlah pemilih harus bilangan bulat, misalnya 270.",
    "dpt.negative_count": "“x” kurang dari nol. Periksa lagi angkanya.",
    "dpt.too_many": "x pemilih terlalu banyak untuk satu TPS. Mungkin ada angka yang tertulis dua kali.",
    "dpt.formula_error": "Rumus di sel ini gagal (x). Perbaiki rumusnya di Excel, atau ketik angkanya.",
    "dpt.formula": "Sel ini berisi rumus yang belum dihitung. Buka berkas di Excel, simpan, lalu unggah lagi.",
    "dpt.sum": "L 1 + P 2 = 3, tetapi jumlahnya tertulis 9. Perbaiki salah satu.",
    "dpt.code_bad": "“x” bukan kode TPS. Kode TPS terdiri dari 13 angka, boleh dengan titik.",
    "dpt.code_scientific": (
        "Excel mengubah kode TPS menjadi “x”; angka aslinya hilang. Format kolom sebagai Teks, lalu tempel lagi kode 13 angka."
    ),
    "dpt.code_number": (
        "Kode TPS “x” tersimpan sebagai angka, sehingga nol bisa hilang. Format kolom sebagai Teks, lalu tempel lagi kode 13 angka."
    ),
    "dpt.unknown_tps": "TPS t tidak ada dalam daftar TPS pemilihan ini. Periksa kodenya.",
    "dpt.duplicate": "t sudah ada di baris 2. Hapus salah satu.",
    "dpt.wrong_region": "x bukan kode wilayah ini (19.06). Mungkin berkas kabupaten lain.",
}
FACTS: dict[str, str | int] = {
    "value": "x", "what": "TPS", "digits": 13, "tps": "t", "first": 2, "region": "19.06", "male": 1, "female": 2, "both": 3, "total": 9,
}  # fmt: skip


@pytest.mark.parametrize("code", SAID)
def test_every_kind_of_wrong_file_has_a_sentence_that_says_what_to_do(code: str) -> None:
    assert screens.PROBLEMS[code].format(**FACTS) == SAID[code]


def test_the_reader_knows_no_problem_without_a_sentence() -> None:
    import re
    from pathlib import Path

    source = Path(files.__file__).read_text(encoding="utf-8")
    named = set(re.findall(r'"(dpt\.[a-z_]+)"', source))
    assert named <= set(screens.PROBLEMS) | set(screens.SENTENCES)
