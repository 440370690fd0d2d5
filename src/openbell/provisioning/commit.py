"""Putting a staged symbol into the session: moves in memory that cannot fail."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.bars.sheaf import Sheaf
from openbell.feeds.replay import ReplayFeed
from openbell.grouping import grouped
from openbell.provisioning.staged import Doing, StagedSymbol, Warmed
from openbell.session.asks import AddSymbol, Ask
from openbell.session.records import SymbolRecord, Tier
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager

Pairs = Sequence[tuple[SymbolRecord, StagedSymbol]]
Alike = Mapping[Doing, Pairs]
"""Symbols by the steps that they went through: those of a group have the same new intervals."""


def make_room(session: SessionData, feed: ReplayFeed, staged: Sequence[StagedSymbol]) -> None:
    """Reserve all that a commit will need, so that nothing is left that could fail."""
    session.reserve(sum([one.record is None for one in staged]))
    feed.reserve(session.capacity)
    doings = dict.fromkeys(one.doing for one in staged)
    for interval in dict.fromkeys(interval for doing in doings for interval in _streamed(doing)):
        feed.record(interval, session.time.grid(interval), session.capacity)


@contextmanager
def committing(
    session: SessionData, feed: ReplayFeed, data: DataManager, staged: Sequence[StagedSymbol]
) -> Iterator[None]:
    """Make staged symbols part of the session; room must have been made.

    While the block is carried out, the last of today's bars go on tape: it changes nothing of the session.
    """
    for one in staged:
        for name in one.evicted:
            evict(session, feed, name)
    pairs = [(_recorded(session, data, one), one) for one in staged]
    alike = grouped(pairs, _doing)
    with _taping(feed, alike):
        for record, one in pairs:
            _hold(session, record, one)
        session.revision += len(pairs)
        _admit(session, alike)
        _fill(session, pairs)
        _adopt(session, pairs)
        session.bars_changed(record for record, _ in pairs)
        yield


def _doing(pair: tuple[SymbolRecord, StagedSymbol]) -> Doing:
    return pair[1].doing


def _recorded(session: SessionData, data: DataManager, staged: StagedSymbol) -> SymbolRecord:
    """The symbol's record, which is in the session from now on."""
    asks, record = staged.requirements.asks, staged.record
    if record is None:
        record = _created(session, data, asks)
        session.enter(record)
    elif staged.upgrade:
        _upgrade(record, asks, session.time.now)
    return record


def _hold(session: SessionData, record: SymbolRecord, staged: StagedSymbol) -> None:
    """Everything that the session keeps of a symbol by name."""
    for interval, series in staged.series.items():
        there = record.series.setdefault(interval, series)
        if there is not series:
            there.history, there.amount, there.since = series.history, series.amount, series.since
    for spec, _ in staged.warm:
        record.indicators[spec.key] = spec
    for warmed, _ in staged.warmed:
        record.indicators.update(warmed.specs)
    if staged.kept:
        record.kept |= staged.kept
    if staged.quality is not None:
        record.history_quality, record.session_quality = staged.quality
    if staged.aggregates is not None:
        record.aggregates = staged.aggregates
    session.asks.hold(staged.requirements.asks, session.time.now)


def _admit(session: SessionData, alike: Alike) -> None:
    """The rows that are new in a lane, all of a lane at once."""
    entering: dict[tuple[Interval, Interval | None], list[int]] = {}
    for doing, pairs in alike.items():
        rows = [record.row for record, _ in pairs]
        for interval, base in doing.added.items():
            entering.setdefault((interval, base), []).extend(rows)
    for (interval, base), rows in entering.items():
        session.lane(interval).admit(rows, base=base, streamed=base is None)


def _fill(session: SessionData, pairs: Pairs) -> None:
    """Today's bars up to now, and the indicators that were warmed up for a symbol alone."""
    for record, one in pairs:
        for interval, (slots, today) in one.today.items():
            session.lanes[interval].panel.write(record.row, slots, today)
        for spec, warm in one.warm:
            session.indicators.adopt(spec, record.row, warm)
            if warm.kept is not None:
                session.keep(spec, record.row, warm.kept)


@contextmanager
def _taping(feed: ReplayFeed, alike: Alike) -> Iterator[None]:
    """While the block is carried out, today's bars of streamed intervals go on tape."""
    tapes: dict[Interval, tuple[list[int], list[Block]]] = {}
    for doing, pairs in alike.items():
        for interval in _streamed(doing):
            rows, blocks = tapes.setdefault(interval, ([], []))
            rows += [record.row for record, _ in pairs]
            blocks += [one.blocks[interval] for _, one in pairs]
    with ExitStack() as stack:
        for interval, (rows, blocks) in tapes.items():
            stack.enter_context(feed.writing(interval, np.array(rows, np.int64), Sheaf.of(blocks)))
        yield


def _streamed(doing: Doing) -> list[Interval]:
    """The new intervals whose bars come from the feed."""
    return [interval for interval, base in doing.added.items() if base is None]


def _adopt(session: SessionData, pairs: Pairs) -> None:
    """The indicators that were warmed up for many symbols together."""
    groups: dict[Warmed, list[tuple[int, int]]] = {}
    for record, one in pairs:
        for warmed, place in one.warmed:
            groups.setdefault(warmed, []).append((record.row, place))
    for warmed, placed in groups.items():
        rows, places = np.array(placed, np.int64).T
        for stand in warmed.stands:
            session.indicators.adopt_many(stand, rows, places)


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
