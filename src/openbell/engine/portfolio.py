"""Signals on their way to the portfolio tools that people use: orders beside the closes of the run's days."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from openbell.bars.block import Floats
from openbell.bars.grid import Stamps
from openbell.config.session_file import SessionFile
from openbell.desk.signals import Action, Signal
from openbell.engine.report import Report
from openbell.errors import Problem, SessionError
from openbell.market.calendar import load_calendar
from openbell.market.time_manager import TimeManager
from openbell.store.manager import DataManager

AMOUNT, TARGET_AMOUNT, TARGET_PERCENT = 0, 3, 5  # vectorbt's words for what a size means


@dataclass(frozen=True, slots=True)
class Orders:
    """What signals come to at the closes of a run; all arrays have the shape (instants, symbols).

    Parameters
    ----------
    symbols
        Those with a signal, by name.
    ends
        int64 ns UTC: the end of each bar of the run.
    zone
        The exchange's.
    close
        NaN where a symbol has no bar. Where the session adjusts prices, those of all days are adjusted for the actions
        up to the last one, so that a split inside the run is no loss.
    size, kind, price
        Of the order at that close, NaN where there is none: shares, or a target; see the constants above. The price
        is the signal's, and the close where it gave none. Both are in the shares of the last day; an order comes to
        the same money as on its own day.
    """

    symbols: tuple[str, ...]
    ends: Stamps
    zone: str
    close: Floats
    size: Floats
    kind: Floats
    price: Floats


def orders_of(report: Report) -> Orders:
    """The orders of a run, each at the close at which its signal was made; a later one at the same close wins.

    Raises
    ------
    SessionError
        If the run made no signal.
    """
    file = report.file
    if file is None or not len(report.signals):
        fix = "Make some in a strategy: self.buy(symbol, quantity=1)."
        raise SessionError(Problem(report.name, "the run made no signal.", fix, code="no_signals"))
    symbols = tuple(sorted({signal.symbol for signal in report.signals}))
    ends, close, factor = _closes(file, symbols)
    size, kind, price = (np.full(close.shape, np.nan) for _ in range(3))
    for signal in report.signals:
        row = min(int(np.searchsorted(ends, signal.at)), len(ends) - 1)
        column = symbols.index(signal.symbol)
        order = _order(signal)
        if order is not None:
            amount, kind[row, column] = order
            size[row, column] = amount / factor[row, column] if kind[row, column] == AMOUNT else amount
            price[row, column] = close[row, column] if signal.price is None else signal.price * factor[row, column]
    return Orders(symbols, ends, load_calendar(file.market).timezone.key, close, size, kind, price)


# Any: vectorbt's portfolio and the words it takes, which are its own.
def to_vectorbt(report: Report, **words: Any) -> Any:
    """A run's signals as a vectorbt portfolio, with all symbols on one account.

    Parameters
    ----------
    report
        What `openbell.run` gave.
    words
        What ``vectorbt.Portfolio.from_orders`` takes besides: ``init_cash``, ``fees``, ``slippage``.

    Raises
    ------
    SessionError
        If the run made no signal, or vectorbt is not installed.

    Notes
    -----
    A signal is carried out at the close at which it was made, or at its own price. ``quantity`` is a number of
    shares; ``weight`` the share of the account to have afterwards; a buy without either takes all the cash, a sale
    without either sells what is held.

    Examples
    --------
    ::

        portfolio = ob.to_vectorbt(ob.run("session.toml"), init_cash=100_000)
        equity = portfolio.value()
    """
    orders = orders_of(report)
    try:
        import vectorbt
    except ImportError as error:
        fix = "Install it: pip install 'openbell[vectorbt]'."
        raise SessionError(Problem("to_vectorbt", "vectorbt is not installed.", fix, code="no_vectorbt")) from error
    import pandas as pd

    index = pd.DatetimeIndex(orders.ends, tz="UTC").tz_convert(orders.zone)
    close, size, kind, price = (
        pd.DataFrame(values, index=index, columns=list(orders.symbols))
        for values in (orders.close, orders.size, np.nan_to_num(orders.kind), orders.price)
    )
    grouped = {"group_by": True, "cash_sharing": True, "call_seq": "auto"}
    return vectorbt.Portfolio.from_orders(
        close.ffill(), size, size_type=kind.astype(int), price=price, **(grouped | words)
    )


def _order(signal: Signal) -> tuple[float, int] | None:
    """Size and what it means, None for hold."""
    sign = 1.0 if signal.action is Action.BUY else -1.0
    if signal.action is Action.HOLD:
        return None
    if signal.action is Action.CLOSE:
        return 0.0, TARGET_AMOUNT
    if signal.quantity is not None:
        return sign * signal.quantity, AMOUNT
    if signal.weight is not None:
        return sign * signal.weight, TARGET_PERCENT
    return (np.inf, AMOUNT) if signal.action is Action.BUY else (0.0, TARGET_AMOUNT)


def _closes(file: SessionFile, symbols: tuple[str, ...]) -> tuple[Stamps, Floats, Floats]:
    """The ends of all bars of the run's days, the closes at them, and what these are of the prices of their own day.

    The last two have the shape (instants, symbols).
    """
    time = TimeManager(load_calendar(file.market), file.hours)
    days = time.trading_days(file.start, file.end)
    data = DataManager(file.store, time.calendar)
    stored = {interval for symbol in symbols for interval in data.intervals(symbol)}
    interval = min(stored, key=lambda interval: (interval != file.intervals[0].natural_base, interval.rank))
    grid = time.calendar.grid(interval, days[0], days[-1], file.hours)
    close, traded = (np.full((len(grid), len(symbols)), np.nan) for _ in range(2))
    for columns, seen in ((close, data.as_of(days[-1], file.prices)), (traded, data)):
        blocks = seen.read(symbols, interval, days[0], days[-1], file.hours)
        for column, symbol in enumerate(symbols):
            slots = grid.slots_of(blocks[symbol].ts)
            columns[slots[slots >= 0], column] = blocks[symbol].close[slots >= 0]
    factor = np.full(close.shape, np.nan)
    np.divide(close, traded, where=traded > 0, out=factor)
    return grid.ends, close, _filled(factor)


def _filled(factors: Floats) -> Floats:
    """Factors also where there is no bar: of the bar before, else of the first one; 1 where there is none at all."""
    known = ~np.isnan(factors)
    places = np.maximum.accumulate(np.where(known, np.arange(len(factors))[:, None], -1), axis=0)
    places = np.where(places < 0, known.argmax(axis=0), places)
    return np.nan_to_num(np.take_along_axis(factors, places, axis=0), nan=1.0)
