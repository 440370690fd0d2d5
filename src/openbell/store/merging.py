"""Bars that come in on top of stored ones: the later import wins bar by bar, session by session.

A piece always holds whole sessions: where it has a session, it holds every bar of it that counts, those of older
pieces included. So a reader takes each session from one piece, and an undo has only to drop pieces.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.store.days import Mask
from openbell.store.series import SeriesDays, whole


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """What has to be written.

    Parameters
    ----------
    block
        Whole sessions; empty when nothing is new.
    own
        Which rows came in, None when all did.
    added, replaced, unchanged
        How the rows that came in relate to those that were there.
    whole
        Whether `block` is the whole series and takes the place of every older piece, because these were catalogued
        with other sessions.
    """

    block: Block
    own: Mask | None
    added: int
    replaced: int
    unchanged: int
    whole: bool = False


def merged(root: Path, stored: SeriesDays | None, block: Block, keys: Stamps) -> Merged:
    """Bars on top of a series.

    Parameters
    ----------
    stored
        What is there of the series.
    keys
        The local midnight that each incoming bar belongs to.
    """
    if stored is None:
        return Merged(block, None, len(block), 0, 0)
    recut = stored.block is not None
    days = stored.days
    touched = np.isin(days["midnight"], keys) | recut
    if not touched.any():
        return Merged(block, None, len(block), 0, 0)
    old = whole(root, stored, touched)
    old_keys = np.repeat(days["midnight"][touched], days["rows"][touched])
    return overlaid(old, old_keys, block, keys, everything=recut)


def overlaid(old: Block, old_keys: Stamps, block: Block, keys: Stamps, *, everything: bool = False) -> Merged:
    """Two blocks of the same sessions as one; sessions in which nothing changes are left out.

    Parameters
    ----------
    everything
        Keep all sessions as soon as one changes.
    """
    places, hit = _places(old.ts, block.ts)
    same = hit & _equal(old, places, block)
    added, unchanged = int((~hit).sum()), int(same.sum())
    changed = np.unique(keys[~same])
    if everything and len(changed):
        changed = np.union1d(old_keys, keys)
    incoming = np.isin(keys, changed)
    _, replaced = _places(block.ts, old.ts)
    kept = np.isin(old_keys, changed) & ~replaced
    own = np.concatenate((np.zeros(int(kept.sum()), bool), np.ones(int(incoming.sum()), bool)))
    ts = np.concatenate((old.ts[kept], block.ts[incoming]))
    order = np.argsort(ts, kind="stable")
    columns = [np.concatenate((a[kept], b[incoming]))[order] for a, b in zip(old.columns, block.columns, strict=True)]
    rows = None if own.all() else own[order]
    return Merged(Block(ts[order], *columns), rows, added, len(block) - added - unchanged, unchanged, everything)


def _places(stamps: Stamps, wanted: Stamps) -> tuple[npt.NDArray[np.int64], Mask]:
    """Where each wanted stamp is among ascending ones, and whether it is there at all."""
    if not len(stamps):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    places = np.minimum(np.searchsorted(stamps, wanted), len(stamps) - 1)
    return places, stamps[places] == wanted


def _equal(old: Block, places: npt.NDArray[np.int64], block: Block) -> Mask:
    equal = np.ones(len(block), bool)
    for before, after in zip(old.columns, block.columns, strict=True):
        values = before[places]
        equal &= (values == after) | (np.isnan(values) & np.isnan(after))
    return equal
