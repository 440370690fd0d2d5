"""What a day and a run came to, as plain values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from openbell.bars.block import Floats
from openbell.bars.interval import Interval
from openbell.config.session_file import SessionFile
from openbell.desk.signals import SignalBook
from openbell.engine.seats import Fault
from openbell.errors import Problem
from openbell.provisioning.result import ProvisioningResult
from openbell.session.digest import digest
from openbell.session.records import SymbolRecord
from openbell.session.session_data import SessionData
from openbell.session.views import BarIntervalData, IndicatorData, SymbolSessionData
from openbell.store.manager import DataManager

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DayReport:
    """One trading day.

    Parameters
    ----------
    date
        ISO date.
    digest
        The state at its end.
    instants, bars
        Bar ends that the clock stepped through, and streamed bars that came.
    symbols
        Per symbol what is there; empty unless detail was asked for.
    dropped
        Configured symbols that could not be had, with the reasons.
    requests
        Every request that was not from the session file, in order.
    warnings
        What was found and did not stop anything.
    faults
        What users' code raised, with traceback and instant.
    outside
        Stored bars of today outside the session's hours.
    signals
        How many were made.
    scans
        Every scan: when, by whom, how many symbols were looked at, and which were promoted and dropped.
    funnels
        Per scanner how many symbols were in its universe, passed its filters, and became candidates.
    callbacks
        Per strategy and scanner, of this day: calls, seconds in all, the slowest one and how many were slow.
    """

    date: str
    digest: str
    instants: int
    bars: int
    symbols: Json = field(default_factory=dict)
    dropped: Json = field(default_factory=dict)
    requests: list[Json] = field(default_factory=list)
    warnings: list[Json] = field(default_factory=list)
    faults: list[Json] = field(default_factory=list)
    outside: int = 0
    signals: int = 0
    scans: list[Json] = field(default_factory=list)
    funnels: Json = field(default_factory=dict)
    callbacks: Json = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<DayReport {self.date}: {self.bars:,} bars, {self.signals:,} signals, digest {self.digest}>"

    def as_dict(self) -> Json:
        """As in ``report.json``."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Report:
    """A whole run.

    Parameters
    ----------
    name, mode
        From the session file.
    days
        One entry per day that was run.
    interrupted
        Whether Ctrl-C ended it early.
    folder
        Where the run was written, None when it was not.
    signals
        Every signal, in order; ``report.signals.frame()`` is a table.
    file
        What ran.
    """

    name: str
    mode: str
    days: list[DayReport] = field(default_factory=list)
    interrupted: bool = False
    folder: str | None = None
    signals: SignalBook = field(default_factory=SignalBook)
    file: SessionFile | None = None

    @property
    def digest(self) -> str:
        """The state at the end of the last day; empty when no day was finished."""
        return self.days[-1].digest if self.days else ""

    def as_dict(self) -> Json:
        """As in ``report.json``."""
        return {
            "name": self.name,
            "mode": self.mode,
            "digest": self.digest,
            "interrupted": self.interrupted,
            "folder": self.folder,
            "days": [day.as_dict() for day in self.days],
        }

    def __repr__(self) -> str:
        return f"<Report {self}>"

    def __str__(self) -> str:
        bars = sum(day.bars for day in self.days)
        return f"{self.name}: {len(self.days)} days, {bars:,} bars, digest {self.digest}"


@dataclass(frozen=True, slots=True)
class Doings:
    """What users' strategies and scanners did on a day: the last fields of a `DayReport`, and warnings of slow ones."""

    faults: Sequence[Fault] = ()
    signals: int = 0
    scans: list[Json] = field(default_factory=list)
    funnels: Json = field(default_factory=dict)
    callbacks: Json = field(default_factory=dict)
    slow: Sequence[Problem] = ()


def bars_outside(session: SessionData, data: DataManager) -> int:
    """Stored bars of today that are not on the grid of the session's hours: a print at the close, early ones."""
    time = session.time
    found = 0
    for interval, lane in session.lanes.items():
        if interval.intraday and len(lane.streamed):
            names = [session.names[row] for row in lane.streamed.array.tolist()]
            found += int(data.outside(names, interval, time.today.ordinal, time.today.ordinal, time.hours).sum())
    return found


