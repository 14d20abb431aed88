"""Made-up reports in three registers, to measure merging by: formal, chat, and a Malay close to that of Belitung. Every word is ours.

Nothing here is copied from anywhere and nothing happened: each text begins with [SIMULASI]. A group is one event told by one to five
people; beside many groups stands a hard negative, a different event that sounds the same (another TPS of the desa, the same TPS number
of another desa, the same place on another day, another number in the same sentence). The sentences were written apart from the slang
map of `domain.merging`: a test holds that at least a third of what chat and Malay say differently is unknown to it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from posko.domain import merging

MARK = "[SIMULASI]"
FORMAL, CHAT, MALAY = "formal", "chat", "melayu"
BLANKABLE = ("kecamatan", "desa", "tps", "category", "happened_at", "received_at")


@dataclass(frozen=True)
class Kind:
    """A kind of event: its code, a code it is easily taken for, whether it has a TPS, how many of what, and its sentences.

    {p} the place, {t} the TPS, {n} a number, {s} a seal; each may be left out by whoever tells it.
    """

    code: str
    near: str
    tps: bool
    amount: tuple[int, int]
    formal: tuple[str, ...]
    chat: tuple[str, ...]
    melayu: tuple[str, ...]


KINDS = (
    Kind(
        "LOG-SEAL", "LOG-DAMAGE", True, (0, 0),
        ("Pada saat serah terima kotak suara {t} {p} ditemukan segel {s} dalam keadaan putus.",
         "Segel {s} pada kotak {t} {p} terlepas sebelum pembukaan, disaksikan pengawas."),
        ("min segel kotak {t} {p} udh putus pas dtg, nomernya {s}, gmn ini",
         "lapor, gembok plastik kotak suara {t} {p} copot sblm dibuka"),
        ("segel kotak suare {t} {p} la putus waktu sampai, nomornye {s}",
         "kamek liat kotak {t} {p} segelnye la tebukak, dak tau siape nok mukak"),
    ),
    Kind(
        "LOG-SWAP", "LOG-SHORT", True, (8, 90),
        ("Ditemukan {n} lembar surat suara dapil lain di dalam kotak {t} {p} pada waktu penghitungan isi.",
         "Isi kotak {t} {p} tertukar: {n} lembar surat suara berasal dari daerah pemilihan lain."),
        ("kotak {t} {p} isinya ketuker, ada {n} lbr surat suara dapil sebelah",
         "kertas suara nyasar {n} lembar ke {t} {p}, mestinya bukan buat dapil sini"),
        ("surat suare {t} {p} salah masok, ade {n} lembar punye dapil laen",
         "ade {n} lembar kertas coblos tetukar di {t} {p}, bukan punye kite"),
    ),
    Kind(
        "LOG-SHORT", "LOG-SWAP", True, (5, 120),
        ("Surat suara di {t} {p} kurang {n} lembar dari jumlah yang seharusnya diterima.",
         "Setelah dihitung bersama, {t} {p} kekurangan {n} lembar surat suara."),
        ("surat suara {t} {p} kurang {n} lbr, tolong dikirim lg",
         "{t} {p} jatahnya ga cukup, minus {n} lembar stlh diitung bareng"),
        ("kertas suare {t} {p} dak cukup, kurang {n} lembar",
         "la diitong same-same, {t} {p} kurang {n} lembar gik"),
    ),
    Kind(
        "LOG-SHORT", "LOG-DELAY", True, (1, 4),
        ("Bilik suara yang diterima {t} {p} kurang {n} buah.",
         "{t} {p} baru menerima sebagian bilik, masih kurang {n} bilik suara."),
        ("bilik buat nyoblos di {t} {p} kurang {n} biji, gmn nih",
         "bilik {t} {p} blm lengkap, masi kurang {n}"),
        ("bilik suare {t} {p} kurang {n} buah, cemane nak nyoblos",
         "bilik untuk {t} {p} lom cukup, kurang {n} gik"),
    ),
    Kind(
        "LOG-DAMAGE", "LOG-STORE", False, (4, 60),
        ("{n} kardus berisi formulir basah terkena air hujan di tempat penyimpanan {p}.",
         "Tempat penyimpanan {p} bocor sehingga {n} kardus logistik lembap."),
        ("gudang {p} bocor min, {n} dus formulir basah semua",
         "kerdus logistik {p} kena ujan, {n} kardus lembek"),
        ("gudang {p} tiris, {n} kardus form basak kene aik ujan",
         "atap gudang {p} bocor, {n} kardus la basak"),
    ),
    Kind(
        "LOG-DELAY", "LOG-TRANSPORT", True, (2, 9),
        ("Logistik untuk {t} {p} belum tiba, terlambat sekitar {n} jam dari jadwal.",
         "Pengiriman kotak suara ke {t} {p} mengalami keterlambatan {n} jam."),
        ("kotak {t} {p} blm nyampe juga, udh telat {n} jam",
         "logistik {t} {p} molor, dah nungguin {n} jam ga dateng2"),
        ("kotak suare {t} {p} lom sampai gik, la {n} jam nunggu",
         "barang untuk {t} {p} lambat benar datangnye, la {n} jam kamek nunggu"),
    ),
    Kind(
        "LOG-TRANSPORT", "LOG-DELAY", False, (0, 0),
        ("Truk pengangkut logistik mogok {p}, muatan masih berada di atas kendaraan.",
         "Kendaraan logistik mengalami kerusakan mesin {p} dan menunggu kendaraan pengganti."),
        ("truk logistik mogok {p}, kotaknya msh di atas bak",
         "mobil angkut kotak suara mogok mesin {p}, nunggu mobil pengganti"),
        ("oto angkut kotak suare rusak {p}, barangnye agik di atas oto",
         "truk logistik mogok {p}, dak bise jalan gik"),
    ),
    Kind(
        "GEO-WAVE", "GEO-FLOOD", False, (2, 4),
        ("Penyeberangan logistik menuju {p} ditunda karena gelombang setinggi {n} meter.",
         "Kapal pengangkut logistik tidak dapat berangkat ke {p} akibat ombak {n} meter dan angin kencang."),
        ("kapal ke {p} ga berani jalan, ombak sampe {n} meter",
         "ombak gede {n}m, kapal logistik batal nyebrang {p}"),
        ("perau dak bise ke {p}, ombak besak {n} meter",
         "laut ganas, ombak {n} meter, kapal bawak kotak dak jadi nyeberang ke {p}"),
    ),
    Kind(
        "GEO-FLOOD", "GEO-ROAD", True, (20, 120),
        ("Lokasi {t} {p} tergenang banjir setinggi {n} sentimeter setelah hujan lebat.",
         "Banjir {n} cm merendam tempat pemungutan suara {t} {p}."),
        ("banjir di {t} {p} sampe {n} cm, ujan ga brenti2",
         "{t} {p} kerendem {n}cm, kursi sm meja ngambang"),
        ("{t} {p} banjir, aik naik {n} senti",
         "aik ujan masok {t} {p}, dalamnye {n} cm"),
    ),
    Kind(
        "GEO-ROAD", "LOG-TRANSPORT", False, (0, 0),
        ("Jalan menuju {p} putus tertimpa pohon tumbang sehingga kendaraan tidak dapat lewat.",
         "Pohon besar tumbang menutup jalan {p}, kendaraan roda empat tertahan."),
        ("jln ke {p} ketutup pohon roboh, mobil ga bs lewat",
         "pohon ambruk nutup jalan {p}, macet total roda empat"),
        ("jalan ke {p} ditutup pohon rebah, oto dak pacak lewat",
         "ade pohon besak tumbang di jalan {p}, dak bise lewat"),
    ),
    Kind(
        "NET-POWER", "NET-SIGNAL", False, (2, 9),
        ("Aliran listrik padam {p} sudah {n} jam, genset tidak tersedia di kantor desa.",
         "Pemadaman listrik terjadi {p} selama {n} jam, penerangan penyimpanan kotak tidak ada."),
        ("mati lampu {p} udh {n} jam, kantor desa ga ada genset",
         "listrik {p} mati total dr td, {n} jam gelap gulita, ga pny genset"),
        ("lampu mati {p} la {n} jam, genset dak ade",
         "gelap gulite {p}, lampu padam {n} jam, kantor dese dak bejenset"),
    ),
    Kind(
        "NET-SIGNAL", "NET-POWER", True, (0, 0),
        ("Tidak terdapat sinyal data di lokasi {t} {p}, pengiriman hasil tidak dapat dilakukan.",
         "Jaringan internet di {t} {p} terputus sehingga aplikasi rekapitulasi tidak dapat digunakan."),
        ("sinyal {t} {p} ilang, ga bs kirim hasil",
         "internet {t} {p} lemot bgt trs putus, aplikasi ga kebuka"),
        ("sinyal di {t} {p} dak ade, dak bise ngirim hasil",
         "jaringan internet {t} {p} putus, aplikasi dak tebukak"),
    ),
    Kind(
        "VOT-DPT", "VOT-DPK", True, (3, 40),
        ("{n} pemilih di {t} {p} tidak tercantum dalam daftar pemilih tetap.",
         "Warga melaporkan {n} nama tidak terdaftar dalam DPT {t} {p}."),
        ("{n} org di {t} {p} namanya ga ada di DPT",
         "{n} warga {t} {p} ga kedaftar, pdhl pny ktp sini"),
        ("ade {n} urang di {t} {p} namenye dak ade di DPT",
         "name {n} urang dak masok daftar pemilih {t} {p}"),
    ),
    Kind(
        "HR-SICK", "HR-TRAIN", True, (1, 5),
        ("{n} anggota KPPS {t} {p} sakit dan belum ada pengganti.",
         "Petugas KPPS {t} {p} sebanyak {n} orang dirawat, diperlukan pengganti."),
        ("{n} anggota kpps {t} {p} tumbang, blm ada gantinya",
         "kpps {t} {p} pd sakit {n} org, butuh ganti cpt"),
        ("{n} urang kpps {t} {p} demam, lom ade gantinye",
         "petugas kpps {t} {p} sakit {n} urang, lom ade pengganti"),
    ),
    Kind(
        "SEC-INTIM", "SEC-INTIM", False, (3, 30),
        ("Sekitar {n} orang tak dikenal mendatangi sekretariat PPS {p} dan menekan petugas.",
         "Petugas PPS {p} mendapat ancaman dari kelompok berjumlah sekitar {n} orang."),
        ("ada {n} orang ga dikenal dtg ke kantor pps {p}, petugas diancam",
         "gerombolan skitar {n} org nyamperin sekretariat {p}, ngancem2 petugas"),
        ("ade {n} urang dak dikenal datang ke pps {p}, ngancam petugas",
         "petugas pps {p} takut, didatangek {n} urang nok marah-marah"),
    ),
    Kind(
        "INF-HOAX", "INF-HOAX", True, (0, 0),
        ("Beredar kabar tidak benar bahwa lokasi {t} {p} dipindahkan.",
         "Warga menerima pesan yang menyebut {t} {p} pindah tempat, padahal tidak ada keputusan demikian."),
        ("ada broadcast {t} {p} pindah lokasi, hoax kan?",
         "di grup wa katanya {t} {p} dipindahin, bener ga sih"),
        ("kate urang di grup {t} {p} pindah, betul dak?",
         "ade kabar {t} {p} la dipindah tempatnye, bohong kan"),
    ),
    Kind(
        "LOG-STORE", "LOG-DAMAGE", False, (0, 0),
        ("Pintu gudang penyimpanan {p} tidak terkunci dan tidak dijaga petugas pada malam hari.",
         "Tempat penyimpanan kotak suara {p} ditinggalkan tanpa penjagaan."),
        ("gudang kotak suara {p} ga dikunci, satpamnya ga ada",
         "tempat nyimpen kotak {p} kosong ga ada yg jagain semalem"),
        ("gudang {p} dak dikunci, dak ade nok jage malam",
         "tempat simpan kotak suare {p} dak bejage, pintunye tebukak"),
    ),
    Kind(
        "HR-TRAIN", "HR-SICK", False, (3, 25),
        ("{n} petugas KPPS {p} belum mengikuti bimbingan teknis.",
         "Pelatihan KPPS {p} belum lengkap, {n} orang tidak hadir."),
        ("bimtek kpps {p} bolong, {n} org ga dtg",
         "{n} anggota kpps {p} blm ikut latihan"),
        ("pelatihan kpps {p} dak lengkap, {n} urang dak datang",
         "{n} urang kpps {p} lom ikut bimtek"),
    ),
)  # fmt: skip

# Seven kecamatan with desa of Belitung Timur; what is said to happen there is made up.
PLACES = (
    ("Manggar", "Lalang"), ("Manggar", "Kurnia Jaya"), ("Manggar", "Padang"), ("Manggar", "Buku Limau"), ("Manggar", "Mekar Jaya"),
    ("Gantung", "Lenggang"), ("Gantung", "Selinsing"), ("Gantung", "Limbongan"), ("Gantung", "Jangkar Asam"),
    ("Dendang", "Nyuruk"), ("Dendang", "Jangkang"), ("Dendang", "Balok"),
    ("Kelapa Kampit", "Mentawak"), ("Kelapa Kampit", "Buding"), ("Kelapa Kampit", "Senyubuk"), ("Kelapa Kampit", "Cendil"),
    ("Damar", "Mengkubang"), ("Damar", "Sukamandi"), ("Damar", "Burong Mandi"), ("Damar", "Air Kelik"),
    ("Simpang Renggiang", "Renggiang"), ("Simpang Renggiang", "Lintang"), ("Simpang Renggiang", "Simpang Tiga"),
    ("Simpang Pesak", "Tanjung Batu Itam"), ("Simpang Pesak", "Tanjung Kelumpang"), ("Simpang Pesak", "Dukong"),
)  # fmt: skip
GREETINGS = {
    FORMAL: ("", "", "Disampaikan dengan hormat, ", "Izin melaporkan. "),
    CHAT: ("", "", "min, ", "assalamualaikum pak ", "info gan "),
    MALAY: ("", "", "pak, ", "cube tengok, ", "oi pak, "),
}
ENDINGS = {
    FORMAL: ("", "", " Mohon arahan.", " Demikian disampaikan."),
    CHAT: ("", "", " tolong ditindak yaa", " makasih", " urgent!!"),
    MALAY: ("", "", " tulong lah pak", " cemane ni pak", " cepat ye"),
}
_ONES = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas")
_MALAY_ONES = {"dua": "due", "tiga": "tige", "lima": "lime"}


@dataclass(frozen=True)
class Event:
    """What is made up: a kind of event at a place and time, with its TPS, number and seal."""

    kind: Kind
    kecamatan: str
    desa: str
    tps: int
    amount: int
    seal: str
    at: datetime


@dataclass(frozen=True)
class Made:
    """A made-up report and the number of its event."""

    telling: merging.Telling
    group: int


def make(groups: int, seed: int, blank: float = 0.0) -> list[Made]:
    """At least so many groups of made-up reports, shuffled; `blank` is the share of fields left empty, each by chance on its own."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    events: list[Event] = []
    while len(events) < groups:
        event = _event(rng)
        events.append(event)
        if rng.random() < 0.4:
            events.append(_alike(event, rng))
    made: list[Made] = []
    for number, event in enumerate(events):
        for _ in range(rng.choice((1, 1, 2, 2, 3, 3, 4, 5))):
            made.append(Made(_telling(event, rng), number))
    rng.shuffle(made)
    return [
        Made(_blanked(replace(one.telling, id=f"S{seed}-{place:04}"), blank, rng), one.group) for place, one in enumerate(made, start=1)
    ]


