"""Which indicator exactly: a definition, its interval, every parameter, and what it works on."""

from dataclasses import dataclass
from functools import cached_property

from openbell.bars.interval import Interval
from openbell.indicators.definition import Definition, Kind, Param, Value


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be there before an indicator's value can be trusted.

    Parameters
    ----------
    lookback
        Bars of its interval until there is a number.
    warmup
        Bars until the number no longer depends on where it started; of replayed kinds exactly as many are used.
    sessions
        Past sessions with bars that are needed whole.
    kind
        How it depends on the past; for a chain that of the link that depends on most.
    columns
        The columns of a bar that it reads.
    regular
        Whether only bars of regular hours count.
    """

    lookback: int
    warmup: int
    sessions: int
    kind: Kind
    columns: tuple[str, ...]
    regular: bool

    @property
    def history(self) -> int:
        """Bars before today that warm it up: none for session kinds and for those that need whole sessions."""
        return 0 if self.kind is Kind.SESSION or self.sessions else self.warmup


@dataclass(frozen=True)
class IndicatorSpec:
    """An indicator as it is asked for: equal to another one exactly when both compute the same numbers.

    Parameters
    ----------
    definition
        What is computed.
    interval
        Of which bars.
    params
        Every parameter with its value, in declared order.
    column
        What it works on instead of its usual column; for an ``input`` the output that is taken, by default the first.
    input
        The indicator on whose output it works.
    """

    definition: Definition
    interval: Interval
    params: tuple[tuple[str, Value], ...] = ()
    column: str | None = None
    input: "IndicatorSpec | None" = None

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.definition, self.interval, self.params, self.column, self.input))

    @property
    def name(self) -> str:
        """The definition's name."""
        return self.definition.name

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the values, in order."""
        return self.definition.outputs

    @cached_property
    def key(self) -> str:
        """The name by which it is found on a symbol: ``sma_20_5m``, ``rsi_14_of_ema_20_5m``."""
        return f"{self._stem}_{self.interval}"

    @cached_property
    def needs(self) -> Needs:
        """What must be there, through the whole chain."""
        params = dict(self.params)
        own = Needs(
            self.definition.lookback(params),
            self.definition.warmup(params),
            self.definition.sessions(params),
            self.definition.kind,
            self._columns,
            self.definition.regular,
        )
        return own if self.input is None else _chained(self.input.needs, own)

    @cached_property
    def placed(self) -> bool:
        """Whether it uses where bars lie: slots, sessions, or regular hours only."""
        asked = any(link.definition.bar_fields & {"slot", "session"} for link in self.chain)
        return bool(self.needs.sessions or self.needs.regular or asked)

    @property
    def chain(self) -> tuple["IndicatorSpec", ...]:
        """The indicators that it is made of, the innermost first, itself last."""
        return (self,) if self.input is None else (*self.input.chain, self)

    @property
    def source_output(self) -> int:
        """Which output of the input is taken."""
        return 0 if self.input is None or self.column is None else self.input.outputs.index(self.column)

    @property
    def _columns(self) -> tuple[str, ...]:
        read = set(self.definition.bar_fields - {"value", "slot", "session"})
        if self.definition.sourced and self.input is None:
            read.add(self.column or self.definition.column)
        return tuple(name for name in ("open", "high", "low", "close", "volume") if name in read)

    @property
    def _stem(self) -> str:
        required = [value for (_, value), p in self._paired if p.required]
        optional = [value for (_, value), p in self._paired if not p.required]
        usual = [p.default for p in self.definition.params if not p.required]
        shown = required + (optional if optional != usual else [])
        parts = [self.name, *(_word(value) for value in shown)]
        if self.column is not None:
            parts.append(self.column)
        if self.input is not None:
            parts += ["of", self.input._stem]
        return "_".join(parts)

    @property
    def _paired(self) -> list[tuple[tuple[str, Value], Param]]:
        return list(zip(self.params, self.definition.params, strict=True))

    def __str__(self) -> str:
        return self.key


def _word(value: Value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _chained(inner: Needs, outer: Needs) -> Needs:
    kinds = (inner.kind, outer.kind)
    weight = [Kind.WINDOW, Kind.FADING, Kind.REPLAYED, Kind.SESSION]
    return Needs(
        inner.lookback + outer.lookback - 1,
        inner.warmup + outer.warmup - 1,
        max(inner.sessions, outer.sessions),
        max(kinds, key=weight.index),
        tuple(dict.fromkeys((*inner.columns, *outer.columns))),
        inner.regular or outer.regular,
    )