def day_report(
    session: SessionData,
    instants: int,
    results: Sequence[ProvisioningResult],
    *,
    detail: bool,
    users: "Doings | None" = None,
    outside: int = 0,
) -> DayReport:
    """The report of a session as it stands now."""
    users = users or Doings()
    config = [result for result in results if result.source == "config"]
    time = session.time
    return DayReport(
        date=time.today.date.isoformat(),
        digest=digest(session),
        instants=instants,
        outside=outside,
        bars=_streamed_bars(session),
        symbols=_symbols(session) if detail else {},
        dropped={
            result.symbol: [problem.as_dict() for problem in result.problems if problem.fatal]
            for result in config
            if not result.ok
        },
        requests=[{"at": time.iso(one.at)} | one.as_dict() for one in results if one.source != "config" and _told(one)],
        warnings=[p.as_dict() for result in config if result.ok for p in result.problems]
        + [problem.as_dict() for problem in users.slow],
        faults=[fault.as_dict() for fault in users.faults],
        signals=users.signals,
        scans=users.scans,
        funnels=users.funnels,
        callbacks=users.callbacks,
    )


def _told(result: ProvisioningResult) -> bool:
    """Whether a request is listed: candidates of scanners that came as asked are only counted, in the funnels."""
    return not (result.ok and result.source.endswith("/light"))


def _streamed_bars(session: SessionData) -> int:
    lanes = [lane for lane in session.lanes.values() if len(lane.streamed)]
    return sum(int(lane.panel.present[: lane.panel.cursor, lane.streamed.array].sum()) for lane in lanes)


def _symbols(session: SessionData) -> dict[str, Json]:
    lanes = session.lanes.items()
    today = {interval: lane.panel.present[: lane.panel.cursor].sum(axis=0).tolist() for interval, lane in lanes}
    return {name: _symbol(session, session.records[name], today) for name in session.symbols}


def _symbol(session: SessionData, record: SymbolRecord, today: Mapping[Interval, Sequence[int]]) -> Json:
    view, series = SymbolSessionData(session, record), record.series
    return {
        "tier": view.tier,
        "added_by": view.added_by,
        "origin": view.origin,
        "auto_provisioned": view.auto_provisioned,
        "upgraded_from_adhoc": view.upgraded_from_adhoc,
        "intervals": {
            name: _interval(bars, len(series[bars.interval].history), today[bars.interval][record.row])
            for name, bars in view.bars.items()
        },
        "indicators": {key: _indicator(data, session) for key, data in view.indicators.items()},
        "aggregates": {name: _aggregate(figure) for name, figure in view.aggregates.items()},
    }


def _interval(bars: BarIntervalData, history: int, today: int) -> Json:
    missing, quality = bars.missing, bars.quality
    return {
        "base": bars.base,
        "history_bars": history,
        "session_bars": today,
        "quality": None if quality is None else round(quality, 1),
        "gaps": 0 if missing is None else missing.gaps,
        "missing": None if missing is None else {"days": missing.days, "runs": missing.runs, "single": missing.single},
    }


def _indicator(data: IndicatorData, session: SessionData) -> Json:
    value = data.current_value
    plain = {name: _number(one) for name, one in value.items()} if isinstance(value, dict) else _number(value)
    updated = data.last_updated
    stamp = None if updated is None else session.time.iso(session.time.parse(updated))
    return {"value": plain, "valid": data.valid, "settled": data.settled, "last_updated": stamp}


def _aggregate(figure: float | Floats) -> Json | float | None:
    """A figure over past sessions; of a curve how long it is, how many of its places have a number, and their sum."""
    if isinstance(figure, float):
        return _number(figure)
    known = figure[~np.isnan(figure)]
    return {"slots": len(figure), "known": len(known), "sum": math.fsum(known)}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
