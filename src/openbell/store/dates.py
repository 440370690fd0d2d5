"""Dates such as ``1/2/2024``, of which nothing in their own file shows whether day or month comes first."""

from collections.abc import Iterable

import numpy as np

from openbell.bars.grid import Stamps
from openbell.store.formats.times import DateOrder
from openbell.store.sound import LATEST

_DAY_NS = 86_400_000_000_000
_MONTHS = 12


def shown_order(dates: Iterable[tuple[DateOrder, Stamps]]) -> bool | None:
    """Whether the day comes first in files that are written alike; None where nothing shows it.

    A number above 12 in one of them shows it for all, else that order in which all dates lie close together.

    Parameters
    ----------
    dates
        Of each file: how it was read, and its stamps.
    """
    known = list(dates)
    shown = {order.day_first for order, _ in known if order.shown}
    if len(shown) == 1:
        return shown.pop()
    unshown = [(order, ts) for order, ts in known if not order.shown]
    orders = {order.day_first for order, _ in unshown}
    if shown or len(orders) != 1:
        return None
    days = days_of([ts for _, ts in unshown])
    if not len(days):
        return None
    span, other = int(np.ptp(days)), int(np.ptp(exchanged(days * _DAY_NS) // _DAY_NS))
    if other > 3 * (span + 1):
        return orders.pop()
    return not orders.pop() if span > 3 * (other + 1) else None


def days_of(stamps: Iterable[Stamps]) -> Stamps:
    """The dates of stamps in days since 1970, each once."""
    ts = np.concatenate(list(stamps))
    return np.unique(ts[(ts >= -LATEST) & (ts <= LATEST)] // _DAY_NS)


def exchanged(ts: Stamps) -> Stamps:
    """Stamps with day and month exchanged; those of days above 12 stay.

    Examples
    --------
    >>> exchanged(np.array(["2024-06-03T09:30", "2024-06-13T09:30"], "datetime64[ns]").astype(int)).astype(
    ...     "datetime64[ns]"
    ... ).astype("datetime64[m]").astype(str).tolist()
    ['2024-03-06T09:30', '2024-06-13T09:30']
    """
    known = (ts >= -LATEST) & (ts <= LATEST)
    date = np.where(known, ts // _DAY_NS, 0).astype("datetime64[D]")
    month, year = date.astype("datetime64[M]"), date.astype("datetime64[Y]")
    day = (date - month).astype(np.int64)
    number = (month - year.astype("datetime64[M]")).astype(np.int64)
    other = (year.astype("datetime64[M]") + day).astype("datetime64[D]") + number
    moved = ts + (other - date).astype(np.int64) * _DAY_NS
    return np.where(known & (day < _MONTHS), moved, ts)
