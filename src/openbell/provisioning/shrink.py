"""Letting go: a symbol shrinks to what is still asked for, or leaves.

What is left is what would be there if only the remaining asks had ever been made.
"""

from collections.abc import Iterable

from openbell.bars.interval import Interval
from openbell.config.session_file import SessionFile
from openbell.feeds.replay import ReplayFeed
from openbell.provisioning.blueprint import Blueprints
from openbell.provisioning.commit import evict
from openbell.provisioning.needs import SymbolNeed, need_of
from openbell.provisioning.staging import Stager
from openbell.session.asks import UNHELD, AddBars, AddIndicator, Ask
from openbell.session.records import SymbolRecord, Tier
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager


class Shrinker:
    """Takes away what nobody asks for any more.

    Parameters
    ----------
    session, feed, data, file
        As for the executor.
    """

    def __init__(self, session: SessionData, feed: ReplayFeed, data: DataManager, file: SessionFile) -> None:
        self._session, self._feed, self._data, self._file = session, feed, data, file
        self._blueprints = Blueprints(file, data, session.time)

    def release(self, symbol: str, owner: str, *, keep: bool = False) -> tuple[Ask, ...]:
        """Drop what an owner holds of a symbol, and what nobody else holds of it.

        Parameters
        ----------
        keep
            Whether a symbol that nobody holds any more stays, ad hoc, until room is needed.

        Returns
        -------
        tuple of Ask
            What the owner held.
        """
        session = self._session
        record = session.records.get(symbol)
        gone = session.asks.drop(symbol, owner)
        if record is None or not gone:
            return gone
        session.revision += 1
        if keep or record.locked is not None:
            left = session.asks.of(symbol)
            session.asks.hold(self._residue(gone, left), session.time.now)
        if keep or record.locked is not None or any(ask.owner != UNHELD for ask in session.asks.of(symbol)):
            self._settle(record)
        else:
            self.remove(symbol)
        return gone

    def remove(self, symbol: str) -> tuple[Ask, ...]:
        """Take a symbol out for every owner; returns what they held."""
        session = self._session
        held = tuple(session.asks.of(symbol))
        evict(session, self._feed, symbol)
        session.revision += 1
        return held

    def _residue(self, gone: Iterable[Ask], left: Iterable[Ask]) -> list[Ask]:
        """What was let go of, asked for by nobody; of a full symbol its intervals, history and indicators."""
        if any(ask.owner != UNHELD for ask in left):
            return []
        residue: list[Ask] = []
        for ask in gone:
            need = need_of(ask.symbol, [ask], self._file)
            days = {interval: amount.days for interval, amount in need.amounts.items()}
            residue += [AddBars(ask.symbol, UNHELD, interval, count) for interval, count in days.items()]
            residue += [AddIndicator(ask.symbol, UNHELD, spec, key in need.kept) for key, spec in need.specs.items()]
        return residue

    def _settle(self, record: SymbolRecord) -> None:
        """Make a symbol what its remaining asks need."""
        session = self._session
        asks = session.asks.of(record.name)
        need = self._blueprints.of(record.name, asks, self._blueprints.stored(record.name)).need
        for key, spec in list(record.indicators.items()):
            if key not in need.specs:
                self._drop_indicator(record, key)
            elif key in record.kept and key not in need.kept:
                session.kept[spec].drop(record.row)
                record.kept.discard(key)
        shrunk = self._trim(record, need)
        for interval in [interval for interval in record.series if interval not in need.amounts]:
            session.close_interval(record, interval)
        self._rekeep(record, shrunk)
        if not need.full and record.tier is Tier.FULL:
            record.tier = Tier.ADHOC
            record.added_by = record.origin
            record.history_quality = record.session_quality = False
            record.aggregates = {}
        session.bars_changed([record])

    def _drop_indicator(self, record: SymbolRecord, key: str) -> None:
        spec = record.indicators.pop(key)
        self._session.indicators.drop(spec, record.row)
        if key in record.kept:
            self._session.kept[spec].drop(record.row)
            record.kept.discard(key)

    def _trim(self, record: SymbolRecord, need: SymbolNeed) -> set[Interval]:
        stager = Stager(self._session, self._data)
        shrunk = set()
        today = self._session.time.today.ordinal
        for interval, series in record.series.items():
            amount = need.amounts.get(interval)
            if amount is None or amount == series.amount:
                continue
            series.history = stager.trimmed(series.history, amount)
            series.amount = amount
            series.since = max(today - amount.days, 0) if amount.days else None
            shrunk.add(interval)
        return shrunk

    def _rekeep(self, record: SymbolRecord, shrunk: set[Interval]) -> None:
        """Series that are kept begin with the history that is held."""
        stager = Stager(self._session, self._data)
        for key in record.kept:
            spec = record.indicators[key]
            if spec.interval in shrunk:
                warm = stager.warm(record, spec, keep=True)
                assert warm.kept is not None
                self._session.keep(spec, record.row, warm.kept)
