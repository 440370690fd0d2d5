import tomllib
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.config.writing import toml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=5)


TABLES = st.dictionaries(TEXTS, VALUES, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXTS, VALUES | TABLES | st.lists(TABLES, max_size=3), max_size=5))
def test_what_is_written_is_read_again(document):
    assert tomllib.loads(toml_text(document)) == document


def test_days_and_times_keep_their_kind():
    document = {"a": date(2024, 7, 1), "b": time(9, 35), "c": datetime(2024, 7, 1, 9, 30, tzinfo=UTC)}

    assert toml_text(document) == "a = 2024-07-01\nb = 09:35:00\nc = 2024-07-01T09:30:00+00:00\n"


def test_nothing_has_no_form():
    with pytest.raises(ValueError, match="None has no form in TOML"):
        toml_text({"a": None})
