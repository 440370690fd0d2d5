"""The folder of a run: what ran and what came of it, readable by any tool."""

import json
import shutil
from pathlib import Path
from typing import Any

from openbell.config.session_file import SessionFile
from openbell.engine.receipt import BARS, RECEIPT, VALUES, Receipt
from openbell.engine.report import Report
from openbell.errors import Problem, SessionError
from openbell.market.calendar import load_calendar
from openbell.session.session_data import SessionData

# Where symbols belong while the rest is written; a name that no symbol has.
_HERE = "symbols of the day"

# What a run folder holds; the page of `openbell report` lies there, too.
_STATE = "state"
_SESSION, _REPORT, _PAGE = "session.toml", "report.json", "report.html"
_REQUESTS, _SIGNALS, STORY = "requests.parquet", "signals.parquet", "story.parquet"
_OWN = (RECEIPT, BARS, VALUES, _SESSION, _REPORT, _PAGE, _REQUESTS, _SIGNALS, STORY)


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run, which only a receipt tells."""
    return (folder / RECEIPT).is_file()


def occupied(folder: Path, file: SessionFile) -> Problem | None:
    """Why a run must not be written into a folder: somebody else's files are in it; None when it may be."""
    fix = "Name a folder that is not there yet, an empty one, or that of an earlier run, as in --out run."
    if folder.exists() and not folder.is_dir():
        return Problem(str(folder), "is a file; a run is written into a folder.", fix, code="not_a_folder")
    session = folder / _SESSION
    if file.path is not None and session.exists() and session.samefile(file.path):
        what = f"holds the session file that is run, {file.path.name}, which the run's own would replace."
        return Problem(str(folder), what, fix, code="own_session_file")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if is_run(folder) or names in ([], [_STATE]):
        return None
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return Problem(str(folder), f"is no run's folder, and holds {shown}.", fix, code="not_a_run")


class RunFolder:
    """Written when a run ends; the state of each day as it ends, where that is wanted.

    Parameters
    ----------
    path
        Made when something is written.
    file
        What runs.

    Raises
    ------
    SessionError
        If files of somebody else are in the folder.
    """

    def __init__(self, path: Path, file: SessionFile) -> None:
        problem = occupied(path, file)
        if problem is not None:
            raise SessionError(problem)
        self.path, self._file = path, file
        self._receipt = Receipt(file)

    def clear(self) -> None:
        """Take out what an earlier run wrote, so that nothing of it is taken for this one's."""
        for name in _OWN:
            (self.path / name).unlink(missing_ok=True)
        if (self.path / _STATE).is_dir():
            shutil.rmtree(self.path / _STATE)

    def note(self, session: SessionData) -> None:
        """Note what a day holds at its end, for the receipt."""
        self._receipt.note(session)

    def keep(self, session: SessionData) -> None:
        """Write the day's bars and indicators: ``state/<date>/<interval>.parquet`` and ``indicators.parquet``."""
        import polars as pl

        folder = self.path / _STATE / session.time.today.date.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        views = [view for name in session if (view := session.get_symbol_data(name)) is not None]
        for interval in sorted(session.lanes, key=lambda interval: interval.rank):
            key = str(interval)
            frames = [
                view.bars[key].frame().select(pl.lit(view.symbol).alias("symbol"), pl.all())
                for view in views
                if key in view.bars
            ]
            pl.concat(frames).write_parquet(folder / f"{key}.parquet")
        rows = [
            (view.symbol, key, output, value, data.valid, data.settled, data.last_updated)
            for view in views
            for key, data in view.indicators.items()
            for output, value in (
                data.current_value.items() if isinstance(data.current_value, dict) else [("value", data.current_value)]
            )
        ]
        names = ["symbol", "indicator", "output", "value", "valid", "settled", "ts"]
        pl.DataFrame(rows, schema=names, orient="row").write_parquet(folder / "indicators.parquet")

    def finish(self, report: Report) -> None:
        """Write the receipt, the session file as used, the report, the requests and the signals."""
        import polars as pl

        self.path.mkdir(parents=True, exist_ok=True)
        self._receipt.write(self.path)
        (self.path / _SESSION).write_text(self._file.text, encoding="utf-8")
        plain = report.as_dict()
        (self.path / _REPORT).write_text(_written(plain), encoding="utf-8")
        requests = [
            {"date": day["date"]}
            | {key: request[key] for key in ("at", "source", "operation", "symbol", "status")}
            | {"steps": ",".join(request["steps"]), "milliseconds": request["milliseconds"]}
            for day in plain["days"]
            for request in day["requests"]
        ]
        columns = ["date", "at", "source", "operation", "symbol", "status", "steps"]
        schema = dict.fromkeys(columns, pl.String) | {"milliseconds": pl.Float64}
        pl.DataFrame(requests, schema=schema).write_parquet(self.path / _REQUESTS)
        zone = load_calendar(self._file.market).timezone.key
        report.signals.frame(zone).write_parquet(self.path / _SIGNALS)


def _written(plain: dict[str, Any]) -> str:
    """A report as JSON to be read by people too: a line per value, and one per symbol."""
    symbols = [day["symbols"] for day in plain["days"]]
    days = [day | {"symbols": {_HERE: number}} for number, day in enumerate(plain["days"])]
    text = json.dumps(plain | {"days": days}, indent=1)
    for number, each in enumerate(symbols):
        lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(one)}" for name, one in each.items())
        place = f'{{\n    "{_HERE}": {number}\n   }}'
        text = text.replace(place, f"{{\n{lines}\n   }}" if each else "{}", 1)
    return text
