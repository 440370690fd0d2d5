"""Check, plan, run: the three verbs, and where everything is put together."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbell.engine.report import DayReport, Report
from openbell.errors import Problem

if TYPE_CHECKING:
    from openbell.engine.running import Attend

Progress = Callable[[str, int, int], None]
Source = str | Path | Mapping[str, Any]

__all__ = ["DayReport", "Report", "check", "plan", "run"]


def check(source: Source) -> list[Problem]:
    """Every problem of a session file, each with its place; empty when all is well."""
    from openbell.engine.checking import problems_of

    return problems_of(source)


def plan(source: Source, day: date | str | None = None) -> Any:
    """What provisioning would do at the start of a day; changes nothing.

    Parameters
    ----------
    source
        A session file, or a mapping with the same keys.
    day
        A trading day of its range, by default the first.
    """
    from openbell.config.loader import load
    from openbell.engine.planning import day_plan

    return day_plan(load(source), day)


def run(
    source: Source,
    *,
    out: str | Path | None = None,
    speed: float | None = None,
    progress: Progress | None = None,
    keep_state: bool = False,
    detail: bool = False,
    attend: "Attend | None" = None,
) -> Report:
    """Run every trading day of a session file.

    Parameters
    ----------
    source
        A session file, or a mapping with the same keys.
    out
        The run folder; by default ``runs/<name>/<time>`` for the command, nothing for a call.
    speed
        Instead of the session file's.
    keep_state
        Whether the run folder also holds the bars and indicators of each day.
    detail
        Whether the report has every symbol for every day, not only for the last.
    attend
        What watches while it runs, entered with the session's `Control`: keys in a terminal, say.

    Raises
    ------
    ConfigError
        With every problem of the session file.
    """
    from openbell.config.loader import load
    from openbell.engine.running import FIRST, run_days
    from openbell.machine.kept import prepare

    prepare(*FIRST)
    watching = {} if attend is None else {"attend": attend}
    return run_days(
        load(source), out=out, speed=speed, progress=progress, keep_state=keep_state, detail=detail, **watching
    )
