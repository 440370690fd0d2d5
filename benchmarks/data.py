"""The synthetic data that everything is measured on, made once."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from openbell.store.importing import import_files
from openbell.testing.market import START, SyntheticMarket

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Market:
    """A store, and what is in it.

    Parameters
    ----------
    store
        Its folder.
    symbols
        The market's own.
    held
        Symbols that are there beside them, with a longer history.
    dates
        The sessions that the market's own symbols have.
    files
        The files that hold exactly the market's own bars.
    """

    store: Path
    symbols: tuple[str, ...]
    held: tuple[str, ...]
    dates: tuple[date, ...]
    files: tuple[Path, ...]

    @property
    def last(self) -> date:
        """The day that is replayed."""
        return self.dates[-1]


class Data:
    """Markets by size, made when they are first asked for.

    Parameters
    ----------
    folder
        Where they are kept.
    tell
        Called with what is being made.
    """

    def __init__(self, folder: Path, tell: Tell = print) -> None:
        self.folder = folder
        self._tell = tell

    def market(self, symbols: int, sessions: int) -> Market:
        """So many symbols and sessions of 1m bars, brought in at once."""
        return self._made(f"m{symbols}x{sessions}", [_Import(SyntheticMarket(symbols, sessions=sessions))])

    def loose(self, symbols: int, sessions: int, days: int) -> Market:
        """The same, its last days brought in one by one and never compacted."""
        market = SyntheticMarket(symbols, sessions=sessions)
        cuts = [market.dates[-days], *market.dates[len(market.dates) - days + 1 :], None]
        parts = [_Import(market, None, cuts[0])]
        parts += [_Import(market, low, high) for low, high in pairwise(cuts)]
        return self._made(f"loose{symbols}x{sessions}", parts)

    def crowd(self, symbols: int, days: int, held: int, sessions: int) -> Market:
        """Many symbols with a short history, and some held back with a long one."""
        dates = SyntheticMarket(1, sessions=sessions).dates
        market = SyntheticMarket(symbols, sessions=days + 1, start=dates[-days - 1])
        extra = _held(held, sessions)
        name = f"crowd{symbols}x{days}+{held}x{sessions}"
        return self._made(name, [_Import(market), _Import(extra)], extra.symbols)

    def held(self, held: int, sessions: int) -> Path:
        """A folder of tidy files of the symbols that are held back."""
        return self._written(f"held{held}x{sessions}", _held(held, sessions))

    def seconds(self, symbols: int) -> Market:
        """Two sessions of 1s bars."""
        return self._made(f"s{symbols}", [_Import(SyntheticMarket(symbols, sessions=2, interval="1s"))])

    def tidy(self, symbols: int, sessions: int) -> Path:
        """A folder of tidy files: what imports bring in, and what polars needs for one symbol."""
        return self._written(f"tidy{symbols}x{sessions}", SyntheticMarket(symbols, sessions=sessions))

    def _written(self, name: str, market: SyntheticMarket) -> Path:
        folder = self.folder / name
        if not (folder / "done").exists():
            self._tell(f"making tidy files: {name}")
            market.write(folder)
            (folder / "done").touch()
        return folder / str(market.interval)

    def _made(self, name: str, imports: Sequence["_Import"], held: Sequence[str] = ()) -> Market:
        root = self.folder / name
        note = root / "market.json"
        if not note.exists():
            shutil.rmtree(root, ignore_errors=True)
            self._tell(f"making the synthetic market {name}")
            files = [one.bring_in(root) for one in imports]
            own = files[0] if held else files[-1]
            note.write_text(json.dumps({"files": own, "dates": [str(day) for day in imports[0].market.dates]}))
        facts: dict[str, Any] = json.loads(note.read_text())
        return Market(
            root / "store",
            imports[0].market.symbols,
            tuple(held),
            tuple(date.fromisoformat(day) for day in facts["dates"]),
            tuple(root / "store" / file for file in facts["files"]),
        )


def _held(symbols: int, sessions: int) -> SyntheticMarket:
    names = [f"HELD{i:03d}" for i in range(1, symbols + 1)]
    return SyntheticMarket(names, sessions=sessions, seed=2, defects=False)


@dataclass(frozen=True, slots=True)
class _Import:
    """A market, or those of its bars from one date on and before another, as one import."""

    market: SyntheticMarket
    low: date | None = None
    high: date | None = None

    def bring_in(self, root: Path) -> list[str]:
        """Import it, and name every file that is there then."""
        store = root / "store"
        if self.low is None and self.high is None:
            self.market.into_store(store)
        else:
            self._part(root / "part", store)
        return sorted(str(path.relative_to(store)) for path in store.rglob("*.parquet"))

    def _part(self, folder: Path, store: Path) -> None:
        import polars as pl

        tidy = folder / str(self.market.interval)
        tidy.mkdir(parents=True)
        day = pl.col("ts").dt.date()
        for symbol in self.market.symbols:
            frame = self.market.frame(symbol).filter(day >= (self.low or START), day < (self.high or date.max))
            if len(frame):
                frame.write_parquet(tidy / f"{symbol}.parquet")
        import_files([tidy], store, market=self.market.calendar)
        shutil.rmtree(folder)
