"""How the lines of the gauge are called on screens and pages."""

CONTEST_WORDS = {"DPRD_PROV": "DPRD Provinsi", "DPRD_KAB": "DPRD Kabupaten"}


def line_name(name: str, contest: str, dapil: str) -> str:
    """Surat suara DPRD Kabupaten · Belitung Timur 1."""
    word = CONTEST_WORDS.get(contest, contest)
    if word and word.lower() not in name.lower():
        name = f"{name} {word}"
    return f"{name} · {dapil}" if dapil else name
