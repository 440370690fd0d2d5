"""Delimited text with a known layout: which column is what, and how its times are written.

1. `read_layout`: the file as columns; values that cannot be read become null, never a wrong number.
2. `_stamps`: the time columns as nanoseconds.
3. `_incoming`: one block per symbol; lines with too many fields are faults.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from openbell.bars.block import FIELDS, Block
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError
from openbell.store.formats.epochs import epoch_nanoseconds
from openbell.store.formats.format import Convention, Hints, Incoming, block_of, by_symbol, names_of
from openbell.store.formats.naming import interval_of, symbol_of
from openbell.store.formats.numbers import numbers_of
from openbell.store.formats.source import Source, as_stream, unreadable
from openbell.store.formats.times import EPOCH, TimeForm, nanoseconds, time_form, with_order

MIDNIGHT = "milliseconds of the day"
UNKNOWN = Convention(wall=True, zone=None, stamp=None)
_SAMPLE = 40
_COUNTED_AT_ONCE = 1 << 18
_TOO_LONG = "the line has more fields than there are columns"
_MILLISECOND = 1_000_000
_LONGEST_CLOCK = 6


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is in a delimited file.

    Parameters
    ----------
    columns
        The place of each of ``open high low close``, and perhaps ``volume`` and ``symbol``, counted from 0.
    time
        The places of the columns that make up the time; two are a date and a time of day.
    width
        How many columns there are.
    separator
        One character.
    header
        How many lines come before the first bar.
    pattern
        A pattern of strptime, ``epoch``, or `MIDNIGHT`; None to find it out.
    day
        The date that `MIDNIGHT` counts from, ns since 1970.
    convention
        What the stamps mean; when the times are instants their zone does not count.
    scale
        What prices are divided by.
    """

    columns: Mapping[str, int]
    time: tuple[int, ...]
    width: int
    separator: str = ","
    header: int = 0
    pattern: str | None = None
    day: int = 0
    convention: Convention = UNKNOWN
    scale: float = 1.0
    market: str | None = None
    interval: Interval | None = None
    symbol: str | None = None
    adjusted: bool = False
    notes: tuple[str, ...] = field(default=())


def read_layout(source: Source, layout: Layout, hints: Hints) -> list[Incoming]:
    """The bars of a file that has a layout.

    Raises
    ------
    StoreError
        If it is not text in columns, if its times have no form that is known, or if its symbol is nowhere.
    """
    frame = _table(source, layout)
    if not len(frame):
        raise StoreError(Problem(str(source), "holds no bars.", "Check that the file is complete.", code="empty"))
    stamps, form = _stamps(source, layout, frame)
    convention = _told(layout.convention, form, hints)
    prices = [pl.col(f"c{layout.columns[name]}").alias(name) for name in FIELDS[:4]]
    volume = pl.col(f"c{layout.columns['volume']}") if "volume" in layout.columns else pl.lit(None, pl.Float64)
    values = frame.select(stamps.alias("ts"), *prices, volume.alias("volume"))
    interval = hints.interval or layout.interval or interval_of(source, hints)
    shared = {
        "notes": layout.notes, "adjusted": layout.adjusted, "convention": convention, "market": layout.market,
        "form": f"{layout.separator} {layout.columns} {layout.time} {form.shape}", "order": form.order,
    }  # fmt: skip
    if "symbol" in layout.columns and hints.symbol is None:
        names = frame[f"c{layout.columns['symbol']}"]
        parts = by_symbol(values.with_columns(names.alias("symbol")))
        faults = _faults(frame, names)
        return [
            Incoming(
                name,
                interval,
                _scaled(block, layout.scale),
                faults=faults.get(name, {}),
                sound=sound and layout.scale == 1.0,
                step=step,
                **shared,  # type: ignore[arg-type]  # mixed
            )
            for name, block, sound, step in parts
        ]
    symbol = hints.symbol or layout.symbol or symbol_of(source, hints)
    faults = _faults(frame, None)
    block = _scaled(block_of(values), layout.scale)
    return [Incoming(symbol.upper(), interval, block, faults=faults.get("", {}), **shared)]  # type: ignore[arg-type]  # mixed


