"""The public page: a publication as static files that need no application, no database, no script and no other host.

`site(publication)` gives every file by its relative path, the same bytes for the same publication. It reads nothing else, so what the
publication keeps back cannot appear. Addresses are stable: a bookmark to a village survives the next publication. No page with its style
and script is larger than PAGE_MOST.
"""

from collections.abc import Sequence
from html import escape
from importlib import resources
from typing import Any

from posko.domain import releases
from posko.formats import publication_data as data
from posko.formats import publication_words as words

PAGE_MOST = 100_000
TPS_A_PAGE = 100
DESA_ON_FRONT = 120
Row = dict[str, Any]
_HERE = resources.files("posko.formats") / "terbuka"  # also from within a zip
FILES = {
    "terbitan.json": "file_json", "tps.csv": "file_tps", "barang.csv": "file_goods", "rekomendasi.csv": "file_letters",
    "angka.csv": "file_figures", "riwayat.csv": "file_history", "aturan.csv": "file_rules", "desa.geojson": "file_geo",
    "datapackage.json": "file_schema", "desa.schema.json": "file_geoschema",
}  # fmt: skip
SHAPES = {"ready": "●", "not_ready": "■", "unknown": "◌"}
_FILL = {"ready": "#2b7f4f", "not_ready": "#b3261e", "unknown": "url(#d)"}
_HATCH = (
    '<defs><pattern id="d" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#fff"/><path d="M0 0V8" stroke="#9aa5ac" stroke-width="2"/></pattern></defs>'
)
_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
MENU = ("index.html", "peta.html", "angka.html", "riwayat.html", "data.html", "periksa.html")
SHARES = frozenset({"ready", "units_ordered", "units_all", "units_received", "lines", "arrived"})
"""Figures that are read as a share; the others as so many of so many."""
MAIN = ("ready", "units_ordered", "answered")
COLUMN_OF = {
    "state": "keadaan", "arrived": "barang", "island": "pulau", "need": "kebutuhan", "accepted": "diterima_baik", "received": "diterima",
    "ordered": "dipesan", "voters": "pemilih", "ordered_kind": "dipesan",
}  # fmt: skip
"""What a field of the publication is called in the CSV."""
FILE_OF = {"tps": "tps.csv", "receipts": "barang.csv", "recommendations": "rekomendasi.csv", "guard": "terbitan.json"}


def site(publication: releases.Publication, *, earlier: Sequence[releases.Publication] = (), app: str | None = None) -> dict[str, bytes]:
    """Relative path -> bytes. earlier: older publications that are handed out as files.

    app: where the application answers ("/" on the same host, "https://..."), for the links to the report form; None says it in words.
    """
    made = {f"data/{name}": content for name, content in data.files(publication).items()}
    made |= {f"arsip/terbitan-{one.number:04}.json": one.content for one in (*earlier, publication)}
    made |= around()
    for language in words.LANGUAGES:
        made |= _Pages(publication, language, frozenset(one.number for one in (*earlier, publication)), app).all()
    return made


def around() -> dict[str, bytes]:
    """What all pages share: style, search and picture."""
    return {name: (_HERE / name).read_bytes() for name in ("gaya.css", "cari.js", "ikon.svg")}


def without_map(
    publication: releases.Publication, earlier: Sequence[releases.Publication] = (), app: str | None = None
) -> dict[str, bytes]:
    """All pages but the two of the map: what a bare Python can make. app: see `site`."""
    kept = frozenset(one.number for one in (*earlier, publication))
    made = [_Pages(publication, language, kept, app).all(map_too=False) for language in words.LANGUAGES]
    return {path: content for pages in made for path, content in pages.items()}


