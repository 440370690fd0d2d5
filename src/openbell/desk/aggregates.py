"""Figures over past sessions of all symbols side by side."""

import numpy as np

from openbell.bars.block import Floats
from openbell.errors import Problem, SessionError, nearest
from openbell.session.session_data import SessionData


def by_row(session: SessionData, name: str) -> Floats:
    """A figure by row, NaN for symbols that do not have it: float64 (rows,), of a curve (rows, minutes).

    Raises
    ------
    SessionError
        If no symbol has a figure of this name.
    """
    found = [(one.row, one.aggregates[name]) for one in session.records.values() if name in one.aggregates]
    if not found:
        raise SessionError(_unknown(session, name))
    rows, values = zip(*found, strict=True)
    out = np.full((session.rows.used, *np.shape(values[0])), np.nan)
    out[list(rows)] = values
    out.flags.writeable = False
    return out


def _unknown(session: SessionData, name: str) -> Problem:
    near = nearest(name, {key for record in session.records.values() for key in record.aggregates})
    fix = f"Did you mean {near}?" if near else "Put it under [[aggregates]] in the session file."
    return Problem(name, "no symbol of the session has this figure over past sessions.", fix, code="unknown_aggregate")
