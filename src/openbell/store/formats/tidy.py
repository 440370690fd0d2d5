"""Tidy Parquet: the columns ``ts open high low close volume``, named ``<interval>/<SYMBOL>.parquet``."""

from collections.abc import Sequence

import polars as pl

from openbell.bars.block import FIELDS
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError
from openbell.store.formats.format import COLUMNS, Hints, Incoming, Source

_NEEDED = ("ts", "open", "high", "low", "close")


class TidyParquet:
    """Reader of tidy Parquet files."""

    name = "tidy"

    def recognises(self, source: Source) -> str | None:
        """By the first four bytes."""
        return "it begins as Parquet files do" if source.head.startswith(b"PAR1") else None

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, or as many as its column ``symbol`` names."""
        try:
            frame = pl.read_parquet(source.path, glob=False, hive_partitioning=False)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise _unreadable(source, str(error)) from error
        _check_columns(source, frame)
        interval = hints.interval or _interval_of(source)
        if "symbol" in frame.columns and hints.symbol is None and frame["symbol"].dtype == pl.String:
            parts = frame.partition_by("symbol", as_dict=True, maintain_order=True)
            return [Incoming(str(key[0]).upper(), interval, _bars(source, part)) for key, part in parts.items()]
        return [Incoming((hints.symbol or source.path.stem).upper(), interval, _bars(source, frame))]


def _check_columns(source: Source, frame: pl.DataFrame) -> None:
    missing = [name for name in _NEEDED if name not in frame.columns]
    if missing:
        what = f"has no column {', '.join(missing)}; it has {', '.join(frame.columns) or 'none'}."
        raise StoreError(Problem(str(source.path), what, f"Name the columns {', '.join(COLUMNS)}.", code="columns"))


def _interval_of(source: Source) -> Interval:
    try:
        return Interval.parse(source.parent)
    except ValueError:
        what = f"its interval is not known: the folder is called {source.parent!r}."
        fix = "Say it, as in --interval 1m, or put the file into a folder of that name."
        raise StoreError(Problem(str(source.path), what, fix, code="interval")) from None


def _bars(source: Source, frame: pl.DataFrame) -> pl.DataFrame:
    if "volume" not in frame.columns:
        frame = frame.with_columns(volume=pl.lit(float("nan")))
    stamps = frame["ts"].dtype
    if not isinstance(stamps, pl.Datetime):
        what = f"its column ts holds {stamps}, not moments in time."
        raise StoreError(Problem(str(source.path), what, "Write ts as timestamps in UTC.", code="columns"))
    # Without a zone the moments are taken as UTC, as the tidy form has them.
    zoned = pl.col("ts").dt.replace_time_zone("UTC") if stamps.time_zone is None else pl.col("ts")
    moments = zoned.dt.convert_time_zone("UTC").dt.cast_time_unit("ns").to_physical()
    try:
        return frame.select(moments.alias("ts"), *(pl.col(name).cast(pl.Float64) for name in FIELDS))
    except pl.exceptions.PolarsError as error:
        raise _unreadable(source, str(error)) from error


def _unreadable(source: Source, why: str) -> StoreError:
    first = why.strip().splitlines()[0] if why.strip() else "no reason given"
    fix = "Check that the file is complete, and fetch it again."
    return StoreError(Problem(str(source.path), f"cannot be read as Parquet ({first}).", fix, code="unreadable"))
