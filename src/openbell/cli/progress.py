"""A bar for whoever waits: on a terminal only, and only once the work has taken a second."""

import sys
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PATIENCE_SECONDS = 1.0
REFRESH_SECONDS = 0.1


class Progress:
    """Called with how far the work is; shows it on standard error.

    Parameters
    ----------
    quiet
        Never show anything.
    patience
        Seconds of work before anything is shown.

    Examples
    --------
    >>> with Progress(quiet=True) as tell:
    ...     tell("reading", 1, 10)
    """

    def __init__(self, *, quiet: bool = False, patience: float = PATIENCE_SECONDS) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._patience = patience
        self._bar: Bar | None = None
        self._tasks: dict[str, TaskID] = {}
        self._next = 0.0

    def __enter__(self) -> Self:
        self._next = monotonic() + self._patience
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, label: str, done: int, total: int) -> None:
        """Say how far a stretch of work is.

        Parameters
        ----------
        label
            What is being done, the same words for the whole stretch.
        done, total
            Of the same unit; a total of 0 is unknown.
        """
        if self._shown and (monotonic() >= self._next or (done >= total > 0 and self._bar is not None)):
            self._next = monotonic() + REFRESH_SECONDS
            bar = self._started()
            if label not in self._tasks:
                self._tasks[label] = bar.add_task(label)
            bar.update(self._tasks[label], completed=done, total=total or None)

    def _started(self) -> "Bar":
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
            self._bar.start()
        return self._bar
