"""`posko bundle`: the overseer's bundle, one file with everything to check what was published."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from posko.cli import installation
from posko.cli.installation import fail, say


def bundle(
    reader: Annotated[str, typer.Option("--for", help="bawaslu (dengan catatan jurnal yang dibuka) atau pers (tanpa)")],
    to: Annotated[Path, typer.Option(help="Berkas tujuan, misalnya berkas-pengawas.zip")],
    election: Annotated[str, typer.Option(help="Kode pemilihan; bawaan: yang terdekat")] = "",
) -> None:
    """Membuat berkas pengawas. Pemeriksanya ada di dalam: python3 periksa.pyz BERKAS.zip, cukup Python saja."""
    installation.need_installation(installation.var_folder())
    installation.start()
    from posko.domain import record as facts
    from posko.store import bundles, record

    at = record.clock(datetime.now(UTC))
    held = record.elections()
    code = election or next((e.code for e in held if e.voting_at >= at), held[-1].code if held else "")
    if code not in {e.code for e in held}:
        fail(f"Pemilihan {code or '(tidak ada)'} tidak ada di pemasangan ini. Yang ada: {', '.join(e.code for e in held) or 'belum ada'}.")
    if to.exists():
        fail(f"{to} sudah ada. Pilih nama lain; tidak ada yang ditimpa.")
    try:
        made = bundles.make(code, reader.lower(), at)
        to.write_bytes(made)
        bundles.note(code, reader.lower(), made, facts.Actor("cli", "ADMIN"), at)
    except bundles.UnknownReader:
        fail("Pilihan --for: bawaslu atau pers.", 2)
    except bundles.NothingPublished:
        fail("Belum ada terbitan, jadi belum ada yang dapat diperiksa. Terbitkan dahulu di halaman Terbitan.")
    except OSError as error:
        fail(f"{to} tidak dapat ditulis: {error.strerror}.")
    say(f"{to}: {len(made) // 1024} kB, pemilihan {code}, untuk {reader.lower()}.")
    say(f"Periksa: unzip -o {to} periksa.pyz && python3 periksa.pyz {to}")
