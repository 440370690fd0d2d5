"""Where a command's words go: tables or one JSON document to standard output, problems to standard error."""

import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout
from datetime import date
from enum import Enum
from io import TextIOWrapper
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from openbell.errors import Problem, together

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH = 120


class Output:
    """What a command may say; entered for as long as it works.

    With ``as_json`` everything that others print meanwhile goes to standard error, and standard output gets exactly
    one document.

    Parameters
    ----------
    as_json
        Whether a program reads.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._document: object = None
        self._said = False
        self._stack = ExitStack()
        self._out: TextIO = sys.stdout

    def __enter__(self) -> Self:
        self._out = sys.stdout
        if isinstance(self._out, TextIOWrapper):
            # What a terminal's encoding lacks is a question mark, not the end of the command.
            self._out.reconfigure(errors="replace")
        if self.as_json:
            self._stack.enter_context(redirect_stdout(sys.stderr))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()
        if self._said and kind is None:
            import json

            readable = (self._out.encoding or "utf-8").lower().replace("-", "") == "utf8"
            self._out.write(json.dumps(plain(self._document), allow_nan=False, ensure_ascii=not readable) + "\n")
        self._out.flush()

    def document(self, value: object) -> None:
        """Set what a program gets; without ``as_json`` nothing happens."""
        self._document, self._said = value, self.as_json

    def show(self, *renderables: "RenderableType") -> None:
        """Print for a person; with ``as_json`` nothing happens."""
        if not self.as_json:
            console = _console(self._out)
            for renderable in renderables:
                console.print(renderable, soft_wrap=isinstance(renderable, str))

    @property
    def width(self) -> int:
        """Columns of the terminal, or of what stands for one."""
        return _console(self._out).width

    def note(self, text: str) -> None:
        """One line on standard error, for a person who waits."""
        print(text, file=sys.stderr)

    def problems(self, problems: Iterable[Problem]) -> None:
        """Print problems on standard error: where, what, and below it what to do."""
        console = _console(sys.stderr)
        for problem in together(problems):
            mark, style = ("error", "bold red") if problem.fatal else ("warning", "yellow")
            console.print(f"{mark}: ", style=style, end="")
            console.print(f"{problem.where}: {problem.what}", soft_wrap=True)
            console.print(f"    {problem.fix}", soft_wrap=True)

    def fail(self, problems: Sequence[Problem]) -> None:
        """Say why the work could not be done, to a person and to a program."""
        self.problems(problems)
        self.document({"problems": [problem.as_dict() for problem in problems]})


def plain(value: object) -> object:
    """A value as JSON knows it: NaN and infinities are null, dates and instants ISO text, arrays lists.

    Examples
    --------
    >>> plain({"a": float("nan"), "b": (1, 2)})
    {'a': None, 'b': [1, 2]}
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__fspath__"):
        return str(value)
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        return plain(value.tolist())
    if hasattr(value, "as_dict"):
        return plain(value.as_dict())
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    class Piped(Console):
        """A console that leaves it to the process's edge when nobody reads any more."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
    return Piped(file=stream, width=width, markup=False, highlight=False)
