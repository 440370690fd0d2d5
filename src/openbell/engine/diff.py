"""Where two runs part: which symbol, interval, bar and value, and why.

Told from the causes to what follows of them: what ran, the bars that went in, indicators, requests, signals, digests.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbell.engine.receipt import BARS, FIGURE, RECEIPT, VALUES
from openbell.errors import Problem, SessionError

if TYPE_CHECKING:
    import polars as pl

SHOWN = 20
FIELDS = ("open", "high", "low", "close", "volume", "completeness")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two runs differ.

    Parameters
    ----------
    kind
        ``versions``, ``calendar``, ``actions``, ``file``, ``session file``, ``bars``, ``indicator``,
        ``aggregate``, ``request``, ``signal`` or ``digest``.
    where
        Day, symbol, interval and so on, in words.
    one, two
        What each run has there.
    """

    kind: str
    where: str
    one: str
    two: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}\n    {self.one}\n    {self.two}"


@dataclass(slots=True)
class Parting:
    """What two runs differ in.

    Parameters
    ----------
    causes
        What was different to begin with: versions, files, bars.
    effects
        What came of it.
    counts
        How many differences there are of each kind; the first ones are listed.
    """

    causes: list[Difference] = field(default_factory=list)
    effects: list[Difference] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.causes or self.effects)

    @property
    def why(self) -> str:
        """The reason, in a sentence."""
        if self.same:
            return "The two runs are the same."
        if not self.effects:
            return "They were not made of the same, and came to the same."
        kinds = list(dict.fromkeys(difference.kind for difference in self.causes))
        if not kinds:
            return "They were made of the same and came to something else: a strategy or scanner is not deterministic."
        return f"They part because of other {' and '.join(kinds)}."

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        plain = [
            [{name: getattr(one, name) for name in one.__slots__} for one in part]
            for part in (self.causes, self.effects)
        ]
        return {"same": self.same, "why": self.why, "counts": self.counts, "causes": plain[0], "effects": plain[1]}

    def __str__(self) -> str:
        lines = [self.why]
        for difference in (*self.causes, *self.effects):
            lines.append(str(difference))
        more = [f"{count:,} {kind}" for kind, count in self.counts.items() if count > SHOWN]
        return "\n".join(lines + ([f"of {', '.join(more)} the first {SHOWN} are shown"] if more else []))


def diff(one: Path, two: Path) -> Parting:
    """Compare two run folders.

    Raises
    ------
    SessionError
        If one of them is not the folder of a run.
    """
    left, right = _Run(one), _Run(two)
    parting = Parting()
    _gather(parting, parting.causes, _facts(left, right))
    _gather(parting, parting.causes, _bars(left, right))
    _gather(parting, parting.effects, _values(left, right))
    _gather(parting, parting.effects, _listed("request", left, right, _requests))
    _gather(parting, parting.effects, _listed("signal", left, right, _signals))
    _gather(parting, parting.effects, _digests(left, right))
    return parting


