"""What a run put out, instant by instant: every indicator's values, every strategy's and scanner's decisions."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from openbell.bars.block import Floats
from openbell.config.session_file import SessionFile
from openbell.engine.coordinator import SessionCoordinator
from openbell.engine.report import DayReport
from openbell.errors import SessionError
from openbell.indicators.spec import IndicatorSpec

Said = tuple[int, str]
Values = tuple[int, tuple[str, ...], Floats]


@dataclass(slots=True)
class Trace:
    """The outputs of a run, each with its instant, ns UTC.

    Parameters
    ----------
    said
        Per strategy and scanner what it decided, in words, in order.
    indicators
        Per indicator's key: the instant, the symbols and their values, float64 (outputs, symbols).
    aggregates
        The same for figures over past sessions by name; of a curve each place is an output.
    instants
        Every instant of the run.
    """

    said: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))
    indicators: dict[str, list[Values]] = field(default_factory=lambda: defaultdict(list))
    aggregates: dict[str, list[Values]] = field(default_factory=lambda: defaultdict(list))
    instants: list[int] = field(default_factory=list)


def traced(file: SessionFile, until: int | None = None) -> Trace:
    """Run a session file, up to an instant or to its end, and note what comes out.

    Parameters
    ----------
    until
        ns UTC; this instant is the last one that is run.
    """
    day = SessionCoordinator(file)
    trace = Trace()
    taker = _Taker(day, trace)
    day.on_instant = taker.take
    for ordinal in day.days:
        if until is not None and until < day.time.calendar.session(ordinal, file.hours).open:
            break
        try:
            day.start_day()
        except SessionError as error:
            trace.said["session"].append((day.time.now, f"no day: {error}"))
            continue
        day.stream_until(day.time.today.close if until is None else min(until, day.time.today.close))
        if until is not None and until < day.time.today.close:
            day.control.stop()
        _note(trace, day, day.finish_day(detail=False))
    for signal in day.signals:
        trace.said[signal.source].append((signal.at, f"signal {_short(signal.as_dict())}"))
    # A refusal names the store, which is another folder in every run.
    for part in trace.said.values():
        part[:] = [(at, text.replace(str(file.store), "the store")) for at, text in part]
    return trace


def _short(values: dict[str, Any]) -> dict[str, Any]:
    """Only what says something, without the instant."""
    return {key: value for key, value in values.items() if key != "at" and value not in (None, "", 0, [], {})}


class _Taker:
    """Copies the values of all indicators at the barrier of each instant."""

    def __init__(self, day: SessionCoordinator, trace: Trace) -> None:
        self._day, self._trace = day, trace
        self._seen: tuple[int, int] | None = None
        self._held: list[tuple[IndicatorSpec, tuple[str, ...], Any]] = []

    def take(self, now: int) -> None:
        """Note an instant."""
        session = self._day.session_data
        self._trace.instants.append(now)
        at = (session.time.today.ordinal, session.revision)
        if self._seen != at:
            self._seen, self._held = at, self._members()
            self._note_aggregates(now)
        for spec, names, rows in self._held:
            values = session.indicators.values(spec)[:, rows].copy()
            self._trace.indicators[spec.key].append((now, names, values))

    def _note_aggregates(self, now: int) -> None:
        """Figures over past sessions; they change only when symbols or days do."""
        found: dict[str, dict[str, Any]] = defaultdict(dict)
        session = self._day.session_data
        for symbol in session.symbols:
            for name, figure in session.records[symbol].aggregates.items():
                found[name][symbol] = np.atleast_1d(figure)
        for name, figures in found.items():
            self._trace.aggregates[name].append((now, tuple(figures), np.stack(list(figures.values()), axis=1)))

    def _members(self) -> list[tuple[IndicatorSpec, tuple[str, ...], Any]]:
        session = self._day.session_data
        members: dict[IndicatorSpec, list[tuple[str, int]]] = defaultdict(list)
        for name in session.symbols:
            record = session.records[name]
            for spec in record.indicators.values():
                members[spec].append((name, record.row))
        return [
            (spec, tuple(name for name, _ in rows), np.array([row for _, row in rows], np.int64))
            for spec, rows in members.items()
        ]


def _note(trace: Trace, day: SessionCoordinator, report: DayReport) -> None:
    """What a day's report says of strategies and scanners, without timings."""
    parse = day.time.parse
    for request in report.requests:
        kept = {key: request[key] for key in ("operation", "symbol", "status", "steps")}
        owner = str(request["source"]).removesuffix("/light")
        trace.said[owner].append((parse(request["at"]), f"asked {kept}"))
    for scan in report.scans:
        trace.said[scan["scanner"]].append((parse(scan["at"]), f"scan {_short(scan)}"))
    for name, funnel in report.funnels.items():
        trace.said[name].append((day.time.today.open, f"funnel {funnel}"))
    for fault in report.faults:
        trace.said[fault["name"]].append((parse(fault["at"]), f"raised {fault['what']}"))
