"""RFC 6962 section 2.1: leaf and node hashes over SHA-256. Bytes in, bytes out."""

import hashlib

EMPTY = hashlib.sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    """SHA-256(0x00 || data), 32 bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), 32 bytes; ValueError when a side is not 32 bytes."""
    if len(left) != 32 or len(right) != 32:
        raise ValueError("a node hashes two 32-byte hashes")
    return hashlib.sha256(b"\x01" + left + right).digest()
