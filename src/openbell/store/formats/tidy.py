"""Tidy bars: the columns ``ts open high low close volume``, in Parquet files named ``<interval>/<SYMBOL>.parquet``,
or in frames."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from openbell.bars.block import FIELDS
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError
from openbell.store.formats.format import COLUMNS, Convention, Hints, Incoming, Part, block_of, by_symbol, cut
from openbell.store.formats.naming import interval_of
from openbell.store.formats.pages import check_file, check_pages
from openbell.store.formats.source import Source, as_stream, unreadable

_TIDY = Convention()
_ROWS_AT_ONCE = 1 << 20
_NEEDED = ("ts", "open", "high", "low", "close")


class TidyParquet:
    """Reader of tidy Parquet files."""

    name = "tidy"

    def recognises(self, source: Source) -> str | None:
        """By the first four bytes."""
        return "it begins as Parquet files do" if source.head.startswith(b"PAR1") else None

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, or as many as its column ``symbol`` names."""
        where = str(source.path)
        frame = _decoded(where, source)
        interval, convention = interval_of(source, hints), _told(hints)
        named = hints.symbol is None and "symbol" in frame.columns
        symbol = "" if named else hints.symbol or source.name
        return list(incoming_of(where, [(symbol, frame)], interval, convention))


def _decoded(where: str, source: Source) -> pl.DataFrame:
    try:
        if source.content is None:
            check_file(source.path)
        else:
            check_pages(source.content)
        return pl.read_parquet(as_stream(source.content or source.path), glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise unreadable(where, "Parquet", str(error)) from error


def _told(hints: Hints) -> Convention:
    """Tidy stamps are starts of bars in UTC, unless the user says otherwise."""
    return Convention(hints.timezone is not None, hints.timezone or "UTC", hints.stamp or "open")


# Any: frames of polars or pandas, which are not imported for their types.
def incoming_of(
    where: str, frames: Iterable[tuple[str, Any]], interval: Interval | None, convention: Convention = _TIDY
) -> Iterator[Incoming]:
    """The bars of tidy frames of polars or pandas, each with its symbol, ``""`` for those in its column ``symbol``.

    Frames of single symbols that follow one another are read as one where they are alike, a million rows at a time.

    Raises
    ------
    StoreError
        If a column is missing or holds something else.
    """
    for group in _together(frames):
        symbol, table = group[0]
        for name, block, sound, step in _singles(where, group) if symbol else _named(where, table):
            yield Incoming(name, interval, block, convention=convention, sound=sound, step=step)


_Named = tuple[str, pl.DataFrame]


def _together(frames: Iterable[tuple[str, Any]]) -> Iterator[list[_Named]]:
    """Frames to read as one; one with symbols of its own is alone."""
    group: list[_Named] = []
    rows = 0
    for symbol, frame in frames:
        table = frame if isinstance(frame, pl.DataFrame) else _from_pandas(frame)
        rows += len(table)
        if group and (rows > _ROWS_AT_ONCE or "" in (symbol, group[0][0])):
            yield group
            group, rows = [], len(table)
        group.append((symbol, table))
    if group:
        yield group


def _named(where: str, table: pl.DataFrame) -> Iterator[Part]:
    return by_symbol(_bars(where, table, named=True))


def _singles(where: str, group: Sequence[_Named]) -> Iterator[Part]:
    table = _joined([table for _, table in group])
    if table is None:
        for one in group:
            yield from _singles(where, [one])
        return
    lengths = np.array([len(table) for _, table in group], np.int64)
    yield from cut(block_of(_bars(where, table)), [symbol.upper() for symbol, _ in group], lengths)


def _joined(tables: Sequence[pl.DataFrame]) -> pl.DataFrame | None:
    """Tables as one, None where they are not alike; trying it is faster than asking each."""
    if len(tables) > 1 and any(isinstance(kind, pl.Decimal) for kind in tables[0].dtypes):
        return None  # polars takes decimals with more digits for alike, and cuts these off
    try:
        return pl.concat(tables)
    except (pl.exceptions.SchemaError, pl.exceptions.ShapeError):
        return None


# Any: as above.
def _from_pandas(frame: Any) -> pl.DataFrame:
    """The columns of a pandas frame, or of one whose index holds the stamps."""
    table = frame if "ts" in frame.columns else frame.rename_axis("ts").reset_index()
    columns: dict[str, pl.Series] = {}
    for name in table.columns:
        column = table[name]
        zone = getattr(column.dtype, "tz", None)
        plain = column.dt.tz_convert("UTC").dt.tz_localize(None) if zone is not None else column
        series = pl.Series(str(name), plain.to_numpy())
        columns[str(name)] = series.dt.replace_time_zone("UTC") if zone is not None else series
    return pl.DataFrame(columns)


def _holds_numbers(kind: pl.DataType) -> bool:
    """Whether values of a kind can be taken for numbers: text that holds some is, too."""
    return kind.is_numeric() or kind in (pl.String, pl.Null)


def _bars(where: str, frame: pl.DataFrame, *, named: bool = False) -> pl.DataFrame:
    needed = ("symbol", *_NEEDED) if named else _NEEDED
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        what = f"has no column {', '.join(missing)}; it has {', '.join(frame.columns) or 'none'}."
        raise StoreError(Problem(where, what, f"Name the columns {', '.join(COLUMNS)}.", code="columns"))
    stamps = frame["ts"].dtype
    if not isinstance(stamps, pl.Datetime):
        what = f"its column ts holds {stamps}, not moments in time."
        raise StoreError(Problem(where, what, "Write ts as timestamps in UTC.", code="columns"))
    # Without a zone the moments are taken as UTC, as the tidy form has them.
    zoned = pl.col("ts").dt.replace_time_zone("UTC") if stamps.time_zone is None else pl.col("ts")
    moments = zoned.dt.convert_time_zone("UTC").dt.cast_time_unit("ns").to_physical()
    volume = pl.col("volume") if "volume" in frame.columns else pl.lit(None).alias("volume")
    numbers = [(volume if name == "volume" else pl.col(name)).cast(pl.Float64) for name in FIELDS]
    other = [name for name in FIELDS if name in frame.columns and not _holds_numbers(frame.schema[name])]
    if other:
        what = f"its column {other[0]} holds {frame.schema[other[0]]}, not numbers."
        raise StoreError(Problem(where, what, "Write prices and volumes as numbers.", code="columns"))
    try:
        bars = frame.select(moments.alias("ts"), *numbers)
        return bars.with_columns(frame["symbol"].cast(pl.String)) if named else bars
    except pl.exceptions.PolarsError as error:
        raise unreadable(where, "Parquet", str(error)) from error
