"""Machine code that is kept: a file that is not one of ours, or of another version, is as good as none."""

import json
from pathlib import Path

import pytest

from openbell.machine.code import found


@pytest.mark.parametrize(
    "head",
    [b"", b"no json", b"[]", b"7", json.dumps({"name": "loop", "needs": []}).encode(),
     json.dumps({"name": "loop", "needs": [], "bytes": 4}).encode(),
     json.dumps({"name": "loop", "needs": [], "sum": "0" * 64}).encode()],
)  # fmt: skip
def test_what_is_no_kept_code_is_not_found(tmp_path: Path, head: bytes):
    (tmp_path / "loop").write_bytes(head + b"\nrest")

    assert found(tmp_path / "loop") is None
    assert found(tmp_path / "nowhere") is None
