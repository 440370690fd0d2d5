"""The session file's keys: what each may hold, said once for checking, for messages and for the JSON schema.

A field's description is the sentence that tells a user what to write; it begins where "Write ..." leaves off.
"""

import math
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from openbell.config.fields import (
    ClassName,
    Day,
    Figure,
    FileName,
    Intervals,
    IntervalText,
    Market,
    Params,
    SomeSymbols,
    Span,
    Store,
    Symbols,
    TimeOfDay,
    Universe,
    folder_of,
    refused,
)
from openbell.config.session_file import Mode
from openbell.errors import IndicatorError, Problem
from openbell.indicators import aggregates, own, registry
from openbell.indicators.aggregates import Early
from openbell.indicators.definition import Definition
from openbell.indicators.spec import IndicatorSpec
from openbell.market.actions import Prices
from openbell.market.session import Hours

_SOME_SYMBOLS = 'symbols = "all", or a list of symbols without repetition like ["AAPL", "MSFT"]'


class Table(BaseModel):
    """A table of the file: keys that are not known are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Backtest(Table):
    """``[backtest]``."""

    start: Day = Field(description="the first day, like start = 2024-07-01.")
    end: Day = Field(description="the last day, like end = 2024-07-03; it counts, too.")
    speed: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] = Field(
        default=0.0, description="a number: 0 for as fast as possible, 1 for real time, 60 for an hour a minute."
    )

    @field_validator("end")
    @classmethod
    def _in_order(cls, end: date, info: ValidationInfo) -> date:
        start = info.data.get("start")
        if start is not None and end < start:
            what = f"was {end}, which is before start = {start}."
            raise refused(Problem("", what, "Write a day that is not before the start.", code="dates"))
        return end


class Session(Table):
    """``[session]``."""

    symbols: Symbols = Field(
        default=[], description='a list of symbols without repetition, like symbols = ["AAPL", "MSFT"].'
    )
    intervals: Annotated[Intervals, Field(min_length=1)] = Field(
        description='a list of one or more intervals, like intervals = ["1m", "5m", "1d"].'
    )
    hours: Hours = Field(default=Hours.REGULAR, description='hours = "regular" or hours = "extended".')
    completeness: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(
        default=0.0, description="the share of base bars that a derived bar needs, from 0.0 to 1.0."
    )
    prices: Prices = Field(
        default=Prices.RAW, description='prices = "raw", "splits", or "adjusted" for splits and dividends.'
    )


class History(Table):
    """One ``[[history]]``."""

    days: Annotated[int, Field(strict=True, ge=1)] = Field(
        description="how many trading days before each session day, 1 or more, like days = 30."
    )
    intervals: Annotated[Intervals, Field(min_length=1)] = Field(
        description='a list of one or more intervals, like intervals = ["1m"].'
    )
    symbols: SomeSymbols = Field(default=None, description=f"{_SOME_SYMBOLS}.")


class Quality(Table):
    """``[quality]``."""

    history: Annotated[bool, Field(strict=True)] = Field(default=True, description="true or false.")
    session: Annotated[bool, Field(strict=True)] = Field(default=True, description="true or false.")


class Budget(Table):
    """``[budget]``."""

    max_symbols: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="how many symbols there may be at once, like max_symbols = 500."
    )
    max_megabytes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="how much memory their bars may take, like max_megabytes = 2000."
    )


class Input(Table):
    """What an indicator is computed from instead of a column: another indicator of the same interval."""

    name: Annotated[str, Field(strict=True)] | None = Field(
        default=None, description="an indicator's name; openbell indicators lists them."
    )
    use: ClassName | None = Field(
        default=None, description='instead of a name an indicator of your own, like use = "indicators.py:Mine".'
    )
    params: Params = Field(default={}, description="a table of parameters, like params = { period = 14 }.")
    column: Annotated[str, Field(strict=True)] | None = Field(
        default=None, description='a column of bars, like "close".'
    )
    input: "Input | None" = Field(
        default=None, description='a table like input = { name = "ema", params = { period = 20 } }.'
    )


class Indicator(Input):
    """One ``[[indicators]]``."""

    interval: IntervalText = Field(description='an interval, like interval = "5m".')
    keep: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true to keep every value of the day, false to keep the last one."
    )
    symbols: SomeSymbols = Field(default=None, description=f"{_SOME_SYMBOLS}.")

    _spec: IndicatorSpec = PrivateAttr()

    @property
    def spec(self) -> IndicatorSpec:
        """What is computed."""
        return self._spec

    @model_validator(mode="after")
    def _known(self, info: ValidationInfo) -> Self:
        self._spec = self._parsed(self, "", folder_of(info))
        return self

    def _parsed(self, wish: Input, place: str, folder: Path) -> IndicatorSpec:
        inner = None if wish.input is None else self._parsed(wish.input, f"{place}input.", folder)
        made = _definition(wish, place, folder)
        try:
            # The registry says itself what it thinks of a parameter's type.
            spec = registry.parse(made, self.interval, wish.params, wish.column, inner)  # type: ignore[arg-type]
            # A user's lookback and the like are asked here for the first time.
            _ = spec.needs
        except IndicatorError as error:
            raise refused(*(_placed(problem, wish, made, place) for problem in error.problems)) from error
        return spec


class Aggregate(Table):
    """One ``[[aggregates]]``."""

    name: Annotated[str, Field(strict=True, min_length=1)] = Field(
        description='what it is read by, like name = "avg_volume".'
    )
    column: Annotated[str, Field(strict=True)] = Field(
        description=f"a column of sessions: {', '.join(aggregates.COLUMNS)}."
    )
    statistic: Annotated[str, Field(strict=True)] = Field(
        default="mean", description=f"one of {', '.join(aggregates.STATISTICS)}."
    )
    days: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="over how many sessions before today, 1 or more, like days = 10."
    )
    weeks: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="over how many weeks before today, 1 or more, like weeks = 52."
    )
    per: Annotated[str, Field(strict=True)] = Field(
        default="session", description='per = "session", or per = "minute" for a curve over the day.'
    )
    early: Early = Field(default=Early.KEEP, description='early = "keep", "skip" or "scale": what early closes are.')
    symbols: SomeSymbols = Field(default=None, description=f"{_SOME_SYMBOLS}.")

    _aggregate: aggregates.Aggregate = PrivateAttr()

    @property
    def aggregate(self) -> aggregates.Aggregate:
        """What is computed."""
        return self._aggregate

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            self._aggregate = aggregates.Aggregate(
                self.column, self.statistic, self.days, self.weeks, self.per, self.early
            )
        except IndicatorError as error:
            raise refused(*(self._placed(problem) for problem in error.problems)) from error
        return self

    def _placed(self, problem: Problem) -> Problem:
        key = next((word for word in re.findall(r"\w+", problem.what) if word in type(self).model_fields), "")
        return Problem(key, f"{problem.what}.", problem.fix, code=problem.code)


class Strategy(Table):
    """One ``[[strategies]]``."""

    use: ClassName = Field(
        description='a class and where it is, like "strategies.py:Crossover" or "package.module:Name".'
    )
    params: Params = Field(default={}, description="a table of arguments, like params = { fast = 10 }.")
    faults_allowed: Annotated[int, Field(strict=True, ge=1)] = Field(
        default=3, description="after how many exceptions it is called no more, like faults_allowed = 3."
    )
    slow_after: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=0.1, description="after how many seconds a call counts as slow, like slow_after = 0.1."
    )


class Filter(Table):
    """``where`` of a scanner: figures over the sessions before today."""

    days: Annotated[int, Field(strict=True, ge=1)] = Field(default=20, description="over how many sessions, like 20.")
    min_price: Figure = Field(default=0.0, description="the least last close, like min_price = 5.")
    max_price: Figure = Field(default=math.inf, description="the highest last close, like max_price = 500.")
    min_volume: Figure = Field(default=0.0, description="the least mean daily volume, like min_volume = 500000.")
    max_volume: Figure = Field(default=math.inf, description="the highest mean daily volume.")
    min_range: Figure = Field(default=0.0, description="the least mean of (high - low) / close, like min_range = 0.01.")
    max_range: Figure = Field(default=math.inf, description="the highest mean of (high - low) / close.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for figure in ("price", "volume", "range"):
            least, most = getattr(self, f"min_{figure}"), getattr(self, f"max_{figure}")
            if least > most:
                what = f"was {most:g}, which is below min_{figure} = {least:g}: no symbol would pass."
                raise refused(Problem(f"max_{figure}", what, "Write a larger one.", code="limits"))
        return self


class Scanner(Strategy):
    """One ``[[scanners]]``."""

    pre_session: Annotated[bool, Field(strict=True)] = Field(default=False, description="true or false.")
    every: Span | None = Field(default=None, description='a length of time, like every = "5m".')
    from_: TimeOfDay | None = Field(default=None, alias="from", description='a time, like from = "09:35".')
    until: TimeOfDay | None = Field(default=None, description='a time, like until = "15:55".')
    at: list[TimeOfDay] = Field(default=[], description='a list of times, like at = ["10:00", "12:30"].')
    universe: Universe = Field(
        default=None, description='universe = "all", a list of symbols, or a file of symbols like "names.txt".'
    )
    where: Filter = Field(default=Filter(), description="a table like where = { min_price = 5, min_volume = 500000 }.")
    most_held: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="how many symbols it holds in full at once, like most_held = 20."
    )
    minimum_stay: Span | None = Field(default=None, description='a length of time, like minimum_stay = "30m".')
    cool_down: Span | None = Field(default=None, description='a length of time, like cool_down = "15m".')

    @model_validator(mode="after")
    def _scheduled(self) -> Self:
        if not (self.pre_session or self.every or self.at):
            what = "says not when it scans."
            fix = 'Write pre_session = true, every = "5m" or at = ["10:00"].'
            raise refused(Problem("", what, fix, code="no_schedule"))
        if self.every is None and (self.from_ or self.until):
            raise refused(Problem("", "has from or until, and no every.", 'Write every = "5m", too.', code="no_every"))
        if self.from_ and self.until and self.until < self.from_:
            what = f"was {self.until:%H:%M}, which is before from = {self.from_:%H:%M}."
            raise refused(Problem("until", what, "Write a later time.", code="times"))
        return self


class Document(Table):
    """The whole file."""

    name: FileName = Field(default="session", description="a name for the run; its folder is called so.")
    market: Market = Field(description='the code of an exchange like market = "XNYS", or "24/7", or "FOREX".')
    mode: Mode = Field(default=Mode.BACKTEST, description='mode = "backtest".')
    store: Store = Field(description='the folder of bars, relative to this file, like store = "data".')
    backtest: Backtest = Field(description="a table [backtest] with start and end.")
    session: Session = Field(description="a table [session] with symbols and intervals.")
    history: list[History] = Field(default=[], description="each history as a table of its own, [[history]].")
    quality: Quality = Field(default=Quality(), description="a table [quality] with history and session.")
    budget: Budget = Field(default=Budget(), description="a table [budget] with max_symbols or max_megabytes.")
    indicators: list[Indicator] = Field(default=[], description="each indicator as a table of its own, [[indicators]].")
    aggregates: list[Aggregate] = Field(default=[], description="each figure as a table of its own, [[aggregates]].")
    scanners: list[Scanner] = Field(default=[], description="each scanner as a table of its own, [[scanners]].")
    strategies: list[Strategy] = Field(default=[], description="each strategy as a table of its own, [[strategies]].")


_PLACES = {"unknown_column": "column", "not_sourced": "column"}
_ABOUT_PARAMS = {"unknown_parameter", "missing_parameter", "bad_parameter"}


def _definition(wish: Input, place: str, folder: Path) -> Definition:
    """What an indicator's name or use stands for; exactly one of them is there."""
    if wish.name is not None and wish.use is not None:
        what = f"stands beside name = {wish.name!r}; an indicator has one of the two."
        raise refused(Problem(f"{place}use", what, "Take one of them out.", code="name_and_use"))
    if wish.name is None and wish.use is None:
        description = Input.model_fields["name"].description
        raise refused(Problem(f"{place}name", "is missing.", f"Write {description}", code="missing_key"))
    try:
        return own.load(wish.use, folder) if wish.use is not None else registry.definition(str(wish.name))
    except IndicatorError as error:
        key, word = ("name", wish.name) if wish.use is None else ("use", None)
        raise refused(*(_told(problem, f"{place}{key}", word) for problem in error.problems)) from error


def _told(problem: Problem, where: str, word: str | None) -> Problem:
    return Problem(where, f"{word or problem.where}: {problem.what}.", problem.fix, code=problem.code)


def _placed(problem: Problem, wish: Input, made: Definition, place: str) -> Problem:
    if problem.code == "bad_definition":
        return _told(problem, f"{place}use", None)
    key = _PLACES.get(problem.code, "")
    if problem.code in _ABOUT_PARAMS:
        names = {*wish.params, *(param.name for param in made.params)}
        named = next((word for word in re.findall(r"\w+", problem.what) if word in names), None)
        key = "params" if named is None else f"params.{named}"
    return Problem(f"{place}{key}".rstrip("."), f"{made.name}: {problem.what}.", problem.fix, code=problem.code)
