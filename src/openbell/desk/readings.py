"""Where an indicator's values are, or why there are none."""

from openbell.bars.block import Floats
from openbell.errors import Problem, SessionError, nearest
from openbell.indicators.spec import IndicatorSpec
from openbell.session.session_data import SessionData


def spec_of(session: SessionData, key: str) -> IndicatorSpec:
    """The indicator with a key like ``sma_20_5m``.

    Raises
    ------
    SessionError
        If no symbol has it; names the nearest that one has.
    """
    for record in session.records.values():
        if key in record.indicators:
            return record.indicators[key]
    raise SessionError(no_indicator(session, key))


def values_of(session: SessionData, spec: IndicatorSpec, output: str | None) -> Floats:
    """One value of an indicator by row; what it gives stays live until rows come, go or move.

    Parameters
    ----------
    output
        Which one, None for the first.

    Raises
    ------
    SessionError
        If no symbol has this indicator, or it has no such output.
    """
    if not session.indicators.has(spec):
        raise SessionError(no_indicator(session, spec.key))
    values: Floats = session.indicators.values(spec)[0 if output is None else output_of(spec, output)]
    return values


def output_of(spec: IndicatorSpec, output: str) -> int:
    """The place of an indicator's output.

    Raises
    ------
    SessionError
        If it has no such output; names the nearest that it has.
    """
    if output not in spec.outputs:
        near = nearest(output, spec.outputs)
        fix = f"Did you mean {near}?" if near else f"It has {', '.join(spec.outputs)}."
        raise SessionError(Problem(spec.key, f"has no output {output!r}.", fix, code="unknown_output"))
    return spec.outputs.index(output)


def no_indicator(session: SessionData, name: str) -> Problem:
    """That no symbol has an indicator, with the nearest that one has."""
    near = nearest(name, {key for record in session.records.values() for key in record.indicators})
    hint = f"Did you mean {near}? Otherwise declare it" if near else "Declare it"
    fix = f"{hint} in setup with needs.indicator(...), put it under [[indicators]], or ask with add_indicator."
    return Problem(name, "no symbol of the session has this indicator.", fix, code="unknown_indicator")