def _scaled(block: Block, scale: float) -> Block:
    # Not in polars: it multiplies by the reciprocal, and 841300 / 10000 is not 84.13 then.
    if scale == 1.0:
        return block
    return Block.of(block.ts, (*(price / scale for price in block.columns[:4]), block.volume))


def _table(source: Source, layout: Layout) -> pl.DataFrame:
    """The columns that are needed, as ``c0 c1 ...``, and ``fault``, true for a line with too many fields."""
    first = source.lines[layout.header] if len(source.lines) > layout.header else ""
    width = max(layout.width, first.count(layout.separator) + 1)
    numbers = [layout.columns[name] for name in FIELDS if name in layout.columns]
    schema: dict[str, type[pl.DataType]] = {f"c{place}": pl.String for place in range(width)}
    schema |= {f"c{place}": pl.Float64 for place in numbers}
    wanted = sorted({*numbers, *layout.time, *([layout.columns["symbol"]] if "symbol" in layout.columns else [])})
    content, separators = _unquoted(source, layout)
    comma = layout.separator != "," and _has_decimal_comma(source, layout)
    options = {"skip_lines": layout.header, "separator": layout.separator}
    frame = _read_csv(source, content, schema=schema, decimal_comma=comma, **options)
    complete = frame[f"c{width - 1}"].null_count() == 0
    frame = frame.select(f"c{place}" for place in wanted)
    unread = [name for name in (f"c{place}" for place in numbers) if frame[name].null_count()]
    if unread:
        texts = _read_csv(source, content, schema=dict.fromkeys(schema, pl.String), **options)
        frame = frame.with_columns(numbers_of(texts[name], decimal_comma=comma).alias(name) for name in unread)
    full = any(column.null_count() == 0 for column in frame)
    if complete and separators == (width - 1) * len(frame):
        # No line is too short, so none can make up for one that is too long.
        frame = frame.with_columns(pl.lit(False).alias("fault"))
    else:
        frame = frame.with_columns(_too_long(source, content, layout, width, len(frame)))
    return frame if full else frame.filter(~pl.all_horizontal(pl.exclude("fault").is_null()) | pl.col("fault"))


def _unquoted(source: Source, layout: Layout) -> tuple[Path | bytes, int | None]:
    """The text without quotation marks, so that every line is a row, whatever is wrong with it; and its separators.

    These are counted below the header while the text is at hand, None for one that polars decompresses.
    """
    text = source.text()
    if source.is_zstd and b'"' not in source.head:
        return text, None
    separator = layout.separator.encode()
    content = source.bytes() if isinstance(text, Path) else text
    if b'"' not in content:
        return text, None if source.is_zstd else _count(content, separator, layout.header)
    if re.search(rb'"[^"\n]*' + re.escape(separator) + rb'[^"\n]*"', content) is not None:
        # Only thousands are written like that: "1,234.5" is one number.
        content = re.sub(rb'"([^"\n]*)"', lambda field: field[1].replace(separator, b""), content)
    content = content.replace(b'"', b"")
    return content, None if source.is_zstd else _count(content, separator, layout.header)


def _count(content: bytes, separator: bytes, header: int) -> int:
    """How often one character is in the lines below a header.

    `bytes.count` takes four times as long where it is every tenth.
    """
    begin = 0
    for _ in range(header):
        begin = content.find(b"\n", begin) + 1 or len(content)
    if len(separator) != 1:
        return content.count(separator, begin)
    text = np.frombuffer(content, np.uint8)[begin:]
    parts = (text[start : start + _COUNTED_AT_ONCE] for start in range(0, len(text), _COUNTED_AT_ONCE))
    return sum(int(np.count_nonzero(part == separator[0])) for part in parts)


