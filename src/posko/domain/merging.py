"""Stage merging: which reports tell of the same thing? Proposals are computed, a person decides, nothing is deleted.

`read` turns one report into values: content words, numbers by what they count, TPS, seals, places, time. `compare` weighs two of them line
by line; digits that contradict each other veto. `standing` folds the decisions of people into groups. How alike two sets of words are is
measured by `planning.merging` and comes in as a number, so that the rules need nothing but Python.

The word lists are ours (a first version, not a dictionary of Indonesian or of Belitung Malay): they only bring spellings together for
comparing and change nothing that is stored or shown.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import record

METHOD = "gabung-1"
MOST_AT_ONCE = 12


class TooFew(record.Refusal):
    """One report alone is neither merged nor kept apart."""

    code: ClassVar[str] = "merging.too_few"


class TooMany(record.Refusal):
    """More reports than a person compares side by side."""

    code: ClassVar[str] = "merging.too_many"


class Together(record.Refusal):
    """Already one group: nothing to merge, and to be split before they are kept apart."""

    code: ClassVar[str] = "merging.together"


class NotTogether(record.Refusal):
    """A split of reports that are not in one group."""

    code: ClassVar[str] = "merging.not_together"


class WholeGroup(record.Refusal):
    """A split takes some reports out; at least one stays."""

    code: ClassVar[str] = "merging.whole_group"


class SecondLook(record.Refusal):
    """Something contradicts: whoever merges all the same says that he has looked, and why."""

    code: ClassVar[str] = "merging.second_look"


class ReasonMissing(record.Refusal):
    """A split, or a merge against a contradiction, without a reason somebody can read later."""

    code: ClassVar[str] = "merging.reason_missing"


class Outside(record.Refusal):
    """A report that is not this person's to read: it can be neither compared nor decided about."""

    code: ClassVar[str] = "merging.outside"


class Changed(record.Refusal):
    """Others decided about these reports since the page was opened."""

    code: ClassVar[str] = "merging.changed"


# --- what a person decided ---------------------------------------------------------------------------------------------------

REASON_SHORTEST = 10
REASON_LONGEST = 300


class Act(StrEnum):
    """Together; not the same; taken out again."""

    MERGED = "merged"
    APART = "apart"
    SPLIT = "split"


@dataclass(frozen=True)
class Decision:
    """What somebody decided about reports, by number. `looked`: in spite of a contradiction. SPLIT names those who leave their group."""

    act: Act
    numbers: tuple[str, ...]
    at: datetime
    person: str
    looked: tuple[str, ...] = ()
    entry_id: str = ""
    mark: str = ""


Pair = tuple[str, str]


def pair(a: str, b: str) -> Pair:
    """Two numbers in the one order."""
    return (a, b) if a < b else (b, a)


def pairs(numbers: Iterable[str]) -> list[Pair]:
    """Every two of them."""
    ordered = sorted(set(numbers))
    return [(a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :]]


@dataclass(frozen=True)
class Standing:
    """What holds after all decisions: groups of two and more, sorted; pairs that somebody said are not the same."""

    groups: tuple[tuple[str, ...], ...] = ()
    apart: frozenset[Pair] = frozenset()

    def group_of(self, number: str) -> tuple[str, ...]:
        """The group of a report, itself included; alone: just itself."""
        return next((group for group in self.groups if number in group), (number,))


def standing(decisions: Iterable[Decision]) -> Standing:
    """Folds decisions in the order in which they were taken. What was merged last is no longer apart, and the other way round."""
    group: dict[str, frozenset[str]] = {}
    apart: set[Pair] = set()
    for one in decisions:
        if one.act is Act.MERGED:
            whole = frozenset().union(*(group.get(n, frozenset({n})) for n in one.numbers))
            group |= dict.fromkeys(whole, whole)
            apart -= set(pairs(whole))
        elif one.act is Act.APART:
            apart |= {p for p in pairs(one.numbers) if p[1] not in group.get(p[0], ())}
        else:
            leaving = frozenset(one.numbers)
            rest = group.get(one.numbers[0], leaving) - leaving
            group |= dict.fromkeys(leaving, leaving) | dict.fromkeys(rest, rest)
            apart |= {pair(a, b) for a in leaving for b in rest}
    found = {tuple(sorted(members)) for members in group.values() if len(members) > 1}
    return Standing(tuple(sorted(found)), frozenset(apart))


def check_merge(now: Standing, numbers: Sequence[str], barriers: Sequence[str], looked: bool, reason: str) -> None:
    """Whether these may be merged. `barriers`: codes of what contradicts. TooFew, TooMany, Together, SecondLook, ReasonMissing."""
    _check_many(numbers)
    if set(numbers) <= set(now.group_of(numbers[0])):
        raise Together(numbers=", ".join(sorted(numbers)))
    if barriers and not looked:
        raise SecondLook(numbers=", ".join(sorted(numbers)), many=len(set(barriers)))
    if barriers:
        _check_reason(reason)


