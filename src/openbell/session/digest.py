"""The state of a session as a short text: equal states give equal texts, on every machine.

The *digest* covers now and the way prices are read; symbols by name: tier, the actions its prices are adjusted for; per
interval its base, the held bars (stamps, bits of each field, completeness), what quality is counted over; per indicator
outputs, valid, settled, last update; figures over past sessions. Quality and gaps follow from the bars and the stretch
they are counted over, so the stretch is what is written.
The *fingerprint* adds who asked for what, by which path it came, locks and rows.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from itertools import accumulate, chain, pairwise

import numpy as np

from openbell.bars.interval import Interval, Unit
from openbell.grouping import grouped
from openbell.indicators.spec import IndicatorSpec
from openbell.session.column import Column
from openbell.session.form import Form, Own, Sources, layout, number_bytes, parts_of
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
    with _hashing_today(session) as todays:
        groups = list(grouped(map(session.records.__getitem__, session.symbols), layout).values())
        parts = [parts_of(records) for records in groups]
        blocks = [*chain.from_iterable(chain.from_iterable(parts))]
    with session.hashes.expecting(blocks, session.time.calendar.begins) as hashes:
        today, forms = todays(), []
        past = (hashes.some(slice(*ends)) for ends in pairwise(accumulate(map(len, chain(*parts)), initial=0)))
        for records, own in zip(groups, parts, strict=True):
            forms.append(_form(session, records, [next(past) for _ in own], today.__getitem__))
    found = {record.name: one for form in forms for record, one in zip(form.records, form.digests(), strict=True)}
    return [found[name] for name in session.symbols]


def symbol_digest(session: SessionData, record: SymbolRecord) -> bytes:
    """The part of the digest that is one symbol's."""
    begins, where = session.time.calendar.begins, np.array([record.row])
    past = [Column.of([session.hashes.of(block, begins)]) for (block,) in parts_of([record])]

    def today(interval: Interval) -> Column:
        return Column.of([_of_today(session, interval, record.row)]).by_row(where, record.row + 1)

    return _form(session, [record], past, today).digests()[0]


def _form(
    session: SessionData,
    records: Sequence[SymbolRecord],
    past: Sequence[Column],
    today: Callable[[Interval], Column],
) -> Form:
    """The form of symbols of one layout, of which the hashes of history are given, and those of today by row."""
    rows = np.array([record.row for record in records])

    def shown(spec: IndicatorSpec) -> Column:
        return Column.even(session.indicators.digests(spec, rows))

    return Form.of(records, Sources(past, lambda interval: today(interval).some(rows), shown, partial(_kept, session)))


def _kept(session: SessionData, spec: IndicatorSpec) -> Own:
    """The kept series of an indicator."""
    return lambda record: number_bytes(session.kept[spec].series(record.row))


def todays_hashes(session: SessionData) -> dict[Interval, Column]:
    """The hashes of today's bars up to now, per interval and row."""
    with _hashing_today(session) as todays:
        pass
    return todays()


@contextmanager
def _hashing_today(session: SessionData) -> Iterator[Callable[[], dict[Interval, Column]]]:
    """Make `todays_hashes` while a block is carried out; behind it, what it was given tells them."""
    with ExitStack() as stack:
        made = {interval: stack.enter_context(_hashing(session, lane)) for interval, lane in session.lanes.items()}
        rows, count = {interval: lane.members.array for interval, lane in session.lanes.items()}, len(session.names)
        yield lambda: {interval: column().by_row(rows[interval], count) for interval, column in made.items()}


def _hashing(session: SessionData, lane: Lane) -> AbstractContextManager[Callable[[], Column]]:
    """The hash of today's bars of every row of a lane, made while a block is carried out."""
    rows = lane.members.array
    if lane.interval.unit is Unit.WEEK:
        return nullcontext(lambda: Column.of([_of_today(session, lane.interval, row) for row in rows.tolist()]))
    return row_hashes(lane.panel, rows, int(session.time.calendar.begins[session.time.today.ordinal]))


def _of_today(session: SessionData, interval: Interval, row: int) -> bytes:
    return session_hashes(session.lanes[interval].panel.block(row), session.time.calendar.begins)
