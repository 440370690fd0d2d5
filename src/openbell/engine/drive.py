"""The way through an instant as one table of whole numbers, and one compiled call that goes it.

A `Drive` is made for what a session holds now: every lane, fold and indicator becomes a row of sizes and addresses, in
the order in which an instant goes through them. `openbell.engine.drive_loop` reads these rows; so an instant costs the
same few microseconds however many lanes and indicators there are, and many instants can be gone in one call. When rows
are added, moved or taken out the tables are made anew.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS
from openbell.bars.interval import Unit
from openbell.feeds.replay import ReplayFeed
from openbell.indicators import loops
from openbell.indicators.bound import Fed
from openbell.indicators.spec import IndicatorSpec
from openbell.machine.code import address, ready
from openbell.machine.kept import loop_of
from openbell.session.lanes import Lane, fold_plan
from openbell.session.session_data import SessionData

# The loop, and the modules that it takes numbers from.
DRIVE = ("openbell.engine.drive_loop", "drive", __name__, loops.__name__)

PLAN = (
    "place", "count", "ends", "lanes", "lane_count", "folds", "fold_count", "links", "link_count", "session", "rows",
    "least", "block", "failed",
)  # fmt: skip
LANE = (
    "ends", "size", "next", "ended", "values", "present", "shares", "capacity", "tape", "tape_present",
    "tape_capacity", "regular", "columns",
)  # fmt: skip
FOLD = ("target", "base", "rows", "size", "firsts", "afters")
LINK = ("lane", "given", "code", "source", "column", "regular_only")
GIVEN = tuple(loops.ACROSS.index(name) for name in ("width", "present", "source", "values", "slot", "session", "end"))

# Rows that are folded together: what is made of them stays in the nearest cache.
BLOCK = 64
# Open, high, low, close, volume, and how many bars.
BLOCKS = 6

_PLACE, _COUNT, _FAILED = (PLAN.index(name) for name in ("place", "count", "failed"))
_NEXT, _ENDED = LANE.index("next"), LANE.index("ended")

Numbers = npt.NDArray[np.int64]


class Failed(NamedTuple):
    """An indicator that has raised: which one, at which instant, ns UTC; for which row and what, where it is known."""

    spec: IndicatorSpec
    end: int
    row: int | None
    error: Exception | None


class Drive:
    """What a session holds, laid out for the compiled loop.

    Parameters
    ----------
    session, feed
        Where bars go and where they come from.
    lanes
        The session's lanes from short to long.
    ends
        Every instant of the day, int64 ns UTC.
    place
        The first of them that is still to come.
    """

    def __init__(
        self, session: SessionData, feed: ReplayFeed, lanes: Sequence[Lane], ends: Numbers, place: int
    ) -> None:
        self._held: list[object] = [ends]
        self._fed: list[Fed] = []
        self._specs: list[IndicatorSpec] = []
        self._ends = ends
        self._session, self._feed, self._numbers = session, feed, {lane.interval: at for at, lane in enumerate(lanes)}
        self._lanes = _table([self._lane(lane) for lane in lanes], LANE)
        tables = {
            "lanes": self._lanes,
            "folds": _table([fold for lane in lanes for fold in self._folds(lane)], FOLD),
            "links": _table([link for lane in lanes for link in self._links(lane)], LINK),
        }
        given = dict.fromkeys(PLAN, 0) | {name: self._at(table) for name, table in tables.items()}
        given |= {f"{name[:-1]}_count": len(table) for name, table in tables.items()}
        given |= {
            "place": place,
            "count": 1,
            "ends": self._at(ends),
            "session": session.time.today.ordinal,
            "rows": session.rows.used,
            "least": self._at(np.array([session.completeness])),
            "block": self._at(np.empty(2 * BLOCKS * BLOCK)),
        }
        self.may_raise = any(link.may_raise for link in self._fed)
        self._plan = np.array([given[name] for name in PLAN], np.int64)
        self._go = ready(loop_of(*DRIVE), self._at(self._plan))

    @property
    def go(self) -> Callable[[], None]:
        """What takes the session through the next instant, or through as many as were asked for.

        Where an indicator `may_raise`, ask `failed` afterwards.
        """
        return self._go

    def ask_for(self, instants: int) -> None:
        """Have the next calls go through so many instants each."""
        self._plan[_COUNT] = instants

    def cursors(self) -> list[int]:
        """How many windows of each lane have ended."""
        ended: list[int] = self._lanes[:, _NEXT].tolist()
        return ended

    def failed(self) -> Failed | None:
        """The indicator that has raised in the last call, None where none has; its instant's bars are in."""
        number = int(self._plan[_FAILED]) - 1
        if number < 0:
            return None
        self._lanes[:, _NEXT] += self._lanes[:, _ENDED]
        end = int(self._ends[self._plan[_PLACE] - 1])
        row, error = self._fed[number].raised(end)
        return Failed(self._specs[number], end, row, error)

    def _at(self, array: npt.NDArray[np.generic] | None) -> int:
        """Where an array lies, 0 for none; it is held as long as this."""
        if array is None:
            return 0
        self._held.append(array)
        return address(array, array.dtype)

    def _lane(self, lane: Lane) -> dict[str, int]:
        panel = lane.panel
        tape = self._feed.tape(lane.interval) if len(lane.streamed) else None
        return {
            "ends": self._at(panel.grid.ends),
            "size": len(panel.grid),
            "next": panel.cursor,
            "ended": 0,
            "values": self._at(panel.values),
            "present": self._at(panel.present),
            "shares": self._at(panel.shares),
            "capacity": panel.capacity,
            "tape": self._at(None if tape is None else tape.values),
            "tape_present": self._at(None if tape is None else tape.present),
            "tape_capacity": 0 if tape is None else tape.capacity,
            "regular": self._at(np.array(lane.regular, np.bool_)),
            # A number that the compiler does not know: it would write every loop over rows once for each column.
            "columns": len(FIELDS),
        }

    def _folds(self, lane: Lane) -> list[dict[str, int]]:
        if lane.interval.unit is Unit.WEEK:
            return []
        made = []
        for base, rows in lane.folded.items():
            chosen = np.zeros(int(rows.array.max(initial=-1)) + 1, np.bool_)
            chosen[rows.array] = True
            firsts, afters = fold_plan(lane.panel.grid, self._session.lanes[base].panel.grid)
            made.append(
                {
                    "target": self._numbers[lane.interval],
                    "base": self._numbers[base],
                    "rows": self._at(chosen),
                    "size": len(chosen),
                    "firsts": self._at(firsts),
                    "afters": self._at(afters),
                }
            )
        return made

    def _links(self, lane: Lane) -> list[dict[str, int]]:
        if lane.interval.unit is Unit.WEEK:
            return []
        made = []
        for bound in self._session.indicators.bound(lane.interval):
            for link in bound.fed:
                self._fed.append(link)
                self._specs.append(bound.spec)
                made.append(
                    {
                        "lane": self._numbers[lane.interval],
                        "given": link.given,
                        "code": link.code,
                        "source": link.source,
                        "column": link.column,
                        "regular_only": int(bound.needs.regular),
                    }
                )
        return made


def _table(rows: Sequence[dict[str, int]], names: Sequence[str]) -> Numbers:
    return np.array([[row[name] for name in names] for row in rows], np.int64).reshape(len(rows), len(names))
