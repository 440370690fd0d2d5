"""The state of a session as a short text: equal states give equal texts, on every machine.

The *digest* covers now and the way prices are read; symbols by name: tier, the actions its prices are adjusted for; per
interval its base, the held bars (stamps, bits of each field, completeness), what quality is counted over; per indicator
outputs, valid, settled, last update; figures over past sessions. Quality and gaps follow from the bars and the stretch
they are counted over, so the stretch is what is written.
The *fingerprint* adds who asked for what, by which path it came, locks and rows.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import chain, islice

import numpy as np

from openbell.bars.interval import Interval, Unit
from openbell.indicators.spec import IndicatorSpec
from openbell.session.form import Asked, Column, Form, Layout, Parts, Sources, layout, number_bytes
from openbell.session.hashing import row_hashes, session_hashes
from openbell.session.lanes import Lane
from openbell.session.records import SymbolRecord
from openbell.session.session_data import SessionData


def digest(session: SessionData) -> str:
    """Hex digest of the state at now, 32 characters."""
    whole = hashlib.blake2b(digest_size=16)
    whole.update(f"now {session.time.now} completeness {session.completeness!r} prices {session.prices}\n".encode())
    whole.update(b"".join(symbol_digests(session)))
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


def symbol_digests(session: SessionData) -> list[bytes]:
    """The part of the digest that is each symbol's, 16 bytes, by name; what is alike in many is done once."""
    parts: Parts = defaultdict(list)
    records = [session.records[name] for name in session.symbols]
    layouts = [layout(record, parts) for record in records]
    with session.hashes.expecting([*chain.from_iterable(parts.values())], session.time.calendar.begins):
        today, rows = todays_hashes(session), np.arange(len(session.names))
        shown = {spec: session.indicators.digests(spec, rows) for spec in _specs(session)}
    hashes = iter(session.hashes.each)
    past = {interval: iter([*islice(hashes, len(blocks))]) for interval, blocks in parts.items()}
    return _digests(records, layouts, Sources(past, today.__getitem__, shown.__getitem__, partial(_kept, session)))


def _specs(session: SessionData) -> list[IndicatorSpec]:
    """Every indicator that some symbol has."""
    return [bound.spec for interval in session.lanes for bound in session.indicators.bound(interval)]


def symbol_digest(session: SessionData, record: SymbolRecord) -> bytes:
    """The part of the digest that is one symbol's."""
    parts: Parts = defaultdict(list)
    ours, begins = layout(record, parts), session.time.calendar.begins
    past = {
        interval: iter([session.hashes.of(block, begins) for block in blocks]) for interval, blocks in parts.items()
    }

    def today(interval: Interval) -> Column:
        return {record.row: _of_today(session, interval, record.row)}

    def shown(spec: IndicatorSpec) -> Column:
        return {record.row: session.indicators.digests(spec, np.array([record.row]))[0]}

    return _digests([record], [ours], Sources(past, today, shown, partial(_kept, session)))[0]


def _digests(records: Sequence[SymbolRecord], layouts: Sequence[Layout], sources: Sources) -> list[bytes]:
    digests, former, form = [], None, Form([], [], [])
    for record, ours in zip(records, layouts, strict=True):
        if ours != former:
            former, form = ours, Form.of(record, sources)
        digests.append(hashlib.blake2b(form.text(record), digest_size=16).digest())
    return digests


def _kept(session: SessionData, spec: IndicatorSpec) -> Column:
    """The kept series of an indicator."""
    return Asked(lambda row: number_bytes(session.kept[spec].series(row)))


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
