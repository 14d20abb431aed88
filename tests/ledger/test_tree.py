"""The tree against a naive reference and against a log that others made."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.ledger import hashing, tree


def naive(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:k]) + naive(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_the_compact_range_has_the_root_of_the_naive_tree(leaves: list[bytes]) -> None:
    assert tree.over(leaves).root() == naive(leaves)


@given(st.lists(st.binary(max_size=8), max_size=40), st.data())
def test_a_range_that_was_stored_goes_on_as_if_it_had_not(leaves: list[bytes], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(leaves)))
    half = tree.over(leaves[:cut])
    kept = tree.Range(half.size, tuple(bytes.fromhex(p.hex()) for p in half.peaks))
    for leaf in leaves[cut:]:
        kept = kept.append(hashing.leaf(leaf))
    assert kept == tree.over(leaves)


def test_a_leaf_is_never_a_node() -> None:
    a, b = hashing.leaf(b"a"), hashing.leaf(b"b")
    assert hashing.node(a, b) != hashing.leaf(a + b)


@pytest.mark.parametrize("side", [b"", b"x" * 31, b"x" * 33])
def test_a_node_of_anything_but_two_hashes_is_refused(side: bytes) -> None:
    with pytest.raises(ValueError, match="32"):
        hashing.node(side, b"x" * 32)
    with pytest.raises(ValueError, match="32"):
        hashing.node(b"x" * 32, side)


def test_a_range_with_a_wrong_number_of_peaks_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="compact"):
        tree.Range(3, (b"x" * 32,))


def entries(bundle: bytes) -> list[bytes]:
    """tlog-tiles entry bundle: entries behind 16-bit lengths."""
    found = []
    while bundle:
        size = int.from_bytes(bundle[:2], "big")
        found.append(bundle[2 : 2 + size])
        bundle = bundle[2 + size :]
    return found


@pytest.mark.shared
@pytest.mark.parametrize("size", range(16))
def test_the_roots_of_a_log_made_by_others_are_recomputed_from_its_entries(shared: Path, size: int) -> None:
    log = shared / "vectors" / "tlog" / "tessera-log" / "log"
    _, said_size, said_root = (log / f"checkpoint.{size}").read_text().splitlines()[:3]
    leaves = entries((log / "tile" / "entries" / "000.p" / "15").read_bytes())[:size]
    assert int(said_size) == size == len(leaves)
    assert tree.over(leaves).root() == base64.b64decode(said_root)
