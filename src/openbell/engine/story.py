"""What happened to each symbol: who asked, what was decided, what was done, when and how long it took."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbell.provisioning.result import ProvisioningResult


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
    """The events of a run, in order."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._told: list[ProvisioningResult] = []

    def tell(self, results: Iterable[ProvisioningResult]) -> None:
        """Note requests that were decided; what was done for each is written down when somebody reads."""
        self._told += results

    @property
    def events(self) -> list[Event]:
        """All that happened, in order."""
        for result in self._told:
            self._events += _events_of(result)
        self._told.clear()
        return self._events

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
        story._events = [Event(**row) for row in frame.iter_rows(named=True)]
        return story

    def of(self, symbol: str) -> tuple[Event, ...]:
        """Everything that happened to one symbol."""
        return tuple(event for event in self.events if event.symbol == symbol.upper())

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


def _events_of(result: ProvisioningResult) -> Iterator[Event]:
    """A request and everything that was done for it."""
    told = (result.at, result.symbol, result.operation, result.source, result.status.value)
    yield Event(*told, note="; ".join(f"{problem.where}: {problem.what}" for problem in result.problems))
    for step in result.steps:
        yield Event(*told, step.step, step.seconds, step.bars)
    for step in result.steps:
        if step.about:
            made_room = f"made room for {result.symbol}"
            yield Event(result.at, step.about, "evict", result.source, "done", note=made_room)
    if result.failed_step is not None:
        yield Event(*told, result.failed_step, note="failed here; the session is as it was")
