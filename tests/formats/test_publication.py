"""The public page as files: whole without application, script or other hosts; small; and never more than the publication says."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urldefrag

import pytest

from posko.domain import releases as rules
from posko.formats import folder, publication
from posko.formats import publication_data as data
from posko.formats import publication_words as words
from tests import publications as paper
from tests.publications import AT, HOUR, compose, letters, station

VOID = {"meta", "link", "br", "input", "path", "rect", "circle", "line", "image", "use", "polygon", "polyline", "ellipse", "stop"}


@pytest.fixture(scope="module")
def made() -> rules.Publication:
    first = compose()
    return compose(first, AT + HOUR)


@pytest.fixture(scope="module")
def site(made: rules.Publication) -> dict[str, bytes]:
    return publication.site(made, earlier=[compose()], app="/")


class Page(HTMLParser):
    """Checks balance while it collects links, ids, headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.heads: list[int] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name) for name in said]
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        if tag in {"link", "script", "img"}:
            self.loads.append(said.get("href") or said.get("src", ""))
        if "id" in said:
            self.ids.append(said["id"])
        if re.fullmatch(r"h[1-6]", tag):
            self.heads.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def pages(site: dict[str, bytes]) -> dict[str, Page]:
    return {path: Page(content.decode()) for path, content in site.items() if path.endswith(".html")}


def test_every_page_is_balanced_says_its_language_and_orders_its_headings(site: dict[str, bytes]) -> None:
    for path, page in pages(site).items():
        text = site[path].decode()
        assert text.startswith(f'<!DOCTYPE html>\n<html lang="{"en" if path.startswith("en/") else "id"}"'), path
        assert page.heads[0] == 1, path
        assert page.heads.count(1) == 1, path
        assert all(b - a <= 1 for a, b in zip(page.heads, page.heads[1:], strict=False)), path
        assert len(page.ids) == len(set(page.ids)), path
        assert {a for _, a in page.attributes} & {"style", "onclick", "onload"} == set(), path


def test_every_link_leads_to_a_file_of_the_same_folder_and_every_anchor_exists(site: dict[str, bytes]) -> None:
    found = pages(site)
    for path, page in found.items():
        for link in [*page.links, *page.loads]:
            target, anchor = urldefrag(unquote(link))
            if link.startswith("/lapor"):
                continue
            assert "://" not in link, (path, link)
            assert not link.startswith("/"), (path, link)
            place = normpath(join(dirname(path), target)) if target else path
            assert place in site, (path, link)
            if anchor and place in found:
                assert anchor in found[place].ids, (path, link)


def test_no_page_with_its_style_and_script_is_larger_than_100_kb(site: dict[str, bytes]) -> None:
    around = len(site["gaya.css"]) + len(site["cari.js"]) + len(site["ikon.svg"])
    assert max(len(content) for path, content in site.items() if path.endswith(".html")) + around <= publication.PAGE_MOST


def test_a_village_with_hundreds_of_stations_is_divided_and_stays_small() -> None:
    many = tuple(station(number) for number in range(1, 251))
    site = publication.site(compose(stations=many))
    parts = [path for path in site if re.fullmatch(r"desa/[0-9.]+(-\d)?\.html", path)]
    assert len(parts) == 3
    around = len(site["gaya.css"]) + len(site["cari.js"]) + len(site["ikon.svg"])
    assert all(len(site[path]) + around <= publication.PAGE_MOST for path in parts)
    assert sum(site[path].decode().count('<tr id="tps-') for path in parts) == 250


def test_both_languages_have_every_page_and_every_word() -> None:
    site = publication.site(compose())
    plain = {p for p in site if p.endswith(".html") and not p.startswith("en/")}
    assert {f"en/{p}" for p in plain} == {p for p in site if p.startswith("en/")}
    for both in words._WORDS.values():
        assert len(both) == 2
        assert all(text.strip() for text in both)
        assert set(re.findall(r"\{(\w+)\}", both[0])) == set(re.findall(r"\{(\w+)\}", both[1]))


