"""posko demo: the whole main job on Belitung Timur."""

from typing import Annotated

import typer


def demo(
    serve: Annotated[bool, typer.Option(help="Layani di http://localhost:8000 sesudah selesai (--no-serve untuk skrip)")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Mulai dari awal: hapus basis data demo dulu")] = False,
    port: Annotated[int, typer.Option(help="Port halaman demo", min=1, max=65535)] = 8000,
) -> None:
    """Memuat Belitung Timur, mengerjakan seluruh rantai sambil menampilkan angkanya, lalu melayani layarnya."""
    from posko.cli.demo import run

    code = run.main(serve=serve, fresh=fresh, port=port)
    if code:
        raise typer.Exit(code)