def check_apart(now: Standing, numbers: Sequence[str]) -> None:
    """Whether these may be called different things. TooFew, TooMany, Together."""
    _check_many(numbers)
    together = [p for p in pairs(numbers) if p[1] in now.group_of(p[0])]
    if together and len(together) == len(pairs(numbers)):
        raise Together(numbers=", ".join(sorted(numbers)))


def check_split(now: Standing, numbers: Sequence[str], reason: str) -> None:
    """Whether these may leave their group. TooFew, NotTogether, WholeGroup, ReasonMissing."""
    if not numbers:
        raise TooFew(least=1)
    group = now.group_of(numbers[0])
    if len(group) < 2 or not set(numbers) <= set(group):
        raise NotTogether(numbers=", ".join(sorted(numbers)))
    if set(numbers) == set(group):
        raise WholeGroup(numbers=", ".join(group))
    _check_reason(reason)


def _check_many(numbers: Sequence[str]) -> None:
    if len(set(numbers)) < 2:
        raise TooFew(least=2)
    if len(set(numbers)) > MOST_AT_ONCE:
        raise TooMany(most=MOST_AT_ONCE)


def _check_reason(reason: str) -> None:
    if not REASON_SHORTEST <= len(reason.strip()) <= REASON_LONGEST:
        raise ReasonMissing(shortest=REASON_SHORTEST, longest=REASON_LONGEST)


# --- one report, read --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Telling:
    """A report as merging sees it. Empty or None: not known, which contradicts nothing.

    Places by name; `site` is kind/code of a pier, island or warehouse.
    """

    id: str
    words: str
    title: str = ""
    kecamatan: str = ""
    desa: str = ""
    tps: str = ""
    site: str = ""
    category: str = ""
    happened_at: datetime | None = None
    received_at: datetime | None = None


@dataclass(frozen=True)
class Gazetteer:
    """Names of desa with their kecamatan ("" where unknown), and names of kecamatan; all folded by `folded`."""

    desa: Mapping[str, frozenset[str]] = field(default_factory=dict)
    kecamatan: frozenset[str] = frozenset()

    @staticmethod
    def of(places: Iterable[tuple[str, str]]) -> "Gazetteer":
        """From (kecamatan, desa), either may be empty."""
        desa: dict[str, set[str]] = {}
        kecamatan = set()
        for above, below in places:
            if above:
                kecamatan.add(folded(above))
            if below:
                desa.setdefault(folded(below), set()).update({folded(above)} - {""})
        return Gazetteer({name: frozenset(above) for name, above in desa.items()}, frozenset(kecamatan))


@dataclass(frozen=True)
class Amount:
    """A number with how it was meant. `about`: somebody said "sekitar" or the like."""

    value: float
    about: bool = False


@dataclass(frozen=True)
class Token:
    """A word or number of the text, from `start` to `end`; `word` as it is compared ("" where it says nothing); `role` of a number."""

    start: int
    end: int
    word: str = ""
    value: str = ""
    role: str = ""


@dataclass(frozen=True)
class Reading:
    """What one report says, comparable. `amounts` by what is counted; `kecamatan` and `desa` empty where unknown."""

    id: str
    words: frozenset[str]
    amounts: Mapping[str, frozenset[Amount]]
    names: Mapping[str, frozenset[str]]
    kecamatan: frozenset[str]
    desa: frozenset[str]
    site: str
    family: str
    category: str
    span: tuple[datetime, datetime] | None
    heard: bool = False
    """A rumour about no place: its desa is where it was heard, and two people may hear it in two."""
    tokens: tuple[Token, ...] = ()