def test_the_same_publication_gives_the_same_bytes_and_addresses_survive_the_next(made: rules.Publication) -> None:
    assert publication.site(made) == publication.site(made)
    first = compose()
    stable = {p for p in publication.site(first) if not p.startswith("arsip/")}
    assert stable == {p for p in publication.site(compose(first, AT + HOUR)) if not p.startswith("arsip/")}


def test_a_journalist_reaches_any_station_in_two_clicks(site: dict[str, bytes], made: rules.Publication) -> None:
    found = pages(site)
    first = {normpath(link) for link in found["index.html"].links}
    for row in made.sections["tps"]:
        path = f"desa/{row['desa_code']}.html"
        assert path in first
        assert f"tps-{row['number']}" in found[path].ids


def test_numbers_kept_back_stand_nowhere_in_any_file() -> None:
    # 3 of 13 letters were refused: neither the 3 nor what would give it away may stand in a page or a table
    counted = letters(issued=13, answered=13, accepted=10, refused=3)
    secret = compose(letters=counted)
    assert secret.sections["recommendations"]["totals"]["refused"] == rules.SUPPRESSED
    site = publication.site(secret)
    table = site["data/rekomendasi.csv"].decode("utf-8-sig")
    rows = {row["hitungan"]: row["jumlah"] for row in csv.DictReader(io.StringIO(table)) if row["kepada"] == "SEMUA"}
    assert rows["refused"] == "<5"
    assert "disembunyikan" in Page(site["index.html"].decode()).words


def test_unknown_is_said_in_words_and_never_as_a_number(made: rules.Publication) -> None:
    for content in publication.site(made).values():
        text = content.decode(errors="replace")
        assert not re.search(r">\s*-[12]\s*<", text)
    table = publication.site(made)["data/barang.csv"].decode("utf-8-sig")
    unknown = [r for r in csv.DictReader(io.StringIO(table)) if r["kebutuhan"] == ""]
    assert len(unknown) == sum(r["need"] == rules.UNKNOWN for r in made.sections["receipts"]) > 0


def test_the_tables_give_every_published_figure_again(site: dict[str, bytes], made: rules.Publication) -> None:
    tps = list(csv.DictReader(io.StringIO(site["data/tps.csv"].decode("utf-8-sig"))))
    ready = made.figure("ready")
    assert ready is not None
    assert sum(r["keadaan"] == "ready" for r in tps) == ready["numerator"]
    assert len(tps) == ready["denominator"]
    excel = site["data/tps-excel.csv"].decode("utf-8-sig").splitlines()
    assert excel[0].split(";") == list(data.TPS)
    assert site["data/terbitan.json"] == made.content


def test_the_schemas_name_every_column_and_the_points_count_every_station(site: dict[str, bytes], made: rules.Publication) -> None:
    package = json.loads(site["data/datapackage.json"])
    for resource in package["resources"]:
        head = site[f"data/{resource['path']}"].decode("utf-8-sig").splitlines()[0].split(",")
        assert [f["name"] for f in resource["schema"]["fields"]] == head
        assert all(f["description"] and f["description_en"] for f in resource["schema"]["fields"])
    points = json.loads(site["data/desa.geojson"])
    assert points["posko"]["sidik"] == made.digest
    wanted = set(data.GEO_SCHEMA["properties"]["features"]["items"]["properties"]["properties"]["required"])
    assert all(set(f["properties"]) == wanted for f in points["features"])
    named = {r["island"] or r["desa_code"] for r in made.sections["tps"]}
    drawn = {f["properties"]["kode"] for f in points["features"]}
    if named <= drawn:
        assert sum(f["properties"]["tps"] for f in points["features"]) == len(made.sections["tps"])


def test_a_spreadsheet_runs_nothing_that_a_name_hides() -> None:
    site = publication.site(compose(goods=(paper.goods("X", name="=cmd()"),)))
    assert "'=cmd()" in site["data/barang.csv"].decode("utf-8-sig")


def test_a_name_with_markup_is_shown_and_not_obeyed() -> None:
    site = publication.site(compose(goods=(paper.goods("X", name="<b>Tinta & segel</b>"),)))
    assert "&lt;b&gt;Tinta &amp; segel" in site["index.html"].decode()


