"""The digests of all symbols at once are those of one after the other, and of what the page of the digest says."""

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawful import Blocks, Wish, begun, clock, lawful, session_file, wishes, with_actions

from openbell.session.digest import symbol_digest, symbol_digests
from openbell.session.hashing import session_hashes
from openbell.session.records import SymbolRecord
from openbell.session.session_data import SessionData

ACTIONS = ("AAA,2024-06-28,split,4", "BBB,2024-07-02,dividend,0.75", "FIVE,2024-07-01,split,2")
RULES = [{"name": "top", "column": "high", "statistic": "max", "days": 5}]


@pytest.fixture(scope="module")
def acted(blocks: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laws' market with actions."""
    return with_actions(tmp_path_factory.mktemp("digest"), blocks, ACTIONS)


def written(session: SessionData, record: SymbolRecord) -> bytes:
    """What is hashed of a symbol, one after the other."""
    begins = session.time.calendar.begins
    quality = record.history_quality, record.session_quality
    text = f"{record.name} {record.tier} {quality} {record.listed}\n".encode()
    text += "".join(f"adjusted for {action}\n" for action in record.actions).encode()
    for interval in sorted(record.series):
        series, today = record.series[interval], session.lanes[interval].panel.block(record.row)
        text += f"{interval} from {series.base} since {series.since}\n".encode()
        text += b"".join(session_hashes(part.copied(), begins) for part in series.history.parts)
        text += b"today\n" + session_hashes(today, begins)
    for key, spec in sorted(record.indicators.items()):
        text += f"{key} {key in record.kept}\n".encode()
        text += session.indicators.digests(spec, np.array([record.row]))[0].tobytes()
        if key in record.kept:
            text += canonical(session.kept[spec].series(record.row))
    for key, figure in sorted(record.aggregates.items()):
        text += f"{key} over past sessions\n".encode() + canonical(figure)
    return text


def canonical(numbers: float | np.ndarray) -> bytes:
    return np.where(np.isnan(numbers), np.nan, numbers).tobytes()


@lawful(25)
@given(
    asked=st.lists(st.tuples(st.integers(0, 390), wishes()), max_size=8),
    symbols=st.sets(st.sampled_from(("BBB", "LATE", "MUTE"))),
    prices=st.sampled_from(("raw", "splits", "adjusted")),
    days=st.integers(1, 3),
)
def test_all_at_once_as_one_after_the_other(
    acted: Path, asked: list[tuple[int, Wish]], symbols: set[str], prices: str, days: int
):
    session = {"symbols": ["AAA", *sorted(symbols)], "prices": prices}
    backtest = {"start": date(2024, 7, 1), "end": date(2024, 7, 5)}
    day = begun(session_file(acted, session=session, aggregates=RULES, backtest=backtest))
    for _ in range(days - 1):
        day.finish_day(detail=False)
        day.start_day()
    for minute, wish in sorted(asked, key=lambda one: one[0]):
        day.advance_to(clock(minute))
        wish.ask(day)
    held = day.session_data
    records = [held.records[name] for name in held.symbols]

    alone = [symbol_digest(held, record) for record in records]

    assert alone == [hashlib.blake2b(written(held, record), digest_size=16).digest() for record in records]
    assert symbol_digests(held) == alone
    assert [symbol_digest(held, record) for record in records] == alone