# Spellings of chat and of Belitung Malay, ours. The vowel at the end (suare, kate, due) is a rule of its own: `_plain`.
CHAT = {
    "yg": "yang", "dgn": "dengan", "dg": "dengan", "tdk": "tidak", "gk": "tidak", "ga": "tidak", "gak": "tidak", "nggak": "tidak",
    "enggak": "tidak", "tak": "tidak", "blm": "belum", "blum": "belum", "sdh": "sudah", "udh": "sudah", "udah": "sudah", "dah": "sudah",
    "jln": "jalan", "ds": "desa", "dsn": "dusun", "kec": "kecamatan", "kel": "kelurahan", "kp": "kampung", "krn": "karena",
    "karna": "karena", "dr": "dari", "dri": "dari", "sdkt": "sedikit", "dikit": "sedikit", "msh": "masih", "masi": "masih",
    "skrg": "sekarang", "skg": "sekarang", "bs": "bisa", "brangkat": "berangkat", "brgkt": "berangkat", "tgl": "tanggal", "hr": "hari",
    "lbr": "lembar", "lmbr": "lembar", "lb": "lembar", "org": "orang", "bh": "buah", "bj": "buah", "pcs": "buah", "unit": "buah",
    "dpn": "depan", "blkg": "belakang", "dlm": "dalam", "pd": "pada", "utk": "untuk", "unt": "untuk", "bgt": "sangat",
    "banget": "sangat", "jg": "juga", "jgn": "jangan", "lg": "lagi", "sm": "sama", "dtg": "datang", "dateng": "datang",
    "nyampe": "sampai", "sampe": "sampai", "smp": "sampai", "td": "tadi", "kmrn": "kemarin", "bsk": "besok", "mlm": "malam",
    "pg": "pagi", "sblm": "sebelum", "sblmnya": "sebelum", "stlh": "sesudah", "setelah": "sesudah", "hlg": "hilang", "ilang": "hilang",
    "rsk": "rusak", "trs": "terus", "pny": "punya", "ujan": "hujan", "wa": "pesan", "whatsapp": "pesan", "hp": "telepon",
    "telp": "telepon", "dus": "kardus", "dos": "kardus", "kerdus": "kardus", "srt": "surat", "sura": "suara", "nomer": "nomor",
    "nmr": "nomor", "no": "nomor", "pkl": "pukul", "jm": "jam", "mtr": "meter", "senti": "cm", "sentimeter": "cm", "kilo": "km",
    "rb": "ribu", "jt": "juta", "gede": "besar", "kenceng": "kencang", "gmn": "bagaimana", "gimana": "bagaimana", "kmn": "mana",
    "knp": "kenapa", "tlg": "tolong", "mhn": "mohon", "brp": "berapa", "gembok": "segel", "ketuker": "tertukar", "tertuker": "tertukar",
    "kebawa": "terbawa", "kurg": "kurang", "krg": "kurang", "telat": "terlambat", "lampu": "listrik", "pln": "listrik",
    "mobil": "kendaraan", "truk": "kendaraan", "truck": "kendaraan", "motor": "kendaraan", "satpam": "penjaga", "bimtek": "latih",
    "ngirim": "kirim", "dpt": "dpt", "nyoblos": "coblos", "mencoblos": "coblos",
}  # fmt: skip
MALAY = {
    "dak": "tidak", "ndak": "tidak", "ade": "ada", "suare": "suara", "ari": "hari", "urang": "orang", "umah": "rumah", "aik": "air",
    "lah": "sudah", "la": "sudah", "lom": "belum", "lum": "belum", "gik": "lagi", "agik": "masih", "nok": "yang", "nak": "mau",
    "mun": "kalau", "kamek": "kami", "kame": "kami", "ape": "apa", "ngape": "kenapa", "cemane": "bagaimana", "siape": "siapa",
    "due": "dua", "tige": "tiga", "lime": "lima", "tujo": "tujuh", "sepulo": "sepuluh", "bise": "bisa", "pacak": "bisa",
    "besak": "besar", "kecik": "kecil", "perau": "kapal", "masok": "masuk", "kemarek": "kemarin", "oto": "kendaraan", "bawak": "bawa",
    "tadik": "tadi", "isak": "nanti", "kampong": "kampung", "dese": "desa", "katenye": "katanya", "laen": "lain", "jauh": "jauh",
    "name": "nama",
}  # fmt: skip
# One word for what means the same here; keys and values as they are after `_stem`.
SENSES = {
    "ombak": "gelombang", "perahu": "kapal", "speed": "kapal", "pengangkut": "angkut", "mati": "padam", "gelap": "padam",
    "lampu": "listrik", "tunda": "undur", "mundur": "undur", "diundur": "undur", "penundaan": "undur", "pungut": "coblos",
    "pilih": "coblos", "isu": "kabar", "hoaks": "kabar", "hoax": "kabar", "berita": "kabar", "rantai": "kabar", "broadcast": "kabar",
    "grup": "kabar", "beredar": "kabar", "putus": "rusak", "copot": "rusak", "lepas": "rusak", "buka": "rusak", "sobek": "rusak",
    "robek": "rusak", "jebol": "rusak", "mogok": "rusak", "tukar": "salah", "nyasar": "salah", "bocor": "basah", "lembap": "basah",
    "lembab": "basah", "tiris": "basah", "genang": "banjir", "rendam": "banjir", "roboh": "tumbang", "rebah": "tumbang",
    "internet": "sinyal", "jaringan": "sinyal", "lambat": "lama", "molor": "lama", "kunci": "jaga", "sakit": "sakit", "demam": "sakit",
    "rawat": "sakit", "latih": "latih", "bimbing": "latih", "ancam": "tekan", "takut": "tekan", "pindah": "pindah", "geser": "pindah",
    "kertas": "surat", "pos": "posko", "segel": "segel", "seal": "segel", "gudang": "gudang", "simpan": "gudang", "tampung": "gudang",
    "dpt": "daftar", "tetap": "daftar", "ganti": "ganti", "pengganti": "ganti", "kurang": "kurang", "minus": "kurang",
    "cukup": "kurang",
}  # fmt: skip


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_STOP = _words(
    "sms kode catatan pengirim yang dan di ke dari pada untuk dengan karena oleh dalam atau juga akan itu ini ada tidak belum",
    "sudah telah masih sangat saja lagi pun adalah bahwa agar bagi kami kita saya kamu dia mereka nya sebagai sehingga serta maka",
    "jika kalau bila apabila apa siapa mana kenapa bagaimana tolong mohon izin melapor lapor laporkan melaporkan dilaporkan",
    "menyampaikan disampaikan sampaikan hormat assalamualaikum ass pak bu bapak ibu min admin bang kak gan oi info infokan ya iya",
    "yaa ye nih ni tu kan sih dong deh loh kok lah tau tahu makasih terima kasih urgent segera cepat arahan demikian",
    "ditindaklanjuti tindak lanjut kabar kabarkan warga orang salah satu seorang sebuah seluruh semua beberapa para tps desa",
    "dusun kecamatan kampung kelurahan kabupaten nomor tanggal jam pukul hari malam pagi siang sore subuh maghrib kemarin tadi",
    "besok sekarang saat waktu ketika sejak sampai hingga sekitar kira kisaran hampir lebih lokasi tempat posko simulasi contoh",
    "betul benar harus dapat bisa mau punya sini situ sama bersama buah wib senin selasa rabu kamis jumat sabtu minggu cube",
    "tengok bilang kata katanya punye lain an nah si",
)
_ONES = {
    "nol": 0, "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6, "tujuh": 7, "delapan": 8, "sembilan": 9, "sepuluh": 10,
    "sebelas": 11,
}  # fmt: skip
_TIMES = {"puluh": 10, "ratus": 100, "ribu": 1000, "juta": 1_000_000}
_NUMERALS = {**_ONES, "belas": 0, **_TIMES, "seratus": 100, "seribu": 1000}
# What is counted one by one, and what is measured or guessed (two people may say 2 and 3 of the same waves).
_EXACT = {
    "lembar": "lembar", "helai": "lembar", "kotak": "kotak", "bilik": "bilik", "kardus": "kardus", "karung": "karung", "palet": "palet",
    "paket": "paket", "botol": "botol", "sampul": "sampul", "bundel": "bundel", "segel": "segel*", "tps": "tps*", "hari": "hari",
    "genset": "genset", "kapal": "kapal", "kendaraan": "kendaraan",
}  # fmt: skip
_ROUGH = {
    "meter": "meter", "cm": "cm", "km": "km", "liter": "liter", "jam": "jam", "menit": "menit", "orang": "orang", "warga": "orang",
    "anggota": "orang", "petugas": "orang", "pemilih": "orang", "nama": "orang", "rumah": "rumah", "kk": "rumah", "persen": "persen",
    "rupiah": "rupiah",
}  # fmt: skip
_NAMED = {"tps": "tps", "dapil": "dapil", "rt": "rt", "rw": "rw"}
_ABOUT = frozenset({"sekitar", "kira", "kisaran", "hampir", "lebih", "kurang", "sekira", "antara", "paling", "perkiraan"})
_MONTHS = _words(
    "januari februari maret april mei juni juli agustus september oktober november desember jan feb mar apr jun jul agu sep okt",
    "nov des",
)
_CUES = _words(
    "desa dusun kecamatan kampung kelurahan di ke dari pulau wilayah arah daerah menuju jalur kantor kades sekretariat pps ppk",
    "gudang sekitar",
)
_TOKEN = re.compile(
    r"(?P<code>(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+(?![\w-]))"
    r"|(?P<serial>(?<!\w)[A-Za-z]{1,4}\d{4,}(?!\w))"
    r"|(?P<number>\d+(?:[.,:]\d+)*)"
    r"|(?P<word>[^\W\d_]+)"
)
_BETWEEN = re.compile(r"\s*(?:[-–/(,]|\bsampai\b|\bs/d\b|\bhingga\b|\batau\b|\bdan\b)\s*", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:meng|meny|mem|men|me|peng|peny|pem|pen|pe|ber|be|ter|te|di|se|ke|nge|ng|ny)(?=[a-z]{4,})")
_SUFFIX = re.compile(r"(?<=[a-z]{4})(?:kannya|annya|nya|nye|kan|ken|lah|kah|an|in|ek|i)$")


