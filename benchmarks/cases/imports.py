"""Bringing bars in, beside polars that reads the same and writes Parquet: text, tidy files, one more day for all."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl

from benchmarks.lines import Line, most, ratio_of
from benchmarks.measure import Part, Samples, interleaved, timed
from benchmarks.setting import Setting
from openbell.store.importing import import_files, import_frames
from openbell.testing.market import SyntheticMarket

CLOCK = "%Y-%m-%d %H:%M:%S"
ORDER = ("symbol", "ts", "open", "high", "low", "close", "volume")


def run(setting: Setting) -> list[Line]:
    """Files of some symbols into a new store, and a day of all symbols into one that has a month."""
    return [*_files(setting), *_days(setting)]


def _files(setting: Setting) -> list[Line]:
    sizes, scratch = setting.sizes, setting.scratch
    tidy = setting.data.tidy(sizes.markets[0], sizes.sessions)
    one, many = _texts(sorted(tidy.glob("*.parquet")), scratch)
    new = scratch / "new"
    parts: dict[str, Part] = {
        "import": lambda: _import(tidy, new),
        "polars import": lambda: _rewrite(sorted(tidy.glob("*.parquet")), new, pl.read_parquet),
        "text": lambda: _import(one, new),
        "polars text": lambda: _rewrite([one], new, _read_text),
        "texts": lambda: _import(many, new),
        "polars texts": lambda: _rewrite(sorted(many.glob("*.csv")), new, _read_text),
    }
    figures = interleaved(setting.rounds, parts, warm=True)
    place, bar = f"{sizes.markets[0]} x {sizes.sessions}", ratio_of(2.0, not sizes.lean)
    names = {"import": "tidy files", "text": "one CSV file", "texts": "CSV files"}
    return [
        Line(
            f"store: import of {name}, {place}",
            figures[part],
            limit=figures[f"polars {part}"],
            limit_name="polars, read and write",
            bar=bar,
        )
        for part, name in names.items()
    ]


def _texts(paths: list[Path], scratch: Path) -> tuple[Path, Path]:
    """The bars of tidy files as text with a wall clock in UTC: in one file, and in one for each symbol."""
    many = scratch / "texts" / "1m"
    many.mkdir(parents=True)
    frames = []
    for path in paths:
        frame = pl.read_parquet(path).with_columns(pl.col("ts").dt.strftime(CLOCK), symbol=pl.lit(path.stem))
        frame.drop("symbol").write_csv(many / f"{path.stem}.csv")
        frames.append(frame.select(ORDER))
    one = scratch / "all.csv"
    pl.concat(frames).write_csv(one)
    return one, many


def _import(source: Path, store: Path) -> float:
    shutil.rmtree(store, ignore_errors=True)
    return timed(lambda: import_files([source], store, interval="1m", market="XNYS"))


def _read_text(path: Path) -> pl.DataFrame:
    return pl.read_csv(path).with_columns(pl.col("ts").str.to_datetime(CLOCK, time_unit="ns", time_zone="UTC"))


def _rewrite(paths: list[Path], folder: Path, read: Callable[[Path], pl.DataFrame]) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def work() -> None:
        for path in paths:
            read(path).write_parquet(folder / f"{path.stem}.parquet")

    return timed(work)


class _Days:
    """A store with a month of all symbols, and the days that follow, each used once."""

    def __init__(self, setting: Setting) -> None:
        sizes = setting.sizes
        market = setting.data.market(sizes.largest, sizes.sessions)
        self.store = setting.scratch / "store"
        shutil.copytree(market.store, self.store)
        self._folder = setting.scratch
        self._symbols = sizes.largest
        self._last = market.last

    def frame(self) -> pl.DataFrame:
        """The next day of all symbols."""
        market = SyntheticMarket(self._symbols, sessions=1, start=self._last + timedelta(days=1), defects=False)
        self._last = market.last_date
        return pl.concat([market.frame(symbol).with_columns(symbol=pl.lit(symbol)) for symbol in market.symbols])

    def from_frame(self) -> float:
        """Seconds for a frame."""
        frame = self.frame()
        return timed(lambda: import_frames({("", "1m"): frame}, self.store))

    def from_file(self) -> float:
        """Seconds for one tidy file."""
        path = self._folder / "day.parquet"
        self.frame().write_parquet(path)
        return timed(lambda: import_files([path], self.store, interval="1m"))

    def from_text(self) -> float:
        """Seconds for one CSV file."""
        path = self._folder / "day.csv"
        self.frame().select(pl.col("ts").dt.strftime(CLOCK), pl.exclude("ts")).select(ORDER).write_csv(path)
        return timed(lambda: import_files([path], self.store, interval="1m"))

    def polars(self) -> float:
        """Seconds in which polars writes a day as Parquet."""
        frame = self.frame()
        return timed(lambda: frame.write_parquet(self._folder / "plain.parquet"))


def _days(setting: Setting) -> list[Line]:
    days = _Days(setting)
    parts: dict[str, Part] = {
        "a frame": days.from_frame,
        "one Parquet file": days.from_file,
        "one CSV file": days.from_text,
        "polars": days.polars,
    }
    figures: dict[str, Samples] = interleaved(setting.rounds, parts, warm=True)
    symbols = setting.sizes.largest
    return [
        Line(
            f"store: one more day from {name}, {symbols}",
            figures[name],
            limit=figures["polars"],
            limit_name="polars, write a frame",
            bar=most(100.0, symbols == 500 and name != "one CSV file"),
        )
        for name in list(parts)[:-1]
    ]
