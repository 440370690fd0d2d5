"""The command that shows a run: one HTML page with everything in it."""

import argparse
import json
from importlib.resources import files
from pathlib import Path

from openbell.cli.output import Output, plain

DONE = 0


def report(arguments: argparse.Namespace, output: Output) -> int:
    """Write the page of a run."""
    from openbell.engine.page import page_values

    folder = Path(arguments.run)
    values = page_values(folder, arguments.symbols)
    path = Path(arguments.out) if arguments.out else folder / "report.html"
    path.write_text(page(values), encoding="utf-8")
    output.document({"page": str(path), "bytes": path.stat().st_size, "charts": len(values["charts"])})
    output.show(f"written to {path}")
    return DONE


def page(values: object) -> str:
    """The page for what `openbell.engine.page.page_values` gathered; it loads nothing."""
    parts = {name: (files("openbell.cli") / "page" / name).read_text("utf-8") for name in PARTS}
    # A closing tag inside a text of the run would end the script.
    data = json.dumps(plain(values), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    html = parts["page.html"]
    for mark, text in (("/*style*/", parts["page.css"]), ("/*data*/", data), ("/*script*/", parts["page.js"])):
        html = html.replace(mark, text, 1)
    return html


PARTS = ("page.html", "page.css", "page.js")