def _event(rng: Random) -> Event:
    kind = rng.choice(KINDS)
    kecamatan, desa = rng.choice(PLACES)
    low, high = kind.amount
    at = datetime(2024, 1, 5, tzinfo=UTC) + timedelta(minutes=rng.randrange(0, 60 * 24 * 40))
    return Event(kind, kecamatan, desa, rng.randint(1, 14) if kind.tps else 0, rng.randint(low, high) if high else 0, _seal(rng), at)


def _seal(rng: Random) -> str:
    return f"KT{rng.randint(10_000, 99_999)}"


def _alike(event: Event, rng: Random) -> Event:
    """Another event that sounds the same."""
    later = timedelta(days=rng.randint(3, 9))
    ways = ["day", "desa"]
    if event.tps:
        ways += ["tps", "tps"]
    way = rng.choice(ways)
    if way == "day":
        return replace(event, at=event.at + later, seal=_seal(rng))
    if way == "tps":
        return replace(event, tps=event.tps % 14 + 1, seal=_seal(rng))
    kecamatan, desa = rng.choice([place for place in PLACES if place[1] != event.desa])
    return replace(event, kecamatan=kecamatan, desa=desa, seal=_seal(rng))


def _telling(event: Event, rng: Random) -> merging.Telling:
    register = rng.choice((FORMAL, CHAT, MALAY))
    words = _filled(rng.choice(getattr(event.kind, register)), event, register, rng)
    text = f"{rng.choice(GREETINGS[register])}{words}{rng.choice(ENDINGS[register])}"
    happened = event.at + timedelta(minutes=rng.randint(-90, 90))
    return merging.Telling(
        id="",
        words=f"{MARK} {_tidy(text)}",
        kecamatan=event.kecamatan,
        desa=event.desa,
        tps=f"{event.tps:03}" if event.tps else "",
        category=event.kind.near if rng.random() < 0.08 and event.kind.near[:3] == event.kind.code[:3] else event.kind.code,
        happened_at=happened,
        received_at=happened + timedelta(minutes=rng.randint(5, 600)),
    )


