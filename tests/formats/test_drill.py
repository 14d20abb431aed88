"""Scripts as files: the shipped ones are whole, and every fault of a broken one is named by row and field."""

import re
from pathlib import Path

import pytest

from posko.domain import drill as rules
from posko.formats import drill

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "scenarios" / "beltim-2024"
GOOD = """
kode = "coba"
nama = "Coba"
mulai = "H-1 05.00"
selesai = "H 07.00"
kecepatan = 8

[[kejadian]]
kode = "truk"
pada = "H-1 06.00"
jenis = "kendaraan"
sasaran = "T03"
judul = "Truk rusak"
isi = { alasan = "[SIMULASI] patah" }

[[kejadian.harapan]]
kode = "rencana"
catatan = ["plan.recorded"]
dalam_menit = 90
nilai = 20
kalimat = "Rencana baru."
"""


def read(text: str) -> tuple[rules.Script | None, list[str]]:
    found, problems = drill.read("coba.toml", text.encode())
    return found, [drill.sentence(one) for one in problems]


def test_a_good_script_is_read() -> None:
    found, said = read(GOOD)
    assert said == []
    assert found is not None
    assert (found.begins_min, found.ends_min, found.speed) == (-1140, 420, 8)
    assert found.injects[0].target == "T03"
    assert found.injects[0].expects[0].kinds == ("plan.recorded",)


def test_at_least_two_scripts_are_shipped_and_whole() -> None:
    names = drill.names(FOLDER)
    assert len(names) >= 2
    for name in names:
        found, problems = drill.read(name, (FOLDER / "gladi" / f"{name}.toml").read_bytes())
        assert problems == []
        assert found is not None
        assert found.code == name
        assert not found.hurried


def test_every_kind_of_entry_that_a_shipped_script_waits_for_is_written_somewhere() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "posko" / "store").glob("*.py"))
    verbs = re.findall(r'^    [A-Z_]+ = "([a-z_]+)"', (ROOT / "src/posko/domain/recommendations.py").read_text(encoding="utf-8"), re.M)
    written = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', source)) | {f"recommendation.{verb}" for verb in verbs}
    for name in drill.names(FOLDER):
        found, _ = drill.read(name, (FOLDER / "gladi" / f"{name}.toml").read_bytes())
        assert found is not None
        waited = {kind for inject in found.injects for wanted in inject.expects for kind in wanted.kinds}
        assert waited <= written, waited - written


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('nama = "Coba"\n', "", "coba.toml, nama: belum diisi"),
        ("kecepatan = 8", 'kecepatan = "cepat"', "coba.toml, kecepatan: harus bilangan bulat"),
        ("kecepatan = 8", "kecepatan = 0", "coba.toml, kecepatan: paling kecil 1"),
        ('pada = "H-1 06.00"', 'pada = "besok"', "coba.toml, baris 8, pada: besok bukan waktu naskah"),
        ('pada = "H-1 06.00"', 'pada = "H-1 24.00"', "coba.toml, baris 8, pada: H-1 24.00 bukan waktu naskah"),
        ('pada = "H-1 06.00"', 'pada = "H-2 06.00"', "coba.toml, baris 8, pada: di luar naskah yang berlangsung H-1 05.00 sampai H 07.00"),
        ('jenis = "kendaraan"', 'jenis = "gempa"', "coba.toml, baris 8, jenis: gempa tidak dikenal; pilihannya: laporan, cek_tps"),
        ('sasaran = "T03"', "sasaran = []", "coba.toml, baris 8, sasaran: belum diisi"),
        ('sasaran = "T03"', "sasaran = [3]", "coba.toml, baris 8, sasaran: harus teks atau daftar teks"),
        ("[SIMULASI] patah", "patah", "coba.toml, baris 8, isi.alasan: kata-kata buatan harus dimulai dengan [SIMULASI]"),
        ("alasan =", "sebab =", "coba.toml, baris 8, isi.alasan: belum diisi"),
        ("judul =", "judl =", "coba.toml, baris 8, judl: tidak dikenal (salah ketik?)"),
        ('catatan = ["plan.recorded"]', 'catatan = ["rencana"]', "coba.toml, baris 16, catatan: rencana bukan jenis catatan jurnal"),
        (
            'jenis = "kendaraan"\nsasaran = "T03"\njudul = "Truk rusak"\nisi = { alasan = "[SIMULASI] patah" }',
            'jenis = "laporan"\nsasaran = "x"\njudul = "x"\nisi = { kategori = "HUJAN", saluran = "phone", sumber = "kpu", kata = "" }',
            "coba.toml, baris 8, isi.kategori: HUJAN tidak dikenal; pilihannya: LOG",
        ),
        (
            'jenis = "kendaraan"\nsasaran = "T03"\njudul = "Truk rusak"\nisi = { alasan = "[SIMULASI] patah" }',
            'jenis = "gelombang"\nsasaran = "x"\njudul = "x"\nisi = { tinggi_cm = "tinggi", jam = 6 }',
            "coba.toml, baris 8, isi.tinggi_cm: harus bilangan bulat",
        ),
        ("dalam_menit = 90", "dalam_menit = 0", "coba.toml, baris 16, dalam_menit: paling kecil 1"),
        ("nilai = 20", "nilai = true", "coba.toml, baris 16, nilai: harus bilangan bulat"),
        ('kode = "truk"', 'kode = "Truk 1"', "coba.toml, baris 8, kode: Truk 1 tidak berbentuk kode"),
        ("[[kejadian]]", "[kejadian", "coba.toml: berkas bukan TOML yang benar"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_row_and_field(old: str, new: str, said: str) -> None:
    assert old in GOOD
    found, told = read(GOOD.replace(old, new, 1))
    assert found is None
    assert any(one.startswith(said) for one in told), told


def test_all_faults_are_named_at_once_and_a_code_used_twice_too() -> None:
    found, told = read(GOOD + GOOD[GOOD.index("[[kejadian]]") :].replace("nilai = 20", "nilai = -1").replace('judul = "Truk rusak"', ""))
    assert found is None
    assert len(told) == 2
    found, told = read(GOOD + GOOD[GOOD.index("[[kejadian]]") :])
    assert told == ["coba.toml, baris 22, kode: kode truk dipakai dua kali"]


@pytest.mark.parametrize(("text", "minute"), [("H-1 05.30", -1110), ("H 06.00", 360), ("H-3 00.00", -4320), ("H 00.00", 0)])
def test_moments_are_read_and_written_the_same(text: str, minute: int) -> None:
    assert drill.moment_min(text) == minute
    assert drill.moment_text(minute) == text
