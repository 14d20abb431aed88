"""The root of a growing Merkle tree, kept as its compact range: one hash for each full subtree, largest first."""

from collections.abc import Iterable
from dataclasses import dataclass

from posko.ledger import hashing

leaf_hash = hashing.leaf


@dataclass(frozen=True)
class Range:
    """`size` leaves as the hashes of their full subtrees; len(peaks) is the number of ones in size."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count() or any(len(p) != 32 for p in self.peaks):
            raise ValueError("a compact range holds one 32-byte hash for each one in its size")

    def append(self, leaf_hash: bytes) -> "Range":
        """The range with one more leaf."""
        peaks, size, carry = list(self.peaks), self.size, leaf_hash
        while size & 1:
            carry = hashing.node(peaks.pop(), carry)
            size >>= 1
        return Range(self.size + 1, (*peaks, carry))

    def root(self) -> bytes:
        """The tree head; SHA-256 of nothing for an empty tree."""
        if not self.peaks:
            return hashing.EMPTY
        result = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            result = hashing.node(peak, result)
        return result


def over(leaves: Iterable[bytes]) -> Range:
    """The range over leaf data."""
    found = Range()
    for data in leaves:
        found = found.append(hashing.leaf(data))
    return found
