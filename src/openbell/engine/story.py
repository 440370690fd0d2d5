"""What happened to each symbol: who asked, what was decided, what was done, when and how long it took."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbell.provisioning.result import ProvisioningResult, StepReport

Who = tuple[str, str, str, str]
"""Symbol, operation, owner, status."""
Words = tuple[str, ...]
"""A note, and the steps it goes with."""
Passage = tuple[Who, str, Sequence[StepReport]]
"""Whose steps, with which note, and the steps, of which there is one at least."""

_DECIDED = StepReport("", 0.0)
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

    A run of years has millions of them, so those of past days are kept as columns: per passage whose events it holds
    and what is said, per event how much of it. Names and words are kept once.
    """

    def __init__(self) -> None:
        self._told: list[ProvisioningResult] = []
        self._names: dict[Who, int] = {}
        self._words: dict[Words, int] = {}
        # From which passage on it was when.
        self._times: list[tuple[int, int]] = []
        self._who, self._what = array("i"), array("i")
        self._seconds, self._bars = array("f"), array("i")

    def tell(self, results: Iterable[ProvisioningResult]) -> None:
        """Note requests that were decided; what was done for each is written down later."""
        self._told += results
        if len(self._told) > _PENDING:
            self._write_down()

    @property
    def events(self) -> list[Event]:
        """All that happened, in order."""
        self._write_down()
        names, words = list(self._names), list(self._words)
        ends = [first for first, _ in self._times[1:]] + [len(self._who)]
        amounts = zip(self._seconds, self._bars, strict=True)
        found: list[Event] = []
        for (first, at), end in zip(self._times, ends, strict=True):
            for who, what in zip(self._who[first:end], self._what[first:end], strict=True):
                note, *steps = words[what]
                found += [Event(at, *names[who], step, *next(amounts), note) for step in steps]
        return found

    def _write_down(self) -> None:
        for result in self._told:
            for passage in _passages_of(result):
                self._add(result.at, *passage)
        self._told.clear()

    def _add(self, at: int, who: Who, note: str, reports: Sequence[StepReport]) -> None:
        if not self._times or self._times[-1][1] != at:
            self._times.append((len(self._who), at))
        steps, seconds, bars, _ = zip(*reports, strict=True)
        self._who.append(self._names.setdefault(who, len(self._names)))
        self._what.append(self._words.setdefault((note, *steps), len(self._words)))
        self._seconds.extend(seconds)
        self._bars.extend(bars)

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
            who = row["symbol"], row["operation"], row["owner"], row["status"]
            story._add(row["at"], who, row["note"], [StepReport(row["step"], row["seconds"], row["bars"])])
        return story

    def of(self, symbol: str) -> tuple[Event, ...]:
        """Everything that happened to one symbol."""
        return tuple(event for event in self.events if event.symbol == symbol.upper())

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


def _passages_of(result: ProvisioningResult) -> Iterator[Passage]:
    """A request and everything that was done for it."""
    who = (result.symbol, result.operation, result.source, str(result.status))
    reports = (_DECIDED, *result.steps)
    if result.problems:
        yield who, "; ".join([f"{problem.where}: {problem.what}" for problem in result.problems]), reports[:1]
        reports = reports[1:]
    if reports:
        yield who, "", reports
    for step in result.steps:
        if step.about:
            yield (step.about, "evict", result.source, "done"), f"made room for {result.symbol}", (_DECIDED,)
    if result.failed_step is not None:
        yield who, "failed here; the session is as it was", (StepReport(result.failed_step, 0.0),)
