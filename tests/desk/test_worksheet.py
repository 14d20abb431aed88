"""The planner's table on screen: without a script, fault by fault, to a plan; and two plans side by side."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from posko.desk import worksheet as desk
from posko.domain import distribution as plans
from posko.domain import worksheet as rules
from posko.server import jobs
from posko.store import distribution, worksheet
from tests.desk.test_distribution import planned, with_fleet
from tests.store.test_distribution import ANI, ELECTION

__all__ = ["planned", "with_fleet"]
BASE = f"/{ELECTION}/distribusi/meja/"
ClientFor = Callable[[str], Client]


@pytest.fixture
def ani(planned: distribution.StoredPlan, client_for: ClientFor) -> Client:
    made = client_for("ani")
    made.post(BASE + "buka/", {"plan": "1"})
    return made


def _page(client: Client, path: str = "") -> str:
    response = client.get(BASE + path)
    assert response.status_code == 200
    return response.content.decode()


def _sheet() -> worksheet.Sheet:
    found = worksheet.sheet(ELECTION, ANI.person, jobs._now())
    assert found is not None
    return found


def _send(client: Client, act: str, **said: Any) -> Any:
    """The form as sent, without the page that follows."""
    return client.post(BASE + "ubah/", {"seen": str(_sheet().version), "act": act, **said})


def _post(client: Client, act: str, **said: Any) -> str:
    return str(client.get(_send(client, act, **said)["Location"]).content.decode())


def _truck() -> plans.Trip:
    return next(trip for trip in _sheet().draft.trips if trip.vehicle.startswith("T") and len(trip.stops) > 1)


def test_the_table_opens_from_a_plan_and_has_no_inline_style_or_script(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani = client_for("ani")
    assert "Buka meja" in _page(ani)
    text = ani.post(BASE + "buka/", {"plan": "1"}, follow=True).content.decode()
    assert "MEJA-001, dari rencana 1" in text
    assert "tanpa kesalahan" in text
    assert not re.search(r"\sstyle=|<script(?![^>]*src=)", text)
    assert "masih punya draf terbuka" in ani.post(BASE + "buka/", {"plan": "1"}, follow=True).content.decode()
    assert "masih sama dengan rencana 1" in text


def test_who_does_not_plan_has_no_table(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    for name in ("budi", "citra", "juwita", "dedi"):
        assert client_for(name).get(BASE).status_code == 403
    assert client_for("budi").get(f"/{ELECTION}/distribusi/banding/").status_code == 200


def test_a_load_is_taken_off_tried_elsewhere_and_put_back(ani: Client) -> None:
    trip = _truck()
    code = trip.loads[0]
    text = _post(ani, "move", load=code, target="")
    assert "Diturunkan dari kendaraan oleh perencana" in text
    assert "belum dapat disimpan" in text
    page = _page(ani, f"muatan/?kode={code}")
    assert "Di mana muat" in page
    value = re.search(r'name="target" value="([^"]+)"', page)
    assert value
    assert "tanpa kesalahan" in _post(ani, "move", load=code, target=value[1], page="load")
    assert not _sheet().draft.left


def test_a_load_on_a_full_truck_stays_there_with_the_fault_in_words(ani: Client) -> None:
    first = _truck()
    for load in [code for trip in _sheet().draft.trips if trip.vehicle.startswith("T") and trip.code != first.code for code in trip.loads][
        :4
    ]:
        _send(ani, "move", load=load, target=f"{first.vehicle}|{first.code}|")
    text = _page(ani)
    assert "Terlalu penuh" in text
    assert "ada kesalahan" in text
    before = _sheet().version
    refused = ani.post(BASE + "simpan/", {"seen": str(before), "reason": "x"}, follow=True).content.decode()
    assert "Belum dapat disimpan" in refused


def test_trips_are_locked_reordered_and_given_an_hour_by_form(ani: Client) -> None:
    trip = _truck()
    order = ",".join(str(n) for n in reversed(range(len(trip.stops))))
    _send(ani, "reorder", trip=trip.code, order=order)
    assert _sheet().draft.trip(trip.code).stops[0].place == trip.stops[-1].place
    _send(ani, "depart", trip=trip.code, hour="06.40", day="1")
    assert _sheet().draft.trip(trip.code).depart_min == 6 * 60 + 40 - plans.DAY
    assert "Tulis jam berangkat" in _post(ani, "depart", trip=trip.code, hour="pagi", day="1")
    assert "terkunci" in _post(ani, "lock", trip=trip.code)
    assert "Buka kuncinya lebih dulu" in _post(ani, "reorder", trip=trip.code, order=order)
    assert "tidak ada dalam draf" in _post(ani, "lock", trip="X-9")
    assert "tidak cocok lagi" in _post(ani, "reorder", trip=trip.code, order="a,b")
    ani.post(BASE + "urungkan/", {"seen": str(_sheet().version)})
    assert trip.code not in _sheet().draft.locked


def test_a_form_of_another_window_is_told_so(ani: Client) -> None:
    trip = _truck()
    _send(ani, "lock", trip=trip.code)
    stale = ani.post(BASE + "ubah/", {"seen": "0", "act": "unlock", "trip": trip.code}, follow=True).content.decode()
    assert "sudah berubah di jendela lain" in stale
    assert trip.code in _sheet().draft.locked


def test_the_rest_is_solved_around_a_lock_then_saved_and_compared(ani: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "ITERATIONS", 30)
    trip = _truck()
    load = next(code for other in _sheet().draft.trips if other.vehicle.startswith("T") and other.code != trip.code for code in other.loads)
    _send(ani, "lock", trip=trip.code)
    _send(ani, "pin", load=load, vehicle="T02", page="load")
    _send(ani, "move", load=next(code for code in trip.loads), target="")  # refused: locked
    answer = ani.post(BASE + "susun/", {"seen": str(_sheet().version)}, follow=True).content.decode()
    assert "Sisanya disusun ulang" in answer
    assert _sheet().draft.trip(trip.code) == trip
    carried = _sheet().draft.carrying(load, boat=False, given=_sheet().given)
    assert carried is not None
    assert carried.vehicle == "T02"
    assert "Tulis alasan" in ani.post(BASE + "simpan/", {"seen": str(_sheet().version), "reason": ""}, follow=True).content.decode()
    text = ani.post(BASE + "simpan/", {"seen": str(_sheet().version), "reason": "sopir baru"}, follow=True).content.decode()
    assert "Rencana 2 disimpan dari meja perencana" in text
    found = ani.get(f"/{ELECTION}/distribusi/banding/").content.decode()
    assert "Banding rencana 1 dan 2" in found
    assert "sopir baru" in found
    assert re.search(r"[1-9]\d* dari \d+ perjalanan sama", found)
    assert "Pilih dua rencana" in ani.get(f"/{ELECTION}/distribusi/banding/?lama=2&baru=2").content.decode()


def test_a_load_is_split_by_its_tps(ani: Client) -> None:
    sheet = _sheet()
    code = next(code for code in _truck().loads if len(sheet.draft.loads[code].tps) > 1)
    tps = list(sheet.draft.loads[code].tps)
    assert "paling sedikit dua bagian" in _post(ani, "split", load=code, tps=tps, second=[])
    _send(ani, "split", load=code, tps=tps, second=tps[:1])
    assert _sheet().draft.loads[f"{code}~2"].tps == (tps[0],)
    assert ("Bagi muatan" in _page(ani, f"muatan/?kode={code}~1")) == (len(tps) > 2)


def test_compare_says_what_is_missing_before_there_are_two_plans(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    assert "Baru ada 1 rencana" in client_for("juwita").get(f"/{ELECTION}/distribusi/banding/").content.decode()


def test_every_fault_reason_step_and_refusal_has_its_words() -> None:
    source = Path(plans.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'Violation\(\s*"(\w+)"', source)) | set(re.findall(r'\("(over_\w+)",', source))
    assert len(codes) > 25
    assert codes <= set(desk.FAULTS)
    mine = Path(rules.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'Unassigned\(code, "(\w+)"', mine)) | {"taken_off", "new_load"} <= set(desk.WHY)
    refusals = {cls.code for cls in vars(rules).values() if isinstance(cls, type) and issubclass(cls, rules.record.Refusal)}
    assert refusals <= set(desk.SENTENCES)
    assert set(rules._KINDS) <= set(desk.STEPS)


def test_figures_that_no_number_is_made_of_are_refused(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani = client_for("ani")
    for number in ("²", "9" * 30, "9" * 5000, "-1", ""):
        assert ani.post(BASE + "buka/", {"plan": number}).status_code == 302
    assert worksheet.sheet(ELECTION, ANI.person, jobs._now()) is None
    ani.post(BASE + "buka/", {"plan": "1"})
    trip = _truck().code
    for said in ({"act": "reorder", "order": "²,0"}, {"act": "depart", "hour": "²².00", "day": "1"}, {"act": "move", "target": "T01||²"}):
        assert ani.post(BASE + "ubah/", {"seen": "²", "trip": trip, "load": "x", **said}).status_code == 302
    assert _sheet().adjustments == ()
