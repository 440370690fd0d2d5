"""What a symbol must have, from the asks that are held: pure, and the same whenever it is worked out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from openbell.bars.interval import Interval
from openbell.config.session_file import SessionFile
from openbell.indicators.aggregates import Aggregate
from openbell.indicators.spec import IndicatorSpec
from openbell.session.asks import AddBars, AddIndicator, AddSymbol, Ask
from openbell.session.records import Amount


@dataclass(slots=True)
class SymbolNeed:
    """Everything a symbol must have.

    Parameters
    ----------
    full
        Whether all that the session file promises belongs to it.
    amounts
        How much history each interval must hold; every interval that must be there is a key.
    reasons
        Why each interval must be there, for people: who asked first.
    because
        Why so much history of each interval must be there: for ``days``, ``bars`` and ``sessions``, who wants most.
    specs
        The indicators, by key.
    kept
        Keys of the indicators whose series is kept.
    aggregates
        Figures over past sessions, by name.
    """

    full: bool = False
    amounts: dict[Interval, Amount] = field(default_factory=dict)
    reasons: dict[Interval, str] = field(default_factory=dict)
    because: dict[Interval, dict[str, str]] = field(default_factory=dict)
    specs: dict[str, IndicatorSpec] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    aggregates: dict[str, Aggregate] = field(default_factory=dict)

    def want(self, interval: Interval, amount: Amount, reason: str) -> None:
        """Raise what is needed of an interval."""
        held = self.amounts.get(interval, Amount())
        self.amounts[interval] = held | amount
        self.reasons.setdefault(interval, reason)
        for kind in ("days", "bars", "sessions"):
            if getattr(amount, kind) > getattr(held, kind):
                self.because.setdefault(interval, {})[kind] = reason


def need_of(symbol: str, asks: Iterable[Ask], file: SessionFile) -> SymbolNeed:
    """The need that follows from asks for one symbol."""
    need = SymbolNeed()
    for ask in asks:
        match ask:
            case AddSymbol():
                need.full = True
                _promise(need, symbol, file)
            case AddBars(interval=interval, days=days, owner=owner):
                need.want(interval, Amount(days=days), f"asked for by {owner}")
            case AddIndicator(spec=spec, keep=keep):
                _indicator(need, spec, keep)
            case _:
                assert_never(ask)
    return need


def warmup_of(spec: IndicatorSpec) -> Amount:
    """The history that an indicator needs of its own interval: none where it starts with the session."""
    return Amount(bars=spec.needs.history, sessions=spec.needs.sessions)


def _promise(need: SymbolNeed, symbol: str, file: SessionFile) -> None:
    for interval in file.intervals:
        need.want(interval, Amount(), "in the session file")
    for history in file.history:
        if history.symbols is None or symbol in history.symbols:
            for interval in history.intervals:
                need.want(interval, Amount(days=history.days, bars=history.bars), history.by)
    for rule in file.indicators:
        if rule.symbols is None or symbol in rule.symbols:
            _indicator(need, rule.spec, rule.keep)
    for figure in file.aggregates:
        if figure.symbols is None or symbol in figure.symbols:
            need.aggregates[figure.name] = figure.aggregate


def _indicator(need: SymbolNeed, spec: IndicatorSpec, keep: bool) -> None:
    need.want(spec.interval, warmup_of(spec), f"needed by {spec.key}")
    need.specs[spec.key] = spec
    if keep:
        need.kept.add(spec.key)