# Any: options of polars, passed on.
def _read_csv(source: Source, content: Path | bytes, **options: Any) -> pl.DataFrame:
    try:
        return pl.read_csv(
            as_stream(content),
            has_header=False,
            ignore_errors=True,
            missing_columns="insert",
            quote_char=None,
            truncate_ragged_lines=True,
            encoding="utf8-lossy",
            **options,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise unreadable(str(source), "text in columns", str(error)) from error


def _too_long(source: Source, content: Path | bytes, layout: Layout, width: int, rows: int) -> pl.Series:
    """Which lines have more separators than there are columns."""
    lines = _read_csv(source, content, skip_lines=layout.header, schema={"line": pl.String}, separator="\x1f")["line"]
    if len(lines) != rows:
        what = f"has {len(lines):,} lines but {rows:,} rows."
        raise StoreError(Problem(str(source), what, "Remove what breaks its lines.", code="lines"))
    return (lines.str.count_matches(layout.separator, literal=True) >= width).fill_null(False).alias("fault")


def _has_decimal_comma(source: Source, layout: Layout) -> bool:
    fields = [line.split(layout.separator) for line in source.lines[layout.header : layout.header + _SAMPLE]]
    values = [row[layout.columns["close"]].strip(' "') for row in fields if len(row) > layout.columns["close"]]
    # 1.234,5 is written with a decimal comma, and 1,234.5 is not.
    return bool(values) and all("," in value and value.rfind(".") < value.rfind(",") for value in values)


def _stamps(source: Source, layout: Layout, frame: pl.DataFrame) -> tuple[pl.Series, TimeForm]:
    if layout.pattern == MIDNIGHT:
        milliseconds = frame[f"c{layout.time[0]}"].str.strip_chars().cast(pl.Int64, strict=False)
        return milliseconds * _MILLISECOND + layout.day, TimeForm(MIDNIGHT, False)
    texts = frame[f"c{layout.time[0]}"]
    if len(layout.time) > 1:
        date, *clock = (frame[f"c{place}"] for place in layout.time)
        texts = pl.select(pl.concat_str([date, *map(_padded, clock)], separator=" "))[:, 0]
    found = time_form(_spread(texts))
    if layout.pattern is not None:
        given = layout.pattern
        found = TimeForm(given, given == EPOCH or "%z" in given, not any(sign in given for sign in ("%H", "%I")))
    if found is None:
        what = f"its times are written in no form that is known; the first one is {texts[0]!r}."
        fix = 'Say which one with a layout file: --format layout.toml with time_format = "%Y-%m-%d %H:%M".'
        raise StoreError(Problem(str(source), what, fix, code="time_form"))
    if layout.pattern is None:
        found = with_order(found, texts)
    return (epoch_nanoseconds(texts) if found.pattern == EPOCH else nanoseconds(texts, found)), found


def _padded(clock: pl.Series) -> pl.Series:
    """``930`` as ``0930``, ``93000`` as ``093000``; other texts as they are."""
    digits = clock.str.strip_chars()
    longest = int(digits.str.len_chars().max() or 0)  # type: ignore[arg-type]  # of a column of numbers
    if longest > _LONGEST_CLOCK or not digits.str.contains(r"^\d*$").all():
        return clock
    return digits.str.zfill(4 if longest <= 4 else _LONGEST_CLOCK)


def _spread(texts: pl.Series) -> list[str]:
    """Some values from all over a column."""
    step = max(1, len(texts) // (2 * _SAMPLE))
    chosen = texts.head(_SAMPLE).to_list() + texts.gather_every(step).to_list()
    return [text for text in chosen if text is not None]


def _told(convention: Convention, form: TimeForm, hints: Hints) -> Convention:
    """The convention of a layout with what the file's times and the user say."""
    if hints.timezone is not None:
        return Convention(True, hints.timezone, hints.stamp or convention.stamp)
    zone = "UTC" if form.instant else form.zone or convention.zone
    return Convention(not form.instant, zone, hints.stamp or convention.stamp)


def _faults(frame: pl.DataFrame, names: pl.Series | None) -> dict[str, dict[int, str]]:
    """Lines with more fields than columns, per symbol by their place among the symbol's rows."""
    rows = np.flatnonzero(frame["fault"].to_numpy()).tolist()
    if not rows:
        return {}
    if names is None:
        return {"": dict.fromkeys(rows, _TOO_LONG)}
    names = names_of(names)
    places = pl.DataFrame({"name": names}).select(pl.int_range(pl.len()).over("name"))[:, 0]
    faults: dict[str, dict[int, str]] = {}
    for row in rows:
        faults.setdefault(names[row], {})[places[row]] = _TOO_LONG
    return faults


def columns_by_name(names: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The place of each wanted column that is there, by the names it may have, the best name first."""
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    found = {}
    for field_name, aliases in wanted.items():
        known = [places[alias] for alias in aliases if alias in places]
        if known:
            found[field_name] = known[0]
    return found
