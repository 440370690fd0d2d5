"""The session from inside users' code: read it, ask for more, say what to do."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from openbell.desk.signals import Action, Signal, SignalBook
from openbell.errors import Problem, SessionError, nearest
from openbell.indicators.spec import IndicatorSpec
from openbell.provisioning.result import ProvisioningResult

if TYPE_CHECKING:
    from openbell.session.session_data import SessionData
    from openbell.session.views import SymbolSessionData


class Ownership(Protocol):
    """Letting go of what was asked for."""

    def release(self, owner: str, symbol: str | None = None) -> list[ProvisioningResult]:
        """Let go of what an owner holds."""


class Engine(Protocol):
    """What a desk needs of the session's engine."""

    @property
    def session_data(self) -> "SessionData":
        """What the session holds now."""

    @property
    def owners(self) -> Ownership:
        """Who holds what."""

    def add_symbol(self, symbol: str, *, source: str) -> ProvisioningResult:
        """Ask for a full symbol."""

    def add_bar(self, symbol: str, interval: str, *, days: int = 0, source: str) -> ProvisioningResult:
        """Ask for bars of one interval."""

    def add_indicator(self, symbol: str, indicator: IndicatorSpec, *, source: str) -> ProvisioningResult:
        """Ask for one indicator."""


class Desk:
    """Where a strategy or scanner stands; everything it asks for is asked in its name.

    Parameters
    ----------
    engine
        The session's engine.
    owner
        In whose name, like ``strategy:Crossover``.
    signals
        Where signals are kept.
    """

    def __init__(self, engine: Engine, owner: str, signals: SignalBook) -> None:
        self._engine = engine
        self.owner = owner
        self.signals = signals

    @property
    def session_data(self) -> "SessionData":
        """Symbols, bars and indicators up to now."""
        return self._engine.session_data

    # Any: the control of a running session is handed through as it is.
    @property
    def control(self) -> Any:
        """Speed, pause, stop: see `openbell.engine.control.Control`."""
        return getattr(self._engine, "control")  # noqa: B009

    @property
    def now(self) -> int:
        """The instant, ns UTC."""
        return self.session_data.time.now

    @property
    def time(self) -> datetime:
        """The instant in exchange time."""
        return self.session_data.time.at(self.now)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol that is there, by name."""
        return self.session_data.symbols

    def symbol(self, name: str) -> "SymbolSessionData":
        """One symbol as objects.

        Raises
        ------
        SessionError
            If it is not there; names the nearest that is.
        """
        found = self.session_data.get_symbol_data(name)
        if found is None:
            raise SessionError(self._absent(name))
        return found

    def add_symbol(self, symbol: str, *, source: str | None = None) -> ProvisioningResult:
        """Ask for a full symbol; in a callback it comes before the next instant, and the result is completed then."""
        return self._engine.add_symbol(symbol, source=source or self.owner)

    def add_bar(self, symbol: str, interval: str, *, days: int = 0, source: str | None = None) -> ProvisioningResult:
        """Ask for bars of one interval."""
        return self._engine.add_bar(symbol, interval, days=days, source=source or self.owner)

    def add_indicator(self, symbol: str, spec: IndicatorSpec, *, source: str | None = None) -> ProvisioningResult:
        """Ask for one indicator."""
        return self._engine.add_indicator(symbol, spec, source=source or self.owner)

    def release(self, symbol: str | None = None) -> list[ProvisioningResult]:
        """Let go of what was asked for here, of one symbol or of all; what nobody else holds leaves the session."""
        return self._engine.owners.release(self.owner, symbol)

    def signal(
        self,
        action: Action | str,
        symbol: str,
        *,
        quantity: float | None = None,
        weight: float | None = None,
        price: float | None = None,
        reason: str = "",
        meta: Mapping[str, Any] | None = None,
    ) -> Signal:
        """Say what to do with a symbol of the session.

        Raises
        ------
        SessionError
            If there is no such action, the symbol is not there, or something else about it is wrong.
        """
        if action not in set(Action):
            near = nearest(str(action), list(Action)) or ", ".join(Action)
            what = f"{action!r} is no action."
            raise SessionError(Problem("signal", what, f"Use {near}.", code="unknown_action"))
        name = symbol.upper()
        if name not in self.session_data.records:
            raise SessionError(self._absent(name))
        made = Signal(self.now, name, Action(action), quantity, weight, price, reason, self.owner, meta or {})
        self.signals.add(made)
        return made

    def _absent(self, name: str) -> Problem:
        near = nearest(name.upper(), self.symbols)
        hint = f"Did you mean {near}? Otherwise put" if near else "Put"
        fix = f'{hint} it under [session] symbols, or ask for it: self.desk.add_symbol("{name.upper()}").'
        return Problem(name.upper(), "is not in the session now.", fix, code="symbol_not_there")
