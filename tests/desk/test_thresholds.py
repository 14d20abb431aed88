"""The board of warnings and the page of thresholds, through the browser's eyes."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from posko.desk import shell
from posko.desk import thresholds as desk
from posko.domain import record as facts
from posko.domain import thresholds as rules
from posko.store import stock, thresholds
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
SINCE = RAKOR_AT - timedelta(hours=5)
BOARD, ACK, LIST = f"/{E}/sinyal/", f"/{E}/sinyal/tangani/", f"/{E}/ambang/"
BUFFER = f"{LIST}receipts/buffer_days/"
WHY = "Pemasok mengirim lewat laut"


def leak(severity: str = "high", to: tuple[str, ...] = ("KPU", "PEMDA"), subject: str = "warehouse:19.06:G01") -> facts.Signal:
    said: dict[str, str | int] = {"place": "Gudang logistik KPU", "faults": "atap bocor", "count": 1}
    return facts.Signal("R11", "hambatan", subject, severity, to, SINCE, said, mark="[SIMULASI]")


@pytest.fixture
def warned(installation: Any, monkeypatch: pytest.MonkeyPatch) -> list[facts.Signal]:
    """What stage stock warns of; a test changes the list."""
    found = [leak()]
    monkeypatch.setattr(stock, "signals", lambda _election, _at: list(found))
    return found


def page(client: Any, path: str, **values: Any) -> str:
    return str((client.post(path, values, follow=True) if values else client.get(path)).content.decode())


ANSWER = {"rule": "R11", "subject": "warehouse:19.06:G01"}


def test_the_board_shows_what_is_whose_since_when_and_why(client_for: Callable[[str], Any], warned: Any) -> None:
    seen = page(client_for("ani"), BOARD)
    for words in ("R11", "atap bocor", "[SIMULASI]", "KPU, PEMDA", "5 Des. 2023, 05.00 WIB", f"{LIST}#R11", "/stok/", "Tangani sinyal"):
        assert words in seen, words


def test_those_it_does_not_go_to_do_not_see_it_but_kejari_and_bawaslu_see_all(client_for: Callable[[str], Any], warned: Any) -> None:
    assert "atap bocor" not in page(client_for("hadi"), BOARD)
    for name in ("citra", "juwita"):
        seen = page(client_for(name), BOARD)
        assert "atap bocor" in seen
        assert "Tangani sinyal" not in seen, "it is not addressed to them"


def test_somebody_sees_to_it_and_it_stays_until_it_clears(client_for: Callable[[str], Any], warned: Any) -> None:
    indra = client_for("indra")
    assert "Anda menangani sinyal ini" in page(indra, ACK, **ANSWER)
    seen = page(client_for("ani"), BOARD)
    assert "sedang ditangani" in seen
    assert "Indra" in seen
    assert "Tangani sinyal" not in seen
    assert "Sudah ada yang menangani" in page(client_for("ani"), ACK, **ANSWER)
    warned.clear()
    assert "Tidak ada sinyal saat ini" in page(client_for("ani"), BOARD)
    warned.append(facts.Signal(**{**leak().__dict__, "since_at": SINCE + timedelta(hours=4)}))
    assert "Tangani sinyal" in page(client_for("ani"), BOARD), "what comes again asks again"


def test_a_warning_that_is_gone_or_another_agencys_is_not_seen_to(client_for: Callable[[str], Any], warned: Any) -> None:
    assert "sebabnya tidak ada lagi" in page(client_for("ani"), ACK, rule="R11", subject="warehouse:other")
    assert "Hanya yang dituju" in page(client_for("citra"), ACK, **ANSWER)
    assert thresholds.acknowledgements(E, RAKOR_AT) == []


def test_answered_ones_come_after_open_ones_also_in_the_inbox(client_for: Callable[[str], Any], warned: Any) -> None:
    warned.append(leak("watch", subject="warehouse:19.06:G02"))
    ani = client_for("ani")
    assert [m.split("warehouse:")[1][:8] for m in page(ani, BOARD).split('name="subject"')[1:]] == ["19.06:G0"] * 2
    page(ani, ACK, **ANSWER, back="inbox")
    for path in (BOARD, f"/{E}/tugas/"):
        seen = page(ani, path)
        assert seen.index("pantau</span>") < seen.index("sedang ditangani")
        assert seen.count("Tangani sinyal</button>") == 1


def test_the_board_filters_and_exports(client_for: Callable[[str], Any], warned: Any) -> None:
    ani = client_for("ani")
    for query in ("aturan=R11", "tingkat=high", "lembaga=PEMDA", "keadaan=open"):
        assert "atap bocor" in page(ani, f"{BOARD}?{query}"), query
    for query in ("aturan=R05", "tingkat=critical", "lembaga=POLRES", "keadaan=answered"):
        assert "atap bocor" not in page(ani, f"{BOARD}?{query}"), query
    page(ani, ACK, **ANSWER)
    assert "atap bocor" in page(ani, f"{BOARD}?keadaan=answered")
    book = CalamineWorkbook.from_filelike(io.BytesIO(ani.get(f"{BOARD}sinyal.xlsx").content))
    head, row = book.get_sheet_by_name("Sinyal").to_python()[:2]
    assert dict(zip(head, row, strict=True))["Ditangani oleh"] == "Ani"


def test_the_list_has_every_rule_and_says_what_still_waits(client_for: Callable[[str], Any], installation: Any) -> None:
    seen = page(client_for("citra"), LIST)
    for number in range(1, 23):
        assert f'id="R{number:02}"' in seen
    assert "menunggu data" in seen
    assert f'href="{BUFFER}"' in seen


def test_the_owner_sets_a_threshold_and_everybody_reads_why(client_for: Callable[[str], Any], installation: Any) -> None:
    seen = page(client_for("ani"), f"{BUFFER}ubah/", value="10", seen="7", reason=WHY)
    assert "Ambang disimpan" in seen
    assert "7 hari menjadi 10 hari" in seen
    for name in ("juwita", "citra", "hadi"):
        other = page(client_for(name), BUFFER)
        assert WHY in other
        assert "operator KPU" in other
        assert "Simpan ambang" not in other
    listed = page(client_for("citra"), LIST)
    assert "1 dari" in listed
    book = CalamineWorkbook.from_filelike(io.BytesIO(client_for("ani").get(f"{LIST}ambang.xlsx").content))
    rows = book.get_sheet_by_name("Ambang").to_python()
    assert [dict(zip(rows[0], r, strict=True))["Nilai"] for r in rows[1:] if "janji pemasok dan hari" in r[2]] == [10]
    assert book.get_sheet_by_name("Riwayat").to_python()[1][5] == WHY


@pytest.mark.parametrize(
    ("value", "seen", "reason", "words"),
    [
        ("31", "7", WHY, "dari 0 sampai 30"), ("tiga", "7", WHY, "dari 0 sampai 30"), ("-3", "7", WHY, "dari 0 sampai 30"),
        ("", "7", WHY, "dari 0 sampai 30"), ("7", "7", WHY, "Tidak ada yang berubah"), ("9", "6", WHY, "Orang lain"),
        ("9", "7", "", "Tulis alasannya"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_says_what_to_do_and_keeps_what_was_typed(
    client_for: Callable[[str], Any], installation: Any, value: str, seen: str, reason: str, words: str
) -> None:
    answer = client_for("ani").post(f"{BUFFER}ubah/", {"value": value, "seen": seen, "reason": reason})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert words in text
    assert reason in text
    assert thresholds.history(E, RAKOR_AT) == []


def test_kejari_cannot_set_what_is_the_kpus_and_nobody_what_is_locked(client_for: Callable[[str], Any], installation: Any) -> None:
    assert "milik KPU" in page(client_for("citra"), f"{BUFFER}ubah/", value="9", seen="7", reason=WHY)
    for stage, name, value, seen in (("packing", "stops_high", "2", "3"), ("sorting", "stray_days", "9", "7")):
        assert "tidak dapat diubah siapa pun" in page(client_for("ani"), f"{LIST}{stage}/{name}/ubah/", value=value, seen=seen, reason=WHY)
        assert "Simpan ambang" not in page(client_for("ani"), f"{LIST}{stage}/{name}/")
    assert thresholds.history(E, RAKOR_AT) == []


def test_a_threshold_of_a_critical_warning_takes_a_second_persons_password(client_for: Callable[[str], Any], installation: Any) -> None:
    path = f"{LIST}receipts/probability_permille/ubah/"
    good = {"value": "800", "seen": "900", "reason": WHY}
    ani = client_for("ani")
    assert "Ambang disimpan" not in page(ani, path, **good)
    assert "Ambang disimpan" not in page(ani, path, **good, second="ani", second_password="posko-demo")
    assert "Ambang disimpan" not in page(ani, path, **good, second="lutfi", second_password="posko-demo"), "no right to set thresholds"
    assert "orang kedua Fajar" in page(ani, path, **good, second="fajar", second_password="posko-demo")


def test_an_unknown_threshold_leads_back_to_the_list(client_for: Callable[[str], Any], installation: Any) -> None:
    for path in (f"{LIST}x/y/", f"{LIST}receipts/y/"):
        answer = client_for("ani").get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, LIST)


def test_every_threshold_has_a_rule_that_is_told_and_a_default_within_its_bounds() -> None:
    told = {said.rule for said in desk.RULES}
    assert len(told) == 23
    for stage, default in desk.LIMITS.items():
        for one in rules.knobs(stage, default):
            assert set(one.rules) <= told, one
            assert one.least <= one.default <= one.most, one


def test_every_sentence_of_a_signal_belongs_to_a_rule_that_is_told() -> None:
    told = {said.rule for said in desk.RULES}
    assert {rule.partition(".")[0] for rule in shell._collect("SIGNALS")} <= told


def test_every_refusal_of_the_thresholds_has_its_sentence() -> None:
    codes = {r.code for r in facts.Refusal.__subclasses__() if r.code.startswith("thresholds.")}
    assert codes == set(desk.SENTENCES)
