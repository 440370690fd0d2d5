"""Machine code that is kept: a file that is not one of ours, or of another version, is as good as none."""

import json
from pathlib import Path

import numpy as np
import pytest

from openbell.machine.code import FLOAT, address, found


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


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.bool_])
def test_the_address_of_an_array_is_where_its_elements_lie(dtype):
    whole = np.zeros((3, 8), dtype)
    for array in (whole, whole[1], whole[2, 3:], np.empty(0, dtype), np.ones(1 << 20, dtype)):
        assert address(array, np.dtype(dtype)) == array.ctypes.data


def test_a_loop_is_given_no_array_of_another_type_or_in_pieces():
    whole = np.zeros((3, 8))
    wrong = [(whole, np.dtype(np.int64)), (whole.astype(">f8"), FLOAT), (whole[:, 0], FLOAT), (whole.T, FLOAT)]
    for array, dtype in wrong:
        with pytest.raises(TypeError, match="in one piece"):
            address(array, dtype)
