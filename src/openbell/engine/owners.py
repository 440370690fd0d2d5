"""Who holds what: asking, letting go, locking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from openbell.errors import Problem
from openbell.provisioning.result import ProvisioningResult, Status, StepReport
from openbell.session.asks import AddBars, AddIndicator, AddSymbol, Ask

if TYPE_CHECKING:
    from openbell.engine.coordinator import SessionCoordinator


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing that is held of a symbol.

    Parameters
    ----------
    owner
        Who holds it; empty for what nobody holds any more.
    what
        In words: ``full symbol``, ``5m bars, 5 days``, ``sma_20_5m``.
    since
        Exchange time.
    """

    owner: str
    what: str
    since: datetime

    def __str__(self) -> str:
        return f"{self.owner or 'nobody'} holds {self.what} since {self.since:%Y-%m-%d %H:%M:%S}"


class Owners:
    """Ownership in one session: ``day.owners``.

    Parameters
    ----------
    day
        The session.
    """

    def __init__(self, day: "SessionCoordinator") -> None:
        self._day = day

    def why(self, symbol: str) -> tuple[Holding, ...]:
        """Who holds what of a symbol and since when, in order of asking; empty for a symbol that is not there."""
        with self._day.requests.turn:
            held = self._day.session_data.asks.of(symbol.upper())
            return tuple(Holding(ask.owner, _words(ask), self._day.time.at(since)) for ask, since in held.items())

    def symbols_of(self, owner: str) -> tuple[str, ...]:
        """Every symbol of which an owner holds something."""
        with self._day.requests.turn:
            return self._day.session_data.asks.symbols_of(owner)

    def release(self, owner: str, symbol: str | None = None, *, keep: bool = False) -> list[ProvisioningResult]:
        """Let go of what an owner holds; what nobody else holds goes too.

        Parameters
        ----------
        owner
            As it asked, like ``"scanner:gap-up"``.
        symbol
            One symbol, or None for all.
        keep
            Whether symbols that nobody holds any more stay, ad hoc, until room is needed.

        Returns
        -------
        list of ProvisioningResult
            One per symbol; ``nothing_to_do`` where the owner held nothing.
        """
        symbols: Sequence[str] = self.symbols_of(owner) if symbol is None else [symbol.upper()]
        return [self._release(owner, one, keep) for one in symbols]

    def lock(self, symbol: str, reason: str) -> None:
        """Forbid that a symbol leaves, because of an open position, say.

        Raises
        ------
        ValueError
            If the symbol is not there, or no reason is given.
        """
        if not reason:
            raise ValueError("a lock needs a reason")
        with self._day.requests.turn:
            record = self._day.session_data.records.get(symbol.upper())
            if record is None:
                raise ValueError(f"{symbol.upper()} is not in the session: only what is there can be locked")
            record.locked = reason

    def unlock(self, symbol: str) -> None:
        """Allow again that a symbol leaves; once is enough."""
        with self._day.requests.turn:
            record = self._day.session_data.records.get(symbol.upper())
            if record is not None:
                record.locked = None

    def remove(self, symbol: str, owner: str = "user") -> ProvisioningResult:
        """Take a symbol out for every owner, as if it had never been asked for."""
        return self._day.submit("remove", symbol.upper(), owner, lambda: self._removed(symbol.upper(), owner))

    def _release(self, owner: str, symbol: str, keep: bool) -> ProvisioningResult:
        def action() -> ProvisioningResult:
            gone = self._day.shrinker.release(symbol, owner, keep=keep)
            status = Status.DONE if gone else Status.NOTHING_TO_DO
            steps = tuple(StepReport(f"release {_words(ask)}", 0.0) for ask in gone)
            return ProvisioningResult(symbol, "release", owner, status, steps, at=self._day.time.now)

        return self._day.submit("release", symbol, owner, action)

    def _removed(self, symbol: str, owner: str) -> ProvisioningResult:
        record = self._day.session_data.records.get(symbol)
        result = ProvisioningResult(symbol, "remove", owner, Status.NOTHING_TO_DO, at=self._day.time.now)
        if record is None:
            return result
        if record.locked is not None:
            what = f"is locked: {record.locked}."
            result.status = Status.REFUSED
            result.problems = (Problem(symbol, what, "Unlock it first: day.owners.unlock(symbol).", code="locked"),)
            return result
        held = self._day.shrinker.remove(symbol)
        result.status = Status.DONE
        result.steps = tuple(StepReport(f"release {_words(ask)} of {ask.owner or 'nobody'}", 0.0) for ask in held)
        return result


def _words(ask: Ask) -> str:
    match ask:
        case AddSymbol():
            return "full symbol"
        case AddBars(interval=interval, days=days):
            return f"{interval} bars, {days} days"
        case AddIndicator(spec=spec):
            return spec.key