def folded(name: str) -> str:
    """A place name as it is compared: lower case, one blank, vowel at the end plain."""
    return " ".join(_plain(word) for word in re.findall(r"[a-z0-9]+", name.lower()))


def _plain(word: str) -> str:
    """Squeezed repetition (banyaaak), and the vowel that Belitung Malay says at the end (suare, kote) as Indonesian writes it."""
    word = re.sub(r"(.)\1{2,}", r"\1", word)
    return f"{word[:-1]}a" if len(word) > 3 and word[-1] == "e" else word


_KNOWN = {**CHAT, **MALAY}
_STOPPED = frozenset(_plain(word) for word in _STOP)


def spelled(word: str) -> str:
    """One word of chat or Malay in the spelling it is compared in."""
    word = word.lower()
    return _plain(_KNOWN.get(word, _KNOWN.get(_plain(word), word)))


def _stem(word: str) -> str:
    """A word without the commonest prefixes and suffixes: crude, and the same for both sides."""
    bare = _SUFFIX.sub("", word)
    bare = _PREFIX.sub("", bare)
    return SENSES.get(word) or SENSES.get(bare) or bare


@dataclass
class _Item:
    """A token while it is read: its spelling, and for numbers value and role."""

    start: int
    end: int
    text: str
    spelled: str
    number: float | None = None
    role: str = ""
    about: bool = False
    place: bool = False
    code: str = ""


