"""Many symbols warmed up together stand where each of them would alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.block import Block
from openbell.bars.sheaf import Sheaf
from openbell.indicators import compute, definition
from openbell.indicators.manager import IndicatorManager
from openbell.indicators.warm import NEVER
from openbell.testing.indicators import walk

SPECS = [
    compute.indicator("sma", interval="5m", period=3),
    compute.indicator("rsi", interval="5m", period=2, input=compute.indicator("ema", interval="5m", period=2)),
    compute.indicator("macd", interval="5m", fast=2, slow=4, signal=3),
    compute.indicator("atr", interval="5m", period=3),
    compute.indicator("mfi", interval="5m", period=3),
]


@definition.indicator
class Shy:
    """Raises below zero."""

    def update(state, bar, p):  # noqa: N805
        if bar.value < 0.0:
            raise ValueError("below zero")
        return 2.0 * bar.value


def _blocks(sizes, seed):
    return [walk(size, seed + place) if size else Block.empty() for place, size in enumerate(sizes)]


def _manager(*specs):
    manager = IndicatorManager(4)
    for spec in specs:
        manager.prepare(spec)
    return manager


def _links(warm):
    return [(one.state.tobytes(), one.window.tobytes(), one.shown.tobytes()) for one in warm.links]


@settings(derandomize=True, deadline=None, database=None, max_examples=60)
@given(
    sizes=st.lists(st.tuples(st.integers(0, 150), st.integers(0, 9)), min_size=1, max_size=20),
    chosen=st.sets(st.sampled_from(range(len(SPECS))), min_size=1),
)
def test_each_stands_bit_for_bit_where_it_would_alone(sizes, chosen):
    specs = [SPECS[place] for place in sorted(chosen)]
    manager = _manager(*specs)
    past, today = _blocks([one for one, _ in sizes], 1), _blocks([one for _, one in sizes], 100)

    stands, last = manager.warm_many(specs, Sheaf.of(past), Sheaf.of(today))

    assert last.tolist() == [
        int((now if len(now) else then).ts[-1]) if len(now) or len(then) else 0
        for then, now in zip(past, today, strict=True)
    ]
    for spec, stand in zip(specs, stands, strict=True):
        for place, (then, now) in enumerate(zip(past, today, strict=True)):
            assert _links(stand.taken(place)) == _links(manager.warm(spec, then, now)), (spec.key, place)


@settings(derandomize=True, deadline=None, database=None, max_examples=60)
@given(past=st.integers(0, 150), now=st.integers(0, 9), chosen=st.sets(st.sampled_from(range(len(SPECS))), min_size=1))
def test_indicators_of_one_symbol_stand_together_bit_for_bit_where_they_would_alone(past, now, chosen):
    specs = [SPECS[place] for place in sorted(chosen)]
    manager = _manager(*specs)
    (history, today) = _blocks([past, now], 1)

    warms = manager.warm_alike(specs, history, today, 7)

    for spec, warm in zip(specs, warms, strict=True):
        alone = manager.warm(spec, history, today)
        assert (_links(warm), warm.sessions) == (_links(alone), alone.sessions), spec.key
        assert warm.last_updated == (7 if alone.seen else NEVER)


def test_a_symbol_that_was_fed_nothing_was_never_updated():
    manager = _manager(SPECS[0])

    (stand,), _ = manager.warm_many(SPECS[:1], Sheaf.of(_blocks([5, 0], 1)), None)

    assert [stand.ended(np.array([7, 8])).last_updated(place) for place in (0, 1)] == [7, None]


def test_what_an_indicator_raises_is_heard():
    spec = compute.indicator(Shy, interval="5m")
    below = Block.of(np.arange(1, 4), np.array([[1.0, 1.0, -1.0]] * 5))

    with pytest.raises(ValueError, match="below zero"):
        _manager(spec).warm_many([spec], Sheaf.of([walk(3, 1), below]), None)
    with pytest.raises(ValueError, match="below zero"):
        _manager(spec).warm_alike([spec], Block.empty(), below, 7)
