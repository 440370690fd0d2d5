"""Machine code that is kept: a file that is not one of ours, or of another version, is as good as none."""

import json
from pathlib import Path

import numpy as np
import pytest

from openbell.machine.code import FLAG, FLOAT, INT, address, found


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


def test_an_address_is_where_numpy_says_the_data_lies():
    whole = np.arange(24.0).reshape(4, 6)
    frozen = np.frombuffer(bytes(32))
    frozen.flags.writeable = False

    for array, kind in ((whole, FLOAT), (whole[2], FLOAT), (whole[1, 3:5].view(np.int64), INT), (frozen[1:], FLOAT)):
        assert address(array, kind) == array.__array_interface__["data"][0]
    assert address(np.zeros(3, np.bool_), FLAG)


def test_what_a_loop_cannot_go_through_has_no_address():
    for array in (np.zeros((4, 6))[:, 2], np.zeros(3, np.int64), np.zeros(4)[::2]):
        with pytest.raises(TypeError, match="a loop needs float64 in one piece"):
            address(array)