def _filled(sentence: str, event: Event, register: str, rng: Random) -> str:
    place = event.desa if register == FORMAL else event.desa.lower()
    ways = {
        FORMAL: (f"di Desa {place}", f"di Desa {place} Kecamatan {event.kecamatan}", f"Desa {place}"),
        CHAT: (f"di {place}", f"ds {place}", f"desa {place} kec {event.kecamatan.lower()}", ""),
        MALAY: (f"di {place}", f"kampong {place}", f"dese {place}", ""),
    }[register]
    said = rng.choice(ways)
    if re.search(r"\b(?:ke|menuju) \{p\}", sentence):
        said = said.removeprefix("di ") or place
    tps = {
        FORMAL: (f"TPS {event.tps:03}", f"TPS {event.tps:02}"),
        CHAT: (f"tps {event.tps}", f"tps{event.tps:02}", f"tps {event.tps:02}", "tps"),
        MALAY: (f"tps {event.tps}", f"tps {_words(event.tps, register)}", "tps"),
    }[register]
    number = str(event.amount) if rng.random() < 0.7 or re.search(r"\{n\}\w", sentence) else _words(event.amount, register)
    filled = sentence.format(p=said, t=rng.choice(tps) if event.tps else "", n=number, s=event.seal)
    return filled if register == FORMAL else " ".join(_slip(word, rng) for word in filled.split())


