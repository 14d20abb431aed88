"""The office's own certificate authority, against a real TLS handshake."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from posko.server import tls

NOW = datetime.now(UTC)


def handshake(files: tls.Files, name: str) -> str:
    """The TLS version that a client which trusts only our authority agrees on with a server that shows our certificate."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.server, files.server_key)
    client = ssl.create_default_context(cafile=str(files.authority))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            try:
                with server.wrap_socket(connection, server_side=True):
                    pass
            except OSError:
                pass

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            with socket.create_connection(listener.getsockname()) as raw, client.wrap_socket(raw, server_hostname=name) as secure:
                return secure.version() or ""
        finally:
            thread.join(5)


def test_a_phone_that_trusts_the_authority_accepts_every_address_of_the_laptop(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", ["192.168.1.7", "posko.local"], NOW)
    for name in ("192.168.1.7", "127.0.0.1", "localhost", "posko.local"):
        assert handshake(files, name) == "TLSv1.3"


def test_a_phone_refuses_an_address_that_is_not_in_the_certificate(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", ["192.168.1.7"], NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, "192.168.1.8")


def test_the_authority_does_not_speak_for_the_internet(tmp_path: Path) -> None:
    for name in ("kpu.go.id", "8.8.8.8"):
        with pytest.raises(tls.NotPrivate):
            tls.ensure(tmp_path / "tls", [name], NOW)


def test_even_a_stolen_authority_key_cannot_speak_for_the_internet(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", [], NOW)
    tls._make_server(files, ["kpu.go.id"], NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        handshake(files, "kpu.go.id")


def test_the_certificate_stays_until_an_address_changes_or_it_ends_soon(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", ["192.168.1.7"], NOW)
    first, authority = tls.fingerprint(files.server), tls.fingerprint(files.authority)
    tls.ensure(tmp_path / "tls", ["192.168.1.7"], NOW)
    assert tls.fingerprint(files.server) == first
    tls.ensure(tmp_path / "tls", ["192.168.1.8"], NOW)
    second = tls.fingerprint(files.server)
    assert second != first
    assert "192.168.1.8" in tls.names_of(files.server)
    tls.ensure(tmp_path / "tls", ["192.168.1.8"], NOW + timedelta(days=380))
    assert tls.fingerprint(files.server) != second
    assert tls.fingerprint(files.authority) == authority, "phones need not trust again"


def test_a_restored_authority_serves_another_laptop_without_a_new_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "machine_name", lambda: "laptop-lama")
    authority = tls.fingerprint(tls.ensure(tmp_path / "tls", ["192.168.1.7"], NOW).authority)
    monkeypatch.setattr(tls, "machine_name", lambda: "laptop-baru")
    files = tls.ensure(tmp_path / "tls", ["192.168.1.9"], NOW)
    assert handshake(files, "192.168.1.9")
    assert tls.fingerprint(files.authority) == authority
    assert "laptop-baru" not in tls.names_of(files.server)


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", [], NOW)
    assert files.authority_key.stat().st_mode & 0o077 == 0
    assert files.server_key.stat().st_mode & 0o077 == 0
    assert b"BEGIN PRIVATE KEY" in files.server_key.read_bytes(), "PKCS#8"


def test_the_machine_knows_its_own_addresses() -> None:
    assert all(not address.startswith("127.") and tls.may_speak_for(address, ()) for address in tls.lan_addresses())
