"""A certificate authority for one office: phones need HTTPS for camera and sign-in, and a hall has no internet to get a certificate from.

The authority is limited by name constraints to private addresses, `localhost`, `.local` and this machine's name: a phone that trusts it
does not trust it for any other site, whatever happens to its key.
"""

import contextlib
import ipaddress
import os
import re
import socket
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397  # phones refuse certificates that live longer than 398 days
RENEW_DAYS = 30
BACKDATED = timedelta(hours=24)  # a phone's clock may be behind
PRIVATE_NETWORKS = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
_SIOCGIFADDR = 0x8915


class NotPrivate(Exception):
    """An address that our authority must not speak for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Files:
    """Where the certificates and keys lie; keys are PKCS#8, as the server wants them."""

    authority: Path
    authority_key: Path
    server: Path
    server_key: Path

    @classmethod
    def below(cls, folder: Path) -> "Files":
        """The fixed names."""
        return cls(folder / "ca.crt", folder / "ca.key", folder / "server.crt", folder / "server.key")


def lan_addresses() -> list[str]:
    """Private IPv4 addresses of this machine's networks, without loopback and without asking anybody outside."""
    found: list[str] = []
    with contextlib.suppress(ImportError, OSError):
        import fcntl  # noqa: PLC0415  (not on Windows)

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            for _, name in socket.if_nameindex():
                with contextlib.suppress(OSError):
                    answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                    found.append(socket.inet_ntoa(answer[20:24]))
    with contextlib.suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    usable = (a for a in found if not ipaddress.ip_address(a).is_loopback and may_speak_for(a, ()))
    return list(dict.fromkeys(usable))


def may_speak_for(name: str, own_names: Collection[str]) -> bool:
    """Is this address or name within what our authority is limited to? own_names: the single names it was made for."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name in own_names or name.endswith(".local")
    networks = (ipaddress.ip_network(text) for text in PRIVATE_NETWORKS)
    return any(address.version == network.version and address in network for network in networks)


def machine_name() -> str:
    """This machine's name, lower case, without a domain."""
    name = socket.gethostname().partition(".")[0].lower()
    return name if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name) else "posko"


def ensure(folder: Path, names: Iterable[str], at: datetime) -> Files:
    """Authority and server certificate for these names: made, renewed or left as they are. Raises NotPrivate."""
    files = Files.below(folder)
    known = files.authority.is_file() and files.authority_key.is_file()
    # An authority that came from another laptop (a restore) speaks for that laptop's name, not for ours.
    own_names = names_limited_to(files.authority) if known else {"localhost", machine_name()}
    wanted = sorted({"127.0.0.1", *names, *(own_names & {"localhost", machine_name()})})
    for name in wanted:
        if not may_speak_for(name, own_names):
            raise NotPrivate(name)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if not known:
        _make_authority(files, machine_name(), at)
    if not _still_good(files, wanted, at):
        _make_server(files, wanted, at)
    return files


def names_of(certificate: Path) -> list[str]:
    """The subject alternative names, sorted as text."""
    names = _load(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return sorted([*names.get_values_for_type(x509.DNSName), *(str(a) for a in names.get_values_for_type(x509.IPAddress))])


def names_limited_to(authority: Path) -> set[str]:
    """The single DNS names that an authority may speak for, beside private addresses and .local."""
    limits = _load(authority).extensions.get_extension_for_class(x509.NameConstraints).value
    return {str(n.value) for n in limits.permitted_subtrees or () if isinstance(n, x509.DNSName) and n.value != "local"}


def fingerprint(certificate: Path) -> str:
    """SHA-256 of a certificate in pairs, as phones show it."""
    digest = _load(certificate).fingerprint(hashes.SHA256()).hex().upper()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def as_der(certificate: Path) -> bytes:
    """The form that phones install."""
    return _load(certificate).public_bytes(serialization.Encoding.DER)


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _still_good(files: Files, wanted: list[str], at: datetime) -> bool:
    """Same names, our present authority, and not soon over."""
    if not (files.server.is_file() and files.server_key.is_file()):
        return False
    certificate = _load(files.server)
    same = names_of(files.server) == wanted and certificate.issuer == _load(files.authority).subject
    return same and at + timedelta(days=RENEW_DAYS) < certificate.not_valid_after_utc


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _limits(machine: str) -> x509.NameConstraints:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in sorted({"localhost", "local", machine})]
    names += [x509.IPAddress(ipaddress.ip_network(text)) for text in PRIVATE_NETWORKS]
    return x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=None)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _make_authority(files: Files, machine: str, at: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # The serial in the name keeps two authorities of one machine apart in a phone's list.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Posko {machine} {serial:x}"[:40])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(at - BACKDATED)
        .not_valid_after(at + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(_limits(machine), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(files.authority_key, _private(key), 0o600)
    _write(files.authority, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_server(files: Files, names: list[str], at: datetime) -> None:
    authority = _load(files.authority)
    authority_key = serialization.load_pem_private_key(files.authority_key.read_bytes(), password=None)
    if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{files.authority_key}: not a key of ours")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Posko")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - BACKDATED)
        .not_valid_after(at + timedelta(days=SERVER_DAYS - 1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write(files.server_key, _private(key), 0o600)
    _write(files.server, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, data: bytes, mode: int) -> None:
    """Never readable by others, not even for a moment."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    new.replace(path)
