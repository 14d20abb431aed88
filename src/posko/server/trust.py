"""The page from which a phone takes the office's certificate.

Plain HTTP, because the phone does not trust us yet; two addresses, no more.
"""

import html
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CERTIFICATE = "/posko-ca.crt"
_PAGE = """<!doctype html>
<html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sambungkan ponsel ke Posko</title>
<style>body{{font:18px/1.5 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:1rem;color:#1b2430}}
a.b{{display:block;padding:1rem;margin:1rem 0;background:#14507d;color:#fff;text-align:center;text-decoration:none;border-radius:.4rem}}
code{{overflow-wrap:anywhere;font-size:15px}}</style></head><body>
<h1>Sambungkan ponsel ini ke Posko</h1>
<p>Satu kali saja. Pastikan Anda memakai jaringan kantor atau posko, lalu cocokkan sidik di bawah dengan yang tampil di laptop posko.</p>
<p><code>{fingerprint}</code></p>
<a class="b" href="{certificate}">1. Unduh sertifikat Posko</a>
<p><b>Android:</b> buka Setelan, cari &ldquo;sertifikat CA&rdquo;, pilih Instal, lalu berkas <code>posko-ca.crt</code>.</p>
<p><b>iPhone:</b> izinkan unduhan, buka Pengaturan &rarr; Profil Diunduh &rarr; Instal, lalu Umum &rarr; Mengenai &rarr; Pengaturan
Kepercayaan Sertifikat: nyalakan Posko.</p>
<a class="b" href="{address}">2. Buka Posko</a>
<p>Sertifikat ini hanya berlaku untuk alamat jaringan kantor, tidak untuk situs lain mana pun.</p>
</body></html>
"""


def page(fingerprint: str, address: str) -> bytes:
    """What the phone shows."""
    values = {"fingerprint": html.escape(fingerprint), "address": html.escape(address, quote=True), "certificate": CERTIFICATE}
    return _PAGE.format(**values).encode()


def serve(host: str, port: int, certificate: bytes, fingerprint: str, address_for: Callable[[str], str]) -> ThreadingHTTPServer:
    """Start in a thread; address_for(the name the phone used) gives the address of Posko. Raises OSError when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        """GET only."""

        server_version = "Posko"
        sys_version = ""

        def do_GET(self) -> None:
            """The page, the certificate, or the way to the page."""
            if self.path == CERTIFICATE:
                self._answer(200, "application/x-x509-ca-cert", certificate)
            elif self.path == "/":
                name = (self.headers.get("Host") or "").partition(":")[0]
                self._answer(200, "text/html; charset=utf-8", page(fingerprint, address_for(name)))
            else:
                self.send_response(302)
                self.send_header("Location", "/")
                self.end_headers()

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header(
                "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="trust", daemon=True).start()
    return server