def test_a_simulation_says_so_on_every_page() -> None:
    site = publication.site(compose(marks=("[SIMULASI]",)))
    for path, content in site.items():
        if path.endswith(".html"):
            assert ("SIMULASI" if not path.startswith("en/") else "SIMULATION") in content.decode(), path


def test_a_correction_is_told_on_every_page_and_the_wrong_one_stays_in_the_history() -> None:
    first = compose()
    way = rules.Way(corrects=1, reason_code="count", reason="Salah menghitung kotak di gudang.")
    second = compose(first, AT + HOUR, way=way)
    site = publication.site(second, earlier=[first])
    assert all("Salah menghitung kotak" in c.decode() for p, c in site.items() if p.endswith(".html"))
    assert first.digest[:16] in site["riwayat.html"].decode()
    assert "dikoreksi oleh terbitan 2" in site["riwayat.html"].decode()
    assert site["arsip/terbitan-0001.json"] == first.content
    without = publication.site(second)
    assert "arsip/terbitan-0001.json" not in without["riwayat.html"].decode()
    assert "tidak lagi dibagikan" in without["riwayat.html"].decode()


def test_without_an_address_of_the_application_there_is_no_dead_link() -> None:
    assert "/lapor" not in publication.site(compose())["index.html"].decode()
    assert 'href="https://posko.contoh/lapor/"' in publication.site(compose(), app="https://posko.contoh/")["index.html"].decode()


def test_a_hundred_per_cent_means_all() -> None:
    assert words.share("id", 9999, 10000) == "99,9 %"
    assert words.share("id", 10000, 10000) == "100,0 %"
    assert words.share("en", 1, 3) == "33.3%"


# --- into place ------------------------------------------------------------------------------------------------------------


def test_a_folder_is_turned_at_once_and_the_older_ones_stay_up_to_a_number(tmp_path: Path) -> None:
    for number in range(1, 14):
        folder.put({"index.html": b"%d" % number, "a/b.txt": b"x"}, tmp_path, f"terbitan-{number:04}-0123abcd")
        standing = folder.current(tmp_path)
        assert standing is not None
        assert (standing / "index.html").read_bytes() == b"%d" % number
    kept = sorted(p.name for p in tmp_path.iterdir() if p.is_dir() and not p.is_symlink())
    assert len(kept) == folder.KEEP
    assert kept[-1] == "terbitan-0013-0123abcd"


def test_what_is_not_for_the_public_goes_from_the_disk_as_well(tmp_path: Path) -> None:
    folder.put({"x": b"1"}, tmp_path, "terbitan-0001-0123abcd")
    folder.put({"x": b"2"}, tmp_path, "terbitan-0002-0123abcd", gone=["terbitan-0001-"])
    assert not (tmp_path / "terbitan-0001-0123abcd").exists()


def test_somebody_elses_folder_is_left_alone_and_a_path_never_leads_out(tmp_path: Path) -> None:
    (tmp_path / folder.CURRENT).mkdir()
    with pytest.raises(folder.NotOurs):
        folder.put({"x": b""}, tmp_path, "terbitan-0001-0123abcd")
    with pytest.raises(ValueError, match="luar"):
        folder.put({"../luar": b""}, tmp_path / "b", "terbitan-0001-0123abcd")
    assert folder.current(tmp_path / "b") is None


def test_a_build_that_breaks_leaves_the_old_pages_in_place(tmp_path: Path) -> None:
    folder.put({"x": b"1"}, tmp_path, "terbitan-0001-0123abcd")
    with pytest.raises(ValueError, match="luar"):
        folder.put({"x": b"2", "../../luar": b""}, tmp_path, "terbitan-0002-0123abcd")
    standing = folder.current(tmp_path)
    assert standing is not None
    assert (standing / "x").read_bytes() == b"1"


def test_where_no_link_can_be_made_a_note_leads_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise OSError("no right")

    monkeypatch.setattr(folder.os, "symlink", never)
    folder.put({"x": b"1"}, tmp_path, "terbitan-0001-0123abcd")
    assert (tmp_path / "terkini.txt").read_text() == "terbitan-0001-0123abcd"
    standing = folder.current(tmp_path)
    assert standing is not None
    assert (standing / "x").read_bytes() == b"1"
