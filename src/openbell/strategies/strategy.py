"""What a user's strategy is."""

from typing import TYPE_CHECKING, Any

from openbell.desk.desk import Desk
from openbell.desk.needs import Needs
from openbell.desk.signals import Action, Signal

if TYPE_CHECKING:
    from openbell.desk.bars import Bars
    from openbell.desk.cursor import BarCursor


class Strategy:
    """Base class of users' strategies; override what you need.

    Public class attributes with plain values are parameters: the session file may set them, and is told when it
    names one that does not exist or gives one of another type. They must not be called like a method.

    Parameters
    ----------
    params
        Their values, kept as attributes.

    Attributes
    ----------
    desk
        The session: read it, and ask for more.

    Examples
    --------
    ::

        class Crossover(ob.Strategy):
            fast: int = 10
            slow: int = 20

            def setup(self, needs):
                self.quick = needs.indicator("sma", interval="5m", period=self.fast)
                self.steady = needs.indicator("sma", interval="5m", period=self.slow)

            def on_bar(self, bar):
                if bar.interval == "5m" and bar.indicator(self.quick) > bar.indicator(self.steady):
                    self.buy(bar.symbol, quantity=1, reason="fast above slow")
    """

    desk: Desk

    # Any: parameters are whatever the user's class declares.
    def __init__(self, **params: Any) -> None:
        for name, value in params.items():
            setattr(self, name, value)

    def setup(self, needs: Needs) -> None:
        """Called once, before the first day: say what every symbol must bring."""

    def on_day_start(self) -> None:
        """Called when the day's symbols are in, before the first bar."""

    def on_bars(self, bars: "Bars") -> None:
        """Called at each instant once per interval that ended, with all symbols as arrays."""

    def on_bar(self, bar: "BarCursor") -> None:
        """Called for each bar of each symbol; ``bar`` is valid during the call, ``bar.copy()`` keeps it."""

    def on_symbol_added(self, symbol: str) -> None:
        """Called before the first bar of a symbol that has come since the day started.

        What only scanners look at is not seen; a candidate comes when it is promoted.
        """

    def on_symbol_removed(self, symbol: str) -> None:
        """Called when a symbol has left, or is no more than a scanner's candidate again."""

    def on_quality(self, symbol: str, interval: str, quality: float) -> None:
        """Called when a symbol's quality has crossed the minimum that ``setup`` declared, either way."""

    def on_day_end(self) -> None:
        """Called after the last bar, while everything can still be read."""

    # Any: size and the rest are described once, at `Desk.signal` and `Signal`.
    def buy(self, symbol: str, **how: Any) -> Signal:
        """Signal to buy: ``quantity`` or ``weight``, ``price``, ``reason``, ``meta``."""
        return self.desk.signal(Action.BUY, symbol, **how)

    def sell(self, symbol: str, **how: Any) -> Signal:
        """Signal to sell: ``quantity`` or ``weight``, ``price``, ``reason``, ``meta``."""
        return self.desk.signal(Action.SELL, symbol, **how)

    def close(self, symbol: str, **how: Any) -> Signal:
        """Signal to end the position: ``price``, ``reason``, ``meta``."""
        return self.desk.signal(Action.CLOSE, symbol, **how)

    def hold(self, symbol: str, **how: Any) -> Signal:
        """Signal that nothing changes: ``reason``, ``meta``."""
        return self.desk.signal(Action.HOLD, symbol, **how)
