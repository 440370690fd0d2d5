"""The last part of staging: new indicators warmed up, of as many symbols at once as have the same ones."""

from collections.abc import Callable, Sequence

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.grouping import grouped
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import Warm
from openbell.provisioning.staged import NO_BARS, StagedSymbol, Warmed
from openbell.provisioning.warming import Bars, Warmer
from openbell.session.records import History
from openbell.session.session_data import SessionData

Failed = dict[str, Exception]
Task = tuple[Interval, tuple[IndicatorSpec, ...]]

MANY, BESIDE = 8, 512


class Settler:
    """Warms up what staged symbols are to have; changes nothing but these.

    Parameters
    ----------
    session, warmer
        What is there, and what makes an indicator's state.
    """

    def __init__(self, session: SessionData, warmer: Warmer) -> None:
        self._session, self._warmer = session, warmer

    def settle(self, staged: Sequence[StagedSymbol]) -> Failed:
        """Warm the symbols' new indicators up, many symbols at once; returns those that failed, and why."""
        failed: Failed = {}
        tasks: dict[Task, list[StagedSymbol]] = {}
        for group in grouped(staged, lambda one: (id(one.specs), one.kept)).values():
            single, together = _sorted_out(group[0])
            if single:
                self._warm_alone(group, single, failed)
            for task in together:
                tasks.setdefault(task, []).extend(group)
        for (interval, specs), group in tasks.items():
            if len(group) < MANY:
                self._warm_alike(group, interval, specs, failed)
                continue
            for start in range(0, len(group), BESIDE):
                beside = group[start : start + BESIDE]
                try:
                    self._warm_beside(beside, interval, specs)
                except Exception:  # a user's indicator may raise anything; alone it is told whose bars do that
                    self._warm_alone(beside, specs, failed)
        return failed

    def _warm_beside(self, group: Sequence[StagedSymbol], interval: Interval, specs: Sequence[IndicatorSpec]) -> None:
        past = [history_of(one, interval) for one in group]
        today = [today_of(self._session, one, interval) for one in group]
        warmed = Warmed.of(self._warmer.many(specs, past, today))
        for place, one in enumerate(group):
            one.warmed = (*one.warmed, (warmed, place))

    def _warm_alike(
        self, group: Sequence[StagedSymbol], interval: Interval, specs: Sequence[IndicatorSpec], failed: Failed
    ) -> None:
        _each(group, specs, lambda one: self._warmer.alike(specs, self._bars_of(one, interval)), failed)

    def _warm_alone(self, group: Sequence[StagedSymbol], specs: Sequence[IndicatorSpec], failed: Failed) -> None:
        _each(group, specs, lambda one: [self._warmed(one, spec) for spec in specs], failed)

    def _warmed(self, staged: StagedSymbol, spec: IndicatorSpec) -> Warm:
        return self._warmer.one(spec, self._bars_of(staged, spec.interval), keep=spec.key in staged.kept)

    def _bars_of(self, staged: StagedSymbol, interval: Interval) -> Bars:
        return Bars(history_of(staged, interval), today_of(self._session, staged, interval))


def _each(
    group: Sequence[StagedSymbol],
    specs: Sequence[IndicatorSpec],
    warm: Callable[[StagedSymbol], Sequence[Warm]],
    failed: Failed,
) -> None:
    """Warm indicators up symbol by symbol."""
    for one in group:
        try:
            one.warm = (*one.warm, *zip(specs, warm(one), strict=True))
        except Exception as error:  # a user's indicator may raise anything; only this symbol fails
            failed[one.requirements.symbol] = error


def _sorted_out(staged: StagedSymbol) -> tuple[tuple[IndicatorSpec, ...], tuple[Task, ...]]:
    """Indicators to be warmed up symbol by symbol, and those that many symbols can share; per interval."""
    single = tuple(spec for spec in staged.specs if spec.key in staged.kept or spec.placed)
    together: dict[Interval, list[IndicatorSpec]] = {}
    for spec in staged.specs:
        if spec not in single:
            together.setdefault(spec.interval, []).append(spec)
    return single, tuple((interval, tuple(specs)) for interval, specs in together.items())


def history_of(staged: StagedSymbol, interval: Interval) -> History:
    """Bars before today, staged or there."""
    series = staged.series.get(interval)
    if series is not None:
        return series.history
    assert staged.record is not None
    return staged.record.series[interval].history


def today_of(session: SessionData, staged: StagedSymbol, interval: Interval) -> Block:
    """Today's bars up to now, staged or there."""
    if interval in staged.doing.added:
        return staged.today[interval][1] if interval in staged.today else NO_BARS
    assert staged.record is not None
    return session.lanes[interval].panel.block(staged.record.row)
