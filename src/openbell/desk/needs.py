"""What users' code says that it needs, before the first day."""

from collections.abc import Iterable
from typing import Self

from openbell.bars.interval import Interval
from openbell.config.session_file import AggregateRule, HistoryRule, IndicatorRule
from openbell.desk.conditions import Comparison, Condition
from openbell.indicators.aggregates import Aggregate
from openbell.indicators.compute import indicator
from openbell.indicators.spec import IndicatorSpec


class Needs:
    """Declares what every symbol must bring; handed to ``setup``.

    What is declared belongs to every full symbol from then on, whether the session file names it or somebody adds it
    in the middle of a day, and is provisioned together with it.

    Parameters
    ----------
    owner
        Who declares, like ``strategy:Crossover``.

    Examples
    --------
    >>> needs = Needs("strategy:Crossover")
    >>> needs.indicator("sma", interval="5m", period=20).key
    'sma_20_5m'
    >>> [str(rule.spec) for rule in needs.indicators]
    ['sma_20_5m']
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.indicators: list[IndicatorRule] = []
        self.history: list[HistoryRule] = []
        self.aggregates: list[AggregateRule] = []
        self.minimum_quality: float | None = None
        self.intervals: frozenset[Interval] | None = None
        self.conditions: list[Condition] = []

    # object: parameters may be anything that a definition takes, and the registry says what it thinks of each.
    def indicator(
        self,
        name: str | type | IndicatorSpec,
        *,
        keep: bool = False,
        symbols: Iterable[str] | None = None,
        **words: object,
    ) -> IndicatorSpec:
        """An indicator for every full symbol; what is returned is the handle to read it by.

        Parameters
        ----------
        name
            A name of the catalogue with ``interval`` and parameters as words, or what `openbell.indicator` made.
        keep
            Whether every value of the day is kept, not only the current one.
        symbols
            Only for these.
        """
        spec = name if isinstance(name, IndicatorSpec) else indicator(name, **words)  # type: ignore[arg-type]
        self.indicators.append(IndicatorRule(spec, keep, _some(symbols)))
        return spec

    def bars(
        self, interval: str | Interval, *, days: int = 0, bars: int = 0, symbols: Iterable[str] | None = None
    ) -> Self:
        """Bars of an interval, with so many trading days of history, or so many bars of it, whichever is more.

        Raises
        ------
        ValueError
            If the interval is none, or an amount is negative.
        """
        if days < 0 or bars < 0:
            raise ValueError(f"days and bars must be 0 or more, were {days} and {bars}")
        parsed = interval if isinstance(interval, Interval) else Interval.parse(interval)
        self.history.append(HistoryRule(days, (parsed,), _some(symbols), bars, f"declared by {self.owner}"))
        return self

    def aggregate(
        self,
        name: str,
        column: str,
        statistic: str = "mean",
        *,
        days: int | None = None,
        weeks: int | None = None,
        per: str = "session",
        early: str = "keep",
        symbols: Iterable[str] | None = None,
    ) -> str:
        """A figure over past sessions, ready before the open: as under ``[[aggregates]]``.

        Parameters
        ----------
        name
            What it is read by: ``bars.aggregate(name)``; also what is returned.
        column, statistic, days, weeks, per, early
            As of `openbell.indicators.aggregates.Aggregate`.
        symbols
            Only for these.

        Raises
        ------
        IndicatorError
            If there is no such figure; says what there is.

        Examples
        --------
        >>> needs = Needs("strategy:Crossover")
        >>> needs.aggregate("usual", "volume", days=10)
        'usual'
        >>> needs.aggregates[0].aggregate.key
        'volume_mean_10d'
        """
        # A word that is none is refused with the other mistakes.
        figure = Aggregate(column, statistic, days, weeks, per, early)  # type: ignore[arg-type]
        self.aggregates.append(AggregateRule(name, figure, _some(symbols)))
        return name

    def calls(self, *intervals: str | Interval) -> Self:
        """Have these intervals, and be called when their bars end and for no others; without it, for all there are.

        Between two such instants others go by many at a time, so that a strategy on 5m costs little on a 1s base.

        Raises
        ------
        ValueError
            If there is none, or one of them is no interval.

        Examples
        --------
        >>> sorted(str(one) for one in Needs("strategy:Crossover").calls("5m", "1h").intervals)
        ['5m', '60m']
        """
        if not intervals:
            raise ValueError('name the intervals to be called for, like needs.calls("5m")')
        for one in intervals:
            self.bars(one)
        self.intervals = frozenset(rule.intervals[0] for rule in self.history[-len(intervals) :])
        return self

    def condition(self, *comparisons: Comparison) -> Condition:
        """Several comparisons at once, for `Bars.where` and `BarCursor.meets`: `openbell.desk.conditions.Condition`.

        Examples
        --------
        >>> needs = Needs("strategy:Crossover")
        >>> sma = needs.indicator("sma", interval="5m", period=20)
        >>> print(needs.condition(("close", ">", sma), ("volume", ">=", 1000)))
        close > sma_20_5m and volume >= 1000
        """
        self.conditions.append(Condition(*comparisons))
        return self.conditions[-1]

    def quality(self, minimum: float) -> Self:
        """The least quality of a symbol's bars, 0 to 100: below it `Bars.trusted` is False and ``on_bar`` not called.

        Raises
        ------
        ValueError
            If it is not from 0 to 100.
        """
        if not 0 <= minimum <= 100:
            raise ValueError(f"the minimum quality is a share from 0 to 100, was {minimum}")
        self.minimum_quality = float(minimum)
        return self


def _some(symbols: Iterable[str] | None) -> frozenset[str] | None:
    return None if symbols is None else frozenset(symbol.upper() for symbol in symbols)
