"""The state of a session as a short text: equal states give equal texts, on every machine.

The *digest* covers now and the way prices are read; symbols by name: tier, the actions its prices are adjusted for; per
interval its base, the held bars (stamps, bits of each field, completeness), what quality is counted over; per indicator
outputs, valid, settled, last update; figures over past sessions. Quality and gaps follow from the bars and the stretch
they are counted over, so the stretch is what is written.
The *fingerprint* adds who asked for what, by which path it came, locks and rows.
"""

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from functools import lru_cache

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval, Unit
from openbell.indicators.spec import IndicatorSpec
from openbell.session.hashing import row_hashes, session_hashes
from openbell.session.lanes import Lane
from openbell.session.records import SymbolRecord, Tier
from openbell.session.session_data import SessionData

Today = Mapping[Interval, Mapping[int, bytes]]
Shown = Mapping[IndicatorSpec, Sequence[bytes]]


def digest(session: SessionData) -> str:
    """Hex digest of the state at now, 32 characters."""
    whole = hashlib.blake2b(digest_size=16)
    whole.update(f"now {session.time.now} completeness {session.completeness!r} prices {session.prices}\n".encode())
    today, shown = todays_hashes(session), _shown(session)
    session.hashes.expect(_history(session), session.time.calendar.begins)
    for name in session.symbols:
        whole.update(symbol_digest(session, session.records[name], today, shown))
    return whole.hexdigest()


def fingerprint(session: SessionData) -> str:
    """Hex digest of the state, of who asked for it and of how it came about, 32 characters."""
    whole = hashlib.blake2b(digest(session).encode(), digest_size=16)
    for name in session.symbols:
        record = session.records[name]
        asks = sorted(f"{ask!r} {since}" for ask, since in session.asks.of(name).items())
        path = (record.row, record.added_by, record.origin, record.added_at, record.auto_provisioned)
        later = (record.upgraded_from_adhoc, record.upgraded_at, record.locked)
        whole.update(f"{name} {path} {later} {asks}\n".encode())
    return whole.hexdigest()


def _history(session: SessionData) -> dict[Hashable, Block]:
    """Every block of history, by symbol, interval and place."""
    return {
        (name, interval, place): block
        for name, record in session.records.items()
        for interval, series in record.series.items()
        for place, block in enumerate(series.history.parts)
    }


def _shown(session: SessionData) -> Shown:
    """What every row shows of each indicator, as bytes."""
    rows = np.arange(len(session.names))
    specs = {spec for record in session.records.values() for spec in record.indicators.values()}
    return {spec: session.indicators.digests(spec, rows) for spec in specs}


def todays_hashes(session: SessionData) -> dict[Interval, dict[int, bytes]]:
    """The hashes of today's bars up to now, per interval and row."""
    return {interval: _today(session, lane) for interval, lane in session.lanes.items()}


def _today(session: SessionData, lane: Lane) -> dict[int, bytes]:
    """The hash of today's bars of every row of a lane."""
    rows = lane.members.array
    begins = session.time.calendar.begins
    if lane.interval.unit is Unit.WEEK:
        return {row: _of_today(session, lane.interval, row) for row in rows.tolist()}
    hashes = row_hashes(lane.panel, rows, int(begins[session.time.today.ordinal]))
    return dict(zip(rows.tolist(), hashes, strict=True))


def _of_today(session: SessionData, interval: Interval, row: int) -> bytes:
    return session_hashes(session.lanes[interval].panel.block(row), session.time.calendar.begins)


def symbol_digest(
    session: SessionData, record: SymbolRecord, today: Today | None = None, shown: Shown | None = None
) -> bytes:
    """The part of the digest that is one symbol's, 16 bytes; what is the same work for many symbols may be given."""
    shown = _shown(session) if shown is None else shown
    begins = session.time.calendar.begins
    standing = _standing(record.tier, (record.history_quality, record.session_quality), record.listed)
    parts = [record.name.encode(), standing]
    parts += [f"adjusted for {action}\n".encode() for action in record.actions]
    for interval in _by_rank(tuple(record.series)):
        series = record.series[interval]
        parts.append(_interval_line(interval, series.base, series.since))
        parts += [session.hashes.of(block, begins) for block in series.history.parts]
        now = _of_today(session, interval, record.row) if today is None else today[interval][record.row]
        parts += [b"today\n", now]
    for key in sorted(record.indicators):
        spec, kept = record.indicators[key], key in record.kept
        parts += [_indicator_line(key, kept), shown[spec][record.row]]
        if kept:
            parts.append(_number_bytes(session.kept[spec].series(record.row)))
    for key, figure in sorted(record.aggregates.items()):
        parts += [f"{key} over past sessions\n".encode(), _number_bytes(figure)]
    return hashlib.blake2b(b"".join(parts), digest_size=16).digest()


@lru_cache(maxsize=256)
def _by_rank(intervals: tuple[Interval, ...]) -> list[Interval]:
    """From short to long; most symbols have the same ones, and share the lines below."""
    return sorted(intervals)


@lru_cache(maxsize=4096)
def _standing(tier: Tier, quality: tuple[bool, bool], listed: date) -> bytes:
    return f" {tier} {quality} {listed}\n".encode()


@lru_cache(maxsize=4096)
def _interval_line(interval: Interval, base: Interval | None, since: int | None) -> bytes:
    return f"{interval} from {base} since {since}\n".encode()


@lru_cache(maxsize=4096)
def _indicator_line(key: str, kept: bool) -> bytes:
    return f"{key} {kept}\n".encode()


def _number_bytes(numbers: float | Floats) -> bytes:
    """The bits of numbers, every NaN written as the same one."""
    return np.where(np.isnan(numbers), np.nan, numbers).tobytes()
