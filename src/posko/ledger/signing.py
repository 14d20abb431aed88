"""Ed25519 over raw bytes. The only file that touches the signature library."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def new_key() -> bytes:
    """A new private key: 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def public(private: bytes) -> bytes:
    """The public key of a private key, 32 bytes; ValueError when it is not one."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(public_key: bytes) -> str:
    """SHA-256 of the public key, its first 16 bytes in hex."""
    return hashlib.sha256(public_key).digest()[:16].hex()


def sign(private: bytes, message: bytes) -> bytes:
    """The signature, 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(message)


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over this message; malformed keys and signatures are simply not."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
