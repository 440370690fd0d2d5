"""Tables of corporate actions: splits, dividends, listings, as vendors publish them.

A header says which form a table has: ``symbol, date, kind, value`` with one action a row; or a column for each kind
(``split``, ``split_from`` and ``split_to``, ``dividend``, ``listed``, ``delisted``) with empty fields. LEAN's factor
files have none: date, price factor, split factor and reference price, each for the dates up to the next row's.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from openbell.errors import Problem, StoreError
from openbell.market.actions import Action, Kind
from openbell.store.formats.format import Hints
from openbell.store.formats.source import Source

NAME = "actions"
_NAMES = {
    "symbol": ("symbol", "ticker", "code"),
    "date": ("date", "day", "ex_date", "exdate", "ex_dividend_date", "execution_date", "effective_date"),
    "kind": ("kind", "type", "action", "event"),
    "value": ("value", "ratio", "amount", "factor"),
    "split": ("split", "splits", "stock_splits", "split_ratio", "split_coefficient"),
    "split_from": ("split_from",),
    "split_to": ("split_to",),
    "dividend": ("dividend", "dividends", "dividend_amount", "cash_amount"),
    "listed": ("listed", "listing_date", "list_date", "ipodate", "ipo_date"),
    "delisted": ("delisted", "delisting_date", "delist_date", "delistingdate", "delisted_utc"),
}
_KINDS = {
    "split": Kind.SPLIT, "stock split": Kind.SPLIT, "forward split": Kind.SPLIT, "reverse split": Kind.SPLIT,
    "dividend": Kind.DIVIDEND, "cash dividend": Kind.DIVIDEND, "special dividend": Kind.DIVIDEND, "div": Kind.DIVIDEND,
    "listed": Kind.LISTED, "listing": Kind.LISTED, "ipo": Kind.LISTED,
    "delisted": Kind.DELISTED, "delisting": Kind.DELISTED,
}  # fmt: skip
_DATES = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d.%m.%Y")
_NONE = {"", "null", "none", "nan", "na", "n/a", "-"}
_RATIO = re.compile(r"^([0-9.]+)\s*(?::|/|-?\s*for\s*-?)\s*([0-9.]+)$")
_FACTOR_COLUMNS = 4
_LONGEST = 10_000
_STEADY = 1e-6  # factors are written with seven digits
_FRIDAY = 4
_LARGEST = 1e6  # new shares for one old, or the other way round; a dividend per share
_PRICES = {"open", "high", "low", "close"}


@dataclass(frozen=True, slots=True)
class _Form:
    """Where a table has what."""

    separator: str
    columns: Mapping[str, int]


def recognised(source: Source) -> str | None:
    """Why a file is a table of corporate actions; None when it is none."""
    if source.head.startswith(b"PAR1"):
        return None
    if _form_of(source) is not None:
        return "its header names dates and splits, dividends or listings, and no prices"
    return "it lies in a folder of factor files" if _is_factor_file(source) else None


def actions_in(source: Source, hints: Hints) -> list[Action]:
    """The actions of a table, in its order.

    Raises
    ------
    StoreError
        If a row is none: a table with an action missing would change prices without a word.
    """
    form = _form_of(source)
    if form is None and not _is_factor_row(source.lines):
        what = f"no columns for a symbol, a date and splits or dividends are found; it begins {source.lines[:1]!r}."
        fix = "Begin it with a header like: symbol,date,kind,value."
        raise StoreError(Problem(str(source), what, fix, code="columns"))
    text = source.bytes().decode(source.encoding, errors="replace").splitlines()
    if form is None:
        return list(_of_factors(source, text, hints.symbol or source.name.upper()))
    problems: list[Problem] = []
    actions: list[Action] = []
    for number, line in enumerate(text, start=1):
        row = next(csv.reader([line[:_LONGEST]], delimiter=form.separator), [])
        if number == 1 or not any(value.strip() for value in row):
            continue
        try:
            actions += _of_row(form.columns, [value.strip() for value in row], hints)
        except ValueError as error:
            fix = "Correct the row, or take it out; nothing of this file was taken."
            problems.append(Problem(f"{source}, line {number}", f"{error}.", fix, code="bad_action"))
    if problems:
        more = f" {len(problems) - 1} more rows are none either." if len(problems) > 1 else ""
        raise StoreError(replace(problems[0], what=problems[0].what + more))
    return actions


def _form_of(source: Source) -> _Form | None:
    """The form that a header tells of; None where it tells of prices, or of no actions."""
    for separator in (",", ";", "\t", "|"):
        cells = source.lines[0].lstrip("\ufeff").split(separator) if source.lines else []
        names = [re.sub(r"[\s-]+", "_", cell.strip().strip('"').lower()) for cell in cells]
        columns = {word: names.index(name) for word, known in _NAMES.items() for name in known[::-1] if name in names}
        told = {"kind", "value"} <= columns.keys() or bool({"split", "split_to", "dividend"} & columns.keys())
        dated = "date" in columns and told
        listed = "symbol" in columns and bool({"listed", "delisted"} & columns.keys())
        if (dated or listed) and not set(names) >= _PRICES:
            return _Form(separator, columns)
    return None


def _of_row(columns: Mapping[str, int], row: list[str], hints: Hints) -> Iterator[Action]:
    def cell(name: str) -> str:
        place = columns.get(name, len(row))
        text = row[place] if place < len(row) else ""
        return "" if text.lower() in _NONE else text

    symbol = (cell("symbol") or hints.symbol or "").upper()
    if not symbol:
        raise ValueError("names no symbol, and none was said with --symbol")
    if "kind" in columns:
        kind = _kind(cell("kind"))
        yield Action(symbol, _day(cell("date")), kind, _value(kind, cell("value")))
        return
    if cell("split_to"):
        yield Action(symbol, _day(cell("date")), Kind.SPLIT, _ratio(f"{cell('split_to')}/{cell('split_from') or 1}"))
    # Tables by day say 0, or a split of 1, where nothing happened.
    if cell("split") and _plain(cell("split")) not in (0.0, 1.0):
        yield Action(symbol, _day(cell("date")), Kind.SPLIT, _ratio(cell("split")))
    if cell("dividend") and _plain(cell("dividend")) != 0:
        yield Action(symbol, _day(cell("date")), Kind.DIVIDEND, _value(Kind.DIVIDEND, cell("dividend")))
    for name, kind in (("listed", Kind.LISTED), ("delisted", Kind.DELISTED)):
        if cell(name):
            yield Action(symbol, _day(cell(name)), kind)


def _kind(text: str) -> Kind:
    word = re.sub(r"[_-]+", " ", text.lower()).strip()
    if word not in _KINDS:
        raise ValueError(f"{text!r} is no kind of action; there are split, dividend, listed and delisted")
    return _KINDS[word]


def _day(text: str) -> date:
    for form in _DATES:
        try:
            day = datetime.strptime(text[:10], form).date()
        except ValueError:
            continue
        if 1800 < day.year < 2200:
            return day
    raise ValueError(f"{text!r} is not a date like 2020-08-31")


def _value(kind: Kind, text: str) -> float:
    if kind is Kind.SPLIT:
        return _ratio(text)
    if kind is not Kind.DIVIDEND:
        return 0.0
    amount = _plain(text)
    if amount is None or not 0 <= amount <= _LARGEST:
        raise ValueError(f"{text!r} is not an amount per share of 0 or more, like 0.24")
    return amount


def _ratio(text: str) -> float:
    """New shares for one old share, from ``4``, ``4:1``, ``4/1`` or ``4-for-1``."""
    found = _RATIO.match(text.lower())
    new, old = map(_plain, found.groups()) if found else (_plain(text), 1.0)
    if not new or not old or not 1 / _LARGEST <= new / old <= _LARGEST:
        raise ValueError(f"{text!r} is not a split like 4, 4:1 or 0.125: new shares for one old one")
    return new / old


def _plain(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_factor_file(source: Source) -> bool:
    return source.folders[:1] == ["factor_files"] and _is_factor_row(source.lines)


def _is_factor_row(lines: list[str]) -> bool:
    cells = lines[0].split(",") if lines else []
    return len(cells) == _FACTOR_COLUMNS and len(cells[0]) == 8 and all(_plain(cell) is not None for cell in cells)


def _of_factors(source: Source, lines: list[str], symbol: str) -> Iterator[Action]:
    """Factors apply up to their date; what changes them is an action of the next weekday."""
    rows: list[tuple[date, float, float, float]] = []
    for number, line in enumerate(lines, start=1):
        try:
            rows += [_factors(line)] if line.strip() else []
        except ValueError as error:
            what = f"is no row of a date, a price factor, a split factor and a price ({error})."
            problem = Problem(f"{source}, line {number}", what, "Fetch the file again.", code="bad_action")
            raise StoreError(problem) from error
    for (day, price, split, close), (_, next_price, next_split, _) in pairwise(rows):
        ex_date = _next_weekday(day)
        if abs(ratio := next_split / split - 1) > _STEADY:
            yield Action(symbol, ex_date, Kind.SPLIT, _rounded(1 + ratio))
        amount = close * split / next_split * (1 - price / next_price)
        if amount > 0 and abs(price / next_price - 1) > _STEADY:
            yield Action(symbol, ex_date, Kind.DIVIDEND, round(amount, 6))


def _factors(line: str) -> tuple[date, float, float, float]:
    day, *cells = line.split(",")
    price, split, close = (float(cell) for cell in cells)
    if not (1 / _LARGEST <= price <= _LARGEST and 1 / _LARGEST <= split <= _LARGEST and 0 <= close <= 1e12):
        raise ValueError(f"{line!r} has a figure that is out of range")
    return _day(day), price, split, close


def _next_weekday(day: date) -> date:
    return day + timedelta(days=max(1, 7 - day.weekday()) if day.weekday() >= _FRIDAY else 1)


def _rounded(ratio: float) -> float:
    """A ratio as it was announced: factors of seven digits give 1.9999989 for 2."""
    for old in range(1, 21):
        if abs(ratio * old - round(ratio * old)) < 1e-4 * ratio * old and round(ratio * old):
            return round(ratio * old) / old
    return ratio