def read(telling: Telling, gazetteer: Gazetteer) -> Reading:
    """One report made comparable. Places that stand only in the words count where the field is empty."""
    text = f"{telling.title}\n{telling.words}" if telling.title else telling.words
    items = _numbers(_items(text))
    _roles(text, items)
    said_desa, said_kecamatan = _places(items, gazetteer)
    own_desa, own_kecamatan = folded(telling.desa), folded(telling.kecamatan)
    desa = frozenset({own_desa}) if own_desa else said_desa
    above = frozenset[str]().union(*(gazetteer.desa.get(name, frozenset()) for name in desa))
    # A site is neither desa nor kecamatan of the words around it: whoever speaks of the pier names the island too.
    kecamatan = frozenset({own_kecamatan}) if own_kecamatan else above or said_kecamatan
    amounts, names = _counted(items)
    if own := {str(int(number)) for number in re.findall(r"\d+", telling.tps)}:
        names["tps"] = names.get("tps", set()) | own
    category = telling.category.strip().upper()
    family = re.split(r"[-_ ]", category)[0] if category else ""
    return Reading(
        id=telling.id,
        words=frozenset(token.word for token in _tokens(items) if token.word),
        amounts={role: frozenset(values) for role, values in amounts.items()},
        names={role: frozenset(values) for role, values in names.items()},
        kecamatan=kecamatan,
        desa=desa,
        site=telling.site,
        family="" if family in {"OTHER", "LAIN"} else family,
        category=category if "-" in category else "",
        span=_span(telling),
        heard=family == "INF" and not names.get("tps") and not said_desa and not said_kecamatan,
        tokens=_tokens(items),
    )


def _span(telling: Telling) -> tuple[datetime, datetime] | None:
    """When it happened; where only its receipt is known, sometime in the day before."""
    if telling.happened_at is not None:
        return telling.happened_at, telling.happened_at
    return (telling.received_at - timedelta(hours=BEFORE_RECEIPT_H), telling.received_at) if telling.received_at else None


def _items(text: str) -> list[_Item]:
    items: list[_Item] = []
    for found in _TOKEN.finditer(text):
        said, start, end = found.group(), found.start(), found.end()
        kind = found.lastgroup
        if kind == "code" and _no_code(said):
            if not re.fullmatch(r"[Hh]-\d+", said):  # H-3 is a day, tps-04 a name
                items += [_item(start + m.start(), m.group()) for m in re.finditer(r"[A-Za-z]+|\d+", said)]
        elif kind in {"code", "serial"}:
            items.append(_Item(start, end, said, "", code=said.upper()))
        elif kind == "number" and said == "2" and items and items[-1].end == start and _reduplicated(items[-1]):
            items[-1].end = end
        else:
            items.append(_item(start, said))
    return items


def _no_code(said: str) -> bool:
    """covid-19, tps-04 and H-1 look like codes of a box and are none."""
    return bool(re.fullmatch(r"[Hh]-\d+", said)) or (sum(letter.isdigit() for letter in said) < 3 and said.count("-") < 2)


def _reduplicated(item: _Item) -> bool:
    """orang2, barang2: the 2 says "twice"; tps2 and rt2 are names."""
    return item.number is None and not item.code and item.spelled not in _NAMED and item.spelled not in {"jam", "pukul", "nomor"}


def _item(start: int, said: str) -> _Item:
    if said[0].isdigit():
        return _Item(start, start + len(said), said, "", number=_value(said), role="clock" if ":" in said else "")
    return _Item(start, start + len(said), said, spelled(said))


def _value(said: str) -> float:
    plain = said.replace(":", ".")
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", plain):
        return float(plain.replace(".", ""))
    head, _, tail = plain.replace(",", ".").partition(".")
    return float(f"{head}.{tail.replace('.', '')}" if tail else head)


