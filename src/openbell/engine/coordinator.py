"""`SessionCoordinator`: the days of one session file, one after the other."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from openbell.bars.interval import Interval
from openbell.collector import collector_resting
from openbell.config.loader import load
from openbell.config.session_file import SessionFile
from openbell.engine.calls import ask_from, correction_from, day_from
from openbell.engine.control import Control
from openbell.engine.dispatch import Dispatcher
from openbell.engine.instants import run_instants
from openbell.engine.owners import Owners
from openbell.engine.phase import Phase, refusal
from openbell.engine.report import DayReport, bars_outside, day_report
from openbell.engine.requests import Requests
from openbell.engine.seating import promised
from openbell.engine.story import Story
from openbell.engine.stream import IndicatorRaisedError, Stream
from openbell.errors import Problem, SessionError
from openbell.feeds.replay import ReplayFeed
from openbell.indicators.spec import IndicatorSpec
from openbell.market.calendar import load_calendar
from openbell.market.time_manager import TimeManager
from openbell.provisioning.executor import Executor, Observer
from openbell.provisioning.requirements import Plan, ProvisioningRequirements
from openbell.provisioning.result import ProvisioningResult, Status
from openbell.provisioning.shrink import Shrinker
from openbell.session.asks import AddSymbol, Ask
from openbell.session.digest import digest, fingerprint
from openbell.session.hashing import HistoryHashes
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager


class SessionCoordinator:
    """Runs the trading days of a session file: clear, provision, stream, end.

    Parameters
    ----------
    file
        The session file, loaded.
    observer
        Called with symbol and step name before each provisioning step; what it raises fails that step.

    Attributes
    ----------
    owners
        Who holds what: `why`, `release`, `lock`, `unlock`.
    story
        What happened to each symbol, over all days.
    on_instant
        Called with each instant, ns UTC, when all its bars are in and before anybody else is called.
    control
        Speed, pause, step, run until, stop.
    signals
        What strategies decided, over all days.

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
        self._dispatcher = Dispatcher(file, self)
        self.signals = self._dispatcher.signals
        self.file = promised(file, self._dispatcher.needs)
        self.time = TimeManager(load_calendar(file.market), file.hours)
        self.data = self._store = DataManager(file.store, self.time.calendar)
        self._configured = [AddSymbol(symbol, "config") for symbol in self.file.symbols]
        self._hashes = HistoryHashes()
        self.days = tuple(self.time.trading_days(file.start, file.end))
        self.phase = Phase.IDLE
        self.stopping = False
        self.story = Story()
        self.requests = Requests()
        self.owners = Owners(self)
        self.control = Control(self, file.speed)
        self.on_instant: Callable[[int], None] | None = None
        self._observer = observer
        self._next_day = 0
        self._folder = None if file.path is None else file.path.parent

    @classmethod
    def from_file(cls, source: str | Path | Mapping[str, Any]) -> Self:
        """A coordinator for a session file, or a mapping with the same keys.

        Raises
        ------
        ConfigError
            With every problem of the file.
        """
        return cls(load(source))

    def __repr__(self) -> str:
        return f"<SessionCoordinator {self.file.name!r}: {self.phase.value}; {self.control.standing or 'no day yet'}>"

    @property
    def session_data(self) -> SessionData:
        """What the session holds now.

        Raises
        ------
        SessionError
            Before the first day.
        """
        if self.phase is Phase.IDLE:
            raise SessionError(Problem("session_data", "no day has begun.", "Call start_day first.", code="no_day"))
        return self._session

    @property
    def instants(self) -> int:
        """How many bar ends the clock has stepped through today."""
        return 0 if self.phase is Phase.IDLE else self._stream.instants

    def start_day(self, day: date | str | None = None) -> tuple[ProvisioningResult, ...]:
        """Begin a trading day: clear, provision the configured symbols as one batch, activate.

        Parameters
        ----------
        day
            A date of the session file's range, not before the last one; by default the first, then each following one.

        Returns
        -------
        tuple of ProvisioningResult
            One per configured symbol; symbols that could not be had are not ok and say why.

        Raises
        ------
        SessionError
            If there is no such day, no day is left, the last one is still active, or no symbol is left.
        """
        with self.requests.turn:
            self._open(day)
            self._next_day += 1
            results = self.provision(self._configured)
            if results and not any(result.ok for result in results):
                self.phase = Phase.ENDED
                raise SessionError(*(problem for result in results for problem in result.problems if problem.fatal))
            self._dispatcher.prepare()
            with self.requests.callbacks():
                self._dispatcher.pre_session()
            self.requests.serve()
            self.phase = Phase.ACTIVE
            with self.requests.callbacks():
                self._dispatcher.day_start()
            self.requests.serve()
            self._stream.renew()
            self._dispatcher.renew()
            self._stream.listen(self._dispatcher.heard)
        return tuple(results)

    def plan_day(self, day: date | str | None = None) -> Plan:
        """What `start_day` would do; nothing is provisioned."""
        with self.requests.turn:
            former = self.phase
            self._open(day)
            plan = Plan(self._executor.analyst.analyze(self._configured))
            self.phase = former
            return plan

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
        self.stream_until(min(until, self.time.today.close))

    def stream_until(self, instant: int) -> bool:
        """Run every instant up to one, ns UTC, with the requests of each; False when `control` has held it before."""
        parts = (self._session, self._stream, self._dispatcher, self.requests, self.control)
        try:
            if not run_instants(instant, *parts, self.on_instant):
                return False
        except IndicatorRaisedError:
            self.phase = Phase.ENDED
            raise
        self.time.advance(max(instant, self.time.now))
        return True

    def finish_day(self, *, detail: bool = True) -> DayReport:
        """Stream to the close and end the day; everything stays readable until the next one begins.

        Parameters
        ----------
        detail
            Whether the report has every symbol.
        """
        self._must_be_active("finish_day")
        if not self.stream_until(self.time.today.close) and not self.stopping:
            what = f"the session was paused at {self.time.at(self.time.now):%H:%M:%S} by the thread that runs it."
            raise SessionError(Problem("finish_day", what, "Call control.resume() first.", code="paused"))
        with self.requests.turn:
            with self.requests.callbacks():
                self._dispatcher.day_end()
            self.phase = Phase.ENDED
            self.requests.forget()
            done = (self._session, self._stream.instants, self._results)
            outside = bars_outside(self._session, self.data)
            return day_report(*done, detail=detail, users=self._dispatcher.doings(), outside=outside)

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
        indicator: IndicatorSpec | Mapping[str, Any] | None = None,
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
            For an indicator: which, made by `openbell.indicator`, or a mapping like one under ``[[indicators]]``.
        """
        with self.requests.turn:
            words: dict[str, Any] = {"interval": interval, "days": days, "indicator": indicator}
            asked = ask_from(operation, symbol, source, folder=self._folder, **words)
            if asked.problems or self.phase is Phase.IDLE:
                problems = asked.problems or tuple(filter(None, [refusal(self.phase)]))
                return ProvisioningRequirements(
                    asked.ask.symbol, (asked.ask,), None, problems=problems, offers=asked.offers, called=operation
                )
            return self._executor.analyst.analyze([asked.ask])[0]

    def execute_provisioning(self, requirements: ProvisioningRequirements) -> ProvisioningResult:
        """Carry out what was worked out: all of it or nothing."""
        what = (requirements.operation, requirements.symbol, requirements.source)
        return self.submit(*what, lambda: self._executor.execute([requirements])[0])

    def add_symbol(self, symbol: str, *, source: str = "user") -> ProvisioningResult:
        """Ask for a full symbol: analyse, validate and provision in one call; queued inside a callback."""
        return self._ask("symbol", symbol, source)

    def add_bar(
        self, symbol: str, interval: str | Interval, *, days: int = 0, source: str = "user"
    ) -> ProvisioningResult:
        """Ask for bars of one interval with some days of history; an unknown symbol comes ad hoc."""
        return self._ask("bar", symbol, source, interval=interval, days=days)

    def add_indicator(
        self, symbol: str, indicator: IndicatorSpec | Mapping[str, Any], *, source: str = "user"
    ) -> ProvisioningResult:
        """Ask for one indicator; an unknown symbol comes ad hoc, with just what the indicator needs."""
        return self._ask("indicator", symbol, source, indicator=indicator)

    def remove_symbol(self, symbol: str) -> ProvisioningResult:
        """Take a symbol out, as if it had never been asked for; refused when it is locked."""
        return self.owners.remove(symbol)

    def correct(
        self, symbol: str, interval: str | Interval, ts: str | datetime, bar: Sequence[float]
    ) -> ProvisioningResult:
        """Put a late or corrected bar of today in place; everything that depends on it is made anew from the open.

        Parameters
        ----------
        interval
            A streamed interval of the symbol.
        ts
            The start of the bar: exchange time of today as text, or an aware datetime.
        bar
            Open, high, low, close, volume as they should have been.
        """
        correction = correction_from(symbol, interval, self.time.parse(ts), bar)
        return self.submit("correct", correction.symbol, "user", lambda: self._executor.correct(correction))

    def digest(self) -> str:
        """The state now, as 32 hex characters."""
        with self.requests.turn:
            return digest(self.session_data)

    def fingerprint(self) -> str:
        """The state and how it came about, as 32 hex characters."""
        with self.requests.turn:
            return fingerprint(self.session_data)

    def submit(
        self, operation: str, symbol: str, owner: str, action: Callable[[], ProvisioningResult]
    ) -> ProvisioningResult:
        """Have something done at the right moment and told in the story."""

        def told() -> ProvisioningResult:
            closed = refusal(self.phase)
            result = action() if closed is None else self._refused(operation, symbol, owner, closed)
            self._tell([result])
            return result

        promised = ProvisioningResult(symbol, operation, owner, Status.QUEUED, at=self.time.now)
        return self.requests.submit(promised, told)

    def provision(self, asks: Sequence[Ask], *, all_or_none: bool = False) -> list[ProvisioningResult]:
        """Carry out several asks as one batch, one result per symbol; the turn must be held."""
        results = self._carry_out(asks, all_or_none=all_or_none)
        self._tell(results)
        return results

    def _open(self, day: date | str | None) -> None:
        """Go to a day; nothing survives the night."""
        if self.phase in (Phase.ACTIVE, Phase.CLOSED):
            what, fix = "today is not over.", "Call finish_day first."
            if self.phase is Phase.CLOSED:
                what, fix = "the session is closed.", "Make a new SessionCoordinator."
            raise SessionError(Problem("start_day", what, fix, code=f"day_{self.phase.value}"))
        place = self._place_of(day)
        self.phase = Phase.PROVISIONING
        self.time.open_day(self.days[place])
        self._next_day = place
        self._results: list[ProvisioningResult] = []
        self.data = self._store.as_of(self.days[place], self.file.prices)
        completeness, prices, hashes = self.file.completeness, self.file.prices, self._hashes
        self._session = SessionData(self.time, completeness=completeness, prices=prices, hashes=hashes)
        self._feed = ReplayFeed()
        self._executor = Executor(self._session, self._feed, self.data, self.file, self._observer)
        self.shrinker = Shrinker(self._session, self._feed, self.data, self.file)
        self._stream = Stream(self._session, self._feed)
        self._dispatcher.clear(self._session)

    def _place_of(self, day: date | str | None) -> int:
        if day is None:
            if self._next_day >= len(self.days):
                what = f"every trading day from {self.file.start} to {self.file.end} has been run."
                fix = "Make the range of the session file longer."
                raise SessionError(Problem("start_day", what, fix, code="no_day_left"))
            return self._next_day
        wanted = day_from(day)
        ordinal = self.time.calendar.ordinal_of(wanted)
        if ordinal not in self.days[self._next_day :]:
            what = f"{wanted} is no trading day from {self.file.start} to {self.file.end} that is still to come."
            raise SessionError(Problem("start_day", what, "Choose a later day of that range.", code="no_such_day"))
        return self.days.index(ordinal)

    def _ask(self, operation: str, symbol: str, source: str, **what: Any) -> ProvisioningResult:
        asked = ask_from(operation, symbol, source, folder=self._folder, **what)

        def action() -> ProvisioningResult:
            if asked.problems:
                return self._refused(operation, asked.ask.symbol, source, *asked.problems)
            return self._carry_out([asked.ask])[0]

        return self.submit(operation, asked.ask.symbol, source, action)

    def _carry_out(self, asks: Sequence[Ask], *, all_or_none: bool = False) -> list[ProvisioningResult]:
        with collector_resting():
            return self._executor.execute(self._executor.analyst.analyze(asks), all_or_none=all_or_none)

    def _refused(self, operation: str, symbol: str, owner: str, *problems: Problem) -> ProvisioningResult:
        return ProvisioningResult(symbol, operation, owner, Status.REFUSED, problems=tuple(problems), at=self.time.now)

    def _tell(self, results: Sequence[ProvisioningResult]) -> None:
        self.story.tell(results)
        if self.phase is not Phase.IDLE:
            self._results += results

    def _must_be_active(self, call: str) -> None:
        if self.phase is not Phase.ACTIVE:
            what = f"no day is active; the session is {self.phase.value}."
            raise SessionError(Problem(call, what, "Call start_day first.", code="no_active_day"))
