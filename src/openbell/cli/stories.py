"""The story of a symbol in a run."""

import argparse
from pathlib import Path

from openbell.cli.output import Output
from openbell.errors import Problem, nearest


def tell(arguments: argparse.Namespace, output: Output) -> int:
    """Say what was asked, decided and done for a symbol, by whom, when, and how long it took."""
    from openbell.engine.story import Event, Story

    path = Path(arguments.run) / "story.parquet"
    if not path.is_file():
        fix = "Name the folder that openbell run --out wrote."
        output.fail([Problem(str(path.parent), "is not the folder of a run: it has no story.parquet.", fix, "no_run")])
        return 1
    story = Story.read(path)
    symbol = arguments.symbol.upper()
    events = story.of(symbol)
    if not events:
        near = nearest(symbol, {event.symbol for event in story})
        fix = f"Did you mean {near}?" if near else "openbell run prints the symbols of a run."
        output.fail([Problem(symbol, "nothing happened to this symbol in that run.", fix, "unknown_symbol")])
        return 1
    output.document({"symbol": symbol, "events": [event.as_dict() for event in events]})
    if not output.as_json:
        from openbell.cli.figures import Sheet
        from openbell.market.local import iso_text

        def row(event: Event) -> list[str]:
            if event.step:
                took, bars = f"{event.seconds * 1e3:.2f} ms", f"{event.bars:,}" if event.bars else ""
                return ["", f"  {event.step}", event.note, took, bars]
            asked = f"{event.operation}, asked by {event.owner or 'nobody'}: {event.status}"
            return [iso_text(event.at), asked, event.note, "", ""]

        columns = ["at", "what", "note", "took", "bars"]
        output.show(Sheet(f"the story of {symbol}", columns, [row(event) for event in events], words=3))
    return 0
