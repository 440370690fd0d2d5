"""The folder of a run: what ran and what came of it, readable by any tool."""

import json
from pathlib import Path
from typing import Any

from openbell.config.session_file import SessionFile
from openbell.engine.receipt import Receipt
from openbell.engine.report import Report
from openbell.market.calendar import load_calendar
from openbell.session.session_data import SessionData

# Where symbols belong while the rest is written; a name that no symbol has.
_HERE = "symbols of the day"


class RunFolder:
    """Written when a run ends; the state of each day as it ends, where that is wanted.

    Parameters
    ----------
    path
        Made when something is written.
    file
        What runs.
    """

    def __init__(self, path: Path, file: SessionFile) -> None:
        self.path, self._file = path, file
        self._receipt = Receipt(file)

    def note(self, session: SessionData) -> None:
        """Note what a day holds at its end, for the receipt."""
        self._receipt.note(session)

    def keep(self, session: SessionData) -> None:
        """Write the day's bars and indicators: ``state/<date>/<interval>.parquet`` and ``indicators.parquet``."""
        import polars as pl

        folder = self.path / "state" / session.time.today.date.isoformat()
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
        """Write the report, the session file as used, the requests, the signals and the receipt."""
        import polars as pl

        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "session.toml").write_text(self._file.text)
        plain = report.as_dict()
        (self.path / "report.json").write_text(_written(plain))
        requests = [
            {"date": day["date"]}
            | {key: request[key] for key in ("at", "source", "operation", "symbol", "status")}
            | {"steps": ",".join(request["steps"]), "milliseconds": request["milliseconds"]}
            for day in plain["days"]
            for request in day["requests"]
        ]
        columns = ["date", "at", "source", "operation", "symbol", "status", "steps"]
        schema = dict.fromkeys(columns, pl.String) | {"milliseconds": pl.Float64}
        pl.DataFrame(requests, schema=schema).write_parquet(self.path / "requests.parquet")
        zone = load_calendar(self._file.market).timezone.key
        report.signals.frame(zone).write_parquet(self.path / "signals.parquet")
        self._receipt.write(self.path)


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
