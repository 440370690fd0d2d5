"""What is looked over for all symbols at once agrees with what is looked at one by one."""

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.block import Block
from openbell.bars.interval import NS_PER_MINUTE, Interval
from openbell.store.findings import defects_of
from openbell.store.rows import checked
from openbell.store.sound import are_sound, may_have_defects
from openbell.testing.market import SyntheticMarket

MINUTE = Interval.parse("1m")
FAULTS = ("none", "spike", "frozen", "volume", "no volume", "zero", "outside", "negative", "disorder", "twice")


def bars(seed: int, rows: int, fault: str) -> Block:
    random = np.random.default_rng(seed)
    ts = np.arange(rows) * NS_PER_MINUTE
    close = 100 * np.exp(np.cumsum(random.normal(0, 1e-4, rows)))
    high, low, volume = close * 1.0001, close * 0.9999, random.integers(100, 10_000, rows).astype(float)
    opens, at = close.copy(), int(random.integers(0, rows))
    match fault:
        case "spike":
            high[at] = close[at] = close[at] * random.choice([1.4, 4.0, 100.0])
        case "frozen":
            span = slice(at, at + int(random.integers(40, 90)))
            for column in (opens, high, low, close, volume):
                column[span] = column[at]
        case "volume":
            volume[at] = volume.max() * 3e4
        case "no volume":
            volume[at] = np.nan
        case "zero":
            low[at] = 0.0
        case "outside":
            opens[at] = high[at] * 1.001
        case "negative":
            low[at] = -1.0
        case "disorder":
            ts[at] = 0
        case "twice":
            ts[at] = ts[at - 1]
    return Block(ts, opens, high, low, close, volume)


@given(st.lists(st.tuples(st.integers(0, 2**32), st.integers(1, 400), st.sampled_from(FAULTS)), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_nothing_is_passed_over(series: list[tuple[int, int, str]]) -> None:
    blocks = [bars(*one) for one in series]
    heads = np.cumsum([0, *map(len, blocks)])[:-1]
    joined = Block.joined(blocks)

    sound, suspects = are_sound(joined, heads), may_have_defects(MINUTE, joined, heads)

    for block, known, suspect in zip(blocks, sound, suspects, strict=True):
        found = checked(block)
        assert known == (found.refused is None and found.duplicates == 0 and not found.unordered)
        assert suspect or not known or not defects_of("AAA", MINUTE, block)


def test_ordinary_bars_are_not_looked_at_again() -> None:
    market = SyntheticMarket(20, sessions=1, start=date(2024, 6, 24), defects=False)
    blocks = [block for _, block in market.blocks() if len(block)]
    heads = np.cumsum([0, *map(len, blocks)])[:-1]

    suspects = may_have_defects(MINUTE, Block.joined(blocks), heads)

    assert sum(suspects) <= len(blocks) // 2
