"""Reading what a symbol does not have."""

from pathlib import Path

import pytest
from sessions import document, started

import openbell as ob


@pytest.mark.parametrize(
    ("part", "name", "told"),
    [
        ("bars", "1h", "NVDA: has no bars '1h'.\n    It has 1m, 5m."),
        ("bars", "05m", "NVDA: has no bars '05m'.\n    Did you mean 5m? It has 1m, 5m."),
        ("indicators", "rsi_5m", "NVDA: has no indicator 'rsi_5m'.\n    Did you mean rsi_14_5m? It has rsi_14_5m."),
        ("aggregates", "volume", "NVDA: has no figure 'volume'.\n    It has none."),
    ],
)
def test_says_what_there_is(part: str, name: str, told: str, store: Path):
    values = getattr(started(store).session_data.get_symbol_data("NVDA"), part)

    with pytest.raises(KeyError) as caught:
        values[name]

    assert str(caught.value) == told
    assert isinstance(caught.value, ob.OpenbellError)
    assert values.get(name) is None
    assert name not in values


def test_in_canonical_form_is_what_is_meant(store: Path):
    day = started(store, session={"intervals": ["1m", "60m"]}, indicators=[])

    with pytest.raises(KeyError, match="Did you mean 60m"):
        day.session_data.get_symbol_data("NVDA").bars["1h"]


def test_objects_are_short_in_a_prompt(store: Path):
    day = ob.SessionCoordinator.from_file(document(store))
    assert repr(day) == "<SessionCoordinator 'test': idle; no day yet>"
    day.start_day()
    day.advance_to("10:30")
    symbol = day.session_data.get_symbol_data("NVDA")

    assert repr(day) == "<SessionCoordinator 'test': active; 2024-06-06 10:30 | full speed | 0 signals>"
    assert repr(day.session_data) == "<SessionData of 2024-06-06: NVDA>"
    assert repr(symbol) == "<NVDA, full: 1m, 5m, rsi_14_5m>"
    assert repr(symbol.bars["5m"]).endswith(" of today>")
    assert repr(day.signals) == "<SignalBook of 0>"
    assert repr(ob.plan(document(store))).startswith("<DayPlan of 'test', 2024-06-06: ")
    assert repr(day.finish_day()).startswith("<DayReport 2024-06-06: ")
    assert repr(ob.run(document(store))).startswith("<Report test: 3 days, ")


def test_a_day_that_is_no_date_is_a_wrong_argument(store: Path):
    day = ob.SessionCoordinator.from_file(document(store))

    with pytest.raises(ValueError, match="'foo' is not a date like 2024-07-01"):
        day.start_day("foo")
