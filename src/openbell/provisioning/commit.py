"""Putting a staged symbol into the session: moves in memory that cannot fail."""

from collections.abc import Iterable, Sequence

import numpy as np

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.feeds.replay import ReplayFeed
from openbell.indicators.batch import Stand
from openbell.provisioning.staging import Slots, StagedSeries, StagedSymbol
from openbell.session.asks import AddSymbol, Ask
from openbell.session.records import History, Series, SymbolRecord, Tier
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager


def make_room(session: SessionData, feed: ReplayFeed, staged: Iterable[StagedSymbol]) -> None:
    """Reserve all that a commit will need, so that nothing is left that could fail."""
    group = list(staged)
    session.reserve(sum(one.record is None for one in group))
    feed.reserve(session.capacity)
    for one in group:
        for interval, series in one.series.items():
            if series.tape is not None:
                feed.record(interval, session.time.grid(interval), session.capacity)


def commit(session: SessionData, feed: ReplayFeed, data: DataManager, staged: StagedSymbol) -> SymbolRecord:
    """Make a staged symbol part of the session; room must have been made, and `commit_together` must follow."""
    asks = staged.requirements.asks
    record = staged.record
    for name in staged.evicted:
        evict(session, feed, name)
    if record is None:
        record = _created(session, data, asks)
        session.enter(record)
    elif staged.upgrade:
        _upgrade(record, asks, session.time.now)
    for interval, series in staged.series.items():
        _put(session, record, interval, series)
    for key, (spec, warm) in staged.warm.items():
        session.indicators.adopt(spec, record.row, warm)
        record.indicators[key] = spec
        if warm.kept is not None:
            session.keep(spec, record.row, warm.kept)
    for stand, _ in staged.stands:
        record.indicators[stand.spec.key] = stand.spec
    record.kept |= staged.kept
    if staged.quality is not None:
        record.history_quality, record.session_quality = staged.quality
    if staged.aggregates is not None:
        record.aggregates = staged.aggregates
    session.weigh(record)
    session.asks.hold(asks, session.time.now)
    session.revision += 1
    return record


def commit_together(session: SessionData, feed: ReplayFeed, staged: Sequence[StagedSymbol]) -> None:
    """Put in place what is cheaper for many committed symbols at once: the rest of today, and indicators."""
    _adopt(session, staged)
    tapes: dict[Interval, list[tuple[int, Slots, Block]]] = {}
    for one in staged:
        row = session.records[one.requirements.symbol].row
        for interval, series in one.series.items():
            if series.tape is not None and len(series.tape):
                tapes.setdefault(interval, []).append((row, series.tape_slots, series.tape))
    for interval, entries in tapes.items():
        rows, slots, blocks = zip(*entries, strict=True)
        feed.write_many(interval, rows, slots, blocks)


def _adopt(session: SessionData, staged: Iterable[StagedSymbol]) -> None:
    """The indicators that were warmed up for many committed symbols together."""
    groups: dict[int, tuple[Stand, list[int], list[int]]] = {}
    for one in staged:
        for stand, place in one.stands:
            _, rows, places = groups.setdefault(id(stand), (stand, [], []))
            rows.append(session.records[one.requirements.symbol].row)
            places.append(place)
    for stand, rows, places in groups.values():
        session.indicators.adopt_many(stand, np.array(rows, np.int64), np.array(places, np.int64))


def evict(session: SessionData, feed: ReplayFeed, symbol: str) -> None:
    """Take a symbol out, with everything that was asked of it."""
    feed.erase(session.records[symbol].row)
    session.asks.drop(symbol)
    session.leave(symbol)


def _created(session: SessionData, data: DataManager, asks: tuple[Ask, ...]) -> SymbolRecord:
    full = next((ask for ask in asks if isinstance(ask, AddSymbol)), None)
    info = data.info(asks[0].symbol)
    assert info is not None
    return SymbolRecord(
        name=asks[0].symbol,
        row=session.rows.take(),
        tier=Tier.ADHOC if full is None else Tier.FULL,
        added_by=(full or asks[0]).owner,
        origin=asks[0].owner,
        added_at=session.time.now,
        listed=info.listed,
        actions=data.actions(info.symbol),
        auto_provisioned=full is None,
    )


def _upgrade(record: SymbolRecord, asks: tuple[Ask, ...], now: int) -> None:
    full = next(ask for ask in asks if isinstance(ask, AddSymbol))
    record.tier = Tier.FULL
    record.added_by = full.owner
    record.upgraded_from_adhoc = True
    record.upgraded_at = now


def _put(session: SessionData, record: SymbolRecord, interval: Interval, staged: StagedSeries) -> None:
    series = record.series.get(interval)
    if series is None:
        series = record.series[interval] = Series(staged.base)
        lane = session.lane(interval)
        lane.admit(record.row, base=staged.base, streamed=staged.base is None)
        lane.panel.write(record.row, staged.slots, staged.today)
        series.history = History()
    if not staged.new or staged.amount.some:
        series.history, series.amount, series.since = staged.history, staged.amount, staged.since
