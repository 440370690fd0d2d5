"""`SessionCoordinator`: the days of one session file, one after the other."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from openbell.bars.interval import Interval
from openbell.config.loader import load
from openbell.config.session_file import SessionFile
from openbell.engine.calls import ask_from
from openbell.engine.dispatch import Dispatcher
from openbell.engine.phase import Phase, refusal
from openbell.engine.report import DayReport, day_report
from openbell.engine.stream import Stream
from openbell.errors import Problem, SessionError
from openbell.feeds.replay import ReplayFeed
from openbell.indicators.spec import IndicatorSpec
from openbell.market.calendar import load_calendar
from openbell.market.time_manager import TimeManager
from openbell.provisioning.executor import Executor, Observer
from openbell.provisioning.requirements import Plan, ProvisioningRequirements, by_symbol
from openbell.provisioning.result import ProvisioningResult, Status
from openbell.session.asks import AddSymbol, Ask, operation_of
from openbell.session.digest import digest, fingerprint
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager


class SessionCoordinator:
    """Runs the trading days of a session file: clear, provision, stream, end.

    Parameters
    ----------
    file
        The session file, loaded.
    observer
        Called with symbol and step name before each provisioning step.

    Examples
    --------
    ::

        day = SessionCoordinator.from_file("session.toml")
        day.start_day()
        day.advance_to("10:30")
        day.add_symbol("TSLA", source="strategy")
        day.finish_day()
        day.close()
    """

    def __init__(self, file: SessionFile, *, observer: Observer | None = None) -> None:
        self.file = file
        self.time = TimeManager(load_calendar(file.market), file.hours)
        self.data = DataManager(file.store, self.time.calendar)
        self.days = tuple(self.time.trading_days(file.start, file.end))
        self.phase = Phase.IDLE
        self.stopping = False
        self.results: list[ProvisioningResult] = []
        self._observer = observer
        self._next_day = 0
        self._queue: list[tuple[Ask, ProvisioningResult]] = []
        self._dispatcher = Dispatcher(file.strategies, self)
        self._clear()

    @classmethod
    def from_file(cls, source: str | Path | Mapping[str, Any]) -> Self:
        """A coordinator for a session file, or a mapping with the same keys.

        Raises
        ------
        ConfigError
            With every problem of the file.
        """
        return cls(load(source))

    @property
    def session_data(self) -> SessionData:
        """What the session holds now."""
        return self._session

    def start_day(self, day: date | str | None = None) -> tuple[ProvisioningResult, ...]:
        """Begin a trading day: clear, provision the configured symbols as one batch, activate.

        Parameters
        ----------
        day
            A date of the session file's range; by default the first, then each following one.

        Returns
        -------
        tuple of ProvisioningResult
            One per configured symbol; symbols that could not be had are not ok and say why.

        Raises
        ------
        SessionError
            If there is no such day, no day is left, the last one is still active, or no symbol is left.
        """
        if self.phase is Phase.ACTIVE:
            raise SessionError(Problem("start_day", "today is not over.", "Call finish_day first.", code="day_active"))
        self._open(day)
        results = self._provision(self._configured())
        if results and not any(result.ok for result in results):
            self.phase = Phase.ENDED
            raise SessionError(*(problem for result in results for problem in result.problems if problem.fatal))
        self.phase = Phase.ACTIVE
        self._dispatcher.day_start()
        self._serve()
        return tuple(results)

    def advance_to(self, when: str | datetime) -> None:
        """Stream up to a time: every bar that ends at or before it is in, and its requests are done.

        Parameters
        ----------
        when
            Exchange time of today as text (``"10:30"``), or an aware datetime; past the close it stops at the close.

        Raises
        ------
        ValueError
            For a time in the past, and a datetime without a zone.
        SessionError
            When no day is active.
        """
        self._must_be_active("advance_to")
        until = self.time.parse(when)
        if until < self.time.now:
            raise ValueError(f"{when!r} is in the past: it is {self.time.at(self.time.now):%H:%M:%S} already")
        self.stream_until(until)
        if not self.stopping:
            self.time.advance(min(until, self.time.today.close))

    def stream_until(self, instant: int) -> None:
        """Run every instant up to one, ns UTC, or until `stopping` is set; their requests are done."""
        while (end := self._stream.next_end()) is not None and end <= instant and not self.stopping:
            self._dispatcher.call(self._stream.step())
            self._serve()

    def finish_day(self, *, detail: bool = True) -> DayReport:
        """Stream to the close and end the day; everything stays readable until the next one begins.

        Parameters
        ----------
        detail
            Whether the report has every symbol.
        """
        self._must_be_active("finish_day")
        self.stream_until(self.time.today.close)
        if not self.stopping:
            self.time.advance(self.time.today.close)
        self._dispatcher.day_end()
        self.phase = Phase.ENDED
        return day_report(
            self._session, self._stream.instants, self.results, detail=detail, faults=self._dispatcher.faults
        )

    def plan_day(self, day: date | str | None = None) -> Plan:
        """What `start_day` would do; nothing is provisioned."""
        self._open(day)
        return Plan(self._executor.analyst.analyze(self._configured()))

    def close(self) -> None:
        """End for good; nothing can be asked or streamed afterwards."""
        self.phase = Phase.CLOSED

    def analyze_requirements(
        self,
        operation: str,
        symbol: str,
        source: str,
        *,
        interval: str | Interval | None = None,
        days: int = 0,
        indicator: IndicatorSpec | None = None,
    ) -> ProvisioningRequirements:
        """Work out what a request needs; changes nothing.

        Parameters
        ----------
        operation
            ``"symbol"``, ``"bar"`` or ``"indicator"``.
        symbol
            In any case.
        source
            ``"config"``, ``"scanner"``, ``"strategy"``, ``"user"``, or a named owner like ``"scanner:gap-up"``.
        interval, days
            For bars: which, and how many trading days of history.
        indicator
            For an indicator: which, made by `openbell.indicator`.
        """
        ask, problems = ask_from(operation, symbol, source, interval=interval, days=days, indicator=indicator)
        if problems:
            return ProvisioningRequirements(ask.symbol, (ask,), self._executor.analyst.moment, problems=problems)
        return self._executor.analyst.analyze([ask])[0]

    def execute_provisioning(self, requirements: ProvisioningRequirements) -> ProvisioningResult:
        """Carry out what was worked out: all of it or nothing."""
        return self._execute([requirements])[0]

    def add_symbol(self, symbol: str, *, source: str = "user") -> ProvisioningResult:
        """Ask for a full symbol: analyse, validate and provision in one call; queued inside a callback."""
        return self._ask("symbol", symbol, source)

    def add_bar(self, symbol: str, interval: str, *, days: int = 0, source: str = "user") -> ProvisioningResult:
        """Ask for bars of one interval with some days of history; an unknown symbol comes ad hoc."""
        return self._ask("bar", symbol, source, interval=interval, days=days)

    def add_indicator(self, symbol: str, indicator: IndicatorSpec, *, source: str = "user") -> ProvisioningResult:
        """Ask for one indicator; an unknown symbol comes ad hoc, with just what the indicator needs."""
        return self._ask("indicator", symbol, source, indicator=indicator)

    def remove_symbol(self, symbol: str) -> bool:
        """Take a symbol out, as if it had never been asked for; False when it was not there.

        Raises
        ------
        SessionError
            If it is locked.
        """
        record = self._session.records.get(symbol.upper())
        if record is None:
            return False
        if record.locked is not None:
            what = f"is locked: {record.locked}."
            raise SessionError(Problem(record.name, what, "Unlock it first.", code="locked"))
        self._feed.erase(record.row)
        self._session.asks.drop(record.name)
        self._session.leave(record.name)
        self._session.revision += 1
        return True

    def digest(self) -> str:
        """The state now, as 32 hex characters."""
        return digest(self._session)

    def fingerprint(self) -> str:
        """The state and how it came about, as 32 hex characters."""
        return fingerprint(self._session)

    def _clear(self) -> None:
        """Nothing survives the night."""
        self.results = []
        self._queue = []
        self._session = SessionData(self.time, completeness=self.file.completeness)
        self._feed = ReplayFeed()
        self._executor = Executor(self._session, self._feed, self.data, self.file, self._observer)
        self._stream = Stream(self._session, self._feed)
        self._dispatcher.clear(self._session)

    def _open(self, day: date | str | None) -> None:
        place = self._place_of(day)
        self.phase = Phase.PROVISIONING
        self.time.open_day(self.days[place])
        self._clear()
        self._next_day = place + 1

    def _configured(self) -> list[Ask]:
        return [AddSymbol(symbol, "config") for symbol in self.file.symbols]

    def _place_of(self, day: date | str | None) -> int:
        if day is None:
            if self._next_day >= len(self.days):
                what = f"every trading day from {self.file.start} to {self.file.end} has been run."
                raise SessionError(
                    Problem("start_day", what, "Make the range of the session file longer.", "no_day_left")
                )
            return self._next_day
        wanted = date.fromisoformat(day) if isinstance(day, str) else day
        ordinal = self.time.calendar.ordinal_of(wanted)
        if ordinal not in self.days:
            what = f"{wanted} is not a trading day from {self.file.start} to {self.file.end}."
            raise SessionError(Problem("start_day", what, "Choose a trading day of that range.", code="no_such_day"))
        return self.days.index(ordinal)

    def _serve(self) -> None:
        """Carry out what callbacks asked for, in order of asking."""
        while self._queue:
            queue, self._queue = self._queue, []
            for ask, promised in queue:
                done = self._provision([ask])[0]
                self.results.pop()
                for name in ("status", "steps", "failed_step", "problems", "at"):
                    setattr(promised, name, getattr(done, name))
                self.results.append(promised)

    def _ask(self, operation: str, symbol: str, source: str, **what: Any) -> ProvisioningResult:
        ask, problems = ask_from(operation, symbol, source, **what)
        if problems:
            result = ProvisioningResult(
                ask.symbol, operation, source, Status.REFUSED, problems=problems, at=self.time.now
            )
            self.results.append(result)
            return result
        if self._dispatcher.calling:
            promised = ProvisioningResult(ask.symbol, operation, source, Status.QUEUED, at=self.time.now)
            self._queue.append((ask, promised))
            return promised
        return self._provision([ask])[0]

    def _provision(self, asks: Sequence[Ask]) -> list[ProvisioningResult]:
        closed = refusal(self.phase)
        if closed is not None:
            results = [
                ProvisioningResult(symbol, operation_of(mine[0]), mine[0].owner, Status.REFUSED, problems=(closed,))
                for symbol, mine in by_symbol(asks).items()
            ]
            self.results += results
            return results
        return self._execute(self._executor.analyst.analyze(asks))

    def _execute(self, plan: Iterable[ProvisioningRequirements]) -> list[ProvisioningResult]:
        plan = list(plan)
        closed = refusal(self.phase)
        if closed is not None:
            results = [
                ProvisioningResult(one.symbol, one.operation, one.source, Status.REFUSED, problems=(closed,))
                for one in plan
            ]
        else:
            results = self._executor.execute(plan)
        self.results += results
        return results

    def _must_be_active(self, call: str) -> None:
        if self.phase is not Phase.ACTIVE:
            what = f"no day is active; the session is {self.phase.value}."
            raise SessionError(Problem(call, what, "Call start_day first.", code="no_active_day"))
