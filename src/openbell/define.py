"""What an indicator of your own is written with; see docs/own-indicators.md.

Examples
--------
>>> from openbell.define import indicator, param
>>> @indicator
... class Spread:
...     '''High less low, in units.'''
...     unit: float = param(1.0, minimum=0.01)
...     def update(state, bar, p):
...         return (bar.high - bar.low) / p.unit
"""

from openbell.indicators.definition import CalendarFigure, Kind, Window, indicator, param, window

__all__ = ["CalendarFigure", "Kind", "Window", "indicator", "param", "window"]
