"""What happened to each symbol: who asked, what was decided, what was done, when and how long it took."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbell.provisioning.result import ProvisioningResult

Said = tuple[str, str, str, str, str, str]
"""Symbol, operation, owner, status, step, note."""

_PENDING = 1 << 10


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a symbol.

    Parameters
    ----------
    at
        Exchange time, ns UTC.
    symbol, operation, owner
        What was asked, of what, by whom.
    status
        What was decided.
    step
        A step that was carried out, or empty for the decision itself.
    seconds, bars
        How long the step took, and how many stored bars it brought.
    note
        Problems in words.
    """

    at: int
    symbol: str
    operation: str
    owner: str
    status: str
    step: str = ""
    seconds: float = 0.0
    bars: int = 0
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


class Story:
    """The events of a run, in order.

    A run of years has millions of them, so those of past days are kept as columns: what is said, and how much of it.
    """

    def __init__(self) -> None:
        self._told: list[ProvisioningResult] = []
        self._said: dict[Said, int] = {}
        # From which event on it was when.
        self._times: list[tuple[int, int]] = []
        self._what, self._seconds, self._bars = array("i"), array("f"), array("i")

    def tell(self, results: Iterable[ProvisioningResult]) -> None:
        """Note requests that were decided; what was done for each is written down later."""
        self._told += results
        if len(self._told) > _PENDING:
            self._write_down()

    @property
    def events(self) -> list[Event]:
        """All that happened, in order."""
        self._write_down()
        said = list(self._said)
        ends = [first for first, _ in self._times[1:]] + [len(self._what)]
        found: list[Event] = []
        for (first, at), end in zip(self._times, ends, strict=True):
            parts = (column[first:end] for column in (self._what, self._seconds, self._bars))
            for what, seconds, bars in zip(*parts, strict=True):
                symbol, operation, owner, status, step, note = said[what]
                found.append(Event(at, symbol, operation, owner, status, step, seconds, bars, note))
        return found

    def _write_down(self) -> None:
        for result in self._told:
            for said, seconds, bars in _lines_of(result):
                self._add(result.at, said, seconds, bars)
        self._told.clear()

    def _add(self, at: int, said: Said, seconds: float, bars: int) -> None:
        if not self._times or self._times[-1][1] != at:
            self._times.append((len(self._what), at))
        self._what.append(self._said.setdefault(said, len(self._said)))
        self._seconds.append(seconds)
        self._bars.append(bars)

    def write(self, path: Path) -> None:
        """Write all events as a Parquet file, one row each."""
        import polars as pl

        kinds = {"at": pl.Int64, "seconds": pl.Float64, "bars": pl.Int64}
        schema = {name: kinds.get(name, pl.String) for name in Event.__slots__}
        frame = pl.DataFrame([event.as_dict() for event in self.events], schema=schema)
        frame.with_columns(pl.col("at").cast(pl.Datetime("ns", "UTC"))).write_parquet(path)

    @classmethod
    def read(cls, path: Path) -> "Story":
        """The story that `write` wrote."""
        import polars as pl

        story = cls()
        frame = pl.read_parquet(path).with_columns(pl.col("at").cast(pl.Int64))
        for row in frame.iter_rows(named=True):
            said = row["symbol"], row["operation"], row["owner"], row["status"], row["step"], row["note"]
            story._add(row["at"], said, row["seconds"], row["bars"])
        return story

    def of(self, symbol: str) -> tuple[Event, ...]:
        """Everything that happened to one symbol."""
        return tuple(event for event in self.events if event.symbol == symbol.upper())

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


def _lines_of(result: ProvisioningResult) -> Iterator[tuple[Said, float, int]]:
    """A request and everything that was done for it."""
    told = (result.symbol, result.operation, result.source, result.status.value)
    yield (*told, "", "; ".join(f"{problem.where}: {problem.what}" for problem in result.problems)), 0.0, 0
    for step in result.steps:
        yield (*told, step.step, ""), step.seconds, step.bars
    for step in result.steps:
        if step.about:
            made_room = f"made room for {result.symbol}"
            yield (step.about, "evict", result.source, "done", "", made_room), 0.0, 0
    if result.failed_step is not None:
        yield (*told, result.failed_step, "failed here; the session is as it was"), 0.0, 0
