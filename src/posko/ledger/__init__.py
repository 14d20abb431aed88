"""A verifiable log: bytes in, bytes out."""