def _numbers(items: list[_Item]) -> list[_Item]:
    """Number words joined: "dua puluh lima" and "50 ribu" become one item each."""
    joined: list[_Item] = []
    run: list[_Item] = []
    for item in [*items, _Item(0, 0, "", "")]:
        if run and item.spelled in (_TIMES if run[0].number is not None else _NUMERALS):  # "50 ribu"; "25 (dua puluh lima)" are two
            run.append(item)
            continue
        joined += _joined(run)
        run = [item] if item.number is not None or item.spelled in _NUMERALS else []
        if not run and item.text:
            joined.append(item)
    return joined


def _joined(run: list[_Item]) -> list[_Item]:
    if not run or (len(run) == 1 and run[0].number is not None):
        return run
    if all(item.spelled in _TIMES or item.spelled == "belas" for item in run):
        return run  # "puluhan", "ratusan": no number
    total, current = 0.0, 0.0
    for item in run:
        if item.number is not None:
            current += item.number
        elif item.spelled == "belas":
            current += 10
        elif item.spelled in _TIMES:
            factor = _TIMES[item.spelled]
            if factor < 1000:
                ones = current % 10 or 1
                current = current - current % 10 + ones * factor
            else:
                total, current = total + (current or 1) * factor, 0.0
        elif item.spelled == "seribu":
            total += 1000
        else:
            current += _NUMERALS[item.spelled]
    value = total + current
    return [_Item(run[0].start, run[-1].end, str(int(value)) if value == int(value) else str(value), "", number=value)]


def _roles(text: str, items: list[_Item]) -> None:
    """What each number counts or names. Right to left, so that "2 sampai 2,5 meter" and "25 (dua puluh lima) lembar" share the unit."""
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if item.number is None or item.role:
            continue
        before = [other for other in items[max(0, index - 3) : index] if other.spelled != "nomor"]
        after = items[index + 1] if index + 1 < len(items) else None
        item.about = any(other.spelled in _ABOUT for other in before[-2:])
        item.role = _role(item, before[-1].spelled if before else "", [o.spelled for o in before], after.spelled if after else "")
        next_number = _joined_with(text, items, index)
        if not item.role and next_number is not None:
            item.role = next_number.role
            item.about = item.about or next_number.about or "-" in text[item.end : next_number.start]
    for index, item in enumerate(items):
        next_number = _joined_with(text, items, index)
        if item.role == "name:tps" and next_number is not None and not next_number.role:
            next_number.role = item.role  # "TPS 1, 2 dan 3" names three


def _joined_with(text: str, items: Sequence[_Item], index: int) -> _Item | None:
    """The number that only a stroke, a comma or "sampai" parts from this number."""
    for other in items[index + 1 : index + 3]:
        if other.number is not None:
            bound = items[index].number is not None and _BETWEEN.fullmatch(text[items[index].end : other.start])
            return other if bound else None
    return None


def _role(item: _Item, before: str, earlier: Sequence[str], after: str) -> str:
    if before in _NAMED:
        return f"name:{_NAMED[before]}"
    if before == _plain("kode") and "sms" in earlier:  # a message of two-digit codes, written out by the stage reports
        return "name:sms"
    if "segel" in earlier and len(item.text) >= 3 and item.text.isdigit() and after not in {**_EXACT, **_ROUGH}:
        return "name:segel"
    if before == "tanggal" or after in _MONTHS:
        return "name:tanggal"
    if before in {"jam", "pukul"} or before in _MONTHS:
        return "clock"
    return _unit(before, after)


def _unit(before: str, after: str) -> str:
    if after in _EXACT:
        return f"exact:{_EXACT[after]}"
    if after in _ROUGH:
        return f"rough:{_ROUGH[after]}"
    return "rough:rupiah" if before == "rp" else ""


def _places(items: list[_Item], gazetteer: Gazetteer) -> tuple[frozenset[str], frozenset[str]]:
    """Desa and kecamatan that the words name. A name of one word counts only after a word that leads to a place."""
    desa, kecamatan = set(), set()
    longest = max((name.count(" ") + 1 for name in (*gazetteer.desa, *gazetteer.kecamatan)), default=0)
    index = 0
    while index < len(items):
        for size in range(min(longest, len(items) - index), 0, -1):
            part = items[index : index + size]
            if any(item.number is not None or item.code for item in part):
                continue
            name = " ".join(_plain(item.text.lower()) for item in part)
            is_desa, is_kecamatan = name in gazetteer.desa, name in gazetteer.kecamatan
            led = index > 0 and (
                items[index - 1].spelled in _CUES or items[index - 1].role == "name:tps" or items[index - 1].spelled == "tps"
            )
            if not (is_desa or is_kecamatan) or not (size > 1 or led):
                continue
            cue = items[index - 1].spelled if index else ""
            if is_kecamatan and (cue == "kecamatan" or not is_desa or cue not in {"desa", "dusun", "kampung", "pulau", "kades"}):
                kecamatan.add(name)
            else:
                desa.add(name)
            for item in part:
                item.place = True
            index += size - 1
            break
        index += 1
    return frozenset(desa), frozenset(kecamatan)