def _slip(word: str, rng: Random) -> str:
    """Now and then a vowel is lost while typing."""
    inner = [i for i, letter in enumerate(word) if letter in "aeiou" and 0 < i < len(word) - 1]
    if len(word) < 6 or not word.isalpha() or not inner or rng.random() > 0.06:
        return word
    place = rng.choice(inner)
    return word[:place] + word[place + 1 :]


def _words(number: int, register: str) -> str:
    """A number below a thousand in words."""
    if number < 12:
        said = _ONES[number]
    elif number < 20:
        said = f"{_ONES[number - 10]} belas"
    elif number < 100:
        tens, ones = divmod(number, 10)
        said = f"{_ONES[tens]} puluh" + (f" {_ONES[ones]}" if ones else "")
    else:
        hundreds, rest = divmod(number, 100)
        head = "seratus" if hundreds == 1 else f"{_ONES[hundreds]} ratus"
        said = f"{head} {_words(rest, FORMAL)}" if rest else head
    return " ".join(_MALAY_ONES.get(word, word) for word in said.split()) if register == MALAY else said


def _tidy(text: str) -> str:
    return re.sub(r"\s+([.,?!:])", r"\1", re.sub(r"\s+", " ", text)).strip()


def _blanked(telling: merging.Telling, share: float, rng: Random) -> merging.Telling:
    empty = {name for name in BLANKABLE if rng.random() < share}
    return replace(
        telling,
        kecamatan="" if "kecamatan" in empty else telling.kecamatan,
        desa="" if "desa" in empty else telling.desa,
        tps="" if "tps" in empty else telling.tps,
        category="" if "category" in empty else telling.category,
        happened_at=None if "happened_at" in empty else telling.happened_at,
        received_at=None if "received_at" in empty else telling.received_at,
    )


@dataclass(frozen=True)
class Figures:
    """Pairs that belong together: found rightly, found wrongly, missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of the pairs found, the share that is right; 1.0 where none was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Of the pairs that belong together, the share that was found; 1.0 where there is none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right + self.wrong + self.missed else 1.0


def figures(found: Sequence[Sequence[str]], truth: Sequence[Sequence[str]]) -> Figures:
    """Pairwise comparison of groups found with true groups, both as lists of report ids."""
    one, other = _pairs(found), _pairs(truth)
    return Figures(len(one & other), len(one - other), len(other - one))


def _pairs(groups: Sequence[Sequence[str]]) -> set[tuple[str, str]]:
    return {(min(a, b), max(a, b)) for group in groups for i, a in enumerate(group) for b in group[i + 1 :]}
