"""Time one instant in a rectangle of today's bars, in both orders: ``python docs/decisions/measure_columns.py``.

For each size the least of many rounds, in microseconds: what a busy machine adds is not in the least.
"""

from time import perf_counter

import numpy as np

SLOTS, FIELDS = 390, 5
SIZES = (500, 5_000)
ROUNDS = 40


def least(act) -> float:
    """Microseconds per slot of the quickest round over all slots."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = perf_counter()
        for slot in range(SLOTS):
            act(slot)
        best = min(best, perf_counter() - began)
    return best / SLOTS * 1e6


def measure(symbols: int) -> dict[str, tuple[float, float]]:
    """Symbol-major and time-major, for each thing that is done with one instant."""
    instant = np.random.default_rng(1).random((FIELDS, symbols))
    rows = np.full((FIELDS, symbols, SLOTS), np.nan)
    times = np.full((SLOTS, FIELDS, symbols), np.nan)
    picked = np.arange(0, symbols, 2)

    def write_rows(slot):
        rows[:, :, slot] = instant

    def write_times(slot):
        times[slot] = instant

    day = np.random.default_rng(2).random((FIELDS, SLOTS))

    def one_symbol_rows(slot):
        rows[:, slot % symbols] = day

    def one_symbol_times(slot):
        times[:, :, slot % symbols] = day.T

    return {
        "write one instant, all symbols": (least(write_rows), least(write_times)),
        "sum the closes of one instant": (least(lambda s: rows[3, :, s].sum()), least(lambda s: times[s, 3].sum())),
        "take half of the symbols' closes": (
            least(lambda s: rows[3, picked, s]),
            least(lambda s: times[s, 3, picked]),
        ),
        "write a whole day of one symbol": (least(one_symbol_rows), least(one_symbol_times)),
        "copy a whole day of one symbol": (
            least(lambda s: rows[:, s % symbols].copy()),
            least(lambda s: times[:, :, s % symbols].T.copy()),
        ),
    }


if __name__ == "__main__":
    print(f"{'microseconds':34} {'symbols':>8} {'symbol-major':>13} {'time-major':>11} {'ratio':>6}")
    for size in SIZES:
        for name, (by_symbol, by_time) in measure(size).items():
            print(f"{name:34} {size:8,} {by_symbol:13.2f} {by_time:11.2f} {by_symbol / by_time:6.2f}")
