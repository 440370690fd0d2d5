"""The contract over random parameters and bars, and over hard prices."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.indicators import registry
from openbell.indicators.compute import compute
from openbell.testing.indicators import (
    Case,
    cases,
    computes_what_its_text_says,
    gives_numbers_from_its_lookback_on,
    is_settled_after_its_warmup,
    is_the_same_bar_by_bar_and_across_symbols,
    is_the_same_in_any_split,
    starts_where_its_kind_says,
)


@st.composite
def any_case(draw) -> Case:
    definition = registry.definition(draw(st.sampled_from(registry.names())))
    seed = draw(st.integers(1, 10_000))
    return list(cases(definition, count=2, seed=seed))[-1]


@settings(max_examples=60, deadline=None)
@given(any_case())
def test_any_split_of_the_stream_and_any_symbols_give_the_same(case):
    is_the_same_in_any_split(case)
    is_the_same_bar_by_bar_and_across_symbols(case)


@settings(max_examples=60, deadline=None)
@given(any_case())
def test_a_number_from_the_lookback_on_and_settled_after_the_warm_up(case):
    gives_numbers_from_its_lookback_on(case)
    is_settled_after_its_warmup(case)
    starts_where_its_kind_says(case)


@settings(max_examples=30, deadline=None)
@given(any_case())
def test_compiled_is_what_the_text_says(case):
    computes_what_its_text_says(case)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=30, max_size=90), st.integers(1, 12))
def test_windows_are_exact_whatever_was_before(prices, period):
    """A window's value depends on its own prices alone, to rounding: nothing of a huge price that has left remains."""
    huge = np.array([1e15, *prices])
    close = np.array(prices)

    for name in ("sma", "wma", "stddev"):
        after, without = compute(name, close=huge, period=period)[1:], compute(name, close=close, period=period)
        own = np.array([np.abs(close[max(i - period + 1, 0) : i + 1]).max() for i in range(len(close))])
        off = np.abs(after - without)[period - 1 :]
        assert (off <= 1e-12 * (own[period - 1 :] + 1e-300) * period).all() or name == "stddev"
        assert (off <= 1e-6 * (own[period - 1 :] + 1e-300)).all()
