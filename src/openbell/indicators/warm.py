"""The canonical warm-up of one symbol: the same state whoever asks, whenever, and however much history is held.

1. `_chosen` takes the bars that count: the last ``warmup`` ones before today, or the last whole sessions; only regular
   ones where the definition says so.
2. They are fed in order, then today's bars so far.

`warmed_alike` does so for several indicators at once that take the last bars, wherever these lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openbell.bars.block import FIELDS, Block, Floats
from openbell.indicators.chain import Carried, Chain, Ints, Places
from openbell.indicators.spec import Needs
from openbell.machine.code import INT, address

NEVER = -1
_zeros = np.zeros(4096, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Warm:
    """Where an indicator stands for one symbol; adopted by an `IndicatorManager`, or taken from it.

    Parameters
    ----------
    links
        The state of each link.
    last_updated
        End of the last bar that counted, int64 ns UTC; `NEVER` where none did.
    sessions
        Past sessions that it was warmed with, for those that need whole sessions.
    kept
        Values of shape (outputs, history + today) when they were asked for: history from its first bar on, today's
        bars as the session sees them.
    """

    links: tuple[Carried, ...]
    last_updated: int
    sessions: int
    kept: Floats | None = None

    @property
    def values(self) -> Floats:
        """The values that it shows, one per output."""
        return self.links[-1].shown

    @property
    def seen(self) -> int:
        """Bars that its innermost link was fed with."""
        return self.links[0].seen


def warmed(chain: Chain, needs: Needs, history: Block, today: Block, places: Places | None, keep: bool = False) -> Warm:
    """Feed an indicator with what it needs of the past, and with today's bars; nothing that it is given changes.

    Parameters
    ----------
    chain
        The indicator.
    needs
        Its needs, from its spec.
    history, today
        Present bars before today's session, and of it so far.
    places
        Of both, in one; needed where the definition uses slots, sessions or regular hours only.
    keep
        Whether the values of all bars are wanted.

    Raises
    ------
    ValueError
        If ``places`` is missing or of another length than the bars.
    """
    past, now = len(history), len(today)
    spec = chain.links[-1].spec
    if places is None and spec.placed:
        raise ValueError(f"{spec.key} depends on the place of bars: give places")
    if places is not None and len(places) != past + now:
        raise ValueError(f"places has {len(places)} entries for {past} bars of history and {now} of today")
    carried, last = chain.fresh(), NEVER
    ends = None if places is None else places.ends
    chosen, sessions = _chosen(needs, past, places)
    kept = _kept(chain, needs, history, today, places) if keep else None
    _, at = _feed(chain, carried, history, places, 0, chosen)
    if at >= 0 and ends is not None:
        last = int(ends[at])
    values, at = _feed(chain, carried, today, places, past, _regular(needs, slice(0, now), places, past))
    if at >= 0 and ends is not None:
        last = int(ends[past + at])
    if now == 0 and places is not None and past and chain.links[-1].spec.definition.at_open:
        _open(chain, carried, history[past - 1 :], places)
    if kept is not None:
        kept[:, past + _indices(_regular(needs, slice(0, now), places, past), now)] = values
    return Warm(carried, last, sessions, kept)


def warmed_alike(likes: Sequence[tuple[Chain, Needs]], history: Block, today: Block, end: int) -> list[Warm]:
    """`warmed` for indicators of one interval that do not ask where bars lie: they are fed from one place.

    Parameters
    ----------
    likes
        The indicators, with their needs.
    history, today
        At least as many bars as the longest history of an indicator, or all there are; and those of today so far.
    end
        End of the last bar, int64 ns UTC.
    """
    past, now = min(max(needs.history for _, needs in likes), len(history)), len(today)
    rows = sorted(set().union(*(chain.columns for chain, _ in likes)))
    bars, nowhere = np.empty((len(rows), past + now)), _nowhere(past + now)
    for column, row in zip(bars, rows, strict=True):
        np.concatenate((history.columns[row][len(history) - past :], today.columns[row]), out=column)
    # What nobody reads lies where the first column does.
    first, width, zeros, made = address(bars), bars.strides[0], address(nowhere, INT), []
    columns = [first + width * rows.index(row) if row in rows else first for row in range(len(FIELDS))]
    for chain, needs in likes:
        carried, skipped = chain.fresh(), max(past - needs.history, 0)
        if past + now > skipped:
            places = (*[column + 8 * skipped for column in columns], zeros, zeros)
            chain.run_at(carried, past + now - skipped, places)
        made.append(Warm(carried, end if carried[0].seen else NEVER, 0))
    return made


def _chosen(needs: Needs, past: int, places: Places | None) -> tuple[slice | Ints, int]:
    """Which bars of history count, and how many whole sessions they are."""
    if needs.sessions and places is not None:
        kept = _regular(needs, slice(0, past), places, 0)
        sessions = places.sessions[:past][kept]
        starts = np.flatnonzero(np.diff(sessions, prepend=NEVER))[-needs.sessions :]
        first = int(starts[0]) if len(starts) else len(sessions)
        return _indices(kept, past)[first:], len(starts)
    if needs.history == 0 or past == 0:
        return slice(past, past), 0
    kept = _regular(needs, slice(0, past), places, 0)
    if isinstance(kept, slice):
        return slice(max(past - needs.history, 0), past), 0
    return kept[-needs.history :], 0


def _regular(needs: Needs, bars: slice, places: Places | None, offset: int) -> slice | Ints:
    if not needs.regular or places is None or places.regular is None:
        return bars
    chosen: Ints = np.flatnonzero(places.regular[offset + bars.start : offset + bars.stop]) + bars.start
    return chosen


def _indices(bars: slice | Ints, length: int) -> Ints:
    return np.arange(length)[bars] if isinstance(bars, slice) else bars


def _feed(
    chain: Chain, carried: tuple[Carried, ...], block: Block, places: Places | None, offset: int, bars: slice | Ints
) -> tuple[Floats, int]:
    """Feed some bars of a block; answer their values and the place in the block of the last one that counted."""
    columns = tuple(np.ascontiguousarray(column[bars]) for column in block.columns)
    count = len(columns[0])
    if count == 0:
        return np.empty((len(carried[-1].shown), 0)), NEVER
    if places is None:
        slots = sessions = _nowhere(count)[:count]
    else:
        whole = slice(offset, offset + len(block))
        slots = np.ascontiguousarray(places.slots[whole][bars], np.int64)
        sessions = np.ascontiguousarray(places.sessions[whole][bars], np.int64)
    values, last = chain.run(carried, columns, slots, sessions)
    if last < 0:
        return values, NEVER
    return values, bars.start + last if isinstance(bars, slice) else int(bars[last])


def _nowhere(count: int) -> Ints:
    """Slots, or sessions, of at least so many bars that nobody asks where they lie."""
    global _zeros
    if len(_zeros) < count:
        _zeros = np.zeros(2 * count, np.int64)
    return _zeros


def _kept(chain: Chain, needs: Needs, history: Block, today: Block, places: Places | None) -> Floats:
    kept = np.full((len(chain.links[-1].spec.outputs), len(history) + len(today)), np.nan)
    bars = _regular(needs, slice(0, len(history)), places, 0)
    values, _ = _feed(chain, chain.fresh(), history, places, 0, bars)
    kept[:, : len(history)][:, bars] = values
    return kept


def _open(chain: Chain, carried: tuple[Carried, ...], last: Block, places: Places) -> None:
    """Show what follows from past sessions alone: what a first bar of today would, tried on a copy of the state."""
    copies = tuple(Carried(one.state.copy(), one.window.copy(), one.shown) for one in carried)
    today = np.array([places.sessions[-1] + 1], np.int64)
    chain.run(copies, last.columns, np.zeros(1, np.int64), today)
