"""Which symbols strategies see: all of them but those that only scanners look at."""

import numpy as np

from openbell.session.lanes import Lane, Selection
from openbell.session.records import Tier
from openbell.session.session_data import SessionData

LIGHT = "/light"

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


class Sight:
    """Leaves out the candidates of scanners; worked out anew only when the session has changed.

    Parameters
    ----------
    session
        Whose symbols.
    scanned
        Whether there are scanners at all.
    """

    def __init__(self, session: SessionData, *, scanned: bool) -> None:
        self._session, self._scanned = session, scanned
        self._revision = -1
        self._selections: dict[Lane, Selection] = {}
        self._hidden: Flags | None = None
        self._names: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The symbols that are seen."""
        self._look()
        return self._names

    @property
    def hidden(self) -> Flags | None:
        """One flag per row, None where everything is seen."""
        self._look()
        return self._hidden

    def selection(self, lane: Lane) -> Selection:
        """What picks the symbols that are seen out of a cross-section."""
        self._look()
        if self._hidden is None:
            return lane.selection
        if lane not in self._selections:
            rows = np.sort(lane.members.array)
            self._selections[lane] = rows[~self._hidden[rows]]
        return self._selections[lane]

    def _look(self) -> None:
        session = self._session
        if self._revision == session.revision:
            return
        self._revision, self._selections = session.revision, {}
        hidden = [record for record in session.records.values() if self._scanned and self._is_candidate(record.name)]
        self._names = frozenset(session.records) - {record.name for record in hidden}
        self._hidden = None
        if hidden:
            self._hidden = np.zeros(session.capacity, np.bool_)
            self._hidden[[record.row for record in hidden]] = True

    def _is_candidate(self, symbol: str) -> bool:
        record = self._session.records[symbol]
        if record.tier is Tier.FULL:
            return False
        asks = self._session.asks.of(symbol)
        return bool(asks) and all(ask.owner.endswith(LIGHT) for ask in asks)
