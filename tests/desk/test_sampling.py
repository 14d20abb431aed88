"""The sampling audit on the screen: plan, freeze, seed, open, say; and what a sceptic downloads gives the same boxes."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from posko.domain import labels
from posko.domain import record as facts
from posko.domain import sampling as rules
from posko.store import record, sampling, seals

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
BASE = f"/{E}/uji-petik/"
DICE = "4 1 6 2 3 5 5 1 2 6 4 3 1 1 6 5 2 4 3 6"
AT = datetime(2024, 2, 10, 3, tzinfo=UTC)


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    rng = Random(3)
    boxes = [
        rules.Boxed(labels.new_code(rng), contest, f"19.06.02.2001.{n:03}", "BABEL") for contest in ("DPD", "DPR") for n in range(1, 31)
    ]
    monkeypatch.setattr(sampling, "_sealed", lambda _election, _at: sorted(boxes, key=lambda b: b.code))
    clock(AT)
    return installation


def clock(at: datetime) -> None:
    record.set_clock(at, facts.Actor("p-kartika", "ADMIN"), datetime(2026, 1, 1, tzinfo=UTC))


def post(client: Any, path: str, **values: Any) -> str:
    return str(client.post(BASE + path, values, follow=True).content.decode())


PLAN = {"strata": "all", "share": "20", "confidence": "950", "expected": "0", "seed_kind": "dice"}


def frozen_and_drawn(ani: Any) -> rules.Audit:
    assert "Daftar dibekukan" in post(ani, "rencana/", **PLAN, commit="1")
    assert "Benih harus dibuat sesudah daftar dibekukan" in post(ani, "UJI-001/benih/", seed=DICE)
    clock(AT.replace(hour=4))
    assert "kotak terpilih" in post(ani, "UJI-001/benih/", seed=DICE)
    return sampling.get_audit(E, "UJI-001", AT.replace(hour=4))


def test_the_size_follows_from_what_is_typed_before_anything_is_kept(scene: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    size = rules.sample_size(60, rules.tolerable_of(60, 200), rules.risk_of(950))
    page = post(ani, "rencana/", **PLAN, count="1")
    assert f'<strong class="bigwords">{size}</strong>' in page
    each = post(ani, "rencana/", **{**PLAN, "strata": "each", "together": "1"}, count="1")
    assert f'<strong class="bigwords">{rules.sample_size(30, 5, rules.risk_of(950, 2))}</strong>' in each
    assert "bukan angka yang dikenal" in post(ani, "rencana/", **{**PLAN, "share": "sedikit"}, count="1")
    assert "Longgarkan batasnya" in post(ani, "rencana/", **{**PLAN, "share": "1", "expected": "5"}, count="1")
    assert "angka publik mana" in post(ani, "rencana/", **{**PLAN, "seed_kind": "public"}, commit="1")
    assert sampling.audits(E, AT) == []


def test_from_the_frozen_list_to_one_plain_sentence(scene: Any, client_for: Callable[[str], Any], monkeypatch: Any) -> None:
    ani, lutfi, juwita = client_for("ani"), client_for("lutfi"), client_for("juwita")
    found = frozen_and_drawn(ani)
    assert "sudah terpilih" in post(ani, "UJI-001/benih/", seed=DICE)
    shown = juwita.get(BASE + "UJI-001/layar/").content.decode()
    assert found.seed in shown
    assert labels.spaced(found.drawn[0]) in shown
    outside = next(b.code for b in found.boxes if b.code not in found.drawn)
    assert "BERHENTI" in post(lutfi, "UJI-001/buka/", code=f"PSK1:B:{outside}")
    assert "menjadi orang kedua" in post(lutfi, "UJI-001/buka/", partner="1", second="oki", second_password="posko-demo")
    for number, code in enumerate(found.drawn):
        assert "Apakah isi kotak ini benar?" in post(lutfi, "UJI-001/buka/", code=f"PSK1:B:{code}")
        if not number:
            monkeypatch.setattr(seals, "sealing_of", lambda *_: "masih tersegel")
            assert "masih tersegel" in lutfi.get(f"{BASE}UJI-001/kotak/{code}/").content.decode()
            monkeypatch.setattr(seals, "sealing_of", lambda *_: None)
        said = {"verdict": "right"} if number else {"verdict": "wrong", "kind": ["short"], "found": "299", "needed": "301"}
        page = post(lutfi, f"UJI-001/kotak/{code}/", **said)
        assert "tercatat" in page
        assert number or "sudah diperiksa dan belum disegel ulang" in page
    page = juwita.get(BASE + "UJI-001/").content.decode()
    bound = rules.upper_bound(60, len(found.drawn), 1, rules.risk_of(950))
    assert f"95 % yakin: paling banyak {bound} dari 60 kotak salah" in page
    assert "sasaran tidak tercapai" in page
    result = (sampling.get_audit(E, "UJI-001", AT.replace(hour=5)).results or {})[found.drawn[0]]
    assert (result.person, result.second, result.kinds) == ("p-lutfi", "p-oki", ("short",))


def test_a_box_is_not_recorded_by_one_person_alone(scene: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    code = frozen_and_drawn(client_for("ani")).drawn[0]
    assert "orang kedua" in post(lutfi, f"UJI-001/kotak/{code}/", verdict="right")
    assert "sandi" in post(lutfi, f"UJI-001/kotak/{code}/", verdict="right", second="oki", second_password="x")
    assert "Pilih satu" in post(lutfi, f"UJI-001/kotak/{code}/", verdict="wrong", second="oki", second_password="posko-demo")
    assert sampling.get_audit(E, "UJI-001", AT.replace(hour=5)).examined == 0


def test_a_sceptic_runs_the_download_and_gets_the_same_boxes(scene: Any, client_for: Callable[[str], Any], tmp_path: Path) -> None:
    found = frozen_and_drawn(client_for("ani"))
    juwita = client_for("juwita")
    (tmp_path / "UJI-001-daftar.csv").write_bytes(juwita.get(BASE + "UJI-001/daftar.csv").content)
    (tmp_path / "periksa.py").write_bytes(juwita.get(BASE + "UJI-001/periksa.py").content)
    run = subprocess.run([sys.executable, "-I", "periksa.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    assert lines[0].endswith("sidik daftar COCOK")
    assert tuple(line.split()[1] for line in lines[1:]) == found.drawn
    assert found.drawn[0] in juwita.get(BASE + "UJI-001/terpilih.csv").content.decode()


def test_the_minutes_are_the_same_bytes_and_their_prints_are_counted(scene: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    post(ani, "rencana/", **PLAN, commit="1")
    assert "Benih belum dimasukkan" in post(ani, "UJI-001/berita-acara.pdf")
    clock(AT.replace(hour=4))
    post(ani, "UJI-001/benih/", seed=DICE)
    first, second = (ani.post(BASE + "UJI-001/berita-acara.pdf", {"paper": "f4"}).content for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF")
    assert "Sudah dicetak 2 kali" in ani.get(BASE + "UJI-001/").content.decode()


def test_a_stopped_audit_stays_visible_with_its_seed(scene: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    found = frozen_and_drawn(ani)
    assert "Tulis alasannya" in post(ani, "UJI-001/hentikan/", reason="")
    page = post(ani, "UJI-001/hentikan/", reason="dadu jatuh dari meja")
    assert "dadu jatuh dari meja" in page
    assert found.seed in page
    assert "UJI-001" in client_for("juwita").get(BASE).content.decode()


def test_empty_screens_say_what_to_do_first(installation: Any, client_for: Callable[[str], Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(sampling, "_sealed", lambda _election, _at: [])
    ani, hadi = client_for("ani"), client_for("hadi")
    assert "Belum ada kotak yang disegel" in ani.get(BASE).content.decode()
    assert "Segel kotak dahulu" in ani.get(BASE + "rencana/").content.decode()
    assert hadi.get(BASE + "rencana/").status_code == 403
    assert client_for("budi").get(BASE).status_code == 403
