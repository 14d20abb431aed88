"""`posko publish`: the public page as static files, built from the newest publication alone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from posko.cli import installation
from posko.cli.installation import fail, say


def publish(
    to: Annotated[Path | None, typer.Option(help="Folder tujuan; bawaan: folder halaman publik pemasangan ini")] = None,
    election: Annotated[str, typer.Option(help="Kode pemilihan; bawaan: yang terdekat")] = "",
    app: Annotated[
        str, typer.Option(help="Alamat aplikasi untuk tautan lapor, misalnya https://posko.contoh.go.id; kosong: tanpa tautan")
    ] = "",
) -> None:
    """Membangun halaman publik dari terbitan terakhir. Folder baru dipasang sekaligus; bila gagal, yang lama tetap di tempatnya."""
    installation.need_installation(installation.var_folder())
    installation.start()
    from posko.formats import folder
    from posko.server import publishing
    from posko.store import record

    at = record.clock(datetime.now(UTC))
    held = record.elections()
    code = election or next((e.code for e in held if e.voting_at >= at), held[-1].code if held else "")
    if code not in {e.code for e in held}:
        fail(f"Pemilihan {code or '(tidak ada)'} tidak ada di pemasangan ini. Yang ada: {', '.join(e.code for e in held) or 'belum ada'}.")
    target = (to or publishing.place() / code).expanduser()
    try:
        built = publishing.build(code, at, target, app or ("/" if to is None else None))
    except folder.NotOurs as error:
        fail(f"{error} sudah ada dan bukan buatan Posko. Pilih folder lain; tidak ada yang ditulis.")
    except OSError as error:
        fail(f"Folder {target} tidak dapat ditulisi: {error.strerror}. Halaman yang lama tetap di tempatnya.")
    if built is None:
        fail("Belum ada terbitan. Terbitkan dahulu di halaman Terbitan; halaman publik dibuat dari terbitan saja.")
    newest, made = built
    files = [p for p in made.rglob("*") if p.is_file()]
    say(f"Terbitan {newest.number} ({code}), SHA-256 {newest.digest}")
    say(f"{len(files)} berkas, {sum(p.stat().st_size for p in files) // 1024} kB di {made}")
    say(f"Layani folder {target / folder.CURRENT} dengan server web apa pun; aplikasi dan basis data tidak diperlukan.")
