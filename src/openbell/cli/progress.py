"""A bar for whoever waits: on a terminal only, and only once the work has taken a second."""

import sys
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PATIENCE_SECONDS = 1.0
REFRESH_SECONDS = 0.1
BAR_WIDTH = 12


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
        self._task: TaskID | None = None
        self._label = ""
        self._next = 0.0
        self._standing: Callable[[], str] | None = None

    def __enter__(self) -> Self:
        self._next = monotonic() + self._patience
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def watch(self, standing: Callable[[], str]) -> None:
        """Have a line of text beside the bar, asked for again and again; from now on the bar is shown at once."""
        self._standing, self._next = standing, 0.0

    def __call__(self, label: str, done: int, total: int) -> None:
        """Say how far a stretch of work is.

        Parameters
        ----------
        label
            What is being done, the same words for the whole stretch.
        done, total
            Of the same unit; a total of 0 is unknown.
        """
        begun = self._bar is not None and (label != self._label or done >= total > 0)
        if self._shown and (monotonic() >= self._next or begun):
            self._next = monotonic() + REFRESH_SECONDS
            bar = self._started()
            if label != self._label and self._task is not None:
                bar.remove_task(self._task)
                self._task = None
            if self._task is None:
                self._task, self._label = bar.add_task(label), label
            bar.update(self._task, completed=done, total=total or None)

    def _started(self) -> "Bar":
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
            from rich.text import Text

            standing = self._standing

            class Far(ProgressColumn):
                """How far it is, and beside it what is watched."""

                def render(self, task: Task) -> Text:
                    far = f"{task.completed:,.0f}" if task.total is None else f"{task.percentage:.0f} %"
                    return Text(f"{far}  {standing()}" if standing else far)

            columns = (TextColumn("{task.description}"), BarColumn(BAR_WIDTH), Far())
            self._bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
            self._bar.start()
        return self._bar
