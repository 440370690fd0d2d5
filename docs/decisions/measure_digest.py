"""Time the hash of columns of bars beside others: ``python docs/decisions/measure_digest.py``.

The least of many rounds, in gigabytes a second and in milliseconds for 30 days of 500 symbols.
"""

import hashlib
from time import perf_counter

import numpy as np

from openbell.bars.block import Block
from openbell.session import hashing
from openbell.session.mixing import Mixed

BARS = 11_700
ROUNDS = 1_000
SYMBOLS = 500


def least(act) -> float:
    """Seconds of the quickest round."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = perf_counter()
        act()
        best = min(best, perf_counter() - began)
    return best


def main() -> None:
    """Print one line per way."""
    rng = np.random.default_rng(1)
    minute = 60_000_000_000
    begins = np.arange(31, dtype=np.int64) * 1440 * minute
    ts = np.concatenate([begin + np.arange(390) * minute for begin in begins[:-1]])
    block = Block.of(ts, [rng.random(BARS) for _ in range(5)]).freeze()
    size = block.ts.nbytes + sum(column.nbytes for column in block.columns) + block.shares.nbytes
    whole = np.concatenate([column.view(np.uint64) for column in (block.ts, *block.columns, block.shares)])
    ways = {
        "openbell: multiply-mix, 128 bits a session": lambda: Mixed.of([block], begins),
        "  again, kept with the block": lambda: hashing.session_hashes(block, begins),
        "hashlib.blake2b": lambda: hashlib.blake2b(whole).digest(),
        "hashlib.sha256": lambda: hashlib.sha256(whole).digest(),
        "hashlib.md5": lambda: hashlib.md5(whole).digest(),
        "reading only: np.bitwise_xor.reduce": lambda: np.bitwise_xor.reduce(whole),
    }
    print(f"{'one symbol, 30 days of 1m, ' + f'{size:,} bytes':44} {'GB/s':>8} {'ms, 500 symbols':>16}")
    for name, act in ways.items():
        act()
        took = least(act)
        print(f"{name:44} {size / took / 1e9:8.2f} {took * SYMBOLS * 1e3:16.1f}")


if __name__ == "__main__":
    main()
