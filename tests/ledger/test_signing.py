"""Ed25519 through our one file, against Wycheproof and a log's checkpoints."""

import base64
import json
from pathlib import Path

import pytest

from posko.ledger import signing


def test_a_signature_is_its_keys_over_its_message_only() -> None:
    key, other = signing.new_key(), signing.new_key()
    signature = signing.sign(key, b"posko")
    assert signing.verifies(signing.public(key), b"posko", signature)
    assert not signing.verifies(signing.public(key), b"Posko", signature)
    assert not signing.verifies(signing.public(other), b"posko", signature)
    assert not signing.verifies(b"", b"posko", signature)
    assert not signing.verifies(signing.public(key), b"posko", b"")


@pytest.mark.shared
def test_every_ed25519_case_of_wycheproof_is_judged_as_it_says(shared: Path) -> None:
    cases = json.loads((shared / "vectors/tlog/wycheproof/ed25519_test.json").read_text())
    judged = 0
    for group in cases["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            found = signing.verifies(public, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert found == (case["result"] == "valid"), case["tcId"]
            judged += 1
    assert judged == cases["numberOfTests"] == 151


@pytest.mark.shared
@pytest.mark.parametrize("size", range(16))
def test_the_checkpoints_of_a_log_made_by_others_carry_its_signature(shared: Path, size: int) -> None:
    public = base64.b64decode("AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")[1:]
    note = (shared / f"vectors/tlog/tessera-log/log/checkpoint.{size}").read_text()
    text, signatures = note.split("\n\n")
    line = next(s for s in signatures.splitlines() if s.startswith("— example.com/log/testdata "))
    assert signing.verifies(public, (text + "\n").encode(), base64.b64decode(line.split()[-1])[4:])
