"""Indicators as plain functions over arrays and frames."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Union

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Floats
from openbell.bars.interval import Interval
from openbell.indicators.chain import Chain, Figures, Ints
from openbell.indicators.definition import CalendarFigure, Value
from openbell.indicators.registry import parse
from openbell.indicators.spec import IndicatorSpec

if TYPE_CHECKING:
    import polars

Column = Union[npt.ArrayLike, "polars.Series"]

_ANY = Interval.parse("1m")


def indicator(
    name: str | type,
    *,
    interval: str | Interval,
    column: str | None = None,
    input: IndicatorSpec | None = None,
    **params: Value,
) -> IndicatorSpec:
    """An indicator to ask a session for.

    Parameters
    ----------
    name
        A name of the catalogue (``openbell indicators`` lists them), or a class of your own.
    interval
        Of which bars, like ``"5m"``.
    column
        What it works on instead of its usual column; with ``input``, which of its outputs.
    input
        Another indicator of the same interval on whose output it works.
    params
        Its parameters; those with a default may be left out.

    Raises
    ------
    IndicatorError
        With every problem at once.

    Examples
    --------
    >>> ema = indicator("ema", interval="1h", period=20)
    >>> indicator("rsi", interval="60m", period=14, input=ema).key
    'rsi_14_of_ema_20_60m'
    """
    length = interval if isinstance(interval, Interval) else Interval.parse(interval)
    return parse(name, length, params, column, input)


def compute(
    what: "str | type | IndicatorSpec",
    frame: "polars.DataFrame | None" = None,
    *,
    open: Column | None = None,
    high: Column | None = None,
    low: Column | None = None,
    close: Column | None = None,
    volume: Column | None = None,
    session: npt.ArrayLike | None = None,
    column: str | None = None,
    outputs: Sequence[str] | None = None,
    **params: Value,
) -> Floats | dict[str, Floats]:
    """The values of an indicator over whole columns.

    Parameters
    ----------
    what
        A name with ``params``, a class of your own, or an `IndicatorSpec` (its interval plays no role here).
    frame
        A polars frame with columns named as below; a column that is given separately goes before the frame's.
    open, high, low, close, volume
        Oldest first, shape (bars,) or (symbols, bars); only those that the formula reads are needed.
    session
        The session of each bar as whole numbers, shape (bars,); without it all bars are of one session.
    column
        What it works on instead of its usual column.
    outputs
        Of an indicator with several, which ones, like ``("upper", "lower")``; none of the others takes time or memory.

    Returns
    -------
    Floats or dict of Floats
        Float64 of the columns' shape, NaN for the first ``lookback - 1`` bars; with several outputs a dict of them, in
        the order asked for, or declared. The formula starts at the first bar.

    Raises
    ------
    IndicatorError
        If the name or a parameter is wrong.
    ValueError
        If a column is missing, of another length, or holds NaN or an infinity.

    Examples
    --------
    >>> compute("sma", close=[1.0, 2.0, 3.0, 5.0], period=2).tolist()
    [nan, 1.5, 2.5, 4.0]
    >>> list(compute("bbands", close=[1.0, 2.0, 3.0, 5.0], period=2, outputs=("upper", "lower")))
    ['upper', 'lower']
    """
    spec = what if isinstance(what, IndicatorSpec) else parse(what, _ANY, params, column)
    if isinstance(what, IndicatorSpec) and (params or column):
        raise ValueError(f"{spec.key} already has its parameters; leave out {', '.join(params) or 'column'}")
    given = {"open": open, "high": high, "low": low, "close": close, "volume": volume}
    if frame is not None:
        given = {name: frame[name] if had is None and name in frame.columns else had for name, had in given.items()}
    tables = _tables(spec, given)
    bars = next(iter(tables.values())).shape[-1]
    slots, sessions = _places(session, bars)
    names = _wanted(spec, outputs)
    wanted = [spec.outputs.index(name) for name in names]
    values = _run(Chain.of(spec, _figures(spec, slots)), tables, slots, sessions, wanted)
    if len(spec.outputs) == 1:
        return values[0]
    return dict(zip(names, values, strict=True))


def _wanted(spec: IndicatorSpec, outputs: Sequence[str] | None) -> tuple[str, ...]:
    if outputs is None:
        return spec.outputs
    names = (outputs,) if isinstance(outputs, str) else tuple(dict.fromkeys(outputs))
    unknown = [name for name in names if name not in spec.outputs]
    if unknown or not names:
        said = ", ".join(map(repr, unknown)) or "nothing"
        raise ValueError(f"outputs of {spec.name} are {', '.join(spec.outputs)}; asked for {said}")
    return names


def _tables(spec: IndicatorSpec, given: Mapping[str, Column | None]) -> dict[str, Floats]:
    wanted = spec.needs.columns or ("close",)
    missing = [name for name in wanted if given[name] is None]
    if missing:
        raise ValueError(f"{spec.name} reads {', '.join(wanted)}; {', '.join(missing)} is missing")
    tables = {name: np.ascontiguousarray(given[name], np.float64) for name in wanted}
    first = next(iter(tables.values()))
    for name, table in tables.items():
        if table.ndim not in (1, 2):
            raise ValueError(f"{name} has {table.ndim} dimensions; give (bars,) or (symbols, bars)")
        if table.shape != first.shape:
            shapes = ", ".join(f"{n} {t.shape}" for n, t in tables.items())
            raise ValueError(f"columns must be of one shape, were {shapes}")
        _check_finite(name, table)
    return tables


def _check_finite(name: str, table: Floats) -> None:
    finite = np.isfinite(table)
    if finite.all():
        return
    place = tuple(np.argwhere(~finite)[0].tolist())
    where = f"bar {place[-1]}" + (f" of row {place[0]}" if len(place) > 1 else "")
    if np.isnan(table[place]):
        raise ValueError(f"{name} is NaN at {where}; leave out bars that are not there")
    raise ValueError(f"{name} is {table[place]} at {where}; correct or leave out bars that are not finite")


def _places(session: npt.ArrayLike | None, bars: int) -> tuple[Ints, Ints]:
    """Slots and sessions of the bars; the slot counts from the session's first bar."""
    if session is None:
        return np.arange(bars), np.zeros(bars, np.int64)
    given = np.asarray(session)
    if given.shape != (bars,):
        raise ValueError(f"session has shape {given.shape}, must be ({bars},)")
    if given.dtype.kind not in "iu":
        raise ValueError(f"session is {given.dtype}; give whole numbers, one per bar")
    sessions = np.ascontiguousarray(given, np.int64)
    starts = np.flatnonzero(np.diff(sessions, prepend=sessions[:1] - 1))
    firsts = np.repeat(starts, np.diff(np.append(starts, bars)))
    return np.arange(bars) - firsts, sessions


def _figures(spec: IndicatorSpec, slots: Ints) -> Figures:
    def figure(wanted: CalendarFigure, _: Interval) -> float:
        if wanted is CalendarFigure.BARS_PER_SESSION:
            return float(slots.max(initial=0)) + 1.0
        names = [p.name for link in spec.chain for p in link.definition.params if p.calendar is wanted]
        raise ValueError(f"{spec.name} needs {', '.join(names)}: arrays have no calendar to take it from")

    return figure


def _run(chain: Chain, tables: dict[str, Floats], slots: Ints, sessions: Ints, wanted: Sequence[int]) -> list[Floats]:
    any_table = next(iter(tables.values()))
    columns = [tables.get(name, any_table) for name in FIELDS]
    if any_table.ndim == 1:
        values = chain.run(chain.fresh(), tuple(columns), slots, sessions)[0]
        return [values[i] for i in wanted]
    return chain.table(tuple(columns), slots, sessions, wanted)