def _counted(items: list[_Item]) -> tuple[dict[str, set[Amount]], dict[str, set[str]]]:
    amounts: dict[str, set[Amount]] = {}
    names: dict[str, set[str]] = {}
    for item in items:
        if item.code:
            names.setdefault("kotak" if "-" in item.code else "segel", set()).add(item.code)
        elif item.number is not None and item.role.startswith("name:"):
            role = item.role.removeprefix("name:")
            value = item.text if role == "segel" else str(int(item.number))
            names.setdefault(role, set()).add(value)
        elif item.number is not None and item.role.partition(":")[0] in {"exact", "rough"}:
            amounts.setdefault(item.role, set()).add(Amount(item.number, item.about))
    return amounts, names


def _tokens(items: list[_Item]) -> tuple[Token, ...]:
    tokens = []
    for item in items:
        if item.number is not None or item.code:
            role = item.role or ("name:kotak" if "-" in item.code else "name:segel" if item.code else "")
            tokens.append(Token(item.start, item.end, "", item.code or item.text, role))
        else:
            quiet = item.place or item.spelled in _STOPPED or len(item.spelled) < 3
            tokens.append(Token(item.start, item.end, "" if quiet else _stem(item.spelled)))
    return tuple(tokens)


# --- two reports, compared ----------------------------------------------------------------------------------------------------

WINDOW_H = 24
BEFORE_RECEIPT_H = 24


@dataclass(frozen=True)
class Weights:
    """What each line of a comparison adds, in tenths; a pair whose sum is not below nought is proposed. Ours, first version."""

    start: int = -20
    desa: int = 20
    kecamatan: int = 5
    site: int = 20
    tps: int = 20
    seal: int = 40
    category: int = 15
    family: int = 8
    neighbour: int = -5
    hours_3: int = 15
    hours_12: int = 8
    hours_24: int = 3
    amount: int = 15
    words_even: int = 45
    """The likeness of words, of 100, that speaks neither for nor against."""
    words_least: int = -35
    """The most that other words speak against: the same thing is told in other words, too."""
    mean_least: int = -6
    """Two groups join down to this mean over all pairs between them."""


WEIGHTS = Weights()


