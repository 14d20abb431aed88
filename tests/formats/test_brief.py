"""The short text: at most 1,000 code points for any snapshot, no number ever cut, nothing the audience may not read."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from posko.formats import brief, rakor
from tests import publications as paper
from tests.formats.test_rakor import a_snapshot, an_old_snapshot, decision, figure, letter, sections

NUMBER = re.compile(r"\d[\d.,:/]*\d|\d")
ROOM = ("KPU", "PEMDA", "POLRES", "KEJARI")
typed = st.text("abcdefg é😀*_~` 0123456789.,\n", min_size=1, max_size=600).filter(str.strip)
count = st.integers(0, 900_000_000)


def numbers(said: str) -> set[str]:
    return set(NUMBER.findall(said))


def test_kpu_reads_the_numbers_first_then_its_tasks_and_the_hash_last() -> None:
    found = sections()
    found["decisions"] = [decision(1), decision(2, "KPU", "Tagih sisa tahap I", "overdue")]
    said = brief.text_for(a_snapshot(found), "KPU", "Belitung Timur")
    lines = said.split("\n")
    assert lines[0] == "*Pemilu 2024, kesiapan Belitung Timur* (H-71)"
    assert lines[2] == "• Barang diterima baik: *69,5 %* (3.794 dari 5.459 unit yang dipesan) [REKONSTRUKSI]"
    assert "• Tagih sisa tahap I [SIMULASI], tenggat 5 Des. 2023, 10.00 WIB, LEWAT TENGGAT" in lines
    assert "• Keputusan lembaga lain: 1" in lines
    assert lines[-1] == f"Data per 5 Des. 2023, 10.00 WIB · paket SNP-002 · sidik jari {a_snapshot(found).digest[:8]}"


def test_the_group_gets_no_aght_and_no_title_of_a_letter_even_from_the_first_layout() -> None:
    for frozen, room in ((a_snapshot(), ROOM), (a_snapshot(), ("KPU", "KEJARI")), (a_snapshot(), ()), (an_old_snapshot(), ROOM)):
        said = brief.text_for(frozen, brief.GROUP, room=room)
        assert "AGHT" not in said
        assert "Gelombang" not in said
        assert not any(title in said for title in ("Genset", "Hitung ulang", "Kawal"))
        assert "3 terbit, 1 diterima, 1 ditolak, 1 menunggu" in said


def test_the_public_gets_what_was_published_and_nothing_that_is_kept_back() -> None:
    newest = paper.compose(letters=paper.letters(accepted=12, refused=3), marks=("[SIMULASI]",))
    said = brief.public(newest, "Belitung Timur")
    assert "• TPS siap: *2* dari 4" in said
    assert "Barang yang dipesan, diterima baik: *120* dari 150 (80,0 %)" in said
    assert "ditolak" not in said
    assert said.splitlines()[1] == "[SIMULASI]"
    assert said.endswith(f"terbitan 1 · sidik jari {newest.digest[:8]}")
    assert len(said) <= brief.MOST
    hidden = brief.public(paper.compose(letters=paper.letters(accepted=3)))
    assert "Rekomendasi" not in hidden


def test_pemda_gets_its_own_tasks_and_letters_and_the_kejari_the_count_of_open_aght() -> None:
    said = brief.text_for(a_snapshot(), "PEMDA")
    assert "*Tugas Anda:*\n• Pinjamkan 40 palet [SIMULASI], tenggat 5 Des. 2023, 10.00 WIB" in said
    assert "Rekomendasi kepada Pemda: 1 terbit, 0 diterima, 0 ditolak, 1 menunggu, 1 terlambat" in said
    assert "Jawab surat R-1/POSKO" in said
    assert "AGHT" not in said
    assert "AGHT terbuka: 1" in brief.text_for(a_snapshot(), "KEJARI")


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    found = sections()
    found["meeting"] |= {
        "title": draw(typed),
        "place": draw(typed),
        "election_name": draw(typed),
        "mark": draw(st.sampled_from(["", "[SIMULASI]"])),
    }
    found["figures"] = [
        figure(
            code,
            "x",
            draw(count),
            draw(st.sampled_from([-1, 0, 363, 5_459_000])),
            *draw(st.lists(st.sampled_from(["PERKIRAAN", "REKONSTRUKSI"]), unique=True)),
        )
        for code in draw(st.lists(st.sampled_from(["units:accepted", "ready", "supply", "lines", "tps"]), unique=True))
    ]
    owner = st.sampled_from(["KPU", "PEMDA", "POLRES", "KEJARI"])
    state = st.sampled_from(["open", "overdue", "done", "verified"])
    found["decisions"] = [decision(n, draw(owner), draw(typed), draw(state)) for n in range(draw(st.integers(0, 9)))]
    found["recommendations"] = [
        letter(f"R-{n}", draw(st.sampled_from(["KPU", "PEMDA", "POLRES", "BAWASLU"])), "Judul", "TERBIT", draw(st.integers(0, 1)))
        for n in range(draw(st.integers(0, 5)))
    ]
    row = found["gauge"]["rows"][0]
    found["gauge"]["rows"] = [
        {**row, "name": draw(typed), "accepted": draw(count), "need": draw(count)} for _ in range(draw(st.integers(0, 4)))
    ]
    return found  # fmt: skip


@given(contents(), st.sampled_from(brief.AUDIENCES), typed)
def test_for_any_snapshot_it_is_short_enough_ends_with_the_hash_and_cuts_no_number(
    content: dict[str, Any], audience: str, place: str
) -> None:
    frozen = a_snapshot(content)
    said = brief.text_for(frozen, audience, place, ROOM)
    assert len(said) <= brief.MOST
    assert said.endswith(f"paket SNP-002 · sidik jari {frozen.digest[:8]}")
    values = rakor.pack(frozen, "KPU")
    lists = [*values["decisions"], *values["recommendations"], *values["gauge"], *values["figures"]]
    whole = [str(value) for row in lists for value in row.values()] + [place, *(str(v) for v in values.values())]
    short_of = [rakor.number(g["values"][0] - g["values"][4]) for g in values["gauge"] if g["values"][0] >= g["values"][4]]
    small = {str(n) for n in range(10)}  # counts of decisions and letters
    known = {n for words in [*whole, *short_of, frozen.digest[:8]] for n in numbers(" ".join(words.translate(brief._SIGNS).split()))}
    tokens = {n for word in {w for words in whole for w in words.translate(brief._SIGNS).split()} for n in numbers(word)}
    assert numbers(said) <= known | tokens | small


@given(typed, st.integers(1, 120))
def test_typed_words_become_one_line_without_signs_and_never_end_in_a_number(said: str, most: int) -> None:
    kept = brief.plain(said, most)
    assert len(kept) <= most
    assert not set(kept) & set("*_~`\n")
    if kept.endswith("…") and "…" not in said:
        assert not re.search(r"\d\S*…$", kept)


def test_a_line_that_does_not_fit_is_left_out_whole_and_a_shorter_one_behind_it_may_come() -> None:
    assert brief.fitted("kepala", ["x" * 30, "pendek"], "ekor", 25) == "kepala\npendek\nekor"
