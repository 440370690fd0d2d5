"""What a user's strategy is, and the session as it sees it."""

from collections.abc import Mapping
from typing import Any, Protocol

from openbell.indicators.spec import IndicatorSpec
from openbell.provisioning.result import ProvisioningResult
from openbell.session.session_data import SessionData
from openbell.strategies.bars import BarCursor, Bars


class Desk(Protocol):
    """The session from inside a callback: read it, and ask for more."""

    @property
    def session_data(self) -> SessionData:
        """Symbols, bars and indicators up to now."""

    def add_symbol(self, symbol: str, *, source: str = "strategy") -> ProvisioningResult:
        """Ask for a full symbol; in a callback it comes before the next instant."""

    def add_bar(self, symbol: str, interval: str, *, days: int = 0, source: str = "strategy") -> ProvisioningResult:
        """Ask for bars of one interval."""

    def add_indicator(self, symbol: str, spec: IndicatorSpec, *, source: str = "strategy") -> ProvisioningResult:
        """Ask for one indicator."""


class Strategy:
    """Base class of users' strategies; override what you need.

    Parameters
    ----------
    params
        The ``params`` of the session file, as keyword arguments, kept as attributes.

    Attributes
    ----------
    desk
        The session: read it, and ask for more.
    """

    desk: Desk

    def __init__(self, **params: Any) -> None:
        for name, value in params.items():
            setattr(self, name, value)

    def on_day_start(self) -> None:
        """Called when the day's symbols are in, before the first bar."""

    def on_bars(self, bars: Bars) -> None:
        """Called at each instant once per interval that ended, with all symbols as arrays."""

    def on_bar(self, bar: BarCursor) -> None:
        """Called for each bar of each symbol; ``bar`` is valid during the call, ``bar.copy()`` keeps it."""

    def on_day_end(self) -> None:
        """Called after the last bar, while everything can still be read."""


def overrides(strategy: Strategy, method: str) -> bool:
    """Whether a strategy's class defines a callback of its own."""
    return getattr(type(strategy), method) is not getattr(Strategy, method)


Params = Mapping[str, object]