@dataclass(frozen=True)
class Line:
    """One line of why: a code, its weight in tenths, and what the sentence needs."""

    code: str
    weight: int
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Barrier:
    """Something that cannot be true of one event. kind: place | category | time | digits | apart; `digits` are a veto of figures."""

    kind: str
    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Two reports weighed. `score` in tenths; proposed where it is not below nought and nothing stands against it."""

    a: str
    b: str
    likeness: int
    lines: tuple[Line, ...]
    barriers: tuple[Barrier, ...]

    @property
    def score(self) -> int:
        """The sum of the lines, in tenths."""
        return sum(line.weight for line in self.lines)

    @property
    def proposed(self) -> bool:
        """Whether a person is asked."""
        return self.score >= 0 and not self.barriers

    @property
    def contradicted(self) -> bool:
        """Alike in everything but its digits: shown with the reason, never proposed."""
        return self.score >= 0 and bool(self.barriers) and all(b.kind == "digits" for b in self.barriers)


def compare(one: Reading, other: Reading, likeness: int, weights: Weights = WEIGHTS) -> Comparison:
    """Weighs two reports whose words are alike by `likeness` (0..100)."""
    return Comparison(one.id, other.id, likeness, _lines(one, other, likeness, weights), barriers(one, other))


def barriers(one: Reading, other: Reading) -> tuple[Barrier, ...]:
    """Everything that contradicts: place, category, time, digits. Unknown contradicts nothing."""
    found = _blocks(one, other)
    return (*([found] if found else []), *clashes(one, other))


def blocked(one: Reading, other: Reading) -> bool:
    """Whether place, category or time already tells them apart; the quick question before words are compared."""
    return _blocks(one, other) is not None


def _blocks(one: Reading, other: Reading) -> Barrier | None:
    if one.family and other.family and one.family != other.family:
        return Barrier("category", "category", {"one": one.family, "other": other.family})
    gap = _gap(one, other)
    if gap is not None and gap > timedelta(hours=WINDOW_H):
        return Barrier("time", "time", {"hours": int(gap.total_seconds() // 3600)})
    # A pier and an island may both be where the same waves are; two warehouses are not.
    return None if one.heard and other.heard else _elsewhere(one, other)


def _elsewhere(one: Reading, other: Reading) -> Barrier | None:
    if one.site and other.site and one.site != other.site and one.site.partition("/")[0] == other.site.partition("/")[0]:
        return Barrier("place", "site", {})
    if one.desa and other.desa and not one.desa & other.desa:
        return Barrier("place", "desa", {"one": _titled(one.desa), "other": _titled(other.desa)})
    if one.kecamatan and other.kecamatan and not one.kecamatan & other.kecamatan:
        return Barrier("place", "kecamatan", {"one": _titled(one.kecamatan), "other": _titled(other.kecamatan)})
    return None


def _titled(names: Iterable[str]) -> str:
    return ", ".join(sorted(name.title() for name in names))


def _gap(one: Reading, other: Reading) -> timedelta | None:
    if one.span is None or other.span is None:
        return None
    return max(timedelta(0), max(one.span[0], other.span[0]) - min(one.span[1], other.span[1]))


def clashes(one: Reading, other: Reading) -> tuple[Barrier, ...]:
    """Digits that cannot both be true of one event: other TPS, seal, box or date; counts that differ; measures far apart."""
    found = []
    for role in sorted(one.names.keys() & other.names.keys()):
        if not one.names[role] & other.names[role]:
            found.append(Barrier("digits", role, {"one": _said(one.names[role]), "other": _said(other.names[role])}))
    for role in sorted(one.amounts.keys() & other.amounts.keys()):
        mine, theirs = one.amounts[role], other.amounts[role]
        if not any(_agree(role, a, b) for a in mine for b in theirs):
            unit = role.partition(":")[2].rstrip("*")
            found.append(Barrier("digits", "amount", {"unit": unit, "one": _shown(mine), "other": _shown(theirs)}))
    return tuple(found)


def _agree(role: str, a: Amount, b: Amount) -> bool:
    low, high = sorted((a.value, b.value))
    if low == high:
        return True
    if role.startswith("rough:"):
        return low > 0 and high / low <= 2
    return (a.about or b.about) and low > 0 and high / low <= 1.5


def _said(values: Iterable[str]) -> str:
    return ", ".join(sorted(values, key=lambda v: (len(v), v)))


def _shown(values: Iterable[Amount]) -> str:
    return ", ".join(f"{amount.value:g}".replace(".", ",") for amount in sorted(values, key=lambda a: a.value))


def _when(one: tuple[datetime, datetime], other: tuple[datetime, datetime], w: Weights) -> Line:
    """Two times of the event; two receipts; or one of each, which may be the same hour and may not."""
    exact = [span[0] == span[1] for span in (one, other)]
    if any(exact) and not all(exact):
        return Line("around", w.hours_12)
    lapse = abs(one[1] - other[1])
    hours = lapse.total_seconds() / 3600
    weight = w.hours_3 if hours <= 3 else w.hours_12 if hours <= 12 else w.hours_24
    return Line("time" if all(exact) else "received", weight, {"minutes": int(lapse.total_seconds() // 60)})


def _lines(one: Reading, other: Reading, likeness: int, w: Weights) -> tuple[Line, ...]:
    lines = [Line("start", w.start)]
    lines.append(Line("words", max(w.words_least, likeness - w.words_even), {"likeness": likeness}))
    shared_desa, shared_kecamatan = one.desa & other.desa, one.kecamatan & other.kecamatan
    if one.site and one.site == other.site:
        lines.append(Line("site", w.site))
    elif shared_desa:
        lines.append(Line("desa", w.desa, {"name": _titled(shared_desa)}))
    elif shared_kecamatan:
        lines.append(Line("kecamatan", w.kecamatan, {"name": _titled(shared_kecamatan)}))
    if shared := one.names.get("tps", frozenset()) & other.names.get("tps", frozenset()):
        lines.append(Line("tps", w.tps, {"tps": _said(shared)}))
    for role in ("segel", "kotak"):
        if shared := one.names.get(role, frozenset()) & other.names.get(role, frozenset()):
            lines.append(Line(role, w.seal, {"code": _said(shared)}))
    if one.category and one.category == other.category:
        lines.append(Line("category", w.category, {"category": one.category}))
    elif one.category and other.category:
        lines.append(Line("neighbour", w.neighbour, {"one": one.category, "other": other.category}))
    elif one.family and one.family == other.family:
        lines.append(Line("family", w.family, {"category": one.family}))
    if one.span is not None and other.span is not None:
        lines.append(_when(one.span, other.span, w))
    same = [
        (role, {a.value for a in one.amounts[role]} & {b.value for b in other.amounts[role]})
        for role in one.amounts
        if role in other.amounts
    ]
    if said := [f"{value:g} {role.partition(':')[2].rstrip('*')}".replace(".", ",") for role, values in same for value in sorted(values)]:
        lines.append(Line("amount", w.amount, {"amount": ", ".join(sorted(said))}))
    return tuple(lines)