class _Run:
    """What a run folder holds, read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        missing = [name for name in (RECEIPT, BARS, VALUES, "report.json") if not (folder / name).is_file()]
        if missing:
            what = f"is not the folder of a finished run: there is no {missing[0]}."
            raise SessionError(Problem(str(folder), what, "Give a folder that openbell run wrote.", code="no_run"))
        self.receipt: dict[str, Any] = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
        self.report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))

    def table(self, name: str) -> "pl.DataFrame":
        import polars as pl

        return pl.read_parquet(self.folder / name)


def _gather(parting: Parting, part: list[Difference], found: Iterator[Difference]) -> None:
    for difference in found:
        count = parting.counts.get(difference.kind, 0) + 1
        parting.counts[difference.kind] = count
        if count <= SHOWN:
            part.append(difference)


def _facts(one: _Run, two: _Run) -> Iterator[Difference]:
    for kind, section in (("versions",) * 2, ("calendar",) * 2, ("actions",) * 2, ("file", "files")):
        left, right = one.receipt.get(section, {}), two.receipt.get(section, {})
        for name in sorted({*left, *right}):
            if left.get(name) != right.get(name):
                yield Difference(kind, name, str(left.get(name, "not there")), str(right.get(name, "not there")))
    was, became = ((run.folder / "session.toml").read_text(encoding="utf-8").splitlines() for run in (one, two))
    lines = list(unified_diff(was, became, lineterm="", n=0))[2:]
    changed = [line for line in lines if line[:1] in "+-"]
    if changed:
        removed, added = ([line[1:] for line in changed if line[0] == sign] for sign in "-+")
        yield Difference("session file", "session.toml", "; ".join(removed) or "nothing", "; ".join(added) or "nothing")


def _bars(one: _Run, two: _Run) -> Iterator[Difference]:
    key = ["symbol", "interval", "session"]
    left, right = (run.table(BARS).group_by(key).last().select(*key, "day", "bars", "hash") for run in (one, two))
    joined = left.join(right, on=key, how="full", coalesce=True, suffix="_two").sort("session", *key[:2])
    for row in joined.iter_rows(named=True):
        if row["hash"] != row["hash_two"]:
            where = f"{row['symbol']} {row['interval']} of {row['session']}"
            bar = _first_bar(one, two, row)
            if bar is not None:
                yield Difference("bars", f"{where}, {bar[0]}", *bar[1:])
            else:
                yield Difference("bars", where, *(_count(row[name]) for name in ("bars", "bars_two")))


def _count(bars: int | None) -> str:
    return "not held" if bars is None else f"{bars} bars (run with --keep-state to see which differ)"


def _first_bar(one: _Run, two: _Run, row: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The first bar that differs, where both runs kept their state."""
    import polars as pl

    frames = []
    for run, day in ((one, row["day"]), (two, row["day_two"])):
        path = run.folder / "state" / str(day) / f"{row['interval']}.parquet"
        if not path.is_file():
            return None
        frames.append(pl.read_parquet(path).filter(pl.col("symbol") == row["symbol"]))
    joined = frames[0].join(frames[1], on="ts", how="full", coalesce=True, suffix="_two").sort("ts")
    for bar in joined.iter_rows(named=True):
        left, right = ([bar[name + suffix] for name in FIELDS] for suffix in ("", "_two"))
        if repr(left) != repr(right):
            return f"bar {bar['ts']:%Y-%m-%d %H:%M:%S} UTC", _words(left), _words(right)
    return None


def _words(bar: list[float | None]) -> str:
    if bar[0] is None:
        return "no bar"
    return ", ".join(f"{name} {value!r}" for name, value in zip(FIELDS, bar, strict=True))


def _values(one: _Run, two: _Run) -> Iterator[Difference]:
    key = ["day", "symbol", "indicator", "output"]
    joined = one.table(VALUES).join(two.table(VALUES), on=key, how="full", coalesce=True, suffix="_two").sort(key)
    for row in joined.iter_rows(named=True):
        if repr(row["value"]) != repr(row["value_two"]):
            where = f"{row['symbol']} {row['indicator']} {row['output']} at the end of {row['day']}"
            kind = "aggregate" if row["output"].startswith(FIGURE) else "indicator"
            yield Difference(kind, where, *(_shown(row[name]) for name in ("value", "value_two")))


def _shown(value: float | None) -> str:
    return "not there" if value is None else repr(value)


def _listed(kind: str, one: _Run, two: _Run, rows_of: Any) -> Iterator[Difference]:
    """The first place at which two lists part; what follows is not told one by one."""
    left, right = rows_of(one), rows_of(two)
    for place in range(max(len(left), len(right))):
        was, became = (rows[place] if place < len(rows) else "none" for rows in (left, right))
        if was != became:
            yield Difference(kind, f"number {place + 1} of {len(left)} and {len(right)}", was, became)
            return


def _requests(run: _Run) -> list[str]:
    names = ("at", "source", "operation", "symbol", "status")
    return [" ".join(str(one[name]) for name in names) for day in run.report["days"] for one in day["requests"]]


def _signals(run: _Run) -> list[str]:
    names = ("exchange_time", "source", "action", "symbol", "quantity", "weight", "price", "reason", "meta")
    table = run.table("signals.parquet").select(names)
    return [" ".join(str(value) for value in row if value not in (None, "", "{}")) for row in table.iter_rows()]


def _digests(one: _Run, two: _Run) -> Iterator[Difference]:
    left, right = ({day["date"]: day["digest"] for day in run.report["days"]} for run in (one, two))
    for day in sorted({*left, *right}):
        if left.get(day) != right.get(day):
            yield Difference("digest", f"end of {day}", left.get(day, "not run"), right.get(day, "not run"))
