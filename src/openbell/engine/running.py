"""A whole session file: day after day, to a report and a run folder."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import FrameType

from openbell.config.loader import placed
from openbell.config.session_file import SessionFile
from openbell.desk.conditions import COMPARE
from openbell.engine.control import Control, checked_speed
from openbell.engine.coordinator import SessionCoordinator
from openbell.engine.drive import DRIVE
from openbell.engine.folder import STORY, RunFolder
from openbell.engine.phase import Phase
from openbell.engine.prospects import foreseen, no_bars
from openbell.engine.report import Report
from openbell.errors import ConfigError, Problem
from openbell.indicators.definition import Kind
from openbell.indicators.kernel import kernel_of
from openbell.indicators.kernel import prepare as prepare_kernels
from openbell.indicators.registry import module_of
from openbell.machine.ahead import end
from openbell.machine.kept import prepare
from openbell.machine.watch import told
from openbell.store.catalog import Catalog

Progress = Callable[[str, int, int], None]
Attend = Callable[[Control], AbstractContextManager[object]]

CHECKPOINTS = 20

# What a second process compiles for a first run: before anything is known of a session, and then, what is needed last
# first, since this process begins with what it needs first.
FIRST = (
    ("openbell.bars.loops", "fold"),
    DRIVE,
)
LAST = (
    ("openbell.quality.loops", "tally"),
    ("openbell.bars.loops", "mark"),
    ("openbell.session.loops", "mix_rows"),
    ("openbell.session.loops", "mix"),
    ("openbell.session.loops", "span"),
    ("openbell.bars.loops", "scatter"),
    ("openbell.indicators.batch_loop", "march"),
)


def _compile_ahead(file: SessionFile) -> None:
    """Have a second process compile what a run needs, from its end on.

    Where symbols may be asked for later, one by one, it goes on with what warms these up.
    """
    kernels = [
        kernel_of(link.definition, spec.needs.kind is Kind.SESSION)
        for spec in (rule.spec for rule in reversed(file.indicators))
        for link in spec.chain
        if module_of(link.definition.name) != "own"
    ]
    prepare(*([COMPARE] if file.strategies else []), *LAST)
    prepare_kernels(kernels)
    if file.strategies or file.scanners:
        prepare_kernels(kernels, "through")
    end()


def run_days(
    file: SessionFile,
    *,
    out: str | Path | None = None,
    speed: float | None = None,
    progress: Progress | None = None,
    keep_state: bool = False,
    detail: bool = False,
    attend: Attend = nullcontext,
) -> Report:
    """Run every day of a session file; Ctrl-C ends at the next instant, and the report says so.

    Parameters
    ----------
    attend
        What watches while it runs: entered with the session's control.

    Raises
    ------
    ValueError
        If the speed is negative or endless.
    ConfigError
        If no bar of a symbol can lie in the hours of the session's market.
    SessionError
        If files of somebody else are in the run's folder, or a day cannot begin.
    """
    if speed is not None:
        file = replace(file, speed=checked_speed(speed))
    folder = None if out is None else RunFolder(Path(out), file)
    _compile_ahead(file)
    tell = progress or (lambda _what, _done, _total: None)
    provisioned = compiled = 0

    def compiling(_name: str) -> None:
        nonlocal compiled
        compiled += 1
        tell("compiling indicators", compiled, 0)

    def step(_symbol: str, name: str) -> None:
        nonlocal provisioned
        if day.phase is not Phase.PROVISIONING:
            return
        provisioned += name in ("create_symbol", "upgrade_symbol")
        tell("provisioning", min(provisioned, len(file.symbols)), len(file.symbols))

    day = SessionCoordinator(file, observer=step)
    warnings = _warnings(file, day)
    report = Report(file.name, file.mode.value, signals=day.signals, file=file)
    if folder is not None:
        folder.clear()
    with _interruptible(day), attend(day.control), told(compiling):
        for place in range(len(day.days)):
            provisioned = 0
            day.start_day()
            _stream(day, place, tell)
            last = place == len(day.days) - 1 or day.stopping
            report.days.append(day.finish_day(detail=detail or last))
            if folder is not None:
                folder.note(day.session_data)
                if keep_state:
                    folder.keep(day.session_data)
            if day.stopping:
                report.interrupted = True
                break
    day.close()
    if not any(one.bars for one in report.days):
        warnings += no_bars(file, Catalog.latest(file.store))
    _warn(report, warnings)
    if folder is not None:
        _write(folder, report, day)
    return report


def _warnings(file: SessionFile, day: SessionCoordinator) -> list[Problem]:
    """What a run would run into; raises where nothing could come of it."""
    warnings = foreseen(file, day.data.symbols())
    if any(problem.fatal for problem in warnings):
        raise ConfigError(*(placed(problem, file.path) for problem in warnings))
    return warnings


def _write(folder: RunFolder, report: Report, day: SessionCoordinator) -> None:
    """Have the run's folder hold all that came of it."""
    report.folder = str(folder.path)
    folder.finish(report)
    day.story.write(folder.path / STORY)


def _warn(report: Report, warnings: Sequence[Problem]) -> None:
    """Have the first day tell what holds for all of them."""
    if report.days:
        first = report.days[0]
        report.days[0] = replace(first, warnings=[*(one.as_dict() for one in warnings), *first.warnings])


def _stream(day: SessionCoordinator, place: int, tell: Progress) -> None:
    """Stream to the close in pieces, so that somebody can be told."""
    opened, closes = day.time.now, day.time.today.close
    tell("days", place * CHECKPOINTS, len(day.days) * CHECKPOINTS)
    for part in range(1, CHECKPOINTS + 1):
        day.stream_until(opened + (closes - opened) * part // CHECKPOINTS)
        tell("days", place * CHECKPOINTS + part, len(day.days) * CHECKPOINTS)


@contextmanager
def _interruptible(day: SessionCoordinator) -> Iterator[None]:
    """Let the first Ctrl-C end the day at its next instant; the second one is as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        day.control.stop()
        signal.signal(signal.SIGINT, former)

    former = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