class _Pages:
    """All pages of one language."""

    def __init__(self, publication: releases.Publication, language: str, kept: frozenset[int], app: str | None) -> None:
        self.it, self.language, self.kept, self.app = publication, language, kept, app
        self.head, self.sections = publication.head, publication.sections
        self.k = int(self.head["policy"]["k"])
        self.desa: dict[str, list[Row]] = {}
        for row in self.sections["tps"]:
            self.desa.setdefault(row["desa_code"], []).append(row)
        self.names = {d["code"]: d["name"] for d in self.sections["places"]["desa"]} | {c: rows[0]["desa"] for c, rows in self.desa.items()}
        self.kecamatan: dict[str, list[str]] = {}
        for code, rows in sorted(self.desa.items(), key=lambda pair: (pair[1][0]["kecamatan"], pair[1][0]["desa"])):
            self.kecamatan.setdefault(rows[0]["kecamatan_code"], []).append(code)

    def say(self, key: str, **facts: object) -> str:
        """A sentence, escaped."""
        return escape(words.say(self.language, key, **facts))

    def number(self, value: int) -> str:
        """A number, or what stands in its place."""
        if value == releases.UNKNOWN:
            return self.say("not_known")
        small = f'<span class="kecil">{self.say("kept_back")}</span>'
        return small if value == releases.SUPPRESSED else words.number(self.language, value)

    def at(self, written: str) -> str:
        """An instant."""
        return words.moment(self.language, releases.instant(written))

    # --- the frame ----------------------------------------------------------------------------------------------------

    def all(self, *, map_too: bool = True) -> dict[str, bytes]:
        """Path -> page."""
        pages = {
            "index.html": self.page("index.html", self.say("title", region=self.head["region_name"]), self.front(), script=True),
            "angka.html": self.page("angka.html", self.say("figures"), self.figures()),
            "riwayat.html": self.page("riwayat.html", self.say("history"), self.history()),
            "data.html": self.page("data.html", self.say("data"), self.open_data()),
            "periksa.html": self.page("periksa.html", self.say("verify"), self.verify()),
        }
        if map_too:
            pages["peta.html"] = self.page("peta.html", self.say("map"), self.map())
        for code, desa in self.kecamatan.items():
            path = f"kecamatan/{code}.html"
            name = self.desa[desa[0]][0]["kecamatan"]
            pages[path] = self.page(path, self.say("kecamatan", name=name), self.of_kecamatan(desa))
        for code, rows in self.desa.items():
            for part in range(0, len(rows), TPS_A_PAGE):
                path = self.desa_path(code, part)
                pages[path] = self.page(path, self.say("all_tps", name=rows[0]["desa"]), self.of_desa(code, part))
        folder = "" if self.language == "id" else "en/"
        return {folder + path: content.encode() for path, content in pages.items()}

    def desa_path(self, code: str, part: int = 0) -> str:
        """The address of a village; its further pages where it has very many stations."""
        return f"desa/{code}.html" if part == 0 else f"desa/{code}-{part // TPS_A_PAGE + 1}.html"

    def page(self, path: str, title: str, body: str, *, script: bool = False) -> str:
        """A whole page."""
        up = "../" * path.count("/")
        root = up if self.language == "id" else up + "../"
        other = f"{up}en/{path}" if self.language == "id" else f"{root}{path}"
        links = zip(MENU, ("home", "map", "figures", "history", "data", "verify"), strict=True)
        menu = "".join(
            f'<a href="{up}{target}"{" aria-current=page" if target == path else ""}>{self.say(key)}</a>' for target, key in links
        )
        body = body.replace("{up}", up).replace("{root}", root)
        marks = f'<p class="simulasi">{self.say("simulation")}</p>' if "[SIMULASI]" in self.it.marks else ""
        other_language = words.LANGUAGES[1 - words.LANGUAGES.index(self.language)]
        script_tag = f'<script defer src="{root}cari.js"></script>' if script else ""
        place = f"{escape(self.head['election_name'])}, {escape(self.head['region_name'])}"
        return (
            f'<!DOCTYPE html>\n<html lang="{self.language}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="referrer" content="no-referrer">'
            f'<title>{title} · Posko</title><link rel="icon" href="{root}ikon.svg">'
            f'<link rel="stylesheet" href="{root}gaya.css">{script_tag}</head>\n<body>'
            f'<a class="skip" href="#isi">{self.say("skip")}</a>{marks}<header><strong>{place}</strong><nav>{menu}'
            f'<a href="{other}" lang="{other_language}" hreflang="{other_language}">{self.say("other_language")}</a></nav></header>\n'
            f'<main id="isi"><h1>{title}</h1>{self.correction()}\n{body}\n</main>\n{self.foot(up)}</body></html>\n'
        )

    def correction(self) -> str:
        """What this publication corrects, on every page."""
        if not self.it.corrects:
            return ""
        reason = self.head["reason"] or self.say(f"reason_{self.head['reason_code']}")
        return f'<p class="koreksi">{self.say("corrects", number=self.it.corrects, reason=reason)}</p>'

    def foot(self, up: str) -> str:
        """Number, times and fingerprint."""
        marks = "".join(f' <span class="mark">{escape(mark)}</span>' for mark in self.it.marks)
        return (
            f"<footer><p>{self.say('publication', number=self.it.number)}, {self.at(self.head['made_at'])}; "
            f"{self.say('as_of', at=words.moment(self.language, self.it.data_at))}.{marks}<br>"
            f'SHA-256 <a class="kode" href="{up}periksa.html">{self.it.digest[:16]}</a></p></footer>'
        )

    # --- figures -------------------------------------------------------------------------------------------------------

    def figure(self, code: str, label: str = "") -> str:
        """A list item with its number, denominator, source and link to its why; nothing where the publication leaves it out."""
        row = self.it.figure(code)
        if row is None:
            return ""
        name = escape(row["label"] if self.language == "id" else row["label_en"])
        return f"<li><b>{self.value(row)}</b> {label or name}{self.marks(row['marks'])}{self.source(row)}</li>"

    def value(self, row: Row) -> str:
        """69,5 % (59.000 dari 84.900), or what stands in its place."""
        a, b = row["numerator"], row["denominator"]
        if a < 0 or b in {0, releases.UNKNOWN}:
            return self.number(a)
        if b < 0 or row["code"] not in SHARES:
            return f"{self.number(a)} <small>({self.say('of')} {self.number(b)})</small>"
        return f"{words.share(self.language, a, b)} <small>({self.number(a)} {self.say('of')} {self.number(b)})</small>"

    def source(self, row: Row, *, link: bool = True) -> str:
        """Under every number: where it comes from, when, and how it is computed."""
        said = row["source"] if self.language == "id" else row["source_en"]
        told = self.say("source", source=said, at=words.moment(self.language, releases.instant(row["as_of"])))
        why = f' <a href="{{up}}angka.html#{row["code"]}">{self.say("why")}</a>' if link else ""
        return f'<p class="sumber">{told}{why}</p>'

    def marks(self, marks: Sequence[str]) -> str:
        """Marks beside a number."""
        return "".join(f' <span class="mark">{escape(mark)}</span>' for mark in marks)

    def state(self, state: str) -> str:
        """A shape, a word and a colour."""
        return f'<span class="s s-{state}">{SHAPES[state]} {self.say(state)}</span>'

    def head_row(self, *keys: str, right: str = "") -> str:
        """The head of a table; the columns named in `right` hold numbers."""
        numbers = right.split()
        cells = "".join(f'<th scope="col"{" class=n" if key in numbers else ""}>{self.say(key)}</th>' for key in keys)
        return f"<thead><tr>{cells}</tr></thead>"

    def cell(self, key: str, content: str, right: bool = False) -> str:
        """A cell that knows its column's name, for narrow screens."""
        return f'<td{" class=n" if right else ""} data-l="{self.say(key)}">{content}</td>'

    def label(self, row: Row) -> str:
        """The name of a figure."""
        return escape(row["label"] if self.language == "id" else row["label_en"])

    def ready_of(self, counts: dict[str, int]) -> str:
        """So many of so many stations are ready."""
        every = sum(counts.values())
        return self.say("of_tps", ready=words.number(self.language, counts["ready"]), all=words.number(self.language, every))

    # --- pages ---------------------------------------------------------------------------------------------------------

    def front(self) -> str:
        """What everybody asks first."""
        counts = data.counted(self.sections["tps"])
        every = sum(counts.values())
        ready = self.it.figure("ready")
        others = "".join(f"<li><b>{self.number(counts[s])}</b> {self.state(s)}</li>" for s in data.STATES)
        goods = "".join(self.figure(code) for code in ("units_ordered", "units_all", "lines", "needs_unknown"))
        big = f"{self.number(counts['ready'])} <small>{self.say('of')} {self.number(every)} {self.say('tps_ready')}</small>"
        supplies = f'<h2>{self.say("goods")}</h2><ul class="angka">{goods}</ul>' if goods else ""
        return (
            f'<p>{self.countdown()}</p><p class="besar">{big}</p>{self.source(ready) if ready else ""}{self.bar(counts)}'
            f'<ul class="angka">{others}</ul><p class="sumber">{self.say("silence")}</p>'
            f'<h2 id="tps">{self.say("find")}</h2>{self.finder()}{supplies}{self.goods_table()}'
            f"<h2>{self.say('letters')}</h2>{self.letters()}<h2>{self.say('report')}</h2>{self.report()}"
        )

    def countdown(self) -> str:
        """Days to voting, as of the data: a static page does not count by itself."""
        voting = releases.instant(self.head["voting_at"])
        left = (voting.astimezone(releases.WIB).date() - self.it.data_at.astimezone(releases.WIB).date()).days
        key = "voting_today" if left == 0 else "days_left" if left > 0 else "days_past"
        return self.say(key, days=abs(left), date=words.day(self.language, voting))

    def bar(self, counts: dict[str, int]) -> str:
        """The three states in one bar; unknown is hatched, never coloured."""
        every = sum(counts.values())
        if not every:
            return ""
        parts, x = "", 0.0
        for state in data.STATES:
            width = 1000 * counts[state] / every
            if width:
                parts += f'<rect x="{x:.1f}" width="{width:.1f}" height="20" fill="{_FILL[state]}"/>'
            x += width
        told = ", ".join(f"{words.number(self.language, counts[s])} {words.say(self.language, s)}" for s in data.STATES)
        return (
            f'<div class="batang"><svg viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label="{escape(told)}">'
            f"{_HATCH}{parts}</svg></div>"
        )

    def finder(self) -> str:
        """The search box (made by the script) and the lists that need none."""
        box = (
            f'<div class="cari" id="cari" data-up="{{root}}" data-label="{self.say("find_label")}" data-contoh="{self.say("find_hint")}" '
            f'data-kosong="{self.say("find_none")}"></div>'
        )
        many = len(self.desa) > DESA_ON_FRONT
        parts = []
        for code, desa in self.kecamatan.items():
            name = self.say("kecamatan", name=self.desa[desa[0]][0]["kecamatan"])
            heading = f'<h3><a href="{{up}}kecamatan/{code}.html">{name}</a></h3>'
            parts.append(heading if many else heading + f'<ul class="daftar">{"".join(self.desa_link(d) for d in desa)}</ul>')
        return f"<p>{self.say('find_plain')}</p>{box}{''.join(parts)}"

    def desa_link(self, code: str) -> str:
        """A village with how many of its stations are ready."""
        counts = data.counted(self.desa[code])
        told = f"{words.number(self.language, counts['ready'])}/{words.number(self.language, sum(counts.values()))}"
        return f'<li><a href="{{up}}{self.desa_path(code)}">{escape(self.names[code])}</a> <span class="sumber">{told}</span></li>'

    def goods_table(self) -> str:
        """Every kind of goods."""
        rows = self.sections.get("receipts")
        if not rows:
            return ""
        heads = ("item", "need", "ordered", "received", "accepted")
        body = "".join(
            f'<tr><th scope="row">{escape(r["name"])}{self.marks(r["marks"])}</th>'
            + "".join(self.cell(h, self.number(r[h]), right=True) for h in heads[1:])
            + "</tr>"
            for r in rows
        )
        top = self.head_row(*heads, right=" ".join(heads[1:]))
        return f'<div class="geser"><table class="tumpuk">{top}<tbody>{body}</tbody></table></div>'

    def letters(self) -> str:
        """Counts of the recommendations; a refusal with reasons is a valid answer."""
        if "recommendations" not in self.sections:
            return f"<p>{self.say('no_letters')}</p>"
        figures = "".join(self.figure(code) for code in ("issued", "answered", "accepted", "partly", "refused", "overdue"))
        held = self.sections["recommendations"]
        rows = "".join(
            f'<tr><th scope="row">{escape(r["agency"])}</th><td class="n">{self.number(r["issued"])}</td></tr>' for r in held["addressees"]
        )
        table = f"<table>{self.head_row('addressee', 'issued', right='issued')}<tbody>{rows}</tbody></table>"
        kept = releases.SUPPRESSED in [*held["totals"].values(), *(r["issued"] for r in held["addressees"])]
        small = f'<p class="sumber">{self.say("kept_back_why", k=self.k)}</p>' if kept else ""
        return f'<p>{self.say("letters_lede")}</p><ul class="angka">{figures}</ul>{table if rows else ""}{small}'

    def report(self) -> str:
        """How to report, and how to follow a report."""
        if self.app is None:
            return f"<p>{self.say('report_text')} {self.say('report_where')}</p>"
        base = escape(self.app.rstrip("/"))
        links = "".join(
            f'<li><a href="{base}{path}">{self.say(key)}</a></li>'
            for path, key in (("/lapor/", "report_form"), ("/lapor/kode/", "report_follow"), ("/lapor-posko/", "report_misuse"))
        )
        return f"<p>{self.say('report_text')}</p><ul>{links}</ul>"

    def of_kecamatan(self, desa: Sequence[str]) -> str:
        """The villages of a sub-district."""
        counts = data.counted(row for code in desa for row in self.desa[code])
        body = "".join(
            f'<tr><th scope="row"><a href="{{up}}{self.desa_path(code)}">{escape(self.names[code])}</a></th>'
            + "".join(self.cell(s, self.number(data.counted(self.desa[code])[s]), right=True) for s in data.STATES)
            + "</tr>"
            for code in desa
        )
        top = self.head_row("desa", *data.STATES, right=" ".join(data.STATES))
        return f'<p>{self.ready_of(counts)}</p>{self.bar(counts)}<table class="tumpuk">{top}<tbody>{body}</tbody></table>'

    def of_desa(self, code: str, part: int) -> str:
        """The stations of a village."""
        every = self.desa[code]
        counts = data.counted(every)
        name = self.say("kecamatan", name=every[0]["kecamatan"])
        above = f'<a href="{{up}}kecamatan/{every[0]["kecamatan_code"]}.html">{name}</a>'
        body = "".join(self.tps_row(row) for row in every[part : part + TPS_A_PAGE])
        top = self.head_row("tps", "state", "checked", "goods_there", "voters", right="voters")
        estimate = f'<p class="sumber">{self.say("estimate_note")}</p>' if any(r["estimate"] for r in every) else ""
        return (
            f"<p>{above}. {self.ready_of(counts)}.</p>{self.bar(counts)}{self.pager(code)}"
            f'<table class="tumpuk">{top}<tbody>{body}</tbody></table>'
            f'{estimate}<p class="sumber">{self.say("silence")}</p>'
        )

    def pager(self, code: str) -> str:
        """Links to the further pages of a village with very many stations."""
        every = self.desa[code]
        if len(every) <= TPS_A_PAGE:
            return ""
        links = []
        for part in range(0, len(every), TPS_A_PAGE):
            group = every[part : part + TPS_A_PAGE]
            links.append(f'<a href="{{up}}{self.desa_path(code, part)}">TPS {group[0]["number"]:03}–{group[-1]["number"]:03}</a>')
        return f"<p>{' · '.join(links)}</p>"

    def tps_row(self, row: Row) -> str:
        """One station."""
        reasons = "; ".join(self.say(f"reason_{code}") for code in row["reasons"])
        place = f" <small>({self.say('island', name=row['island'])})</small>" if row["island"] else ""
        seen = self.at(row["checked_at"]) if row["checked_at"] else self.say("never")
        proof = f'<br><small class="sumber">{self.say("proof")} <code>{row["entry"][:12]}</code></small>' if row["entry"] else ""
        estimate = self.marks(["PERKIRAAN"]) if row["estimate"] and row["voters"] >= 0 else ""
        why = f"<br><small>{reasons}</small>" if reasons else ""
        return (
            f'<tr id="tps-{row["number"]}"><th scope="row">TPS {row["number"]:03}{place}{self.marks(row["marks"])}</th>'
            + self.cell("state", self.state(row["state"]) + why)
            + self.cell("checked", seen + proof)
            + self.cell("goods_there", self.say("arrived_" + row["arrived"]))
            + self.cell("voters", self.number(row["voters"]) + estimate, right=True)
            + "</tr>"
        )

    def map(self) -> str:
        """Villages and islands by the worst state of their stations."""
        # Here and not above: the overseer's program makes all other pages with nothing but Python, and a map needs more than that.
        from posko.formats import map as drawing  # noqa: PLC0415

        look = {"not_ready": "bad", "unknown": "unknown", "ready": "good"}
        land: dict[str, list[Row]] = {}
        sea: dict[str, list[Row]] = {}
        for row in self.sections["tps"]:
            (sea if row["island"] else land).setdefault(row["island"] or row["desa_code"], []).append(row)

        def worst(rows: Sequence[Row]) -> str:
            counts = data.counted(rows)
            return next((s for s in look if counts[s]), "")

        desa = [
            drawing.Desa(
                d["code"], d["name"], d["lat_e6"] / 1e6, d["lon_e6"] / 1e6, look.get(worst(land.get(d["code"], [])), "plain"),
                words.say(self.language, worst(land[d["code"]])) if d["code"] in land else "",
                href=self.desa_path(d["code"]) if d["code"] in self.desa else "", weight=max(1, len(land.get(d["code"], []))),
                group=next((r["kecamatan"] for r in self.desa.get(d["code"], [])), ""),
            )
            for d in self.sections["places"]["desa"]
        ]  # fmt: skip
        islands = [
            drawing.Island(
                i["name"], i["name"], i["lat_e6"] / 1e6, i["lon_e6"] / 1e6, look[worst(sea[i["name"]])],
                words.say(self.language, worst(sea[i["name"]])), detail=f"{len(sea[i['name']])} TPS",
            )
            for i in self.sections["places"]["islands"] if i["name"] in sea
        ]  # fmt: skip
        picture = drawing.Map(title=words.say(self.language, "map"), region=self.head["region"], desa=desa, islands=islands)
        legend = " ".join(self.state(s) for s in data.STATES)
        return f'<p>{self.say("map_lede")} <span class="mark">SKEMATIS</span></p><p>{legend}</p>{drawing.svg(picture, 700)}'

    def figures(self) -> str:
        """Every figure and its formula."""
        rows = "".join(
            f'<tr id="{r["code"]}"><th scope="row">{self.label(r)}{self.marks(r["marks"])}</th>'
            + self.cell("value", self.value(r))
            + self.cell("how", self.how(r["how"]) + self.source(r, link=False))
            + "</tr>"
            for r in self.sections["figures"]
        )
        return (
            f"<p>{self.say('figures_lede')}</p>"
            f'<table class="tumpuk">{self.head_row("figure", "value", "how")}<tbody>{rows}</tbody></table>'
            f'<p class="sumber">{self.say("kept_back_why", k=self.k)}</p>'
        )

    def how(self, formula: Row) -> str:
        """A formula in words, with a link to its file."""
        file = f'<a href="{{root}}data/{FILE_OF[formula["section"]]}">{FILE_OF[formula["section"]]}</a>'

        def column(name: str) -> str:
            return COLUMN_OF.get(name, name) if formula["section"] in {"tps", "receipts"} else name

        def tests(where: Row) -> str:
            if not where:
                return words.say(self.language, "how_all")
            said = {"set": "≠ ∅", "positive": "> 0", "unknown": "= ∅"}
            return ", ".join(f"{column(name)} {said.get(test, '= ' + test.removeprefix('='))}" for name, test in sorted(where.items()))

        field = column(formula["field"])
        facts = {
            "where": escape(tests(formula["where"])),
            "field": escape(field + (f" / {formula['over']}" if formula["over"] else "")),
            "file": "\0",
        }
        key = "how_count_all" if formula["op"] == "count" and not formula["where"] else f"how_{formula['op']}"
        told = self.say(key, **facts).replace("\0", file)
        if "among" in formula:
            told += self.say("how_among", where=tests(formula["among"]))
        if formula["op"] == "covered" and formula["where"]:
            told += f" ({escape(tests(formula['where']))})"
        return told

    def history(self) -> str:
        """Every publication, newest first, with three figures; a corrected one says by which."""
        past = [*self.sections["history"], self.itself()]
        heads = [f for code in MAIN if (f := self.it.figure(code))]
        top = "".join(f'<th scope="col">{self.say(h)}</th>' for h in ("number", "made_at", "way"))
        top += "".join(f'<th scope="col" class="n">{self.label(f)}</th>' for f in heads)
        rows = "".join(self.history_row(r, heads) for r in reversed(past))
        lines = ""
        for f in heads:
            line = self.spark([r["figures"].get(f["code"], [-1, -1]) for r in past if not r["corrected_by"]])
            lines += f"<li>{line} {self.label(f)}, {self.say('over_time')}</li>" if line else ""
        alone = "" if self.sections["history"] else f"<p>{self.say('no_history')}</p>"
        return (
            f'<p>{self.say("history_lede")}</p>{alone}<ul class="angka">{lines}</ul>'
            f'<div class="geser"><table class="tumpuk"><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div>'
        )

    def itself(self) -> Row:
        """This publication as a row of the history."""
        figures = {r["code"]: [r["numerator"], r["denominator"]] for r in self.sections["figures"]}
        return {**{n: self.head[n] for n in ("number", "made_at", "data_at", "way", "corrects", "reason_code", "reason")},
                "digest": self.it.digest, "corrected_by": 0, "figures": figures}  # fmt: skip

    def history_row(self, row: Row, heads: Sequence[Row]) -> str:
        """One publication."""
        name = f"{row['number']}"
        if row["number"] in self.kept:
            name = f'<a href="{{root}}arsip/terbitan-{row["number"]:04}.json">{name}</a>'
        note = ""
        if row["corrected_by"]:
            note += f"<br><small>{self.say('corrected', number=row['corrected_by'])}</small>"
            note += "" if row["number"] in self.kept else f"<br><small>{self.say('correction_note', number=row['number'])}</small>"
        if row["corrects"]:
            reason = row["reason"] or words.say(self.language, f"reason_{row['reason_code']}")
            note += f"<br><small>{self.say('corrects', number=row['corrects'], reason=reason)}</small>"
        cells = "".join(f'<td class="n" data-l="{self.label(f)}">{self.pair(f["code"], row["figures"].get(f["code"]))}</td>' for f in heads)
        return (
            f'<tr id="terbitan-{row["number"]}"><th scope="row">{name}{note}</th>'
            + self.cell("made_at", f"{self.at(row['made_at'])}<br><code>{row['digest'][:16]}</code>")
            + self.cell("way", self.say("way_" + row["way"]))
            + f"{cells}</tr>"
        )

    def pair(self, code: str, figure: Sequence[int] | None) -> str:
        """A numerator and denominator of the past."""
        return "—" if figure is None else self.value({"code": code, "numerator": figure[0], "denominator": figure[1]})

    def spark(self, pairs: Sequence[Sequence[int]]) -> str:
        """Shares over the publications as a line; nothing where there are fewer than two."""
        points = [(i, a / b) for i, (a, b) in enumerate(pairs) if a >= 0 and b > 0]
        if len(points) < 2:
            return ""
        last = points[-1][0] or 1
        path = "L".join(f"{100 * i / last:.1f} {30 - 28 * share:.1f}" for i, share in points)
        return f'<svg class="kilas" viewBox="-1 0 102 32" preserveAspectRatio="none" aria-hidden="true"><path d="M{path}"/></svg>'

    def open_data(self) -> str:
        """The files and what they are."""
        made = data.files(self.it)
        rows = ""
        for name, key in FILES.items():
            if name in made:
                excel = name.replace(".csv", "-excel.csv") if name.endswith(".csv") else ""
                more = f' · <a href="{{root}}data/{excel}">Excel</a>' if excel else ""
                size = f"{words.number(self.language, -(-len(made[name]) // 1024))} kB"
                link = f'<tr><th scope="row"><a href="{{root}}data/{name}">{name}</a>{more}</th>'
                rows += link + self.cell("content", self.say(key)) + self.cell("size", size, right=True) + "</tr>"
        return (
            f"<p>{self.say('data_lede')}</p>"
            f'<table class="tumpuk">{self.head_row("file", "content", "size", right="size")}<tbody>{rows}</tbody></table>'
            f'<p class="sumber">{self.say("csv_note")} {self.say("missing_note", k=self.k)}</p>'
        )

    def verify(self) -> str:
        """How to check all of it without us."""
        policy = self.head["policy"]
        hours = [words.say(self.language, "hours", n=policy[name] // 60) for name in ("embargo_min", "embargo_island_min")]
        file = '<a href="{root}data/terbitan.json">terbitan.json</a>'
        first = self.say("verify_1", file="\0").replace("\0", file)
        figures = self.say("verify_3", link="\0").replace("\0", f'<a href="{{up}}angka.html">{self.say("figures")}</a>')
        before = f"<br><code>{self.it.previous}</code>" if self.it.previous else f" {self.say('first')}"
        held = self.sections["withheld"]["checks"]
        waiting = f"<p>{self.say('withheld', n=data.shown(held, self.k))}</p>" if held else ""
        guard = self.sections.get("guard")
        refused = f"<p>{self.say('guard', n=data.shown(guard['refused'], self.k))}</p>" if guard else ""
        journal = self.say("verify_4", size=words.number(self.language, self.head["journal_size"]), root=self.head["journal_root"])
        return (
            f"<p>{self.say('verify_lede')}</p>"
            f"<ol><li>{first}<pre>sha256sum terbitan.json</pre>{self.say('verify_1b')}<br><code>{self.it.digest}</code></li>"
            f"<li>{self.say('verify_2')}{before}</li><li>{figures}</li><li>{journal}</li><li>{self.say('verify_5')}</li></ol>"
            f"<h2>{self.say('protected')}</h2><p>{self.say('protected_text', land=hours[0], sea=hours[1])}</p>"
            f"<p>{self.say('kept_back_why', k=self.k)}</p>{waiting}{refused}"
        )
